"""Fuzz the loading of handed-in model files: change good ones at random, and look what happens.

    python -m tools.fuzz_model_file [--seconds 180] [--seed 1]

The changes know the structure of the file: its JSON (names, values, parts moved to other places,
what is known to be hostile), its zip, its HDF5, its bytes. Each changed file is looked at by
`model_file.check`, which must return or refuse; what it lets through is loaded in the sandbox by
`fuzz_loader`, which watches. The command fails if anything raises what it must not, writes,
reads or starts something that does not belong to loading a model, or takes too long.
"""

from __future__ import annotations

import argparse
import collections
import copy
import functools
import io
import json
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from utils.checks.part3 import model_config, model_file, sandbox

LOADER = Path(__file__).with_name("fuzz_loader.py")
MEGABYTES = 2_000
SLOWEST_CHECK = 5.0  # seconds
AT_ONCE = 40  # models that one sandbox loads
SECONDS_A_BATCH = 120

Random = np.random.Generator
Mutation = Callable[[Random, bytes], bytes]


# --- good files ---------------------------------------------------------------------------


@functools.cache
def good_files() -> tuple[bytes, ...]:
    """Return saved models of several kinds."""
    import keras
    from keras import layers, ops

    image = keras.Input((28, 28, 1))
    values = ops.pad(2 * image - 1, ((0, 0), (1, 1), (1, 1), (0, 0)))[:, ::2, ::2]
    inner = keras.Sequential([keras.Input((15, 15, 1)), layers.Conv2D(3, 3), layers.Flatten()])
    joined = layers.Average()([layers.Dense(10)(inner(values)), layers.Dense(10)(inner(values))])
    models = [
        keras.Sequential([keras.Input((28, 28, 1)), layers.Flatten(), layers.Dense(10, "relu")]),
        keras.Sequential(
            [
                keras.Input((28, 28, 1)),
                layers.Rescaling(2.0, -1.0),
                layers.RandomRotation(0.1),
                layers.Conv2D(4, 3, strides=2, kernel_regularizer="l2", use_bias=False),
                layers.BatchNormalization(),
                layers.Activation("gelu"),
                layers.DepthwiseConv2D(3, depthwise_constraint="max_norm"),
                layers.GlobalAveragePooling2D(),
                layers.Dropout(0.3, seed=3),
                layers.Dense(10, activation="softmax", dtype="float32"),
            ]
        ),
        keras.Sequential(
            [
                keras.Input((28, 28, 1)),
                layers.Reshape((28, 28)),
                layers.Bidirectional(layers.LSTM(4)),
                layers.Dense(10, kernel_initializer=keras.initializers.Constant(0.1)),
            ]
        ),
        keras.Model(image, joined + 1.0),
    ]
    return tuple(map(saved, models))


def saved(model) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.keras")
        model.save(path)
        return path.read_bytes()


