"""Compare two runs of a notebook: what cells print, and the states of the widgets they show."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass

from nbformat import NotebookNode

from . import outputs, validation, widgets

LONGEST = 70  # characters of a value in a message
# Of widgets that are not ours, what depends on the version of ipywidgets is not compared:
# private names, and whatever only one of the two versions has.
OF_THE_FRONT_END = {"msg_id", "_view_count", "_model_module_version", "_view_module_version"}


def shortened(value) -> str:
    text = repr(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def is_text(mime: str) -> bool:
    return mime in ("text/plain", "text/html", "image/svg+xml")


def texts(cell_outputs: list[NotebookNode]) -> list[str]:
    """Return what outputs say in text: streams, results, descriptions of figures, errors."""
    found = []
    for output in outputs.normalize(cell_outputs):
        if output.output_type == "stream":
            found.append(output.text)
        elif output.output_type == "error":
            found.append(f"{output.ename}: {output.evalue}")
        data = output.get("data", {})
        found += [data[mime] for mime in sorted(data) if is_text(mime)]
    return found


def buffers(model: dict) -> dict[tuple, str]:
    """Return a model's binary data in base64, by its path in the state."""
    return {tuple(each["path"]): each["data"].strip() for each in model.get("buffers", [])}


def state_differences(before, after, models: tuple[dict, dict], name: str = "") -> Iterator[str]:
    """Yield how a value in a widget's state differs; ids of models lead to their own states."""
    if isinstance(before, str) and before.startswith(widgets.REFERENCE):
        ids = (value.removeprefix(widgets.REFERENCE) for value in (before, str(after)))
        yield from widget_differences(*ids, models, f"{name}: ")
    elif isinstance(before, dict) and isinstance(after, dict) and before.keys() == after.keys():
        for key in before:
            yield from state_differences(before[key], after[key], models, f"{name}.{key}")
    elif isinstance(before, list | tuple) and len(before) == len(after or ""):
        for place, pair in enumerate(zip(before, after, strict=True)):
            yield from state_differences(*pair, models, f"{name}[{place}]")
    elif before != after:
        yield f"{name}: {shortened(before)} is now {shortened(after)}"


def widget_differences(
    before: str, after: str, models: tuple[dict, dict], where: str = ""
) -> Iterator[str]:
    """Yield how the state of the model with id `after` differs from the stored one, `before`.

    `models` are the stored models of the two runs by their ids.
    """
    old, new = (run.get(i) for run, i in zip(models, (before, after), strict=True))
    if old is None or new is None:
        if old is not new:
            yield f"{where}a widget is {'missing' if new is None else 'not stored'}"
        return
    old, new = widgets.without_derived_state(old), widgets.without_derived_state(new)
    names = old["state"].keys() | new["state"].keys()
    if not widgets.is_ours(old):
        names = old["state"].keys() & new["state"].keys()
    for name in sorted(names - OF_THE_FRONT_END):
        values = (model["state"].get(name) for model in (old, new))
        if name == "outputs":
            values = map(texts, values)
        yield from state_differences(*values, models, where + name)
    old_data, new_data = buffers(old), buffers(new)
    for path in sorted(old_data.keys() | new_data.keys(), key=str):
        if old_data.get(path) != new_data.get(path):
            yield f"{where}{'.'.join(map(str, path))}: other data"


def views(cell_outputs: list[NotebookNode]) -> list[str]:
    return widgets.views(NotebookNode(outputs=cell_outputs))


# --- two runs of a whole notebook -----------------------------------------------------------


@dataclass(frozen=True)
class Change:
    """What a cell showed before and what it shows now, as far as the two differ."""

    cell: str  # its number and first words
    before: str
    after: str

    def __str__(self) -> str:
        lines = [f"  {self.cell}"]
        for word, text in (("before", self.before), ("after", self.after)):
            lines += [f"    {word + ':':8}{line}" for line in text.splitlines() or ["nothing"]]
        return "\n".join(lines)


def differing_lines(before: str, after: str) -> tuple[str, str]:
    """Return the lines that only one of two texts has."""
    lines = list(difflib.ndiff(before.splitlines(), after.splitlines()))
    one, other = ("\n".join(x[2:] for x in lines if x.startswith(mark)) for mark in "-+")
    return one, other


def pairs(before: NotebookNode, after: NotebookNode) -> Iterator[tuple[str, list]]:
    """Yield the place of each code cell that both notebooks have, and the two cells."""
    old, new = (list(validation.code_cells(notebook)) for notebook in (before, after))
    sources = ([cell.source for _, cell in cells] for cells in (old, new))
    for start, other, count in difflib.SequenceMatcher(None, *sources, False).get_matching_blocks():
        for step in range(count):
            place, cell = new[other + step]
            yield place, [old[start + step][1], cell]


def changes(before: NotebookNode, after: NotebookNode) -> Iterator[Change]:
    """Yield what cells show otherwise than before, where nbval compares them.

    Cells whose code changed have nothing to be compared with.
    """
    models = widgets.stored(before), widgets.stored(after)
    for place, cells in pairs(before, after):
        if validation.EXEMPTING & set(cells[1].metadata.get("tags", [])):
            continue
        one, other = differing_lines(*("\n".join(texts(cell.outputs)) for cell in cells))
        if one or other:
            yield Change(place, one, other)
        for ids in zip(*map(widgets.views, cells), strict=False):
            for difference in widget_differences(*ids, models):
                name, _, values = difference.partition(": ")
                yield Change(place, name, values)
