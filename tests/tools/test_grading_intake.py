"""Downloads of learning platforms: what counts is found, what must not be is refused and named."""

from __future__ import annotations

import copy
import io
import json
import os
import random
import stat
import time
import tracemalloc
import zipfile

import hand_ins
import pytest

from tools.grading import archives, intake, notebooks

PART1 = hand_ins.notebook(hand_ins.RIGHT["output_size"])
PART2 = hand_ins.notebook("def split(images, labels):\n    ...\n\ndef most_confused(m):\n    ...")
PART3 = hand_ins.notebook("def augment(images, seed):\n    ...")


def model(path) -> bytes:
    names = ("metadata.json", "config.json", "model.weights.h5")
    return hand_ins.zipped(path, dict.fromkeys(names, b"{}"))


def taken(folder, out) -> dict[str, intake.HandIn]:
    handins, _ = intake.take_all(folder, out)
    return {handin.name: handin for handin in handins}


def archive(entries: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in entries.items():
            made.writestr(name, content)
    return file.getvalue()


def test_a_download_of_moodle_is_taken_in_as_folder_and_as_zip(tmp_path):
    place = "Ana María Łęcka_4711_assignsubmission_file_"
    files = {f"{place}/1_from_scratch (1).ipynb": PART1, f"{place}/my part two.ipynb": PART2}
    files |= {f"{place}/copy of 3.ipynb": PART3, f"{place}/model.keras": model(tmp_path / "m")}
    files |= {f"{place}/.DS_Store": b"x", f"__MACOSX/{place}/._1.ipynb": b"x"}
    (tmp_path / "class.zip").write_bytes(archive(files))
    with zipfile.ZipFile(tmp_path / "class.zip") as whole:
        whole.extractall(tmp_path / "class")
    for source in ("class.zip", "class"):
        handin = taken(tmp_path / source, tmp_path / "out")["Ana María Łęcka"]
        assert (handin.key, handin.id, handin.place) == ("4711", "4711", place)
        assert set(handin.digests) == {"part1", "part2", "part3", "model"}
        assert handin.notes == []
        assert (tmp_path / "out/handins/4711/part2.ipynb").read_bytes() == PART2


def test_flat_files_of_moodle_and_canvas_are_given_to_their_owners(tmp_path):
    (tmp_path / "in").mkdir()
    names = {"Bo Li_7_assignsubmission_file_1.ipynb": PART1, "lindaf_81_992_1_from.ipynb": PART1}
    names |= {"lindaf_LATE_81_993_2_own.ipynb": PART2}
    for name, content in names.items():
        (tmp_path / "in" / name).write_bytes(content)
    found = taken(tmp_path / "in", tmp_path / "out")
    assert found["Bo Li"].place == "Bo Li_7_assignsubmission_file_"
    assert set(found["lindaf"].digests) == {"part1", "part2"}


@pytest.mark.parametrize(
    "name", ["学生 一", "O'Neill, Sínead", "=cmd|' /C calc'!A0", "<b>x</b>", "a" * 120, "..x"]
)
def test_a_folder_a_student_may_have_any_name_and_gets_a_plain_key(name, tmp_path):
    name = name.replace("/", "∕")
    hand_ins.put(tmp_path / "in", name, {"work.ipynb": PART1})
    hand_ins.put(tmp_path / "in", "another", {"work.ipynb": PART1})
    found = taken(tmp_path / "in", tmp_path / "out")
    assert found[name].name == name
    assert all(c.isascii() and (c.isalnum() or c == "-") for c in found[name].key)


def test_the_newest_of_several_counts_and_that_is_said(tmp_path):
    newer = hand_ins.notebook(hand_ins.RIGHT["output_size"], "# newer")
    hand_ins.put(tmp_path / "in", "x", {"1 (2).ipynb": newer, "1.ipynb": PART1})
    os.utime(tmp_path / "in/x/1.ipynb", (1, 1))
    hand_ins.put(tmp_path / "in", "y", {"1.ipynb": PART1})
    found = taken(tmp_path / "in", tmp_path / "out")["x"]
    assert "2 files for the notebook of part 1; the newest counts, 1 (2).ipynb" in found.notes[0]
    assert (tmp_path / "out/handins" / found.key / "part1.ipynb").read_bytes() == newer


def test_archives_in_archives_are_opened_but_not_without_end(tmp_path):
    inner = archive({"deep/1.ipynb": PART1})
    hand_ins.put(tmp_path / "in", "x", {"all.zip": archive({"more.zip": inner})})
    endless = PART2
    for _ in range(6):
        endless = archive({"again.zip": endless})
    hand_ins.put(tmp_path / "in", "y", {"all.zip": endless})
    found = taken(tmp_path / "in", tmp_path / "out")
    assert set(found["x"].digests) == {"part1"}
    assert not found["y"].digests and "deep in one another" in found["y"].notes[0]


def linked(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


def test_paths_that_lead_out_and_links_are_refused_and_named(tmp_path):
    (tmp_path / "secret.ipynb").write_bytes(PART1)
    hand_ins.put(tmp_path / "in", "x", {"2.ipynb": PART2})
    os.symlink(tmp_path / "secret.ipynb", tmp_path / "in/x/1.ipynb")
    os.symlink(tmp_path, tmp_path / "in/x/folder")
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("../../evil.ipynb", PART1)
        made.writestr("/etc/evil.ipynb", PART1)
        made.writestr(linked("link.ipynb"), str(tmp_path / "secret.ipynb"))
    hand_ins.put(tmp_path / "in", "y", {"all.zip": file.getvalue(), "2.ipynb": PART2})
    before = {path for path in tmp_path.rglob("*") if "out" not in path.parts}
    found = taken(tmp_path / "in", tmp_path / "out")
    assert set(found["x"].digests) == set(found["y"].digests) == {"part2"}
    assert sum("a link or a device is not followed" in note for note in found["x"].notes) == 2
    told = " ".join(found["y"].notes)
    assert told.count("leads out of the archive") == 2 and "a link is not followed" in told
    assert before == {path for path in tmp_path.rglob("*") if "out" not in path.parts}


def test_a_bomb_of_bytes_and_one_of_folders_are_refused_at_once(tmp_path):
    bomb = archive({"1.ipynb": b'{"cells": ' + b" " * 40_000_000})
    assert len(bomb) < 1_000_000
    many = archive({f"{i}/": b"" for i in range(3_000)})
    files = {"bomb.zip": bomb, "many.zip": many, "2.ipynb": PART2}
    hand_ins.put(tmp_path / "in", "x", files)
    hand_ins.put(tmp_path / "in", "y", {"1.ipynb": PART1})
    found = taken(tmp_path / "in", tmp_path / "out")["x"]
    assert set(found.digests) == {"part2"}
    told = " ".join(found.notes)
    assert "40 MB large, and 30 MB is the limit" in told and "more than 2,000 entries" in told


def test_two_hundred_thousand_folders_are_counted_and_not_read(tmp_path):
    path = tmp_path / "class.zip"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("x", b"")
    whole = path.read_bytes()
    end = whole.rfind(b"PK\x05\x06")
    # The end of a large archive says how many entries there are, in a record of its own.
    record = b"PK\x06\x06" + (44).to_bytes(8, "little") + bytes(12)
    record += (200_000).to_bytes(8, "little") * 2 + bytes(16)
    told = whole[end : end + 8] + b"\xff\xff\xff\xff" + whole[end + 12 :]
    path.write_bytes(whole[:end] + record + told)
    with pytest.raises(archives.Refused, match="more than 100,000 entries"):
        list(archives.entries(path))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"{", "is no notebook"),
        (b'{"cells": ' + b"[" * 200_000, "is no notebook"),
        (b'{"cells": 3}', "it has no cells"),
        (b'{"cells": [1, null, {}]}', "defines no function of the exercise"),
        (b"\xff\xfe{", "is no notebook"),
    ],
)
def test_what_is_no_notebook_is_named(content, words, tmp_path):
    hand_ins.put(tmp_path / "in", "x", {"1.ipynb": content})
    hand_ins.put(tmp_path / "in", "y", {"1.ipynb": PART1})
    found = taken(tmp_path / "in", tmp_path / "out")["x"]
    assert not found.digests and words in found.notes[0]


