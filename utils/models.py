"""The networks of the course, what they cost, and their trained weights.

Keras is imported inside the functions: importing it takes seconds, and a page
without a network should not wait for it.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from utils import records, sizes


def _convolution(filters: int, kernel_size: int) -> dict:
    layer = {"type": "Conv2D", "filters": filters, "kernelSize": kernel_size}
    return {**layer, "padding": "same", "activation": "relu"}


# The network of chapter 5 as plain values, see utils/sizes.py: the explorers show it without Keras.
LECTURE_LAYERS = [
    _convolution(64, 7),
    {"type": "MaxPooling2D", "poolSize": 2},
    _convolution(128, 3),
    _convolution(128, 3),
    {"type": "MaxPooling2D", "poolSize": 2},
    _convolution(256, 3),
    _convolution(256, 3),
    {"type": "MaxPooling2D", "poolSize": 2},
    {"type": "Flatten"},
    {"type": "Dense", "units": 128, "activation": "relu"},
    {"type": "Dropout", "rate": 0.5},
    {"type": "Dense", "units": 64, "activation": "relu"},
    {"type": "Dropout", "rate": 0.5},
    {"type": "Dense", "units": 10, "activation": "softmax"},
]


def _normalized(filters: int, kernel_size: int, strides: int = 1) -> list[dict]:
    """Return a "same" convolution, its batch normalization and its ReLU, as plain values."""
    layer = {"type": "Conv2D", "filters": filters, "kernelSize": kernel_size, "strides": strides}
    convolution = {**layer, "padding": "same", "useBias": False}
    return [convolution, {"type": "BatchNormalization"}, {"type": "ReLU"}]


# The network of the solution of exercise 14.9: one convolution with stride 2 and one pooling
# layer lead from 28 × 28 to 14 × 14 to 7 × 7; the last maps are averaged.
REFERENCE_LAYERS = [
    *_normalized(32, 3),
    *_normalized(32, 5, strides=2),
    *_normalized(64, 3),
    *_normalized(64, 3),
    {"type": "MaxPooling2D", "poolSize": 2},
    {"type": "Dropout", "rate": 0.2},
    *_normalized(128, 3),
    *_normalized(128, 3),
    {"type": "GlobalAveragePooling2D"},
    {"type": "Dropout", "rate": 0.3},
    {"type": "Dense", "units": 10, "activation": "softmax"},
]


def keras_name(option: str) -> str:
    """Return Keras's name of an option: kernel_size for kernelSize."""
    return re.sub("([A-Z])", r"_\1", option).lower()


def keras_layer(layer: dict, **options):
    """Return a layer of plain values as a Keras layer, with further options such as its dtype."""
    import keras

    own = {keras_name(name): value for name, value in sizes.completed(layer).items()}
    return getattr(keras.layers, own.pop("type"))(**own, **options)


def _sequential(layers: list[dict], name: str, dtype: str | None):
    """Return layers of plain values on (28, 28, 1) as a Keras model; the last one is float32."""
    import keras

    *body, last = layers
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            *[keras_layer(layer, dtype=dtype) for layer in body],
            keras_layer(last, dtype="float32"),
        ],
        name=name,
    )


def lecture_network(dtype: str | None = None):
    """Build the network of chapter 5, uncompiled: 1,413,834 parameters.

    Input (batch, 28, 28, 1) with values in [0, 1]; output (batch, 10), the
    probabilities of the ten classes. `dtype` is the Keras dtype policy of all
    layers but the last, which is always float32; None takes the global policy.

    Source: A. Géron, *Hands-On Machine Learning with Scikit-Learn, Keras and
    TensorFlow*, chapter 14.
    """
    return _sequential(LECTURE_LAYERS, "lecture_network", dtype)


def trained_lecture_network():
    """Return the network of chapter 5, float32, with the weights of the recorded full run."""
    model = lecture_network(dtype="float32")
    model.set_weights(records.weights("fashion_mnist_lecture"))
    return model


def cnn_with_head(head: str, dtype: str | None = None):
    """Build one of the two networks for MNIST that section 3.7 compares, uncompiled.

    Their convolutions are the same. "flatten" (54,666 parameters) hands all values of the last
    maps to a dense layer, "global" (23,946) the mean of each map. Input, output and `dtype` as
    for `lecture_network`.
    """
    import keras
    from keras import layers

    same = {"padding": "same", "activation": "relu", "kernel_initializer": "he_normal"}
    reduce = {"flatten": layers.Flatten, "global": layers.GlobalAveragePooling2D}[head]
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(16, 3, **same, dtype=dtype),
            layers.MaxPooling2D(dtype=dtype),
            layers.Conv2D(32, 3, **same, dtype=dtype),
            layers.MaxPooling2D(dtype=dtype),
            layers.Conv2D(64, 3, **same, dtype=dtype),
            reduce(dtype=dtype),
            layers.Dense(10, activation="softmax", dtype="float32"),
        ],
        name=f"cnn_with_{head}_head",
    )


