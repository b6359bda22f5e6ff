"""The exercises: made from their solutions, without an answer in them, and running unsolved."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from importlib.util import resolve_name
from pathlib import Path

import pytest
from IPython.core.inputtransformer2 import TransformerManager
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from nbgrader.utils import compute_checksum, is_grade, is_solution

from tools import exercises
from tools.notebooks import canonical, files, setup_cell, validation

pytestmark = pytest.mark.slow  # most run notebooks

# --- a made-up course with one exercise -------------------------------------------------

DOUBLE = '''\
def double(x):
    """Return twice the number `x`."""
    ### BEGIN SOLUTION
    secret = x + x
    return secret
    ### END SOLUTION'''


def about(grade_id: str, **values) -> dict:
    """Return the nbgrader metadata of a cell."""
    flags = {"grade": False, "solution": False, "locked": False, "task": False}
    return {"nbgrader": {"schema_version": 3, "grade_id": grade_id} | flags | values}


def solution_cell(source: str = DOUBLE, grade_id: str = "double", **metadata) -> NotebookNode:
    return new_code_cell(source, metadata=about(grade_id, solution=True) | metadata)


def check_cell(points: int | None = 30, grade_id: str = "double-check") -> NotebookNode:
    worth = {} if points is None else {"points": points}
    source = "0.0 if double(1) is None else 30.0"
    return new_code_cell(source, metadata=about(grade_id, grade=True, locked=True, **worth))


def picture(alt: str) -> NotebookNode:
    data = {"image/png": "iVBORw0KGgo="}
    return new_output("display_data", data=data, metadata={"image/png": {"alt": alt}})


def usual_cells() -> list[NotebookNode]:
    drawing = "if double(1) is not None:\n    print('drawn')"
    drawn = new_code_cell(drawing, execution_count=4, outputs=[picture("It is 42.")])
    drawn.metadata["tags"] = ["nbval-ignore-output"]
    return [
        new_markdown_cell("# From scratch\n\nWrite `double`. *Hint:* add."),
        solution_cell(),
        new_markdown_cell("Why so: a sum is twofold.", metadata={"tags": ["solution-only"]}),
        new_code_cell("print('twice 21 is', double(21))"),
        drawn,
        check_cell(),
    ]


def store(course: Path, *cells: NotebookNode, name: str = "1_from_scratch") -> Path:
    """Write a solution of these cells, after the set-up cell."""
    path = course / "solutions" / "14_9" / f"{name}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    set_up = new_code_cell(setup_cell.source(path, "https://github.com/a/b", course))
    notebook = new_notebook(cells=[set_up, *cells])
    path.write_text(canonical.serialize(notebook), encoding="utf-8")
    return path


@pytest.fixture
def course(tmp_path) -> Path:
    """A course with this one's code and one solution."""
    for package in ("tools", "utils"):
        (tmp_path / package).symlink_to(files.ROOT / package)
    store(tmp_path, *usual_cells())
    return tmp_path


