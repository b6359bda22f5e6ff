"""The tables and pages of a class: complete, private, and made whatever one hand-in holds."""

from __future__ import annotations

import csv
import stat
import time

import hand_ins
import pytest

from tools.grading import __main__ as command
from tools.grading import appeal, intake, marks, report, schedule, similarity
from tools.grading.sandboxes import Budget

SEED = 5
EXERCISES = hand_ins.ROOT / "exercises" / "14_9"
# The parser of Python gives up on it with a MemoryError.
TOO_DEEP = "def conv2d(*given):\n    return 1\nx = " + "-" * 10_000 + "1"
OWN = """
    def conv2d(image, kernels, biases, stride, padding):
        rows = (image.shape[0] - kernels.shape[0]) // stride + 1
        columns = (image.shape[1] - kernels.shape[1]) // stride + 1
        result = np.zeros((rows, columns, kernels.shape[3]))
        for i in range(rows):
            for j in range(columns):
                window = image[i * stride : i * stride + kernels.shape[0]]
                window = window[:, j * stride : j * stride + kernels.shape[1]]
                for f in range(kernels.shape[3]):
                    result[i, j, f] = (window * kernels[..., f]).sum() + biases[f]
        return result
"""


def other(number: int) -> str:
    return f"def conv2d(*given):\n    return {' + '.join('abcdefghij'[number:])}"


def take(tmp_path, cells: dict[str, list[str]], name: str = "in") -> list[intake.HandIn]:
    """Take in a class with a notebook of these cells each."""
    for place, of_one in cells.items():
        hand_ins.put(tmp_path / name, place, {"1.ipynb": hand_ins.notebook(*of_one)})
    return intake.take_all(tmp_path / name, tmp_path / "out")[0]


def give_marks(tmp_path, handins: list[intake.HandIn], **changes) -> list[dict]:
    """Write a mark for each, as if nothing had been handed in; nothing is run."""
    made = []
    for handin in handins:
        scores = {part: marks.missing(part) for part in marks.PARTS}
        told = marks.heading(handin, scores, SEED, Budget())
        told |= {"accuracy": None, "doubts": [], "statuses": {}, "notes": [], "missing": []}
        told |= changes
        told |= marks.summed_up(told)
        marks.write(tmp_path / "out", handin.key, told)
        made.append(told)
    return made


def moodle_class(tmp_path, count: int, first: int = 1, name: str = "in") -> list[intake.HandIn]:
    places = {f"S{i}_{i}_assignsubmission_file_": [other(0)] for i in range(first, first + count)}
    return take(tmp_path, places, name)


def table(path, encoding="utf-8") -> list[dict]:
    with open(path, newline="", encoding=encoding) as file:
        return list(csv.DictReader(file))


# --- who is nearly the same --------------------------------------------------------------------


def test_a_notebook_that_cannot_be_parsed_costs_its_owner_the_comparison_and_nobody_else(tmp_path):
    handins = take(tmp_path, {"a": [OWN], "b": [OWN], "evil": [TOO_DEEP], "c": [other(1)]})
    found = similarity.look(tmp_path / "out", handins, EXERCISES)
    assert [pair["names"] for pair in found.pairs] == [["a", "b"]]
    (note,) = found.notes
    assert note.startswith("evil: the notebook of part 1: a cell cannot be read (MemoryError)")


@pytest.mark.parametrize("deep", ["-" * 10_000 + "1", "a" + "()" * 50_000, "not " * 20_000 + "1"])
def test_what_is_nested_too_deep_leaves_the_other_cells(deep):
    unread: list[str] = []
    cells = (f"def conv2d():\n    return {deep}", "def output_size():\n    return 1")
    assert list(similarity.functions_in(cells, unread)) == ["output_size"]
    assert unread


def ends(pipe):
    pipe.recv()


def sleeps(pipe):
    time.sleep(60)


