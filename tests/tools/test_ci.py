"""The script of continuous integration installs what the tests need, and then runs them."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NEEDED = [shutil.which(tool) for tool in ("bash", "dirname", "id", "uname", "env")]

# Stand-ins for the programs of a machine; each writes down how it was called.
INSTALLING = """
program="$BIN/${{@: -1}}"
case "$*" in
  *update*) ;;
  *{missing}*) exit 100 ;;
  *) touch "$program" && chmod +x "$program" ;;
esac
"""
PROGRAMS = {
    "sudo": 'while [ "${1#-}" != "$1" ]; do shift; done\nexec "$@"',
    "sysctl": 'touch "$BIN/allowed"',
    "make": 'echo "data: ${CNN_COURSE_DATA:-none}" >> "$LOG"',
    "bwrap": "exit ${BWRAP:-0}",
}


@pytest.fixture
def machine(tmp_path):
    """A copy of the script, and a function that runs it where these programs are installed."""
    checkout, folder, log = tmp_path / "course", tmp_path / "bin", tmp_path / "log"
    (checkout / ".ci").mkdir(parents=True)
    shutil.copy(ROOT / ".ci" / "run", checkout / ".ci" / "run")
    folder.mkdir()
    for tool in NEEDED:
        (folder / Path(tool).name).symlink_to(tool)
    for tool in ("touch", "chmod"):
        (folder / tool).symlink_to(shutil.which(tool))

    def add(name: str, body: str) -> None:
        program = folder / name
        program.write_text(f'#!/usr/bin/env bash\necho "{name} $*" >> "$LOG"\n{body}\n')
        program.chmod(0o755)

    def run(*installed: str, missing: str = "nothing", **environ: str):
        add("apt-get", INSTALLING.format(missing=missing))
        for name in ("sudo", "sysctl", "make", *installed):
            add(name, PROGRAMS.get(name, ""))
        environ = {"PATH": str(folder), "BIN": str(folder), "LOG": str(log)} | environ
        script = [checkout / ".ci" / "run"]
        done = subprocess.run(script, env=environ, capture_output=True, text=True)
        return done, log.read_text().splitlines() if log.exists() else []

    return run


def installed_by(calls: list[str]) -> list[str]:
    return [call.split()[-1] for call in calls if call.startswith("apt-get") and "install" in call]


def test_nothing_is_installed_where_all_is_there(machine):
    run, calls = machine("chromium-headless-shell", "bwrap")
    assert run.returncode == 0, run.stderr
    assert not installed_by(calls) and "make test" in calls


def test_the_browser_for_tests_and_the_sandbox_are_installed(machine):
    run, calls = machine()
    assert run.returncode == 0, run.stderr
    assert installed_by(calls) == ["chromium-headless-shell", "bubblewrap"]
    assert sum("update" in call for call in calls) == 1
    assert calls[-2:] == ["make test", "data: none"]


def test_another_chromium_serves_where_the_one_for_tests_is_not_packaged(machine):
    run, calls = machine("bwrap", missing="chromium-headless-shell")
    assert run.returncode == 0, run.stderr
    assert installed_by(calls) == ["chromium-headless-shell", "chromium"]


def test_without_any_browser_it_ends_with_what_to_do(machine):
    run, calls = machine("bwrap", missing="chromium")
    assert run.returncode == 1
    assert "CNN_COURSE_BROWSER" in run.stderr
    assert "make test" not in calls


def test_a_browser_that_is_named_is_enough(machine):
    run, calls = machine("bwrap", CNN_COURSE_BROWSER="/opt/chrome")
    assert run.returncode == 0, run.stderr
    assert not installed_by(calls)


def test_a_system_that_forbids_namespaces_is_asked_to_allow_them(machine):
    run, calls = machine("chromium-headless-shell", "bwrap", BWRAP="1")
    assert run.returncode == 0, run.stderr
    assert not installed_by(calls)
    assert "sysctl -qw kernel.apparmor_restrict_unprivileged_userns=0" in calls
    assert "bubblewrap" in run.stderr and "make test" in calls


def test_the_real_data_beside_the_checkout_is_used(machine, tmp_path):
    (tmp_path / "shared" / "data").mkdir(parents=True)
    _, calls = machine("chromium-headless-shell", "bwrap")
    assert f"data: {os.path.realpath(tmp_path / 'shared' / 'data')}" in calls
