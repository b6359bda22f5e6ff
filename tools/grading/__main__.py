"""Grade a class: from a download of a learning platform to marks and feedback.

    python -m tools.grading SUBMISSIONS [--out OUT] [--seed SEED] [--scheduler tcp://…]
    python -m tools.grading appeal OUT STUDENT    make one mark again, and the tables
    python -m tools.grading students FOLDER       make the repository that students get

SUBMISSIONS is what Moodle or Canvas gives to download, a zip file or a folder, or a folder with
one folder a student. In OUT come marks.csv, class.html, feedback.zip and moodle.csv. The command
goes on where it was stopped; what is graded already is graded again only if its files changed.
Who is not in a later download keeps the mark that lies in OUT.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from tools import atomic

from . import appeal, archives, intake, marks, report, schedule, similarity, students
from .sandboxes import Budget, NoSandbox, require_sandbox

EXERCISES = Path(__file__).resolve().parents[2] / "exercises" / "14_9"


class Mistake(Exception):
    """What the teacher can do something about, in words."""


def seed_for(out: Path, given: int | None) -> int:
    """Return the seed of an assignment: the given one, the one that lies in OUT, or a new one.

    Each mark names the seed that it was made with, so one that is lost or damaged is known again.
    """
    path = out / "seed"
    kept = seed_in(path)
    if kept is None:
        known = {mark["seed"] for mark in marks.all_of(out)[0]}
        if len(known) > 1:
            raise Mistake(
                f"{path} holds no seed, and the marks beside it were made with more than one. "
                "Name another OUT."
            )
        if known:
            kept = known.pop()
            write_private(path, f"{kept}\n")
            print(f"! {path} held no seed; the marks there were made with {kept}")
    if given is not None and kept not in (None, given):
        raise Mistake(
            f"In {out} lie marks with the seed {kept}. One assignment has one seed: leave SEED "
            "out, or name another OUT."
        )
    seed = given if given is not None else kept if kept is not None else secrets.randbits(48)
    if kept is None:
        write_private(path, f"{seed}\n")
    return seed


def seed_in(path: Path) -> int | None:
    """Return the seed in a file; None if there is none, or if it is empty or damaged."""
    try:
        return int(path.read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):
        return None


def secret_for(out: Path) -> bytes:
    """Return what the aliases of an assignment are made from; it is drawn once and never shown."""
    path = out / "aliases"
    try:
        secret = bytes.fromhex(path.read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):
        secret = b""
    if len(secret) < 16:
        secret = secrets.token_bytes(16)
        write_private(path, f"{secret.hex()}\n")
    return secret


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, at no time anybody else."""
    before = os.umask(0o077)
    try:
        atomic.write(path, text.encode())
    finally:
        os.umask(before)


