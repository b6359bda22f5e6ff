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


def cases(rng: np.random.Generator) -> Iterator[Case]:
    def draw(low: int, high: int) -> int:
        return int(rng.integers(low, high + 1))

    def conv() -> tuple[int, int]:
        return draw(2, 7), 1

    def pool() -> tuple[int, int]:
        return draw(2, 4), draw(2, 3)

    yield Case("one", ([conv()],))
    yield Case("one", ([conv(), conv()],))
    yield Case("one", ([conv() for _ in range(draw(3, 6))],))
    yield Case("one", ([],))
    yield Case("strided", ([conv(), pool(), conv()],))
    yield Case("strided", ([(draw(3, 7), 2), conv(), conv()],))
    yield Case("strided", ([conv(), conv(), pool()],))
    yield Case("jumps", ([conv(), pool(), conv(), pool(), conv()],))
    yield Case("jumps", ([(draw(5, 11), draw(2, 4)), pool(), conv(), pool(), conv(), conv()],))
    yield Case("jumps", ([(2, 3), pool(), conv()],))  # gaps between the windows
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
        ),
        "jumps": Line(
            "several layers with strides",
            1,
            "Two layers with stride 2, one after the other: how many pixels apart do neighbors "
            "look now?",
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
