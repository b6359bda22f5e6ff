"""The tables and pages that come of the marks: for the teacher, for each student, for the class."""

from __future__ import annotations

import csv
import hmac
import io
import zipfile
from hashlib import sha256
from html import escape
from pathlib import Path

from tools import atomic
from utils.checks.part3.bands import MOST
from utils.checks.part3.estimate import TEST_SIZE
from utils.checks.part3.how_sure import wilson
from utils.checks.score import number, to_html

from .marks import PARTS, STATUSES, TOTALS, failed, is_decided, waits_for
from .similarity import Found

COLUMNS = ("id", "name", *PARTS, "total", "accuracy", "status", "message", "waiting")
MOST_NAMES = 20  # of those with the same model
TITLES = {"part1": "Part 1: From scratch", "part2": "Part 2: Your own CNN"}
TITLES |= {"part3": "Part 3: The highest accuracy"}
STYLE = """
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 48rem; margin: 2rem auto;
  padding: 0 1rem; overflow-wrap: anywhere; }
table { border-collapse: collapse; } td, th { padding: 0.2rem 0.8rem 0.2rem 0; text-align: left; }
td.n, th.n { text-align: right; } pre { overflow-x: auto; font-size: 0.85rem; }
.bar { display: inline-block; height: 0.8rem; background: #3b6fb5; vertical-align: middle; }
""".strip()
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<style>{style}</style></head><body>
<h1>{title}</h1>
{body}
</body></html>
"""


def page(title: str, body: str) -> str:
    return PAGE.format(title=escape(title), body=body, style=STYLE)


def cell(value) -> str:
    """Return a value as a cell of a table, which no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text


def write_csv(path: Path, header: tuple[str, ...], rows: list[list], encoding: str) -> None:
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(header)
    writer.writerows([[cell(value) for value in row] for row in rows])
    atomic.write(path, file.getvalue().encode(encoding, "replace"))


def write_page(path: Path, text: str) -> None:
    atomic.write(path, text.encode("utf-8", "replace"))


def in_order(marks: list[dict]) -> list[dict]:
    return sorted(marks, key=lambda mark: (mark["name"], mark["id"], mark["key"]))


def table(path: Path, marks: list[dict]) -> None:
    """Write the list of the class: a row a student; who could not be graded has no points.

    It begins with a byte order mark, without which Excel takes UTF-8 for something else.
    """
    rows = []
    for mark in in_order(marks):
        accuracy, is_graded = mark["accuracy"], not failed(mark)
        rows.append(
            [
                mark["id"],
                mark["name"],
                *(number(mark["points"][part]) if is_graded else "" for part in PARTS),
                number(mark["total"]) if is_graded else "",
                "" if accuracy is None else f"{accuracy:.4f}",
                mark["status"],
                mark["message"],
                number(mark["waiting"]),
            ]
        )
    write_csv(path, COLUMNS, rows, "utf-8-sig")


MOODLE = (
    *("Identifier", "Full name", "Email address", "Status", "Grade", "Maximum Grade"),
    *("Grade can be changed", "Last modified (submission)", "Last modified (grade)"),
    "Feedback comments",
)


def moodle_gradebook(path: Path, marks: list[dict]) -> None:
    """Write the grading worksheet that Moodle's assignment imports.

    Moodle refuses a worksheet without Identifier, Grade or Last modified (grade). It leaves alone
    who has no grade here: that is who waits, and whom the grader could not grade. An empty date
    is older than all: a grade that stands in Moodle stays, unless the import is told otherwise.
    """
    rows = []
    for mark in in_order(marks):
        known = {
            "Identifier": f"Participant {mark['id']}",
            "Full name": mark["name"],
            "Grade": number(mark["total"]) if is_decided(mark) else "",
            "Maximum Grade": sum(TOTALS.values()),
            "Feedback comments": escape(mark["message"], quote=False),  # Moodle reads HTML
        }
        # PHP takes a backslash before a quotation mark for its end: the next rows would be lost.
        rows.append([str(known.get(column, "")).replace("\\", "/") for column in MOODLE])
    write_csv(path, MOODLE, rows, "utf-8")


# --- feedback ---------------------------------------------------------------------------------


def about_accuracy(mark: dict) -> str:
    accuracy = mark["accuracy"]
    if accuracy is None:
        return ""
    low, high = wilson(accuracy, TEST_SIZE)
    return (
        f"<p>Your model reads {accuracy:.2%} of the private digits; with as many other digits it "
        f"would be between {low:.2%} and {high:.2%} in 95 of 100 cases. Of {MOST} points for the "
        "model, a difference that luck can make is at most a few.</p>"
    )


def failures_of(score: dict) -> str:
    if not score["failures"]:
        return ""
    shown = "".join(f"<pre>{escape(text)}</pre>" for text in score["failures"])
    return f"<details><summary>The calls that failed, to try again</summary>{shown}</details>"


