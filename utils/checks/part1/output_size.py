"""The check of `output_size`: how many places does a window have along one side?"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from ..task import WHOLE, Case, Line, Task
from .windows import COUNTED_TOO, outputs, outputs_rounded_up, places, zeros_at

WINDOWS, STRIDES = (3, 2, 1, 4, 5), (2, 1, 3, 5)


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield every window with every stride, and with every number of pixels left over at the end.

    With zeros: none, one, half the window (which is "same" at stride 1, if the window is odd)
    and a whole one at each end.
    """

    def sizes(window: int, stride: int, zeros: int = 0) -> Iterator[int]:
        steps = 2 * zeros // stride + 2 + int(rng.integers(0, 4))
        for left_over in range(stride):
            yield window - 2 * zeros + steps * stride + left_over

    for window, stride in itertools.product(WINDOWS, STRIDES):
        for size in sizes(window, stride):
            yield Case("valid", (size, window, stride, "valid"))
            yield Case("same", (size, window, stride, "same"))
        for zeros in sorted({0, 1, window // 2, window}):
            for size in sizes(window, stride, zeros):
                yield Case("zeros", (size, window, stride, zeros))
        yield Case("valid", (window, window, stride, "valid"))  # one place
        if window > 2:
            yield Case("zeros", (window - 2, window, stride, 1))
            yield Case("same", (window - 1, window, stride, "same"))  # a window that is longer


def size_to_the_nearest(size, window, stride, padding):
    if padding == "same":
        return outputs(size, window, stride, padding)
    length = size + sum(zeros_at(size, window, stride, padding))
    return round((length - window) / stride) + 1


def size_not_rounded(size, window, stride, padding):
    if padding == "same":
        return size / stride
    return (size + sum(zeros_at(size, window, stride, padding)) - window) / stride + 1


def size_both_ends(size, window, stride, padding):
    zeros = window // 2 if padding == "same" else zeros_at(size, window, stride, padding)[0]
    return places(size + 2 * zeros, window, stride)


output_size = Task(
    "output_size",
    {
        "valid": Line(
            'padding "valid": as many windows as fit',
            1,
            "How far can the window travel from its first place, and how many whole steps is "
            "that? The first place counts too.",
        ),
        "zeros": Line(
            "a number of zeros on each side",
            1,
            "Zeros make the side longer, at both ends; 0 of them leave it as it is. Then count as "
            "without padding.",
            builds_on="valid",
        ),
        "same": Line(
            'padding "same", at any stride',
            1.5,
            '"same" promises a number of outputs that depends on two of the four arguments '
            "only: chapter 2 says on which.",
        ),
    },
    WHOLE,
    cases,
    outputs,
    [
        (
            'It looks as if "same" kept the size at any stride. It makes up for the window, '
            "never for the stride.",
            lambda n, k, s, p: n if p == "same" else outputs(n, k, s, p),
        ),
        (
            'It looks as if "same" rounded down. A last window that starts on a pixel counts.',
            lambda n, k, s, p: n // s if p == "same" else outputs(n, k, s, p),
        ),
        (
            'It looks as if "same" put the same number of zeros at both ends. It takes as many '
            "as the promised number of outputs needs, and that may be odd.",
            size_both_ends,
        ),
        (
            COUNTED_TOO,
            outputs_rounded_up,
        ),
        (
            "It looks as if the number of steps was rounded to the nearest. A step that the "
            "window cannot make whole does not count.",
            size_to_the_nearest,
        ),
        (
            'It looks as if a number of zeros that is half the window was taken for "same". At an '
            "even window, or a stride, it may give another number of outputs.",
            lambda n, k, s, p: outputs(n, k, s, "same" if p == k // 2 else p),
        ),
        (
            'It looks as if a number of zeros was taken for "same". It is a number, and counts.',
            lambda n, k, s, p: outputs(n, k, s, p if p in ("valid", 0) else "same"),
        ),
        ("It looks as if nothing was rounded. Half a window gives no output.", size_not_rounded),
        (
            "It looks as if only the steps were counted. The first place, before any step, "
            "counts too.",
            lambda n, k, s, p: outputs(n, k, s, p) - 1,
        ),
        (
            "It looks as if the zeros were counted at one end only.",
            lambda n, k, s, p: outputs(n, k, s, p) if isinstance(p, str) else places(n + p, k, s),
        ),
        ("It looks as if the padding made no difference.", lambda n, k, s, p: places(n, k, s)),
        (
            "It looks as if the stride made no difference.",
            lambda n, k, s, p: n if p == "same" else outputs(n, k, 1, p),
        ),
    ],
)
