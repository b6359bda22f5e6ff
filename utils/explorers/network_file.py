"""Trained networks in files that a page can run: what `NetworkExplorer` loads.

The form, all numbers little endian:

    bytes 0–8    "CNNCOURSE"
    byte 9       the version of the form, 1; bytes 10 and 11 are 0
    bytes 12–15  the length of the file        uint32
    bytes 16–19  the length of the header      uint32
    bytes 20–23  the CRC-32 of what follows    uint32
    the header   JSON: name, input (rows, columns, channels), classes, layers
    the payload  the arrays, each at a multiple of 4

A layer is a dictionary with its Keras type and options, and for each of its arrays
{"shape", "dtype", "at"}: "float32", or "int8" with "scales", where float32 scales lie, one
for each place of the last axis: value = int8 · scale. `js/network_file.js` reads it.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

MAGIC = b"CNNCOURSE"
VERSION = 1
LARGEST_SIDE = 64  # pixels
ACTIVATIONS = {"relu", "softmax", "sigmoid", "tanh"}


# --- Writing -----------------------------------------------------------------------------


def framed(header: dict, payload: bytes) -> bytes:
    """Return a file of the course's form: frame, header and payload."""
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    body = text + payload
    lengths = struct.pack("<3I", 24 + len(body), len(text), zlib.crc32(body))
    return MAGIC + bytes([VERSION, 0, 0]) + lengths + body


