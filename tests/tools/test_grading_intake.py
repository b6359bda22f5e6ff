"""Downloads of learning platforms: what counts is found, what must not be is refused and named."""

from __future__ import annotations

import io
import json
import os
import stat
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