@pytest.mark.parametrize("work, why", [(ends, "ended the program"), (sleeps, "took more than")])
def test_a_reader_that_ends_or_hangs_is_replaced(tmp_path, monkeypatch, work, why):
    (handin,) = take(tmp_path, {"a": [OWN]})
    folder, serve = tmp_path / "out/handins" / handin.key, similarity.serve
    with similarity.Reader() as reader:
        monkeypatch.setattr(similarity, "serve", work)
        monkeypatch.setattr(similarity, "SECONDS", 5.0)
        assert why in reader.read(folder, ["part1"]).unread[0]
        assert reader.process is None
        monkeypatch.setattr(similarity, "serve", serve)
        monkeypatch.setattr(similarity, "SECONDS", 60.0)
        assert reader.read(folder, ["part1"]).prints["part1 conv2d"]


def test_what_is_compared_of_a_function_has_a_limit():
    long = "def conv2d():\n    return [" + "1, 2, " * 60_000 + "]"
    assert len(similarity.tokens_of(long)) == similarity.MOST_TOKENS
    assert len(similarity.prints_of(long)) <= similarity.MOST_TOKENS
    assert len(similarity.shown(long)) < similarity.MOST_SHOWN + 20


def test_evidence_is_gathered_only_for_what_is_shown(tmp_path, monkeypatch):
    handins = take(tmp_path, {f"s{i}": [other(0)] for i in range(12)})
    for handin in handins:
        handin.digests["model"] = "the same"
    asked = []
    monkeypatch.setattr(similarity, "evidence", lambda *given: asked.append(given) or "")
    (group,) = similarity.look(tmp_path / "out", handins, EXERCISES).pairs
    assert len(group["names"]) == 12 and len(asked) == 1, "one group, not 66 pairs"
    monkeypatch.setattr(similarity, "MOST_PAIRS", 1)
    alike = {name: set(range(20)) for name in ("a", "b", "c")}
    have = {each: ["a", "b", "c"] for each in range(20)}
    assert similarity.alike_in(alike, have, set()) == [(("a", "b"), 20, 20)]


def test_three_of_eight_with_the_same_notebook_are_found(tmp_path):
    whole = [*hand_ins.RIGHT.values()]
    cells = {f"s{i}": whole if i < 3 else [other(i)] for i in range(8)}
    found = similarity.look(tmp_path / "out", take(tmp_path, cells), EXERCISES)
    assert [p["names"] for p in found.pairs] == [["s0", "s1"], ["s0", "s2"], ["s1", "s2"]]


def test_the_exercise_as_it_was_given_out_is_nobodys_own(tmp_path):
    files = {path.name: path.read_bytes() for path in EXERCISES.glob("*.ipynb")}
    for name in ("a", "b", "c"):
        hand_ins.put(tmp_path / "in", name, files)
    handins, _ = intake.take_all(tmp_path / "in", tmp_path / "out")
    assert similarity.look(tmp_path / "out", handins, EXERCISES) == similarity.Found()


# --- tables and pages --------------------------------------------------------------------------


def test_a_fault_in_the_comparison_comes_after_all_tables_and_is_said(tmp_path, monkeypatch):
    give_marks(tmp_path, moodle_class(tmp_path, 3))
    names = ("marks.csv", "moodle.csv", "feedback.zip", "leaderboard.html", "class.html")

    def fails(*_):
        assert all((tmp_path / "out" / name).exists() for name in names)
        raise MemoryError("no more")

    monkeypatch.setattr(similarity, "look", fails)
    command.write_reports(tmp_path / "out")
    text = (tmp_path / "out/class.html").read_text()
    assert "could not be looked for" in text and "MemoryError" in text


def test_feedback_that_cannot_be_made_stops_no_other(tmp_path):
    one, two = give_marks(tmp_path, moodle_class(tmp_path, 2))
    one["scores"]["part1"] = [{}]
    (note,) = report.feedback_pages(tmp_path / "out", [one, two], b"secret")
    assert note.startswith("S1: there is no feedback (KeyError)")
    assert "Part 1" in (tmp_path / "out/feedback/2.html").read_text()


def test_half_a_character_in_a_text_stops_nothing(tmp_path):
    give_marks(tmp_path, moodle_class(tmp_path, 1), notes=["a \ud800 b"])
    command.write_reports(tmp_path / "out")
    assert "a ? b" in (tmp_path / "out/feedback/1.html").read_text()


