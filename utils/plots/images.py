"""Figures of images: samples of a data set, filters, feature maps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from utils.palette import FAINT, INK

from .look import DIVERGING, SEQUENTIAL, WIDTH, DescribedFigure, plain


def name_row(axes, name: str) -> None:
    """Write `name` to the left of `axes`, the first of a row."""
    style = {"rotation": 0, "ha": "right", "va": "center", "labelpad": 8}
    axes.set_ylabel(name, fontsize=12, color=INK, **style)


def samples(
    images: np.ndarray,
    labels: np.ndarray,
    class_names: Sequence[str],
    per_class: int = 8,
    columns: int = 1,
) -> DescribedFigure:
    """Show the first `per_class` images of each class, a class to a row.

    `images` is (n, rows, columns), `labels` (n,) with values 0 … classes − 1. With several
    `columns` of classes the figure is wide, as a slide is, and a name stands above its row.
    """
    rows = -(-len(class_names) // columns)
    wide = f", the rows in {columns} columns" if columns > 1 else ""
    figure = DescribedFigure(
        (0.66 if columns == 1 else 0.22 + WIDTH / columns / per_class) * rows,
        f"The first {per_class} images of each class, one class to a row{wide}: "
        + ", ".join(class_names)
        + ".",
    )
    if columns > 1:
        figure.get_layout_engine().set(w_pad=0.01, h_pad=0.01)
    parts = figure.subfigures(1, columns, squeeze=False, wspace=0.04)[0]
    layout = {"squeeze": False, "gridspec_kw": {"wspace": 0.04}}
    grids = [part.subplots(rows, per_class, **layout) for part in parts]
    for axes in figure.axes:
        plain(axes)
    for label, (row, name) in enumerate(zip(np.concatenate(grids), class_names, strict=False)):
        for axes, image in zip(row, images[labels == label][:per_class], strict=True):
            axes.imshow(image, cmap="gray_r", vmin=0, vmax=255)
        if columns > 1:
            row[0].set_title(name, loc="left", fontsize=12, color=INK, pad=3)
        else:
            name_row(row[0], name)
    return figure


def filters(kernels: np.ndarray, count: int = 32, columns: int = 8) -> DescribedFigure:
    """Show the `count` strongest filters, one picture each, on one signed scale.

    `kernels` is (rows, columns, filters): the weights of a layer with one input
    channel. Strongest means of the largest sum of squares, strongest first.
    """
    strength = np.square(kernels).sum(axis=(0, 1))
    strongest = np.argsort(-strength, kind="stable")[:count]
    # One filter with a huge weight would bleach all others.
    limit = float(np.percentile(np.abs(kernels[..., strongest]), 99))
    rows = -(-count // columns)
    figure = DescribedFigure(
        0.8 * rows + 1.0,  # and a line of text, and the scale
        f"The {count} strongest of {kernels.shape[-1]} filters of {kernels.shape[0]} × "
        f"{kernels.shape[1]} weights, on one scale: negative weights blue, positive ones red.",
    )
    grid = figure.subplots(rows, columns, squeeze=False)
    for axes, index in zip(grid.flat, strongest, strict=True):
        shown = axes.imshow(kernels[..., index], cmap=DIVERGING, vmin=-limit, vmax=limit)
        axes.set_xticks([])
        axes.set_yticks([])
        for spine in axes.spines.values():
            spine.set_edgecolor(FAINT)
    bar = figure.colorbar(
        shown, ax=grid, orientation="horizontal", shrink=0.7, aspect=30, pad=0.04, extend="both"
    )
    bar.ax.tick_params(labelsize=11)
    bar.set_label("weight", fontsize=12, color=INK)
    told = f"the {count} strongest of {kernels.shape[-1]} filters, strongest first"
    figure.suptitle(told, fontsize=12, color=INK)
    return figure


def feature_maps(
    image: np.ndarray, outputs: Sequence[np.ndarray], names: Sequence[str], count: int = 5
) -> DescribedFigure:
    """Show `image`, and beside it the `count` strongest maps of each layer, a layer to a column.

    `image` is (rows, columns); each of `outputs` is (rows, columns, maps) with
    values ≥ 0. Strongest means of the greatest mean; each column has its own scale.
    """
    # A network may compute with bfloat16, a type that Matplotlib cannot always draw.
    outputs = [np.asarray(maps, dtype=np.float32) for maps in outputs]
    sizes = ", ".join(
        f"{name}: {maps.shape[2]} maps of {maps.shape[0]} × {maps.shape[1]}"
        for name, maps in zip(names, outputs, strict=True)
    )
    figure = DescribedFigure(
        WIDTH / (len(outputs) + 1) * count + 0.75,  # the maps, and three lines of text
        f"One image, and the {count} strongest feature maps of each layer. {sizes}. The maps "
        "get coarser from layer to layer: at first they show edges of the garment, at last "
        "only a few bright cells.",
    )
    figure.get_layout_engine().set(w_pad=0.01, h_pad=0.01)
    grid = figure.subplots(count, len(outputs) + 1)
    for axes in grid.flat:
        plain(axes)
    first, *columns = grid.T
    first[0].imshow(image, cmap="gray_r")
    first[0].set_title("input\n" + "×".join(map(str, image.shape)), fontsize=12, color=INK, pad=4)
    for column, maps, name in zip(columns, outputs, names, strict=True):
        strongest = np.argsort(-maps.mean(axis=(0, 1)), kind="stable")[:count]
        for axes, index in zip(column, strongest, strict=True):
            axes.imshow(maps[..., index], cmap=SEQUENTIAL, vmin=0, vmax=maps[..., strongest].max())
        size = f"{maps.shape[0]}×{maps.shape[1]}"
        column[0].set_title(f"{name}\n{size}", fontsize=12, color=INK, pad=4)
    told = f"the {count} strongest maps of each layer, each column with a scale of its own"
    figure.suptitle(told, fontsize=12, color=INK)
    return figure


def occlusion(image: np.ndarray, lost: np.ndarray) -> DescribedFigure:
    """Show `image` beside what an answer loses where a square hides a part of it.

    `image` is (rows, columns) with values ≥ 0; `lost`, (rows, columns) of the square's places,
    the probability without the square minus that with it: red where it falls. A line is drawn
    around the places where more than half of it is lost.

    Source: M. Zeiler and R. Fergus, *Visualizing and Understanding Convolutional Networks*
    (arXiv:1311.2901), section 4.2.
    """
    row, column = np.unravel_index(lost.argmax(), lost.shape)
    figure = DescribedFigure(
        3.2,
        "An image, and the same with a color for each place of the square. The probability falls "
        f"most, by {lost.max():.2f}, with the square at place {row + 1} of {lost.shape[0]} from "
        f"the top and {column + 1} of {lost.shape[1]} from the left. It falls by more than 0.5 at "
        f"{np.sum(lost > 0.5)} of {lost.size} places.",
    )
    left, right = figure.subplots(1, 2)
    extent = (0, image.shape[1], image.shape[0], 0)
    for axes in (left, right):
        plain(axes)
        axes.imshow(image, cmap="gray_r", extent=extent)
    reach = np.abs(lost).max()
    shown = right.imshow(
        lost, cmap=DIVERGING, vmin=-reach, vmax=reach, alpha=0.8, extent=extent, zorder=2
    )
    high, wide = image.shape[0] / lost.shape[0], image.shape[1] / lost.shape[1]
    for row, column in np.argwhere(lost > 0.5):
        for below, beside in [(1, 0), (-1, 0), (0, 1), (0, -1)]:
            near = row + below, column + beside
            inside = 0 <= near[0] < lost.shape[0] and 0 <= near[1] < lost.shape[1]
            if inside and lost[near] > 0.5:
                continue
            # The edge between the two, seen from the middle of the place.
            y = (row + 0.5 + 0.5 * below + 0.5 * np.array([-beside, beside])) * high
            x = (column + 0.5 + 0.5 * beside + 0.5 * np.array([-below, below])) * wide
            right.plot(x, y, color=INK, linewidth=2, solid_capstyle="projecting", zorder=3)
    left.set_title("input", fontsize=12, color=INK)
    right.set_title("line: more than half is lost", fontsize=12, color=INK)
    bar = figure.colorbar(shown, ax=right, shrink=0.9)
    bar.set_label("probability lost", fontsize=12, color=INK)
    bar.ax.tick_params(labelsize=11)
    return figure
