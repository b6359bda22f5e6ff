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


def differences(one: Path, other: Path) -> list[str]:
    """Return the names of the files in which two sites differ."""
    left, right = files(one), files(other)
    return [name for name in left.keys() | right.keys() if left.get(name) != right.get(name)]


@pytest.fixture
def latin_1(tmp_path) -> dict[str, str]:
    """The environment of a locale whose encoding is Latin-1; that of C where none can be made."""
    localedef, name = shutil.which("localedef"), "en_US.ISO-8859-1"
    words = [localedef, "-i", "en_US", "-f", "ISO-8859-1", tmp_path / name]
    if localedef and subprocess.run(words, capture_output=True).returncode == 0:
        return {"LOCPATH": str(tmp_path), "LC_ALL": name, "PYTHONUTF8": "0"}
    return {"LC_ALL": "C", "PYTHONIOENCODING": "latin-1", "PYTHONUTF8": "0"}


AWKWARD = 'it\'s "a" #1 100%25 % [größe 图] {x} $y ?*'  # what a system allows in a name


def test_two_builds_in_two_places_are_the_same_byte_for_byte(site, tmp_path, latin_1):
    """The second one in another locale, time zone and order of sets, at an awkward path."""
    copy = tmp_path / AWKWARD
    shutil.copytree(ROOT, copy, ignore=NOT_COPIED)
    environment = os.environ | latin_1 | {"PYTHONHASHSEED": "2", "TZ": "Asia/Tokyo"}
    words = [sys.executable, "-m", "tools.book", "--zip"]
    run = subprocess.run(words, cwd=copy, env=environment, capture_output=True)
    assert run.returncode == 0, run.stdout + run.stderr
    other = copy / "_build" / "html"
    assert differences(site, other) == []
    named = [name for name, content in files(other).items() if str(tmp_path).encode() in content]
    assert named == []


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


SEQUENCES = [
    [],
    [break_a_formula],
    [add_a_page, give_an_address],
]


@pytest.mark.parametrize("edits", SEQUENCES, ids=lambda edits: " ".join(e.__name__ for e in edits))
def test_undone_edits_leave_no_trace_in_the_next_site(terms, copy, edits):
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
