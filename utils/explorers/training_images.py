"""The images that the training explorer learns from: 5,000 to train, 1,000 to judge by.

`make` takes them out of the real data sets and stores a file for each, in the frame that
`network_file` describes: the payload is, compressed by zlib, a label for each image, and then
the pixels in 16 gray levels, two in a byte.

A page has to train on real images also where no data set is, and no other host may be asked:
so these small parts, a twelfth of each set, are stored with the course.

Sources: MNIST, Y. LeCun, C. Cortes, C. Burges, license CC BY-SA 3.0, which the file of the
digits keeps; Fashion-MNIST, Zalando SE, MIT license.
"""

from __future__ import annotations

import zlib
from functools import cache
from pathlib import Path

import numpy as np

from utils import data

from .network_file import framed

FOLDER = Path(__file__).parent
TRAIN, TEST = 5000, 1000
SEED = 149
CLASSES = {"digits": list("0123456789"), "garments": list(data.FASHION_CLASSES)}


@cache
def file(name: str) -> bytes:
    """Return the file of the digits or garments; raise ValueError for another name."""
    if name not in CLASSES:
        raise ValueError(f"there are no images {name!r}; there are {', '.join(CLASSES)}")
    return (FOLDER / f"{name}.images").read_bytes()


def packed(name: str, images: np.ndarray, labels: np.ndarray) -> bytes:
    """Return images uint8 (n, 28, 28) and their labels as a file, its last 1,000 to judge by."""
    levels = np.round(images / 17).astype(np.uint8).reshape(len(images), -1)
    pixels = levels[:, 0::2] << 4 | levels[:, 1::2]
    header = {
        "name": name,
        "classes": CLASSES[name],
        "shape": list(images.shape[1:]),
        "train": len(images) - TEST,
        "test": TEST,
    }
    content = labels.astype(np.uint8).tobytes() + pixels.tobytes()
    return framed(header, zlib.compress(content, 9))


def make() -> None:
    """Take random images out of the data sets and store them."""
    for name, load in [("digits", data.load_mnist), ("garments", data.load_fashion_mnist)]:
        random = np.random.default_rng(SEED)
        parts = [
            (images[chosen], labels[chosen])
            for (images, labels), count in zip(load(), (TRAIN, TEST), strict=True)
            for chosen in [random.permutation(len(images))[:count]]
        ]
        images, labels = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
        (FOLDER / f"{name}.images").write_bytes(packed(name, images, labels))


if __name__ == "__main__":
    make()
