"""The few images that the explorers start with, so that a page needs no data set.

- photo: a pagoda; flower, in color: a dahlia; cut from scikit-learn's sample images;
- garment: a striped pullover of Fashion-MNIST; digit: a seven of MNIST.

`make` cuts them anew into samples.npz; it needs the data sets.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

GARMENT, DIGIT = 5, 38  # positions in the training sets
FILE = Path(__file__).with_name("samples.npz")


@cache
def load() -> dict[str, np.ndarray]:
    """Return the images by name, uint8: (rows, columns), or (rows, columns, 3) in color."""
    with np.load(FILE, allow_pickle=False) as stored:
        images = {name: stored[name] for name in stored.files}
    for array in images.values():
        array.flags.writeable = False
    return images


def gray() -> dict[str, np.ndarray]:
    """Return the gray images by name."""
    return {name: array for name, array in load().items() if array.ndim == 2}


def make() -> None:
    """Cut the images from their sources and store them."""
    from PIL import Image
    from sklearn.datasets import load_sample_image

    from utils import data

    photo = Image.fromarray(load_sample_image("china.jpg")).crop((40, 20, 440, 320))
    flower = Image.fromarray(load_sample_image("flower.jpg")).crop((150, 60, 470, 380))
    (garments, _), _ = data.load_fashion_mnist()
    (digits, _), _ = data.load_mnist()
    np.savez_compressed(
        FILE,
        photo=np.asarray(photo.convert("L").resize((160, 120), Image.Resampling.LANCZOS)),
        garment=garments[GARMENT],
        digit=digits[DIGIT],
        flower=np.asarray(flower.resize((64, 64), Image.Resampling.LANCZOS)),
    )
