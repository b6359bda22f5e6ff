"""The tasks of the exercise: what each function is given in grading, and how its answers count.

Expected values are computed here, outside of the sandbox, by the course's own checks: so a
student's mark is the one that the notebook's check gave, with another seed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from utils import checks
from utils.checks.attempt import Outcome, Recorded
from utils.checks.frame import Facts
from utils.checks.part2 import build_model, confusion, curves, split, train
from utils.checks.part2.digits import digits, test_album
from utils.checks.part3 import augment, how_sure
from utils.checks.score import Score
from utils.checks.values import plain

from .stage1 import Found, Group
from .transfer import Tensor, stand_in

PART1 = ("output_size", "conv2d", "max_pool2d", "count_parameters", "receptive_field")
SMALLER = 12_000  # of MNIST's training images that `split` gets: all of them would be 190 MB
MISTRUSTED = 0.011  # the history's last accuracies and the network's own differ at most by that


def real_case() -> tuple[np.ndarray, np.ndarray, int]:
    """Return the case of `split` with MNIST's own images, and its default size."""
    images, labels = digits()[0]
    return images[:SMALLER], labels[:SMALLER], split.VALIDATION_SIZE


def part1_groups(seed: int) -> list[Group]:
    return [
        Group(name, "part1", name, [case.arguments for case in task_of(name).cases_in_order(seed)])
        for name in PART1
    ]


def task_of(name: str):
    return getattr(checks, name)


def part2_groups(seed: int) -> list[Group]:
    """Return the calls of part 2; those that may take long stand last."""
    splits = [(*case[:2], case[2]) for case in split.split_cases(seed)] + [real_case()[:2]]
    confusions = confusion.confusion_cases(seed)
    return [
        Group("split", "part2", "split", splits),
        Group("confusion_matrix", "part2", "confusion_matrix", [case[:2] for case in confusions]),
        Group("most_confused", "part2", "most_confused", [case[2:] for case in confusions]),
        Group(
            "curves",
            "part2",
            "plot_learning_curves",
            [(history,) for history in curves.curves_cases(seed)],
            read="figure",
        ),
        Group("build_model", "part2", "build_model", read="networks", seed=seed),
        Group("train", "part2", "train", read="networks", seed=seed),
    ]


def part3_groups(seed: int) -> list[Group]:
    return [
        Group("how_sure", "part3", "how_sure", how_sure.calls(seed)),
        Group("augment", "part3", "augment", augment.calls(seed)),
    ]


# --- answers that came back, given once more --------------------------------------------------


class Replay:
    """A function that gives, call by call, what a student's function gave in the sandbox.

    The checks call it as they would the function. Where a call failed, `attempt` finds the
    recorded outcome; where a call wrote into what it was given, so does this one.
    """

    def __init__(self, found: Found, tensors_as_arrays: bool = True):
        self.outcomes = iter(found.outcomes)
        self.as_arrays = tensors_as_arrays

    def __call__(self, *arguments, **named):
        outcome = next(self.outcomes, Outcome(problem="it was not called any more"))
        if outcome.problem:
            raise Recorded(outcome)
        if outcome.changed_input:
            spoil(arguments[0])
        return without_tensors(outcome.value, self.as_arrays)


def spoil(value: Any) -> None:
    """Write into an argument, as the student's function did."""
    if isinstance(value, np.ndarray) and value.size:
        value.flat[0] = value.flat[0] + 1


def without_tensors(value: Any, as_arrays: bool) -> Any:
    """Return a value with its tensors as arrays, or as objects that are none."""
    if isinstance(value, Tensor):
        return value.array if as_arrays else stand_in(value.kind)
    if isinstance(value, tuple | list):
        return type(value)(without_tensors(item, as_arrays) for item in value)
    return value


# --- the scores -------------------------------------------------------------------------------


def part1_scores(found: dict[str, Found], seed: int) -> list[Score]:
    scores = []
    for name in PART1:
        task = task_of(name)
        outcomes = [
            replace(outcome, value=plain(without_tensors(outcome.value, False)))
            for outcome in found[name].outcomes
        ]
        scores.append(task.scored(task.cases_in_order(seed), outcomes, seed))
    return scores


def part2_scores(found: dict[str, Found], looked: dict[str, Facts], seed: int) -> list[Score]:
    """Return the scores of part 2, but for the trained model."""
    replayed = Replay(found["split"], tensors_as_arrays=False)
    cases = [*split.split_cases(seed), real_case()]
    splits = split.SPLIT.over(
        cases,
        lambda case: split.split_facts(replayed, case),
        lambda case, facts: split.split_findings(case, facts, test_album()),
        seed,
    )
    pairs = checks.confusion(
        Replay(found["confusion_matrix"]), Replay(found["most_confused"]), seed=seed
    )
    return [
        splits,
        network_score(found["build_model"], looked.get("build_model"), seed),
        training_score(found["train"], looked.get("train"), seed),
        curves_score(found["curves"], seed),
        pairs,
    ]


