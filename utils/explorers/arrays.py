"""What the page computes, in NumPy: for Python's side of the explorers, and to compare with."""

from __future__ import annotations

import numpy as np


def windows(size: int, window: int, stride: int, padding: str | int) -> tuple[int, int, int]:
    """Return the output size along one axis and the zeros put before and after it.

    `padding` is "valid", "same" as in Keras, or a number of zeros on either side. The
    size is 0 where the window does not fit.
    """
    if padding == "same":
        output = -(-size // stride)
        total = max((output - 1) * stride + window - size, 0)
        return output, total // 2, total - total // 2
    zeros = 0 if padding == "valid" else int(padding)
    return max((size + 2 * zeros - window) // stride + 1, 0), zeros, zeros


def patches(image: np.ndarray, window: int, stride: int, padding: str | int, fill=0.0):
    """Return every window of an image (rows, columns) as (rows, columns, window, window)."""
    borders = [windows(size, window, stride, padding) for size in image.shape]
    if min(size for size, _, _ in borders) == 0:
        return np.zeros((0, 0, window, window))
    padded = np.pad(
        image.astype(np.float64), [border[1:] for border in borders], constant_values=fill
    )
    every = np.lib.stride_tricks.sliding_window_view(padded, (window, window))
    return every[::stride, ::stride]


def convolve(
    image: np.ndarray,
    kernel: np.ndarray,
    stride: int = 1,
    padding: str | int = "valid",
    bias: float = 0.0,
) -> np.ndarray:
    """Return the feature map of an image (rows, columns): products summed, kernel not flipped."""
    found = patches(image, len(kernel), stride, padding)
    return (np.einsum("ijuv,uv->ij", found, kernel) + bias).astype(np.float32)
