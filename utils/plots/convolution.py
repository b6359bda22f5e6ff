"""Figures of the convolutional layer: windows, padding, filters, channels, stacks of maps.

The input is teal, a kernel violet, an output amber, in every figure and in the explorers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import colormaps, patches

from utils import sizes
from utils.palette import FAINT, INK, INPUT, KERNEL, MUTED, OUTPUT, PALE

from .look import DIVERGING, DescribedFigure, plain

MINUS = "−"


def number(value: float) -> str:
    """Return a number as a figure writes it, with a true minus sign: −3, 0.25."""
    return f"{value + 0.0:g}".replace("-", MINUS)  # −0 is 0


def canvas(height: float, description: str):
    """Return a figure and one set of axes for drawing, with equal units and y downwards."""
    figure = DescribedFigure(height, description)
    axes = figure.subplots()
    plain(axes)
    axes.set_aspect("equal")
    axes.invert_yaxis()
    return figure, axes


def frame(axes, x: float, y: float, width: float, height: float, color: str, **style) -> None:
    """Draw the outline of a rectangle whose upper left corner is (x, y)."""
    style = {"facecolor": "none", "edgecolor": color, "linewidth": 2.5, "zorder": 3} | style
    axes.add_patch(patches.Rectangle((x, y), width, height, **style))


def table(axes, values, x: float, y: float, color: str, signed: bool = False, size=13) -> None:
    """Draw a matrix as cells of side 1 with their numbers; nan is an empty cell.

    With `signed`, a cell has the color of its value: blue below zero, red above.
    """
    values = np.asarray(values, dtype=float)
    limit = np.nanmax(np.abs(values)) * 2 or 1.0
    for (row, column), value in np.ndenumerate(values):
        fill = colormaps[DIVERGING](0.5 + 0.5 * value / limit) if signed else "white"
        frame(axes, x + column, y + row, 1, 1, FAINT, facecolor=fill, linewidth=1, zorder=1)
        if not np.isnan(value):
            place = x + column + 0.5, y + row + 0.5
            axes.text(*place, number(value), ha="center", va="center", fontsize=size, color=INK)
    frame(axes, x, y, values.shape[1], values.shape[0], color)


def label(axes, x: float, y: float, text: str, color: str = INK, **style) -> None:
    style = {"ha": "center", "va": "center", "fontsize": 13, "color": color} | style
    axes.text(x, y, text, **style)


def receptive_fields(kernel_size: int = 3, size: int = 9) -> DescribedFigure:
    """Draw an input and two layers above it, and what one neuron of layer 2 reads.

    `size` is the side of the input; both layers have stride 1 and no padding.
    """
    sides = [size - level * (kernel_size - 1) for level in range(3)]
    fields = [1 + (2 - level) * (kernel_size - 1) for level in range(3)]
    start = (sides[2] - 1) // 2
    figure, axes = canvas(
        6.0,
        f"Three grids above one another: the input with {sides[0]} × {sides[0]} pixels, layer 1 "
        f"with {sides[1]} × {sides[1]} neurons, layer 2 with {sides[2]} × {sides[2]}. One neuron "
        f"of layer 2 is joined to a window of {fields[1]} × {fields[1]} neurons of layer 1, and "
        f"these together to {fields[0]} × {fields[0]} pixels of the input. One neuron of layer 1 "
        f"alone is joined to {kernel_size} × {kernel_size} pixels.",
    )

    def at(level, row, column):
        """Where the corner (row, column) of the input's pixels lies, moved to a layer's height."""
        return column - 0.55 * row, 0.5 * row - 6.4 * level

    def area(level, first, side, **style):
        low, high = first, first + side
        corners = [(low, low), (low, high), (high, high), (high, low)]
        points = [at(level, *corner) for corner in corners]
        axes.add_patch(patches.Polygon(points, closed=True, **style))
        return points

    names = ("Input", "Layer 1", "Layer 2")
    for level, (side, field, name) in enumerate(zip(sides, fields, names, strict=True)):
        color = OUTPUT if level else INPUT
        offset = level * (kernel_size - 1) / 2  # a neuron stands above the middle of its window
        area(level, offset, side, facecolor="white", edgecolor="none", zorder=3 * level)
        area(level, offset + start, field, facecolor=color, alpha=0.35, zorder=3 * level + 0.1)
        for line in np.arange(side + 1) + offset:
            for ends in (
                [(line, offset), (line, offset + side)],
                [(offset, line), (offset + side, line)],
            ):
                x, y = zip(*(at(level, *end) for end in ends), strict=True)
                axes.plot(x, y, color=color, linewidth=1, alpha=0.6, zorder=3 * level + 0.2)
        if level:
            neuron = area(
                level, offset + start, 1, facecolor=color, edgecolor=INK, zorder=3 * level + 1
            )
            below = area(
                level - 1,
                offset - (kernel_size - 1) / 2 + start,
                kernel_size,
                facecolor="none",
                edgecolor=KERNEL,
                linewidth=2.5,
                zorder=3 * level - 1.5,
            )
            for upper, lower in zip(neuron, below, strict=True):
                x, y = zip(upper, lower, strict=True)
                axes.plot(x, y, color=KERNEL, linewidth=1.2, zorder=3 * level - 1)
        x, y = at(level, offset + side / 2, offset + side)
        label(axes, x + 0.9, y - 0.35, name, color, ha="left", fontweight="bold", fontsize=14)
        shown = f"sees\n{fields[0]} × {fields[0]} pixels" if level == 2 else None
        shown = f"sees\n{kernel_size} × {kernel_size} pixels" if level == 1 else shown
        label(axes, x + 0.9, y + 0.75, shown or f"{side} × {side} pixels", ha="left", va="center")
    axes.set_xlim(-5.4, 12.2)
    axes.set_ylim(4.8, -12.2)
    return figure


def window_sum(
    image: np.ndarray, kernel: np.ndarray, bias: float = 0, row: int = 0, column: int = 0
) -> DescribedFigure:
    """Show with all numbers how the output at (row, column) comes from its window.

    `image` and `kernel` are small matrices; stride 1, no padding.
    """
    k_h, k_w = kernel.shape
    rows, columns = image.shape[0] - k_h + 1, image.shape[1] - k_w + 1
    window = image[row : row + k_h, column : column + k_w]
    total = float(np.sum(window * kernel) + bias)
    sums = [
        " + ".join(
            f"{number(x)} · ({number(w)})" if w < 0 else f"{number(x)} · {number(w)}"
            for x, w in zip(*pair, strict=True)
        )
        for pair in zip(window, kernel, strict=True)
    ]
    figure, axes = canvas(
        4.7,
        f"A window of {k_h} × {k_w} on an input of {image.shape[0]} × {image.shape[1]} numbers, "
        f"at row {row}, column {column}; beside it the kernel, and an output of {rows} × "
        f"{columns}. The products of the window and the kernel, {'; '.join(sums)}, and the bias "
        f"{number(bias)} add up to the output {number(total)} at row {row}, column {column}.",
    )
    middle = (image.shape[0] - k_h) / 2
    x_kernel, x_output = image.shape[1] + 1.2, image.shape[1] + k_w + 2.4
    output = np.full((rows, columns), np.nan)
    output[row, column] = total
    table(axes, image, 0, 0, INPUT)
    frame(axes, column, row, k_w, k_h, INPUT, facecolor=PALE[INPUT], zorder=1.5, alpha=0.7)
    frame(axes, column, row, k_w, k_h, KERNEL, linewidth=3.5, zorder=4)
    for (u, v), value in np.ndenumerate(window):
        label(axes, column + v + 0.5, row + u + 0.5, number(value), zorder=5)
    table(axes, kernel, x_kernel, middle, KERNEL, signed=True)
    table(axes, output, x_output, middle, OUTPUT)
    frame(axes, x_output + column, middle + row, 1, 1, OUTPUT, facecolor=PALE[OUTPUT], zorder=1.5)
    label(axes, image.shape[1] / 2, -0.6, "Input", INPUT, fontweight="bold")
    label(axes, x_kernel + k_w / 2, middle - 0.6, "Kernel", KERNEL, fontweight="bold")
    label(axes, x_output + columns / 2, middle - 0.6, "Output", OUTPUT, fontweight="bold")
    label(axes, x_kernel - 0.6, middle + k_h / 2, "×", fontsize=18)
    label(axes, x_output - 0.6, middle + k_h / 2, "=", fontsize=18)
    right = x_output + columns
    for line, text in enumerate(sums):
        text += " +" if line < len(sums) - 1 else f" + bias {number(bias)}"
        label(axes, right / 2, image.shape[0] + 0.9 + 0.85 * line, text)
    y = image.shape[0] + 0.9 + 0.85 * len(sums)
    label(axes, right / 2, y, f"= {number(total)}", OUTPUT, fontsize=15, fontweight="bold")
    axes.set_xlim(-0.2, right + 0.2)
    axes.set_ylim(y + 0.6, -1.1)
    return figure


def padding_and_stride(
    rows: int = 5, columns: int = 7, kernel_size: int = 3, padding: int = 1, strides=(1, 2)
) -> DescribedFigure:
    """Show the first two windows of a row on a zero-padded input, for each stride."""
    outputs = [
        tuple(sizes.windows(side, kernel_size, stride, padding).size for side in (rows, columns))
        for stride in strides
    ]
    told = "; ".join(
        f"with stride {stride} the second window starts {stride} column{'s' * (stride > 1)} "
        f"further, and the output has {size[0]} × {size[1]} values"
        for stride, size in zip(strides, outputs, strict=True)
    )
    figure = DescribedFigure(
        5.0,
        f"An input of {rows} × {columns} with a border of {padding} zero on every side, and a "
        f"window of {kernel_size} × {kernel_size}, drawn for {len(strides)} strides: {told}.",
    )
    width, height = columns + 2 * padding, rows + 2 * padding
    panels = figure.subplots(1, len(strides), squeeze=False)[0]
    for axes, stride, size in zip(panels, strides, outputs, strict=True):
        plain(axes)
        axes.set_aspect("equal")
        for row, column in np.ndindex(height, width):
            inside = padding <= row < height - padding and padding <= column < width - padding
            fill = PALE[INPUT] if inside else "white"
            frame(axes, column, row, 1, 1, FAINT, facecolor=fill, linewidth=1, zorder=1)
            if not inside:
                label(axes, column + 0.5, row + 0.5, "0", MUTED, fontsize=11)
        frame(axes, padding, padding, columns, rows, INPUT, linewidth=2)
        label(axes, width / 2, -1.7, f"Stride {stride}", fontweight="bold", fontsize=14)
        label(axes, width / 2, -0.7, f"input {rows} × {columns}, padded", INPUT)
        left, top = (width - size[1]) / 2, height + 1.7
        label(axes, width / 2, top - 0.7, f"output {size[0]} × {size[1]}", OUTPUT)
        for row, column in np.ndindex(*size):
            frame(axes, left + column, top + row, 1, 1, OUTPUT, linewidth=1, zorder=1)
        frame(axes, left, top, size[1], size[0], OUTPUT, linewidth=2)
        for place, style in enumerate(("solid", (0, (2, 1.2)))):
            x = place * stride
            look = {"linewidth": 3, "linestyle": style, "zorder": 5 - place}
            frame(axes, x + 0.06 * place, 0.06 * place, kernel_size, kernel_size, KERNEL, **look)
            frame(axes, left + place, top, 1, 1, OUTPUT, facecolor=PALE[OUTPUT], zorder=1.5)
            frame(axes, left + place, top, 1, 1, KERNEL, linestyle=style, zorder=4)
        axes.set_xlim(-0.3, width + 0.3)
        axes.set_ylim(height + 1.9 + max(s[0] for s in outputs), -2.3)
    return figure


def filter_maps(
    image: np.ndarray, kernels: Mapping[str, np.ndarray], maps: Sequence[np.ndarray]
) -> DescribedFigure:
    """Show an image and two kernels, and below them the two feature maps.

    `image` is (rows, columns); `kernels` has two by name; `maps` are as large as the image
    or a little smaller. Maps that are nowhere negative are gray, bright for a large value;
    others are signed, on one scale: blue below zero, white zero, red above.
    """
    signed = min(found.min() for found in maps) < 0
    limit = max(float(np.abs(found).max()) for found in maps)
    sums = ", ".join(
        f"{name}, whose weights add up to {number(round(float(kernel.sum()), 6))}"
        for name, kernel in kernels.items()
    )
    ranges = "; ".join(
        f"the map of the {name} filter has values from {number(round(float(found.min()), 1))} "
        f"to {number(round(float(found.max()), 1))}"
        for name, found in zip(kernels, maps, strict=True)
    )
    drawn = "blue below zero, red above" if signed else "bright where they are large"
    figure = DescribedFigure(
        4.5 if not signed else 4.9,
        f"An image of {image.shape[0]} × {image.shape[1]} pixels, and two kernels: {sums}. Below "
        f"them the two feature maps, drawn {drawn}: {ranges}.",
    )
    top, bottom = figure.subfigures(2, 1)
    (photo, *small) = top.subplots(1, 3, width_ratios=(1.75, 0.9, 0.9))
    photo.imshow(image, cmap="gray")
    photo.set_title("input", fontsize=13, color=INPUT)
    weight = max(float(np.abs(kernel).max()) for kernel in kernels.values())
    for axes, (name, kernel) in zip(small, kernels.items(), strict=True):
        axes.imshow(kernel, cmap=DIVERGING, vmin=-weight, vmax=weight)
        axes.set_title(f"{name}\nkernel", fontsize=12, color=KERNEL)
    results = bottom.subplots(1, 2)
    for axes, name, found in zip(results, kernels, maps, strict=True):
        look = {"cmap": DIVERGING, "vmin": -limit, "vmax": limit} if signed else {"cmap": "gray"}
        shown = axes.imshow(found, **look)
        size = " × ".join(map(str, found.shape))
        axes.set_title(f"{name}: {size}", fontsize=13, color=OUTPUT)
    for axes, color in zip(
        (photo, *small, *results), (INPUT, KERNEL, KERNEL, OUTPUT, OUTPUT), strict=True
    ):
        axes.set_xticks([])
        axes.set_yticks([])
        for spine in axes.spines.values():
            spine.set(edgecolor=color, linewidth=1.5)
    if signed:
        bar = bottom.colorbar(shown, ax=results, orientation="horizontal", shrink=0.6, aspect=34)
        bar.ax.tick_params(labelsize=11)
    return figure


def learned_kernels(kernels: Mapping[int, np.ndarray], secret: np.ndarray) -> DescribedFigure:
    """Show a kernel after some numbers of steps of learning, and the one to be found."""
    errors = ", ".join(
        f"{float(np.abs(kernel - secret).max()):.1f} after {step} steps"
        for step, kernel in kernels.items()
    )
    figure = DescribedFigure(
        1.55,
        f"A kernel of {secret.shape[0]} × {secret.shape[1]} weights while it is learned, and "
        f"the secret one. The largest error of a weight is {errors}.",
    )
    grid = figure.subplots(1, len(kernels) + 1)
    limit = float(np.abs(secret).max())
    titles = [*(f"step {step}" for step in kernels), "secret"]
    for axes, kernel, title in zip(grid, (*kernels.values(), secret), titles, strict=True):
        axes.imshow(kernel, cmap=DIVERGING, vmin=-limit, vmax=limit)
        last = title == "secret"
        axes.set_title(title, fontsize=12, color=INK if last else KERNEL)
        axes.set_xticks([])
        axes.set_yticks([])
        for spine in axes.spines.values():
            spine.set(edgecolor=INK if last else KERNEL, linewidth=1.5)
    return figure


def one_filter(
    window: np.ndarray, weights: np.ndarray, bias: float, names=("Red", "Green", "Blue")
) -> DescribedFigure:
    """Show with all numbers how one filter sums its products over all channels.

    `window` and `weights` are (k_h, k_w, channels), as many channels as `names`.
    """
    k_h, k_w, _ = weights.shape
    sums = (window * weights).sum(axis=(0, 1))
    total = float(sums.sum() + bias)
    parts = " + ".join(f"({number(s)})" if s < 0 else number(s) for s in sums)
    figure, axes = canvas(
        5.4,
        f"One filter of {k_h} × {k_w} × {len(names)}: for each channel a window of {k_h} × {k_w} "
        f"times a slice of {k_h} × {k_w} weights gives a sum, "
        + ", ".join(f"{name.lower()} {number(s)}" for name, s in zip(names, sums, strict=True))
        + f". All of them and the bias {number(bias)} add up to one number, {number(total)}.",
    )
    pitch = k_h + 0.7
    x_weights, x_sum = k_w + 1.2, 2 * k_w + 2.4
    x_total = x_sum + 3.3
    for channel, name in enumerate(names):
        y = channel * pitch
        table(axes, window[..., channel], 0, y, INPUT)
        table(axes, weights[..., channel], x_weights, y, KERNEL, signed=True)
        label(axes, -0.25, y + k_h / 2, name, INPUT, ha="right", fontweight="bold")
        label(axes, x_weights - 0.6, y + k_h / 2, "×", fontsize=18)
        label(axes, x_sum - 0.6, y + k_h / 2, "=", fontsize=18)
        table(axes, [[sums[channel]]], x_sum, y + k_h / 2 - 0.5, OUTPUT)
        middle = len(names) * pitch / 2 - 0.35
        axes.plot([x_sum + 1.1, x_total - 0.7], [y + k_h / 2, middle], color=MUTED, linewidth=1.5)
    label(axes, k_w / 2, -0.6, "Window", INPUT, fontweight="bold")
    label(axes, x_weights + k_w / 2, -0.6, "One filter", KERNEL, fontweight="bold")
    label(axes, x_sum + 0.5, -0.6, "Sums", OUTPUT, fontweight="bold")
    frame(axes, x_total - 0.75, middle - 0.75, 1.9, 1.5, OUTPUT, facecolor=PALE[OUTPUT])
    label(axes, x_total + 0.2, middle, number(total), fontsize=17, fontweight="bold", zorder=5)
    label(axes, x_total + 0.2, middle + 2.15, "one output", OUTPUT, fontweight="bold")
    label(axes, x_total + 0.2, middle + 1.25, "+ bias " + number(bias), KERNEL)
    bottom = len(names) * pitch + 0.1
    added = f"({number(bias)})" if bias < 0 else number(bias)
    label(axes, (x_total - 1) / 2, bottom, f"{parts} + {added} = {number(total)}")
    axes.set_xlim(-2.1, x_total + 1.7)
    axes.set_ylim(bottom + 0.5, -1.1)
    return figure


def stacked_maps(channels: int = 3, maps: Sequence[int] = (4, 5)) -> DescribedFigure:
    """Draw an input of several channels and two layers as stacks, and what one neuron reads."""
    counts = (channels, *maps)
    figure, axes = canvas(
        3.3,
        f"Three stacks from left to right: an input of {channels} channels, layer 1 with "
        f"{maps[0]} feature maps, layer 2 with {maps[1]}. A neuron in one map of layer 1 is "
        f"joined to a window at the same place in all {channels} channels; a neuron in one map "
        f"of layer 2 to a window in all {maps[0]} maps of layer 1.",
    )
    side, lean, gap, window, neuron = 2.8, 0.75, 1.7, 0.5, 0.28
    lefts = np.cumsum([0, *(side + gap + lean * (count - 1) for count in counts[:-1])])
    for level, (count, left) in enumerate(zip(counts, lefts, strict=True)):
        color = OUTPUT if level else INPUT
        for plane in reversed(range(count)):  # from the back to the front
            look = {"linewidth": 1.6, "zorder": 2 - 0.1 * plane}
            look["facecolor"] = PALE[OUTPUT] if level and plane == 0 else "white"
            frame(axes, left + lean * plane, -lean * plane, side, side, color, **look)
        middle = left + side / 2
        name, kind = (f"Layer {level}", "maps") if level else ("Input", "channels")
        label(axes, middle, side + 0.6, name, color, fontweight="bold", fontsize=14)
        label(axes, middle, side + 1.35, f"{count} {kind}")
        if level == 0:
            continue
        label(axes, middle, side + 2.1, f"{count} filters of", KERNEL)
        label(axes, middle, side + 2.85, f"k × k × {counts[level - 1]}", KERNEL)
        # In the corner that the planes in front leave visible: the window, at this distance
        # from the top and the right of its map, and the neuron in the middle of that place.
        corner = 0.12
        x = left + side - corner - (window + neuron) / 2
        y = corner + (window - neuron) / 2
        frame(axes, x, y, neuron, neuron, INK, facecolor=OUTPUT, linewidth=1, zorder=4)
        for plane in range(counts[level - 1]):
            right = lefts[level - 1] + side - corner + lean * plane
            top = corner - lean * plane
            look = {"facecolor": PALE[KERNEL], "linewidth": 2, "zorder": 2.05 - 0.1 * plane}
            frame(axes, right - window, top, window, window, KERNEL, **look)
            ends = [right, x], [top + window / 2, y + neuron / 2]
            axes.plot(*ends, color=KERNEL, linewidth=1.1, alpha=0.85, zorder=3)
    axes.set_xlim(-0.3, lefts[-1] + side + lean * (counts[-1] - 1) + 0.3)
    axes.set_ylim(side + 3.3, -lean * (max(counts) - 1) - 0.3)
    return figure