def feedback(mark: dict, alias: str) -> str:
    """Return the page for one student."""
    if failed(mark):
        return page(
            f"Exercise 14.9: {mark['name']}",
            "<p><b>Not graded yet</b>: the program that grades failed at this hand-in. That costs "
            "no points: a teacher has to look at it.</p>"
            + "".join(f"<p>{escape(note)}</p>" for note in mark["notes"]),
        )
    rows = "".join(
        f'<tr><td>{TITLES[part]}</td><td class="n">{number(mark["points"][part])}</td>'
        f'<td class="n">{TOTALS[part]}</td></tr>'
        for part in PARTS
    )
    whole = f'<tr><th>Together</th><th class="n">{number(mark["total"])}</th>'
    rows += f'{whole}<th class="n">{sum(TOTALS.values())}</th></tr>'
    parts = [f"<table><tr><th></th><th>points</th><th>of</th></tr>{rows}</table>"]
    if mark["waiting"] or mark["status"] == "waiting":
        parts.append(
            f"<p><b>{number(mark['waiting'])} points wait for a teacher</b>: they are neither "
            "given nor lost. What the teacher has to look at stands below.</p>"
        )
    if mark["status"] not in ("ok", "waiting"):
        parts.append(f"<p>State: {escape(mark['status'])}. {escape(mark['message'])}</p>")
    parts += [f"<p>{escape(note)}</p>" for note in mark["notes"]]
    for part in PARTS:
        parts.append(f"<h2>{TITLES[part]}</h2>")
        for score in mark["scores"][part]:
            parts += [score["html"], failures_of(score)]
        if part == "part3":
            parts.append(about_accuracy(mark))
    parts.append(
        f"<p><small>Seed of this assignment: {mark['seed']}. Your alias on the leaderboard: "
        f"{escape(alias)}.</small></p>"
    )
    return page(f"Exercise 14.9: {mark['name']}", "\n".join(parts))


def feedback_pages(out: Path, marks: list[dict], secret: bytes) -> list[str]:
    """Write a page for each student, and all of them in one archive as Moodle takes them back.

    Returns sentences about pages that could not be made.
    """
    folder, notes = out / "feedback", []
    folder.mkdir(exist_ok=True)
    part = out / "feedback.part"
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
        for mark in in_order(marks):
            try:
                text = feedback(mark, alias_of(mark, secret))
            except Exception as error:  # nothing of one student stops the pages of the others
                notes.append(f"{mark['name']}: there is no feedback ({type(error).__name__}).")
                text = page("Exercise 14.9", f"<p>{escape(mark['message'])}</p>")
            write_page(folder / f"{mark['key']}.html", text)
            info = zipfile.ZipInfo(place_in_moodle(mark), (2000, 1, 1, 0, 0, 0))
            info.external_attr = 0o644 << 16
            archive.writestr(info, text.encode("utf-8", "replace"))
    part.replace(out / "feedback.zip")
    return notes


def place_in_moodle(mark: dict) -> str:
    """Return the name under which Moodle takes a student's feedback file.

    It reads four parts between underscores: name, number, kind of plugin, plugin.
    """
    name = "".join(c if c.isalnum() or c in " .'-" else " " for c in mark["name"])
    return f"{' '.join(name.split())}_{mark['id']}_assignsubmission_file_feedback.html"


ADJECTIVES = """
    blue calm clear early fast green kind late loud mild neat new quick quiet red round sharp short
    slow small soft still strong sunny sweet tall warm wide wise
""".split()  # noqa: SIM905
ANIMALS = """
    ant bat bear bee cat crab crow deer dog dove duck eagle eel elk fox frog goat hare hawk heron
    horse ibex jay koala lark lion lynx mole moth newt otter owl panda quail raven robin seal shark
    sheep snail stork swan tern toad whale wolf
""".split()  # noqa: SIM905


def alias_of(mark: dict, secret: bytes) -> str:
    """Return a name that only its owner knows: it cannot be found without the secret.

    The seed would be none: the feedback names it.
    """
    drawn = hmac.new(secret, mark["key"].encode(), sha256).digest()
    first, second, third = drawn[0], drawn[1], int.from_bytes(drawn[2:4], "big")
    adjective, animal = ADJECTIVES[first % len(ADJECTIVES)], ANIMALS[second % len(ANIMALS)]
    return f"{adjective} {animal} {third % 1000:03}"


def leaderboard(out: Path, marks: list[dict], secret: bytes) -> None:
    """Write a page with the accuracies of the class, by alias; doubted models are not on it."""
    ranked = sorted(
        (mark for mark in marks if mark["accuracy"] is not None and not mark["doubts"]),
        key=lambda mark: (-round(mark["accuracy"], 4), alias_of(mark, secret)),
    )
    rows = "".join(
        f'<tr><td class="n">{place}</td><td>{escape(alias_of(mark, secret))}</td>'
        f'<td class="n">{mark["accuracy"]:.2%}</td></tr>'
        for place, mark in enumerate(ranked, 1)
    )
    note = (
        "<p>Accuracy on the private digits. Two networks that lie closer together than 0.1 to 0.2 "
        "points may have changed places by luck.</p>"
    )
    head = '<tr><th class="n">place</th><th>alias</th><th class="n">accuracy</th></tr>'
    text = page("Leaderboard", f"{note}<table>{head}{rows}</table>")
    write_page(out / "leaderboard.html", text)


