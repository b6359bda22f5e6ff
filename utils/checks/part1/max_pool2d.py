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
    def case(line, rows, columns, size, stride, channels=1, low=0.0, high=1.0):
        maps = rng.uniform(low, high, size=(rows, columns, channels))
        return Case(line, (maps, size, stride))

    def draw(low: int, high: int) -> int:
        return int(rng.integers(low, high + 1))

    for size in (2, 3):
        yield case("beside", draw(2, 4) * size, draw(5, 6) * size, size, size)
    for size in (2, 3):
        rows, columns = draw(2, 4) * size, draw(5, 6) * size
        yield case("dropped", rows + draw(1, size - 1), columns + draw(1, size - 1), size, size)
    size = draw(3, 4)
    yield case("apart", size + 2 * draw(1, 3), size + 2 * draw(4, 5), size, 2)
    yield case("apart", draw(7, 9), draw(10, 12), 2, 3)
    yield case("apart", draw(7, 9), draw(10, 12), 3, 1)
    yield case("channels", 2 * draw(2, 4), 2 * draw(5, 6), 2, 2, channels=3)
    yield case("channels", draw(6, 8), draw(9, 11), 3, 2, channels=5)
    yield case("negative", 2 * draw(2, 4), 2 * draw(5, 6), 2, 2, low=-1, high=-0.1)
    yield case("negative", draw(6, 8), draw(9, 11), 2, 2, 2, low=-1, high=0.3)


def max_pool2d_rounded_up(maps, size, stride):
    ends = [-(side - size) % stride for side in maps.shape[:2]]
    padded = np.pad(maps, ((0, ends[0]), (0, ends[1]), (0, 0)), constant_values=-np.inf)
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
        ),
        "apart": Line(
            "a stride that is not the size of the window",
            1,
            "Where does the window of output (i, j) start, and where does it end? Only one of "
            "these depends on the size.",
        ),
        "channels": Line(
            "each map is pooled by itself",
            1,
            "How many maps go in, and how many come out?",
        ),
        "negative": Line(
            "windows in which all values are negative",
            1,
            "What does your search for the largest value start from?",
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
