"""Figures of *Better, step by step*: what each step brought, and what others reached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

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
    # Names stand to the right of what others published, and to the left of ours.
    for group, color, style, kind, side in [
        (published, MUTED, "s", "published", "left"),
        (ours, ORANGE, "o", "this course, mean of its runs", "right"),
    ]:
        counts, shares = np.array(list(group.values())).T
        axes.plot(counts, 100 * shares, style, color=color, label=kind, markersize=7)
        for name, (count, share) in group.items():
            axes.annotate(
                name,
                (count, 100 * share),
                (7 if side == "left" else -7, 0),
                textcoords="offset points",
                ha=side,
                va="center",
                fontsize=12,
                color=INK if color == ORANGE else MUTED,
            )
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
    axes.legend(fontsize=12, frameon=False, loc="lower right")
    return figure
