"""The same sources make the same site, byte for byte: anywhere, at any time, after any other."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from sample_book import NO_ADDRESS, picture, write_sample

from tools.book import __main__ as command

ROOT = Path(__file__).resolve().parents[2]
NOT_COPIED = shutil.ignore_patterns("_build", ".*", "__pycache__", "tests")


def files(site: Path) -> dict[str, bytes]:
    return {
        path.relative_to(site).as_posix(): path.read_bytes()
        for path in site.rglob("*")
        if path.is_file()
    }


def build(folder: Path, **environment: str) -> dict[str, bytes]:
    """Build a copy of the course in another folder; return the files of its site."""
    shutil.copytree(ROOT, folder, ignore=NOT_COPIED)
    run = subprocess.run(
        [sys.executable, "-m", "tools.book"],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return files(folder / "_build" / "html")


def test_two_builds_in_two_places_are_the_same_byte_for_byte(site, tmp_path):
    one = files(site)
    other = build(tmp_path / "another place", PYTHONHASHSEED="2", TZ="Asia/Tokyo", LC_ALL="C")
    assert sorted(one) == sorted(other)
    assert [name for name, content in one.items() if other[name] != content] == []
    assert [name for name, content in other.items() if str(tmp_path).encode() in content] == []


# --- one build after another --------------------------------------------------------------


def add_a_page(book: Path) -> None:
    Image.new("RGB", (8, 8), "red").save(book / "new.png")
    (book / "new.md").write_text("# New\n\n![A red box.](new.png) $\\sqrt{2}$\n")
    contents = book / "_toc.yml"
    contents.write_text(contents.read_text() + "- file: new\n")


def change_a_term(book: Path) -> None:
    page = book / "terms.md"
    page.write_text(page.read_text().replace("step", "stride"))


def change_a_picture(book: Path) -> None:
    notebook = book / "chapters" / "sample.ipynb"
    notebook.write_text(notebook.read_text().replace(picture(2400, 600), picture(1200, 300)))


def give_an_address(book: Path) -> None:
    config = book / "_config.yml"
    config.write_text(NO_ADDRESS.sub('  url: "https://github.com/ada/cnn"', config.read_text()))


def break_a_formula(book: Path) -> None:
    page = book / "intro.md"
    page.write_text(page.read_text() + "\n$\\nosuchcommand$\n")


@pytest.fixture(scope="module")
def terms(tmp_path_factory) -> Path:
    """A small book with a glossary, whose terms are entries of the search, and its site."""
    book = write_sample(tmp_path_factory.mktemp("terms") / "book")
    terms = "# Terms\n\n```{glossary}\nstep\n  How far a window moves.\n```\n"
    (book / "terms.md").write_text(terms)
    with (book / "_toc.yml").open("a") as contents:
        contents.write("- file: terms\n")
    assert command.build(book, book.parent)
    return book


@pytest.fixture
def copy(terms, tmp_path) -> Path:
    """A copy of the book, with its site in output/html and what an interrupted build left."""
    shutil.copytree(terms, tmp_path / "book")
    output = tmp_path / "output"
    shutil.copytree(terms.parent / "html", output / "html")
    (output / ".building" / "html").mkdir(parents=True)
    (output / ".building" / "html" / "half.html").touch()
    return tmp_path / "book"


def differences(one: Path, other: Path) -> list[str]:
    """Return the names of the files in which two sites differ."""
    left, right = files(one), files(other)
    return [name for name in left.keys() | right.keys() if left.get(name) != right.get(name)]


SEQUENCES = [
    [],
    [break_a_formula],
    [add_a_page, give_an_address],
]


@pytest.mark.parametrize("edits", SEQUENCES, ids=lambda edits: " ".join(e.__name__ for e in edits))
def test_edits_that_are_taken_back_leave_no_trace_in_the_next_site(terms, copy, edits):
    output = copy.parent / "output"
    for edit in edits:
        edit(copy)
    if edits:
        command.build(copy, output)
    shutil.rmtree(copy)
    shutil.copytree(terms, copy)
    assert command.build(copy, output)
    assert differences(output / "html", terms.parent / "html") == []


def test_after_edits_and_builds_the_site_is_what_a_clean_build_gives(copy, tmp_path):
    for edit in (change_a_term, change_a_picture):
        edit(copy)
        assert command.build(copy, tmp_path / "output")
    assert command.build(copy, tmp_path / "clean")
    assert differences(tmp_path / "output" / "html", tmp_path / "clean" / "html") == []


def test_a_build_with_problems_leaves_the_last_site_and_nothing_else(terms, copy):
    output = copy.parent / "output"
    break_a_formula(copy)
    assert not command.build(copy, output)
    assert differences(output / "html", terms.parent / "html") == []
    assert sorted(os.listdir(output)) == [".lock", "html"]


def test_a_build_waits_for_another_one_in_the_same_folder(terms, tmp_path):
    output = tmp_path / "output"
    output.mkdir()
    words = [sys.executable, "-m", "tools.book", "--source", terms, "--output", output]
    with (output / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        build = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        said = [build.stdout.readline() for _ in range(2)]
        assert said[1] == f"Another build writes into {output}. Waiting for it …\n"
        assert not (output / ".building").exists()
        build.terminate()
        build.communicate()


def test_a_folder_that_cannot_be_written_is_named_with_the_way_out(terms, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(command.Refused, match=r"file/output: Not a directory\. .*--output FOLDER"):
        command.build(terms, tmp_path / "file" / "output")


@pytest.mark.skipif(not shutil.which("bwrap"), reason="makes a folder read-only with bubblewrap")
def test_in_a_read_only_clone_the_command_ends_with_one_sentence(terms, tmp_path):
    clone = tmp_path / "clone"
    shutil.copytree(terms, clone)
    words = ["bwrap", "--dev-bind", "/", "/", "--ro-bind", clone, clone]
    words += [sys.executable, "-m", "tools.book", "--source", clone]
    run = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 1
    assert run.stderr.splitlines() == [
        f"The site cannot be written into {clone}/_build: Read-only file system. "
        "Name a folder that can be written: --output FOLDER"
    ]