def test_old_formats_and_metadata_of_colab_make_no_difference():
    cell = {"cell_type": "code", "input": ["def augment(i, s):\n", "    ..."], "language": "python"}
    old = {"worksheets": [{"cells": [cell]}], "nbformat": 3, "metadata": {}}
    assert notebooks.read(json.dumps(old).encode()).part() == "part3"
    told = json.loads(PART1)
    told["metadata"] = {"colab": {"provenance": []}, "kernelspec": {"name": "no such kernel"}}
    assert notebooks.read(b"\xef\xbb\xbf" + json.dumps(told).encode()).part() == "part1"


def test_the_exercise_itself_is_recognized_part_by_part():
    files = sorted((hand_ins.ROOT / "exercises/14_9").glob("*.ipynb"))
    parts = [notebooks.read(path.read_bytes()).part() for path in files]
    assert parts == ["part1", "part2", "part3"]


def test_a_notebook_without_its_checks_or_with_them_twice_is_the_same_part():
    cells = [hand_ins.RIGHT["output_size"]]
    for claims in ({}, {"output_size": 4.0}):
        book = notebooks.read(hand_ins.notebook(*cells, *cells, claims=claims))
        assert book.part() == "part1"
        assert book.claims == {f"{name}-check": points for name, points in claims.items()}


