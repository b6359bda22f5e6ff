"""The mark of one student: both stages, and the file that keeps what came of them.

A mark depends on the student's files and the seed, and on nothing else: on no other student, no
order, and no number of workers. Its file is written when it is whole, so that a run that was
stopped goes on where it was.
"""

from __future__ import annotations

import functools
import hashlib
import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from tools import atomic, judge
from utils.checks.part2 import build_model, confusion, curves, split, train
from utils.checks.part2.trained_model import TRAINED
from utils.checks.part3 import augment, how_sure
from utils.checks.part3.bands import MOST
from utils.checks.score import Score, number

from . import notebooks, stage1, tasks
from .intake import ROLES, TITLES, HandIn
from .sandboxes import Budget

VERSION = 1  # of the marks: a higher one makes all of them again
PARTS = ("part1", "part2", "part3")
TOTALS = {"part1": 30, "part2": 30, "part3": 40}
# What a mark has that tables and pages can be made of.
KEYS = {"key", "id", "name", "seed", "scores", "accuracy", "doubts", "statuses", "notes"}
KEYS |= {"points", "total", "waiting", "status", "message"}
FAILED = "grading"  # in the statuses of a mark: the grader itself failed, so there is no mark
ENDED = "Grading it ended the program that did so, twice: it was set aside."
# The first of these that anything has is the status of a hand-in.
STATUSES = ("waiting", "timeout", "crash", "malformed", "missing", "partial", "ok")


