"""Call a student's function without being stopped by it: errors, endless loops, prints, side effects."""

from __future__ import annotations

import contextlib
import copy
import io
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

SECONDS = 10


@dataclass(frozen=True)
class Outcome:
    """What came of a call."""

    value: Any = None
    problem: str = ""  # in words: "it raised ValueError: …"; empty if the call returned
    changed_input: bool = False  # the function wrote into an array that it was given


class _TimeIsUp(BaseException):
    """Not an Exception, so that `except Exception` does not stop it."""


@contextlib.contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    """Raise _TimeIsUp in the body after `seconds`, again and again until it ends.

    Works where signals do: in the main thread, not on Windows. Elsewhere there is no limit.
    """
    if not hasattr(signal, "setitimer") or (
        threading.current_thread() is not threading.main_thread()
    ):
        yield
        return

    def ring(number, frame):
        raise _TimeIsUp

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds, 0.5)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, np.ndarray):
        return np.array_equal(one, other, equal_nan=one.dtype.kind == "f")
    return True


def shortened(text: str, most: int = 160) -> str:
    """Return the first line of a text, cut where it gets long."""
    first = text.strip().splitlines()[0] if text.strip() else ""
    return first if len(first) <= most else first[: most - 1] + "…"


def attempt(function: Callable, *arguments, seconds: float = SECONDS, **named) -> Outcome:
    """Call `function` with copies of the arguments; never raises, and prints nothing.

    What the function prints is thrown away. A call that takes longer than `seconds` is
    stopped where that is possible (not on Windows, not within one long call into C).
    """
    if not callable(function):
        return Outcome(problem=f"it is no function but {type(function).__name__}")
    given, given_named = copy.deepcopy(arguments), copy.deepcopy(named)
    try:
        with (
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
            np.errstate(all="ignore"),
            _time_limit(seconds),
        ):
            value = function(*given, **given_named)
    except _TimeIsUp:
        return Outcome(problem=f"it was still computing after {seconds:g} seconds")
    except KeyboardInterrupt:
        raise
    except NotImplementedError:
        return Outcome()
    except BaseException as error:
        try:
            words = shortened(str(error))
        except Exception:
            words = "(its message cannot be shown)"
        return Outcome(problem=f"it raised {type(error).__name__}: {words}".removesuffix(": "))
    unchanged = all(map(_same, arguments, given))
    unchanged = unchanged and all(_same(named[name], given_named[name]) for name in named)
    return Outcome(value=value, changed_input=not unchanged)
