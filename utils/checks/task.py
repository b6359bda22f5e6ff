"""The frame of the tasks that ask for a function of numbers and arrays.

Calling is kept apart from judging: `cases` makes the inputs from a seed, somebody calls the
student's function with them, here or in a sandbox that knows no answers, `judge` compares
one returned value with the expected one, and `score` counts. `task(function)` does all of it.
"""

from __future__ import annotations

import inspect
import math
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .attempt import Outcome, undisturbed
from .child import attempts
from .score import NO_FUNCTION, NOT_ATTEMPTED, Item, Score, sentence
from .values import Other, plain_array, plain_number, shortened, type_name

FIXED_SEED = 14_9
SECONDS_A_CALL = 5
SECONDS_IN_ALL = 20  # later calls are not made; the last one may take SECONDS_A_CALL more
MOST_DIGITS = 15
OTHER_NUMBERS = "the shape is right, but the numbers are not"
UNTRIED = "Not tried, because an earlier call took too long or ended the process."
FLOAT = "`//` keeps an int one; `/`, `np.ceil`, `np.floor` and `np.prod([])` give floats."
FIRST_ANOTHER = "This counts as soon as one of the other lines passes."


def seeds() -> tuple[int, int]:
    """Return the seeds of a check's cases: a fixed one, and a fresh one."""
    return FIXED_SEED, secrets.randbits(32)


Known = list[tuple[str, Any]]  # the known mistakes, and what each makes of a case


@dataclass(frozen=True)
class Line:
    """One line of a score."""

    text: str  # what is asked for, as a statement
    points: float
    hint: str  # leads on, and does not give the answer away


WHOLE = Line(
    "the result is a whole number (an int), and what is given stays as it is",
    0.5,
    "Work on a copy of a list that you want to change.",
)
UNCHANGED = Line(
    "the arrays that are given stay as they are",
    0.5,
    "Who calls the function still needs them: write into arrays of your own.",
)


@dataclass(frozen=True)
class Case:
    """One call of the function."""

    line: str  # the line that it counts for, by its key
    arguments: tuple


@dataclass(frozen=True)
class Verdict:
    """What came of a call, judged."""

    passed: bool
    reason: str = ""  # what is wrong, in words
    mistakes: frozenset[str] | None = None  # those that give this value; None if it is no value
    flaw: str = ""  # what is wrong with a value that is right as a number, and what to do
    hint: str = ""  # leads on if no mistake is recognized; in place of the line's own


def _close(value: np.ndarray, expected: np.ndarray) -> bool:
    """Tell whether two arrays are equal as far as 32-bit floats go."""
    if value.shape != expected.shape or not np.isfinite(expected).all():
        return False  # what is not finite is only ever a mistaken value
    scale = max(1.0, float(np.abs(expected).max(initial=0)))
    return np.allclose(value, expected, rtol=0, atol=1e-4 * scale)


def _hint_about_shape(shape: tuple[int, ...], expected: tuple[int, ...]) -> str:
    """Say which part of a wrong shape (rows, columns, maps) is right; empty if none is."""
    if len(shape) != len(expected):
        return ""
    if shape[:-1] == expected[:-1]:
        return "Rows and columns are right; the number of maps is not."
    if shape[-1] == expected[-1]:
        return "The number of maps is right. How many rows and columns there are, task 1 says."
    return ""


def _no_value(value: Any, wanted: str) -> Verdict:
    """Return the verdict on something that is of another kind than the wanted values."""
    if value is None:
        return Verdict(False, "it returned None; is there a `return` for this case?")
    kind = value.kind if isinstance(value, Other) else type_name(value)
    return Verdict(False, f"it returned no {wanted} but {kind}")


