"""Find syntax that only MyST understands in the Markdown of notebooks: Colab would not render it.

The text is read by the CommonMark parser that the site uses too, so that code
and formulas are told from prose.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin

PARSER = MarkdownIt("commonmark").enable("table").use(dollarmath_plugin, double_inline=True)
ROLE = re.compile(r"\{[a-zA-Z][\w:.+-]*\}$")  # and then a code span
ATTRIBUTES = re.compile(r"^\{(?:[.#][\w-]+|\w+=)[^}]*\}")  # after a picture, link or code span
AT_LINE_START = {
    "a ::: block": re.compile(r"^:::"),
    "a (label)=": re.compile(r"^\([^()\s]+\)=\s*$"),
    "a % comment": re.compile(r"^%"),
    "a +++ break": re.compile(r"^\+\+\+"),
}
INSIDE = {
    "a {{ substitution }}": re.compile(r"\{\{.*?\}\}"),
    "a footnote [^…]": re.compile(r"\[\^[^\]\s]+\]"),
}


def inline_problems(children: list[Token]) -> Iterator[str]:
    """Yield the MyST syntax in the text of one paragraph, heading or table cell."""
    kinds = ["softbreak", *(token.type for token in children), ""]
    for token, before, after in zip(children, kinds, kinds[2:], strict=False):
        if token.type != "text":
            continue
        patterns = INSIDE | AT_LINE_START if before.endswith("break") else INSIDE
        yield from (what for what, pattern in patterns.items() if pattern.search(token.content))
        if after == "code_inline" and (role := ROLE.search(token.content)):
            yield f"the role {role[0]}`…`"
        if before in ("image", "link_close", "code_inline") and ATTRIBUTES.match(token.content):
            yield "attributes in {…}"


def myst_only(source: str) -> list[str]:
    """Return the pieces of MyST-only syntax in a markdown cell."""
    found = []
    for token in PARSER.parse(source):
        if token.type == "fence" and token.info.startswith("{"):
            found.append(f"the directive {token.info.split()[0]}")
        if token.type == "math_block_label":
            found.append("a labeled formula")
        if token.type == "inline":
            found += inline_problems(token.children)
    return found


class Pictures(HTMLParser):
    """Collects the `<img>` tags of a piece of HTML that have no alternative text."""

    def __init__(self):
        super().__init__()
        self.without_alt: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        if tag == "img" and not (given.get("alt") or "").strip():
            self.without_alt.append((given.get("src") or "")[:40])


def html_pictures_without_alt(html: str) -> list[str]:
    """Return the sources of the `<img>` tags in `html` without alternative text."""
    pictures = Pictures()
    pictures.feed(html)
    return pictures.without_alt


def pictures_without_alt(source: str) -> list[str]:
    """Return the sources of the pictures in a markdown cell without alternative text."""
    found = []
    for token in PARSER.parse(source):
        for part in [token, *(token.children or [])]:
            if part.type == "image" and not part.content.strip():
                found.append(str(part.attrs["src"])[:40])
            elif part.type in ("html_block", "html_inline"):
                found += html_pictures_without_alt(part.content)
    return found
