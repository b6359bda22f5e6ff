"""Checks of exercise 14.9, part 2: the split, the network, its training, its curves, its mistakes.

Each check has three steps, which can run apart from one another: *cases*, the inputs; *facts*,
what came of the student's functions, as plain numbers, text and arrays; and *findings*, which
judge the facts and say what is wrong, item by item. Only the second step runs a student's code.
Keras is imported inside the functions.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import io
import itertools
import math
import operator
import secrets
from collections.abc import Callable, Iterator
from unittest import mock

import numpy as np

from utils import data, models

from .attempt import Outcome, attempt
from .score import Item, Score
from .task import FIXED_SEED, NO_FUNCTION, NOT_ATTEMPTED, _plain_array, _type_name

CLASSES = 10
BUILD_SECONDS = 60  # for a model to be built and called
TRAIN_SECONDS = 300  # for a short training, or for the answers to 5,000 images
Asked = tuple[tuple[str, str, float], ...]  # the key of an item, what is asked for, its points
Findings = dict[str, str]  # the key of an item that is not right → a hint, perhaps empty


# --- what the checks share --------------------------------------------------------------


def _score(task: str, asked: Asked, findings: Findings, note: str = "") -> Score:
    items = [
        Item(text, points, key not in findings, findings.get(key, ""))
        for key, text, points in asked
    ]
    return Score(task, items, note=note)


def _all_of(asked: Asked, hint: str) -> Findings:
    """Return findings by which no item is right, with one hint."""
    return dict.fromkeys((key for key, _, _ in asked), "") | {asked[0][0]: hint}


def _points(asked: Asked) -> float:
    return sum(points for _, _, points in asked)


def _is_open(outcome: Outcome) -> bool:
    """Whether the function is as the exercise left it: it returned None."""
    return outcome.value is None and not outcome.problem


def _sentence(problem: str) -> str:
    return f"{problem[:1].upper()}{problem[1:]}."


def _numbers(value) -> np.ndarray | None:
    """Return an array of numbers as a NumPy array and nothing more, anything else as None."""
    array = _plain_array(value)
    return array if array is not None and array.dtype.kind in "fiub" else None


@functools.cache
def _digits() -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Return MNIST as `data.load_mnist` does, or its stand-in where there is no network."""
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            return data.load_mnist()
        except data.DataError:
            from utils import standin

            return standin.make("mnist")


class Album:
    """Images, uint8 (n, 28, 28), that are found again whatever their values were scaled by."""

    def __init__(self, images: np.ndarray):
        self.brightest = int(images.max(initial=1))
        self.places = {hash(image.tobytes()): place for place, image in enumerate(images)}

    def _find_as(self, images: np.ndarray, factor: float) -> np.ndarray:
        found = []
        for start in range(0, len(images), 2_000):  # in parts, to need little memory
            part = images[start : start + 2_000].astype(np.float32) * factor
            part = np.rint(part).clip(0, 255).astype(np.uint8)
            found += [self.places.get(hash(image.tobytes()), -1) for image in part]
        return np.array(found, int)

    def find(self, images: np.ndarray) -> np.ndarray:
        """Return the place of each image in the album, −1 for one that is not there.

        `images` is (n, …) with 784 finite values an image, scaled as a whole.
        """
        images = images.reshape(len(images), -1)
        if not len(images) or images.shape[1] != 784:
            return np.full(len(images), -1)
        low, high = float(images.min()), float(images.max())
        if not math.isfinite(high - low) or high == low:
            return np.full(len(images), -1)
        if low < 0:  # to [-1, 1], or by mean and standard deviation
            images = images - low
        # As given, scaled once, scaled twice, or otherwise.
        factors = [1, 255, 255**2, self.brightest / (high - low)]
        best = max(factors, key=lambda factor: np.sum(self._find_as(images[:100], factor) >= 0))
        return self._find_as(images, best)


# --- split ------------------------------------------------------------------------------

