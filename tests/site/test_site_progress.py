"""Where a reader is in the course: noted in the browser alone, and told without fuss."""

from __future__ import annotations

import re

import pytest
from visitor import find_mark, go_on, leave_mark

CHAPTER = "chapters/03_pooling_layer.html"
SHORT = "chapters/06_exercise.html"
PART = "exercises/14_9/1_from_scratch.html"
LINE = ".course-begin"
BEGIN = "Begin with chapter 1"
SCROLL = """async () => {
  for (const heading of document.querySelectorAll(".bd-article h2")) {
    heading.scrollIntoView({ behavior: "instant" });
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 50)));
  }
}"""
DAMAGED = [
    '{"pages": [',
    "null",
    '"chapters"',
    '{"pages": null, "last": 1}',
    '{"pages": "chapters", "last": {"page": 6}}',
    '{"pages": {"chapters/01_introduction": {}}}',
    '{"pages": {"chapters/06_exercise": {"read": [1], "of": "4"}, "chapters/01_introduction": 1}}',
]
WRITE = """(note) => Object.keys(localStorage).filter((key) => key.startsWith("cnn-course"))
  .forEach((key) => localStorage.setItem(key, note))"""
PLACES = """() => [...document.querySelectorAll(
  ".bd-docs-nav a, .bd-article :is(.course-begin, .chapter-map, h2)")].map((element) => {
    const from = element.closest(".bd-docs-nav, .bd-article").getBoundingClientRect();
    const { x, y, width, height } = element.getBoundingClientRect();
    return [element.tagName, x - from.x, y - from.y, width, height].join(" ");
  })"""
READ = """(title) => [...document.querySelectorAll(".bd-docs-nav a")].some(
  (link) => link.textContent.includes(title) && link.textContent.includes("(read"))"""


@pytest.fixture
def served(site, folders) -> str:
    """The address of the course's site on this machine."""
    return folders["http"][site]


def link_in_contents(page, title: str) -> str:
    """Return what a screen reader reads of a link in the contents."""
    return page.locator(".bd-docs-nav a", has_text=title).first.text_content().strip()


def test_the_landing_page_leads_to_the_section_read_last(reads_on, site):
    def way(visit, root):
        page = visit.page
        page.goto(root + "intro.html")
        assert page.locator(LINE).inner_text() == BEGIN
        go_on(page, root + CHAPTER)
        page.locator("#after-a-filter > h2").scroll_into_view_if_needed()
        noted = "() => Object.values(localStorage).join().includes('after-a-filter')"
        page.wait_for_function(noted)
        go_on(page, root + "intro.html")
        said = page.locator(LINE).inner_text()
        assert re.match(r"Continue with 3 Pooling layer: 3.4 After a filter\s+0 of ", said)
        page.locator(LINE).get_by_role("link").click()
        assert page.url.endswith(f"{CHAPTER}#after-a-filter")
        assert visit.problems == [] and visit.foreign == []

    reads_on(site, way)


def test_a_chapter_is_begun_and_then_read_in_words_too(visitor, served):
    page = visitor().page
    page.goto(served + SHORT)
    assert link_in_contents(page, "6 Exercise") == "6 Exercise: your own CNN (begun)"
    page.evaluate(SCROLL)
    page.wait_for_function(READ, arg="6 Exercise: your own CNN")
    assert link_in_contents(page, "3 Pooling") == "3 Pooling layer"
    page.goto(served + "intro.html")
    in_map = page.locator(".chapter-map a", has_text="6 Exercise").first
    assert "(read" in in_map.text_content()
    # A chapter that was read is not the place to go on: the page after it is.
    said = page.locator(LINE).inner_text()
    assert re.match(r"Continue with Part 1: From scratch\s+1 of \d+ chapters read, 0 of 3", said)


def test_a_part_of_the_exercise_is_solved_when_its_reader_says_so_and_not_by_scrolling(
    visitor, served
):
    page = visitor().page
    page.goto(served + PART)
    page.evaluate(SCROLL)
    page.wait_for_timeout(200)
    assert link_in_contents(page, "Part 1") == "Part 1: From scratch"
    page.get_by_label("I have solved this part").check()
    assert link_in_contents(page, "Part 1") == "Part 1: From scratch (solved)"
    page.goto(served + "intro.html")
    assert "1 of 3 parts solved" in page.locator(LINE).inner_text()
    page.goto(served + PART)
    page.get_by_label("I have solved this part").uncheck()
    assert link_in_contents(page, "Part 1") == "Part 1: From scratch"


def test_answers_count_apart_from_reading(visitor, served):
    page = visitor().page
    page.goto(served + SHORT)
    page.evaluate(SCROLL)
    page.wait_for_function(READ, arg="6 Exercise: your own CNN")
    assert link_in_contents(page, "6 Exercise").endswith("(read, 0 of 1 questions answered)")
    page.get_by_role("textbox", name="Your answer, in digits").fill("80")
    page.get_by_role("button", name="Commit").click()
    page.get_by_role("button", name="Reveal the answer").click()
    assert link_in_contents(page, "6 Exercise").endswith("(read, all questions answered)")
    page.reload()
    assert link_in_contents(page, "6 Exercise").endswith("(read, all questions answered)")


