"""The figures of the summary say what is true of their data."""

import numpy as np
import pytest

from utils import plots

MAPS = np.array([[1, 3, 2, 0], [4, 2, 1, 5], [0, 1, 7, 6], [2, 6, 3, 1]])
FIGURES = {
    "shared weights": lambda: plots.shared_weights(6, 3),
    "sum over channels": lambda: plots.sum_over_channels(),
    "window maxima": lambda: plots.window_maxima(MAPS),
    "wider fields": lambda: plots.wider_fields([("conv", 7), ("pool", 8), ("conv", 30)]),
    "intervals": lambda: plots.intervals({"a": 0.992, "b": 0.991}, 10_000),
}


@pytest.mark.parametrize("name", FIGURES)
def test_the_words_of_a_figure_are_legible(name):
    figure = FIGURES[name]()
    texts = [t for axes in figure.axes for t in (*axes.texts, *axes.get_xticklabels())]
    assert min(text.get_fontsize() for text in texts if text.get_text()) >= 12


def test_every_drawn_line_is_a_connection():
    figure = plots.shared_weights(6, 3)
    dense, local = (len(axes.lines) for axes in figure.axes)
    assert (dense, local) == (6 * 4, 3 * 4)
    assert "24 lines, each with its own weight" in figure.description
    assert "12 lines in 3 colors" in figure.description
    assert len({line.get_color() for line in figure.axes[1].lines}) == 3


def test_a_filter_is_as_deep_as_its_input_and_makes_one_map():
    text = plots.sum_over_channels(3, 5, 3, 4).description
    assert "3 × 3 × 3 weights" in text and "27 products" in text
    assert "one of 4 output maps of 3 × 3" in text


def test_the_largest_number_of_each_window_is_told_and_an_odd_row_is_dropped():
    assert plots.window_maxima(MAPS).description.endswith("each: 4, 5, 6, 7.")
    assert plots.window_maxima(np.arange(25).reshape(5, 5)).description.endswith(
        "each: 6, 8, 16, 18."
    )


def test_fields_are_bars_as_high_as_they_are_wide_in_pixels():
    figure = FIGURES["wider fields"]()
    assert [bar.get_height() for bar in figure.axes[0].patches] == [7, 8, 30]
    assert "conv 7, pool 8, conv 30" in figure.description


def test_intervals_that_overlap_and_those_that_do_not_are_told_apart():
    close = plots.intervals({"a": 0.992, "b": 0.991}, 10_000).description
    far = plots.intervals({"a": 0.992, "b": 0.991}, 1_000_000).description
    assert "a: 99.2 % ± 0.2 %; b: 99.1 % ± 0.2 %. The bars overlap." in close
    assert "do not all overlap" in far
