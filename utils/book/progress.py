"""Where a reader is in the course: marks in the contents, and where to go on.

What was read is kept by the reader's own browser and sent nowhere; static/progress.js does
that. Here the landing page gets the line that tells where to go on, above the map of the
chapters. It leads to the first chapter until there is more to tell, and keeps the room for
that, so that nothing moves.
"""

from __future__ import annotations

import html

MAP = '<div class="chapter-map'
LINE = '<p class="course-progress">Begin with <a href="{address}">{title}</a>.</p>\n'


def first_page(app) -> str:
    """Return the page that comes first after the landing page."""
    return app.env.toctree_includes[app.config.root_doc][0]


def add_line(app, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Put the line above the map of the chapters, where a page has one."""
    if MAP not in context.get("body", ""):
        return
    page = first_page(app)
    title = html.escape(app.env.titles[page].astext())
    line = LINE.format(address=html.escape(context["pathto"](page)), title=title)
    context["body"] = context["body"].replace(MAP, line + MAP, 1)


def setup(app) -> None:
    app.add_js_file("progress.js", loading_method="defer")
    app.connect("html-page-context", add_line)
