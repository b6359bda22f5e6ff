"""The check of `split`: a training and a validation set that have nothing in common."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from ..attempt import attempt
from ..frame import Check, Facts, Findings, failure
from ..score import Score
from ..task import FIXED_SEED
from ..values import numbers_of, type_name
from .digits import CLASSES, Album, digits, test_album

SPLIT = Check(
    "split",
    (
        ("form", "it returns two pairs of arrays: images float32 (n, 28, 28, 1), labels (n,)", 1),
        ("sizes", "the sets have the sizes asked for: of 60,000 images, 55,000 and 5,000", 1),
        ("scale", "the values of both sets are scaled once, to [0, 1]", 1),
        ("apart", "no image is in both sets", 1),
        ("whole", "every image that it was given is in one of them, and no other image", 1),
        ("labels", "each image still has its own label", 1),
    ),
)
VALIDATION_SIZE = 5_000
NAMES = ("training images", "training labels", "validation images", "validation labels")


def split_cases(seed: int) -> list[tuple[np.ndarray, np.ndarray, int]]:
    """Return cases of images, labels and the size of the validation set: two of random pixels."""
    rng = np.random.default_rng(seed)
    cases = []
    for count, size in ((600, 100), (450, 150)):
        images = rng.integers(0, 256, (count, 28, 28), dtype=np.uint8)
        labels = rng.permutation(np.arange(count) % CLASSES).astype(np.uint8)
        cases.append((images, labels, size))
    return cases


def real_split_case() -> tuple[np.ndarray, np.ndarray, int]:
    """Return the case of MNIST's training set."""
    return (*digits()[0], VALIDATION_SIZE)


def split_facts(function: Callable, case: tuple) -> Facts:
    """Run `split`; return its four arrays under "arrays", or what was the matter."""
    images, labels, size = case
    named = {} if size == VALIDATION_SIZE else {"validation_size": size}  # its own default
    outcome = attempt(function, images, labels, **named)
    if failed := failure(outcome):
        return failed
    read = attempt(lambda: _four_arrays(outcome.value))
    if read.problem:
        return {"problem": "What it returned cannot be read."}
    if isinstance(read.value, str):
        return {"problem": read.value}
    return {"arrays": read.value, "changed": outcome.changed_input}


def _four_arrays(pairs) -> list[np.ndarray] | str:
    """Return the arrays of ((x, y), (x, y)), or in words why there are none."""
    wanted = "Return (x_train, y_train), (x_valid, y_valid)"
    if type(pairs) not in (tuple, list):
        return f"{wanted}; it returned one {type_name(pairs)}."
    if len(pairs) == 4:
        return f"{wanted}, two pairs; it returned four things in a row."
    if len(pairs) != 2 or any(type(p) not in (tuple, list) or len(p) != 2 for p in pairs):
        return f"{wanted}: a pair of two pairs."
    values = [value for pair in pairs for value in pair]
    arrays = [numbers_of(value) for value in values]
    for name, value, array in zip(NAMES, values, arrays, strict=True):
        if array is None:
            return f"The {name} are no NumPy array of numbers but of the type {type_name(value)}."
    return arrays


def split_findings(case: tuple, facts: Facts, test: Album | None = None) -> Findings:
    """Judge what `split` made of one case. `test` are images that must not come in."""
    images, labels, size = case
    x_train, _, x_valid, _ = arrays = facts["arrays"]
    form = _split_form(arrays)
    for x in (x_train, x_valid):
        # As many images as can be, each of as many values; else there is nothing to look at.
        if x.ndim < 3 or not 0 < len(x) <= 2 * len(images) or x[0].size != 784:
            return SPLIT.none(form or _size_hint(len(x), len(images), size))
    found = {"form": form}
    if facts["changed"] and not form:
        found["form"] = "It changes the arrays that it is given; who gives them needs them still."
    if (len(x_train), len(x_valid)) != (len(images) - size, size):
        found["sizes"] = (
            f"Of {len(images):,} images, {size:,} are to be the validation set, and so "
            f"{len(images) - size:,} the training set. Here they have {len(x_valid):,} and "
            f"{len(x_train):,}."
        )
    shades = len(np.unique(images[:500]))
    training = _scale_hint("training", x_train, shades)
    found["scale"] = training or _scale_hint("validation", x_valid, shades)
    found |= _contents(images, labels, arrays, test)
    return {key: hint for key, hint in found.items() if hint}


def _size_hint(count: int, given: int, size: int) -> str:
    """Say what is wrong with a set of so many images that nothing else can be looked at."""
    if count:
        return f"Of {given:,} images it made a set of {count:,}."
    return (
        f"Called with {given:,} images and validation_size={size}, it returns an empty set. Does a "
        "number of images stand in it that should come from its arguments?"
    )


