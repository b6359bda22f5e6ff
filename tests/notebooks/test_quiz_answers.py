"""The right answer of every quiz question is found without the question: see quiz_answers.py."""

from __future__ import annotations

import copy
import math
import re
from collections.abc import Iterator
from unittest import mock

import pytest
from evidence import NOTEBOOKS as PAGES
from quiz_answers import ANSWERS, Choice

import utils.explorers
from tools.notebooks import files, widgets


def plain(text: str) -> str:
    return " ".join(text.split())


# --- the questions of a page, from its code and as stored -----------------------------------


def run_quizzes(source: str) -> list[list[dict]]:
    """Return the questions of each quiz that a cell makes, as the page gets them."""
    made = []

    class Recorded(utils.explorers.Quiz):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            made.append([question.to_page() for question in self.questions])

    # Also where the cell itself imports it, as a quiz that stands alone does.
    with mock.patch.object(utils.explorers, "Quiz", Recorded):
        exec(source, dict(vars(utils.explorers)))
    return made


def in_code(notebook) -> list[list[dict]]:
    """Return the questions of each quiz, as the code of the page asks them now."""
    cells = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    return [quiz for source in cells if "Quiz(" in source for quiz in run_quizzes(source)]


def stored(notebook) -> list[list[dict]]:
    """Return the questions of each quiz, as the page stores and the site shows them."""
    models = widgets.stored(notebook)
    ids = [i for cell in notebook.cells for i in widgets.views(cell)]
    states = (models[i]["state"] for i in ids if i in models)
    return [state["questions"] for state in states if state.get("_module") == "quiz"]


def with_answer(quizzes: list[list[dict]]) -> list[dict]:
    """Return the questions to which something is the answer."""
    questions = [question for quiz in quizzes for question in quiz]
    return [q for q in questions if q.get("value") is not None or "options" in q]


# --- what is wrong with them ----------------------------------------------------------------


def is_answer(question: dict, answer: float | Choice) -> bool:
    """Tell whether a question calls that right which the table gives, and nothing else."""
    if not isinstance(answer, Choice):
        value = question.get("value")
        return value is not None and math.isclose(value, answer, rel_tol=1e-9)
    if not answer.borne_out:
        return False
    options = question.get("options", [])
    return [option["right"] for option in options] == [
        plain(option["text"]).startswith(answer.starts) for option in options
    ] and sum(option["right"] for option in options) == len(answer.starts)


def problems(questions: list[dict], answers: dict[str, float | Choice]) -> Iterator[str]:
    """Yield what does not agree between a page's questions and its part of the table."""
    for question in questions:
        text = plain(question["text"])
        keys = [key for key in answers if text.startswith(key)]
        if len(keys) != 1:
            yield f"{len(keys) or 'no'} lines of quiz_answers.py fit the question: {text}"
        elif not is_answer(question, answers[keys[0]]):
            yield (
                f"the right answer is not what quiz_answers.py finds ({answers[keys[0]]}): {text}"
            )
    for key in answers:
        if not any(plain(question["text"]).startswith(key) for question in questions):
            yield f"no question begins like this any more; quiz_answers.py has it: {key}"


@pytest.mark.parametrize("page", PAGES)
def test_every_question_calls_the_answer_right_that_is_found_without_it(page):
    questions = with_answer(in_code(files.read(PAGES[page])))
    assert list(problems(questions, ANSWERS[page])) == []


@pytest.mark.parametrize("path", files.find(), ids=files.name)
def test_the_stored_questions_are_those_of_the_code(path):
    notebook = files.read(path)
    assert stored(notebook) == in_code(notebook), "a full run stores them: make execute"


# A question is also a slide of its own, and a line in the list of answers for teachers.
ELSEWHERE = re.compile(
    r"\b(?:below|above) is\b|\b(?:figure|version|table|cell) (?:above|below)\b", re.I
)


@pytest.mark.parametrize("page", PAGES)
def test_a_question_is_understood_without_what_stands_around_it(page):
    texts = [
        plain(question["text"]) for quiz in in_code(files.read(PAGES[page])) for question in quiz
    ]
    assert [text for text in texts if ELSEWHERE.search(text) or "in the figure" in text] == []


@pytest.mark.parametrize("page", PAGES)
def test_no_tolerance_takes_a_wrong_number(page):
    for question in with_answer(in_code(files.read(PAGES[page]))):
        if question["kind"] == "number":
            assert question["tolerance"] <= 0.02 * abs(question["value"]), question["text"]


# --- wrong answers are found, all of them ---------------------------------------------------


def wrong_copies(question: dict) -> Iterator[dict]:
    """Yield copies of a question with another right answer."""
    for place in range(len(question.get("options", []))):
        wrong = copy.deepcopy(question)
        option = wrong["options"][place]
        if question["kind"] == "choose":
            if option["right"]:
                continue
            for other in wrong["options"]:
                other["right"] = False
        option["right"] = not option["right"]
        yield wrong
    if (value := question.get("value")) is not None:
        others = {each["value"] for each in question.get("wrong", [])}
        for number in {value + 1, value - 1, -value - 1, value * 10 + 1, value / 2 + 1, *others}:
            if number != value:
                yield question | {"value": number}


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_every_changed_answer_is_found_executed_or_not(page):
    notebook = files.read(PAGES[page])
    questions = with_answer(in_code(notebook))
    for place, question in enumerate(questions):
        for wrong in wrong_copies(question):
            executed = [*questions[:place], wrong, *questions[place + 1 :]]
            assert list(problems(executed, ANSWERS[page])), f"not found: {wrong}"
            assert with_answer([executed]) != with_answer(stored(notebook))


def test_a_question_without_a_line_in_the_table_is_named():
    question = {"kind": "number", "text": "How many?", "value": 3}
    assert "no lines of quiz_answers.py fit" in next(problems([question], {}))
    assert "no question begins" in next(problems([], {"How": 3}))
