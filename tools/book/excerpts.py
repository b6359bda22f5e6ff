"""The texts of all pages in one script, from which the search page takes its excerpts.

Sphinx's script fetches every page that it found, whole. From a folder (`file://`) a browser
refuses that, and no result had an excerpt.
"""

from __future__ import annotations

import json
from pathlib import Path

from bs4 import BeautifulSoup, Tag

SCRIPT = "searchtexts.js"
TEXT = ".bd-article"
# What a cell prints says little outside its place, and would weigh 5 kB.
LEFT_OUT = ".headerlink, script, style, noscript, .live-widget, .cell_output .output"
APART = "p, li, dt, dd, h1, h2, h3, h4, h5, h6, td, th, caption, pre, div, summary, br"
FORMULA = "math[display=block]"  # without its signs' places it cannot be read
PLACES = "section[id], dt[id]"  # what a result may lead to within a page
LOOK_UP = """
const pageText = (page, place) => {
  const [text, places] = pageTexts[page] ?? ["", {}];
  return Object.hasOwn(places, place) ? text.slice(...places[place]) : text;
};
"""


def in_one_line(element: Tag) -> str:
    return " ".join(element.get_text().split())


def told_at(place: Tag) -> Tag:
    """Return the element with the text of a place: of a term in the glossary, its definition."""
    while place.name == "dt" and place.find_next_sibling() is not None:
        place = place.find_next_sibling()
    return place


def text_of(page: str) -> tuple[str, dict[str, tuple[int, int]]]:
    """Return the text of a page, and from where to where in it each place goes."""
    main = BeautifulSoup(page, "html.parser").select_one(TEXT)
    for element in main.select(LEFT_OUT):
        element.decompose()
    for formula in main.select(FORMULA):
        formula.replace_with(" … ")
    for element in main.select(APART):  # what stands on lines of its own is no part of a word
        element.insert_before(" ")
        element.insert_after(" ")
    text, places = in_one_line(main), {}
    for place in main.select(PLACES):
        told = in_one_line(told_at(place))
        start = text.index(told)
        places[place["id"]] = start, start + len(told)
    return text, places


def write(app, exception) -> None:
    """Write the script when all pages are there."""
    if exception or app.builder.format != "html":
        return
    texts = {
        name: text_of(Path(app.outdir, app.builder.get_target_uri(name)).read_text("utf-8"))
        for name in sorted(app.env.found_docs)
    }
    told = json.dumps(texts, ensure_ascii=False, separators=(",", ":"))
    script = f"const pageTexts = {told};{LOOK_UP}"
    Path(app.outdir, SCRIPT).write_text(script, "utf-8", newline="\n")


def setup(app) -> None:
    app.connect("build-finished", write)
