"""Every number in prose is printed by its section, true arithmetic, or borne out by a source."""

from __future__ import annotations

import prose_mutants
import prose_numbers
import pytest
from evidence import NOTEBOOKS, PAGES, Cited, Named
from prose_evidence import EVIDENCE
from prose_numbers import ENTRIES, Page, Section, equations, keys_of
from test_quiz_answers import in_code
from test_references import key_of, links

from tools.notebooks import files


@pytest.mark.parametrize("page", PAGES)
def test_every_number_in_prose_is_held_by_evidence(page):
    problems = prose_numbers.problems(page)
    assert not problems, "\n".join(problems) + "\nSee tests/notebooks/prose_evidence.py."


@pytest.mark.parametrize("page", NOTEBOOKS)
def test_arithmetic_in_the_explanations_of_a_quiz_is_right(page):
    questions = [question for quiz in in_code(files.read(NOTEBOOKS[page])) for question in quiz]
    texts = [text for question in questions for text in prose_numbers.strings(question)]
    assert [each.text for text in texts for each in equations(text) if not each.is_true] == []


@pytest.mark.parametrize("page", PAGES)
def test_a_cited_number_stands_on_a_page_that_links_to_its_source(page):
    cited = {value.key for _, *values in EVIDENCE[page] for value in values if is_a(value, Cited)}
    linked = {key_of(address) for _, address in links(PAGES[page])}
    keys = {key for key, entry in ENTRIES.items() if keys_of(entry) & linked}
    assert cited <= keys | {"geron2022hands"}  # the book, which has no page of its own to link


def is_a(value, kind: type) -> bool:
    return isinstance(value, kind)


def test_exceptions_are_few():
    named = [v for lines in EVIDENCE.values() for _, *vs in lines for v in vs if is_a(v, Named)]
    assert len(named) <= 30
    assert all(exception.reason for exception in named)


@pytest.mark.slow
def test_of_changed_numbers_above_ten_at_least_95_percent_are_found():
    found = [found for _, _, found in prose_mutants.mutants(count=300, seed=2)]
    assert sum(found) / len(found) >= 0.95


# --- what holds a number, and what does not -------------------------------------------------


def problems_of(text: str, printed: str = "", code: str = "") -> list[str]:
    page = Page("", [], [], {"4.2"}, set())
    return page.problems_of(Section("", text, printed, code))[0]


HELD = {
    "printed": ("It has 1,234 weights.", "weights: 1234"),
    "rounded": ("They differ by 0.9.", "0.8713"),
    "a share": ("That is 93.7 %.", "accuracy 0.9371"),
    "in millions": ("It has 150.5 million.", "150,528,000 weights"),
    "a size": ("Images of 14 × 17 pixels.", "(14, 17)"),
    "a list": ("They are 12, 16 and 18.", "[8, 12, 16, 18]"),
    "arithmetic": ("It has (3 · 3 · 64 + 1) · 32 = 18,464 of them.", ""),
    "rounded down": (r"$\lfloor (70 + 5 - 7) / 2 \rfloor + 1 = 35$", ""),
    "a table": ("| Dense | (64 + 1) · 10 | 650 |", ""),
    "a section": ("See section 4.2.", ""),
    "a year": ("([LeCun et al., 1998](https://doi.org/10.1109/5.726791))", ""),
    "counted": ("Chapter 5 has windows of 3 × 3 and 2 answers.", ""),
}
NOT_HELD = {
    "printed nowhere": ("It is 56 faster.", "57"),
    "percent of nothing": ("It is 56 %.", "56 weights"),
    "more digits than printed": ("It is 0.920.", "0.92"),
    "another size": ("Images of 17 × 14 pixels.", "(14, 17)"),
    "another list": ("They are 12, 18 and 16.", "[8, 12, 16, 18]"),
    "false arithmetic": ("It has 3 · 3 · 64 = 577 weights.", "577"),
    "a false table": ("| Dense | (64 + 1) · 10 | 651 |", "651"),
    "no such section": ("See section 4.9.", "4.9"),
    "another year": ("([LeCun et al., 1989](https://doi.org/10.1109/5.726791))", "1989"),
    "a name": ("So does ResNet-51.", ""),
    "small, and not there": ("All 7 are wrong.", "8"),
}


@pytest.mark.parametrize(("text", "printed"), HELD.values(), ids=HELD)
def test_a_number_is_held(text, printed):
    assert problems_of(text, printed) == []


@pytest.mark.parametrize(("text", "printed"), NOT_HELD.values(), ids=NOT_HELD)
def test_a_number_is_not_held(text, printed):
    assert len(problems_of(text, printed)) == 1


def test_code_holds_small_numbers_only():
    assert problems_of("It has 7 of them.", code="n = 7") == []
    assert len(problems_of("It has 70 of them.", code="n = 70")) == 1


def test_a_line_of_evidence_holds_its_own_place_alone():
    line = prose_numbers.Line("in {} of {} cases", [95, 100])
    page = Page("", [], [line], set(), set())
    assert page.problems_of(Section("", "in 95 of 100 cases"))[0] == []
    assert "says 94" in page.problems_of(Section("", "in 94 of 100 cases"))[0][0]
    assert len(page.problems_of(Section("", "in 95 of 100 cases, and 95 others"))[0]) == 1
