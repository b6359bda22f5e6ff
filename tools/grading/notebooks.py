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
MOST_BRACKETS = 1_000_000  # a list or an object of three bytes takes a hundred when it is read

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
# One look at the text for all functions: it may have thirty million lines.
DEFINED = re.compile(r"^def (\w{1,40})\(", re.MULTILINE)


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
        defined = set(DEFINED.findall(source))
        found = {
            part: sum(name in defined for name in FUNCTIONS[part])
            + sum(name in self.claims or f"checks.{name[:-6]}(" in source for name in CHECKS[part])
            for part in FUNCTIONS
        }
        best = max(found, key=found.get)
        return best if found[best] else ""


def looks_like_one(beginning: bytes) -> bool:
    return beginning.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")


def read(content: bytes) -> Notebook:
    """Return the notebook in a file. Raises NoNotebook."""
    if content.count(b"{") + content.count(b"[") > MOST_BRACKETS:
        raise NoNotebook(f"it has more than {MOST_BRACKETS:,} lists and objects")
    try:
        told = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError, MemoryError) as error:
        raise NoNotebook(f"it is no notebook: {str(error)[:100]}") from error
    cells = told.get("cells") if isinstance(told, dict) else None
    if cells is None and isinstance(told, dict) and isinstance(told.get("worksheets"), list):
        sheets = dictionaries(told["worksheets"])
        cells = [cell for sheet in sheets for cell in list_of(sheet.get("cells"))]  # format 3
    if not isinstance(cells, list):
        raise NoNotebook("it is no notebook: it has no cells")
    code = [cell for cell in dictionaries(cells[:MOST_CELLS]) if cell.get("cell_type") == "code"]
    sources = [text_of(cell.get("source", cell.get("input", "")))[:LONGEST_CELL] for cell in code]
    claims = {}
    for cell in code:
        name, points = claim_of(cell)
        if name:
            claims[name] = points
    return Notebook(tuple(sources), claims)


def list_of(value) -> list:
    """Return a value of a notebook if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def dictionaries(value) -> list[dict]:
    """Return the dictionaries in what should be a list of them."""
    return [each for each in list_of(value) if isinstance(each, dict)]


def text_of(value) -> str:
    """Return a text that is stored as one string or as a list of lines.

    JSON can hold halves of characters, which no file takes: each becomes a question mark.
    """
    lines = value if isinstance(value, list) else [value]
    text = "".join(line for line in lines if isinstance(line, str))
    return text.encode("utf-8", "replace").decode("utf-8")


def claim_of(cell: dict) -> tuple[str, float]:
    """Return the grade id of a cell with a check, and the points that stand in its output."""
    metadata = cell.get("metadata")
    about = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    name = about.get("grade_id") if isinstance(about, dict) else None
    if not isinstance(name, str) or not name.endswith("-check"):
        return "", 0.0
    for output in dictionaries(cell.get("outputs")):
        data = output.get("data")
        text = text_of(data.get("text/plain", "")) if isinstance(data, dict) else ""
        if re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,3})?", text.strip()):
            return name, float(text)
    return name, 0.0
