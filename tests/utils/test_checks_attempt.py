"""Calling a student's function: errors, endless loops, prints and side effects do no harm."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
import warnings
from pathlib import Path

import nbformat
import numpy as np
import pytest

from utils.checks import child
from utils.checks.attempt import Outcome, attempt
from utils.checks.child import attempts
from utils.checks.values import Other, telling

pytestmark = pytest.mark.slow  # most start programs


def test_a_call_gives_the_value():
    assert attempt(lambda a, *, b: a + b, 1, b=2) == Outcome(value=3)


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        (ValueError("no\nway"), "it raised ValueError: no"),
        (SystemExit(), "it raised SystemExit"),
        (GeneratorExit("x"), "it raised GeneratorExit: x"),
        (AssertionError("a" * 500), "it raised AssertionError: " + "a" * 299 + "…"),
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


def test_a_function_that_only_waits_gets_more_time_by_the_clock():
    """As one does on a machine that has much else to do."""
    assert attempt(lambda: time.sleep(0.4) or 1, seconds=0.2).value == 1
    assert attempt(time.sleep, 60, seconds=0.2).timed_out
    assert attempt(lambda: time.sleep(0.4) or 1, seconds=0.2, patience=1).timed_out


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


# --- what a notebook would show ---------------------------------------------------------------

NOISY = """
import os, sys
sys.path.insert(0, {root!r})
import matplotlib.pyplot as plt, numpy as np
from utils.checks.attempt import attempt
from utils.checks.child import attempts

def noisy(x):
    display("noise")
    print("noise", file=sys.stderr)
    plt.plot([1, 2])
    plt.show()
    os.system("echo noise")
    exit()