def test_glossary_and_references_do_not_count(visitor, served):
    page = visitor().page
    page.goto(served + "glossary.html")
    page.wait_for_timeout(200)
    assert page.locator(".course-read").count() == 0
    page.goto(served + "intro.html")
    assert page.locator(LINE).inner_text() == BEGIN


def test_what_is_in_local_storage_can_be_removed_by_keyboard(visitor, served):
    page = visitor().page
    page.goto(served + CHAPTER)
    page.goto(served + "intro.html")
    page.get_by_role("button", name="Forget this").focus()
    page.keyboard.press("Enter")
    assert page.locator(LINE).inner_text() == BEGIN
    assert page.evaluate(f"document.querySelector('{LINE} a') === document.activeElement")
    assert page.locator(".course-read").count() == 0
    page.reload()
    assert page.locator(LINE).inner_text() == BEGIN


def test_an_open_page_follows_the_storage_events_of_another_one(reads_on, site):
    def way(visit, root):
        landing = visit.page
        chapter = landing.context.new_page()
        landing.goto(root + "intro.html")
        for number in (1, 2):  # the second time there are marks already
            chapter.goto(root + CHAPTER)
            find_mark(landing, leave_mark(chapter))
            landing.locator(LINE).get_by_text("Continue with 3 Pooling layer").wait_for()
            assert link_in_contents(landing, "3 Pooling") == "3 Pooling layer (begun)", number
            landing.get_by_role("button", name="Forget this").click()
            assert landing.locator(LINE).inner_text() == BEGIN
            find_mark(chapter, leave_mark(landing))
        assert visit.problems == []

    reads_on(site, way)


def test_a_page_restored_from_the_bfcache_is_told_where_its_reader_was(visitor, served):
    page = visitor().page
    page.goto(served + SHORT)
    page.goto(served + "intro.html")
    page.locator(LINE).get_by_role("link").focus()
    back = "persisted => dispatchEvent(new PageTransitionEvent('pageshow', { persisted }))"
    page.evaluate(WRITE, "null")
    page.evaluate(back, False)
    assert page.locator(LINE).inner_text().startswith("Continue with 6 Exercise")
    page.evaluate(back, True)
    assert page.locator(LINE).inner_text() == BEGIN
    assert page.evaluate(f"document.querySelector('{LINE} a') === document.activeElement")


def test_damaged_local_storage_counts_as_empty(visitor, served):
    visit = visitor()
    page = visit.page
    page.goto(served + SHORT)
    for note in DAMAGED:
        # The landing page notes nothing itself; a chapter does so at any time.
        page.goto(served + "intro.html")
        page.evaluate(WRITE, note)
        page.reload()
        assert page.locator(LINE).inner_text() == BEGIN, note
        assert page.locator(".course-read").count() == 0, note
        page.evaluate(WRITE, note)
        page.goto(served + SHORT)
        assert link_in_contents(page, "6 Exercise").endswith("(begun)"), note
    assert visit.problems == []


def test_valid_entries_of_damaged_local_storage_are_kept(visitor, served):
    page = visitor().page
    page.goto(served + SHORT)
    page.goto(served + "intro.html")  # notes nothing itself
    page.evaluate(
        """(damaged) => {
          const [key] = Object.keys(localStorage).filter((key) => key.startsWith("cnn-course"));
          const { pages, last } = JSON.parse(localStorage.getItem(key));
          localStorage.setItem(key, JSON.stringify({ pages: { ...damaged, ...pages }, last }));
        }""",
        {"chapters/01_introduction": {"read": None, "of": 3}},
    )
    page.reload()
    assert page.locator(LINE).inner_text().startswith("Continue with 6 Exercise")
    assert link_in_contents(page, "6 Exercise").endswith("(begun)")
    assert link_in_contents(page, "1 Introduction") == "1 Introduction"


@pytest.mark.parametrize("width", [1280, 390])
def test_marks_of_progress_cause_no_layout_shift(visitor, site, folders, width):
    page, root = visitor(width).page, folders["http"][site]
    page.goto(root + SHORT)
    page.evaluate(SCROLL)
    page.wait_for_function(READ, arg="6 Exercise")
    page.goto(root + PART)
    page.get_by_label("I have solved this part").check()
    page.goto(root + "intro.html")
    page.locator(".live-widget[data-state=shown]").first.wait_for()
    assert page.locator(".course-read").count() > 2
    marked = page.evaluate(PLACES)
    page.get_by_role("button", name="Forget this").click()
    assert page.locator(".course-read").count() == 0
    assert page.evaluate(PLACES) == marked


@pytest.mark.parametrize("width", [1280, 390])
def test_marks_in_the_contents_stay_within_their_links(visitor, site, served, width):
    page = visitor(width).page
    for name in sorted(site.glob("[ce]*/**/[0-9]*.html")):
        page.goto(served + name.relative_to(site).as_posix())
        if width < 960:
            page.get_by_role("button", name="Contents").click()
        ends = """links => links.map(link => [link.getBoundingClientRect().right,
          link.querySelector(".course-read").getBoundingClientRect().right])"""
        marked = page.locator(".bd-docs-nav a:has(.course-read)").evaluate_all(ends)
        assert marked, name
        assert all(mark <= link for link, mark in marked), name