def _split_form(arrays: list[np.ndarray]) -> str:
    """Say what is wrong with the shapes and types of four arrays; mostly, nothing."""
    for name, x, y in (("training", *arrays[:2]), ("validation", *arrays[2:])):
        if x.ndim == 3 and x.shape[1:] == (28, 28):
            return (
                f"The {name} images have the shape {x.shape}: the axis of the channels is "
                "missing. A convolution expects (image, row, column, channel)."
            )
        if x.ndim != 4 or x.shape[1:] != (28, 28, 1):
            return f"The {name} images have the shape {x.shape}, not (n, 28, 28, 1)."
        if x.dtype != np.float32:
            return f"The {name} images are {x.dtype}; float32 is asked for."
        if y.shape[:1] != x.shape[:1]:
            return f"There are {len(x):,} {name} images and labels of the shape {y.shape}."
        if y.ndim != 1:
            return (
                f"The {name} labels have the shape {y.shape}; they stay whole numbers, (n,). "
                "What a loss needs can be made of them later."
            )
        if y.dtype.kind not in "iu":
            return (
                f"The {name} labels are {y.dtype}; they stay whole numbers, as they come. A float "
                "is no place in an array, and no class."
            )
    return ""


def _scale_hint(name: str, x: np.ndarray, shades: int) -> str:
    """Say how the values of a set are scaled, if not to [0, 1]; `shades` is how many went in."""
    low, high = float(x.min()), float(x.max())
    about = f"The {name} images have values from {low:.4g} to {high:.4g}."
    if not math.isfinite(high - low):
        return f"Among the values of the {name} images are some that are no finite numbers."
    if low < 0:
        return f"{about} From 0 to 1 is asked for."
    if high > 1:
        return f"{about} Have they been divided by 255?"
    if high < 1.5 / 255:
        return f"{about} They have been scaled twice."
    if len(np.unique(x[:2_000])) < shades / 4:
        return (
            f"{about} But of {shades} shades only {len(np.unique(x[:2_000]))} are left. `//` cuts "
            "off what comes behind the point, and so does a type for whole numbers."
        )
    if np.abs(x[:5_000] * 255.0 - np.rint(x[:5_000] * 255.0)).max() > 1e-3:
        return f"{about} A value of 255 is to become 1, and the others in proportion."
    return ""


def _contents(images, labels, arrays, test: Album | None) -> Findings:
    """Judge which images are in the sets, and with which labels."""
    album = Album(images)
    x_train, y_train, x_valid, y_valid = arrays
    train, valid = album.find(x_train), album.find(x_valid)
    if train.max() < 0 or valid.max() < 0:
        hint = "The images that come out cannot be recognized as those that went in."
        return {"whole": hint, "apart": hint, "labels": hint}
    found = {}
    both = np.intersect1d(train[train >= 0], valid).size
    if both and both == np.unique(valid).size and np.unique(train).size == len(images):
        found["apart"] = (
            "All validation images are in the training set too: it has to leave them out."
        )
    elif both:
        found["apart"] = f"{both:,} images are in both: the network will have seen them."
    strange = int(np.sum(train < 0) + np.sum(valid < 0))
    lost = len(images) - np.union1d(train[train >= 0], valid[valid >= 0]).size
    of_test = 0
    if test is not None and strange:
        of_test = sum(int(np.sum(test.find(x) >= 0)) for x in (x_train, x_valid))
    if of_test:
        found["whole"] = (
            f"{of_test:,} images of the test set have come in. The sets are made of the "
            "function's arguments alone; the test set waits for the end."
        )
    elif strange:
        found["whole"] = f"{strange:,} images come out that did not go in."
    elif lost:
        found["whole"] = f"{lost:,} images are in neither set."
    wrong = 0
    for y, places in ((y_train, train), (y_valid, valid)):
        if y.shape != places.shape:
            return found | {"labels": "Each image needs its label beside it, one for one."}
        known = places >= 0
        wrong += int(np.sum(y[known] != labels[places[known]]))
    if wrong:
        found["labels"] = (
            f"{wrong:,} images have the label of another one. Were the images put in another "
            "order and the labels not?"
        )
    return found


def split(function: Callable, *, seed: int = FIXED_SEED) -> Score:
    """Check `split(images, labels, validation_size=5000)`: 6 points."""
    cases = [*split_cases(seed), real_split_case()]
    return SPLIT.over(
        cases,
        lambda case: split_facts(function, case),
        lambda case, facts: split_findings(case, facts, test_album()),
        seed,
    )
