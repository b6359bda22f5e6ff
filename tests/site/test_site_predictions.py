"""On the built site a prediction is kept, and stands by the folded output that answers it."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup

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


def test_a_guess_in_a_markdown_page_is_kept_too(visitor, site):
    page = visitor().page
    page.goto((site / "chapters" / "06_exercise.html").as_uri())
    page.get_by_role("textbox", name="Your answer, in digits").fill("80")
    page.get_by_role("button", name="Commit").click()
    page.get_by_role("button", name="Reveal the answer").click()
    assert page.locator(".cx-beside > div").first.inner_text() == "You predicted\n80 digits"


@pytest.mark.parametrize("is_published", [False, True])
def test_chapter_6_says_how_to_begin_in_three_lines(request, is_published):
    folder = request.getfixturevalue("own_site" if is_published else "site")
    page = (folder / "chapters" / "06_exercise.html").read_text("utf-8")
    (start,) = BeautifulSoup(page, "html.parser").select("#start-here")
    assert [line.strong.text for line in start.select("li")].count("In Colab") == 1
    assert len(start.select("li")) == 3
    assert ("press Open in Colab at its top" in start.text) is is_published
    assert ("no address on GitHub yet" in start.text) is not is_published
