"""What layers do to sizes, and what they cost: windows, shapes, receptive fields, parameters, work.

Plain values in and out. A layer is a dictionary of its type and options, such as
`{"type": "Conv2D", "filters": 64, "kernelSize": 7}`; the options bear Keras's names with
JavaScript's capitals, and those that are left out are as in `LAYERS`. A shape is
(rows, columns, channels), or (values,) after Flatten. Errors are sentences for readers.

`explorers/js/sizes.js` is the same arithmetic for the page; tests/utils/test_sizes.py compares
the two on random networks. The checks of the exercise do not use it: they judge by their own.

Sources: V. Dumoulin and F. Visin, *A guide to convolution arithmetic for deep learning*
(arXiv:1603.07285), for sizes; A. Araujo, W. Norris and J. Sim, *Computing Receptive Fields of
Convolutional Neural Networks* (Distill, 2019, doi:10.23915/distill.00021), for receptive fields;
A. Howard et al., *MobileNets* (arXiv:1704.04861), section 3.1, for multiply–adds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import prod
from numbers import Integral
from typing import NamedTuple

# The options of each layer, and what they are where they are left out: as in Keras, which has
# no default for the filters and the kernel, the units, the rate, the scale and the activation.
_WINDOW = {"strides": 1, "padding": "valid"}
_NEURONS = {"activation": None, "useBias": True}
LAYERS = {
    "Conv2D": {"filters": 32, "kernelSize": 3, **_WINDOW, **_NEURONS},
    "DepthwiseConv2D": {"kernelSize": 3, **_WINDOW, "depthMultiplier": 1, **_NEURONS},
    "SeparableConv2D": {
        "filters": 32,
        "kernelSize": 3,
        **_WINDOW,
        "depthMultiplier": 1,
        **_NEURONS,
    },
    "MaxPooling2D": {"poolSize": 2, "strides": None, "padding": "valid"},  # None: the window's
    "AveragePooling2D": {"poolSize": 2, "strides": None, "padding": "valid"},
    "GlobalAveragePooling2D": {},
    "GlobalMaxPooling2D": {},
    "Flatten": {},
    "Dense": {"units": 10, **_NEURONS},
    "Dropout": {"rate": 0.5},
    "BatchNormalization": {"center": True, "scale": True},
    "ReLU": {},
    "Activation": {"activation": "relu"},
    "ZeroPadding2D": {"padding": 1},
    "Rescaling": {"scale": 1 / 255, "offset": 0},
}
POSITION_IS_LOST = ("Flatten", "GlobalAveragePooling2D", "GlobalMaxPooling2D")


def both(value) -> tuple:
    """Return an option for rows and for columns: 3 stands for (3, 3)."""
    return tuple(value) if isinstance(value, (list, tuple)) else (value, value)


def times(shape: Iterable[int]) -> str:
    """Return "28 × 28 × 1" for (28, 28, 1)."""
    return " × ".join(map(str, shape))


def is_sliding(layer: dict) -> bool:
    """Whether a layer slides a window over its maps: a convolution or a pooling."""
    options = LAYERS.get(layer["type"], {})
    return "kernelSize" in options or "poolSize" in options


def window_of(layer: dict) -> tuple[int, int]:
    """Return rows and columns of the window of a convolution or pooling."""
    return both(layer["kernelSize" if "kernelSize" in layer else "poolSize"])


def completed(layer: dict) -> dict:
    """Return a layer with all its options; raise ValueError for a type or an option unknown."""
    kind = layer.get("type")
    if kind not in LAYERS:
        raise ValueError(f"There is no layer with the name {kind} here.")
    options = LAYERS[kind]
    for name in layer:
        if name != "type" and name not in options:
            known = f"Its options are {', '.join(options)}." if options else "It has no options."
            raise ValueError(f"{kind} has no option {name}. {known}")
    full = {**options, **layer}
    if "strides" in full and full["strides"] is None:
        full["strides"] = full.get("poolSize", 1)
    return full


# --- Windows that slide over a map -------------------------------------------------------


class Windows(NamedTuple):
    """Where windows fit along one axis."""

    size: int  # how many windows; 0 where none fits
    before: int  # zeros put before the map
    after: int  # and after it
    unused: int  # values at the end of the padded map that no window reaches


def windows(size: int, window: int, stride: int = 1, padding: str | int = "valid") -> Windows:
    """Return where windows fit along one axis of `size` values.

    There are ⌊(n + p₁ + p₂ − k) / s⌋ + 1 of them for a map of n values, p₁ and p₂ zeros
    before and after it, a window of k and the stride s (Dumoulin and Visin, relationship 6).
    `padding` is a number of zeros on either side, "valid" for none, or "same": as many zeros
    as make ⌈n / s⌉ windows, of an odd number one more after the map, as in TensorFlow.
    Raises ValueError for numbers that are not whole or too small.
    """
    require_whole("input's size", size)
    require_whole("window's size", window)
    require_whole("stride", stride)
    if padding == "same":
        total = max((-(-size // stride) - 1) * stride + window - size, 0)
        before, after = total // 2, total - total // 2
    else:
        before = after = 0 if padding == "valid" else padding
        if isinstance(before, bool) or not isinstance(before, Integral) or before < 0:
            raise ValueError(
                'The padding is "valid", "same" or a whole number of at least 0, '
                f"and not {padding}."
            )
    room = before + size + after - window
    if room < 0:
        return Windows(0, before, after, room + window)
    return Windows(room // stride + 1, before, after, room % stride)


def require_whole(name: str, value) -> None:
    """Raise ValueError unless `value` is a whole number of at least 1."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
        raise ValueError(f"The {name} must be a whole number of at least 1, and it is {value}.")


