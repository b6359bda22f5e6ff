"""The check of `conv2d`: the feature maps of a convolutional layer, before ReLU."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from ..task import UNCHANGED, Case, Line, Task
from .windows import AXES, COUNTED_TOO, ONE_APART, windows_of, zeros_at


def zeros_of(image, kernels, stride, padding):
    sides = zip(image.shape[:2], kernels.shape[:2], strict=True)
    return tuple(zeros_at(n, k, stride, padding) for n, k in sides)


def slid(image, kernels, biases, stride, zeros, mode="constant"):
    windows = windows_of(image, kernels.shape[:2], stride, zeros, mode)
    return np.tensordot(windows, kernels, axes=((3, 4, 2), (0, 1, 2))) + biases


def convolved(image, kernels, biases, stride, padding):
    zeros = zeros_of(image, kernels, stride, padding)
    return slid(image, kernels, biases, stride, zeros)


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Yield pictures that are not square, of all kinds of numbers, with all kinds of windows.

    Each line is asked for by itself, with one channel, one filter and no bias; then channels
    and biases together with stride and padding.
    """

    def case(
        line, size, kernel, stride=1, padding="valid", channels=1, filters=1, bias=False, needs=()
    ):
        image = rng.normal(size=(*size, channels))
        kernels = rng.normal(size=(*kernel, channels, filters))
        biases = rng.normal(size=filters) + np.sign(rng.normal(size=filters)) if bias else None
        biases = np.zeros(filters) if biases is None else biases
        return Case(line, (image, kernels, biases, stride, padding), needs)

    def of_numbers(change, number=np.float64):
        image, *others = case("window", (7, 5), (3, 2)).arguments
        others = [array.astype(number) for array in others[:2]]
        return Case("window", (change(image), *others, 1, "valid"))

    for size, kernel in [
        ((7, 5), (3, 2)), ((5, 8), (2, 3)), ((6, 7), (3, 3)), ((4, 5), (4, 5)), ((5, 4), (1, 1)),
    ]:  # fmt: skip
        yield case("window", size, kernel)
    yield of_numbers(lambda image: (100 + 60 * image).clip(0, 255).astype(np.uint8))
    yield of_numbers(lambda image: np.rint(200 * image - 300).astype(int))
    yield of_numbers(lambda image: 50 * image + 200)
    yield of_numbers(lambda image: image.astype(np.float32), np.float32)

    for kernel, channels, filters in [
        ((3, 2), 3, 1), ((2, 3), 1, 4), ((3, 3), 4, 2), ((2, 2), 2, 2), ((1, 1), 3, 4),
    ]:  # fmt: skip
        yield case("channels", (7, 5), kernel, channels=channels, filters=filters)
    for kernel in [(3, 2), (1, 1)]:
        yield case("bias", (5, 7), kernel, bias=True)
    yield case("bias", (7, 5), (2, 3), channels=3, filters=4, bias=True, needs=("channels",))
    yield case("bias", (7, 5), (1, 1), channels=2, filters=3, bias=True, needs=("channels",))

    how = {
        "stride": [
            ((9, 7), (2, 2), 2), ((8, 7), (3, 2), 2), ((7, 10), (2, 3), 3), ((9, 8), (2, 2), 3),
            ((7, 8), (1, 1), 2), ((8, 6), (3, 3), 4),
        ],
        "zeros": [
            ((6, 7), (3, 3), 1, 1), ((5, 6), (4, 3), 1, 2), ((6, 5), (2, 2), 1, 1),
            ((4, 5), (2, 3), 1, 3), ((7, 6), (3, 2), 1, 0),
        ],
        "same": [
            ((6, 7), (3, 3), 1, "same"), ((7, 6), (3, 5), 1, "same"), ((5, 6), (5, 3), 1, "same"),
            ((5, 4), (1, 1), 1, "same"),
        ],
        "odd": [
            ((6, 8), (3, 5), 2, "same"), ((7, 6), (2, 4), 1, "same"), ((7, 9), (4, 3), 3, "same"),
            ((7, 9), (3, 3), 2, "same"), ((6, 5), (2, 2), 1, "same"), ((8, 6), (2, 2), 2, "same"),
            ((3, 4), (6, 7), 1, "same"),  # a window that is larger than the picture
            ((8, 6), (1, 1), 2, "same"), ((9, 8), (2, 1), 3, "same"),  # no zeros: pixels left over
        ],
    }  # fmt: skip
    for line, cases_of_line in how.items():
        for one in cases_of_line:
            yield case(line, *one)
        one, other = cases_of_line[:2]
        yield case("bias", *one, bias=True, needs=(line,))
        yield case("channels", *other, channels=2, filters=3, needs=(line,))
        needs = (line, "channels")
        yield case("bias", *other, channels=3, filters=2, bias=True, needs=needs)
    for size, kernel, stride, zeros in [
        ((6, 7), (4, 3), 2, 2), ((7, 6), (3, 3), 2, 1), ((6, 8), (2, 2), 3, 1),
        ((5, 4), (1, 1), 2, 1),
    ]:  # fmt: skip
        yield case("stride", size, kernel, stride, zeros, needs=("zeros",))


