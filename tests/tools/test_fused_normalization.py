"""Batch normalization by one operation of TensorFlow: the same as Keras's own."""

import keras
import numpy as np
import pytest
from keras import layers

from tools.fused_normalization import fused_normalization


def trained(options: dict, fused: bool):
    """Return the weights of a small network after six steps, and its answers then."""
    keras.utils.set_random_seed(4)
    model = keras.Sequential(
        [
            keras.Input((8, 8, 2)),
            layers.Conv2D(4, 3, use_bias=False),
            layers.BatchNormalization(**options),
            layers.ReLU(),
            layers.Flatten(),
            layers.Dense(3, activation="softmax"),
        ]
    )
    rng = np.random.default_rng(0)
    images, labels = rng.normal(2, 3, (192, 8, 8, 2)), rng.integers(0, 3, 192)
    model.compile(optimizer="sgd", loss="sparse_categorical_crossentropy")
    if fused:
        with fused_normalization():
            model.fit(images, labels, batch_size=32, shuffle=False, verbose=0)
    else:
        model.fit(images, labels, batch_size=32, shuffle=False, verbose=0)
    return [*model.get_weights(), model.predict(images, verbose=0)]


@pytest.mark.parametrize("options", [{}, {"momentum": 0.8, "epsilon": 0.1}, {"scale": False}])
def test_training_gives_the_weights_statistics_and_answers_of_keras(options):
    for fused, plain in zip(trained(options, True), trained(options, False), strict=True):
        # TensorFlow divides the batch's variance by n − 1, Keras by n: here 1,152 values.
        np.testing.assert_allclose(fused, plain, rtol=2e-3, atol=1e-5)


def test_keras_has_its_own_way_again_afterwards():
    before = layers.BatchNormalization.call
    with pytest.raises(RuntimeError), fused_normalization():
        assert layers.BatchNormalization.call is not before
        raise RuntimeError
    assert layers.BatchNormalization.call is before
