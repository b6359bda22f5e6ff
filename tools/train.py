"""Train a network of the course in full, on the real data, and keep a record of the run.

    python -m tools.train fashion_mnist_lecture --seed 42     one full run
    python -m tools.train fashion_mnist_lecture --seed 42 --policy float32
    python -m tools.train mnist_reference --seed 1 2 3        one run after another
    python -m tools.train mnist_dense mnist_plain --seed 1 2 --workers 2    side by side
    python -m tools.train mnist_dense --seed 1 --scheduler tcp://host:8786  elsewhere
    python -m tools.train --status                            how far all runs are
    python -m tools.train mnist_reference --store mixed_bfloat16-seed1
    python -m tools.train mnist_dense --store               the records, no weights
    python -m tools.train mnist_global_head --seed 1 --compare    with the runs on record

How each is trained stands in `tools.recipes`. Each run writes a JSON record
(after every epoch) and its weights into `_build/training`. A run that was
stopped at any moment goes on at the epoch it had reached; one that is finished
is not made again. Keras may run on TensorFlow or on JAX (KERAS_BACKEND=jax).
Workers at an address are those of dask.distributed; they share the folder of the
course, and each may have a GPU of its own (CUDA_VISIBLE_DEVICES).

`--store` adds all finished records to one small file under `utils/trained`,
with the weights of the named runs in float16 beside it, the first of them as
the reference: that is what the pages read.
`--compare` ends with an error where a run's test accuracy is not within the
band of those on record: the weekly run looks so whether a recipe still holds.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import numpy as np

from tools.cluster import cluster
from tools.fused_normalization import fused_normalization
from tools.recipes import RECIPES, Recipe, batches, data_checksum, split
from tools.training_run import TrainingRun, epoch_keeper
from utils import data, models, records
from utils.records import TRAINED

WORK = Path(__file__).resolve().parent.parent / "_build" / "training"


def machine() -> str:
    """Describe this machine: the accelerator or processor, and the number of cores in use."""
    import keras

    if keras.backend.backend() == "jax":
        import jax

        if jax.default_backend() != "cpu":
            return jax.devices()[0].device_kind
    else:
        import tensorflow as tf

        if gpus := tf.config.list_physical_devices("GPU"):
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


def circumstances() -> dict:
    """Say on which machine and with which versions a run was made."""
    import keras

    backend = keras.backend.backend()
    return {
        "machine": machine(),
        "versions": {
            "python": platform.python_version(),
            backend: metadata.version(backend),
            "keras": keras.__version__,
        },
    }


def scores(recipe: Recipe, model, validation, test) -> dict:
    """Score a trained model, and measure what else its recipe asks for.

    This is the only place where the test set is looked at.
    """
    _, valid_accuracy = model.evaluate(*validation, verbose=0)
    test_loss, test_accuracy = model.evaluate(*test, verbose=0)
    return {
        **recipe.measure(model, validation, test),
        "valid_accuracy": round(valid_accuracy, 5),
        "test_loss": round(test_loss, 5),
        "test_accuracy": round(test_accuracy, 5),
    }


def teacher(recipe: Recipe, run: str) -> Callable[[np.ndarray], np.ndarray] | None:
    """Return what answers as the teachers of a recipe do in the mean; None if it has none.

    They are the networks that were trained as the run is, with its seed and its policy. Raises
    SystemExit for one that was not.
    """
    if not recipe.teachers:
        return None
    networks = []
    for name in recipe.teachers:
        network = RECIPES[name].build()
        network.set_weights(trained_weights(name, run))
        networks.append(network)

    def answer(images: np.ndarray) -> np.ndarray:
        return np.mean([network.predict_on_batch(images) for network in networks], axis=0)

    return answer


def train(name: str, seed: int, policy: str) -> Path:
    """Train by the recipe `name` with `seed` under `policy`; return the path of the record.

    The test set is scored once, after the last epoch.
    """
    import keras

    recipe, stem = RECIPES[name], f"{policy}-seed{seed}"
    run = TrainingRun(WORK / name, stem)
    if run.is_finished:
        accuracy = run.record["test_accuracy"]
        print(f"{name}, {stem}: finished before, accuracy {accuracy:.4f}")
        return run.file
    training, validation, test = split(recipe)
    keras.utils.set_random_seed(seed)
    keras.config.set_dtype_policy(policy)
    model = recipe.build()
    shuffled = batches(recipe, *training, seed, run.epochs, teacher(recipe, stem))
    model.compile(**recipe.settings(recipe.epochs * len(shuffled)))
    with fused_normalization():
        model.fit(
            shuffled,
            shuffle=False,  # it is: Keras would warn
            epochs=recipe.epochs,
            initial_epoch=run.epochs,
            validation_data=validation,
            callbacks=[epoch_keeper(run, f"{name}, {stem}", recipe.epochs)],
            verbose=0,
        )
    # Where weights are averaged, `fit` has put the averages in their place by now.
    found = scores(recipe, model, validation, test)
    made = {
        "seed": seed,
        "dtype_policy": policy,
        "epochs": recipe.epochs,
        "batch_size": recipe.batch_size,
        "training": f"the first {len(training[0]):,} of the training images",
        "validation": f"the last {len(validation[0]):,} of the training images",
        "data_sha256": data_checksum(recipe),
    }
    run.finish(model, made | found | circumstances())
    print(f"{name}, {stem}: test accuracy {found['test_accuracy']:.4f}")
    return run.file


def train_side_by_side(jobs: list[tuple[str, int, str]], scheduler: str, workers: int) -> None:
    """Train several runs, (name, seed, policy), on workers; a run whose worker is lost goes on."""
    from distributed import as_completed

    threads = max(1, (os.cpu_count() or 1) // workers)
    with cluster(scheduler, workers, failures=10, threads=threads) as client:
        futures = [client.submit(train, *job, pure=False) for job in jobs]
        for count, future in enumerate(as_completed(futures), 1):
            future.result()
            print(f"{count} of {len(jobs)} runs are finished", flush=True)


def band(accuracies: list[float], images: int) -> tuple[float, float]:
    """Return between which accuracies a further run of a recipe is expected, from runs of it.

    Three standard deviations to both sides of the mean. Few runs may lie close together by luck,
    so a deviation is at least the standard error of a share of `images` test images; and the mean
    of n runs is itself uncertain, which widens it by the root of 1 + 1/n.
    """
    mean, count = statistics.mean(accuracies), len(accuracies)
    by_images = (mean * (1 - mean) / images) ** 0.5
    by_runs = statistics.stdev(accuracies) if count > 1 else 0.0
    half = 3 * max(by_images, by_runs) * (1 + 1 / count) ** 0.5
    return mean - half, mean + half


def compare(name: str, seed: int, policy: str) -> bool:
    """Tell, and return, whether a finished run's test accuracy is within the band on record."""
    run = TrainingRun(WORK / name, f"{policy}-seed{seed}")
    recorded = [each["test_accuracy"] for each in records.load(name)["runs"].values()]
    images = len(getattr(data, RECIPES[name].load)()[1][0])
    low, high = band(recorded, images)
    accuracy = run.record["test_accuracy"]
    is_within = low <= accuracy <= high
    print(
        f"{name}, {policy}-seed{seed}: test accuracy {accuracy:.4f}, "
        f"{'within' if is_within else 'NOT within'} {low:.4f} to {high:.4f}, "
        f"the band of {len(recorded)} runs on record"
    )
    return is_within


