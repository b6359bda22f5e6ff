"""The check of `plot_learning_curves`: which lines does the figure show, and what do they mean?"""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

from ..attempt import Outcome, attempt
from ..frame import Check, Facts, Findings, failure, is_open
from ..score import Score
from ..task import FIXED_SEED
from ..values import type_name

METRICS = ("loss", "accuracy", "val_loss", "val_accuracy")
CURVES = Check(
    "plot_learning_curves",
    (
        ("loss", "the loss is drawn, in training and in validation, with the history's values", 1),
        ("accuracy", "so is the accuracy", 1),
        ("epochs", "the epochs run along the horizontal axis, from 1", 1),
        ("labels", "the axes have labels, and a legend tells the lines apart", 1),
    ),
)


def curves_cases(seed: int) -> list[dict[str, list[float]]]:
    """Return made-up histories of two lengths."""
    rng = np.random.default_rng(seed)
    cases = []
    for epochs in (9, 4):
        falling = np.exp(-np.arange(epochs) / 3)
        loss, val_loss = (scale * falling + 0.05 * rng.random(epochs) for scale in (0.8, 0.5))
        values = zip(METRICS, (loss, 1 - loss / 3, val_loss, 1 - val_loss / 3), strict=True)
        cases.append({key: line.tolist() for key, line in values})
    return cases


NUMBERS = (
    ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"),
)


def _number_in(text: str) -> int | None:
    """Return the number that a tick's label says, in figures or as a word: "epoch 3", "third"."""
    if found := re.search(r"\d+", text):
        return int(found[0])
    words = text.lower().split()
    return next((1 + names.index(w) for names in NUMBERS for w in words if w in names), None)


def _epochs_of(line, axes) -> list[float]:
    """Return at which epochs the points of a line stand, as a reader sees it.

    They are the values on the horizontal axis, unless tick labels say something else: a picture
    may count from 0 and write 1 below, or have words on its axis.
    """
    said = {}
    for panel in axes.get_shared_x_axes().get_siblings(axes):  # one of them may have the labels
        for place, label in zip(panel.get_xticks(), panel.get_xticklabels(), strict=False):
            number = _number_in(label.get_text())
            if number is not None:
                said[round(float(place), 6)] = number
    places = [float(place) for place in line.get_xydata()[:, 0]]
    epochs = list(range(1, len(places) + 1))
    labels = [said.get(round(place, 6)) for place in places]
    return epochs if labels == epochs else places


def _style(line) -> tuple:
    return line.get_color(), line.get_linestyle(), line.get_marker()


def _names_of(lines: list, legend) -> list[str]:
    """Return what a reader takes the lines for: what the legend says of their looks, if it does.

    `legend(["training", "validation"])` leaves the labels of the lines as they are.
    """
    if not legend:
        return [str(line.get_label()) for line in lines]
    texts = [text.get_text() for text in legend.get_texts()]
    names = []
    for line in lines:
        said = [
            text
            for handle, text in zip(legend.legend_handles, texts, strict=True)
            if hasattr(handle, "get_marker") and _style(handle) == _style(line)
        ]
        names.append(said[0] if len(said) == 1 else str(line.get_label()))
    return names


def read_figure(returned) -> dict | None:
    """Return the lines and texts of a Matplotlib figure, or of the figure of axes; else None."""
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    if type(returned) in (tuple, list):
        parts = list(returned)
    else:
        parts = list(returned.flat) if type(returned) is np.ndarray else [returned]
    figures = [part for part in parts if issubclass(type(part), Figure)]
    figures += [part.figure for part in parts if issubclass(type(part), Axes)]
    if not figures:
        return None
    figure, panels = figures[0], []
    for axes in figure.axes:
        lines = axes.get_lines()
        legend = axes.get_legend()
        texts = legend.get_texts() if legend else []
        panels.append(
            {
                "lines": [
                    np.column_stack([_epochs_of(line, axes), line.get_xydata()[:, 1]])
                    for line in lines
                ],
                "names": _names_of(lines, legend),
                "legend": bool(texts) or len(axes.texts) > 1,
                "x": axes.get_xlabel() or figure.get_supxlabel(),
                "y": axes.get_ylabel() or axes.get_title() or figure.get_supylabel(),
            }
        )
    return {"panels": panels, "legend": bool(figure.legends)}


