"""The map of the chapters on the landing page: a card for each row of the table in intro.md.

The source stays a table, which reads well where Markdown is shown as it is. A card has
the picture of its chapter, and links to the pages below it in `_toc.yml`, so that a new
part of the exercise has its link as soon as it has a page.
"""

from __future__ import annotations

from docutils import nodes
from sphinx import addnodes

from .card_pictures import picture

MAP = "chapter-map"
FIELDS = ("title", "text", "time")


def html(text: str) -> nodes.raw:
    return nodes.raw("", text, format="html")


def page_of(row: nodes.row) -> str:
    """Return the name of the page that a row links to first, as Sphinx names it."""
    link = next(row.findall(addnodes.pending_xref))
    return link["reftarget"].removeprefix("/").rpartition(".")[0] or link["reftarget"]


def parts_of(app, page: str) -> list[nodes.Node]:
    """Return links to the pages below a page in the table of contents, as a list."""
    contents = app.env.external_site_map
    if page not in contents:
        return []
    items = []
    for name in contents[page].child_files():
        title = contents[name].title if name in contents else None
        link = addnodes.pending_xref(
            "", refdomain="std", reftype="doc", reftarget=f"/{name}", refdoc=app.env.docname,
            refexplicit=bool(title), refwarn=True,
        )  # fmt: skip
        link += nodes.inline("", title or "")
        items.append(nodes.list_item("", nodes.paragraph("", "", link)))
    return [nodes.bullet_list("", *items, classes=["course-card-parts"])] if items else []


def card(app, row: nodes.row) -> list[nodes.Node]:
    """Return a row as a card: the picture, the title, what one does, the parts, the time."""
    page = page_of(row)
    inside = []
    for field, entry in zip(FIELDS, row.findall(nodes.entry), strict=True):
        if field == "time":
            inside += parts_of(app, page)
        for paragraph in entry.findall(nodes.paragraph):
            if field == "title":  # a heading, by which readers of a screen find the card
                title = nodes.inline("", "", *paragraph.children)
                inside += [html('<h3 class="course-card-title">'), title, html("</h3>")]
            else:
                inside.append(paragraph)
                paragraph["classes"].append(f"course-card-{field}")
    return [html(f'<li class="course-card">{picture(page)}'), *inside, html("</li>")]


def place_cards(app, doctree: nodes.document) -> None:
    """Replace the table within each container `chapter-map` by an ordered list of cards."""
    for box in list(doctree.findall(nodes.container)):
        if MAP not in box["classes"]:
            continue
        rows = [row for body in box.findall(nodes.tbody) for row in body.findall(nodes.row)]
        cards = [node for row in rows for node in card(app, row)]
        box.children = []
        box += [html('<ol class="course-cards" role="list">'), *cards, html("</ol>")]


def setup(app) -> None:
    app.connect("doctree-read", place_cards)
