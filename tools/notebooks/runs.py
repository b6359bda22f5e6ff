"""Records of full runs, in `runs.json`: machine, versions, time, checksum of the code.

`make execute` writes an entry when a notebook has run through. A run that fails leaves the
notebook as it was, and so its entry too: an entry always tells of the run whose outputs are
stored. The site's page "Status" shows the entries (tools/book/status.py).

Exercises have none. They are made from the solutions, whose runs are on record, and run
unsolved whenever they are made.
"""

from __future__ import annotations

import hashlib
import json
import platform
import subprocess
import sys
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path

from nbformat import NotebookNode

from . import files, quizzes, setup_cell, validation

RUNS = Path(__file__).with_name("runs.json")


def format_duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def checksum(notebook: NotebookNode) -> str:
    """Return the SHA-256 fingerprint of the notebook's code, which detects later changes.

    The set-up cell is left out, because publishing the course under another address is no
    reason to run it again. Prose is no reason either, nor are quizzes that are run alone.
    """
    set_up = setup_cell.find(notebook)
    sources = [
        cell.source
        for cell in code_cells(notebook)
        if cell is not set_up and not quizzes.stands_alone(cell)
    ]
    return hashlib.sha256("\0".join(sources).encode()).hexdigest()[:16]


def is_compared(cell: NotebookNode) -> bool:
    """Tell whether nbval compares what a cell prints: it prints, and no tag exempts it."""
    return bool(cell.outputs) and not validation.EXEMPTING & set(cell.metadata.get("tags", []))


@cache
def machine() -> str:
    """Return this machine in words. TensorFlow is asked for a GPU, in a process of its own.

    Without one it logs an error of CUDA, which looks as if the run had failed.
    """
    code = "from tools import train; print(train.machine())"
    words = [sys.executable, "-c", code]
    run = subprocess.run(words, cwd=files.ROOT, capture_output=True, text=True)
    if run.returncode:
        raise RuntimeError(run.stderr)
    return run.stdout.splitlines()[-1]


def entry(notebook: NotebookNode, seconds: float, cpu_seconds: float) -> dict:
    """Return what is to be kept of a run that ends now, on this machine, after `seconds`.

    `cpu_seconds` is the time that processors spent on it, all cores added up. It says what
    the run costs even where the machine had other work as well.
    """
    cells = code_cells(notebook)
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "seconds": round(seconds, 1),
        "cpu_seconds": round(cpu_seconds, 1),
        "machine": machine(),
        "versions": {
            "python": platform.python_version(),
            "keras": version("keras"),
            "tensorflow": version("tensorflow"),
        },
        "cells": len(cells),
        "compared": sum(map(is_compared, cells)),
        "code": checksum(notebook),
    }


def load() -> dict[str, dict]:
    """Return the entries by the notebooks' names, such as "chapters/01_introduction.ipynb"."""
    return json.loads(RUNS.read_text(encoding="utf-8")) if RUNS.exists() else {}


def result(entry: dict | None, notebook: NotebookNode) -> str:
    """Say how the last run of a notebook, as it stands now, went."""
    if entry is None:
        return "not recorded yet"
    if entry["code"] != checksum(notebook):
        return "ran through; its code has changed since"
    return f"ran through: {entry['cells']} cells, {entry['compared']} compared"


def record(path: Path, seconds: float, cpu_seconds: float, root: Path = files.ROOT) -> None:
    """Put the run that has stored the notebook at `path` on record, if it is the course's own.

    Entries of notebooks that have gone go too.
    """
    if not path.resolve().is_relative_to(root.resolve()):
        return
    entries = load() | {files.name(path, root): entry(files.read(path), seconds, cpu_seconds)}
    kept = {name: entries[name] for name in sorted(entries) if (root / name).exists()}
    files.replace(RUNS, json.dumps(kept, indent=1, sort_keys=True) + "\n")