def test_the_worksheet_has_the_columns_that_moodle_asks_for(tmp_path):
    handins = moodle_class(tmp_path, 2)
    give_marks(tmp_path, handins, notes=['one\\", "two', "<b>"])
    give_marks(tmp_path, handins[1:], doubts=["Is it?"])
    report.moodle_gradebook(tmp_path / "moodle.csv", marks.all_of(tmp_path / "out")[0])
    graded, waiting = table(tmp_path / "moodle.csv")
    assert list(graded) == [
        *("Identifier", "Full name", "Email address", "Status", "Grade", "Maximum Grade"),
        *("Grade can be changed", "Last modified (submission)", "Last modified (grade)"),
        "Feedback comments",
    ]
    assert graded["Identifier"] == "Participant 1" and graded["Grade"] == "0"
    assert waiting["Grade"] == "" and "Is it?" in waiting["Feedback comments"]
    text = (tmp_path / "moodle.csv").read_bytes()
    assert b"\\" not in text and b"<" not in text and text.startswith(b"Identifier")


def test_who_could_not_be_graded_has_no_grade_and_no_points(tmp_path):
    one, two = moodle_class(tmp_path, 2)
    give_marks(tmp_path, [one])
    marks.quarantined(tmp_path / "out", two, SEED, Budget(), "Grading it failed: <OverflowError>")
    command.write_reports(tmp_path / "out")
    assert [row["Grade"] for row in table(tmp_path / "out/moodle.csv")] == ["0", ""]
    row = table(tmp_path / "out/marks.csv", "utf-8-sig")[1]
    assert (row["part1"], row["total"], row["status"]) == ("", "", "crash")
    assert "a teacher has to look" in row["message"] and "OverflowError" in row["message"]
    page = (tmp_path / "out/feedback/2.html").read_text()
    assert "Not graded yet" in page and "<table>" not in page
    text = (tmp_path / "out/class.html").read_text()
    assert "1 wait for you" in text and "&lt;OverflowError&gt;" in text


def test_a_worker_that_fails_writes_why(tmp_path, monkeypatch):
    (handin,) = moodle_class(tmp_path, 1)
    monkeypatch.setattr(marks, "mark", lambda *_: 1 / 0)
    monkeypatch.chdir(tmp_path)
    schedule.unit(str(tmp_path / "out"), handin.key, SEED, Budget(), str(tmp_path))
    (told,) = marks.all_of(tmp_path / "out")[0]
    assert marks.failed(told) and told["status"] == "crash"
    assert "ZeroDivisionError" in told["message"]


def test_an_appeal_of_what_could_not_be_graded_tells_the_new_mark(tmp_path, monkeypatch):
    (handin,) = moodle_class(tmp_path, 1)
    marks.quarantined(tmp_path / "out", handin, SEED, Budget())
    monkeypatch.setattr(marks, "mark", lambda *_: give_marks(tmp_path, [handin])[0])
    text, same = appeal.again(tmp_path / "out", "1", Budget())
    assert not same and "Together 0 points" in text


def test_an_appeal_does_not_begin_while_another_command_grades(tmp_path, monkeypatch, capsys):
    give_marks(tmp_path, moodle_class(tmp_path, 1))
    monkeypatch.setattr(command, "require_sandbox", lambda: None)
    with command.alone(tmp_path / "out"):
        assert command.main(["appeal", str(tmp_path / "out"), "1"]) == 1
    assert "Another command is grading" in capsys.readouterr().err


def test_the_class_page_says_what_a_teacher_has_to_look_at(tmp_path):
    give_marks(tmp_path, moodle_class(tmp_path, 1))
    (told,) = marks.all_of(tmp_path / "out")[0]
    item = {"text": "it trains", "points": 3, "passed": False, "hint": "", "waiting": True}
    score = told["scores"]["part2"][0]
    score |= {"items": [item], "waiting": 3.0, "note": "The notebook shows <more>."}
    told |= marks.summed_up(told)
    assert told["status"] == "waiting"
    report.summary(tmp_path, [told], None, ["S9: a note"])
    text = (tmp_path / "class.html").read_text()
    assert f"{score['task']}, 3 points: The notebook shows &lt;more&gt;." in text
    assert "S9: a note" in text


# --- later downloads ---------------------------------------------------------------------------


