"""In the sandbox: look at a student's network and at its training, as the checks of part 2 do.

What is found is what the student's process says. So the network itself leaves the sandbox as
well, as a configuration and arrays, and is looked at again where no student's code runs.
"""

from __future__ import annotations

import json

import numpy as np

from utils.checks.attempt import attempt


def as_bytes(value) -> np.ndarray:
    return np.frombuffer(json.dumps(value).encode(), np.uint8)


def taken_apart(model) -> dict:
    """Return a model as configuration, what it was compiled with, and weights."""
    import keras

    whole = json.loads(json.dumps(keras.saving.serialize_keras_object(model)))
    return {
        "config": as_bytes(whole),
        "compiled": as_bytes((whole.get("compile_config") or {}).get("loss")),
        "weights": model.get_weights(),
    }


def build_model(names: dict, seed: int) -> dict:
    """Return the facts about the network of `build_model`, and the network."""
    import keras

    from utils.checks.part2.build_model import model_facts

    build = names.get("build_model")
    keras.utils.set_random_seed(seed % 2**31)
    facts = {"open": True} if build is None else model_facts(build, seed)
    model = None if "open" in facts or "problem" in facts else attempt(build, seconds=60).value
    return {"facts": facts, "model": attempt(lambda: taken_apart(model)).value}


def train(names: dict, seed: int) -> dict:
    """Return the facts about a training with `train`, and the network that came of it."""
    import keras

    from utils.checks.part2.train import training_case, training_facts

    build, function, built = names.get("build_model"), names.get("train"), []
    if function is None:
        return {"facts": {"open": True}, "model": None}
    case = training_case(seed)

    def building():
        model = build() if build else None
        built[:] = [(model, attempt(lambda: taken_apart(model)).value)]
        return model

    keras.utils.set_random_seed(seed % 2**31)
    facts = training_facts(function, building, case)
    model, before = built[0] if built else (None, None)
    after = attempt(lambda: model.get_weights()).value
    if not before or after is None or facts.get("note"):  # tried on a network of the course
        return {"facts": facts, "model": None}
    return {"facts": facts, "model": before | {"after": after}}
