"""No file of a site is left over from an earlier build: pages, sources, pictures, widgets.

Sphinx writes what is new and keeps the rest, so that a page which left the contents would
stay on the site and in its archive, and so would each picture that a notebook once showed.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote

from .widgets.files import FOLDER

OF_NO_SOURCE = {"index.html", "404.html", "search.html", "genindex.html"}
# What lies in these folders is named by a page that has it.
NAMED_BY_PAGES = ["_images", "_downloads", f"_static/{FOLDER}"]


def pages_to_keep(app) -> set[Path]:
    """Return the files of all pages that the site has now."""
    folder = Path(app.outdir)
    pages = {Path(app.builder.get_outfilename(page)) for page in app.env.found_docs}
    return pages | {folder / name for name in OF_NO_SOURCE}


def sources_to_keep(app) -> set[Path]:
    """Return the files of all pages' sources, whether the site has them or not."""
    names = (app.env.doc2path(page, base=False) for page in app.env.found_docs)
    return {Path(app.outdir, "_sources", name) for name in names}


def named(pages: Iterable[Path], folder: str) -> set[str]:
    """Return the names, from that folder on, of what these pages have from it."""
    place = re.compile(rf"""(?<![\w-]){folder}/([^"'?#<>\\]+)""")
    texts = (page.read_text("utf-8") for page in pages)
    return {unquote(html.unescape(name)) for text in texts for name in place.findall(text)}


def remove(app, exception) -> None:
    """Remove what no page of the site has to do with, before fonts and styles are cut."""
    if exception or app.builder.format != "html":
        return
    folder = Path(app.outdir)
    pages = pages_to_keep(app)
    for path in folder.rglob("*.html"):
        parts = path.relative_to(folder).parts
        if not parts[0].startswith("_") and path not in pages:
            path.unlink()
    sources = sources_to_keep(app)
    for path in (folder / "_sources").rglob("*"):
        if path.is_file() and path not in sources:
            path.unlink()
    for name in NAMED_BY_PAGES:
        kept = named(filter(Path.exists, pages), name)
        for path in (folder / name).rglob("*"):
            if path.is_file() and path.relative_to(folder / name).as_posix() not in kept:
                path.unlink()


def setup(app) -> None:
    app.connect("build-finished", remove, priority=100)
