"""Values that leave the sandbox, as arrays in `.npz` files: written inside, checked outside.

A value is described in JSON, which travels as an array of bytes; the arrays it refers to travel
beside it. Nothing is pickled. This file imports NumPy and the standard library alone, for it is
read inside the sandbox as well.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

LARGEST_FILE = 200_000_000  # bytes
LARGEST_ALL = 250_000_000  # of all files of one process
MOST_ARRAYS = 2_000
LARGEST_TEXT = 4_000_000  # bytes of JSON
DEEPEST = 12
LONGEST = 500  # items of a tuple, a list or a dictionary
MOST_NUMBERS = 60_000_000  # of an array that is carried
MEMBER = re.compile(r"(text|a\d{1,4})\.npy")
TENSORS = ("tensorflow", "keras", "jax", "jaxlib", "torch", "pandas")


class Malformed(Exception):
    """What came out of the sandbox is not what the program in there writes."""


# --- inside: written ----------------------------------------------------------------------


def described(value: Any, arrays: list[np.ndarray], depth: int = 0) -> list:
    """Return what describes a value in JSON; its arrays are added to `arrays`.

    Only the type of a value is looked at, which it cannot change. What is neither a number nor
    made of numbers is described by the name of its type.
    """
    kind = type(value)
    if value is None or kind in (bool, str, float):
        return ["str", value[:2_000]] if kind is str else ["plain", value]
    if kind is int:
        return ["plain", value] if abs(value) < 2**63 else ["plain", float("inf")]
    if issubclass(kind, np.generic):
        value = np.asarray(value)
    if issubclass(kind, np.ndarray | np.generic):
        return of_array(np.ndarray.view(value, np.ndarray), arrays, "array", "ndarray")
    if str(kind.__module__).split(".")[0] in TENSORS and not issubclass(kind, tuple | list | dict):
        try:
            return of_array(np.asarray(value), arrays, "tensor", str(kind.__name__)[:40])
        except Exception:
            return ["other", str(kind.__name__)[:40]]
    if depth < DEEPEST and issubclass(kind, tuple | list):
        items = list(tuple.__iter__(value) if issubclass(kind, tuple) else list.__iter__(value))
        if len(items) <= LONGEST:
            form = "tuple" if issubclass(kind, tuple) else "list"
            return [form, [described(item, arrays, depth + 1) for item in items]]
    if depth < DEEPEST and kind is dict and len(value) <= LONGEST:
        pairs = [[str(key), described(item, arrays, depth + 1)] for key, item in value.items()]
        return ["dict", pairs]
    return ["other", str(getattr(kind, "__name__", "object"))[:40]]


def of_array(array: np.ndarray, arrays: list[np.ndarray], form: str, name: str) -> list:
    """Describe an array: by its place among the arrays, or by type and shape if it stays here."""
    if array.dtype.kind in "fiub" and array.size <= MOST_NUMBERS and len(arrays) < MOST_ARRAYS:
        if array.dtype.itemsize > 8:  # long doubles
            array = array.astype(np.float64)
        arrays.append(np.ascontiguousarray(array).reshape(array.shape))
        return [form, len(arrays) - 1, name]
    known = array.dtype.str if array.dtype.kind in "fiubcSUMmV" else "|O"
    return ["unseen", known, list(array.shape)]


def write(path: Path, value: Any) -> None:
    """Write a value; the file gets its name when it is whole."""
    arrays: list[np.ndarray] = []
    text = json.dumps(described(value, arrays)).encode()
    beside = path.with_suffix(".part")
    with open(beside, "wb") as file:
        named = {f"a{place}": array for place, array in enumerate(arrays)}
        np.savez(file, text=np.frombuffer(text, np.uint8), **named)
    beside.replace(path)


# --- outside: read ------------------------------------------------------------------------


def read(content: bytes) -> Any:
    """Return the value in a file from the sandbox. Raises Malformed for anything odd."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            check_entries(entries, len(content))
            arrays = {
                entry.filename.removesuffix(".npy"): array_of(archive.read(entry))
                for entry in entries
            }
        text = arrays.pop("text")
        if text.dtype != np.uint8 or text.ndim != 1 or text.size > LARGEST_TEXT:
            raise Malformed("the text is none")
        return value_of(json.loads(text.tobytes().decode()), arrays)
    except Malformed:
        raise
    except Exception as error:  # zipfile, JSON and NumPy raise many kinds
        raise Malformed(f"{type(error).__name__}: {str(error)[:200]}") from error


