"""The figures: each is described in words that are true of its data, and shows itself."""

import base64
import io
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import same_color
from matplotlib.text import Text
from PIL import Image

from utils import plots

ROOT = Path(__file__).resolve().parents[2]
CLASSES = ("ring", "cross", "bar")


def shown(figure) -> tuple[dict, dict]:
    return figure._repr_mimebundle_()


def test_a_figure_shows_itself_as_a_png_with_its_description_as_text():
    figure = plots.DescribedFigure(2.0, "A blank sheet.")
    bundle, metadata = shown(figure)
    assert base64.b64decode(bundle["image/png"]).startswith(b"\x89PNG")
    assert bundle["text/plain"] == "Figure: A blank sheet."
    assert metadata["image/png"] == {"alt": "A blank sheet.", "width": 640}


def test_an_axis_label_is_not_cut_off_where_layout_and_ticks_do_not_agree():
    """At this size Matplotlib makes room for 0.90 and 0.95, and then draws 0.900 and 0.925."""
    figure = plots.DescribedFigure(4.1)
    for axes in figure.subplots(2, 1, sharex=True):
        axes.plot([1, 15], [0.9, 0.9974])
        axes.tick_params(labelsize=12)
        axes.set_ylabel("accuracy", fontsize=12)
    axes.set_xlabel("epoch", fontsize=12)
    shown(figure)
    for axes in figure.axes:
        assert axes.get_tightbbox().x0 >= 0


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_figure_keeps_its_own_png_where_the_inline_backend_is_loaded(when):
    """Colab loads it when a notebook starts; `interact` loads it later."""
    load = "select_figure_formats(shell, {'png'})"
    code = f"""
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.pylabtools import select_figure_formats

shell = InteractiveShell.instance()
{load if when == "before" else ""}
from utils import plots
{load if when == "after" else ""}
bundle, metadata = shell.display_formatter.format(plots.two_against_one())
assert metadata["image/png"]["width"] == 640
print(bundle["image/png"])
"""
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    png = Image.open(io.BytesIO(base64.b64decode(run.stdout)))
    assert png.size == (1280, 520), run.stderr


def test_the_same_figure_gives_the_same_file():
    counts = np.array([[8, 1, 1], [0, 9, 1], [2, 0, 8]])
    first, second = (shown(plots.confusion_matrix(counts, CLASSES))[0] for _ in range(2))
    assert first == second


def test_no_figure_draws_at_random():
    """What would make two files of one figure differ, seen in the code of all of them."""
    modules = sorted(Path(plots.__file__).parent.glob("*.py"))
    assert len(modules) > 8
    for module in modules:
        code = module.read_text("utf-8")
        assert not re.search(r"\b(random|time|datetime|uuid)\b", code), module.name


def test_a_confusion_matrix_names_the_weakest_class_and_the_most_frequent_confusion():
    counts = np.array([[80, 15, 5], [0, 90, 10], [20, 10, 70]])
    text = plots.confusion_matrix(counts, CLASSES).description
    assert "bar is recognized least often, in 70 %" in text
    assert "bar taken for ring, 20 %" in text


def test_half_a_percent_is_shown_as_one():
    counts = np.array([[199, 1, 0], [0, 200, 0], [0, 0, 200]])
    (axes,) = plots.confusion_matrix(counts, CLASSES).axes
    assert [text.get_text() for text in axes.texts] == ["100", "1", "100", "100"]


def test_a_share_that_would_be_rounded_to_0_is_a_dot_and_the_title_says_so():
    counts = np.array([[299, 1, 0], [0, 300, 0], [0, 0, 300]])
    (axes,) = plots.confusion_matrix(counts, CLASSES).axes
    assert [text.get_text() for text in axes.texts] == ["100", "•", "100", "100"]
    assert axes.get_title() == "percent of each row (• less than half a percent)"


def test_predictions_are_never_rounded_up_to_certainty():
    probabilities = np.array([[0.99996, 0.00004, 0.0], [0.3, 0.6, 0.1]])
    figure = plots.predictions(np.zeros((2, 4, 4)), np.array([1, 0]), probabilities, CLASSES)
    labels = [axes.get_xlabel() for axes in figure.axes[:2]]
    assert labels == ["ring\n> 99.9 %", "cross\n60.0 %"]
    assert "cross taken for ring; ring taken for cross" in figure.description


def test_predictions_have_the_color_that_the_legend_gives_to_label_and_answer():
    figure = plots.predictions(
        np.zeros((1, 4, 4)), np.array([1]), np.array([[0.9, 0.1, 0]]), CLASSES
    )
    label, answer = figure.legends[0].get_texts()
    (axes,) = [axes for axes in figure.axes if axes.get_visible()]
    assert "label" in label.get_text() and same_color(label.get_color(), axes.title.get_color())
    assert "answer" in answer.get_text()
    assert same_color(answer.get_color(), axes.xaxis.label.get_color())


