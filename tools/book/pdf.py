"""The whole book as one PDF: `python -m tools.book.pdf [--site FOLDER] [--output FILE]`.

The articles of all pages become one HTML document, in the order of `_toc.yml`, behind a
title page and a table of contents, and a browser prints it. So links between the pages
lead from place to place in the PDF, and headings become its outline. Every page keeps its
ids, and its widgets their states, behind a prefix of its own.

No browser fills page numbers into a table of contents. So the book is printed twice: the
first time tells on which page each heading stands.
"""

from __future__ import annotations

import argparse
import html
import json
import re
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import yaml
from bs4 import BeautifulSoup, Tag

from tools.book.widgets.files import running
from tools.book.widgets.state import as_script, needed_modules
from tools.browser import HOW_TO_GET_ONE, get_browser
from tools.notebooks import widgets

ROOT = Path(__file__).resolve().parents[2]
REFERRING = ("for", "headers", "aria-labelledby", "aria-describedby", "aria-controls")
HEADINGS = ["h1", "h2", "h3", "h4"]
NOT_IN_A_BOOK = ".headerlink, .course-video-stage, .course-begin, script, noscript"

DOCUMENT = """<!DOCTYPE html>
<html lang="{language}" data-theme="light" data-mode="light">
<head><meta charset="utf-8"><title>{title}</title>
{styles}
<style>{own_style}</style>
</head>
<body>
<header class="book-title"><p class="book-name">{title}</p><p>{author}</p><p>{rights}</p></header>
<nav class="book-contents" aria-labelledby="contents"><h1 id="contents">Contents</h1>
{contents}
</nav>
<main class="bd-main"><div class="bd-content"><div class="bd-article-container">
{articles}
</div></div></main>
{state}
<script>{running}</script>
<script>{printing}</script>
</body></html>
"""

STYLE = """
@page :first { @bottom-center { content: none; } }
.book-title { display: flex; flex-direction: column; height: 225mm; padding-top: 55mm; }
.book-title > p:last-child { margin-top: auto; font-size: 0.85rem; color: #444; }
.book-name { font-family: var(--course-serif); font-size: 3.2rem; line-height: 1.15; }
.book-contents, main.bd-main .bd-article { break-before: page; }
.book-contents ol { list-style: none; padding: 0; margin: 0; }
.book-contents ol ol { padding-left: 1.5rem; font-size: 0.9rem; }
.book-contents li > a { display: flex; gap: 0.5rem; color: inherit; text-decoration: none; }
.book-contents li > a::after { content: attr(data-page); order: 3; min-width: 2rem;
  text-align: right; font-variant-numeric: tabular-nums; }
.book-contents li > a > span:last-child { flex: 1; border-bottom: 1px dotted #999;
  margin-bottom: 0.35em; }
.book-contents > ol > li { margin-top: 0.5rem; break-inside: avoid; }
.book-contents > ol > li > a { font-weight: 600; }
"""


class Problem(Exception):
    """The PDF cannot be made; the message says why, and what to do."""


# --- one document from all pages --------------------------------------------------------


def names_in(contents) -> list[str]:
    """Return the pages that `_toc.yml` names, in its order."""
    if isinstance(contents, list):
        return [name for part in contents for name in names_in(part)]
    if not isinstance(contents, dict):
        return []
    own = [contents[key] for key in ("root", "file") if key in contents]
    parts = ("parts", "chapters", "sections", "subtrees")
    return own + [name for key in parts for name in names_in(contents.get(key))]


