"""The canonical form of a notebook on disk: the same content always gives the same bytes."""

from __future__ import annotations

import copy

import nbformat
from nbformat import NotebookNode

from . import outputs, widgets

KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
LANGUAGE = {
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "name": "python",
    "pygments_lexer": "ipython3",
}
# What a notebook and a cell may say about themselves. The rest (times, scroll
# state, an editor's own notes) differs from machine to machine.
NOTEBOOK_METADATA = {"accelerator", "mystnb", "widgets"}
CELL_METADATA = {"cellView", "deletable", "editable", "mystnb", "nbgrader", "notes", "tags"}


def number_cells(notebook: NotebookNode) -> None:
    """Number the cells by position and the executed ones by order."""
    executed = 0
    for position, cell in enumerate(notebook.cells, start=1):
        cell.id = f"cell-{position:02d}"
        if cell.cell_type != "code" or cell.execution_count is None:
            continue
        executed += 1
        cell.execution_count = executed
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = executed


def copy_alt_text(cell: NotebookNode) -> None:
    """Put the text description of the cell's figure where MyST-NB looks for it."""
    shown = outputs.images(cell)
    described = [metadata["alt"] for _, metadata in shown if metadata.get("alt")]
    options = dict(cell.metadata.get("mystnb", {}))
    image = dict(options.pop("image", {}))
    if described:
        image["alt"] = described[0]
    elif not shown:
        image.pop("alt", None)
    if image:
        options["image"] = image
    cell.metadata.pop("mystnb", None)
    if options:
        cell.metadata["mystnb"] = options


def normalize(notebook: NotebookNode) -> NotebookNode:
    """Return a copy of the notebook in canonical form: stable ids, metadata and outputs."""
    notebook = copy.deepcopy(notebook)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    kept = {k: v for k, v in notebook.metadata.items() if k in NOTEBOOK_METADATA}
    notebook.metadata = NotebookNode(kept, kernelspec=KERNEL, language_info=LANGUAGE)
    for cell in notebook.cells:
        kept = {k: v for k, v in cell.metadata.items() if k in CELL_METADATA and v != []}
        cell.metadata = NotebookNode(kept)
        if cell.cell_type == "code":
            cell.outputs = outputs.normalize(cell.outputs)
            copy_alt_text(cell)
    number_cells(notebook)
    widgets.normalize_models(notebook)
    return notebook


def serialize(notebook: NotebookNode) -> str:
    """Return the notebook as canonical JSON: normalized, keys sorted, lines as lists."""
    return nbformat.writes(nbformat.from_dict(normalize(notebook)), version=4) + "\n"
