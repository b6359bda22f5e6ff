"""Measure what a moved slider costs: `make bench ARGS=explorers`.

The explorer: in a real browser, from the slider's input event to the end of the frame in
which the new result is painted; beside it an idle frame, which is what the browser takes
when nothing moves, and the first move after the page opened, when nothing is compiled yet.
The ordinary way: `ipywidgets.interact` with
Matplotlib in a real kernel doing the same job, from the slider's message to the kernel's
"idle" after the figure was sent; what the browser then needs to show it is not counted.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product

import numpy as np

MOVES = 40
OPENINGS = 5  # pages that are opened for a first move
SIZES = [(28, 28), (200, 300)]
KERNELS = [3, 7]

# Moves the last slider, or types into the first box for a number where there is none, or
# points at other values, or does nothing; at times that do not follow the screen's frames.
MOVES_IN_THE_PAGE = """async (moves) => {
  const sliders = document.querySelectorAll("input[type=range]:not([disabled])");
  const control = [...sliders].at(-1) ?? document.querySelector("input[type=number]");
  const painted = () => new Promise((done) => {
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = done;
      port2.postMessage(null);
    });
  });
  const idle = () => {};
  const slide = () => {
    const step = Number(control.step) || 1;
    const next = Number(control.value) + step;
    control.value = String(next > Number(control.max) ? Number(control.min) + step : next);
    control.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const point = (move) => model.set("position", [move % 3, (move >> 1) % 3]);
  const times = [];
  for (let move = 0; move < moves; move += 1) {
    await new Promise((done) => setTimeout(done, 60 + 17 * Math.random()));
    const start = performance.now();
    ACTION(move);
    await painted();
    times.push(performance.now() - start);
  }
  return times;
}"""

ORDINARY = """
%matplotlib inline
import ipywidgets
import matplotlib.pyplot as plt
import numpy as np
from scipy.signal import correlate2d

image = np.random.default_rng(0).integers(0, 256, SIZE).astype("float32")
kernel = np.random.default_rng(1).normal(size=(WINDOW, WINDOW))

def draw(bias):
    figure, (left, right) = plt.subplots(1, 2, figsize=(7, 3))
    left.imshow(image, cmap="gray")
    right.imshow(correlate2d(image, kernel, mode="valid") + bias, cmap="RdBu_r")
    plt.show()

