"""Measure what the course claims about speed and size: `make bench`.

    make bench                      all parts
    make bench ARGS="book training" only these

- book: `make book`;
- pages: what each page weighs, by kind, in kB as it travels, and its requests;
- stock: what a browser loads of each page, the other hosts that it asks, what axe finds; and
  a chapter in Jupyter Book's own form beside them;
- lighthouse: what Lighthouse says of each page, where Node is there (hours on a slow
  machine; `python -m tools.bench.lighthouse --only intro` takes one page);
- explorers: a moved slider, in the page and by `interact` in a kernel: median and 95th
  percentile of 40 moves, in milliseconds;
- networks: one forward pass of the networks in the page, and of other libraries beside them;
  how often the answers with int8 weights are Keras's; the page's longest tasks;
- training: networks that learn in the page: images a second, beside Keras and other libraries;
  the page's longest tasks; accuracies and prepared situations with five seeds (ten minutes);
- precision: one training step in bfloat16 and in float32, alternating;
- recipes: a training step of each row of *Better, step by step*, in turn with the lecture's network
  (`python -m tools.bench.recipes --store` keeps what the page shows);
- grading: a class of 12 made of the solutions, with two workers: time, processor time of each
  stage, memory (`python -m tools.bench.grading --students 100` takes a larger one);
- tests: `make check` and `make test`, once a repeat (minutes each).

Every other figure is the median of `--repeats` (five unless told). Compare ratios
rather than seconds: machines differ, and shared ones are noisy.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "_build" / "html"
HANDED_DOWN = {"ARGS", "MAKEFLAGS", "MAKEOVERRIDES", "MFLAGS"}


def seconds(job: Callable[[], object]) -> float:
    """Return how long one call of `job` takes."""
    started = time.perf_counter()
    job()
    return time.perf_counter() - started


def make(target: str) -> None:
    """Run `make target` quietly; if it fails, show its output and raise CalledProcessError."""
    # Without what an outer make hands down: the ARGS of `make bench` are not for this target.
    env = {name: value for name, value in os.environ.items() if name not in HANDED_DOWN}
    words, together = ["make", "--silent", target], subprocess.STDOUT
    run = subprocess.run(
        words, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=together, text=True
    )
    if run.returncode:
        print(run.stdout, flush=True)
    run.check_returncode()


def bench_book(repeats: int) -> None:
    """Report how long `make book` takes."""
    taken = [seconds(lambda: make("book")) for _ in range(repeats)]
    print(f"make book              {statistics.median(taken):6.1f} s")


def bench_pages(repeats: int) -> None:
    """Report what each page weighs. `repeats` is not used: it weighs the same each time."""
    from tools.book import weight

    make("book")
    print(weight.table(SITE))
    print(f"The budget without images is {weight.BUDGET / 1000:.0f} kB.")


def bench_stock(repeats: int) -> None:
    """Report what pages load and ask of others. `repeats` is not used: it is always the same."""
    from tools.bench import stock

    make("book")
    stock.report()


def bench_lighthouse(repeats: int) -> None:
    """Report Lighthouse's scores of each page."""
    from tools.bench import lighthouse

    make("book")
    lighthouse.report(repeats)


def bench_precision(repeats: int, steps: int = 20, batch_size: int = 128) -> None:
    """Report training speed in images a second: bfloat16 against float32, alternating."""
    import keras
    import numpy as np

    from utils import models

    rng = np.random.default_rng(0)
    images = rng.random((steps * batch_size, 28, 28, 1), dtype="float32")
    labels = rng.integers(0, 10, len(images))
    networks = {}
    for policy in ("float32", "mixed_bfloat16"):
        model = models.lecture_network(dtype=policy)
        model.compile(loss="sparse_categorical_crossentropy", optimizer=keras.optimizers.Nadam())
        model.train_on_batch(images[:batch_size], labels[:batch_size])  # compiles the graph
        networks[policy] = model
    rates = {policy: [] for policy in networks}
    for _ in range(repeats):
        for policy, model in networks.items():
            taken = seconds(
                lambda model=model: model.fit(images, labels, batch_size=batch_size, verbose=0)
            )
            rates[policy].append(len(images) / taken)
    medians = {policy: statistics.median(values) for policy, values in rates.items()}
    for policy, rate in medians.items():
        print(f"training, {policy:15} {rate:6.0f} images a second")
    ratio = medians["mixed_bfloat16"] / medians["float32"]
    print(f"bfloat16 over float32   {ratio:6.2f} times as fast")
    print(f"policy chosen here      {models.fast_dtype_policy()}")


def bench_recipes(repeats: int) -> None:
    """Report how long the networks of *Better, step by step* train, beside the lecture's."""
    from tools.bench import recipes

    recipes.report(repeats)


def bench_tests(repeats: int) -> None:
    """Report how long `make check` and `make test` take."""
    taken = {"check": [], "test": []}
    for repeat in range(1, repeats + 1):
        for target, times in taken.items():
            times.append(seconds(lambda target=target: make(target)))
            # Each at once: a run that is cut off has not been for nothing.
            name = f"make {target}, run {repeat} of {repeats}"
            print(f"{name:25} {times[-1] / 60:6.1f} min", flush=True)
    for target, times in taken.items():
        print(f"{f'make {target}, median':25} {statistics.median(times) / 60:6.1f} min")


def bench_explorers(repeats: int) -> None:
    """Report what a moved slider costs. `repeats` is not used: each figure is of 40 moves."""
    from tools.bench import explorers

    explorers.report()


def bench_networks(repeats: int) -> None:
    """Report forward passes in the page. `repeats` is not used: each figure is of 60 passes."""
    from tools.bench import networks

    make("book")
    networks.report()


def bench_grading(repeats: int) -> None:
    """Report what grading a class takes. `repeats` is not used: a class has many hand-ins."""
    from tools.bench import grading

    grading.measure(students=12, workers=2)


def bench_training(repeats: int) -> None:
    """Report training in the page. `repeats` is not used: medians of three, and five seeds."""
    from tools.bench import training

    make("book")
    training.report()


PARTS = {
    "book": bench_book,
    "pages": bench_pages,
    "stock": bench_stock,
    "lighthouse": bench_lighthouse,
    "explorers": bench_explorers,
    "networks": bench_networks,
    "training": bench_training,
    "precision": bench_precision,
    "recipes": bench_recipes,
    "grading": bench_grading,
    "tests": bench_tests,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="all unless named")
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    for part in arguments.parts or PARTS:
        PARTS[part](arguments.repeats)


if __name__ == "__main__":
    main()
