"""An explorer alone on a page of a browser, which keeps what went wrong."""

from __future__ import annotations

from utils.explorers.alone import page_text


def explorer_page(browser, *widgets, **context):
    """Return a page of `browser` with the widgets on it; `context` goes to Playwright.

    `page.problems` collects what the console or a script reports.
    """
    page = browser.new_context(**context).new_page()
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
