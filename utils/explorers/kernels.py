"""The kernels to choose from, for any odd size: lines, edges, blurs."""

from __future__ import annotations

from math import comb

import numpy as np


def smoothing(size: int) -> np.ndarray:
    """Return a row of binomial coefficients, such as 1 2 1: the discrete Gaussian."""
    return np.array([comb(size - 1, i) for i in range(size)], dtype=float)


def derivative(size: int, order: int) -> np.ndarray:
    """Return the row that takes the first or second difference, smoothed to `size` places."""
    row = np.array([-1.0, 0, 1]) if order == 1 else np.array([1.0, -2, 1])
    while len(row) < size:
        row = np.convolve(row, [1.0, 2, 1])
    return row


def presets(size: int) -> dict[str, np.ndarray]:
    """Return the kernels (size, size) by name; `size` is 3, 5 or 7.

    The Sobel and Laplacian kernels larger than 3 × 3 are those of OpenCV's `Sobel` and
    `Laplacian`; the line filters are the lecture's: one line of ones, zeros elsewhere.
    """
    middle = size // 2
    identity = np.zeros((size, size))
    identity[middle, middle] = 1
    gaussian = np.outer(smoothing(size), smoothing(size)) / smoothing(size).sum() ** 2
    line = np.zeros((size, size))
    line[:, middle] = 1
    sobel = np.outer(smoothing(size), derivative(size, 1))
    bend = np.outer(smoothing(size), derivative(size, 2))
    cross = np.array([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]])
    laplacian = cross if size == 3 else bend + bend.T
    slope = np.add.outer(np.arange(size), np.arange(size)) - (size - 1.0)
    return {
        "identity": identity,
        "box blur": np.full((size, size), 1 / size**2),
        "Gaussian blur": gaussian,
        "vertical line": line,
        "horizontal line": line.T,
        "Sobel x": sobel,
        "Sobel y": sobel.T,
        "Laplacian": laplacian,
        "sharpen": identity - cross if size == 3 else 2 * identity - gaussian,
        "emboss": slope + identity,
    }


def color_presets(size: int) -> dict[str, np.ndarray]:
    """Return filters for RGB images, (size, size, 3), by name; `size` is 3 or 5.

    Each is one pattern, weighted for red, green and blue, and has short numbers.
    """
    if size == 3:
        blob = np.outer([1, 2, 1], [1, 2, 1]) / 20
        edge = np.outer([1, 2, 1], [-1, 0, 1]) / 10
    else:
        blob = np.outer([1, 2, 3, 2, 1], [1, 2, 3, 2, 1]) / 100
        edge = np.outer(smoothing(5), derivative(5, 1)) / 100
    return {
        "orange against blue": np.multiply.outer(blob, [1, 0, -1]),
        "vertical edge": np.multiply.outer(edge, [1, 1, 1]),
        "red against green": np.multiply.outer(blob, [1, -1, 0]),
        "horizontal edge": np.multiply.outer(edge.T, [1, 1, 1]),
        "edge, red against blue": np.multiply.outer(edge, [1, 0, -1]),
        "brightness": np.multiply.outer(blob, [0.5, 0.5, 0.5]),
        "zeros": np.zeros((size, size, 3)),
    }
