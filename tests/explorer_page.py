"""Helpers for browser tests of explorers: open one alone on a page, and read what it shows."""

from __future__ import annotations

import numpy as np

from tools.show_explorer import page_text


def explorer_page(context, *widgets):
    """Return a page of a browser's context with the widgets on it.

    `page.problems` collects what the console or a script reports.
    """
    page = context.new_page()
    page.problems = []
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.on(
        "console",
        lambda message: (
            page.problems.append(message.text) if message.type in {"error", "warning"} else None
        ),
    )
    page.set_content(page_text(*widgets))
    page.wait_for_function("window.ready")
    return page


def next_frame(page) -> None:
    """Wait until the page has drawn its next frame, however busy the machine is."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")


def status(page) -> str:
    """Return the line that says the result in words, once the next frame is drawn."""
    next_frame(page)
    return page.locator(".cx-status").inner_text()


def drawn(page, index: int, beyond: int = 0) -> np.ndarray:
    """Return the pixels (rows, columns, 4) of one of the explorer's pictures, after a frame.

    `beyond` adds rows of its canvas that the picture does not show.
    """
    next_frame(page)
    width, height, values = page.evaluate(
        """([index, beyond]) => {
          const canvas = document.querySelectorAll("canvas")[index];
          // Of a picture only the first rows and columns of its canvas are shown.
          const plane = canvas.closest(".cx-plane") ?? canvas;
          const [whole, shown] = [canvas, plane].map((each) => each.getBoundingClientRect());
          const width = Math.round((canvas.width * shown.width) / whole.width);
          const height = Math.round((canvas.height * shown.height) / whole.height) + beyond;
          const copy = new OffscreenCanvas(width, height);
          const context = copy.getContext("2d", { willReadFrequently: true });
          context.drawImage(canvas, 0, 0);
          const { data } = context.getImageData(0, 0, width, height);
          return [width, height, Array.from(data)];
        }""",
        [index, beyond],
    )
    return np.array(values).reshape(height, width, 4)


def synced(page, name: str) -> np.ndarray:
    """Return a float32 array of the page's state, once the next frame is drawn."""
    next_frame(page)
    shape, values = page.evaluate(
        """(name) => {
          const { shape, data } = model.get(name);
          const bytes = data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength);
          return [shape, Array.from(new Float32Array(bytes))];
        }""",
        name,
    )
    return np.array(values).reshape(shape)
