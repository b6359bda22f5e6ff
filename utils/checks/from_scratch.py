"""The five tasks of part 1, "From scratch": what a convolutional network computes, in NumPy.

Each task is called with the student's function: `conv2d(function)` returns its Score. The
expected values are computed here by other means than a student would take, and without
Keras, whose import takes seconds; the tests compare them with Keras.

Layers of a network are tuples, with the numbers in the order in which Keras takes them:
("Conv2D", filters, kernel_size, strides, padding), ("MaxPooling2D", pool_size, strides),
("Flatten",), ("Dense", units).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from .task import Case, Line, Task

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
CHAPTER_5_WINDOWS = [(7, 1), (2, 2), (3, 1), (3, 1), (2, 2), (3, 1), (3, 1), (2, 2)]
WHOLE = Line(
    "the result is a whole number (an int), and what is given stays as it is",
    0.5,
    "Work on a copy of a list that you want to change.",
)
COUNTED_TOO = "It looks as if a last window that does not fit was counted too."
UNCHANGED = Line(
    "the arrays that are given stay as they are",
    0.5,
    "Who calls the function still needs them: write into arrays of your own.",
)


# --- output_size -----------------------------------------------------------------------------


def _zeros(size: int, window: int, stride: int, padding: str | int) -> tuple[int, int]:
    """Return how many zeros stand before and after a side."""
    if padding == "valid":
        return 0, 0
    if padding == "same":
        outputs = len(range(0, size, stride))
        zeros = max((outputs - 1) * stride + window - size, 0)
        return zeros // 2, zeros - zeros // 2
    return padding, padding


def _places(length: int, window: int, stride: int) -> int:
    """Return at how many places a window starts, if it has to stay within `length`."""
    return len(range(0, length - window + 1, stride))


def _size(size, window, stride, padding):
    return _places(size + sum(_zeros(size, window, stride, padding)), window, stride)


def _size_cases(rng: np.random.Generator) -> Iterator[Case]:
    def draw(low: int, high: int) -> int:
        return int(rng.integers(low, high + 1))

    for least, left in ((2, 1), (3, -1)):  # a pixel is left over, or all but one
        window, stride = draw(2, 6), draw(least, 5)
        size = window + draw(1, 6) * stride + left % stride
        yield Case("valid", (size, window, stride, "valid"))
    window, stride = draw(2, 6), draw(2, 5)
    yield Case("valid", (window + draw(2, 6) * stride, window, stride, "valid"))
    yield Case("valid", (draw(10, 30), draw(2, 7), 1, "valid"))
    yield Case("valid", (window, window, draw(1, 3), "valid"))
    for _ in range(2):
        window, stride, zeros = draw(3, 6), draw(2, 5), draw(1, 2)
        size = window - 2 * zeros + draw(3, 6) * stride + draw(1, stride - 1)
        yield Case("zeros", (size, window, stride, zeros))
    yield Case("zeros", (draw(10, 30), draw(4, 7), 1, draw(1, 3)))
    yield Case("zeros", (draw(10, 30), draw(2, 7), draw(1, 3), 0))
    yield Case("same", (draw(10, 30), draw(2, 7), 1, "same"))
    for window in (2 * draw(1, 3), 2 * draw(1, 3) + 1):
        stride = draw(2, 5)
        yield Case("same", (draw(2, 8) * stride, window, stride, "same"))
        yield Case("same", (draw(2, 8) * stride + draw(1, stride - 1), window, stride, "same"))
    yield Case("same", (draw(3, 5), draw(6, 9), draw(1, 2), "same"))
    yield Case("same", (draw(10, 30), 1, draw(2, 3), "same"))


def _size_rounded_up(size, window, stride, padding):
    if padding == "same":
        return _size(size, window, stride, padding)
    length = size + sum(_zeros(size, window, stride, padding))
    return -(-(length - window) // stride) + 1


def _size_to_the_nearest(size, window, stride, padding):
    if padding == "same":
        return _size(size, window, stride, padding)
    length = size + sum(_zeros(size, window, stride, padding))
    return round((length - window) / stride) + 1


def _size_not_rounded(size, window, stride, padding):
    if padding == "same":
        return size / stride
    return (size + sum(_zeros(size, window, stride, padding)) - window) / stride + 1


def _size_both_ends(size, window, stride, padding):
    zeros = window // 2 if padding == "same" else _zeros(size, window, stride, padding)[0]
    return _places(size + 2 * zeros, window, stride)


output_size = Task(
    "output_size",
    {
        "valid": Line(
            'padding "valid": as many windows as fit',
            1,
            "How far can the window travel from its first place, and how many whole steps is "
            "that? The first place counts too.",
        ),
        "zeros": Line(
            "a number of zeros on each side",
            1,
            "Zeros make the side longer, at both ends; 0 of them leave it as it is. Then count as "
            "without padding.",
        ),
        "same": Line(
            'padding "same", at any stride',
            1.5,
            '"same" promises a number of outputs that depends on two of the four arguments '
            "only: chapter 2 says on which.",
        ),
    },
    WHOLE,
    _size_cases,
    _size,
    [
        (
            'It looks as if "same" kept the size at any stride. It makes up for the window, '
            "never for the stride.",
            lambda n, k, s, p: n if p == "same" else _size(n, k, s, p),
        ),
        (
            'It looks as if "same" rounded down. A last window that starts on a pixel counts.',
            lambda n, k, s, p: n // s if p == "same" else _size(n, k, s, p),
        ),
        (
            'It looks as if "same" put the same number of zeros at both ends. It takes as many '
            "as the promised number of outputs needs, and that may be odd.",
            _size_both_ends,
        ),
        (
            COUNTED_TOO,
            _size_rounded_up,
        ),
        (
            "It looks as if the number of steps was rounded to the nearest. A step that the "
            "window cannot make whole does not count.",
            _size_to_the_nearest,
        ),
        ("It looks as if nothing was rounded. Half a window gives no output.", _size_not_rounded),
        (
            "It looks as if only the steps were counted. The first place, before any step, "
            "counts too.",
            lambda n, k, s, p: _size(n, k, s, p) - 1,
        ),
        (
            "It looks as if the zeros were counted at one end only.",
            lambda n, k, s, p: _size(n, k, s, p) if isinstance(p, str) else _places(n + p, k, s),
        ),
        ("It looks as if the padding made no difference.", lambda n, k, s, p: _places(n, k, s)),
        (
            "It looks as if the stride made no difference.",
            lambda n, k, s, p: n if p == "same" else _size(n, k, 1, p),
        ),
    ],
)


# --- conv2d ----------------------------------------------------------------------------------


def _windows(maps: np.ndarray, window, stride: int, zeros=((0, 0), (0, 0)), mode="constant"):
    """Return all windows of (rows, columns, channels): (i, j, channels, k_h, k_w)."""
    padded = np.pad(np.asarray(maps, dtype=float), (*zeros, (0, 0)), mode=mode)
    return sliding_window_view(padded, window, axis=(0, 1))[::stride, ::stride]


def _zeros_of(image, kernels, stride, padding):
    sides = zip(image.shape[:2], kernels.shape[:2], strict=True)
    return tuple(_zeros(n, k, stride, padding) for n, k in sides)


def _slid(image, kernels, biases, stride, zeros, mode="constant"):
    windows = _windows(image, kernels.shape[:2], stride, zeros, mode)
    return np.tensordot(windows, kernels, axes=((3, 4, 2), (0, 1, 2))) + biases


def _conv2d(image, kernels, biases, stride, padding):
    zeros = _zeros_of(image, kernels, stride, padding)
    return _slid(image, kernels, biases, stride, zeros)


def _conv2d_cases(rng: np.random.Generator) -> Iterator[Case]:
    def case(line, size, kernel, channels=1, filters=1, stride=1, padding="valid", biased=False):
        image = rng.normal(size=(*size, channels))
        kernels = rng.normal(size=(*kernel, channels, filters))
        biases = rng.normal(size=filters) if biased else np.zeros(filters)
        return Case(line, (image, kernels, biases, stride, padding))

    def sides() -> tuple[int, int]:
        """Return a number of rows and another number of columns."""
        rows, columns = rng.choice(np.arange(6, 11), 2, replace=False)
        return int(rows), int(columns)

    plain = case("window", sides(), (3, 2))
    yield plain
    whole = rng.integers(0, 256, plain.arguments[0].shape, dtype=np.uint8)
    yield Case("window", (whole, *plain.arguments[1:]))
    half = [array.astype(np.float32) for array in case("window", sides(), (2, 4)).arguments[:3]]
    yield Case("window", (*half, 1, "valid"))
    square = (int(rng.integers(3, 6)),) * 2
    yield case("window", square, square)
    yield case("channels", sides(), (3, 3), channels=3)
    yield case("channels", sides(), (3, 2), filters=4)
    yield case("channels", sides(), (2, 3), channels=int(rng.integers(3, 5)), filters=2)
    yield case("bias", sides(), (3, 3), 3, 4, biased=True)
    yield case("bias", sides(), (1, 1), 2, 3, biased=True)
    yield case("stride", (9, 7), (2, 2), 2, 3, stride=2)
    yield case("stride", sides(), (3, 2), stride=2)
    yield case("stride", sides(), (2, 3), 1, 2, stride=3)
    yield case("zeros", sides(), (3, 3), 1, 2, padding=1)
    yield case("zeros", sides(), (4, 3), 2, 1, stride=2, padding=2)
    yield case("zeros", sides(), (3, 2), 1, 1, padding=0)
    yield case("same", sides(), (3, 3), 1, 2, padding="same")
    yield case("same", sides(), (3, 5), 2, 1, padding="same")
    even = tuple(int(n) for n in rng.choice((6, 8, 10), 2, replace=False))
    yield case("odd", even, (3, 5), 1, 2, stride=2, padding="same")
    yield case("odd", sides(), (2, 4), 2, 1, padding="same")
    yield case("odd", sides(), (4, 3), 1, 2, stride=3, padding="same")
    yield case("odd", even, (1, 1), 2, 1, stride=2, padding="same")  # no zeros: pixels left over


def _conv2d_extra_before(image, kernels, biases, stride, padding):
    (top, bottom), (left, right) = _zeros_of(image, kernels, stride, padding)
    return _slid(image, kernels, biases, stride, ((bottom, top), (right, left)))


def _conv2d_both_ends(image, kernels, biases, stride, padding, round_up=True):
    if padding != "same":
        return _conv2d(image, kernels, biases, stride, padding)
    zeros = tuple(((k - 1 + round_up) // 2,) * 2 for k in kernels.shape[:2])
    return _slid(image, kernels, biases, stride, zeros)


def _conv2d_cut(image, kernels, biases, stride, padding, round_up=True):
    """As `_conv2d_both_ends`, but with the right number of outputs."""
    if padding != "same":
        return _conv2d(image, kernels, biases, stride, padding)
    size = _conv2d(image, kernels, biases, stride, padding).shape
    zeros = tuple(((k - 1 + round_up) // 2, k) for k in kernels.shape[:2])
    return _slid(image, kernels, biases, stride, zeros)[: size[0], : size[1]]


def _conv2d_edges(image, kernels, biases, stride, padding):
    zeros = _zeros_of(image, kernels, stride, padding)
    return _slid(image, kernels, biases, stride, zeros, mode="edge")


def _conv2d_same_size(image, kernels, biases, stride, padding):
    return _conv2d(image, kernels, biases, 1 if padding == "same" else stride, padding)


def _conv2d_rounded_up(image, kernels, biases, stride, padding):
    zeros = _zeros_of(image, kernels, stride, padding)
    more = tuple((before, after + stride - 1) for before, after in zeros)
    return _slid(image, kernels, biases, stride, more)


def _conv2d_one_apart(image, kernels, biases, stride, padding):
    """As many outputs as there should be, but neighbors look one pixel apart."""
    rows, columns, _ = _conv2d(image, kernels, biases, stride, padding).shape
    zeros = _zeros_of(image, kernels, stride, padding)
    return _slid(image, kernels, biases, 1, zeros)[:rows, :columns]


def _conv2d_apart(image, kernels, biases, stride, padding):
    """Return what each filter makes of each channel: (rows, columns, channels, filters)."""
    slices = range(image.shape[2])
    maps = [_conv2d(image[..., [c]], kernels[:, :, [c]], biases, stride, padding) for c in slices]
    return np.stack(maps, axis=2)


def _flat(maps):
    return maps.reshape(*maps.shape[:2], -1)


APART = (
    "It looks as if each channel got a map of its own. A filter reads all channels, adds up "
    "all its products, and gives one map."
)
BOTH_ENDS = (
    'It looks as if "same" put as many zeros before as after. If their number is odd, the end '
    "gets one more; and with a stride it may take fewer than k − 1."
)
ONE_APART = (
    "It looks as if the windows of neighboring outputs start one pixel apart, whatever the "
    "stride is."
)
AXES = "It looks as if the axes stand in another order, or one too many: (row, column, map)."
NO_AXIS = (
    "It looks as if there is one map without an axis for it. The axes are (row, column, map), "
    "with one map for each filter, even if there is only one."
)

conv2d = Task(
    "conv2d",
    {
        "window": Line(
            "one filter on one channel: the window slides to all its places",
            2,
            "Call it yourself on the small picture of this task, and compute the first output "
            "by hand: the window in the upper left corner, number by number times the kernel. A "
            "picture of whole numbers still gives decimals.",
        ),
        "channels": Line(
            "all channels go into one sum, and each filter gives one map",
            2,
            "How many numbers does one filter hold, and how many products go into one output?",
        ),
        "bias": Line(
            "each filter adds its own bias",
            1,
            "There are as many biases as filters. Which numbers of the output does one belong to?",
        ),
        "stride": Line(
            "a stride: the window moves several pixels at a time",
            1.5,
            "Where in the picture does the window of output (i, j) start?",
        ),
        "zeros": Line(
            "a number of zeros on each side",
            1,
            "Make a larger array of zeros with the picture in it, and slide over that one.",
        ),
        "same": Line(
            'padding "same" with stride 1',
            1,
            "How many rows and columns are missing if you do not pad? Half of them go before, "
            "half after.",
        ),
        "odd": Line(
            'padding "same" at any stride, with an odd number of zeros too',
            1,
            "Count the zeros for rows and for columns: as many as the promised number of "
            "outputs needs, and never fewer than none. If the number is odd, the end gets one "
            "more.",
        ),
    },
    UNCHANGED,
    _conv2d_cases,
    _conv2d,
    [
        (
            "It looks as if the kernels were turned by half a turn first. Keras slides them as "
            "they are.",
            lambda x, w, b, s, p: _conv2d(x, w[::-1, ::-1], b, s, p),
        ),
        (
            "It looks as if rows and columns of the kernels changed places.",
            lambda x, w, b, s, p: _conv2d(x, w.swapaxes(0, 1), b, s, p),
        ),
        (
            "It looks as if the biases were forgotten.",
            lambda x, w, b, s, p: _conv2d(x, w, 0 * b, s, p),
        ),
        (
            "It looks as if all maps got the same bias. Each filter has its own.",
            lambda x, w, b, s, p: _conv2d(x, w, b[0], s, p),
        ),
        (
            "It looks as if all biases were added up. Each filter has its own.",
            lambda x, w, b, s, p: _conv2d(x, w, b.sum(), s, p),
        ),
        (
            "It looks as if the bias was added once for each channel. A filter has one bias, "
            "however many channels it reads.",
            lambda x, w, b, s, p: _conv2d(x, w, b * x.shape[2], s, p),
        ),
        (
            "It looks as if only one channel was read. A filter reads all of them.",
            lambda x, w, b, s, p: _conv2d(x[..., :1], w[:, :, :1], b, s, p),
        ),
        (
            "It looks as if only one channel was read. A filter reads all of them.",
            lambda x, w, b, s, p: _conv2d(x[..., -1:], w[:, :, -1:], b, s, p),
        ),
        (
            "It looks as if the channels were averaged. Their products are summed.",
            lambda x, w, b, s, p: _conv2d(x / x.shape[2], w, b, s, p),
        ),
        (APART, lambda *case: _flat(_conv2d_apart(*case))),
        (APART, lambda *case: _conv2d_apart(*case)),
        (APART, lambda *case: _conv2d_apart(*case)[..., 0]),
        (
            'It looks as if "same" kept the size at any stride. It makes up for the window, '
            "never for the stride.",
            _conv2d_same_size,
        ),
        (
            "It looks as if the extra zero stands before, above or on the left. Keras puts it "
            "at the end.",
            _conv2d_extra_before,
        ),
        (BOTH_ENDS, _conv2d_both_ends),
        (BOTH_ENDS, lambda *case: _conv2d_both_ends(*case, round_up=False)),
        (BOTH_ENDS, _conv2d_cut),
        (BOTH_ENDS, lambda *case: _conv2d_cut(*case, round_up=False)),
        (
            "It looks as if the border was filled with pixels of the picture. Zero padding "
            "fills it with zeros.",
            _conv2d_edges,
        ),
        (
            "It looks as if the padding made no difference.",
            lambda x, w, b, s, p: _conv2d(x, w, b, s, "valid"),
        ),
        (
            "It looks as if the stride made no difference.",
            lambda x, w, b, s, p: _conv2d(x, w, b, 1, p),
        ),
        (ONE_APART, _conv2d_one_apart),
        (
            COUNTED_TOO,
            _conv2d_rounded_up,
        ),
        (
            "It looks as if only one filter was used. Each of them gives a map.",
            lambda x, w, b, s, p: _conv2d(x, w[..., :1], b[:1], s, p),
        ),
        (
            "It looks as if negative outputs were set to 0. That is ReLU, a step of its own.",
            lambda *case: np.maximum(_conv2d(*case), 0),
        ),
        (AXES, lambda *case: np.moveaxis(_conv2d(*case), -1, 0)),
        (AXES, lambda *case: np.swapaxes(_conv2d(*case), 0, 1)),
        (AXES, lambda *case: _conv2d(*case)[np.newaxis]),
        (NO_AXIS, lambda *case: _conv2d(*case)[..., 0]),
    ],
)


# --- max_pool2d ------------------------------------------------------------------------------


def _pooled(maps, size, stride, reduce):
    return reduce(_windows(maps, (size, size), stride), axis=(3, 4))


def _max_pool2d(maps, size, stride):
    return _pooled(maps, size, stride, np.max)


def _max_pool2d_cases(rng: np.random.Generator) -> Iterator[Case]:
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


def _max_pool2d_rounded_up(maps, size, stride):
    ends = [-(side - size) % stride for side in maps.shape[:2]]
    padded = np.pad(maps, ((0, ends[0]), (0, ends[1]), (0, 0)), constant_values=-np.inf)
    return _max_pool2d(padded, size, stride)


def _mixed(maps, size, stride):
    return _max_pool2d(maps, size, stride).max(axis=2, keepdims=True)


def _pooled_one_apart(maps, size, stride):
    """As many outputs as there should be, but neighbors look one pixel apart."""
    rows, columns, _ = _max_pool2d(maps, size, stride).shape
    return _max_pool2d(maps, size, 1)[:rows, :columns]


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
    _max_pool2d_cases,
    _max_pool2d,
    [
        (
            "It looks as if the mean was taken, and not the largest value.",
            lambda x, k, s: _pooled(x, k, s, np.mean),
        ),
        (
            "It looks as if the smallest value was taken.",
            lambda x, k, s: _pooled(x, k, s, np.min),
        ),
        (
            "It looks as if one fixed value of each window was taken.",
            lambda x, k, s: _windows(x, (k, k), s)[..., 0, 0],
        ),
        (
            "It looks as if 0 took part as a value. A window that holds only negative values "
            "has a negative maximum.",
            lambda x, k, s: np.maximum(_max_pool2d(x, k, s), 0),
        ),
        (
            "It looks as if the largest absolute value was taken.",
            lambda x, k, s: _max_pool2d(np.abs(x), k, s),
        ),
        (MIXED, lambda x, k, s: _mixed(x, k, s).repeat(x.shape[2], axis=2)),
        (MIXED, _mixed),
        (
            "It looks as if only one of the maps was pooled. As many come out as go in.",
            lambda x, k, s: _max_pool2d(x[..., :1], k, s),
        ),
        (
            "It looks as if the axis of the maps is missing. The axes are (row, column, map), "
            "and as many maps come out as go in, even if it is only one.",
            lambda *case: _mixed(*case)[..., 0],
        ),
        (
            COUNTED_TOO,
            _max_pool2d_rounded_up,
        ),
        (
            "It looks as if the stride made no difference: the windows lie side by side.",
            lambda x, k, s: _max_pool2d(x, k, k),
        ),
        (
            "It looks as if the stride made no difference: the window moves by one.",
            lambda x, k, s: _max_pool2d(x, k, 1),
        ),
        (ONE_APART, _pooled_one_apart),
        (AXES, lambda *case: np.moveaxis(_max_pool2d(*case), -1, 0)),
        (AXES, lambda *case: np.swapaxes(_max_pool2d(*case), 0, 1)),
        (AXES, lambda *case: _max_pool2d(*case)[np.newaxis]),
    ],
)


# --- count_parameters ------------------------------------------------------------------------


def _weights(window: int, channels: int, filters: int) -> int:
    return (window * window * channels + 1) * filters


def _count(
    input_shape,
    layers,
    conv=_weights,
    dense=lambda inputs, units: (inputs + 1) * units,
    pool=lambda window, channels: 0,
    size=_size,
    pool_size=_size,
    maps=lambda channels, filters: filters,
    flatten=lambda rows, columns, channels: rows * columns * channels,
):
    """Return the parameters of a network; each of the functions may be a mistaken one."""
    (rows, columns, channels), total = input_shape, 0
    for kind, *numbers in layers:
        if kind == "Conv2D":
            filters, window, *how = numbers
            total += conv(window, channels, filters)
            rows, columns = (size(n, window, *how) for n in (rows, columns))
            channels = maps(channels, filters)
        elif kind == "MaxPooling2D":
            window, stride = numbers
            total += pool(window, channels)
            rows, columns = (pool_size(n, window, stride, "valid") for n in (rows, columns))
        elif kind == "Flatten":
            channels = flatten(rows, columns, channels)
        else:
            (units,) = numbers
            total += dense(channels, units)
            channels = units
    return total


def _count_parameters(input_shape, layers):
    return _count(input_shape, layers)


def _count_cases(rng: np.random.Generator) -> Iterator[Case]:
    def draw(low: int, high: int) -> int:
        return int(rng.integers(low, high + 1))

    def conv(stride: int = 1, padding: str | None = None) -> tuple:
        padding = padding or ("same", "valid")[draw(0, 1)]
        return ("Conv2D", draw(5, 32), draw(2, 5), stride, padding)

    def shape(channels: int) -> tuple[int, int, int]:
        rows, columns = rng.choice(np.arange(24, 41), 2, replace=False)
        return int(rows), int(columns), channels

    yield Case("conv", (shape(1), [conv()]))
    yield Case("conv", (shape(3), [conv()]))
    yield Case("conv", (shape(3), [conv(), conv(), conv()]))
    yield Case("pool", (shape(3), [conv(), ("MaxPooling2D", 2, 2), conv()]))
    yield Case("dense", (shape(1), [("Flatten",), ("Dense", draw(5, 50))]))
    yield Case("dense", (shape(3), [("Flatten",), ("Dense", draw(5, 50)), ("Dense", 10)]))
    odd = (2 * draw(12, 15) + 1, 2 * draw(16, 20) + 1, 3)
    head = [("Flatten",), ("Dense", draw(5, 50)), ("Dense", 10)]
    yield Case("sizes", (odd, [conv(2, "same"), *head]))
    yield Case("sizes", (odd, [conv(1, "same"), ("MaxPooling2D", 2, 2), *head]))
    yield Case("sizes", (odd, [conv(1, "valid"), ("MaxPooling2D", 3, 2), conv(2, "valid"), *head]))
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
        ),
    },
    WHOLE,
    _count_cases,
    _count_parameters,
    [
        (
            "It looks as if the biases were forgotten.",
            lambda shape, layers: _count(
                shape, layers, lambda k, c, f: k * k * c * f, lambda n, units: n * units
            ),
        ),
        (
            "It looks as if the biases of the convolutional layers were forgotten.",
            lambda shape, layers: _count(shape, layers, lambda k, c, f: k * k * c * f),
        ),
        (
            "It looks as if the biases of the dense layers were forgotten.",
            lambda shape, layers: _count(shape, layers, dense=lambda n, units: n * units),
        ),
        (
            ONE_BIAS,
            lambda shape, layers: _count(
                shape, layers, lambda k, c, f: k * k * c * f + 1, lambda n, units: n * units + 1
            ),
        ),
        (
            ONE_BIAS,
            lambda shape, layers: _count(shape, layers, lambda k, c, f: k * k * c * f + 1),
        ),
        (
            "It looks as if a filter had a bias for each channel. It has one.",
            lambda shape, layers: _count(shape, layers, lambda k, c, f: (k * k + 1) * c * f),
        ),
        (
            "It looks as if the channels that a filter reads were forgotten.",
            lambda shape, layers: _count(shape, layers, lambda k, c, f: (k * k + 1) * f),
        ),
        (
            "It looks as if a kernel of k × k had k weights.",
            lambda shape, layers: _count(shape, layers, lambda k, c, f: (k * c + 1) * f),
        ),
        (
            "It looks as if each filter made a map of each channel. Ten filters on three "
            "channels make ten maps, not 30.",
            lambda shape, layers: _count(shape, layers, maps=lambda c, f: c * f),
        ),
        (
            "It looks as if the number of channels never changed. The next layer reads as many "
            "as this one has filters.",
            lambda shape, layers: _count(shape, layers, maps=lambda c, f: c),
        ),
        (
            LEARNING_POOL,
            lambda shape, layers: _count(shape, layers, pool=lambda k, c: k * k),
        ),
        (
            LEARNING_POOL,
            lambda shape, layers: _count(shape, layers, pool=lambda k, c: k * k * c),
        ),
        (
            LEARNING_POOL,
            lambda shape, layers: _count(shape, layers, pool=lambda k, c: _weights(k, c, c)),
        ),
        (
            'It looks as if "same" kept the size at any stride.',
            lambda shape, layers: _count(
                shape,
                layers,
                size=lambda n, k, s, p: n if p == "same" else _size(n, k, s, p),
            ),
        ),
        (
            'It looks as if "same" rounded down.',
            lambda shape, layers: _count(
                shape,
                layers,
                size=lambda n, k, s, p: n // s if p == "same" else _size(n, k, s, p),
            ),
        ),
        (
            COUNTED_TOO,
            lambda shape, layers: _count(
                shape, layers, size=_size_rounded_up, pool_size=_size_rounded_up
            ),
        ),
        (
            COUNTED_TOO,
            lambda shape, layers: _count(shape, layers, pool_size=_size_rounded_up),
        ),
        (
            "It looks as if the stride made no difference.",
            lambda shape, layers: _count(
                shape, layers, size=lambda n, k, s, p: n if p == "same" else _size(n, k, 1, p)
            ),
        ),
        (
            "It looks as if the sizes never changed on the way.",
            lambda shape, layers: _count(
                shape, layers, size=lambda n, *how: n, pool_size=lambda n, *how: n
            ),
        ),
        (
            "It looks as if convolutions left the size as it is. With a stride, or without "
            "padding, they do not.",
            lambda shape, layers: _count(shape, layers, size=lambda n, *how: n),
        ),
        (
            "It looks as if pooling left the size as it is.",
            lambda shape, layers: _count(shape, layers, pool_size=lambda n, *how: n),
        ),
        (
            "It looks as if Flatten handed over one number for each map. It hands over all "
            "numbers of all maps.",
            lambda shape, layers: _count(shape, layers, flatten=lambda r, c, maps: maps),
        ),
        (
            "It looks as if Flatten handed over one map. It hands over all of them.",
            lambda shape, layers: _count(shape, layers, flatten=lambda r, c, maps: r * c),
        ),
    ],
)


# --- receptive_field -------------------------------------------------------------------------


def _field(layers):
    """Follow one neuron down: the first and the last place of a layer's input that it reads."""
    first, last = 0, 0
    for window, stride in reversed(layers):
        first, last = first * stride, last * stride + window - 1
    return last - first + 1


