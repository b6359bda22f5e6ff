"""Each misconception that the course knows of is met by a question on one of its pages."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from IPython.core.inputtransformer2 import TransformerManager

from tools.notebooks import files, widgets
from utils.explorers.quiz import MISCONCEPTIONS

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = sorted((ROOT / "chapters").glob("*.ipynb"))
KINDS = {"choose", "several", "number", "estimate", "line"}

# Misconceptions whose questions belong to a page that is still to come, each with that page.
STILL_TO_COME: dict[int, str] = {}


@dataclass(frozen=True)
class Asked:
    """A question as it stands in the code of a cell."""

    text: str
    aims_at: tuple[int, ...]


def value(node: ast.expr | None):
    """Return a literal value; a question that is computed cannot be followed by this test."""
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError):
        where = ast.unparse(node)[:60] if node else "nothing"
        raise AssertionError(f"write the question's text and aims_at= out: {where}") from None


def questions(code: str) -> list[Asked]:
    """Return the questions that a cell asks, in order."""
    found = []
    for node in ast.walk(ast.parse(TransformerManager().transform_cell(code))):
        if not (isinstance(node, ast.Call) and getattr(node.func, "id", "") in KINDS):
            continue
        given = {keyword.arg: keyword.value for keyword in node.keywords}
        text = value(node.args[0] if node.args else given.get("question"))
        aims = value(given["aims_at"]) if "aims_at" in given else ()
        aims = (aims,) if isinstance(aims, int) else tuple(aims)
        found.append((node.lineno, Asked(" ".join(text.split()), aims)))
    return [asked for _, asked in sorted(found, key=lambda pair: pair[0])]


def shown(notebook) -> set[str]:
    """Return the texts of the questions in the quizzes that the notebook has stored and shows."""
    models = widgets.stored(notebook)
    views = {view for cell in notebook.cells for view in widgets.views(cell)}
    return {
        question["text"]
        for view in views
        for question in models[view]["state"].get("questions", [])
    }


def asked_in(notebook) -> list[Asked]:
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    return [asked for source in code if "Quiz(" in source for asked in questions(source)]


@pytest.fixture(scope="module")
def pages() -> dict[str, list[Asked]]:
    """The questions of each chapter."""
    return {path.stem: asked_in(nbformat.read(path, as_version=4)) for path in CHAPTERS}


@pytest.mark.parametrize("number", MISCONCEPTIONS)
def test_a_question_meets_the_misconception(pages, number):
    met = [page for page, asked in pages.items() if any(number in a.aims_at for a in asked)]
    if number in STILL_TO_COME:
        assert not met, f"{number} is met now: take it from STILL_TO_COME"
        pytest.skip(f"its question belongs to {STILL_TO_COME[number]}")
    assert met, f"no question aims at {number}: {MISCONCEPTIONS[number]}"


@pytest.mark.parametrize("path", files.find(), ids=files.name)
def test_what_is_asked_in_the_code_is_what_the_page_shows(path):
    notebook = nbformat.read(path, as_version=4)
    assert {asked.text for asked in asked_in(notebook)} == shown(notebook)


def test_questions_are_read_from_code_as_it_is_written():
    code = """
# @title Check yourself
Quiz([
    choose("One "
           "or two?", {"1": right("Yes.")}, aims_at=(2, 3)),
    number(question="How many?", value=3, why="", hint="", aims_at=7),
    several("Which?", {}),
])
"""
    assert questions(code) == [
        Asked("One or two?", (2, 3)),
        Asked("How many?", (7,)),
        Asked("Which?", ()),
    ]


def test_a_question_whose_aim_is_computed_is_refused():
    with pytest.raises(AssertionError, match="write the question's text and aims_at= out"):
        questions('choose("One?", {}, aims_at=aim)')