def _judge_array(value: Any, expected: np.ndarray, known: Known) -> Verdict:
    """Compare what should be an array of numbers with the expected one."""
    array = plain_array(value)
    if array is None:
        return _no_value(value, "NumPy array")
    if array.shape != expected.shape:
        alike = [(name, other) for name, other in known if other.shape == array.shape]
        if alike and array.dtype.kind in "fiu":  # the numbers tell mistakes of one shape apart
            numbers = array.astype(float)
            alike = [pair for pair in alike if _close(numbers, pair[1])] or alike
        shape = shortened(str(array.shape), 60)
        reason = f"the shape of the result is {shape}, and {expected.shape} was expected"
        names = frozenset(name for name, _ in alike)
        return Verdict(False, reason, names, hint=_hint_about_shape(array.shape, expected.shape))
    if array.dtype.kind not in "fiu":
        dtype = shortened(str(array.dtype), 40)
        return Verdict(False, f"the result holds no plain numbers: its dtype is {dtype}")
    numbers = array.astype(float)
    if not np.isfinite(numbers).all():
        return Verdict(False, "some numbers of the result are not finite: nan or inf")
    alike = frozenset(name for name, other in known if _close(numbers, other))
    if _close(numbers, expected):
        return Verdict(True, mistakes=alike)
    if array.dtype.kind in "iu" and (expected % 1).any():
        return Verdict(False, f"the shape is right, but {array.dtype} holds no decimals", alike)
    return Verdict(False, OTHER_NUMBERS, alike)


def _judge_count(value: Any, expected: int, known: Known) -> Verdict:
    """Compare what should be a whole number with the expected one."""
    found = plain_number(value)
    if found is None:
        return _no_value(value, "number")
    if not abs(found) < 10**MOST_DIGITS:
        return Verdict(False, f"it returned no number of at most {MOST_DIGITS} digits")
    alike = frozenset(name for name, other in known if math.isclose(found, other))
    if found != expected:
        return Verdict(False, f"it returned {found:.{MOST_DIGITS}g}", alike)
    flaw = f"it returned {found}, which is a float. {FLOAT}" if isinstance(found, float) else ""
    return Verdict(True, mistakes=alike, flaw=flaw)


