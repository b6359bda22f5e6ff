"""A widget as static HTML: a place for one that runs in the page, stored values of the rest."""

from __future__ import annotations

import base64
import html
import re
from itertools import groupby

from tools.notebooks import widgets

BOXES = {
    "VBoxModel": "widget-column",
    "BoxModel": "widget-row",
    "HBoxModel": "widget-row",
    "GridBoxModel": "widget-row",
}
MARKUP = {"HTMLModel", "HTMLMathModel"}
TEXTS = MARKUP | {"LabelModel"}
PICTURES = ("image/svg+xml", "image/png", "image/jpeg")

LIVE = (
    '<div class="live-widget" data-model="{id}"{place}><noscript><p class="live-widget-noscript">'
    "What belongs here needs JavaScript, which is off in this browser.</p></noscript></div>"
)
NOTE = '<p class="stored-widget-note">{text}</p>'
IN_COLAB = '<a href="{address}">Runs live in Colab</a>'
IN_PYTHON = "Needs Python: run this notebook in Jupyter or Colab."


class Problem(Exception):
    """A widget cannot be shown; the message says why."""


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
