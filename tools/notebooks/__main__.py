"""The command `python -m tools.notebooks`."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from . import canonical, files


def tidy(notebooks: list[Path]) -> bool:
    """Rewrite notebooks in canonical form; name those that changed."""
    for path in notebooks:
        before = files.read_text(path)
        after = canonical.serialize(files.parse(before, files.name(path)))
        if after != before:
            files.replace(path, after)
            print(f"tidied {files.name(path)}")
    return True


def check(notebooks: list[Path]) -> bool:
    """Print what is wrong with notebooks; return whether nothing is."""
    from . import validation

    problems = [
        f"{files.name(p)}: {problem}" for p in notebooks for problem in validation.problems(p)
    ]
    print("\n".join(problems) or f"{len(notebooks)} notebooks, no problems")
    return not problems


def execute(notebooks: list[Path]) -> bool:
    """Run notebooks in full, one after another; return whether all ran through.

    Exercises come last, and are generated: their solutions are what is edited and run.
    """
    from . import execution

    if missing := execution.missing_data(notebooks):
        print(missing)
        return False
    exercises = [path for path in notebooks if files.is_exercise(path)]
    sources = [path for path in notebooks if path not in exercises]
    done = [execution.execute(path) for path in sources]
    failed = [files.name(p) for p, ok in zip(sources, done, strict=True) if not ok]
    if failed:
        print(f"\n{len(failed)} of {len(done)} notebooks failed: {', '.join(failed)}")
    if exercises:
        from tools.exercises import make

        return make(exercises) and not failed
    return not failed


def quizzes(notebooks: list[Path]) -> bool:
    """Run and store only the quizzes that import what they need, without a full run."""
    from . import execution
    from .quizzes import stands_alone

    found = [path for path in notebooks if any(map(stands_alone, files.read(path).cells))]
    return all([execution.execute_quizzes(path) for path in found])


def compare(notebooks: list[Path], revision: str = "HEAD") -> bool:
    """Print what cells show otherwise than in a revision of Git; return whether all is the same."""
    from . import comparison

    changed = 0
    for path in notebooks:
        if (before := files.read_committed(path, revision)) is None:
            print(f"{files.name(path)} is not in {revision}")
            continue
        if found := list(comparison.changes(before, files.read(path))):
            print(files.name(path), *found, sep="\n")
        changed += len(found)
    print(f"{changed} changes" if changed else f"Nothing shows anything else than in {revision}.")
    return not changed


def main() -> None:
    names = (tidy, check, execute, quizzes, compare)
    commands = {command.__name__: command for command in names}
    parser = argparse.ArgumentParser(prog="python -m tools.notebooks", description=__doc__)
    choices = parser.add_subparsers(dest="command", required=True)
    for name, command in commands.items():
        choice = choices.add_parser(name, help=command.__doc__, description=command.__doc__)
        choice.add_argument("paths", nargs="*", type=Path, help="notebooks or folders; default all")
        if command is compare:
            choice.add_argument("--with", dest="revision", default="HEAD", help="default HEAD")
    arguments = parser.parse_args()
    options = {"revision": arguments.revision} if "revision" in arguments else {}
    try:
        ok = commands[arguments.command](files.find(arguments.paths), **options)
    except FileNotFoundError as error:
        parser.error(str(error))
    except files.Damaged as damage:
        raise SystemExit(str(damage)) from None
    except KeyboardInterrupt:
        # asyncio would report what was given up, after the sentence that says it.
        logging.getLogger("asyncio").setLevel(logging.CRITICAL)
        raise SystemExit("\nInterrupted; unfinished notebooks are as they were.") from None
    raise SystemExit(0 if ok else 1)


if __name__ == "__main__":
    main()
