"""Networks as lists of layers, in the form that the page's engine reads, and Keras's.

A layer is a dictionary such as `{"type": "Conv2D", "filters": 64, "kernelSize": 7}`. The
options bear Keras's names with JavaScript's capitals; `kernel_size` is understood too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from numbers import Integral, Real

from .arrays import windows

MOST_PARAMETERS = 500_000_000  # of a network that Keras is asked for: 2 GB
LARGEST = {"filters": 10_000, "units": 10_000, "kernelSize": 31, "poolSize": 31, "strides": 31}
ACTIVATIONS = (None, "relu", "softmax")
WITHOUT_OPTIONS = {
    kind: {} for kind in ["Flatten", "GlobalAveragePooling2D", "ReLU", "BatchNormalization"]
}
POOLING = {"poolSize": 2, "strides": None, "padding": "valid"}
DEFAULTS = {
    "Conv2D": {
        "filters": 32,
        "kernelSize": 3,
        "strides": 1,
        "padding": "valid",
        "activation": None,
        "useBias": True,
    },
    "MaxPooling2D": POOLING,
    "AveragePooling2D": POOLING,
    "Dense": {"units": 10, "activation": None, "useBias": True},
    "Dropout": {"rate": 0.5},
    **WITHOUT_OPTIONS,
}
IN_KERAS = {"kernelSize": "kernel_size", "poolSize": "pool_size", "useBias": "use_bias"}
FROM_KERAS = {keras: own for own, keras in IN_KERAS.items()}
# What a Keras layer has besides, and what changes neither its shape nor its cost.
NOT_DRAWN = re.compile(
    r"name|trainable|dtype|seed|momentum|epsilon|\w+_(initializer|regularizer|constraint)"
)


# --- Checked lists -----------------------------------------------------------------------


def whole(value, largest: int) -> int:
    """Return a whole number from 1 to `largest` as int; raise ValueError otherwise."""
    if isinstance(value, bool) or not isinstance(value, Integral) or not 1 <= value <= largest:
        raise ValueError(f"has to be a whole number from 1 to {largest:,}, and it is {value!r}")
    return int(value)


def checked_option(name: str, value):
    """Return the value of one option as it is kept; raise ValueError that says what is possible."""
    if name in {"filters", "units"}:
        return whole(value, LARGEST[name])
    if name in {"kernelSize", "poolSize", "strides"}:
        if not isinstance(value, (list, tuple)):
            return whole(value, LARGEST[name])
        if len(value) != 2:
            raise ValueError(f"has to be one number, or two: for rows and columns; it is {value!r}")
        rows, columns = (whole(side, LARGEST[name]) for side in value)
        return rows if rows == columns else [rows, columns]
    if name == "padding":
        zeros = isinstance(value, Integral) and not isinstance(value, bool)
        if zeros and 0 <= value <= LARGEST["kernelSize"]:
            return int(value)
        if value not in ("valid", "same"):
            raise ValueError(
                'has to be "valid", "same", or a number of zeros on each side, '
                f"0 to {LARGEST['kernelSize']}, and it is {value!r}"
            )
    elif name == "activation":
        if value == "linear":
            return None
        if value not in ACTIVATIONS:
            raise ValueError(f'has to be "relu", "softmax" or None, and it is {value!r}')
    elif name == "rate":
        if isinstance(value, bool) or not isinstance(value, Real) or not 0 <= value < 1:
            raise ValueError(f"has to be a number from 0 to below 1, and it is {value!r}")
        return float(value)
    elif name == "useBias" and not isinstance(value, bool):
        raise ValueError(f"has to be True or False, and it is {value!r}")
    return value


def checked_layer(layer, name: str) -> dict:
    """Return one layer with all its options; raise ValueError that begins with `name`."""
    if not isinstance(layer, dict) or "type" not in layer:
        raise ValueError(
            f"{name} has to be a dictionary with a type, such as "
            f'{{"type": "Flatten"}}, and it is {layer!r}.'
        )
    given = {re.sub(r"_(\w)", lambda m: m[1].upper(), key): layer[key] for key in map(str, layer)}
    kind = given.pop("type")
    if not isinstance(kind, str) or kind not in DEFAULTS:
        raise ValueError(f"{name} has the type {kind!r}. Take one of: {', '.join(DEFAULTS)}.")
    defaults = DEFAULTS[kind]
    if unknown := [option for option in given if option not in defaults]:
        known = f"Its options are {', '.join(defaults)}." if defaults else "It has no options."
        raise ValueError(f"{name}, {kind}, has no option {unknown[0]!r}. {known}")
    checked = {"type": kind}
    for option, value in {**defaults, **given}.items():
        if option == "strides" and value is None:  # as in Keras: windows side by side
            value = checked.get("poolSize", 1)
        try:
            checked[option] = checked_option(option, value)
        except ValueError as error:
            raise ValueError(f"{name}, {kind}: {option} {error}.") from None
    return checked


def check(layers: Sequence[dict]) -> list[dict]:
    """Return the layers with every option, in the engine's form; what is left out is as in Keras.

    `filters`, `kernelSize`, `units` and `rate`, which Keras asks for, are 32, 3, 10 and 0.5.
    A padding may be a number of zeros on each side, which Keras does not know. Raises
    ValueError that says which layer (the first is layer 1), what is wrong, and what is possible.
    Whether the layers fit on one another is not asked here: see `summarize`.
    """
    if isinstance(layers, (str, dict)) or not isinstance(layers, Sequence):
        raise ValueError(f"A list of layers is needed, and this is {type(layers).__name__!r}.")
    return [checked_layer(layer, f"Layer {number}") for number, layer in enumerate(layers, 1)]


def check_input_shape(shape: Sequence[int], largest_side: int = 1024) -> tuple[int, ...]:
    """Return (rows, columns, channels) or (values,) as integers; raise ValueError otherwise."""
    try:
        sides = tuple(shape)
    except TypeError:
        sides = ()
    if len(sides) not in {1, 3}:
        raise ValueError(
            f"An input shape is (rows, columns, channels), such as (28, 28, 1), and not {shape!r}."
        )
    limits = [largest_side] * 3 if len(sides) == 3 else [largest_side**2]
    try:
        return tuple(whole(side, limit) for side, limit in zip(sides, limits, strict=True))
    except ValueError as error:
        raise ValueError(f"Each number of the input shape {error}.") from None


# --- What each layer does and costs ------------------------------------------------------


def sides(value) -> tuple:
    """Return an option for rows and for columns."""
    return tuple(value) if isinstance(value, (list, tuple)) else (value, value)


def times(shape) -> str:
    """Return 28 × 28 × 1 for (28, 28, 1)."""
    return " × ".join(map(str, shape))


def require_map(kind: str, shape: tuple[int, ...]) -> None:
    """Raise ValueError where a layer of this kind gets no map."""
    if len(shape) != 3:
        raise ValueError(
            f"{kind} needs a map of height × width × channels, and here it gets a row of "
            f"{times(shape)} values. Put it before Flatten, Dense and global pooling."
        )


def slid(layer: dict, shape: tuple[int, ...]) -> tuple[int, int]:
    """Return rows and columns after a convolution or pooling; raise ValueError if it does not fit.

    The sentences are the engine's.
    """
    require_map(layer["type"], shape)
    window = sides(layer["kernelSize" if layer["type"] == "Conv2D" else "poolSize"])
    strides, padding = sides(layer["strides"]), sides(layer["padding"])
    result = tuple(
        windows(shape[axis], window[axis], strides[axis], padding[axis])[0] for axis in (0, 1)
    )
    if 0 in result:
        padded = " with its padding" if isinstance(padding[0], int) and padding[0] else ""
        raise ValueError(
            f"The map is {times(shape[:2])}, and a {times(window)} window does not fit into "
            f'it{padded}. Use padding "same", a smaller window or fewer pooling layers.'
        )
    return result


def built(layer: dict, shape: tuple[int, ...]) -> tuple[tuple[int, ...], int, int]:
    """Return shape, parameters and multiply–adds of one layer over an input of `shape`.

    Raises ValueError, with a sentence for readers, where the layer cannot be built.
    """
    kind, channels = layer["type"], shape[-1]
    places = 1
    for side in shape[:-1]:
        places *= side
    if kind == "Conv2D":
        rows, columns = slid(layer, shape)
        height, width = sides(layer["kernelSize"])
        weights = height * width * channels * layer["filters"]
        bias = layer["filters"] if layer["useBias"] else 0
        return (rows, columns, layer["filters"]), weights + bias, weights * rows * columns
    if kind == "Dense":
        weights = channels * layer["units"]
        bias = layer["units"] if layer["useBias"] else 0
        return (*shape[:-1], layer["units"]), weights + bias, weights * places
    if "Pooling2D" in kind and kind != "GlobalAveragePooling2D":
        return (*slid(layer, shape), channels), 0, 0
    if kind == "GlobalAveragePooling2D":
        require_map(kind, shape)
        return (channels,), 0, 0
    if kind == "Flatten":
        return (places * channels,), 0, 0
    return shape, 4 * channels if kind == "BatchNormalization" else 0, 0


def summarize(layers: Sequence[dict], input_shape: Sequence[int]) -> list[dict]:
    """Return for each layer its shape, parameters, multiply_adds and receptive_field.

    Multiply–adds are those of `models.multiply_adds`. The receptive field is in pixels of
    the input along the rows, and None where position is lost. At the first layer that cannot
    be built, `problem` says why; there and after it, everything else is None.
    """
    layers, shape = check(layers), check_input_shape(input_shape)
    rows = []
    field, jump = (1, 1) if len(shape) == 3 else (None, None)
    for layer in layers:
        row = dict.fromkeys(["shape", "parameters", "multiply_adds", "receptive_field", "problem"])
        rows.append({"type": layer["type"], **row})
        if shape is None:
            continue
        try:
            shape, parameters, multiply_adds = built(layer, shape)
        except ValueError as error:
            shape, rows[-1]["problem"] = None, str(error)
            continue
        if len(shape) == 1:
            field = None
        elif "strides" in layer:
            window = sides(layer["kernelSize" if layer["type"] == "Conv2D" else "poolSize"])
            field += (window[0] - 1) * jump
            jump *= sides(layer["strides"])[0]
        rows[-1] |= {
            "shape": shape,
            "parameters": parameters,
            "multiply_adds": multiply_adds,
            "receptive_field": field,
        }
    return rows


# --- Keras -------------------------------------------------------------------------------


def to_keras(layers: Sequence[dict], input_shape: Sequence[int]):
    """Return the network as `keras.Sequential`, uncompiled.

    Raises ValueError that names the layer where it cannot be built, or where its padding is
    a number, which Keras does not know; and where the parameters would fill the memory.
    """
    layers, input_shape = check(layers), check_input_shape(input_shape)
    rows = summarize(layers, input_shape)
    for number, row in enumerate(rows, 1):
        if row["problem"]:
            raise ValueError(f"Layer {number}, {row['type']}: {row['problem']}")
        if isinstance(layers[number - 1].get("padding"), int):
            raise ValueError(
                f"Layer {number}, {row['type']}: Keras pads by name. "
                'Set padding to "same" or "valid".'
            )
    if (total := sum(row["parameters"] for row in rows)) > MOST_PARAMETERS:
        raise ValueError(
            f"The network has {total:,} parameters, {total * 4e-9:.0f} GB, and "
            f"{MOST_PARAMETERS:,} are the most that are built here. Take fewer filters or units, "
            "or more pooling before Flatten."
        )
    import keras

    return keras.Sequential([keras.Input(input_shape), *map(keras_layer, layers)])


def keras_layer(layer: dict):
    """Return one checked layer as Keras's."""
    import keras

    options = {IN_KERAS.get(name, name): value for name, value in layer.items() if name != "type"}
    return getattr(keras.layers, layer["type"])(**options)


