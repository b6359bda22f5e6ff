"""The check of `count_parameters`: how many parameters does a network have?

Layers are tuples, with the numbers in the order in which Keras takes them:
("Conv2D", filters, kernel_size, strides, padding), ("MaxPooling2D", pool_size, strides),
("Flatten",), ("Dense", units).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from ..task import WHOLE, Case, Line, Task
from .windows import COUNTED_TOO, outputs, outputs_rounded_up

CHAPTER_5 = [
    ("Conv2D", 64, 7, 1, "same"),
    ("MaxPooling2D", 2, 2),
    ("Conv2D", 128, 3, 1, "same"),
    ("Conv2D", 128, 3, 1, "same"),
    ("MaxPooling2D", 2, 2),
    ("Conv2D", 256, 3, 1, "same"),
    ("Conv2D", 256, 3, 1, "same"),
    ("MaxPooling2D", 2, 2),
    ("Flatten",),
    ("Dense", 128),
    ("Dense", 64),
    ("Dense", 10),
]


@dataclass(frozen=True)
class Rules:
    """What each layer counts and what it hands on; a mistake puts another rule for one of them."""

    conv: Callable = lambda window, channels, filters: (window**2 * channels + 1) * filters
    dense: Callable = lambda inputs, units: (inputs + 1) * units
    pool: Callable = lambda window, channels: 0
    size: Callable = outputs  # of a convolution's maps
    pool_size: Callable = outputs
    maps: Callable = lambda channels, filters: filters
    flatten: Callable = lambda rows, columns, channels: rows * columns * channels


def counting(**changed: Callable) -> Callable[[tuple, list], int]:
    """Return a function that counts parameters, with some of the `Rules` changed."""
    rules = Rules(**changed)

    def count(input_shape, layers):
        (rows, columns, channels), total = input_shape, 0
        for kind, *numbers in layers:
            if kind == "Conv2D":
                filters, window, *how = numbers
                total += rules.conv(window, channels, filters)
                rows, columns = (rules.size(n, window, *how) for n in (rows, columns))
                channels = rules.maps(channels, filters)
            elif kind == "MaxPooling2D":
                window, stride = numbers
                total += rules.pool(window, channels)
                rows = rules.pool_size(rows, window, stride, "valid")
                columns = rules.pool_size(columns, window, stride, "valid")
            elif kind == "Flatten":
                channels = rules.flatten(rows, columns, channels)
            else:
                (units,) = numbers
                total += rules.dense(channels, units)
                channels = units
        return total

    return count


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield one layer, several of a kind, and whole networks with all that changes a size."""

    def draw(low: int, high: int) -> int:
        return int(rng.integers(low, high + 1))

    def conv(window: int = 3, stride: int = 1, padding: str = "same") -> tuple:
        return ("Conv2D", draw(5, 32), window, stride, padding)

    def dense() -> tuple:
        return ("Dense", draw(5, 50))

    def shape(channels: int, left_over: int = 0, of: int = 12) -> tuple[int, int, int]:
        """Return a shape whose sides leave so much over when they are divided by `of`."""
        rows, columns = rng.choice((2, 3, 4), 2, replace=False)
        return int(rows) * of + left_over, int(columns) * of + left_over, channels

    pool, flatten = ("MaxPooling2D", 2, 2), ("Flatten",)
    for channels in (1, 3):
        for window in (1, 2, 3, 5):
            yield Case("conv", (shape(channels), [conv(window)]))
        yield Case("conv", (shape(channels), [conv(3), conv(2, 1, "valid"), conv(5, 2)]))
    for layers in (
        [conv(), pool, conv()],
        [pool, conv(2)],
        [conv(5), ("MaxPooling2D", 3, 2), conv(), conv(), pool, conv(1)],
    ):
        yield Case("pool", (shape(3), layers))
    for channels in (1, 3):
        for layers in ([dense()], [dense(), dense()], [dense(), dense(), ("Dense", 10)]):
            yield Case("dense", (shape(channels), [flatten, *layers]))

    for padding, left_over in itertools.product(("same", "valid"), (0, 1, 11)):
        for window, stride in ((3, 1), (2, 1), (3, 2), (4, 3), (5, 2), (1, 2), (2, 3)):
            layers = [conv(window, stride, padding), flatten, dense()]
            yield Case("sizes", (shape(2, left_over), layers))
    for left_over in (0, 1, 5, 11):
        for window, stride in ((2, 2), (3, 3), (3, 2), (2, 3)):
            layers = [conv(), ("MaxPooling2D", window, stride), flatten, dense(), dense()]
            yield Case("sizes", (shape(1, left_over), layers))
        layers = [conv(3, 1, "valid"), pool, conv(2, 2), conv(4, 1, "valid"), flatten, dense()]
        yield Case("sizes", (shape(3, left_over), layers))
    yield Case("sizes", ((28, 28, 1), list(CHAPTER_5)))


