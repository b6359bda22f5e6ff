"""Measure how long the page's main thread is kept busy: `make bench ARGS="networks training"`.

On the built site, in headless Chromium: a reader loads the network of chapter 5, looks at its
layers, asks which part matters, shifts, compares and draws; or trains a network and takes one
step slowly. For each step the longest task, as the browser's Long Tasks interface reports it
(a task below 50 ms is none), and while a network trains the frames a second.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from functools import partial
from http.server import ThreadingHTTPServer
from itertools import chain
from pathlib import Path
from threading import Thread

from tools.bench.networks import Quiet

SITE = Path(__file__).resolve().parents[2] / "_build" / "html"
PAGES = {"network": "chapters/05_fashion_mnist.html", "training": "chapters/training.html"}
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


FRAMES = """() => new Promise((done) => {
    const start = performance.now();
    let frames = 0;
    const count = (now) => {
        if (now > start + 3000) done((1000 * frames) / (now - start));
        else requestAnimationFrame(count);
        frames += 1;
    };
    requestAnimationFrame(count);
})"""
Step = tuple[str, Callable[[], object]]


def network_steps(page, place) -> Iterator[Step]:
    """Yield what a reader does with the network explorer, by name."""
    button = lambda name: place.get_by_role("button", name=name)  # noqa: E731
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
    yield "draw on it", button("Draw on it").click
    place.locator(".cx-stage").first.focus()
    yield "draw", lambda: [page.keyboard.press(key) for key in ["Space", "ArrowDown"] * 8]
    yield "shift", button("one pixel right").click
    yield "stop comparing", button("Stop comparing").click


def training_steps(page, place) -> Iterator[Step]:
    """Yield what a reader does with the training explorer, by name."""
    button = lambda name: place.get_by_role("button", name=name, exact=True)  # noqa: E731
    yield "load the images", place.get_by_role("button", name="Load the").click
    button("Train").wait_for()
    yield "one step", button("One step").first.click
    button("Train").click()
    yield (
        "train for three seconds",
        lambda: print(f"  frames a second while it trains: {page.evaluate(FRAMES):.0f}"),
    )
    yield "pause", button("Pause").click
    yield "the worst mistakes", place.get_by_role("button", name="Show the twelve worst").click
    place.get_by_text("One step, slowly").first.click()
    yield "one step, slowly", place.get_by_role("button", name="Show it for").click


def longest_tasks(page, module: str) -> dict[str, float]:
    """Return the milliseconds of the longest task of each step."""
    place, found = page.locator(f'.live-widget[data-module="{module}"]'), {}
    steps = {"network": network_steps, "training": training_steps}[module]
    near = ("come near the explorer", place.scroll_into_view_if_needed)
    for name, act in chain([near], steps(page, place)):
        page.evaluate(LONGEST)  # what came before
        act()
        page.wait_for_timeout(400)
        found[name] = page.evaluate(LONGEST)
    return found


def report(browser, module: str, repeats: int = 5) -> None:
    """Print the medians of some visits; `make book` has to have built the site."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=SITE))
    Thread(target=server.serve_forever, daemon=True).start()
    visits = []
    for _ in range(repeats):
        page = browser.new_page()
        page.add_init_script(OBSERVE)
        page.goto(f"http://127.0.0.1:{server.server_port}/{PAGES[module]}")
        page.wait_for_timeout(1000)
        visits.append(longest_tasks(page, module))
        page.close()
    server.shutdown()
    print(f"longest task on the main thread, ms, median of {repeats} visits (0: below 50)")
    for name in visits[0]:
        times = [visit[name] for visit in visits]
        print(f"  {name:24} {statistics.median(times):5.0f}   largest {max(times):5.0f}")
