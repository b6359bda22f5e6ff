"""The networks of the course, what they cost, and their trained weights.

Keras is imported inside the functions: importing it takes seconds, and a page
without a network should not wait for it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from utils import records


def lecture_network(dtype: str | None = None):
    """Build the network of chapter 5, uncompiled: 1,413,834 parameters.

    Input (batch, 28, 28, 1) with values in [0, 1]; output (batch, 10), the
    probabilities of the ten classes. `dtype` is the Keras dtype policy of all
    layers but the last, which is always float32; None takes the global policy.

    Source: A. Géron, *Hands-On Machine Learning with Scikit-Learn, Keras and
    TensorFlow*, chapter 14.
    """
    import keras
    from keras import layers

    def convolution(filters: int, kernel_size: int):
        return layers.Conv2D(filters, kernel_size, padding="same", activation="relu", dtype=dtype)

    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            convolution(64, 7),
            layers.MaxPooling2D(2, dtype=dtype),
            convolution(128, 3),
            convolution(128, 3),
            layers.MaxPooling2D(2, dtype=dtype),
            convolution(256, 3),
            convolution(256, 3),
            layers.MaxPooling2D(2, dtype=dtype),
            layers.Flatten(dtype=dtype),
            layers.Dense(128, activation="relu", dtype=dtype),
            layers.Dropout(0.5, dtype=dtype),
            layers.Dense(64, activation="relu", dtype=dtype),
            layers.Dropout(0.5, dtype=dtype),
            layers.Dense(10, activation="softmax", dtype="float32"),
        ],
        name="lecture_network",
    )


def trained_lecture_network():
    """Return the network of chapter 5, float32, with the weights of the recorded full run."""
    model = lecture_network(dtype="float32")
    model.set_weights(records.weights("fashion_mnist_lecture"))
    return model


def multiply_adds(layer) -> int:
    """Return the multiply–adds of one built Keras `layer` for one image; 0 without weights.

    A convolution uses each weight of its filters once at every output position,
    a dense layer uses each weight once. Additions of the bias are not counted.
    """
    kind = type(layer).__name__
    if kind == "Conv2D":
        _, rows, columns, _ = layer.output.shape
        return int(rows * columns * np.prod(layer.kernel.shape))
    if kind == "Dense":
        return int(np.prod(layer.kernel.shape))
    if layer.weights:
        raise ValueError(f"no rule for the multiply–adds of a {kind} layer")
    return 0


def fast_dtype_policy() -> str:
    """Return the dtype policy to train with on this machine.

    "mixed_bfloat16" where TensorFlow would run on a CPU that has bfloat16
    instructions (`avx512_bf16`), else "float32": without those instructions
    bfloat16 is emulated and much slower.
    """
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:  # not Linux: no flag to read, so nothing to gain for sure
        return "float32"
    if "avx512_bf16" not in flags:
        return "float32"
    import tensorflow as tf

    return "float32" if tf.config.list_physical_devices("GPU") else "mixed_bfloat16"
