"""`make` says clearly what it lacks, and makes the environment only when the lock changed."""

import ensurepip
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tools import environment

pytestmark = pytest.mark.slow  # each makes environments

ROOT = Path(__file__).resolve().parents[2]
NEEDED = [shutil.which(tool) for tool in ("make", "sh", "awk", "env")]


@pytest.fixture
def checkout(tmp_path):
    """A copy of what `make` reads, with only make and a shell on the path."""
    for name in ("Makefile", "requirements.lock", "tools/__init__.py", "tools/environment.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "bin").mkdir()
    for tool in NEEDED:
        (tmp_path / "bin" / Path(tool).name).symlink_to(tool)
    return tmp_path


def run_make(checkout, *arguments, **environ):
    return subprocess.run(
        ["make", *arguments],
        cwd=checkout,
        env={"PATH": str(checkout / "bin"), "HOME": os.environ.get("HOME", "/"), **environ},
        capture_output=True,
        text=True,
    )


def test_without_python_make_says_which_versions_it_needs(checkout):
    run = run_make(checkout, "book")
    assert run.returncode != 0
    assert "needs Python 3.11, 3.12 or 3.13, and none was found" in run.stderr


def test_a_python_that_is_not_there_is_named(checkout):
    run = run_make(checkout, "book", "PYTHON=python3.99")
    assert run.returncode != 0
    assert "There is no python3.99 here" in run.stderr


def test_make_alone_lists_its_commands(checkout):
    run = run_make(checkout)
    assert run.returncode == 0
    commands = "book serve zip test colab-test execute exercises bench address clean help"
    for command in commands.split():
        assert f"make {command} " in run.stdout


def test_publishing_without_an_address_says_how_to_give_one(checkout):
    run = run_make(checkout, "--dry-run", "address")
    assert run.returncode != 0
    assert "make address REPO=owner/name" in run.stderr


@pytest.mark.parametrize("version", [(3, 10), (3, 14)])
def test_a_wrong_python_version_is_named_with_the_way_out(monkeypatch, version):
    monkeypatch.setattr(environment.sys, "version_info", (*version, 0))
    problem = environment.problem()
    assert f"this is Python {version[0]}.{version[1]}" in problem
    assert "make PYTHON=" in problem


def test_too_little_disk_space_is_told_with_both_numbers(monkeypatch):
    usage = shutil.disk_usage(ROOT)._replace(free=1_200_000_000)
    monkeypatch.setattr(environment.shutil, "disk_usage", lambda path: usage)
    problem = environment.problem()
    assert "1.2 GB of free disk space" in problem
    assert f"needs {environment.NEEDED_GB} GB" in problem


@pytest.fixture
def small_environment(monkeypatch, tmp_path):
    """Let `tools.environment` make a `.venv` in a temporary folder from an empty lock.

    Its pip is the wheel that comes with Python, taken where it lies: to unpack it takes seconds.
    """
    create = venv.create
    (wheel,) = (Path(ensurepip.__file__).parent / "_bundled").glob("pip-*.whl")

    def with_pip_where_it_lies(folder, *, with_pip, clear):
        assert with_pip
        create(folder, clear=clear)
        (packages,) = folder.glob("lib/python*/site-packages")
        (packages / "pip.pth").write_text(f"{wheel}\n")

    monkeypatch.setattr(environment.venv, "create", with_pip_where_it_lies)
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    (tmp_path / "requirements.lock").write_text("# nothing to install\n")
    return tmp_path


def test_the_environment_is_made_again_only_when_the_lock_changed(small_environment):
    environment.main()
    mark = small_environment / ".venv" / "mark"
    mark.touch()
    environment.main()
    assert mark.exists()
    (small_environment / "requirements.lock").write_text("# still nothing to install\n")
    environment.main()
    assert not mark.exists()


def test_an_environment_whose_python_has_gone_is_made_again(small_environment):
    environment.main()
    python = small_environment / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to(small_environment / "gone")
    environment.main()
    assert python.exists()


def test_an_environment_that_is_a_link_is_not_emptied(small_environment, tmp_path_factory):
    theirs = tmp_path_factory.mktemp("theirs")
    (theirs / "mark").touch()
    (small_environment / ".venv").symlink_to(theirs)
    with pytest.raises(SystemExit, match="is a link to .*theirs.*delete the link"):
        environment.main()
    assert (theirs / "mark").exists()


def test_a_python_of_another_version_gets_an_environment_of_its_own_if_it_is_named(
    small_environment, monkeypatch
):
    environment.main()
    mark = small_environment / ".venv" / "mark"
    mark.touch()
    environment.main(named=True)
    here = environment.sys.version_info
    other = (3, 12 if here[1] != 12 else 13, 0)
    monkeypatch.setattr(environment.sys, "version_info", other)
    environment.main()
    assert mark.exists(), "the Python that make finds by itself may be another one"
    environment.main(named=True)
    assert not mark.exists()


@pytest.mark.parametrize(
    ("words", "environ", "named"),
    [((), {}, False), (("PYTHON=python3",), {}, True), ((), {"PYTHON": "python3"}, True)],
)
def test_make_tells_whether_somebody_named_the_python(checkout, words, environ, named):
    (checkout / "bin" / "python3").symlink_to(sys.executable)
    run = run_make(checkout, "--dry-run", "environment", *words, **environ)
    assert run.returncode == 0, run.stderr
    assert ("--named" in run.stdout) is named


def test_a_mac_that_tensorflow_has_left_is_sent_to_colab(monkeypatch):
    monkeypatch.setattr(environment.sys, "platform", "darwin")
    monkeypatch.setattr(environment.platform, "machine", lambda: "x86_64")
    assert "Colab" in environment.problem()


def test_a_failed_installation_is_told_and_tried_again_next_time(small_environment):
    (small_environment / "requirements.lock").write_text("./no-such-package-here\n")
    with pytest.raises(SystemExit, match="pip could not install"):
        environment.main()
    (small_environment / "requirements.lock").write_text("# nothing to install\n")
    environment.main()
    assert (small_environment / ".venv" / "requirements.lock").exists()


def test_a_stopped_installation_is_told_in_a_sentence_and_made_anew(small_environment, monkeypatch):
    def stop(*args, **options):
        raise KeyboardInterrupt

    with monkeypatch.context() as stopped:
        stopped.setattr(environment.subprocess, "run", stop)
        with pytest.raises(SystemExit, match="not ready: you stopped its making"):
            environment.main()
    mark = small_environment / ".venv" / "mark"
    mark.touch()
    environment.main()
    assert not mark.exists() and (small_environment / ".venv" / "requirements.lock").exists()


def test_a_second_environment_stands_beside_the_first(small_environment):
    (small_environment / "requirements-colab.txt").write_text("# nothing to install\n")
    environment.main()
    mark = small_environment / ".venv" / "mark"
    mark.touch()
    environment.main(".venv-colab", "requirements-colab.txt")
    assert mark.exists()
    assert (small_environment / ".venv-colab" / "requirements-colab.txt").exists()


def test_the_tools_of_the_tests_are_the_same_with_colabs_versions():
    ours = set((ROOT / "requirements.txt").read_text("utf-8").splitlines())
    colab = (ROOT / "requirements-colab.txt").read_text("utf-8")
    _, tools = colab.split("# The tools of the tests\n")  # colab.yml reads from this line on
    assert tools.split()
    assert set(tools.split()) <= ours