def generated(course: Path) -> NotebookNode:
    (solution,) = exercises.find([], course)
    return exercises.unsolved(solution, course)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A course whose exercise was generated, and the name of what changed."""
    course = tmp_path_factory.mktemp("made")
    for package in ("tools", "utils"):
        (course / package).symlink_to(files.ROOT / package)
    store(course, *usual_cells())
    return course, exercises.generate(root=course)


# --- making an exercise -----------------------------------------------------------------


def test_a_solution_gives_way_to_one_line_and_its_explanation_goes(course):
    exercise = generated(course)
    text = canonical.serialize(exercise)
    assert "    ...  # your code here" in exercise.cells[2].source.splitlines()
    assert '"""Return twice the number `x`."""' in exercise.cells[2].source
    for word in ("secret", "SOLUTION", "Why so", "solution-only", "It is 42."):
        assert word not in text
    assert "*Hint:* add." in text and len(exercise.cells) == 6


def test_checks_are_locked_and_solutions_may_be_edited_and_not_deleted(course):
    cells = generated(course).cells
    assert cells[2].metadata["deletable"] is False and "editable" not in cells[2].metadata
    assert cells[5].metadata["deletable"] is False and cells[5].metadata["editable"] is False
    for cell in (cells[2], cells[5]):
        assert cell.metadata["nbgrader"]["checksum"] == compute_checksum(cell)


def test_in_an_exercise_nbval_compares_every_cell(course):
    assert all("tags" not in cell.metadata for cell in generated(course).cells)


def test_the_set_up_cell_keeps_the_courses_address(course):
    cell = setup_cell.find(generated(course))
    assert setup_cell.address(cell) == "https://github.com/a/b"


def test_an_exercise_is_stored_with_what_it_shows_unsolved_and_without_problems(made):
    course, changed = made
    assert changed == ["exercises/14_9/1_from_scratch.ipynb"]
    path = course / changed[0]
    cells = files.read(path).cells
    assert cells[3].outputs[0].text == "twice 21 is None\n"
    assert cells[4].outputs == [] and cells[4].execution_count == 4
    assert cells[5].outputs[0].data["text/plain"] == "0.0"
    assert validation.problems(path, course) == []
    assert exercises.differences(root=course) == []
    assert list(path.parent.iterdir()) == [path]


def test_generating_again_gives_the_same_bytes(made):
    course, (name,) = made
    before = (course / name).read_bytes()
    assert exercises.generate([course / name], course) == []
    assert (course / name).read_bytes() == before


def test_what_differs_from_its_solution_is_named(made, tmp_path):
    course, (name,) = made
    path = tmp_path / name
    path.parent.mkdir(parents=True)
    store(tmp_path, *usual_cells())
    assert exercises.differences(root=tmp_path) == [f"{name} is missing"]
    text = (course / name).read_text("utf-8")
    path.write_text(text.replace("twice 21 is None", "an output"), encoding="utf-8")
    assert exercises.differences(root=tmp_path) == []
    path.write_text(text.replace("*Hint:* add.", "*Hint:* none."), encoding="utf-8")
    assert exercises.differences(root=tmp_path) == [f"{name} differs, first in cell 2"]
    store(tmp_path, *usual_cells(), new_markdown_cell("More."))
    path.write_text(text, encoding="utf-8")
    assert exercises.differences(root=tmp_path) == [f"{name} differs"]


def test_an_exercise_without_solution_is_named_and_goes(made, monkeypatch):
    course, (name,) = made
    monkeypatch.setattr(exercises, "run", lambda exercise, *others: files.read(course / name))
    old = course / "exercises" / "14_9" / "0_old.ipynb"
    old.write_text("{}", encoding="utf-8")
    assert exercises.differences(root=course) == [
        "exercises/14_9/0_old.ipynb has no solution any more"
    ]
    assert exercises.generate(root=course) == ["exercises/14_9/0_old.ipynb"]
    assert not old.exists() and (course / name).exists()


def test_a_cell_that_does_not_run_unsolved_is_named_as_in_the_solution(course):
    solution = store(course, *usual_cells(), new_code_cell("double(1) + 1"))
    with pytest.raises(exercises.Refused) as refusal:
        exercises.generate(root=course)
    assert "solutions/14_9/1_from_scratch.ipynb: cell 8 ('double(1) + 1')" in str(refusal.value)
    assert "returns None" in str(refusal.value) and "TypeError" in str(refusal.value)
    assert list((course / "exercises").rglob("*.ipynb")) == [] and solution.exists()


def changed(position: int, **values) -> list[NotebookNode]:
    """Return the usual cells, one of them with another source or other metadata."""
    cells = usual_cells()
    cells[position].update(values)
    return cells


def with_points(*points) -> list[NotebookNode]:
    graded = [check_cell(worth, f"check-{i}") for i, worth in enumerate(points)]
    return [*usual_cells()[:-1], *graded]


NOT_ENDED = DOUBLE.replace("    ### END SOLUTION", "")
NOT_BEGUN = DOUBLE.replace("    ### BEGIN SOLUTION\n", "")
NESTED = DOUBLE.replace("    return", "    ### BEGIN SOLUTION\n    return")
MISTAKES = {
    "an open region": (changed(1, source=NOT_ENDED), "cell 3 ('def double(x):') does not end"),
    "a region that never began": (changed(1, source=NOT_BEGUN), "without ### BEGIN SOLUTION"),
    "a region in a region": (changed(1, source=NESTED), "begins a solution within a solution"),
    "no region": (changed(1, source="x = 1"), "so all of it would go"),
    "no solution": (with_points(30)[2:], "has no solution: no cell with ### BEGIN SOLUTION"),
    "a region in an ordinary cell": (
        changed(3, source=DOUBLE),
        "cell 5 ('def double(x):') has a solution, and its nbgrader metadata does not say",
    ),
    "a check without points": (with_points(None), "is a check without points"),
    "too few points": (with_points(20, 5), "has checks worth 25 points, and not 30"),
    "too many points": (with_points(30, 0.5), "has checks worth 30.5 points"),
    "an id used twice": (
        [*usual_cells(), solution_cell(grade_id="double-check")],
        "has 2 cells with the grade_id 'double-check'",
    ),
    "other metadata": (
        changed(1, metadata=about("with blanks", solution=True)),
        "that nbgrader refuses: 'with blanks' does not match",
    ),
    "old metadata": (
        changed(1, metadata=about("double", solution=True, schema_version=1)),
        "that nbgrader refuses: Outdated schema version",
    ),
}


@pytest.mark.parametrize(("cells", "words"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_in_a_solution_is_named_with_its_notebook(course, cells, words):
    store(course, *cells)
    with pytest.raises(exercises.Refused) as refusal:
        generated(course)
    assert words in str(refusal.value)
    assert str(refusal.value).startswith("solutions/14_9/1_from_scratch.ipynb: ")


def test_a_solution_of_unknown_worth_is_refused(course):
    path = store(course, *usual_cells(), name="4_more")
    with pytest.raises(exercises.Refused, match="does not say what 14_9/4_more is worth"):
        exercises.unsolved(path, course)


def test_a_path_that_is_no_exercise_is_refused(course):
    with pytest.raises(exercises.Refused, match="neither in solutions/ nor in exercises/"):
        exercises.find([course / "chapters" / "a.ipynb"], course)
    with pytest.raises(exercises.Refused, match="There is no solution solutions/14_9/9.ipynb"):
        exercises.find([course / "exercises" / "14_9" / "9.ipynb"], course)


# --- the course's own -------------------------------------------------------------------

SOLUTIONS = sorted((files.ROOT / "solutions").rglob("*.ipynb"))
solutions = pytest.mark.parametrize("solution", SOLUTIONS, ids=lambda path: path.stem)
needs_solutions = pytest.mark.skipif(not SOLUTIONS, reason="this copy has no solutions")
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


def exercise_of(solution: Path) -> NotebookNode:
    return files.read(exercises.exercise_of(solution))


@needs_solutions
def test_every_exercise_is_as_its_solution_makes_it():
    assert exercises.differences() == []


def test_every_exercise_is_worth_the_points_that_students_read():
    text = (files.ROOT / "chapters" / "06_exercise.md").read_text("utf-8")
    told = re.findall(r"^\| \[?\d .* \| (\d+) \|$", text, re.MULTILINE)
    assert list(map(int, told)) == list(exercises.POINTS.values())


def solution_lines(notebook: NotebookNode) -> set[str]:
    """Return the lines of a notebook that only its solution regions have."""
    inside, outside = set(), set()
    for cell in notebook.cells:
        solved = False
        for line in cell.source.splitlines():
            solved = (solved or exercises.BEGIN in line) and exercises.END not in line
            (inside if solved else outside).add(line.strip())
    return {line for line in inside - outside if len(line) > 8}


@solutions
def test_an_exercise_holds_nothing_of_its_solution(solution):
    solved = files.read(solution)
    text = "\n".join(cell.source for cell in exercise_of(solution).cells)
    lines = solution_lines(solved)
    assert lines and not lines & {line.strip() for line in text.splitlines()}
    explained = [cell.source for cell in solved.cells if not exercises.is_for_students(cell)]
    assert explained and not [source for source in explained if source in text]
    assert "SOLUTION" not in text


@solutions
def test_every_task_has_a_locked_check_whose_points_are_those_it_shows(solution):
    graded = [cell for cell in exercise_of(solution).cells if is_grade(cell)]
    for cell in graded:
        assert cell.metadata["editable"] is False and cell.metadata["deletable"] is False
        (output,) = cell.outputs
        assert float(output.data["text/plain"]) == 0
        points = cell.metadata["nbgrader"]["points"]
        assert f"not attempted yet · 0/{points:g}" in output.data["text/html"]
        assert re.fullmatch(r"checks\.\w+\(.*\)", cell.source, re.DOTALL)
    assert any(is_solution(cell) for cell in exercise_of(solution).cells)


@solutions
def test_solved_every_check_shows_all_points(solution):
    for cell in filter(is_grade, files.read(solution).cells):
        (output,) = cell.outputs
        assert float(output.data["text/plain"]) == cell.metadata["nbgrader"]["points"]


@solutions
def test_a_link_of_a_solution_leads_to_a_file(solution):
    text = "\n".join(c.source for c in files.read(solution).cells if c.cell_type == "markdown")
    targets = [link for link in LINK.findall(text) if link]
    assert [link for link in targets if not (solution.parent / link).is_file()] == []


# What Colab has: the packages of requirements-colab.txt by the names under which they are
# imported, and what Matplotlib, Keras, scikit-learn and pooch bring along.
COLAB = re.findall(r"^([\w-]+)==", (files.ROOT / "requirements-colab.txt").read_text(), re.M)
IN_COLAB = {{"scikit-learn": "sklearn", "ipython": "IPython"}.get(name, name) for name in COLAB}
IN_COLAB |= {"PIL", "h5py", "scipy", "pooch", "requests", *sys.stdlib_module_names}


def imports(code: str, package: str = "") -> Iterator[str]:
    """Yield what the code of a module in `package` imports, by full names."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = resolve_name("." * node.level + (node.module or ""), package)
            yield from (f"{module}.{alias.name}" for alias in node.names)


def modules_of(name: str) -> list[Path]:
    """Return the files of our own module, or of all of a package, that a full name leads to."""
    path = files.ROOT.joinpath(*name.split("."))
    while path != files.ROOT:
        if path.with_suffix(".py").is_file():
            return [path.with_suffix(".py")]
        if path.is_dir() and path.name != "utils":
            return list(path.rglob("*.py"))
        path = path.parent
    return []


@solutions
def test_a_solution_and_what_it_imports_need_nothing_that_colab_lacks(solution):
    code = [cell.source for cell in files.read(solution).cells if cell.cell_type == "code"]
    names = list(imports(TransformerManager().transform_cell("\n".join(code))))
    seen = {}
    while names:
        name = names.pop()
        for path in modules_of(name) if name.startswith("utils") else []:
            if path not in seen:
                package = ".".join(path.parent.relative_to(files.ROOT).parts)
                seen[path] = list(imports(path.read_text("utf-8"), package))
                names += seen[path]
        assert name.split(".")[0] in IN_COLAB | {"utils"}, f"{name} is not there in Colab"
    assert any("checks" in path.parts for path in seen)
