"""Read what bears out the text: what cells print, what code sets, what a page says and cites."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from tools.notebooks import files

CHAPTERS = {
    # "1" of 01_introduction; a page without a number has its name
    path.stem[:2].lstrip("0") if path.stem[0].isdigit() else path.stem: path
    for path in sorted((files.ROOT / "chapters").glob("*.ipynb"))
}
SOLUTIONS = {
    f"14.9/{path.name[0]}": path
    for path in sorted((files.ROOT / "solutions" / "14_9").glob("*.ipynb"))
}
NOTEBOOKS = CHAPTERS | SOLUTIONS  # by the names "1" to "7", "training" and "14.9/1" to "14.9/3"
PAGES: dict[str, Path] = NOTEBOOKS | {
    path.stem: path
    for path in [*files.ROOT.glob("*.md"), *(files.ROOT / "chapters").glob("*.md")]
    if path.stem not in {"README", "CONTRIBUTING"}  # these are no pages of the book
}


@cache
def cells(page: str, kind: str) -> list:
    return [cell for cell in files.read(PAGES[page]).cells if cell.cell_type == kind]


@cache
def printed_text(page: str) -> str:
    """Return all that the cells of a page print, figures' descriptions among it."""
    return "\n".join(
        output.get("text") or output.get("data", {}).get("text/plain", "")
        for cell in cells(page, "code")
        for output in cell.outputs
    )


@cache
def source_code(page: str) -> str:
    return "\n".join(cell.source for cell in cells(page, "code"))


@cache
def prose(page: str) -> str:
    """Return the text of a page, on one line."""
    return " ".join(" ".join(cell.source for cell in cells(page, "markdown")).split())


def found_numbers(pattern: str, text: str) -> list[float]:
    """Return the groups of a pattern in a text as numbers; where it is not, "not a number"."""
    found = re.search(pattern, text)
    if found is None:
        return [np.nan] * re.compile(pattern).groups
    return [float(re.sub("[,_]", "", group)) for group in found.groups()]


def printed(page: str, pattern: str) -> bool:
    """Tell whether a cell of the page prints something of this pattern."""
    return re.search(pattern, printed_text(page)) is not None


def printed_numbers(page: str, pattern: str) -> list[float]:
    """Return the groups of `pattern` in what a page prints, as numbers."""
    return found_numbers(pattern, printed_text(page))


def code_numbers(page: str, pattern: str) -> list[float]:
    """Return the groups of `pattern` in the code of a page, as numbers."""
    return found_numbers(pattern, source_code(page))


def points(page: str, check: str) -> float:
    """Return the points that a check gives the solution, as stored."""
    for cell in cells(page, "code"):
        if cell.source.startswith(f"checks.{check}("):
            return float(cell.outputs[-1]["data"]["text/plain"])
    return np.nan


def explains(page: str, words: str) -> bool:
    """Tell whether the quizzes of a page explain something in these words."""
    return words in re.sub(r'"\n\s*"', "", source_code(page))


def says(page: str, words: str) -> bool:
    """Tell whether the text of the page has these words."""
    return " ".join(words.split()) in prose(page)


@dataclass(frozen=True)
class Cited:
    """A number that a linked publication gives; `key` is its entry in references.bib."""

    value: float
    key: str


@dataclass(frozen=True)
class Named:
    """An exception: a number that nothing here can compute, with the reason."""

    value: float
    reason: str
