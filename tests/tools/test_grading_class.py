"""A class graded: everybody gets the marks that they get alone, whatever stands beside them."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import hand_ins
import pytest

from tools.cluster import cluster
from tools.grading import appeal, intake, marks, report, schedule, students
from tools.grading.__main__ import main, watching_for_interrupts
from tools.grading.sandboxes import Budget
from utils.checks.part3 import sandbox

SEED = 5


def needs_sandbox(test):
    """Mark a test that runs students' code: it needs a sandbox, and takes a while."""
    is_there = sandbox.isolation() == "bubblewrap"
    why = "bubblewrap is not there: apt install bubblewrap"
    return pytest.mark.slow(pytest.mark.skipif(not is_there, reason=why)(test))


HONEST = {
    "Ada Solved_1_assignsubmission_file_": [*hand_ins.RIGHT.values()],
    "Bo Half_2_assignsubmission_file_": [hand_ins.RIGHT["output_size"]],
    "Cy Empty_3_assignsubmission_file_": ["def conv2d(*given):\n    ..."],
    "Di Wrong_4_assignsubmission_file_": ["def output_size(n, k, s, p):\n    return n"],
}
HOSTILE = {
    "<script>x_5_assignsubmission_file_": "prints a score",
    "=1+1_6_assignsubmission_file_": "os._exit",
    "Gil Fork_7_assignsubmission_file_": "fork bomb",
}


def put_class(folder: Path, hostile: bool = True) -> Path:
    for name, cells in HONEST.items():
        hand_ins.put(folder, name, {"1.ipynb": hand_ins.notebook(*cells)})
    for name, what in HOSTILE.items() if hostile else ():
        cells = [hand_ins.RIGHT["receptive_field"], hand_ins.HOSTILE[what]]
        hand_ins.put(folder, name, {"1.ipynb": hand_ins.notebook(*cells)})
    return folder


