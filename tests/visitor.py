"""A page in a browser that keeps what went wrong."""

from __future__ import annotations

UNTIL_KEPT = 500  # milliseconds


def go_on(page, address: str) -> None:
    """Open the next page when what this one has noted can be read there.

    A page of a folder may come in another process of the browser, and what a page notes in
    localStorage reaches the others a moment later.
    """
    page.wait_for_timeout(UNTIL_KEPT)
    page.goto(address)


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
