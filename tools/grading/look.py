"""A program for a sandbox in which no student's code runs: look at networks that came out of one.

    python -P look.py

In its folder lies networks.json: what to look at, the seed, and configurations that hold allowed
names alone; arrays lie in weights.npz. It writes a `.npz` file for each network.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

HERE = Path.cwd()
sys.path.insert(0, str(Path(__file__).parent))
import transfer  # noqa: E402


def rebuilt(told: dict, weights: list[np.ndarray]):
    """Return a model from its configuration, compiled with the loss that it had."""
    import keras

    model = keras.saving.deserialize_keras_object(told["config"], safe_mode=True)
    model.set_weights(weights)
    if told["loss"] is not None:
        model.compile("sgd", keras.losses.get(told["loss"]))
    return model


def at_network(told: dict, arrays: dict, seed: int) -> dict:
    from utils.checks.part2.build_model import model_facts

    return model_facts(lambda: rebuilt(told, arrays["weights"]), seed)


def at_training(told: dict, arrays: dict, seed: int) -> dict:
    """Return the states of a network before and after a training."""
    from utils.checks.part2.train import state_of, training_case

    case, model = training_case(seed), rebuilt(told, arrays["weights"])
    before = state_of(model, case)
    model.set_weights(arrays["after"])
    return {"before": before, "after": state_of(model, case)}


def main() -> None:
    import keras  # noqa: F401  so that its start is not counted

    (HERE / "started").touch()
    job = json.loads((HERE / "networks.json").read_text(encoding="utf-8"))
    with np.load(HERE / "weights.npz", allow_pickle=False) as stored:
        for name, told in job["networks"].items():
            arrays = {
                part: [stored[f"{name}/{part}/{i}"] for i in range(count)]
                for part, count in told["counts"].items()
            }
            look = at_training if "after" in arrays else at_network
            try:
                found = look(told, arrays, job["seed"])
            except Exception as error:
                found = {"problem": f"{type(error).__name__}: {str(error)[:300]}"}
            transfer.write(HERE / f"{name}.npz", found)


if __name__ == "__main__":
    main()
