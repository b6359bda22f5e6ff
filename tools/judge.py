"""For teachers: make the digits for grading, and judge what a handed-in model answers to them.

Three steps that can run apart from one another: `moved_test_digits` makes the digits, trusted;
`utils.checks.part3.model_file.predict` asks the model, which may do anything; `judge` looks at
its answers, trusted again. `grade` does the last two.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from utils import data
from utils.checks.part3.answers import (
    LITTLE,
    TRIED,
    other_scale,
    problem_of_answers,
    right,
    split,
)
from utils.checks.part3.bands import BANDS, MOST, points
from utils.checks.part3.model_file import Answer, predict
from utils.checks.part3.moved_digits import moved, turned_anyhow, uniform
from utils.checks.score import Item, Score

TASK = "the model"
MOVES = 3  # of each test digit: how one of them happens to fall matters less


@dataclass(frozen=True)
class Digits:
    """Digits for a model, and what only the judge may know of them."""

    images: np.ndarray  # (n, 28, 28, 1), float32 in [0, 1]
    labels: np.ndarray  # (n,)
    numbers: np.ndarray  # (n,): image i was made from number numbers[i] of the test set
    is_counted: np.ndarray  # (n,): most are; by the others a network of the course is recognized


def moved_test_digits(seed: int) -> Digits:
    """Return the test digits of MNIST, each moved in three ways and all shuffled, by a seed.

    `seed` is a whole number ≥ 0 of any size that stays secret. Hidden among them are a few that
    are turned by any angle and do not count: by its answers a network of the course is recognized.
    """
    _, (images, labels) = data.load_mnist()
    telltales = [i for i in BANDS["telltales"]["numbers"] if i < len(images)]
    numbers = np.concatenate([np.tile(np.arange(len(images)), MOVES), np.array(telltales, int)])
    several = moved(np.tile(images, (MOVES, 1, 1)), seed)
    shown = np.concatenate([several, turned_anyhow(images)[telltales]])
    # Another stream than that of the moves: order and moves tell nothing of each other.
    order = np.argsort(uniform(seed + 2**64, len(numbers), 1)[0], kind="stable")
    numbers = numbers[order]
    return Digits(shown[order], labels[numbers], numbers, order < len(several))


@dataclass(frozen=True)
class Judgement:
    """What a handed-in model is worth, for the list of the class."""

    score: Score
    status: str  # "ok", or why there is nothing to judge, as in `Answer`
    accuracy: float | None = None  # on the moved test digits, a share
    doubts: tuple[str, ...] = ()  # why a teacher should look; the points wait for that


def knows_the_test_set(digits: Digits, is_right: np.ndarray) -> str:
    """Say so, if a model reads the hard digits; mostly, it does not and nothing is returned.

    Hard digits are those that most of the recorded networks misread, which never saw the test
    set: the digits are ambiguous, or carry a wrong label. This finds a model that was trained on
    the test set or that has it in its weights. It does not find one that saw test digits a few
    times among all others, which gains next to nothing, and not one that somebody made who knows
    this list and answers wrongly on purpose.
    """
    about = BANDS["hard_digits"]
    count = len(about["numbers"])
    is_hard = digits.is_counted & np.isin(digits.numbers, about["numbers"])
    if not count or len(set(digits.numbers[is_hard])) < count:
        return ""
    read = count * float(is_right[is_hard].mean())  # each was shown several times
    if read < about["doubted_from"]:
        return ""
    return (
        f"The model reads {read:.0f} of {count} test digits that most networks misread if they "
        "have not seen them in training: of the networks of the course, all trained on training "
        f"images alone, none read more than {about['most_read']}. Did test images get into its "
        "training?"
    )


def is_known(digits: Digits, answered: np.ndarray) -> str:
    """Say so, if a model answers as a network of the course does; mostly, nothing is returned.

    It is compared on digits turned by any angle, on which networks differ. `answered` are its
    classes, (n,).
    """
    about = BANDS["telltales"]
    its = dict(zip(digits.numbers[~digits.is_counted], answered[~digits.is_counted], strict=True))
    if len(its) < len(about["numbers"]) or not its:
        return ""
    its = [its[number] for number in about["numbers"]]
    for name, classes in about["answers"].items():
        same = sum(str(answer) == digit for answer, digit in zip(its, classes, strict=True))
        if same >= about["doubted_from"]:
            return (
                f"On {len(its)} digits turned by any angle, where networks differ, the model gives "
                f"{same} times the answer of the course's own network {name}; two networks trained "
                f"apart agree on {about['most_same']} at most. Is it a copy of these weights?"
            )
    return ""


def judge(answer: Answer, digits: Digits) -> Judgement:
    """Judge what a model answered to `digits.images`: up to 30 points.

    A model that knows what only the test set can teach, or that is one of the course's own
    networks, gets no points until a teacher has looked.
    """
    if answer.status != "ok":
        item = Item("the model answers", MOST, False, answer.message)
        return Judgement(Score(TASK, [item]), answer.status)
    if problem := problem_of_answers(answer.values, len(digits.labels)):
        item = Item("the model gives ten numbers for each image", MOST, False, f"{problem}.")
        return Judgement(Score(TASK, [item]), "malformed")
    is_right = right(answer.values, digits.labels)
    accuracy = float(is_right[digits.is_counted].mean())
    told = f"{accuracy:.2%} of the moved test digits are read"
    found = (
        knows_the_test_set(digits, is_right),
        is_known(digits, np.nan_to_num(answer.values).argmax(axis=1)),
    )
    if doubts := tuple(filter(None, found)):
        wait = (
            "So the points wait until a teacher has looked. If all is as it should be, say how "
            "the model was made: the notebook with its outputs shows it."
        )
        item = Item(told, MOST, False, " ".join([*doubts, wait]))
        return Judgement(Score(TASK, [item]), "ok", accuracy, doubts)
    return Judgement(Score(TASK, split(told, points(accuracy))), "ok", accuracy)


def grade(path: str | Path, digits: Digits) -> Judgement:
    """Ask the model in a file about `digits`, and judge it.

    A model that reads next to nothing is asked about images of another scale as well: if it
    reads those, it learned from images that were scaled wrongly, and a teacher should know.
    """
    judgement = judge(predict(path, digits.images), digits)
    if judgement.accuracy is None or judgement.accuracy >= LITTLE:
        return judgement
    counted = np.flatnonzero(digits.is_counted)[:TRIED]
    why = other_scale(path, digits.images[counted], digits.labels[counted])
    if not why:
        return judgement
    score = Score(TASK, judgement.score.items, note=why)
    return replace(judgement, score=score, doubts=(*judgement.doubts, why))
