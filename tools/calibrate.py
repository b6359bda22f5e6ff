"""Measure what the points for the highest accuracy rest on, and write `part3/bands.json`.

    python -m tools.calibrate             from all finished training runs
    python -m tools.calibrate --cheats    also train networks on the test set (half an hour)

It takes the weights of the runs that were finished here, in `_build/training`, and of those
stored in `utils/trained` (see `tools.train`). It asks each network about the test digits as
they are, the test digits moved by several seeds, and the moved validation digits. What was
asked once is kept in `_build/calibration`, so that the command goes on where it was
interrupted. In the file, "moves" and "table" are decisions: they are kept, and all other
parts are measured anew.
"""

from __future__ import annotations

import argparse
import itertools
import json
import re
import sys
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from scipy.stats import binom

from tools import train
from tools.judge import DOUBTS, DOUBTS_FILE
from tools.recipes import RECIPES, VALIDATION_SIZE, batches, scaled, split
from utils import data, records
from utils.checks.part3 import bands
from utils.checks.part3.estimate import PUBLIC_SEEDS, expected
from utils.checks.part3.moved_digits import moved, turned_anyhow

CACHE = train.WORK.parent / "calibration"
NAMES = ("mnist_dense", "mnist_plain", "mnist_own", "mnist_augmented", "mnist_reference")
SEEDS = (101, 102, 103, 104, 105)  # stand for secret ones
STRENGTHS = ((5.0, 1.0), (8.0, 1.5), (10.0, 2.0))  # degrees and pixels, to choose from
STRONG = NAMES[1:]  # they say which digits are hard
MOVES = 3  # of each test digit: how one of them happens to fall matters less
HARD = 0.4  # read by at most this share of these networks and moves
TELLTALES = 60
ONE_IN = 10_000  # an honest model is doubted at most this often
CHEATS = {  # name: which digits are added to the training set, and epochs on top of the reference
    "reference, then 10 epochs on the test digits": ("test alone", 10),
    "reference, then 3 epochs on training and test digits": ("both", 3),
}

Classes = np.ndarray  # (n,), uint8: what a network answers
Ask = Callable[[np.ndarray], Classes]


def finished_runs() -> list[tuple[str, str]]:
    """Return (recipe, run) of the runs that were finished here or whose weights are stored."""
    found = set()
    for name in NAMES:
        found |= {(name, run) for run in records.stored_runs(name)}
        for file in (train.WORK / name).glob("*.npz"):
            record = json.loads(file.with_suffix(".json").read_text(encoding="utf-8"))
            if "test_accuracy" in record:
                found.add((name, file.stem))
    return sorted(found, key=lambda run: (NAMES.index(run[0]), run[1]))


def network(name: str, run: str):
    """Return the trained network of a run, in 32 bits."""
    import keras

    keras.config.set_dtype_policy("float32")
    model = RECIPES[name].build()
    model.set_weights(train.trained_weights(name, run))
    return model


def fingerprint(name: str, run: str) -> str:
    """Return what tells the weights of a run from those of an earlier run of the same name."""
    checksum = 0
    for weights in train.trained_weights(name, run):
        checksum = zlib.crc32(weights.tobytes(), checksum)
    return f"{checksum:08x}"


def asker(model) -> Ask:
    def ask(images: np.ndarray) -> Classes:
        return model.predict(images, batch_size=500, verbose=0).argmax(axis=1).astype(np.uint8)

    return ask


def sets() -> dict[str, Callable[[], np.ndarray]]:
    """Return what every network is asked: a name, and how to make the images."""
    (train, _), (test, _) = data.load_mnist()
    valid = train[-VALIDATION_SIZE:]
    return (
        {"test": lambda: scaled(test), "valid": lambda: scaled(valid)}
        | {"telltales": lambda: turned_anyhow(test)}
        | {f"test-{seed}": lambda seed=seed: moved(test, seed) for seed in SEEDS}
        | {f"valid-{seed}": lambda seed=seed: moved(valid, seed) for seed in PUBLIC_SEEDS}
    )


def strengths() -> dict[str, Callable[[], np.ndarray]]:
    """Return the moves to choose from, as `sets` does."""
    _, (test, _) = data.load_mnist()
    return {
        f"test-{degrees:g}-{pixels:g}": lambda d=degrees, p=pixels: moved(test, SEEDS[0], d, p)
        for degrees, pixels in STRENGTHS
    }


def kept(key: str, question: str, cache: Path = CACHE) -> Path:
    """Return the file with the answers of a network to a question."""
    return cache / f"{key}, moved by {bands.DEGREES:g} and {bands.PIXELS:g}, {question}.npy"


def is_asked(key: str, questions: dict) -> bool:
    return all(kept(key, question).exists() for question in questions)