def require_map(kind: str, shape: Sequence[int]) -> None:
    """Raise ValueError where a layer of this kind gets no map."""
    if len(shape) != 3:
        raise ValueError(
            f"{kind} needs a map of height × width × channels, and here it gets a row of "
            f"{times(shape)} values. Put it before Flatten, Dense and global pooling."
        )


def windows_on_map(layer: dict, shape: Sequence[int]) -> tuple[Windows, Windows]:
    """Return where the windows of a convolution or pooling fit, along rows and columns.

    `layer` has all its options. Raises ValueError where none fits, or where a window of a
    pooling would lie in the padding alone: it has no largest value and no mean.
    """
    require_map(layer["type"], shape)
    window, strides, padding = window_of(layer), both(layer["strides"]), both(layer["padding"])
    axes = [windows(shape[axis], window[axis], strides[axis], padding[axis]) for axis in (0, 1)]
    if not all(axis.size for axis in axes):
        padded = " with its padding" if any(isinstance(p, int) and p for p in padding) else ""
        raise ValueError(
            f"The map is {times(shape[:2])}, and a {times(window)} window does not fit into "
            f'it{padded}. Use padding "same", a smaller window or fewer pooling layers.'
        )
    if "poolSize" in layer and any(axes[i].before >= window[i] for i in (0, 1)):
        raise ValueError(
            f"With this padding a {times(window)} window would see nothing but padding. "
            "Use a padding that is smaller than the window."
        )
    return axes[0], axes[1]