ONE_BIAS = "It looks as if a layer had one bias. Each filter has one, and so has each neuron."
LEARNING_POOL = "It looks as if pooling had weights. It picks a value, and learns nothing."

count_parameters = Task(
    "count_parameters",
    {
        "conv": Line(
            "convolutional layers",
            1.5,
            "Count the weights of one filter, over all the channels that it reads; then its "
            "bias; then all filters. What the next layer reads is what this one made.",
        ),
        "pool": Line(
            "a pooling layer between them",
            0.5,
            "What could a pooling layer learn?",
            builds_on="conv",
        ),
        "dense": Line(
            "dense layers after Flatten",
            1,
            "How many numbers does Flatten hand over? Each neuron has a weight for each, and a "
            "bias.",
        ),
        "sizes": Line(
            "whole networks: strides, padding and pooling on the way to Flatten",
            1.5,
            "Call it yourself, print the shape after each layer, and compare with paper and "
            "pencil. You have written a function for sizes.",
            builds_on="conv",
        ),
    },
    WHOLE,
    cases,
    counting(),
    [
        (
            "It looks as if the biases were forgotten.",
            counting(conv=lambda k, c, f: k * k * c * f, dense=lambda n, units: n * units),
        ),
        (
            "It looks as if the biases of the convolutional layers were forgotten.",
            counting(conv=lambda k, c, f: k * k * c * f),
        ),
        (
            "It looks as if the biases of the dense layers were forgotten.",
            counting(dense=lambda n, units: n * units),
        ),
        (
            ONE_BIAS,
            counting(conv=lambda k, c, f: k * k * c * f + 1, dense=lambda n, units: n * units + 1),
        ),
        (
            ONE_BIAS,
            counting(conv=lambda k, c, f: k * k * c * f + 1),
        ),
        (
            "It looks as if a filter had a bias for each channel. It has one.",
            counting(conv=lambda k, c, f: (k * k + 1) * c * f),
        ),
        (
            "It looks as if the channels that a filter reads were forgotten.",
            counting(conv=lambda k, c, f: (k * k + 1) * f),
        ),
        (
            "It looks as if a kernel of k × k had k weights.",
            counting(conv=lambda k, c, f: (k * c + 1) * f),
        ),
        (
            "It looks as if each filter made a map of each channel. Ten filters on three "
            "channels make ten maps, not 30.",
            counting(maps=lambda c, f: c * f),
        ),
        (
            "It looks as if the number of channels never changed. The next layer reads as many "
            "as this one has filters.",
            counting(maps=lambda c, f: c),
        ),
        (
            LEARNING_POOL,
            counting(pool=lambda k, c: k * k),
        ),
        (
            LEARNING_POOL,
            counting(pool=lambda k, c: k * k * c),
        ),
        (
            LEARNING_POOL,
            counting(pool=lambda k, c: (k * k * c + 1) * c),
        ),
        (
            'It looks as if "same" kept the size at any stride.',
            counting(
                size=lambda n, k, s, p: n if p == "same" else outputs(n, k, s, p),
            ),
        ),
        (
            'It looks as if "same" rounded down.',
            counting(
                size=lambda n, k, s, p: n // s if p == "same" else outputs(n, k, s, p),
            ),
        ),
        (
            COUNTED_TOO,
            counting(size=outputs_rounded_up, pool_size=outputs_rounded_up),
        ),
        (
            COUNTED_TOO,
            counting(pool_size=outputs_rounded_up),
        ),
        (
            "It looks as if the stride made no difference.",
            counting(size=lambda n, k, s, p: n if p == "same" else outputs(n, k, 1, p)),
        ),
        (
            "It looks as if the sizes never changed on the way.",
            counting(size=lambda n, *how: n, pool_size=lambda n, *how: n),
        ),
        (
            "It looks as if convolutions left the size as it is. With a stride, or without "
            "padding, they do not.",
            counting(size=lambda n, *how: n),
        ),
        (
            "It looks as if pooling left the size as it is.",
            counting(pool_size=lambda n, *how: n),
        ),
        (
            "It looks as if Flatten handed over one number for each map. It hands over all "
            "numbers of all maps.",
            counting(flatten=lambda r, c, maps: maps),
        ),
        (
            "It looks as if Flatten handed over one map. It hands over all of them.",
            counting(flatten=lambda r, c, maps: r * c),
        ),
    ],
)