@contextlib.contextmanager
def alone(out: Path):
    """Let one command at a time work in a folder; ends with the process, however that ends."""
    import fcntl

    with open(out / "lock", "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Mistake(f"Another command is grading in {out}.") from error
        yield


@contextlib.contextmanager
def temporary_folder():
    """Put all temporary files of this process, and of those it starts, into one folder.

    It goes at the end, with what workers left there that were ended before they could tidy up.
    """
    variable, default = os.environ.get("TMPDIR"), tempfile.tempdir
    folder = tempfile.mkdtemp(prefix="grading-")
    os.environ["TMPDIR"] = tempfile.tempdir = folder
    try:
        yield
    finally:
        tempfile.tempdir = default
        os.environ.pop("TMPDIR")
        if variable is not None:
            os.environ["TMPDIR"] = variable
        ends = time.monotonic() + 5
        while os.path.lexists(folder) and time.monotonic() < ends:  # some may still be ending
            subprocess.run(["rm", "-rf", "--", folder], check=False, capture_output=True)


@contextlib.contextmanager
def watching_for_interrupts():
    """Yield a function that raises KeyboardInterrupt, if Ctrl+C was pressed and came to nothing.

    Python forgets an exception that is raised while it collects garbage or ends an object, and a
    library may catch one that it did not expect.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: None
        return
    pressed = False

    def interrupt(number, frame):
        nonlocal pressed
        pressed = True
        raise KeyboardInterrupt

    def check() -> None:
        if pressed:
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield check
    finally:
        signal.signal(signal.SIGINT, before)


class Progress:
    """A line that says how far it is: drawn anew in a terminal, now and then elsewhere."""

    def __init__(self):
        self.begun, self.first = time.monotonic(), None

    def __call__(self, handin: intake.HandIn, done: int, of: int) -> None:
        self.first = done - 1 if self.first is None else self.first
        took = time.monotonic() - self.begun
        left = took / max(1, done - self.first) * (of - done)
        width = shutil.get_terminal_size().columns
        bar = "█" * round(20 * done / of)
        line = f"{bar:20} {done} of {of}, about {left / 60:.0f} min left, {handin.name}"
        if sys.stderr.isatty():
            print(f"\r{line[: width - 1]:{width - 1}}", end="", file=sys.stderr, flush=True)
        elif done == of or done % 10 == 0:
            print(line, file=sys.stderr, flush=True)


def grade(options: argparse.Namespace) -> int:
    out, submissions = Path(options.out), Path(options.submissions)
    if not submissions.exists():
        raise Mistake(f"There is no {submissions}.")
    require_sandbox()
    out.mkdir(parents=True, exist_ok=True)
    with alone(out), temporary_folder(), watching_for_interrupts() as check:
        seed = seed_for(out, options.seed)
        handins, notes = intake.take_all(submissions, out)
        print(f"{len(handins)} hand-ins; seed {seed}, kept in {out / 'seed'}", flush=True)
        for note in notes:
            print(f"! {note}")
        budget = Budget()
        for _ in schedule.grade(
            out,
            handins,
            seed,
            budget,
            scheduler=options.scheduler or "",
            workers=options.workers,
            tell=Progress(),
        ):
            check()
        check()
        print()
        for handin in schedule.missing_marks(out, handins, seed, budget)[1]:
            marks.quarantined(out, handin, seed, budget, "Grading it left no mark.")
        write_reports(out, {handin.key for handin in handins})
    return 0


def write_reports(out: Path, here: set[str] | None = None) -> None:
    """Write all tables and pages, from the marks that lie in OUT.

    `here` are the keys of those who were in the download, None if there was none. What needs
    nothing but marks is written first: no hand-in is looked at for it.
    """
    made, damaged = marks.all_of(out)
    notes = [
        f"{path} holds no mark that can be read: grade that student again." for path in damaged
    ]
    if here is not None and (kept := sum(mark["key"] not in here for mark in made)):
        print(
            f"{len(made)} students in the tables; {kept} of them were not in this download: "
            "their marks are kept"
        )
    secret = secret_for(out)
    report.table(out / "marks.csv", made)
    report.moodle_gradebook(out / "moodle.csv", made)
    notes += report.feedback_pages(out, made, secret)
    report.leaderboard(out, made, secret)
    report.summary(out, made, None, notes)
    report.summary(out, made, looked_for(out, made), notes)
    for note in notes:
        print(f"! {note}")
    wait = sum(not marks.is_decided(mark) for mark in made)
    print(f"{out / 'marks.csv'}, {out / 'class.html'}, {out / 'feedback.zip'}; {wait} wait for you")


def looked_for(out: Path, made: list[dict]) -> similarity.Found:
    """Return who is nearly the same; a fault in that costs nothing else."""
    handins, notes = [], []
    for mark in made:
        try:
            handins.append(intake.HandIn.load(out / "handins" / mark["key"]))
        except (OSError, ValueError, TypeError):
            notes.append(f"{mark['name']}: the hand-in is not in {out / 'handins'} any more.")
    try:
        found = similarity.look(out, handins, EXERCISES)
    except Exception as error:
        found = similarity.Found(notes=[f"This could not be looked for: {error!r:.300}"])
    return similarity.Found(found.pairs, found.notes + notes)


def make_again(out: Path, student: str) -> int:
    """Make one mark again, and then the tables and pages."""
    if not (out / "marks").is_dir():
        raise Mistake(f"There is no {out / 'marks'}.")
    require_sandbox()
    with alone(out):
        text, same = appeal.again(out, student, Budget())
        print(text)
        write_reports(out)
    return 0 if same else 1


def parser() -> argparse.ArgumentParser:
    form = argparse.RawDescriptionHelpFormatter
    made = argparse.ArgumentParser(
        "python -m tools.grading", description=__doc__, formatter_class=form
    )
    made.add_argument("submissions", help="the download: a zip file or a folder")
    made.add_argument("--out", default="_build/grading", help="where the results go")
    made.add_argument("--seed", type=int, help="of this assignment; a new one is drawn and kept")
    made.add_argument("--scheduler", help="address of a running dask scheduler, tcp://…")
    made.add_argument("--workers", type=int, default=0, help="at a time; as many as processors")
    return made


def main(arguments: list[str] | None = None) -> int:
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        if arguments[:1] == ["appeal"] and len(arguments) == 3:
            return make_again(Path(arguments[1]), arguments[2])
        if arguments[:1] == ["students"] and len(arguments) == 2:
            count = students.make(Path(arguments[1]))
            print(f"{count} files in {arguments[1]}, a new repository: look, commit, publish")
            return 0
        return grade(parser().parse_args(arguments))
    except (Mistake, NoSandbox, archives.Refused, LookupError, FileExistsError) as error:
        print(f"✗ {error}", file=sys.stderr)
        return 1
    except FileNotFoundError as error:
        print(f"✗ There is no {error.filename}.", file=sys.stderr)
        return 1
    except OSError as error:  # the disk is full, a folder may not be written
        print(f"✗ {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. The same command goes on.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
