"""Call a student's function safely: errors, endless loops, prints and side effects do no harm.

The call is made in this process, so that models and data need not travel. What cannot be stopped
here: a loop within one call into C, such as `max(iter(int, 1))`, because Python gets no turn
before the call ends, not even for *stop* in the notebook; and `os._exit` or a crash, which end
the kernel. `child` can stop these too, where the answers are plain numbers and arrays.
"""

from __future__ import annotations

import contextlib
import copy
import os
import random
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from unittest import mock

import numpy as np

from .values import telling, type_name

SECONDS = 10  # of processor time
PATIENCE = 3  # times as many seconds by the clock, for a machine that has much else to do
SHORTEST_WAIT = 0.02  # seconds until the processor time is looked at again


@dataclass(frozen=True)
class Outcome:
    """What came of a call."""

    value: Any = None
    problem: str = ""  # in words: "it raised ValueError: …"; empty if the call returned
    changed_input: bool = False  # the function wrote into something that it was given
    timed_out: bool = False  # it was stopped, or ended too late; `problem` says so too
    figures: int = 0  # that it made with pyplot; they are closed, and none is shown


@dataclass
class TimeLimit:
    """So many seconds of processor time, or `patience` times as many by the clock.

    How busy a machine is so changes no verdict, and a function that sleeps is stopped as well.
    Work that several threads share counts by the clock: it has `seconds` in any case.
    """

    seconds: float
    patience: float = PATIENCE
    processor_time: Callable[[], float] = time.process_time
    began: float = field(default_factory=time.monotonic)
    used_before: float = 0.0

    def __post_init__(self):
        self.used_before = self.processor_time()

    def left(self) -> float:
        """Return after how many seconds it can be over at the earliest; 0 or less if it is."""
        waited = time.monotonic() - self.began
        used = self.processor_time() - self.used_before
        at_most = self.patience * self.seconds - waited
        return max(self.seconds - waited, min(self.seconds - used, at_most))


class Recorded(Exception):
    """Raised by a function that only gives again what came of a call that failed elsewhere."""

    def __init__(self, outcome: Outcome):
        super().__init__(outcome.problem)
        self.outcome = outcome


@contextlib.contextmanager
def undisturbed():
    """Keep what a notebook has set for its own arithmetic out of a check, and the other way round.

    With `np.seterr(all="raise")` or warnings turned into errors, a check would stumble over what
    its own arithmetic expects: an overflow, or nan among what a student's function returned.
    """
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


class _TimeIsUp(BaseException):
    """Not an Exception, so that `except Exception` does not stop it."""


def _within(seconds: float, patience: float, call: Callable[[], Outcome]) -> Outcome:
    """Return what `call` returns; raise _TimeIsUp if it takes longer: see `TimeLimit`.

    Works where signals do: in the main thread, not on Windows. Elsewhere there is no limit.
    """
    if not hasattr(signal, "setitimer") or (
        threading.current_thread() is not threading.main_thread()
    ):
        return call()
    own, running, late = sys._getframe(), True, False

    def ring(number, frame):
        nonlocal late
        if running and frame is not own:
            if not late and (left := limit.left()) > 0:
                signal.setitimer(signal.ITIMER_REAL, max(left, SHORTEST_WAIT))
                return
            late = True
            # A loop around a bare `except:` swallows what is raised. So ring on, at random
            # moments: soon one falls between the end of the handler and the next `try`.
            signal.setitimer(signal.ITIMER_REAL, random.uniform(1e-6, 5e-5), 0.01)
            raise _TimeIsUp

    limit = TimeLimit(seconds, patience)
    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        outcome = call()
    finally:
        running = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    if late:
        raise _TimeIsUp
    return outcome


def _same(one: Any, other: Any) -> bool:
    """Tell whether `other`, a copy that was given away, still equals `one`."""
    if isinstance(one, np.ndarray):
        return np.array_equal(one, other, equal_nan=one.dtype.kind == "f")
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(_same, one, other))
    return one == other if isinstance(one, (int, float, str)) else True


