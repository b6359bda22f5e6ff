"""The first code cell of every notebook: it finds the helper package, or fetches it in Colab."""

from __future__ import annotations

import os
import re
from pathlib import Path

from nbformat import NotebookNode

from .files import ROOT

# Colab's kernel imports google.colab when it starts, so looking for it costs
# nothing elsewhere. Git must fail, not wait for a password that nobody can type. Of the
# course it fetches `utils` and the files at the top: neither solutions nor tools.
TEMPLATE = """\
# Finds the course's helper package `utils`; in Colab, fetches it first.
import os
import sys

COURSE = "{address}"
if "google.colab" in sys.modules and not os.path.exists("course"):
    assert COURSE, "No address yet: see 'Publish' in the course's README."
    fetch = "git clone --quiet --depth 1 --filter=blob:none --sparse"
    !GIT_TERMINAL_PROMPT=0 {{fetch}} {{COURSE}} course
    !git -C course sparse-checkout set utils
    assert os.path.exists("course"), f"{{COURSE}} was not fetched; try again."
sys.path[:0] = places = ["course", "{root}"]
assert any(os.path.exists(f"{{place}}/utils/explorers") for place in places), (
    f"Open this notebook in Colab, or in a copy of the whole course. {{COURSE}}"
)"""
FIRST_LINE = TEMPLATE.splitlines()[0]
ADDRESS = re.compile(r'^COURSE = "([^"]*)"', re.MULTILINE)


def source(path: Path, address: str = "", root: Path = ROOT) -> str:
    """Return the set-up cell of the notebook at `path`; an unpublished copy has no address."""
    up = os.path.relpath(root.resolve(), path.resolve().parent)
    return TEMPLATE.format(address=address, root=Path(up).as_posix())


def find(notebook: NotebookNode) -> NotebookNode | None:
    """Return the notebook's set-up cell: its first code cell, if that begins as set-up cells do."""
    first = next((cell for cell in notebook.cells if cell.cell_type == "code"), None)
    return first if first is not None and first.source.startswith(FIRST_LINE) else None


def address(cell: NotebookNode) -> str:
    """Return the address of the course that a set-up cell holds; empty if it has none."""
    found = ADDRESS.search(cell.source)
    return found.group(1) if found else ""
