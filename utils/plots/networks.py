"""Networks, drawn from any Keras model."""

from __future__ import annotations

import numpy as np
from matplotlib import patches

from utils.palette import INK, PARTS, part

from .look import DescribedFigure, plain


def network(model) -> DescribedFigure:
    """Draw the output of each layer of a built Keras `model`, from the input down.

    A stack of feature maps is a slab: as wide as a map, as thick as the
    logarithm of their number. A vector is a bar, as wide as the logarithm of
    its length.
    """
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
    shapes = ["×".join(str(size) for size in shape) for _, shape, _ in rows]
    figure = DescribedFigure(
        0.6 * len(rows),
        "The network from the input to the output, the output of each layer drawn as a slab "
        "that gets narrower and thicker: "
        + ", ".join(f"{text} {shape}" for (text, _, _), shape in zip(rows, shapes, strict=True))
        + ".",
    )
    axes = figure.subplots()
    plain(axes)
    widest = max(shape[1] for _, shape, _ in rows if len(shape) == 3)
    y = 0.0
    for text, shape, kind in rows:
        color = PARTS[part(kind)]
        if len(shape) == 3:
            width, thickness = 3.0 * shape[1] / widest, 0.06 + 0.07 * np.log2(shape[2])
        else:
            width, thickness = 0.24 * np.log2(shape[0]), 0.12
        lean = 0.12 * width
        top = y + 0.5 * lean
        left, right = -width / 2, width / 2
        faces = {
            0.55: [(left, y), (right, y), (right + lean, top), (left + lean, top)],
            1.0: [(left, y), (right, y), (right, y - thickness), (left, y - thickness)],
            0.8: [
                (right, y),
                (right + lean, top),
                (right + lean, top - thickness),
                (right, y - thickness),
            ],
        }
        for alpha, corners in faces.items():
            axes.add_patch(patches.Polygon(corners, facecolor="white", edgecolor="none"))
            axes.add_patch(
                patches.Polygon(corners, facecolor=color, alpha=alpha, edgecolor="white")
            )
        middle = (top + y - thickness) / 2
        axes.text(-1.9, middle, text, ha="right", va="center", fontsize=14, color=INK)
        shown = " × ".join(str(size) for size in shape)
        axes.text(2.1, middle, shown, ha="left", va="center", fontsize=14, color=INK)
        y -= thickness + 0.42
    axes.set_xlim(-3.7, 3.7)
    axes.set_ylim(y + 0.3, 0.3)
    return figure
