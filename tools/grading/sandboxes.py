"""The sandboxes of grading: what is in them, and what they may take.

`library` makes the folder that a student's code may import from: of the course's `utils` all
that notebooks import, but nothing with right answers in it.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import utils
from tools.cluster import THREADS
from utils.checks.part3 import sandbox

HERE = Path(__file__).parent
UTILS = Path(utils.__file__).parent
PROGRAMS = ("inside.py", "networks_inside.py", "look.py", "transfer.py")
CHECKS = {  # by part: which of the checks' files come in; they hold no right answers
    "numbers": ("attempt.py", "values.py"),
    "networks": (
        *("attempt.py", "child.py", "frame.py", "score.py", "task.py", "values.py"),
        *("part2/__init__.py", "part2/build_model.py", "part2/curves.py", "part2/digits.py"),
        *("part2/networks.py", "part2/train.py", "part3/__init__.py", "part3/bands.py"),
        *("part3/bands.json", "part3/moved_digits.py"),
    ),
}
NUMBERS_STUB = (
    '"""Stands for the checks, which are not here: grading calls functions by itself."""\n'
)
NETWORKS_STUB = f"""{NUMBERS_STUB}
from .part3.bands import BANDS as BANDS
from .part3.moved_digits import moved as moved


def __getattr__(name):
    return lambda *arguments, **named: None
"""
# Threads wait for one another, and sums in another order round otherwise: with one thread a
# mark is the same on every machine of one kind, and a processor is shared by nobody.
ONE_THREAD = dict.fromkeys(THREADS, "1")
ENVIRONMENT = {
    "KERAS_BACKEND": "tensorflow",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "CUDA_VISIBLE_DEVICES": "-1",
    "MPLBACKEND": "agg",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONHASHSEED": "0",
} | ONE_THREAD


@dataclass(frozen=True)
class Budget:
    """What one hand-in may take. Times in seconds, by the clock.

    They are three times what the notebook's checks allow: a machine that has much else to do
    must not change a mark.
    """

    define: float = 180.0  # to define what a notebook defines
    a_call: float = 15.0  # of a function of numbers
    in_all: float = 60.0  # all calls of such a function
    networks: float = 900.0  # to build a network, or to train it shortly
    cpu_seconds: int = 900
    model: float = 360.0  # to load and ask the model of part 3
    megabytes: int = 4_000


class NoSandbox(Exception):
    """Why nothing is graded on this machine."""


def require_sandbox() -> None:
    """Raise NoSandbox where student code could read right answers or reach the network."""
    if sandbox.isolation() != "bubblewrap":
        raise NoSandbox(
            "Grading runs strangers' programs and needs bubblewrap for it, which is not there or "
            "does not work here. On Debian and Ubuntu: apt install bubblewrap. In a container: "
            "run it with --security-opt seccomp=unconfined --security-opt apparmor=unconfined, "
            "or grade in a virtual machine."
        )


def make_library(kind: str, place: Path) -> Path:
    """Make the folder that programs of a kind, "numbers" or "networks", import from."""
    checks = place / "utils" / "checks"
    if kind == "networks":
        left_out = shutil.ignore_patterns("checks", "trained", "__pycache__", "js", "wasm")
        shutil.copytree(UTILS, place / "utils", ignore=left_out)
    (checks / "part2").mkdir(parents=True)
    (checks / "part3").mkdir()
    for name in CHECKS[kind]:
        shutil.copy(UTILS / "checks" / name, checks / name)
    (place / "utils" / "__init__.py").touch()
    stub = NETWORKS_STUB if kind == "networks" else NUMBERS_STUB
    (checks / "__init__.py").write_text(stub, encoding="utf-8")
    for name in PROGRAMS:
        shutil.copy(HERE / name, place / name)
    return place


@functools.cache
def library(kind: str) -> Path:
    """Return such a folder, which this process makes once and takes away at its end."""
    folder = tempfile.TemporaryDirectory(prefix="grading-library-")
    library.kept.append(folder)
    return make_library(kind, Path(os.path.realpath(folder.name)))


library.kept = []


@contextmanager
def workplace() -> Iterator[Path]:
    """Yield an empty folder for a sandbox; it goes, whatever was made in it."""
    folder = Path(os.path.realpath(tempfile.mkdtemp(prefix="grading-")))
    try:
        yield folder
    finally:
        try:
            shutil.rmtree(folder)
        except (OSError, RecursionError):
            subprocess.run(["rm", "-rf", "--", folder], check=False, capture_output=True)


def data_folder() -> list[str]:
    """Return the folders with MNIST that a sandbox has to read."""
    places = [os.environ.get("CNN_COURSE_DATA", ""), os.path.expanduser("~/.keras/datasets")]
    return [os.path.realpath(place) for place in places if place and os.path.isdir(place)]


def run(program: str, kind: str, folder: Path, budget: Budget, seconds: float) -> sandbox.Ended:
    """Run one of PROGRAMS in `folder`, which is all that it can write into."""
    place = library(kind)
    limits = sandbox.Limits(
        seconds=seconds,
        cpu_seconds=budget.cpu_seconds,
        megabytes=budget.megabytes,
        file_megabytes=200,
        folder_megabytes=600,
        files=3_000,
    )
    reads = [place] + (data_folder() if kind == "networks" else [])
    environment = dict(ENVIRONMENT)
    if kind == "networks" and (data := os.environ.get("CNN_COURSE_DATA")):
        environment["CNN_COURSE_DATA"] = os.path.realpath(data)
    if "CNN_COURSE_OFFLINE_SAMPLE" in os.environ:
        environment["CNN_COURSE_OFFLINE_SAMPLE"] = os.environ["CNN_COURSE_OFFLINE_SAMPLE"]
    try:
        return sandbox.run(
            [sys.executable, "-P", str(place / program)],
            folder,
            limits,
            reads=reads,
            environment=environment,
            started="started",
        )
    except (OSError, RecursionError) as error:  # of a folder that is too deep to be looked into
        return sandbox.Ended("too many files", None, 0.0, type(error).__name__)
