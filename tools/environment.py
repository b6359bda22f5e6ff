"""Create the course's virtual environment: `.venv` from requirements.lock, or as arguments say.

`make` runs this with the Python it found, before anything is installed, so it
uses the standard library alone. The file that was installed is kept in the
environment: nothing happens until the two differ, or until somebody names a
Python of another version (`make PYTHON=python3.13 …`).
"""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
import sys
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST, NEWEST = (3, 11), (3, 13)
NEEDED_GB = 5  # what the environment takes, and the packages while they are unpacked


def problem() -> str | None:
    """Say what stands in the way of making the environment here, or None."""
    if sys.platform == "darwin" and platform.machine() == "x86_64":
        return (
            "TensorFlow no longer runs on Macs with an Intel processor. Run the notebooks in Colab."
        )
    version = sys.version_info[:2]
    if not OLDEST <= version <= NEWEST:
        return (
            f"this is Python {version[0]}.{version[1]}, and the course runs on Python "
            f"3.{OLDEST[1]} to 3.{NEWEST[1]}. Name another one: make PYTHON=python3.12 …"
        )
    free_gb = shutil.disk_usage(ROOT).free / 1e9
    if free_gb < NEEDED_GB:
        return (
            f"{ROOT} has {free_gb:.1f} GB of free disk space, and the environment needs "
            f"{NEEDED_GB} GB. Free some space, or clone the course to another disk."
        )
    return None


def make_environment(environment: Path, requirements: Path) -> str | None:
    """Create the environment and install into it; return what went wrong, or None."""
    print(
        f"Making the environment in {environment.name}: about 0.8 GB to fetch, once …", flush=True
    )
    started = time.monotonic()
    try:
        venv.create(environment, with_pip=True, clear=True)
    except (OSError, subprocess.CalledProcessError) as error:
        return (
            f"no environment could be made ({error}). On Debian or Ubuntu, install "
            "Python's venv module first: sudo apt-get install python3-venv"
        )
    python = environment / "bin" / "python"
    pip = [python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    if subprocess.run([*pip, "--requirement", requirements], cwd=ROOT).returncode:
        return (
            "pip could not install the packages; its own message stands above. If it says "
            "'No space left on device', free some; if it found no network, go online and "
            "run the same command again."
        )
    shutil.copyfile(requirements, environment / requirements.name)
    print(f"The environment is ready, after {time.monotonic() - started:.0f} s.", flush=True)
    return None


def borrowed(environment: Path) -> str | None:
    """Say that the environment is a link: to make it anew would empty a folder of others."""
    if environment.is_symlink():
        return (
            f"it is a link to {environment.resolve()}, which was made from other packages. Make it "
            "anew where it is, or delete the link."
        )
    return None


def version_in(environment: Path) -> str:
    """Return the version of the Python in an environment, as 3.12."""
    found = re.search(r"^version = (\d+\.\d+)", (environment / "pyvenv.cfg").read_text(), re.M)
    return found[1] if found else ""


def main(folder: str = ".venv", file: str = "requirements.lock", named: bool = False) -> None:
    """Make the environment `folder` from the requirements in `file`, both in ROOT.

    If this Python was `named`, an environment with a Python of another version is made anew.
    """
    environment, requirements = ROOT / folder, ROOT / file
    installed = environment / requirements.name
    # A link to a Python that has gone does not exist either.
    python_is_there = (environment / "bin" / "python").exists()
    if (
        python_is_there
        and installed.exists()
        and installed.read_bytes() == requirements.read_bytes()
    ):
        here = ".".join(map(str, sys.version_info[:2]))
        if not named or version_in(environment) == here:
            return
        print(f"{folder} has Python {version_in(environment)}, and you name {here}.", flush=True)
    try:
        failure = problem() or borrowed(environment) or make_environment(environment, requirements)
    except KeyboardInterrupt:
        failure = "you stopped its making. The same command makes it anew."
    if failure:
        raise SystemExit(f"The environment {folder} is not ready: {failure}")


if __name__ == "__main__":
    main(*(word for word in sys.argv[1:] if word != "--named"), named="--named" in sys.argv)