class Page:
    """One page of the site: its article, its style sheets, and the state of its widgets."""

    def __init__(self, site: Path, name: str, number: int):
        self.address, self.prefix = f"{name}.html", f"p{number}-"
        file = site / self.address
        if not file.is_file():
            raise Problem(f"{file} is not there: build the site first, with `make book`.")
        soup = BeautifulSoup(file.read_text("utf-8"), "html.parser")
        self.language = soup.html.get("lang", "en")
        links = soup.select("link[rel=stylesheet]")
        self.styles = [self.resolved(link["href"]).split("?")[0] for link in links]
        self.article = soup.select_one("article.bd-article")
        self.models = self.take_models()
        for element in self.article.select(NOT_IN_A_BOOK):
            element.decompose()

    def resolved(self, address: str) -> str:
        """Return an address of this page as seen from the site's folder."""
        return urljoin(self.address, address)

    def take_models(self) -> dict:
        """Return the states of the widgets, under ids that no other page has."""
        script = self.article.find("script", type=widgets.STATE)
        if script is None:
            return {}
        models = json.loads(script.string)["state"]
        names = {model_id: f"{self.prefix}{model_id}" for model_id in models}
        for place in self.article.select("[data-model]"):
            place["data-model"] = f"{self.prefix}{place['data-model']}"
        return widgets.renamed(models, names)

    def set_apart(self, site: Path, prefixes: dict[str, str]) -> None:
        """Give ids this page's prefix, lead links to where their target now stands."""
        self.article["id"] = self.prefix.removesuffix("-")
        for element in self.article.find_all(id=True):
            if element is not self.article:
                element["id"] = self.prefix + element["id"]
            for name in REFERRING:
                if name in element.attrs:
                    ids = " ".join(element.get_attribute_list(name)).split()
                    element[name] = " ".join(self.prefix + each for each in ids)
        for image in self.article.find_all("img"):
            if not image["src"].startswith("data:"):
                image["src"] = (site / unquote(self.resolved(image["src"]))).as_uri()
            image.attrs.pop("loading", None)
        for link in self.article.find_all("a", href=True):
            self.lead(link, prefixes)

    def lead(self, link: Tag, prefixes: dict[str, str]) -> None:
        """Lead a link to its place in the book; a link to a file of the site ends."""
        if urlsplit(link["href"]).scheme:
            return
        target = urlsplit(self.resolved(link["href"]))
        prefix = prefixes.get(unquote(target.path))
        if prefix is None:
            link.unwrap()
        elif target.fragment:
            link["href"] = f"#{prefix}{target.fragment}"
        else:
            link["href"] = "#" + prefix.removesuffix("-")


def text_of(heading: Tag) -> str:
    return " ".join(heading.get_text().split())


def entry(target: str, text: str, pages: dict[str, int], below: str = "") -> str:
    """Return one line of the contents, with what stands below it."""
    page = pages.get(target, "")
    return (
        f'<li><a href="#{html.escape(target)}" data-page="{page}">'
        f"<span>{html.escape(text)}</span><span></span></a>{below}</li>"
    )


def contents_of(articles: list[Tag], pages: dict[str, int]) -> str:
    """Return the table of contents: each page, and its sections of the second rank."""
    lines = []
    for article in articles:
        sections = [
            entry(heading.parent["id"], text_of(heading), pages)
            for heading in article.find_all("h2")
            if heading.parent.get("id")
        ]
        below = f"<ol>{''.join(sections)}</ol>" if sections else ""
        lines.append(entry(article["id"], text_of(article.h1), pages, below))
    return f"<ol>{''.join(lines)}</ol>"


def read(site: Path, source: Path) -> list[Page]:
    """Return the pages of a built site, ready to stand in one document."""
    names = names_in(yaml.safe_load((source / "_toc.yml").read_text("utf-8")))
    pages = [Page(site, name, number) for number, name in enumerate(names, start=1)]
    prefixes = {page.address: page.prefix for page in pages}
    for page in pages:
        page.set_apart(site, prefixes)
    # The book's title stands on the title page; what begins under it says what the book is.
    pages[0].article.h1.string = "About the course"
    return pages


