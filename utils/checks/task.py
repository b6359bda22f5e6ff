"""The frame of the tasks that ask for a function of numbers and arrays.

Calling is kept apart from judging: `cases` makes the inputs from a seed, somebody calls the
student's function with them, here or in a sandbox that knows no answers, `judge` compares
one returned value with the expected one, and `score` counts. `task(function)` does all of it.
"""

from __future__ import annotations

import inspect
import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .attempt import Outcome, undisturbed
from .child import attempts
from .score import NO_FUNCTION, NOT_ATTEMPTED, Failure, Item, Score, sentence
from .values import Other, plain_array, plain_number, shortened, type_name

FIXED_SEED = 14_9  # of the numbers in a notebook's cases; grading takes one of its own
SECONDS_A_CALL = 5  # of processor time: see `TimeLimit`
SECONDS_IN_ALL = 20  # later calls are not made; the last one may take SECONDS_A_CALL more
MOST_DIGITS = 15
OTHER_NUMBERS = "the shape is right, but the numbers are not"
UNTRIED = "Not tried, because an earlier call took too long or ended the process."
FLOAT = "`//` keeps an int one; `/`, `np.ceil`, `np.floor` and `np.prod([])` give floats."
FIRST_ANOTHER = "This counts as soon as one of the other lines passes."


Known = list[tuple[str, Any]]  # the known mistakes, and what each makes of a case


@dataclass(frozen=True)
class Line:
    """One line of a score."""

    text: str  # what is asked for, as a statement
    points: float
    hint: str  # leads on, and does not give the answer away
    builds_on: str = ""  # the key of a line that has to pass before this one can


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
    # It counts only if the cases of these lines that have no needs passed: so what goes wrong
    # with biases, for example, costs the line of the biases and not that of padding as well.
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """What came of a call, judged."""

    passed: bool
    reason: str = ""  # what is wrong, in words
    value: Any = None  # what came, if it can be compared with what known mistakes give
    flaw: str = ""  # what is wrong with a value that is right as a number, and what to do
    hint: str = ""  # leads on if no mistake is recognized; in place of the line's own


def _close(value: np.ndarray, expected: np.ndarray) -> bool:
    """Tell whether two arrays are equal, as far as the type of the first is exact."""
    if value.shape != expected.shape or not np.isfinite(expected).all():
        return False  # what is not finite is only ever a mistaken value
    scale = max(1.0, float(np.abs(expected).max(initial=0)))
    share = 1e-2 if value.dtype == np.float16 else 1e-4
    return np.allclose(value.astype(float), expected, rtol=0, atol=share * scale)


def _hint_about_shape(shape: tuple[int, ...], expected: tuple[int, ...]) -> str:
    """Say which part of a wrong shape (rows, columns, maps) is right; empty if none is."""
    if len(shape) != len(expected):
        return ""
    if shape[:-1] == expected[:-1]:
        return "Rows and columns are right; the number of maps is not."
    if len(shape) == 3 and shape[::2] == expected[::2]:
        return "Rows and maps are right, columns are not: each side is counted by itself."
    if len(shape) == 3 and shape[1:] == expected[1:]:
        return "Columns and maps are right, rows are not: each side is counted by itself."
    if shape[-1] == expected[-1]:
        return "The number of maps is right. How many rows and columns there are, task 1 says."
    return ""


def _no_value(value: Any, wanted: str) -> Verdict:
    """Return the verdict on something that is of another kind than the wanted values."""
    if value is None:
        return Verdict(False, "it returned None; is there a `return` for this case?")
    kind = value.kind if isinstance(value, Other) else type_name(value)
    return Verdict(False, f"it returned no {wanted} but {kind}")


def _judge_array(value: Any, expected: np.ndarray) -> Verdict:
    """Compare what should be an array of numbers with the expected one."""
    array = plain_array(value)
    if array is None:
        return _no_value(value, "NumPy array")
    if array.shape != expected.shape:
        shape = shortened(str(array.shape), 60)
        reason = f"the shape of the result is {shape}, and {expected.shape} was expected"
        return Verdict(False, reason, array, hint=_hint_about_shape(array.shape, expected.shape))
    if array.dtype.kind not in "fiu":
        dtype = shortened(str(array.dtype), 40)
        return Verdict(False, f"the result holds no plain numbers: its dtype is {dtype}")
    if not np.isfinite(array).all():
        return Verdict(False, "some numbers of the result are not finite: nan or inf")
    if _close(array, expected):
        return Verdict(True, value=array)
    if array.dtype.kind in "iu" and (expected % 1).any():
        reason = f"the shape is right, but {array.dtype} holds no decimals"
        return Verdict(False, reason, array)
    return Verdict(False, OTHER_NUMBERS, array)


