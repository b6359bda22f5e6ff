"""What a published site needs: canonical links, a map, and an answer to a wrong address."""

from __future__ import annotations

import re
import shutil
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from xml.etree import ElementTree

import pytest
from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup

from tools.book.__main__ import build
from tools.book.site_root import from_the_root

ROOT = Path(__file__).resolve().parents[2]
SITE = "https://a-teacher.github.io/cnn-2027/"
DEEP = "cnn-2027/deep/missing/path"
URLS = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}


def places(sitemap: Path) -> list[str]:
    return [place.text for place in ElementTree.parse(sitemap).iterfind("s:url/s:loc", URLS)]


def canonical(page: Path) -> str | None:
    link = BeautifulSoup(page.read_text("utf-8"), "html.parser").select_one("link[rel=canonical]")
    return link and link["href"]


# --- the published copy -----------------------------------------------------------------


def test_the_sitemap_lists_every_page_by_its_canonical_address(own_site):
    listed = places(own_site / "sitemap.xml")
    pages = {p for p in own_site.rglob("*.html") if "_static" not in p.parts}
    pages -= {own_site / name for name in ("index.html", "search.html", "404.html")}
    assert sorted(listed) == sorted(SITE + p.relative_to(own_site).as_posix() for p in pages)
    assert all(canonical(own_site / place.removeprefix(SITE)) == place for place in listed)
    assert listed[0] == f"{SITE}intro.html"


def test_robots_txt_allows_crawlers_and_names_the_sitemap(own_site):
    lines = (own_site / "robots.txt").read_text().splitlines()
    assert lines == ["User-agent: *", "Allow: /", f"Sitemap: {SITE}sitemap.xml"]


class Pages(BaseHTTPRequestHandler):
    """Answers as GitHub Pages does: below /cnn-2027/, and with 404.html for what is not there."""

    site: Path

    def do_GET(self):
        name = self.path.split("?")[0].removeprefix("/cnn-2027/")
        file = self.site / name
        is_there = self.path.startswith("/cnn-2027/") and file.is_file()
        file = file if is_there else self.site / "404.html"
        self.send_response(200 if is_there else 404)
        kinds = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
        self.send_header("Content-Type", kinds.get(file.suffix, "text/html; charset=utf-8"))
        self.end_headers()
        self.wfile.write(file.read_bytes())

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def github(own_site):
    """The address of a host that serves the copy as GitHub Pages would."""
    handler = type("Handler", (Pages,), {"site": own_site})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("path", ["cnn-2027/wrong.html", DEEP, "cnn-2027/chapters/"])
def test_a_wrong_address_is_answered_with_style_and_links_that_work(visitor, github, path):
    visit = visitor()
    response = visit.page.goto(github + path, wait_until="networkidle")
    assert response.status == 404
    itself = {f"404 {github}{path}"}
    assert [p for p in visit.problems if p not in itself and "status of 404" not in p] == []
    assert len([p for p in visit.problems if "status of 404" in p]) <= 1  # the page's own
    assert visit.page.locator("h1", has_text="This page is not here").is_visible()
    # The theme's style sheets are there: the contents stand beside the text.
    sidebar = visit.page.locator(".bd-sidebar-primary").bounding_box()
    assert sidebar["x"] + sidebar["width"] <= visit.page.locator("h1").bounding_box()["x"]
    for link in visit.page.locator("a[href^='/']").all():
        target = github.rstrip("/") + link.get_attribute("href")
        assert visit.page.request.get(target).status == 200, target


def test_from_a_wrong_address_a_click_and_a_search_lead_on(visitor, github):
    page = visitor().page
    page.goto(github + DEEP)
    page.locator("article a", has_text="3 Pooling layer").click()
    page.wait_for_url(f"{github}cnn-2027/chapters/03_pooling_layer.html")
    page.goto(github + DEEP)
    page.locator(".search-button__button:visible").click()
    page.keyboard.type("stride")  # the glossary has it
    page.keyboard.press("Enter")
    page.locator("#search-results li a").first.click()
    page.wait_for_url(re.compile(rf"{github}cnn-2027/[^?]+#.*stride", re.IGNORECASE))


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_on_the_page_for_a_wrong_address(visitor, github, theme, width):
    page = visitor(width, color_scheme=theme).page
    page.goto(github + DEEP)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_a_link_within_the_page_and_one_to_another_host_stay_as_they_are():
    links = ["#main", "https://x.org/", "data:,", "/", "mailto:ada@x.org"]
    page = "".join(f'<a href="{link}">' for link in links)
    assert from_the_root(page, "https://x.github.io/name/") == page


def test_other_links_begin_at_the_root_of_the_host():
    assert from_the_root('<a href="a/b.html?v=1">', SITE) == '<a href="/cnn-2027/a/b.html?v=1">'
    assert from_the_root('<form action="search.html">', SITE) == (
        '<form action="/cnn-2027/search.html">'
    )
    assert from_the_root('<html data-content_root="./">', "https://x.github.io/") == (
        '<html data-content_root="/">'
    )


# --- other addresses, and none ----------------------------------------------------------


@pytest.fixture
def book(tmp_path) -> Path:
    """A small book with the settings of the course."""
    book = tmp_path / "book"
    book.mkdir()
    (book / "intro.md").write_text("# Start\n\nThis is how it begins.\n", encoding="utf-8")
    (book / "_toc.yml").write_text("format: jb-book\nroot: intro\n", encoding="utf-8")
    shutil.copy(ROOT / "references.bib", book)
    give_address(book, "")
    return book


def give_address(book: Path, url: str, domain: str = "") -> None:
    config = (ROOT / "_config.yml").read_text("utf-8")
    config = re.sub(r'^  url: "[^"]*"$', f'  url: "{url}"', config, flags=re.MULTILINE)
    if domain:
        config = config.replace("html:\n", f"html:\n  baseurl: {domain}\n", 1)
    (book / "_config.yml").write_text(config, "utf-8")


OF_AN_ADDRESS = ("404.html", "sitemap.xml", "_static/cards/intro.png")


def test_without_an_address_there_is_no_sitemap_and_robots_txt_allows_crawlers(book, tmp_path):
    assert build(book, tmp_path)
    site = tmp_path / "html"
    assert not [name for name in OF_AN_ADDRESS if (site / name).exists()]
    assert (site / "robots.txt").read_text() == "User-agent: *\nAllow: /\n"
    assert canonical(site / "intro.html") is None


def test_a_site_at_the_root_of_its_host_has_links_from_there(book, tmp_path):
    give_address(book, "https://github.com/Ada/Ada.github.io")
    assert build(book, tmp_path)
    site = tmp_path / "html"
    assert canonical(site / "intro.html") == "https://ada.github.io/intro.html"
    assert 'href="/intro.html"' in (site / "404.html").read_text("utf-8")
    assert all((site / name).exists() for name in OF_AN_ADDRESS)


def test_a_domain_of_its_own_goes_before_github_pages(book, tmp_path):
    give_address(book, "https://github.com/ada/cnn", domain="https://cnn.example.org/2027")
    assert build(book, tmp_path)
    site = tmp_path / "html"
    assert canonical(site / "intro.html") == "https://cnn.example.org/2027/intro.html"
    assert places(site / "sitemap.xml") == ["https://cnn.example.org/2027/intro.html"]
    assert 'href="/2027/intro.html"' in (site / "404.html").read_text("utf-8")