def zeros_around(padding) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the zeros of a ZeroPadding2D: (above, below), (left, right)."""
    rows, columns = both(padding)
    return both(rows), both(columns)


# --- What one layer gives and costs ------------------------------------------------------


def kernels(layer: dict, channels: int) -> list[tuple[int, ...]]:
    """Return the shapes of a layer's kernels over `channels` maps or values, as Keras keeps them.

    `layer` has all its options. A SeparableConv2D has two: one for each map, then 1 × 1.
    """
    if layer["type"] == "Dense":
        return [(channels, layer["units"])]
    if "kernelSize" not in layer:
        return []
    window = window_of(layer)
    if layer["type"] == "Conv2D":
        return [(*window, channels, layer["filters"])]
    depth = layer["depthMultiplier"]
    each = (*window, channels, depth)
    if layer["type"] == "DepthwiseConv2D":
        return [each]
    return [each, (1, 1, channels * depth, layer["filters"])]


def multiply_adds(kernels: Iterable[Sequence[int]], output_shape: Sequence[int]) -> int:
    """Return the multiply–adds of one layer for one image, from the shapes of its kernels.

    Each weight is used once at each place of the output: rows · columns · k · k · C_in · C_out
    for a convolution, and inputs · units for a dense layer behind Flatten (Howard et al.,
    section 3.1). Biases are not counted, and neither are layers without a kernel.
    """
    return prod(output_shape[:-1]) * sum(map(prod, kernels))


def output_shape(layer: dict, shape: Sequence[int]) -> tuple[int, ...]:
    """Return the shape that a layer, with all its options, gives; raise ValueError if it cannot."""
    kind, channels = layer["type"], shape[-1]
    if is_sliding(layer):
        rows, columns = (axis.size for axis in windows_on_map(layer, shape))
        maps = layer.get("filters", channels * layer.get("depthMultiplier", 1))
        return rows, columns, maps
    if kind == "Flatten":
        return (prod(shape),)
    if kind == "Dense":  # on a map it works at each place, on the channels alone
        return (*shape[:-1], layer["units"])
    if kind in POSITION_IS_LOST:
        require_map(kind, shape)
        return (channels,)
    if kind == "ZeroPadding2D":
        require_map(kind, shape)
        rows, columns = (
            side + sum(zeros)
            for side, zeros in zip(shape[:2], zeros_around(layer["padding"]), strict=True)
        )
        return rows, columns, channels
    return tuple(shape)


class Built(NamedTuple):
    """What one layer gives and costs."""

    shape: tuple[int, ...]
    parameters: int
    trainable: int  # of the parameters: all but what a BatchNormalization measures
    multiply_adds: int


def build(layer: dict, shape: Sequence[int]) -> Built:
    """Return shape, parameters and multiply–adds of one layer over an input of `shape`.

    Parameters are the weights of the kernels and, with `useBias`, a bias for each map or unit
    of the output: (k · k · C_in + 1) · C_out for a convolution. A BatchNormalization learns a
    scale and a shift for each map, and keeps a mean and a variance that it measures.
    Raises ValueError, with a sentence for readers, where the layer cannot be built.
    """
    layer = completed(layer)
    for option, name in {
        "filters": "number of filters",
        "units": "number of units",
        "depthMultiplier": "depth multiplier",
    }.items():
        if option in layer:
            require_whole(name, layer[option])
    output = output_shape(layer, shape)
    if layer["type"] == "BatchNormalization":
        learned = (layer["center"] + layer["scale"]) * shape[-1]
        return Built(output, learned + 2 * shape[-1], learned, 0)
    own = kernels(layer, shape[-1])
    parameters = sum(map(prod, own)) + (output[-1] if own and layer["useBias"] else 0)
    return Built(output, parameters, parameters, multiply_adds(own, output))


# --- Receptive fields --------------------------------------------------------------------


class Slide(NamedTuple):
    """How a layer moves along one axis: a window of 1 keeps each place."""

    size: int  # of the map before it
    window: int
    stride: int
    before: int  # zeros put before the map
    output: int  # size of the map that it gives
    is_whole: bool  # it mixes all places, or a layer before it has


def slides(layers: Sequence[dict], input_size: int, axis: int = 0) -> list[Slide]:
    """Return how layers slide along one axis; ends early where a window does not fit."""
    found, size, is_whole = [], input_size, False
    for layer in map(completed, layers):
        slide = Slide(size, 1, 1, 0, size, False)
        is_whole = is_whole or layer["type"] in POSITION_IS_LOST
        if is_whole:
            slide = slide._replace(is_whole=True)
        elif layer["type"] == "ZeroPadding2D":
            before, after = zeros_around(layer["padding"])[axis]
            slide = slide._replace(before=before, output=before + size + after)
        elif is_sliding(layer):
            window, stride = window_of(layer)[axis], both(layer["strides"])[axis]
            placed = windows(size, window, stride, both(layer["padding"])[axis])
            if not placed.size:
                break
            slide = Slide(size, window, stride, placed.before, placed.size, False)
        found.append(slide)
        size = slide.output
    return found


class Field(NamedTuple):
    """What one value of a map sees of the input, along one axis, in pixels."""

    size: int  # padding included
    jump: int  # from what it sees to what its neighbor sees
    start: int  # the first pixel that output 0 sees; negative in the padding

    def through(self, window: int, stride: int, before: int = 0) -> Field:
        """Return what a value sees after one more layer, with `before` zeros before the map.

        r_l = r_(l−1) + (k_l − 1) · j_(l−1) and j_l = j_(l−1) · s_l for the window k_l and the
        stride s_l, and the start moves back by `before` · j_(l−1) (Araujo et al.).
        """
        return Field(
            self.size + (window - 1) * self.jump,
            self.jump * stride,
            self.start - before * self.jump,
        )


PIXEL = Field(1, 1, 0)  # what a value of the input sees: itself


def receptive_fields(layers: Sequence[dict], input_size: int, axis: int = 0) -> list[Field | None]:
    """Return what one value sees of `input_size` pixels after each layer, along one axis.

    None where position is lost, and where no window fits.
    """
    fields, field = [], PIXEL
    for slide in slides(layers, input_size, axis):
        if slide.is_whole:
            break
        field = field.through(slide.window, slide.stride, slide.before)
        fields.append(field)
    return fields + [None] * (len(layers) - len(fields))


# --- Whole networks ----------------------------------------------------------------------

NOTHING = dict.fromkeys(
    ["shape", "parameters", "trainable", "multiply_adds", "receptive_field", "jump", "problem"]
)


def summarize(layers: Sequence[dict], input_shape: Sequence[int]) -> list[dict]:
    """Return for each layer its type, what it gives and costs, and what a value of it sees.

    As `build` and `receptive_fields` have it; `receptive_field` and `jump` are in pixels of
    the input along its rows. At the first layer that cannot be built, `problem` says why in a
    sentence; there and after it, everything else is None.
    """
    rows = [{"type": layer.get("type"), **NOTHING} for layer in layers]
    shape, built = tuple(input_shape), 0
    for row, layer in zip(rows, layers, strict=True):
        try:
            cost = build(layer, shape)
        except ValueError as error:
            row["problem"] = str(error)
            break
        row |= cost._asdict()
        shape, built = cost.shape, built + 1
    if len(input_shape) == 3:
        fields = receptive_fields(layers[:built], input_shape[0])
        for row, field in zip(rows, fields, strict=False):
            if field:
                row |= {"receptive_field": field.size, "jump": field.jump}
    return rows
