"""What a model answers to images: asked for, its form looked at, counted, made into points."""

from __future__ import annotations

import contextlib
import io
import os

import numpy as np

from ..score import Item
from .bands import BANDS, MOST
from .model_file import Answer, predict
from .model_runner import told

CLASSES = 10


def answers_of(model, images: np.ndarray) -> Answer:
    """Ask a model, or the file that holds one."""
    if isinstance(model, str | os.PathLike):
        return predict(model, images)
    if not hasattr(model, "predict"):
        return Answer("malformed", f"This is no Keras model but a {type(model).__name__}.")
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            values = model.predict(images, batch_size=250, verbose=0)
        values = np.asarray(values)
        if values.dtype.name == "bfloat16":  # of a last layer that computes in 16 bits
            values = values.astype(np.float32)
        return Answer("ok", values=values)
    except Exception as error:
        return Answer(
            "malformed",
            f"The model does not answer to images of shape (n, 28, 28, 1). {told(error)}",
        )


def problem_of_answers(values: np.ndarray, count: int) -> str:
    """Say what is wrong with the form of a model's answers; empty if nothing is."""
    if values.shape in {(count,), (count, 1)}:
        return (
            f"It gives one number for each image. Ten are expected, shape ({count}, {CLASSES}): "
            "one for each class, the largest for the model's answer"
        )
    if values.shape != (count, CLASSES):
        return f"It gives an array of shape {values.shape}; expected is ({count}, {CLASSES})"
    if values.dtype.kind not in "fiu":
        return f"It gives {values.dtype} and not numbers"
    if not np.isfinite(values).any():
        return "All that it gives is nan or infinite, which often comes from too large a step"
    return ""


def right(values: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return for each image whether the largest of its ten values, (n, 10), is the label's.

    It makes no difference whether they are probabilities or logits. An image for which a value
    is not finite, or for which all are equal, counts as wrong.
    """
    answered = np.isfinite(values).all(axis=1) & (np.ptp(np.nan_to_num(values), axis=1) > 0)
    return answered & (np.nan_to_num(values).argmax(axis=1) == labels)


def split(told: str, earned: float) -> list[Item]:
    """Return the points that were earned and those that were not, as two items."""
    if earned == MOST:
        return [Item(told, MOST, True)]
    first = next(line["accuracy"] for line in BANDS["table"] if line["points"] == MOST)
    hint = f"All {MOST} points are for {first:.2%} and more."
    if not earned:
        return [Item(told, MOST, False, hint)]
    return [Item(told, earned, True), Item("more than that", MOST - earned, False, hint)]


LITTLE = 0.5
EARNING = BANDS["table"][0][
    "accuracy"
]  # a model that reads less may have learned from other values
CLEARLY_MORE = 0.1  # many networks read digits of any scale about as well
SCALES = {
    255.0: "values from 0 to 255. Let the model begin with layers.Rescaling(255)",
    1 / 255: (
        "values that were divided by 255 twice. Scale the images once and train again, or let the "
        "model begin with layers.Rescaling(1 / 255)"
    ),
}
TRIED = 500  # images


def other_scale(model, images: np.ndarray, labels: np.ndarray, share: float) -> str:
    """Say so, if a model reads digits better whose values have another scale than 0 to 1.

    `model` is a Keras model or the path of a file, `images` (n, 28, 28, 1) in [0, 1], of which
    it reads about this `share`.
    """
    for scale, words in SCALES.items():
        answer = answers_of(model, images[:TRIED] * np.float32(scale))
        if answer.status != "ok" or problem_of_answers(answer.values, len(answer.values)):
            continue
        there = right(answer.values, labels[:TRIED]).mean()
        if there > max(0.8, share + CLEARLY_MORE):
            return (
                f"It is given values from 0 to 1. It reads {there:.0%} of them, multiplied by "
                f"{'255' if scale > 1 else '1 / 255'}: it has learned from {words}."
            )
    return ""