def rows(out: Path) -> list[dict]:
    with open(out / "marks.csv", newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def class_of_seven(tmp_path_factory) -> tuple[Path, Path]:
    """A download, and the folder with what grading it gave, on two workers."""
    place = tmp_path_factory.mktemp("class")
    put_class(place / "in")
    command = [str(place / "in"), "--out", str(place / "out"), "--seed", str(SEED)]
    assert main([*command, "--workers", "2"]) == 0
    return place / "in", place / "out"


@needs_sandbox
def test_a_class_gets_its_marks_and_a_hostile_student_none_that_are_not_earned(class_of_seven):
    found = {row["id"]: row for row in rows(class_of_seven[1])}
    assert {key: row["part1"] for key, row in found.items()} == {
        **{"1": "15", "2": "4", "3": "0", "4": "0"},
        **{"5": "5", "6": "5", "7": "5"},
    }
    assert found["6"]["status"] == "crash" and "output_size: crash" in found["6"]["message"]
    assert found["1"]["status"] == "partial" and "Not handed in" in found["1"]["message"]
    assert all(row["message"] for row in found.values()), "no row is 0 without a word"
    assert found["6"]["name"] == "'=1+1", "no spreadsheet takes a name for a formula"


@needs_sandbox
def test_alone_and_in_any_order_marks_are_the_same_byte_for_byte(class_of_seven, tmp_path):
    together = rows(class_of_seven[1])
    handins, _ = intake.take_all(class_of_seven[0], tmp_path / "out")
    for handin in reversed(handins):
        marks.mark(tmp_path / "out", handin.key, SEED, Budget())
    made, left = schedule.missing_marks(tmp_path / "out", handins[::-1], SEED, Budget())
    assert not left
    report.table(tmp_path / "out/marks.csv", made)
    assert rows(tmp_path / "out") == together
    first = (class_of_seven[1] / "marks.csv").read_bytes()
    assert (tmp_path / "out/marks.csv").read_bytes() == first


@needs_sandbox
def test_what_is_graded_is_not_graded_again_unless_it_changed(class_of_seven, capsys):
    folder, out = class_of_seven
    before = {path: path.stat().st_mtime_ns for path in (out / "marks").glob("*.json")}
    assert main([str(folder), "--out", str(out)]) == 0
    assert before == {path: path.stat().st_mtime_ns for path in (out / "marks").glob("*.json")}
    assert main([str(folder), "--out", str(out), "--seed", "6"]) == 1
    assert "One assignment has one seed" in capsys.readouterr().err


@needs_sandbox
def test_pages_show_names_as_text_and_say_the_seed(class_of_seven):
    _, out = class_of_seven
    for path in [*(out / "feedback").glob("*.html"), out / "class.html"]:
        text = path.read_text()
        assert "<script" not in text and "http" not in text.replace("http-equiv", "")
    text = (out / "feedback/5.html").read_text()
    assert "&lt;script&gt;x" in text and f"Seed of this assignment: {SEED}" in text
    wrong = (out / "feedback/4.html").read_text()
    assert "The calls that failed" in wrong and "expected = " in wrong


@needs_sandbox
def test_feedback_has_the_names_that_moodle_takes_back(class_of_seven):
    with zipfile.ZipFile(class_of_seven[1] / "feedback.zip") as archive:
        names = archive.namelist()
    assert "Ada Solved_1_assignsubmission_file_feedback.html" in names and len(names) == 7
    assert all(len(name.split("_", 4)) == 5 and "/" not in name for name in names)


@needs_sandbox
def test_a_mark_is_made_again_in_one_command(class_of_seven, capsys):
    (class_of_seven[1] / "moodle.csv").unlink()
    assert main(["appeal", str(class_of_seven[1]), "4"]) == 0
    assert (class_of_seven[1] / "moodle.csv").exists(), "the tables are made again"
    told = capsys.readouterr().out
    assert "Together 0 points, the same as before." in told and "expected = " in told
    assert main(["appeal", str(class_of_seven[1]), "Nobody"]) == 1
    assert "nobody is called that" in capsys.readouterr().err


def mark_files(out: Path) -> int:
    return len(list((out / "marks").glob("*.json")))


def command_line(process) -> str:
    """Return the words that a process was started with; of one that has ended, none."""
    import psutil

    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def interrupted_run(folder: Path, out: Path, kills: dict[int, str]) -> None:
    """Grade in a process of its own; once there are so many marks, kill it or a worker of it."""
    import psutil

    command = [sys.executable, "-m", "tools.grading", str(folder), "--out", str(out)]
    driver = subprocess.Popen(
        [*command, "--seed", str(SEED), "--workers", "2"],
        cwd=hand_ins.ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    for after, whom in kills.items():
        while driver.poll() is None and mark_files(out) < after:
            time.sleep(0.02)
        if driver.poll() is not None:
            break
        if whom == "driver":
            os.kill(driver.pid, signal.SIGKILL)
            break
        children = psutil.Process(driver.pid).children(recursive=True)
        workers = [child for child in children if "spawn_main" in command_line(child)]
        if workers:
            workers[after % len(workers)].kill()
    driver.wait()


@needs_sandbox
def test_a_run_that_lost_a_worker_and_was_killed_goes_on_and_ends_with_the_same_table(
    class_of_seven, tmp_path
):
    folder, whole = class_of_seven
    interrupted_run(folder, tmp_path, {1: "worker", 4: "driver"})
    before = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "marks").glob("*.json")}
    assert main([str(folder), "--out", str(tmp_path), "--workers", "2"]) == 0
    after = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "marks").glob("*.json")}
    assert len(before) >= 4 and before.items() <= after.items(), "nothing is done twice"
    assert (tmp_path / "marks.csv").read_bytes() == (whole / "marks.csv").read_bytes()


def poisonous(out: str, key: str, seed: int, budget: Budget, root: str) -> str:
    if key == "2":
        os._exit(1)
    return key


