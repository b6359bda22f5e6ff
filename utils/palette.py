"""The colors of the course, by what they mean: for figures, checks, explorers and pages.

The style sheets of the explorers and of the site repeat those that they use, because a page
reads no Python; tests/utils/test_palette.py compares them. `DARK` has the colors of a dark
page; figures always have a white ground.
"""

from __future__ import annotations

INK = "#1f2937"
MUTED = "#64748b"
FAINT = "#cbd5e1"  # lines of a grid, and edges that matter little
FAINTER = "#e2e8f0"

# What goes in, what is chosen or learned, what comes out; and the ground of such a cell.
INPUT = "#0f766e"  # teal
KERNEL = "#6d28d9"  # violet
OUTPUT = "#b45309"  # amber
PALE = {INPUT: "#ccfbf1", KERNEL: "#ede9fe", OUTPUT: "#fef3c7"}

BLUE = NEGATIVE = "#2563a8"
ORANGE = POSITIVE = "#c2570c"
GREEN = "#2f7d4f"

# The parts of a network.
PARTS = {
    "input": INPUT,
    "convolution": ORANGE,
    "pooling": BLUE,
    "dense": GREEN,
    "flatten": MUTED,
    "other": MUTED,
}

DARK = {
    INPUT: "#2dd4bf",
    KERNEL: "#b79bff",
    OUTPUT: "#fbbf24",
    NEGATIVE: "#5b9be0",
    POSITIVE: "#f0883e",
    GREEN: "#57b97f",
}


def part(kind: str) -> str:
    """Return the part of a network that a layer of this kind belongs to: a key of `PARTS`."""
    words = {"conv": "convolution", "pool": "pooling"}
    words |= {name: name for name in ("input", "dense", "flatten")}
    return next((name for word, name in words.items() if word in kind.lower()), "other")
