"""Train the network of chapter 5 in full, on the real data, and keep a record of the run.

    python -m utils.train --seed 42                   one full run, ten epochs
    python -m utils.train --seed 42 --policy float32  the same in float32
    python -m utils.train --publish mixed_bfloat16-seed42
                                                      make that run the recorded one

Each run writes a JSON record (after every epoch) and its weights into
`_build/training`. A run that was interrupted goes on at the epoch it had
reached. `--publish` adds all finished records to one small file under
`utils/trained`, with the chosen run's weights in float16 beside it: that is
what the pages read.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from pathlib import Path

import numpy as np

from utils import data, models
from utils.records import TRAINED

NAME = "fashion_mnist_lecture"
EPOCHS = 10
BATCH_SIZE = 128
VALIDATION_SIZE = 5_000
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


def scaled(images: np.ndarray) -> np.ndarray:
    """Return uint8 images (n, 28, 28) as float32 (n, 28, 28, 1) in [0, 1]."""
    return images[..., np.newaxis] / np.float32(255)


def train(seed: int, policy: str) -> Path:
    """Train with `seed` under `policy`; return the path of the finished record.

    The test set is scored once, after the last epoch.
    """
    import keras
    import tensorflow as tf

    WORK.mkdir(parents=True, exist_ok=True)
    stem = f"{policy}-seed{seed}"
    record_file = WORK / f"{stem}.json"
    record = {"history": {}, "wall_seconds": [], "cpu_seconds": []}
    if record_file.exists():
        record = json.loads(record_file.read_text(encoding="utf-8"))
        if "test_accuracy" in record:
            print(f"{stem}: finished before, test accuracy {record['test_accuracy']:.4f}")
            return record_file

    (x_train, y_train), (x_test, y_test) = data.load_fashion_mnist()
    x_train, x_valid = scaled(x_train[:-VALIDATION_SIZE]), scaled(x_train[-VALIDATION_SIZE:])
    y_train, y_valid = y_train[:-VALIDATION_SIZE], y_train[-VALIDATION_SIZE:]

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
    model = models.lecture_network()
    model.compile(loss="sparse_categorical_crossentropy", optimizer="nadam", metrics=["accuracy"])
    # Restore first, record second: an epoch counts as done once it is in both.
    model.fit(
        x_train,
        y_train,
        batch_size=BATCH_SIZE,
        epochs=EPOCHS,
        validation_data=(x_valid, y_valid),
        callbacks=[keras.callbacks.BackupAndRestore(WORK / f"{stem}-backup"), KeepRecord()],
        verbose=2,
    )
    test_loss, test_accuracy = model.evaluate(scaled(x_test), y_test, verbose=0)
    np.savez(WORK / f"{stem}.npz", *model.get_weights())
    record |= {
        "seed": seed,
        "dtype_policy": policy,
        "epochs": EPOCHS,
        "batch_size": BATCH_SIZE,
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
    print(f"{stem}: test accuracy {test_accuracy:.4f}")
    return record_file


def publish(reference: str) -> None:
    """Add all finished runs to the records in utils/trained, with the weights of `reference`.

    `reference` is a run that was finished here: its weights are not stored elsewhere.
    """
    published = TRAINED / f"{NAME}.json"
    runs = {}
    for file in sorted(WORK.glob("*.json")):
        record = json.loads(file.read_text(encoding="utf-8"))
        if "test_accuracy" in record:
            runs[file.stem] = record
    if reference not in runs:
        raise SystemExit(f"no finished run {reference!r}; there are: {', '.join(runs) or 'none'}")
    if published.exists():
        runs = json.loads(published.read_text(encoding="utf-8"))["runs"] | runs
    text = json.dumps({"reference": reference, "runs": runs}, indent=1)
    published.write_text(text + "\n", encoding="utf-8")
    with np.load(WORK / f"{reference}.npz", allow_pickle=False) as weights:
        halves = {name: weights[name].astype(np.float16) for name in weights.files}
    np.savez_compressed(TRAINED / f"{NAME}.npz", **halves)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--policy", choices=["float32", "mixed_bfloat16"])
    parser.add_argument("--publish", metavar="RUN")
    arguments = parser.parse_args()
    if arguments.publish:
        publish(arguments.publish)
    else:
        train(arguments.seed, arguments.policy or models.fast_dtype_policy())


if __name__ == "__main__":
    main()
