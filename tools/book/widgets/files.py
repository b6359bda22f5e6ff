"""The scripts and style sheets of widgets, and which page loads which."""

from __future__ import annotations

from pathlib import Path

from docutils import nodes

from tools.book.minify import minified
from utils.explorers import modules

from . import requested

MOUNT = Path(__file__).resolve().parent / "mount"
FOLDER = "explorers"  # of the site's _static


def add_file(app, name: str, content: str) -> None:
    """Write a script or style sheet of the site once, and let this page load it.

    Sphinx puts a checksum behind the address, so that a browser notices a change.
    """
    content = minified(content, "style" if name.endswith(".css") else "script")
    file = Path(app.outdir) / "_static" / FOLDER / name
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, "utf-8", newline="\n")
    if name.endswith(".css"):
        app.add_css_file(f"{FOLDER}/{name}")
    else:
        app.add_js_file(f"{FOLDER}/{name}", loading_method="defer")


def entries(names: list[str]) -> list[str]:
    """Return the modules among these that none of the others needs: they name the rest."""
    needed = {each for name in names for each in modules.with_dependencies(name)[:-1]}
    return [name for name in names if name not in needed]


def running(names: list[str]) -> str:
    """Return the script that runs a page's widgets: these modules, and what mounts them."""
    mount = (MOUNT / "anywidget-static.js").read_text("utf-8")
    return modules.classic(*names) + modules.COMMENT.sub("", mount)


def add_files(app, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Let a page with widgets load what these need, and no more."""
    for end in doctree.findall(nodes.raw) if doctree else []:
        if "widget_modules" not in end:
            continue
        add_file(app, "anywidget-static.css", (MOUNT / "anywidget-static.css").read_text("utf-8"))
        if end["widget_modules"]:
            add_file(app, modules.STYLE_SHEET, modules.style_sheet())
        if end.astext():
            # One file a page: together they compress to 0.88 of what they are apart.
            names = end["widget_modules"]
            add_file(app, "-".join(["widgets", *entries(names)]) + ".js", running(names))
        for name in end["widget_files"]:
            requested.write(Path(app.outdir) / "_static", name)