def test_learning_curves_tell_the_epoch_of_the_lowest_validation_loss():
    history = {
        "loss": [0.9, 0.5, 0.3],
        "accuracy": [0.6, 0.8, 0.9],
        "val_loss": [0.6, 0.4, 0.45],
        "val_accuracy": [0.75, 0.85, 0.84],
    }
    shorter = {metric: values[:1] for metric, values in history.items()}
    figure = plots.learning_curves(history, shorter)
    assert "lowest, 0.40, after epoch 2" in figure.description
    assert len(figure.axes[0].lines) == 4
    told = {text.get_text() for text in figure.legends[0].get_texts()}
    runs = ("run on record", "this run")
    assert told == {f"{name}, {run}" for name in ("training", "validation") for run in runs}


def test_learning_curves_of_one_run_are_not_called_after_a_run():
    history = {key: [0.9, 0.8] for key in ("loss", "accuracy", "val_loss", "val_accuracy")}
    (legend,) = plots.learning_curves(history).legends
    assert [text.get_text() for text in legend.get_texts()] == ["training", "validation"]


def test_no_accuracy_of_a_learning_curve_is_rounded_up_to_1():
    history = HISTORY | {"val_accuracy": [0.88] * 9 + [0.9968]}
    assert "rises from 0.88 to 0.997." in plots.learning_curves(history).description


def test_each_class_has_its_own_row_of_samples():
    labels = np.repeat([2, 0, 1], 3)
    images = labels[:, np.newaxis, np.newaxis] * np.ones((9, 4, 4))
    figure = plots.samples(images, labels, CLASSES, per_class=2)
    values = [int(axes.images[0].get_array()[0, 0]) for axes in figure.axes]
    assert values == [0, 0, 1, 1, 2, 2]


def test_classes_in_two_columns_go_down_the_first_and_have_their_names_above():
    labels = np.repeat([2, 0, 1], 3)
    images = labels[:, np.newaxis, np.newaxis] * np.ones((9, 4, 4))
    figure = plots.samples(images, labels, CLASSES, per_class=2, columns=2)
    assert "2 images of each class, one class to a row, the rows in 2 columns: ring," in (
        figure.description
    )
    shown = [axes for axes in figure.axes if axes.images]
    assert [int(axes.images[0].get_array()[0, 0]) for axes in shown] == [0, 0, 1, 1, 2, 2]
    assert [axes.get_title(loc="left") for axes in shown[::2]] == list(CLASSES)


def test_too_few_images_of_a_class_are_an_error_and_not_an_empty_cell():
    with pytest.raises(ValueError):
        plots.samples(np.zeros((2, 4, 4)), np.array([0, 1]), CLASSES, per_class=2)


def test_filters_come_strongest_first_on_a_scale_with_zero_in_the_middle():
    kernels = np.zeros((3, 3, 4))
    kernels[1, 1] = [0.1, -0.4, 0.2, 0.3]
    figure = plots.filters(kernels, count=4, columns=2)
    pictures = [axes.images[0] for axes in figure.axes[:4]]
    assert [float(p.get_array()[1, 1]) for p in pictures] == [-0.4, 0.3, 0.2, 0.1]
    low, high = pictures[0].get_clim()
    assert low == -high
    assert "the 4 strongest of 4 filters" in figure.get_suptitle()


def test_feature_maps_come_strongest_first():
    maps = np.stack([np.full((2, 2), value) for value in (1.0, 3.0, 2.0)], axis=-1)
    figure = plots.feature_maps(np.zeros((4, 4)), [maps], ["conv"], count=3)
    _, *shown = [axes.images[0] for axes in figure.axes if axes.images]
    assert [float(picture.get_array()[0, 0]) for picture in shown] == [3.0, 2.0, 1.0]
    assert "conv: 3 maps of 2 × 2" in figure.description
    assert "the 3 strongest maps of each layer" in figure.get_suptitle()


def test_an_occlusion_map_has_a_line_around_the_places_where_more_than_half_is_lost():
    lost = np.zeros((4, 4))
    lost[1, 1] = lost[1, 2] = 0.9
    figure = plots.occlusion(np.zeros((8, 8)), lost)
    _, axes, _ = figure.axes
    edges = {
        tuple(map(tuple, np.sort(np.transpose(line.get_data()), axis=0))) for line in axes.lines
    }
    across = {((x, y), (x + 2, y)) for x in (2, 4) for y in (2, 4)}
    assert edges == across | {((x, 2), (x, 4)) for x in (2, 6)}
    assert "at 2 of 16 places" in figure.description