def _told(error: BaseException) -> str:
    """Return in words what was raised."""
    try:
        words = telling(str(error))
    except (_TimeIsUp, KeyboardInterrupt):
        raise
    except BaseException:
        words = "(its message cannot be shown)"
    return f"it raised {type(error).__name__}: {words}".removesuffix(": ")


def _refuse_input(*arguments, **named):
    raise EOFError("in a check, nobody answers to input()")


def _refuse_exit(*arguments, **named):
    raise SystemExit


@contextlib.contextmanager
def _nothing_shown():
    """Throw away what the body prints, displays and warns of; it can neither ask nor exit.

    In a notebook `display` does not print, and `exit()` raises nothing: it tells the kernel to
    end after the cell.
    """
    with contextlib.ExitStack() as stack:
        nowhere = stack.enter_context(open(os.devnull, "w", encoding="utf-8"))
        stack.enter_context(contextlib.redirect_stdout(nowhere))
        stack.enter_context(contextlib.redirect_stderr(nowhere))
        stack.enter_context(undisturbed())
        stack.enter_context(mock.patch("builtins.input", _refuse_input))
        if "IPython" in sys.modules:
            from IPython import get_ipython
            from IPython.core.displaypub import CapturingDisplayPublisher

            if shell := get_ipython():
                publisher = CapturingDisplayPublisher()
                stack.enter_context(mock.patch.object(shell, "display_pub", publisher))
                stack.enter_context(mock.patch.object(shell, "ask_exit", _refuse_exit))
        yield


@contextlib.contextmanager
def _figures_closed():
    """Yield a list that holds, afterwards, the pyplot figures made in the body; none is shown."""

    def open_figures() -> list[int]:
        pyplot = sys.modules.get("matplotlib.pyplot")
        return pyplot.get_fignums() if pyplot else []

    before, made = set(open_figures()), []
    with contextlib.ExitStack() as stack:
        if pyplot := sys.modules.get("matplotlib.pyplot"):
            stack.enter_context(mock.patch.object(pyplot, "show", lambda *args, **named: None))
        try:
            yield made
        finally:
            made += [number for number in open_figures() if number not in before]
            for number in made:
                sys.modules["matplotlib.pyplot"].close(number)


def attempt(
    function: Callable, *arguments, seconds: float = SECONDS, patience: float = PATIENCE, **named
) -> Outcome:
    """Call `function` with copies of the arguments; never raises, and shows nothing.

    What the function prints, displays or draws is thrown away. A call that takes longer than
    `seconds` of processor time, or `patience` times as long by the clock, is stopped where that
    is possible (not on Windows, not within one long call into C). Only the KeyboardInterrupt of
    a person who presses *stop* gets through.
    """
    if not callable(function):
        return Outcome(problem=f"it is no function but {type_name(function)}")
    given, given_named = copy.deepcopy(arguments), copy.deepcopy(named)

    def call() -> Outcome:
        try:
            value = function(*given, **given_named)
            unchanged = all(map(_same, arguments, given))
            unchanged = unchanged and all(_same(named[name], given_named[name]) for name in named)
            return Outcome(value=value, changed_input=not unchanged)
        except (_TimeIsUp, KeyboardInterrupt):
            raise
        except Recorded as error:
            return error.outcome
        except BaseException as error:
            # As some write what is not written yet. From elsewhere it comes with a message.
            unwritten = type(error) is NotImplementedError and not error.args
            return Outcome() if unwritten else Outcome(problem=_told(error))

    with _figures_closed() as figures:
        try:
            with _nothing_shown():
                outcome = _within(seconds, patience, call)
        except _TimeIsUp:
            outcome = Outcome(problem=too_long(seconds), timed_out=True)
    return replace(outcome, figures=len(figures))


def too_long(seconds: float) -> str:
    return f"it was still computing after {seconds:.3g} seconds"
