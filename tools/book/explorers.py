"""Widgets on the site, where no kernel runs.

An explorer (utils/explorers) and any other anywidget runs in the page itself: the page
gets a place for it, its stored state, and, if it needs them, a few classic scripts,
which work from a folder too. What needs Python (ipywidgets' own sliders, `interact`)
is written into the page as it was stored, its values and its picture, with a line that
says where it runs. All this is HTML before a script starts, so it can be searched and
printed. A page without widgets gets none of it.

In a Markdown page, a directive makes an explorer while the site is built:

    ```{explorer} FilterExplorer
    :kernel: sobel x
    :stride: 2
    ```

Options are the arguments of the class, as JSON or plain text; a body, if there is one,
is a JSON object of further arguments. A wrong name or argument stops the build.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterator
from functools import cache
from itertools import groupby
from pathlib import Path

import minify_html
from docutils import nodes
from myst_nb.sphinx_ import NbMetadataCollector
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from tools.address import colab_of
from tools.notebooks import widgets
from utils.explorers import modules

LOGGER = logging.getLogger(__name__)
MOUNT = Path(__file__).resolve().parent / "static_mount"
FOLDER = "explorers"  # of the site's _static

BOXES = {
    "VBoxModel": "widget-column",
    "BoxModel": "widget-row",
    "HBoxModel": "widget-row",
    "GridBoxModel": "widget-row",
}
MARKUP = {"HTMLModel", "HTMLMathModel"}
TEXTS = MARKUP | {"LabelModel"}
PICTURES = ("image/svg+xml", "image/png", "image/jpeg")
NEVER_NEEDED = re.compile(r"layout|style|tooltip|tabbable|_dom_classes|_(model|view)_.*")

LIVE = (
    '<div class="live-widget" data-model="{id}"{place}><noscript><p class="live-widget-noscript">'
    "What belongs here needs JavaScript, which is off in this browser.</p></noscript></div>"
)
NOTE = '<p class="stored-widget-note">{text}</p>'
IN_COLAB = '<a href="{address}">Runs live in Colab</a>'
IN_PYTHON = "Needs Python: run this notebook in Jupyter or Colab."
STATE = '<script type="{type}"{colab}>{state}</script>'
VIEW = re.compile(rf'<script type="{re.escape(widgets.VIEW)}">(.*?)</script>', re.DOTALL)


class Problem(Exception):
    """A widget cannot be shown; the message says why."""


# --- one widget as HTML ----------------------------------------------------------------


def find(model_id: str, models: dict) -> dict:
    try:
        return models[model_id.removeprefix(widgets.REFERENCE)]
    except KeyError:
        raise Problem("a widget is shown whose state is not stored") from None


def is_live(model: dict) -> bool:
    """Whether the page itself can run this model."""
    return widgets.is_ours(model) or "_esm" in model["state"]


def needs_python(model_id: str, models: dict) -> bool:
    """Whether the widget, or one within it, runs with a kernel only."""
    model = find(model_id, models)
    if model["model_name"] in BOXES:
        return any(needs_python(child, models) for child in model["state"]["children"])
    return not is_live(model) and model["model_name"] not in TEXTS


def text_of(model: dict) -> str:
    """Return what a text widget says, without markup."""
    value = str(model["state"].get("value", ""))
    if model["model_name"] not in MARKUP:
        return value
    return html.unescape(re.sub(r"<[^>]*>", "", value))


def value_of(state: dict) -> str | None:
    """Return the value of a slider, a menu or the like as a reader would write it."""
    if "_options_labels" in state:
        index = state.get("index")
        chosen = index if isinstance(index, list) else [index]
        return ", ".join(state["_options_labels"][i] for i in chosen if i is not None)
    value = state.get("value")
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list | tuple) and len(value) == 2:  # a range
        return " to ".join(str(end) for end in value)
    return str(value) if isinstance(value, int | str) else None


def stored_picture(data: dict, metadata: dict, mime: str) -> str:
    """Return the stored picture as an image element; raise Problem without a description."""
    alt = (metadata.get(mime, {}).get("alt") or "").strip()
    if not alt:
        raise Problem(
            f"the stored picture of a widget has no text description: its metadata[{mime!r}] "
            "has no 'alt'"
        )
    content = "".join(data[mime])
    if mime == "image/svg+xml":
        content = base64.b64encode(content.encode()).decode()
    width = metadata.get(mime, {}).get("width")
    size = f' width="{int(width)}"' if width else ""
    source = f"data:{mime};base64,{''.join(content.split())}"
    return f'<img alt="{html.escape(alt)}"{size} src="{html.escape(source)}">'


def stored_output(output: dict, models: dict) -> str:
    """Return one output that an Output widget, such as that of `interact`, has stored."""
    data = output.get("data", {})
    if widgets.VIEW in data:
        return as_html(data[widgets.VIEW]["model_id"], models)
    for mime in PICTURES:
        if mime in data:
            return stored_picture(data, output.get("metadata", {}), mime)
    if "text/html" in data:
        return "".join(data["text/html"])
    text = "".join(data.get("text/plain", output.get("text", "")))
    return f"<pre>{html.escape(text)}</pre>" if text.strip() else ""


def place_of(state: dict) -> str:
    """Return the attributes by which anywidget-static.css keeps an explorer's place free."""
    if "_module" not in state:
        return ""
    place = f' data-module="{html.escape(state["_module"])}"'
    if questions := state.get("questions"):
        answers = sum(len(question.get("options", [])) for question in questions)
        place += f' style="--questions: {len(questions)}; --answers: {answers}"'
    return place


