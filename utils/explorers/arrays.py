"""What the page computes, in NumPy: for Python's side of the explorers, and to compare with."""

from __future__ import annotations

import numpy as np

from utils.sizes import windows


def patches(image: np.ndarray, window: int, stride: int, padding: str | int, fill=0.0):
    """Return every window of an image (rows, columns) as (rows, columns, window, window)."""
    borders = [windows(size, window, stride, padding) for size in image.shape]
    if min(border.size for border in borders) == 0:
        return np.zeros((0, 0, window, window))
    zeros = [(border.before, border.after) for border in borders]
    padded = np.pad(image.astype(np.float64), zeros, constant_values=fill)
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


def convolve_channels(
    image: np.ndarray,
    filters: np.ndarray,
    stride: int = 1,
    padding: str | int = "valid",
    biases: np.ndarray | float = 0.0,
) -> np.ndarray:
    """Return the feature maps of an image (rows, columns, channels), one for each filter.

    `filters` are (k, k, channels, n) as in Keras; the maps are (rows, columns, n). The
    products of all channels go into one sum.
    """
    of_channels = [
        np.einsum(
            "ijuv,uvn->ijn",
            patches(image[..., channel], len(filters), stride, padding),
            filters[:, :, channel],
        )
        for channel in range(image.shape[-1])
    ]
    return (sum(of_channels) + biases).astype(np.float32)


def pool(
    image: np.ndarray,
    pool_size: int = 2,
    strides: int | None = None,
    padding: str = "valid",
    mode: str = "max",
) -> np.ndarray:
    """Return the largest ("max"), the mean or the smallest ("min") value of each window.

    As in Keras, padding is no part of a window: it wins nothing and counts in no mean.
    The result is (0, 0) where no window fits.
    """
    if image.size == 0:
        return np.zeros((0, 0), np.float32)
    found = patches(image, pool_size, strides or pool_size, padding, fill=np.nan)
    if found.size == 0:
        return np.zeros((0, 0), np.float32)
    reduce = {"max": np.nanmax, "mean": np.nanmean, "min": np.nanmin}[mode]
    return reduce(found, axis=(2, 3)).astype(np.float32)


def shifted(image: np.ndarray, right: int, down: int) -> np.ndarray:
    """Return an image moved by whole pixels; what comes in repeats the edge."""
    rows, columns = (
        np.clip(np.arange(size) - by, 0, max(size - 1, 0))
        for size, by in zip(image.shape, (down, right), strict=True)
    )
    return image[np.ix_(rows, columns)]


def agree(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two results are the same but for rounding: the page sums in another order."""
    return one.shape == other.shape and np.allclose(one, other, rtol=1e-4, atol=1e-3)


def equal_share(one: np.ndarray, other: np.ndarray) -> float:
    """Return which part of the places of two maps hold equal values; NaN if there are none.

    Equal is what differs by at most a millionth of the largest value: rounding.
    """
    if one.size == 0:
        return float("nan")
    one, other = one.astype(np.float64), other.astype(np.float64)
    limit = max(np.abs(one).max(), np.abs(other).max())
    return float((np.abs(one - other) <= 1e-6 * limit).mean())