def parts_of(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(parts: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return target.getvalue()


# --- changes of the configuration -----------------------------------------------------------

GET_FILE = {
    "module": "keras.utils",
    "class_name": "function",
    "config": "get_file",
    "registered_name": "get_file",
}
LAMBDA = {
    "module": "keras",
    "class_name": "layers.Lambda",
    "config": {"name": "a", "function": GET_FILE, "arguments": {"origin": "file:///etc/passwd"}},
    "registered_name": None,
}
HOSTILE = (
    *(None, True, False, -1, 0, 3, 2**31, 10**12, 10**30, 1e308, -1e-308, 0.5),
    *("", "a", "keras", "os.system", "layers.Lambda", "get_file", "/etc/passwd", "../../x"),
    *("keras.utils", "keras.src.saving.serialization_lib", "builtins", "__lambda__", "\x00", "é"),
    *([], {}, [[[]]], [None] * 9, {"a": {"b": 1}}, {"class_name": []}, {"class_name": {}}),
    *(GET_FILE, LAMBDA, LAMBDA | {"module": "keras.layers", "class_name": "Lambda"}),
    LAMBDA | {"class_name": "TFSMLayer", "module": "keras.layers", "config": {"filepath": "/tmp"}},
    {"class_name": "__lambda__", "config": {"value": "4wAAAAA="}},
    {"class_name": "__tensor__", "config": {"value": [1, 2], "dtype": "float32"}},
    {"class_name": "__numpy__", "config": {"value": [[1]], "dtype": "object"}},
    {"class_name": "__bytes__", "config": {"value": "a"}},
    {"class_name": "__typespec__", "config": [], "module": "os", "spec_name": "system"},
    {"class_name": "function", "config": "relu", "module": "keras.activations"},
)
MODULES = sorted({module for module, _ in model_config.KINDS})
NAMES = sorted({name for _, name in model_config.KINDS})
WORDS = sorted(model_config.WORDS)


def places(value: object) -> Iterator[tuple[dict | list, object]]:
    """Yield (container, key) of every value within a JSON value."""
    waiting = [value]
    while waiting:
        here = waiting.pop()
        if isinstance(here, dict | list):
            pairs = here.items() if isinstance(here, dict) else enumerate(here)
            for key, inner in pairs:
                yield here, key
                waiting.append(inner)


def changed_config(rng: Random, config: dict) -> None:
    """Change a configuration in one place."""
    found = list(places(config))
    here, key = found[rng.integers(len(found))]
    old, way = here[key], rng.integers(9)
    if way == 0:
        here[key] = copy.deepcopy(HOSTILE[rng.integers(len(HOSTILE))])
    elif way == 1:  # a part from another place
        there, its = found[rng.integers(len(found))]
        here[key] = copy.deepcopy(there[its])
    elif way == 2:
        del here[key]
    elif way == 3 and isinstance(here, dict):
        here[str(rng.choice([*WORDS, *NAMES, "name", "config", "module", "__class__"]))] = old
    elif way == 4 and isinstance(here, list):
        here.insert(int(rng.integers(len(here) + 1)), copy.deepcopy(old))
    elif way == 5:  # another class, function or word of the lists
        objects = [(c, k) for c, k in found if k in ("class_name", "module", "registered_name")]
        here, key = objects[rng.integers(len(objects))] if objects else (here, key)
        here[key] = str(rng.choice(MODULES if key == "module" else NAMES))
    elif way == 6 and isinstance(old, str):
        here[key] = str(rng.choice(WORDS))
    elif isinstance(old, int | float) and not isinstance(old, bool):
        here[key] = type(old)(old * rng.choice([-1, 0, 2, 100]) + rng.integers(-2, 3))
    else:
        here[key] = [old] if way == 7 else copy.deepcopy(HOSTILE[rng.integers(len(HOSTILE))])


def mutate_config(rng: Random, content: bytes) -> bytes:
    parts = parts_of(content)
    config = json.loads(parts["config.json"])
    for _ in range(rng.integers(1, 4)):
        changed_config(rng, config)
    return packed(parts | {"config.json": json.dumps(config).encode()})


# --- changes of the other layers of the file --------------------------------------------------


def mutate_zip(rng: Random, content: bytes) -> bytes:
    parts = parts_of(content)
    name = str(rng.choice(list(parts)))
    way = rng.integers(6)
    if way == 0:
        parts[str(rng.choice(["../x", "/tmp/x", "a/", "config.json/", "é"]))] = b""
    elif way == 1:
        del parts[name]
    elif way == 2:
        parts[name] = bytes(int(rng.integers(0, 30_000_000)))
    elif way == 3:
        return packed(parts, int(rng.choice([zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])))
    elif way == 4:
        parts |= {f"assets/{number}/": b"" for number in range(int(rng.integers(1, 5_000)))}
    else:
        parts = {one: parts[other] for one, other in zip(parts, reversed(parts), strict=True)}
    return packed(parts, zipfile.ZIP_DEFLATED)


def mutate_weights(rng: Random, content: bytes) -> bytes:
    import h5py

    parts = parts_of(content)
    file = io.BytesIO(parts["model.weights.h5"])
    with h5py.File(file, "a") as weights:
        arrays = []
        weights.visititems(
            lambda name, item: arrays.append(name) if isinstance(item, h5py.Dataset) else None
        )
        for name in rng.choice(arrays, size=rng.integers(1, 3), replace=False):
            shape = weights[name].shape
            del weights[name]
            change_array(rng, weights, str(name), shape)
    return packed(parts | {"model.weights.h5": file.getvalue()})


def change_array(rng: Random, weights, name: str, shape: tuple) -> None:
    """Put something else in the place of an array."""
    import h5py

    way = rng.integers(10)
    if way == 0:
        weights[name] = h5py.ExternalLink("/etc/passwd", "a")
    elif way == 1:
        weights[name] = h5py.SoftLink(str(rng.choice(["/", "/layers", "/none"])))
    elif way == 2:
        weights.create_dataset(name, shape=(99,), dtype="u1", external=[("/etc/passwd", 0, 99)])
    elif way == 3:
        layout = h5py.VirtualLayout(shape=shape, dtype="f4")
        weights.create_virtual_dataset(name, layout)
    elif way == 4:
        weights.create_dataset(name, shape=(10**9,), dtype="f4")
    elif way == 5:
        weights.create_dataset(name, data=np.zeros(shape or (1,)), chunks=True, compression="gzip")
    elif way == 6:
        weights[name] = ["words"]
    elif way == 7:
        weights[name] = np.full(shape, np.nan)
    elif way == 8:
        weights[name] = np.zeros([*shape, 2])
    else:
        weights.create_group(name)


def mutate_bytes(rng: Random, content: bytes) -> bytes:
    changed = bytearray(content)
    if rng.random() < 0.2:
        return bytes(changed[: rng.integers(len(changed))])
    for _ in range(rng.integers(1, 9)):
        changed[rng.integers(len(changed))] = rng.integers(256)
    return bytes(changed)


def mutate_weight_bytes(rng: Random, content: bytes) -> bytes:
    """Change bytes of the HDF5 file where its structure is described, not where numbers are."""
    parts = parts_of(content)
    changed = bytearray(parts["model.weights.h5"])
    for _ in range(rng.integers(1, 9)):
        changed[rng.integers(min(len(changed), 8_000))] = rng.integers(256)
    return packed(parts | {"model.weights.h5": bytes(changed)})


MUTATIONS: tuple[tuple[Mutation, float], ...] = (
    (mutate_config, 0.7),
    (mutate_zip, 0.08),
    (mutate_weights, 0.1),
    (mutate_bytes, 0.04),
    (mutate_weight_bytes, 0.08),
)


def mutated(rng: Random) -> bytes:
    """Return one of the good files, changed."""
    files = good_files()
    which = rng.choice(len(MUTATIONS), p=[share for _, share in MUTATIONS])
    return MUTATIONS[which][0](rng, files[rng.integers(len(files))])


# --- looking ------------------------------------------------------------------------------


class Listener:
    """Notes what is opened, started or connected to while it is on (PEP 578)."""

    def __init__(self):
        self.on, self.events = False, []
        sys.addaudithook(self.hear)

    def hear(self, event: str, arguments: tuple) -> None:
        if self.on and event.startswith(("open", "socket.", "subprocess.", "os.", "shutil.")):
            self.events.append(f"{event} {arguments!r}"[:200])


@functools.cache
def listener() -> Listener:
    return Listener()


def look(content: bytes) -> tuple[tuple | None, list[str]]:
    """Let `model_file.check` look at a file; return what it gave, and what was wrong about that."""
    hears = listener()
    hears.on, hears.events = True, []
    found, wrong, begun = None, [], time.monotonic()
    try:
        found = model_file.check(content)
    except model_file.Unacceptable as error:
        if not str(error) or len(str(error)) > 400 or "\n" in str(error):
            wrong.append(f"said {str(error)[:400]!r}")
    except Exception as error:
        wrong.append(f"raised {type(error).__name__}: {error}")
    finally:
        hears.on = False
    if time.monotonic() - begun > SLOWEST_CHECK:
        wrong.append(f"took {time.monotonic() - begun:.1f} seconds")
    return found, wrong + hears.events


def load(models: list[tuple]) -> list[dict]:
    """Load models in a sandbox; return what came of each, as `fuzz_loader` tells it."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        for number, (config, weights, _) in enumerate(models):
            case = Path(folder, f"{number:05}")
            case.mkdir()
            (case / "config.json").write_text(json.dumps(config), encoding="utf-8")
            (case / "model.weights.h5").write_bytes(weights)
        runner = str(model_file.RUNNER)
        ended = sandbox.run(
            [sys.executable, "-P", str(LOADER), ".", runner, str(MEGABYTES)],
            folder,
            sandbox.Limits(SECONDS_A_BATCH, seconds_to_start=400, files=3 * len(models) + 100),
            reads=[LOADER, runner],
            environment={"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"},
            started="started",
        )
        told = sandbox.read(Path(folder, "told.jsonl"), 10_000_000) or b""
    lines = [json.loads(line) for line in told.splitlines()]
    if len(lines) < len(models):  # this one was stopped, or ended the process: no fault
        if ended.status == "not started" or (not lines and ended.status == "ended"):
            raise RuntimeError(f"the loader did not start: {ended}")
        broken = {"case": f"{len(lines):05}", "came": f"ended: {ended.status}", "events": []}
        lines = [*lines, broken, *load(models[len(lines) + 1 :])]
    return lines


def is_fault(line: dict) -> bool:
    """Whether a line of the loader tells of something that must not happen."""
    return bool(line["events"]) or line["came"].startswith("raised")


def fuzz(seed: int, seconds: float | None = None, count: int | None = None) -> dict:
    """Look at changed files for so long, or so many; return what came, and the faults."""
    rng = np.random.default_rng(seed)
    good_files()
    begun, number = time.monotonic(), 0
    came, faults, waiting = collections.Counter(), [], []

    def goes_on() -> bool:
        return number < count if count else time.monotonic() - begun < seconds

    def load_waiting() -> None:
        for line in load(waiting) if waiting else ():
            came["loaded: " + line["came"].split()[0]] += 1
            if is_fault(line):
                faults.append(f"{line['came']} {line['events']}")
        waiting.clear()

    while goes_on():
        found, wrong = look(mutated(rng))
        number += 1
        came["let through" if found else "refused"] += 1
        faults += [f"file {number}: {words}" for words in wrong]
        if found:
            waiting.append(found)
        if len(waiting) == AT_ONCE:
            load_waiting()
    load_waiting()
    return {"files": number, "came": dict(came), "faults": faults}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=180)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    if not sandbox.isolation():
        raise SystemExit("no sandbox on this machine: install bubblewrap")
    found = fuzz(arguments.seed, arguments.seconds)
    print(f"{found['files']:,} files, in {sandbox.isolation()}")
    for what, count in sorted(found["came"].items()):
        print(f"{count:8,} {what}")
    for fault in found["faults"]:
        print("FAULT", fault)
    raise SystemExit(bool(found["faults"]))


if __name__ == "__main__":
    main()
