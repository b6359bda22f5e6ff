"""Put the widgets of a notebook, or of the directive, into its page while Sphinx reads it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from docutils import nodes
from myst_nb.sphinx_ import NbMetadataCollector
from sphinx.util import logging

from tools.address import colab_of
from tools.notebooks import widgets

from . import requested
from .markup import Problem, widget
from .state import as_script, needed_modules, page_state

LOGGER = logging.getLogger(__name__)
VIEW = re.compile(rf'<script type="{re.escape(widgets.VIEW)}">(.*?)</script>', re.DOTALL)


def taken_state(env) -> dict:
    """Take over the stored models of the page that is read, from MyST-NB and the directive."""
    scripts = NbMetadataCollector.get_js_files(env, env.docname)
    _, stored = scripts.pop("ipywidgets_state", (None, {"body": '{"state": {}}'}))
    return json.loads(stored["body"])["state"] | env.temp_data.get("explorers", {})


def views(doctree: nodes.document) -> Iterator[tuple[nodes.raw, str]]:
    """Yield the places of the page that show a widget, each with the id of its model."""
    for node in list(doctree.findall(nodes.raw)):
        if match := VIEW.search(node.astext()):
            yield node, json.loads(match[1])["model_id"]


def place_widgets(app, doctree: nodes.document) -> None:
    """Put what a page shows of its widgets into it, and their state at its end."""
    env = app.env
    models = taken_state(env)
    colab = None
    if app.config.course_repository and env.doc2path(env.docname).endswith(".ipynb"):
        colab = colab_of(app.config.course_repository, f"{env.docname}.ipynb")
    shown = []
    for node, model_id in views(doctree):
        try:
            markup = widget(model_id, models, colab)
            needed_modules(page_state([model_id], models))
        except Problem as problem:
            LOGGER.warning("%s", problem, location=env.docname, type="course", subtype="explorers")
            continue
        node.replace_self(nodes.raw("", markup, format="html"))
        shown.append(model_id)
    if shown:
        state = requested.with_addresses(page_state(shown, models))
        script = as_script(state, colab) if state else ""
        end = nodes.raw("", script, format="html")
        end["widget_modules"] = needed_modules(state)
        end["widget_files"] = requested.needed(state)
        doctree.append(end)