def check_entries(entries: list[zipfile.ZipInfo], size: int) -> None:
    """Raise Malformed unless these are the entries of an uncompressed `.npz` of `size` bytes."""
    names = [entry.filename for entry in entries]
    if len(names) > MOST_ARRAYS + 1 or len(set(names)) < len(names):
        raise Malformed("too many arrays")
    if not all(MEMBER.fullmatch(name) for name in names) or "text.npy" not in names:
        raise Malformed("arrays with other names")
    packed = any(entry.compress_type != zipfile.ZIP_STORED for entry in entries)
    if packed or sum(entry.file_size for entry in entries) > size:
        raise Malformed("arrays that are larger than their file")


def array_of(content: bytes) -> np.ndarray:
    """Return the array in a `.npy` file. Raises Malformed unless it is just what its header says.

    No memory is taken by what a header claims: the bytes have to be there already.
    """
    file = io.BytesIO(content)
    if np.lib.format.read_magic(file) != (1, 0):
        raise Malformed("an array in another form")
    shape, is_fortran, dtype = np.lib.format.read_array_header_1_0(file, max_header_size=2_000)
    numbers = memoryview(content)[file.tell() :]
    if dtype.kind not in "fiub" or is_fortran and len(shape) > 1:
        raise Malformed(f"an array of {dtype}")
    if dtype.itemsize * int(np.prod(shape, dtype=object)) != len(numbers):
        raise Malformed("an array whose header and size differ")
    return np.frombuffer(numbers, dtype).reshape(shape)


def value_of(told: Any, arrays: dict[str, np.ndarray], depth: int = 0) -> Any:
    """Return the value that is described; raises Malformed, KeyError, TypeError, ValueError."""
    if depth > DEEPEST + 1 or not isinstance(told, list) or not told:
        raise Malformed("a description that is none")
    kind, *rest = told
    if kind == "plain" and isinstance(rest[0], bool | int | float | None):
        return rest[0]
    if kind == "str" and isinstance(rest[0], str):
        return rest[0][:2_000]
    if kind in ("array", "tensor"):
        array = arrays[f"a{int(rest[0])}"].copy()
        return array if kind == "array" else Tensor(array, str(rest[1])[:40])
    if kind == "unseen":
        shape = tuple(int(side) for side in rest[1][:32])
        if np.prod(shape, dtype=object) > MOST_NUMBERS:  # nobody may compute with it by mistake
            return stand_in("ndarray")
        return np.broadcast_to(np.zeros((), np.dtype(str(rest[0]))), shape)
    if kind in ("tuple", "list") and len(rest[0]) <= LONGEST:
        items = [value_of(item, arrays, depth + 1) for item in rest[0]]
        return tuple(items) if kind == "tuple" else items
    if kind == "dict" and len(rest[0]) <= LONGEST:
        return {str(key)[:200]: value_of(item, arrays, depth + 1) for key, item in rest[0]}
    if kind == "other":
        return stand_in(str(rest[0])[:40])
    raise Malformed("a description of another kind")


class Tensor:
    """An array that was a tensor, or a table, of one of the well-known packages."""

    def __init__(self, array: np.ndarray, kind: str):
        self.array, self.kind = array, kind


def stand_in(kind: str) -> object:
    """Return an object without any use, whose type has a given name."""
    return type(kind if kind.isidentifier() else "object", (), {})()
