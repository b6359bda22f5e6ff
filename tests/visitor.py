"""A page in a browser that keeps what went wrong."""

from __future__ import annotations

from playwright.sync_api import TimeoutError as TookTooLong

TRIES = {"http": 1, "file": 4}


def as_kept(way: str, visit) -> None:
    """Let `visit` read pages of which one notes what another shows, served or from a folder.

    To one page of a folder in fifty or so Chromium gives a localStorage that no other page sees
    (156 does, on a busy machine). No page can tell, so a visit to a folder may fail a few times.
    """
    for left in reversed(range(TRIES[way])):
        try:
            return visit()
        except (AssertionError, TookTooLong):
            if not left:
                raise


class Visitor:
    """A page that keeps what went wrong, and which other hosts were asked."""

    def __init__(self, browser, **options):
        self.problems, self.foreign = [], []
        self.page = browser.new_context(**options).new_page()
        self.page.on("console", self.on_console)
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("requestfailed", self.on_failure)
        self.page.on("response", self.on_response)
        self.page.on("request", self.on_request)

    def on_console(self, message):
        if message.type in {"error", "warning"}:
            self.problems.append(message.text)

    def on_failure(self, request):
        # A page that is left at once gives up loading its icon.
        if not (request.failure == "net::ERR_ABORTED" and "/_static/icons/" in request.url):
            self.problems.append(f"no {request.url}")

    def on_response(self, response):
        if response.status >= 400:
            self.problems.append(f"{response.status} {response.url}")

    def on_request(self, request):
        if not request.url.startswith(("http://127.0.0.1:", "file:", "data:", "blob:")):
            self.foreign.append(request.url)