slider = ipywidgets.IntSlider(0, -500, 500, 10)
ipywidgets.interact(draw, bias=slider)
print("slider", slider.model_id)
"""


@contextmanager
def kernel() -> Iterator:
    """Start a kernel of this environment; yield its client."""
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel(kernel_name="python3")
    try:
        yield client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def until_idle(client, request: str) -> list[dict]:
    """Return the messages that the kernel publishes for a request, until it is idle."""
    published = []
    while True:
        message = client.get_iopub_msg(timeout=60)
        if message["parent_header"].get("msg_id") != request:
            continue
        published.append(message)
        if message["content"].get("execution_state") == "idle":
            return published


def ordinary_way(client, size: tuple[int, int], window: int) -> list[float]:
    """Return the milliseconds that `interact` takes for each move of its slider."""
    code = ORDINARY.replace("SIZE", str(size)).replace("WINDOW", str(window))
    published = until_idle(client, client.execute(code))
    text = "".join(message["content"].get("text", "") for message in published)
    slider = text.split("slider ")[1].strip()
    times = []
    for move in range(MOVES):
        data = {"method": "update", "state": {"value": 10 * (move + 1)}, "buffer_paths": []}
        message = client.session.msg("comm_msg", {"comm_id": slider, "data": data})
        started = time.perf_counter()
        client.shell_channel.send(message)
        published = until_idle(client, message["header"]["msg_id"])
        times.append(1000 * (time.perf_counter() - started))
        shown = [m for m in published if m["msg_type"] == "display_data"]
        assert any("image/png" in m["content"]["data"] for m in shown), "no figure came"
    return times


def in_the_page(browser, explorer, action: str) -> dict[str, list[float]]:
    """Return the milliseconds of an explorer's first moves, later moves, and idle frames.

    `action` is "slide" or "point". A first move comes on a page that opened half a second ago.
    """
    from tools.show_explorer import page_text

    text = page_text(explorer)
    move, idle = (MOVES_IN_THE_PAGE.replace("ACTION", name) for name in (action, "idle"))
    found = {"first": [], "later": [], "idle": []}
    for opening in range(OPENINGS):
        page = browser.new_page()
        page.set_content(text)
        page.wait_for_function("window.ready")
        page.wait_for_timeout(500)
        found["first"] += page.evaluate(move, 1)
        if opening == 0:
            page.evaluate(move, 10)  # warms up the just-in-time compiler, as a reader does
            found["later"] = page.evaluate(move, MOVES)
            found["idle"] = page.evaluate(idle, MOVES)
        page.close()
    return found


def all_explorers() -> dict[str, tuple]:
    """Return what is measured: by name an explorer and what is done with it."""
    from utils import explorers

    image = np.random.default_rng(0).integers(0, 256, (200, 300)).astype("uint8")
    kernel = np.random.default_rng(1).normal(size=(7, 7))
    field = explorers.ReceptiveFieldExplorer("the lecture's network", paths=True)
    return {
        "filter, as chapter 2 shows it": (explorers.FilterExplorer(), "slide"),
        "filter, 200 × 300 and 7 × 7": (explorers.FilterExplorer(image, kernel), "slide"),
        "pooling, as chapter 3 shows it": (explorers.PoolingExplorer(), "slide"),
        "pooling, 200 × 300": (explorers.PoolingExplorer(image), "slide"),
        "pooling, 200 × 300, pointed at": (explorers.PoolingExplorer(image), "point"),
        "channels": (explorers.ChannelExplorer(), "slide"),
        "channels, four filters 5 × 5": (
            explorers.ChannelExplorer(filters=np.ones((5, 5, 3, 4))),
            "slide",
        ),
        "receptive field": (explorers.ReceptiveFieldExplorer(), "slide"),
        "receptive field, chapter 5, pointed at": (field, "point"),
        "architecture": (explorers.ArchitectureExplorer(), "slide"),
    }


def report_in_the_page(browser) -> None:
    """Print for each explorer the first move and the later ones, beside an idle frame."""
    print("in the page, ms                            first move    a move     95 %   idle frame")
    for name, (explorer, action) in all_explorers().items():
        found = in_the_page(browser, explorer, action)
        first, later, idle = (statistics.median(found[key]) for key in ("first", "later", "idle"))
        late = float(np.percentile(found["later"], 95))
        print(f"{name:40}{first:13.1f}{later:10.1f}{late:9.1f}{idle:13.1f}", flush=True)


def report_beside_interact(browser) -> None:
    """Print what a moved slider takes here and by `interact`, and their ratio."""
    from utils.explorers import FilterExplorer

    rows = []
    with kernel() as client:
        for size, window in product(SIZES, KERNELS):
            rows.append((size, window, ordinary_way(client, size, window)))
    print("a moved slider          explorer, ms      interact, ms     interact / explorer")
    print("image    kernel       median     95 %   median     95 %           (medians)")
    for size, window, ordinary in rows:
        image = np.random.default_rng(0).integers(0, 256, size).astype("uint8")
        values = np.random.default_rng(1).normal(size=(window, window))
        ours = in_the_page(browser, FilterExplorer(image, kernel=values), "slide")["later"]
        middle = [statistics.median(times) for times in (ours, ordinary)]
        late = [float(np.percentile(times, 95)) for times in (ours, ordinary)]
        print(
            f"{size[0]:3} × {size[1]:3}   {window} × {window}   {middle[0]:9.1f}{late[0]:9.1f}"
            f"{middle[1]:9.1f}{late[1]:9.1f}{middle[1] / middle[0]:17.0f}"
        )


def report() -> None:
    """Print medians and 95th percentiles of all explorers, and of `interact` side by side."""
    from playwright.sync_api import sync_playwright

    from tools.browser import HOW_TO_GET_ONE, get_browser

    with sync_playwright() as playwright:
        path = get_browser(playwright)
        if path is None:
            raise SystemExit(HOW_TO_GET_ONE)
        browser = playwright.chromium.launch(executable_path=path)
        report_in_the_page(browser)
        report_beside_interact(browser)
        browser.close()
