"""Figures of chapter 1: local fields, and what they save beside a dense layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import patches

from utils.palette import FAINT, INK, INPUT, KERNEL, MUTED, OUTPUT

from .look import DIVERGING, DescribedFigure, plain

Place = tuple[int, int]


# --- Cells and their fields --------------------------------------------------------------


def box(axes, left: float, top: float, width: float, height: float, color: str, **style) -> None:
    """Draw an empty rectangle whose corner is at column `left` and row `top`."""
    style = {"linewidth": 2, "fill": False, "zorder": 3, **style}
    axes.add_patch(patches.Rectangle((left, top), width, height, edgecolor=color, **style))


def tile(axes, values: np.ndarray, left: float, top: float, side: float, **style) -> None:
    """Draw an array as a grid of cells, `side` wide, at column `left` and row `top`."""
    rows, columns = values.shape
    extent = (left, left + side, top + side * rows / columns, top)
    axes.imshow(values, extent=extent, **style)
    for row in np.linspace(extent[3], extent[2], rows + 1):
        axes.plot(extent[:2], [row, row], color=FAINT, linewidth=0.6)
    for column in np.linspace(*extent[:2], columns + 1):
        axes.plot([column, column], extent[2:], color=FAINT, linewidth=0.6)


def cells_and_fields(
    image: np.ndarray, cells: Mapping[str, np.ndarray], fields: Mapping[str, Place]
) -> DescribedFigure:
    """Show an image of zeros and ones, cells with small fields, and one that adds two of them.

    `cells` has for each name the weights, k × k; `fields` has row and column of the upper
    left pixel that the cell sees. The last cell in the figure adds the answers of the
    first two and so sees both of their fields.
    """
    side = len(next(iter(cells.values())))
    answers = {}
    for name, (row, column) in fields.items():
        seen = image[row : row + side, column : column + side]
        answers[name] = max(0, int(np.sum(seen * cells[name])))
    first, second = list(fields)[:2]
    total = answers[first] + answers[second]
    rows, columns = image.shape
    told = ", ".join(f"the cell for {name} lines {answers[name]}" for name in fields)
    (top, left), (low, right) = fields[first], fields[second]
    outer = min(top, low), min(left, right), max(top, low) + side, max(left, right) + side
    figure = DescribedFigure(
        3.0,
        f"Left, an image of {rows} × {columns} pixels with {len(fields)} receptive fields of "
        f"{side} × {side} pixels. Middle, the cells that see them: {told}. Right, a cell that "
        f"adds the answers of the first two, {total}; a dashed frame of "
        f"{outer[2] - outer[0]} × {outer[3] - outer[1]} pixels holds all that it sees.",
    )
    axes = figure.subplots()
    plain(axes)
    tile(axes, image, 0, 0, columns, cmap="gray_r", vmin=0, vmax=1.3)
    axes.set_xlim(-0.6, 38.5)
    axes.set_ylim(rows + 2.6, -1.1)
    step, small, start = 5.2, 3.8, 21.5
    strongest = max(np.abs(cell).max() for cell in cells.values())
    for number, (name, (row, column)) in enumerate(fields.items()):
        y = -0.6 + step * number
        middle = y + small / 2
        from_row = min(max(middle, row), row + side)
        axes.plot([column + side, start], [from_row, middle], color=INPUT, linewidth=1.2)
        box(axes, column, row, side, side, INPUT, linewidth=2.4)
        weights = {"cmap": DIVERGING, "vmin": -1.3 * strongest, "vmax": 1.3 * strongest}
        tile(axes, cells[name], start, y, small, **weights)
        box(axes, start, y, small, small, KERNEL)
        answer = {"ha": "left", "va": "center", "fontsize": 15, "color": OUTPUT}
        axes.text(start + small + 0.5, middle, answers[name], weight="bold", **answer)
        if name in (first, second):
            axes.plot([28.4, 31.2], [middle, -0.6 + step / 2 + small / 2], color=OUTPUT, lw=1.2)
    y = -0.6 + step / 2 + small / 2
    axes.add_patch(patches.Circle((33, y), 1.8, facecolor="white", edgecolor=OUTPUT, linewidth=2))
    axes.text(33, y, total, ha="center", va="center", fontsize=15, weight="bold", color=OUTPUT)
    high, wide = outer[2] - outer[0] + 0.8, outer[3] - outer[1] + 0.8
    box(axes, outer[1] - 0.4, outer[0] - 0.4, wide, high, OUTPUT, linestyle=(0, (4, 2)))
    captions = {columns / 2: "image", start + 3: "cells with\nsmall fields"}
    for x, caption in {**captions, 33.6: "a cell with a\nlarger field"}.items():
        axes.text(x, rows + 0.8, caption, ha="center", va="top", fontsize=13, color=INK)
    return figure


def orientation_maps(image: np.ndarray, maps: Mapping[str, np.ndarray]) -> DescribedFigure:
    """Show an image and beside it, on one scale from 0, the answers of a cell at every position.

    `maps` has for each name of a cell its answers, values ≥ 0.
    """
    largest = max(answers.max() for answers in maps.values())
    told = "; ".join(
        f"{name}: {np.count_nonzero(answers == largest)} of {answers.size} positions reach "
        f"{largest:g}"
        for name, answers in maps.items()
    )
    figure = DescribedFigure(
        2.3,
        "An image, and for each kind of cell the answers at all positions, darker where they are "
        f"larger. Each map is dark along the lines of one orientation. {told}.",
    )
    grid = figure.subplots(1, len(maps) + 1)
    rows, columns = image.shape
    whole = (-0.5, columns - 0.5, rows - 0.5, -0.5)
    grid[0].imshow(image, cmap="gray_r", vmin=0, vmax=1.3)
    grid[0].set_title("image", fontsize=14, color=INPUT)
    for axes, (name, answers) in zip(grid[1:], maps.items(), strict=True):
        # An answer stands in the middle of its field.
        across, down = (columns - answers.shape[1]) / 2, (rows - answers.shape[0]) / 2
        extent = np.add(whole, (across, -across, -down, down))
        shown = axes.imshow(answers, cmap="Oranges", vmin=0, vmax=largest, extent=extent)
        axes.set_title(name, fontsize=14, color=OUTPUT)
    for axes in grid:
        axes.set(xticks=[], yticks=[], xlim=whole[:2], ylim=whole[2:])
        for spine in axes.spines.values():
            spine.set_edgecolor(FAINT)
    bar = figure.colorbar(shown, ax=grid, orientation="horizontal", shrink=0.5, aspect=30)
    bar.set_label("answer", fontsize=13, color=INK)
    bar.ax.tick_params(labelsize=12)
    return figure


# --- What a dense layer costs ------------------------------------------------------------


def short(number: int) -> str:
    """Return a number as a reader says it: 784,000 or 150.5 million."""
    return f"{number / 1e6:.3g} million" if number >= 1e6 else f"{number:,}"


def connection_growth(
    shapes: Sequence[tuple[int, int, int]], neurons: int, filters: int, kernel_size: int
) -> DescribedFigure:
    """Compare a dense layer with a convolutional one on images of these (rows, columns, channels).

    Biases are not counted. The convolution has stride 1 and padding "same", and each of
    its connections is counted, those with zeros of the padding too.
    """
    values = [int(np.prod(shape)) for shape in shapes]
    window = kernel_size**2
    curves = {
        f"dense, {neurons:,} neurons:\nconnections = weights": (
            INK,
            [neurons * value for value in values],
        ),
        "convolution: connections": (OUTPUT, [filters * window * value for value in values]),
        "convolution: weights": (KERNEL, [filters * window * shape[2] for shape in shapes]),
    }
    names = [" × ".join(map(str, shape if shape[2] > 1 else shape[:2])) for shape in shapes]
    told = " ".join(
        f"{name}: dense {short(dense)} weights; convolution {short(reads)} connections, "
        f"{short(own)} weights."
        for name, dense, reads, own in zip(
            names, *(numbers for _, numbers in curves.values()), strict=True
        )
    )
    figure = DescribedFigure(
        4.3,
        f"A dense layer of {neurons:,} neurons and a convolution of {filters} filters of "
        f"{kernel_size} × {kernel_size}, on logarithmic axes. {told} The weights of the dense "
        "layer grow with the image, those of the convolution with its channels only.",
    )
    axes = figure.subplots()
    labels = {  # where each curve has room for its name
        INK: (values[0] / 8, 12 * neurons * values[0], "bottom"),
        OUTPUT: (values[1], 0.5 * filters * window * values[1], "top"),
        KERNEL: (values[0], 1.5 * filters * window * shapes[0][2], "bottom"),
    }
    for label, (color, numbers) in curves.items():
        axes.loglog(values, numbers, color=color, marker="o", linewidth=2.2)
        x, y, side = labels[color]
        axes.text(x, y, label, color=color, fontsize=13, va=side)
        for place in (0, -1):
            axes.annotate(
                short(numbers[place]),
                (values[place], numbers[place]),
                xytext=(-9 if place == 0 else 9, 0),
                textcoords="offset points",
                ha="right" if place == 0 else "left",
                va="center",
                fontsize=13,
                color=color,
            )
    axes.set_xticks(values, names, fontsize=13)
    axes.minorticks_off()
    axes.tick_params(labelsize=12)
    axes.set_xlim(values[0] / 9, values[-1] * 16)
    axes.set_ylim(60, 3e9)
    axes.set_xlabel("image", fontsize=13, color=INK)
    axes.grid(axis="y", color=FAINT, linewidth=0.6)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return figure


# --- Shuffled pixels ---------------------------------------------------------------------


def shuffled(images: np.ndarray, changed: np.ndarray) -> DescribedFigure:
    """Show images (n, rows, columns), and below each one the same with its pixels shuffled."""
    count = len(images)
    figure = DescribedFigure(
        2.4,
        f"Top, {count} images as they are. Bottom, the same with all their pixels shuffled, in "
        "each image in the same way: gray noise, in which nothing can be recognized.",
    )
    grid = figure.subplots(2, count)
    for row, pictures, name in zip(
        grid, (images, changed), ("as they\nare", "shuffled"), strict=True
    ):
        for axes, picture in zip(row, pictures, strict=True):
            axes.imshow(picture, cmap="gray_r")
            axes.set_xticks([])
            axes.set_yticks([])
            for spine in axes.spines.values():
                spine.set_edgecolor(FAINT)
        row[0].set_ylabel(
            name, rotation=0, ha="right", va="center", fontsize=13, color=INK, labelpad=8
        )
    return figure


def order_matters(accuracies: Mapping[str, Sequence[tuple[float, float]]]) -> DescribedFigure:
    """Draw each run as a line from its accuracy on images to that on shuffled ones.

    `accuracies` has for each network a pair for each run, both between 0 and 1.
    """
    told = []
    for name, runs in accuracies.items():
        before, after = np.mean(runs, axis=0)
        told.append(f"{name}: {before:.0%} on images, {after:.0%} on shuffled ones.")
    figure = DescribedFigure(
        3.1,
        f"Accuracy on new images, the mean of {len(runs)} runs each. " + " ".join(told),
    )
    axes = figure.subplots()
    for (name, runs), color in zip(accuracies.items(), (INK, OUTPUT), strict=True):
        for run in runs:
            axes.plot([0, 1], np.multiply(run, 100), color=color, marker="o", alpha=0.7)
        before, after = np.mean(runs, axis=0) * 100
        axes.text(-0.06, before, name, color=color, fontsize=13, ha="right", va="center")
    axes.set_xticks([0, 1], ["images as they are", "pixels shuffled"], fontsize=13)
    axes.set_xlim(-0.55, 1.25)
    axes.tick_params(labelsize=12)
    axes.set_ylabel("right answers, %", fontsize=13, color=INK)
    axes.grid(axis="y", color=FAINT, linewidth=0.6)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.spines["left"].set_color(MUTED)
    return figure
