"""Make the exercise notebooks from their solutions: `make exercises`.

    python -m tools.exercises [notebooks]   generate them, run them unsolved, store them
    python -m tools.exercises --check       say which are not as they would be generated

`solutions/14_9/*.ipynb` are the source, `exercises/14_9/*.ipynb` what students get. nbgrader
takes the solution regions out, locks the checks and notes their checksums; cells with the
tag `solution-only` are left out. What is left is run from top to bottom before it is stored.

Reference: https://nbgrader.readthedocs.io/en/stable/user_guide/creating_and_grading_assignments.html
"""

from __future__ import annotations

import argparse
import copy
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from jsonschema import ValidationError
from nbformat import NotebookNode
from nbgrader.nbgraderformat import MetadataValidator
from nbgrader.nbgraderformat.common import SchemaMismatchError
from nbgrader.preprocessors import (
    ClearHiddenTests,
    ClearMarkScheme,
    ClearOutput,
    ClearSolutions,
    ComputeChecksums,
    LockCells,
)
from nbgrader.utils import is_grade, is_solution

from tools.notebooks import canonical, execution, files, setup_cell, validation

SOURCE, RELEASE = "solutions", "exercises"
STUB = "...  # your code here"
SOLUTION_ONLY = "solution-only"  # the tag of what students do not get
BEGIN, END = "BEGIN SOLUTION", "END SOLUTION"

# What each exercise is worth. The points of its checks add up to this.
POINTS = {
    "14_9/1_from_scratch": 30,
    "14_9/2_own_cnn": 30,
    "14_9/3_highest_accuracy": 40,
}


class Refused(Exception):
    """An exercise cannot be made; the message says from which cell, and what to do."""


def exercise_of(solution: Path, root: Path = files.ROOT) -> Path:
    return root / RELEASE / solution.resolve().relative_to(root.resolve() / SOURCE)


def solution_of(exercise: Path, root: Path = files.ROOT) -> Path:
    return root / SOURCE / exercise.resolve().relative_to(root.resolve() / RELEASE)


def find(paths: Sequence[Path], root: Path = files.ROOT) -> list[Path]:
    """Return the solutions that `paths` name, themselves or by their exercises; by default all.

    Raises Refused for a path that is neither.
    """
    source, release = root.resolve() / SOURCE, root.resolve() / RELEASE
    found = []
    for path in [Path(path).resolve() for path in paths] or [source]:
        if path.is_relative_to(release):
            path = solution_of(path, root)
        if not path.is_relative_to(source):
            raise Refused(f"{path} is neither in {SOURCE}/ nor in {RELEASE}/.")
        if path == source and not path.exists():
            raise Refused(f"There is no folder {SOURCE}/, from which the exercises are made.")
        if not path.exists():
            raise Refused(f"There is no solution {files.name(path, root)}.")
        found += files.find([path])
    return found


# --- what a solution needs to become an exercise ----------------------------------------


def region_problems(source: str) -> Iterator[str]:
    """Yield what is wrong with the lines that begin and end solutions; nbgrader sees a part."""
    is_open = False
    for line in source.splitlines():
        if BEGIN in line:
            if is_open:
                yield f"begins a solution within a solution: ### {END} is missing before"
            is_open = True
        elif END in line:
            if not is_open:
                yield f"has ### {END} without ### {BEGIN} before it"
            is_open = False
    if is_open:
        yield f"does not end its solution: ### {END} is missing"


def cell_problems(cell: NotebookNode) -> Iterator[str]:
    """Yield what is wrong with one cell."""
    yield from region_problems(cell.source)
    has_region = BEGIN in cell.source
    if has_region and not is_solution(cell):
        yield 'has a solution, and its nbgrader metadata does not say "solution": true'
    if is_solution(cell) and cell.cell_type == "code" and not has_region:
        yield f"is a solution cell without ### {BEGIN}, so all of it would go"
    if is_grade(cell) and not cell.metadata.nbgrader.get("points"):
        yield 'is a check without points: its nbgrader metadata needs "points"'
        return
    try:
        MetadataValidator().validate_cell(cell)
    except (ValidationError, SchemaMismatchError) as error:
        yield f"has nbgrader metadata that nbgrader refuses: {str(error).splitlines()[0]}"


def problems(notebook: NotebookNode, points: int) -> Iterator[str]:
    """Yield what keeps a solution from becoming an exercise worth `points`."""
    for number, cell in enumerate(notebook.cells, start=1):
        for problem in cell_problems(cell):
            yield f"{validation.where(number, cell)} {problem}"
    graded = [cell.metadata.nbgrader for cell in notebook.cells if "nbgrader" in cell.metadata]
    for grade_id, count in Counter(about.get("grade_id") for about in graded).items():
        if count > 1:
            yield f"has {count} cells with the grade_id {grade_id!r}"
    if not any(BEGIN in cell.source for cell in notebook.cells):
        yield f"has no solution: no cell with ### {BEGIN}"
    total = sum(about.get("points", 0) for about in graded if about.get("grade"))
    if total != points:
        yield f"has checks worth {total:g} points, and not {points} as POINTS in tools/exercises.py"


# --- from a solution to its exercise ----------------------------------------------------


def is_for_students(cell: NotebookNode) -> bool:
    return SOLUTION_ONLY not in cell.metadata.get("tags", [])


