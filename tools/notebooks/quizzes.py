"""Quizzes that stand alone: they are run and stored without a run of the whole notebook.

A chapter whose networks train for an hour would need that hour for a changed question. So
its quizzes, and an explorer of a stored network, import what they need, and nothing else on
the page needs them. Such a cell can be run after the set-up cell alone, and its outputs are
those of a full run.
"""

from __future__ import annotations

import re

from nbformat import NotebookNode

from . import setup_cell, widgets

IMPORT = "from utils.explorers import "
WIDGET = re.compile(r"^(?:Quiz\(|NetworkExplorer\((?:\)|\"))", re.MULTILINE)


def stands_alone(cell: NotebookNode) -> bool:
    """Tell a cell that is a quiz or an explorer of a stored network and imports what it needs."""
    return cell.cell_type == "code" and IMPORT in cell.source and bool(WIDGET.search(cell.source))


def cut_out(notebook: NotebookNode) -> NotebookNode:
    """Return a notebook of the set-up cell and the quizzes that stand alone, in order."""
    cells = [setup_cell.find(notebook), *filter(stands_alone, notebook.cells)]
    return NotebookNode(notebook, metadata=NotebookNode(), cells=cells)


def put_back(run: NotebookNode, notebook: NotebookNode) -> None:
    """Store the outputs of the quizzes that were cut out and run, in place."""
    cells = filter(stands_alone, notebook.cells)
    for cell, done in zip(cells, run.cells[1:], strict=True):
        cell.outputs, cell.execution_count = done.outputs, done.execution_count
    bundle = notebook.metadata.setdefault("widgets", NotebookNode())
    bundle.setdefault(widgets.STATE, NotebookNode(version_major=2, version_minor=0, state={}))
    bundle[widgets.STATE].state.update(widgets.stored(run))  # a new model's id is random