def test_a_download_that_is_none_is_refused(tmp_path):
    (tmp_path / "in").mkdir()
    with pytest.raises(archives.Refused, match="holds no hand-in"):
        intake.take_all(tmp_path / "in", tmp_path / "out")
    (tmp_path / "text").write_text("no zip")
    with pytest.raises(archives.Refused, match="neither a folder nor a zip file"):
        intake.take_all(tmp_path / "text", tmp_path / "out")


# --- one student against the class ------------------------------------------------------------


def with_an_innocent(folder, files: dict[str, bytes]) -> dict[str, intake.HandIn]:
    """Take in a class of two: one with these files, and one whose notebook must be taken."""
    hand_ins.put(folder / "in", "Evil_8_assignsubmission_file_", files)
    hand_ins.put(folder / "in", "Innocent_9_assignsubmission_file_", {"1.ipynb": PART1})
    found = taken(folder / "in", folder / "out")
    assert set(found["Innocent"].digests) == {"part1"} and found["Innocent"].notes == []
    return found


def test_values_of_any_kind_in_a_notebook_are_read_or_refused():
    values = [5, -1, 1.5, True, None, "", "x", "\ud800", [], [5], [[]], {}, {"a": 5}, "\0", 10**400]
    values += [float("nan"), [None, "x"], {"nbgrader": 5}, {"text/plain": {}}, ["a-check"]]
    drawn = random.Random(5)
    cell = {"cell_type": "code", "input": ["def split(i, l):\n"], "outputs": [{"data": {}}]}
    old = {"worksheets": [{"cells": [cell]}, {"cells": []}], "nbformat": 3, "metadata": {}}
    books = [PART1, hand_ins.notebook("x = 1", claims={"output_size": 4.0}), json.dumps(old)]
    for number in range(3_000):
        told = json.loads(books[number % len(books)])
        for _ in range(drawn.randint(1, 3)):
            place = told
            while inner := [key for key in keys_of(place) if keys_of(place[key])]:
                if drawn.random() < 0.2:
                    break
                place = place[drawn.choice(inner)]
            if keys_of(place):
                place[drawn.choice(keys_of(place))] = copy.deepcopy(drawn.choice(values))
        try:
            book = notebooks.read(json.dumps(told).encode())
        except notebooks.NoNotebook:
            continue
        assert all(isinstance(cell, str) and cell.encode() is not None for cell in book.cells)
        assert all(isinstance(points, float) for points in book.claims.values())
        assert book.part() in ("", *notebooks.FUNCTIONS)


