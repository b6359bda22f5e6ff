"""Make the repository that students get: the course without the solutions and without the grader.

python -m tools.grading students FOLDER
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LEFT_OUT = ("solutions/", "tools/grading/", "tests/tools/test_grading", "teaching/")


def course_files() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def make(folder: Path) -> int:
    """Copy the course, as git knows it, into a new folder; returns the number of files.

    Raises FileExistsError for a folder with something in it. The copy has no history, in which
    the solutions would still be found.
    """
    if folder.exists() and any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty: name a new folder")
    names = [name for name in course_files() if not name.startswith(LEFT_OUT)]
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    subprocess.run(["git", "init", "--quiet", "--initial-branch", "main", folder], check=True)
    return len(names)
