"""Figures of the summary: one small picture for each chapter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import colormaps, patches
from matplotlib.colors import to_rgba

from utils.palette import BLUE, FAINT, INK, INPUT, KERNEL, MUTED, OUTPUT, PALE, PARTS, part

from .look import DescribedFigure, plain

WINDOWS = (INPUT, KERNEL, OUTPUT, BLUE)


def canvas(height: float, description: str, columns: int = 1):
    """Return a figure and its axes, with equal units and y downwards."""
    figure = DescribedFigure(height, description)
    all_axes = figure.subplots(1, columns, squeeze=False)[0]
    for axes in all_axes:
        plain(axes)
        axes.set_aspect("equal")
        axes.invert_yaxis()
    return figure, all_axes


def cell(axes, x: float, y: float, edge: str, face="white", side: float = 1, **style) -> None:
    style = {"linewidth": 1, **style}
    axes.add_patch(patches.Rectangle((x, y), side, side, facecolor=face, edgecolor=edge, **style))


def write(axes, x: float, y: float, text: str, **style) -> None:
    style = {"ha": "center", "va": "center", "fontsize": 12, "color": INK, **style}
    axes.text(x, y, text, **style)


def shared_weights(inputs: int = 9, kernel_size: int = 3) -> DescribedFigure:
    """Draw a dense layer beside a convolutional one with as many outputs, in one dimension.

    Every line is a connection. In the convolutional layer lines of one color have the
    same weight.
    """
    outputs = inputs - kernel_size + 1
    dense, local = inputs * outputs, kernel_size * outputs
    figure, (left, right) = canvas(
        2.3,
        f"Two layers with {inputs} inputs and {outputs} outputs each. Dense: all are joined, by "
        f"{dense} lines, each with its own weight. Convolutional: each output is joined to "
        f"{kernel_size} neighboring inputs, by {local} lines in {kernel_size} colors, and lines "
        f"of one color share one weight.",
        columns=2,
    )
    colors = [colormaps["plasma"](place) for place in np.linspace(0.1, 0.75, kernel_size)]
    start = (inputs - outputs) / 2
    for axes, name, told in (
        (left, "Dense", f"{dense} lines, {dense} weights"),
        (right, "Convolutional", f"{local} lines, {kernel_size} weights"),
    ):
        for output, source in np.ndindex(outputs, inputs):
            x, y = [source + 0.5, start + output + 0.5], [3.6, 1]
            if axes is left:
                axes.plot(x, y, color=MUTED, linewidth=0.6)
            elif 0 <= source - output < kernel_size:
                axes.plot(x, y, color=colors[source - output], linewidth=2)
        for place in range(inputs):
            cell(axes, place, 3.6, INPUT, face=PALE[INPUT])
        for place in range(outputs):
            cell(axes, start + place, 0, OUTPUT, face=PALE[OUTPUT])
        write(axes, inputs / 2, -0.8, name, fontsize=13, fontweight="bold")
        write(axes, inputs / 2, 5.5, told)
        axes.set_xlim(-0.2, inputs + 0.2)
        axes.set_ylim(6.1, -1.4)
    return figure


def sum_over_channels(
    channels: int = 3, size: int = 5, kernel_size: int = 3, filters: int = 4
) -> DescribedFigure:
    """Draw how one filter, as deep as its input, makes one number of one feature map."""
    side = size - kernel_size + 1
    products = kernel_size * kernel_size * channels
    figure, (axes,) = canvas(
        2.3,
        f"An input of {channels} channels, drawn as a stack of {channels} sheets of {size} × "
        f"{size}. A filter of {kernel_size} × {kernel_size} × {channels} weights lies on it. The "
        f"sum of its {products} products and a bias is one value of one of {filters} output maps "
        f"of {side} × {side}.",
    )
    step = 0.45

    def stack(x, count, cells, edge, face, marked=None):
        for sheet in reversed(range(count)):
            for row, column in np.ndindex(cells, cells):
                is_marked = marked and row < marked and column < marked
                ground = PALE[KERNEL] if is_marked else face
                place = x + column + step * sheet, row - step * sheet
                cell(axes, *place, edge, ground, linewidth=0.8, zorder=10 - sheet)
            if marked:
                corner = x + step * sheet, -step * sheet
                style = {"side": marked, "linewidth": 2.2, "zorder": 10.5 - sheet}
                cell(axes, *corner, KERNEL, "none", **style)

    middle = size / 2
    stack(0, channels, size, INPUT, PALE[INPUT], marked=kernel_size)
    write(axes, 7.3, middle - 0.5, "·", fontsize=22)
    x_filter = 8.6
    for sheet in reversed(range(channels)):
        for row, column in np.ndindex(kernel_size, kernel_size):
            x, y = x_filter + column + step * sheet, 1 + row - step * sheet
            cell(axes, x, y, KERNEL, PALE[KERNEL], linewidth=0.8, zorder=10 - sheet)
    write(axes, 14.4, middle - 0.5, "+ bias =", fontsize=14)
    x_output = 17
    for sheet in reversed(range(filters)):
        for row, column in np.ndindex(side, side):
            face = OUTPUT if (sheet, row, column) == (0, 0, 0) else PALE[OUTPUT]
            x, y = x_output + column + step * sheet, 1 + row - step * sheet
            cell(axes, x, y, OUTPUT, face, linewidth=0.8, zorder=10 - sheet)
    below = size + 0.9
    write(axes, size / 2, below, f"input: {channels} channels", color=INPUT)
    write(axes, x_filter + 2, below, f"one filter: {channels} slices", color=KERNEL)
    write(axes, x_output + 2.2, below, f"{filters} filters, {filters} maps", color=OUTPUT)
    axes.set_xlim(-0.5, 22)
    axes.set_ylim(below + 0.7, -1.6)
    return figure


def window_maxima(maps: np.ndarray, pool_size: int = 2) -> DescribedFigure:
    """Show a small map with its numbers, and the largest of each window beside it."""
    rows, columns = (side // pool_size for side in maps.shape)
    cut = maps[: rows * pool_size, : columns * pool_size]
    largest = cut.reshape(rows, pool_size, columns, pool_size).max(axis=(1, 3))
    told = ", ".join(f"{value:g}" for value in largest.ravel())
    figure, (axes,) = canvas(
        2.2,
        f"A map of {maps.shape[0]} × {maps.shape[1]} numbers in {rows * columns} windows of "
        f"{pool_size} × {pool_size}, and a map of {rows} × {columns} with the largest number of "
        f"each: {told}.",
    )
    for (row, column), value in np.ndenumerate(cut):
        place = row // pool_size, column // pool_size
        color = WINDOWS[(place[0] * columns + place[1]) % len(WINDOWS)]
        wins = value == largest[place]
        cell(axes, column, row, "white", to_rgba(color, 0.9 if wins else 0.18), linewidth=2)
        style = {"color": "white", "fontweight": "bold"} if wins else {}
        write(axes, column + 0.5, row + 0.5, f"{value:g}", fontsize=13, **style)
    x, y = maps.shape[1] + 2.6, (maps.shape[0] - rows) / 2
    arrow = {"arrowstyle": "-|>", "color": MUTED, "lw": 2, "mutation_scale": 16}
    axes.annotate(
        "", (x - 0.3, y + rows / 2), (maps.shape[1] + 0.3, y + rows / 2), arrowprops=arrow
    )
    write(axes, (maps.shape[1] + x) / 2, y + rows / 2 - 0.5, "max", fontsize=13)
    for (row, column), value in np.ndenumerate(largest):
        color = WINDOWS[(row * columns + column) % len(WINDOWS)]
        cell(axes, x + column, y + row, "white", to_rgba(color, 0.9), linewidth=2)
        style = {"color": "white", "fontweight": "bold", "fontsize": 13}
        write(axes, x + column + 0.5, y + row + 0.5, f"{value:g}", **style)
    axes.set_xlim(-2.2, x + columns + 2.2)
    axes.set_ylim(maps.shape[0] + 0.1, -0.1)
    return figure


def wider_fields(layers: Sequence[tuple[str, int]], size: int = 28) -> DescribedFigure:
    """Show how the receptive field grows: a bar for each layer, beside the image's side.

    `layers` has for each layer its name and the side of its receptive field in pixels.
    """
    told = ", ".join(f"{name} {side}" for name, side in layers)
    figure = DescribedFigure(
        2.3,
        f"The side of the receptive field after each layer, in pixels: {told}. A dashed line "
        f"marks the side of the image, {size}.",
    )
    axes = figure.subplots()
    colors = [PARTS[part(name)] for name, _ in layers]
    sides = [side for _, side in layers]
    axes.bar(range(len(layers)), sides, color=colors, width=0.75)
    for place, side in enumerate(sides):
        write(axes, place, side - 3, str(side), color="white", fontweight="bold")
    axes.axhline(size, color=INK, linestyle=(0, (4, 3)), linewidth=1.3)
    write(axes, -0.45, size + 2.2, f"side of the image, {size}", ha="left")
    axes.set_xticks(range(len(layers)), [name for name, _ in layers], fontsize=12)
    axes.set_yticks([])
    axes.set_ylim(0, max(sides) + 2)
    axes.tick_params(length=0)
    for spine in ("top", "left", "right"):
        axes.spines[spine].set_visible(False)
    return figure


def intervals(accuracies: Mapping[str, float], samples: int) -> DescribedFigure:
    """Show accuracies measured on `samples` images each, with two standard errors either way."""
    errors = {name: np.sqrt(p * (1 - p) / samples) for name, p in accuracies.items()}
    told = "; ".join(
        f"{name}: {p:.1%} ± {2 * errors[name]:.1%}".replace("%", " %")
        for name, p in accuracies.items()
    )
    ends = [(p - 2 * errors[name], p + 2 * errors[name]) for name, p in accuracies.items()]
    overlap = max(low for low, _ in ends) <= min(high for _, high in ends)
    figure = DescribedFigure(
        0.8 + 0.5 * len(accuracies),
        f"Accuracies measured on {samples:,} images, as points with bars of two standard errors "
        f"either way: {told}. The bars {'overlap' if overlap else 'do not all overlap'}.",
    )
    axes = figure.subplots()
    places = range(len(accuracies))
    percent = [100 * p for p in accuracies.values()]
    bars = [200 * error for error in errors.values()]
    axes.errorbar(percent, places, xerr=bars, fmt="o", color=OUTPUT, lw=3, capsize=7, capthick=2)
    axes.set_yticks(places, accuracies.keys(), fontsize=12)
    axes.set_xlabel("accuracy in percent, ± two standard errors", fontsize=12)
    axes.tick_params(axis="x", labelsize=12)
    axes.tick_params(axis="y", length=0)
    axes.invert_yaxis()
    axes.margins(y=0.35)
    axes.grid(axis="x", color=FAINT)
    axes.set_axisbelow(True)
    for spine in ("top", "left", "right"):
        axes.spines[spine].set_visible(False)
    return figure