def keys_of(value) -> list:
    """Return under what there are values in a list or a dictionary."""
    if isinstance(value, list):
        return [*range(len(value))]
    return list(value) if isinstance(value, dict) else []


@pytest.mark.parametrize("outputs", [5, True, "x", {"a": 1}, [5, None, {"data": 5}]])
def test_outputs_that_are_none_stop_nobody(outputs, tmp_path):
    told = json.loads(hand_ins.notebook(hand_ins.RIGHT["output_size"], claims={"output_size": 4}))
    told["cells"][1]["outputs"] = outputs
    found = with_an_innocent(tmp_path, {"1.ipynb": json.dumps(told).encode()})
    assert set(found["Evil"].digests) == {"part1"}


@pytest.mark.parametrize("sheet", [{"cells": 5}, {"cells": True}, {"cells": [5]}, 5])
def test_sheets_of_the_old_format_that_are_none_stop_nobody(sheet, tmp_path):
    found = with_an_innocent(tmp_path, {"1.ipynb": json.dumps({"worksheets": [sheet]}).encode()})
    assert "defines no function of the exercise" in found["Evil"].notes[0]


@pytest.mark.parametrize("name", [".", "/", "..", "\0", "\0/1.ipynb", "\\", ":", "a/../..", "//"])
def test_names_that_are_none_stop_nobody_and_hide_nothing(name, tmp_path):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("@" * len(name), PART1)
        made.writestr("2.ipynb", PART2)
    content = file.getvalue().replace(b"@" * len(name), name.encode())
    found = with_an_innocent(tmp_path, {"all.zip": content})
    assert set(found["Evil"].digests) == {"part2"}
    assert len(found["Evil"].notes) == (0 if name.endswith(("/", "\\")) else 1)


def test_names_that_are_too_long_are_refused(tmp_path):
    names = {"a/" * 20_000 + "1.ipynb": PART1, "b" * 2_000 + ".ipynb": PART1, "2.ipynb": PART2}
    found = with_an_innocent(tmp_path, {"all.zip": archive(names)})
    assert set(found["Evil"].digests) == {"part2"}
    assert "1.ipynb was refused: its name is too long." in found["Evil"].notes
    assert all(len(note) < 200 for note in found["Evil"].notes)


def test_folders_whose_names_are_not_in_utf8_are_taken_in(tmp_path):
    folder = os.path.join(os.fsencode(tmp_path), b"in", b"M\xfcller_9_assignsubmission_file_")
    try:
        os.makedirs(folder)
    except OSError:
        pytest.skip("this file system has no such names")
    with open(os.path.join(folder, b"gr\xfcn.pdf"), "wb") as file:
        file.write(b"%PDF")
    hand_ins.put(tmp_path / "in", "Innocent_7_assignsubmission_file_", {"1.ipynb": PART1})
    found = taken(tmp_path / "in", tmp_path / "out")
    assert found["Müller"].notes == ["Not used: grün.pdf."]
    assert intake.HandIn.load(tmp_path / "out/handins/9") == found["Müller"]


@pytest.mark.parametrize("error", [KeyError("x\n\ud800"), MemoryError(), RecursionError("deep")])
def test_what_nobody_thought_of_is_a_note_of_the_one_student(error, tmp_path, monkeypatch):
    read = notebooks.read

    def failing(content):
        if b"most_confused" in content:
            raise error
        return read(content)

    monkeypatch.setattr(notebooks, "read", failing)
    found = with_an_innocent(tmp_path, {"1.ipynb": PART1, "2.ipynb": PART2})["Evil"]
    assert set(found.digests) == {"part1"}
    assert f"2.ipynb could not be read: {type(error).__name__}" in found.notes[0]


