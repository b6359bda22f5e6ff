"""Read a student's notebook, whatever wrote it: its code cells, which part it is, what it claims.

Nothing here runs anything. A notebook is JSON; of it, only the text of code cells and the numbers
that checks left are taken, so its format, its kernel and what Colab adds make no difference.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

LARGEST = 30_000_000  # bytes
MOST_CELLS = 2_000
LONGEST_CELL = 200_000  # characters

FUNCTIONS = {
    "part1": (*("output_size", "conv2d", "max_pool2d", "count_parameters", "receptive_field"),),
    "part2": ("split", "plot_learning_curves", "confusion_matrix", "most_confused"),
    "part3": ("augment", "how_sure"),
}
CHECKS = {
    "part1": ("output_size-check", "conv2d-check"),
    "part2": ("split-check", "trained_model-check"),
    "part3": ("augment-check", "model-check"),
}


class NoNotebook(Exception):
    """Why a file is no notebook, for the student."""


@dataclass(frozen=True)
class Notebook:
    """What is taken of a notebook."""

    cells: tuple[str, ...]  # the code cells, in their order
    claims: dict[str, float]  # by the grade id of a check: the points that it printed last

    def part(self) -> str:
        """Return "part1", "part2" or "part3" by what is defined and checked; "" if none is."""
        source = "\n".join(self.cells)
        found = {
            part: sum(
                bool(re.search(rf"^def {name}\(", source, re.MULTILINE)) for name in FUNCTIONS[part]
            )
            + sum(name in self.claims or f"checks.{name[:-6]}(" in source for name in CHECKS[part])
            for part in FUNCTIONS
        }
        best = max(found, key=found.get)
        return best if found[best] else ""


def looks_like_one(beginning: bytes) -> bool:
    return beginning.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")


def read(content: bytes) -> Notebook:
    """Return the notebook in a file. Raises NoNotebook."""
    try:
        told = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError, MemoryError) as error:
        raise NoNotebook(f"it is no notebook: {str(error)[:100]}") from error
    cells = told.get("cells") if isinstance(told, dict) else None
    if cells is None and isinstance(told, dict) and isinstance(told.get("worksheets"), list):
        sheets = [sheet for sheet in told["worksheets"] if isinstance(sheet, dict)]
        cells = [cell for sheet in sheets for cell in sheet.get("cells") or []]  # format 3
    if not isinstance(cells, list):
        raise NoNotebook("it is no notebook: it has no cells")
    cells = [cell for cell in cells[:MOST_CELLS] if isinstance(cell, dict)]
    code = [cell for cell in cells if cell.get("cell_type") == "code"]
    sources = [text_of(cell.get("source", cell.get("input", "")))[:LONGEST_CELL] for cell in code]
    claims = {}
    for cell in code:
        name, points = claim_of(cell)
        if name:
            claims[name] = points
    return Notebook(tuple(sources), claims)


def text_of(value) -> str:
    """Return a text that is stored as one string or as a list of lines."""
    lines = value if isinstance(value, list) else [value]
    return "".join(line for line in lines if isinstance(line, str))


def claim_of(cell: dict) -> tuple[str, float]:
    """Return the grade id of a cell with a check, and the points that stand in its output."""
    metadata = cell.get("metadata")
    about = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    name = about.get("grade_id") if isinstance(about, dict) else None
    if not isinstance(name, str) or not name.endswith("-check"):
        return "", 0.0
    for output in cell.get("outputs") or []:
        data = output.get("data") if isinstance(output, dict) else None
        text = text_of(data.get("text/plain", "")) if isinstance(data, dict) else ""
        if re.fullmatch(r"\d{1,3}(\.\d{1,3})?", text.strip()):
            return name, float(text)
    return name, 0.0
