"""The check of `receptive_field`: how many pixels does a neuron see along one side?

Layers are pairs (window, stride), the one on the picture first.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..task import WHOLE, Case, Line, Task

CHAPTER_5_WINDOWS = [(7, 1), (2, 2), (3, 1), (3, 1), (2, 2), (3, 1), (3, 1), (2, 2)]


def field_of(layers):
    """Follow one neuron down: the first and the last place of a layer's input that it reads."""
    first, last = 0, 0
    for window, stride in reversed(layers):
        first, last = first * stride, last * stride + window - 1
    return last - first + 1


# The strides of the layers of each case.
STRIDES = {
    "one": [(1,), (1, 1), (1, 1, 1), (1, 1, 1, 1, 1), ()],
    "strided": [(2, 1), (3, 1), (1, 2, 1), (2, 1, 1), (1, 1, 2), (3,), (1, 3, 1, 1)],
    "jumps": [(2, 2, 1), (2, 3, 1), (3, 2, 1), (2, 2, 2, 1), (1, 2, 1, 2, 1), (4, 2, 1, 2, 1, 1)],
}


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield layers with all patterns of strides, and windows from 1 to 11, smaller ones too."""

    def windows(count: int, low: int) -> list[int]:
        return [int(window) for window in rng.integers(low, 8, count)]

    for line, patterns in STRIDES.items():
        for strides in patterns:
            for low in (2, 3):
                yield Case(line, (list(zip(windows(len(strides), low), strides, strict=True)),))
    yield Case("one", ([(1, 1), (3, 1)],))
    yield Case("one", ([(5, 1), (2, 1), (11, 1)],))
    yield Case("strided", ([(7, 2), (2, 1), (3, 1)],))
    yield Case("strided", ([(1, 2), (3, 1)],))  # gaps between the windows
    yield Case("strided", ([(2, 3), (4, 1)],))
    yield Case("jumps", ([(2, 3), (2, 2), (5, 1)],))
    yield Case("jumps", ([(11, 4), (3, 2), (5, 1), (3, 2), (3, 1), (3, 1)],))
    yield Case("jumps", (list(CHAPTER_5_WINDOWS),))


def seen(layers):
    """Return how many places a neuron sees, without those between its windows."""
    places = {0}
    for window, stride in reversed(layers):
        places = {place * stride + step for place in places for step in range(window)}
    return len(places)


def field_with(layers, grow, spread):
    """Return what field and jump become, with a rule for each; one of them may be mistaken."""
    field, jump = 1, 1
    for window, stride in layers:
        field = grow(field, jump, window, stride)
        jump = spread(jump, stride)
    return field


def grow(field, jump, window, stride):
    return field + (window - 1) * jump


ADDED = (
    "It looks as if the strides were added. If neighbors look 2 pixels apart and you take every "
    "second of them, how far apart are these?"
)

receptive_field = Task(
    "receptive_field",
    {
        "one": Line(
            "layers with stride 1, several or one or none",
            2,
            "Without any layer, a pixel sees itself. Two windows of 3 in a row see 5 pixels. How "
            "many does a third one add?",
        ),
        "strided": Line(
            "a layer with a stride spreads the windows of the layers after it",
            1.5,
            "After a stride of 2, how many pixels apart do two neighbors look? So how much "
            "further do three neighbors reach than one?",
            builds_on="one",
        ),
        "jumps": Line(
            "several layers with strides",
            1,
            "Two layers with stride 2, one after the other: how many pixels apart do neighbors "
            "look now?",
            builds_on="strided",
        ),
    },
    WHOLE,
    cases,
    field_of,
    [
        (
            "It looks as if the count started at 0. A pixel sees itself.",
            lambda layers: field_of(layers) - 1,
        ),
        (
            "It looks as if the pixels of the whole square were counted. Its side is wanted.",
            lambda layers: field_of(layers) ** 2,
        ),
        (
            "It looks as if pixels in gaps between the windows were left out. The side reaches "
            "from the first pixel seen to the last.",
            seen,
        ),
        (
            "It looks as if the last window were the receptive field. It is what the neuron "
            "reads of the maps below, and each of these values has seen many pixels.",
            lambda layers: layers[-1][0],
        ),
        (
            "It looks as if the largest window were the receptive field.",
            lambda layers: max(window for window, _ in layers),
        ),
        (
            "It looks as if the strides made no difference.",
            lambda layers: field_with(layers, grow, lambda jump, stride: 1),
        ),
        (
            "It looks as if the jump were the stride of the layer before. All strides so far "
            "count together.",
            lambda layers: field_with(layers, grow, lambda jump, stride: stride),
        ),
        (
            ADDED,
            lambda layers: field_with(layers, grow, lambda jump, stride: jump + stride),
        ),
        (
            ADDED,
            lambda layers: field_with(layers, grow, lambda jump, stride: jump + stride - 1),
        ),
        (
            "It looks as if a layer's own stride spread its own window. It spreads those of the "
            "layers after it.",
            lambda layers: field_with(
                layers,
                lambda field, jump, w, s: field + (w - 1) * jump * s,
                lambda jump, stride: jump * stride,
            ),
        ),
        (
            "It looks as if each layer added its whole window. The first place of the window "
            "is seen already.",
            lambda layers: field_with(
                layers, lambda f, j, w, s: f + w * j, lambda jump, stride: jump * stride
            ),
        ),
        (
            "It looks as if the windows were added up.",
            lambda layers: sum(window for window, _ in layers),
        ),
        (
            "It looks as if the windows were multiplied.",
            lambda layers: int(np.prod([window for window, _ in layers], initial=1)),
        ),
        (
            "It looks as if the layers were taken from the last to the first. The first layer "
            "lies on the image.",
            lambda layers: field_of(layers[::-1]),
        ),
    ],
)
