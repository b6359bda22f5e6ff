"""Networks, drawn from any Keras model."""

from __future__ import annotations

import numpy as np
from matplotlib import patches

from utils.palette import INK, PARTS, part

from .look import WIDTH, DescribedFigure, plain

# In CSS pixels: a layer's room, the widest slab, and where the words begin beside it.
ROW, WIDEST, WORDS = 53, 140, 176


def drawn_layers(model) -> list[tuple[str, tuple[int, ...], str]]:
    """Return (words, shape of the output, kind) of the input and of each layer to draw."""
    rows = [("Input", tuple(model.input_shape[1:]), "Input")]
    for layer in model.layers:
        kind = type(layer).__name__
        if kind == "Dropout":  # changes no shape, and nothing at prediction
            continue
        window = getattr(layer, "kernel_size", None) or getattr(layer, "pool_size", None)
        text = kind.replace("MaxPooling2D", "Max pool").replace("Conv2D", "Conv")
        if window:
            text += f" {window[0]} × {window[1]}"
        rows.append((text, tuple(layer.output.shape[1:]), kind))
    return rows


def slab(axes, x: float, y: float, width: float, thickness: float, color: str) -> None:
    """Draw a slab around (x, y), seen from above; `thickness` is that of its front."""
    lean, rise = 0.12 * width, 0.05 * width
    left, right = x - (width + lean) / 2, x + (width - lean) / 2
    low, high = y + (thickness + rise) / 2, y - (thickness - rise) / 2  # y goes down
    far = [(right + lean, high - rise), (left + lean, high - rise)]
    faces = {
        0.55: [(left, high), (right, high), *far],
        1.0: [(left, high), (right, high), (right, low), (left, low)],
        0.8: [(right, high), far[0], (right + lean, low - rise), (right, low)],
    }
    for alpha, corners in faces.items():
        axes.add_patch(patches.Polygon(corners, facecolor="white", edgecolor="none"))
        axes.add_patch(patches.Polygon(corners, facecolor=color, alpha=alpha, edgecolor="white"))


def network(model) -> DescribedFigure:
    """Draw the output of each layer of a built Keras `model` in two columns, from the input down.

    A stack of feature maps is a slab: as wide as a map, as thick as the
    logarithm of their number. A vector is a bar, as wide as the logarithm of
    its length.
    """
    rows = drawn_layers(model)
    shapes = ["×".join(str(size) for size in shape) for _, shape, _ in rows]
    below = -(-len(rows) // 2)  # how many layers stand in a column
    figure = DescribedFigure(
        ROW * below / 100 + 0.3,  # and a line of text
        "The network from the input to the output, the output of each layer drawn as a slab "
        "that gets narrower and thicker: "
        + ", ".join(f"{text} {shape}" for (text, _, _), shape in zip(rows, shapes, strict=True))
        + ".",
    )
    axes = figure.subplots()
    plain(axes)
    widest = max(shape[1] for _, shape, _ in rows if len(shape) == 3)
    for number, (text, shape, kind) in enumerate(rows):
        start = 50 * WIDTH * (number // below)
        y = ROW * (number % below + 0.5)
        if len(shape) == 3:
            width, thickness = WIDEST * shape[1] / widest, 3 + 3.5 * np.log2(shape[2])
        else:
            width, thickness = 11 * np.log2(shape[0]), 6
        slab(axes, start + 0.5 * WORDS, y, width, thickness, PARTS[part(kind)])
        words = {"ha": "left", "va": "center", "fontsize": 13, "color": INK}
        axes.text(start + WORDS, y - 0.19 * ROW, text, **words)
        axes.text(start + WORDS, y + 0.19 * ROW, " × ".join(map(str, shape)), **words)
    told = "width: side of the maps · thickness: their number, as a logarithm"
    figure.suptitle(told, fontsize=12, color=INK)
    axes.set_xlim(0, 100 * WIDTH)
    axes.set_ylim(ROW * below, 0)
    return figure
