"""A handed-in model: what may be in its file, and what it answers, found out in a sandbox.

A `.keras` file is a zip of two JSON files and one HDF5 file. Nothing in it is believed: sizes
are looked at before anything is unpacked, the configuration is rebuilt from what is allowed
(`model_config`), and `model_runner` loads the result in a process of its own (`sandbox`).
"""

from __future__ import annotations

import io
import json
import os
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..values import shortened
from . import sandbox
from .model_config import LARGEST_CONFIG, Unacceptable, cleaned, read_json

LARGEST = 20_000_000  # bytes of the file, and of what is in it: Keras does not compress
SECONDS = 120  # for 10,000 images, on two cores
MEGABYTES = 4_000  # that loading and answering may take
LARGEST_ANSWERS = 100_000_000
RUNNER = Path(__file__).with_name("model_runner.py")

PARTS = {"metadata.json": 10_000, "config.json": LARGEST_CONFIG, "model.weights.h5": LARGEST}
ENTRY = b"PK\x01\x02"  # begins the entry of a file in a zip's table of contents
MOST_ENTRIES = 20  # such bytes may come up among weights by chance
# Of the other kinds zipfile unpacks 4 kB at once: in bzip2 those may hold gigabytes.
COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


@dataclass(frozen=True)
class Answer:
    """What came of a file."""

    status: str  # "ok", "missing", "malformed", "timeout" or "crash"
    message: str = ""  # in words, if it is not "ok"
    values: np.ndarray | None = None  # what the model answered, as it stands
    seconds: float = 0.0  # for loading and answering
    isolation: str = ""  # what the sandbox was made of: see `sandbox.isolation`
    held: int = 0  # how many slices of the weights are images that they were compared with
    like: float = 0.0  # the largest correlation of a kernel with one of known networks


def unpacked(content: bytes) -> dict[str, bytes]:
    """Return the three files in a saved model. Raises Unacceptable."""
    if content.count(ENTRY) > MOST_ENTRIES:
        raise Unacceptable("it is a zip file with far more in it than a model that Keras saved")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            names = sorted(entry.filename for entry in entries)
            if names != sorted(PARTS):
                found = shortened(", ".join(names) or "nothing", 80)
                raise Unacceptable(
                    f"it is a zip file with {found} in it, and not a model that Keras saved"
                )
            if any(entry.compress_type not in COMPRESSIONS for entry in entries):
                raise Unacceptable("it is compressed in a way that Keras does not use")
            parts = {}
            for entry in entries:
                with archive.open(entry) as file:
                    parts[entry.filename] = file.read(PARTS[entry.filename] + 1)
    except Unacceptable:
        raise
    except Exception as error:  # zipfile raises many kinds, on purpose broken files more
        raise Unacceptable(
            "it cannot be read as a model that Keras saved (a .keras file): "
            f"{type(error).__name__}, {shortened(str(error), 80)}"
        ) from error
    if sum(map(len, parts.values())) > LARGEST:
        raise Unacceptable(
            f"it unpacks to more than the {LARGEST / 1e6:.0f} MB that are allowed for a model"
        )
    return parts


def version_of(metadata: bytes) -> str:
    """Return the version of Keras that saved a model, "" if it is not told."""
    told = read_json(metadata)
    version = told.get("keras_version") if isinstance(told, dict) else None
    digits = isinstance(version, str) and version.replace(".", "").isalnum()
    return version if digits and len(version) < 20 else ""


def check(content: bytes) -> tuple[dict, bytes, str]:
    """Return the cleaned configuration, the weights and the Keras version of a saved model.

    Raises Unacceptable unless `content` can be a saved model, as far as looking can tell.
    """
    parts = unpacked(content)
    config = cleaned(read_json(parts["config.json"]))
    return config, parts["model.weights.h5"], version_of(parts["metadata.json"])


