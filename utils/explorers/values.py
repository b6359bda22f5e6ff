"""Arrays, images and numbers of other libraries, read as NumPy arrays and Python numbers.

An explorer takes what a notebook has at hand: arrays of NumPy, TensorFlow, Keras, JAX and
PyTorch in any precision, images of Pillow, tables of pandas, lists. What cannot be taken
raises ValueError with the line that helps.
"""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from math import isqrt
from numbers import Integral, Real
from os import PathLike

import numpy as np

LARGEST_SIDE = 512  # pixels: larger images no longer repaint within a frame
LARGEST_VALUE = float(np.finfo(np.float32).max)
LUMA = (0.299, 0.587, 0.114)  # gray from red, green, blue: ITU-R BT.601, as Pillow's mode "L"
AS_THEY_ARE = {"1", "L", "I", "F", "I;16", "RGB", "RGBA"}  # modes of Pillow whose numbers are light
SCALED = "image = np.asarray(image, float); (image - image.min()) / np.ptp(image)"


# --- Arrays ------------------------------------------------------------------------------


def from_pillow(picture) -> np.ndarray:
    """Return a Pillow image as an array; indices into a palette, CMYK and others become colors."""
    if picture.mode not in AS_THEY_ARE:
        is_gray = picture.mode in {"LA", "La"}
        has_alpha = "transparency" in picture.info or picture.mode in {"PA", "RGBa"}
        picture = picture.convert("L" if is_gray else "RGBA" if has_alpha else "RGB")
    return np.asarray(picture)


def from_torch(tensor) -> np.ndarray:
    """Return a PyTorch tensor as an array, from any device, with or without gradient."""
    tensor = tensor.detach().cpu()
    return np.asarray(tensor.float() if "bfloat16" in str(tensor.dtype) else tensor)


def read(value) -> np.ndarray:
    """Return `value` as an array of any dtype; raise ValueError for what has no numbers."""
    if isinstance(value, (str, PathLike)):
        raise ValueError(f"it is a text, and numbers are needed; of a file: plt.imread({value!r})")
    if isinstance(value, np.ma.MaskedArray) and np.ma.is_masked(value):
        raise ValueError("some of its values are masked; fill them, for example by .filled(0)")
    if hasattr(value, "mode") and hasattr(value, "convert"):
        return from_pillow(value)
    if hasattr(value, "detach") and hasattr(value, "cpu"):
        return from_torch(value)
    if hasattr(value, "toarray"):  # a sparse matrix
        value = value.toarray()
    try:
        return np.asarray(value)
    except Exception as error:  # each library raises errors of its own
        if hasattr(value, "numpy"):  # TensorFlow's bfloat16 without axes knows no other way
            with suppress(Exception):
                return np.asarray(value.numpy())
        if isinstance(value, (list, tuple)):
            shapes = [np.shape(each) for each in value if hasattr(each, "shape")]
            if shapes:
                named = ", ".join(map(str, shapes))
                raise ValueError(f"its parts have the shapes {named}; take one of them") from None
            raise ValueError("its rows differ in length") from None
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ValueError(f"a {type(value).__name__} holds no numbers here: {reason}") from None


def as_array(value) -> np.ndarray:
    """Return `value` as an array of booleans, integers, or floats of at least 32 bits.

    bfloat16, the 8-bit floats and others that NumPy does not know, and float16, in which
    sums overflow, become float32. Raises ValueError for what holds no numbers.
    """
    array = read(value)
    kind = array.dtype.kind
    is_added = kind == "V" and array.dtype.names is None and array.dtype.type is not np.void
    if is_added or array.dtype == np.float16:
        return array.astype(np.float32)
    if kind == "O" and array.ndim:  # of pandas, or Python's own fractions
        with suppress(ValueError):
            array = np.array(array.tolist())
        kind = array.dtype.kind
    if kind in "buif":
        return array
    if kind == "O" and array.ndim == 0:
        raise ValueError(f"numbers are needed, and this is a {type(value).__name__}")
    help_for = {
        "U": "; as numbers: np.asarray(image, float)",
        "c": "; take np.abs or its .real part",
    }
    raise ValueError(
        f"it has to hold numbers, and its dtype is {array.dtype}{help_for.get(kind, '')}"
    )


def finite(array: np.ndarray) -> np.ndarray:
    """Return the array; raise ValueError where it holds NaN or infinity."""
    if not np.isfinite(array).all():
        raise ValueError("it holds NaN or infinity; replace them, for example by np.nan_to_num")
    return array


def float32(array: np.ndarray) -> np.ndarray:
    """Return the array as float32; raise ValueError where a value is not finite there."""
    finite(array)
    if array.size and np.abs(array.astype(np.float64)).max() > LARGEST_VALUE:
        raise ValueError(f"its values have to lie within ±{LARGEST_VALUE:.2g}, to fit into 32 bits")
    return array.astype(np.float32)


# --- Numbers -----------------------------------------------------------------------------


def plain(value):
    """Return Python's own numbers for those of other libraries, in lists and dicts too.

    Arrays and tensors become numbers or lists of them. All else stays as it is.
    """
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if type(value) in (list, tuple):
        return type(value)(map(plain, value))
    if isinstance(value, (Real, Decimal)) and not isinstance(value, (Integral, float)):
        return float(value)
    if isinstance(value, (np.ndarray, np.generic)) or hasattr(value, "__array__"):
        try:
            return as_array(value).tolist()
        except ValueError:
            return value
    return value