def seed_of(seed: int, what: str) -> int:
    """Return a seed of its own for one purpose; who knows it does not know the others."""
    digest = hashlib.sha256(f"{seed} {what}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % 2**53


def digest_of(handin: HandIn, seed: int, budget: Budget) -> str:
    """Return what a mark depends on, as a short text."""
    whole = [VERSION, seed, sorted(handin.digests.items()), handin.name, handin.notes]
    text = json.dumps([*whole, asdict(budget)], ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:20]


@functools.lru_cache(maxsize=1)
def digits_of(seed: int):
    """Return the private digits of an assignment, which all models of a class are asked about."""
    return judge.moved_test_digits(seed_of(seed, "digits"))


def mark(out: Path, key: str, seed: int, budget: Budget) -> dict:
    """Grade one hand-in and write its file; returns what is in it. Never raises for its sake."""
    begun, folder = time.monotonic(), out / "handins" / key
    handin = HandIn.load(folder)
    books, notes = read_notebooks(folder, handin)
    scores, statuses = of_functions(books, seed, budget)
    judgement = of_model(folder / ROLES["model"], "model" in handin.digests, seed, budget)
    scores["part3"].append(judgement.score)
    if judgement.status != "ok":
        statuses["the model"] = judgement.status
    scores["part2"].insert(3, of_trained_model(books.get("part2"), judgement))
    told = {
        **heading(handin, scores, seed, budget),
        "accuracy": judgement.accuracy,
        "doubts": list(judgement.doubts),
        "statuses": statuses,
        "notes": [*handin.notes, *notes],
        "missing": [TITLES[role] for role in ROLES if role not in handin.digests],
    }
    told |= summed_up(told) | {"seconds": round(time.monotonic() - begun, 1)}
    keep(out, key, told, scores)
    return told


def read_notebooks(folder: Path, handin: HandIn) -> tuple[dict[str, notebooks.Notebook], list]:
    """Return the notebooks that there are, and notes on those that cannot be read."""
    books, notes = {}, []
    for part in PARTS:
        if part in handin.digests:
            try:
                books[part] = notebooks.read((folder / ROLES[part]).read_bytes())
            except (notebooks.NoNotebook, OSError) as error:
                notes.append(f"{ROLES[part]} cannot be read: {error}.")
    return books, notes


def of_functions(
    books: dict[str, notebooks.Notebook], seed: int, budget: Budget
) -> tuple[dict[str, list[Score]], dict[str, str]]:
    """Run both stages for the functions; return the scores of each part, and what went wrong."""
    cells = {part: list(book.cells) for part, book in books.items()}
    case_seed = seed_of(seed, "cases")
    scores = {part: missing(part) for part in PARTS}
    statuses: dict[str, str] = {}
    if "part1" in books:
        found = stage1.call(
            tasks.part1_groups(case_seed), {"part1": cells["part1"]}, "numbers", budget
        )
        scores["part1"] = tasks.part1_scores(found, case_seed)
        statuses |= dict(tasks.statuses(found))
    groups = tasks.part2_groups(case_seed) if "part2" in books else []
    groups += tasks.part3_groups(case_seed) if "part3" in books else []
    found = stage1.call(groups, cells, "networks", budget) if groups else {}
    statuses |= dict(tasks.statuses(found))
    if "part2" in books:
        networks = {name: tasks.facts_of(found[name])[1] for name in ("build_model", "train")}
        there = {name: network for name, network in networks.items() if network is not None}
        looked = stage1.looked_at(there, case_seed, budget)
        scores["part2"] = tasks.part2_scores(found, looked, case_seed)
    if "part3" in books:
        scores["part3"] = tasks.part3_scores(found, case_seed)
    return scores, statuses


def missing(part: str) -> list[Score]:
    """Return the scores of a part that is not there."""
    note = "No notebook of this part was handed in."
    if part == "part1":
        return [Score.not_attempted(name, tasks.task_of(name).points, note) for name in tasks.PART1]
    of_part2 = (split.SPLIT, build_model.MODEL, train.TRAIN, curves.CURVES, confusion.CONFUSION)
    return [
        check.not_attempted(note)
        for check in (of_part2 if part == "part2" else (augment.CHECK, how_sure.CHECK))
    ]


def of_model(path: Path, is_there: bool, seed: int, budget: Budget) -> judge.Judgement:
    """Ask the handed-in model about the private digits, and judge it."""
    if not is_there:
        note = "No model.keras was handed in."
        return judge.Judgement(Score.not_attempted(judge.TASK, MOST, note), "missing")
    return judge.grade(path, digits_of(seed), seconds=budget.model, threads=1)


def of_trained_model(book: notebooks.Notebook | None, judgement: judge.Judgement) -> Score:
    """Return the score of part 2's trained network, which nobody hands in.

    It is not trained again: that takes minutes each. A model of part 3 that reads as many of the
    moved digits shows that such a network was trained; else the points that the notebook shows
    wait for a teacher.
    """
    if book is None:
        return TRAINED.not_attempted("No notebook of this part was handed in.")
    claimed = book.claims.get("trained_model-check", 0.0)
    accuracy = judgement.accuracy if judgement.accuracy and not judgement.doubts else 0.0
    findings = {key: "" for key, _, _ in TRAINED.items if accuracy < float(key)}
    shown = sum(points for key, _, points in TRAINED.items if key not in findings)
    if claimed <= shown or not findings:
        if not shown and not claimed:
            return TRAINED.not_attempted("The notebook shows no result of this check.")
        return TRAINED.score(findings, "Measured on the model of part 3.")
    note = (
        f"The notebook shows {number(claimed)} points, and the model of part 3 proves "
        f"{number(shown)}: a teacher has to look at the notebook's outputs."
    )
    score = TRAINED.score(findings)
    left, items = claimed - shown, []
    for item in score.items:
        waits = not item.passed and left >= item.points
        left -= item.points if waits else 0
        items.append(type(item)(item.text, item.points, item.passed, "", waits))
    return Score(score.task, items, note=note)


def heading(handin: HandIn, scores: dict[str, list[Score]], seed: int, budget: Budget) -> dict:
    """Return what every mark begins with: whose it is, made from what, and the scores."""
    return {
        "key": handin.key,
        "id": handin.id,
        "name": handin.name,
        "place": handin.place,
        "digest": digest_of(handin, seed, budget),
        "seed": seed,
        "scores": {part: [as_dictionary(score) for score in scores[part]] for part in PARTS},
    }


def as_dictionary(score: Score) -> dict:
    """Return a score as JSON keeps it."""
    return {
        "task": score.task,
        "points": score.points,
        "total": score.total,
        "waiting": score.waiting,
        "attempted": score.attempted,
        "note": score.note,
        "html": score._repr_html_(),
        "text": str(score),
        "items": [asdict(item) for item in score.items],
        "failures": [str(failure) for failure in score.failures],
    }


def summed_up(told: dict) -> dict:
    """Return the points of the parts, the status of the whole, and a message."""
    points = {
        part: round(sum(score["points"] for score in told["scores"][part]), 2) for part in PARTS
    }
    wait = round(sum(s["waiting"] for part in PARTS for s in told["scores"][part]), 2)
    found = set(told["statuses"].values()) - {"missing"}
    if wait or told["doubts"]:
        found.add("waiting")
    if told["missing"]:
        found.add("missing" if len(told["missing"]) == len(ROLES) else "partial")
    status = next((each for each in STATUSES if each in found), "ok")
    return {
        "points": points,
        "total": round(sum(points.values()), 2),
        "waiting": wait,
        "status": status,
        "message": message_of(told, wait),
    }


def is_decided(told: dict) -> bool:
    """Whether the total of a mark stands: nothing of it waits, and grading did not fail."""
    return told["status"] != "waiting" and not failed(told)


def failed(told: dict) -> bool:
    """Whether the grader itself failed: the points of such a mark say nothing."""
    return FAILED in told["statuses"]


def waits_for(told: dict) -> list[str]:
    """Return what a teacher has to look at, a text for each task with points that wait."""
    found = []
    for score in (score for part in PARTS for score in told["scores"][part]):
        waiting = [item for item in score["items"] if item["waiting"]]
        if waiting:
            why = dict.fromkeys(item["hint"] for item in waiting if item["hint"])
            why = " ".join(why) or score["note"]
            found.append(f"{score['task']}, {number(score['waiting'])} points: {why}")
    return found


def message_of(told: dict, wait: float) -> str:
    words = []
    if failed(told):
        words.append("Not graded: the grader failed, and a teacher has to look.")
    elif wait or told["doubts"]:
        words.append(f"{number(wait)} points wait for a teacher.")
    if told["missing"]:
        words.append(f"Not handed in: {', '.join(told['missing'])}.")
    words += [
        f"{name}: {status}."
        for name, status in told["statuses"].items()
        if status != "missing" and name != FAILED
    ]
    return " ".join(words + told["doubts"] + told["notes"])[:2_000]


def keep(out: Path, key: str, told: dict, scores: dict[str, list[Score]]) -> None:
    """Write the failures with their arrays, and then the mark."""
    arrays: dict[str, Any] = {}
    for score in (score for part in PARTS for score in scores[part]):
        for place, failure in enumerate(score.failures):
            named = {**failure.inputs, "expected": failure.expected, "given": failure.given}
            for name, value in named.items():
                if isinstance(value, np.ndarray) and value.dtype.kind in "fiub":
                    arrays[f"{score.task}/{place}/{name}"] = value
    path = out / "failures" / f"{key}.npz"
    path.parent.mkdir(parents=True, exist_ok=True)
    if arrays:
        np.savez_compressed(path, **arrays)
    write(out, key, told)


def write(out: Path, key: str, told: dict) -> None:
    """Write the file of a mark; it gets its name when it is whole."""
    path = out / "marks" / f"{key}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(told, indent=1, ensure_ascii=False)
    atomic.write(path, text.encode("utf-8", "replace"))  # of half a character, a student's text


def stored(out: Path, key: str, digest: str) -> dict | None:
    """Return a mark that was made already from the same files and seed; None if there is none."""
    told = loaded(out / "marks" / f"{key}.json")
    return told if told and told.get("digest") == digest else None


def loaded(path: Path) -> dict | None:
    """Return the mark in a file; None if there is none, or a damaged one."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return told if isinstance(told, dict) else None


def all_of(out: Path) -> tuple[list[dict], list[Path]]:
    """Return all whole marks in a folder, and the files that hold none."""
    whole, damaged = [], []
    for path in sorted((out / "marks").glob("*.json")):
        told = loaded(path)
        is_whole = told is not None and told.keys() >= KEYS and told["key"] == path.stem
        whole.append(told) if is_whole else damaged.append(path)
    return whole, damaged


def quarantined(out: Path, handin: HandIn, seed: int, budget: Budget, why: str = ENDED) -> dict:
    """Write the mark of a hand-in that could not be graded: a teacher decides."""
    scores = {part: missing(part) for part in PARTS}
    told = {
        **heading(handin, scores, seed, budget),
        "accuracy": None,
        "doubts": [why],
        "statuses": {FAILED: "crash"},
        "notes": handin.notes,
        "missing": [],
    }
    told |= summed_up(told) | {"status": "crash"}
    write(out, handin.key, told)
    return told
