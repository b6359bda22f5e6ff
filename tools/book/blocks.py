"""Gives what recurs on the pages a class of its own, which the style sheet gives its look.

Notebooks are plain Markdown, which Colab and Jupyter show too, so a block is known by
its words: a block quote that begins with **Predict.**, a list below *After this chapter
you can*, a section *What to remember*, a heading with a number. The set-up cell, which a
reader of the site has no use for, is folded away. So is the output of a cell with the tag
`reveal`, which tells the answer to a prediction.
"""

from __future__ import annotations

import re

from docutils import nodes

from tools.notebooks.setup_cell import FIRST_LINE

from .figures import find

ASKS = {"Predict": "predict", "Try it": "try", "Compare": "compare"}
GOALS = re.compile(r"After this (chapter|page|part) you can")
REMEMBER = "What to remember"
CHAPTER = re.compile(r"(\d{1,2})\s+(?=\S)")
SECTION = re.compile(r"(\d{1,2}(?:\.\d{1,2})+)\s+(?=\S)")
FOLD = '<details class="course-setup"><summary>{words}</summary>'
FOLD_WORDS = "Set-up: finds the course’s helper package, here and in Colab"
REVEAL = '<details class="course-reveal"><summary>Output: predict first, then look</summary>'


def bold_beginning(node: nodes.Element) -> nodes.Text | None:
    """Return the bold words at the very beginning of a block's text, if there are any."""
    first = next((text for text in node.findall(nodes.Text) if text.strip()), None)
    return first if first and isinstance(first.parent, nodes.strong) else None


def mark_questions(doctree: nodes.document) -> None:
    """Mark block quotes: those that ask the reader to predict, try or compare, and the others.

    Their first words become a label, and lose their period.
    """
    for quote in doctree.findall(nodes.block_quote):
        label = bold_beginning(quote)
        words = (label or "").strip().rstrip(".")
        if kind := ASKS.get(words):
            quote["classes"] += ["course-ask", f"course-{kind}"]
            label.parent.replace(label, nodes.Text(words))
        else:
            quote["classes"].append("course-quote")


def box_goals(doctree: nodes.document) -> None:
    """Put what a page is good for into a box: its goals, and the time that it takes."""
    for title in list(doctree.findall(nodes.paragraph)):
        if bold_beginning(title) != title.astext() or not GOALS.fullmatch(title.astext()):
            continue
        parent = title.parent
        place = parent.index(title)
        parts = [title]
        for node in parent[place + 1 : place + 3]:
            if isinstance(node, nodes.bullet_list) or bold_beginning(node) == "Time.":
                parts.append(node)
        box = nodes.container(classes=["course-goals"])
        parent[place : place + len(parts)] = [box]
        box += parts


def mark_sections(doctree: nodes.document) -> None:
    """Mark the section that sums up a page."""
    for section in doctree.findall(nodes.section):
        if section[0].astext() == REMEMBER:
            section["classes"].append("course-remember")


def set_numbers_apart(doctree: nodes.document) -> None:
    """Put the number of a heading into an element of its own: 2.1 in "2.1 Filters"."""
    for title in doctree.findall(nodes.title):
        number = CHAPTER if isinstance(title.parent.parent, nodes.document) else SECTION
        text = title[0] if len(title) else None
        if isinstance(text, nodes.Text) and (match := number.match(text)):
            apart = nodes.inline("", match[1], classes=["course-number"])
            title[0:1] = [apart, nodes.Text(" " + text[match.end() :])]


def fold_setup(doctree: nodes.document) -> None:
    """Fold the cell away that every notebook begins with."""
    for cell in find(doctree, "cell_code"):
        code = next(cell.findall(nodes.literal_block), None)
        if code is not None and code.astext().startswith(FIRST_LINE):
            begin = nodes.raw("", FOLD.format(words=FOLD_WORDS), format="html")
            parent, place = cell.parent, cell.parent.index(cell)
            parent[place : place + 1] = [begin, cell, nodes.raw("", "</details>", format="html")]


def fold_reveals(doctree: nodes.document) -> None:
    """Fold the output away that tells what the reader has just been asked to predict."""
    for cell in find(doctree, "cell_code"):
        for output in find(cell, "cell_code_output") if "tag_reveal" in cell["classes"] else []:
            begin, end = (nodes.raw("", html, format="html") for html in (REVEAL, "</details>"))
            cell[cell.index(output) : cell.index(output) + 1] = [begin, output, end]


def mark_start(app, doctree: nodes.document, page: str) -> None:
    """Mark the landing page."""
    if page == app.config.root_doc:
        next(doctree.findall(nodes.section))["classes"].append("course-start")


def mark_blocks(app, doctree: nodes.document, page: str) -> None:
    """Mark everything, when the titles are already in the table of contents as they were."""
    marks = [mark_questions, box_goals, mark_sections, set_numbers_apart, fold_setup, fold_reveals]
    for mark in marks:
        mark(doctree)
    mark_start(app, doctree, page)


def setup(app) -> None:
    app.connect("doctree-resolved", mark_blocks)
