"""The figures of exercise 14.9 say what is true of their data."""

import numpy as np
import pytest

from utils import plots

DIGIT = np.zeros((28, 28))
DIGIT[8:20, 13:15] = 1
TABLE = [{"accuracy": 0.9, "points": 0}, {"accuracy": 0.99, "points": 20}]
EPOCHS = [0, 0.5, 1, 2, 2.5, 3]
RATES = [0.0, 0.002, 0.004, 0.003, 0.001, 0.0]
FIGURES = {
    "moved copies": lambda: plots.moved_copies(DIGIT, np.stack([DIGIT] * 5), columns=3),
    "learning rates": lambda: plots.learning_rates(EPOCHS, RATES, warmup=1),
    "accuracy noise": lambda: plots.accuracy_noise({"a": [0.99, 0.992], "b": [0.997]}, 10_000),
    "misread digits": lambda: plots.misread_digits(np.stack([DIGIT] * 3), [1, 1, 4], [7, 2, 9]),
    "points": lambda: plots.points_for_accuracy(TABLE, {"mine": 0.945}),
}


@pytest.mark.parametrize("name", FIGURES)
def test_the_words_of_a_figure_are_legible(name):
    figure = FIGURES[name]()
    shown = [axes for axes in figure.axes if axes.get_visible()]
    texts = [t for axes in shown for t in (*axes.texts, *axes.get_xticklabels())]
    assert min((text.get_fontsize() for text in texts if text.get_text()), default=12) >= 12


def test_the_original_stands_alone_above_its_copies():
    figure = FIGURES["moved copies"]()
    shown = [axes for axes in figure.axes if axes.get_visible()]
    assert len(shown) == 1 + 5 and "5 copies" in figure.description
    assert shown[0].get_title() == "original"


def test_the_schedule_tells_its_peak_and_its_warm_up():
    figure = FIGURES["learning rates"]()
    assert "over 3 epochs" in figure.description
    assert "to 0.004 after 1.0 epochs" in figure.description
    assert figure.axes[0].patches[0].get_width() == 1


def test_each_network_has_a_point_and_a_bar_of_two_standard_errors():
    figure = FIGURES["accuracy noise"]()
    told = figure.description
    assert "a: 2 networks from 99.00 % to 99.20 %, mean 99.10 %, each ± 0.19 %; " in told
    assert "b: 99.70 % ± 0.11 %." in told
    bars = [bar.get_segments() for bar in figure.axes[0].collections]
    (low, _), (high, _) = bars[0][0]
    assert [len(each) for each in bars] == [2, 1]
    assert (high - low) / 2 == pytest.approx(200 * np.sqrt(0.99 * 0.01 / 10_000))


def test_a_network_is_marked_at_its_accuracy_and_its_points():
    figure = FIGURES["points"]()
    mark = figure.axes[0].lines[-1]
    assert (mark.get_xdata()[0], mark.get_ydata()[0]) == pytest.approx((0.055, 10))
    assert "0 from 90.00 %, 20 from 99.00 %; evenly" in figure.description
    assert "mine 94.50 %" in figure.description


def test_each_misread_digit_says_what_it_is_and_what_was_answered():
    figure = FIGURES["misread digits"]()
    shown = [axes.get_title() for axes in figure.axes if axes.get_visible()]
    assert shown == ["1 → 7", "1 → 2", "4 → 9"]
    assert figure.description.endswith("answer: 1 → 7, 1 → 2, 4 → 9.")


def test_of_thousands_of_misread_digits_the_first_are_shown():
    many = 300
    figure = plots.misread_digits(np.stack([DIGIT] * many), [1] * many, [7] * many)
    assert sum(axes.get_visible() for axes in figure.axes) == 80
