"""A prediction can be answered, and nothing beside a folded output tells what it holds."""

from __future__ import annotations

import re

import pytest

from tools.notebooks import files

CHAPTERS = [path for path in files.find() if path.parent.name == "chapters"]
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
FOLDED = re.compile(r"<details>.*?</details>", re.DOTALL)


def is_folded(cell) -> bool:
    """Whether the site folds the output of a cell until the reader opens it."""
    return "reveal" in cell.metadata.get("tags", [])


def is_quiz(cell) -> bool:
    return "\nQuiz(" in cell.source


def numbers(text: str) -> set[str]:
    """Return the numbers above ten in a text, without the commas that group their digits."""
    found = {each.rstrip(",").replace(",", "") for each in NUMBER.findall(text)}
    return {each for each in found if float(each) > 10}


def output_of(cell) -> str:
    """Return what a code cell prints, and the descriptions of its figures."""
    outputs = cell.get("outputs", [])
    return "\n".join(o.get("text") or o.get("data", {}).get("text/plain", "") for o in outputs)


def told_too_early(cells: list) -> list[str]:
    """Return the numbers in open prose that only a folded output above it has told.

    The prose is that of the same section, up to the next heading.
    """
    found, known, hidden = [], set(), set()
    for cell in cells:
        if cell.cell_type == "code":
            known |= numbers(cell.source)
            (hidden if is_folded(cell) else known).update(numbers(output_of(cell)))
            continue
        section = FOLDED.sub("", cell.source)
        heading = re.search(r"^#+ ", section, re.MULTILINE)
        if not heading or heading.start() > 0:
            here = section[: heading.start()] if heading else section
            found += sorted((hidden - known) & numbers(here))
        if heading:
            hidden = set()
        known |= numbers(section)
    return found


@pytest.mark.parametrize("path", CHAPTERS, ids=files.name)
def test_open_prose_gives_no_number_away_that_a_folded_output_holds(path):
    assert told_too_early(files.read(path).cells) == []


@pytest.mark.parametrize("path", CHAPTERS, ids=files.name)
def test_what_tells_of_a_folded_output_begins_with_a_fold(path):
    cells = [cell for cell in files.read(path).cells if not is_quiz(cell)]
    for cell, after, later in zip(cells, cells[1:], [*cells[2:], None], strict=False):
        if is_folded(cell) and after.cell_type == "markdown":
            leads_on = later is not None and later.cell_type == "code" and is_folded(later)
            assert leads_on or after.source.startswith(("<details>", "#")), after.source[:80]


@pytest.mark.parametrize("path", files.find(), ids=files.name)
def test_no_prediction_is_a_box_without_a_field(path):
    for cell in files.read(path).cells:
        if cell.cell_type == "markdown":
            assert "> **Predict.**" not in cell.source


@pytest.mark.parametrize("path", CHAPTERS, ids=files.name)
def test_a_prediction_is_asked_before_the_output_that_answers_it(path):
    """A quiz that points to the next cell's output stands directly above a folded one."""
    cells = files.read(path).cells
    for place, cell in enumerate(cells):
        if is_quiz(cell) and "output of the next cell" in cell.source:
            after = next(c for c in cells[place + 1 :] if c.cell_type == "code")
            assert is_folded(after), cell.source[:60]


def test_a_number_that_is_told_too_early_is_found():
    class Cell(dict):
        __getattr__ = dict.__getitem__

    output = {"output_type": "stream", "text": "93.7 and 12\n"}
    code = Cell(cell_type="code", source="f(12)", outputs=[output], metadata={"tags": ["reveal"]})

    def prose(text):
        return Cell(cell_type="markdown", source=text, metadata={})

    assert told_too_early([code, prose("It is 93.7, not 12.")]) == ["93.7"]
    folded = "<details>\n<summary>Read</summary>\n\nIt is 93.7.\n\n</details>\n\nNow go on."
    assert told_too_early([code, prose(folded), prose("## 2\n\nIt was 93.7.")]) == []