def quantized(array: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return weights as int8 and their scales, one for each place of the last axis.

    The largest weight of each filter or unit becomes ±127: rounding moves a weight by at most
    half a scale.
    """
    largest = np.abs(array).reshape(-1, array.shape[-1]).max(axis=0)
    scales = np.where(largest > 0, largest / 127, 1).astype(np.float32)
    return np.round(array / scales).astype(np.int8), scales


class Payload:
    """The arrays of a file, one behind the other."""

    def __init__(self, quantize: bool):
        self.quantize = quantize
        self.content = bytearray()

    def add(self, array: np.ndarray) -> int:
        """Append an array; return where it lies."""
        at = len(self.content)
        self.content += array.tobytes()
        self.content += bytes(-len(self.content) % 4)
        return at

    def store(self, array: np.ndarray) -> dict:
        """Append an array and return what the header says of it; kernels may become int8."""
        array = np.ascontiguousarray(array, dtype="<f4")
        if not np.isfinite(array).all():
            raise ValueError("holds weights that are NaN or infinite; train it again")
        if not (self.quantize and array.ndim > 1):
            return {"shape": list(array.shape), "dtype": "float32", "at": self.add(array)}
        whole, scales = quantized(array)
        return {
            "shape": list(array.shape),
            "dtype": "int8",
            "at": self.add(whole),
            "scales": self.add(scales.astype("<f4")),
        }


def pack(
    name: str,
    input_shape: Sequence[int],
    layers: Sequence[dict],
    classes: Sequence[str] | None = None,
    quantize: bool = True,
) -> bytes:
    """Return the bytes of a network file.

    `layers` are dictionaries as `trained_layers` returns them: a type, options, and arrays.
    With `quantize`, kernels are stored as int8 with a scale for each filter, a quarter of
    their size; biases and batch normalization stay float32. Raises ValueError that names the
    layer whose weights are not finite.
    """
    payload = Payload(quantize)
    described = []
    for number, layer in enumerate(layers, 1):
        try:
            described.append(
                {
                    key: payload.store(value) if isinstance(value, np.ndarray) else value
                    for key, value in layer.items()
                }
            )
        except ValueError as error:
            raise ValueError(f"Layer {number}, {layer['type']}, {error}.") from None
    header = {"name": name, "input": list(input_shape), "layers": described}
    if classes is not None:
        header["classes"] = list(classes)
    return framed(header, bytes(payload.content))


# --- Keras models ------------------------------------------------------------------------


def chain(model) -> list:
    """Return the layers of a Keras model in the order in which they run.

    Takes Sequential, and Functional where each layer feeds the next alone. Raises ValueError
    that names the layer from which more than one path leads, or into which more than one leads.
    """
    import keras

    if not isinstance(model, keras.Model) or not model.built:
        raise ValueError("A built Keras model is needed: begin it with keras.Input((28, 28, 1)).")
    layers = [layer for layer in model.layers if type(layer).__name__ != "InputLayer"]
    if isinstance(model, keras.Sequential):
        return [part for layer in layers for part in (chain(layer) if is_model(layer) else [layer])]
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise ValueError("The model has more than one input or output; one of each is possible.")
    tensor, ordered = model.inputs[0], []
    by_input: dict[int, list] = {}
    for layer in layers:
        for given in layer.input if isinstance(layer.input, list) else [layer.input]:
            by_input.setdefault(id(given), []).append(layer)
    while tensor is not model.outputs[0]:
        following = by_input.get(id(tensor), [])
        if len(following) != 1 or isinstance(following[0].input, list):
            where = ordered[-1].name if ordered else "the input"
            raise ValueError(
                f"After {where!r} the model branches, or branches meet; only a chain of layers "
                "can be shown."
            )
        layer = following[0]
        ordered += chain(layer) if is_model(layer) else [layer]
        tensor = layer.output
    return ordered


def is_model(layer) -> bool:
    """Whether a layer of a model is a model itself."""
    import keras

    return isinstance(layer, keras.Model)


def both(value) -> list[int]:
    """Return an option for rows and for columns."""
    return list(value) if isinstance(value, (list, tuple)) else [value, value]


def activation_of(layer) -> str | None:
    """Return the name of a layer's activation; raise ValueError for one that pages lack."""
    function = getattr(layer, "activation", None)
    name = getattr(function, "__name__", None)
    if function is None or name == "linear":
        return None
    if name not in ACTIVATIONS:
        raise ValueError(
            f"has the activation {name}; possible are {', '.join(sorted(ACTIVATIONS))}"
        )
    return name


def windows_of(layer) -> dict:
    """Return strides and padding; raise ValueError for dilation and groups."""
    if both(getattr(layer, "dilation_rate", 1)) != [1, 1] or getattr(layer, "groups", 1) != 1:
        raise ValueError("has dilation or groups, which cannot run in a page")
    return {"strides": both(layer.strides), "padding": layer.padding}


def numpy(weights) -> np.ndarray:
    """Return a weight of a Keras layer as float32."""
    import keras

    return np.asarray(keras.ops.convert_to_numpy(keras.ops.cast(weights, "float32")))


def convolution(layer) -> dict:
    bias = {"bias": numpy(layer.bias)} if layer.use_bias else {}
    return {**windows_of(layer), "kernel": numpy(layer.kernel), **bias}


def separable(layer) -> dict:
    bias = {"bias": numpy(layer.bias)} if layer.use_bias else {}
    kernels = {
        "depthwiseKernel": numpy(layer.depthwise_kernel),
        "kernel": numpy(layer.pointwise_kernel),
    }
    return {**windows_of(layer), **kernels, **bias}


def dense(layer) -> dict:
    if len(layer.input.shape) != 2:
        raise ValueError("works on maps; put Flatten or global pooling before it")
    bias = {"bias": numpy(layer.bias)} if layer.use_bias else {}
    return {"kernel": numpy(layer.kernel), **bias}


def normalization(layer) -> dict:
    """Return scale and offset, by which a layer works once it is trained."""
    mean, variance = numpy(layer.moving_mean), numpy(layer.moving_variance)
    scale = 1 / np.sqrt(variance + layer.epsilon)
    if layer.scale:
        scale = scale * numpy(layer.gamma)
    offset = -mean * scale
    if layer.center:
        offset = offset + numpy(layer.beta)
    return {"scale": scale, "offset": offset}


def rescaling(layer) -> dict:
    if np.ndim(layer.scale) or np.ndim(layer.offset):
        raise ValueError("has a scale for each channel; one for all is possible")
    return {"scale": float(layer.scale), "offset": float(layer.offset)}


def rectifier(layer) -> dict:
    if layer.max_value is not None or layer.negative_slope or layer.threshold:
        raise ValueError("is no plain ReLU: it has a largest value, a slope or a threshold")
    return {}


READERS = {
    "Conv2D": convolution,
    "DepthwiseConv2D": convolution,
    "SeparableConv2D": separable,
    "Dense": dense,
    "BatchNormalization": normalization,
    "MaxPooling2D": lambda layer: {**windows_of(layer), "poolSize": both(layer.pool_size)},
    "AveragePooling2D": lambda layer: {**windows_of(layer), "poolSize": both(layer.pool_size)},
    "GlobalMaxPooling2D": lambda layer: {},
    "GlobalAveragePooling2D": lambda layer: {},
    "ZeroPadding2D": lambda layer: {"padding": [list(sides) for sides in layer.padding]},
    "Rescaling": rescaling,
    "Activation": lambda layer: {},
    "ReLU": rectifier,
    "Dropout": lambda layer: {"rate": float(layer.rate)},
    "Flatten": lambda layer: {},
}


def trained_layers(model) -> list[dict]:
    """Return the layers of a built Keras model with their weights, for `pack`.

    Raises ValueError that names the layer which cannot run in a page, and says why.
    """
    found = []
    for number, layer in enumerate(chain(model), 1):
        kind = type(layer).__name__
        try:
            if kind not in READERS:
                raise ValueError(f"is none of {', '.join(READERS)}")
            read = {"type": kind, "name": layer.name, **READERS[kind](layer)}
            if activation := activation_of(layer):
                read["activation"] = activation
        except ValueError as error:
            raise ValueError(
                f"Layer {number} of the model, {layer.name!r} ({kind}), {error}."
            ) from None
        found.append(read)
    return found


def network_file(model, classes: Sequence[str] | None = None, quantize: bool = True) -> bytes:
    """Return a Keras model as a network file.

    Takes a chain (Sequential or Functional) on images of up to 64 × 64 pixels, gray or in
    color, with values of 0 … 1, or of 0 … 255 if the first layer is a Rescaling. Raises
    ValueError that says what cannot run in a page.
    """
    layers = trained_layers(model)
    ending, answers = layers[-1].get("activation"), model.output_shape[1:]
    if len(answers) != 1 or answers[0] < 2 or ending not in {None, "softmax"}:
        raise ValueError(
            f"The model ends with {answers} and {ending or 'no activation'}; it has to end with "
            "softmax over two classes or more, or with the sums before it."
        )
    shape = tuple(model.input_shape[1:])
    if len(shape) != 3 or not all(shape) or max(shape[:2]) > LARGEST_SIDE or shape[2] not in {1, 3}:
        raise ValueError(
            f"The model takes {shape}; images (rows, columns, 1 or 3) of up to {LARGEST_SIDE} × "
            f"{LARGEST_SIDE} pixels are possible."
        )
    return pack(model.name, shape, layers, classes, quantize)


def export_weights(model, path, classes: Sequence[str] | None = None) -> None:
    """Write a Keras model to a file that *Open my network* on a page takes.

    The model gets images with values of 0 … 1, or of 0 … 255 if it begins with a Rescaling.
    Raises ValueError that names the layer which cannot run in a page.
    """
    Path(path).write_bytes(network_file(model, classes))


# --- Reading -----------------------------------------------------------------------------


def opened(content: bytes) -> tuple[dict, bytes]:
    """Return header and payload of a file; raise ValueError for one that is damaged."""
    if content[: len(MAGIC)] != MAGIC or len(content) < 24:
        raise ValueError("This is no file of the course.")
    length, header_length, checksum = struct.unpack("<3I", content[12:24])
    body = content[24:]
    if length != len(content) or checksum != zlib.crc32(body) or header_length > len(body):
        raise ValueError("The file is damaged: it is cut off, or its checksum is wrong.")
    return json.loads(body[:header_length]), body[header_length:]


def array(stored: dict, payload: bytes) -> np.ndarray:
    """Return an array of a file as float32."""
    shape, at = tuple(stored["shape"]), stored["at"]
    kind = {"float32": "<f4", "int8": "i1"}[stored["dtype"]]
    values = np.frombuffer(payload, kind, int(np.prod(shape)), at).reshape(shape)
    if "scales" in stored:
        values = values * np.frombuffer(payload, "<f4", shape[-1], stored["scales"])
    return values.astype(np.float32)


# Of each type of layer that a page can train, Keras's names of its options and of its arrays.
OPTIONS = {"strides": "strides", "padding": "padding", "poolSize": "pool_size", "rate": "rate"}
TRAINED = {
    "Conv2D",
    "Dense",
    "MaxPooling2D",
    "AveragePooling2D",
    "BatchNormalization",
    "ReLU",
    "Flatten",
    "Dropout",
}


def keras_layer(layer: dict, payload: bytes):
    """Return a layer of a file as a Keras layer, and its weights."""
    from keras import layers

    if layer["type"] not in TRAINED:
        raise ValueError(f"a layer {str(layer['type'])[:40]!r} is none that a page trains")
    options = {OPTIONS[key]: value for key, value in layer.items() if key in OPTIONS}
    weights = [array(layer[key], payload) for key in ("kernel", "bias") if key in layer]
    if layer["type"] == "BatchNormalization":
        scale, offset = (array(layer[key], payload) for key in ("scale", "offset"))
        # A normalization by mean 0 and variance 1 − ε: what is left are the scale and the offset.
        made = layers.BatchNormalization(epsilon=1e-3)
        return made, [scale, offset, np.zeros_like(scale), np.full_like(scale, 1 - 1e-3)]
    if weights:
        options |= {"activation": layer.get("activation"), "use_bias": "bias" in layer}
        units = weights[0].shape[-1]
        if layer["type"] == "Dense":
            return layers.Dense(units, **options), weights
        return layers.Conv2D(units, weights[0].shape[:2], **options), weights
    return getattr(layers, layer["type"])(**options), []


def to_keras(path):
    """Return the network of a file that the training explorer wrote, as a Keras model.

    It takes images with values of 0 … 1. Raises ValueError for another or a damaged file.
    """
    import keras

    try:
        header, payload = opened(Path(path).read_bytes())
        pairs = [keras_layer(layer, payload) for layer in header["layers"]]
        chain = [layer for layer, _ in pairs]
        model = keras.Sequential([keras.Input(tuple(header["input"])), *chain])
        model.set_weights([weights for _, arrays in pairs for weights in arrays])
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} cannot be opened: {error}") from None
    return model
