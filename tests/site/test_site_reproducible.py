"""The same sources make the same site, byte for byte: anywhere, and at any time."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NOT_COPIED = shutil.ignore_patterns("_build", ".*", "__pycache__", "tests")


def files(site: Path) -> dict[str, bytes]:
    return {
        path.relative_to(site).as_posix(): path.read_bytes()
        for path in site.rglob("*")
        if path.is_file()
    }


def build(folder: Path, **environment: str) -> dict[str, bytes]:
    """Build a copy of the course in another folder; return the files of its site."""
    shutil.copytree(ROOT, folder, ignore=NOT_COPIED)
    run = subprocess.run(
        [sys.executable, "-m", "tools.book"],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return files(folder / "_build" / "html")


def test_two_builds_in_two_places_are_the_same_byte_for_byte(site, tmp_path):
    one = files(site)
    other = build(tmp_path / "another place", PYTHONHASHSEED="2", TZ="Asia/Tokyo", LC_ALL="C")
    assert sorted(one) == sorted(other)
    assert [name for name, content in one.items() if other[name] != content] == []
    assert [name for name, content in other.items() if str(tmp_path).encode() in content] == []
