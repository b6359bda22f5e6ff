"""Present mode and slides: every step fits the screen, legible from the last row, by keyboard."""

from __future__ import annotations

import re

import pytest
from accessibility import violations

PAGES = [
    *("chapters/01_introduction", "chapters/02_convolutional_layer", "chapters/03_pooling_layer"),
    *("chapters/04_cnn_architectures", "chapters/05_fashion_mnist", "chapters/07_summary"),
]
BAR = 44  # pixels, as in present.js
READY = "() => document.documentElement.dataset.ready !== undefined"
# Pixels on a screen of 1080 lines. A long cell of code, or a long question, may be smaller.
SMALLEST_TEXT, SMALLEST_LONG, SMALLEST_NUMBER = 32, 24, 22

FOLLOW = """async (hash) => {
  history.replaceState(null, "", hash);
  return Boolean(await cnnCourseTeach.view.restore());
}"""
MEASURE = """async () => {
  const { present } = cnnCourseTeach;
  const article = document.querySelector(".bd-article");
  const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 20)));
  const letters = (selector, scale) => {
    const sizes = [...article.querySelectorAll(selector)]
      .filter((each) => each.checkVisibility() && each.textContent.trim())
      .map((each) => parseFloat(getComputedStyle(each).fontSize) * scale);
    return sizes.length ? Math.min(...sizes) : null;
  };
  const steps = [];
  for (let at = 0; at < present.progress().of; at += 1) {
    present.show(at);
    const { kind } = present.progress();
    if (kind === "explorer") for (let i = 0; i < 5; i += 1) await frame();
    const { scale, title } = present.progress();
    const { right, bottom } = article.getBoundingClientRect();
    const scrolls = [...article.querySelectorAll("pre, div.math, .output")]
      .filter((each) => each.checkVisibility() && each.scrollWidth > each.clientWidth + 1).length;
    steps.push({
      at, kind, title, right, bottom, scrolls,
      text: kind === "explorer" ? null : letters("p, li, pre, td", scale),
      numbers: kind === "explorer"
        ? letters(".cx-cells span, .cx-value, td, .cx-net-figure", scale) : null,
    });
  }
  return steps;
}"""


def overflowing(steps: list[dict], width: int, height: int) -> list[dict]:
    """Return the steps that a screen of this size does not hold."""
    return [
        step
        for step in steps
        if step["right"] > width + 1.5 or step["bottom"] > height - BAR + 1.5 or step["scrolls"]
    ]


def measured(page, width: int, height: int) -> list[dict]:
    """Return the measures of every step on a screen of this size, none of which overflows."""
    page.set_viewport_size({"width": width, "height": height})
    page.wait_for_timeout(100)
    steps = page.evaluate(MEASURE)
    assert overflowing(steps, width, height) == [], (width, height)
    return steps


@pytest.mark.parametrize("name", [*PAGES, "intro"])
def test_every_step_and_slide_fits_three_projectors_and_is_legible_from_the_last_row(
    visitor, site, address, name
):
    visit = visitor(1920, 1080)
    page = visit.page
    page.goto(f"{address(site)}{name}.html#present&v=1")
    page.wait_for_function(READY)
    steps = measured(page, 1920, 1080)
    texts = [s["text"] for s in steps if s["text"] is not None and s["title"] != "The chapters"]
    assert len(steps) > 10 and min(texts) >= SMALLEST_LONG
    assert sum(size >= SMALLEST_TEXT for size in texts) >= 0.9 * len(texts)
    numbers = [s for s in steps if s["numbers"] is not None]
    assert [s for s in numbers if s["numbers"] < SMALLEST_NUMBER - 0.1] == []
    page.keyboard.press("d")
    page.wait_for_function("() => cnnCourseTeach.present.progress().at >= 0")
    for width, height in ((1280, 720), (1024, 768)):
        slides = measured(page, width, height)
    assert slides[0]["kind"] == "outline"
    assert sum(slide["kind"] == "outline" for slide in slides) > 3 or name == "intro"
    assert visit.problems == []


