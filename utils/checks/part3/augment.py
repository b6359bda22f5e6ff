"""The check of `augment`: are the images moved, each in its own way, and still the same digits?

How far an image was moved is found by comparing: the original is turned, enlarged and shifted
in many ways, and the way that fits best is taken. So it does not matter how `augment` does it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

from utils import data

from ..attempt import attempt
from ..frame import Check, Facts, Findings, is_open
from ..score import Score
from ..task import FIXED_SEED
from .moved_digits import affine

CHECK = Check(
    "augment",
    (
        ("form", "shape, type and range of the images stay", 1),
        ("seed", "the same seed gives the same images, and your input stays as it is", 1),
        ("each", "each image is moved in its own way", 1),
        ("moved", "the images are moved, not only changed", 1),
        ("digit", "a digit stays the digit that it is", 2),
    ),
)
SECONDS = 60  # the first call may have to import Keras
COUNT = 40

TURNS, ZOOMS = np.arange(-45, 46, 5), (0.85, 1.0, 1.15)
FARTHEST_TURN = 22  # degrees; 9 of 10 images are turned by less than that
REACH = 8  # pixels that a fitted shift may have, each way
WAYS = [(turn, zoom) for turn in TURNS for zoom in ZOOMS]
SIZE = 28 + REACH + 1  # so that what is shifted out on one side does not come in on the other
AS_IT_IS = np.s_[:]
HALF_TURN = "they stand on their heads"
MIRRORS = {
    "left and right are swapped": np.s_[:, :, ::-1],
    "up and down are swapped": np.s_[:, ::-1],
    HALF_TURN: np.s_[:, ::-1, ::-1],
}


@functools.cache
def digits() -> np.ndarray:
    """Return the images that `augment` is asked to move, (40, 28, 28, 1), float32 in [0, 1]."""
    (images, _), _ = data.load_mnist()
    return images[:COUNT, ..., np.newaxis] / np.float32(255)


def calls(seed: int = FIXED_SEED) -> list[tuple[np.ndarray, int]]:
    """Return the arguments of the calls: twice the same, another seed, one digit many times.

    `seed` and 9 are the seeds that `augment` is given.
    """
    images = digits()
    copies = np.repeat(images[:1], COUNT, axis=0)
    first, other = seed % 2**31, 9 if seed != 9 else 149
    return [(images, first), (images, first), (images, other), (copies, first), (copies, other)]


def family(images: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the images, (n, 28, 28), turned and enlarged in all `WAYS`, ready for comparing.

    Three arrays: the Fourier transform of each, its length as a vector, and the images.
    """
    still = np.zeros((len(images), 2))
    members = [affine(images, np.full(len(images), float(t)), still, zoom) for t, zoom in WAYS]
    members = np.stack(members).astype(np.float32)
    return (
        np.conj(np.fft.rfft2(members, (SIZE, SIZE))),
        np.linalg.norm(members, axis=(2, 3)),
        images,
    )


@functools.cache
def own_family(mirror: str = "") -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the family of the digits of `calls`, or of their mirror images."""
    return family(digits()[..., 0][MIRRORS[mirror] if mirror else AS_IT_IS])


def fitted(kin: tuple, results: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return, for each of the `results`, (n, 28, 28), how its image is best moved to fit it.

    `kin` is the `family` of the images. Three arrays (n,): the fit (1 is perfect, unrelated
    digits have about 0.5), the turn in degrees, and how far the ink has moved on average, in
    pixels.
    """
    transforms, lengths, images = kin
    product = transforms * np.fft.rfft2(results.astype(np.float32), (SIZE, SIZE))
    shifts = np.r_[0 : REACH + 1, -REACH:0]
    overlap = np.fft.irfft2(product, (SIZE, SIZE))[:, :, shifts][:, :, :, shifts]
    lengths = lengths * np.linalg.norm(results, axis=(1, 2))
    fits = np.moveaxis(overlap / (lengths[..., None, None] + 1e-9), 1, 0).reshape(len(images), -1)
    way, down, right = np.unravel_index(fits.argmax(axis=1), (len(WAYS), len(shifts), len(shifts)))
    turn, zoom = np.array(WAYS)[way].T
    y, x = np.indices((28, 28)) - 13.5
    angle, zoom = np.radians(turn)[:, None, None], zoom[:, None, None]
    moved_y = zoom * (np.cos(angle) * y - np.sin(angle) * x) + shifts[down][:, None, None] - y
    moved_x = zoom * (np.sin(angle) * y + np.cos(angle) * x) + shifts[right][:, None, None] - x
    ink = images / (images.sum(axis=(1, 2), keepdims=True) + 1e-9)
    return fits.max(axis=1), turn, (np.hypot(moved_y, moved_x) * ink).sum(axis=(1, 2))


