"""Augmentation: digits are rotated, scaled, sheared and translated, in one affine map each;
garments are flipped, translated, and lose a square.
"""

from __future__ import annotations

import math

import numpy as np


def random_affine(images, seed, degrees=12.0, zoom=0.12, shear=0.15, shift=2.5):
    """Return the images, each moved by its own random affine map, as a tensor of Keras.

    `images` are floats (n, rows, columns, 1), and what comes in from outside is 0. Each map
    turns by up to `degrees`, scales by up to the share `zoom`, slants by up to `shear` (columns
    a row) and shifts by up to `shift` pixels in each direction; all draws are uniform.
    `seed` is a whole number or several: the same seed gives the same images.

    Values between pixels are interpolated once, bilinearly. Several layers after another
    (turn, then shift, …) would blur the image each time.
    """
    from keras import ops

    count, rows, columns = images.shape[:3]
    draws = np.random.default_rng(seed).uniform(-1.0, 1.0, (5, count)).astype(np.float32)
    angle = draws[0] * (math.pi / 180 * degrees)
    scale = 1 + zoom * draws[1]
    # Keras asks the other way round: the pixel (x, y) of the result comes from which place?
    x_from_x, y_from_x = scale * ops.cos(angle), scale * ops.sin(angle)
    x_from_y = shear * draws[2] * x_from_x - y_from_x
    y_from_y = shear * draws[2] * y_from_x + x_from_x
    # The center stays where it is, apart from the shift.
    x_center, y_center = (columns - 1) / 2, (rows - 1) / 2
    x_start = x_center - x_from_x * x_center - x_from_y * y_center + shift * draws[3]
    y_start = y_center - y_from_x * x_center - y_from_y * y_center + shift * draws[4]
    none = ops.zeros_like(angle)
    maps = [x_from_x, x_from_y, x_start, y_from_x, y_from_y, y_start, none, none]
    return ops.image.affine_transform(images, ops.stack(maps, axis=1), data_format="channels_last")


def flip_shift_cutout(images: np.ndarray, seed, shift: int = 2, hole: int = 8) -> np.ndarray:
    """Return the images, half of them mirrored, all moved, and half of them with a hole.

    `images` are floats (n, rows, columns, 1), and what comes in from outside is 0. Left and right
    are exchanged in a mirrored image. Each is moved by whole pixels, up to `shift` in each
    direction. A hole is a square of `hole` pixels a side, set to 0, with its center anywhere on
    the image. `seed` is a whole number or several: the same seed gives the same images.

    Source: T. DeVries and G. Taylor, *Improved Regularization of Convolutional Neural Networks
    with Cutout*, arXiv:1708.04552, for the holes.
    """
    rng = np.random.default_rng(seed)
    count, rows, columns = images.shape[:3]
    each = np.arange(count)
    padded = np.pad(images[..., 0], ((0, 0), (shift, shift), (shift, shift)))
    places = np.lib.stride_tricks.sliding_window_view(padded, (rows, columns), axis=(1, 2))
    down, right = rng.integers(0, 2 * shift + 1, (2, count))
    moved = places[each, down, right]
    is_mirrored = rng.random(count) < 0.5
    moved[is_mirrored] = moved[is_mirrored, :, ::-1]
    has_hole = rng.random(count) < 0.5
    from_row, from_column = (
        rng.integers(-(hole // 2), size - hole // 2, (count, 1)) for size in (rows, columns)
    )
    in_rows = (np.arange(rows) >= from_row) & (np.arange(rows) < from_row + hole)
    in_columns = (np.arange(columns) >= from_column) & (np.arange(columns) < from_column + hole)
    moved[has_hole[:, None, None] & in_rows[:, :, None] & in_columns[:, None, :]] = 0
    return moved[..., np.newaxis]
