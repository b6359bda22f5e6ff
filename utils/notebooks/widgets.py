"""Widget models have random ids; here they are renamed by the order in which they are used."""

from __future__ import annotations

from collections.abc import Iterator

from nbformat import NotebookNode

VIEW = "application/vnd.jupyter.widget-view+json"
STATE = "application/vnd.jupyter.widget-state+json"
REFERENCE = "IPY_MODEL_"


def strings(value) -> Iterator[str]:
    """Yield every string inside nested lists and dicts, dicts in the order of their keys."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key in sorted(value):
            yield from strings(value[key])
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)


def order_of_use(notebook: NotebookNode, models: dict) -> list[str]:
    """Return the models' ids: those that are shown, each with what it refers to, then the rest."""
    shown = [
        output.data[VIEW]["model_id"]
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if VIEW in output.get("data", {})
    ]
    ordered = {}  # a dict keeps the order and forgets repetitions

    def visit(model_id: str) -> None:
        if model_id in ordered or model_id not in models:
            return
        ordered[model_id] = None
        for text in strings(models[model_id]):
            visit(text.removeprefix(REFERENCE))

    for model_id in [*shown, *models]:
        visit(model_id)
    return list(ordered)


def renamed(value, names: dict[str, str]):
    """Return `value` with each model id in it, as key or text, replaced by its name."""
    if isinstance(value, str):
        head = REFERENCE if value.startswith(REFERENCE) else ""
        return head + names.get(value.removeprefix(head), value.removeprefix(head))
    if isinstance(value, dict):
        return NotebookNode({renamed(k, names): renamed(v, names) for k, v in value.items()})
    if isinstance(value, list):
        return [renamed(item, names) for item in value]
    return value


def rename_models(notebook: NotebookNode) -> None:
    """Give the widget models of a notebook the ids 1, 2, 3 … in order of first use, in place."""
    state = notebook.metadata.get("widgets", {}).get(STATE, {}).get("state", {})
    names = {old: f"{i:032x}" for i, old in enumerate(order_of_use(notebook, state), start=1)}
    if not names:
        notebook.metadata.pop("widgets", None)
        return
    notebook.metadata.widgets = renamed(notebook.metadata.widgets, names)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if VIEW in output.get("data", {}):
                output.data[VIEW] = renamed(output.data[VIEW], names)
