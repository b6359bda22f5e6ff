"""Widgets on the site, where no kernel runs.

An explorer (utils/explorers) runs in the page itself: the page gets a place for it, its
stored state, and a few classic scripts, which work from a folder too. Of what needs Python
(`interact`, with ipywidgets' own sliders) the page shows the stored picture, with a line
that says where it runs. A page without widgets gets none of it.

- `markup` writes a widget as HTML;
- `state` picks the stored state that a page carries;
- `pages` puts both into a page while Sphinx reads it;
- `files` writes the scripts and style sheets, which are in `mount/` and utils/explorers/js;
- `directive` makes an explorer in a Markdown page.
"""

from __future__ import annotations

from .directive import ExplorerDirective
from .files import add_files
from .pages import place_widgets


def setup(app) -> None:
    app.add_directive("explorer", ExplorerDirective)
    app.connect("doctree-read", place_widgets)
    app.connect("html-page-context", add_files)
