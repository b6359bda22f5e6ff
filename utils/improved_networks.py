"""The networks of the page *Better, step by step*: the lecture's network, changed bit by bit.

All take images (batch, 28, 28, 1) with values in [0, 1] and return (batch, 10), the
probabilities of the ten classes; none is compiled. `dtype` is the Keras dtype policy of all
layers but the last, which is always float32; None takes the global policy.

Keras is imported inside the functions: importing it takes seconds.
"""

from __future__ import annotations


def lecture_with(
    width: int = 64,
    initializer: str = "glorot_uniform",
    normalized: bool = False,
    head: str = "dense",
    dtype: str | None = None,
):
    """Build the lecture's network with changes; without any, it is the lecture's.

    The first convolution has `width` filters, the others two and four times as many.
    `initializer` is Keras's name of what draws the first kernels of all layers with ReLU.
    `normalized` puts a batch normalization between each convolution, which then needs no bias,
    and its ReLU. The head is "dense", the lecture's three dense layers, or "global": the mean of
    each of the last maps, dropout, and ten neurons; the last pooling is this mean.
    """
    import keras
    from keras import layers

    def convolution(maps, filters: int, kernel_size: int):
        options = {"padding": "same", "kernel_initializer": initializer, "dtype": dtype}
        if not normalized:
            return layers.Conv2D(filters, kernel_size, activation="relu", **options)(maps)
        maps = layers.Conv2D(filters, kernel_size, use_bias=False, **options)(maps)
        return layers.ReLU(dtype=dtype)(layers.BatchNormalization(dtype=dtype)(maps))

    image = keras.Input((28, 28, 1))
    maps = layers.MaxPooling2D(dtype=dtype)(convolution(image, width, 7))
    maps = convolution(convolution(maps, 2 * width, 3), 2 * width, 3)
    maps = layers.MaxPooling2D(dtype=dtype)(maps)
    maps = convolution(convolution(maps, 4 * width, 3), 4 * width, 3)
    if head == "global":
        values = layers.GlobalAveragePooling2D(dtype=dtype)(maps)
        values = layers.Dropout(0.3, dtype=dtype)(values)
    else:
        values = layers.Flatten(dtype=dtype)(layers.MaxPooling2D(dtype=dtype)(maps))
        for units in (128, 64):
            dense = layers.Dense(
                units, activation="relu", kernel_initializer=initializer, dtype=dtype
            )
            values = layers.Dropout(0.5, dtype=dtype)(dense(values))
    answer = layers.Dense(10, activation="softmax", dtype="float32")(values)
    return keras.Model(image, answer, name=f"lecture_with_{head}_head")


def _normalized_convolution(maps, filters: int, kernel_size: int, strides: int, dtype):
    """Return a "same" convolution of maps, normalized."""
    from keras import layers

    convolution = layers.Conv2D(
        filters,
        kernel_size,
        strides=strides,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
        dtype=dtype,
    )
    return layers.BatchNormalization(dtype=dtype)(convolution(maps))


def _block(maps, filters: int, dtype):
    """Return two convolutions of maps, added to the maps themselves."""
    from keras import layers

    found = layers.ReLU(dtype=dtype)(_normalized_convolution(maps, filters, 3, 1, dtype))
    found = _normalized_convolution(found, filters, 3, 1, dtype)
    return layers.ReLU(dtype=dtype)(layers.Add(dtype=dtype)([maps, found]))


def residual_network(width: int = 64, dtype: str | None = None):
    """Build a network with three residual blocks, on `width` and twice `width` maps.

    A convolution of 5 × 5 with 32 filters; 14 × 14 by a stride of 2, and two blocks; 7 × 7 by
    a stride of 2, a block and a last convolution; the mean of each map goes to ten neurons.
    With a width of 64: 687,530 parameters.

    Source: K. He et al., *Deep Residual Learning for Image Recognition*, 2016, for the blocks.
    """
    import keras
    from keras import layers

    def convolution(maps, filters: int, kernel_size: int, strides: int = 1):
        normalized = _normalized_convolution(maps, filters, kernel_size, strides, dtype)
        return layers.ReLU(dtype=dtype)(normalized)

    image = keras.Input((28, 28, 1))
    maps = convolution(convolution(image, 32, 5), width, 3, strides=2)
    maps = _block(_block(maps, width, dtype), width, dtype)
    maps = convolution(maps, 2 * width, 3, strides=2)
    maps = convolution(_block(maps, 2 * width, dtype), 2 * width, 3)
    means = layers.GlobalAveragePooling2D(dtype=dtype)(maps)
    answer = layers.Dense(10, activation="softmax", dtype="float32")
    values = layers.Dropout(0.3, dtype=dtype)(means)
    return keras.Model(image, answer(values), name="residual_network")