def test_feature_maps_may_be_of_bfloat16():
    # What fails depends on what is imported first, so it is asked of a Python of its own.
    code = """
import matplotlib.pyplot
import numpy as np
from ml_dtypes import bfloat16
from utils import plots

maps = np.arange(257, 257 + 4 * 4 * 8, dtype=np.float32).reshape(4, 4, 8)
figure = plots.feature_maps(np.zeros((8, 8)), [maps.astype(bfloat16)], ["conv"])
figure._repr_mimebundle_()
print(figure.axes[1].images[0].get_array().dtype)
"""
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert run.stdout.strip() == "float32", run.stderr


def test_a_network_is_drawn_with_the_shape_of_each_output_but_no_dropout():
    import keras
    from keras import layers

    model = keras.Sequential(
        [
            keras.Input((6, 6, 1)),
            layers.Conv2D(4, 3),
            layers.MaxPooling2D(2),
            layers.Dropout(0.5),
            layers.Flatten(),
            layers.Dense(3),
        ]
    )
    figure = plots.network(model)
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert texts[::2] == ["Input", "Conv 3 × 3", "Max pool 2 × 2", "Flatten", "Dense"]
    assert texts[1::2] == ["6 × 6 × 1", "4 × 4 × 4", "2 × 2 × 4", "16", "3"]
    places = [text.get_position()[0] for text in figure.axes[0].texts[::2]]
    assert places == [places[0]] * 3 + [places[0] + 320] * 2  # two columns


def test_a_reliability_diagram_counts_the_bins_in_which_answers_are_too_sure():
    confidence = np.array([0.95, 0.95, 0.97, 1.0, 0.55, 0.52])
    correct = np.array([True, False, True, True, True, True])
    figure = plots.reliability(confidence, correct, bins=10)
    assert "10 bins, 2 of them filled. In 1 of them" in figure.description
    assert "confidence of 0.97, has 67% of the answers" in figure.description
    bars = figure.axes[0].patches
    assert [round(bar.get_height(), 2) for bar in bars] == [1.0, 0.75]


def test_of_several_runs_each_loss_is_drawn_and_their_mean():
    figure = plots.losses_of_runs({"plain": [[2.0, 1.0], [2.0, 0.8]], "residual": [[1.5, 0.5]]})
    assert "plain: from 2.00 to 0.90, the mean of 2 runs; residual: from 1.50" in figure.description
    lines = [list(line.get_ydata()) for line in figure.axes[0].lines]
    assert lines == [[2.0, 1.0], [2.0, 0.8], [2.0, 0.9], [1.5, 0.5], [1.5, 0.5]]
    named = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert named == ["plain", "residual"]


# --- Legible from the last row of a lecture hall -----------------------------------------

ROOM = 1174, 489  # CSS pixels for a figure on a slide of 1280 × 720, as measured in a browser
LEAST = 22  # pixels high, on a screen of 1080 lines (teaching/guide.md)
TEN = [f"Ankle boot {number}" for number in range(10)]
HISTORY = {name: [0.9] * 10 for name in ("loss", "accuracy", "val_loss", "val_accuracy")}
MAPS = [np.ones((28, 28, 8))] * 8


def lecture_network():
    from utils import models

    return plots.network(models.lecture_network(dtype="float32"))


ON_SLIDES = {
    "samples": lambda: plots.samples(
        np.zeros((60, 28, 28)), np.repeat(range(10), 6), TEN, per_class=6, columns=2
    ),
    "digits": lambda: plots.samples(
        np.zeros((80, 28, 28)), np.repeat(range(10), 8), list("0123456789"), columns=2
    ),
    "network": lecture_network,
    "learning curves": lambda: plots.learning_curves(HISTORY, HISTORY),
    "confusion matrix": lambda: plots.confusion_matrix(np.full((10, 10), 10), TEN),
    "mistakes": lambda: plots.predictions(
        np.zeros((12, 28, 28)), np.zeros(12, int), np.full((12, 10), 0.1), TEN
    ),
    "reliability": lambda: plots.reliability(np.linspace(0.1, 1, 99), np.arange(99) % 2 == 0),
    "filters": lambda: plots.filters(np.ones((7, 7, 64))),
    "feature maps": lambda: plots.feature_maps(np.zeros((28, 28)), MAPS, ["conv"] * 8),
    "occlusion": lambda: plots.occlusion(np.zeros((28, 28)), np.eye(14)),
}


@pytest.mark.parametrize("name", ON_SLIDES)
def test_the_letters_of_a_figure_of_chapter_5_or_of_part_2_are_legible_on_a_slide(name):
    figure = ON_SLIDES[name]()
    figure.draw_without_rendering()  # writes the numbers at the axes
    width, height = 100 * figure.get_size_inches()
    enlarged = min(ROOM[0] / width, ROOM[1] / height) * 1080 / 720
    texts = [text for text in figure.findobj(Text) if text.get_text() and text.get_visible()]
    assert min(text.get_fontsize() for text in texts) * 100 / 72 * enlarged >= LEAST
