"""The font of the headings: the same one as the formulas', cut to the letters in use.

STIX Two is what the formulas are set in, and a reader's own serif font may be anything.
The style sheet asks for it in chapter and section titles, in the course's name above the
contents and on the cards of the landing page.
"""

from __future__ import annotations

import html
import re
from pathlib import Path

from .fonts import STIX, write_sheet

SHEET = "headings.css"
TITLES = re.compile(r"<(h1|h2)\b.*?</\1>", re.DOTALL)
OTHERS = re.compile(
    r'<(\w+)[^>]*class="[^"]*(?:logo__title|course-card-title|course-quote)[^"]*".*?</\1>',
    re.DOTALL,
)


def heading_characters(pages: list[str]) -> set[str]:
    """Return the characters of everything that is set in the font of the headings."""
    found = (place.finditer(page) for page in pages for place in (TITLES, OTHERS))
    texts = (re.sub("<[^>]*>", "", match[0]) for matches in found for match in matches)
    return set(html.unescape("".join(texts))) - set("\n") | {" "}


def write_heading_font(app, exception) -> None:
    """Cut the font when all pages are written."""
    if exception or app.builder.format != "html":
        return
    folder = Path(app.outdir)
    pages = [page.read_text("utf-8") for page in folder.rglob("*.html")]
    write_sheet(
        folder / "_static" / SHEET,
        STIX,
        heading_characters(pages),
        origin="STIX Two Math, Copyright 2001-2020 The STIX Fonts Project Authors",
        family="Course Headings",
        weight=400,
        display="swap",
        for_text=True,
    )


def setup(app) -> None:
    app.add_css_file(SHEET, priority=890)
    app.connect("build-finished", write_heading_font)
