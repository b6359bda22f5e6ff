"""Call a student's function in a child process, which can be stopped whatever it does.

For functions of numbers and arrays that return the same. The child is a copy of this process
(a fork), so it knows the function with all that it uses, and nothing that it does changes
anything here: a loop in C is killed, `os._exit` and a crash end the child alone.

It is used on Linux, as in Colab. Elsewhere, and where no child can be made, the calls are made
in this process, as `attempt` does. Not everything survives being copied: the child has one thread
only, so TensorFlow may wait in it for others for ever. So a check whose answers may use
TensorFlow calls them in this process.

This protects a notebook from mistakes; it is no sandbox against those who try to get out.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from .attempt import SHORTEST_WAIT, Outcome, TimeLimit, attempt, too_long
from .values import is_looked_at, plain

GRACE = 1.0  # seconds after which a call that was told to stop is killed
STARTS_WITHIN = 5.0  # seconds; a child that says nothing until then is given up
MEMORY = 4 * 2**30  # bytes that a child may take in addition to what this process has
ENDED = "it ended the Python process: a crash, or `os._exit`"


def attempts(
    function: Callable, calls: Sequence[tuple], seconds: float, in_all: float
) -> Iterator[Outcome]:
    """Call `function` with one tuple of arguments after the other; yield what comes of each.

    The values of the outcomes are `plain`. It ends early after a call that took longer than
    `seconds` or that ended the process, and after the first call after which `in_all` seconds
    are over; both limits are a `TimeLimit`.
    """
    process, pipe = _started(function, calls, seconds)
    used = partial(_processor_time, process.pid) if process else time.process_time
    limit = TimeLimit(in_all, processor_time=used)
    try:
        received = _received(pipe, used, len(calls), seconds) if process else None
        for outcome in received or _made(function, calls, seconds):
            yield outcome
            if outcome.timed_out or outcome.problem == ENDED or limit.left() <= 0:
                return
    finally:
        if process:
            process.kill()
            process.join()


def _processor_time(child: int) -> float:
    """Return the seconds of processor time that a child has used; of one that is gone, 0."""
    try:
        with open(f"/proc/{child}/stat") as file:
            numbers = file.read().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, numbers[11:13])) / os.sysconf("SC_CLK_TCK")


def _made(function: Callable, calls: Sequence[tuple], seconds: float) -> Iterator[Outcome]:
    """Make the calls in the process that this is."""

    def with_plain_value(*arguments):
        return plain(function(*arguments))

    for arguments in calls:
        yield attempt(with_plain_value, *arguments, seconds=seconds)


def _started(function: Callable, calls: Sequence[tuple], seconds: float) -> tuple[Any, Any]:
    """Return a child that has begun to make the calls, and its pipe; two None if there is none."""
    if not sys.platform.startswith("linux"):
        return None, None
    context = multiprocessing.get_context("fork")
    pipe, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_serve, args=(theirs, function, calls, seconds), daemon=True)
    try:
        process.start()
    except (OSError, AssertionError):  # no memory for it; this process is such a child itself
        return None, None
    theirs.close()
    if pipe.poll(STARTS_WITHIN):
        return process, pipe
    process.kill()
    process.join()
    return None, None


def _serve(pipe, function: Callable, calls: Sequence[tuple], seconds: float) -> None:
    """Make the calls in the child, and send what comes of them."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nowhere, stream)
    import resource  # not on Windows

    with open("/proc/self/statm") as sizes:
        most = int(sizes.read().split()[0]) * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    pipe.send("begun")
    try:
        for outcome in _made(function, calls, seconds):
            pipe.send(replace(outcome, value=_packed(outcome.value)))
    except KeyboardInterrupt as stop:  # somebody pressed *stop*
        pipe.send(stop)


def _packed(value: Any) -> Any:
    """Return a plain value as it travels: of an array that is not looked at, type and shape."""
    if not isinstance(value, np.ndarray) or is_looked_at(value):
        return value
    known = value.dtype.kind in "fiubcSUMmV"
    return _Unseen(value.dtype.str if known else "O", value.shape)


@dataclass(frozen=True)
class _Unseen:
    """The type and the shape of an array that stays where it is."""

    dtype: str
    shape: tuple[int, ...]


def _received(pipe, used: Callable[[], float], count: int, seconds: float) -> Iterator[Outcome]:
    """Yield the outcomes that a child sends; one that says so if it is late or gone."""
    pipe.recv()  # "begun"
    for _ in range(count):
        limit = TimeLimit(seconds, processor_time=used)
        while not pipe.poll(max(limit.left() + GRACE, SHORTEST_WAIT)):
            if limit.left() <= 0:
                yield Outcome(problem=too_long(seconds), timed_out=True)
                return
        try:
            outcome = pipe.recv()
        except EOFError:
            yield Outcome(problem=ENDED)
            return
        if isinstance(outcome, KeyboardInterrupt):
            raise outcome
        if isinstance(outcome.value, _Unseen):
            zero = np.zeros((), outcome.value.dtype)
            outcome = replace(outcome, value=np.broadcast_to(zero, outcome.value.shape))
        yield outcome
