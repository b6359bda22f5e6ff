"""Random affine augmentation: rotate, scale, shear and translate images, in one map each."""

from __future__ import annotations

import math


def random_affine(images, seed, degrees=12.0, zoom=0.12, shear=0.15, shift=2.5):
    """Return the images, each moved by its own random affine map, as a tensor of Keras.

    `images` are floats (n, rows, columns, 1), and what comes in from outside is 0. Each map
    turns by up to `degrees`, scales by up to the share `zoom`, slants by up to `shear` (columns
    a row) and shifts by up to `shift` pixels in each direction; all draws are uniform.
    `seed` is a whole number or several: the same seed gives the same images.

    Values between pixels are interpolated once, bilinearly. Several layers after another
    (turn, then shift, …) would blur the image each time.
    """
    import numpy as np
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
