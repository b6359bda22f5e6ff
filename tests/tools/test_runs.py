"""The record of full runs: what `make execute` writes down, and what the page "Status" shows."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tools.book import status
from tools.notebooks import canonical, execution, files, runs, setup_cell


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A course of one chapter, two exercises and one solution, with a record of its own."""
    for package in ("tools", "utils"):
        (tmp_path / package).symlink_to(files.ROOT / package)
    monkeypatch.setattr(runs, "RUNS", tmp_path / "runs.json")
    monkeypatch.setattr(runs, "machine", lambda: "CPU: a slow one, 2 cores")
    contents = "format: jb-book\nroot: intro\nchapters:\n- file: chapters/b\n- file: chapters/a\n"
    (tmp_path / "_toc.yml").write_text(f"{contents}- file: exercises/1/c\n", encoding="utf-8")
    for name in ("chapters/a", "chapters/b", "exercises/1/c", "solutions/1/c"):
        store(tmp_path, f"{name}.ipynb")
    return tmp_path


def store(root, name: str, code: str = "print(7)", prose: str = "Seven.", address: str = ""):
    """Write a notebook that has not been run yet."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    set_up = new_code_cell(setup_cell.source(path, address, root))
    cells = [new_markdown_cell(f"# {path.stem.upper()}\n\n{prose}"), set_up, new_code_cell(code)]
    path.write_text(canonical.serialize(new_notebook(cells=cells)), encoding="utf-8")
    return path


@pytest.mark.slow
def test_a_full_run_is_put_on_record(course):
    before = datetime.now(UTC).date().isoformat()
    assert execution.execute(course / "chapters" / "a.ipynb", course)
    assert list(runs.load()) == ["chapters/a.ipynb"]
    entry = runs.load()["chapters/a.ipynb"]
    assert entry["date"] >= before
    assert entry["cpu_seconds"] > 0 and entry["seconds"] > 0
    assert (entry["cells"], entry["compared"]) == (2, 1)
    assert set(entry["versions"]) == {"python", "keras", "tensorflow"}


@pytest.mark.slow
def test_a_run_that_fails_leaves_the_record_as_it_was(course):
    path = store(course, "chapters/a.ipynb", "1 / 0")
    runs.record(course / "chapters" / "b.ipynb", 2, 1, course)
    before = runs.RUNS.read_bytes()
    assert not execution.execute(path, course)
    assert runs.RUNS.read_bytes() == before


def test_the_same_run_is_recorded_in_the_same_bytes_whatever_the_order(course):
    names = ["chapters/a.ipynb", "chapters/b.ipynb"]
    written = []
    for order in (names, names[::-1]):
        runs.RUNS.unlink(missing_ok=True)
        for name in order:
            runs.record(course / name, 2, 1, course)
        written.append(runs.RUNS.read_bytes())
    assert written[0] == written[1]


def test_a_notebook_from_elsewhere_is_not_recorded(course, tmp_path_factory):
    runs.record(store(tmp_path_factory.mktemp("else"), "a.ipynb"), 2, 1, course)
    assert not runs.RUNS.exists()


def test_the_entry_of_a_notebook_that_has_gone_goes_with_the_next_run(course):
    runs.record(course / "solutions" / "1" / "c.ipynb", 2, 1, course)
    (course / "solutions" / "1" / "c.ipynb").unlink()
    runs.record(course / "chapters" / "a.ipynb", 2, 1, course)
    assert list(runs.load()) == ["chapters/a.ipynb"]


def test_changed_code_is_noticed_and_changed_prose_or_address_is_not(course):
    path = course / "chapters" / "a.ipynb"
    runs.record(path, 2, 1, course)
    entry = runs.load()["chapters/a.ipynb"]
    assert runs.result(entry, files.read(path)).startswith("ran through: 2 cells")
    store(course, "chapters/a.ipynb", prose="Better words.", address="https://github.com/ada/cnn")
    assert runs.result(entry, files.read(path)).startswith("ran through: 2 cells")
    store(course, "chapters/a.ipynb", code="print(8)")
    assert runs.result(entry, files.read(path)) == "ran through; its code has changed since"


def test_a_cell_is_counted_as_compared_if_it_prints_and_nothing_exempts_it():
    printed = {"output_type": "stream", "name": "stdout", "text": "7\n"}
    silent, prints = new_code_cell("7;"), new_code_cell("print(7)", outputs=[printed])
    ignored = new_code_cell(
        "model.fit()", outputs=[printed], metadata={"tags": ["nbval-ignore-output"]}
    )
    checked = new_code_cell(
        "print(7)", outputs=[printed], metadata={"tags": ["nbval-check-output"]}
    )
    compared = [runs.is_compared(cell) for cell in (silent, prints, ignored, checked)]
    assert compared == [False, True, False, True]


def test_the_table_has_pages_in_their_order_then_solutions_and_no_exercises(course):
    runs.record(course / "chapters" / "a.ipynb", 176, 38, course)
    table = status.table(course, runs.load(), repository=None)
    today = runs.load()["chapters/a.ipynb"]["date"]
    assert table[2:5] == [
        "| [B](/chapters/b.ipynb) | not recorded yet |  |  |  |",
        "| [A](/chapters/a.ipynb) | ran through: 2 cells, 0 compared "
        f"| {today} | 3 min (CPU\xa0time\xa038\xa0s) | set-up A |",
        "| C, solved | not recorded yet |  |  |  |",
    ]
    assert table[5].startswith("\n**Set-up A**: Python 3.") and "a slow one" in table[5]
    assert len(table) == 6


def test_another_machine_is_another_set_up(course, monkeypatch):
    runs.record(course / "chapters" / "a.ipynb", 2, 1, course)
    monkeypatch.setattr(runs, "machine", lambda: "NVIDIA T4")
    runs.record(course / "chapters" / "b.ipynb", 2, 1, course)
    table = status.table(course, runs.load(), repository=None)
    assert "set-up A" in table[2] and table[5].endswith("NVIDIA T4.")
    assert "set-up B" in table[3] and table[6].endswith("2 cores.")


def test_a_solution_is_linked_where_the_course_has_an_address(course):
    table = status.table(course, {}, repository="ada/cnn")
    assert "[C, solved](https://github.com/ada/cnn/blob/main/solutions/1/c.ipynb)" in table[4]


def test_a_copy_without_solutions_has_none_in_the_table(course):
    (course / "solutions" / "1" / "c.ipynb").unlink()
    (course / "solutions" / "1").rmdir()
    (course / "solutions").rmdir()
    assert len(status.table(course, {}, repository=None)) == 4