def as_html(model_id: str, models: dict) -> str:
    """Return a widget as HTML: a place for what is live, the stored values of the rest."""
    model_id = model_id.removeprefix(widgets.REFERENCE)
    model = find(model_id, models)
    name, state = model["model_name"], model["state"]
    if is_live(model):
        return LIVE.format(id=html.escape(model_id), place=place_of(state))
    if name in BOXES:
        children = [as_html(child, models) for child in state["children"]]
        return f'<div class="{BOXES[name]}">{in_lists(children)}</div>'
    if name in TEXTS:
        return f'<div data-text-of="{html.escape(model_id)}">{html.escape(text_of(model))}</div>'
    if name == "OutputModel":
        shown = (stored_output(output, models) for output in state.get("outputs", []))
        return f'<div class="stored-widget-output">{in_lists(list(shown))}</div>'
    value = value_of(state)
    if value is None:
        return ""
    label = html.escape(state.get("description", "").strip().removesuffix(":"))
    return f"<li>{label and label + ': '}<span>{html.escape(value)}</span></li>"


def in_lists(parts: list[str]) -> str:
    """Join pieces of HTML, each run of list items as a list.

    Line breaks keep the words apart for Sphinx's search, which only takes the tags out.
    """
    runs = groupby(filter(None, parts), key=lambda part: part.startswith("<li>"))
    return "\n".join(
        f'<ul class="stored-widget-values">\n{text}\n</ul>' if is_item else text
        for is_item, text in ((is_item, "\n".join(run)) for is_item, run in runs)
    )


def widget(model_id: str, models: dict, colab: str | None) -> str:
    """Return a shown widget as HTML, with a line of where it runs if it needs Python."""
    markup = in_lists([as_html(model_id, models)])
    if not needs_python(model_id, models):
        return markup
    link = colab and IN_COLAB.format(address=html.escape(colab))
    return markup + "\n" + NOTE.format(text=link or IN_PYTHON)


# --- the state that a page carries ------------------------------------------------------


def slim(model: dict) -> dict:
    """Return a stored model with what a page needs of it."""
    state = {k: v for k, v in model["state"].items() if not NEVER_NEEDED.fullmatch(k)}
    kept = {"model_name": model["model_name"], "state": state}
    if buffers := model.get("buffers"):
        kept["buffers"] = [{"path": b["path"], "data": b["data"]} for b in buffers]
    return widgets.without_derived_state(kept)


def page_state(shown: list[str], models: dict) -> dict:
    """Return the live models among the shown ones, and what they refer to or are linked with."""
    slimmed = {model_id: slim(model) for model_id, model in models.items()}
    live = [i for i in widgets.in_use(shown, slimmed) if is_live(slimmed[i])]
    return {model_id: slimmed[model_id] for model_id in widgets.in_use(live, slimmed)}


def needed_modules(models: dict) -> list[str]:
    """Return the names of our modules that these models need; raise Problem for a missing one."""
    needed = {}  # a dict keeps the order and forgets repetitions
    for model in filter(widgets.is_ours, models.values()):
        try:
            needed |= dict.fromkeys(modules.with_dependencies(model["state"]["_module"]))
        except ValueError as error:
            raise Problem(str(error)) from None
    return list(needed)


