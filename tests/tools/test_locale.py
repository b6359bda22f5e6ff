"""Commands work in a locale that has fewer characters than they print."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_character_that_the_locale_lacks_is_printed_as_a_question_mark(encoding):
    code = "import tools, sys; print('a × 3 …'); sys.exit('… −1')"
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=os.environ | {"PYTHONIOENCODING": encoding},
        capture_output=True,
        encoding=encoding,
    )
    times = "×" if encoding == "latin-1" else "?"
    assert (run.stdout, run.stderr, run.returncode) == (f"a {times} 3 ?\n", "? ?1\n", 1)


def test_every_command_is_started_through_the_package_that_sees_to_this():
    started = [
        line for line in (ROOT / "Makefile").read_text("utf-8").splitlines() if "tools" in line
    ]
    assert [line for line in started if re.search("(?<!tests/)tools/", line)] == []
