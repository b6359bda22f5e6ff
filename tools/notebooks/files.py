"""Where the notebooks lie, and how one is read and replaced."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable
from pathlib import Path

import nbformat
from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parents[2]
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


def parse(text: str) -> NotebookNode:
    """Return the notebook that `text` holds, in the newest form of format 4."""
    with warnings.catch_warnings():
        # Cells without an id get one from `canonical`, and `validation` reports them.
        warnings.simplefilter("ignore", nbformat.warnings.MissingIDFieldWarning)
        warnings.simplefilter("ignore", nbformat.warnings.DuplicateCellId)
        return nbformat.reads(text, as_version=4)


def read(path: Path) -> NotebookNode:
    return parse(path.read_text(encoding="utf-8"))


def replace(path: Path, text: str) -> None:
    """Put `text` in the place of the file at once, so that no half-written file is ever there."""
    new = path.with_name(f".{path.name}.new")
    try:
        new.write_text(text, encoding="utf-8", newline="\n")
        os.replace(new, path)
    finally:
        new.unlink(missing_ok=True)
