"""The site without a mouse, and with the motion that its reader asks for."""

from __future__ import annotations

import pytest

CHAPTER = "chapters/03_pooling_layer.html"
TRIPS = [("intro.html", "light"), (CHAPTER, "dark"), ("search.html", "light")]

# How an element looks, and how it looks without the focus: a ring, not another shade.
LOOKS = """() => {
  const element = document.activeElement;
  const look = () => {
    const parts = [element, element.parentElement, element.closest("form, label") ?? element];
    return JSON.stringify(parts.map((part) => {
      const s = getComputedStyle(part);
      const isOutlined = s.outlineStyle !== "none" && parseFloat(s.outlineWidth) > 0;
      return [isOutlined && [s.outlineWidth, s.outlineColor], s.boxShadow];
    }));
  };
  const box = element.getBoundingClientRect();
  const focused = look();
  const name = `${element.tagName} ${element.className} ${element.textContent.trim().slice(0, 30)}`;
  element.blur();
  const without = look();
  element.focus({ preventScroll: true, focusVisible: true });
  return {
    name,
    isBody: element === document.body,
    isSeen: focused !== without,
    isOnScreen: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
  };
}"""

FROM_THE_TOP = """() => {
  document.body.tabIndex = -1;
  document.body.focus();
  document.body.removeAttribute("tabindex");
}"""


def trip(page, most: int = 400) -> list[dict]:
    """Press Tab from the top of a page to its end; return each stop."""
    stops = []
    for _ in range(most):
        page.keyboard.press("Tab")
        stop = page.evaluate(LOOKS)
        if stop["isBody"]:
            return stops
        stops.append(stop)
    raise AssertionError(f"the trip does not end: {stops[-3:]}")


@pytest.mark.parametrize(("name", "theme"), TRIPS)
def test_each_stop_of_a_trip_by_keyboard_is_seen(visitor, site, name, theme):
    page = visitor(color_scheme=theme, reduced_motion="reduce").page
    page.goto((site / name).as_uri())
    for widget in page.locator(".live-widget").all():  # none grows while we pass
        widget.scroll_into_view_if_needed()
    page.evaluate("scrollTo(0, 0)")
    page.add_style_tag(content="* { transition: none !important; }")  # seen at once
    page.evaluate(FROM_THE_TOP)  # the search page begins in its field
    stops = trip(page)
    assert len(stops) > 15
    assert [stop["name"] for stop in stops if not stop["isSeen"]] == []
    assert [stop["name"] for stop in stops if not stop["isOnScreen"]] == []


def test_the_first_stop_skips_to_the_text(visitor, site):
    page = visitor().page
    page.goto((site / CHAPTER).as_uri())
    page.keyboard.press("Tab")
    link = page.locator(":focus")
    assert link.inner_text() == "Skip to main content"
    assert link.bounding_box()["y"] >= 0  # it is out of sight until then
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main-content"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")


def test_an_answer_opens_by_keyboard(visitor, site):
    page = visitor().page
    page.goto((site / CHAPTER).as_uri())
    answer = page.locator(".bd-article details:not(.course-setup)").first
    answer.locator("summary").focus()
    page.keyboard.press("Enter")
    assert answer.get_attribute("open") is not None


def test_nothing_moves_for_a_reader_who_asks_for_less_motion(visitor, site):
    page = visitor(reduced_motion="reduce").page
    page.goto((site / CHAPTER).as_uri())
    moving = page.evaluate(
        """[...document.querySelectorAll("*")].flatMap((element) =>
             ["", "::before", "::after"].map((part) => getComputedStyle(element, part || null))
               .filter((s) => s.scrollBehavior === "smooth" || [s.transitionDuration,
                 s.animationDuration].some((time) => parseFloat(time) > 0.001))
               .map(() => element.className || element.tagName))"""
    )
    assert moving == []