def test_a_file_that_is_broken_in_an_archive_is_named(tmp_path):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("1.ipynb", PART1)
        made.writestr("2.ipynb", PART2)
    found = with_an_innocent(tmp_path, {"all.zip": file.getvalue().replace(b"split", b"splat", 1)})
    assert set(found["Evil"].digests) == {"part1"}
    assert "2.ipynb could not be read: BadZipFile: Bad CRC-32" in found["Evil"].notes[0]


# --- whose a file is --------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["", "_"])
def test_an_online_text_is_no_hand_in_of_its_own(end, tmp_path):
    for name in ("Ben_105", "Zoe_106"):
        page = {"onlinetext.html": b"<p>see my file"}
        hand_ins.put(tmp_path / "in", f"{name}_assignsubmission_onlinetext{end}", page)
    place = f"Ben_105_assignsubmission_file{end}"
    hand_ins.put(tmp_path / "in", place, {"1.ipynb": PART1, "2.ipynb": PART2})
    (tmp_path / "in/Cy_3_assignsubmission_file_1.ipynb").write_bytes(PART1)
    (tmp_path / "in/Cy_3_assignsubmission_onlinetext_onlinetext.html").write_bytes(b"<p>")
    handins, notes = intake.take_all(tmp_path / "in", tmp_path / "out")
    found = {handin.id: handin for handin in handins}
    assert set(found["105"].digests) == {"part1", "part2"} and found["105"].place == place
    assert set(found["3"].digests) == {"part1"} and not found["106"].digests and not notes
    for handin in handins:
        assert handin.notes == ["The online text was left: only files are graded."]


def test_of_a_student_who_is_there_twice_the_newest_counts_and_that_is_said(tmp_path):
    newer = hand_ins.notebook(hand_ins.RIGHT["output_size"], "# newer")
    early, late = "Ben_105_assignsubmission_file_", "Ben_105_assignsubmission_file"
    hand_ins.put(tmp_path / "in", early, {"1.ipynb": PART1, "2.ipynb": PART2})
    hand_ins.put(tmp_path / "in", late, {"1.ipynb": newer})
    hand_ins.put(tmp_path / "in", "Cy_3_assignsubmission_file_", {"1.ipynb": PART1})
    for newest, content in ((late, newer), (early, PART1)):
        os.utime(tmp_path / "in" / newest / "1.ipynb", (2e9, 2e9))
        os.utime(tmp_path / "in" / (early if newest == late else late) / "1.ipynb", (1e9, 1e9))
        handins, notes = intake.take_all(tmp_path / "in", tmp_path / "out")
        (ben,) = (handin for handin in handins if handin.id == "105")
        assert set(ben.digests) == {"part1", "part2"}, "what is only in one of them is not lost"
        assert (tmp_path / "out/handins/105/part1.ipynb").read_bytes() == content
        told = " ".join(ben.notes)
        assert "2 folders of this student" in told and "the newest counts" in told
        assert early in told and len(notes) == 1 and "Ben (105) is there 2 times" in notes[0]