def conv2d_extra_before(image, kernels, biases, stride, padding):
    (top, bottom), (left, right) = zeros_of(image, kernels, stride, padding)
    return slid(image, kernels, biases, stride, ((bottom, top), (right, left)))


def conv2d_all_at_the_end(image, kernels, biases, stride, padding):
    zeros = tuple((0, sum(ends)) for ends in zeros_of(image, kernels, stride, padding))
    return slid(image, kernels, biases, stride, zeros)


def conv2d_both_ends(image, kernels, biases, stride, padding, round_up=True):
    if padding != "same":
        return convolved(image, kernels, biases, stride, padding)
    zeros = tuple(((k - 1 + round_up) // 2,) * 2 for k in kernels.shape[:2])
    return slid(image, kernels, biases, stride, zeros)


def conv2d_cut(image, kernels, biases, stride, padding, round_up=True):
    """As `conv2d_both_ends`, but with the right number of outputs."""
    if padding != "same":
        return convolved(image, kernels, biases, stride, padding)
    size = convolved(image, kernels, biases, stride, padding).shape
    zeros = tuple(((k - 1 + round_up) // 2, k) for k in kernels.shape[:2])
    return slid(image, kernels, biases, stride, zeros)[: size[0], : size[1]]


def conv2d_edges(image, kernels, biases, stride, padding):
    zeros = zeros_of(image, kernels, stride, padding)
    return slid(image, kernels, biases, stride, zeros, mode="edge")


def conv2d_same_size(image, kernels, biases, stride, padding):
    return convolved(image, kernels, biases, 1 if padding == "same" else stride, padding)


def conv2d_rounded_up(image, kernels, biases, stride, padding):
    zeros = zeros_of(image, kernels, stride, padding)
    more = tuple((before, after + stride - 1) for before, after in zeros)
    return slid(image, kernels, biases, stride, more)


def conv2d_one_apart(image, kernels, biases, stride, padding):
    """As many outputs as there should be, but neighbors look one pixel apart."""
    rows, columns, _ = convolved(image, kernels, biases, stride, padding).shape
    zeros = zeros_of(image, kernels, stride, padding)
    return slid(image, kernels, biases, 1, zeros)[:rows, :columns]


def conv2d_apart(image, kernels, biases, stride, padding):
    """Return what each filter makes of each channel: (rows, columns, channels, filters)."""
    slices = range(image.shape[2])
    maps = [convolved(image[..., [c]], kernels[:, :, [c]], biases, stride, padding) for c in slices]
    return np.stack(maps, axis=2)


def flat(maps):
    return maps.reshape(*maps.shape[:2], -1)


APART = (
    "It looks as if each channel got a map of its own. A filter reads all channels, adds up "
    "all its products, and gives one map."
)
AVERAGED = "It looks as if the products were averaged. They are summed."
TWICE = (
    "It looks as if the biases were added twice. If the function calls itself for the padded "
    "picture, they are in the result already."
)
BOTH_ENDS = (
    'It looks as if "same" put as many zeros before as after. If their number is odd, the end '
    "gets one more; and with a stride it may take fewer than k − 1."
)
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
            builds_on="window",
        ),
        "bias": Line(
            "each filter adds its own bias",
            1,
            "There are as many biases as filters. Which numbers of the output does one belong to?",
            builds_on="window",
        ),
        "stride": Line(
            "a stride: the window moves several pixels at a time",
            1.5,
            "Where in the picture does the window of output (i, j) start?",
            builds_on="window",
        ),
        "zeros": Line(
            "a number of zeros on each side",
            1,
            "Make a larger array of zeros with the picture in it, and slide over that one.",
            builds_on="window",
        ),
        "same": Line(
            'padding "same" with stride 1',
            1,
            "How many rows and columns are missing if you do not pad? Half of them go before, "
            "half after.",
            builds_on="window",
        ),
        "odd": Line(
            'padding "same" at any stride, with an odd number of zeros too',
            1,
            "Count the zeros for rows and for columns: as many as the promised number of "
            "outputs needs, and never fewer than none. If the number is odd, the end gets one "
            "more.",
            builds_on="same",
        ),
    },
    UNCHANGED,
    cases,
    convolved,
    [
        (
            "It looks as if the kernels were turned by half a turn first. Keras slides them as "
            "they are.",
            lambda x, w, b, s, p: convolved(x, w[::-1, ::-1], b, s, p),
        ),
        (
            "It looks as if rows and columns of the kernels changed places.",
            lambda x, w, b, s, p: convolved(x, w.swapaxes(0, 1), b, s, p),
        ),
        (
            AVERAGED,
            lambda x, w, b, s, p: convolved(x, w / math.prod(w.shape[:3]), b, s, p),
        ),
        (
            AVERAGED,
            lambda x, w, b, s, p: convolved(x, w, b, s, p) / math.prod(w.shape[:3]),
        ),
        (
            AVERAGED,
            lambda x, w, b, s, p: convolved(x, w / math.prod(w.shape[:2]), b, s, p),
        ),
        (TWICE, lambda x, w, b, s, p: convolved(x, w, 2 * b, s, p)),
        (TWICE, lambda x, w, b, s, p: convolved(x, w, b if p == "valid" else 2 * b, s, p)),
        (TWICE, lambda x, w, b, s, p: convolved(x, w, b if p in ("valid", 0) else 2 * b, s, p)),
        (TWICE, lambda x, w, b, s, p: convolved(x, w, 2 * b if p == "same" else b, s, p)),
        (
            "It looks as if the biases were forgotten.",
            lambda x, w, b, s, p: convolved(x, w, 0 * b, s, p),
        ),
        (
            "It looks as if all maps got the same bias. Each filter has its own.",
            lambda x, w, b, s, p: convolved(x, w, b[0], s, p),
        ),
        (
            "It looks as if all biases were added up. Each filter has its own.",
            lambda x, w, b, s, p: convolved(x, w, b.sum(), s, p),
        ),
        (
            "It looks as if the bias was added once for each channel. A filter has one bias, "
            "however many channels it reads.",
            lambda x, w, b, s, p: convolved(x, w, b * x.shape[2], s, p),
        ),
        (
            "It looks as if only one channel was read. A filter reads all of them.",
            lambda x, w, b, s, p: convolved(x[..., :1], w[:, :, :1], b, s, p),
        ),
        (
            "It looks as if only one channel was read. A filter reads all of them.",
            lambda x, w, b, s, p: convolved(x[..., -1:], w[:, :, -1:], b, s, p),
        ),
        (
            "It looks as if the channels were averaged. Their products are summed.",
            lambda x, w, b, s, p: convolved(x / x.shape[2], w, b, s, p),
        ),
        (APART, lambda *case: flat(conv2d_apart(*case))),
        (APART, lambda *case: conv2d_apart(*case)),
        (APART, lambda *case: conv2d_apart(*case)[..., 0]),
        (
            'It looks as if "same" kept the size at any stride. It makes up for the window, '
            "never for the stride.",
            conv2d_same_size,
        ),
        (
            "It looks as if the extra zero stands before, above or on the left. Keras puts it "
            "at the end.",
            conv2d_extra_before,
        ),
        (
            "It looks as if all zeros stand below and on the right. They are shared between both "
            "ends; only of an odd number the end gets one more.",
            conv2d_all_at_the_end,
        ),
        (BOTH_ENDS, conv2d_both_ends),
        (BOTH_ENDS, lambda *case: conv2d_both_ends(*case, round_up=False)),
        (BOTH_ENDS, conv2d_cut),
        (BOTH_ENDS, lambda *case: conv2d_cut(*case, round_up=False)),
        (
            "It looks as if the border was filled with pixels of the picture. Zero padding "
            "fills it with zeros.",
            conv2d_edges,
        ),
        (
            "It looks as if the padding made no difference.",
            lambda x, w, b, s, p: convolved(x, w, b, s, "valid"),
        ),
        (
            "It looks as if the stride made no difference.",
            lambda x, w, b, s, p: convolved(x, w, b, 1, p),
        ),
        (ONE_APART, conv2d_one_apart),
        (
            COUNTED_TOO,
            conv2d_rounded_up,
        ),
        (
            "It looks as if only one filter was used. Each of them gives a map.",
            lambda x, w, b, s, p: convolved(x, w[..., :1], b[:1], s, p),
        ),
        (
            "It looks as if negative outputs were set to 0. That is ReLU, a step of its own.",
            lambda *case: np.maximum(convolved(*case), 0),
        ),
        (AXES, lambda *case: np.moveaxis(convolved(*case), -1, 0)),
        (AXES, lambda *case: np.swapaxes(convolved(*case), 0, 1)),
        (AXES, lambda *case: convolved(*case)[np.newaxis]),
        (NO_AXIS, lambda *case: convolved(*case)[..., 0]),
    ],
)