def asked(
    key: str, make_ask: Callable[[], Ask], questions: dict, cache: Path = CACHE
) -> dict[str, Classes]:
    """Return what a network answers to all `questions`; what it answered before is read."""
    cache.mkdir(parents=True, exist_ok=True)
    answers, ask = {}, None
    for name, make in questions.items():
        file = kept(key, name, cache)
        if not file.exists():
            ask = ask or make_ask()
            print(f"  {key}: {name}", flush=True)
            np.save(file, ask(make()))
        answers[name] = np.load(file, allow_pickle=False)
    return answers


def nearest(memory: np.ndarray, labels: np.ndarray, reach: int = 0) -> Ask:
    """Return a "network" that knows images by heart: it answers with the label of the nearest.

    With `reach` it compares with each of them shifted by up to so many pixels, too.
    """
    memory = memory.reshape(len(memory), 28, 28).astype(np.float32)

    def ask(images: np.ndarray) -> Classes:
        images = images.reshape(len(images), -1)
        best = np.full(len(images), np.inf, np.float32)
        answers = np.zeros(len(images), np.uint8)
        for down, right in itertools.product(range(-reach, reach + 1), repeat=2):
            known = np.roll(memory, (down, right), axis=(1, 2)).reshape(len(memory), -1)
            lengths = np.square(known).sum(axis=1)
            for start in range(0, len(images), 1000):
                part = slice(start, start + 1000)
                distances = lengths - 2 * images[part] @ known.T
                closest = distances.argmin(axis=1)
                found = distances[np.arange(len(closest)), closest]
                better = found < best[part]
                answers[part][better] = labels[closest[better]]
                best[part] = np.minimum(best[part], found)
        return answers

    return ask


def trained_on_the_test_set(which: str, epochs: int) -> Ask:
    """Return the first reference network after more training, on test digits too, augmented."""
    import keras

    recipe = RECIPES["mnist_reference"]
    (x_train, y_train), _, (x_test, y_test) = split(recipe)
    model = network("mnist_reference", first_run("mnist_reference"))
    if which == "both":
        x_test, y_test = np.concatenate([x_train, x_test]), np.concatenate([y_train, y_test])
    keras.utils.set_random_seed(1)
    model.compile(optimizer=keras.optimizers.Adam(5e-4), loss="categorical_crossentropy")
    model.fit(batches(recipe, x_test, y_test, seed=1), epochs=epochs, verbose=2)
    return asker(model)


def first_run(name: str) -> str:
    return next(run for recipe, run in finished_runs() if recipe == name)


def share(answers: Classes, labels: np.ndarray) -> float:
    return round(float(np.mean(answers == labels)), 5)


# --- from answers to numbers ------------------------------------------------------------


def in_threes(values: Sequence[float]) -> list[float]:
    """Return the means of all choices of as many moves as a hand-in is judged by."""
    chosen = itertools.combinations(values, min(MOVES, len(values)))
    return [float(np.mean(some)) for some in chosen]


def hard_numbers(rights: list[np.ndarray]) -> np.ndarray:
    """Return the numbers of the digits that most networks misread.

    `rights` has for each network the share of moves under which it reads each digit, (n,).
    """
    return np.flatnonzero(np.mean(rights, axis=0) <= HARD)


def doubted_from(rate: float, count: int, one_in: int = ONE_IN) -> int:
    """Return from how many of `count` hard digits on a model is doubted.

    The smallest number that a model which reads each of them with probability `rate` reaches
    at most once in `one_in` models.
    """
    return next(k for k in range(count + 2) if binom.sf(k - 1, count, rate) <= 1 / one_in)


def about_hard_digits(rights: dict[str, np.ndarray], labels: np.ndarray) -> dict:
    """Return which digits are hard, and how many of them an honest network reads.

    `rights` is {run: (moves, n) of booleans}. Each network is held against the digits that
    are hard for the *others*; so is a network that was never seen. What a weak network misreads
    says nothing: the convolutional ones decide.
    """
    means = {
        run: is_right.mean(axis=0) for run, is_right in rights.items() if run.split()[0] in STRONG
    }
    numbers = hard_numbers(list(means.values()))
    rates, read = {}, {}
    for run, is_right in rights.items():
        others = hard_numbers([mean for other, mean in means.items() if other != run])
        rates[run] = max(in_threes(is_right[:, others].mean(axis=1)))
        read[run] = [round(rates[run] * len(others), 2), len(others)]
    worst = max(rates.values())
    first = doubted_from(worst, len(numbers))
    return {
        "numbers": numbers.tolist(),
        "labels": labels[numbers].tolist(),
        "most_read": int(np.ceil(worst * len(numbers) - 1e-9)),
        "doubted_from": first,
        "false_alarm": float(f"{binom.sf(first - 1, len(numbers), worst):.1e}"),
        "left_out": read,
    }