def predict(
    path: str | Path,
    images: np.ndarray,
    seconds: float | None = None,
    threads: int | None = None,
    compared: np.ndarray | None = None,
    known: Sequence[np.ndarray] = (),
) -> Answer:
    """Ask the model in the file at `path` about `images`; never raises for what the file holds.

    `images` is (n, 28, 28, 1), float32 in [0, 1]. The model is loaded in Keras's safe mode and
    computes on the CPU; loading and answering may take `seconds` in all, by default 120 for
    10,000 images, and as much for fewer. What it answers is returned unjudged: any shape, any
    numbers. With `threads`, the model computes with so many. With `compared`, images
    (n, 28, 28), the weights are searched for them; with `known`, kernels of other networks, it is
    told how much they are like these.
    """
    content = sandbox.beginning(path, LARGEST + 1)
    if content is None:
        return Answer("missing", f"There is no file {Path(path).name}.")
    try:
        if len(content) > LARGEST:
            raise Unacceptable(
                f"it is {os.stat(path).st_size / 1e6:.1f} MB large, and {LARGEST / 1e6:.0f} MB is "
                f"the limit, about {LARGEST / 4e6:.0f} million weights. checks.hand_in writes a "
                "model without the optimizer's state, which is often two thirds of the file"
            )
        config, weights, version = check(content)
    except Unacceptable as error:
        return Answer("malformed", f"The file cannot be used: {error}.")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        # What Keras gets is not the file but what was let through.
        Path(folder, "config.json").write_text(json.dumps(config), encoding="utf-8")
        Path(folder, "model.weights.h5").write_bytes(weights)
        np.save(Path(folder, "images.npy"), images)
        if compared is not None:
            np.save(Path(folder, "compared.npy"), compared)
        if len(known):
            np.savez(Path(folder, "known.npz"), *known)
        seconds = seconds or SECONDS * max(1, len(images) / 10_000)
        command = [sys.executable, "-P", str(RUNNER), ".", str(MEGABYTES), version]
        return run(command, folder, seconds, threads)


def run(command: list[str], folder: str, seconds: float, threads: int | None = None) -> Answer:
    """Run the program that answers in `folder`, and return what it left there."""
    environment = {
        "KERAS_BACKEND": "tensorflow",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "-1",  # the notebook keeps the GPU's memory for itself
    }
    if threads:
        names = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
        environment |= dict.fromkeys(names, str(threads))
    ended = sandbox.run(
        command,
        folder,
        sandbox.Limits(seconds=seconds),
        reads=[RUNNER],
        environment=environment,
        started="started",
    )
    told = {"seconds": ended.seconds, "isolation": sandbox.isolation()}
    if ended.status == "timeout":
        return Answer(
            "timeout", f"The model was still computing after {seconds:g} seconds.", **told
        )
    if ended.status == "not started":
        return Answer("crash", "Keras did not start: a fault of this machine.", **told)
    if ended.status != "ended":
        return Answer(
            "crash", "The program that asked the model was stopped: it wrote files.", **told
        )
    problem = sandbox.read(Path(folder, "problem.txt"), 4_000)
    if problem is not None:
        return Answer("malformed", shortened(problem.decode(errors="replace"), 600), **told)
    if ended.code != 0:
        return Answer(
            "crash",
            "The program that asked the model broke off, most often because the model needs more "
            f"than {MEGABYTES / 1000:g} GB of memory.",
            **told,
        )
    values = array_of(sandbox.read(Path(folder, "answers.npy"), LARGEST_ANSWERS + 10_000))
    if values is None:
        return Answer("malformed", "The model's answers are not an array of numbers.", **told)
    held = array_of(sandbox.read(Path(folder, "held.npy"), 1_000))
    like = array_of(sandbox.read(Path(folder, "like.npy"), 1_000))
    told["held"] = 0 if held is None else int(held.flat[0])
    told["like"] = 0.0 if like is None else float(like.flat[0])
    return Answer("ok", values=values, **told)


def array_of(content: bytes | None) -> np.ndarray | None:
    """Return the array in a `.npy` file; None if it holds none, or promises more than it has."""
    try:
        file = io.BytesIO(content)
        if np.lib.format.read_magic(file) != (1, 0):
            return None
        shape, _, dtype = np.lib.format.read_array_header_1_0(file)
        numbers = content[file.tell() :]
        if dtype.kind not in "fiu" or dtype.itemsize * np.prod(shape, dtype=object) != len(numbers):
            return None
        return np.frombuffer(numbers, dtype).reshape(shape)
    except Exception:
        return None
