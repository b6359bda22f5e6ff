"""The figures of the pooling layer: their numbers and descriptions are true."""

import numpy as np
import pytest

from utils import plots, sizes
from utils.explorers import arrays
from utils.plots import pooling

MAP = np.array([[1, 3, 0, 2], [5, 2, 1, 0], [0, 0, 4, 7], [8, 0, 6, 3]])
ROW = [0, 0, 9, 4, 0, 0, 5, 0]
FIGURES = {
    "max_and_mean": lambda: plots.max_and_mean(MAP),
    "windows_that_fit": lambda: plots.windows_that_fit(),
    "shifted_row": lambda: plots.shifted_row(ROW),
    "equal_shares": lambda: plots.equal_shares({"none": [1, 0.04], "2 × 2": [1, 0.32]}),
    "pooled_picture": lambda: plots.pooled_picture(MAP, MAP[::2, ::2], "max"),
}


def texts(figure) -> list[str]:
    return [text.get_text() for axes in figure.axes for text in axes.texts]


@pytest.mark.parametrize("name", FIGURES)
def test_texts_are_large_enough_for_a_phone(name):
    figure = FIGURES[name]()
    shown = [text for axes in figure.axes for text in [*axes.texts, axes.title]]
    assert min(text.get_fontsize() for text in shown) >= 12


def test_the_blocks_are_the_windows_that_keras_pools():
    image = np.random.default_rng(3).integers(0, 99, (7, 10))
    for size in (2, 3):
        found = pooling.blocks(image, size).max(axis=(2, 3))
        assert np.array_equal(found, arrays.pool(image, size))


def test_maximum_and_mean_of_each_window_are_drawn_and_told():
    figure = plots.max_and_mean(MAP)
    assert "maxima of the windows, 5 2, 8 7, and their means, 2.75 0.75, 2 5" in figure.description
    drawn = texts(figure)
    assert drawn[16:].count("5") == 2 and {"8", "7", "2.75", "0.75"} <= set(drawn[16:])


@pytest.mark.parametrize("size, pool_size", [(7, 2), (8, 2), (11, 4)])
def test_as_many_windows_fit_as_keras_gives_values(size, pool_size):
    figure = plots.windows_that_fit(size, pool_size)
    for axes, padding in zip(figure.axes, ["valid", "same"], strict=True):
        count = sizes.windows(size, pool_size, pool_size, padding).size
        assert axes.get_title() == f'"{padding}": {count} × {count}'
    assert ("no window reads them" in figure.description) == (size % pool_size > 0)


def test_windows_of_padding_same_begin_where_those_of_keras_do():
    axes = plots.windows_that_fit(11, 4).axes[1]
    before = sizes.windows(11, 4, 4, "same").before
    corners = {patch.get_xy()[0] for patch in axes.patches if patch.get_width() == 4 - 0.24}
    assert min(corners) == pytest.approx(-before + 0.12)


def test_the_shifted_row_counts_the_maxima_that_stay():
    figure = plots.shifted_row(ROW, shifts=(0, 1, 2))
    assert {"3 of 4 equal", "1 of 4 equal"} <= set(texts(figure))
    assert "moved by 1: 0 0 0 9 4 0 0 5 gives 0 9 4 5, 3 of 4" in figure.description
    assert "moved by 2: 0 0 0 0 9 4 0 0 gives 0 0 9 0, 1 of 4" in figure.description


def test_shares_are_drawn_and_told_in_percent():
    figure = plots.equal_shares({"none": [1, 0.04], "2 × 2": [1, 0.32]})
    heights = [list(line.get_ydata()) for line in figure.axes[0].lines]
    assert heights == [[100, 4], [100, 32]]
    assert "none: 100 %, 4 %; 2 × 2: 100 %, 32 %" in figure.description


def test_both_pictures_have_one_gray_scale():
    figure = plots.pooled_picture(MAP, MAP[2:, 2:], "max")
    assert [axes.images[0].get_clim() for axes in figure.axes] == [(0, 8), (0, 8)]
    assert "4 × 4 pixels" in figure.description and "2 × 2 of max" in figure.description
