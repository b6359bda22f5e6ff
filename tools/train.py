"""Train a network of the course in full, on the real data, and keep a record of the run.

    python -m tools.train fashion_mnist_lecture --seed 42     one full run
    python -m tools.train fashion_mnist_lecture --seed 42 --policy float32
    python -m tools.train mnist_reference --seed 1 2 3        one run after another
    python -m tools.train mnist_reference --store mixed_bfloat16-seed1
    python -m tools.train mnist_dense --store               the records, no weights

How each is trained stands in `tools.recipes`. Each run writes a JSON record
(after every epoch) and its weights into `_build/training`. A run that was
interrupted goes on at the epoch it had reached. `--store` adds all finished
records to one small file under `utils/trained`, with the weights of the named
runs in float16 beside it, the first of them as the reference: that is what the
pages read.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from pathlib import Path

import numpy as np

from tools.recipes import RECIPES, batches, split
from utils import models, records
from utils.records import TRAINED

WORK = Path(__file__).resolve().parent.parent / "_build" / "training"


def machine() -> str:
    """Describe this machine: the accelerator or processor, and the number of cores in use."""
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        return tf.config.experimental.get_device_details(gpus[0])["device_name"]
    try:
        cpuinfo = Path("/proc/cpuinfo").read_text(encoding="utf-8")
        name = next(
            line.split(":", 1)[1].strip()
            for line in cpuinfo.splitlines()
            if line.startswith("model name")
        )
    except (OSError, StopIteration):
        name = platform.processor() or platform.machine()
    return f"CPU: {name}, {os.cpu_count()} cores"


def train(name: str, seed: int, policy: str) -> Path:
    """Train by the recipe `name` with `seed` under `policy`; return the path of the record.

    The test set is scored once, after the last epoch.
    """
    import keras
    import tensorflow as tf

    recipe = RECIPES[name]
    folder = WORK / name
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{policy}-seed{seed}"
    record_file = folder / f"{stem}.json"
    record = {"history": {}, "wall_seconds": [], "cpu_seconds": []}
    if record_file.exists():
        record = json.loads(record_file.read_text(encoding="utf-8"))
        if "test_accuracy" in record:
            print(f"{name}, {stem}: finished before, accuracy {record['test_accuracy']:.4f}")
            return record_file

    training, validation, test = split(recipe)

    class KeepRecord(keras.callbacks.Callback):
        """Append each epoch's metrics and times to the record file."""

        def on_epoch_begin(self, epoch, logs=None):
            self.started = time.perf_counter(), time.process_time()

        def on_epoch_end(self, epoch, logs=None):
            if epoch < len(record["wall_seconds"]):
                return  # repeated after an interruption: the first reading stays
            for metric, value in (logs or {}).items():
                record["history"].setdefault(metric, []).append(round(float(value), 5))
            record["wall_seconds"].append(round(time.perf_counter() - self.started[0], 1))
            record["cpu_seconds"].append(round(time.process_time() - self.started[1], 1))
            record_file.write_text(json.dumps(record), encoding="utf-8")

    keras.utils.set_random_seed(seed)
    keras.config.set_dtype_policy(policy)
    model = recipe.build()
    shuffled = batches(recipe, *training, seed)
    model.compile(**recipe.settings(recipe.epochs * len(shuffled)))
    # Restore first, record second: an epoch counts as done once it is in both.
    model.fit(
        shuffled,
        shuffle=False,  # it is: Keras would warn
        epochs=recipe.epochs,
        validation_data=validation,
        callbacks=[keras.callbacks.BackupAndRestore(folder / f"{stem}-backup"), KeepRecord()],
        verbose=2,
    )
    # Where weights are averaged, `fit` has put the averages in their place by now.
    _, valid_accuracy = model.evaluate(*validation, verbose=0)
    test_loss, test_accuracy = model.evaluate(*test, verbose=0)
    np.savez(folder / f"{stem}.npz", *model.get_weights())
    record |= recipe.measure(model, test[0])
    record |= {
        "seed": seed,
        "dtype_policy": policy,
        "epochs": recipe.epochs,
        "batch_size": recipe.batch_size,
        "valid_accuracy": round(valid_accuracy, 5),
        "test_loss": round(test_loss, 5),
        "test_accuracy": round(test_accuracy, 5),
        "machine": machine(),
        "versions": {
            "python": platform.python_version(),
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
        },
    }
    record_file.write_text(json.dumps(record), encoding="utf-8")
    print(f"{name}, {stem}: test accuracy {test_accuracy:.4f}")
    return record_file


def trained_weights(name: str, run: str) -> list[np.ndarray]:
    """Return the weights of a run that was finished here, else those that are stored of it."""
    file = WORK / name / f"{run}.npz"
    if not file.exists():
        if run not in records.stored_runs(name):
            raise SystemExit(f"the weights of {run!r} are neither here nor stored: train it again")
        return records.weights(name, run)
    with np.load(file, allow_pickle=False) as weights:
        return [weights[key] for key in weights.files]


def store(name: str, chosen: list[str]) -> None:
    """Add the finished runs of a recipe to its record in utils/trained, with weights of `chosen`.

    The first of the chosen runs is the reference. Their weights are taken from here or, if they
    were trained elsewhere, from those that are stored. With none chosen, the records alone are
    stored; weights and reference stay as they are.
    """
    stored = TRAINED / f"{name}.json"
    runs = {}
    for file in sorted((WORK / name).glob("*.json")):
        record = json.loads(file.read_text(encoding="utf-8"))
        if "test_accuracy" in record:
            runs[file.stem] = record
    before = json.loads(stored.read_text(encoding="utf-8")) if stored.exists() else {}
    runs = before.get("runs", {}) | runs
    if unknown := [run for run in chosen if run not in runs]:
        raise SystemExit(f"no finished run {unknown[0]!r}; there are: {', '.join(runs) or 'none'}")
    halves = {
        f"{run}/{number:03}": weights.astype(np.float16)
        for run in chosen
        for number, weights in enumerate(trained_weights(name, run))
    }
    record = before | {"runs": dict(sorted(runs.items()))}
    if chosen:
        record["reference"] = chosen[0]
    text = json.dumps(record, indent=1)
    stored.write_text(text + "\n", encoding="utf-8")
    if chosen:
        np.savez_compressed(TRAINED / f"{name}.npz", **halves)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=RECIPES, metavar="NAME", help=", ".join(RECIPES))
    parser.add_argument("--seed", type=int, nargs="+", default=[42])
    parser.add_argument("--policy", choices=["float32", "mixed_bfloat16"])
    parser.add_argument("--store", nargs="*", metavar="RUN")
    arguments = parser.parse_args()
    if arguments.store is not None:
        store(arguments.name, arguments.store)
        return
    for seed in arguments.seed:
        train(arguments.name, seed, arguments.policy or models.fast_dtype_policy())


if __name__ == "__main__":
    main()