# --- the class --------------------------------------------------------------------------------


def histogram(marks: list[dict]) -> str:
    counts = [0] * 10
    for mark in marks:
        counts[min(9, int(mark["total"] // 10))] += 1
    most = max(counts) or 1
    rows = "".join(
        f'<tr><td class="n">{10 * i} to {10 * i + 9 if i < 9 else 100}</td>'
        f'<td class="n">{count}</td>'
        f'<td><span class="bar" style="width: {round(20 * count / most, 2)}rem"></span></td></tr>'
        for i, count in enumerate(counts)
    )
    return f"<table><tr><th>points</th><th>students</th><th></th></tr>{rows}</table>"


def items_of(marks: list[dict]) -> dict[str, list[float]]:
    """Return for each line of each task, by its text: tried, passed."""
    found: dict[str, list[float]] = {}
    for mark in marks:
        for part in PARTS:
            for score in mark["scores"][part]:
                for item in score["items"] if score["attempted"] else []:
                    if part == "part3" and score["task"] == "the model":
                        continue
                    counts = found.setdefault(f"{score['task']}: {item['text']}", [0, 0])
                    counts[0] += 1
                    counts[1] += item["passed"]
    return found


def misconceptions(marks: list[dict]) -> dict[str, int]:
    """Count the mistakes that the checks recognized, each once a student."""
    found: dict[str, int] = {}
    for mark in marks:
        told = set()
        for part in PARTS:
            for score in mark["scores"][part]:
                for item in score["items"]:
                    place = item["hint"].find("It looks as if")
                    if not item["passed"] and place >= 0:
                        told.add(f"{score['task']}: {item['hint'][place:].split('. ')[0]}")
        for words in told:
            found[words] = found.get(words, 0) + 1
    return found


def listed(title: str, rows: list[str]) -> str:
    items = "".join(f"<li>{row}</li>" for row in rows) or "<li>none</li>"
    return f"<h2>{title}</h2><ul>{items}</ul>"


def state(mark: dict) -> str:
    """Return who somebody is and why a teacher should look, with what there is to look at."""
    who = f"<b>{escape(mark['name'])}</b> ({escape(mark['id'])})"
    told = f"{who}, {escape(mark['status'])}: {escape(mark['message'])}"
    waiting = "".join(f"<li>{to_html(text)}</li>" for text in waits_for(mark))
    return f"{told}<ul>{waiting}</ul>" if waiting else told


def same(pair: dict) -> str:
    """Return who is nearly the same, and the evidence."""
    names = [f"<b>{escape(name)}</b>" for name in pair["names"][:MOST_NAMES]]
    if more := len(pair["names"]) - len(names):
        names.append(f"{more} more")
    text = f"{', '.join(names[:-1])} and {names[-1]}: {escape(pair['why'])}"
    if not pair["evidence"]:
        return text
    shown = f"<pre>{escape(pair['evidence'])}</pre>"
    return f"{text}<details><summary>side by side</summary>{shown}</details>"


def summary(out: Path, marks: list[dict], found: Found | None, notes: list[str]) -> None:
    """Write the page about the class, for its teacher.

    `found` says who is nearly the same, None that this is not known yet; `notes` are sentences
    about what could not be done.
    """
    ordered = in_order(marks)
    lines = sorted(items_of(ordered).items(), key=lambda each: (each[1][1] / each[1][0], each[0]))
    hardest = [
        f"{to_html(text)}: {passed:.0f} of {tried:.0f} passed"
        for text, (tried, passed) in lines[:10]
        if passed < tried
    ]
    wrong = sorted(misconceptions(ordered).items(), key=lambda each: (-each[1], each[0]))
    common = [f"{to_html(text)} ({count})" for text, count in wrong[:10]]
    states = [
        state(mark)
        for mark in sorted(
            ordered, key=lambda mark: (is_decided(mark), STATUSES.index(mark["status"]))
        )
        if mark["status"] != "ok"
    ]
    states += [escape(note) for note in notes]
    slowest = sorted(marks, key=lambda mark: -mark.get("seconds", 0))[:5]
    slow = [f"{escape(mark['name'])}: {mark.get('seconds', 0):.0f} s" for mark in slowest]
    alike = ["not looked for yet"]
    if found is not None:
        alike = [same(pair) for pair in found.pairs] + [escape(note) for note in found.notes]
    graded = [mark for mark in marks if not failed(mark)]
    mean = sum(mark["total"] for mark in graded) / max(1, len(graded))
    body = [
        f"<p>{len(marks)} hand-ins, {mean:.1f} points on average. "
        f"{sum(not is_decided(mark) for mark in marks)} wait for you.</p>",
        histogram(graded),
        listed("To look at", states),
        listed("Hardest", hardest),
        listed("Commonest misconceptions", common),
        listed("Nearly the same", alike),
        listed("Slowest", slow),
    ]
    write_page(out / "class.html", page("The class", "\n".join(body)))