def _field_cases(rng: np.random.Generator) -> Iterator[Case]:
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


def _seen(layers):
    """Return how many places a neuron sees, without those between its windows."""
    places = {0}
    for window, stride in reversed(layers):
        places = {place * stride + step for place in places for step in range(window)}
    return len(places)


def _field_with(layers, grow, spread):
    """Return what field and jump become, with a rule for each; one of them may be mistaken."""
    field, jump = 1, 1
    for window, stride in layers:
        field = grow(field, jump, window, stride)
        jump = spread(jump, stride)
    return field


def _grow(field, jump, window, stride):
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
    _field_cases,
    _field,
    [
        (
            "It looks as if the count started at 0. A pixel sees itself.",
            lambda layers: _field(layers) - 1,
        ),
        (
            "It looks as if the pixels of the whole square were counted. Its side is wanted.",
            lambda layers: _field(layers) ** 2,
        ),
        (
            "It looks as if pixels in gaps between the windows were left out. The side reaches "
            "from the first pixel seen to the last.",
            _seen,
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
            lambda layers: _field_with(layers, _grow, lambda jump, stride: 1),
        ),
        (
            "It looks as if the jump were the stride of the layer before. All strides so far "
            "count together.",
            lambda layers: _field_with(layers, _grow, lambda jump, stride: stride),
        ),
        (
            ADDED,
            lambda layers: _field_with(layers, _grow, lambda jump, stride: jump + stride),
        ),
        (
            ADDED,
            lambda layers: _field_with(layers, _grow, lambda jump, stride: jump + stride - 1),
        ),
        (
            "It looks as if a layer's own stride spread its own window. It spreads those of the "
            "layers after it.",
            lambda layers: _field_with(
                layers,
                lambda field, jump, w, s: field + (w - 1) * jump * s,
                lambda jump, stride: jump * stride,
            ),
        ),
        (
            "It looks as if each layer added its whole window. The first place of the window "
            "is seen already.",
            lambda layers: _field_with(
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
            lambda layers: _field(layers[::-1]),
        ),
    ],
)