def processed(notebook: NotebookNode) -> NotebookNode:
    """Return a copy of a solution after the steps of `nbgrader generate_assignment`.

    Those that write to nbgrader's database are left out. Here all cells are compared by
    nbval: unsolved, nothing is trained, and so no tag keeps a cell from it.
    """
    notebook = copy.deepcopy(notebook)
    notebook.cells = [cell for cell in notebook.cells if is_for_students(cell)]
    for cell in notebook.cells:
        tags = [tag for tag in cell.metadata.get("tags", []) if tag not in validation.EXEMPTING]
        cell.metadata["tags"] = tags
    steps = [
        LockCells(),
        ClearSolutions(code_stub={"python": STUB}),
        ClearOutput(),
        ClearHiddenTests(),
        ClearMarkScheme(),
        ComputeChecksums(),
    ]
    for step in steps:
        notebook, _ = step.preprocess(notebook, {})
    return notebook


def unsolved(solution: Path, root: Path = files.ROOT) -> NotebookNode:
    """Return the exercise of the solution at this path, not run yet; raise Refused."""
    notebook = files.read(solution)
    key = solution.resolve().relative_to(root.resolve() / SOURCE).with_suffix("").as_posix()
    if key not in POINTS:
        raise Refused(f"POINTS in tools/exercises.py does not say what {key} is worth.")
    if found := list(problems(notebook, POINTS[key])):
        name = files.name(solution, root)
        raise Refused("\n".join(f"{name}: {problem}" for problem in found))
    set_up = setup_cell.find(notebook)
    if set_up is None:
        raise Refused(f"{files.name(solution, root)} does not begin with the set-up cell.")
    address = setup_cell.address(set_up)
    exercise = processed(notebook)
    target = exercise_of(solution, root)
    setup_cell.find(exercise).source = setup_cell.source(target, address, root)
    return canonical.normalize(exercise)


def run(exercise: NotebookNode, solution: Path, root: Path = files.ROOT) -> NotebookNode:
    """Return the exercise with the outputs that it has unsolved; raise Refused if it fails."""
    target = exercise_of(solution, root)
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        return execution.executed(exercise, target.parent)
    except execution.Failure as failure:
        cells = enumerate(files.read(solution).cells, start=1)
        kept = [(number, cell) for number, cell in cells if is_for_students(cell)]
        place = validation.where(*kept[failure.index])
        raise Refused(
            f"\n{files.name(solution, root)}: {place} does not run in the unsolved exercise. "
            "There a function that is not written yet returns None, and every cell has to get "
            f"along with that.\n{failure}"
        ) from failure


def stale(root: Path = files.ROOT) -> list[Path]:
    """Return the exercises whose solution has gone."""
    folder = root / RELEASE
    found = files.find([folder]) if folder.is_dir() else []
    return [path for path in found if not solution_of(path, root).exists()]


def generate(paths: Sequence[Path] = (), root: Path = files.ROOT) -> list[str]:
    """Make the exercises of the solutions in `paths`, by default all; return the changed files.

    Raises Refused before a file is changed.
    """
    solutions = find(paths, root)
    if missing := execution.missing_data(solutions):
        raise Refused(missing)
    exercises = {solution: unsolved(solution, root) for solution in solutions}
    texts = {}
    for solution, exercise in exercises.items():
        target = exercise_of(solution, root)
        print(files.name(target, root), flush=True)
        texts[target] = canonical.serialize(run(exercise, solution, root))
    changed = []
    for target, text in texts.items():
        if not target.exists() or target.read_text(encoding="utf-8") != text:
            files.replace(target, text)
            changed.append(target)
    for target in stale(root) if not paths else []:
        target.unlink()
        changed.append(target)
    return [files.name(path, root) for path in changed]


def make(paths: Sequence[Path]) -> bool:
    """Generate exercises, and say what changed or why none did; return whether all went well."""
    try:
        changed = generate(paths)
    except (Refused, files.Damaged) as refusal:
        print(f"{refusal}\nNo exercise was changed.")
        return False
    print("\n".join(f"changed {name}" for name in changed) or "No exercise had to change.")
    return True


def without_outputs(notebook: NotebookNode) -> NotebookNode:
    cleared, _ = ClearOutput().preprocess(copy.deepcopy(notebook), {})
    return canonical.normalize(cleared)


def differences(paths: Sequence[Path] = (), root: Path = files.ROOT) -> list[str]:
    """Say which exercises are not as they would be generated now; mostly, none.

    Their outputs are not looked at: nbval compares them. Raises Refused.
    """
    found = [f"{files.name(p, root)} has no solution any more" for p in stale(root)]
    for solution in find(paths, root):
        target = exercise_of(solution, root)
        name = files.name(target, root)
        if not target.exists():
            found.append(f"{name} is missing")
            continue
        expected, present = unsolved(solution, root), without_outputs(files.read(target))
        if expected == present:
            continue
        pairs = zip(expected.cells, present.cells, strict=False)
        differing = (i for i, (one, other) in enumerate(pairs, start=1) if one != other)
        number = next(differing, None)
        found.append(f"{name} differs" + (f", first in cell {number}" if number else ""))
    return found


def check(paths: Sequence[Path]) -> bool:
    """Say which exercises are not as they would be generated; return whether all are."""
    try:
        found = differences(paths)
    except (Refused, files.Damaged) as refusal:
        found = [str(refusal)]
    print("\n".join(found) or "All exercises are as their solutions make them.")
    return not found


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tools.exercises",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("paths", nargs="*", type=Path, help="solutions or exercises; default all")
    parser.add_argument("--check", action="store_true", help="compare, and write nothing")
    options = parser.parse_args()
    try:
        ok = check(options.paths) if options.check else make(options.paths)
    except KeyboardInterrupt:
        sys.exit("\nInterrupted; the exercises are as they were.")
    sys.exit(not ok)


if __name__ == "__main__":
    main()
