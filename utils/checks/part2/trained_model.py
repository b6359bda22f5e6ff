"""The check of a trained model: how many digits of the validation set does it read?"""

from __future__ import annotations

import math

import numpy as np

from ..attempt import attempt, undisturbed
from ..frame import Check, Facts
from ..score import Score, sentence
from ..values import numbers_of, type_name
from .digits import CLASSES, album, digits
from .networks import TRAIN_SECONDS, answers_of

TRAINED = Check(
    "the trained model",
    tuple(
        (f"{level}", f"at least {100 * level:g} % of the validation digits are right", 1)
        for level in (0.95, 0.975, 0.985)
    ),
)


def trained_facts(model, validation) -> Facts:
    """Let a model answer to the validation images, and find these in MNIST."""
    import keras

    if not issubclass(type(model), keras.Model):
        return {"problem": f"There is no Keras model, but an object of type {type_name(model)}."}
    if type(validation) not in (tuple, list) or len(validation) != 2:
        return {"problem": "It takes the validation set, the second pair that split returns."}

    def look() -> dict:
        images = numbers_of(validation[0])
        if images is None or images.shape[1:] != (28, 28, 1):
            return {"problem": "The validation images are no array of the shape (n, 28, 28, 1)."}
        answers = answers_of(model, images.astype(np.float32))
        return {"answers": answers, "places": album().find(images)}

    outcome = attempt(look, seconds=TRAIN_SECONDS)
    return {"problem": sentence(outcome.problem)} if outcome.problem else outcome.value


def trained_accuracy(facts: dict) -> tuple[float, int] | str:
    """Return the share of right answers and the number of images; or why it cannot be told."""
    if "problem" in facts:
        return facts["problem"]
    (_, labels), _ = digits()
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
    if model is None:
        return TRAINED.not_attempted(note="")
    with undisturbed():
        result = trained_accuracy(trained_facts(model, validation))
    if isinstance(result, str):
        return TRAINED.score(TRAINED.none(result))
    accuracy, count = result
    findings = {key: "" for key, _, _ in TRAINED.items if accuracy < float(key)}
    if accuracy < 0.5:
        findings[TRAINED.items[0][0]] = (
            "Has this network been trained, on images prepared like these?"
        )
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
    return TRAINED.score(findings, note)