SPLIT: Asked = (
    ("form", "it returns two pairs of arrays: images float32 (n, 28, 28, 1), labels (n,)", 1),
    ("sizes", "the sets have the sizes asked for: of 60,000 images, 55,000 and 5,000", 1),
    ("scale", "the values of both sets are scaled once, to [0, 1]", 1),
    ("apart", "no image is in both sets", 1),
    ("whole", "every image that it was given is in one of them, and no other image", 1),
    ("labels", "each image still has its own label", 1),
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
    return (*_digits()[0], VALIDATION_SIZE)


def split_facts(function: Callable, case: tuple) -> dict:
    """Run `split`; return its four arrays under "arrays", or what was the matter."""
    images, labels, size = case
    named = {} if size == VALIDATION_SIZE else {"validation_size": size}  # its own default
    outcome = attempt(function, images, labels, **named)
    if _is_open(outcome):
        return {"open": True}
    if outcome.problem:
        return {"problem": _sentence(outcome.problem)}
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
        return f"{wanted}; it returned one {_type_name(pairs)}."
    if len(pairs) == 4:
        return f"{wanted}, two pairs; it returned four things in a row."
    if len(pairs) != 2 or any(type(p) not in (tuple, list) or len(p) != 2 for p in pairs):
        return f"{wanted}: a pair of two pairs."
    values = [value for pair in pairs for value in pair]
    arrays = [_numbers(value) for value in values]
    for name, value, array in zip(NAMES, values, arrays, strict=True):
        if array is None:
            return f"The {name} are no NumPy array of numbers but of the type {_type_name(value)}."
    return arrays


def split_findings(case: tuple, facts: dict, test: Album | None = None) -> Findings:
    """Judge what `split` made of one case. `test` are images that must not come in."""
    if "problem" in facts:
        return _all_of(SPLIT, facts["problem"])
    images, labels, size = case
    x_train, _, x_valid, _ = arrays = facts["arrays"]
    form = _split_form(arrays)
    for x in (x_train, x_valid):
        # As many images as can be, each of as many values; else there is nothing to look at.
        if x.ndim < 3 or not 0 < len(x) <= 2 * len(images) or x[0].size != 784:
            return _all_of(SPLIT, form or _size_hint(len(x), len(images), size))
    found = {"form": form}
    if facts["changed"] and not form:
        found["form"] = "It changes the arrays that it is given; who gives them needs them still."
    if (len(x_train), len(x_valid)) != (len(images) - size, size):
        found["sizes"] = (
            f"Of {len(images):,} images, {size:,} are to be the validation set, and so "
            f"{len(images) - size:,} the training set. Here they have {len(x_valid):,} and "
            f"{len(x_train):,}."
        )
    found["scale"] = _scale_hint("training", x_train) or _scale_hint("validation", x_valid)
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
    return ""


def _scale_hint(name: str, x: np.ndarray) -> str:
    """Say how the values of a set are scaled, if not to [0, 1]."""
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


@functools.cache
def _test_album() -> Album:
    return Album(_digits()[1][0])


def split(function: Callable) -> Score:
    """Check `split(images, labels, validation_size=5000)`: 6 points."""
    findings: Findings = {}
    seeds = (FIXED_SEED, secrets.randbits(32))
    for case in [*itertools.chain(*map(split_cases, seeds)), real_split_case()]:
        facts = split_facts(function, case)
        if "open" in facts and not findings:
            return Score.not_attempted("split", _points(SPLIT), NOT_ATTEMPTED)
        if "open" in facts:
            facts = {"problem": "It returned None."}
        findings = split_findings(case, facts, _test_album()) | findings
        if "problem" in facts:
            break
    return _score("split", SPLIT, findings)


# --- build_model ------------------------------------------------------------------------

BUDGET = 300_000
MODEL: Asked = (
    ("form", "images (n, 28, 28, 1) go in, and ten finite numbers an image come out", 1),
    ("softmax", "the ten numbers are probabilities: softmax, once", 2),
    ("layers", "it has convolutions, and pooling or strides that make the maps smaller", 1),
    ("budget", f"it has at most {BUDGET:,} parameters", 1),
    ("fresh", "each call builds a new network", 1),
    ("loss", "it is compiled, with a loss that fits its output", 2),
)
# Three answers to ten images, one of each class, that a loss has to rank in this order.
RIGHT = np.full((CLASSES, CLASSES), 0.01, np.float32)
np.fill_diagonal(RIGHT, 0.91)
UNSURE = np.full((CLASSES, CLASSES), 0.1, np.float32)
WRONG = np.roll(RIGHT, 1, axis=1)


def _answers(model, images: np.ndarray, training: bool = False) -> np.ndarray:
    """Return what a Keras model answers, as float32.

    Called and not `predict`: that would compile a function for each model that is looked at.
    """
    from keras import ops

    parts = []
    for start in range(0, len(images), 250):
        out = model(ops.convert_to_tensor(images[start : start + 250]), training=training)
        parts.append(ops.convert_to_numpy(ops.cast(out, "float32")))
    return np.concatenate(parts)


def _sharp_answers(model, images: np.ndarray) -> np.ndarray:
    """Return the answers with large random weights in the last layer: a softmax is then certain."""
    kernels = [weight for weight in model.trainable_variables if len(weight.shape) > 1]
    if not kernels:
        return _answers(model, images)
    last, before = kernels[-1], kernels[-1].numpy()
    try:
        last.assign(100 * np.random.default_rng(FIXED_SEED).normal(size=before.shape))
        return _answers(model, images)
    finally:
        last.assign(before)


def _losses(model) -> dict[str, list[float]]:
    """Return the loss of RIGHT, UNSURE and WRONG, for each form of labels that the loss takes."""
    found = {}
    forms = {"whole numbers": np.arange(CLASSES), "one-hot": np.eye(CLASSES, dtype=np.float32)}
    for form, labels in forms.items():
        with contextlib.suppress(Exception):
            found[form] = [
                float(model.compute_loss(y=labels, y_pred=answers))
                for answers in (RIGHT, UNSURE, WRONG)
            ]
    return found


def _about_layers(model) -> dict:
    """Return what kinds of layers a model has, also inside blocks and models inside it."""
    import keras

    inside = list(model._flatten_layers(include_self=False))  # the public `layers` is one level
    kinds = [{base.__name__ for base in type(layer).__mro__} for layer in inside]
    strides = [np.max(getattr(layer, "strides", None) or 1) for layer in inside]
    last = [layer for layer in model.layers if not isinstance(layer, keras.layers.Dropout)][-2:]
    softmaxes = [
        isinstance(layer, keras.layers.Softmax)
        or getattr(layer, "activation", None) is keras.activations.softmax
        for layer in last
    ]
    return {
        "convolutions": sum(any("Conv" in name for name in kind) for kind in kinds),
        "shrinking": sum(any("Pool" in name for name in kind) for kind in kinds)
        + sum(stride > 1 for stride in strides),
        "softmaxes": sum(softmaxes),
        "rescaling": any(
            "Rescaling" in kind and np.max(layer.scale) < 0.05
            for kind, layer in zip(kinds, inside, strict=True)
        ),
    }


def model_facts(build_model: Callable) -> dict:
    """Call `build_model` twice, and look at what comes."""
    import keras

    if issubclass(type(build_model), keras.Model):
        return {"problem": NO_FUNCTION}
    outcome = attempt(build_model, seconds=BUILD_SECONDS)
    if _is_open(outcome):
        return {"open": True}
    if outcome.problem:
        return {"problem": _sentence(outcome.problem)}
    model = outcome.value
    if not issubclass(type(model), keras.Model):
        return {"problem": f"It returned no Keras model but an object of type {_type_name(model)}."}
    second = attempt(build_model, seconds=BUILD_SECONDS).value
    images = np.random.default_rng(FIXED_SEED).random((32, 28, 28, 1), dtype=np.float32)

    def look() -> dict:
        facts = {"answers": _answers(model, images)}
        facts["parameters"] = int(sum(np.prod(weight.shape) for weight in model.weights))
        own = {id(weight) for weight in model.weights}
        others = getattr(second, "weights", [])
        facts["shared"] = second is model or any(id(weight) in own for weight in others)
        facts |= _about_layers(model)
        facts["compiled"] = bool(model.compiled)
        facts["losses"] = _losses(model) if facts["compiled"] else {}
        if facts["answers"].shape == (32, CLASSES):
            sharp = _sharp_answers(model, images)
            facts["sharp"] = (
                sharp if sharp.shape == (32, CLASSES) else np.full((1, CLASSES), np.nan)
            )
        return facts

    outcome = attempt(look, seconds=BUILD_SECONDS)
    if outcome.problem:
        return {"problem": f"It cannot be used: {outcome.problem}."}
    return outcome.value


OUTPUTS = {
    "nan": "Some of the numbers are not finite.",
    "sigmoid": (
        "Each number lies between 0 and 1, but the ten do not add up to 1, as after a sigmoid. "
        "An image is one digit: which function makes the ten compete?"
    ),
    "logits": (
        "The ten numbers do not add up to 1: they are scores, called logits. Which activation "
        "makes probabilities of them?"
    ),
    "negative": "There are negative numbers among them.",
    "twice": (
        "Softmax is applied twice. The second one gets numbers from 0 to 1, and makes them nearly "
        "equal: no digit can reach a probability of a quarter."
    ),
}


def _output_kind(facts: dict) -> str:
    """Return what the outputs are, a key of OUTPUTS; empty if they come from one softmax."""
    both = np.concatenate([facts["answers"], facts["sharp"]])
    if not np.isfinite(both).all():
        return "nan"
    if np.abs(both.sum(axis=1) - 1).max() > 0.02:  # 16-bit formats round
        return "sigmoid" if both.min() >= 0 and both.max() <= 1 else "logits"
    if both.min() < -1e-6:
        return "negative"
    # The softmax of numbers between 0 and 1: none can be more than e times as large as another.
    ratios = facts["sharp"].max(axis=1) / facts["sharp"].min(axis=1).clip(1e-30)
    return "twice" if facts["softmaxes"] > 1 or ratios.max() < 2.8 else ""


def _loss_hint(facts: dict, output: str) -> str:
    """Say what is wrong with how the model was compiled; mostly, nothing."""
    if not facts["compiled"]:
        return "It is not compiled: `fit` needs an optimizer and a loss."
    fitting = [(r, u, w) for r, u, w in facts["losses"].values() if r < u < w]
    if not fitting:
        return (
            "Its loss is not lower for a right answer than for a wrong one. Which loss is made "
            "for classes, with labels that are whole numbers?"
        )
    right, unsure, wrong = fitting[0]
    # −log p falls by log 91 from WRONG to RIGHT; taken as logits, the two differ by 0.9.
    # Softened labels make both smaller; other losses (a squared error) differ by less.
    takes_logits = 0.6 < wrong - right < 0.95 and unsure - right > 0.4
    if takes_logits and output != "logits":
        return (
            "The loss takes the output for logits (`from_logits=True`), to apply a softmax to "
            "them; the output holds probabilities already."
        )
    if output == "logits" and not takes_logits:
        return "The loss expects probabilities, and the output holds logits."
    return ""


def model_findings(facts: dict) -> Findings:
    """Judge what `build_model` built."""
    if "problem" in facts:
        return _all_of(MODEL, facts["problem"])
    found, output, answers = {}, "", facts["answers"]
    if answers.shape != (32, CLASSES):
        images = "n" if len(answers) == 32 else f"{len(answers)} for n = 32"
        shape = ", ".join(map(str, (images, *answers.shape[1:])))
        found["form"] = f"What comes out has the shape ({shape}); (n, 10) is asked for."
        found["softmax"] = ""
    elif output := _output_kind(facts):
        found["form" if output == "nan" else "softmax"] = OUTPUTS[output]
    if facts["rescaling"] and "form" not in found:
        found["form"] = "The images are in [0, 1] already; the Rescaling layer scales them again."
    if not facts["convolutions"]:
        found["layers"] = "There is no convolution in it."
    elif not facts["shrinking"]:
        found["layers"] = "Nothing makes the maps smaller: no pooling, no stride above 1."
    if facts["parameters"] > BUDGET:
        found["budget"] = (
            f"It has {facts['parameters']:,}. Look at the first dense layer: how many values "
            "does it read, and what would make them fewer?"
        )
    if facts["shared"]:
        found["fresh"] = "A second call returned the same weights, with all that they learned."
    if hint := _loss_hint(facts, output):
        found["loss"] = hint
    return found


def build_model(function: Callable) -> Score:
    """Check `build_model()`: 8 points."""
    facts = model_facts(function)
    if "open" in facts:
        return Score.not_attempted("build_model", _points(MODEL), NOT_ATTEMPTED)
    note = ""
    if facts.get("losses") and "whole numbers" not in facts["losses"]:
        note = "Its loss expects one-hot labels: train will have to make them."
    return _score("build_model", MODEL, model_findings(facts), note)


# --- train ------------------------------------------------------------------------------

EPOCHS = 6
TRAIN: Asked = (
    ("learns", "the network learns: afterwards it knows the training digits better", 1),
    ("training", "it learns from the training set, and from no other image", 2),
    ("validation", "after each epoch it is measured on the validation set", 1),
    ("history", "the history comes back: loss and accuracy, training and validation", 1),
)
METRICS = ("loss", "accuracy", "val_loss", "val_accuracy")
TRAINING = ("fit", "train_on_batch")
WATCHED = (*TRAINING, "evaluate")
BATCHES = 50  # of a dataset or generator that are looked at
ROLES = ("training", "validation", "other", "test")


def training_case(seed: int) -> dict:
    """Return small sets of real digits, as `split` does: 30 and 10 images of each digit.

    "training" and "validation" are pairs (images, labels). "album" knows all 70,000 images of
    MNIST, "labels" are theirs, and "roles" says of each one whether it is in this training set
    (0), in this validation set (1), another training image of MNIST (2) or a test image (3).
    """
    (images, labels), (test_images, test_labels) = _digits()
    rng = np.random.default_rng(seed)
    groups = [rng.permutation(np.flatnonzero(labels == digit)) for digit in range(CLASSES)]
    roles = np.repeat([2, 3], [len(images), len(test_images)])
    case = {"album": _album(), "labels": np.concatenate([labels, test_labels]), "roles": roles}
    for role, part in enumerate((slice(30), slice(30, 40))):
        chosen = rng.permutation(np.concatenate([group[part] for group in groups]))
        roles[chosen] = role
        case[ROLES[role]] = images[chosen, ..., np.newaxis] / np.float32(255), labels[chosen]
    return case


@functools.cache
def _album() -> Album:
    return Album(np.concatenate([images for images, _ in _digits()]))


def _batches(x, y=None) -> tuple[list, object]:
    """Return the first batches (images, labels) of what `fit` is given, and x to hand on to it.

    To look into a generator uses it up, so another one takes its place.
    """
    import keras

    if inspect.isgenerator(x):
        first = list(itertools.islice(x, BATCHES))
        return first, (batch for batch in itertools.chain(first, x))
    if hasattr(x, "element_spec"):  # a tf.data.Dataset
        return list(x.take(BATCHES)), x
    if isinstance(x, keras.utils.PyDataset):
        return [x[place] for place in range(min(x.num_batches or BATCHES, BATCHES))], x
    return [(x, y)], x


def _counts(case: dict, batches: list) -> dict[str, int]:
    """Count the images of batches by their role; those with a wrong label, and unknown ones.

    "rescaled" says whether the values of the known ones are other than from 0 to 1. Empty if
    they cannot be read.
    """
    try:
        images = np.concatenate([np.asarray(batch[0]) for batch in batches])
        labels = [np.asarray(batch[1]) for batch in batches if batch[1] is not None]
        labels = np.concatenate(labels) if labels else None
        places = case["album"].find(images)
    except Exception:
        return {}
    known = places >= 0
    found = np.bincount(case["roles"][places[known]], minlength=len(ROLES))
    counts = dict(zip(ROLES, found.tolist(), strict=True)) | {"unknown": int(np.sum(~known))}
    as_given = images[known]  # but for a factor, and something added
    counts["rescaled"] = bool(known.any()) and not (
        as_given.min() >= 0 and 0.5 < as_given.max() < 1.001  # rounded otherwise, perhaps
    )
    if labels is not None and labels.shape[1:] == (CLASSES,):
        labels = labels.argmax(axis=1)
    if labels is not None and labels.size == len(images):
        labels = labels.reshape(-1)
        counts["mislabeled"] = int(np.sum(labels[known] != case["labels"][places[known]]))
    return counts


class _Enough(BaseException):
    """Ends a training that is given images which it must not have."""


@contextlib.contextmanager
def _watched(case: dict, model, seen: list[dict]) -> Iterator[None]:
    """Note in `seen` what the WATCHED methods of any Keras model are given in the body."""
    import keras

    def look(note: dict, given: dict) -> None:
        """Fill a note; in `given`, put what was used up by looking in its place again."""
        if note["call"] in TRAINING or not inspect.isgenerator(given.get("x")):
            batches, given["x"] = _batches(given.get("x"), given.get("y"))
            note["x"] = _counts(case, batches)
        held_out = given.get("validation_data")
        note["measured"] = held_out is not None
        note["validation_split"] = bool(given.get("validation_split"))
        if type(held_out) in (tuple, list):
            batches, first = _batches(*held_out[:2])
            given["validation_data"] = (first, *held_out[1:])
            note["validation"] = _counts(case, batches)
        elif held_out is not None:
            batches, given["validation_data"] = _batches(held_out)
            note["validation"] = _counts(case, batches)

    def watching(name: str) -> Callable:
        # Unwrapped: the whole training also where tests shorten `fit`. It is short enough.
        original = inspect.unwrap(getattr(keras.Model, name))
        signature = inspect.signature(original)

        @functools.wraps(original)
        def watched(self, *args, **kwargs):
            call = signature.bind(self, *args, **kwargs)
            note = {"call": name, "own": self is model, "x": {}, "validation": {}}
            look(note, call.arguments)
            seen.append(note)
            if any(note[data].get(role) for data in ("x", "validation") for role in ROLES[2:]):
                raise _Enough
            return original(*call.args, **call.kwargs)

        return watched

    with contextlib.ExitStack() as stack:
        for name in WATCHED:
            stack.enter_context(mock.patch.object(keras.Model, name, watching(name)))
        yield


def _surprise(model, case: dict) -> list[float]:
    """Return the mean of −log p of the training images' own digits: predicting, and training.

    In training too, because batch normalization needs many steps before it predicts as well as
    it trains.
    """
    images, labels = case["training"]
    found = []
    for training in (False, True):
        answers = _answers(model, images, training)
        if np.abs(answers.sum(axis=1) - 1).max() > 0.02:  # these are no probabilities yet
            answers = np.exp(answers - answers.max(axis=1, keepdims=True))
            answers /= answers.sum(axis=1, keepdims=True)
        found.append(float(-np.log(answers[np.arange(len(labels)), labels].clip(1e-7)).mean()))
    return found


def _state(model, case: dict) -> dict:
    """Measure a model, and leave it as it is; raise ValueError if it does not read digits."""
    images, labels = case["validation"]
    answers = _answers(model, images)
    if answers.shape[1:] != (CLASSES,):
        raise ValueError(f"it does not give {CLASSES} numbers an image")
    weights = model.get_weights()
    surprise = _surprise(model, case)
    model.set_weights(weights)  # answers in training move the averages of batch normalization
    return {
        "accuracy": float(np.mean(answers.argmax(axis=1) == labels)),
        "surprise": surprise,
        "weights": [weight.numpy() for weight in model.trainable_weights],
    }


def _start(build_model: Callable, case: dict) -> tuple | str:
    """Return a fresh compiled model and its `_state`; or why there is none."""
    import keras

    def start():
        model = build_model()
        if not (issubclass(type(model), keras.Model) and model.compiled):
            return "build_model gives no compiled Keras model yet"
        return model, _state(model, case)

    outcome = attempt(start, seconds=BUILD_SECONDS)
    if outcome.problem:
        return f"the one of build_model cannot be used: {outcome.problem}"
    return outcome.value or "build_model is not written yet"


def _course_model():
    model = models.own_cnn(dtype="float32")
    model.compile("nadam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def training_facts(function: Callable, build_model: Callable, case: dict) -> dict:
    """Run `train` on a fresh model and small sets; return what it did and what came of it.

    "seen" are the notes of `_watched`, "before" and "after" the model's `_state`.
    """
    start, note = _start(build_model, case), ""
    if isinstance(start, str):
        note = f"Tried on a network of the course, because {start}."
        start = _start(_course_model, case)
    model, before = start
    sets = [tuple(array.copy() for array in case[name]) for name in ROLES[:2]]
    seen: list[dict] = []

    def run():
        try:
            return function(model, *sets, epochs=EPOCHS)
        except _Enough:
            return _Enough

    with _watched(case, model, seen):
        outcome = attempt(run, seconds=TRAIN_SECONDS)
    return {
        "open": _is_open(outcome) and not seen,
        "problem": outcome.problem,
        "stopped": outcome.value is _Enough,
        "changed": not all(
            np.array_equal(array, as_given)
            for name, pair in zip(ROLES[:2], sets, strict=True)
            for array, as_given in zip(pair, case[name], strict=True)
        ),
        "history": attempt(lambda: _history(outcome.value)).value,
        "before": before,
        "after": attempt(lambda: _state(model, case), seconds=BUILD_SECONDS).value,
        "seen": seen,
        "note": note,
    }


def _history(returned) -> dict[str, list[float]] | None:
    """Return the metrics of a Keras History, or of an object that holds such a dictionary."""
    values = getattr(returned, "history", None)
    if not isinstance(values, dict):
        return None
    return {
        key: [float(v) for v in itertools.islice(values[key], 100)]
        for key in METRICS & values.keys()
    }


def train_findings(facts: dict) -> Findings:
    """Judge what `train` did."""
    trainings = [note for note in facts["seen"] if note["call"] in TRAINING]
    fits = [note for note in trainings if note["call"] == "fit"]
    if facts["problem"]:
        hint = _sentence(facts["problem"])
        if "rank" in hint or "shape" in hint:
            hint += " Do the labels have the form that the loss expects?"
        return _all_of(TRAIN, hint)
    found = {
        "learns": _learning_hint(trainings, facts),
        "training": _training_set_hint(trainings, facts),
        "validation": _validation_hint(fits, facts),
        "history": _history_hint(facts["history"]),
    }
    found = {key: hint for key, hint in found.items() if hint}
    if facts["stopped"]:  # nothing came of it, for the reason that "training" tells
        found |= dict.fromkeys(("learns", "validation", "history"), "")
    elif "learns" in found and "training" not in found:
        found["training"] = ""
    return found


def _learning_hint(trainings: list[dict], facts: dict) -> str:
    if trainings and not any(note["own"] for note in trainings):
        return "It trains another network than the one it is given."
    if any(note["x"].get("mislabeled") for note in trainings):
        return (
            "The images reach the network with labels of other images. Was one of the two shuffled?"
        )
    before, after = facts["before"], facts["after"]
    if after is None:
        return "Afterwards the network cannot be used."
    if all(map(np.array_equal, before["weights"], after["weights"])):
        return "Its weights are still the ones that it began with."
    if not np.isfinite(after["surprise"]).all():
        return "Its outputs have become NaN. What does the learning rate do to that?"
    # However little: right answers may learn slowly, and have few images and epochs here.
    if all(map(operator.ge, after["surprise"], before["surprise"])):
        return (
            f"After {EPOCHS} epochs with 300 images it knows them no better than before. Do "
            "images and labels still belong together? And is the learning rate a usual one?"
        )
    return ""


def _training_set_hint(trainings: list[dict], facts: dict) -> str:
    seen = [note[data] for note in facts["seen"] for data in ("x", "validation")]
    if any(counts.get("test") for counts in seen):
        return (
            "It uses images of the test set. Whatever is trained or chosen with them, they "
            "cannot measure any more."
        )
    if any(counts.get("other") for counts in seen):
        return (
            "It uses images that it was not given. Are there names of the notebook in it, "
            "where its own arguments should be?"
        )
    if any(note["x"].get("validation") for note in trainings):
        return "It trains on the validation images too; then they say nothing about new images."
    if any(note["x"].get("rescaled") for note in trainings):
        return (
            "The images that it is given have values from 0 to 1, and the network is trained on "
            "others. Scaled once more, in `train`? Later cells show it images from 0 to 1."
        )
    if facts["changed"]:
        return "It changes the arrays that it is given; later cells need them as they were."
    return ""


def _validation_hint(fits: list[dict], facts: dict) -> str:
    if any(note["validation_split"] for note in fits):
        return (
            "`validation_split` takes images away from the training set. There is a validation "
            "set already: which argument of `fit` takes it?"
        )
    if fits and not any(note["measured"] for note in fits):
        return "Nothing is measured. Which argument of `fit` takes the validation set?"
    counts = [note["validation"] for note in fits if note["validation"]]
    if any(count["training"] for count in counts):
        return "It is measured on images that it trains on, and cannot be seen to overfit."
    if any(count["unknown"] or not count["validation"] for count in counts):
        return "The images that it is measured on are not those of the validation set."
    if not counts and not facts["stopped"]:
        # Its own loop, or data of a kind that cannot be looked into: by the numbers.
        accuracies = (facts["history"] or {}).get("val_accuracy", [])
        measured = facts["after"]["accuracy"] if facts["after"] else math.nan
        if not any(abs(value - measured) < 0.003 for value in accuracies):
            return (
                "No val_accuracy in the history is the one that the network has on the "
                "validation set."
            )
    return ""


def _history_hint(history: dict | None) -> str:
    if history is None:
        return "Return what `fit` returns: later cells read its attribute `history`."
    if missing := [key for key in METRICS if key not in history]:
        return (
            f"It has no {' and no '.join(missing)}. `compile` takes the metrics, `fit` the "
            "validation set."
        )
    lengths = {len(values) for values in history.values()}
    if len(lengths) != 1 or lengths == {0}:
        return "It has not one value an epoch."
    if max(lengths) > EPOCHS:
        return f"{EPOCHS} epochs were asked for, and it holds {max(lengths)}: use `epochs`."
    return ""


def train(function: Callable, build_model: Callable) -> Score:
    """Check `train(model, training, validation, epochs=10)` on small sets of digits: 5 points."""
    case = training_case(FIXED_SEED)
    facts = training_facts(function, build_model, case)
    if facts["open"]:
        return Score.not_attempted("train", _points(TRAIN), NOT_ATTEMPTED)
    return _score("train", TRAIN, train_findings(facts), facts["note"])


# --- the trained model ------------------------------------------------------------------

TRAINED: Asked = tuple(
    (f"{level}", f"at least {100 * level:g} % of the validation digits are right", 1)
    for level in (0.95, 0.975, 0.985)
)


def trained_facts(model, validation) -> dict:
    """Let a model answer to the validation images, and find these in MNIST."""
    import keras

    if not issubclass(type(model), keras.Model):
        return {"problem": f"There is no Keras model, but an object of type {_type_name(model)}."}
    if type(validation) not in (tuple, list) or len(validation) != 2:
        return {"problem": "It takes the validation set, the second pair that split returns."}

    def look() -> dict:
        images = _numbers(validation[0])
        if images is None or images.shape[1:] != (28, 28, 1):
            return {"problem": "The validation images are no array of the shape (n, 28, 28, 1)."}
        answers = _answers(model, images.astype(np.float32))
        return {"answers": answers, "places": _album().find(images)}

    outcome = attempt(look, seconds=TRAIN_SECONDS)
    return {"problem": _sentence(outcome.problem)} if outcome.problem else outcome.value


def trained_accuracy(facts: dict) -> tuple[float, int] | str:
    """Return the share of right answers and the number of images; or why it cannot be told."""
    if "problem" in facts:
        return facts["problem"]
    (_, labels), _ = _digits()
    answers = facts["answers"]
    if answers.shape != (len(facts["places"]), CLASSES) or not np.isfinite(answers).all():
        return "The answers are not ten finite numbers an image."
    places, first = np.unique(facts["places"], return_index=True)
    if places[0] < 0:
        return "These validation images are not those of MNIST's training set."
    if places[-1] >= len(labels):
        return "These are images of the test set. They wait for the end."
    if not 1_000 <= len(places) <= 10_000:
        return f"These are {len(places):,} different images; the validation set has 5,000."
    return float(np.mean(answers[first].argmax(axis=1) == labels[places])), len(places)


def trained_model(model, validation) -> Score:
    """Measure a trained model on the validation set: 3 points."""
    task = "the trained model"
    if model is None:
        return Score.not_attempted(task, _points(TRAINED))
    result = trained_accuracy(trained_facts(model, validation))
    if isinstance(result, str):
        return _score(task, TRAINED, _all_of(TRAINED, result))
    accuracy, count = result
    findings = {key: "" for key, _, _ in TRAINED if accuracy < float(key)}
    if accuracy < 0.5:
        findings[TRAINED[0][0]] = "Has this network been trained, on images prepared like these?"
    elif findings:
        findings[next(iter(findings))] = (
            "What do the learning curves say: is it still getting better, or has it stopped "
            "learning what holds for new images?"
        )
    error = math.sqrt(accuracy * (1 - accuracy) / count)
    note = (
        f"Of {count:,} validation digits, {100 * accuracy:.1f} % are right "
        f"(± {200 * error:.1f}, two standard errors)."
    )
    return _score(task, TRAINED, findings, note)


# --- plot_learning_curves ---------------------------------------------------------------

CURVES: Asked = (
    ("loss", "the loss is drawn, in training and in validation, with the history's values", 1),
    ("accuracy", "so is the accuracy", 1),
    ("epochs", "the epochs run along the horizontal axis, from 1", 1),
    ("labels", "the axes have labels, and a legend tells the lines apart", 1),
)


def curves_cases(seed: int) -> list[dict[str, list[float]]]:
    """Return made-up histories of two lengths."""
    rng = np.random.default_rng(seed)
    cases = []
    for epochs in (9, 4):
        falling = np.exp(-np.arange(epochs) / 3)
        loss, val_loss = (scale * falling + 0.05 * rng.random(epochs) for scale in (0.8, 0.5))
        values = zip(METRICS, (loss, 1 - loss / 3, val_loss, 1 - val_loss / 3), strict=True)
        cases.append({key: line.tolist() for key, line in values})
    return cases


@contextlib.contextmanager
def _own_figures() -> Iterator[list]:
    """Yield a list that holds, afterwards, the pyplot figures made in the body; none is shown."""
    import matplotlib.pyplot as plt

    before, made = set(plt.get_fignums()), []
    with mock.patch.object(plt, "show", lambda *args, **named: None):
        try:
            yield made
        finally:
            made += [number for number in plt.get_fignums() if number not in before]
            for number in made:
                plt.close(number)


def _read_figure(returned) -> dict | None:
    """Return the lines and texts of a Matplotlib figure, or of the figure of axes; else None."""
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    if type(returned) in (tuple, list):
        parts = list(returned)
    else:
        parts = list(returned.flat) if type(returned) is np.ndarray else [returned]
    figures = [part for part in parts if issubclass(type(part), Figure)]
    figures += [part.figure for part in parts if issubclass(type(part), Axes)]
    if not figures:
        return None
    figure, panels = figures[0], []
    for axes in figure.axes:
        lines = axes.get_lines()
        legend = axes.get_legend()
        names = [str(line.get_label()) for line in lines]
        texts = [text.get_text() for text in legend.get_texts()] if legend else []
        if len(texts) == len(lines) and all(name.startswith("_") for name in names):
            names = texts  # as legend(["training", "validation"]) gives them
        panels.append(
            {
                "lines": [np.array(line.get_xydata(), float) for line in lines],
                "names": names,
                "legend": bool(texts) or len(axes.texts) > 1,
                "x": axes.get_xlabel() or figure.get_supxlabel(),
                "y": axes.get_ylabel() or axes.get_title() or figure.get_supylabel(),
            }
        )
    return {"panels": panels, "legend": bool(figure.legends)}


def curves_facts(function: Callable, history: dict) -> dict:
    """Run `plot_learning_curves`, and read the figure."""
    with _own_figures() as made:
        outcome = attempt(function, history)
        read = attempt(lambda: _read_figure(outcome.value))
    if outcome.problem:
        return {"problem": _sentence(outcome.problem)}
    if outcome.value is None:
        drawn = {"problem": "It draws, and returns nothing: return the figure."}
        return drawn if made else {"open": True}
    if not read.value:
        kind = _type_name(outcome.value)
        return {"problem": f"It returned an object of type {kind}; return the figure."}
    return read.value


def curves_findings(history: dict, facts: dict) -> Findings:
    """Judge a figure by what it was to show."""
    if "problem" in facts:
        return _all_of(CURVES, facts["problem"])
    found, shown = {}, {}
    for panel in facts["panels"]:
        for line, name in zip(panel["lines"], panel["names"], strict=True):
            for key in METRICS:
                values = np.array(history[key])
                # An accuracy may be in percent.
                for factor in (1, 100) if "accuracy" in key else (1,):
                    if len(line) == len(values) and np.allclose(line[:, 1], factor * values, 1e-3):
                        shown[key] = panel, line, name.lower()
    for metric in ("loss", "accuracy"):
        if missing := [key for key in (metric, f"val_{metric}") if key not in shown]:
            found[metric] = f'No line has the values of history["{missing[0]}"].'
    if not shown:
        return found | {"epochs": "", "labels": ""}
    for _, line, _ in shown.values():
        if not np.array_equal(line[:, 0], np.arange(1, len(line) + 1)):
            found["epochs"] = (
                f"The values of {len(line)} epochs stand at {line[0, 0]:g} to {line[-1, 0]:g}."
            )
    panels = [panel for panel, _, _ in shown.values()]
    if not any(panel["x"] for panel in panels) or not all(panel["y"] for panel in panels):
        found["labels"] = "What do the two directions of each picture stand for?"
    elif not facts["legend"] and not any(panel["legend"] for panel in panels):
        found["labels"] = "Which line is which? A label for each, and a legend."
    else:
        for key in {"loss", "accuracy"} - found.keys():
            if "val" in shown[key][2] and "train" in shown[f"val_{key}"][2]:
                found["labels"] = "The names of training and validation are exchanged."
    return found


def plot_learning_curves(function: Callable) -> Score:
    """Check `plot_learning_curves(history)`: 4 points."""
    findings = {}
    for history in curves_cases(FIXED_SEED) + curves_cases(secrets.randbits(32)):
        facts = curves_facts(function, history)
        if "open" in facts and not findings:
            return Score.not_attempted("plot_learning_curves", _points(CURVES), NOT_ATTEMPTED)
        if "open" in facts:
            facts = {"problem": "It returned None."}
        findings = curves_findings(history, facts) | findings
    return _score("plot_learning_curves", CURVES, findings)


# --- confusion_matrix and most_confused ---------------------------------------------------

CONFUSION: Asked = (
    ("counts", "confusion_matrix counts every image once, in a table of 10 × 10", 1),
    ("rows", "its rows are the true digits, its columns the answers", 1),
    ("pair", "most_confused finds the mistake that occurs most often, (true, answered)", 1),
    ("intact", "most_confused leaves the matrix as it is", 1),
)


def confusion_cases(seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return labels and answers: mostly right; with digits that never occur; mostly wrong."""
    rng = np.random.default_rng(seed)
    cases = []
    for digits, share in ((CLASSES, 0.8), (CLASSES - 2, 0.7), (CLASSES, 0.05)):
        true = rng.integers(0, digits, 600, dtype=np.uint8)
        answered = np.where(rng.random(600) < share, true, rng.integers(0, digits, 600))
        one, other = rng.choice(digits, 2, replace=False)
        answered[np.flatnonzero(true == one)[:25]] = other  # the most frequent mistake
        cases.append((true, answered))
    return cases


def counted(labels: np.ndarray, answers: np.ndarray) -> np.ndarray:
    """Return the confusion matrix (10, 10): row the true class, column the answer."""
    counts = np.zeros((CLASSES, CLASSES), int)
    np.add.at(counts, (labels, answers), 1)
    return counts


def confusion_facts(confusion_matrix: Callable, most_confused: Callable, case: tuple) -> dict:
    """Run both functions on one case; the second one on the right matrix."""
    matrix = attempt(confusion_matrix, *case)
    pair = attempt(most_confused, counted(*case))
    return {
        "open": [_is_open(outcome) for outcome in (matrix, pair)],
        "problems": [outcome.problem for outcome in (matrix, pair)],
        "matrix": attempt(lambda: _numbers(matrix.value)).value,
        "pair": attempt(lambda: _two_numbers(pair.value)).value,
        "changed": pair.changed_input,
    }


def _two_numbers(value) -> tuple[int, int] | None:
    if type(value) not in (tuple, list, np.ndarray) or len(value) != 2:
        return None
    if not all(issubclass(type(number), (int, np.integer)) for number in value):
        return None
    return int(value[0]), int(value[1])


def confusion_findings(case: tuple, facts: dict) -> Findings:
    """Judge a confusion matrix, and the pair found in the right one."""
    expected, found = counted(*case), {}
    problem = facts["problems"][0]
    if hint := _sentence(problem) if problem else _matrix_hint(facts["matrix"], expected):
        found |= {"counts": hint, "rows": ""}
    elif not np.array_equal(facts["matrix"], expected):  # transposed
        found["rows"] = "Here the rows are the answers: image i belongs to row labels[i]."
    mistakes = expected - np.diag(np.diag(expected))
    true, answered = np.unravel_index(np.argmax(mistakes), mistakes.shape)
    pair = facts["pair"]
    if facts["problems"][1]:
        found |= {"pair": _sentence(facts["problems"][1]), "intact": ""}
    elif pair is None:
        hint = "It is not written yet." if facts["open"][1] else "Return two whole numbers."
        found |= {"pair": hint, "intact": ""}
    elif pair == (answered, true):
        found["pair"] = "The two are exchanged: first the true digit, then the answer."
    elif pair[0] == pair[1]:
        found["pair"] = "It found a place on the diagonal, where the right answers are."
    elif pair != (true, answered):
        found["pair"] = f"In a case where it is {(int(true), int(answered))}, it found {pair}."
    if facts["changed"]:
        found["intact"] = "The matrix is another one afterwards. Work on a copy of it."
    return found


def _matrix_hint(matrix: np.ndarray | None, expected: np.ndarray) -> str:
    """Say what is wrong with a confusion matrix, other than that it is transposed."""
    if matrix is None:
        return "It returned no NumPy array of numbers."
    if matrix.shape != expected.shape:
        return f"The shape is {matrix.shape}. It is (10, 10) also where a digit does not occur."
    if np.array_equal(matrix, expected) or np.array_equal(matrix, expected.T):
        return ""
    if np.allclose(matrix.sum(), 1) or np.allclose(matrix.sum(axis=1).max(), 1):
        return "These are shares; numbers of images are asked for."
    if matrix.sum() != expected.sum():
        return f"Of {expected.sum()} images, {matrix.sum():g} are counted."
    return "The counts are not those of the pairs (label, answer)."


def confusion(confusion_matrix: Callable, most_confused: Callable) -> Score:
    """Check `confusion_matrix(labels, answers)` and `most_confused(matrix)`: 4 points."""
    findings = {}
    for case in confusion_cases(FIXED_SEED) + confusion_cases(secrets.randbits(32)):
        facts = confusion_facts(confusion_matrix, most_confused, case)
        if all(facts["open"]):
            return Score.not_attempted("confusion matrix", _points(CONFUSION), NOT_ATTEMPTED)
        if facts["open"][0]:
            facts["problems"][0] = "it is not written yet"
        findings = confusion_findings(case, facts) | findings
    return _score("confusion matrix", CONFUSION, findings)
