"""Load one model and write down its answers: a program of its own, which may be stopped or die.

    python model_runner.py FOLDER MEGABYTES

FOLDER holds model.keras and images.npy, and gets `started` (Keras is there), and then
answers.npy or problem.txt. It imports nothing of the course, so that it can run alone.
"""

from __future__ import annotations

import io
import sys
import zipfile
from pathlib import Path

LARGEST_WEIGHTS = 100_000_000  # bytes of all arrays, unpacked
MOST_ARRAYS = 10_000
LARGEST_ANSWERS = 100_000_000
AT_ONCE = 250  # images


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

    HDF5 can do more: an array may lie in another file of the computer, or be unpacked to any
    size from a few bytes.
    """
    import h5py

    with zipfile.ZipFile(path) as archive:
        content = io.BytesIO(archive.read("model.weights.h5"))
    with h5py.File(content, "r") as file:
        waiting, size, count = [file], 0, 0
        while waiting:
            group = waiting.pop()
            for name in group:
                count += 1
                if count > MOST_ARRAYS:
                    raise Problem("its weights are too many arrays")
                if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                    raise Problem("its weights are said to lie elsewhere")
                item = group[name]
                if isinstance(item, h5py.Group):
                    waiting.append(item)
                elif not isinstance(item, h5py.Dataset) or item.is_virtual or item.external:
                    raise Problem("its weights are said to lie elsewhere")
                else:
                    size += item.nbytes
                if size > LARGEST_WEIGHTS:
                    raise Problem("its weights unpack to far more than the file's size")


def first_line(error: BaseException) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0].strip()[:200] if lines else ''}"


def load(path: Path):
    """Return the model in the file. Raises Problem."""
    import keras

    try:
        check_weights(path)
        model = keras.saving.load_model(path, compile=False, safe_mode=True)
    except Problem as problem:
        raise Problem(f"The file cannot be used: {problem}.") from problem
    except MemoryError:
        raise
    except Exception as error:
        raise Problem(f"Keras cannot load the model. It says: {first_line(error)}") from error
    if not isinstance(model, keras.Model):
        raise Problem(f"The file holds no model but a {type(model).__name__}.")
    return model


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
            f"The model does not answer to images of shape (n, 28, 28, 1): {reads}. "
            f"Keras says: {first_line(error)}"
        ) from error
    if not isinstance(values, np.ndarray):
        raise Problem("The model gives several arrays; one of shape (n, 10) is expected.")
    if values.nbytes > LARGEST_ANSWERS:
        raise Problem(f"The model gives an array of shape {values.shape}; expected is (n, 10).")
    return values.astype(np.float32)


def main(folder: Path, megabytes: int) -> None:
    import keras  # noqa: F401  so that its own memory and time are not counted
    import numpy as np

    limit_memory(megabytes)
    images = np.load(folder / "images.npy", allow_pickle=False)
    (folder / "started").touch()
    try:
        values = answers(load(folder / "model.keras"), images)
        np.save(folder / "answers.npy", values)
    except Problem as problem:
        (folder / "problem.txt").write_text(str(problem), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
