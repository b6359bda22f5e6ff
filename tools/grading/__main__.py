"""Grade a class: from a download of a learning platform to marks and feedback.

    python -m tools.grading SUBMISSIONS [--out OUT] [--seed SEED] [--scheduler tcp://…]
    python -m tools.grading appeal OUT STUDENT    make one mark again
    python -m tools.grading students FOLDER       make the repository that students get

SUBMISSIONS is what Moodle or Canvas gives to download, a zip file or a folder, or a folder with
one folder a student. In OUT come marks.csv, class.html, feedback.zip and moodle.csv. The command
goes on where it was stopped; what is graded already is graded again only if its files changed.
"""

from __future__ import annotations

import argparse
import contextlib
import secrets
import shutil
import sys
import time
from pathlib import Path

from . import appeal, archives, intake, report, schedule, similarity, students
from .sandboxes import Budget, NoSandbox, require_sandbox

EXERCISES = Path(__file__).resolve().parents[2] / "exercises" / "14_9"


class Mistake(Exception):
    """What the teacher can do something about, in words."""


def seed_for(out: Path, given: int | None) -> int:
    """Return the seed of an assignment: the given one, the one that lies in OUT, or a new one."""
    path = out / "seed"
    kept = int(path.read_text()) if path.exists() else None
    if given is not None and kept not in (None, given):
        raise Mistake(
            f"In {out} lie marks with the seed {kept}. One assignment has one seed: leave SEED "
            "out, or name another OUT."
        )
    seed = given if given is not None else kept if kept is not None else secrets.randbits(48)
    if kept is None:
        path.touch(mode=0o600)
        path.write_text(f"{seed}\n")
    return seed


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
    out = Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    require_sandbox()
    with alone(out):
        seed = seed_for(out, options.seed)
        handins, notes = intake.take_all(Path(options.submissions), out)
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
            pass
        write_reports(out, handins, seed, budget)
    return 0


def write_reports(out: Path, handins: list[intake.HandIn], seed: int, budget: Budget) -> None:
    """Write all tables and pages, from the marks that lie in OUT."""
    made, left = schedule.missing_marks(out, handins, seed, budget)
    if left:
        raise Mistake(f"{len(left)} hand-ins have no mark, the first is {left[0].name}.")
    pairs = similarity.pairs(out, handins, EXERCISES)
    report.table(out / "marks.csv", made)
    report.moodle_gradebook(out / "moodle.csv", made)
    report.feedback_pages(out, made)
    report.leaderboard(out, made)
    report.summary(out, made, pairs)
    wait = sum(mark["status"] == "waiting" for mark in made)
    print(
        f"\n{out / 'marks.csv'}, {out / 'class.html'}, {out / 'feedback.zip'}; {wait} wait for you"
    )


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
            require_sandbox()
            text, same = appeal.again(Path(arguments[1]), arguments[2], Budget())
            print(text)
            return 0 if same else 1
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


if __name__ == "__main__":
    sys.exit(main())
