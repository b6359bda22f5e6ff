"""Figures of a training and of what the trained network answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import patches

from utils.palette import BLUE, FAINT, FAINTER, INK, MUTED, ORANGE

from .look import WIDTH, DescribedFigure, plain

RARE = "•"  # a share that would be rounded to 0


def below_one(share: float) -> str:
    """Write a share with two decimals, or with three where two would make 1.00 of it."""
    return f"{share:.3f}" if 0.995 <= share < 1 else f"{share:.2f}"


def learning_curves(
    recorded: Mapping[str, Sequence[float]], yours: Mapping[str, Sequence[float]] | None = None
) -> DescribedFigure:
    """Draw loss and accuracy over the epochs, in training and in validation.

    Both histories are dictionaries as Keras's `fit` returns in `.history`, with
    the metrics "loss" and "accuracy"; `yours`, of the training in this notebook, is drawn
    dotted over `recorded`, and the legend tells the two apart.
    """
    epochs = len(recorded["loss"])
    best = int(np.argmin(recorded["val_loss"])) + 1
    figure = DescribedFigure(
        3.4,
        f"Loss and accuracy over {epochs} epochs. The training loss falls from "
        f"{recorded['loss'][0]:.2f} to {recorded['loss'][-1]:.2f}; the validation loss is "
        f"lowest, {min(recorded['val_loss']):.2f}, after epoch {best}. The validation accuracy "
        f"rises from {below_one(recorded['val_accuracy'][0])} to "
        f"{below_one(recorded['val_accuracy'][-1])}.",
    )
    panels = figure.subplots(1, 2)
    for axes, metric in zip(panels, ["accuracy", "loss"], strict=True):
        for key, color, name in [
            (metric, BLUE, "training"),
            (f"val_{metric}", ORANGE, "validation"),
        ]:
            pale = {"color": color, "linewidth": 4, "alpha": 0.45}
            label = f"{name}, run on record" if yours else name
            axes.plot(range(1, epochs + 1), recorded[key], label=label, **pale)
            if yours:
                own = yours[key]
                label = f"{name}, this run"
                axes.plot(range(1, len(own) + 1), own, "o:", color=color, label=label)
        axes.set_title(metric, fontsize=12, color=INK)
        axes.set_xlabel("epoch", fontsize=12)
        axes.set_xticks(range(1, epochs + 1, -(-epochs // 10)))  # more would touch
        axes.tick_params(labelsize=12)
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
    lines, names = panels[0].get_legend_handles_labels()
    figure.legend(lines, names, loc="outside upper center", ncols=2, fontsize=12, frameon=False)
    return figure


def confusion_matrix(counts: np.ndarray, class_names: Sequence[str]) -> DescribedFigure:
    """Show a confusion matrix in percent of the true class.

    `counts` is (classes, classes) of integers: row the true class, column the
    predicted one. A dot stands for less than half a percent; a cell without images is empty.
    """
    percent = 100 * counts / counts.sum(axis=1, keepdims=True)
    off_diagonal = percent - np.diag(np.diag(percent))
    true, predicted = np.unravel_index(np.argmax(off_diagonal), percent.shape)
    worst = int(np.argmin(np.diag(percent)))
    figure = DescribedFigure(
        4.2,
        f"Confusion matrix of {len(class_names)} classes in percent of the true class. "
        f"{class_names[worst]} is recognized least often, in {percent[worst, worst]:.0f} % of "
        f"its images; the most frequent confusion is {class_names[true]} taken for "
        f"{class_names[predicted]}, {off_diagonal.max():.0f} %.",
    )
    axes = figure.subplots()
    # Mistakes are few: the color scale ends at the worst one, and hits are gray.
    axes.imshow(
        np.ma.masked_equal(off_diagonal, 0),
        cmap="Oranges",
        vmin=0,
        vmax=1.8 * off_diagonal.max(),
        aspect="auto",  # cells wider than high: the figure fits a slide with larger numbers
    )
    for row, column in np.ndindex(percent.shape):
        value = percent[row, column]
        if row == column:
            axes.add_patch(patches.Rectangle((column - 0.5, row - 0.5), 1, 1, color=FAINT))
        if value > 0:
            # Half up: a format would round 0.5 to 0.
            shown = str(int(value + 0.5)) if value >= 0.5 else RARE
            place = {"ha": "center", "va": "center", "color": INK, "fontsize": 13}
            axes.text(column, row, shown, weight="bold" if row == column else "normal", **place)
    ticks = range(len(class_names))
    is_short = max(map(len, class_names)) <= 4  # digits need not lean
    lean = {} if is_short else {"rotation": 45, "ha": "right"}
    axes.set_xticks(ticks, class_names, fontsize=12, **lean)
    axes.set_yticks(ticks, class_names, fontsize=12)
    axes.set_xticks(np.arange(len(class_names) + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(len(class_names) + 1) - 0.5, minor=True)
    axes.grid(which="minor", color=FAINTER, linewidth=0.8)
    axes.tick_params(which="both", length=0)
    axes.set_xlabel("predicted class", fontsize=12)
    axes.set_ylabel("true class", fontsize=12)
    axes.set_title(f"percent of each row ({RARE} less than half a percent)", fontsize=12, color=INK)
    for spine in axes.spines.values():
        spine.set_visible(False)
    return figure


def predictions(
    images: np.ndarray,
    labels: np.ndarray,
    probabilities: np.ndarray,
    class_names: Sequence[str],
    columns: int = 6,
) -> DescribedFigure:
    """Show images with their label, and the predicted class with its probability.

    `images` is (n, rows, columns), `labels` (n,), `probabilities` (n, classes).
    No probability is rounded up to 100 %. A legend says which of the two is which.
    """
    predicted = probabilities.argmax(axis=1)
    sure = probabilities.max(axis=1)
    figure = DescribedFigure(
        # A legend; for each row of pictures, their height and three lines of text.
        0.35 + (WIDTH / columns + 0.75) * -(-len(images) // columns),
        f"{len(images)} images with their label and the network's answer: "
        + "; ".join(
            f"{class_names[label]} taken for {class_names[answer]}"
            for label, answer in zip(labels, predicted, strict=True)
        )
        + ".",
    )
    figure.get_layout_engine().set(hspace=0.16)  # an answer stays apart from the next label
    grid = figure.subplots(-(-len(images) // columns), columns, squeeze=False)
    for axes in grid.flat:
        axes.set_visible(False)
    for axes, image, label, answer, value in zip(
        grid.flat, images, labels, predicted, sure, strict=False
    ):
        axes.set_visible(True)
        axes.imshow(image, cmap="gray_r", vmin=0)
        plain(axes)
        axes.set_title(class_names[label], fontsize=12, color=INK, pad=4)
        percent = "> 99.9 %" if value > 0.999 else f"{100 * value:.1f} %"
        axes.set_xlabel(f"{class_names[answer]}\n{percent}", fontsize=12, color=ORANGE)
    meant = {"label in the data set": INK, "the network's answer, how sure it is": ORANGE}
    figure.legend(
        handles=[patches.Patch(color=color, label=text) for text, color in meant.items()],
        labelcolor="linecolor",
        loc="outside upper center",
        ncols=2,
        fontsize=12,
        frameon=False,
        handlelength=1.0,
    )
    return figure


def reliability(confidence: np.ndarray, correct: np.ndarray, bins: int = 15) -> DescribedFigure:
    """Compare how sure answers are with how many of them are right: a reliability diagram.

    `confidence` is (n,), the probability of each answer in 0 … 1; `correct` (n,) of booleans.
    The answers are grouped by their confidence into `bins` equally wide bins; a bin's bar
    is the share of right answers, and its dot the mean confidence. A bin without answers
    stays empty.
    """
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    counts = np.bincount(bin_of, minlength=bins)
    filled = np.flatnonzero(counts)
    right = np.bincount(bin_of, correct, bins)[filled] / counts[filled]
    sure = np.bincount(bin_of, confidence, bins)[filled] / counts[filled]
    too_sure = int(np.sum(sure > right))
    figure = DescribedFigure(
        3.9,
        f"Reliability diagram with {bins} bins, {len(filled)} of them filled. In {too_sure} of "
        f"them the mean confidence is above the share of right answers. The fullest bin, at a "
        f"confidence of {sure[np.argmax(counts[filled])]:.2f}, has "
        f"{counts.max() / len(confidence):.0%} of the answers.",
    )
    shares, numbers = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    places = (filled + 0.5) / bins
    width = 0.92 / bins
    shares.plot([0, 1], [0, 1], "--", color=MUTED, label="as often right as it is sure")
    shares.bar(places, right, width, color=BLUE, alpha=0.5, label="share of right answers")
    shares.plot(sure, sure, "o", color=ORANGE, label="mean confidence")
    for one_sure, one_right in zip(sure, right, strict=True):
        shares.plot([one_sure, one_sure], [one_right, one_sure], color=ORANGE, linewidth=1.5)
    shares.set_ylabel("right", fontsize=12)
    shares.legend(fontsize=12, frameon=False, loc="upper left")
    numbers.bar(places, counts[filled], width, color=FAINT)
    numbers.set_yscale("log")
    numbers.set_ylim(0.7, 2 * counts.max())
    numbers.set_yticks([1, 100, 10_000], ["1", "100", "10,000"])
    numbers.minorticks_off()
    numbers.set_ylabel("answers", fontsize=12)
    numbers.set_xlabel("confidence: the probability of the answer", fontsize=12)
    for axes in (shares, numbers):
        axes.tick_params(labelsize=12)
        axes.set_xlim(0, 1)
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def losses_of_runs(losses: Mapping[str, Sequence[Sequence[float]]]) -> DescribedFigure:
    """Draw the training loss of several runs of each of a few networks over the epochs.

    `losses` has for each network its runs, and for each run one value an epoch; all runs have
    the same number of epochs. A thin line is a run, a thick one the mean of the runs.
    """
    means = {name: np.mean(runs, axis=0) for name, runs in losses.items()}
    told = "; ".join(
        f"{name}: from {mean[0]:.2f} to {mean[-1]:.2f}, the mean of {len(losses[name])} runs"
        for name, mean in means.items()
    )
    epochs = len(next(iter(means.values())))
    figure = DescribedFigure(3.6, f"The training loss over {epochs} epochs. {told}.")
    axes = figure.subplots()
    places = range(1, epochs + 1)
    for (name, mean), color, style in zip(
        means.items(), [ORANGE, BLUE, INK], ["o-", "s-", "^-"], strict=False
    ):
        for run in losses[name]:
            axes.plot(places, run, color=color, linewidth=1, alpha=0.6)
        axes.plot(places, mean, style, color=color, linewidth=2.5, markersize=6, label=name)
    axes.set_ylim(bottom=0)
    axes.set_xticks(places)
    axes.set_xlabel("epoch", fontsize=12)
    axes.set_ylabel("loss on the training images", fontsize=12)
    axes.tick_params(labelsize=12)
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(fontsize=12, frameon=False)
    return figure