def joined(site: Path, source: Path, pages: list[Page], numbers: dict[str, int]) -> str:
    """Return the whole book as one HTML document."""
    config = yaml.safe_load((source / "_config.yml").read_text("utf-8"))
    models = {key: model for page in pages for key, model in page.models.items()}
    sheets = dict.fromkeys(sheet for page in pages for sheet in page.styles)
    links = [f'<link rel="stylesheet" href="{(site / sheet).as_uri()}">' for sheet in sheets]
    rights = f"© {config['copyright']}. {config['html']['extra_footer']}"
    return DOCUMENT.format(
        language=pages[0].language,
        title=html.escape(config["title"]),
        author=html.escape(f"By {config['author']}"),
        rights=rights.replace("<p>", "").replace("</p>", ""),
        styles="\n".join(links),
        own_style=STYLE,
        contents=contents_of([page.article for page in pages], numbers),
        articles="\n".join(str(page.article) for page in pages),
        state=as_script(models, None) if models else "",
        running=running(needed_modules(models)) if models else "",
        printing=(Path(__file__).parent / "static" / "print.js").read_text("utf-8"),
    )


# --- on which page a heading stands -----------------------------------------------------

OBJECT = re.compile(rb"(?:^|\n)(\d+) 0 obj\n(.*?)\nendobj", re.DOTALL)


def page_numbers(pdf: bytes) -> dict[str, int]:
    """Return the number of the page, from 1, on which each target of a link stands.

    Reads what Chromium writes: its objects are plain text, and only streams are packed.
    Raises Problem for a PDF of another form.
    """
    objects = {int(number): body for number, body in OBJECT.findall(pdf)}
    catalog = next((body for body in objects.values() if b"/Type /Catalog" in body), b"")
    try:
        tree, targets = (
            int(re.search(rb"/%s (\d+) 0 R" % key, catalog)[1]) for key in (b"Pages", b"Dests")
        )
        order = {page: number for number, page in enumerate(leaves(objects, tree), start=1)}
        found = re.findall(rb"/(\S+) \[(\d+) 0 R", objects[targets])
        return {plain(name): order[int(page)] for name, page in found}
    except (TypeError, KeyError):
        raise Problem("The browser wrote a PDF whose pages cannot be found.") from None


def leaves(objects: dict[int, bytes], node: int) -> list[int]:
    """Return the pages below a node of the page tree, in their order."""
    kids = re.search(rb"/Kids \[(.*?)\]", objects[node], re.DOTALL)
    if not kids:
        return [node]
    below = [int(number) for number in re.findall(rb"(\d+) 0 R", kids[1])]
    return [page for kid in below for page in leaves(objects, kid)]


def plain(name: bytes) -> str:
    """Return a name of a PDF, in which #2F stands for a slash."""
    return re.sub(rb"#([0-9A-F]{2})", lambda m: bytes([int(m[1], 16)]), name).decode()


# --- titles of the outline ---------------------------------------------------------------

TITLE = re.compile(rb"/Title (?:\(((?:\\.|[^\\)])*)\)|<([0-9A-F]+)>)", re.DOTALL)
ADDED = [["Contents"], ["Answers"], ["Hints and answers"]]  # here and by print.js


def title_of(match: re.Match) -> str:
    """Return a title of a PDF's outline as text."""
    if match[2]:
        return bytes.fromhex(match[2].decode()).decode("utf-16")
    return re.sub(rb"\\(.)", rb"\1", match[1]).decode("latin-1")


def pattern(pieces: list[str]) -> re.Pattern:
    """Return what a heading of these pieces of text may be in Chromium's outline.

    A heading that moves to the next page is written twice, piece by piece, and the last word
    of a line is joined to the first of the next.
    """
    words = (r"\s*".join(map(re.escape, "".join(piece.split()))) for piece in pieces)
    return re.compile("".join(rf"(?:\s*{word}\s*){{1,2}}" for word in words if word))


def outline(pdf: bytes) -> dict[int, tuple[bytes, str]]:
    """Return the entries of the outline: object number → its body and its title."""
    objects = {int(number): body for number, body in OBJECT.findall(pdf)}
    return {
        number: (body, title_of(match))
        for number, body in objects.items()
        if b"/Dest" in body and (match := TITLE.search(body))
    }