def test_files_that_lie_around_are_put_together_by_name(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in/anna.ipynb").write_bytes(PART1)
    (tmp_path / "in/anna.keras").write_bytes(model(tmp_path / "m"))
    (tmp_path / "in/bo.ipynb").write_bytes(PART1)
    found = taken(tmp_path / "in", tmp_path / "out")
    assert set(found["anna"].digests) == {"part1", "model"} and found["anna"].notes == []


def test_a_file_that_is_newer_than_an_archive_counts(tmp_path):
    newer = hand_ins.notebook(hand_ins.RIGHT["output_size"], "# newer")
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        made.writestr(zipfile.ZipInfo("1.ipynb", (2024, 5, 1, 12, 0, 0)), PART1)
    hand_ins.put(tmp_path / "in", "x", {"all.zip": file.getvalue(), "1.ipynb": newer})
    hand_ins.put(tmp_path / "in", "y", {"1.ipynb": PART1})
    for changed, content in (((2024, 5, 2), newer), ((2024, 4, 30), PART1)):
        when = time.mktime((*changed, 12, 0, 0, 0, 0, -1))
        os.utime(tmp_path / "in/x/1.ipynb", (when, when))
        found = taken(tmp_path / "in", tmp_path / "out")["x"]
        assert (tmp_path / "out/handins" / found.key / "part1.ipynb").read_bytes() == content


@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize("evil", ["evil", "e_v_il", "evil_LATE", "Evil-1"])
@pytest.mark.parametrize("form", ["zz_7_assignsubmission_file_1.ipynb", "x_7_991_1.ipynb"])
def test_on_canvas_nobody_can_hand_in_for_another(form, evil, wrapped, tmp_path):
    names = {"victim_7_991_1_from_scratch.ipynb": PART1, f"{evil}_81_992_{form}": PART2}
    whole = {f"submissions/{name}" if wrapped else name: names[name] for name in names}
    (tmp_path / "class.zip").write_bytes(archive(whole))
    handins, _ = intake.take_all(tmp_path / "class.zip", tmp_path / "out")
    found = {handin.id: set(handin.digests) for handin in handins}
    assert found == {"7": {"part1"}, "81": {"part2"}}


def test_on_moodle_nobody_can_hand_in_for_another(tmp_path):
    flat = {
        "Victim_7_assignsubmission_file_1.ipynb": PART1,
        "Evil_8_assignsubmission_file_x_7_991_1.ipynb": PART2,
        "Wild_9_assignsubmission_file_zz_7_assignsubmission_file_1.ipynb": PART2,
        "a_7_991_b_10_assignsubmission_file_2.ipynb": PART2,
    }
    folders = {
        "Victim_7_assignsubmission_file_/1.ipynb": PART1,
        "Victim_7_assignsubmission_file__8_assignsubmission_file_/2.ipynb": PART2,
        "Wild_9_assignsubmission_file_/x_7_991_1.ipynb": PART2,
        "a_7_991_b_10_assignsubmission_file/2.ipynb": PART2,
    }
    for name, files in (("flat", flat), ("folders", folders)):
        (tmp_path / f"{name}.zip").write_bytes(archive(files))
        handins, _ = intake.take_all(tmp_path / f"{name}.zip", tmp_path / name)
        found = {handin.id: set(handin.digests) for handin in handins}
        assert found == {"7": {"part1"}, "8": {"part2"}, "9": {"part2"}, "10": {"part2"}}


# --- limits -----------------------------------------------------------------------------------


def test_files_that_are_for_nothing_are_named_but_not_without_end(tmp_path):
    files = {"report.pdf": b"%PDF", "notes.docx": archive({"word/document.xml": b"x"})}
    found = with_an_innocent(tmp_path, {**files, "1.ipynb": PART1})["Evil"]
    assert found.notes == ["Not used: notes.docx, report.pdf."]
    many = {f"{'long' * 40}{i}.txt": b"x" for i in range(500)}
    bad = {f"{i}.ipynb": b"{" for i in range(100)}
    hand_ins.put(tmp_path / "many", "x", {"a.zip": archive(many), "b.zip": archive(bad)})
    hand_ins.put(tmp_path / "many", "y", {"1.ipynb": PART1})
    notes = taken(tmp_path / "many", tmp_path / "out2")["x"].notes
    assert "and 490 more." in notes[-1] and "And 80 more notes like these." in notes
    assert len(notes) < 30 and all(len(note) < 1_000 for note in notes)


def test_what_is_read_of_one_student_ends_and_of_copies_only_the_newest_is_held(
    tmp_path, monkeypatch
):
    book = PART1 + b" " * (3_000_000 - len(PART1))
    copies = archive({f"{i:02}.ipynb": book for i in range(30)})
    tracemalloc.start()
    found = with_an_innocent(tmp_path, {"all.zip": copies})["Evil"]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 30_000_000
    assert "30 files for the notebook of part 1; the newest counts, 29.ipynb." in found.notes[0]
    monkeypatch.setattr(intake, "MOST_BYTES", 20_000_000)
    found = with_an_innocent(tmp_path / "less", {"all.zip": copies})["Evil"]
    assert set(found.digests) == {"part1"}, "what was read before is not lost"
    assert "There are 6 files" in found.notes[0]
    assert "not read to its end: the files unpack to more than 20 MB" in found.notes[1]


def test_only_so_many_files_are_looked_at_as_models_and_as_archives(tmp_path, monkeypatch):
    monkeypatch.setattr(intake, "MOST_ZIPS", 10)
    reads = []
    names_in = archives.names_in
    monkeypatch.setattr(archives, "names_in", lambda c: reads.append(1) or names_in(c))
    bombs = {f"{i:02}.zip": b"PK\x03\x04" + bytes(100_000) for i in range(30)}
    found = with_an_innocent(tmp_path, {"all.zip": archive(bombs), "b.ipynb": PART2})["Evil"]
    assert len(reads) == 10 and set(found.digests) == {"part2"}
    assert "more than 10 zip files" in " ".join(found.notes)
    monkeypatch.setattr(intake, "MOST_ENTRIES", 20)
    found = with_an_innocent(tmp_path / "few", {"all.zip": archive(bombs)})["Evil"]
    assert "not read to its end: there are more than 20 files" in found.notes[-1]


def test_nine_hundred_bombs_take_seconds(tmp_path):
    bomb = b"PK\x03\x04" + bytes(20_000_000)
    inner = archive({f"{i}.zip": bomb for i in range(30)})
    files = {f"{i}.zip": inner for i in range(30)}
    begun = time.process_time()
    found = with_an_innocent(tmp_path, files)["Evil"]
    assert time.process_time() - begun < 20
    assert "unpack to more than 400 MB" in found.notes[-1]


def test_ways_to_compress_that_unpack_without_end_are_refused(tmp_path):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_BZIP2) as made:
        made.writestr("1.ipynb", PART1)
    found = with_an_innocent(tmp_path, {"all.zip": file.getvalue()})["Evil"]
    assert not found.digests and "zip with the usual settings" in found.notes[0]