class Task:
    """A function to write: its lines, its cases, its right answers, and the known wrong ones.

    `manners` is the line for what is not about the values: their type, and that the
    arguments stay as they are. It passes if something else does and no call had a flaw; its
    hint is about arguments that were changed.
    """

    def __init__(
        self,
        title: str,
        lines: Mapping[str, Line],
        manners: Line,
        make_cases: Callable[[np.random.Generator], Iterable[Case]],
        reference: Callable,
        mistakes: Sequence[tuple[str, Callable]],
    ):
        """`make_cases` yields a Case at a time, for every key of `lines` at least one.

        `reference` gives the right value for a case's arguments, an array or an int. Each of
        `mistakes` is a sentence about a mistake and a function that makes it; the one that
        explains more stands first. A sentence may stand there more than once.
        """
        self.title = title
        self.lines = dict(lines)
        self.manners = manners
        self.reference = reference
        self.mistakes = tuple(mistakes)
        self._make_cases = make_cases

    @property
    def points(self) -> float:
        return sum(line.points for line in (*self.lines.values(), self.manners))

    def cases(self, seed: int) -> list[Case]:
        """Return the inputs that belong to a seed."""
        return list(self._make_cases(np.random.default_rng(seed)))

    def expected(self, case: Case) -> np.ndarray | int:
        return self.reference(*case.arguments)

    def _known(self, case: Case) -> Known:
        known = []
        for name, function in self.mistakes:
            try:
                known.append((name, function(*case.arguments)))
            except Exception:  # for instance, a mistaken window that is larger than the image
                continue
        return known

    def judge(self, case: Case, value: Any) -> Verdict:
        """Compare a returned value, which may be anything at all, with the expected one."""
        expected = self.expected(case)
        judge = _judge_array if isinstance(expected, np.ndarray) else _judge_count
        return judge(value, expected, self._known(case))

    def verdict(self, case: Case, outcome: Outcome) -> Verdict:
        """Judge what came of a call, be it a value or a failure."""
        if outcome.problem:
            return Verdict(False, outcome.problem)
        verdict = self.judge(case, outcome.value)
        if outcome.changed_input and not verdict.flaw:
            flaw = f"it changed something that it was given. {self.manners.hint}"
            return replace(verdict, flaw=flaw)
        return verdict

    def call_shown(self, case: Case) -> str:
        """Return a case as people write a call; an array is shown by its name and shape."""
        names = inspect.signature(self.reference).parameters
        told = (
            f"{name} {value.shape}" if isinstance(value, np.ndarray) else repr(value)
            for name, value in zip(names, case.arguments, strict=True)
        )
        return shortened(f"{self.title}({', '.join(told)})", 400)

    def _hint(self, line: Line, judged: list[tuple[Case, Verdict]]) -> str:
        """Say where a line fails first, and which mistake would explain all that it did."""
        case, verdict = next(pair for pair in judged if not pair[1].passed)
        values = [v.mistakes for _, v in judged if v.mistakes is not None]
        common = frozenset.intersection(*values) if verdict.mistakes else frozenset()
        otherwise = verdict.hint or line.hint
        mistake = next((text for text, _ in self.mistakes if text in common), otherwise)
        return f"{self.call_shown(case)}: {sentence(verdict.reason)} {mistake}"

    def score(self, cases: Sequence[Case], verdicts: Sequence[Verdict]) -> Score:
        """Count the points of the cases; those at the end that have no verdict did not pass."""
        judged = list(zip(cases, verdicts, strict=False))
        reasons = {verdict.reason for verdict in verdicts}
        all_alike = len(reasons) == 1 and not reasons & {"", OTHER_NUMBERS}
        items = []
        for key, line in self.lines.items():
            of_line = [pair for pair in judged if pair[0].line == key]
            fails = any(not verdict.passed for _, verdict in of_line)
            whole = len(of_line) == sum(case.line == key for case in cases)
            hint = self._hint(line, of_line) if fails else UNTRIED
            hint = "" if all_alike else hint  # the note says what comes first
            items.append(Item(line.text, line.points, whole and not fails, hint))
        flaws = [f"{self.call_shown(case)}: {v.flaw}" for case, v in judged if v.flaw]
        some = any(item.passed for item in items)
        fine = some and not flaws and len(judged) == len(cases)
        hint = flaws[0] if flaws else UNTRIED if some else FIRST_ANOTHER
        hint = "" if all_alike else hint
        items.append(Item(self.manners.text, self.manners.points, fine, hint))
        calls = "every call" if len(verdicts) > 1 else "the first call"
        note = sentence(f"In {calls}, {verdicts[0].reason}") if all_alike else ""
        return Score(self.title, items, note=note)

    def __call__(self, function: Callable) -> Score:
        """Check a student's function on the fixed cases and on fresh ones."""
        if not callable(function):
            lines = (*self.lines.values(), self.manners)
            items = [Item(line.text, line.points, False) for line in lines]
            return Score(self.title, items, note=NO_FUNCTION)
        cases = self.cases(FIXED_SEED) + self.cases(secrets.randbits(32))
        # Line by line, so that an endless call leaves the lines before it their points.
        cases.sort(key=lambda case: list(self.lines).index(case.line))
        verdicts, attempted = [], False
        calls = [case.arguments for case in cases]
        with undisturbed():
            outcomes = attempts(function, calls, SECONDS_A_CALL, SECONDS_IN_ALL)
            for case, outcome in zip(cases, outcomes, strict=False):  # they may end early
                attempted = attempted or outcome.value is not None or bool(outcome.problem)
                verdicts.append(self.verdict(case, outcome))
        if not attempted:
            return Score.not_attempted(self.title, self.points, NOT_ATTEMPTED)
        return self.score(cases, verdicts)
