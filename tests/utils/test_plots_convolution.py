"""The figures of the convolutional layer: their numbers and descriptions are true."""

import numpy as np
import pytest

from utils import plots
from utils.explorers import arrays
from utils.plots import convolution

LINE = np.array([[-1, 2, -1]] * 3)


def texts(figure) -> list[str]:
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def spot(size=9):
    image = np.zeros((size, size))
    image[size // 2, size // 2] = 1
    return image


FIGURES = {
    "receptive_fields": lambda: plots.receptive_fields(),
    "window_sum": lambda: plots.window_sum(np.eye(4), LINE, bias=2, row=1),
    "padding_and_stride": lambda: plots.padding_and_stride(),
    "filter_maps": lambda: plots.filter_maps(spot(), {"a": LINE, "b": LINE.T}, [spot(), -spot()]),
    "learned_kernels": lambda: plots.learned_kernels({0: LINE * 0.0, 9: LINE}, LINE),
    "one_filter": lambda: plots.one_filter(np.ones((3, 3, 3)), np.ones((3, 3, 3)), bias=-2),
    "stacked_maps": lambda: plots.stacked_maps(),
}


@pytest.mark.parametrize("name", FIGURES)
def test_letters_are_large_enough_for_a_phone(name):
    figure = FIGURES[name]()
    written = [text for text in figure.findobj(lambda o: hasattr(o, "get_fontsize"))]
    assert min(text.get_fontsize() for text in written if text.get_text()) >= 10


@pytest.mark.parametrize(("kernel_size", "deep"), [(3, "5 × 5"), (4, "7 × 7")])
def test_a_neuron_of_layer_2_reads_more_pixels_than_its_kernel_has(kernel_size, deep):
    figure = plots.receptive_fields(kernel_size, size=11)
    kernel = f"{kernel_size} × {kernel_size}"
    assert f"sees\n{deep} pixels" in texts(figure)
    assert f"sees\n{kernel} pixels" in texts(figure)
    assert f"window of {kernel} neurons of layer 1, and these together to {deep} pixels" in (
        figure.description
    )


def test_the_window_and_the_kernel_give_the_output_of_the_layer():
    image = np.arange(20).reshape(4, 5) % 7
    for row, column in np.ndindex(2, 3):
        expected = arrays.convolve(image, LINE, bias=3)[row, column]
        figure = plots.window_sum(image, LINE, 3, row, column)
        shown = f"{expected:g}".replace("-", "−")
        assert f"= {shown}" in texts(figure)
        assert f"output {shown} at row {row}, column {column}" in figure.description


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("padding", [0, 1, 2])
def test_the_output_drawn_has_the_size_of_the_layer(stride, padding):
    rows, columns = arrays.convolve(np.zeros((5, 8)), np.zeros((3, 3)), stride, padding).shape
    figure = plots.padding_and_stride(5, 8, 3, padding, strides=(stride,))
    assert f"output {rows} × {columns}" in texts(figure)
    assert f"has {rows} × {columns} values" in figure.description


def test_maps_with_negative_values_have_a_scale_with_zero_in_the_middle():
    figure = plots.filter_maps(spot(), {"a": LINE, "b": LINE.T}, [spot(), -3 * spot()])
    low, high = figure.axes[3].images[0].get_clim()
    assert (low, high) == (-3, 3)
    assert "blue below zero, red above" in figure.description
    assert "b filter has values from −3 to 0" in figure.description


def test_maps_without_negative_values_are_gray():
    figure = plots.filter_maps(spot(), {"a": LINE, "b": LINE.T}, [spot(), spot()[1:-1]])
    assert [axes.images[0].get_cmap().name for axes in figure.axes[3:]] == ["gray", "gray"]
    assert [axes.get_title() for axes in figure.axes[3:]] == ["a: 9 × 9", "b: 7 × 9"]
    assert "bright where they are large" in figure.description


def test_learned_kernels_tell_how_far_they_are_from_the_secret_one():
    figure = plots.learned_kernels({0: LINE - 0.5, 10: LINE}, LINE)
    assert "is 0.5 after 0 steps, 0.0 after 10 steps" in figure.description
    assert [axes.get_title() for axes in figure.axes] == ["step 0", "step 10", "secret"]


def test_one_filter_has_one_sum_over_all_channels():
    random = np.random.default_rng(0)
    window, weights = random.integers(-3, 9, (2, 3, 3, 3))
    total = arrays.convolve_channels(window, weights[..., np.newaxis], biases=-4).item()
    figure = plots.one_filter(window, weights, bias=-4)
    shown = convolution.number(total)
    assert shown in texts(figure)
    assert f"add up to one number, {shown}" in figure.description


def test_each_layer_has_filters_as_deep_as_the_stack_below():
    figure = plots.stacked_maps(channels=3, maps=(4, 5))
    written = texts(figure)
    assert written.index("k × k × 3") < written.index("5 maps") < written.index("k × k × 4")


def test_a_neuron_in_a_stack_stands_at_the_place_of_its_window():
    patches = plots.stacked_maps(channels=3, maps=(4, 5)).axes[0].patches
    squares = [p for p in patches if hasattr(p, "get_width")]
    fronts = [p for p in squares if p.get_width() == 2.8 and p.get_y() == 0]
    windows = [p for p in squares if p.get_width() == 0.5 and p.get_y() > 0]
    neurons = [p for p in squares if p.get_width() == 0.28]
    assert (len(fronts), len(windows), len(neurons)) == (3, 2, 2)

    def center(patch, around):
        x, y = patch.get_x() - around.get_x(), patch.get_y() - around.get_y()
        return x + patch.get_width() / 2, y + patch.get_height() / 2

    for below, above, window, neuron in zip(fronts, fronts[1:], windows, neurons, strict=False):
        assert center(neuron, above) == pytest.approx(center(window, below))
