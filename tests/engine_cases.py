"""Cases for the explorers' engine.js and sizes.js, and how Node runs them: what the tests share."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
MODULES = ROOT / "utils" / "explorers" / "js"
COMPARE = ROOT / "tests" / "utils" / "js" / "compare.mjs"
NODE_TEST = ROOT / "tests" / "utils" / "js" / "engine.test.mjs"


def case(name: str, call: str, *args, **outcome) -> dict:
    return {"name": name, "call": call, "args": args, **outcome}


def tensor(values) -> dict:
    values = np.asarray(values, dtype="float32")
    return {"shape": values.shape, "float32": values.ravel().tolist()}


def result(values) -> dict:
    return {"expected": tensor(values)}


def layer_list(layers) -> list[dict]:
    """Layers of Keras as the engine takes them, with Keras's names in camelCase."""
    names = {
        "filters",
        "kernel_size",
        "strides",
        "padding",
        "use_bias",
        "pool_size",
        "units",
        "rate",
    }
    return [
        {"type": type(layer).__name__}
        | {
            re.sub("_(.)", lambda match: match[1].upper(), name): value
            for name, value in layer.get_config().items()
            if name in names
        }
        for layer in layers
    ]


def run_in_node(node: str, cases: list[dict], folder: Path) -> subprocess.CompletedProcess:
    """Run cases in Node; it exits with 1 where one fails."""
    file = folder / "cases.json"
    file.write_text(json.dumps(cases), encoding="utf-8")
    environment = os.environ | {"ENGINE_CASES": str(file)}
    return subprocess.run(
        [node, "--test", NODE_TEST], env=environment, capture_output=True, text=True, timeout=60
    )
