"""The table of contents beside every page, with all pages in sight.

The theme folds the pages below a chapter away, behind an arrow that has no name for a
screen reader. There are few of them, and a reader should see what the chapter holds. It
calls the landing page by the title of the course, which stands above the contents already,
and names the list of a page's sections "Contents" too, unlike the button that shows it.

Only files that _toc.yml names become pages. sphinx-external-toc can see to that as well, but
not where the path of the book holds a bracket, an asterisk or a question mark.
"""

from __future__ import annotations

from glob import escape

START = "Overview"
SECTIONS = "On this page"


def read_pages_of_the_contents(app, config) -> None:
    """Let Sphinx read the files that the table of contents names, and no others."""
    names = [escape(name) for name in config.external_site_map]
    config.include_patterns = [*names, *(f"{name}.*" for name in names)]


def unfold(app, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Let the theme's function that makes the contents leave out what opens and closes them."""
    generate = context["generate_toctree_html"]

    def unfolded(*args, **kwargs):
        contents = generate(*args, **kwargs)
        for fold in contents.select("details"):
            fold.parent["class"].remove("has-children")  # which leaves room for the arrow
            fold.summary.decompose()
            fold.unwrap()
        return contents

    context["generate_toctree_html"] = unfolded
    context["root_title"] = START
    context["theme_toc_title"] = SECTIONS


def setup(app) -> None:
    # After sphinx-external-toc has read _toc.yml.
    app.connect("config-inited", read_pages_of_the_contents, priority=950)
    app.connect("html-page-context", unfold, priority=950)  # after the themes have theirs
