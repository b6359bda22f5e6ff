"""What is our own about the site: a Sphinx extension that keeps it self-contained.

Jupyter Book's stock set-up loads MathJax, widget scripts and 1.5 MB of icons, in
part from other hosts. Here formulas become MathML while the book is built, and
fonts are subset to the characters in use:

- `maths` writes formulas as MathML;
- `fonts` subsets the fonts of formulas, headings and icons;
- `figures` gives stored figures their text descriptions;
- `widgets` lets widgets run in the page, without a kernel;
- `video` keeps a video's host unasked until the reader plays it;
- `buttons` fills the bar above a page: Colab, download, repository;
- `contents` shows the table of contents unfolded;
- `spaces` keeps “3 × 3” on one line;
- `blocks` gives recurring blocks a class of their own, for the style sheet;
- `cards` makes the cards of the chapters on the landing page;
- `head` gives each page its icon, its description and its social card (`drawings`);
- `site_root` writes what a published site needs: sitemap.xml, robots.txt, 404.html;
- `status` lists the last full runs of the notebooks;
- `images` gives pictures their sizes, and loads them lazily;
- `security` lets a page run and load nothing but what the site brings;
- `storage` guards every access of scripts to local and session storage;
- `search` mends Sphinx's script for the search page, and `excerpts` has the texts for it;
- `answers` lists the questions of all notebooks with their answers, for lecturers;
- `slides` marks the cells for slides, and prints the decks;
- `teach` brings what lecturers need, when it is asked for: links to a view, present mode;
- `bundle` joins style sheets and scripts, and `purge` leaves out rules that no page uses;
- `weight` tells what a page weighs.

In `static/`, `course.js` is for every page, `dialogs.js` for what lies over one,
`progress.js` keeps where a reader is, `predictions.js` shows a prediction at the output that
answers it, and `print.js` readies a page for paper.

`python -m tools.book` builds the site, and `pdf` prints it as one document.
"""

from __future__ import annotations

import os
from pathlib import Path

HERE = Path(__file__).resolve().parent


def add_our_files(app, config) -> None:
    """Put our templates before the theme's, and our static files beside its own.

    Told from the book's folder: Sphinx notes them in the site, which must not depend on
    where it was built.
    """
    here = os.path.relpath(HERE, app.confdir)
    config.templates_path = [f"{here}/templates", *config.templates_path]
    config.html_static_path = [*config.html_static_path, f"{here}/static"]


def setup(app) -> dict:
    """Register everything with Sphinx."""
    from . import (
        answers,
        blocks,
        bundle,
        buttons,
        cards,
        contents,
        excerpts,
        figures,
        fonts,
        head,
        images,
        maths,
        search,
        security,
        site_root,
        slides,
        spaces,
        status,
        teach,
        video,
        widgets,
    )

    # Jupyter Book always sets this value of an extension that we leave out.
    app.add_config_value("comments_config", {}, "html")
    app.connect("config-inited", add_our_files)
    app.add_css_file("course.css", priority=900)
    app.add_css_file("print.css", priority=901)
    app.add_js_file("course.js", loading_method="defer")
    app.add_js_file("progress.js", loading_method="defer")
    app.add_js_file("predictions.js", loading_method="defer")
    app.add_js_file("print.js", loading_method="defer")
    parts = (maths, fonts, figures, widgets, video, buttons, contents, blocks, cards, spaces)
    late = (head, site_root, status, images, search, excerpts, security)
    for part in (*parts, *late, answers, slides, teach, bundle):
        part.setup(app)
    return {
        "version": "1",
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
