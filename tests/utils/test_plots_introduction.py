"""The figures of chapter 1: described in words that are true of what they draw."""

import numpy as np

from utils import plots

UP = np.array([[-1, 2], [2, -1]])  # prefers a rising line
DOWN = UP[:, ::-1]
SHAPES = [(28, 28, 1), (100, 100, 1), (224, 224, 3)]


def roof() -> np.ndarray:
    image = np.zeros((3, 6), dtype=int)
    image[[2, 1, 1, 2], [1, 2, 3, 4]] = 1
    return image


def figures() -> dict:
    """Return one figure of each kind, from small data."""
    rng = np.random.default_rng(0)
    images = rng.random((2, 4, 4))
    return {
        "cells": plots.cells_and_fields(
            roof(), {"up": UP, "down": DOWN}, {"up": (1, 1), "down": (1, 3)}
        ),
        "maps": plots.orientation_maps(roof(), {"up": np.array([[0, 4], [4, 1]])}),
        "growth": plots.connection_growth(SHAPES, neurons=1000, filters=10, kernel_size=5),
        "shuffled": plots.shuffled(images, images[:, ::-1]),
        "order": plots.order_matters({"dense": [(0.9, 0.88)], "CNN": [(0.97, 0.91)]}),
    }


def test_a_figure_of_cells_tells_their_answers_and_the_field_of_the_cell_above_them():
    text = figures()["cells"].description
    assert "up lines 4, the cell for down lines 4" in text
    assert "adds the answers of the first two, 8" in text
    assert "a dashed frame of 2 × 4 pixels" in text


def test_a_cell_never_answers_less_than_zero():
    cells = {"up": UP, "down": DOWN}
    text = plots.cells_and_fields(roof(), cells, {"up": (1, 3), "down": (1, 1)}).description
    assert "up lines 0, the cell for down lines 0" in text


def test_the_maps_of_answers_are_on_the_scale_and_in_the_place_of_the_image():
    image, answers = figures()["maps"].axes[:2]
    assert answers.images[0].get_clim() == (0, 4)
    assert image.get_xlim() == answers.get_xlim() == (-0.5, 5.5)
    assert answers.images[0].get_extent() == [1.5, 3.5, 2.0, 0.0]


def test_the_largest_answers_are_counted():
    assert "up: 2 of 4 positions reach 4" in figures()["maps"].description


def test_the_growth_of_a_dense_layer_is_told_beside_that_of_a_convolution():
    text = figures()["growth"].description
    assert "28 × 28: dense 784,000 weights; convolution 196,000 connections, 250" in text
    assert "100 × 100: dense 10 million weights; convolution 2.5 million connections, 250" in text
    assert "224 × 224 × 3: dense 151 million weights" in text
    assert "37.6 million connections, 750 weights" in text


def test_the_curves_are_what_keras_counts_without_the_biases():
    import keras
    from keras import layers

    curves = [line.get_ydata() for line in figures()["growth"].axes[0].lines]
    for index, (rows, columns, channels) in enumerate(SHAPES):
        layer = layers.Conv2D(10, 5, padding="same", use_bias=False)
        keras.Sequential([keras.Input((rows, columns, channels)), layer])
        assert curves[2][index] == layer.count_params()
        assert curves[1][index] == layer.count_params() * rows * columns
        assert curves[0][index] == rows * columns * channels * 1000


def test_shuffled_images_stand_below_the_ones_they_were():
    axes = figures()["shuffled"].axes
    assert np.array_equal(axes[0].images[0].get_array()[::-1], axes[2].images[0].get_array())


def test_the_accuracies_before_and_after_are_told_for_each_network():
    text = figures()["order"].description
    assert "dense: 90% on images, 88% on shuffled ones. CNN: 97% on images, 91%" in text
