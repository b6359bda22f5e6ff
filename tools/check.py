"""Check what can be checked in about a minute, part by part: `make check`.

- style: ruff, of code and notebooks;
- notebooks: their form on disk, and that each exercise is what its solution makes;
- tests: of code, and of numbers, quiz answers, words and sources in the text.

Of the tests it leaves out those that are slow or slow to start, as `tools.quick_tests` says:
`make test` runs all of them.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TESTS = "tests/utils tests/tools tests/notebooks"
PARTS = {
    "style": ["ruff check --quiet .", "ruff format --quiet --check ."],
    "notebooks": ["tools.notebooks check", "tools.exercises --check"],
    "tests": [f"pytest --quiet --no-header -p tools.quick_tests {TESTS}"],
}


def passes(command: str) -> bool:
    """Run a module of Python with its arguments in the course; return whether it succeeds."""
    words = [sys.executable, "-m", *command.split()]
    # One thread to a process: pytest starts as many processes as there are cores.
    env = {"OPENBLAS_NUM_THREADS": "1"} | os.environ
    return subprocess.run(words, cwd=ROOT, env=env).returncode == 0


def main() -> int:
    """Run all parts, whatever fails, and print how long each took; return 1 if one failed."""
    lines, failed = [], False
    for name, commands in PARTS.items():
        started = time.monotonic()
        well = all([passes(command) for command in commands])
        failed |= not well
        said = "" if well else "   failed: see above"
        lines.append(f"{name:10} {time.monotonic() - started:5.1f} s{said}")
    print("\n" + "\n".join(lines), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
