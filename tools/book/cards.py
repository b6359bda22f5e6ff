"""The cards of the chapters on the landing page: one for each row of the table in intro.md.

The source stays a table, which reads well where Markdown is shown as it is. A card has
the picture of its chapter, and links to the pages below it in `_toc.yml`, so that a new
part of the exercise has its link as soon as it has a page.

The pictures are SVG in the page, not files: their colors are the site's variables, so each
is right in light and dark. Teal is what goes into a layer, violet what is chosen or
learned, amber what comes out, as in the explorers.
"""

from __future__ import annotations

from collections.abc import Iterator

from docutils import nodes
from sphinx import addnodes

MAP = "chapter-map"
FIELDS = ("title", "text", "time")
SVG = (
    '<svg class="course-picture" viewBox="0 0 240 120" role="img" aria-label="{text}" '
    'focusable="false">{content}</svg>'
)
SHIRT = """
..##.##..
.#######.
#########
#########
#.#####.#
..#####..
..#####..
..#####..
..#####..
"""
TROUSERS = """
..#####..
..#####..
..#####..
..##.##..
..##.##..
..##.##..
..##.##..
..##.##..
..##.##..
"""
BAG = """
.........
...###...
..#...#..
.#######.
#########
#########
#########
#########
.........
"""
BOOT = """
.........
..####...
..####...
..####...
..#####..
..######.
..#######
..#######
..##..###
"""
TWO = """
..####..
.##..##.
.....##.
....##..
...##...
..##....
.##.....
.######.
"""
SEVEN = """
.######.
.##..##.
.....##.
....##..
....##..
...##...
...##...
...##...
"""
NINE = """
..####..
.##..##.
.##..##.
..#####.
.....##.
.....##.
....##..
.###....
"""


# --- the cards ---------------------------------------------------------------------------


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


# --- their pictures ----------------------------------------------------------------------


def square(x: float, y: float, side: float) -> str:
    """Return the part of a path that goes around a square."""
    return f"M{x:g} {y:g}h{side:g}v{side:g}h{-side:g}z"


def cells(drawing: str, x: float, y: float, side: float, styles: dict[str, str]) -> str:
    """Draw a grid of characters at (x, y): one path for each style, for instance {"#": "in"}."""
    places: dict[str, str] = {}
    for row, line in enumerate(drawing.split()):
        for column, mark in enumerate(line):
            if mark in styles:
                part = square(x + side * column, y + side * row, side - 1)
                places[styles[mark]] = places.get(styles[mark], "") + part
    return "".join(f'<path class="{style}" d="{path}"/>' for style, path in places.items())


def frame(x: float, y: float, side: float, style: str) -> str:
    """Draw the outline of a square, half a unit outside of its cells."""
    return f'<path class="frame {style}" d="{square(x - 0.5, y - 0.5, side)}"/>'


def line(path: str, style: str = "line") -> str:
    return f'<path class="frame {style}" d="{path}"/>'


def same_window_everywhere() -> Iterator[str]:
    yield cells(SHIRT, 66, 6, 12, {"#": "in", ".": "in faint"})
    for x, y in ((66, 30), (102, 66), (138, 6)):
        yield frame(x, y, 36, "choice")


def convolution() -> Iterator[str]:
    yield cells("22100 22100 22100 22100 22100", 8, 20, 16, dict(zip("210", SHADES, strict=True)))
    yield frame(24, 36, 48, "choice")
    yield line("M99 56l8 8m0-8l-8 8") + line("M177 57h9m-9 6h9")
    yield cells("b.r B.R b.r", 118, 36, 16, SIGNED) + frame(118, 36, 48, "choice")
    yield cells("hf. hf. hf.", 196, 42, 12, {"h": "out", "f": "out half", ".": "out faint"})


def pooling() -> Iterator[str]:
    yield cells("0200 0012 1000 0020", 22, 16, 22, dict(zip("210", SHADES, strict=True)))
    for x in (22, 66):
        for y in (16, 60):
            yield frame(x, y, 44, "choice")
    yield line("M124 60h22m-7-6l7 6l-7 6")
    yield cells("hh fh", 162, 30, 30, {"h": "out", "f": "out half"})


