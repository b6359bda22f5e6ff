"""Make stand-ins for Fashion-MNIST and MNIST, for work without network and without data.

`utils.data` uses them when CNN_COURSE_OFFLINE_SAMPLE=1, and says so each time.
Digits are scikit-learn's small handwritten ones, enlarged; garments are silhouettes
drawn here. Shapes, types and the balance of classes are those of the real sets.

The same NumPy makes the same bytes on every machine: all arithmetic on fractions is
element by element, which has one exact result. Sums and matrix products are kept to
whole numbers, since their order, and so their rounding, depends on the processor.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

SIZE = 28
CLASSES = 10
TRAIN, TEST = 60_000, 10_000
SEED = 1709
BATCH = 500  # images made at a time: few enough for the processor's cache

WHAT = {
    "fashion-mnist": "garments drawn by a program",
    "mnist": "scikit-learn's 8 × 8 digits, enlarged",
}

PIXELS = np.arange(SIZE, dtype=np.float32)
Draw = Callable[[np.random.Generator, int], np.ndarray]


def make(name: str) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Make the stand-in for "fashion-mnist" or "mnist".

    Returns `(x_train, y_train), (x_test, y_test)`: images uint8 (60000, 28, 28) and
    (10000, 28, 28) with values 0 to 255, labels uint8 (60000,) and (10000,), each class
    equally often, in random order. Digits of the two splits come from different
    handwritten originals, garments from different random numbers.

    The arrays are copies, the caller's own. Source of the digits: scikit-learn's
    `load_digits`, from E. Alpaydin, C. Kaynak, *Optical Recognition of Handwritten
    Digits*, UCI Machine Learning Repository.
    """
    (x_train, y_train), (x_test, y_test) = _make_once(name)
    return (x_train.copy(), y_train.copy()), (x_test.copy(), y_test.copy())


@lru_cache
def _make_once(name: str):
    split = {"fashion-mnist": _garments, "mnist": _digits}[name]
    return split(TRAIN, test=False), split(TEST, test=True)


