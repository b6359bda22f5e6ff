"""`make check` runs what needs no slow start, and says how long each part takes."""

from __future__ import annotations

import re

import pytest

from tools import check

pytest_plugins = ["pytester"]

SLOW = """
import pytest

@pytest.fixture
def browser():
    raise AssertionError("a browser is started")

@pytest.fixture
def visitor(browser):
    return browser

def test_of_arithmetic():
    assert 1 + 1 == 2

def test_of_a_page(visitor):
    pass

@pytest.mark.slow
def test_of_a_kernel():
    raise AssertionError("a kernel is started")

def test_of_a_network():
    import keras
    raise AssertionError("TensorFlow is imported")

def test_of_an_answer_that_imports_tensorflow():
    try:
        import keras
    except BaseException:
        raised = True
    assert not raised

def test_of_another_answer():
    raised = False
    assert not raised
"""


def run_quick_tests(pytester, monkeypatch):
    """Run them in a process of their own: in this one a test may have imported TensorFlow."""
    monkeypatch.setenv("PYTHONPATH", str(check.ROOT))
    return pytester.runpytest_subprocess("-p", "tools.quick_tests", "-p", "no:xdist")


@pytest.mark.slow
def test_a_test_that_is_slow_to_start_is_left_out_and_the_others_run(pytester, monkeypatch):
    pytester.makeini("[pytest]\nmarkers = slow")
    pytester.makepyfile(SLOW)
    run_quick_tests(pytester, monkeypatch).assert_outcomes(passed=2, skipped=2, deselected=2)


@pytest.mark.slow
def test_a_file_that_imports_tensorflow_is_left_out_whole(pytester, monkeypatch):
    pytester.makepyfile("import keras\n\ndef test_of_a_network():\n    pass\n")
    run_quick_tests(pytester, monkeypatch).assert_outcomes(skipped=1)


@pytest.mark.parametrize("failing", [None, "ruff format", "tests/utils"])
def test_every_part_runs_and_one_that_fails_fails_the_command(monkeypatch, capsys, failing):
    ran = []

    def passes(command):
        ran.append(command)
        return failing is None or failing not in command

    monkeypatch.setattr(check, "passes", passes)
    assert check.main() == (failing is not None)
    assert ran == [command for commands in check.PARTS.values() for command in commands]
    said = capsys.readouterr().out
    assert re.findall(r"^(\w+) +[\d.]+ s", said, re.M) == list(check.PARTS)
    assert said.count("failed") == (failing is not None)


def test_a_command_that_does_not_exist_fails():
    assert check.passes("platform")
    assert not check.passes("tools.no_such_module")