def curves_facts(function: Callable, history: dict) -> Facts:
    """Run `plot_learning_curves`, and read the figure."""
    outcome = attempt(function, history)
    read = attempt(lambda: read_figure(outcome.value)).value
    return facts_of_figure(outcome, read)


def facts_of_figure(outcome: Outcome, read: dict | None) -> Facts:
    """Return the facts of a call, and of what was read from the figure that it returned."""
    if outcome.figures and is_open(outcome):
        return {"problem": "It draws, and returns nothing: return the figure."}
    if failed := failure(outcome):
        return failed
    if not read:
        kind = type_name(outcome.value)
        return {"problem": f"It returned an object of type {kind}; return the figure."}
    return read


def _are_exchanged(x: str, y: str) -> bool:
    """Whether the labels of the axes stand at the other axis each."""
    return "epoch" in y.lower() or any(metric in x.lower() for metric in ("loss", "accuracy"))


def _is_of_another(metric: str, y: str) -> bool:
    """Whether a vertical axis has the name of the other metric."""
    other = {"loss": "accuracy", "accuracy": "loss"}[metric]
    return other in y.lower() and metric not in y.lower()


def curves_findings(history: dict, facts: Facts) -> Findings:
    """Judge a figure by what it was to show."""
    found, shown = {}, {}
    for panel in facts["panels"]:
        for line, name in zip(panel["lines"], panel["names"], strict=True):
            for key in METRICS:
                values = np.array(history[key])
                # An accuracy may be in percent.
                for factor in (1, 100) if "accuracy" in key else (1,):
                    if len(line) == len(values) and np.allclose(line[:, 1], factor * values, 1e-3):
                        shown[key] = panel, line, name.lower()
    for metric in ("loss", "accuracy"):
        if missing := [key for key in (metric, f"val_{metric}") if key not in shown]:
            found[metric] = f'No line has the values of history["{missing[0]}"].'
    if not shown:
        return found | {"epochs": "", "labels": ""}
    for _, line, _ in shown.values():
        if not np.array_equal(line[:, 0], np.arange(1, len(line) + 1)):
            found["epochs"] = (
                f"The values of {len(line)} epochs stand at {line[0, 0]:g} to {line[-1, 0]:g}."
            )
    panels = [panel for panel, _, _ in shown.values()]
    if not any(panel["x"] for panel in panels) or not all(panel["y"] for panel in panels):
        found["labels"] = "What do the two directions of each picture stand for?"
    elif any(_are_exchanged(panel["x"], panel["y"]) for panel in panels):
        found["labels"] = "The labels of the two axes are exchanged: what is counted along which?"
    elif not facts["legend"] and not any(panel["legend"] for panel in panels):
        found["labels"] = "Which line is which? A label for each, and a legend."
    elif any(_is_of_another(key.removeprefix("val_"), shown[key][0]["y"]) for key in shown):
        found["labels"] = "A vertical axis that shows the one metric has the name of the other."
    else:
        for key in {"loss", "accuracy"} - found.keys():
            if "val" in shown[key][2] and "train" in shown[f"val_{key}"][2]:
                found["labels"] = "The names of training and validation are exchanged."
    return found


def plot_learning_curves(function: Callable, *, seed: int = FIXED_SEED) -> Score:
    """Check `plot_learning_curves(history)`: 4 points."""
    return CURVES.over(
        curves_cases(seed), lambda history: curves_facts(function, history), curves_findings, seed
    )
