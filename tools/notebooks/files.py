"""Where the notebooks lie, and how one is read and replaced."""

from __future__ import annotations

import json
import re
import subprocess
import warnings
from collections.abc import Iterable
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from tools import atomic

ROOT = Path(__file__).resolve().parents[2]
BYTE_ORDER_MARK = "\ufeff"
CONFLICT = re.compile(r"^(?:<{7} |={7}$|>{7} )", re.MULTILINE)
WIDGET_STATES = "application/vnd.jupyter.widget-state+json"
FOLDERS = ("chapters", "exercises", "solutions")


def find(paths: Iterable[Path | str] = (), root: Path = ROOT) -> list[Path]:
    """Return the notebooks in `paths`, files or folders; by default all of the course at `root`.

    Raises FileNotFoundError for a path that is not there, or no notebook. Of the course's own
    folders, one that does not exist holds no notebooks.
    """
    paths = [Path(path) for path in paths] or [p for n in FOLDERS if (p := root / n).is_dir()]
    for path in paths:
        if not path.exists():
            raise FileNotFoundError(f"There is no notebook or folder {path}.")
        if path.is_file() and path.suffix != ".ipynb":
            raise FileNotFoundError(f"{path} is no notebook.")
    found = [n for path in paths for n in (sorted(path.rglob("*.ipynb")) or [path])]
    return [n for n in found if n.is_file() and ".ipynb_checkpoints" not in n.parts]


def name(path: Path, root: Path = ROOT) -> str:
    """Return a notebook's path as people and lists write it: from the course's root, with `/`."""
    path = path.resolve()
    root = root.resolve()
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()


def is_exercise(path: Path, root: Path = ROOT) -> bool:
    """Tell whether a notebook is one that tools/exercises.py makes from a solution."""
    return name(path, root).startswith("exercises/")


def is_solution(path: Path, root: Path = ROOT) -> bool:
    """Tell whether a notebook is the solution that an exercise is made from."""
    return name(path, root).startswith("solutions/")


class Damaged(Exception):
    """A file cannot be read as a notebook; the message says why and which command mends it."""


def damage(text: str, shown: str = "PATH") -> str:
    """Say why a text is no notebook, and what mends it; of one that can be read, nothing."""
    before = f"git checkout HEAD -- {shown} brings the last committed version back"
    if found := CONFLICT.search(text):
        line = text.count("\n", 0, found.start()) + 1
        return (
            f"has conflict markers of Git, first in line {line}: choose one version with "
            f"git checkout --ours {shown} (or --theirs), then git add {shown}"
        )
    if not text.strip():
        return f"is empty: {before}"
    try:
        content = json.loads(text.removeprefix(BYTE_ORDER_MARK))
    except json.JSONDecodeError as error:
        return f"is no JSON from line {error.lineno} on ({error.msg}): {before}"
    if not isinstance(content, dict) or not {"cells", "worksheets"} & content.keys():
        return f"is JSON, but no notebook: {before}"
    return ""


def completed(notebook: NotebookNode) -> NotebookNode:
    """Add what editors leave out: a code cell's outputs, the key "state" of widget states."""
    for cell in notebook.cells:
        cell.source = cell.source.replace("\r\n", "\n")
        if cell.cell_type == "code":
            cell.setdefault("outputs", [])
            cell.setdefault("execution_count", None)
    states = notebook.metadata.get("widgets", {}).get(WIDGET_STATES)
    if states is not None and "state" not in states:  # as Colab saves them
        notebook.metadata.widgets[WIDGET_STATES] = NotebookNode(
            state=states, version_major=2, version_minor=0
        )
    return notebook


def parse(text: str, shown: str = "PATH") -> NotebookNode:
    """Return the notebook that `text` holds, in the newest form of format 4.

    Raises Damaged, which calls the file `shown`.
    """
    if words := damage(text, shown):
        raise Damaged(f"{shown} {words}.")
    with warnings.catch_warnings():
        # Cells without an id get one from `canonical`, and `validation` reports them.
        warnings.simplefilter("ignore", nbformat.warnings.MissingIDFieldWarning)
        warnings.simplefilter("ignore", nbformat.warnings.DuplicateCellId)
        try:
            return completed(nbformat.reads(text.removeprefix(BYTE_ORDER_MARK), as_version=4))
        except Exception as error:  # nbformat raises what json, jsonschema or dicts raise
            raise Damaged(
                f"{shown} is no valid notebook ({type(error).__name__}: {error}): "
                f"git checkout HEAD -- {shown} brings the last committed version back."
            ) from error


def read_text(path: Path) -> str:
    """Return a file's text with its line ends as they are; raise Damaged if it is not UTF-8."""
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise Damaged(
            f"{name(path)} is not in UTF-8: save it again in Jupyter, or "
            f"git checkout HEAD -- {name(path)} brings the last committed version back."
        ) from error


def read(path: Path) -> NotebookNode:
    """Return the notebook at `path`; raise Damaged."""
    return parse(read_text(path), name(path))


def read_committed(path: Path, revision: str) -> NotebookNode | None:
    """Return the notebook as it is in a revision of Git; None where it is not in there."""
    git = ["git", "-C", str(path.parent), "show", f"{revision}:./{path.name}"]
    run = subprocess.run(git, capture_output=True)
    if run.returncode == 0:
        return parse(run.stdout.decode("utf-8"), f"{revision}:{name(path)}")
    known = ["git", "-C", str(path.parent), "rev-parse", "--verify", f"{revision}^{{commit}}"]
    if subprocess.run(known, capture_output=True).returncode:
        raise Damaged(f"There is no revision {revision} of Git to compare with.")
    return None


def replace(path: Path, text: str) -> None:
    """Put `text` in the place of the file at once, so that no half-written file is ever there."""
    atomic.write(path, text.encode())
