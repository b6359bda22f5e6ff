"""Load one model and write down its answers: a program of its own, which may be stopped or die.

    python model_runner.py FOLDER MEGABYTES KERAS_VERSION

FOLDER holds config.json, model.weights.h5 and images.npy, and gets `started` (Keras is there),
and then answers.npy or problem.txt. With compared.npy in it, images (n, 28, 28), it also gets
held.npy: how many slices of the weights are such images. With known.npz, the kernels of other
networks, it gets like.npy: how much a kernel is like one of these. It imports nothing of the
course, so that it can run alone. KERAS_VERSION is what the model says that it was saved with.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

LARGEST_WEIGHTS = 20_000_000  # bytes of all arrays
MOST_ARRAYS = 10_000
MOST_ATTRIBUTES = 10
LARGEST_ANSWERS = 100_000_000
AT_ONCE = 250  # images
SMALLEST_KERNEL = 500  # numbers; of fewer, two may be alike by chance
ALIKE = 0.95  # correlation from which a slice of the weights is taken for an image


class Problem(Exception):
    """What is wrong with the model, in words for the person who handed it in."""


def limit_memory(megabytes: int) -> None:
    """Let this process take `megabytes` more than it has now, where the system can do that."""
    try:
        import resource

        status = Path("/proc/self/status").read_text(encoding="utf-8")
        taken = next(line for line in status.splitlines() if line.startswith("VmData"))
    except (ImportError, OSError, StopIteration):  # not Linux
        return
    most = 1024 * int(taken.split()[1]) + 1_000_000 * megabytes
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))


def check_weights(path: Path) -> None:
    """Raise Problem unless the weights are plain arrays of numbers, all within the file.

    HDF5 can do more: an array may lie in another file of the computer, be a view of other
    arrays, hold objects, or be unpacked to any size from a few bytes.
    """
    import h5py

    with h5py.File(path, "r") as file:
        waiting, seen, size, count = [file], set(), 0, 0
        while waiting:
            group = waiting.pop()
            for name in group:
                count += 1
                if count > MOST_ARRAYS:
                    raise Problem("its weights are too many arrays")
                if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                    raise Problem("its weights are said to lie elsewhere")
                item = group[name]
                place = h5py.h5o.get_info(item.id).addr
                if place in seen:
                    raise Problem("its weights are too many arrays, or the same ones several times")
                seen.add(place)
                if len(item.attrs) > MOST_ATTRIBUTES:
                    raise Problem("its weights are more than arrays of numbers")
                if isinstance(item, h5py.Group):
                    waiting.append(item)
                else:
                    size += size_of(item)
                if size > LARGEST_WEIGHTS:
                    raise Problem("its weights unpack to far more than the file's size")


def size_of(item) -> int:
    """Return the bytes of an array in an HDF5 file. Raises Problem for one that is not plain."""
    import h5py

    if not isinstance(item, h5py.Dataset):
        raise Problem("its weights are more than arrays of numbers")
    if item.is_virtual or item.external:
        raise Problem("its weights are said to lie elsewhere")
    if item.dtype.kind not in "fiub" or item.shape is None:
        raise Problem(f"its weights are no numbers but {str(item.dtype)[:40]}")
    stored = item.id.get_storage_size()
    if item.id.get_create_plist().get_nfilters() or stored < item.nbytes:
        raise Problem("its weights unpack to far more than the file's size")
    return item.nbytes


def telling(text: str) -> str:
    """Return the line of an error message of Keras that tells what is wrong."""
    text = re.sub(r"\x1b\[\d*m", "", text)
    text = text.split("Exception encountered: ")[-1]
    text = re.split(r"Exception encountered when calling [^\n]*\n", text)[-1]
    text = re.sub(r"^A total of .*? for object <(\w+) name=([^,>]*)[^\n]*:\n+", r"\1 \2: ", text)
    text = text.split("Target variable:")[0]
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[0][:300] if lines else ""


def told(error: BaseException) -> str:
    return f"{type(error).__name__}: {telling(str(error))}".removesuffix(": ")


def load(folder: Path, version: str = ""):
    """Return the model in `folder`. Raises Problem."""
    import keras

    weights = folder / "model.weights.h5"
    try:
        check_weights(weights)
    except Problem as problem:
        raise Problem(f"The file cannot be used: {problem}.") from problem
    except Exception as error:
        raise Problem(f"The file cannot be used: its weights are broken. {told(error)}") from error
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    try:
        model = keras.saving.deserialize_keras_object(config, safe_mode=True)
        if not isinstance(model, keras.Model):
            raise Problem(f"The file holds no model but a {type(model).__name__}.")
        model.load_weights(weights)
    except (Problem, MemoryError):
        raise
    except Exception as error:
        raise Problem(
            f"Keras cannot load the model. {told(error).rstrip('.')}.{other_version(version)}"
        ) from error
    return model


def other_version(version: str) -> str:
    """Say so, if another Keras than this one saved the model."""
    import keras

    if not version or version.split(".")[:2] == keras.__version__.split(".")[:2]:
        return ""
    return (
        f" The file was saved by Keras {version}, and here is Keras {keras.__version__}; a file "
        "that checks.hand_in writes is read by both."
    )


def answers(model, images):
    """Return what the model answers, one array. Raises Problem."""
    import numpy as np

    try:
        values = model.predict(images, batch_size=AT_ONCE, verbose=0)
    except MemoryError:
        raise
    except Exception as error:
        try:
            reads = f"it reads arrays of shape {model.input_shape}"
        except Exception:
            reads = "its input has no shape"
        raise Problem(
            f"The model does not answer to images of shape (n, 28, 28, 1): {reads}. {told(error)}"
        ) from error
    if not isinstance(values, np.ndarray):
        raise Problem("The model gives several arrays; one of shape (n, 10) is expected.")
    if values.nbytes > LARGEST_ANSWERS:
        raise Problem(f"The model gives an array of shape {values.shape}; expected is (n, 10).")
    try:
        return np.ascontiguousarray(values.astype(np.float32))
    except (TypeError, ValueError) as error:
        raise Problem(f"The model gives {values.dtype} and not numbers.") from error


def reduced(images) -> dict:
    """Return images (n, 28, 28) in the forms in which weights may hold them: length → (n, length).

    Whole; without the margin of 4 pixels; and with half the rows and columns, by means.
    """
    halves = images.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4))
    forms = (images, images[:, 4:24, 4:24], halves)
    return {form[0].size: form.reshape(len(form), -1) for form in forms}


def standardized(rows):
    """Return rows, each with mean 0 and length 1, so that products of two are correlations."""
    import numpy as np

    centered = rows - rows.mean(axis=1, keepdims=True)
    return centered / np.maximum(np.linalg.norm(centered, axis=1, keepdims=True), 1e-12)


def slices_like(images, arrays) -> int:
    """Return how many slices of weights are one of `images` (n, 28, 28), but for a factor.

    A slice is what lies along all axes of an array but the first, or but the last.
    """
    import numpy as np

    count = 0
    for length, rows in reduced(images.astype(np.float32)).items():
        known = None
        for array in arrays:
            flat = array.astype(np.float32)
            sides = flat.reshape(len(flat), -1), flat.reshape(-1, flat.shape[-1]).T
            for slices in (side for side in sides if side.shape[1] == length):
                known = standardized(rows) if known is None else known
                for part in np.array_split(standardized(slices), max(1, len(slices) // 500)):
                    count += int((np.abs(part @ known.T).max(axis=1) > ALIKE).sum())
    return count


def likeness(known, arrays) -> float:
    """Return the largest correlation, without its sign, of an array with a known one of its shape.

    Kernels of networks that were trained apart have next to none: n independent numbers stay
    within a few 1/√n of 0. Copies have 1; what was made of a copy by noise, by a mean of several
    or by further training keeps most of it. Filters in another order are not recognized.
    """
    import numpy as np

    most = 0.0
    for array in arrays:
        if array.size < SMALLEST_KERNEL:
            continue
        same = [each for each in known if each.shape == array.shape]
        rows = standardized(np.array([array, *same], np.float32).reshape(1 + len(same), -1))
        most = max([most, *np.abs(rows[1:] @ rows[0])])
    return float(np.nan_to_num(most))


def main(folder: Path, megabytes: int, version: str) -> None:
    import keras  # noqa: F401  so that its own memory and time are not counted
    import numpy as np

    limit_memory(megabytes)
    images = np.load(folder / "images.npy", allow_pickle=False)
    (folder / "started").touch()
    try:
        model = load(folder, version)
        np.save(folder / "answers.npy", answers(model, images))
        arrays = [array for array in model.get_weights() if array.ndim > 1 and array.size]
        if (file := folder / "known.npz").exists():
            with np.load(file, allow_pickle=False) as known:
                np.save(folder / "like.npy", np.array([likeness(list(known.values()), arrays)]))
        if (compared := folder / "compared.npy").exists():
            held = slices_like(np.load(compared, allow_pickle=False), arrays)
            np.save(folder / "held.npy", np.array([held]))
    except Problem as problem:
        (folder / "problem.txt").write_text(str(problem), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
