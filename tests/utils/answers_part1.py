"""Answers to part 1 as students write them: wrong ones with what they cost, and right ones.

Each of the wrong ones stands under the name of its task as (the lines that fail, by key; words of
the hint; the function). They are written as one would write them, not as the checks compute.
"""

from __future__ import annotations

import math

import numpy as np


def border(n: int, k: int, stride: int, padding) -> tuple[int, int]:
    """Return the zeros before and after a side, as Keras puts them."""
    if padding != "same":
        return (0, 0) if padding == "valid" else (padding, padding)
    missing = max((-(-n // stride) - 1) * stride + k - n, 0)
    return missing // 2, missing - missing // 2


def padded(image, kernels, stride, padding):
    sides = zip(image.shape, kernels.shape[:2], strict=False)
    return np.pad(image, (*(border(n, k, stride, padding) for n, k in sides), (0, 0)))


def slide(image, kernels, stride, each):
    """Return what `each` makes of every window, a number for each filter."""
    k_h, k_w = kernels.shape[:2]
    rows = (image.shape[0] - k_h) // stride + 1
    columns = (image.shape[1] - k_w) // stride + 1
    return np.array(
        [
            [each(image[i : i + k_h, j : j + k_w]) for j in range(0, columns * stride, stride)]
            for i in range(0, rows * stride, stride)
        ]
    )


def convolution(image, kernels, biases, stride, padding, each=None, pad=padded):
    each = each or (lambda window: np.tensordot(window, kernels, 3) + biases)
    return slide(pad(image, kernels, stride, padding), kernels, stride, each)


def size(n, k, stride, padding):
    return (
        -(-n // stride)
        if padding == "same"
        else (n + 2 * border(n, k, 1, padding)[0] - k) // stride + 1
    )


# --- output_size ------------------------------------------------------------------------------


def half_a_window_is_same(n, k, stride, padding):
    if padding in ("same", k // 2):
        return -(-n // stride)
    return (n + 2 * (0 if padding == "valid" else padding) - k) // stride + 1


def same_by_the_formula_of_valid(n, k, stride, padding):
    """p = (k − 1) // 2, as many pages write it."""
    zeros = {"valid": 0, "same": (k - 1) // 2}.get(padding, padding)
    return (n + 2 * zeros - k) // stride + 1


def zero_means_same(n, k, stride, padding):
    if not padding or padding == "same":
        return -(-n // stride)
    return (n + 2 * (0 if padding == "valid" else padding) - k) // stride + 1


def one_too_many_when_it_fits(n, k, stride, padding):
    """Counts the starts with range(0, n − k + 2)."""
    if padding == "same":
        return -(-n // stride)
    n += 2 * (0 if padding == "valid" else padding)
    return len(range(0, n - k + 2, stride))


def at_least_the_window(n, k, stride, padding):
    """Stops where a window longer than the side stands, with "same" too."""
    if n < k:
        return 0
    return size(n, k, stride, padding)


# --- conv2d -----------------------------------------------------------------------------------


def bias_twice_by_recursion(image, kernels, biases, stride, padding):
    if padding != "valid":
        image = padded(image, kernels, stride, padding)
        return bias_twice_by_recursion(image, kernels, biases, stride, "valid") + biases
    return convolution(image, kernels, biases, stride, padding)


def mean_of_the_products(image, kernels, biases, stride, padding):
    def each(window):
        return np.mean(window[..., None] * kernels, axis=(0, 1, 2)) + biases

    return convolution(image, kernels, biases, stride, padding, each)


def bias_times_window(image, kernels, biases, stride, padding):
    """The bias is added inside the sum, once for each product."""

    def each(window):
        return (window[..., None] * kernels + biases).sum(axis=(0, 1, 2))

    return convolution(image, kernels, biases, stride, padding, each)


def zeros_below_and_right_only(image, kernels, biases, stride, padding):
    def pad(image, kernels, stride, padding):
        sides = zip(image.shape, kernels.shape[:2], strict=False)
        both = [sum(border(n, k, stride, padding)) for n, k in sides]
        return np.pad(image, ((0, both[0]), (0, both[1]), (0, 0)))

    return convolution(image, kernels, biases, stride, padding, pad=pad)


def channels_padded_too(image, kernels, biases, stride, padding):
    """np.pad(image, p) pads the channels as well; then the slices are cut off again."""

    def pad(image, kernels, stride, padding):
        if isinstance(padding, int):
            return np.pad(image, padding)[..., : image.shape[2]]
        return padded(image, kernels, stride, padding)

    return convolution(image, kernels, biases, stride, padding, pad=pad)


def same_as_half_a_window(image, kernels, biases, stride, padding):
    def pad(image, kernels, stride, padding):
        if padding != "same":
            return padded(image, kernels, stride, padding)
        return np.pad(image, (*((k // 2, k // 2) for k in kernels.shape[:2]), (0, 0)))

    return convolution(image, kernels, biases, stride, padding, pad=pad)


def zeros_counted_for_rows_alone(image, kernels, biases, stride, padding):
    def pad(image, kernels, stride, padding):
        rows = border(image.shape[0], kernels.shape[0], stride, padding)
        return np.pad(image, (rows, rows, (0, 0)))

    return convolution(image, kernels, biases, stride, padding, pad=pad)


def in_the_type_of_the_picture(image, *rest):
    return convolution(image, *rest).astype(image.dtype)


def stride_for_rows_alone(image, kernels, biases, stride, padding):
    rows = convolution(padded(image, kernels, stride, padding), kernels, biases, 1, "valid")
    return rows[::stride]


# --- max_pool2d -------------------------------------------------------------------------------


def pooled(maps, k, stride, largest):
    rows, columns = ((n - k) // stride + 1 for n in maps.shape[:2])
    out = np.empty((rows, columns, maps.shape[2]))
    for i, j in np.ndindex(rows, columns):
        out[i, j] = largest(maps[i * stride : i * stride + k, j * stride : j * stride + k])
    return out


def starting_from(start):
    def max_pool2d(maps, k, stride):
        def largest(window):
            found = np.full(maps.shape[2], float(start))
            for row in window:
                for values in row:
                    found = np.where(values > found, values, found)
            return found

        return pooled(maps, k, stride, largest)

    return max_pool2d


def over_all_channels(maps, k, stride):
    return pooled(maps, k, stride, np.max)


def square_maps(maps, k, stride):
    side = (maps.shape[0] - k) // stride + 1
    return pooled(maps, k, stride, lambda window: window.max(axis=(0, 1)))[:, :side]


def windows_as_far_as_the_stride(maps, k, stride):
    """Cuts maps[i * stride : (i + 1) * stride]: right where window and stride are equal."""
    rows, columns = ((n - k) // stride + 1 for n in maps.shape[:2])
    out = np.empty((rows, columns, maps.shape[2]))
    for i, j in np.ndindex(rows, columns):
        window = maps[i * stride : (i + 1) * stride, j * stride : (j + 1) * stride]
        out[i, j] = window.max(axis=(0, 1))
    return out


def by_reshaping(maps, k, stride):
    """Folds the maps into blocks of k × k: no other stride, but what is left over is cut off."""
    rows, columns = maps.shape[0] // k, maps.shape[1] // k
    blocks = maps[: rows * k, : columns * k].reshape(rows, k, columns, k, -1)
    return blocks.max(axis=(1, 3))


# --- count_parameters -------------------------------------------------------------------------


def counted(conv, keep_channels=False, pool_by=None):
    def count_parameters(input_shape, layers):
        rows, columns, channels = input_shape
        total, inputs = 0, rows * columns * channels
        for kind, *n in layers:
            if kind == "Conv2D":
                total += conv(n[1], channels, n[0])
                rows, columns = (size(side, *n[1:]) for side in (rows, columns))
                channels = channels if keep_channels else n[0]
            elif kind == "MaxPooling2D":
                how = pool_by or (lambda side, k, stride: size(side, k, stride, "valid"))
                rows, columns = (how(side, *n) for side in (rows, columns))
            elif kind == "Dense":
                total, inputs = total + (inputs + 1) * n[0], n[0]
            if kind != "Dense":
                inputs = rows * columns * channels
        return total

    return count_parameters


# --- receptive_field --------------------------------------------------------------------------


def jumping_too_early(layers):
    field = jump = 1
    for window, stride in layers:
        jump *= stride
        field += (window - 1) * jump
    return field


def half_windows(layers):
    """Grows by 2 · (window // 2): right for odd windows."""
    field = jump = 1
    for window, stride in layers:
        field, jump = field + 2 * (window // 2) * jump, jump * stride
    return field


def strides_only_of_pooling(layers):
    """Takes a stride for one only if the window is as large as the stride."""
    field = jump = 1
    for window, stride in layers:
        field += (window - 1) * jump
        jump *= stride if window == stride else 1
    return field


WRONG = {
    "output_size": {
        "half a window is same": (["zeros"], "half the window", half_a_window_is_same),
        "p = (k - 1) // 2": (["same"], "", same_by_the_formula_of_valid),
        "0 means same": (["zeros"], "Zeros make the side longer", zero_means_same),
        "range(n - k + 2)": (["valid", "zeros"], "How far can", one_too_many_when_it_fits),
        "0 for a long window": (
            ["zeros", "same"],
            "Zeros make the side longer",
            at_least_the_window,
        ),
    },
    "conv2d": {
        "bias twice by recursion": (["bias"], "added twice", bias_twice_by_recursion),
        "mean": (
            ["window", "channels", "bias", "stride", "zeros", "same", "odd"],
            "They are summed",
            mean_of_the_products,
        ),
        "bias in the sum": (["bias"], "There are as many biases", bias_times_window),
        "zeros at the end only": (
            ["zeros", "same", "odd"],
            "all zeros stand",
            zeros_below_and_right_only,
        ),
        "channels padded": (["zeros"], "Make a larger array", channels_padded_too),
        "same by k // 2": (["odd"], "before as after", same_as_half_a_window),
        "zeros of the rows for both": (
            ["same", "odd"],
            "columns are not",
            zeros_counted_for_rows_alone,
        ),
        "whole numbers": (["window"], "holds no decimals", in_the_type_of_the_picture),
        "stride in rows": (["stride", "odd"], "columns are not", stride_for_rows_alone),
    },
    "max_pool2d": {
        "from -1": (["negative"], "start from", starting_from(-1)),
        "from 0": (["negative"], "0 took part", starting_from(0)),
        "from -999": (["negative"], "start from", starting_from(-999)),
        "over all channels": (["channels"], "mixed", over_all_channels),
        "square": (
            ["beside", "dropped", "apart", "channels", "negative"],
            "columns are not",
            square_maps,
        ),
        "(i + 1) * stride": (["apart"], "where does it end", windows_as_far_as_the_stride),
        "reshape": (["apart"], "the windows lie side by side", by_reshaping),
    },
    "count_parameters": {
        "channels forgotten": (
            ["conv", "pool", "sizes"],
            "channels that a filter reads were forgotten",
            counted(lambda k, channels, filters: (k * k + 1) * filters),
        ),
        "channels of the input": (
            ["conv", "pool", "sizes"],
            "",
            counted(lambda k, channels, filters: (k * k * channels + 1) * filters, True),
        ),
        "2 k": (
            ["conv", "pool", "sizes"],
            "",
            counted(lambda k, channels, filters: (2 * k * channels + 1) * filters),
        ),
        "pooling by n // stride": (
            ["sizes"],
            "function for sizes",
            counted(
                lambda k, channels, filters: (k * k * channels + 1) * filters,
                pool_by=lambda n, k, stride: n // stride,
            ),
        ),
        "biases forgotten": (
            ["conv", "pool", "sizes"],
            "biases were forgotten",
            counted(lambda k, channels, filters: k * k * channels * filters),
        ),
    },
    "receptive_field": {
        "jump first": (["strided", "jumps"], "own stride", jumping_too_early),
        "2 (k // 2)": (["one", "strided", "jumps"], "", half_windows),
        "window equals stride": (["strided", "jumps"], "", strides_only_of_pooling),
    },
}

RIGHT = {
    "output_size": {"by cases": size, "ceil": lambda *case: int(math.ceil(size(*case)))},
    "conv2d": {
        "windows": convolution,
        "float16": lambda *case: convolution(*case).astype(np.float16),
        "computed in float16": lambda image, kernels, biases, stride, padding: convolution(
            *(array.astype(np.float16) for array in (image, kernels, biases)), stride, padding
        ),
    },
    "max_pool2d": {
        "from -inf": starting_from(-np.inf),
        "float16": lambda *case: starting_from(-np.inf)(*case).astype(np.float16),
    },
    "count_parameters": {
        "walk": counted(lambda k, channels, filters: (k * k * channels + 1) * filters),
        "0-d array": lambda *case: np.array(
            counted(lambda k, channels, filters: (k * k * channels + 1) * filters)(*case)
        ),
    },
    "receptive_field": {
        "sum": lambda layers: (
            1
            + sum((k - 1) * math.prod(s for _, s in layers[:n]) for n, (k, _) in enumerate(layers))
        )
    },
}