def deep_cnn(shortcuts: bool, dtype: str | None = None):
    """Build one of the two networks for Fashion-MNIST that section 4.6 compares, uncompiled.

    32 layers with weights: a convolution with stride 2, fifteen blocks of two 3 × 3 convolutions
    with batch normalization on 16 maps of 7 × 7, and a dense layer. With `shortcuts` each block
    adds to what it was given; this costs no parameter, so both have the same number, 71,418.
    Input, output and `dtype` as for `lecture_network`.

    Source: K. He et al., *Deep Residual Learning for Image Recognition*, 2016, where such pairs
    are trained on CIFAR-10 and ImageNet.
    """
    import keras
    from keras import layers

    def normalized(maps, strides: int = 1):
        options = {"padding": "same", "use_bias": False, "kernel_initializer": "he_normal"}
        maps = layers.Conv2D(16, 3, strides, **options, dtype=dtype)(maps)
        return layers.BatchNormalization(dtype=dtype)(maps)

    def relu(maps):
        return layers.ReLU(dtype=dtype)(maps)

    image = keras.Input((28, 28, 1))
    maps = layers.MaxPooling2D(dtype=dtype)(relu(normalized(image, strides=2)))
    for _ in range(15):
        found = normalized(relu(normalized(maps)))
        maps = relu(layers.Add(dtype=dtype)([found, maps]) if shortcuts else found)
    means = layers.GlobalAveragePooling2D(dtype=dtype)(maps)
    answer = layers.Dense(10, activation="softmax", dtype="float32")(means)
    name = "deep_cnn_with_shortcuts" if shortcuts else "deep_cnn_without_shortcuts"
    return keras.Model(image, answer, name=name)


def dense_network(dtype: str | None = None):
    """Build a network without convolutions for MNIST, uncompiled: 266,610 parameters.

    Input, output and `dtype` as for `lecture_network`. 300 and 100 neurons, as in one of the
    networks that Y. LeCun et al. compared in 1998.
    """
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Flatten(dtype=dtype),
            layers.Dense(300, activation="relu", dtype=dtype),
            layers.Dense(100, activation="relu", dtype=dtype),
            layers.Dense(10, activation="softmax", dtype="float32"),
        ],
        name="dense_network",
    )


def plain_cnn(dtype: str | None = None):
    """Build the CNN with which the book solves exercise 14.9, uncompiled: 1,625,866 parameters.

    Input, output and `dtype` as for `lecture_network`.

    Source: A. Géron, *Hands-On Machine Learning with Scikit-Learn, Keras and TensorFlow*,
    solution of exercise 9 of chapter 14.
    """
    import keras
    from keras import layers

    def convolution(filters: int):
        return layers.Conv2D(
            filters,
            3,
            padding="same",
            activation="relu",
            kernel_initializer="he_normal",
            dtype=dtype,
        )

    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            convolution(32),
            convolution(64),
            layers.MaxPooling2D(dtype=dtype),
            layers.Flatten(dtype=dtype),
            layers.Dropout(0.25, dtype=dtype),
            layers.Dense(128, activation="relu", kernel_initializer="he_normal", dtype=dtype),
            layers.Dropout(0.5, dtype=dtype),
            layers.Dense(10, activation="softmax", dtype="float32"),
        ],
        name="plain_cnn",
    )


def own_cnn(dtype: str | None = None):
    """Build the small CNN of the solution of exercise 14.9, part 2, uncompiled: 75,242 parameters.

    Input, output and `dtype` as for `lecture_network`. Without padding: around most digits of
    MNIST lies an empty margin. 28 → 26 → 24 → 12 → 10 → 8 → 4.
    """
    import keras
    from keras import layers

    def convolution(filters: int):
        return layers.Conv2D(filters, 3, activation="relu", dtype=dtype)

    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            convolution(32),
            convolution(32),
            layers.MaxPooling2D(dtype=dtype),
            convolution(64),
            convolution(64),
            layers.MaxPooling2D(dtype=dtype),
            layers.Flatten(dtype=dtype),
            layers.Dropout(0.5, dtype=dtype),
            layers.Dense(10, activation="softmax", dtype="float32"),
        ],
        name="own_cnn",
    )


