"""Figures of images: samples of a data set, filters, feature maps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from utils.palette import FAINT, INK

from .look import DIVERGING, SEQUENTIAL, DescribedFigure, plain


def samples(
    images: np.ndarray, labels: np.ndarray, class_names: Sequence[str], per_class: int = 8
) -> DescribedFigure:
    """Show the first `per_class` images of each class, a class to a row.

    `images` is (n, rows, columns), `labels` (n,) with values 0 … classes − 1.
    """
    figure = DescribedFigure(
        0.66 * len(class_names),
        f"The first {per_class} images of each class, one class to a row: "
        + ", ".join(class_names)
        + ".",
    )
    grid = figure.subplots(len(class_names), per_class, gridspec_kw={"wspace": 0.04})
    for label, (row, name) in enumerate(zip(grid, class_names, strict=True)):
        for axes, image in zip(row, images[labels == label][:per_class], strict=True):
            axes.imshow(image, cmap="gray_r", vmin=0, vmax=255)
            plain(axes)
        row[0].set_ylabel(
            name, rotation=0, ha="right", va="center", fontsize=12, color=INK, labelpad=8
        )
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
        0.8 * rows + 0.7,
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
    return figure


def feature_maps(
    image: np.ndarray, outputs: Sequence[np.ndarray], names: Sequence[str], count: int = 6
) -> DescribedFigure:
    """Show `image`, and below it the `count` strongest maps of each layer, a layer to a row.

    `image` is (rows, columns); each of `outputs` is (rows, columns, maps) with
    values ≥ 0. Strongest means of the greatest mean; each row has its own scale.
    """
    # A network may compute with bfloat16, a type that Matplotlib cannot always draw.
    outputs = [np.asarray(maps, dtype=np.float32) for maps in outputs]
    sizes = ", ".join(
        f"{name}: {maps.shape[2]} maps of {maps.shape[0]} × {maps.shape[1]}"
        for name, maps in zip(names, outputs, strict=True)
    )
    figure = DescribedFigure(
        0.93 * (len(outputs) + 1),
        f"One image, and the {count} strongest feature maps of each layer. {sizes}. The maps "
        "get coarser from layer to layer: at first they show edges of the garment, at last "
        "only a few bright cells.",
    )
    grid = figure.subplots(len(outputs) + 1, count)
    for axes in grid.flat:
        plain(axes)
    grid[0, 0].imshow(image, cmap="gray_r")
    grid[0, 0].set_ylabel(
        "input", rotation=0, ha="right", va="center", fontsize=12, color=INK, labelpad=8
    )
    for row, maps, name in zip(grid[1:], outputs, names, strict=True):
        strongest = np.argsort(-maps.mean(axis=(0, 1)), kind="stable")[:count]
        for axes, index in zip(row, strongest, strict=True):
            axes.imshow(maps[..., index], cmap=SEQUENTIAL, vmin=0, vmax=maps[..., strongest].max())
        row[0].set_ylabel(
            f"{name}\n{maps.shape[0]} × {maps.shape[1]}",
            rotation=0,
            ha="right",
            va="center",
            fontsize=12,
            color=INK,
            labelpad=8,
        )
    return figure


def occlusion(image: np.ndarray, lost: np.ndarray) -> DescribedFigure:
    """Show `image` beside what an answer loses where a square hides a part of it.

    `image` is (rows, columns) with values ≥ 0; `lost`, (rows, columns) of the square's places,
    the probability without the square minus that with it: red where it falls.

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
    figure.colorbar(shown, ax=right, label="probability lost", shrink=0.9)
    return figure
