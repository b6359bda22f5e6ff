"""A page runs and loads only what the site brings, and with that everything works."""

from __future__ import annotations

from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from tools.book import security, weight

WAYS = ["http", "file"]


@pytest.fixture(params=WAYS)
def root(request, site, address) -> str:
    """The address of the course's own site: served, and as a folder."""
    return address(site) if request.param == "http" else f"{site.as_uri()}/"


@pytest.fixture
def pages(site, own_site) -> list[Path]:
    """The files of all pages, and of that for a wrong address, which a course with one has."""
    return [*weight.pages(site), own_site / "404.html"]


@pytest.fixture
def guarded(visitor, root):
    """A page of the site in a browser."""
    visit = visitor()
    visit.page.goto(root + "glossary.html", wait_until="load")
    return visit


def test_each_page_carries_the_policy_before_what_it_governs(pages):
    for page in pages:
        head = BeautifulSoup(page.read_text("utf-8"), "html.parser").head
        governed = [tag for tag in head.find_all(True) if tag.name in {"script", "link", "style"}]
        policy = head.select_one("meta[http-equiv=Content-Security-Policy]")
        assert policy and policy in governed[0].find_all_previous("meta"), page


def test_the_policy_is_this_and_allows_no_more():
    assert security.policy().split("; ") == [
        "default-src 'self' file:",
        f"script-src 'self' file: {security.checksum(security.THEME_SCRIPT)}",
        "style-src 'self' file: 'unsafe-inline'",
        "img-src 'self' file: data:",
        "font-src 'self' file: data:",
        "frame-src https://www.youtube-nocookie.com",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self' file:",
    ]


def test_one_script_stands_in_a_page_and_it_is_the_known_one(pages):
    """A further one would not run. Put it into tools/book/static, or into security.py."""
    for page in pages:
        soup = BeautifulSoup(page.read_text("utf-8"), "html.parser")
        inline = [s.string for s in soup.select("script:not([src])") if not s.get("type")]
        assert inline == [security.THEME_SCRIPT], page
        handlers = [
            tag for tag in soup.find_all(True) if any(a.startswith("on") for a in tag.attrs)
        ]
        assert handlers == [], page


def test_a_script_put_into_the_page_does_not_run(guarded):
    refused = guarded.page.evaluate(
        """() => new Promise((resolve) => {
          const refused = [];
          document.addEventListener("securitypolicyviolation", (event) => {
            refused.push(event.effectiveDirective);
            if (refused.length === 2) resolve(refused);
          });
          const script = document.createElement("script");
          script.textContent = "window.attacked = true";
          document.body.append(script);
          const image = document.createElement("div");
          image.innerHTML = "<img src='data:,' onerror='window.attacked = true'>";
          document.body.append(image);
        })"""
    )
    assert sorted(refused) == ["script-src-attr", "script-src-elem"]
    assert guarded.page.evaluate("window.attacked") is None


SVG = "new Blob(['<svg/>'], { type: 'image/svg+xml' })"
SCRIPT = "new Blob(['attacked = true'], { type: 'text/javascript' })"
IFRAME = "Object.assign(document.createElement('iframe'), {src: 'https://example.org/'})"
FOREIGN_SCRIPT = (
    "Object.assign(document.createElement('script'), {src: 'https://example.org/a.js'})"
)
STYLES = (
    "Object.assign(document.createElement('link'), "
    "{rel: 'stylesheet', href: 'https://example.org/a.css'})"
)


@pytest.mark.parametrize(
    ("code", "directive"),
    [
        ("fetch('https://example.org/')", "connect-src"),
        ("new Image().src = 'https://example.org/a.png'", "img-src"),
        ("import('https://example.org/a.js')", "script-src-elem"),
        ("import('data:text/javascript,window.attacked=true')", "script-src-elem"),
        (f"import(URL.createObjectURL({SCRIPT}))", "script-src-elem"),
        ("setTimeout('window.attacked = true')", "script-src"),
        ("new Worker(URL.createObjectURL(new Blob([''])))", "worker-src"),
        (f"new Image().src = URL.createObjectURL({SVG})", "img-src"),
        (f"document.body.append({IFRAME})", "frame-src"),
        (f"document.body.append({FOREIGN_SCRIPT})", "script-src-elem"),
        (f"document.head.append({STYLES})", "style-src-elem"),
    ],
)
def test_what_the_site_does_not_bring_is_refused(guarded, code, directive):
    refused = guarded.page.evaluate(
        f"""async () => {{
          const refused = new Promise((resolve) => document.addEventListener(
            "securitypolicyviolation", (event) => resolve(event.effectiveDirective)));
          try {{ await ({code}); }} catch {{}}
          return refused;
        }}"""
    )
    assert refused == directive
    assert guarded.page.evaluate("window.attacked") is None


def test_search_and_switch_work_under_the_policy(visitor, root):
    """And pages with explorers: tests/site/test_site_pages.py."""
    visit = visitor()
    page = visit.page
    page.goto(root + "intro.html")
    theme = page.evaluate("document.documentElement.dataset.theme")
    page.locator(".theme-switch-button").click()
    assert page.evaluate("document.documentElement.dataset.theme") != theme
    page.keyboard.press("Control+k")
    page.keyboard.type("stride")
    page.keyboard.press("Enter")
    page.locator("#search-results li a").first.wait_for()
    page.wait_for_load_state("networkidle")
    assert visit.problems == [] and visit.foreign == []
