"""The figures of "Better, step by step" say what is true of the runs."""

from itertools import combinations

import pytest

from utils import plots

RUNS = {"dense": [0.88, 0.89, 0.90], "convolutions": [0.915, 0.915, 0.921], "wider": [0.914, 0.916]}


def test_a_row_tells_its_mean_and_the_change_from_the_row_above():
    figure = plots.steps(RUNS)
    words = [text.get_text() for text in figure.axes[0].texts]
    assert words == ["89.00", "91.70  (+2.70)", "91.50  (−0.20)"]
    assert "dense: 89.00 % (88.00 to 90.00, 3 runs); convolutions: 91.70 %" in figure.description


def test_each_run_is_a_point_and_the_newest_row_stands_out():
    axes = plots.steps(RUNS).axes[0]
    points, means = axes.lines[::2], axes.lines[1::2]
    assert [len(line.get_xdata()) for line in points] == [3, 3, 2]
    assert [line.get_xdata()[0] for line in means] == pytest.approx([89, 91.7, 91.5])
    assert len({line.get_color() for line in points[:2]}) == 1
    assert points[2].get_color() != points[1].get_color()


def test_networks_of_the_course_and_of_others_are_told_apart():
    ours = {"lecture": (1_400_000, 0.915)}
    figure = plots.accuracy_and_parameters(ours, {"WRN": (8_900_000, 0.967)})
    assert "This course: lecture, 1.4 M, 91.5 %. Published: WRN, 8.9 M, 96.7 %." in (
        figure.description
    )
    assert {text.get_text() for text in figure.axes[0].texts} == {"lecture", "WRN"}
    assert figure.axes[0].get_xscale() == "log"


@pytest.mark.parametrize(
    "figure",
    [plots.steps(RUNS), plots.accuracy_and_parameters({"a": (10**6, 0.9)}, {"b": (10**7, 0.9)})],
)
def test_the_words_are_legible(figure):
    axes = figure.axes[0]
    texts = [*axes.texts, *axes.get_xticklabels(), *axes.get_yticklabels()]
    assert min(text.get_fontsize() for text in texts if text.get_text()) >= 12


def test_a_name_covers_no_other_name_and_no_point():
    crowded = {"VGG-16": (26_000_000, 0.935), "capsules": (8_000_000, 0.936)}
    ours = {"moved images": (281_002, 0.9188)}
    others = {"2 convolutions": (113_000, 0.922), "DenseNet": (768_000, 0.954)}
    figure = plots.accuracy_and_parameters(ours, crowded | others)
    axes = figure.axes[0]
    boxes = [text.get_window_extent() for text in axes.texts]
    for one, other in combinations(boxes, 2):
        assert not one.overlaps(other)
    for count, share in [*ours.values(), *crowded.values(), *others.values()]:
        x, y = axes.transData.transform((count, 100 * share))
        assert not any(box.contains(x, y) for box in boxes)
    assert min(box.x0 for box in boxes) > axes.bbox.x0
