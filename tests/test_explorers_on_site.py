"""The explorers on the pages of the built course: they run there, are light, and are accessible."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup

WAYS = ["http", "file"]
LARGEST = 30_000  # bytes of scripts for widgets that a page loads, gzip

# Of every canvas: how many different colors it shows.
COLORS = """(widget) => Array.from(widget.querySelectorAll("canvas"), (canvas) => {
  const { width, height } = canvas;
  const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
  return new Set(new Uint32Array(data.buffer)).size;
})"""


@pytest.fixture(scope="module")
def live(site) -> dict[str, BeautifulSoup]:
    """The pages of the course with widgets that run on them, by their addresses."""
    pages = {}
    for file in sorted(site.rglob("*.html")):
        soup = BeautifulSoup(file.read_text("utf-8"), "html.parser")
        if soup.select(".live-widget"):
            pages[file.relative_to(site).as_posix()] = soup
    assert pages, "no page of the course shows an explorer"
    return pages


def open_all(page, address: str) -> None:
    """Open a page and scroll through it, so that each widget starts."""
    page.goto(address)
    for widget in page.locator(".live-widget").all():
        widget.scroll_into_view_if_needed()
    page.wait_for_function(
        """() => [...document.querySelectorAll(".live-widget")].every(
          (widget) => ["shown", "failed"].includes(widget.dataset.state))"""
    )


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("size", [(1280, 800), (390, 844)], ids=["laptop", "phone"])
def test_every_explorer_of_the_course_is_drawn_and_asks_nobody(
    visitor, live, site, address, way, size
):
    root = address(site) if way == "http" else f"{site.as_uri()}/"
    visit = visitor(*size)
    for name in live:
        open_all(visit.page, root + name)
        for widget in visit.page.locator(".live-widget").all():
            assert widget.get_attribute("data-state") == "shown", f"{name}: {widget.inner_text()}"
            colors = widget.evaluate(COLORS)  # a map of zeros is white, but not all of them are
            assert not colors or max(colors) > 5, f"{name}: empty pictures"
            box = widget.bounding_box()
            assert box["x"] >= 0, name
            assert box["x"] + box["width"] <= size[0], name
    assert visit.foreign == []
    assert visit.problems == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_on_any_page_with_explorers(visitor, live, site, address, theme):
    page = visitor().page
    page.add_init_script(f"localStorage.setItem('mode', '{theme}')")
    root = address(site)
    for name in live:
        open_all(page, root + name)
        assert page.evaluate("document.documentElement.dataset.theme") == theme
        found = Axe().run(page)
        assert found.violations_count == 0, f"{name}: {found.generate_report()}"


def test_no_page_loads_more_than_30_kb_of_scripts_for_explorers(live, site):
    for name, soup in live.items():
        folder = (site / name).parent
        sources = [tag["src"].split("?")[0] for tag in soup.select("script[src*=explorers]")]
        scripts = [Path(folder / source).read_bytes() for source in sources]
        size = sum(len(gzip.compress(script)) for script in scripts)
        assert 0 < size <= LARGEST, f"{name} loads {size} bytes: {sources}"


def test_an_explorer_of_the_course_is_played_by_keyboard_alone(visitor, live, site, address):
    """From the top of the page, Tab leads to a slider, and an arrow key changes what is said."""
    page = visitor().page
    name = next(name for name, soup in live.items() if "filter" in str(soup.select("script")))
    open_all(page, address(site) + name)
    before = page.locator(".cx-status").all_inner_texts()
    page.evaluate("window.scrollTo(0, 0)")
    on_slider = "document.activeElement.matches('.cnn-explorer input[type=range]')"
    for _ in range(200):
        page.keyboard.press("Tab")
        if page.evaluate(on_slider):
            break
    assert page.evaluate(on_slider), "no slider is reached by Tab"
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(100)
    assert page.locator(".cx-status").all_inner_texts() != before
