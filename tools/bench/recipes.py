"""Measure how long each row of *Better, step by step* trains: `make bench ARGS=recipes`.

Each network takes some steps of its own training, with its own augmentation, optimizer and batch
size, in turn with the others. What is kept is the median processor time of a step, which a busy
machine changes less than the time on the wall; what counts is its ratio to the lecture's network.

    .venv/bin/python -m tools.bench.recipes --store    into utils/trained, for the page
"""

from __future__ import annotations

import argparse
import json
import statistics
import time

from tools import atomic
from tools.fused_normalization import fused_normalization
from tools.recipes import RECIPES, STEPS, batches, split
from tools.train import circumstances
from utils import models, records

LECTURE = "fashion_mnist_lecture"
ROWS = ["fashion_mnist_dense", LECTURE, *(f"fashion_mnist_{name}" for name in STEPS)]
RECORD = "fashion_mnist_training_time"
STEPS_A_TURN = 20


def ready(name: str):
    """Return a function that trains a recipe's network for some steps; its graph is compiled."""
    import keras

    recipe = RECIPES[name]
    (images, labels), *_ = split(recipe)
    count = STEPS_A_TURN * recipe.batch_size
    shuffled = batches(recipe, images[:count], labels[:count], seed=1)
    keras.utils.set_random_seed(1)
    model = recipe.build()
    model.compile(**recipe.settings(10_000))
    run = lambda: model.fit(shuffled, shuffle=False, verbose=0)  # noqa: E731
    run()
    return run


def measure(repeats: int) -> dict[str, float]:
    """Return the median processor seconds that a training step of each row takes."""
    import keras

    keras.config.set_dtype_policy(models.fast_dtype_policy())
    with fused_normalization():
        runs = {name: ready(name) for name in ROWS}
        taken = {name: [] for name in ROWS}
        for turn in range(1, repeats + 1):
            print(f"turn {turn} of {repeats}", flush=True)
            for name, run in runs.items():
                started = time.process_time()
                run()
                taken[name].append((time.process_time() - started) / STEPS_A_TURN)
    return {name: round(statistics.median(each), 5) for name, each in taken.items()}


def report(repeats: int, store: bool = False) -> None:
    """Print the time of a step and of the whole training of each row; keep it with `store`."""
    seconds = measure(repeats)
    for name, each in seconds.items():
        step = each / seconds[LECTURE]
        training = step * RECIPES[name].epochs / RECIPES[LECTURE].epochs
        print(f"{name:30} {1000 * each:7.1f} ms a step, {step:5.2f} of the lecture's", end="; ")
        print(f"whole training {training:5.2f}")
    if store:
        run = {"seconds_a_step": seconds, "repeats": repeats, **circumstances()}
        made = {"runs": {models.fast_dtype_policy(): run}}
        text = json.dumps(made, indent=1) + "\n"
        atomic.write(records.TRAINED / f"{RECORD}.json", text.encode())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--store", action="store_true", help=f"as utils/trained/{RECORD}.json")
    arguments = parser.parse_args()
    report(arguments.repeats, arguments.store)


if __name__ == "__main__":
    main()
