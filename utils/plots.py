"""The figures of the course: each function takes arrays and returns a `DescribedFigure`.

One look for all: 640 CSS pixels wide, so that 12-point text is still legible on
a phone; signed values in a diverging color map with zero in the middle.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import patches
from matplotlib.figure import Figure
from PIL import Image

WIDTH = 6.4  # inches, at 100 CSS pixels each
INK = "#1f2937"
MUTED = "#64748b"
BLUE = "#2563a8"
ORANGE = "#c2570c"
GREEN = "#2f7d4f"
SEQUENTIAL = "viridis"
DIVERGING = "RdBu_r"  # negative blue, zero white, positive red


def compact_png(png: io.BytesIO) -> bytes:
    """Return a PNG with 256 colors of its own choice: a third of the size, and no visible loss.

    The same picture always gives the same bytes.
    """
    colors = Image.open(png).convert("RGB").quantize(256, kmeans=2, dither=Image.Dither.NONE)
    buffer = io.BytesIO()
    colors.save(buffer, format="png", optimize=True)
    return buffer.getvalue()


class DescribedFigure(Figure):
    """A Matplotlib figure with a text description.

    In a notebook it shows itself as a PNG at two pixels a CSS pixel. The
    description is the picture's alternative text, and the output's plain text
    too, so that a test of the notebook compares what the figure says.
    """

    def __init__(self, height: float, description: str = ""):
        """Make an empty figure, `height` inches high, on a white ground."""
        super().__init__(figsize=(WIDTH, height), facecolor="white", layout="constrained")
        self.description = description

    def _repr_mimebundle_(self, include=None, exclude=None):
        buffer = io.BytesIO()
        self.savefig(buffer, format="png", dpi=200)
        png = base64.b64encode(compact_png(buffer)).decode("ascii")
        metadata = {"alt": self.description, "width": round(WIDTH * 100)}
        return (
            {"image/png": png, "text/plain": f"Figure: {self.description}"},
            {"image/png": metadata},
        )


def _plain(axes) -> None:
    """Take ticks and frame from `axes`: an image needs neither."""
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)


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
            _plain(axes)
        row[0].set_ylabel(
            name, rotation=0, ha="right", va="center", fontsize=12, color=INK, labelpad=8
        )
    return figure


def network(model) -> DescribedFigure:
    """Draw the output of each layer of a built Keras `model`, from the input down.

    A stack of feature maps is a slab: as wide as a map, as thick as the
    logarithm of their number. A vector is a bar, as wide as the logarithm of
    its length.
    """
    rows = [("Input", tuple(model.input_shape[1:]), None)]
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
    _plain(axes)
    widest = max(shape[1] for _, shape, _ in rows if len(shape) == 3)
    y = 0.0
    for text, shape, kind in rows:
        color = {"Conv2D": ORANGE, "MaxPooling2D": BLUE, "Dense": GREEN}.get(kind, MUTED)
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
        axes.text(-2.0, middle, text, ha="right", va="center", fontsize=12, color=INK)
        shown = " × ".join(str(size) for size in shape)
        axes.text(2.1, middle, shown, ha="left", va="center", fontsize=12, color=INK)
        y -= thickness + 0.42
    axes.set_xlim(-3.7, 3.7)
    axes.set_ylim(y + 0.3, 0.3)
    return figure


def learning_curves(
    recorded: Mapping[str, Sequence[float]], yours: Mapping[str, Sequence[float]] | None = None
) -> DescribedFigure:
    """Draw loss and accuracy over the epochs, in training and in validation.

    Both histories are dictionaries as Keras's `fit` returns in `.history`, with
    the metrics "loss" and "accuracy"; `yours` is drawn dotted over `recorded`.
    """
    epochs = len(recorded["loss"])
    best = int(np.argmin(recorded["val_loss"])) + 1
    figure = DescribedFigure(
        5.6,
        f"Loss and accuracy over {epochs} epochs. The training loss falls from "
        f"{recorded['loss'][0]:.2f} to {recorded['loss'][-1]:.2f}; the validation loss is "
        f"lowest, {min(recorded['val_loss']):.2f}, after epoch {best}. The validation accuracy "
        f"rises from {recorded['val_accuracy'][0]:.2f} to {recorded['val_accuracy'][-1]:.2f}.",
    )
    panels = figure.subplots(2, 1, sharex=True)
    for axes, metric in zip(panels, ["accuracy", "loss"], strict=True):
        for key, color, name in [
            (metric, BLUE, "training"),
            (f"val_{metric}", ORANGE, "validation"),
        ]:
            values = recorded[key]
            axes.plot(
                range(1, epochs + 1), values, color=color, label=name, linewidth=4, alpha=0.45
            )
            if yours:
                own = yours[key]
                axes.plot(range(1, len(own) + 1), own, "o:", color=color, label=f"{name}, your run")
        axes.set_ylabel(metric, fontsize=12)
        axes.tick_params(labelsize=11)
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
    panels[0].legend(fontsize=11, frameon=False)
    panels[1].set_xlabel("epoch", fontsize=12)
    panels[1].set_xticks(range(1, epochs + 1))
    return figure


def confusion_matrix(counts: np.ndarray, class_names: Sequence[str]) -> DescribedFigure:
    """Show a confusion matrix in percent of the true class.

    `counts` is (classes, classes) of integers: row the true class, column the
    predicted one.
    """
    percent = 100 * counts / counts.sum(axis=1, keepdims=True)
    off_diagonal = percent - np.diag(np.diag(percent))
    true, predicted = np.unravel_index(np.argmax(off_diagonal), percent.shape)
    worst = int(np.argmin(np.diag(percent)))
    figure = DescribedFigure(
        6.4,
        f"Confusion matrix of {len(class_names)} classes in percent of the true class. "
        f"{class_names[worst]} is recognized least often, in {percent[worst, worst]:.0f} % of "
        f"its images; the most frequent confusion is {class_names[true]} taken for "
        f"{class_names[predicted]}, {off_diagonal.max():.0f} %.",
    )
    axes = figure.subplots()
    # Mistakes are few: the color scale ends at the worst one, and hits are gray.
    axes.imshow(
        np.ma.masked_equal(off_diagonal, 0), cmap="Oranges", vmin=0, vmax=1.8 * off_diagonal.max()
    )
    for row, column in np.ndindex(percent.shape):
        value = percent[row, column]
        if row == column:
            axes.add_patch(patches.Rectangle((column - 0.5, row - 0.5), 1, 1, color="#d7dde5"))
        if value >= 0.5:
            weight = "bold" if row == column else "normal"
            axes.text(
                column,
                row,
                int(value + 0.5),  # half up: a format would round 0.5 to 0
                ha="center",
                va="center",
                color=INK,
                fontsize=12,
                weight=weight,
            )
    ticks = range(len(class_names))
    axes.set_xticks(ticks, class_names, rotation=45, ha="right", fontsize=12)
    axes.set_yticks(ticks, class_names, fontsize=12)
    axes.set_xticks(np.arange(len(class_names) + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(len(class_names) + 1) - 0.5, minor=True)
    axes.grid(which="minor", color="#e5e9ef", linewidth=0.8)
    axes.tick_params(which="both", length=0)
    axes.set_xlabel("predicted class", fontsize=12)
    axes.set_ylabel("true class", fontsize=12)
    for spine in axes.spines.values():
        spine.set_visible(False)
    return figure


def predictions(
    images: np.ndarray,
    labels: np.ndarray,
    probabilities: np.ndarray,
    class_names: Sequence[str],
    columns: int = 4,
) -> DescribedFigure:
    """Show images with their label, and the predicted class with its probability.

    `images` is (n, rows, columns), `labels` (n,), `probabilities` (n, classes).
    No probability is rounded up to 100 %.
    """
    predicted = probabilities.argmax(axis=1)
    sure = probabilities.max(axis=1)
    figure = DescribedFigure(
        2.25 * -(-len(images) // columns),
        f"{len(images)} images with their label and the network's answer: "
        + "; ".join(
            f"{class_names[label]} taken for {class_names[answer]}"
            for label, answer in zip(labels, predicted, strict=True)
        )
        + ".",
    )
    grid = figure.subplots(-(-len(images) // columns), columns, squeeze=False)
    for axes in grid.flat:
        axes.set_visible(False)
    for axes, image, label, answer, value in zip(
        grid.flat, images, labels, predicted, sure, strict=False
    ):
        axes.set_visible(True)
        axes.imshow(image, cmap="gray_r", vmin=0)
        _plain(axes)
        axes.set_title(class_names[label], fontsize=12, color=INK, pad=4)
        percent = "> 99.9 %" if value > 0.999 else f"{100 * value:.1f} %"
        axes.set_xlabel(f"{class_names[answer]}\n{percent}", fontsize=12, color=ORANGE)
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
            spine.set_edgecolor("#cbd5e1")
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
        _plain(axes)
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
