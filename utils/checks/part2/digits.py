"""The digits of MNIST as the checks of part 2 know them, and how images of them are found again."""

from __future__ import annotations

import contextlib
import functools
import io
import math

import numpy as np

from utils import data

CLASSES = 10


@functools.cache
def digits() -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Return MNIST as `data.load_mnist` does, or its stand-in where there is no network."""
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            return data.load_mnist()
        except data.DataError:
            from utils import standin

            return standin.make("mnist")


class Album:
    """Images, uint8 (n, 28, 28), that are found again whatever their values were scaled by."""

    def __init__(self, images: np.ndarray):
        self.brightest = int(images.max(initial=1))
        self.places = {hash(image.tobytes()): place for place, image in enumerate(images)}

    def _find_as(self, images: np.ndarray, factor: float) -> np.ndarray:
        found = []
        for start in range(0, len(images), 2_000):  # in parts, to need little memory
            part = images[start : start + 2_000].astype(np.float32) * factor
            part = np.rint(part).clip(0, 255).astype(np.uint8)
            found += [self.places.get(hash(image.tobytes()), -1) for image in part]
        return np.array(found, int)

    def find(self, images: np.ndarray) -> np.ndarray:
        """Return the place of each image in the album, −1 for one that is not there.

        `images` is (n, …) with 784 finite values an image, scaled as a whole.
        """
        images = images.reshape(len(images), -1)
        if not len(images) or images.shape[1] != 784:
            return np.full(len(images), -1)
        low, high = float(images.min()), float(images.max())
        if not math.isfinite(high - low) or high == low:
            return np.full(len(images), -1)
        if low < 0:  # to [-1, 1], or by mean and standard deviation
            images = images - low
        # As given, scaled once, scaled twice, or otherwise.
        factors = [1, 255, 255**2, self.brightest / (high - low)]
        best = max(factors, key=lambda factor: np.sum(self._find_as(images[:100], factor) >= 0))
        return self._find_as(images, best)


@functools.cache
def album() -> Album:
    return Album(np.concatenate([images for images, _ in digits()]))


@functools.cache
def test_album() -> Album:
    return Album(digits()[1][0])
