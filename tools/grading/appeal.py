"""Make one mark again, and say whether it is the same: for a student who asks why.

python -m tools.grading appeal OUT STUDENT
"""

from __future__ import annotations

from pathlib import Path

from . import marks
from .sandboxes import Budget


def find(out: Path, student: str) -> dict:
    """Return the stored mark of a student, by number, name or the name of the file.

    Raises LookupError if nobody or more than one is meant.
    """
    whole, _ = marks.all_of(out)
    told = [mark for mark in whole if student in (mark["id"], mark["name"], mark["key"])]
    if not told:
        told = [mark for mark in whole if student.lower() in mark["name"].lower()]
    if len(told) != 1:
        names = ", ".join(f"{mark['name']} ({mark['id']})" for mark in told[:5])
        raise LookupError(f"{student}: {'nobody is called that' if not told else names}")
    return told[0]


def again(out: Path, student: str, budget: Budget) -> tuple[str, bool]:
    """Grade a student's files once more; return what came of it, and whether it is the same."""
    before = find(out, student)
    after = marks.mark(out, before["key"], before["seed"], budget)
    lines = [f"{before['name']} ({before['id']}), seed {before['seed']}"]
    same = marks.failed(before) == marks.failed(after)
    for part in marks.PARTS:
        # One that could not be graded before has not all tasks; they are told by their names.
        were = {score["task"]: score for score in before["scores"][part]}
        for new in after["scores"][part]:
            old = were.get(new["task"], {"points": 0, "waiting": 0})
            lines.append(new["text"])
            lines += [f"\n{failure}\n" for failure in new["failures"]]
            if old["points"] != new["points"] or old["waiting"] != new["waiting"]:
                same = False
                lines.append(f"  CHANGED: it was {old['points']:g}, and is {new['points']:g}")
    arrays = out / "failures" / f"{before['key']}.npz"
    if arrays.exists():
        lines.append(f"The arrays of failed calls: {arrays} (numpy.load)")
    verdict = "the same as before" if same else f"{before['total']:g} points before"
    lines.append(f"Together {after['total']:g} points, {verdict}.")
    return "\n".join(lines), same
