"""What all explorers share: their code in the page, and traits that check what they are given."""

from __future__ import annotations

from operator import index

import anywidget
import numpy as np
import traitlets

from . import modules

LARGEST_SIDE = 512  # pixels: larger images no longer repaint within a frame
LARGEST_VALUE = float(np.finfo(np.float32).max)


def encode(array: np.ndarray | None) -> dict | None:
    """Return an array as it travels to the page: shape, dtype and the bytes, row by row."""
    if array is None:
        return None
    return {"shape": list(array.shape), "dtype": str(array.dtype), "data": array.tobytes()}


def decode(value: dict | None) -> np.ndarray | None:
    """Return the array that `encode` took apart."""
    if value is None:
        return None
    return np.frombuffer(value["data"], value["dtype"]).reshape(value["shape"]).copy()


def as_array(value) -> np.ndarray:
    """Return `value` as an array; raise ValueError for rows of different lengths."""
    try:
        array = np.asarray(value)
    except ValueError:
        raise ValueError("its rows differ in length") from None
    return array


class Array(traitlets.TraitType):
    """A trait that holds a NumPy array and travels to the page as bytes."""

    def __init__(self, check, **options):
        """`check` takes the value as an array, and returns what is kept or raises ValueError."""
        super().__init__(**options)
        self.check = check
        self.tag(sync=True, to_json=self.to_json, from_json=self.from_json)

    def validate(self, owner, value):
        try:
            return self.check(as_array(value))
        except (TypeError, ValueError) as error:
            raise traitlets.TraitError(
                f"{type(owner).__name__}.{self.name} cannot be set: {error}."
            ) from None

    def to_json(self, value, owner):
        return encode(value)

    def from_json(self, value, owner):
        return decode(value)


class Result(Array):
    """An array, float32, that page and Python both compute: the kernel does not send it back."""

    def __init__(self):
        super().__init__(lambda array: array.astype(np.float32))
        self.tag(echo_update=False)  # else each moved slider brings the page its own result again


class Position(traitlets.Tuple):
    """A trait that holds (row, column), from 0. The page takes the nearest place there is."""

    def __init__(self):
        super().__init__(traitlets.Int(min=0), traitlets.Int(min=0))
        self.tag(sync=True)

    def validate(self, owner, value):
        try:
            return super().validate(owner, tuple(map(index, value)))  # NumPy's integers too
        except (TypeError, traitlets.TraitError):
            raise traitlets.TraitError(
                f"{type(owner).__name__}.{self.name} takes (row, column), whole numbers from 0, "
                f"and not {value!r}."
            ) from None


class Whole(np.ndarray):
    """An array that is compared as a whole: `traitlets.link` asks `if value != change.new`."""

    def __ne__(self, other):
        return not np.array_equal(self, other)


def finite(array: np.ndarray) -> np.ndarray:
    """Return the array; raise ValueError where it holds NaN or infinity, or no numbers."""
    if array.dtype.kind not in "buif":
        raise ValueError(f"it has to hold numbers, and its dtype is {array.dtype}")
    if not np.isfinite(array).all():
        raise ValueError("it holds NaN or infinity; replace them, for example by np.nan_to_num")
    return array


def float32(array: np.ndarray) -> np.ndarray:
    """Return the array as float32; raise ValueError where a value is not finite there."""
    finite(array)
    if array.size and np.abs(array).max() > LARGEST_VALUE:
        raise ValueError(f"its values have to lie within ±{LARGEST_VALUE:.2g}, to fit into 32 bits")
    return array.astype(np.float32)


def image(array: np.ndarray, channels: int | None = None) -> np.ndarray:
    """Return an image as uint8, (rows, columns) or (rows, columns, `channels`).

    Takes uint8, other integers within 0 … 255, booleans, and floats within 0 … 1, which
    are multiplied by 255. Raises ValueError that says what does not fit.
    """
    finite(array)
    if channels is None and array.ndim == 3 and array.shape[-1] == 1:
        array = array[..., 0]
    wanted = "(rows, columns)" if channels is None else f"(rows, columns, {channels})"
    if array.ndim != (2 if channels is None else 3) or (channels and array.shape[-1] != channels):
        raise ValueError(
            f"an image of shape {wanted} is needed, and this one is {array.shape}"
            + ("; take one image of a batch: images[0]" if array.ndim > 2 else "")
        )
    if not 1 <= min(array.shape[:2]) <= max(array.shape[:2]) <= LARGEST_SIDE:
        raise ValueError(
            f"its sides are {array.shape[0]} and {array.shape[1]} pixels, "
            f"and 1 to {LARGEST_SIDE} are possible; show a part of it: image[:{LARGEST_SIDE}]"
        )
    low, high = array.min(), array.max()
    if array.dtype.kind in "bf":
        if low < 0 or high > 1:
            raise ValueError(
                f"floats have to lie within 0 … 1, and these reach from {low:g} to {high:g}; "
                "for 0 … 255 use image.astype('uint8')"
            )
        return np.round(array * 255.0).astype(np.uint8)
    if low < 0 or high > 255:
        raise ValueError(f"values have to lie within 0 … 255, and these are {low} to {high}")
    return array.astype(np.uint8)


def is_own(trait: traitlets.TraitType) -> bool:
    """Whether a trait is an explorer's, for its users, and not one that every widget has."""
    return issubclass(trait.this_class, Explorer) and not trait.name.startswith("_")


class Explorer(anywidget.AnyWidget):
    """A widget that computes in the page: in Colab, in Jupyter, and on the built site.

    A subclass names its JavaScript module in `_module`. Its traits are the widget's state:
    read and set them from Python, observe them, link them.
    """

    _module = traitlets.Unicode().tag(sync=True)
    _version = traitlets.Int(1).tag(sync=True)  # of the stored state; raise it when traits change
    _results = traitlets.List().tag(sync=True)  # traits that the page computes: not to be stored
    _esm = traitlets.Unicode().tag(sync=True)
    _css = traitlets.Unicode().tag(sync=True)
    _ipython_display_ = None  # in Colab's ipywidgets 7 it cuts the text off after 110 characters

    @traitlets.default("_esm")
    def _code(self) -> str:
        return modules.esm(self._module)

    @traitlets.default("_css")
    def _style(self) -> str:
        return (modules.FOLDER / modules.STYLE_SHEET).read_text("utf-8")

    def __init__(self, **traits):
        """Set the named traits; raise TypeError for a name that is not a trait."""
        if unknown := sorted(set(traits) - set(self.trait_names())):
            known = [name for name, trait in self.traits().items() if is_own(trait)]
            raise TypeError(
                f"{type(self).__name__} has no {unknown[0]!r}; it has {', '.join(sorted(known))}"
            )
        super().__init__(**traits)

    def notify_change(self, change):
        """Tell observers, and send what the page has to know."""
        if isinstance(change.new, np.ndarray):
            change.new = change.new.view(Whole)
        super().notify_change(change)

    def __repr__(self) -> str:
        """Say in one line what it shows. The same state gives the same text."""
        return f"{type(self).__name__}: {self.described()}"

    def described(self) -> str:
        """Return the state in a few words, for `repr` and for those who cannot see it."""
        raise NotImplementedError
