"""The check of `conv2d`: the feature maps of a convolutional layer, before ReLU."""

from __future__ import annotations

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


def conv2d_extra_before(image, kernels, biases, stride, padding):
    (top, bottom), (left, right) = zeros_of(image, kernels, stride, padding)
    return slid(image, kernels, biases, stride, ((bottom, top), (right, left)))


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
