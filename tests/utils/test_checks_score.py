"""The score of a check, and the safe call of a student's function."""

from __future__ import annotations

import contextlib
import signal
import sys
import time

import numpy as np
import pytest

from utils.checks.attempt import Outcome, attempt
from utils.checks.score import Item, Score

PARTLY = Score(
    "conv2d",
    [
        Item("the window slides", 7.5, True, "unseen"),
        Item("a < b & c", 2.5, False, "Think of <b> and `<i>`."),
    ],
    note="Go on.",
)


def test_a_score_is_a_plain_number_to_machines():
    assert float(PARTLY) == 7.5
    assert repr(PARTLY) == "7.5"
    assert PARTLY.total == 10
    assert sum(float(score) for score in (PARTLY, PARTLY)) == 15


def test_a_score_tells_people_what_passed_and_what_to_think_about():
    assert str(PARTLY).splitlines() == [
        "conv2d · 7.5/10",
        "  ✓ the window slides (7.5/7.5)",
        "  ✗ a < b & c (0/2.5)",
        "      Think of <b> and `<i>`.",
        "Go on.",
    ]


def test_the_html_of_a_score_says_in_words_what_its_marks_say_and_escapes_all_text():
    html = PARTLY._repr_html_()
    assert "<b>passed:</b> the window slides (7.5/7.5)" in html
    assert "<b>not yet:</b> a &lt; b &amp; c (0/2.5)" in html
    assert "Think of &lt;b&gt; and <code>&lt;i&gt;</code>." in html and "unseen" not in html
    assert html.count("<div") == html.count("</div>")


def test_a_task_that_was_not_attempted_says_so_and_has_no_points():
    score = Score.not_attempted("conv2d", 10, "Begin.")
    assert str(score) == "conv2d · not attempted yet · 0/10\nBegin."
    assert repr(score) == "0.0" and score.total == 10
    assert "not attempted yet · 0/10" in score._repr_html_()
    assert "<li" not in score._repr_html_()


def test_quarters_of_points_are_not_rounded_away():
    assert Score("t", [Item("a", 1.25, True)]).headline == "t · 1.25/1.25"


def test_a_call_gives_the_value():
    assert attempt(lambda a, *, b: a + b, 1, b=2) == Outcome(value=3)


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        (ValueError("no\nway"), "it raised ValueError: no"),
        (SystemExit(), "it raised SystemExit"),
        (GeneratorExit("x"), "it raised GeneratorExit: x"),
        (AssertionError("a" * 500), "it raised AssertionError: " + "a" * 159 + "…"),
    ],
)
def test_what_a_function_raises_is_told_in_a_line(raised, told):
    def function():
        raise raised

    assert attempt(function).problem == told


def test_an_error_that_cannot_be_shown_does_no_harm():
    class Sly(Exception):
        def __str__(self):
            raise SystemExit

    def function():
        raise Sly

    assert attempt(function).problem == "it raised Sly: (its message cannot be shown)"


def test_endless_recursion_is_an_error_like_others():
    def function():
        return function()

    assert attempt(function).problem.startswith("it raised RecursionError")


def test_a_person_can_still_stop_a_check():
    def function():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        attempt(function)


def test_a_function_that_is_not_written_yet_is_no_problem():
    def function():
        raise NotImplementedError

    assert attempt(function) == Outcome()


def test_what_is_no_function_is_named():
    assert attempt([1]).problem == "it is no function but list"


def test_prints_and_warnings_are_thrown_away(capsys):
    def function():
        for _ in range(10_000):
            print("noise" * 20)
        print("noise", file=sys.stderr)
        return np.float64(1) / 0

    assert attempt(function).value == np.inf
    assert capsys.readouterr() == ("", "")


def append(values, more):
    values.append(more)


def fill(array):
    array[:] = 0


def sort_inside(pair):
    pair[0][0].sort()


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (append, ([1], 2)),
        (fill, (np.ones(3),)),
        (sort_inside, (([[2, 1]], "same"),)),
        (lambda array: setattr(array, "shape", (1, 3)), (np.ones(3),)),
    ],
)
def test_a_function_that_changes_its_input_is_noticed_and_changes_a_copy(function, arguments):
    before = repr(arguments)
    assert attempt(function, *arguments).changed_input
    assert repr(arguments) == before


@pytest.mark.parametrize("value", [np.array([1.0, np.nan]), [1, ("a", None)], "same", {"a": 1}])
def test_a_function_that_changes_nothing_is_not_accused(value):
    assert attempt(lambda given, *, named: None, value, named=value) == Outcome()


def loop():
    while True:
        pass


def loop_in_exception():
    while True:
        with contextlib.suppress(Exception):
            sum(range(100))


def loop_in_bare_except():
    while True:
        try:  # noqa: SIM105
            sum(range(100))
        except:  # noqa: E722
            pass


def sleep_in_bare_except():
    while True:
        try:
            time.sleep(1000)
        except:  # noqa: E722
            continue


def finally_again():
    while True:
        try:
            time.sleep(1000)
        finally:
            continue  # noqa: B012


def nested():
    while True:
        try:
            while True:
                try:
                    [np.zeros((30, 30)) @ np.zeros((30, 30)) for _ in range(10_000)]
                except:  # noqa: E722
                    print("again")
        except BaseException as error:
            str(error)


def late():
    try:
        time.sleep(1000)
    except BaseException:
        return "too late"


LOOPS = [
    loop,
    loop_in_exception,
    loop_in_bare_except,
    sleep_in_bare_except,
    finally_again,
    nested,
    late,
]


@pytest.mark.parametrize("function", LOOPS)
def test_an_endless_loop_is_stopped_whatever_it_catches(function):
    started = time.monotonic()
    outcome = attempt(function, seconds=0.2)
    assert outcome.timed_out and outcome.value is None
    assert outcome.problem == "it was still computing after 0.2 seconds"
    assert time.monotonic() - started < 10


def test_after_a_stop_everything_is_as_it_was():
    before = signal.getsignal(signal.SIGALRM), sys.stdout, sys.stderr, np.geterr()
    attempt(sleep_in_bare_except, seconds=0.1)
    assert (signal.getsignal(signal.SIGALRM), sys.stdout, sys.stderr, np.geterr()) == before
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
    assert attempt(lambda: 1, seconds=0.1).value == 1
    time.sleep(0.15)  # no alarm is left


def test_a_quick_function_is_not_kept_waiting():
    started = time.monotonic()
    for _ in range(100):
        attempt(lambda: None)
    assert time.monotonic() - started < 2