def about_telltales(answers: dict[str, Classes], labels: np.ndarray) -> dict:
    """Return the digits on which the strong networks differ most, and what each of them answers.

    `answers` is {run: its classes for the test digits turned by any angle}. Digits on which the
    networks of the last recipe differ come first: these networks are the ones worth copying.
    """
    strong = [run for run in answers if run.split()[0] in STRONG]
    last = [run for run in strong if run.split()[0] == STRONG[-1]]

    def spread(some: list[str]) -> np.ndarray:
        wrong = np.sum([answers[run] != labels for run in some], axis=0)
        return np.minimum(wrong, len(some) - wrong)  # some read it, and some do not

    numbers = np.sort(np.lexsort((-spread(strong), -spread(last)))[:TELLTALES])
    same = [
        int(np.sum(answers[one][numbers] == answers[other][numbers]))
        for one, other in itertools.product(strong, answers)
        if one != other
    ]
    return {
        "numbers": numbers.tolist(),
        "answers": {run: "".join(map(str, answers[run][numbers])) for run in strong},
        "most_same": max(same),
        "doubted_from": doubted_from(max(same) / len(numbers), len(numbers), 10 * ONE_IN),
    }


def about_anchor(
    runs: dict[str, dict[str, Classes]], labels: np.ndarray, valid: np.ndarray
) -> dict:
    """Return accuracies and points of the networks of one recipe, and how far luck moves them.

    "moved" has an accuracy for each move, "points" the points for all choices of three moves.
    """
    told = {}
    for run, answers in runs.items():
        shares = [share(answers[f"test-{seed}"], labels) for seed in SEEDS]
        known = [share(answers[f"valid-{seed}"], valid) for seed in PUBLIC_SEEDS]
        told[run] = {
            "test": share(answers["test"], labels),
            "moved": shares,
            "points": [bands.points(accuracy) for accuracy in in_threes(shares)],
            "moved_validation": known,
            "estimated": bands.points(float(np.mean(known))),
        }
    moved_shares = np.array([run["moved"] for run in told.values()])
    earned = np.array([run["points"] for run in told.values()])
    several = len(told) > 1
    return {
        "runs": told,
        "test": round(float(np.mean([run["test"] for run in told.values()])), 5),
        "moved": round(float(moved_shares.mean()), 5),
        "spread_by_training": round(float(moved_shares.mean(axis=1).std(ddof=1)), 5)
        if several
        else None,
        "spread_by_secret_seed": round(float(moved_shares.std(axis=1, ddof=1).mean()), 5),
        "points": round(float(earned.mean()), 2),
        "points_from_to": [float(earned.min()), float(earned.max())],
        "points_spread": round(float(earned.std(ddof=1)), 2),
    }


def about_estimates(anchors: dict) -> dict:
    """Return how often the estimate from the validation digits held, over runs and moves.

    "test_minus_validation" tells by how much the moved test digits are easier, by recipe.
    """
    held, best, shifts = [], 0.0, {}
    for name, anchor in anchors.items():
        known = [float(np.mean(run["moved_validation"])) for run in anchor["runs"].values()]
        for accuracy, run in zip(known, anchor["runs"].values(), strict=True):
            low, high = expected(accuracy, VALIDATION_SIZE)
            held += [bands.points(low) <= p <= bands.points(high) for p in run["points"]]
        best = max(best, *known)
        shifts[name] = round(anchor["moved"] - float(np.mean(known)), 5)
    return {
        "best": round(best, 5),
        "held": round(float(np.mean(held)), 3),
        "test_minus_validation": shifts,
    }


def about_cheat(answers: dict[str, Classes], labels: np.ndarray, hard: dict) -> dict:
    """Return what a dishonest model reaches, and how many hard digits it reads."""
    asked_about = [answers[f"test-{s}"] for s in SEEDS if f"test-{s}" in answers]
    shares = [share(given, labels) for given in asked_about]
    read = [int(np.sum((given == labels)[hard["numbers"]])) for given in asked_about]
    return {
        "test": share(answers["test"], labels),
        "moved": shares,
        "points": [bands.points(accuracy) for accuracy in in_threes(shares)],
        "hard_digits_read": read,
        "is_doubted": [count >= hard["doubted_from"] for count in in_threes(read)],
    }


