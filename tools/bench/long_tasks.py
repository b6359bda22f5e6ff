"""Measure how long the page's main thread is kept busy: part of `make bench ARGS=networks`.

On the built site, in headless Chromium: a reader loads the network of chapter 5, looks at its
layers, asks which part matters, shifts, compares and draws. For each step the longest task,
as the browser's Long Tasks interface reports it; a task below 50 ms is none.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from tools.bench.networks import Quiet

SITE = Path(__file__).resolve().parents[2] / "_build" / "html"
PAGE = "chapters/05_fashion_mnist.html"
PLACE = ".live-widget:has(.cx-network-load)"
OBSERVE = """
    globalThis.longTasks = [];
    new PerformanceObserver((list) => longTasks.push(...list.getEntries()))
        .observe({ type: "longtask", buffered: true });
"""
LONGEST = """() => {
    const longest = Math.max(0, ...longTasks.map(({ duration }) => duration));
    longTasks = [];
    return longest;
}"""


def steps(page) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield what a reader does with the network explorer, by name."""
    place = page.locator(PLACE)
    button = lambda name: place.get_by_role("button", name=name)  # noqa: E731
    yield "come near the explorer", page.locator(".live-widget").last.scroll_into_view_if_needed
    place.scroll_into_view_if_needed()
    yield "load the network", button("Load the network").click
    place.locator(".cx-network-answer").wait_for()
    yield "show the answer", button("Show the network's answer").click
    for number in range(place.locator("button.cx-layer").count()):
        yield f"open layer {number + 1}", place.locator("button.cx-layer").nth(number).click
    place.locator("button.cx-layer").nth(2).click()
    place.locator(".cx-atlas").focus()
    yield "another map", lambda: page.keyboard.press("ArrowRight")
    place.locator(".cx-network-number .cx-stage").first.focus()
    yield "another neuron", lambda: page.keyboard.press("ArrowRight")
    yield "which part matters", place.locator(".cx-network-why button").click
    place.locator(".cx-network-why figure").wait_for()
    yield "shift", button("one pixel right").click
    yield "stop comparing", button("Stop comparing").click
    yield "draw on it", button("Draw on it").click
    place.locator(".cx-stage").first.focus()
    yield "draw", lambda: [page.keyboard.press(key) for key in ["Space", "ArrowDown"] * 8]


def longest_tasks(page) -> dict[str, float]:
    """Return the milliseconds of the longest task of each step."""
    found = {}
    for name, act in steps(page):
        page.evaluate(LONGEST)  # what came before
        act()
        page.wait_for_timeout(400)
        found[name] = page.evaluate(LONGEST)
    return found


def report(browser, repeats: int = 5) -> None:
    """Print the medians of some visits; `make book` has to have built the site."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=SITE))
    Thread(target=server.serve_forever, daemon=True).start()
    visits = []
    for _ in range(repeats):
        page = browser.new_page()
        page.add_init_script(OBSERVE)
        page.goto(f"http://127.0.0.1:{server.server_port}/{PAGE}")
        page.wait_for_timeout(1000)
        visits.append(longest_tasks(page))
        page.close()
    server.shutdown()
    print(f"longest task on the main thread, ms, median of {repeats} visits (0: below 50)")
    for name in visits[0]:
        times = [visit[name] for visit in visits]
        print(f"  {name:24} {statistics.median(times):5.0f}   largest {max(times):5.0f}")