def problem_of_form(result: object, images: np.ndarray) -> str:
    """Say what is wrong with shape, type or values of a result; empty if nothing is."""
    if not isinstance(result, np.ndarray) or result.dtype.kind not in "fiub":
        return "It should return an array of numbers."
    if result.shape != images.shape:
        return f"From images of shape {images.shape} came {result.shape}."
    if result.dtype.kind != "f":
        return f"The images came back as {result.dtype}: the shades between 0 and 1 are lost."
    if not np.isfinite(result).all():
        return "Some values are not numbers (nan) or infinite."
    low, high = float(result.min()), float(result.max())
    if low < -0.01 or high > 1.01:
        why = (
            "The images came back in 0 to 255."
            if high > 100
            else "Smooth curves between the pixels, or noise, can overshoot: interpolate "
            "bilinearly (order 1), or cut off at 0 and 1."
        )
        return f"Values from {low:.2g} to {high:.3g} came back. {why}"
    if result.dtype != images.dtype:
        return f"float32 went in and {result.dtype} came back; .astype keeps the memory small."
    return ""


def problem_of_digits(results: np.ndarray, found: tuple) -> str:
    """Say why the results, (n, 28, 28), are not the digits any more; empty if they are.

    `found` is what `fitted` returns for them.
    """
    images = digits()[..., 0]
    fit, turn, distance = found
    like_mirrored = {}
    for what in MIRRORS:
        mirrored, _, _ = fitted(own_family(what), results)
        like_mirrored[what] = (mirrored > fit + 0.1) & (mirrored > 0.8)
    what = max(MIRRORS, key=lambda which: like_mirrored[which].sum())
    if np.mean(like_mirrored[what]) > 0.1:
        # What is turned by any angle stands on its head at times, and lies on its side at others.
        neither = (fit < 0.65) & ~np.any(list(like_mirrored.values()), axis=0)
        if what == HALF_TURN and np.mean(neither) > 0.1:
            return (
                "Many are turned far too much, some until they stand on their heads. Is the angle "
                "in degrees, in radians, or in shares of a whole turn?"
            )
        return (
            f"Some come back as in a mirror: {what}. A cat in a mirror is a cat, but a "
            "mirrored 2 is no digit, and a 6 on its head is a 9: flips do not help here."
        )
    brightness = results.mean() / images.mean()
    if brightness < 0.8:
        return f"Ink gets lost: {1 - brightness:.0%} of the brightness is gone."
    if np.mean(fit < 0.65) > 0.1:
        return "Some do not look like the digit any more that they were made from."
    if np.percentile(np.abs(turn), 90) > FARTHEST_TURN:
        return "They are turned so far that a reader would stumble; 10 to 15 degrees will do."
    if np.percentile(distance, 95) > 6:
        return "They are moved far, toward the border and beyond; 2 or 3 pixels will do."
    if not 0.8 < brightness < 1.25:
        return f"They get brighter, by {brightness - 1:.0%}; a moved digit has as much ink."
    return ""