print(attempt(noisy, 1).problem, [o.problem for o in attempts(noisy, [(1,), (2,)], 5, 20)])
print(attempt(lambda: input("?")).problem)
print([o.problem for o in attempts(lambda x: max(iter(int, 1)), [(1,)], 0.2, 9)])
"""


def test_in_a_notebook_nothing_is_shown_asked_or_ended():
    nbclient = pytest.importorskip("nbclient")
    root = str(Path(__file__).resolve().parents[2])
    cells = [nbformat.v4.new_code_cell(text) for text in (NOISY.format(root=root), "print(6 * 7)")]
    notebook = nbformat.v4.new_notebook(cells=cells)
    nbclient.NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
    outputs = [output for cell in notebook.cells for output in cell.outputs]
    assert [output.output_type for output in outputs] == ["stream"] * len(outputs)
    assert "".join(output.text for output in outputs).splitlines() == [
        "it raised SystemExit ['it raised SystemExit', 'it raised SystemExit']",
        "it raised EOFError: in a check, nobody answers to input()",
        "['it was still computing after 0.2 seconds']",
        "42",
    ]


def test_a_notebook_that_turns_warnings_and_overflows_into_errors_does_not_disturb():
    def overflows():
        return np.float32(1e30) * np.float32(1e30)

    with np.errstate(all="raise"), warnings.catch_warnings():
        warnings.simplefilter("error")
        assert attempt(overflows).value == np.inf
        with pytest.raises(FloatingPointError):
            overflows()


def test_figures_that_a_call_makes_are_counted_and_closed():
    from matplotlib import pyplot as plt

    own = plt.figure()
    assert attempt(lambda: plt.subplots() and plt.figure()).figures == 2
    assert plt.get_fignums() == [own.number]
    plt.close(own)


# --- errors -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("", ""),
        ("one\ntwo", "one"),
        (
            "Exception encountered when calling Sequential.call().\n\n\x1b[1mInput 0 of layer "
            "'dense' is incompatible\x1b[0m\n\nArguments received by Sequential.call():\n  • x",
            "Input 0 of layer 'dense' is incompatible",
        ),
        (
            "Graph execution error:\n\nDetected at node loss/sub defined at (most recent call "
            'last):\n  File "a.py", line 1, in <module>\n\nReceived a label value of 9 which is '
            "outside the valid range of [0, 5).\n\t [[{{node loss/sub}}]] [Op:__inference_1]",
            "Received a label value of 9 which is outside the valid range of [0, 5).",
        ),
        (
            "Dimensions must be equal, but are 32 and 10 for '{{node loss/sub}} = Sub[T=DT_FLOAT]"
            "(loss/Cast, Softmax)' with input shapes: [32], [32,10].",
            "Dimensions must be equal, but are 32 and 10 with input shapes: [32], [32,10].",
        ),
        ("Exception encountered when calling it", "Exception encountered when calling it"),
    ],
)
def test_of_an_error_the_line_is_told_that_says_what_is_wrong(message, told):
    assert telling(message) == told


def test_an_error_with_a_message_is_no_function_that_is_not_written_yet():
    def function():
        raise NotImplementedError("Model Own does not have a `call()` method")

    assert "does not have a `call()`" in attempt(function).problem


# --- in a child process -----------------------------------------------------------------------


def asked(function, *calls, seconds=0.5, in_all=20):
    return list(attempts(function, list(calls), seconds, in_all))


def loop_in_c(*given):
    return max(iter(int, 1))


def killed(*given):
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.skipif(sys.platform != "linux", reason="a child process is used on Linux")
class TestChild:
    def test_a_loop_in_c_is_stopped(self):
        started = time.monotonic()
        (outcome,) = asked(loop_in_c, (1,), (2,))
        assert outcome.timed_out and "still computing after 0.5 seconds" in outcome.problem
        assert time.monotonic() - started < 10

    @pytest.mark.parametrize("ends", [lambda *given: os._exit(0), killed])
    def test_a_call_that_ends_the_process_ends_the_child_alone(self, ends):
        (outcome,) = asked(ends, (1,), (2,))
        assert "it ended the Python process" in outcome.problem

    def test_too_much_memory_is_an_error_and_not_the_end(self):
        (outcome,) = asked(lambda *given: np.ones(10**10), (1,))
        assert "MemoryError" in outcome.problem

    def test_a_function_that_only_waits_gets_more_time_by_the_clock(self, monkeypatch):
        monkeypatch.setattr(child, "GRACE", 0.1)
        outcomes = asked(lambda n: time.sleep(n) or n, (0.4,), (0.4,), (60,), seconds=0.2, in_all=1)
        assert [outcome.timed_out for outcome in outcomes] == [False, False, True]

    def test_what_was_answered_before_counts(self):
        first, second = asked(lambda n: n if n < 2 else loop_in_c(), (1,), (2,), (3,))
        assert first == Outcome(value=1) and second.timed_out

    def test_nothing_that_the_function_does_changes_anything_here(self):
        kept = []
        assert [o.value for o in asked(lambda n: kept.append(n) or len(kept), (1,), (2,))] == [1, 2]
        assert kept == []

    def test_a_person_can_still_stop_it(self):
        def stop(*given):
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            asked(stop, (1,))


@pytest.fixture(params=["child", "here"])
def place(request, monkeypatch):
    if request.param == "here":
        monkeypatch.setattr(child, "_started", lambda *given: (None, None))


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (3, 3),
        (2.5, 2.5),
        (np.float16(0.5), 0.5),
        pytest.param(10**5000, np.inf, id="huge"),
        (None, None),
        ([1.0], Other("list")),
        (..., Other("ellipsis")),
        ((n for n in ()), Other("generator")),
    ],
)
def test_a_value_comes_back_as_what_it_is(value, plain):
    (outcome,) = asked(lambda n: value, (1,))
    assert outcome == Outcome(value=plain)
    assert type(outcome.value) is type(plain)


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize(
    "array",
    [
        np.arange(6.0).reshape(2, 3),
        np.float16([1, np.nan]),
        np.asfortranarray(np.ones((3, 2), np.uint8)),
        np.array([1, None], object),
        np.array(["a"]),
        np.zeros(2, [("a", int)]),
        np.broadcast_to(1.0, (10**6, 10**6, 10**3)),
    ],
)
def test_an_array_comes_back_with_its_shape_and_what_it_holds(array):
    (outcome,) = asked(lambda n: array, (1,))
    assert outcome.value.shape == array.shape and outcome.value.dtype.kind == array.dtype.kind
    if array.dtype.kind in "fu" and array.size < 100:
        assert np.array_equal(outcome.value, array, equal_nan=array.dtype.kind == "f")


@pytest.mark.usefixtures("place")
def test_later_calls_are_not_made_when_the_time_is_over():
    outcomes = asked(lambda n: time.sleep(0.2), *[(n,) for n in range(50)], in_all=0.3)
    assert 2 <= len(outcomes) < 10
