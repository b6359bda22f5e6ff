"""Networks on the site: their files load when the reader asks, served and from a folder."""

from __future__ import annotations

import base64
import json
import re

import pytest

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