def _normalized_convolution(
    filters: int, kernel_size: int, strides: int, dtype: str | None, padding: str = "same"
):
    """Return the layers of a convolution, its batch normalization and its ReLU."""
    from keras import layers

    return [
        layers.Conv2D(
            filters, kernel_size, strides=strides, padding=padding, use_bias=False, dtype=dtype
        ),
        layers.BatchNormalization(dtype=dtype),
        layers.ReLU(dtype=dtype),
    ]


def normalized_cnn(dtype: str | None = None):
    """Build a small CNN with batch normalization for MNIST, uncompiled: 66,314 parameters.

    Input, output and `dtype` as for `lecture_network`.
    """
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            *_normalized_convolution(32, 3, 1, dtype),
            layers.MaxPooling2D(dtype=dtype),
            *_normalized_convolution(64, 3, 1, dtype),
            layers.MaxPooling2D(dtype=dtype),
            *_normalized_convolution(80, 3, 1, dtype),
            layers.GlobalAveragePooling2D(dtype=dtype),
            layers.Dense(10, activation="softmax", dtype="float32"),
        ],
        name="normalized_cnn",
    )


def reference_cnn(dtype: str | None = None):
    """Build the network of the solution of exercise 14.9, uncompiled: 305,450 parameters.

    Input, output and `dtype` as for `lecture_network`.
    """
    return _sequential(REFERENCE_LAYERS, "reference_cnn", dtype)


def cnn_of_kernels(kernel_size: int, dtype: str | None = None):
    """Build a network for MNIST all of whose kernels are 5 × 5, or all 7 × 7, uncompiled.

    342,378 or 327,338 parameters. Without padding, so every layer makes the maps smaller: 28 → 24
    → 20 → 8 → 4 with four layers of 5 × 5, 28 → 22 → 16 → 5 with three of 7 × 7. Input, output
    and `dtype` as for `lecture_network`.

    Source: S. An et al., *An Ensemble of Simple Convolutional Neural Network Models for MNIST
    Digit Recognition*, arXiv:2008.10400, where networks of 3 × 3, 5 × 5 and 7 × 7 vote.
    """
    import keras
    from keras import layers

    # (filters, stride) of each convolution.
    convolutions = {
        5: [(32, 1), (48, 1), (64, 2), (128, 1)],
        7: [(32, 1), (48, 1), (96, 2)],
    }[kernel_size]
    body = [
        layer
        for filters, strides in convolutions
        for layer in _normalized_convolution(filters, kernel_size, strides, dtype, "valid")
    ]
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            *body,
            layers.Flatten(dtype=dtype),
            layers.Dropout(0.3, dtype=dtype),
            layers.Dense(10, activation="softmax", dtype="float32"),
        ],
        name=f"cnn_of_{kernel_size}x{kernel_size}_kernels",
    )


# Layers of Keras that have weights, and do no multiply–adds that are counted here.
WITHOUT_KERNEL = {"BatchNormalization", "LayerNormalization", "Normalization"}


def multiply_adds(layer) -> int:
    """Return the multiply–adds of one built Keras `layer` for one image; 0 without a kernel.

    As `sizes.multiply_adds` counts them: each weight of the layer's kernels once at every
    output position, on a map also for a dense layer. Raises ValueError for a layer that has
    weights of another kind, or whose input has no fixed size.
    """
    kind = type(layer).__name__
    if not layer.weights or kind in WITHOUT_KERNEL:
        return 0
    if kind not in sizes.LAYERS:
        raise ValueError(f"no rule for the multiply–adds of a {kind} layer")
    if None in layer.output.shape[1:]:
        raise ValueError(
            f"the size of what {layer.name!r} gives is not known: build the model with an input "
            "shape, such as (224, 224, 3)"
        )
    kernels = [weight.shape for weight in layer.weights if weight.name.endswith("kernel")]
    return sizes.multiply_adds(kernels, layer.output.shape[1:])


def fast_dtype_policy() -> str:
    """Return the dtype policy to train with on this machine.

    "mixed_bfloat16" where TensorFlow would run on a CPU that has bfloat16
    instructions (`avx512_bf16`), else "float32": without those instructions
    bfloat16 is emulated and much slower. TensorFlow uses them through oneDNN, which
    `TF_ENABLE_ONEDNN_OPTS=0` switches off.
    """
    if os.environ.get("TF_ENABLE_ONEDNN_OPTS") == "0":
        return "float32"
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:  # not Linux: no flag to read, so nothing to gain for sure
        return "float32"
    if "avx512_bf16" not in flags:
        return "float32"
    import tensorflow as tf

    return "float32" if tf.config.list_physical_devices("GPU") else "mixed_bfloat16"