def smaller_and_deeper() -> Iterator[str]:
    stages = [(8, 70, 2, "in"), (88, 46, 5, "choice"), (146, 28, 7, "choice"), (192, 15, 8, "out")]
    for x, side, count, style in stages:
        for step in range(count):
            offset = 3.5 * (count - 1 - step)
            place = square(x + offset, 60 - side / 2 - offset / 2 + count, side)
            yield f'<path class="sheet {style}" d="{place}"/>'


def falling_loss() -> Iterator[str]:
    yield line("M24 12v92h196")
    yield line("M30 20c10 50 26 64 60 70s80 8 126 9", "out")
    yield line("M30 20c10 46 26 58 56 60s80-4 130-22")
    for number, shades in enumerate(("hf f", "hhff", " h1h")):
        place = {"h": "in half", "f": "in faint", "1": "in"}
        yield cells(f"{shades[:2]} {shades[2:]}", 104 + 38 * number, 18, 12, place)


def garments() -> Iterator[str]:
    for number, garment in enumerate((SHIRT, TROUSERS, BAG, BOOT)):
        yield cells(garment, 14 + 57 * number, 12, 5, {"#": "in"})
    for number, height in enumerate((3, 2, 5, 2, 3, 30, 4, 2, 9, 3)):
        style = "out" if height == 30 else "out half"
        yield f'<path class="{style}" d="M{45 + 15 * number} 106v{-height}h11v{height}z"/>'
    yield line("M40 108h160")


def rising_steps() -> Iterator[str]:
    yield line("M24 12v92h196")
    heights = (22, 40, 44, 58, 54, 74)
    for number, height in enumerate(heights):
        style = "out" if height == max(heights) else "out half"
        yield f'<path class="{style}" d="M{38 + 30 * number} 103v{-height}h20v{height}z"/>'
        for spread in (-5, 1, 4):
            x, y = 43 + 30 * number + 5 * (spread > 0) + spread % 4, 96 - height + spread
            yield f'<circle class="choice" cx="{x}" cy="{y}" r="2.5"/>'


def digits() -> Iterator[str]:
    for number, digit in enumerate((TWO, SEVEN, NINE)):
        yield cells(digit, 26 + 70 * number, 12, 6, {"#": "in", ".": "in faint"})
    yield line("M22 106h196") + line("M22 102c16-22 30-24 58-26s80-3 138-4", "out")


def questions() -> Iterator[str]:
    for number in range(12):
        x, y = 48 + 48 * (number % 4), 24 + 36 * (number // 4)
        if number in {5, 10, 11}:
            yield f'<circle class="frame choice" cx="{x}" cy="{y}" r="12"/>'
        else:
            yield f'<circle class="choice" cx="{x}" cy="{y}" r="12.5"/>'
            yield line(f"M{x - 5} {y}l4 4l7-8", "paper")


SHADES = ("in", "in half", "in faint")
SIGNED = {"B": "negative", "b": "negative half", ".": "zero", "r": "positive half", "R": "positive"}
PICTURES = {
    "01_introduction": (same_window_everywhere, "The same small window at three places of a shirt"),
    "02_convolutional_layer": (convolution, "A window times a kernel gives a feature map"),
    "03_pooling_layer": (pooling, "Of four values in each window, the largest stays"),
    "04_cnn_architectures": (smaller_and_deeper, "Stacks of maps, ever smaller and deeper"),
    "training": (falling_loss, "Two curves that fall, one of which rises again"),
    "05_fashion_mnist": (garments, "Four garments, and a bar for each of ten classes"),
    "better": (
        rising_steps,
        "Six bars from left to right, most of them higher than the one before",
    ),
    "06_exercise": (digits, "Three handwritten digits over a rising curve"),
    "07_summary": (questions, "Twelve questions, nine of them ticked off"),
}


def picture(page: str) -> str:
    """Return the picture of a page, for example "chapters/03_pooling_layer"; "" if it has none."""
    draw, text = PICTURES.get(page.rpartition("/")[2], (None, ""))
    return SVG.format(text=text, content="".join(draw())) if draw else ""


def setup(app) -> None:
    app.connect("doctree-read", place_cards)
