"""Windows on a side and on a picture: how many there are, and what they hold.

The arithmetic of the checks is their own. It counts places where `utils.sizes` has formulas, so
that a slip in one of the two does not pass unseen.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

COUNTED_TOO = "It looks as if a last window that does not fit was counted too."
ONE_APART = (
    "It looks as if the windows of neighboring outputs start one pixel apart, whatever the "
    "stride is."
)
AXES = "It looks as if the axes stand in another order, or one too many: (row, column, map)."


def zeros_at(size: int, window: int, stride: int, padding: str | int) -> tuple[int, int]:
    """Return how many zeros stand before and after a side."""
    if padding == "valid":
        return 0, 0
    if padding == "same":
        count = len(range(0, size, stride))
        zeros = max((count - 1) * stride + window - size, 0)
        return zeros // 2, zeros - zeros // 2
    return padding, padding


def places(length: int, window: int, stride: int) -> int:
    """Return at how many places a window starts, if it has to stay within `length`."""
    return len(range(0, length - window + 1, stride))


def outputs(size, window, stride, padding):
    return places(size + sum(zeros_at(size, window, stride, padding)), window, stride)


def outputs_rounded_up(size, window, stride, padding):
    if padding == "same":
        return outputs(size, window, stride, padding)
    length = size + sum(zeros_at(size, window, stride, padding))
    return -(-(length - window) // stride) + 1


def windows_of(maps: np.ndarray, window, stride: int, zeros=((0, 0), (0, 0)), mode="constant"):
    """Return all windows of (rows, columns, channels): (i, j, channels, k_h, k_w)."""
    padded = np.pad(np.asarray(maps, dtype=float), (*zeros, (0, 0)), mode=mode)
    return sliding_window_view(padded, window, axis=(0, 1))[::stride, ::stride]