def curves_score(found: Found, seed: int) -> Score:
    outcomes = iter(found.outcomes)

    def look(history: dict) -> Facts:
        outcome = next(outcomes, Outcome(problem="it was not called any more"))
        told = outcome.value if isinstance(outcome.value, dict) else {}
        if outcome.problem or told.get("open") or not told:
            return curves.facts_of_figure(replace(outcome, value=None), None)
        value = stand_in(str(told.get("kind", "object")))
        return curves.facts_of_figure(replace(outcome, value=value), told.get("read"))

    return curves.CURVES.over(curves.curves_cases(seed), look, curves.curves_findings, seed)


def facts_of(found: Found) -> tuple[Facts, Any]:
    """Return the facts that a group of networks wrote, and the network."""
    first = found.outcomes[0] if found.outcomes else Outcome(problem="it was not called")
    if isinstance(first, Outcome):
        return {"problem": f"{first.problem[:1].upper()}{first.problem[1:]}."}, None
    facts = first.get("facts") if isinstance(first, dict) else None
    if not isinstance(facts, dict):
        return {"problem": "What came of it cannot be read."}, None
    return facts, first.get("model")


def waiting(score: Score, why: str) -> Score:
    """Return a score whose points, if there are any, wait for a teacher, with the reason."""
    items = [replace(item, passed=False, waiting=item.passed, hint=why) for item in score.items]
    hints = [replace(item, hint=item.hint if item.waiting else "") for item in items]
    return Score(score.task, hints, attempted=score.attempted, note=why, seed=score.seed)


def safely(check, judge: Callable[[], Score], seed: int) -> Score:
    """Return a score; facts of another form than they should have are nobody's points."""
    try:
        return judge()
    except Exception as error:  # what is judged comes from a student's process
        problem = f"What came of it cannot be judged: {type(error).__name__}."
        return check.score(check.none(problem), seed=seed)


UNSEEN = (
    "The network has a part that is none of Keras's own, so it could not be looked at again apart "
    "from your code. A teacher has to look at it."
)


def network_score(found: Found, looked: Facts | None, seed: int) -> Score:
    """Judge the network by what a second look found, in a sandbox without the student's code."""
    claimed, _ = facts_of(found)
    facts = claimed
    if looked is not None and "open" not in claimed and "problem" not in claimed:
        facts = looked | {"shared": bool(claimed.get("shared"))}
    score = safely(
        build_model.MODEL,
        lambda: build_model.MODEL.over(
            [seed], lambda _: facts, lambda _, facts: build_model.model_findings(facts), seed
        ),
        seed,
    )
    return score if looked is not None or not score.points else waiting(score, UNSEEN)


def training_score(found: Found, looked: Facts | None, seed: int) -> Score:
    """Judge a training; what the network has learned is measured again by a second look."""
    facts, network = facts_of(found)
    if looked is not None and "open" not in facts and "problem" not in facts:
        facts = facts | {part: looked[part] for part in ("before", "after")}
    score = safely(
        train.TRAIN,
        lambda: train.TRAIN.over(
            [seed], lambda _: facts, lambda _, facts: train.train_findings(facts), seed
        ),
        seed,
    )
    if looked is None and network is not None and score.points:
        return waiting(score, UNSEEN)
    if looked is not None and score.points and (why := contradiction(facts)):
        return waiting(score, why)
    return score


def contradiction(facts: Facts) -> str:
    """Say so, if the history does not fit what the trained network reads; mostly, nothing."""
    history = facts.get("history")
    values = history.get("val_accuracy") if isinstance(history, dict) else None
    told = [v for v in values if isinstance(v, float)] if isinstance(values, list) else []
    measured = facts["after"]["accuracy"]
    if not told or any(abs(value - measured) < MISTRUSTED for value in told):
        return ""
    return (
        f"The history ends with an accuracy of {told[-1]:.2f} on the validation set; measured "
        f"again, the network reaches {measured:.2f}. A teacher has to look at it."
    )


def part3_scores(found: dict[str, Found], seed: int) -> list[Score]:
    """Return the scores of the two functions of part 3."""
    return [
        checks.augment(Replay(found["augment"]), seed=seed),
        checks.how_sure(Replay(found["how_sure"]), seed=seed),
    ]


def statuses(found: dict[str, Found]) -> Iterator[tuple[str, str]]:
    """Yield (function, status) of the groups that did not end well."""
    for name, one in found.items():
        if one.status != "ok":
            yield name, one.status
