"""The repository for students: no solutions, no page for teachers, no dead link, no history."""

from __future__ import annotations

import subprocess

import pytest
import yaml

from tools.grading import students


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A students' copy of this course."""
    folder = tmp_path_factory.mktemp("students") / "course"
    assert students.make(folder) > 100
    return folder


def test_it_has_neither_solutions_nor_pages_for_teachers(copy):
    assert not any((copy / name).exists() for name in ("solutions", "teaching", "tools/grading"))
    contents = yaml.safe_load((copy / "_toc.yml").read_text("utf-8"))
    names = [page["file"] for page in contents["chapters"]]
    assert "chapters/01_introduction" in names
    assert not any("teaching" in name for name in names)


def test_no_link_of_its_readme_is_dead(copy):
    text = (copy / "README.md").read_text("utf-8")
    links = [target for _, target in students.LINK.findall(text)]
    assert len(links) > 5 and all((copy / link).exists() for link in links)
    assert "Set the exercise" not in text and "solutions/" not in text.replace("`solutions/`", "")


def test_a_link_to_what_is_left_out_becomes_its_words(tmp_path):
    (tmp_path / "here.md").touch()
    text = "[a](here.md) and [b](gone.md#there), [c](https://example.org)"
    assert students.readme(text, tmp_path) == "[a](here.md) and b, [c](https://example.org)"


def test_its_history_has_no_commit_of_the_course(copy):
    log = subprocess.run(["git", "log"], cwd=copy, capture_output=True, text=True)
    assert log.returncode != 0 and "does not have any commits" in log.stderr
