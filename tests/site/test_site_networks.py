"""Networks on the site: their files load when the reader asks, served and from a folder."""

from __future__ import annotations

import base64
import json
import re

import pytest
from accessibility import violations_within

from tools.book import security
from tools.book.widgets import requested
from utils.explorers import networks

PLACE = ".live-widget:has(.cx-network-load)"


def at_the_exercise(visitor, root: str):
    """Open the page of the exercise, its network explorer shown."""
    visit = visitor()
    visit.page.goto(f"{root}chapters/06_exercise.html")
    visit.page.locator(".live-widget").last.scroll_into_view_if_needed()
    visit.page.locator(PLACE).wait_for()
    return visit


def load(page) -> None:
    page.get_by_role("button", name="Load the network").click()
    page.locator(f"{PLACE} .cx-bars").wait_for()


@pytest.mark.parametrize("way", ["http", "file"])
def test_a_network_is_fetched_when_it_is_asked_for_and_answers_in_a_worker(
    way, visitor, site, address
):
    root = address(site) if way == "http" else f"{site.as_uri()}/"
    exercise = at_the_exercise(visitor, root)
    page, requests = exercise.page, []
    page.on("request", lambda request: requests.append(request.url))
    page.wait_for_timeout(300)
    assert requests == []
    load(page)
    fetched = [url for url in requests if "/requested/" in url]
    assert len(fetched) == len(requested.parts("mnist_reference"))
    assert page.workers[0].evaluate("typeof self.onmessage") == "function"  # its script ran
    before = page.locator(f"{PLACE} .cx-bars").inner_text()
    stage = page.locator(f"{PLACE} .cx-stage").first
    stage.focus()
    for key in ["ArrowRight"] * 14 + ["ArrowDown"] * 6 + ["Space", "ArrowDown"] * 16:
        page.keyboard.press(key)
    page.wait_for_function(
        "(before) => document.querySelector('.cx-bars').innerText !== before", arg=before
    )
    assert exercise.problems == []


def tab_to(page, target) -> None:
    """Press Tab until an element, once it is there, has the focus."""
    target.wait_for()
    for _ in range(90):
        if target.evaluate("(element) => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not reach {target}")


def walk(page):
    """Use the explorer with the keyboard alone; yield the name of each state it comes into."""
    place = page.locator(PLACE)
    button = lambda name: place.get_by_role("button", name=name)  # noqa: E731
    from_the_start = place.get_by_role("button", name="Reset").focus

    from_the_start()
    tab_to(page, button("Load the network"))
    page.keyboard.press("Enter")
    place.locator(".cx-bars").wait_for()
    yield "an empty pad"
    tab_to(page, place.get_by_label("Image", exact=True))
    for _ in range(3):
        page.keyboard.press("ArrowUp")
    tab_to(page, button("Show the network's answer"))
    yield "a guess"
    page.keyboard.press("Enter")
    place.locator(".cx-bars").wait_for()
    yield "the answer"
    tab_to(page, place.locator("button.cx-layer").nth(2))
    page.keyboard.press("Enter")
    tab_to(page, place.locator(".cx-atlas"))
    page.keyboard.press("ArrowRight")
    tab_to(page, place.locator(".cx-network-number .cx-stage[tabindex]"))
    page.keyboard.press("ArrowDown")
    place.locator(".cx-network-number > .cx-sum").wait_for()
    yield "a number"
    from_the_start()
    tab_to(page, place.locator(".cx-network-why button"))
    page.keyboard.press("Enter")
    place.locator(".cx-network-why figure").wait_for()
    yield "why"
    from_the_start()
    tab_to(page, button("Draw on it"))
    page.keyboard.press("Enter")
    from_the_start()
    tab_to(page, place.locator(".cx-network-input .cx-stage").first)
    for key in ["ArrowRight", "Space"] * 9:
        page.keyboard.press(key)
    yield "a drawing"
    tab_to(page, button("Keep to compare"))
    page.keyboard.press("Enter")
    from_the_start()
    tab_to(page, button("one pixel right"))
    page.keyboard.press("Enter")
    place.get_by_text("Compared with your drawing").wait_for()
    yield "a comparison"


def test_the_keyboard_reaches_everything_and_axe_finds_nothing_on_the_way(visitor, site, address):
    exercise = at_the_exercise(visitor, address(site))
    page, states = exercise.page, []
    for state in walk(page):
        states.append(state)
        for theme in ("light", "dark"):
            page.evaluate("(theme) => { document.documentElement.dataset.theme = theme; }", theme)
            assert violations_within(page, PLACE) == [], (state, theme)
    assert len(states) == 7 and exercise.problems == []


def test_a_part_that_does_not_come_is_said_and_can_be_tried_again(visitor, site, address):
    page = at_the_exercise(visitor, address(site)).page
    page.route("**/requested/*.1.js*", lambda route: route.abort())
    page.get_by_role("button", name="Load the network").click()
    problem = page.locator(f"{PLACE} .cx-network-load .cx-problem")
    problem.wait_for()
    assert "could not be loaded" in problem.inner_text()
    page.unroute("**/requested/*.1.js*")
    page.get_by_role("button", name="Try again").click()
    page.locator(f"{PLACE} .cx-bars").wait_for()


def test_only_pages_with_a_network_may_run_webassembly_and_workers(site):
    for page in site.rglob("*.html"):
        text = page.read_text("utf-8")
        has_network = re.search(r'"_module":"(network|training)"', text) is not None
        assert ("wasm-unsafe-eval" in text) == ("worker-src blob:" in text) == has_network, page
    assert "wasm" not in security.policy()


def test_the_parts_of_a_network_are_its_file():
    for name in networks.NETWORKS:
        scripts = requested.parts(name).values()
        pieces = [json.loads(script.split("]=")[1].strip(";\n")) for script in scripts]
        assert b"".join(map(base64.b64decode, pieces)) == networks.file(name)
