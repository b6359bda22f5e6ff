"""What is kept of a training run, written whole after each epoch: its record, and its state.

A run that is stopped at any moment, killed too, goes on after the last epoch that is in its
state, with the weights, the optimizer and the random numbers that it had.
"""

from __future__ import annotations

import io
import json
import statistics
import time
from pathlib import Path

import numpy as np

from tools import atomic


class TrainingRun:
    """One run: `record` as far as it has come, and the values of all variables then."""

    def __init__(self, folder: Path, stem: str):
        """Take up what lies in `folder`, if there is something."""
        folder.mkdir(parents=True, exist_ok=True)
        self.file = folder / f"{stem}.json"
        self.weights_file = folder / f"{stem}.npz"
        self._state_file = folder / f"{stem}-state.npz"
        self._values: list[np.ndarray] = []
        self.record = {"history": {}, "wall_seconds": [], "cpu_seconds": []}
        if self.file.exists():
            found = json.loads(self.file.read_text(encoding="utf-8"))
            if "test_accuracy" in found:
                self.record = found
        if not self.is_finished and self._state_file.exists():
            with np.load(self._state_file, allow_pickle=False) as state:
                self.record = json.loads(state["record"].tobytes())
                self._values = [state[f"{i}"] for i in range(len(state.files) - 1)]

    @property
    def is_finished(self) -> bool:
        return "test_accuracy" in self.record

    @property
    def epochs(self) -> int:
        """The number of epochs that are done."""
        return len(self.record["wall_seconds"])

    def restore(self, model) -> None:
        """Give a compiled model the values that it had after the last epoch."""
        if not self._values:
            return
        model.optimizer.build(model.trainable_variables)
        for variable, value in zip(variables(model), self._values, strict=True):
            variable.assign(value)

    def keep_epoch(self, model, logs: dict, wall_seconds: float, cpu_seconds: float) -> None:
        """Add an epoch to the record, and write record and state."""
        for metric, value in logs.items():
            self.record["history"].setdefault(metric, []).append(round(float(value), 5))
        self.record["wall_seconds"].append(round(wall_seconds, 1))
        self.record["cpu_seconds"].append(round(cpu_seconds, 1))
        text = json.dumps(self.record).encode()
        values = {str(i): np.asarray(each) for i, each in enumerate(variables(model))}
        state = io.BytesIO()
        np.savez(state, record=np.frombuffer(text, np.uint8), **values)
        atomic.write(self._state_file, state.getvalue())
        atomic.write(self.file, text)

    def finish(self, model, found: dict) -> None:
        """Keep the weights and all that was found; the state is needed no more."""
        weights = io.BytesIO()
        np.savez(weights, *model.get_weights())
        atomic.write(self.weights_file, weights.getvalue())
        self.record |= found
        atomic.write(self.file, json.dumps(self.record).encode())
        self._state_file.unlink(missing_ok=True)


def variables(model) -> list:
    """Return all variables of a compiled model that training changes."""
    return [*model.variables, *model.optimizer.variables]


def epoch_keeper(run: TrainingRun, name: str, epochs: int):
    """Return a Keras callback that restores a run's state at the start and keeps each epoch.

    It says after each epoch how far the run is.
    """
    import keras

    class EpochKeeper(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            run.restore(self.model)

        def on_epoch_begin(self, epoch, logs=None):
            self.started = time.perf_counter(), time.process_time()

        def on_epoch_end(self, epoch, logs=None):
            wall, cpu = self.started
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            run.keep_epoch(self.model, logs or {}, wall, cpu)
            left = (epochs - run.epochs) * statistics.median(run.record["wall_seconds"]) / 60
            accuracy = run.record["history"]["val_accuracy"][-1]
            print(
                f"{name}: epoch {run.epochs} of {epochs}, validation {accuracy:.4f}, "
                f"about {left:.0f} min left",
                flush=True,
            )

    return EpochKeeper()
