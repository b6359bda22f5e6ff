"""The check of `output_size`: how many places does a window have along one side?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..task import WHOLE, Case, Line, Task
from .windows import COUNTED_TOO, outputs, outputs_rounded_up, places, zeros_at


def cases(rng: np.random.Generator) -> Iterator[Case]:
    def draw(low: int, high: int) -> int:
        return int(rng.integers(low, high + 1))

    for least, left in ((2, 1), (3, -1)):  # a pixel is left over, or all but one
        window, stride = draw(2, 6), draw(least, 5)
        size = window + draw(1, 6) * stride + left % stride
        yield Case("valid", (size, window, stride, "valid"))
    window, stride = draw(2, 6), draw(2, 5)
    yield Case("valid", (window + draw(2, 6) * stride, window, stride, "valid"))
    yield Case("valid", (draw(10, 30), draw(2, 7), 1, "valid"))
    yield Case("valid", (window, window, draw(1, 3), "valid"))
    for _ in range(2):
        window, stride, zeros = draw(3, 6), draw(2, 5), draw(1, 2)
        size = window - 2 * zeros + draw(3, 6) * stride + draw(1, stride - 1)
        yield Case("zeros", (size, window, stride, zeros))
    yield Case("zeros", (draw(10, 30), draw(4, 7), 1, draw(1, 3)))
    yield Case("zeros", (draw(10, 30), draw(2, 7), draw(1, 3), 0))
    yield Case("same", (draw(10, 30), draw(2, 7), 1, "same"))
    for window in (2 * draw(1, 3), 2 * draw(1, 3) + 1):
        stride = draw(2, 5)
        yield Case("same", (draw(2, 8) * stride, window, stride, "same"))
        yield Case("same", (draw(2, 8) * stride + draw(1, stride - 1), window, stride, "same"))
    yield Case("same", (draw(3, 5), draw(6, 9), draw(1, 2), "same"))
    yield Case("same", (draw(10, 30), 1, draw(2, 3), "same"))


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
