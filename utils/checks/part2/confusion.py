"""The check of `confusion_matrix` and `most_confused`: what does a network mix up?"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..attempt import attempt
from ..frame import Check, Facts, Findings, is_open
from ..score import Score, sentence
from ..task import FIXED_SEED
from ..values import numbers_of_tensor, plain_number
from .digits import CLASSES

CONFUSION = Check(
    "confusion matrix",
    (
        ("counts", "confusion_matrix counts every image once, in a table of 10 × 10", 1),
        ("rows", "its rows are the true digits, its columns the answers", 1),
        ("pair", "most_confused finds the mistake that occurs most often, (true, answered)", 1),
        ("intact", "most_confused leaves the matrix as it is", 1),
    ),
)


def confusion_cases(seed: int) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Return labels and answers, and a confusion matrix of other ones for `most_confused`.

    The matrix is not that of the labels and answers, which is what the first function is to find.
    """
    rng = np.random.default_rng(seed)
    cases, others = _labels_and_answers(rng), _labels_and_answers(rng)
    return [(*case, counted(*other)) for case, other in zip(cases, others, strict=True)]


def _labels_and_answers(rng: np.random.Generator) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return labels and answers: of rare digits too; right mostly; of some digits; mostly wrong."""
    # Rows and columns of other lengths: the largest share of a row, of a column, and of both
    # directions together are other pairs than the most frequent mistake.
    a, b, c, d, e, f, g, h = (int(digit) for digit in rng.choice(CLASSES, 8, replace=False))
    pairs = {(a, a): 200, (a, b): 30, (b, b): 200, (c, c): 4, (c, d): 12, (d, d): 60}
    pairs |= {(e, f): 20, (f, e): 22, (e, e): 100, (f, f): 100}
    pairs |= {(g, h): 10, (g, g): 60, (h, h): 8}
    true, answered = np.repeat(list(pairs), list(pairs.values()), axis=0).T
    order = rng.permutation(len(true))
    cases = [(true[order].astype(np.uint8), answered[order])]
    for digits, share in ((CLASSES, 0.8), (CLASSES - 2, 0.7), (CLASSES, 0.05)):
        true = rng.integers(0, digits, 600, dtype=np.uint8)
        answered = np.where(rng.random(600) < share, true, rng.integers(0, digits, 600))
        cases.append((true, answered.astype(np.int64)))
    return [(true, _with_one_worst(true, answered)) for true, answered in cases]


def _with_one_worst(true: np.ndarray, answered: np.ndarray) -> np.ndarray:
    """Return the answers with some changed until one mistake occurs most often, by three."""
    answered = answered.copy()
    while True:
        mistakes = counted(true, answered)
        np.fill_diagonal(mistakes, 0)
        second, most = np.sort(mistakes, axis=None)[-2:]
        if most >= second + 3:
            return answered
        label, answer = np.unravel_index(np.argmax(mistakes), mistakes.shape)
        others = np.flatnonzero((true == label) & (answered != answer))
        if not others.size:
            raise ValueError("no images are left to change")
        answered[others[:3]] = answer


def counted(labels: np.ndarray, answers: np.ndarray) -> np.ndarray:
    """Return the confusion matrix (10, 10): row the true class, column the answer."""
    counts = np.zeros((CLASSES, CLASSES), int)
    np.add.at(counts, (labels, answers), 1)
    return counts


def confusion_facts(confusion_matrix: Callable, most_confused: Callable, case: tuple) -> Facts:
    """Run both functions on one case; the second one on a matrix of its own."""
    matrix = attempt(confusion_matrix, *case[:2])
    pair = attempt(most_confused, case[2])
    if is_open(matrix) and is_open(pair):
        return {"open": True}
    return {
        "problems": [
            "it is not written yet" if is_open(outcome) else outcome.problem
            for outcome in (matrix, pair)
        ],
        "matrix": attempt(lambda: numbers_of_tensor(matrix.value)).value,
        "pair": attempt(lambda: _two_numbers(pair.value)).value,
        "changed": pair.changed_input,
    }


def _two_numbers(value) -> tuple[int, int] | None:
    """Return a pair of whole numbers: a tuple, a list or an array of numbers, arrays or tensors."""
    if issubclass(type(value), tuple):  # a named one, too
        parts = list(tuple.__iter__(value))
    elif type(value) is list:
        parts = value
    else:
        array = numbers_of_tensor(value)
        parts = list(array) if array is not None and array.shape == (2,) else []
    numbers = [plain_number(part) for part in parts]
    numbers = [
        plain_number(numbers_of_tensor(part)) if number is None else number
        for part, number in zip(parts, numbers, strict=True)
    ]
    whole = len(numbers) == 2 and all(type(number) is int for number in numbers)
    return tuple(numbers) if whole else None


def confusion_findings(case: tuple, facts: Facts) -> Findings:
    """Judge a confusion matrix, and the pair found in the other one."""
    expected, found = counted(*case[:2]), {}
    problem = facts["problems"][0]
    if hint := sentence(problem) if problem else _matrix_hint(facts["matrix"], expected):
        found |= {"counts": hint, "rows": ""}
    elif not np.array_equal(facts["matrix"], expected):  # transposed
        found["rows"] = "Here the rows are the answers: image i belongs to row labels[i]."
    mistakes = case[2] - np.diag(np.diag(case[2]))
    true, answered = _worst(mistakes)
    shares = mistakes / case[2].sum(axis=1, keepdims=True).clip(1)
    pair = facts["pair"]
    if facts["problems"][1]:
        found |= {"pair": sentence(facts["problems"][1]), "intact": ""}
    elif pair is None:
        found |= {"pair": "Return two whole numbers.", "intact": ""}
    elif pair == (answered, true):
        found["pair"] = "The two are exchanged: first the true digit, then the answer."
    elif pair != (true, answered) and pair == _worst(shares):
        found["pair"] = (
            "It found the mistake that is the largest share of its row. The one that occurs most "
            "often is asked for: the largest number."
        )
    elif pair != (true, answered) and pair == _worst(mistakes + mistakes.T):
        found["pair"] = (
            "It adds up what happens in both directions, a for b and b for a. A pair has a "
            "direction: (true, answered)."
        )
    elif pair[0] == pair[1]:
        found["pair"] = "It found a place on the diagonal, where the right answers are."
    elif pair != (true, answered):
        found["pair"] = f"In a case where it is {(true, answered)}, it found {pair}."
    if facts["changed"]:
        found["intact"] = "The matrix is another one afterwards. Work on a copy of it."
    return found


def _worst(values: np.ndarray) -> tuple[int, int]:
    """Return row and column of the largest value."""
    row, column = np.unravel_index(np.argmax(values), values.shape)
    return int(row), int(column)


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


def confusion(
    confusion_matrix: Callable, most_confused: Callable, *, seed: int = FIXED_SEED
) -> Score:
    """Check `confusion_matrix(labels, answers)` and `most_confused(matrix)`: 4 points."""
    return CONFUSION.over(
        confusion_cases(seed),
        lambda case: confusion_facts(confusion_matrix, most_confused, case),
        confusion_findings,
        seed,
    )
