"""Pin the newest packages that requirements.txt allows: `make lock`.

A resolver may hold one package back for the sake of another: with any h5py allowed it
took TensorFlow back by a version. So the lock is compared with the newest version of each
package alone, and what is older is named: requirements.txt then has to state the bound.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS, LOCK = ROOT / "requirements.txt", ROOT / "requirements.lock"
# For every system and every Python of the course; the newest, whatever is locked now.
COMPILE = "uv pip compile --quiet --universal --python-version 3.11 --upgrade --no-header"
NOTHING_LOCAL = "--no-annotate --no-emit-index-url --no-emit-find-links"


def resolve(requirements: Path, *options: str) -> str:
    """Return the pinned packages for these requirements, as lines of a requirements file.

    Raises CalledProcessError where no versions fit; uv's own message is on stderr then.
    """
    command = [sys.executable, "-m", *COMPILE.split(), *NOTHING_LOCAL.split(), *options]
    run = subprocess.run([*command, requirements], stdout=subprocess.PIPE, text=True, check=True)
    return run.stdout


def parse(requirements: str) -> list[Requirement]:
    """Return the requirements in the text of a file, without its comments."""
    lines = (line.partition("#")[0].strip() for line in requirements.splitlines())
    return [Requirement(line) for line in lines if line]


def newest(pins: str) -> dict[str, Version]:
    """Return the version of each pinned package; of several for different Pythons, the newest."""
    versions: dict[str, Version] = {}
    for pin in parse(pins):
        (specifier,) = pin.specifier
        version = Version(specifier.version)
        versions[pin.name] = max(version, versions.get(pin.name, version))
    return versions


def held_back(lock: str, alone: str) -> list[str]:
    """Say which packages have an older version in `lock` than in `alone`."""
    locked = newest(lock)
    return [
        f"{name} is held back at {locked[name]}, and requirements.txt allows {version}"
        for name, version in newest(alone).items()
        if locked[name] < version
    ]


def main() -> int:
    """Write requirements.lock; return 1, with a line for each, if packages are held back."""
    try:
        lock = resolve(REQUIREMENTS)
        problems = held_back(lock, resolve(REQUIREMENTS, "--no-deps"))
    except subprocess.CalledProcessError:
        print("requirements.lock is as it was: see what uv says above.", file=sys.stderr)
        return 1
    LOCK.write_text(lock, encoding="utf-8")
    for problem in problems:
        print(f"{problem}. Find out by which package, and state the real bound.", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
