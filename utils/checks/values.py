"""Read what a student's function returned, which may be anything at all.

An object can lie about its class, its shape and what it equals, and can raise from whatever it
is asked. So only its type is looked at, which it cannot change, and what NumPy itself knows.
"""

from __future__ import annotations

from typing import Any

import numpy as np

NUMPY_NUMBERS = {
    kind for kind in np.sctypeDict.values() if issubclass(kind, (np.integer, np.floating))
}


def shortened(text: str, most: int = 160) -> str:
    """Return the first line of a text, cut where it gets long."""
    first = text.strip().splitlines()[0] if text.strip() else ""
    return first if len(first) <= most else first[: most - 1] + "…"


def type_name(value: Any) -> str:
    """Return what people call the type of a value."""
    try:
        return shortened(str(type(value).__name__), 40)
    except Exception:  # a metaclass can make of a name what it wants
        return "something without a name"


def plain_array(value: Any) -> np.ndarray | None:
    """Return a value that is a NumPy array as one that has no methods of its own, uncopied."""
    if not issubclass(type(value), np.ndarray):
        return None
    return np.ndarray.view(value, np.ndarray)


def plain_number(value: Any) -> int | float | None:
    """Return a value that is one number, of Python or of NumPy, as an int or a float."""
    array = plain_array(value)
    if array is not None and array.shape == ():
        value = array[()]
    kind = type(value)
    if kind in (int, float):
        return value
    if kind in NUMPY_NUMBERS:
        return int(value) if issubclass(kind, np.integer) else float(value)
    return None


def numbers_of(value: Any) -> np.ndarray | None:
    """Return an array of numbers as a NumPy array and nothing more, anything else as None."""
    array = plain_array(value)
    return array if array is not None and array.dtype.kind in "fiub" else None
