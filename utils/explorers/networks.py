"""The trained networks that the network explorer knows by name, as files that a page can run.

They are made from the weights in `utils/trained` and the lists of layers below, with NumPy
alone: neither the site's build nor a page without a model waits for TensorFlow. A test compares
the lists with the networks in `utils.models`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from utils import data, records

from .network_file import pack

EPSILON = 1e-3  # of Keras's batch normalization
FILE = Path(__file__).with_name("test_images.npz")


def convolution(filters: int, size: int, strides: int = 1, use_bias: bool = True) -> dict:
    """Return a convolution that keeps the size where the stride is 1."""
    return {
        "type": "Conv2D",
        "filters": filters,
        "size": size,
        "strides": [strides, strides],
        "padding": "same",
        "use_bias": use_bias,
    }


def rectified(filters: int, size: int) -> list[dict]:
    return [convolution(filters, size) | {"activation": "relu"}]


def normalized(filters: int, size: int, strides: int = 1) -> list[dict]:
    """Return a convolution, its batch normalization and its ReLU."""
    return [
        convolution(filters, size, strides, use_bias=False),
        {"type": "BatchNormalization"},
        {"type": "ReLU"},
    ]


def dense(units: int, activation: str) -> dict:
    return {"type": "Dense", "units": units, "use_bias": True, "activation": activation}


def dropout(rate: float) -> dict:
    return {"type": "Dropout", "rate": rate}


POOLING = {"type": "MaxPooling2D", "poolSize": [2, 2], "strides": [2, 2], "padding": "valid"}
LECTURE = [
    *rectified(64, 7),
    POOLING,
    *rectified(128, 3),
    *rectified(128, 3),
    POOLING,
    *rectified(256, 3),
    *rectified(256, 3),
    POOLING,
    {"type": "Flatten"},
    dense(128, "relu"),
    dropout(0.5),
    dense(64, "relu"),
    dropout(0.5),
    dense(10, "softmax"),
]
REFERENCE = [
    *normalized(32, 3),
    *normalized(32, 5, strides=2),
    *normalized(64, 3),
    *normalized(64, 3),
    POOLING,
    dropout(0.2),
    *normalized(128, 3),
    *normalized(128, 3),
    {"type": "GlobalAveragePooling2D"},
    dropout(0.3),
    dense(10, "softmax"),
]


@dataclass(frozen=True)
class TrainedNetwork:
    """A network whose weights are stored: its layers, its classes, and images to begin with."""

    layers: list[dict]
    classes: list[str]
    images: str  # the array in `test_images.npz`
    share: float  # how much of the square the thing in a training image fills


NETWORKS = {
    "fashion_mnist_lecture": TrainedNetwork(LECTURE, list(data.FASHION_CLASSES), "garment", 1.0),
    "mnist_reference": TrainedNetwork(REFERENCE, list("0123456789"), "digit", 20 / 28),
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
    if layer["type"] == "BatchNormalization":
        return layer | normalization(arrays)
    if "use_bias" not in layer:
        return layer
    own = {"kernel": next(arrays)} | ({"bias": next(arrays)} if layer["use_bias"] else {})
    return {
        k: v for k, v in layer.items() if k not in {"filters", "size", "units", "use_bias"}
    } | own


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


def make_images() -> None:
    """Take images out of the test sets and store them: the first of each class."""
    chosen = {}
    for kind, load in [("garment", data.load_fashion_mnist), ("digit", data.load_mnist)]:
        _, (x_test, y_test) = load()
        first = sorted(int(np.argmax(y_test == label)) for label in range(10))
        chosen[kind] = x_test[first]
    np.savez_compressed(FILE, **chosen)
