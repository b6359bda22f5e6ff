"""The course's icon and its social cards, drawn while the site is built.

Both show what the course begins with: the nine numbers of a kernel that finds vertical
edges. The icon is the kernel alone. A card has the title of its page, and below it a
convolution that is computed here: an image, the kernel, the feature map.
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from utils import palette

NIGHT, SLATE, PAPER = "#0f172a", "#334155", "#f8fafc"
GRAY = "#94a3b8"
NEGATIVE, POSITIVE = (palette.DARK[color] for color in (palette.NEGATIVE, palette.POSITIVE))
# The kernel's numbers in the colors of the icon, which stands on light and dark tabs.
ON_TABS = {-2: "#2f74d0", -1: "#6598dc", 0: "#9aa8bb", 1: "#f0995e", 2: "#ec6a1b"}

SOBEL = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
SHIRT = """
.............
...###.###...
..#########..
.###########.
.###########.
.##.#####.##.
....#####....
....#####....
....#####....
....#####....
....#####....
....#####....
.............
"""

CARD = (1200, 630)  # the size that the networks ask for
MARGIN = 80
MIDDLE = 430  # of the convolution, from the top
# Found, not imported: Matplotlib takes a third of a second to come.
FONTS = Path(find_spec("matplotlib").origin).parent / "mpl-data" / "fonts" / "ttf"


def mixed(color: str, other: str, share: float) -> str:
    """Return a color that has `share` of `color`, and the rest of `other`."""
    pairs = [(int(color[i : i + 2], 16), int(other[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(share * one + (1 - share) * two):02x}" for one, two in pairs)


def signed(value: float) -> str:
    """Return the color of a weight or a response from −1 (blue) to 1 (orange)."""
    return mixed(POSITIVE if value > 0 else NEGATIVE, SLATE, abs(value))


def image_of(drawing: str) -> np.ndarray:
    """Return the pixels of a drawing in characters: 1 for #, 0 for the rest."""
    return np.array([[int(mark == "#") for mark in row] for row in drawing.split()])


def feature_map(image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Return what a convolutional layer computes: the kernel at every place, without padding."""
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    return (windows * kernel).sum(axis=(2, 3))


# --- the icon ---------------------------------------------------------------------------


def icon_squares(side: int) -> list[tuple[int, int, int, str]]:
    """Return x, y, width and color of the icon's squares, on a drawing of `side` × `side`."""
    gap = max(1, side // 16)
    width = (side - 2 * gap) // 3
    start = (side - 3 * width - 2 * gap) // 2
    return [
        (
            start + column * (width + gap),
            start + row * (width + gap),
            width,
            ON_TABS[SOBEL[row, column]],
        )
        for row in range(3)
        for column in range(3)
    ]


def icon_svg() -> str:
    squares = "".join(
        f'<rect x="{x}" y="{y}" width="{width}" height="{width}" rx="6" fill="{color}"/>'
        for x, y, width, color in icon_squares(96)
    )
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 96">{squares}</svg>\n'


def icon_png(side: int, padding: int = 0, background: str | None = None) -> Image.Image:
    """Return the icon with `side` pixels a side; a home screen wants a background and room."""
    image = Image.new("RGBA", (side, side), background or (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    for x, y, width, color in icon_squares(side - 2 * padding):
        x, y = x + padding, y + padding
        draw.rounded_rectangle((x, y, x + width - 1, y + width - 1), width // 8, fill=color)
    return image


# --- the cards --------------------------------------------------------------------------


def font(size: int, weight: str = "") -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(FONTS / f"DejaVuSans{weight}.ttf", size)


def draw_grid(draw: ImageDraw.ImageDraw, colors: list[list[str]], left: int, cell: int) -> None:
    """Draw a grid of squares in the lower part of a card."""
    top = MIDDLE - cell * len(colors) // 2
    for i, row in enumerate(colors):
        for j, color in enumerate(row):
            x, y = left + cell * j, top + cell * i
            draw.rectangle((x, y, x + cell - 3, y + cell - 3), fill=color)


@cache
def convolution() -> Image.Image:
    """Return a card without words: an image, the kernel, and the feature map of the two."""
    card = Image.new("RGB", CARD, NIGHT)
    draw = ImageDraw.Draw(card)
    shirt = image_of(SHIRT)
    responses = feature_map(shirt, SOBEL) / 4  # the strongest: a straight edge all along
    grids = [
        ([[mixed(PAPER, SLATE, pixel) for pixel in row] for row in shirt], 20),
        ([[signed(weight / 2) for weight in row] for row in SOBEL], 44),
        ([[signed(value) for value in row] for row in responses], 24),
    ]
    widths = [cell * len(colors[0]) for colors, cell in grids]
    gap = (CARD[0] - 2 * MARGIN - sum(widths)) // 2
    left = MARGIN
    for (colors, cell), width, sign in zip(grids, widths, "∗= ", strict=True):
        draw_grid(draw, colors, left, cell)
        draw.text((left + width + gap // 2, MIDDLE), sign, PAPER, font(60), anchor="mm")
        left += width + gap
    return card


def lines_of(title: str, face: ImageFont.FreeTypeFont) -> list[str]:
    """Break a title into lines that fit a card."""
    lines = [""]
    for word in title.split():
        longer = f"{lines[-1]} {word}".strip()
        if face.getlength(longer) > CARD[0] - 2 * MARGIN and lines[-1]:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def fitting(title: str) -> tuple[ImageFont.FreeTypeFont, list[str]]:
    """Return the type for a title and its lines: one line if it can be large, else two."""
    for size, most in ((68, 1), (60, 1), (52, 1), (46, 1), (56, 2), (48, 2), (40, 2)):
        face = font(size, "-Bold")
        lines = lines_of(title, face)
        if len(lines) <= most:
            break
    return face, lines


def card(title: str, course: str) -> Image.Image:
    """Return the social card of a page, as large as the networks ask for."""
    image = convolution().copy()
    draw = ImageDraw.Draw(image)
    if title != course:
        draw.text((MARGIN, 60), course, GRAY, font(30))
    face, lines = fitting(title)
    height = round(face.size * 1.25)
    for number, line in enumerate(lines):
        middle = 190 + (number - (len(lines) - 1) / 2) * height
        draw.text((MARGIN, middle), line, PAPER, face, anchor="lm")
    return image.quantize(64, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
