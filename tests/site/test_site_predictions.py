"""On the built site a prediction is kept, and stands by the folded output that answers it."""

from __future__ import annotations

import pytest

CHAPTER = "chapters/01_introduction.html"
UNTOUCHED = "Output: predict first, then look"


@pytest.fixture
def opened(visitor, folders, site):
    """A function that opens chapter 1 and scrolls to the first of its predictions."""
    visit = visitor()

    def open_page():
        page = visit.page
        page.goto(folders["http"][site] + CHAPTER)
        page.locator(".live-widget[data-module='quiz']").first.scroll_into_view_if_needed()
        page.locator(".cx-quiz").first.wait_for()
        return page

    return open_page


def summaries(page) -> list[str]:
    return page.locator(".course-reveal > summary").all_inner_texts()


def test_a_prediction_stands_by_the_output_that_answers_it(opened):
    page = opened()
    assert set(summaries(page)) == {UNTOUCHED}
    page.get_by_role("textbox").first.fill("20")
    page.get_by_role("button", name="Commit").first.click()
    first, *others = summaries(page)
    assert first == "Output. You predicted: 20"
    assert set(others) == {UNTOUCHED}, "the others belong to other questions"
    assert not page.locator(".course-reveal").first.evaluate("fold => fold.open")

    page = opened()
    page.get_by_role("button", name="Reveal the answer").wait_for()
    assert summaries(page)[0] == "Output. You predicted: 20", "after a reload too"
    page.get_by_role("button", name="Reset").first.click()
    assert set(summaries(page)) == {UNTOUCHED}
