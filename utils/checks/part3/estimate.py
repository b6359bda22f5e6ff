"""The check before handing in: how many points would a model get on test digits?"""

from __future__ import annotations

import numpy as np

from ..score import Item, Score, number
from .answers import EARNING, TRIED, answers_of, other_scale, problem_of_answers, right, split
from .bands import BANDS, MOST, points
from .how_sure import wilson
from .moved_digits import moved

TASK = "the model, estimated"
TEST_SIZE = 10_000
PUBLIC_SEEDS = (1, 2, 3)


def expected(accuracy: float, count: int, on: int = TEST_SIZE) -> tuple[float, float]:
    """Return where the accuracy on `on` other images lies in 95 of 100 cases.

    `accuracy` was measured on `count` images. Both samples are subject to chance, as if one
    had measured on 1 / (1 / count + 1 / on) images.
    """
    return wilson(accuracy, 1 / (1 / count + 1 / on))


def labels_of(labels: np.ndarray) -> np.ndarray:
    """Return class numbers (n,), also from one-hot rows (n, 10)."""
    labels = np.asarray(labels)
    return labels.argmax(axis=1) if labels.ndim == 2 and labels.shape[1] > 1 else labels.ravel()


def problem_of_images(images: np.ndarray, labels: np.ndarray) -> str:
    """Say why these are no images to estimate with; empty if they are."""
    if images.ndim not in (3, 4) or images.shape[1:3] != (28, 28):
        return f"The images have the shape {images.shape}; expected is (n, 28, 28, 1)"
    if len(images) != len(labels) or not len(images):
        return f"There are {len(images)} images and {len(labels)} labels"
    if images.dtype != np.uint8 and (images.min() < 0 or images.max() > 1):
        return f"The images hold values from {images.min():g} to {images.max():g}; divide by 255"
    if images.dtype != np.uint8 and 0 < images.max() < 1.5 / 255:
        return f"The images hold values up to {images.max():.2g}: they were divided by 255 twice"
    return ""


def estimate(model, x_valid: np.ndarray, y_valid: np.ndarray) -> Score:
    """Estimate the points of a model on validation images, moved as the test digits will be.

    `model` is a Keras model or the path of a `.keras` file; `x_valid` is (n, 28, 28, 1) in
    [0, 1], `y_valid` (n,) or one-hot. They are moved with seeds that everybody knows; so the
    result is the same every time. The note says between which points the result on the test
    digits lies in 95 of 100 cases, if the model was not trained or chosen on these images.
    """
    if model is None or x_valid is None or y_valid is None:
        return Score.not_attempted(TASK, MOST)
    images, labels = np.asarray(x_valid), labels_of(y_valid)
    if problem := problem_of_images(images, labels):
        return Score(TASK, [Item("there are images to estimate with", MOST, False, f"{problem}.")])
    shares = []
    for seed in PUBLIC_SEEDS:
        answer = answers_of(model, moved(images, seed))
        problem = answer.message or problem_of_answers(answer.values, len(images))
        if problem:
            item = Item("the model answers", MOST, False, problem.rstrip(".") + ".")
            return Score(TASK, [item])
        shares.append(right(answer.values, labels).mean())
    accuracy = float(np.mean(shares))
    low, high = (number(points(end)) for end in expected(accuracy, len(images)))
    between = f"between {low} and {high}" if low != high else low
    note = (
        f"On the test digits, expect {between} points: with {len(images):,} images to estimate "
        "from, 95 of 100 such models end there."
    )
    best = BANDS["validation"]["best"]
    if wilson(accuracy, len(images), z=3)[0] > best:
        note = (
            f"This is more than any network of the course reaches on images that it has not seen "
            f"({best:.1%}). Were these images in the training? Then the estimate means nothing, "
            "and the test digits will give less."
        )
    if accuracy < EARNING:
        some = moved(images[:TRIED], PUBLIC_SEEDS[0])
        note = other_scale(model, some, labels, accuracy) or note
    told = f"{accuracy:.2%} of the moved validation digits are read"
    seeds = ", ".join(map(str, PUBLIC_SEEDS))
    return Score(TASK, split(told, points(accuracy)), note=note, seed=seeds)