def as_script(models: dict, colab: str | None) -> str:
    """Return the state as a script element of data, which no content of it can end early."""
    state = {"state": models, "version_major": 2, "version_minor": 0}
    text = json.dumps(state, sort_keys=True, separators=(",", ":")).replace("<", "\\u003c")
    address = f' data-colab="{html.escape(colab)}"' if colab else ""
    return STATE.format(type=widgets.STATE, colab=address, state=text)


# --- while Sphinx reads and writes a page -----------------------------------------------


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
        state = page_state(shown, models)
        script = as_script(state, colab) if state else ""
        end = nodes.raw("", script, format="html")
        end["widget_modules"] = needed_modules(state)
        doctree.append(end)


@cache
def minified(content: str, tag: str) -> str:
    """Return a script or style sheet without white space: 0.87 of its size, gzip."""
    whole = minify_html.minify(f"<{tag}>{content}</{tag}>", minify_js=True, minify_css=True)
    return whole.removeprefix(f"<{tag}>").removesuffix(f"</{tag}>")


def add_file(app, name: str, content: str) -> None:
    """Write a script or style sheet of the site, unless it is there, and let this page load it.

    Sphinx puts a checksum behind the address, so that a browser notices a change.
    """
    content = minified(content, "style" if name.endswith(".css") else "script")
    file = Path(app.outdir) / "_static" / FOLDER / name
    if not file.exists() or file.read_text("utf-8") != content:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, "utf-8", newline="\n")
    if name.endswith(".css"):
        app.add_css_file(f"{FOLDER}/{name}")
    else:
        app.add_js_file(f"{FOLDER}/{name}", loading_method="defer")


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
            add_file(app, "-".join(["widgets", *names]) + ".js", running(names))


# --- the directive ----------------------------------------------------------------------


class AnyOption(dict):
    """The options of a directive that takes every name, and leaves the values as text."""

    def __bool__(self) -> bool:
        return True

    def __getitem__(self, name: str):
        return lambda value: value


def argument(text: str | None):
    """Return an option's value: JSON if it is that, else the text itself; without one, True."""
    try:
        return True if text is None else json.loads(text)
    except json.JSONDecodeError:
        return text


def explorer_class(name: str) -> type:
    """Return a class of utils.explorers; raise Problem for another name."""
    from utils import explorers

    found = getattr(explorers, name, None)
    if not (isinstance(found, type) and hasattr(found, "_module")):
        known = sorted(n for n in dir(explorers) if hasattr(getattr(explorers, n), "_module"))
        raise Problem(f"utils.explorers has no {name}; it has {', '.join(known) or 'none'}")
    return found


def made(name: str, arguments: dict, prefix: str) -> dict:
    """Return the state of a new explorer, which stands first, and of what it refers to.

    The ids are `prefix` and numbers. Raises Problem for what the class refuses.
    """
    from ipywidgets.embed import dependency_state

    try:
        explorer = explorer_class(name)(**arguments)
    except (TypeError, ValueError, LookupError) as error:
        raise Problem(f"{name}: {error}") from error
    except Exception as error:  # traitlets has its own, which is no ValueError
        if type(error).__name__ != "TraitError":
            raise
        raise Problem(f"{name}: {error}") from error
    models = dependency_state([explorer], drop_defaults=False)
    names = {old: f"{prefix}-{i}" for i, old in enumerate(models, start=1)}
    return widgets.renamed(models, names)


class ExplorerDirective(SphinxDirective):
    """Makes an explorer, and shows it as a notebook's output would be."""

    required_arguments = 1
    has_content = True
    option_spec = AnyOption()

    def run(self) -> list[nodes.Node]:
        arguments = {name.replace("-", "_"): argument(v) for name, v in self.options.items()}
        prefix = f"explorer-{self.env.new_serialno('explorer') + 1}"
        try:
            body = json.loads("\n".join(self.content) or "{}")
            models = made(self.arguments[0], arguments | dict(body), prefix)
        except (Problem, ValueError, TypeError) as problem:
            raise self.error(f"{self.env.docname}: {problem}") from problem
        self.env.temp_data.setdefault("explorers", {}).update(models)
        view = json.dumps({"model_id": next(iter(models))})
        text = f'<script type="{widgets.VIEW}">{view}</script>'
        return [nodes.raw("", text, format="html")]


def setup(app) -> None:
    app.add_directive("explorer", ExplorerDirective)
    app.connect("doctree-read", place_widgets)
    app.connect("html-page-context", add_files)
