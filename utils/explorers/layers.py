"""Networks as lists of layers: checked, and from and to Keras. What they cost is in utils/sizes.py.

A layer is a dictionary such as `{"type": "Conv2D", "filters": 64, "kernelSize": 7}`. The
options bear Keras's names with JavaScript's capitals; `kernel_size` is understood too.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from numbers import Integral, Real

from utils import sizes
from utils.models import keras_layer, keras_name

MOST_PARAMETERS = 500_000_000  # of a network that Keras is asked for: 2 GB
LARGEST = {
    "filters": 10_000,
    "units": 10_000,
    "kernelSize": 31,
    "poolSize": 31,
    "strides": 31,
    "depthMultiplier": 100,
}
ACTIVATIONS = (
    *("relu", "softmax", "tanh", "sigmoid"),
    *("elu", "gelu", "leaky_relu", "relu6", "selu", "silu", "softplus"),
)
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


def checked_sides(name: str, value):
    """Return one number for rows and columns, or a list of two; raise ValueError otherwise."""
    if not isinstance(value, (list, tuple)):
        return whole(value, LARGEST[name])
    if len(value) != 2:
        raise ValueError(f"has to be one number, or two: for rows and columns; it is {value!r}")
    rows, columns = (whole(side, LARGEST[name]) for side in value)
    return rows if rows == columns else [rows, columns]


def is_zeros(value) -> bool:
    """Whether `value` is a number of zeros that a padding may have."""
    whole_number = isinstance(value, Integral) and not isinstance(value, bool)
    return whole_number and 0 <= value <= LARGEST["kernelSize"]


def checked_zeros(value):
    """Return the padding of a ZeroPadding2D in its shortest form; raise ValueError otherwise."""
    try:
        (above, below), (left, right) = zeros = sizes.zeros_around(value)
        possible = all(map(is_zeros, (above, below, left, right)))
    except (TypeError, ValueError):
        possible = False
    if not possible:
        raise ValueError(
            "has to be a number of zeros, [rows, columns], or [[above, below], [left, right]], "
            f"each 0 to {LARGEST['kernelSize']}, and it is {value!r}"
        )
    if (above, left) == (below, right):
        return int(above) if above == left else [int(above), int(left)]
    return [[int(zeros) for zeros in side] for side in zeros]


def checked_number(value) -> float:
    """Return a finite number as float; raise ValueError otherwise."""
    if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
        raise ValueError(f"has to be one number, and it is {value!r}")
    return float(value)


def checked_option(kind: str, name: str, value):
    """Return the value of one option as it is kept; raise ValueError that says what is possible."""
    if isinstance(sizes.LAYERS[kind][name], bool):
        if not isinstance(value, bool):
            raise ValueError(f"has to be True or False, and it is {value!r}")
    elif name in {"filters", "units", "depthMultiplier"}:
        return whole(value, LARGEST[name])
    elif name in {"kernelSize", "poolSize", "strides"}:
        return checked_sides(name, value)
    elif kind == "ZeroPadding2D":
        return checked_zeros(value)
    elif name == "padding":
        if is_zeros(value):
            return int(value)
        if value not in ("valid", "same"):
            raise ValueError(
                'has to be "valid", "same", or a number of zeros on each side, '
                f"0 to {LARGEST['kernelSize']}, and it is {value!r}"
            )
    elif name == "activation":
        if value in (None, "linear"):
            return None
        if value not in ACTIVATIONS:
            known = ", ".join(f'"{activation}"' for activation in ACTIVATIONS)
            raise ValueError(f"has to be {known} or None, and it is {value!r}")
    elif name == "rate":
        if isinstance(value, bool) or not isinstance(value, Real) or not 0 <= value < 1:
            raise ValueError(f"has to be a number from 0 to below 1, and it is {value!r}")
        return float(value)
    else:
        return checked_number(value)
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
    if not isinstance(kind, str) or kind not in sizes.LAYERS:
        raise ValueError(f"{name} has the type {kind!r}. Take one of: {', '.join(sizes.LAYERS)}.")
    defaults = sizes.LAYERS[kind]
    if unknown := [option for option in given if option not in defaults]:
        known = f"Its options are {', '.join(defaults)}." if defaults else "It has no options."
        raise ValueError(f"{name}, {kind}, has no option {unknown[0]!r}. {known}")
    checked = {"type": kind}
    for option, value in {**defaults, **given}.items():
        if option == "strides" and value is None:  # as in Keras: windows side by side
            value = checked.get("poolSize", 1)
        try:
            checked[option] = checked_option(kind, option, value)
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


def summarize(layers: Sequence[dict], input_shape: Sequence[int]) -> list[dict]:
    """Return what `sizes.summarize` does, of layers and an input shape that are checked first."""
    return sizes.summarize(check(layers), check_input_shape(input_shape))


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
        layer = layers[number - 1]
        if sizes.is_sliding(layer) and isinstance(layer["padding"], int):
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


def chain(model) -> list:
    """Return the layers of a built Keras model one after the other, those of models in it too.

    Raises ValueError for a model that is no chain: one with branches, or a layer called twice.
    """
    import keras

    if not isinstance(model, keras.Model) or not hasattr(model, "layers"):
        raise ValueError(
            "A Keras model is needed, a keras.Sequential or one made of layers called in a row, "
            f"and this is a {type(model).__name__}."
        )
    if not model.built:
        raise ValueError(
            f"The model {model.name!r} has no input shape. Begin it with keras.Input((28, 28, 1))."
        )
    layers = model.layers if isinstance(model, keras.Sequential) else functional_chain(model)
    flat = []
    for layer in layers:
        if isinstance(layer, keras.Model):
            flat += chain(layer)
        elif not isinstance(layer, keras.layers.InputLayer):
            flat.append(layer)
    return flat


def functional_chain(model) -> list:
    """Return the layers of a functional Keras model from the input to the output.

    Raises ValueError where a layer has other than one input, or more than one layer after it.
    """
    config = model.get_config()
    branched = ValueError(
        f"The model {model.name!r} has branches, and a list of layers has none: each layer has "
        "to be called once, on the output of the one before it."
    )
    if "output_layers" not in config:
        raise ValueError(
            f"The model {model.name!r} is a class of its own. A keras.Sequential or a functional "
            "keras.Model can be read."
        )
    before = {  # names of the layers whose outputs a layer is called on, call by call
        layer["name"]: [tensor_sources(call) for call in layer["inbound_nodes"]]
        for layer in config["layers"]
    }
    ends = {kind: layer_names(config[kind]) for kind in ("input_layers", "output_layers")}
    if len(ends["input_layers"]) != 1 or len(ends["output_layers"]) != 1:
        raise branched
    names = ends["output_layers"]
    while names[-1] != ends["input_layers"][0]:
        calls = before[names[-1]]
        if len(calls) != 1 or len(calls[0]) != 1:
            raise branched
        names.append(calls[0][0])
    if len(names) != len(config["layers"]):  # a side branch that is read by nothing, too
        raise branched
    return [model.get_layer(name) for name in reversed(names)]


def tensor_sources(value) -> list[str]:
    """Return the names of the layers from which the tensors come in a stored call of a layer."""
    if isinstance(value, dict):
        if "keras_history" in value:
            return [value["keras_history"][0]]
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return [name for part in value for name in tensor_sources(part)]
    return []


def layer_names(stored: list) -> list[str]:
    """Return the layers' names of a stored model's inputs or outputs: [name, 0, 0], or a list."""
    return [stored[0]] if isinstance(stored[0], str) else [name for name, _, _ in stored]


def layer_from_keras(layer, name: str) -> dict:
    """Return one Keras layer as plain values, checked; raise ValueError that begins with `name`."""
    kind, config = type(layer).__name__, layer.get_config()
    if kind == "ReLU" and config | {"max_value": 6, "negative_slope": 0, "threshold": 0} == config:
        return {"type": "Activation", "activation": "relu6"}
    if kind not in sizes.LAYERS:
        raise ValueError(f"{name} is a {kind}. Possible are: {', '.join(sizes.LAYERS)}.")
    own = {keras_name(option): config[keras_name(option)] for option in sizes.LAYERS[kind]}
    plain = checked_layer({"type": kind, **own}, name)
    if config.get("axis") == len(layer.output.shape) - 1:
        config["axis"] = -1  # the last axis by its number, as keras.applications have it
    for option, value in keras_layer(plain).get_config().items():
        if NOT_DRAWN.fullmatch(option) or option in own:
            continue
        if config.get(option) != value:
            raise ValueError(
                f"{name} is a {kind} with {option}={config.get(option)!r}; "
                f"only {option}={value!r} is possible here."
            )
    return plain


def from_keras(model) -> tuple[list[dict], tuple[int, ...]]:
    """Return the layers and the input shape of a built Keras model that is a plain chain.

    Names, initializers, regularizers and weights are left behind. Raises ValueError that
    names the layer which is of another kind, or has an option that a list cannot hold.
    """
    layers = [
        layer_from_keras(layer, f"Layer {number} of the model, {layer.name!r}")
        for number, layer in enumerate(chain(model), 1)
    ]
    return layers, check_input_shape(model.input_shape[1:])
