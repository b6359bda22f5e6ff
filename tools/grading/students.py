"""Make the repository that students get: the course without the solutions and without the grader.

python -m tools.grading students FOLDER
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
TEACHERS = ("solutions/", "teaching/", "tools/grading/", "tests/tools/test_grading")
# What a judge knows about the test digits, and what imports it.
JUDGES = ("tools/doubts.json", "tools/judge.py", "tools/calibrate.py", "tests/hand_ins.py")
JUDGES += ("tests/tools/test_judge.py", "tests/tools/test_calibrate.py")
LEFT_OUT = TEACHERS + JUDGES

LINK = re.compile(r"\[([^\]]+)\]\((?!https?:|#)([^)#\s]+)[^)]*\)")
FOR_TEACHERS = re.compile(r"^## Set the exercise\n.*?(?=^## )", re.MULTILINE | re.DOTALL)


def course_files() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def without_teachers_pages(contents: Path) -> None:
    """Take the pages that are left out from the table of contents."""
    told = yaml.safe_load(contents.read_text(encoding="utf-8"))
    told["chapters"] = [
        page for page in told["chapters"] if not page.get("file", "").startswith(LEFT_OUT)
    ]
    contents.write_text(yaml.safe_dump(told, sort_keys=False, allow_unicode=True), encoding="utf-8")


def readme(text: str, folder: Path) -> str:
    """Return the README without what is for teachers; a link to what is left out becomes words."""
    text = FOR_TEACHERS.sub("", text)
    text = re.sub(r"^\| `(?:solutions|teaching)/`.*\n", "", text, flags=re.MULTILINE)
    return LINK.sub(lambda link: link[0] if (folder / link[2]).exists() else link[1], text)


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
    without_teachers_pages(folder / "_toc.yml")
    page = folder / "README.md"
    page.write_text(readme(page.read_text("utf-8"), folder), "utf-8")
    subprocess.run(["git", "init", "--quiet", "--initial-branch", "main", folder], check=True)
    return len(names)