def from_keras(model) -> tuple[list[dict], tuple[int, ...]]:
    """Return the layers and the input shape of a built `keras.Sequential`.

    Names, initializers, regularizers and weights are left behind. Raises ValueError that
    names the layer which is of another kind, or has an option that a list cannot hold.
    """
    import keras

    if not isinstance(model, keras.Sequential):
        raise ValueError(
            f"A keras.Sequential is needed, layer after layer, and this is a "
            f"{type(model).__name__}: a list of layers has no branches."
        )
    if not model.built:
        raise ValueError(
            f"The model {model.name!r} has no input shape. Begin it with keras.Input((28, 28, 1))."
        )
    layers = []
    for number, layer in enumerate(model.layers, 1):
        kind, name = type(layer).__name__, f"Layer {number} of the model, {layer.name!r},"
        if kind not in DEFAULTS:
            raise ValueError(f"{name} is a {kind}. Possible are: {', '.join(DEFAULTS)}.")
        config = layer.get_config()
        own = {key: config[IN_KERAS.get(key, key)] for key in DEFAULTS[kind]}
        layers.append(checked_layer({"type": kind, **own}, name.rstrip(",")))
        for option, value in keras_layer(layers[-1]).get_config().items():
            if not NOT_DRAWN.fullmatch(option) and config.get(option) != value:
                raise ValueError(
                    f"{name} is a {kind} with {option}={config.get(option)!r}; "
                    f"only {option}={value!r} is possible here."
                )
    return layers, check_input_shape(model.input_shape[1:])
