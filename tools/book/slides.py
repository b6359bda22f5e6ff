"""Which cells of a notebook go on a slide, and the decks on paper: `make slides`.

A slide shows what there is to see: figures, formulas, code, questions, explorers
(tools/book/teach/steps.js). A cell of the notebook may say otherwise: the tag `slide` puts
its text on a slide too (with the question that follows, or the formula beside it), `no-slide`
leaves the cell out, `no-step` leaves it out of the steps of a page as well (it needs Python, or
speaks to a single reader), `no-slide-output` leaves out what it shows (a log), and the metadata
`notes` is what the speaker reads there. So there is no second copy of a text.

`python -m tools.book.slides` prints the decks of a built site, a page for each slide.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from docutils import nodes

from tools.browser import HOW_TO_GET_ONE, get_browser

from .figures import find

ROOT = Path(__file__).resolve().parents[2]
DECKS = "chapters/*.html"
SCREEN = {"width": 1280, "height": 720}
CHOICES = {"slide": "show", "no-slide": "skip", "no-step": "never"}
NO_OUTPUT = "no-slide-output"
LINES = 10_000  # MyST-NB counts a cell's lines from its number times this
READY = "() => document.documentElement.dataset.ready !== undefined"


class Problem(Exception):
    """The decks cannot be printed; the message says why."""


def cell_of(node: nodes.Element) -> int:
    """Return the index of the cell that a node of a notebook stands in, or −1."""
    line = next((each.line for each in node.findall(nodes.Element) if each.line), 0)
    return line // LINES - 1


def wrapped(blocks: list[nodes.Element], choice: str) -> None:
    """Put neighbors into an element that tells present mode of the cell's choice.

    A cell's blocks go together: a fold begins in one of them and ends in another.
    """
    begin = nodes.raw("", f'<div class="course-slide" data-slide="{choice}">', format="html")
    parent, place = blocks[0].parent, blocks[0].parent.index(blocks[0])
    parent.insert(place, begin)
    parent.insert(parent.index(blocks[-1]) + 1, nodes.raw("", "</div>", format="html"))


def mark_cells(app, doctree: nodes.document) -> None:
    """Mark the blocks of cells that have a tag, and put a cell's notes behind its first block."""
    file = Path(app.env.doc2path(app.env.docname))
    if file.suffix != ".ipynb":
        return
    cells = [cell["metadata"] for cell in json.loads(file.read_text("utf-8"))["cells"]]
    noted, chosen = set(), {}
    blocks = [each for section in doctree.findall(nodes.section) for each in section.children]
    for block in blocks:
        if isinstance(block, (nodes.section, nodes.title)):
            continue
        cell = cell_of(block)
        if not 0 <= cell < len(cells):
            continue
        if (notes := cells[cell].get("notes")) and cell not in noted:
            noted.add(cell)
            aside = nodes.container("", nodes.paragraph("", notes), classes=["course-notes"])
            block.parent.insert(block.parent.index(block) + 1, aside)
        for tag in cells[cell].get("tags", []):
            if tag in CHOICES:
                key = cell, id(block.parent), CHOICES[tag]
                chosen.setdefault(key, []).append(block)
            elif tag == NO_OUTPUT:
                for output in [*find(block, "cell_code_output")]:
                    wrapped([output], CHOICES["no-step"])
    for (_, _, choice), members in chosen.items():
        wrapped(members, choice)


def print_deck(page, address: str, target: Path) -> int:
    """Print one deck, a page for each slide; return their number."""
    page.goto("about:blank")
    page.goto(f"{address}#slides&v=1")
    page.wait_for_function(READY, timeout=60_000)
    count = page.evaluate("() => cnnCourseTeach.present.progress().of")
    for step in range(count):  # so that each explorer has drawn itself at its size
        page.evaluate("(step) => cnnCourseTeach.present.show(step)", step)
        page.wait_for_timeout(30)
    target.parent.mkdir(parents=True, exist_ok=True)
    page.pdf(path=target, prefer_css_page_size=True, print_background=True)
    return count


def write(site: Path, target: Path, say=print) -> None:
    """Print the decks of the site in `site` into the folder `target`."""
    from playwright.sync_api import sync_playwright

    decks = [page for page in sorted(site.glob(DECKS)) if "live-widget" in page.read_text("utf-8")]
    if not decks:
        raise Problem(f"There is no site in {site}: run make book first.")
    with sync_playwright() as playwright:
        path = get_browser(playwright)
        if path is None:
            raise Problem(f"Slides are printed by a browser, and {HOW_TO_GET_ONE}")
        browser = playwright.chromium.launch(executable_path=path)
        page = browser.new_page(viewport=SCREEN)
        for deck in decks:
            file = target / f"{deck.stem}.pdf"
            say(f"{print_deck(page, deck.as_uri(), file)} slides: {file}")
        browser.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.book.slides", description=__doc__)
    parser.add_argument("--site", type=Path, default=ROOT / "_build" / "html")
    parser.add_argument("--output", type=Path, default=ROOT / "_build" / "slides")
    options = parser.parse_args()
    try:
        write(options.site.resolve(), options.output.resolve(), lambda t: print(t, flush=True))
    except Problem as problem:
        sys.exit(str(problem))


def setup(app) -> None:
    app.connect("doctree-read", mark_cells, priority=400)  # before widgets take their places


if __name__ == "__main__":
    main()
