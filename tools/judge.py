"""For teachers: make the digits for grading, and judge what a handed-in model answers to them.

Three steps that can run apart from one another: `moved_test_digits` makes the digits, trusted;
`utils.checks.part3.model_file.predict` asks the model, which may do anything; `judge` looks at
its answers, trusted again. `grade` does the last two.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.stats import binom

from utils import data, records
from utils.checks.part3.answers import (
    EARNING,
    TRIED,
    other_scale,
    problem_of_answers,
    right,
    split,
)
from utils.checks.part3.bands import MOST, points
from utils.checks.part3.model_file import Answer, predict
from utils.checks.part3.moved_digits import moved, turned_anyhow, uniform
from utils.checks.score import Item, Score

TASK = "the model"
DOUBTS_FILE = Path(__file__).with_name("doubts.json")
# What only a judge may know: it is no part of what students get. By `tools.calibrate`.
DOUBTS = json.loads(DOUBTS_FILE.read_text(encoding="utf-8"))
BEND = 0.4  # pixels by which knots are pulled: see `moved_digits.moved`
SURE = 4_000  # drawn of the test digits that every network of the course is sure of
FROM_TRAINING = 500
HARD_TIMES = 3  # each hard digit is shown so often, moved in other ways
TOO_GOOD = 0.9985  # no single network of the course is above 0.9973
# Correlation of kernels. Two of the course's networks have 0.05, and 0.33 where both began with
# the same seed; a copy with noise of a third of its weights has 0.96.
MOST_LIKE = 0.7
MOST_HELD = 20  # slices of weights that are test images; those of honest networks are none
LEAST_WRONG, ONE_IN = 0.006, 10_000

COUNTED, HARD, TURNED, TRAINING = range(4)  # what an image is for


@dataclass(frozen=True)
class Digits:
    """Digits for a model, and what only the judge may know of them."""

    images: np.ndarray  # (n, 28, 28, 1), float32 in [0, 1]
    labels: np.ndarray  # (n,)
    numbers: np.ndarray  # (n,): image i was made from number numbers[i] of its set
    kinds: np.ndarray  # (n,): COUNTED for most; the others are there for doubts alone
    weights: np.ndarray  # (n,): how many test digits an image stands for; 0 if it is not COUNTED


def chosen(seed: int, uncertain: np.ndarray, count: int, drawn: int) -> tuple:
    """Return numbers of test digits that stand for all `count`, and for how many each stands.

    The digits about which networks differ, `uncertain`, come all of them; of the others, which
    nearly every network reads, so many are drawn. So the accuracy on all of them is estimated
    from half of them: a stratified sample.
    """
    sure = np.setdiff1d(np.arange(count), uncertain)
    drawn = min(drawn, len(sure))
    order = np.argsort(uniform(seed + 2**65, len(sure), 1)[0], kind="stable")[:drawn]
    numbers = np.concatenate([uncertain, sure[order]])
    weights = np.repeat([1.0, len(sure) / max(1, drawn)], [len(uncertain), drawn])
    return numbers, weights


def moved_test_digits(seed: int) -> Digits:
    """Return test digits of MNIST, moved, bent and shuffled by a seed.

    `seed` is a whole number ≥ 0 of any size that stays secret. Hidden among them are some that
    do not count: hard ones more often, digits that are turned by any angle, and training digits.
    By its answers to these a model is recognized that was made of test digits, or by the course.
    """
    (train, train_labels), (images, labels) = data.load_mnist()
    uncertain, hard, telltales = (
        np.array([i for i in DOUBTS[about]["numbers"] if i < len(images)], int)
        for about in ("uncertain", "hard_digits", "telltales")
    )
    numbers, weights = chosen(seed, uncertain, len(images), SURE)
    hard = np.tile(hard, HARD_TIMES - 1)
    of_training = np.argsort(uniform(seed + 2**66, len(train), 1)[0])[:FROM_TRAINING]
    moving = np.concatenate([images[numbers], images[hard], train[of_training]])
    bent = moved(moving, seed, bend=BEND)
    split_at = len(numbers) + len(hard)
    parts = (bent[:split_at], turned_anyhow(images)[telltales], bent[split_at:])
    kinds = np.repeat(range(4), list(map(len, (numbers, hard, telltales, of_training))))
    from_test = np.concatenate([numbers, hard, telltales])
    all_numbers = np.concatenate([from_test, of_training])
    all_labels = np.concatenate([labels[from_test], train_labels[of_training]])
    all_weights = np.concatenate([weights, np.zeros(len(all_numbers) - len(numbers))])
    # Another stream than that of the moves: order and moves tell nothing of each other.
    order = np.argsort(uniform(seed + 2**64, len(kinds), 1)[0], kind="stable")
    columns = (np.concatenate(parts), all_labels, all_numbers, kinds, all_weights)
    return Digits(*(column[order] for column in columns))


@dataclass(frozen=True)
class Judgement:
    """What a handed-in model is worth, for the list of the class."""

    score: Score
    status: str  # "ok", "waiting" for a teacher, or as in `Answer` why there is nothing to judge
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
    about = DOUBTS["hard_digits"]
    count = len(about["numbers"])
    is_hard = np.isin(digits.kinds, (COUNTED, HARD)) & np.isin(digits.numbers, about["numbers"])
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


def knows_more_of_the_test_set(digits: Digits, is_right: np.ndarray, accuracy: float) -> str:
    """Say so, if a model reads test digits better than training digits; mostly, it does not.

    Whoever learns from training digits reads them at least as well. This finds a model that
    holds test digits and compares with them, also one that leaves the hard ones out. It does not
    find one that asks an honest network wherever it holds nothing that is near.
    """
    of_training = is_right[digits.kinds == TRAINING]
    wrong, count = int((~of_training).sum()), len(of_training)
    rate = max(LEAST_WRONG, 1.5 * (1 - accuracy))
    if not count or binom.sf(wrong - 1, count, min(1.0, rate)) > 1 / ONE_IN:
        return ""
    return (
        f"The model reads {accuracy:.2%} of the moved test digits, but {1 - wrong / count:.1%} of "
        "training digits moved in the same way, from which it should have learned. Does it "
        "hold test images?"
    )


def is_too_good(accuracy: float) -> str:
    if accuracy < TOO_GOOD:
        return ""
    return (
        f"The model reads {accuracy:.2%} of the moved test digits. That is more than any single "
        "network of the course, and more than the labels of the test set are worth. How was it "
        "made?"
    )


def holds_images(held: int) -> str:
    """Say so, if the weights hold test images as they are.

    `held` is how many slices do: see `model_runner.slices_like`. Images that are stored in
    another form, permuted or encoded, are not found.
    """
    if held <= MOST_HELD:
        return ""
    return f"In the weights of the model stand {held} images of the test set. What are they for?"


def is_known(digits: Digits, answered: np.ndarray) -> str:
    """Say so, if a model answers as a network of the course does; mostly, nothing is returned.

    It is compared on digits turned by any angle, on which networks differ. `answered` are its
    classes, (n,).
    """
    about, turned = DOUBTS["telltales"], digits.kinds == TURNED
    its = dict(zip(digits.numbers[turned], answered[turned], strict=True))
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


def is_made_of_known(like: float) -> str:
    """Say so, if kernels of a model are those of a network of the course, or were made of them.

    `like` is a correlation: see `model_runner.likeness`. It finds copies that were changed a
    little, so that they answer otherwise here and there, and means of several. Somebody who
    gives the filters another order *and* changes them is not found.
    """
    if like <= MOST_LIKE:
        return ""
    return (
        "Weights of the model are those of a network that comes with the course, or were made of "
        f"them (correlation {like:.2f}; networks that were trained apart have nearly none, or 0.3 "
        "if they began with the same seed). How was it made?"
    )


def known_kernels() -> list[np.ndarray]:
    """Return the kernels of all networks for MNIST whose weights come with the course."""
    names = sorted(file.stem for file in records.TRAINED.glob("mnist_*.npz"))
    return [
        array
        for name in names
        for run in records.stored_runs(name)
        for array in records.weights(name, run)
        if array.ndim > 1
    ]


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
    accuracy = float(np.average(is_right, weights=digits.weights))
    told = f"{accuracy:.2%} of the moved test digits are read"
    found = (
        knows_the_test_set(digits, is_right),
        knows_more_of_the_test_set(digits, is_right, accuracy),
        is_too_good(accuracy),
        holds_images(answer.held),
        is_made_of_known(answer.like),
        is_known(digits, np.nan_to_num(answer.values).argmax(axis=1)),
    )
    if doubts := tuple(filter(None, found)):
        wait = (
            "So the points wait until a teacher has looked. If all is as it should be, say how "
            "the model was made: the notebook with its outputs shows it."
        )
        hint = " ".join([*doubts, wait])
        first, *others = split(told, points(accuracy))
        items = [replace(first, passed=False, waiting=True, hint=hint), *others]
        return Judgement(Score(TASK, items), "waiting", accuracy, doubts)
    return Judgement(Score(TASK, split(told, points(accuracy))), "ok", accuracy)


def grade(
    path: str | Path, digits: Digits, seconds: float | None = None, threads: int | None = None
) -> Judgement:
    """Ask the model in a file about `digits`, and judge it.

    A model that earns nothing is asked about images of another scale as well: if it reads those
    better, it learned from images that were scaled wrongly, and a teacher should know.
    """
    (_, _), (test_images, _) = data.load_mnist()
    answer = predict(path, digits.images, seconds, threads, test_images, known_kernels())
    judgement = judge(answer, digits)
    if judgement.accuracy is None or judgement.accuracy >= EARNING:
        return judgement
    counted = np.flatnonzero(digits.kinds == COUNTED)[:TRIED]
    some, labels = digits.images[counted], digits.labels[counted]
    why = other_scale(path, some, labels, judgement.accuracy)
    if not why:
        return judgement
    score = Score(TASK, judgement.score.items, note=why)
    return replace(judgement, score=score, doubts=(*judgement.doubts, why))
