"""What leaves the sandbox: plain values come out as they are, and nothing else is let through."""

from __future__ import annotations

import numpy as np
import pytest

from tools.grading import stage1, transfer

OUTCOME = {"value": 4, "problem": "", "changed": False, "timed_out": False, "figures": 0}
VALUES = {
    "number": 4,
    "share": 0.25,
    "nothing": None,
    "text": "abc",
    "pairs": ((np.arange(6).reshape(2, 3), np.zeros(2, np.uint8)), [1, 2.5]),
    "names": {"loss": [1.0, 2.0], "seen": True},
    "no numbers": np.empty((0, 3), np.float32),
}


@pytest.mark.parametrize("name", VALUES)
def test_a_value_comes_out_as_it_went_in(name, tmp_path):
    transfer.write(tmp_path / "a.npz", VALUES[name])
    found = transfer.read((tmp_path / "a.npz").read_bytes())
    assert repr(found) == repr(VALUES[name])


def test_what_is_no_number_leaves_the_type_alone(tmp_path):
    class Thing:
        pass

    transfer.write(tmp_path / "a.npz", [Thing(), np.array(["a"]), np.array([Thing()])])
    thing, text, objects = transfer.read((tmp_path / "a.npz").read_bytes())
    assert type(thing).__name__ == "Thing" and text.dtype.kind == "U"
    assert objects.dtype.kind == "O" and objects.shape == (1,)


def broken_files(folder):
    """Yield files that the program in the sandbox would not write."""
    text = np.frombuffer(b'["plain", 4]', np.uint8)
    np.savez_compressed(folder / "packed.npz", text=text)
    np.savez(folder / "objects.npz", text=np.array([{"a": 1}], dtype=object))
    np.savez(folder / "names.npz", text=text, evil=text)
    np.savez(folder / "no_text.npz", a0=text)
    np.savez(folder / "refers.npz", text=np.frombuffer(b'["array", 5, ""]', np.uint8))
    np.savez(folder / "deep.npz", text=np.frombuffer(b"[" * 100_000, np.uint8))
    np.savez(folder / "kind.npz", text=np.frombuffer(b'["eval", "1"]', np.uint8))
    np.savez(folder / "huge.npz", text=np.frombuffer(b'["unseen", "<f8", [-5]]', np.uint8))
    (folder / "none.npz").write_bytes(b"PK\x05\x06" + bytes(18))
    (folder / "text.npz").write_bytes(b"4.0")
    yield from sorted(folder.glob("*.npz"))


def test_files_that_the_program_would_not_write_are_refused(tmp_path):
    files = list(broken_files(tmp_path))
    assert len(files) == 10
    for path in files:
        with pytest.raises(transfer.Malformed):
            transfer.read(path.read_bytes())


@pytest.mark.parametrize("part", OUTCOME)
@pytest.mark.parametrize("value", [float("inf"), float("nan"), None, [], {"a": 1}, 2**62])
def test_an_outcome_with_anything_in_the_place_of_a_part_is_read_or_refused(part, value):
    """The grader goes on: what it cannot read is no reason to give up a hand-in."""
    try:
        stage1.outcome_of(OUTCOME | {part: value})
    except transfer.Malformed:
        assert part != "value"


def test_one_file_under_many_names_is_read_only_as_long_as_there_is_room(tmp_path):
    group = stage1.Group("a", "part1", "f", calls=[(1,)] * 50)
    transfer.write(tmp_path / "a-0.npz", OUTCOME | {"value": np.zeros(1000)})
    for place in range(1, 50):
        (tmp_path / f"a-{place}.npz").hardlink_to(tmp_path / "a-0.npz")
    about = {"calls": group.calls}
    size = (tmp_path / "a-0.npz").stat().st_size
    values, status, read = stage1.results(tmp_path, group, about, 10 * size)
    assert (len(values), status, read) == (10, "malformed", 10 * size)
    values, status, read = stage1.results(tmp_path, group, about, transfer.LARGEST_ALL)
    assert (len(values), status, read) == (50, "ok", 50 * size)
