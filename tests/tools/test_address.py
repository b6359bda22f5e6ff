"""The address of the course: given, changed and taken away, in all files at once."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tools import address
from tools.notebooks import canonical, files, setup_cell, validation

pytestmark = pytest.mark.slow  # each copies the course

ADA = "https://github.com/ada-l/cnn.course"
README = "# A course\n\n<!-- notebooks:start -->\n<!-- notebooks:end -->\n\nMore.\n"


def add_exercise(course: Path) -> Path:
    """Put an executed notebook without an address two folders deep into a course."""
    path = course / "exercises" / "99" / "a.ipynb"
    path.parent.mkdir(parents=True)
    set_up = new_code_cell(setup_cell.source(path, root=course), execution_count=1)
    seven = new_output("stream", name="stdout", text="7\n")
    code = new_code_cell("print(7)", execution_count=2, outputs=[seven])
    notebook = new_notebook(cells=[new_markdown_cell("# An exercise"), set_up, code])
    path.write_text(canonical.serialize(notebook), encoding="utf-8")
    return path


@pytest.fixture
def course(tmp_path) -> Path:
    """A copy of this course without its address, with one notebook more, which is a page."""
    for folder in files.FOLDERS:
        if (files.ROOT / folder).is_dir():
            shutil.copytree(files.ROOT / folder, tmp_path / folder)
    for name in ("_config.yml", "_toc.yml"):
        shutil.copy(files.ROOT / name, tmp_path)
    page = "\nchapters:\n  - file: exercises/99/a\n"
    (tmp_path / "_toc.yml").write_text(f"format: jb-book\nroot: intro{page}", encoding="utf-8")
    (tmp_path / "README.md").write_text(README, encoding="utf-8")
    add_exercise(tmp_path)
    address.stamp("", tmp_path)
    return tmp_path


def contents(course: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in course.rglob("*") if path.is_file()}


def readme(course: Path) -> str:
    return (course / "README.md").read_text(encoding="utf-8")


def all_addresses(course: Path) -> set[str]:
    return set().union(*address.addresses(course).values())


def test_the_addresses_in_this_course_agree():
    assert len(all_addresses(files.ROOT)) == 1


def test_stamping_gives_every_file_the_address(course):
    changed = address.stamp("ada-l/cnn.course", course)
    assert {"_config.yml", "README.md", "exercises/99/a.ipynb"} <= set(changed)
    assert all_addresses(course) == {ADA}
    assert f'  url: "{ADA}"\n' in (course / "_config.yml").read_text(encoding="utf-8")


def test_the_readme_links_to_page_and_colab_and_keeps_its_text(course):
    address.stamp("ada-l/cnn.course", course)
    row = (
        "| [An exercise](exercises/99/a.ipynb) "
        "| [Read](https://ada-l.github.io/cnn.course/exercises/99/a.html) "
        "| [Open in Colab](https://colab.research.google.com/github/ada-l/cnn.course"
        "/blob/main/exercises/99/a.ipynb) |\n"
    )
    assert row in readme(course)
    assert readme(course).startswith("# A course\n") and readme(course).endswith("-->\n\nMore.\n")


def test_the_readme_lists_notebooks_in_the_order_of_the_pages_and_no_solutions(course):
    (course / "_toc.yml").write_text(
        "root: intro\nchapters:\n- file: chapters/02_convolutional_layer\n  sections:\n"
        "  - file: exercises/99/a\n- file: chapters/01_introduction\n",
        encoding="utf-8",
    )
    shutil.copytree(course / "exercises" / "99", course / "solutions" / "99")
    address.stamp("ada-l/cnn.course", course)
    names = re.findall(r"^\| \[.*?\]\((.*?)\.ipynb\)", readme(course), re.MULTILINE)
    assert names[:3] == [
        "chapters/02_convolutional_layer",
        "exercises/99/a",
        "chapters/01_introduction",
    ]
    assert "chapters/03_pooling_layer" in names and "solutions/99/a" not in names
    assert all_addresses(course) == {ADA}


def test_a_notebook_that_is_no_page_gets_no_link_to_one(course):
    (course / "_toc.yml").write_text("root: intro\n", encoding="utf-8")
    address.stamp("ada-l/cnn.course", course)
    assert "[Read]" not in readme(course)


def test_stamping_keeps_outputs_and_the_form_of_the_notebook(course):
    path = course / "exercises" / "99" / "a.ipynb"
    address.stamp("ada-l/cnn.course", course)
    assert files.read(path).cells[2].outputs[0].text == "7\n"
    assert validation.problems(path, root=course) == []


def test_stamping_twice_changes_nothing_the_second_time(course):
    address.stamp("ada-l/cnn.course", course)
    assert address.stamp("ada-l/cnn.course", course) == []


def test_another_name_replaces_the_first_and_no_name_restores_the_course(course):
    before = contents(course)
    address.stamp("ada-l/cnn.course", course)
    address.stamp("Bob/Bob.github.io", course)
    assert all_addresses(course) == {"https://github.com/Bob/Bob.github.io"}
    assert "(https://bob.github.io/exercises/99/a.html)" in readme(course)
    address.stamp("", course)
    assert contents(course) == before


def test_without_an_address_there_is_no_dead_link(course):
    links = re.findall(r"\]\((.+?)\)", readme(course))
    assert links and all((course / link).is_file() for link in links)
    assert all_addresses(course) == {""}


def test_a_new_notebook_gets_the_address_that_the_course_has(course):
    shutil.rmtree(course / "exercises" / "99")
    address.stamp("ada-l/cnn.course", course)
    add_exercise(course)
    assert set(address.stamp(root=course)) == {"README.md", "exercises/99/a.ipynb"}
    assert all_addresses(course) == {ADA}


@pytest.mark.parametrize(
    "repo",
    ["cnn", "a/b/c", "https://github.com/a/b", "a b/c", "-a/b", "a/b.git", "a/..", "a/b\n", 'a/"'],
)
def test_what_is_no_repository_is_refused_with_a_word_on_what_to_give(course, repo):
    before = contents(course)
    with pytest.raises(address.Refused, match="make address REPO=owner/name"):
        address.stamp(repo, course)
    assert contents(course) == before


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("_config.yml", "under `repository:`"),
        ("README.md", "<!-- notebooks:start -->"),
        ("exercises/99/a.ipynb", "does not begin with the set-up cell"),
    ],
)
def test_a_file_without_a_place_for_the_address_is_refused_before_any_is_changed(
    course, name, words
):
    empty = canonical.serialize(new_notebook()) if name.endswith(".ipynb") else "nothing\n"
    (course / name).write_text(empty, encoding="utf-8")
    before = contents(course)
    with pytest.raises(address.Refused, match=words):
        address.stamp("ada-l/cnn.course", course)
    assert contents(course) == before
