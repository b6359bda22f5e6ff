"""A widget as static HTML: a place for an explorer, stored pictures of what needs Python."""

from __future__ import annotations

import base64
import html

from tools.notebooks import widgets

PICTURES = ("image/svg+xml", "image/png", "image/jpeg")

# The sentence stays where scripts are off, missing or broken; the explorer replaces it.
LIVE = (
    '<div class="live-widget" data-model="{id}"{place}><p class="live-widget-waiting">'
    "This part of the page needs JavaScript. If it does not appear, reload the page.</p></div>"
)
NOTE = '<p class="stored-widget-note">{text}</p>'
IN_COLAB = (
    'The picture is a stored one. Its sliders move where Python runs: <a href="{address}">open '
    "this notebook in Colab</a>, or run it in Jupyter."
)
IN_PYTHON = (
    "The picture is a stored one. Its sliders move where Python runs: open this notebook in "
    "Jupyter or Colab."
)


class Problem(Exception):
    """A widget cannot be shown; the message says why."""


def find(model_id: str, models: dict) -> dict:
    try:
        return models[model_id.removeprefix(widgets.REFERENCE)]
    except KeyError:
        raise Problem("a widget is shown whose state is not stored") from None


def children_of(model: dict) -> list[str]:
    """Return the ids of the widgets in a box, one below the other; of another model, none."""
    return model["state"]["children"] if model["model_name"] == "VBoxModel" else []


def needs_python(model_id: str, models: dict) -> bool:
    """Whether the widget, or one within it, runs with a kernel only."""
    model = find(model_id, models)
    if children := children_of(model):
        return any(needs_python(child, models) for child in children)
    return not widgets.is_ours(model)


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


def stored_output(output: dict) -> str:
    """Return one output that an Output widget, such as that of `interact`, has stored."""
    data = output.get("data", {})
    for mime in PICTURES:
        if mime in data:
            return stored_picture(data, output.get("metadata", {}), mime)
    text = "".join(data.get("text/plain", output.get("text", "")))
    return f"<pre>{html.escape(text)}</pre>" if text.strip() else ""


def place_of(state: dict) -> str:
    """Return the attributes by which anywidget-static.css keeps an explorer's place free."""
    sizes = {}
    if questions := state.get("questions"):
        answers = sum(len(question.get("options", [])) for question in questions)
        sizes = {"questions": len(questions), "answers": answers}
    elif kernel := state.get("kernel"):
        sizes = {"rows": kernel["shape"][0]}
    elif layers := state.get("layers"):
        sizes = {"layers": len(layers)}
    style = "; ".join(f"--{name}: {size}" for name, size in sizes.items())
    place = f' data-module="{html.escape(state["_module"])}"'
    if mode := state.get("mode") if questions else None:
        place += f' data-quiz="{html.escape(mode)}"'
    return place + (f' style="{style}"' if style else "")


def as_html(model_id: str, models: dict) -> str:
    """Return a widget as HTML: a place for an explorer, stored outputs; of controls, nothing."""
    model_id = model_id.removeprefix(widgets.REFERENCE)
    model = find(model_id, models)
    state = model["state"]
    if widgets.is_ours(model):
        return LIVE.format(id=html.escape(model_id), place=place_of(state))
    if children := children_of(model):
        shown = filter(None, (as_html(child, models) for child in children))
        return f'<div class="widget-column">{"".join(shown)}</div>'
    if model["model_name"] == "OutputModel":
        shown = "".join(map(stored_output, state.get("outputs", [])))
        return f'<div class="stored-widget-output">{shown}</div>'
    return ""


def widget(model_id: str, models: dict, colab: str | None) -> str:
    """Return a shown widget as HTML, with a line of where it runs if it needs Python."""
    markup = as_html(model_id, models)
    if not needs_python(model_id, models):
        return markup
    link = colab and IN_COLAB.format(address=html.escape(colab))
    return markup + "\n" + NOTE.format(text=link or IN_PYTHON)
