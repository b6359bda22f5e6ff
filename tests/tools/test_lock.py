"""requirements.lock holds the newest versions that the ranges in requirements.txt allow."""

from __future__ import annotations

import pytest
from packaging.version import Version

from tools import lock

RANGES = lock.REQUIREMENTS.read_text("utf-8")
PINS = lock.LOCK.read_text("utf-8")


def not_in_the_newest_series(ranges: str, pins: str) -> list[str]:
    """Return the packages that are not pinned in the last series of versions below their bound.

    That much can be known without a network: below 2.22 it is 2.21, below 4 it is 3.
    """
    versions = lock.newest(pins)
    wrong = []
    for requirement in lock.parse(ranges):
        for bound in requirement.specifier:
            if bound.operator != "<":
                continue
            *series, last = Version(bound.version).release
            if versions[requirement.name].release[: len(series) + 1] != (*series, last - 1):
                wrong.append(requirement.name)
    return wrong


def test_every_package_is_pinned_in_the_newest_series_that_its_range_allows():
    assert not_in_the_newest_series(RANGES, PINS) == []


@pytest.mark.parametrize(
    ("newer", "older"),
    [("tensorflow==2.21.0", "tensorflow==2.20.0"), ("pillow==13.0.0", "pillow==12.1.0")],
)
def test_a_package_that_was_taken_back_by_a_series_is_found(newer, older):
    assert newer in PINS
    assert not_in_the_newest_series(RANGES, PINS.replace(newer, older)) == [older.split("=")[0]]


def test_every_package_of_the_ranges_is_pinned_within_its_range():
    versions = lock.newest(PINS)
    for requirement in lock.parse(RANGES):
        assert versions[requirement.name] in requirement.specifier, requirement


def test_every_range_has_an_end():
    for requirement in lock.parse(RANGES):
        operators = {specifier.operator for specifier in requirement.specifier}
        assert operators == {"=="} or {">=", "<"} <= operators, requirement


def test_what_another_package_holds_back_is_named_with_both_versions():
    pins = "h5py==3.16.0\ntensorflow==2.20.0\nnumpy==2.4.6 ; python_full_version < '3.12'\n"
    pins += "numpy==2.5.5 ; python_full_version >= '3.12'\n"
    alone = "h5py==3.16.0\nnumpy==2.5.5\ntensorflow==2.21.0\n"
    assert lock.held_back(pins, alone) == [
        "tensorflow is held back at 2.20.0, and requirements.txt allows 2.21.0"
    ]


@pytest.fixture
def resolved(monkeypatch, tmp_path):
    """Let `make lock` write into a temporary folder, with versions that are given here."""
    answers: dict[tuple[str, ...], str] = {}
    monkeypatch.setattr(lock, "LOCK", tmp_path / "requirements.lock")
    monkeypatch.setattr(lock, "resolve", lambda requirements, *options: answers[options])
    return answers


def test_the_lock_is_written_and_the_command_fails_where_a_bound_is_not_stated(resolved, capsys):
    resolved[()] = "a==1.0\n"
    resolved["--no-deps",] = "a==1.0\n"
    assert lock.main() == 0
    resolved["--no-deps",] = "a==1.1\n"
    assert lock.main() == 1
    assert "a is held back at 1.0, and requirements.txt allows 1.1" in capsys.readouterr().err
    assert lock.LOCK.read_text("utf-8") == "a==1.0\n"