def whole(value):
    """Return whole numbers such as 3.0 as integers, also within lists; all else as it is."""
    value = plain(value)
    if isinstance(value, dict):
        return {name: whole(each) for name, each in value.items()}
    if type(value) in (list, tuple):
        return type(value)(map(whole, value))
    return int(value) if isinstance(value, float) and value.is_integer() else value


# --- Images ------------------------------------------------------------------------------


def one_image(array: np.ndarray) -> np.ndarray:
    """Return an image without axes of length 1 around it, and without an opaque alpha channel."""
    if array.ndim == 4 and array.shape[0] == 1:
        array = array[0]
    if array.ndim == 3 and array.shape[0] == 1 and array.shape[-1] > 4:
        array = array[0]
    if array.ndim == 3 and array.shape[-1] == 1:
        array = array[..., 0]
    if array.ndim == 3 and array.shape[-1] == 4:
        full = 1 if array.dtype.kind in "bf" else 255
        if (array[..., 3] == full).all():
            array = array[..., :3]
    return array


def shape_help(array: np.ndarray, channels: int | None) -> str:
    """Return the line that makes an image of an array of another shape, or nothing."""
    shape = array.shape
    side = isqrt(array.size)
    if array.ndim <= 2 and 1 in (array.ndim, *shape[:1]) and side > 1 and side**2 == array.size:
        return f"; a flattened one: np.reshape(image, ({side}, {side}))"
    if array.ndim == 3 and shape[-1] == 1:
        return "; gray as RGB: np.repeat(image, 3, axis=-1)"
    if array.ndim == 2:
        return "; gray as RGB: np.stack([image] * 3, axis=-1)"
    if array.ndim == 3 and shape[-1] == 4:
        return "; without its transparency: np.asarray(image)[..., :3]"
    if array.ndim == 3 and shape[0] in {3, 4} and shape[-1] > 4:
        return "; with the channels last: np.moveaxis(image, 0, -1)"
    if array.ndim == 3 and shape[-1] <= 4:
        return "; one channel of it: image[..., 0]"
    if array.ndim == 3 and channels:
        return "; of a batch of gray images: np.stack([images[0]] * 3, axis=-1)"
    return "; take one image of a batch: images[0]" if array.ndim > 2 else ""


def check_sides(shape: tuple[int, ...], largest: int, least: int = 1) -> None:
    """Raise ValueError for an image or map that is too large or empty, and say what helps."""
    rows, columns = shape[:2]
    if max(rows, columns) > largest:
        side, step = isqrt(rows * columns), -(-max(rows, columns) // largest)
        is_flat = min(rows, columns) == 1 and side**2 == rows * columns and side <= largest
        raise ValueError(
            f"its sides are {rows} and {columns} pixels, and at most {largest} are possible; "
            + (
                f"a flattened one: np.reshape(image, ({side}, {side}))"
                if is_flat
                else f"with fewer pixels: np.asarray(image)[::{step}, ::{step}], "
                f"or a part of it: np.asarray(image)[:{largest}, :{largest}]"
            )
        )
    if min(rows, columns) < least:
        raise ValueError(f"its sides are {rows} and {columns} pixels: it is empty")


def gray_levels(array: np.ndarray) -> np.ndarray:
    """Return 0 … 255 as uint8 of booleans, integers, or floats within 0 … 1.

    Floats are multiplied by 255 and rounded, so that 1.0000001 is white too. Raises
    ValueError for values beyond.
    """
    low, high = array.min(), array.max()
    if array.dtype.kind in "bf":
        levels = np.round(array * 255.0)
        if levels.min() < 0 or levels.max() > 255:
            is_levels = low >= 0 and 2 < high < 255.5
            raise ValueError(
                f"floats have to lie within 0 … 1, and these reach from {low:g} to {high:g}; "
                + ("for 0 … 255: np.asarray(image).astype('uint8')" if is_levels else SCALED)
            )
        return levels.astype(np.uint8)
    if low < 0 or high > 255:
        raise ValueError(
            f"values have to lie within 0 … 255, and these are {low} to {high}; {SCALED}"
        )
    return array.astype(np.uint8)


def image(array: np.ndarray, channels: int | None = None) -> np.ndarray:
    """Return an image as uint8, (rows, columns) or (rows, columns, `channels`).

    Takes uint8, other integers within 0 … 255, booleans, and floats within 0 … 1, which
    are multiplied by 255. Where a gray image is needed, one in color becomes gray. Raises
    ValueError that says what does not fit.
    """
    given, array = finite(array), one_image(array)
    is_color = array.ndim == 3 and array.shape[-1] == 3
    if not (is_color if channels else is_color or array.ndim == 2):
        wanted = f"(rows, columns, {channels})" if channels else "(rows, columns)"
        raise ValueError(
            f"an image of shape {wanted} is needed, and this one is {given.shape}"
            + shape_help(given, channels)
        )
    check_sides(array.shape, LARGEST_SIDE)
    levels = gray_levels(array)
    if is_color and not channels:
        return np.round(levels @ np.array(LUMA)).astype(np.uint8)
    return levels
