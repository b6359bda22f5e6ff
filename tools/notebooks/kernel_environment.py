"""The environment that a notebook's kernel starts in, for full runs and for tests."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

START_UP = [
    Path(__file__).with_name(f"{name}.py") for name in ("shorten_training", "without_tools")
]
COMMON = {
    # As Jupyter starts a kernel, whatever the shell that calls us has set.
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "KERAS_BACKEND": "tensorflow",
}
IN_TESTS = {
    # Either alone leaves lines on stderr; oneDNN also sums in another order, and with it
    # a processor that has bfloat16 computes in it, which no other would repeat to the digit.
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "0",
}
IN_FULL_RUNS = {"TF_ENABLE_ONEDNN_OPTS": "1"}


def data_folder() -> dict[str, str]:
    """Return the variable that names the data's folder, if set, such that it holds anywhere."""
    folder = os.environ.get("CNN_COURSE_DATA")
    return {"CNN_COURSE_DATA": os.path.abspath(os.path.expanduser(folder))} if folder else {}


@contextmanager
def profile(*start_up: Path) -> Iterator[str]:
    """Yield an IPython folder that holds these start-up files and nothing of the user's own."""
    with tempfile.TemporaryDirectory(prefix="ipython-", ignore_cleanup_errors=True) as folder:
        target = Path(folder, "profile_default", "startup")
        target.mkdir(parents=True)
        for file in start_up:
            shutil.copy(file, target)
        yield folder


@contextmanager
def full_run_environment() -> Iterator[dict[str, str]]:
    """Yield the environment for a run in full: real data, nothing shortened."""
    with profile() as folder:
        environment = os.environ | COMMON | IN_FULL_RUNS | data_folder() | {"IPYTHONDIR": folder}
        environment.pop("CNN_COURSE_OFFLINE_SAMPLE", None)
        yield environment


@contextmanager
def testing_environment() -> Iterator[dict[str, str]]:
    """Yield the variables to add for a kernel in a test: training is shortened, `tools` missing."""
    with profile(*START_UP) as folder:
        yield COMMON | IN_TESTS | data_folder() | {"IPYTHONDIR": folder}