def problem_of_draws(one: np.ndarray, other: np.ndarray) -> str:
    """Say so, if the copies of one digit were not each moved by a draw of its own.

    Two arrays of copies, moved with two seeds. A function that draws among a few moves for each
    image, such as one pixel in four directions, finds the same few with both seeds.
    """
    moves, others = ({image.tobytes() for image in copies} for copies in (one, other))
    if len(moves) > 4 or (len(moves) > 1 and moves == others):
        return ""
    few = "one and the same move" if len(moves) == 1 else f"only {len(moves)} different moves"
    return (
        f"Many copies of one digit came back with {few}. Draw for each image, not once for the "
        "batch."
    )


def augment_facts(function: Callable, given: list[tuple[np.ndarray, int]]) -> Facts:
    """Call `augment` with all of `calls()`; return what came, or as far as it went.

    "results" holds what was returned, "changed" whether it wrote into its input, and "failed"
    what was the matter with the last call, empty if nothing was.
    """

    def as_array(images, seed):
        value = function(images, seed)
        if value is None:
            return None
        array = np.asarray(value)
        # A copy: the function may keep what it returned and write into it.
        return array.copy() if array.shape == images.shape else array

    asked, results, changed = as_array if callable(function) else function, [], False
    for call in given:
        outcome = attempt(asked, *call, seconds=SECONDS)
        if is_open(outcome):
            return {"open": True}
        changed = changed or outcome.changed_input
        if outcome.problem:
            failed = f"With images and a seed, {outcome.problem}."
            return {"results": results, "changed": changed, "failed": failed}
        results.append(outcome.value)
    return {"results": results, "changed": changed, "failed": ""}


def augment_findings(given: list[tuple[np.ndarray, int]], facts: Facts) -> Findings:
    """Judge what came of all calls together."""
    results = facts["results"]
    form = facts["failed"]
    for (images, _), result in zip(given, results, strict=False):
        form = form or problem_of_form(result, images)
    if facts["failed"] or not all(map(is_comparable, results)):
        return CHECK.none(form)
    said = {"form": form, "seed": problem_of_seeds(results, facts["changed"])}
    said["each"] = problem_of_draws(results[3], results[4])
    moved = results[0][..., 0].astype(float)
    moved = np.clip(moved / 255 if moved.max() > 100 else moved, 0, 1)
    found = fitted(own_family(), moved)
    fit, _, distance = found
    if np.mean(np.where(fit > 0.5, distance, 0)) < 0.3:
        said["moved"] = (
            "They come back as they were."
            if np.array_equal(results[0], given[0][0])
            else "Their gray values change, but no digit moves from its place: turn or shift them."
        )
    # That digits stay digits is an achievement only if they are moved.
    still = "That is worth something once they move." if "moved" in said else ""
    said["digit"] = problem_of_digits(moved, found) or still
    return {key: hint for key, hint in said.items() if hint}


def is_comparable(result: object) -> bool:
    """Whether a result can be judged further: shades slightly off can, other shapes cannot."""
    return (
        isinstance(result, np.ndarray)
        and result.dtype.kind in "fiu"
        and result.shape == digits().shape
        and bool(np.isfinite(result).all())
    )


def problem_of_seeds(results: list[np.ndarray], changed: bool) -> str:
    """Say what is wrong with the part of the seed, or that the input was written into."""
    if changed:
        return "It writes into the array that it is given; work on a copy."
    if not np.array_equal(results[0], results[1]):
        return "Two calls with the same images and the same seed gave different results."
    if np.array_equal(results[0], results[2]):
        return "Another seed gave the same result: then every epoch sees the same images."
    return ""


def augment(function: Callable, *, seed: int = FIXED_SEED) -> Score:
    """Check `augment(images, seed)`: 6 points.

    It is given float32 images (n, 28, 28, 1) in [0, 1] and an int, and has to return them,
    each moved a little in its own way; an array or a tensor.
    """
    # Calls are compared with one another: so all of them are one case.
    return CHECK.over(
        [calls(seed)], lambda given: augment_facts(function, given), augment_findings, seed
    )
