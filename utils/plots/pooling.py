"""Figures of the pooling layer: what a window keeps, where windows fit, what a shift leaves.

The input is teal and an output amber, as in the explorers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from utils import sizes
from utils.palette import FAINT, FAINTER, INK, INPUT, MUTED, OUTPUT, PALE

from .convolution import canvas, frame, label, number, table
from .look import DescribedFigure, plain


def blocks(values: np.ndarray, size: int) -> np.ndarray:
    """Return the windows of `size` with stride `size` that fit: (rows, columns, size, size)."""
    values = np.asarray(values)
    every = np.lib.stride_tricks.sliding_window_view(values, (size, size))
    return every[::size, ::size]


def spoken(values: np.ndarray) -> str:
    """Return a matrix in words, row by row: "1 2, 3 4"."""
    return ", ".join(" ".join(number(value) for value in row) for row in values)


def max_and_mean(values: np.ndarray, pool_size: int = 2) -> DescribedFigure:
    """Draw a matrix with its windows, and beside it the maximum and the mean of each.

    `values` is (rows, columns) of numbers; the windows do not overlap. In each window the
    value that wins is marked.
    """
    values = np.asarray(values)
    windows = blocks(values, pool_size)
    largest, mean = windows.max(axis=(2, 3)), windows.mean(axis=(2, 3))
    rows, columns = values.shape
    figure, axes = canvas(
        2.95,
        f"A map of {rows} × {columns} numbers, row by row: {spoken(values)}. It is divided into "
        f"windows of {pool_size} × {pool_size}, and the largest number of each is marked. Beside "
        f"it the maxima of the windows, {spoken(largest)}, and their means, {spoken(mean)}.",
    )
    table(axes, values, 0, 0, INPUT, size=14)
    for i, j in np.ndindex(*largest.shape):
        u, v = np.unravel_index(windows[i, j].argmax(), windows.shape[2:])
        x, y = j * pool_size, i * pool_size
        frame(axes, x + v, y + u, 1, 1, OUTPUT, facecolor=PALE[OUTPUT], linewidth=1, zorder=1.5)
        frame(axes, x, y, pool_size, pool_size, INPUT)
    middle, left = rows / 2, columns + 1.3
    for name, pooled in {"max": largest, "mean": mean}.items():
        top = middle - len(pooled) / 2
        label(axes, left - 0.65, middle, "→" if name == "max" else "or", MUTED, fontsize=15)
        table(axes, pooled, left, top, OUTPUT, size=14)
        label(axes, left + pooled.shape[1] / 2, top - 0.45, name, OUTPUT, weight="bold")
        left += pooled.shape[1] + 1.3
    label(axes, columns / 2, -0.45, "map", INPUT, weight="bold")
    axes.set_xlim(-0.1, left - 1.2)
    axes.set_ylim(rows + 0.1, -0.9)
    return figure


def windows_that_fit(size: int = 7, pool_size: int = 2) -> DescribedFigure:
    """Draw where windows of `pool_size` with that stride lie on a map, without and with padding.

    On the left as with Keras's padding "valid", on the right as with "same".
    """
    fit, _, _, left_over = sizes.windows(size, pool_size, pool_size)
    cover, before, _, _ = sizes.windows(size, pool_size, pool_size, "same")
    lost = "the last row and the last column are hatched"
    if left_over > 1:
        lost = f"the last {left_over} rows and columns are hatched"
    figure = DescribedFigure(
        3.5,
        f"Twice a map of {size} × {size} cells with windows of {pool_size} × {pool_size}, side "
        f'by side. Left, padding "valid": {fit} × {fit} windows fit, and '
        + (f"{lost}: no window reads them. " if left_over else "every cell is read. ")
        + f'Right, padding "same": {cover} × {cover} windows'
        + (", the outer ones reaching over the border." if left_over else "."),
    )
    for axes, name, count, start in zip(
        figure.subplots(1, 2), ["valid", "same"], [fit, cover], [0, -before], strict=True
    ):
        plain(axes)
        axes.set_aspect("equal")
        for row, column in np.ndindex(size, size):
            cell = {"facecolor": "white", "linewidth": 1, "zorder": 1}
            if name == "valid" and max(row, column) >= fit * pool_size:
                cell |= {"facecolor": FAINTER, "hatch": "///"}
            frame(axes, column, row, 1, 1, MUTED if "hatch" in cell else FAINT, **cell)
        for i, j in np.ndindex(count, count):
            x, y = start + j * pool_size, start + i * pool_size
            inside = {"facecolor": PALE[OUTPUT], "alpha": 0.9, "linewidth": 0, "zorder": 1.5}
            frame(axes, x + 0.12, y + 0.12, pool_size - 0.24, pool_size - 0.24, OUTPUT, **inside)
            style = {"linewidth": 1.8, "zorder": 4}
            frame(axes, x + 0.12, y + 0.12, pool_size - 0.24, pool_size - 0.24, OUTPUT, **style)
        frame(axes, 0, 0, size, size, INPUT)
        far = max(size, start + count * pool_size)
        axes.set_xlim(start - 0.2, max(far, size + 1) + 0.1)
        axes.set_ylim(max(far, size + 1) + 0.1, start - 0.2)
        axes.set_title(f'"{name}": {count} × {count}', fontsize=14, color=INK)
    return figure


def shifted_row(row: Sequence[float], shifts: Sequence[int] = (0, 1, 2)) -> DescribedFigure:
    """Draw one row of numbers, moved to the right, and the maxima of its windows of two.

    Zeros come in from the left. A maximum that equals the one without a shift, at the same
    place, is marked.
    """
    row = np.asarray(row)
    lines = []
    for shift in shifts:
        moved = np.concatenate([np.zeros(shift, row.dtype), row[: len(row) - shift]])
        lines.append((shift, moved, moved.reshape(-1, 2).max(axis=1)))
    unmoved = row.reshape(-1, 2).max(axis=1)
    told = "; ".join(
        f"moved by {shift}: {spoken([moved])} gives {spoken([pooled])}, "
        f"{np.sum(pooled == unmoved)} of {len(pooled)} as without a shift"
        for shift, moved, pooled in lines
    )
    figure, axes = canvas(
        1.2 * len(lines),
        f"A row of {len(row)} numbers, and beside it the larger number of each pair: {told}.",
    )
    height = 2.55
    for place, (shift, moved, pooled) in enumerate(lines):
        y = place * height
        name = f"moved by {shift}" if shift else "the row"
        label(axes, 0, y - 0.5, name, INPUT, ha="left", weight="bold")
        table(axes, [moved], 0, y, INPUT, size=13)
        for pair in range(len(pooled)):
            frame(axes, 2 * pair, y, 2, 1, INPUT)
        label(axes, len(row) + 0.75, y + 0.5, "→", MUTED, fontsize=15)
        left = len(row) + 1.5
        table(axes, [pooled], left, y, OUTPUT, size=13)
        same = pooled == unmoved
        for cell in np.flatnonzero(same):
            frame(axes, left + cell, y, 1, 1, OUTPUT, facecolor=PALE[OUTPUT], lw=1, zorder=1.5)
        what = f"{same.sum()} of {len(pooled)} equal" if shift else "largest of each pair"
        label(axes, left, y - 0.5, what, OUTPUT, ha="left", weight="bold")
    axes.set_xlim(-0.1, len(row) + 2.6 + len(row) / 2)
    axes.set_ylim(len(lines) * height - 1.4, -1.0)
    return figure


def equal_shares(
    curves: Mapping[str, Sequence[float]], counted: str = "equal values"
) -> DescribedFigure:
    """Draw which share of values stays equal when pictures move by 0, 1, 2 … pixels.

    `curves` has for each name the shares, each 0 … 1, the first without a shift; `counted`
    says of what.
    """
    told = "; ".join(
        f"{name}: " + ", ".join(f"{share:.0%}".replace("%", " %") for share in shares)
        for name, shares in curves.items()
    )
    longest = max(map(len, curves.values()))
    figure = DescribedFigure(
        3.3,
        f"The share of {counted} when pictures move by 0 to {longest - 1} pixels, one falling "
        f"line each. {told}.",
    )
    axes = figure.subplots()
    styles = [(INPUT, "o-"), (OUTPUT, "s-"), (INK, "^--"), (MUTED, "d:")]
    for (name, shares), (color, style) in zip(curves.items(), styles, strict=False):
        percent = 100 * np.asarray(shares)
        axes.plot(range(len(shares)), percent, style, color=color, lw=2.5, ms=7, label=name)
    axes.set_xticks(range(longest))
    axes.set_ylim(0, 104)
    axes.set_xlabel("moved by … pixels", fontsize=12, color=INK)
    axes.set_ylabel(f"{counted}, %", fontsize=12, color=INK)
    axes.tick_params(labelsize=12)
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(fontsize=12, frameon=False)
    return figure


def pooled_picture(before: np.ndarray, after: np.ndarray, name: str) -> DescribedFigure:
    """Show a gray picture (rows, columns) and what a layer called `name` makes of it.

    Both have one gray scale, 0 black, and are drawn equally large.
    """
    sizes = [" × ".join(map(str, picture.shape)) for picture in (before, after)]
    figure = DescribedFigure(
        3.35, f"A picture of {sizes[0]} pixels, and beside it the {sizes[1]} of {name}."
    )
    titles = [f"input, {sizes[0]}", f"{name}, {sizes[1]}"]
    for axes, picture, title, color in zip(
        figure.subplots(1, 2), (before, after), titles, (INPUT, OUTPUT), strict=True
    ):
        plain(axes)
        axes.imshow(picture, cmap="gray", vmin=0, vmax=np.max(before))
        axes.set_title(title, fontsize=12, color=color, weight="bold")
    return figure
