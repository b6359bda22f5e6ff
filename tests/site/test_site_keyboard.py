"""The site without a mouse, and with the motion that its reader asks for."""

from __future__ import annotations

import pytest
from accessibility import violations

CHAPTER = "chapters/03_pooling_layer.html"
SHORT = "chapters/06_exercise.html"
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

# Where the focus is: in the dialog, on the page behind it, or nowhere.
PLACE = """() => {
  const at = document.activeElement;
  if (at === document.body) return "nowhere";
  return at.closest("[role=dialog][aria-modal=true]")?.getAttribute("aria-label") ?? at.outerHTML;
}"""
STILL = "() => document.getAnimations().every(({ playState }) => playState !== 'running')"
SEARCH = ".search-button__wrapper"
CONTENTS, ON_THIS_PAGE = "Contents of the course", "On this page"

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
def test_the_focus_is_visible_at_each_tab_stop(visitor, site, name, theme):
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
    # It is out of sight until then, and moves in.
    page.wait_for_function("() => document.activeElement.getBoundingClientRect().y >= 0")
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


def stays_in(page, dialog: str) -> bool:
    """Press Tab in both directions; tell whether the focus has never left a dialog."""
    places = {page.evaluate(PLACE)}
    for key in ["Tab"] * 4 + ["Shift+Tab"] * 7:
        page.keyboard.press(key)
        places.add(page.evaluate(PLACE))
    return dialog in places and places <= {dialog, "nowhere"}


def test_the_search_is_a_dialog_that_gives_the_focus_back(visitor, site):
    page = visitor().page
    page.goto((site / SHORT).as_uri())
    link = page.locator(".bd-article a[href]:not(.headerlink)").first
    link.focus()
    page.keyboard.press("Control+k")
    dialog = page.get_by_role("dialog", name="Search")
    assert dialog.get_attribute("aria-modal") == "true"
    assert dialog.locator("input").evaluate("field => field === document.activeElement")
    assert violations(page) == []
    assert stays_in(page, "Search")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Escape")
    assert page.locator(SEARCH).locator("input").is_hidden()
    assert link.evaluate("link => link === document.activeElement")

    button = page.locator(".bd-sidebar-primary .search-button__button")
    for way_out in ("Escape", "Control+k", "beside", "Close"):
        button.click()
        assert page.evaluate(PLACE) == "Search"
        if way_out == "beside":
            page.mouse.click(600, 700)
        elif way_out == "Close":
            dialog.get_by_role("button", name=way_out).press("Enter")
        else:
            page.keyboard.press(way_out)
        assert dialog.count() == 0
        assert button.evaluate("button => button === document.activeElement")
    assert page.locator("[inert]").count() == 0


@pytest.mark.parametrize(("width", "name"), [(640, CONTENTS), (390, CONTENTS), (390, ON_THIS_PAGE)])
def test_contents_over_a_page_are_a_dialog_on_a_narrow_screen(visitor, site, width, name):
    page = visitor(width).page
    page.goto((site / SHORT).as_uri())
    toggle = page.get_by_role("button", name=name)
    assert toggle.get_attribute("title") == name
    assert toggle.get_attribute("aria-expanded") == "false"
    for way_out in ("Escape", "beside"):
        toggle.focus()
        page.keyboard.press("Enter")
        page.wait_for_function(f"() => ({PLACE})() === '{name}'")
        assert page.locator("[aria-expanded=true].sidebar-toggle").get_attribute("title") == name
        if way_out == "Escape":
            assert stays_in(page, name)
            page.wait_for_function(STILL)
            assert violations(page) == []
            page.evaluate("document.activeElement.blur()")
            page.keyboard.press("Escape")
        else:
            page.mouse.click(10 if name == ON_THIS_PAGE else width - 10, 700)
        assert toggle.evaluate("button => button === document.activeElement")
        assert toggle.get_attribute("aria-expanded") == "false"
    assert page.locator("[inert], [role=dialog]").count() == 0


def test_a_link_in_the_contents_of_a_page_leads_to_the_text(visitor, site):
    page = visitor(390).page
    page.goto((site / SHORT).as_uri())
    page.get_by_role("button", name=ON_THIS_PAGE).click()
    link = page.locator(".bd-toc-nav a").nth(2)
    link.press("Enter")
    assert page.locator("[inert], [role=dialog]").count() == 0
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('.bd-article') !== null")


def test_the_search_takes_the_place_of_the_contents(visitor, site):
    page = visitor(390).page
    page.goto((site / SHORT).as_uri())
    page.get_by_role("button", name=CONTENTS).click()
    page.keyboard.press("Control+k")
    assert page.evaluate(PLACE) == "Search" and page.get_by_role("dialog").count() == 1
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.title") == CONTENTS
    assert page.locator("[inert], [role=dialog]").count() == 0


def test_contents_beside_a_page_leave_it_to_its_reader(visitor, site):
    page = visitor(390).page
    page.goto((site / SHORT).as_uri())
    toggle = page.get_by_role("button", name=CONTENTS)
    toggle.click()
    page.set_viewport_size({"width": 1280, "height": 800})  # a phone or tablet is turned
    page.wait_for_function("() => !document.querySelector('[inert], [role=dialog]')")
    assert toggle.get_attribute("aria-expanded") == "true"
    toggle.click()
    assert toggle.get_attribute("aria-expanded") == "false"
    assert toggle.evaluate("button => button === document.activeElement")
    page.locator(".bd-sidebar-primary").wait_for(state="hidden")
    assert page.locator("[inert], [role=dialog]").count() == 0


def test_what_scrolls_within_an_answer_can_be_reached_once_it_is_open(visitor, site):
    page = visitor(390).page
    page.goto((site / CHAPTER).as_uri())
    page.evaluate(
        """() => {
          const answer = document.querySelector(".bd-article details:not(.course-setup)");
          const width = '<span style="display: inline-block; width: 60rem">wide</span>';
          answer.insertAdjacentHTML("beforeend", `<div class="math">${width}</div><pre>${width}`);
          answer.open = true;
        }"""
    )
    for kind in ("div.math", "pre"):
        page.locator(f"details[open] {kind}[tabindex='0']").wait_for(timeout=2000)
