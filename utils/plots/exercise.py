"""Figures of exercise 14.9: what augmentation does, a schedule, luck, and what points are for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from utils.palette import BLUE, FAINT, FAINTER, INK, MUTED, ORANGE

from .look import DescribedFigure, plain

MOST_DIGITS = 80


def moved_copies(
    image: np.ndarray, copies: np.ndarray, columns: int = 6, name: str = "digit"
) -> DescribedFigure:
    """Show an image, (28, 28), alone in the first row, and its moved copies, (n, 28, 28), below.

    A cross marks the middle of each, so that one sees how far it has moved; `name` says what it is.
    """
    rows = -(-len(copies) // columns)
    figure = DescribedFigure(
        1.1 * (rows + 1) + 0.35,
        f"A {name}, and below it {len(copies)} copies, each moved a little differently. All can "
        f"still be {'read' if name == 'digit' else 'recognized'} as the same {name}.",
    )
    grid = figure.subplots(rows + 1, columns, squeeze=False)
    for axes in grid.flat:
        axes.set_visible(False)
    for axes, picture in zip([grid[0, 0], *grid[1:].flat], [image, *copies], strict=False):
        axes.set_visible(True)
        axes.imshow(picture, cmap="gray_r", vmin=0, vmax=image.max())
        middle = (image.shape[0] - 1) / 2
        axes.plot(middle, middle, "+", color=ORANGE, markersize=9, markeredgewidth=1.5)
        plain(axes)
        for spine in axes.spines.values():
            spine.set(visible=True, color=FAINT)
    grid[0, 0].set_title("original", fontsize=12, color=INK, pad=4)
    return figure


def learning_rates(
    epochs: Sequence[float], rates: Sequence[float], warmup: float
) -> DescribedFigure:
    """Draw a schedule: the learning rate over the epochs, the first `warmup` of them shaded."""
    peak = int(np.argmax(rates))
    figure = DescribedFigure(
        2.6,
        f"The learning rate over {epochs[-1]:g} epochs. It rises evenly from 0 to "
        f"{rates[peak]:.2g} after {epochs[peak]:.1f} epochs, and falls along half a cosine wave "
        "to 0 at the end.",
    )
    axes = figure.subplots()
    axes.axvspan(0, warmup, color=ORANGE, alpha=0.12)
    axes.plot(epochs, rates, color=BLUE, linewidth=2.5)
    axes.text(warmup, 0, " ← warm-up", fontsize=12, va="bottom")
    axes.set_xlabel("epoch", fontsize=12)
    axes.set_ylabel("learning rate", fontsize=12)
    axes.tick_params(labelsize=12)
    axes.set_ylim(bottom=0)
    axes.margins(x=0)
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def accuracy_noise(accuracies: Mapping[str, Sequence[float]], samples: int) -> DescribedFigure:
    """Show the accuracy of networks that differ by their seed alone, with 95 % intervals.

    `accuracies` has for each recipe the shares of `samples` images that its networks got right.
    The bar of a network is two standard errors long to either side: chance in the choice of
    the test images. How its points lie apart is chance in the training. A line marks the mean.
    """
    told = []
    for name, shares in accuracies.items():
        mean = np.mean(shares)
        error = np.sqrt(mean * (1 - mean) / samples)
        lying = f"from {min(shares):.2%} to {max(shares):.2%}, mean {mean:.2%}, each"
        several = f"{len(shares)} networks {lying}" if len(shares) > 1 else f"{mean:.2%}"
        told.append(f"{' '.join(name.split())}: {several} ± {2 * error:.2%}".replace("%", " %"))
    count = sum(map(len, accuracies.values())) + len(accuracies)
    figure = DescribedFigure(
        0.8 + 0.24 * count,
        f"Accuracies on {samples:,} test images, a point for each network, with bars of two "
        f"standard errors. {'; '.join(told)}.",
    )
    axes = figure.subplots()
    place, ticks = 0.0, []
    for name, shares in accuracies.items():
        shares = np.sort(np.asarray(shares, float))
        places = place + np.arange(len(shares))
        errors = 2 * np.sqrt(shares * (1 - shares) / samples)
        axes.errorbar(
            100 * shares, places, xerr=100 * errors, fmt="o", color=BLUE, lw=2.5, alpha=0.75
        )
        ends = [places[0] - 0.4, places[-1] + 0.4]
        axes.plot([100 * shares.mean()] * 2, ends, color=ORANGE, linewidth=2.5)
        ticks.append((places.mean(), name))
        place = places[-1] + 2
    axes.set_yticks(*zip(*ticks, strict=True), fontsize=12)
    axes.tick_params(axis="x", labelsize=12)
    axes.tick_params(axis="y", length=0)
    axes.invert_yaxis()
    axes.set_xlabel(
        f"accuracy in percent on {samples:,} images, ± two standard errors", fontsize=12
    )
    axes.grid(axis="x", color=FAINTER)
    axes.set_axisbelow(True)
    axes.spines[["top", "left", "right"]].set_visible(False)
    return figure


def points_for_accuracy(
    table: Sequence[Mapping[str, float]], networks: Mapping[str, float]
) -> DescribedFigure:
    """Draw which accuracy earns how many points, and mark networks by their accuracy.

    `table` has lines with "accuracy", a share, and "points", both rising. The axis of the
    accuracy is drawn by the share of mistakes, halving from mark to mark: going from 1 % to
    0.5 % is as far as going from 8 % to 4 %.
    """
    shares = np.array([line["accuracy"] for line in table])
    earned = np.array([line["points"] for line in table], float)
    told = ", ".join(f"{line['points']:g} from {line['accuracy']:.2%}" for line in table)
    marked = ", ".join(f"{name} {accuracy:.2%}" for name, accuracy in networks.items())
    description = (
        f"Points over the accuracy on moved test digits: {told}; evenly in between. Marked are "
        f"{marked}."
    )
    figure = DescribedFigure(3.6, description.replace("%", " %"))
    axes = figure.subplots()
    fine = np.linspace(shares[0], shares[-1], 500)
    end = 0.9985
    fine = np.append(fine, end)
    axes.plot(1 - fine, np.interp(fine, shares, earned), color=BLUE, linewidth=2.5)
    axes.plot(1 - shares, earned, "o", color=BLUE, markersize=5)
    for name, accuracy in networks.items():
        height = np.interp(accuracy, shares, earned)
        axes.plot(1 - accuracy, height, "o", color=ORANGE, markersize=9)
        axes.annotate(
            name,
            (1 - accuracy, height),
            xytext=(10, -6),
            textcoords="offset points",
            fontsize=12,
            color=INK,
            va="top",
        )
    axes.set_xscale("log", base=2)
    ticks = [0.08, 0.04, 0.02, 0.01, 0.005, 0.0025]
    axes.set_xticks(ticks, [f"{1 - tick:.2%}".replace("%", "") for tick in ticks], fontsize=12)
    axes.set_xticks([], minor=True)
    axes.set_xlim(1 - shares[0], 1 - end)
    axes.set_ylim(0, earned[-1] + 1.5)
    axes.tick_params(labelsize=12)
    axes.set_xlabel("accuracy on moved test digits, in percent", fontsize=12)
    axes.set_ylabel("points", fontsize=12)
    axes.grid(color=FAINTER)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(MUTED)
    return figure


def misread_digits(
    images: np.ndarray, labels: np.ndarray, answers: np.ndarray, columns: int = 8
) -> DescribedFigure:
    """Show digits, (n, 28, 28), that a network misread: "label → answer" above each.

    Of more than 80 the first 80: on other data than its own, a network misreads thousands.
    """
    images, labels, answers = images[:MOST_DIGITS], labels[:MOST_DIGITS], answers[:MOST_DIGITS]
    rows = -(-len(images) // columns)
    pairs = [f"{label} → {answer}" for label, answer in zip(labels, answers, strict=True)]
    figure = DescribedFigure(
        1.08 * rows,
        f"{len(images)} digits that the network misreads, with label and answer: "
        + ", ".join(pairs)
        + ".",
    )
    for axes in (grid := figure.subplots(rows, columns, squeeze=False)).flat:
        axes.set_visible(False)
    for axes, image, pair in zip(grid.flat, images, pairs, strict=False):
        axes.set_visible(True)
        axes.imshow(image, cmap="gray_r", vmin=0)
        axes.set_title(pair, fontsize=12, color=INK, pad=3)
        plain(axes)
    return figure