def status() -> None:
    """Print how far all runs are that were begun here."""
    for file in sorted(WORK.glob("*/*.json")):
        record = json.loads(file.read_text(encoding="utf-8"))
        recipe, done = file.parent.name, len(record["wall_seconds"])
        minutes = sum(record["wall_seconds"]) / 60
        accuracy = record.get("valid_accuracy") or record["history"]["val_accuracy"][-1]
        state = "finished" if "test_accuracy" in record else f"epoch {done}"
        if "test_accuracy" not in record and recipe in RECIPES:
            state += f" of {RECIPES[recipe].epochs}"
        print(
            f"{recipe:24} {file.stem:22} {state:14} {minutes:6.1f} min  validation {accuracy:.4f}"
        )


def trained_weights(name: str, run: str) -> list[np.ndarray]:
    """Return the weights of a run that was finished here, else those that are stored of it."""
    file = WORK / name / f"{run}.npz"
    if not file.exists():
        if run not in records.stored_runs(name):
            raise SystemExit(
                f"the weights of {name}, {run}, are neither here nor stored: train it first"
            )
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
    parser.add_argument("name", nargs="*", metavar="NAME", help=", ".join(RECIPES))
    parser.add_argument("--seed", type=int, nargs="+", default=[42])
    parser.add_argument("--policy", choices=["float32", "mixed_bfloat16"])
    parser.add_argument("--workers", type=int, default=1, help="runs at the same time")
    parser.add_argument("--scheduler", default="", help="address of a dask scheduler")
    parser.add_argument("--status", action="store_true", help="say how far all runs are")
    parser.add_argument("--store", nargs="*", metavar="RUN")
    parser.add_argument("--compare", action="store_true", help="with the runs on record")
    arguments = parser.parse_args()
    if arguments.status:
        return status()
    if not arguments.name or (unknown := [n for n in arguments.name if n not in RECIPES]):
        asked = f"there is no recipe {unknown[0]!r}" if arguments.name else "which network?"
        parser.error(f"{asked}; there are {', '.join(RECIPES)}")
    if arguments.store is not None:
        for name in arguments.name:
            store(name, arguments.store)
        return None
    policy = arguments.policy or models.fast_dtype_policy()
    jobs = [(name, seed, policy) for name in arguments.name for seed in arguments.seed]
    if arguments.scheduler or arguments.workers > 1:
        train_side_by_side(jobs, arguments.scheduler, arguments.workers)
    else:
        for job in jobs:
            train(*job)
    if arguments.compare and not all([compare(*job) for job in jobs]):
        sys.exit(1)
    return None


if __name__ == "__main__":
    main()
