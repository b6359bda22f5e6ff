"""Figures of whole networks: their shape, their cost, what they see, and where they come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import patches

from utils import sizes
from utils.palette import FAINT, INK, INPUT, KERNEL, MUTED, OUTPUT, PARTS, part

from .look import DIVERGING, DescribedFigure, ink_on, plain

# Layers that change no shape: drawn, they would only repeat the one before.
NOT_DRAWN = {"InputLayer", "Dropout", "BatchNormalization", "ReLU", "Activation", "Add"}

# A kernel's scale ends so much above its largest weight: black digits keep a contrast of
# 4.5 : 1 on all of its colors, on the card of a dark page too, which dims them.
PALER = 2.0


# --- Smaller and deeper ------------------------------------------------------------------


def box(axes, x: float, width: float, height: float, lean: float, color: str) -> None:
    """Draw a box around the line y = 0 whose front begins at `x`."""
    left, right, low, high = x, x + width, -height / 2, height / 2
    far, rise = right + lean, 0.7 * lean
    faces = {
        1.0: [(left, low), (right, low), (right, high), (left, high)],
        0.55: [(left, high), (right, high), (far, high + rise), (left + lean, high + rise)],
        0.75: [
            (right, low),
            (far, low + rise),
            (far, high + rise),
            (right, high),
        ],
    }
    for alpha, corners in faces.items():
        axes.add_patch(patches.Polygon(corners, facecolor="white", edgecolor="none"))
        axes.add_patch(
            patches.Polygon(corners, facecolor=color, alpha=alpha, edgecolor="white", lw=0.8)
        )


def grouped(outputs: Sequence[tuple[str, tuple[int, ...]]]) -> list[tuple[str, list]]:
    """Return (size, outputs) for each run of outputs of one size; that of a row is "values"."""
    groups = []
    for name, shape in outputs:
        size = " × ".join(map(str, shape[:2])) if len(shape) == 3 else "values"
        if not groups or groups[-1][0] != size:
            groups.append((size, []))
        groups[-1][1].append((name, shape))
    return groups


def measures(shape: tuple[int, ...], tallest: int) -> tuple[float, float, float]:
    """Return height, width and lean of the box for an output; `tallest` maps are 1.7 high."""
    if len(shape) == 1:
        return 0.12 * float(np.log2(shape[0] + 1)), 0.11, 0.0
    height = max(1.7 * shape[0] / tallest, 0.07)
    return height, 0.05 + 0.035 * float(np.log2(shape[2])), 0.25 * height


def smaller_and_deeper(model) -> DescribedFigure:
    """Draw the outputs of a built Keras `model` side by side, from the input to the last layer.

    A stack of feature maps is a box: as high as a map, and as thick as the logarithm of
    their number. A row of values is a bar, as high as the logarithm of their number.
    Layers that change no shape are left out; branches are drawn one after the other.
    """
    outputs = [("input", tuple(model.input_shape[1:]))]
    for layer in model.layers:
        kind = type(layer).__name__
        if kind not in NOT_DRAWN:
            outputs.append((part(kind), tuple(layer.output.shape[1:])))
    told = ", ".join(f"{name} {'×'.join(map(str, shape))}" for name, shape in outputs)
    figure = DescribedFigure(
        3.25,
        "The output of each layer as a box, from left to right, which gets lower as the maps "
        f"shrink and thicker as their number grows: {told}.",
    )
    axes = figure.subplots()
    plain(axes)
    axes.set_aspect("equal")
    tallest = max((shape[0] for _, shape in outputs if len(shape) == 3), default=1)
    x = 0.0
    for size, members in grouped(outputs):
        drawn = []  # color, width, height, lean, number, room
        for name, shape in members:
            height, width, lean = measures(shape, tallest)
            number = str(shape[-1])
            room = max(width + 0.55 * lean, 0.1 * len(number)) + 0.1
            drawn.append((PARTS[name], width, height, lean, number, room))
        missing = 0.1 * len(size) + 0.06 - sum(room for *_, room in drawn)
        spread = max(missing, 0) / len(drawn)  # so that the size has its room below
        start = x
        for color, width, height, lean, number, room in drawn:
            middle = x + (room + spread) / 2
            box(axes, middle - width / 2 - 0.2 * lean, width, height, lean, color)
            axes.text(middle, -1.12, number, ha="center", va="center", fontsize=11, color=INK)
            x += room + spread
        axes.plot([start + 0.05, x - 0.05], [-1.3, -1.3], color=MUTED, lw=1.5)
        middle = (start + x) / 2
        axes.text(middle, -1.47, size, ha="center", va="center", fontsize=11, color=INK)
        x += 0.06
    for text, y in {"number": -1.12, "size": -1.47}.items():
        axes.text(-0.1, y, text, ha="right", va="center", fontsize=11, color=MUTED)
    shown = [name for name in PARTS if any(name == drawn for drawn, _ in outputs)]
    figure.legend(
        handles=[patches.Patch(color=PARTS[name], label=name) for name in shown],
        loc="outside upper center",
        ncols=len(shown),
        fontsize=11,
        frameon=False,
        handlelength=1.0,
        columnspacing=1.2,
    )
    told = "height: side of the maps · thickness: their number, as a logarithm"
    figure.supxlabel(told, fontsize=11, color=INK)
    axes.set_xlim(-0.78, x)
    axes.set_ylim(-1.62, 1.25)
    return figure


# --- Where the parameters and the work are -----------------------------------------------


def percent(share: float) -> str:
    """Return a share as "21 %"; what is not all or nothing is never rounded to it."""
    if 0 < share < 0.005:
        return "< 1 %"
    if 0.995 <= share < 1:
        return "> 99 %"
    return f"{share:.0%}".replace("%", " %")


def shares(parts: Mapping[str, tuple[Sequence[int], Sequence[int]]]) -> DescribedFigure:
    """Show for each network how much of it is convolutional and how much dense.

    `parts` has for each name the parameters and the multiply–adds, each a pair
    (convolutional, dense).
    """
    told = []
    figure = DescribedFigure(0.5 + 0.95 * len(parts))
    axes = figure.subplots()
    plain(axes)
    y = 0.0
    for name, costs in parts.items():
        axes.text(0, y, name, ha="left", va="center", fontsize=12, color=INK, weight="bold")
        for what, (convolutional, dense) in zip(["parameters", "work"], costs, strict=True):
            y += 0.9
            share = dense / (convolutional + dense)
            told.append(f"{name}, {what}: {percent(share)} dense")
            axes.text(-0.02, y, what, ha="right", va="center", fontsize=11, color=INK)
            for left, width, color in [
                (0, 1 - share, PARTS["convolution"]),
                (1 - share, share, PARTS["dense"]),
            ]:
                axes.barh(y, width, left=left, height=0.72, color=color)
                if width > 0.15:
                    axes.text(
                        left + width / 2,
                        y,
                        percent(width),
                        ha="center",
                        va="center",
                        fontsize=11,
                        color="white",
                    )
        y += 1.15
    figure.description = (
        "Two bars for each network, divided into convolutional and dense layers. "
        + "; ".join(told)
        + "."
    )
    figure.legend(
        handles=[patches.Patch(color=PARTS[p], label=p) for p in ("convolution", "dense")],
        loc="outside upper center",
        ncols=2,
        fontsize=11,
        frameon=False,
    )
    axes.set_xlim(-0.22, 1.0)
    axes.set_ylim(y - 0.6, -0.5)
    return figure


# --- What a neuron sees ------------------------------------------------------------------


def middle_fields(layers: Sequence[tuple[str, int, int]], size: int) -> list[tuple[int, int]]:
    """Return the first pixel and the number of pixels that a middle neuron of each layer sees.

    `layers` has (name, window, stride); a stride of 1 stands for padding "same", a larger
    one for none. The first pixel is negative where the field begins in the padding.
    """
    plain = [
        {
            "type": "MaxPooling2D",
            "poolSize": window,
            "strides": stride,
            "padding": "same" if stride == 1 else "valid",
        }
        for _, window, stride in layers
    ]
    seen = sizes.receptive_fields(plain, size)
    maps = [slide.output for slide in sizes.slides(plain, size)]
    return [
        (field.start + side // 2 * field.jump, field.size)
        for field, side in zip(seen, maps, strict=True)
    ]


def field_growth(image: np.ndarray, layers: Sequence[tuple[str, int, int]]) -> DescribedFigure:
    """Show over `image` what a neuron in the middle of each layer sees, a panel to a layer.

    `image` is square; `layers` has (name, window, stride), see `middle_fields`.
    """
    size = len(image)
    fields = middle_fields(layers, size)
    margin = max(-min(first for first, _ in fields), 0) + 1
    beyond = max(max(first + seen for first, seen in fields) - size, 0) + 1
    padded = np.pad(np.asarray(image, float), (margin, beyond))
    names = [name for name, _, _ in layers]
    widths = [seen for _, seen in fields]
    told = ", ".join(f"{name}: {seen}" for name, seen in zip(names, widths, strict=True))
    figure = DescribedFigure(
        4.05,
        f"An image of {size} × {size} pixels, and on it the window that one middle neuron of "
        f"each layer sees, {len(widths)} panels. The window's side in pixels: {told}."
        + (" The last windows reach over the border." if max(widths) > size else ""),
    )
    columns = -(-len(layers) // 2)
    grid = figure.subplots(2, columns, squeeze=False)
    for axes in grid.flat:
        plain(axes)
    for number, (axes, name, (first, seen)) in enumerate(
        zip(grid.flat, names, fields, strict=False), 1
    ):
        low = first + margin
        axes.imshow(padded, cmap="gray_r", alpha=0.28)
        clear = np.full(padded.shape, np.nan)
        clear[low : low + seen, low : low + seen] = padded[low : low + seen, low : low + seen]
        axes.imshow(clear, cmap="gray_r", vmin=padded.min(), vmax=padded.max())
        frame = {"fill": False, "lw": 1}
        corner = (margin - 0.5, margin - 0.5)
        axes.add_patch(patches.Rectangle(corner, size, size, edgecolor=MUTED, ls=":", **frame))
        frame["lw"] = 2.5
        axes.add_patch(
            patches.Rectangle((low - 0.5, low - 0.5), seen, seen, edgecolor=INPUT, **frame)
        )
        axes.set_title(f"{number}  {name}", fontsize=11, color=INK, pad=3)
        axes.set_xlabel(f"{seen} × {seen}", fontsize=12, color=INPUT, weight="bold", labelpad=3)
    return figure


def two_against_one() -> DescribedFigure:
    """Draw, in one dimension, two layers with windows of 3 beside one layer with a window of 5."""
    figure = DescribedFigure(
        2.6,
        "Left: five input values feed three neurons through windows of 3, and these feed one "
        "neuron through another window of 3. Right: the same five values feed one neuron through "
        "a window of 5. Both neurons at the top see five values.",
    )
    halves = figure.subplots(1, 2)
    titles = ["two layers, windows of 3", "one layer, a window of 5"]
    for axes, title, levels in zip(halves, titles, [[5, 3, 1], [5, 1]], strict=True):
        plain(axes)
        axes.set_title(title, fontsize=12, color=INK)
        rows = np.linspace(0, 2, len(levels))
        for level in range(len(levels) - 1):
            below, above = levels[level : level + 2]
            window = below - above + 1
            for neuron in range(above):
                for read in range(neuron, neuron + window):
                    axes.plot(
                        [read - (below - 1) / 2, neuron - (above - 1) / 2],
                        rows[level : level + 2],
                        color=KERNEL,
                        lw=1.6,
                        zorder=1,
                    )
        for level, count in enumerate(levels):
            color = INPUT if level == 0 else OUTPUT
            places = np.arange(count) - (count - 1) / 2
            axes.scatter(
                places, np.full(count, rows[level]), s=190, color=color, edgecolor="white", zorder=2
            )
        axes.set_xlim(-2.6, 2.6)
        axes.set_ylim(-0.4, 2.35)
    return figure


# --- Two convolutions that are one -------------------------------------------------------


def composed(first: np.ndarray, second: np.ndarray, both: np.ndarray) -> DescribedFigure:
    """Show two kernels and the one kernel that does the work of both, with their weights.

    Each is a square of whole numbers; each has its own scale, with zero white.
    """
    kernels = {"first": first, "then": second, "both at once": both}
    words = "; ".join(
        f"{name}: " + ", ".join(" ".join(f"{w:.0f}" for w in row) for row in kernel)
        for name, kernel in kernels.items()
    )
    figure = DescribedFigure(
        3.5, f"Two kernels and the larger one that they make, row by row. {words}."
    )
    sides = [len(kernel) for kernel in kernels.values()]
    panels = figure.subplots(1, 3, gridspec_kw={"width_ratios": sides})
    for axes, (name, kernel) in zip(panels, kernels.items(), strict=True):
        plain(axes)
        limit = PALER * np.abs(kernel).max()
        shown = axes.imshow(kernel, cmap=DIVERGING, vmin=-limit, vmax=limit)
        for (row, column), weight in np.ndenumerate(kernel):
            text = f"{weight:.0f}".replace("-", "−")
            ink = ink_on(shown.to_rgba(weight))
            axes.text(column, row, text, ha="center", va="center", fontsize=12, color=ink)
        edge = len(kernel) - 0.5
        frame = {"fill": False, "edgecolor": KERNEL, "lw": 2.5, "clip_on": False}
        axes.add_patch(patches.Rectangle((-0.5, -0.5), edge + 0.5, edge + 0.5, **frame))
        axes.set_title(f"{name}\n{len(kernel)} × {len(kernel)}", fontsize=12, color=INK)
    return figure


# --- The residual block, and the ancestors -----------------------------------------------


def residual_block() -> DescribedFigure:
    """Draw a residual block: two convolutions, and a shortcut around them that is added."""
    figure = DescribedFigure(
        2.3,
        "A residual block. The input x goes two ways: through two convolutions of 3 × 3 with a "
        "ReLU between them, which give F(x), and unchanged over a shortcut. Both are added, and "
        "a ReLU follows.",
    )
    axes = figure.subplots()
    plain(axes)
    stations = {
        0.0: ("x", INPUT),
        1.55: ("3 × 3\nconv", KERNEL),
        3.05: ("ReLU", MUTED),
        4.55: ("3 × 3\nconv", KERNEL),
        6.1: ("+", OUTPUT),
        7.6: ("ReLU", MUTED),
    }
    places = list(stations)
    arrow = {"arrowstyle": "-|>", "color": INK, "lw": 1.6, "shrinkA": 0, "shrinkB": 0}
    half = {"x": 0.3, "+": 0.3}
    for (x, (text, color)), following in zip(stations.items(), [*places[1:], 8.95], strict=True):
        width = half.get(text, 0.52)
        if text in half:
            axes.add_patch(patches.Circle((x, 0), 0.3, color=color))
        else:
            shape = "round,pad=0,rounding_size=0.12"
            axes.add_patch(
                patches.FancyBboxPatch((x - 0.52, -0.42), 1.04, 0.84, shape, color=color)
            )
        axes.text(x, 0, text, ha="center", va="center", fontsize=12, color="white", weight="bold")
        reach = 0 if following == 8.95 else half.get(stations[following][0], 0.52)
        axes.annotate("", (following - reach, 0), (x + width, 0), arrowprops=arrow)
    axes.text(5.44, 0.28, "F(x)", ha="center", va="center", fontsize=12, color=INK)
    axes.plot([0.0, 0.0, 6.1], [0.3, 1.15, 1.15], color=INPUT, lw=2.2)
    axes.annotate("", (6.1, 0.3), (6.1, 1.16), arrowprops={**arrow, "color": INPUT, "lw": 2.2})
    axes.text(3.05, 1.38, "shortcut: x, unchanged", ha="center", fontsize=12, color=INPUT)
    axes.text(6.85, -0.75, "F(x) + x", ha="center", va="center", fontsize=12, color=OUTPUT)
    axes.set_xlim(-0.5, 9.0)
    axes.set_ylim(-1.0, 1.75)
    axes.set_aspect("equal")
    return figure


def short(number: float) -> str:
    """Return a number of parameters as 60 thousand or 138 million, with 2–3 digits."""
    for unit, name in [(1e6, "M"), (1e3, "k")]:
        if number >= unit:
            value = number / unit
            return f"{value:.0f} {name}" if value >= 10 else f"{value:.1f} {name}"
    return f"{number:.0f}"


def ancestors(line: Mapping[str, tuple[int, int, float, float | None]]) -> DescribedFigure:
    """Show the networks of a line of ancestors, oldest first, a row each.

    `line` has for each name (year, layers with weights, parameters, top-5 error in percent
    or None). Parameters are dots on a logarithmic scale, errors are bars.
    """
    told = []
    for name, (year, depth, parameters, error) in line.items():
        text = f"{name}, {year}: {depth} layers, {short(parameters)} parameters"
        told.append(text + (f", top-5 error {error:.1f} %" if error else ""))
    figure = DescribedFigure(
        0.43 * len(line) + 0.85,
        "Networks from the oldest to the youngest, with their layers, their parameters on a "
        "logarithmic scale, and their error in the ImageNet competition. " + "; ".join(told) + ".",
    )
    left, right = figure.subplots(1, 2, sharey=True, gridspec_kw={"width_ratios": [1.25, 1]})
    rows = np.arange(len(line))
    labels = [f"{year}  {name}" for name, (year, *_) in line.items()]
    parameters = np.array([facts[2] for facts in line.values()])
    depths = [facts[1] for facts in line.values()]
    left.hlines(rows, parameters.min() / 3, parameters, color=FAINT, lw=2)
    left.scatter(parameters, rows, s=50, color=KERNEL, zorder=2)
    for row, (count, depth) in enumerate(zip(parameters, depths, strict=True)):
        left.annotate(
            f"{short(count)}, {depth} layers",
            (parameters.min() / 2.6, row),
            (0, 8),  # above the dot of a small network
            textcoords="offset points",
            fontsize=11,
            color=INK,
        )
    left.set_xscale("log")
    left.set_xlim(parameters.min() / 3, parameters.max() * 2)
    left.set_yticks(rows, labels, fontsize=11, color=INK)
    left.set_xticks([1e5, 1e6, 1e7, 1e8], ["0.1 M", "1 M", "10 M", "100 M"], fontsize=11)
    left.minorticks_off()
    left.set_title("parameters", fontsize=12, color=INK)
    for row, (_, _, _, error) in enumerate(line.values()):
        if error:
            right.barh(row, error, height=0.55, color=OUTPUT)
            right.text(error + 0.4, row, f"{error:.1f} %", va="center", fontsize=11, color=INK)
        else:
            right.text(0.4, row, "no result", va="center", fontsize=11, color=MUTED)
    right.set_title("top-5 error", fontsize=12, color=INK)
    right.set_xlim(0, 21)
    right.set_xticks([])
    for axes in (left, right):
        axes.tick_params(length=0)
        for spine in axes.spines.values():
            spine.set_visible(False)
    left.set_ylim(len(line) - 0.5, -0.7)
    return figure
