"""The networks of "Better, step by step" are what their docstrings and the page say."""

import numpy as np
import pytest

from utils import models
from utils.improved_networks import lecture_with, residual_network


def work(model) -> int:
    return sum(models.multiply_adds(layer) for layer in model.layers)


def shapes(model) -> list[tuple]:
    return [weights.shape for weights in model.get_weights()]


def test_without_changes_it_is_the_lectures_network():
    ours, lectures = lecture_with(), models.lecture_network()
    assert shapes(ours) == shapes(lectures)
    assert work(ours) == work(lectures)
    ours.set_weights(lectures.get_weights())
    images = np.random.default_rng(0).random((4, 28, 28, 1), "float32")
    np.testing.assert_allclose(ours(images), lectures(images), atol=1e-6)


def test_normalization_stands_between_each_convolution_and_its_relu_and_takes_its_bias():
    kinds = [type(layer).__name__ for layer in lecture_with(8, normalized=True).layers]
    places = [place for place, kind in enumerate(kinds) if kind == "Conv2D"]
    assert len(places) == 5
    for place in places:
        assert kinds[place : place + 3] == ["Conv2D", "BatchNormalization", "ReLU"]
    convolutions = [x for x in lecture_with(8, normalized=True).layers if "conv" in x.name]
    assert not any(layer.use_bias for layer in convolutions)


def test_he_normal_weights_have_the_variance_of_two_over_the_inputs():
    first, *_ = [x for x in lecture_with(64, "he_normal").layers if x.weights]
    assert np.var(first.get_weights()[0]) == pytest.approx(2 / 49, rel=0.1)


def test_the_global_head_has_ten_neurons_on_the_mean_of_each_map():
    model = lecture_with(32, normalized=True, head="global")
    assert shapes(model)[-2:] == [(128, 10), (10,)]
    assert model.count_params() < 0.66 * lecture_with(32, normalized=True).count_params()


def test_the_residual_network_has_three_blocks_and_the_parameters_that_are_told():
    model = residual_network()
    assert model.count_params() == 687_530
    assert sum(type(layer).__name__ == "Add" for layer in model.layers) == 3
    assert residual_network(80).count_params() < lecture_with().count_params()


@pytest.mark.parametrize("build", [lecture_with, residual_network])
def test_answers_are_probabilities_in_32_bits_whatever_the_policy(build):
    model = build(8, dtype="mixed_bfloat16")
    answers = np.asarray(model(np.ones((2, 28, 28, 1), "float32")))
    assert answers.dtype == np.float32
    np.testing.assert_allclose(answers.sum(axis=1), 1, atol=1e-5)