def test_keys_step_on_and_leave_what_a_control_uses_to_the_control(visitor, site, address):
    visit = visitor()
    page = visit.page
    page.goto(address(site) + "chapters/03_pooling_layer.html")
    page.keyboard.press("p")
    page.wait_for_function(READY)
    at = "() => cnnCourseTeach.present.progress().at"
    first = page.evaluate(at)
    for key, wanted in (
        ("ArrowRight", first + 1),
        ("PageDown", first + 2),
        ("ArrowLeft", first + 1),
    ):
        page.keyboard.press(key)
        assert page.evaluate(at) == wanted
    kinds = "(kind) => { const { present } = cnnCourseTeach; let at = 0;" + (
        "for (present.show(0); present.progress().kind !== kind; at += 1) present.show(at);"
        "return present.progress().at; }"
    )
    explorer = page.evaluate(kinds, "explorer")
    slider = page.locator(".cx-pooling:visible").get_by_label("Stride")
    slider.focus()
    before = slider.input_value()
    page.keyboard.press("ArrowRight")
    assert slider.input_value() != before and page.evaluate(at) == explorer
    page.keyboard.press("Escape")  # gives the keys back
    page.keyboard.press("ArrowRight")
    assert page.evaluate(at) == explorer + 1
    page.keyboard.press("o")
    assert page.locator(".present-list button").count() > 20 and violations(page) == []
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.wait_for_function("() => document.documentElement.dataset.presenting === undefined")
    assert page.locator(".bd-header-article").is_visible()
    assert page.locator(".present-bar, .present-off").count() == 0
    assert visit.problems == []


def test_a_question_hides_its_answer_until_asked_and_a_new_class_starts_afresh(
    visitor, site, address
):
    visit = visitor()
    page = visit.page
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(address(site) + "chapters/03_pooling_layer.html#present&v=1")
    page.wait_for_function(READY)
    page.evaluate(
        "() => { const { present } = cnnCourseTeach; let at = 0;"
        "do present.show(at++); while (present.progress().kind !== 'question'); }"
    )
    assert page.locator(".cx-verdict:visible, .cx-beside:visible").count() == 0
    page.keyboard.press("a")
    assert page.locator(".cx-verdict:visible, .cx-beside:visible").count() > 0
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    assert page.locator(".cx-verdict:visible, .cx-beside:visible").count() == 0
    kept = "() => Object.keys(localStorage).filter((key) => key.startsWith('cnn-course-quiz'))"
    assert page.evaluate(kept)
    with page.expect_navigation():
        page.get_by_role("button", name="Start afresh").click()
    page.wait_for_function(READY)
    assert page.evaluate(kept) == []
    assert visit.problems == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_present_mode_is_accessible(visitor, site, address, scheme):
    page = visitor(color_scheme=scheme).page
    page.goto(address(site) + "chapters/03_pooling_layer.html#slides&v=1")
    page.wait_for_function(READY)
    page.evaluate("() => cnnCourseTeach.present.show(4)")
    assert violations(page, colors_alone=scheme == "dark") == []


def test_what_is_not_on_a_slide_is_in_the_speakers_notes(visitor, site, address):
    page = visitor().page
    page.goto(address(site) + "chapters/03_pooling_layer.html#slides&v=1")
    page.wait_for_function(READY)
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Notes").click()
    words = ""
    for _ in range(8):
        page.keyboard.press("ArrowRight")
        words += opened.value.locator("body").inner_text()
    assert re.search(r"\d+ / \d+", words) and len(words) > 800


def test_each_slide_is_a_page_of_the_printed_deck(visitor, site, address):
    page = visitor(1280, 720).page
    page.goto(address(site) + "chapters/07_summary.html#slides&v=1")
    page.wait_for_function(READY)
    count = page.evaluate("() => cnnCourseTeach.present.progress().of")
    printed = page.pdf(prefer_css_page_size=True, print_background=True)
    assert len(re.findall(rb"/Type /Page\b", printed)) == count


def test_links_of_the_guide_to_a_view_open_without_a_remark(visitor, site, address):
    page = visitor().page  # left at once, it gives up loading pictures, which is no fault
    problems = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    root = address(site)
    views = re.compile(r'href="\.\./([^"#]+\.html#[^"]+?&amp;[^"]+)"')
    pages = [each.read_text("utf-8") for each in (site / "teaching").glob("*.html")]
    links = {link for text in pages for link in views.findall(text)}
    assert len(links) > 12
    for name in sorted({link.partition("#")[0] for link in links}):
        page.goto(root + name)
        page.evaluate("() => cnnCourseTeaching()")
        for link in (each for each in sorted(links) if each.startswith(f"{name}#")):
            hash = "#" + link.partition("#")[2].replace("&amp;", "&")
            shown = page.evaluate(FOLLOW, hash)
            assert shown and page.locator(".course-view-problem").count() == 0, link
    assert problems == []
