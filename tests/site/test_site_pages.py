"""What holds for every page of the site, in a real browser.

Each page is opened twice, as readers do: from a server, and from a folder, in the dark and on
a phone. All that is to be known is noted on the way, and each test looks at that.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from accessibility import violations
from bs4 import BeautifulSoup
from visitor import Visitor

ZOOMED = 640  # CSS pixels of a window of 1280 at 200 %
SMALLEST = 320


@dataclass(frozen=True)
class Way:
    """How a page is opened."""

    name: str
    scheme: str
    theme: str
    width: int
    height: int = 800
    further_widths: tuple[int, ...] = ()  # axe reads the page at the last one


WAYS = [
    Way("served", "http", "light", 1280),
    Way("from a folder", "file", "dark", 390, 844, (SMALLEST, ZOOMED, 1280)),
]


@dataclass
class Visit:
    """What was found on one page, opened in one way."""

    page: str
    way: Way
    problems: list[str]
    foreign: list[str]
    facts: dict
    kept: list[int]  # the height of each explorer's place before it is drawn
    moved: float  # the sum of all layout shifts, as browsers score them
    widths: dict[int, int]
    violations: list[str]

    def __str__(self) -> str:
        return f"{self.page}, {self.way.name}"


STEADY = 0.1  # up to here a page counts as steady: web.dev/articles/cls
KEEP_SHIFTS = """window.shifts = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) shifts.push(entry.value);
}).observe({ type: "layout-shift", buffered: true });"""
# Before the page's own scripts draw anything.
KEEP_HEIGHTS = """addEventListener("DOMContentLoaded", () => {
  window.heights = [...document.querySelectorAll(".live-widget")].map((one) => one.offsetHeight);
});"""
WIDGETS_ARE_READY = """() => [...document.querySelectorAll(".live-widget")].every(
  (widget) => ["shown", "failed"].includes(widget.dataset.state))"""

# A picture in a closed answer waits until it is open.
PICTURES_ARE_THERE = """() => [...document.images].every(
  (image) => image.complete || !image.checkVisibility())"""
OPEN_ANSWERS = """() => document.querySelectorAll(".bd-article details:not(.cnn-explorer details)")
  .forEach((answer) => { answer.open = true; })"""

FACTS = """() => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  const box = (element) => element.getBoundingClientRect();
  const isVisible = (element) =>
    element.checkVisibility({ visibilityProperty: true }) && box(element).width > 0;
  const fits = (element) => box(element).left >= 0 && box(element).right <= innerWidth;
  const colors = (canvas) => {
    const { width, height } = canvas;
    const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
    return new Set(new Uint32Array(data.buffer)).size;
  };
  // Without the padding, which is a light card around a figure in the dark.
  const shape = (image) => {
    const { paddingTop, paddingRight, paddingBottom, paddingLeft } = getComputedStyle(image);
    const [x, y] = [[paddingLeft, paddingRight], [paddingTop, paddingBottom]]
      .map((sides) => sides.reduce((sum, side) => sum + parseFloat(side), 0));
    return (image.clientWidth - x) / (image.clientHeight - y);
  };
  const icon = (element) => getComputedStyle(element, "::before").content;
  return {
    theme: document.documentElement.dataset.theme,
    searchBoxes: all("form.bd-search input, .search-button__button").filter(isVisible).length,
    missingIcons: all("[class*='fa-']").filter((e) => icon(e) === "none").map((e) => e.className),
    pictures: all(".bd-article img").map((image) => [
      fits(image),
      shape(image),
      image.naturalWidth / image.naturalHeight,
    ]),
    widgets: all(".live-widget").map((widget) => ({
      state: widget.dataset.state,
      text: widget.innerText.slice(0, 300),
      colors: Math.max(0, ...[...widget.querySelectorAll("canvas")].map(colors)),
      // A pad that nobody has drawn on yet is black.
      hasPictures: widget.querySelector("canvas") && !widget.querySelector(".cx-paint"),
      fits: fits(widget),
      height: widget.offsetHeight,
    })),
  };
}"""


def open_whole(page, address: str) -> None:
    """Open a page and scroll through it, so that each widget and each picture is there."""
    page.goto(address, wait_until="load")
    for element in page.locator(".live-widget, .bd-article img[loading=lazy]").all():
        element.scroll_into_view_if_needed()
    page.wait_for_function(WIDGETS_ARE_READY)
    page.wait_for_function(PICTURES_ARE_THERE)


def visit(visitor: Visitor, way: Way, name: str, address: str) -> Visit:
    """Open a page in one way and note all that is to be known of it."""
    visitor.problems.clear(), visitor.foreign.clear()
    page = visitor.page
    page.set_viewport_size({"width": way.width, "height": way.height})
    open_whole(page, address)
    kept = page.evaluate("heights")
    moved = page.evaluate("shifts.reduce((sum, shift) => sum + shift, 0)")
    page.evaluate(OPEN_ANSWERS)
    for element in page.locator(".bd-article details img[loading=lazy]").all():
        element.scroll_into_view_if_needed()
    page.wait_for_function(PICTURES_ARE_THERE)
    facts = page.evaluate(FACTS)
    widths = {}
    for width in (way.width, *way.further_widths):
        page.set_viewport_size({"width": width, "height": way.height})
        widths[width] = page.evaluate("document.documentElement.scrollWidth")
    # In the dark a page has the same elements in other colors.
    found = violations(page, colors_alone=way.theme == "dark")
    problems, foreign = visitor.problems.copy(), visitor.foreign.copy()
    return Visit(name, way, problems, foreign, facts, kept, moved, widths, found)


@pytest.fixture(scope="module")
def visits(browser, site, sample, pages, folders) -> list[Visit]:
    """Every page of the course and of the sample book, opened in each way."""
    made = []
    for way in WAYS:
        visitor = Visitor(browser, color_scheme=way.theme)
        visitor.page.add_init_script(KEEP_SHIFTS)
        visitor.page.add_init_script(KEEP_HEIGHTS)
        for file in pages:
            folder = site if file.is_relative_to(site) else sample
            name = file.relative_to(folder).as_posix()
            address = folders[way.scheme][folder] + name
            made.append(visit(visitor, way, f"{folder.parent.name}/{name}", address))
        visitor.page.context.close()
    return made


def test_no_page_asks_another_host(visits):
    assert {str(each): each.foreign for each in visits if each.foreign} == {}


def test_no_page_reports_an_error(visits):
    assert {str(each): each.problems for each in visits if each.problems} == {}


def test_pages_come_in_the_theme_that_the_system_asks_for(visits):
    assert all(each.facts["theme"] == each.way.theme for each in visits)


def test_one_search_box_is_visible_on_every_page(visits):
    counts = {str(each): each.facts["searchBoxes"] for each in visits}
    assert {page: count for page, count in counts.items() if count != 1} == {}


def test_every_icon_of_a_page_is_in_the_font_subset(visits):
    missing = {str(each): each.facts["missingIcons"] for each in visits}
    assert {page: icons for page, icons in missing.items() if icons} == {}


def test_no_page_scrolls_sideways_on_a_small_phone_or_at_200_percent(visits):
    seen = {width for each in visits for width in each.widths}
    assert seen == {1280, 390, SMALLEST, ZOOMED}
    wide = {
        f"{each} at {width} pixels": needed
        for each in visits
        for width, needed in each.widths.items()
        if needed > width
    }
    assert wide == {}


def test_pictures_keep_their_shape_and_stay_on_the_page(visits):
    pictures = [(str(each), *picture) for each in visits for picture in each.facts["pictures"]]
    assert len(pictures) > 50
    for page, fits, shown, drawn in pictures:
        assert fits and shown == pytest.approx(drawn, rel=0.02), page


def test_every_explorer_is_drawn_within_the_page(visits):
    widgets = [(str(each), widget) for each in visits for widget in each.facts["widgets"]]
    assert len(widgets) > 50
    for page, widget in widgets:
        assert widget["state"] == "shown", f"{page}: {widget['text']}"
        # A map of zeros is white, but not all of them are.
        assert not widget["hasPictures"] or widget["colors"] > 5, f"{page}: empty pictures"
        assert widget["fits"], f"{page}: {widget['text']}"


def test_a_page_has_little_layout_shift_while_it_loads_and_is_read(visits):
    assert {str(each): each.moved for each in visits if each.moved >= STEADY} == {}


def test_a_layout_shift_would_be_found(visitor, sample):
    page = visitor().page
    page.add_init_script(KEEP_SHIFTS)
    open_whole(page, (sample / "chapters" / "sample.html").as_uri())
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_timeout(100)  # shown there, before it moves
    page.evaluate("document.querySelector('.bd-article h1').style.paddingTop = '25rem'")
    page.wait_for_function(f"() => shifts.reduce((sum, shift) => sum + shift, 0) > {STEADY}")


def test_an_explorer_takes_about_the_place_that_was_kept(visits):
    for each in visits:
        taken = [widget["height"] for widget in each.facts["widgets"]]
        for before, after in zip(each.kept, taken, strict=True):
            assert abs(after - before) <= max(100, 0.15 * before), (
                f"{each}: {before} pixels kept, {after} taken"
            )


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_on_any_page(visits, theme):
    checked = [each for each in visits if each.way.theme == theme]
    assert len(checked) > 14
    assert {str(each): each.violations for each in checked if each.violations} == {}


def test_axe_would_find_a_word_of_code_that_is_hard_to_read(visitor, sample):
    page = visitor().page
    open_whole(page, (sample / "chapters" / "sample.html").as_uri())
    page.add_style_tag(content=".highlight .nb { color: #bbb !important; }")
    assert any(found.startswith("color-contrast: ") for found in violations(page))


def test_headings_leave_out_no_rank_and_each_page_has_one_title(pages: list[Path]):
    for page in pages:
        soup = BeautifulSoup(page.read_text("utf-8"), "html.parser")
        ranks = [int(heading.name[1]) for heading in soup.main.find_all(["h1", "h2", "h3", "h4"])]
        assert ranks.count(1) == 1 and ranks[0] == 1, page
        for before, after in zip(ranks, ranks[1:], strict=False):
            assert after <= before + 1, page


def test_every_page_tells_its_language_and_every_table_its_columns(pages: list[Path]):
    for page in pages:
        soup = BeautifulSoup(page.read_text("utf-8"), "html.parser")
        assert soup.html["lang"] == "en", page
        for table in soup.select(".bd-article section > .pst-scrollable-table-container table"):
            headers = table.select("thead th")
            assert headers and all(header.get_text(strip=True) for header in headers), page
