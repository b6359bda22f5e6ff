"""A browser page that records errors, failed requests and requests to other hosts."""

from __future__ import annotations

UNTIL_KEPT = 200  # milliseconds until another process of the browser has what was noted
LEAVE = """() => {
  const mark = String(Math.random());
  localStorage.setItem("mark of a test", mark);
  return mark;
}"""


class Isolated(Exception):
    """Chromium gave a page a localStorage that no other page sees."""


def leave_mark(page) -> str:
    """Note something in this page's localStorage, and return it."""
    mark = page.evaluate(LEAVE)
    page.wait_for_timeout(UNTIL_KEPT)
    return mark


def find_mark(page, mark: str) -> None:
    """Raise Isolated if this page does not see what another has noted before."""
    if page.evaluate("localStorage.getItem('mark of a test')") != mark:
        raise Isolated


def go_on(page, address: str) -> None:
    """Open the next page, which sees what this one has noted."""
    mark = leave_mark(page)
    page.goto(address)
    find_mark(page, mark)


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
