"""The trained networks that the network explorer knows by name, as files that a page can run.

They are made from the weights in `utils/trained` and the lists of layers in `utils.models`, with
NumPy alone: neither the site's build nor a page without a model waits for TensorFlow.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from utils import data, models, records, sizes

from .network_file import pack

EPSILON = 1e-3  # of Keras's batch normalization
SHIRT = 117  # of the test set
FILE = Path(__file__).with_name("test_images.npz")


@dataclass(frozen=True)
class TrainedNetwork:
    """A network whose weights are stored: its layers, its classes, and images to begin with."""

    layers: list[dict]
    classes: list[str]
    images: str  # the array in `test_images.npz`
    share: float  # how much of the square the thing in a training image fills


NETWORKS = {
    "fashion_mnist_lecture": TrainedNetwork(
        models.LECTURE_LAYERS, list(data.FASHION_CLASSES), "garment", 1.0
    ),
    "mnist_reference": TrainedNetwork(
        models.REFERENCE_LAYERS, list("0123456789"), "digit", 20 / 28
    ),
}


def find(name: str) -> TrainedNetwork:
    """Return a network by its name; raise ValueError for another name."""
    if name not in NETWORKS:
        raise ValueError(f"there is no network {name!r}; there are {', '.join(NETWORKS)}")
    return NETWORKS[name]


def normalization(arrays: Iterator[np.ndarray]) -> dict:
    """Return scale and offset of a batch normalization, from the arrays that Keras keeps."""
    gamma, beta, mean, variance = (next(arrays) for _ in range(4))
    scale = gamma / np.sqrt(variance + EPSILON)
    return {"scale": scale, "offset": beta - mean * scale}


def with_weights(layer: dict, arrays: Iterator[np.ndarray]) -> dict:
    """Return a layer as `network_file.pack` takes it, with the next arrays of those stored."""
    options = sizes.completed(layer)
    packed = {"type": options["type"]}
    if sizes.is_sliding(layer):
        packed |= {"strides": list(sizes.both(options["strides"])), "padding": options["padding"]}
    if "poolSize" in options:
        packed["poolSize"] = list(sizes.both(options["poolSize"]))
    if "rate" in options:
        packed["rate"] = options["rate"]
    if options.get("activation"):
        packed["activation"] = options["activation"]
    if layer["type"] == "BatchNormalization":
        packed |= normalization(arrays)
    elif "useBias" in options:
        packed["kernel"] = next(arrays)
        packed |= {"bias": next(arrays)} if options["useBias"] else {}
    return packed


@cache
def file(name: str) -> bytes:
    """Return a stored network as a file, weights as int8; raise ValueError for another name."""
    network = find(name)
    arrays = iter([np.asarray(array, np.float32) for array in records.weights(name)])
    layers = [with_weights(layer, arrays) for layer in network.layers]
    return pack(name, (28, 28, 1), layers, network.classes)


@cache
def images(name: str) -> dict[str, np.ndarray]:
    """Return test images to begin with; their names do not tell what they show."""
    kind = find(name).images
    with np.load(FILE, allow_pickle=False) as stored:
        return {f"{kind} {number}": image for number, image in enumerate(stored[kind], 1)}


def labels(name: str) -> dict[str, int]:
    """Return the labels that the data set gives these images, by their names."""
    with np.load(FILE, allow_pickle=False) as stored:
        return dict(zip(images(name), stored[f"{find(name).images} labels"].tolist(), strict=True))


def make_images() -> None:
    """Take images out of the test sets and store them with their labels.

    The first of each class, and of the garments one more: a shirt that the network of chapter 5
    takes for a coat.
    """
    chosen = {}
    for kind, load in [("garment", data.load_fashion_mnist), ("digit", data.load_mnist)]:
        _, (x_test, y_test) = load()
        first = sorted(int(np.argmax(y_test == label)) for label in range(10))
        first += [SHIRT] if kind == "garment" else []
        chosen |= {kind: x_test[first], f"{kind} labels": y_test[first]}
    np.savez_compressed(FILE, **chosen)