def _labels(rng: np.random.Generator, count: int) -> np.ndarray:
    return rng.permutation(np.repeat(np.arange(CLASSES, dtype=np.uint8), count // CLASSES))


# --- digits ---------------------------------------------------------------------------


def _digits(count: int, test: bool) -> tuple[np.ndarray, np.ndarray]:
    from sklearn.datasets import load_digits

    rng = np.random.default_rng([SEED, 0, test])
    originals, classes = load_digits(return_X_y=True)
    originals = originals.astype(np.float32).reshape(-1, 8, 8)
    labels = _labels(rng, count)
    chosen = np.empty(count, int)
    for label in range(CLASSES):
        candidates = np.flatnonzero(classes == label)
        kept_for_test = np.arange(len(candidates)) % 5 == 0
        candidates = candidates[kept_for_test == test]
        chosen[labels == label] = rng.choice(candidates, count // CLASSES)

    images = np.empty((count, SIZE, SIZE), np.uint8)
    for start in range(0, count, BATCH):
        batch = chosen[start : start + BATCH]
        down = _enlargers(rng, len(batch), pitch=(2.3, 2.75))
        across = _enlargers(rng, len(batch), pitch=(2.3, 3.1))
        blurred = down @ originals[batch] @ across.swapaxes(1, 2)
        images[start : start + BATCH] = _pen(rng, blurred / np.float32(16 * 64 * 64))
    return images, labels


def _pen(rng: np.random.Generator, ink: np.ndarray) -> np.ndarray:
    """Make strokes of blurred ones (values about 0 to 1), with a tone and grain; as uint8."""
    ink -= _uniform(rng, 0.2, 0.36, len(ink))[..., np.newaxis]
    ink *= np.float32(2.5)
    np.clip(ink, 0, 1, out=ink)
    ink *= 1 - np.float32(0.15) * rng.random(ink.shape, np.float32)
    ink *= _uniform(rng, 190, 255, len(ink))[..., np.newaxis]
    return ink.astype(np.uint8)


def _enlargers(rng: np.random.Generator, count: int, pitch: tuple[float, float]) -> np.ndarray:
    """Return matrices (count, 28, 8) of whole numbers: 64 × the weight of 8 pixels in 28.

    Interpolation is Catmull and Rom's cubic; one pixel becomes `pitch` pixels, and the
    digit moves by up to two.
    """
    pitches = _uniform(rng, *pitch, count)[..., np.newaxis]
    moves = _uniform(rng, -2, 2, count)[..., np.newaxis]
    positions = (PIXELS[:, np.newaxis] - np.float32(13.5) - moves) / pitches + np.float32(3.5)
    d = np.abs(positions - np.arange(8, dtype=np.float32))
    near, far = 1 - d * d * (5 - 3 * d) / 2, (2 - d) * (1 - d) * (2 - d) / 2
    return np.rint(64 * np.where(d < 1, near, np.where(d < 2, far, 0)))


# --- garments -------------------------------------------------------------------------
#
# A silhouette is a stack of rows: for each row, where the cloth begins and ends. The
# ends are broken lines through a few random points. Shoes are stacks of columns.
# Shapes are float32 (n, 28, 28), 1 inside and 0 outside with an edge one pixel soft;
# random sizes are (n, 1), in pixels; rows count from the top.


def _garments(count: int, test: bool) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng([SEED, 1, test])
    labels = _labels(rng, count)
    images = np.empty((count, SIZE, SIZE), np.uint8)
    for label, draw in enumerate(DRAWINGS):
        places = np.flatnonzero(labels == label)
        for start in range(0, len(places), BATCH):
            batch = places[start : start + BATCH]
            images[batch] = _fabric(rng, draw(rng, len(batch)), striped=label in STRIPED)
    return images, labels


def _fabric(rng: np.random.Generator, shapes: np.ndarray, striped: bool) -> np.ndarray:
    """Give shapes a tone, light from one side, grain and, to some, stripes; as uint8."""
    n = len(shapes)
    tone = _uniform(rng, 0.4, 1, n)[..., np.newaxis]
    light = 1 - _uniform(rng, -0.015, 0.015, n) * (PIXELS - np.float32(13.5))
    period = np.floor(_uniform(rng, 2, 6, n))
    depth = _uniform(rng, 0, 0.45, n) * (rng.random((n, 1), np.float32) < 0.3 * striped)
    stripes = 1 - depth * (PIXELS % period < period / 2)
    grain = 1 - np.float32(0.12) * rng.random(shapes.shape, np.float32)
    grain *= light[:, np.newaxis, :]
    grain *= stripes[:, :, np.newaxis]
    grain *= shapes
    grain *= tone * 255
    return np.clip(grain, 0, 255).astype(np.uint8)


def _uniform(rng: np.random.Generator, low: float, high: float, n: int) -> np.ndarray:
    return np.float32(low) + np.float32(high - low) * rng.random((n, 1), np.float32)


def _line(*points: tuple) -> np.ndarray:
    """Return a broken line (n, 28): its value at each pixel, through (position, value) points."""
    (start, value), *rest = points
    line = value
    for end, next_value in rest:
        part = np.clip((PIXELS - start) / (end - start), 0, 1)
        line = line + part * (next_value - value)
        start, value = end, next_value
    return line.astype(np.float32)


def _between(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Return the shape whose rows reach from `low` to `high`, each (n, 28) or (n, 1)."""
    low, high = low[..., np.newaxis], high[..., np.newaxis]
    half = np.float32(0.5)
    shape = np.minimum(PIXELS - (low - half), (high + half) - PIXELS)
    return np.clip(shape, 0, 1, out=shape)


def _within(first, last) -> np.ndarray:
    """Return 1 for the rows `first` to `last` and 0 for the others, (n, 28)."""
    return np.clip(np.minimum(PIXELS - first, last - PIXELS) + np.float32(0.5), 0, 1)


def _rows(center, half_width, first, last) -> np.ndarray:
    """Return a shape that is symmetric about a column, from row `first` to row `last`."""
    return (
        _between(center - half_width, center + half_width) * _within(first, last)[..., np.newaxis]
    )


def _top(
    rng: np.random.Generator,
    n: int,
    length: tuple[float, float],
    width: tuple[float, float],
    sleeve: tuple[float, float],
    neck: tuple[float, float],
) -> tuple[np.ndarray, ...]:
    """Draw a garment for the upper body with two sleeves and a neckline.

    The ranges are in pixels: of the length, of half the width of the body, of the
    sleeves' length, and of the neckline's depth. Returns the shape, then the center
    column, the first and the last row and half the width, to add details.
    """
    center, top = _uniform(rng, 12.9, 14.1, n), _uniform(rng, 0.5, 2.5, n)
    bottom = np.minimum(top + _uniform(rng, *length, n), 27)
    half, neck_half = _uniform(rng, *width, n), _uniform(rng, 2.4, 3.6, n)
    body = _line((top, neck_half), (top + 3, half), (top + 12, half - 0.3), (bottom, half))
    shape = _rows(center, body, top, bottom)

    cuff = np.minimum(top + _uniform(rng, *sleeve, n), bottom - 1)
    # Short sleeves stand off, long ones hang down.
    reach = half + np.clip(_uniform(rng, 5.8, 7.2, n) - (cuff - top) * np.float32(0.11), 3.6, 6)
    outer = _line((top, neck_half), (top + 3, half + 1.2), (cuff, reach))
    inner = outer - _line((top + 3, 5), (cuff, _uniform(rng, 2.6, 3.6, n)))
    for side in (-1, 1):
        ends = center + side * inner, center + side * outer
        arm = _between(np.minimum(*ends), np.maximum(*ends))
        arm *= _within(top + 0.5, cuff)[..., np.newaxis]
        np.maximum(shape, arm, out=shape)

    depth = _uniform(rng, *neck, n)
    opening = _line((top - 1, neck_half), (top + depth, -0.5))
    shape *= 1 - _rows(center, opening, top - 1, top + depth)
    return shape, center, top, bottom, half


def _t_shirt(rng, n):
    shape, *_ = _top(rng, n, (22, 26), (5.8, 7.2), (7, 10), (1, 3))
    return shape


def _pullover(rng, n):
    shape, center, _, bottom, half = _top(rng, n, (21, 25), (5.6, 7), (19, 24), (0.8, 2))
    rib = _rows(center, half + 0.5, bottom - 2.2, bottom - 1.6)  # the knitted hem
    return shape * (1 - np.float32(0.45) * rib)


def _shirt(rng, n):
    shape, center, top, bottom, _ = _top(rng, n, (22, 26), (5.4, 6.8), (8, 24), (3, 5))
    strip = _rows(center + 0.9, np.float32(0.1), top + 3, bottom)
    shape = shape * (1 - np.float32(0.35) * strip)
    buttons = _rows(center, np.float32(0.2), top + 3, bottom)
    buttons *= (np.floor(PIXELS - top) % 4 < 1)[..., np.newaxis]
    shape = shape * (1 - np.float32(0.7) * buttons)
    for side in (-1, 1):  # the collar: two light lines that meet
        line = _line((top, center + 1.8 * side), (top + 4.5, center + 0.2 * side))
        shape += np.float32(0.35) * _rows(line, np.float32(0.6), top, top + 4.5) * (shape > 0)
    return shape


def _coat(rng, n):
    shape, center, top, bottom, _ = _top(rng, n, (25, 27), (6, 7.6), (19, 23), (4, 8))
    opening = _line((top + 4, 0), (bottom, _uniform(rng, 0.2, 1.4, n)))
    return shape * (1 - np.float32(0.85) * _rows(center, opening, top + 4, bottom + 1))


def _dress(rng, n):
    center, top = _uniform(rng, 12.8, 14.2, n), _uniform(rng, 0.5, 2, n)
    bottom, waist = _uniform(rng, 24, 27, n), top + _uniform(rng, 8, 12, n)
    shoulder, narrow = _uniform(rng, 3.2, 4.6, n), _uniform(rng, 2.2, 3.4, n)
    hem = narrow + _uniform(rng, 1, 5.5, n)
    outline = _line((top, shoulder - 1), (top + 3, shoulder), (waist, narrow), (bottom, hem))
    shape = _rows(center, outline, top, bottom)
    opening = _line((top - 1, shoulder - 1.4), (top + _uniform(rng, 2, 5, n), -0.5))
    shape *= 1 - _rows(center, opening, top - 1, top + 5)
    belt = _rows(center, narrow + 1, waist - 0.4, waist + 0.4)
    return shape * (1 - _uniform(rng, 0, 0.6, n)[..., np.newaxis] * belt)


def _trouser(rng, n):
    center, top = _uniform(rng, 12.8, 14.2, n), _uniform(rng, 0.5, 2, n)
    bottom, crotch = _uniform(rng, 25, 27, n), top + _uniform(rng, 7, 9.5, n)
    waist, hem = _uniform(rng, 3.4, 4.6, n), _uniform(rng, 4.2, 6.4, n)
    shape = _rows(center, _line((top, waist), (crotch, waist + 0.9), (bottom, hem)), top, bottom)
    gap = _line((crotch, -0.5), (crotch + 2, 0.2), (bottom, hem * 0.35))
    shape *= 1 - _rows(center, gap, crotch, bottom + 1)
    band = _rows(center, waist + 1, top + 1.6, top + 2)
    return shape * (1 - np.float32(0.3) * band)


def _bag(rng, n):
    center, bottom = _uniform(rng, 12.6, 14.4, n), _uniform(rng, 23, 26, n)
    lid = bottom - _uniform(rng, 10, 15, n)
    upper, lower = _uniform(rng, 7.5, 11.5, n), _uniform(rng, 9, 12.5, n)
    shape = _rows(center, _line((lid, upper), (bottom, lower)), lid, bottom)
    flap = _rows(center, upper + 2, lid + 3.6, lid + 4.2)
    shape *= 1 - _uniform(rng, 0, 0.6, n)[..., np.newaxis] * flap
    rise, reach = _uniform(rng, 4, 8, n), upper * _uniform(rng, 0.45, 0.75, n)
    arch = _line((lid - rise, reach * 0.45), (lid - rise * 0.5, reach), (lid, reach * 1.05))
    handle = _rows(center, arch, lid - rise, lid)
    handle *= 1 - _rows(center, arch - 1.6, lid - rise + 1.5, lid + 1)
    return np.maximum(shape, np.float32(0.85) * handle)


def _columns(first, last, upper, lower) -> np.ndarray:
    """Return a shape between two lines over the columns, from column `first` to `last`."""
    shape = _between(upper, lower) * _within(first, last)[..., np.newaxis]
    return shape.swapaxes(1, 2)


def _sneaker(rng, n):
    toe, heel = _uniform(rng, 0.5, 2, n), _uniform(rng, 25.5, 27, n)
    ground = _uniform(rng, 18.5, 21.5, n)
    instep, ankle = _uniform(rng, 6, 8.5, n), _uniform(rng, 8.5, 11, n)
    opening = toe + _uniform(rng, 13, 16, n)
    upper = _line(
        (toe, ground - 3.2), (toe + 3.5, ground - 5.2), (opening, ground - instep),
        (opening + 2, ground - ankle), (opening + 6, ground - ankle + 2),
        (heel, ground - ankle - 0.5),
    )  # fmt: skip
    shape = _columns(toe, heel, upper, ground)
    sole = _columns(toe, heel, ground - 2.6, ground - 2.2)
    shape = shape * (1 - _uniform(rng, 0.2, 0.7, n)[..., np.newaxis] * sole)
    for step in (0, 3):  # laces, or the stripes of the maker
        middle = opening - 5 + step
        mark = _rows(
            _line((ground - 8, middle + 1.5), (ground - 3, middle - 1.5)),
            np.float32(0.2), ground - 7, ground - 3.5,
        )  # fmt: skip
        shape = shape * (1 - _uniform(rng, 0, 0.6, n)[..., np.newaxis] * mark)
    return shape


def _sandal(rng, n):
    toe, heel = _uniform(rng, 0.5, 2.5, n), _uniform(rng, 25, 27, n)
    ground, rise = _uniform(rng, 19.5, 24, n), _uniform(rng, 0, 6, n)
    # The sole climbs to the heel, which stands on a post where it is high.
    foot = _line((toe, ground), (toe + 9, ground), (heel - 4, ground - rise), (heel, ground - rise))
    sole = _columns(toe, heel, foot - 1.5, foot)
    post = _columns(heel - 2.2, heel - 0.3, foot, ground)
    # A broad strap over the toes, one over the instep, one behind the heel, and one
    # around the ankle that joins the last two.
    height, instep = _uniform(rng, 6, 9, n), toe + _uniform(rng, 12, 15, n)
    over_toes = _line(
        (toe + 2, ground), (toe + 5, ground - height * 0.8), (toe + 10, ground - height)
    )
    toe_strap = _columns(toe + 2.5, toe + _uniform(rng, 6, 9, n), over_toes, foot)
    ankle = foot - height
    lean = _line((ground - rise - height, instep + 2.5), (ground - rise, instep - 1))
    front = _rows(lean, _uniform(rng, 0.7, 1.4, n), ground - rise - height, ground)
    front *= _columns(toe, heel, ankle, foot)
    back = _columns(heel - _uniform(rng, 1.2, 2.2, n), heel, ankle, foot)
    around = _columns(instep + 1, heel, ankle, ankle + _uniform(rng, 0.8, 1.6, n))
    straps = np.maximum(np.maximum(toe_strap, front), np.maximum(back, around))
    return np.maximum(np.maximum(sole, post), np.float32(0.85) * straps)


def _ankle_boot(rng, n):
    toe, heel = _uniform(rng, 0.5, 2.5, n), _uniform(rng, 23.5, 26.5, n)
    ground, top = _uniform(rng, 23, 26, n), _uniform(rng, 1.5, 6, n)
    shaft = heel - _uniform(rng, 9.5, 12.5, n)
    upper = _line(
        (toe, ground - 4), (toe + 4, ground - 6.5), (shaft - 1, ground - 9), (shaft + 1, top),
        (heel, top + _uniform(rng, -0.8, 0.8, n)),
    )  # fmt: skip
    block, high = heel - _uniform(rng, 4, 7, n), _uniform(rng, 0.2, 3, n)
    under = _line((toe + 8, ground - 0.5 * high), (block - 1, ground - high), (block, ground))
    shape = _columns(toe, heel, upper, under)
    sole = _columns(toe, heel, ground - high - 1.6, ground - high - 1.2)
    shape = shape * (1 - _uniform(rng, 0.2, 0.7, n)[..., np.newaxis] * sole)
    seam = _rows(shaft + 3, np.float32(0.2), top + 3, ground - 8)
    return shape * (1 - _uniform(rng, 0, 0.7, n)[..., np.newaxis] * seam)


# In the order of the labels.
DRAWINGS: tuple[Draw, ...] = (
    _t_shirt,
    _trouser,
    _pullover,
    _dress,
    _coat,
    _sandal,
    _shirt,
    _sneaker,
    _bag,
    _ankle_boot,
)
STRIPED = {DRAWINGS.index(draw) for draw in (_t_shirt, _pullover, _dress, _shirt)}