@needs_sandbox
def test_an_interrupted_run_says_so_in_one_line_and_leaves_no_temporary_files(tmp_path):
    put_class(tmp_path / "in")
    (tmp_path / "temporary").mkdir()
    driver = subprocess.Popen(
        [sys.executable, "-m", "tools.grading", str(tmp_path / "in"), "--out", str(tmp_path / "o")],
        cwd=hand_ins.ROOT,
        env=os.environ | {"TMPDIR": str(tmp_path / "temporary")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while driver.poll() is None and not mark_files(tmp_path / "o"):
        time.sleep(0.02)
    os.killpg(driver.pid, signal.SIGINT)  # as a terminal does, to all processes at once
    told = driver.communicate()[1]
    assert driver.returncode == 130 and "Traceback" not in told
    assert told.splitlines()[-1] == "Interrupted. The same command goes on."
    assert not list((tmp_path / "temporary").iterdir())


def test_an_interrupt_that_something_swallowed_is_raised_again():
    with watching_for_interrupts() as check:
        check()
        with contextlib.suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            check()


@pytest.mark.slow
def test_a_hand_in_that_ends_its_worker_twice_is_set_aside(tmp_path):
    put_class(tmp_path / "in", hostile=False)
    handins, _ = intake.take_all(tmp_path / "in", tmp_path / "out")
    with cluster("", 1, failures=schedule.ENDED_WORKERS) as client:
        keys = schedule.finished(client, tmp_path / "out", handins, SEED, Budget(), do=poisonous)
        assert sorted(keys) == ["1", "2", "3", "4"]
    told = json.loads((tmp_path / "out/marks/2.json").read_text())
    assert told["status"] == "crash" and "set aside" in told["message"]
    assert mark_files(tmp_path / "out") == 1


def test_a_download_that_is_not_there_is_said_to_be_missing(tmp_path, capsys):
    assert main([str(tmp_path / "in.zip"), "--out", str(tmp_path / "out")]) == 1
    assert f"There is no {tmp_path / 'in.zip'}" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    assert main(["appeal", str(tmp_path / "out"), "1"]) == 1
    assert not (tmp_path / "out").exists()


def test_without_a_sandbox_nothing_is_graded(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("utils.checks.part3.sandbox.isolation", lambda: "unshare")
    put_class(tmp_path / "in", hostile=False)
    assert main([str(tmp_path / "in"), "--out", str(tmp_path / "out")]) == 1
    assert "apt install bubblewrap" in capsys.readouterr().err


def test_the_students_copy_has_no_solutions_and_no_history(tmp_path):
    if not (hand_ins.ROOT / ".git").exists() or not shutil.which("git"):
        pytest.skip("this copy of the course is no repository")
    assert main(["students", str(tmp_path / "course")]) == 0
    names = {path.name for path in (tmp_path / "course").iterdir()}
    assert {"exercises", "utils", "README.md", ".git"} <= names and "solutions" not in names
    assert not (tmp_path / "course/tools/grading").exists()
    assert not (tmp_path / "course/tools/doubts.json").exists()
    assert "teaching" not in (tmp_path / "course/_toc.yml").read_text()
    with pytest.raises(FileExistsError):
        students.make(tmp_path / "course")


def test_an_alias_is_the_same_each_time_and_says_nothing_about_its_owner():
    one = {"key": "1", "seed": SEED}
    assert report.alias_of(one, b"secret") == report.alias_of(dict(one), b"secret")
    assert report.alias_of(one, b"secret") != report.alias_of({"key": "2", "seed": SEED}, b"secret")
    assert report.alias_of(one, b"secret") != report.alias_of(one, b"another")


def test_a_stored_mark_of_other_files_is_found_by_nobody(tmp_path):
    (tmp_path / "marks").mkdir()
    (tmp_path / "marks/1.json").write_text('{"digest": "a"}')
    assert marks.stored(tmp_path, "1", "a") and not marks.stored(tmp_path, "1", "b")
    (tmp_path / "marks/1.json").write_text('{"dig')
    assert marks.stored(tmp_path, "1", "a") is None
    with pytest.raises(LookupError):
        appeal.find(tmp_path / "nowhere", "1")