def dishonest_models(test: np.ndarray, labels: np.ndarray, cheats: bool) -> dict:
    """Return {what it is: its answers} for models that deserve little."""
    questions = {key: make for key, make in sets().items() if key.startswith("test")}
    first = ("test", f"test-{SEEDS[0]}")
    constant = np.full(len(labels), np.bincount(labels).argmax(), np.uint8)
    found = {
        "one answer to everything": dict.fromkeys(questions, constant),
        "memory: the nearest test digit": asked(
            "memory", lambda: nearest(scaled(test), labels), questions | strengths()
        ),
        "memory that shifts by up to 2 pixels": asked(
            "shifted memory",
            lambda: nearest(scaled(test), labels, reach=2),
            {key: questions[key] for key in first},
        ),
    }
    beginning = fingerprint("mnist_reference", first_run("mnist_reference"))
    for name, (which, epochs) in CHEATS.items():
        key = f"{name} {beginning}"
        if cheats or is_asked(key, questions):
            found[name] = asked(
                key, lambda w=which, e=epochs: trained_on_the_test_set(w, e), questions
            )
    return found


def measure(cheats: bool) -> dict:
    """Return all that is measured, as it stands in bands.json."""
    (_, y_train), (test, labels) = data.load_mnist()
    valid = y_train[-VALIDATION_SIZE:]
    runs = finished_runs()
    if missing := set(NAMES) - {name for name, _ in runs}:
        print(f"no finished run of {', '.join(sorted(missing))}", file=sys.stderr)
    everything = {}
    for name, run in runs:
        questions = sets()
        if run == first_run(name):
            questions |= strengths()
        ask = lambda name=name, run=run: asker(network(name, run))  # noqa: E731
        everything[name, run] = asked(f"{name} {run} {fingerprint(name, run)}", ask, questions)
    rights = {
        f"{name} {run}": np.array([answers[f"test-{seed}"] == labels for seed in SEEDS])
        for (name, run), answers in everything.items()
    }
    hard = about_hard_digits(rights, labels)
    turned = {f"{name} {run}": answers["telltales"] for (name, run), answers in everything.items()}
    anchors = {
        name: about_anchor(
            {run: answers for (other, run), answers in everything.items() if other == name},
            labels,
            valid,
        )
        for name in dict.fromkeys(name for name, _ in runs)
    }
    dishonest = dishonest_models(test, labels, cheats)
    return {
        "hard_digits": hard,
        "telltales": about_telltales(turned, labels),
        "validation": about_estimates(anchors),
        "anchors": anchors,
        "cheats": {name: about_cheat(told, labels, hard) for name, told in dishonest.items()},
        "strengths": {
            f"±{degrees:g}°, ±{pixels:g} px": {
                name: share(
                    everything[name, first_run(name)][f"test-{degrees:g}-{pixels:g}"], labels
                )
                for name in anchors
            }
            | {
                "memory": share(
                    dishonest["memory: the nearest test digit"][f"test-{degrees:g}-{pixels:g}"],
                    labels,
                )
            }
            for degrees, pixels in STRENGTHS
        },
    }


def as_text(value: dict) -> str:
    """Return JSON in which lists of plain values stand on one line."""
    text = json.dumps(value, indent=1, ensure_ascii=False)
    return re.sub(r"\[[^\[\]{}]*\]", lambda found: re.sub(r"\s+", " ", found[0]), text) + "\n"


def summary(found: dict) -> str:
    lines = [f"{'':32}{'as they are':>12}{'moved':>9}{'points':>8}   from … to"]
    for name, anchor in found["anchors"].items():
        low, high = anchor["points_from_to"]
        lines.append(
            f"{name:32}{anchor['test']:12.2%}{anchor['moved']:9.2%}{anchor['points']:8.1f}"
            f"   {low:g} … {high:g}"
        )
    for name, cheat in found["cheats"].items():
        doubt = "doubted" if all(cheat["is_doubted"]) else "not doubted"
        lines.append(
            f"{name[:31]:32}{cheat['test']:12.2%}{np.mean(cheat['moved']):9.2%}"
            f"{np.mean(cheat['points']):8.1f}   {doubt}, {cheat['hard_digits_read']} hard digits"
        )
    hard = found["hard_digits"]
    lines.append(
        f"{len(hard['numbers'])} hard digits; honest networks read at most {hard['most_read']}, "
        f"doubted from {hard['doubted_from']} on: false alarm {hard['false_alarm']:g}"
    )
    lines.append(f"estimates held for {found['validation']['held']:.0%} of runs and moves")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cheats", action="store_true", help="train networks on the test set")
    found = measure(parser.parse_args().cheats)
    # Which digits are hard, and which numbers tell a network, is nothing for students' files.
    secret = {key: found.pop(key) for key in ("hard_digits", "telltales")}
    kept = {key: bands.BANDS[key] for key in ("moves", "table")}
    bands.FILE.write_text(as_text(kept | found), encoding="utf-8")
    DOUBTS_FILE.write_text(as_text(DOUBTS | secret), encoding="utf-8")
    print(summary(found | secret))


if __name__ == "__main__":
    main()