def with_titles(pdf: bytes, headings: list[list[str]]) -> bytes:
    """Return a PDF whose outline has the headings, given in their pieces, as they are.

    The right titles are added behind the PDF as the format has it for changes, so that all
    else stays as it was.
    """
    known = [(pattern(pieces), " ".join("".join(pieces).split())) for pieces in headings]
    changed = bytearray(pdf if pdf.endswith(b"\n") else pdf + b"\n")
    places = {}
    for number, (body, title) in outline(pdf).items():
        right = next((text for form, text in known if form.fullmatch(title)), title)
        if right != title:
            places[number] = len(changed)
            code = b"/Title <%s>" % (b"\xfe\xff" + right.encode("utf-16-be")).hex().upper().encode()
            changed += b"%d 0 obj\n%s\nendobj\n" % (number, TITLE.sub(code, body, count=1))
    table = b"".join(b"%d 1\n%010d 00000 n \n" % each for each in places.items())
    trailer = pdf[pdf.rindex(b"trailer") :]
    entries, previous = re.search(rb"<<(.*?)>>\s*startxref\s+(\d+)", trailer, re.DOTALL).groups()
    start = len(changed)
    changed += b"xref\n%strailer\n<<%s\n/Prev %s>>\n" % (table, entries, previous)
    return bytes(changed + b"startxref\n%d\n%%%%EOF\n" % start)


# --- printing ---------------------------------------------------------------------------


def printed(browser, document: str) -> bytes:
    """Return a document as the PDF that a browser makes of it; raise Problem if a part fails."""
    page = browser.new_page()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "book.html"
        file.write_text(document, "utf-8")
        page.goto(file.as_uri(), wait_until="load")
        # A file in the margin of a page is chosen by the reader; paper waits for all of them.
        page.evaluate("document.fonts.ready.then(() => true)")
        pdf = page.pdf(format="A4", prefer_css_page_size=True, outline=True, tagged=True)
    failed = page.locator(".live-widget:not([data-state=shown])").count()
    page.close()
    if failed:
        raise Problem(f"{failed} explorers of the book could not be drawn.")
    return pdf


def write(site: Path, source: Path, output: Path, say=print) -> int:
    """Write the book in `source`, built in `site`, as a PDF; return its number of pages."""
    from playwright.sync_api import sync_playwright

    pages = read(site, source)
    with sync_playwright() as playwright:
        try:
            path = get_browser(playwright)
        except ValueError as error:
            raise Problem(f"{error}.") from None
        if path is None:
            raise Problem(f"The PDF needs a browser, and {HOW_TO_GET_ONE}")
        browser = playwright.chromium.launch(executable_path=path)
        say(f"Printing {len(pages)} pages of the site, to find their numbers …")
        first = page_numbers(printed(browser, joined(site, source, pages, {})))
        say("Printing them with page numbers in the contents …")
        pdf = printed(browser, joined(site, source, pages, first))
        browser.close()
    if page_numbers(pdf) != first:
        raise Problem("The page numbers in the contents would be wrong: they moved a page.")
    output.parent.mkdir(parents=True, exist_ok=True)
    headings = [each for page in pages for each in page.article.find_all(HEADINGS)]
    output.write_bytes(with_titles(pdf, [*(list(each.strings) for each in headings), *ADDED]))
    return len(re.findall(rb"/Type /Page\b", pdf))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.book.pdf", description=__doc__)
    parser.add_argument("--source", type=Path, default=ROOT, help="the folder of the book")
    parser.add_argument("--site", type=Path, help="default: _build/html in the book's folder")
    parser.add_argument("--output", type=Path, help="default: _build/course.pdf there")
    options = parser.parse_args()
    source = options.source.resolve()
    site = (options.site or source / "_build" / "html").resolve()
    output = (options.output or source / "_build" / "course.pdf").resolve()
    started = time.monotonic()
    try:
        count = write(site, source, output, say=lambda text: print(text, flush=True))
    except Problem as problem:
        sys.exit(str(problem))
    size = output.stat().st_size / 1e6
    seconds = time.monotonic() - started
    print(f"Written in {seconds:.0f} s: {output.as_uri()} ({count} pages, {size:.1f} MB)")


if __name__ == "__main__":
    main()