def _judge_count(value: Any, expected: int) -> Verdict:
    """Compare what should be a whole number with the expected one."""
    found = plain_number(value)
    if found is None:
        return _no_value(value, "number")
    if not abs(found) < 10**MOST_DIGITS:
        return Verdict(False, f"it returned no number of at most {MOST_DIGITS} digits")
    if found != expected:
        return Verdict(False, f"it returned {found:.{MOST_DIGITS}g}", found)
    flaw = f"it returned {found}, which is a float. {FLOAT}" if isinstance(found, float) else ""
    return Verdict(True, value=found, flaw=flaw)


def _alike(value: int | float | np.ndarray, known: Known, expected: Any) -> frozenset[str]:
    """Return the mistakes that give a value."""
    if not isinstance(expected, np.ndarray):
        return frozenset(name for name, other in known if math.isclose(value, other))
    shaped = [(name, other) for name, other in known if other.shape == value.shape]
    # The numbers tell mistakes of one shape apart; a wrong shape alone says something, too.
    numbers = value.dtype.kind in "fiu"
    alike = [name for name, other in shaped if numbers and _close(value, other)]
    if not alike and value.shape != expected.shape:
        alike = [name for name, _ in shaped]
    return frozenset(alike)


class Task:
    """A function to write: its lines, its cases, its right answers, and the known wrong ones.

    `form` is the line for what is not about the values: their type, and that the arguments stay
    as they are. It passes if something else does and no call had a flaw; its hint is about
    arguments that were changed.
    """

    def __init__(
        self,
        title: str,
        lines: Mapping[str, Line],
        form: Line,
        make_cases: Callable[[np.random.Generator], Iterable[Case]],
        reference: Callable,
        mistakes: Sequence[tuple[str, Callable]],
    ):
        """`make_cases` yields a Case at a time, at least one without needs for every line.

        The cases cover systematically what an answer can go wrong about, and random numbers only
        fill in values: so an answer gets the same points whatever the seed is.
        `reference` gives the right value for a case's arguments, an array or an int. Each of
        `mistakes` is a sentence about a mistake and a function that makes it; the one that
        explains more stands first. A sentence may stand there more than once.
        """
        self.title = title
        self.lines = dict(lines)
        self.form = form
        self.reference = reference
        self.mistakes = tuple(mistakes)
        self._make_cases = make_cases

    @property
    def points(self) -> float:
        return sum(line.points for line in (*self.lines.values(), self.form))

    def cases(self, seed: int) -> list[Case]:
        """Return the inputs that belong to a seed."""
        return list(self._make_cases(np.random.default_rng(seed)))

    def expected(self, case: Case) -> np.ndarray | int:
        return self.reference(*case.arguments)

    def mistakes_that_give(
        self, case: Case, value: Any, among: set[str] | None = None
    ) -> frozenset[str]:
        """Return which of the known mistakes, or `among` some, give this value.

        `value` is a number or an array.
        """
        expected, known = self.expected(case), []
        if np.shape(value) != np.shape(expected):
            among = None  # how alike a wrong shape is depends on all of them: see `_alike`
        for name, function in self.mistakes:
            if among is not None and name not in among:
                continue
            try:
                known.append((name, function(*case.arguments)))
            except Exception:  # for instance, a mistaken window that is larger than the image
                continue
        return _alike(value, known, expected)

    def judge(self, case: Case, value: Any) -> Verdict:
        """Compare a returned value, which may be anything at all, with the expected one."""
        expected = self.expected(case)
        judge = _judge_array if isinstance(expected, np.ndarray) else _judge_count
        return judge(value, expected)

    def verdict(self, case: Case, outcome: Outcome) -> Verdict:
        """Judge what came of a call, be it a value or a failure."""
        if outcome.problem:
            return Verdict(False, outcome.problem)
        verdict = self.judge(case, outcome.value)
        if outcome.changed_input and not verdict.flaw:
            flaw = f"it changed something that it was given. {self.form.hint}"
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

    def _hint(self, line: Line, judged: list[tuple[Case, Verdict]], broken: set[str]) -> str:
        """Say where a line fails first, and which mistake would explain all that it did.

        Where no known mistake does, say what to think about; or that the line that this one
        builds on comes first, if it is one of the `broken`.
        """
        case, verdict = next(pair for pair in judged if not pair[1].passed)
        common = None if verdict.value is None else set(text for text, _ in self.mistakes)
        for one, its in judged:
            if common and its.value is not None:
                common &= self.mistakes_that_give(one, its.value, common)
        if common:
            advice = next(text for text, _ in self.mistakes if text in common)
        elif line.builds_on in broken:
            advice = f"First comes the line “{self.lines[line.builds_on].text}”: this builds on it."
        else:
            advice = verdict.hint or line.hint
        return f"{self.call_shown(case)}: {sentence(verdict.reason)} {advice}"

    def failure(self, line: Line, case: Case, verdict: Verdict) -> Failure:
        """Return a failed call with what it was given, what it gave and what it should give."""
        names = inspect.signature(self.reference).parameters
        inputs = dict(zip(names, case.arguments, strict=True))
        call, expected = self.call_shown(case), self.expected(case)
        return Failure(line.text, call, inputs, expected, verdict.value, sentence(verdict.reason))

    def score(
        self, cases: Sequence[Case], verdicts: Sequence[Verdict], seed: int | None = None
    ) -> Score:
        """Count the points of the cases; those at the end that have no verdict did not pass."""
        judged = list(zip(cases, verdicts, strict=False))
        reasons = {verdict.reason for verdict in verdicts}
        all_alike = len(reasons) == 1 and not reasons & {"", OTHER_NUMBERS}
        basic = itertools.zip_longest(cases, verdicts)
        broken = {case.line for case, v in basic if not case.needs and not (v and v.passed)}
        items, failures = [], []
        for key, line in self.lines.items():
            counts = [case.line == key and not broken.intersection(case.needs) for case in cases]
            of_line = [pair for pair, one in zip(judged, counts, strict=False) if one]
            fails = any(not verdict.passed for _, verdict in of_line)
            passed = len(of_line) == sum(counts) and not fails
            hint = self._hint(line, of_line, broken) if fails else UNTRIED
            hint = "" if all_alike else hint  # the note says what comes first
            items.append(Item(line.text, line.points, passed, hint))
            first = next((pair for pair in of_line if not pair[1].passed), None)
            failures += [self.failure(line, *first)] if first else []
        flawed = [(case, v) for case, v in judged if v.flaw]
        flaws = [f"{self.call_shown(case)}: {v.flaw}" for case, v in flawed]
        if flawed:
            case, verdict = flawed[0]
            failures.append(self.failure(self.form, case, replace(verdict, reason=verdict.flaw)))
        some = any(item.passed for item in items)
        fine = some and not flaws and len(judged) == len(cases)
        hint = flaws[0] if flaws else UNTRIED if some else FIRST_ANOTHER
        hint = "" if all_alike else hint
        items.append(Item(self.form.text, self.form.points, fine, hint))
        calls = "every call" if len(verdicts) > 1 else "the first call"
        note = sentence(f"In {calls}, {verdicts[0].reason}") if all_alike else ""
        return Score(self.title, items, note=note, seed=seed, failures=failures)

    def cases_in_order(self, seed: int) -> list[Case]:
        """Return the cases line by line: so an endless call leaves earlier lines their points."""
        place = list(self.lines).index

        def rank(case: Case) -> tuple[int, bool]:
            return max(map(place, (case.line, *case.needs))), bool(case.needs)

        return sorted(self.cases(seed), key=rank)

    def scored(self, cases: Sequence[Case], outcomes: Iterable[Outcome], seed: int) -> Score:
        """Judge what came of the calls in `cases`; `outcomes` may end early."""
        verdicts, attempted = [], False
        for case, outcome in zip(cases, outcomes, strict=False):
            attempted = attempted or outcome.value is not None or bool(outcome.problem)
            verdicts.append(self.verdict(case, outcome))
        if not attempted:
            return Score.not_attempted(self.title, self.points, NOT_ATTEMPTED)
        return self.score(cases, verdicts, seed)

    def __call__(self, function: Callable, *, seed: int = FIXED_SEED) -> Score:
        """Check a student's function on the cases of a seed."""
        if not callable(function):
            lines = (*self.lines.values(), self.form)
            items = [Item(line.text, line.points, False) for line in lines]
            return Score(self.title, items, note=NO_FUNCTION)
        cases = self.cases_in_order(seed)
        calls = [case.arguments for case in cases]
        with undisturbed():
            outcomes = attempts(function, calls, SECONDS_A_CALL, SECONDS_IN_ALL)
            return self.scored(cases, outcomes, seed)