def test_who_is_not_in_a_later_download_stays_in_all_tables(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(command, "require_sandbox", lambda: None)
    monkeypatch.setattr(
        schedule, "grade", lambda out, handins, *_, **__: give_marks(tmp_path, handins)
    )
    out = ["--out", str(tmp_path / "out"), "--seed", str(SEED)]
    moodle_class(tmp_path, 3)
    assert command.main([str(tmp_path / "in"), *out]) == 0
    assert "not in this download" not in capsys.readouterr().out
    moodle_class(tmp_path, 2, first=3, name="late")
    assert command.main([str(tmp_path / "late"), *out]) == 0
    told = capsys.readouterr().out
    assert "4 students in the tables; 2 of them were not in this download: their marks" in told
    for name, encoding in {"marks.csv": "utf-8-sig", "moodle.csv": "utf-8"}.items():
        assert len(table(tmp_path / "out" / name, encoding)) == 4
    assert "4 hand-ins" in (tmp_path / "out/class.html").read_text()
    (tmp_path / "out/marks/1.json").write_text('{"key"')
    assert command.main([str(tmp_path / "late"), *out]) == 0
    assert "1.json holds no mark" in capsys.readouterr().out
    assert "1.json holds no mark" in (tmp_path / "out/class.html").read_text()


# --- what lies in OUT --------------------------------------------------------------------------


def test_aliases_come_of_a_secret_that_no_page_shows(tmp_path):
    (told,) = give_marks(tmp_path, moodle_class(tmp_path, 1), accuracy=0.9)
    out = tmp_path / "out"
    command.write_reports(out)
    secret = command.secret_for(out)
    alias = report.alias_of(told, secret)
    assert alias in (out / "leaderboard.html").read_text()
    assert alias in (out / "feedback/1.html").read_text()
    assert alias != report.alias_of(told, str(SEED).encode()), "the seed is in the feedback"
    for path in out.rglob("*"):
        is_its = path == out / "aliases" or path.is_dir()
        assert is_its or secret.hex().encode() not in path.read_bytes()
    assert stat.S_IMODE((out / "aliases").stat().st_mode) == 0o600
    command.write_reports(out)
    assert command.secret_for(out) == secret, "a resumed run keeps it"
    (out / "aliases").write_text("")
    assert len(command.secret_for(out)) == 16


@pytest.mark.parametrize("content", [b"", b"12a\n", b"\xff\xfe"])
def test_a_damaged_seed_is_drawn_anew_or_known_from_the_marks(tmp_path, content):
    out = tmp_path / "out"
    handins = moodle_class(tmp_path, 2)
    (out / "seed").write_bytes(content)
    drawn = command.seed_for(out, None)
    assert command.seed_for(out, None) == drawn
    assert stat.S_IMODE((out / "seed").stat().st_mode) == 0o600
    one, _ = give_marks(tmp_path, handins)
    (out / "seed").write_bytes(content)
    assert command.seed_for(out, None) == SEED
    (out / "seed").write_bytes(content)
    with pytest.raises(command.Mistake, match="One assignment has one seed"):
        command.seed_for(out, SEED + 1)
    (out / "seed").write_bytes(content)
    marks.write(out, "1", one | {"seed": SEED + 1})
    with pytest.raises(command.Mistake, match="more than one"):
        command.seed_for(out, None)


def test_an_interrupt_is_one_line(monkeypatch, capsys):
    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "grade", interrupted)
    assert command.main(["somewhere"]) == 130
    assert capsys.readouterr().err == "\nInterrupted. The same command goes on.\n"


def test_copied_functions_are_found_under_other_names_and_what_all_have_is_not(tmp_path):
    copied = OWN.replace("rows", "n").replace("window", "part")
    copied = copied.replace("        result = ", "        # mine, too\n        result = ")
    assert "# mine" in copied
    cells = [OWN, copied, *(other(number) for number in range(6))]
    handins = take(tmp_path, {f"s{number}": [cell] for number, cell in enumerate(cells)})
    (pair,) = similarity.look(tmp_path / "out", handins, EXERCISES).pairs
    assert sorted(pair["names"]) == ["s0", "s1"] and "conv2d" in pair["evidence"]
