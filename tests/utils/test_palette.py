"""One palette: figures take their colors from it, and style sheets repeat it without a change."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from matplotlib import colormaps

from utils import palette
from utils.plots import look

ROOT = Path(__file__).resolve().parents[2]
JS = ROOT / "utils" / "explorers" / "js"
SITE = ROOT / "tools" / "book" / "static" / "course.css"
# What a style sheet calls a color of the palette.
IN_EXPLORERS = {
    "input": palette.INPUT,
    "kernel": palette.KERNEL,
    "output": palette.OUTPUT,
    "convolution": palette.PARTS["convolution"],
    "pooling": palette.PARTS["pooling"],
    "dense": palette.PARTS["dense"],
}
ON_SITE = {
    "course-input": palette.INPUT,
    "course-choice": palette.KERNEL,
    "course-output": palette.OUTPUT,
    "course-negative": palette.NEGATIVE,
    "course-positive": palette.POSITIVE,
}
RULES = [  # style sheet, how the rule begins, names, whether the page is dark
    (JS / "explorers.css", r"^\.cnn-explorer \{", IN_EXPLORERS, False),
    (JS / "explorers.css", r"^\.vscode-dark \.cnn-explorer \{", IN_EXPLORERS, True),
    (JS / "explorers.css", r"^ +(?:\.cnn-explorer){3} \{", IN_EXPLORERS, False),  # on paper
    (SITE, r'^html\[data-theme="light"\] \{', ON_SITE, False),
    (SITE, r'^html\[data-theme="dark"\] \{', ON_SITE, True),
]


def colors_of(sheet: str, beginning: str) -> dict[str, str]:
    """Return the colors that the first rule with such a selector defines, by name."""
    rule = re.search(beginning + "(.*?)}", sheet, re.DOTALL | re.MULTILINE)
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", rule[1]))


@pytest.mark.parametrize("file, beginning, names, is_dark", RULES)
def test_a_style_sheet_has_the_colors_of_the_palette(file, beginning, names, is_dark):
    found = colors_of(file.read_text("utf-8"), beginning)
    wanted = {name: palette.DARK[color] if is_dark else color for name, color in names.items()}
    assert {name: found.get(name) for name in names} == wanted


def test_a_changed_color_of_a_style_sheet_is_found():
    sheet = (JS / "explorers.css").read_text("utf-8").replace(palette.INPUT, "#0f766f")
    assert colors_of(sheet, RULES[0][1])["input"] != palette.INPUT


def test_no_figure_and_no_check_has_a_color_of_its_own():
    folders = [ROOT / "utils" / "plots", ROOT / "utils" / "checks"]
    own = {
        (file.name, color)
        for folder in folders
        for file in folder.rglob("*.py")
        for color in re.findall(r'"#[0-9a-fA-F]{3,6}"', file.read_text("utf-8"))
    }
    assert own == set()


def test_signed_values_have_the_same_ends_in_figures_and_explorers():
    """Blue and red: the second step from either end of ColorBrewer's RdBu, in eleven steps."""
    script = (JS / "interface.js").read_text("utf-8")
    sheet = (JS / "explorers.css").read_text("utf-8")
    for name, place in {"NEGATIVE": 0.1, "POSITIVE": 0.9}.items():
        numbers = re.search(rf"const {name} = \[([\d, ]+)\];", script)[1].split(", ")
        in_figures = 255 * np.array(colormaps[look.DIVERGING](place)[:3])
        assert np.allclose(np.array(numbers, int), in_figures, atol=2)  # it has 256 steps
        assert f"rgb({' '.join(numbers)})" in sheet


@pytest.mark.parametrize(
    "kind, part",
    [
        ("SeparableConv2D", "convolution"),
        ("GlobalMaxPooling2D", "pooling"),
        ("pool 2 × 2", "pooling"),
        ("Dense", "dense"),
        ("InputLayer", "input"),
        ("Flatten", "flatten"),
        ("ZeroPadding2D", "other"),
    ],
)
def test_every_layer_belongs_to_a_part_with_a_color(kind, part):
    assert palette.part(kind) == part
    assert part in palette.PARTS