def test_a_notebook_of_a_million_objects_is_not_read(tmp_path):
    content = b'{"cells": [' + b"{}," * 1_100_000 + b"{}]}"
    found = with_an_innocent(tmp_path, {"1.ipynb": content})["Evil"]
    assert "more than 1,000,000 lists and objects" in found.notes[0]


def stored(files: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        for name, content in files.items():
            made.writestr(name, content)
    return file.getvalue()


def test_a_model_is_told_by_its_own_table_of_contents(tmp_path):
    saved = model(tmp_path / "m")
    parts = dict.fromkeys(("metadata.json", "config.json", "model.weights.h5"), b"{}")
    books = {"1.ipynb": PART1, "2.ipynb": PART2}
    whole = {"part1", "part2", "model"}
    for number, (files, roles) in enumerate(
        [
            ({"all.zip": stored({**books, "model.keras": saved})}, whole),
            ({"all.zip": stored({**books, "my network": saved})}, whole),
            ({"model.keras": stored({**books, "model.keras": saved})}, whole),
            ({"a.zip": stored({"b.zip": stored({**books, "model.keras": saved})})}, whole),
            ({"all.zip": stored({**books, **parts})}, {"part1", "part2"}),
            ({"all.zip": stored({f"m/{name}": b"{}" for name in parts})}, set()),
            (
                {"all.zip": stored({"1.ipynb": PART1, "x": b"config.json model.weights.h5"})},
                {"part1"},
            ),
            ({"a name": saved}, {"model"}),
            # What is only called a model is judged: the student gets to know why it is none.
            ({"model.keras": saved[:-30]}, {"model"}),
            ({"model.keras": stored({"other": b"x"})}, {"model"}),
        ]
    ):
        found = with_an_innocent(tmp_path / str(number), files)["Evil"]
        assert set(found.digests) == roles, (number, found.notes)
    assert (tmp_path / "0/out/handins/8/model.keras").read_bytes() == saved
