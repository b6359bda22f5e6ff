"""Run all tests of the course with the data that can be had here: `make test`.

With the real data every notebook is compared strictly. Where neither a mirror
nor Keras's download answers, the stand-in is used, and of the notebooks only
the cells that do not depend on the data are compared.

With `--colab`, in an environment with Colab's versions (`make colab-test`) or in
Colab's own image: the notebooks and the explorers' tests, which are what runs there.
"""

from __future__ import annotations

import os
import sys
from importlib import metadata
from pathlib import Path

import pytest

from utils import data

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOK_FOLDERS = [
    name for name in ("solutions", "chapters", "exercises") if (ROOT / name).is_dir()
]

COLAB_PYTHON = "3.12"
COLAB_VERSIONS = ROOT / "requirements-colab.txt"


def installed(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def other_versions(requirements: str) -> list[str]:
    """Say which packages have another version here than the one that is required."""
    pins = [line.split("==") for line in requirements.splitlines() if "==" in line]
    return [
        f"{package} is {here or 'missing'}, not {version}"
        for package, version in pins
        if (here := installed(package)) != version
    ]


def differs_from_colab() -> bool:
    """Say in a line what here is not as in Colab; return whether the packages are not."""
    differences = other_versions(COLAB_VERSIONS.read_text("utf-8"))
    python = ".".join(map(str, sys.version_info[:2]))
    said = [f"Python is {python}, not {COLAB_PYTHON}"] if python != COLAB_PYTHON else []
    said = "; ".join(said + differences) or "nothing"
    print(f"What differs from Colab as {COLAB_VERSIONS.name} has it: {said}.", flush=True)
    return bool(differences)


def main() -> int:
    os.chdir(ROOT)
    arguments = sys.argv[1:]
    tests, known_versions = ["tests"], True
    if "--colab" in arguments:
        arguments.remove("--colab")
        # No others: the site is not built in Colab, where the packages for it are missing.
        tests = sorted(map(str, Path("tests/utils").glob("test_explorers_*.py")))
        # What packages as old as Colab's say about newer ones is not ours to mend.
        arguments.append("--disable-warnings")
        os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")
        known_versions = not differs_from_colab()
    try:
        stand_in = "stand-in" in {data.source("fashion-mnist"), data.source("mnist")}
    except data.DataError as error:
        sys.exit(str(error))
    if stand_in:
        os.environ["CNN_COURSE_OFFLINE_SAMPLE"] = "1"
        print(
            "The real data cannot be had here (no CNN_COURSE_DATA, no download): testing with "
            "the stand-in. Numbers that depend on the data are not compared."
        )
        if "GITHUB_ACTIONS" in os.environ:  # where nobody reads the log of a run that passes
            print("::warning::The real data could not be had: tested with the stand-in.")
    nbval = "--nbval" if known_versions and not stand_in else "--nbval-lax"
    # A notebook runs in one piece. The long ones come first, so that none is left at the end
    # to keep one core busy and the others waiting.
    order = [*NOTEBOOK_FOLDERS, *tests, "--no-loadscope-reorder"]
    return pytest.main(["-ra", "--quiet", nbval, *order, *arguments])


if __name__ == "__main__":
    sys.exit(main())
