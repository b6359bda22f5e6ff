"""The pages' HTML is valid: nothing for a browser to mend, and no element where none may be."""

from __future__ import annotations

from collections import Counter

import pytest
from bleach._vendor import html5lib  # the parser of the HTML standard; nbconvert brings it
from bs4 import BeautifulSoup

from tools.book import weight

INTERACTIVE = "a[href], button, input, select, textarea, label, iframe, details, summary"
LABELED = {"input", "select", "textarea"}
# Elements that hold text and marks in it alone, and those that stand beside text.
PHRASES = "p, h1, h2, h3, h4, h5, h6, pre, span, em, strong, code, label, button, dt"
BLOCKS = "p, div, ul, ol, dl, table, section, article, figure, blockquote, h1, h2, h3, nav, pre"
REFERENCES = ("aria-labelledby", "aria-describedby", "aria-controls", "for")
OBSOLETE_ELEMENTS = {"center", "font", "tt", "big", "strike", "acronym", "frame", "marquee"}
OBSOLETE = {"align", "bgcolor", "border", "cellpadding", "cellspacing", "valign", "nowrap"}


def parse_errors(html: str) -> list[str]:
    """Return what a browser has to mend while it reads the page, each with its line."""
    parser = html5lib.HTMLParser()
    parser.parse(html)
    return [f"line {line}: {code} {data}" for (line, _), code, data in parser.errors]


def misplaced(soup: BeautifulSoup) -> list[str]:
    """Return elements within others that may not hold them."""
    found = []
    for outer in soup.select("a[href], button, label, summary"):
        inner = outer.select(INTERACTIVE)
        if outer.name == "label":
            inner = [each for each in inner if each.name not in LABELED]
        found += [f"{each.name} in {outer.name}" for each in inner]
    for outer in soup.select(PHRASES):
        found += [f"{each.name} in {outer.name}" for each in outer.select(BLOCKS)]
    for outer in soup.select("ul, ol"):
        children = outer.find_all(True, recursive=False)
        found += [f"{each.name} in {outer.name}" for each in children if each.name != "li"]
    return found


def dangling(soup: BeautifulSoup) -> list[str]:
    """Return ids used twice, and references to ids that are not there."""
    ids = Counter(tag["id"] for tag in soup.find_all(id=True))
    found = [f"{name} is an id {count} times" for name, count in ids.items() if count > 1]
    for attribute in REFERENCES:
        for tag in soup.find_all(attrs={attribute: True}):
            names = tag[attribute]
            names = names if isinstance(names, list) else names.split()
            found += [f"{attribute} names {name}" for name in names if name not in ids]
    return found


def obsolete(soup: BeautifulSoup) -> list[str]:
    """Return elements and attributes that the standard has given up."""
    tags = [tag for tag in soup.find_all(True) if not tag.find_parent("math")]
    found = [f"<{tag.name}>" for tag in tags if tag.name in OBSOLETE_ELEMENTS]
    return found + [f"{a} of <{tag.name}>" for tag in tags for a in tag.attrs if a in OBSOLETE]


def problems(html: str) -> list[str]:
    soup = BeautifulSoup(html, "html.parser")
    return [*parse_errors(html), *misplaced(soup), *dangling(soup), *obsolete(soup)]


def test_the_html_of_every_page_is_valid(site, own_site):
    for page in [*weight.pages(site), own_site / "404.html"]:
        assert problems(page.read_text("utf-8")) == [], page


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("<p><div>x</div></p>", "unexpected-end-tag"),
        ("<b><i>x</b></i>", "adoption-agency"),
        ('<p id="a">x</p><p id="a">y</p>', "a is an id 2 times"),
        ('<a href="#"><button>x</button></a>', "button in a"),
        ("<span><div>x</div></span>", "div in span"),
        ("<ul><p>x</p></ul>", "p in ul"),
        ('<p aria-labelledby="b">x</p>', "aria-labelledby names b"),
        ('<table border="1"><tbody><tr><td>x</td></tr></tbody></table>', "border of <table>"),
        ("<center>x</center>", "<center>"),
        ("<table><div>x</div></table>", "unexpected-start-tag-implies-table-voodoo"),
        ("&nosuchentity;", "expected-named-entity"),
    ],
)
def test_invalid_html_would_be_found(body, problem):
    head = '<!DOCTYPE html><html lang="en"><head><title>x</title></head><body>'
    assert problems(f"{head}<p>x</p></body></html>") == []
    assert any(problem in each for each in problems(f"{head}{body}</body></html>"))
