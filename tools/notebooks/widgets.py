"""The canonical form of stored widget states: reachable models only, numbered, without scripts.

Jupyter gives models random ids, stores every model that a run ever made, and with each
explorer its whole script. Here models are renumbered by order of first use, and those
that no output reaches are removed. Of our own explorers, derived state is removed too:
scripts (whose one source is utils/explorers/js) and results, which the page computes.
"""

from __future__ import annotations

from collections.abc import Iterator

from nbformat import NotebookNode, from_dict

from . import outputs
from .files import WIDGET_STATES

VIEW = "application/vnd.jupyter.widget-view+json"
STATE = WIDGET_STATES
REFERENCE = "IPY_MODEL_"
OUR_CLASSES = "utils.explorers."
LINKS = {"LinkModel", "DirectionalLinkModel"}  # jslink and jsdlink, which nothing refers to


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


def is_ours(model: dict) -> bool:
    """Whether the stored model is one of the explorers in utils/explorers."""
    state = model.get("state", {})
    return str(state.get("_anywidget_id", "")).startswith(OUR_CLASSES) and "_module" in state


def without_derived_state(model: dict) -> dict:
    """Return an explorer's model without script, style sheet and results; others as they are.

    An Output widget, such as that of `interact`, keeps its outputs as a cell would.
    """
    if model.get("model_name") == "OutputModel":
        shown = outputs.normalize([from_dict(output) for output in model["state"]["outputs"]])
        return NotebookNode(model, state={**model["state"], "outputs": shown})
    if not is_ours(model):
        return model
    dropped = {"_esm", "_css", *model["state"].get("_results", [])}
    state = {name: value for name, value in model["state"].items() if name not in dropped}
    buffers = [each for each in model.get("buffers", []) if each["path"][0] not in dropped]
    return NotebookNode(model, state=state, buffers=buffers)


def link_ends(model: dict) -> list[tuple[str, str]]:
    """Return model id and trait of the two ends of a stored link; of another model, nothing."""
    if model.get("model_name") not in LINKS:
        return []
    ends = (model.get("state", {}).get(name) or ["", ""] for name in ("source", "target"))
    return [(model_id.removeprefix(REFERENCE), trait) for model_id, trait in ends]


def in_use(shown: list[str], models: dict) -> list[str]:
    """Return the ids of the shown models, each with what it refers to, then the links of these."""
    ordered = {}  # a dict keeps the order and forgets repetitions

    def visit(model_id: str) -> None:
        if model_id in ordered or model_id not in models:
            return
        ordered[model_id] = None
        for text in strings(models[model_id]):
            visit(text.removeprefix(REFERENCE))

    for model_id in shown:
        visit(model_id)
    links = {model_id: ends for model_id, model in models.items() if (ends := link_ends(model))}

    def place(model_id: str) -> list:  # where a link stands: its own id is random
        return [(number.get(end, len(number)), trait) for end, trait in links[model_id]]

    while found := [i for i in links if i not in ordered and ordered.keys() & dict(links[i])]:
        number = {model_id: position for position, model_id in enumerate(ordered)}
        for model_id in sorted(found, key=place):
            visit(model_id)
    return list(ordered)


def views(cell: NotebookNode) -> list[str]:
    """Return the ids of the models that a cell's outputs show."""
    shown = (output.get("data", {}).get(VIEW, {}) for output in cell.get("outputs", []))
    return [view["model_id"] for view in shown if "model_id" in view]


def stored(notebook: NotebookNode) -> dict:
    """Return the notebook's stored models by their ids."""
    return notebook.metadata.get("widgets", {}).get(STATE, {}).get("state", {})


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


def normalize_models(notebook: NotebookNode) -> None:
    """Keep the widget models in use, under the ids 1, 2, 3 … by order of use, in place."""
    models = stored(notebook)
    shown = [model_id for cell in notebook.cells for model_id in views(cell)]
    ids = in_use(shown, models)
    if not ids:
        notebook.metadata.pop("widgets", None)
        return
    names = {old: f"{i:032x}" for i, old in enumerate(ids, start=1)}
    kept = {old: without_derived_state(models[old]) for old in ids}
    bundle = {**notebook.metadata.widgets[STATE], "state": renamed(kept, names)}
    notebook.metadata.widgets = NotebookNode({STATE: NotebookNode(bundle)})
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if VIEW in output.get("data", {}):
                output.data[VIEW] = renamed(output.data[VIEW], names)
