"""Figures of *Better, step by step*: what each step brought, and what others reached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.transforms import Bbox

from utils.palette import BLUE, FAINT, FAINTER, INK, MUTED, ORANGE

from .architectures import short
from .look import DescribedFigure


def steps(accuracies: Mapping[str, Sequence[float]]) -> DescribedFigure:
    """Show the test accuracy of every run of each step, one row a step, the newest below.

    `accuracies` has for each step, in their order, the shares that its runs got right. A point
    is a run, a line their mean; beside it stand the mean and how far it is from the row above,
    in points of a percent.
    """
    means = {name: 100 * float(np.mean(shares)) for name, shares in accuracies.items()}
    changes = [None, *np.diff(list(means.values()))]
    told = "; ".join(
        f"{name}: {means[name]:.2f} % ({100 * min(shares):.2f} to {100 * max(shares):.2f}, "
        f"{len(shares)} runs)"
        for name, shares in accuracies.items()
    )
    figure = DescribedFigure(
        0.9 + 0.42 * len(means), f"Test accuracies, a row for each step. {told}."
    )
    axes = figure.subplots()
    for row, (name, shares) in enumerate(accuracies.items()):
        is_newest = row == len(accuracies) - 1
        color = ORANGE if is_newest else BLUE
        axes.plot(100 * np.asarray(shares), [row] * len(shares), "o", color=color, alpha=0.7)
        axes.plot([means[name]] * 2, [row - 0.32, row + 0.32], color=color, linewidth=2.5)
        text = f"{means[name]:.2f}"
        if changes[row] is not None:
            text += f"  ({changes[row]:+.2f})".replace("-", "−")
        axes.annotate(
            text,
            (1.02, row),
            xycoords=("axes fraction", "data"),
            va="center",
            fontsize=12,
            color=INK if is_newest else MUTED,
            weight="bold" if is_newest else "normal",
        )
    axes.set_yticks(range(len(means)), means.keys(), fontsize=12)
    axes.set_xlabel("test accuracy in percent", fontsize=12)
    axes.tick_params(axis="x", labelsize=12)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(means) - 0.4, -0.6)
    axes.grid(axis="x", color=FAINTER)
    axes.set_axisbelow(True)
    axes.spines[["top", "left", "right"]].set_visible(False)
    return figure


def accuracy_and_parameters(
    ours: Mapping[str, tuple[int, float]], published: Mapping[str, tuple[int, float]]
) -> DescribedFigure:
    """Show networks by their parameters, on a logarithmic scale, and their test accuracy.

    Both have for each network (parameters, share of right answers): those of this course, and
    what others have published.
    """
    told = [
        f"{kind}: "
        + "; ".join(
            f"{name}, {short(count)}, {100 * share:.1f} %" for name, (count, share) in group.items()
        )
        for kind, group in [("This course", ours), ("Published", published)]
    ]
    figure = DescribedFigure(
        4.6, f"Test accuracy against the number of parameters. {'. '.join(told)}."
    )
    axes = figure.subplots()
    groups = [
        (published, MUTED, "s", "published"),
        (ours, ORANGE, "o", "this course, mean of runs"),
    ]
    for group, color, style, kind in groups:
        counts, shares = np.array(list(group.values())).T
        axes.plot(counts, 100 * shares, style, color=color, label=kind, markersize=7)
    axes.set_xscale("log")
    axes.set_xlim(2e4, 1.2e8)
    axes.set_xticks([1e5, 1e6, 1e7, 1e8], ["0.1 M", "1 M", "10 M", "100 M"])
    axes.minorticks_off()
    axes.set_xlabel("parameters", fontsize=12)
    axes.set_ylabel("test accuracy in percent", fontsize=12)
    axes.tick_params(labelsize=12)
    axes.grid(color=FAINT, alpha=0.5)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(fontsize=12, frameon=False, loc="upper left")
    axes.margins(y=0.08)
    points = [point for group, *_ in groups for point in group.values()]
    taken = [_around(axes, count, share) for count, share in points]
    for group, color, *_ in groups:
        for name, (count, share) in group.items():
            ink = INK if color == ORANGE else MUTED
            taken.append(_named(axes, name, (count, 100 * share), ink, taken))
    return figure


# Where a name may stand at its point: offset in points, horizontal and vertical alignment.
PLACES = [
    ((8, 0), "left", "center"),
    ((-8, 0), "right", "center"),
    ((0, 8), "center", "bottom"),
    ((0, -8), "center", "top"),
]


def _around(axes, count: int, share: float):
    """Return the square of pixels that a point's marker takes."""
    x, y = axes.transData.transform((count, 100 * share))
    return Bbox.from_bounds(x - 8, y - 8, 16, 16)


def _named(axes, name: str, point: tuple[float, float], color: str, taken: Sequence[Bbox]) -> Bbox:
    """Write a name at its point where it covers nothing that is taken; return what it takes."""
    for offset, across, upright in PLACES:
        text = axes.annotate(
            name,
            point,
            offset,
            textcoords="offset points",
            ha=across,
            va=upright,
            fontsize=12,
            color=color,
        )
        box = text.get_window_extent()
        is_free = not any(box.overlaps(other) for other in taken)
        if (is_free and box.x0 > axes.bbox.x0) or offset == PLACES[-1][0]:
            return box
        text.remove()
    raise AssertionError  # the last place is taken in any case
