"""The records of the full training runs: what `tools.train` measured, and the trained weights.

The files lie in the folder `trained` beside this one and are small enough to
be part of the course: JSON for the numbers, float16 for the weights.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

TRAINED = Path(__file__).resolve().parent / "trained"


def load(name: str) -> dict:
    """Return the record `name`: {"reference": run, "runs": {run: its record}}.

    Where no weights are stored, there is no reference.

    A run's record holds "history" (metric → one value an epoch), "wall_seconds"
    and "cpu_seconds" (one an epoch), "valid_accuracy", "test_accuracy", "test_loss", "seed",
    "dtype_policy", "epochs", "batch_size", "machine" and "versions"; and what its recipe measures
    beside the accuracy, such as "kept_answers" (see `tools.recipes`).
    """
    return json.loads((TRAINED / f"{name}.json").read_text(encoding="utf-8"))


def reference_run(name: str) -> dict:
    """Return the record of the run that the pages show: the one whose weights are stored."""
    record = load(name)
    return record["runs"][record["reference"]]


def stored_runs(name: str) -> list[str]:
    """Return the runs of the record `name` whose weights are stored, the reference first."""
    if not (TRAINED / f"{name}.npz").exists():
        return []
    with np.load(TRAINED / f"{name}.npz", allow_pickle=False) as stored:
        return list(dict.fromkeys(key.split("/")[0] for key in stored.files))


def weights(name: str, run: str | None = None) -> list[np.ndarray]:
    """Return the weights of a run, float32, in the order of `model.get_weights()`.

    Without `run`, of the reference run. They are stored in float16, so they differ from the
    trained ones in the fourth significant digit.
    """
    run = run or load(name)["reference"]
    with np.load(TRAINED / f"{name}.npz", allow_pickle=False) as stored:
        return [stored[key].astype(np.float32) for key in stored.files if key.startswith(f"{run}/")]
