"""The explorers on the pages of the built course: they are light, and played by keyboard.

That each is drawn, and accessible, is among what test_site_pages.py finds on every page.
"""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from explorer_page import next_frame

# Bytes of scripts for widgets that a page loads, gzip: with a network that learns or answers.
LARGEST = {"training": 50_000, "network": 45_000, "": 30_000}


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


def test_no_page_loads_more_scripts_for_explorers_than_it_may(live, site):
    for name, soup in live.items():
        folder = (site / name).parent
        sources = [tag["src"].split("?")[0] for tag in soup.select("script[src*=explorers]")]
        scripts = [Path(folder / source).read_bytes() for source in sources]
        size = sum(len(gzip.compress(script)) for script in scripts)
        kind = next(kind for kind in LARGEST if any(kind in source for source in sources))
        assert 0 < size <= LARGEST[kind], f"{name} loads {size} bytes: {sources}"


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
    page.wait_for_function(
        """(before) => [...document.querySelectorAll(".cx-status")]
          .some((status, i) => status.innerText !== before[i])""",
        arg=before,
    )


def test_an_explorer_that_shows_the_map_of_another_names_no_sample(visitor, site, address):
    page = visitor().page
    open_all(page, address(site) + "chapters/03_pooling_layer.html")
    pair = page.locator(".widget-column", has=page.locator(".cx-pooling"))
    chosen = "(list) => list.selectedOptions[0].textContent"
    lists = pair.get_by_label("Image", exact=True)
    assert [each.evaluate(chosen) for each in lists.all()] == [
        "garment",
        "map of the linked explorer",
    ]
    lists.nth(1).select_option("digit")
    assert [each.evaluate(chosen) for each in lists.all()] == ["garment", "digit"]


# Canvases that do not fill the place that the page gives them: a picture's may be larger than its
# plane, which shows its first rows and columns, and lies within the stage where it has a border.
UNFILLED = """() => [...document.querySelectorAll(".cnn-explorer canvas")].flatMap((canvas) => {
  if (!canvas.checkVisibility()) return [];
  const stage = canvas.closest(".cx-stage");
  const plane = canvas.closest(".cx-plane");
  const box = (each) => each.getBoundingClientRect();
  const [own, place] = [box(canvas), box(plane ?? stage ?? canvas.parentElement)];
  const near = (one, other) => Math.abs(one - other) < 1.5;
  const isPlaced = stage ? near(own.left, place.left) && near(own.top, place.top) : true;
  const isWide = plane ? own.width > place.width - 1.5 : near(own.width, place.width);
  const isHigh = plane ? own.height > place.height - 1.5 : !stage || near(own.height, place.height);
  const inStage = plane ? place.width > 0.5 * box(stage).width : true;
  if (isPlaced && isWide && isHigh && inStage) return [];
  return [[stage?.className ?? canvas.className, own.width, own.height, place.width, place.height]];
})"""
NETWORKS = ["intro", "chapters/05_fashion_mnist", "chapters/06_exercise"]


def test_each_canvas_is_as_large_as_its_stage(visitor, live, site, address):
    page = visitor().page
    seen = 0
    for name in live:
        open_all(page, address(site) + name)
        next_frame(page)
        seen += page.locator(".cnn-explorer canvas").count()
        assert page.evaluate(UNFILLED) == [], name
    assert seen > 20


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", NETWORKS)
def test_each_canvas_of_each_layer_is_as_large_as_its_stage(visitor, site, address, name, width):
    page = visitor(width, 900).page
    open_all(page, f"{address(site)}{name}.html")
    place = page.locator(".cnn-explorer", has=page.locator(".cx-network-load")).first
    place.get_by_label("Let me guess").evaluate("(box) => { box.checked = false; }")
    place.locator(".cx-network-load button").first.click()
    layers = place.locator("button.cx-layer")
    layers.first.wait_for()
    place.get_by_label("Image", exact=True).select_option(index=0)
    for number in range(layers.count()):
        layer = layers.nth(number)
        layer.press("Enter")
        layer.and_(page.locator("[aria-expanded=true]")).wait_for()
        next_frame(page)
        assert page.evaluate(UNFILLED) == [], number
