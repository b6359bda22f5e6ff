"""The site where scripts are off: light, legible, and with no button that does nothing."""

from __future__ import annotations

import pytest

CHAPTER = "chapters/02_convolutional_layer.html"
PAGES = ["intro.html", CHAPTER, "search.html"]
SEEN = """(selector) => [...document.querySelectorAll(selector)]
  .filter((each) => each.checkVisibility({ visibilityProperty: true, opacityProperty: true })
    && each.getBoundingClientRect().width > 1)"""
# The contrast of each such element's text with what lies behind it, as WCAG 2.1 defines it.
CONTRASTS = (
    """(selector) => {
  const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const paint = (color) => {
    pen.fillStyle = color;
    pen.fillRect(0, 0, 1, 1);
    const [red, green, blue] = [...pen.getImageData(0, 0, 1, 1).data].map((value) => value / 255)
      .map((value) => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const contrast = (element) => {
    const around = [];
    for (let each = element; each; each = each.parentElement) around.unshift(each);
    paint("white");
    const ground = around.map((each) => paint(getComputedStyle(each).backgroundColor)).at(-1);
    const [dark, light] = [ground, paint(getComputedStyle(element).color)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  };
  return ("""
    + SEEN
    + """)(selector).map((each) => [each.outerHTML.slice(0, 80), contrast(each)]);
}"""
)


@pytest.fixture
def without_scripts(visitor, site):
    """A function that opens a page of the site in a browser whose scripts are off."""

    def show(name: str, width: int = 1280, **options):
        page = visitor(width, java_script_enabled=False, **options).page
        page.goto((site / name).as_uri())
        assert page.evaluate("document.documentElement.dataset.mode") is None  # scripts are off
        return page

    return show


def seen(page, selector: str) -> list[str]:
    """Return the tags of the elements that a reader can see."""
    return page.evaluate(f"(s) => ({SEEN})(s).map((each) => each.outerHTML.slice(0, 99))", selector)


@pytest.mark.parametrize("width", [1280, 390])
def test_no_button_is_shown_that_needs_a_script(without_scripts, width):
    for name in PAGES:
        page = without_scripts(name, width)
        needs = "button, select, [role=button], label.overlay, input:not([type=search])"
        assert seen(page, needs) == [], name


@pytest.mark.parametrize("width", [1280, 970, 768, 390])
def test_the_contents_are_beside_the_page_or_below_it_and_a_link_leads_there(
    without_scripts, width
):
    page = without_scripts(CHAPTER, width, reduced_motion="reduce")
    links = page.locator(".bd-sidebar-primary .bd-docs-nav a")
    assert links.count() > 10 and all(link.is_visible() for link in links.all())
    box, article = (page.locator(s).bounding_box() for s in (".bd-sidebar-primary", "article"))
    way = page.locator(".course-to-contents a")
    if width < 960:
        assert box["y"] > article["y"] + article["height"] and article["width"] > width * 0.85
        way.click()
        assert page.evaluate("scrollY") > 1000 and links.nth(2).is_visible()
    else:
        assert box["x"] + box["width"] <= article["x"] and way.is_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_with_scripts_no_further_link_to_the_contents_is_shown(visitor, site):
    page = visitor(390).page
    page.goto((site / CHAPTER).as_uri())
    assert page.locator(".course-to-contents").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_labels_and_code_are_legible_whatever_the_system_asks_for(without_scripts, scheme):
    page = without_scripts("chapters/04_cnn_architectures.html", color_scheme=scheme)  # has tasks
    for selector in (
        "blockquote.course-ask strong:first-child",
        "blockquote.course-ask p",
        "div.cell_input pre, div.cell_input pre span",
        "div.cell_output pre",
        "article h1, article h2, article p, article a",
        ".bd-sidebar-primary a",
    ):
        found = page.evaluate(CONTRASTS, selector)
        assert found and [each for each in found if each[1] < 4.5] == [], selector
    frame = "getComputedStyle(document.querySelector('blockquote.course-ask')).borderTopStyle"
    assert page.evaluate(frame) == "solid"
    font = "getComputedStyle(document.querySelector('h1')).fontFamily"
    assert page.evaluate(font).startswith('"Course Headings"')


def test_pictures_of_the_page_itself_have_their_colors(without_scripts):
    page = without_scripts("intro.html", color_scheme="dark")
    fills = "[...document.querySelectorAll('.course-mark rect, .course-picture .in')]"
    colors = set(page.evaluate(f"{fills}.map((each) => getComputedStyle(each).fill)"))
    assert len(colors) == 4 and "rgb(0, 0, 0)" not in colors
