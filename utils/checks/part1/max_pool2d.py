"""The check of `max_pool2d`: the largest value of each window, for each map by itself."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..task import UNCHANGED, Case, Line, Task
from .windows import AXES, COUNTED_TOO, ONE_APART, windows_of


def pooled(maps, size, stride, reduce):
    return reduce(windows_of(maps, (size, size), stride), axis=(3, 4))


def max_pooled(maps, size, stride):
    return pooled(maps, size, stride, np.max)


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield maps that are not square; windows with all strides; values far below and above 0."""

    def case(line, size, window, stride, channels=1, low=0.0, high=1.0, needs=()):
        maps = rng.uniform(low, high, size=(*size, channels))
        return Case(line, (maps, window, stride), needs)

    for size, window in [((4, 10), 2), ((6, 9), 3), ((4, 4), 4), ((3, 4), 1)]:
        yield case("beside", size, window, window)
    yield case("beside", (6, 4), 2, 2, low=2e4, high=5e4)
    for number in (np.uint8, np.float32):
        maps, *how = case("beside", (6, 8), 2, 2, low=1, high=255).arguments
        yield Case("beside", (maps.astype(number), *how))
    dropped = [((5, 10), 2), ((4, 7), 2), ((7, 11), 3), ((8, 10), 3)]
    for size, window in dropped:
        yield case("dropped", size, window, window)
    apart = [((7, 9), 3, 2), ((8, 6), 3, 1), ((8, 11), 2, 3), ((6, 5), 1, 2), ((10, 7), 4, 3)]
    for one in apart:
        yield case("apart", *one)
    for size, window, channels in [((4, 6), 2, 3), ((6, 9), 3, 5), ((2, 4), 2, 2)]:
        yield case("channels", size, window, window, channels)
    yield case("channels", (5, 7), 2, 2, 3, needs=("dropped",))
    yield case("channels", (8, 10), 3, 2, 4, needs=("apart",))
    below = [(-1, -0.1), (-9, -2), (-5e4, -1e4), (-1, 0.3)]
    for low, high in below:
        yield case("negative", (4, 10), 2, 2, low=low, high=high)
        yield case("negative", (4, 6), 2, 2, 3, low, high, needs=("channels",))
        yield case("negative", (7, 9), 3, 2, 1, low, high, needs=("apart",))
        yield case("negative", (5, 7), 2, 2, 1, low, high, needs=("dropped",))
    maps, *how = case("negative", (4, 6), 2, 2, low=-300, high=-200).arguments
    yield Case("negative", (np.rint(maps).astype(int), *how))


def max_pool2d_rounded_up(maps, size, stride):
    ends = [-(side - size) % stride for side in maps.shape[:2]]
    padded = np.pad(
        maps.astype(float), ((0, ends[0]), (0, ends[1]), (0, 0)), constant_values=-np.inf
    )
    return max_pooled(padded, size, stride)


def mixed(maps, size, stride):
    return max_pooled(maps, size, stride).max(axis=2, keepdims=True)


def pooled_one_apart(maps, size, stride):
    """As many outputs as there should be, but neighbors look one pixel apart."""
    rows, columns, _ = max_pooled(maps, size, stride).shape
    return max_pooled(maps, size, 1)[:rows, :columns]


MIXED = "It looks as if the channels were mixed. Each map is pooled by itself."

max_pool2d = Task(
    "max_pool2d",
    {
        "beside": Line(
            "windows side by side: the largest value of each",
            1.5,
            "Pool the map of the example by hand, and compare.",
        ),
        "dropped": Line(
            "rows and columns that fill no window are dropped",
            1,
            "How many whole windows fit? You have written a function that knows.",
            builds_on="beside",
        ),
        "apart": Line(
            "a stride that is not the size of the window",
            1,
            "Where does the window of output (i, j) start, and where does it end? Only one of "
            "these depends on the size.",
            builds_on="beside",
        ),
        "channels": Line(
            "each map is pooled by itself",
            1,
            "How many maps go in, and how many come out?",
            builds_on="beside",
        ),
        "negative": Line(
            "windows in which all values are negative",
            1,
            "What does your search for the largest value start from?",
            builds_on="beside",
        ),
    },
    UNCHANGED,
    cases,
    max_pooled,
    [
        (
            "It looks as if the mean was taken, and not the largest value.",
            lambda x, k, s: pooled(x, k, s, np.mean),
        ),
        (
            "It looks as if the smallest value was taken.",
            lambda x, k, s: pooled(x, k, s, np.min),
        ),
        (
            "It looks as if one fixed value of each window was taken.",
            lambda x, k, s: windows_of(x, (k, k), s)[..., 0, 0],
        ),
        (
            "It looks as if 0 took part as a value. A window that holds only negative values "
            "has a negative maximum.",
            lambda x, k, s: np.maximum(max_pooled(x, k, s), 0),
        ),
        (
            "It looks as if the largest absolute value was taken.",
            lambda x, k, s: max_pooled(np.abs(x), k, s),
        ),
        (MIXED, lambda x, k, s: mixed(x, k, s).repeat(x.shape[2], axis=2)),
        (MIXED, mixed),
        (
            "It looks as if only one of the maps was pooled. As many come out as go in.",
            lambda x, k, s: max_pooled(x[..., :1], k, s),
        ),
        (
            "It looks as if the axis of the maps is missing. The axes are (row, column, map), "
            "and as many maps come out as go in, even if it is only one.",
            lambda *case: mixed(*case)[..., 0],
        ),
        (
            COUNTED_TOO,
            max_pool2d_rounded_up,
        ),
        (
            "It looks as if the stride made no difference: the windows lie side by side.",
            lambda x, k, s: max_pooled(x, k, k),
        ),
        (
            "It looks as if the stride made no difference: the window moves by one.",
            lambda x, k, s: max_pooled(x, k, 1),
        ),
        (ONE_APART, pooled_one_apart),
        (AXES, lambda *case: np.moveaxis(max_pooled(*case), -1, 0)),
        (AXES, lambda *case: np.swapaxes(max_pooled(*case), 0, 1)),
        (AXES, lambda *case: max_pooled(*case)[np.newaxis]),
    ],
)
