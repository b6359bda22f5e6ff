"""One look for all figures of the course, and the figure that describes itself.

A figure is 640 CSS pixels wide, so that 12-point text is still legible on
a phone, and should be no higher than 420, so that on a slide the same text is
legible from the last row; signed values in a diverging color map with zero in the middle.
"""

from __future__ import annotations

import base64
import io
import sys

from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, MaxNLocator
from PIL import Image

WIDTH = 6.4  # inches, at 100 CSS pixels each
DPI = 200  # two pixels a CSS pixel: sharp on a projector, and on a phone
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

    def keep_ticks(self) -> None:
        """Lay the figure out once, and keep the ticks that its axes have chosen by themselves.

        The layout makes room for the numbers at an axis, and the axis chooses its numbers by its
        length. At some sizes the two never agree: the room is for 0.90 and 0.95, 0.900 and 0.925
        are drawn, and the axis label beside them is cut off by the edge of the picture.
        """
        self.draw_without_rendering()
        for axes in self.axes:
            for axis in (axes.xaxis, axes.yaxis):
                if isinstance(axis.get_major_locator(), MaxNLocator):
                    axis.set_major_locator(FixedLocator(axis.get_majorticklocs()))

    def _repr_mimebundle_(self, include=None, exclude=None):
        self.keep_ticks()
        buffer = io.BytesIO()
        self.savefig(buffer, format="png", dpi=DPI)
        png = base64.b64encode(compact_png(buffer)).decode("ascii")
        metadata = {"alt": self.description, "width": round(WIDTH * 100)}
        return (
            {"image/png": png, "text/plain": f"Figure: {self.description}"},
            {"image/png": metadata},
        )


def plain(axes) -> None:
    """Take ticks and frame from `axes`: an image needs neither."""
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)


def luminance(color) -> float:
    """Return the relative luminance of a Matplotlib color: 0 for black, 1 for white.

    Source: WCAG 2.2, https://www.w3.org/TR/WCAG22/#dfn-relative-luminance
    """
    red, green, blue = (
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4
        for part in to_rgb(color)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def ink_on(color) -> str:
    """Return black or white, whichever is legible on a color: a contrast of at least 4.5 : 1.

    As `inkOn` in utils/explorers/js/interface.js.
    """
    return "black" if luminance(color) > 0.179 else "white"


def keep_own_png() -> None:
    """Make IPython show a `DescribedFigure` by its own PNG, not by the one of Matplotlib's backend.

    Once the inline backend is loaded (Colab loads it at once, `interact` later), IPython has
    a formatter for every `Figure`, which it prefers to what an object says of itself, and
    whose PNG has one pixel a CSS pixel. A formatter for our class goes before that one; it
    returns None, and so the object's own PNG stays.
    """
    ipython = sys.modules.get("IPython")
    if ipython and (shell := ipython.get_ipython()):
        formatters = shell.display_formatter.formatters
        formatters["image/png"].for_type(DescribedFigure, lambda figure: None)


keep_own_png()
