"""A handed-in model: what may be in its file, and what it answers, found out at arm's length.

A `.keras` file is a zip of two JSON files and one HDF5 file. Nothing in it is believed: sizes
are looked at before anything is unpacked, and `model_runner` loads it in a process of its own,
whose time and memory are limited.
"""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .attempt import shortened

LARGEST = 20_000_000  # bytes of the file
LARGEST_UNPACKED = 50_000_000  # and of what is in it: Keras does not compress
LARGEST_CONFIG = 2_000_000
SECONDS = 120  # for 10,000 images, on two cores
SECONDS_TO_START = 120  # for importing Keras, on a busy machine
MEGABYTES = 4_000  # that loading and answering may take
RUNNER = Path(__file__).with_name("model_runner.py")

PARTS = {"metadata.json", "config.json", "model.weights.h5"}
OF_KERAS = re.compile(
    r"keras(\.src)?(\.(activations|constraints|dtype_policies|initializers|layers|losses|metrics"
    r"|models|ops|optimizers|quantizers|random|regularizers)(\.\w+)*)?"
)
FUNCTIONS_OF_KERAS = re.compile(r"keras(\.src)?\.(activations|ops)(\.\w+)*")
# Layers that hold a program, or read a file when they are loaded.
NOT_ALLOWED = {
    "Lambda",
    "TFSMLayer",
    "TorchModuleWrapper",
    "JaxLayer",
    "FlaxLayer",
    "StringLookup",
    "IntegerLookup",
    "TextVectorization",
}


class Unacceptable(Exception):
    """What a file holds cannot be a model for the hand-in; the message says why."""


@dataclass(frozen=True)
class Answer:
    """What came of a file."""

    status: str  # "ok", "missing", "malformed", "timeout" or "crash"
    message: str = ""  # in words, if it is not "ok"
    values: np.ndarray | None = None  # what the model answered, as it stands
    seconds: float = 0.0  # for loading and answering


def parts(config: object) -> Iterator[dict]:
    """Yield every dictionary in a JSON value."""
    waiting = [config]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            yield value
        if isinstance(value, dict | list):
            waiting += value.values() if isinstance(value, dict) else value


def check_config(config: object) -> None:
    """Raise Unacceptable if a model's configuration names anything but parts of Keras."""
    for part in parts(config):
        name = part.get("class_name")
        if name is None:
            continue
        if name in NOT_ALLOWED:
            raise Unacceptable(
                f"it has a {name} layer, which can hold a program. Use Keras's other layers: "
                "layers.Rescaling, for example, multiplies and adds"
            )
        if name in ("__lambda__", "function") and not FUNCTIONS_OF_KERAS.fullmatch(
            str(part.get("module"))
        ):
            raise Unacceptable(
                f"it needs a function of yours, {shortened(str(part.get('config')), 40)!r}. Only "
                "what Keras itself brings can be loaded"
            )
        module, registered = part.get("module"), part.get("registered_name")
        # A class of one's own has its name under "registered_name": "Package>Name", or, if it
        # was not registered, without a module.
        is_own = registered is not None and (module is None or ">" in str(registered))
        if is_own or (module is not None and not OF_KERAS.fullmatch(str(module))):
            raise Unacceptable(
                f"it needs {shortened(str(name), 40)!r}, which is not a layer of Keras. Only what "
                "Keras itself brings can be loaded"
            )


def check(content: bytes) -> None:
    """Raise Unacceptable unless `content` can be a saved model, as far as looking can tell."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            names = sorted(entry.filename for entry in entries)
            if names != sorted(PARTS):
                found = shortened(", ".join(names) or "nothing", 80)
                raise Unacceptable(
                    f"it is a zip file with {found} in it, and not a model that Keras saved"
                )
            # What is unpacked later is cut off at these sizes.
            if sum(entry.file_size for entry in entries) > LARGEST_UNPACKED:
                raise Unacceptable("it unpacks to far more than its size")
            if archive.getinfo("config.json").file_size > LARGEST_CONFIG:
                raise Unacceptable("its description of the layers is larger than that of any model")
            config = json.loads(archive.read("config.json"))
            config.pop("compile_config", None)  # loaded is what is needed to predict
    except Unacceptable:
        raise
    except Exception as error:  # zipfile and json raise many kinds, on purpose broken files more
        raise Unacceptable(
            "it cannot be read as a model that Keras saved (a .keras file): "
            f"{type(error).__name__}, {shortened(str(error), 80)}"
        ) from error
    check_config(config)


def predict(path: str | Path, images: np.ndarray, seconds: float | None = None) -> Answer:
    """Ask the model in the file at `path` about `images`; never raises for what the file holds.

    `images` is (n, 28, 28, 1), float32 in [0, 1]. The model is loaded in Keras's safe mode and
    computes on the CPU; loading and answering may take `seconds` in all, by default 120 for
    10,000 images, and as much for fewer. What it answers is returned unjudged: any shape, any
    numbers.
    """
    try:
        size = Path(path).stat().st_size
        content = Path(path).read_bytes() if size <= LARGEST else b""
    except OSError:
        return Answer("missing", f"There is no file {Path(path).name}.")
    try:
        if size > LARGEST:
            raise Unacceptable(
                f"it is {size / 1e6:.1f} MB large, and {LARGEST / 1e6:.0f} MB is the limit, about "
                f"{LARGEST / 4e6:.0f} million weights. checks.hand_in writes a model without the "
                "optimizer's state, which is often two thirds of the file"
            )
        check(content)
    except Unacceptable as error:
        return Answer("malformed", f"The file cannot be used: {error}.")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        # A copy: nobody can change the file between the look at it and its use.
        Path(folder, "model.keras").write_bytes(content)
        np.save(Path(folder, "images.npy"), images)
        seconds = seconds or SECONDS * max(1, len(images) / 10_000)
        return run([sys.executable, "-P", str(RUNNER), folder, str(MEGABYTES)], folder, seconds)


def run(command: list[str], folder: str, seconds: float) -> Answer:
    """Run the program that answers in `folder`, and return what it left there."""
    environment = os.environ | {
        "KERAS_BACKEND": "tensorflow",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "-1",  # the notebook keeps the GPU's memory for itself
    }
    nothing = subprocess.DEVNULL
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdin=nothing, stdout=nothing, stderr=nothing
    )
    begun, started = time.monotonic(), None
    try:
        while process.poll() is None:
            now = time.monotonic()
            if started is None and Path(folder, "started").exists():
                started = now
            if started is not None and now - started > seconds:
                return Answer(
                    "timeout",
                    f"The model was still computing after {seconds:g} seconds.",
                    seconds=now - started,
                )
            if started is None and now - begun > SECONDS_TO_START:
                return Answer("crash", "Keras did not start: a fault of this machine.")
            time.sleep(0.05)
    finally:
        process.kill()
        process.wait()
    took = time.monotonic() - (started or begun)
    problem = Path(folder, "problem.txt")
    if problem.exists():
        with problem.open(encoding="utf-8", errors="replace") as file:
            return Answer("malformed", shortened(file.read(1000), 400), seconds=took)
    if process.returncode != 0:
        return Answer(
            "crash",
            "The program that asked the model broke off, most often because the model needs more "
            f"than {MEGABYTES / 1000:g} GB of memory.",
            seconds=took,
        )
    try:
        # As a map of the file: a header that promises more than there is raises at once.
        values = np.load(Path(folder, "answers.npy"), mmap_mode="r", allow_pickle=False)
        return Answer("ok", values=np.array(values), seconds=took)
    except Exception:
        return Answer("malformed", "The model's answers are not an array of numbers.", seconds=took)
