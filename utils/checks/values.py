"""Read what a student's function returned or raised, which may be anything at all.

An object can lie about its class, its shape and what it equals, and can raise from whatever it
is asked. So only its type is looked at, which it cannot change, and what NumPy itself knows.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

import numpy as np

MOST_NUMBERS = 10**6  # of an array that is looked at; of a larger one only shape and type count
NUMPY_NUMBERS = {
    kind for kind in np.sctypeDict.values() if issubclass(kind, (np.integer, np.floating))
}


def shortened(text: str, most: int = 160) -> str:
    """Return the first line of a text, cut where it gets long."""
    first = text.strip().splitlines()[0] if text.strip() else ""
    return first if len(first) <= most else first[: most - 1] + "…"


def telling(message: str, most: int = 300) -> str:
    """Return the line of an error's message that tells what is wrong, cut where it gets long.

    Keras and TensorFlow put other lines first, which say where ("Exception encountered when
    calling Sequential.call().") or list the calls that led there ("Graph execution error:").
    """
    message = re.sub(r"\x1b\[[0-9;]*m", "", message)  # colors
    message = re.sub(r" for '{{node .*?' with", " with", message)
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    where = ("Exception encountered when", "Graph execution error", "Detected at node", "File ")
    lines = [line for line in lines if not line.startswith((*where, "[[{{node"))] or lines
    return shortened(lines[0], most) if lines else ""


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


TENSORS = ("tensorflow", "keras", "jax", "jaxlib", "torch", "pandas")


def numbers_of_tensor(value: Any) -> np.ndarray | None:
    """Return `numbers_of` an array, or of a tensor or table of the well-known packages."""
    if str(type(value).__module__).split(".")[0] in TENSORS:
        value = np.asarray(value)  # may raise, as whatever is not NumPy's own
    return numbers_of(value)


def numbers_of(value: Any) -> np.ndarray | None:
    """Return an array of numbers as a NumPy array and nothing more, anything else as None."""
    array = plain_array(value)
    return array if array is not None and array.dtype.kind in "fiub" else None


@dataclass(frozen=True)
class Other:
    """Stands for a value that is neither a number nor an array."""

    kind: str  # the name of its type


def is_looked_at(array: np.ndarray) -> bool:
    """Whether more than type and shape of an array count: it holds numbers, and not too many."""
    return array.dtype.kind in "fiub" and array.size <= MOST_NUMBERS


def plain(value: Any) -> int | float | np.ndarray | Other | None:
    """Return a value as a number or an array of one's own, None as None, all else as Other.

    Of an array that is not looked at, type and shape come back, with zeros.
    """
    array = plain_array(value)
    if array is not None:
        if is_looked_at(array):
            return array.copy()
        return np.broadcast_to(np.zeros((), array.dtype), array.shape)
    number = plain_number(value)
    if number is not None:  # as a float, an int of a thousand digits is infinite, too
        return number if abs(number) < 2**63 else math.inf
    return None if value is None else Other(type_name(value))
