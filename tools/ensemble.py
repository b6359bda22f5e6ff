"""Let several trained networks answer together, and keep a record of it.

    python -m tools.ensemble fashion_mnist_ensembles
    python -m tools.ensemble mnist_ensembles

The networks are runs that were finished here (`tools.train`) or whose weights are stored. Which
of them make an ensemble stands in `ENSEMBLES`; one whose networks are not all here is left as it
is on record. Their probabilities are averaged. As for a single network, the test set reports,
and chooses nothing.
"""

from __future__ import annotations

import argparse
import json
from itertools import combinations, product

import numpy as np

from tools.recipes import RECIPES, Images, accuracy, asked_twice, split
from tools.train import circumstances, trained_weights
from utils import models
from utils.records import TRAINED

SEEDS = 1, 2, 3
ALIKE, OTHER = "fashion_mnist_residual", "fashion_mnist_scheduled"
WIDE, MIRRORED = "fashion_mnist_wide", "fashion_mnist_mirrored"
# Recipes of networks with kernels of 3 × 3 (but for one layer), 5 × 5 and 7 × 7.
KERNELS = {3: "mnist_reference", 5: "mnist_kernels_5", 7: "mnist_kernels_7"}
# Name of a record → name of an ensemble → its networks, each (recipe, seed).
ENSEMBLES = {
    "fashion_mnist_ensembles": {
        **{
            f"two alike, seeds {one} and {other}": [(ALIKE, one), (ALIKE, other)]
            for one, other in combinations(SEEDS, 2)
        },
        **{f"two different, seed {seed}": [(ALIKE, seed), (OTHER, seed)] for seed in SEEDS},
        "three alike": [(ALIKE, seed) for seed in SEEDS],
        "six": [(name, seed) for name in (ALIKE, OTHER) for seed in SEEDS],
        "three wide": [(WIDE, seed) for seed in SEEDS],
        "three wide, three mirrored": [(name, seed) for name in (WIDE, MIRRORED) for seed in SEEDS],
    },
    # Nine networks: three of one kind, one of each kind in every way there is, and all of them.
    "mnist_ensembles": {
        **{
            f"three alike, {size} × {size}": [(name, seed) for seed in SEEDS]
            for size, name in KERNELS.items()
        },
        **{
            f"one of each, seeds {', '.join(map(str, seeds))}": [
                *zip(KERNELS.values(), seeds, strict=True)
            ]
            for seeds in product(SEEDS, repeat=len(KERNELS))
        },
        "nine": [(name, seed) for name in KERNELS.values() for seed in SEEDS],
    },
}


def answers(name: str, run: str, images: np.ndarray) -> np.ndarray:
    """Return the probabilities, (n, 10), that a trained network gives to images."""
    import keras

    keras.config.set_dtype_policy(run.rsplit("-", 1)[0])
    model = RECIPES[name].build()
    model.set_weights(trained_weights(name, run))
    return model.predict(images, batch_size=250, verbose=0)


def together(
    members: list[tuple[str, str]], validation: Images, test: Images, known: dict | None = None
) -> dict:
    """Measure an ensemble of networks, (recipe, run) each, beside the mean of its members.

    Networks that were trained on mirrored images are also asked about each image's mirror image.
    `known` keeps what each network answered, for the next ensemble that it is a member of.
    """
    known = {} if known is None else known

    def ask(member: tuple[str, str], part: str, images: np.ndarray) -> np.ndarray:
        if (member, part) not in known:
            known[member, part] = answers(*member, images)
        return known[member, part]

    found = {"members": [f"{name}, {run}" for name, run in members]}
    knows_mirrored = all(RECIPES[name].measure is asked_twice for name, _ in members)
    for part, (images, labels) in (("valid", validation), ("test", test)):
        each = [ask(member, part, images) for member in members]
        alone = np.mean([accuracy(one, labels) for one in each])
        found[f"{part}_accuracy"] = accuracy(sum(each), labels)
        found[f"{part}_accuracy_alone"] = round(float(alone), 5)
        if knows_mirrored:
            turned = images[:, :, ::-1]
            again = [ask(member, f"{part}, mirrored", turned) for member in members]
            found[f"{part}_accuracy_asked_twice"] = accuracy(sum(each + again), labels)
    return found


def measure(record: str, policy: str) -> None:
    """Measure the ensembles of a record whose networks are all here, and store what was found."""
    file = TRAINED / f"{record}.json"
    runs = json.loads(file.read_text(encoding="utf-8"))["runs"] if file.exists() else {}
    known = {}
    for ensemble, networks in ENSEMBLES[record].items():
        members = [(name, f"{policy}-seed{seed}") for name, seed in networks]
        try:
            for member in members:
                trained_weights(*member)
        except (SystemExit, FileNotFoundError) as missing:
            print(f"{ensemble}: left as it is on record, {missing}")
            continue
        _, validation, test = split(RECIPES[networks[0][0]])
        runs[ensemble] = together(members, validation, test, known) | circumstances()
        print(
            f"{ensemble}: {runs[ensemble]['test_accuracy']:.4f} together, "
            f"{runs[ensemble]['test_accuracy_alone']:.4f} alone",
            flush=True,
        )
    file.write_text(json.dumps({"runs": runs}, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("record", choices=list(ENSEMBLES))
    parser.add_argument("--policy", choices=["float32", "mixed_bfloat16"])
    arguments = parser.parse_args()
    measure(arguments.record, arguments.policy or models.fast_dtype_policy())


if __name__ == "__main__":
    main()
