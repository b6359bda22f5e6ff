"""The digits on which a handed-in model is measured: turned and shifted a little, and shuffled.

Only NumPy computes here, and each pixel is rounded to one of 256 gray levels, as in MNIST
itself: so a seed gives the same digits with every version and on every machine.
"""

from __future__ import annotations

import numpy as np

from .bands import DEGREES, PIXELS

TELLTALE_SEED, TELLTALE_DEGREES, TELLTALE_PIXELS = 7, 180.0, 3.0
KNOTS = 5  # of a side, 27 / 4 pixels apart
AT_ONCE = 1000  # images: what is computed at once should stay below 100 MB


def uniform(seed: int, count: int, rows: int) -> np.ndarray:
    """Return (rows, count) random numbers, evenly distributed over −1 … 1.

    They come from the raw 64-bit stream of PCG64, which NumPy promises never to change; its
    `Generator` makes no such promise.
    """
    raw = np.random.PCG64(seed).random_raw(rows * count).reshape(rows, count)
    return (raw >> np.uint64(11)) * 2.0**-52 - 1


def splines(size: int, knots: int) -> np.ndarray:
    """Return the uniform cubic B-splines of `knots` knots at `size` pixels, (size, knots)."""
    distance = np.abs(np.linspace(0, knots - 1, size)[:, None] - np.arange(knots))
    inner = 2 / 3 - distance**2 + distance**3 / 2
    return np.where(distance < 1, inner, np.clip(2 - distance, 0, None) ** 3 / 6)


def affine(
    images: np.ndarray,
    degrees: np.ndarray,
    shifts: np.ndarray,
    zoom: float = 1.0,
    bends: np.ndarray | float = 0.0,
) -> np.ndarray:
    """Turn and enlarge each image about its center, then shift it; from outside comes in 0.

    `images` is (n, rows, columns), `degrees` (n,) counterclockwise, `shifts` (n, 2) in pixels,
    down and to the right. Values between pixels are interpolated bilinearly. With `bends`,
    (2, n, rows, columns), each pixel comes from a place that lies so many pixels further down
    and to the right: an elastic deformation.
    """
    count, rows, columns = images.shape
    middle = np.array([(rows - 1) / 2, (columns - 1) / 2])
    y, x = np.indices((rows, columns))
    y = (y - middle[0] - shifts[:, 0, None, None]) / zoom
    x = (x - middle[1] - shifts[:, 1, None, None]) / zoom
    angle = np.radians(degrees)[:, None, None]
    # The pixel of the result at (y, x) comes from the place found by turning back.
    down_by, right_by = np.broadcast_to(bends, (2, count, rows, columns))
    from_y = np.clip(middle[0] + np.cos(angle) * y + np.sin(angle) * x + down_by, -1, rows)
    from_x = np.clip(middle[1] - np.sin(angle) * y + np.cos(angle) * x + right_by, -1, columns)
    top, left = np.floor(from_y).astype(int), np.floor(from_x).astype(int)
    down, right = from_y - top, from_x - left
    padded = np.pad(images.astype(float), ((0, 0), (1, 2), (1, 2)))
    each = np.arange(count)[:, None, None]

    def at(one_down: int, one_right: int) -> np.ndarray:
        return padded[each, top + 1 + one_down, left + 1 + one_right]

    above = (1 - right) * at(0, 0) + right * at(0, 1)
    below = (1 - right) * at(1, 0) + right * at(1, 1)
    return (1 - down) * above + down * below


def moved(
    images: np.ndarray,
    seed: int,
    degrees: float = DEGREES,
    pixels: float = PIXELS,
    bend: float = 0.0,
) -> np.ndarray:
    """Move each image at random: turn by up to `degrees`, shift by up to `pixels` either way.

    With `bend`, it is also deformed as if drawn on rubber: the knots of a grid, KNOTS by KNOTS,
    are pulled by up to so many pixels either way, and what lies between follows smoothly.

    `images` is (n, 28, 28) or (n, 28, 28, 1), uint8, or floats in [0, 1]. Returns float32
    (n, 28, 28, 1) in [0, 1], in steps of 1/255.
    """
    gray = images if images.dtype == np.uint8 else 255 * np.asarray(images, float)
    gray = gray.reshape(len(images), *images.shape[1:3])
    draws = uniform(seed, len(gray), 3 + 2 * KNOTS**2 * bool(bend))
    basis = splines(gray.shape[1], KNOTS)
    parts = []
    for part in (slice(i, i + AT_ONCE) for i in range(0, len(gray), AT_ONCE)):
        bends = 0.0
        if bend:
            pulls = bend * draws[3:, part].reshape(2, KNOTS, KNOTS, -1)
            bends = np.einsum("yi,xj,dijn->dnyx", basis, basis, pulls, optimize=True)
        shifts = pixels * draws[1:3, part].T
        parts.append(np.rint(affine(gray[part], degrees * draws[0, part], shifts, bends=bends)))
    return np.concatenate(parts).astype(np.uint8)[..., np.newaxis] / np.float32(255)


def turned_anyhow(images: np.ndarray) -> np.ndarray:
    """Return the test digits, uint8 (n, 28, 28), turned by any angle, the same way each time.

    What a network makes of a digit that lies on its side, nothing in its training has settled.
    So two networks differ here even where they are nearly always right otherwise.
    """
    return moved(images, TELLTALE_SEED, TELLTALE_DEGREES, TELLTALE_PIXELS)
