"""Load the two data sets of the course, Fashion-MNIST and MNIST, from wherever they are.

Looked for in this order:

1. the folder that the environment variable CNN_COURSE_DATA names;
2. the cache of Keras (`~/.keras/datasets`), filled once, with what Keras's loader fetches;
3. with CNN_COURSE_OFFLINE_SAMPLE=1 only: a stand-in made by `utils.standin`,
   always announced by a printed line.

Whatever is returned as real data was compared with the published files, byte
for byte, by SHA-256. `python -m utils.data` says where the data comes from here.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import struct
import sys
import threading
import urllib.request
import zipfile
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

Split = tuple[np.ndarray, np.ndarray]

# In label order, named as in github.com/zalandoresearch/fashion-mnist.
FASHION_CLASSES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)

TITLES = {"fashion-mnist": "Fashion-MNIST", "mnist": "MNIST"}

# The published files in the order of the arrays x_train, y_train, x_test, y_test,
# with the SHA-256 of their unpacked bytes: gzip wrappers differ from mirror to mirror.
SHA256 = {
    "fashion-mnist": {
        "train-images-idx3-ubyte": (
            "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"
        ),
        "train-labels-idx1-ubyte": (
            "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"
        ),
        "t10k-images-idx3-ubyte": (
            "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"
        ),
        "t10k-labels-idx1-ubyte": (
            "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"
        ),
    },
    "mnist": {
        "train-images-idx3-ubyte": (
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"
        ),
        "train-labels-idx1-ubyte": (
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"
        ),
        "t10k-images-idx3-ubyte": (
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"
        ),
        "t10k-labels-idx1-ubyte": (
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"
        ),
    },
}

MIRROR = "CNN_COURSE_DATA"
SAMPLE = "CNN_COURSE_OFFLINE_SAMPLE"

# Where Keras's own loaders fetch from, and what: four files for Fashion-MNIST, one for MNIST.
ORIGIN = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
ARCHIVE = "mnist.npz"
DOWNLOAD_MB = {"fashion-mnist": 30, "mnist": 11}
PATIENCE = 8  # seconds to wait for a first answer, so that a computer without a network learns it
STALLED = 30  # seconds without a byte, and a download is given up


class DataError(RuntimeError):
    """A data set cannot be had here; the message says why, and what to do about it."""


class _Damaged(Exception):
    """A file is there and is not the published one."""


class _NotFetched(Exception):
    """Neither Keras's cache nor a download gave the data set."""


def load_fashion_mnist() -> tuple[Split, Split]:
    """Load Fashion-MNIST: `(x_train, y_train), (x_test, y_test)`, as Keras does.

    Images are uint8 arrays (60000, 28, 28) and (10000, 28, 28) with values from 0
    (background) to 255; labels are uint8 (60000,) and (10000,), numbers into
    `FASHION_CLASSES`. The arrays are the caller's own.

    Raises DataError where the data is missing, damaged or cannot be fetched.

    Source: H. Xiao, K. Rasul, R. Vollgraf, *Fashion-MNIST: a Novel Image Dataset for
    Benchmarking Machine Learning Algorithms*, arXiv:1708.07747 (MIT license).
    """
    return _load("fashion-mnist")


def load_mnist() -> tuple[Split, Split]:
    """Load MNIST: `(x_train, y_train), (x_test, y_test)`, as Keras does.

    Images are uint8 arrays (60000, 28, 28) and (10000, 28, 28) with values from 0
    (background) to 255; labels are uint8 (60000,) and (10000,), the digits 0 to 9.
    The arrays are the caller's own.

    Raises DataError where the data is missing, damaged or cannot be fetched.

    Source: Y. LeCun, C. Cortes, C. J. C. Burges, *The MNIST database of handwritten
    digits* (CC BY-SA 3.0).
    """
    return _load("mnist")


def source(name: str) -> str:
    """Say where the data set "fashion-mnist" or "mnist" comes from on this computer.

    Returns "mirror" (the folder CNN_COURSE_DATA), "keras" (Keras's cache, filled now
    if there is a network) or "stand-in" (neither: the load functions then raise,
    unless CNN_COURSE_OFFLINE_SAMPLE=1). The real data has been checked when this
    returns, which takes under a second once it is there.

    Raises DataError where CNN_COURSE_DATA is set and its files are missing or damaged.
    """
    try:
        return _find(name)[0]
    except _NotFetched:
        return "stand-in"


def _load(name: str) -> tuple[Split, Split]:
    try:
        return _find(name)[1]
    except _NotFetched as error:
        if os.environ.get(SAMPLE) != "1":
            raise DataError(f"{error}\n\n{_ways_out(name)}") from None
        reason = str(error)
    from utils import standin

    print(
        f"STAND-IN, NOT THE REAL {TITLES[name]}: {standin.WHAT[name]}, because {SAMPLE}=1 is set "
        f"and the real data is out of reach. Numbers will differ from the text. ({reason})"
    )
    return standin.make(name)


def _ways_out(name: str) -> str:
    return (
        "Three ways on:\n"
        f"  1. Go online and run this again: {DOWNLOAD_MB[name]} MB are fetched once and kept.\n"
        f"  2. Set {MIRROR} to a folder that holds {name}/ with the four published files "
        "(train-images-idx3-ubyte.gz and so on).\n"
        f"  3. Set {SAMPLE}=1 (in a notebook: %env {SAMPLE}=1) to go on with a stand-in "
        "that is not the real data."
    )


def _find(name: str) -> tuple[str, tuple[Split, Split]]:
    """Return where the real data set came from, "mirror" or "keras", and its arrays."""
    if name not in SHA256:
        raise ValueError(f"no data set is called {name!r}; there are {', '.join(SHA256)}")
    if os.environ.get(MIRROR):
        return "mirror", _from_mirror(name)
    return "keras", _from_keras(name)


# --- 1. a folder with the published files ---------------------------------------------


def _from_mirror(name: str) -> tuple[Split, Split]:
    folder = Path(os.path.expanduser(os.environ[MIRROR])) / name
    way_out = (
        f"Put the four published files of {TITLES[name]} into {folder}, or unset {MIRROR} "
        "to let Keras fetch them."
    )
    try:
        return _read_idx_files(folder, name)
    except FileNotFoundError as error:
        missing = Path(error.filename) if folder.is_dir() else folder
        problem = f"{MIRROR} is set, but {missing} is missing."
    except OSError as error:
        problem = f"{MIRROR} is set, but {error.filename or folder} cannot be read: {error}."
    except _Damaged as error:
        problem = f"{MIRROR} is set, but {error}."
    raise DataError(f"{problem} {way_out}")


def _read_idx_files(folder: Path, name: str) -> tuple[Split, Split]:
    """Read the four published .gz files in a folder, checked.

    Raises FileNotFoundError or another OSError with the file's name, or _Damaged.
    """
    arrays = (_read_idx_file(folder / f"{file}.gz", name, file) for file in SHA256[name])
    x_train, y_train, x_test, y_test = arrays
    return (x_train, y_train), (x_test, y_test)


def _read_idx_file(path: Path, name: str, file: str) -> np.ndarray:
    """Read the published `file` of a data set from `path`, checked; raise as above."""
    packed = path.read_bytes()
    if not packed:
        raise _Damaged(f"{path} is empty")
    try:
        content = gzip.decompress(packed)
    except (EOFError, OSError, zlib.error, struct.error) as error:
        raise _Damaged(f"{path} is damaged: {error}") from None
    _check(content, name, file, path)
    # IDX: two zero bytes, the type (8: uint8), the number of axes, their sizes, the values.
    axes = content[3]
    shape = np.frombuffer(content, ">u4", count=axes, offset=4)
    values = np.frombuffer(content, np.uint8, offset=4 + 4 * axes)
    return values.reshape(shape).copy()  # a copy is writable, the bytes are not


def _check(content: bytes, name: str, file: str, path: Path) -> None:
    found = hashlib.sha256(content).hexdigest()
    if found == SHA256[name][file]:
        return
    for other, files in SHA256.items():
        for published, checksum in files.items():
            if found == checksum:
                held = f"{TITLES[other]}'s {published}"
                raise _Damaged(f"{path} holds {held}, not {TITLES[name]}'s {file}")
    raise _Damaged(
        f"{path} is not the published {file} of {TITLES[name]}: its SHA-256 is {found[:12]}…, "
        f"{SHA256[name][file][:12]}… was expected"
    )


# --- 2. Keras's cache, and the download that fills it ---------------------------------


def _from_keras(name: str) -> tuple[Split, Split]:
    """Read the data set from Keras's cache, without importing Keras, or fetch it into there.

    A damaged file in the cache is replaced. Raises _NotFetched with the reason.
    """
    cache = Path(os.path.expanduser(os.environ.get("KERAS_HOME") or "~/.keras")) / "datasets"
    try:
        return _read_cache(cache, name)
    except FileNotFoundError:
        found = f"{TITLES[name]} is not on this computer (looked in {cache})"
    except OSError as error:
        found = f"Keras's cache cannot be read ({error})"
    except _Damaged as error:
        found = f"In Keras's cache, {error} (delete it, or go online to have it replaced)"
    try:
        return _fetch(cache, name)
    except _NotFetched as error:
        raise _NotFetched(f"{found}, and it could not be downloaded: {error}.") from None


def _read_cache(cache: Path, name: str) -> tuple[Split, Split]:
    """Read what Keras keeps: the published files of Fashion-MNIST, one .npz for MNIST."""
    return _read_idx_files(cache / name, name) if name != "mnist" else _read_npz(cache / ARCHIVE)


def _kept_files(cache: Path, name: str) -> dict[Path, Callable[[Path], object]]:
    """Return the files that Keras keeps of a data set, each with what reads and checks it."""
    if name == "mnist":
        return {cache / ARCHIVE: _read_npz}
    return {
        cache / name / f"{file}.gz": partial(_read_idx_file, name=name, file=file)
        for file in SHA256[name]
    }


def _read_npz(path: Path) -> tuple[Split, Split]:
    """Read Keras's archive of MNIST, checked. Raises FileNotFoundError, an OSError or _Damaged."""
    with path.open("rb") as file:
        # Anything else NumPy takes for a single array or a pickle, and advises to trust it.
        if not zipfile.is_zipfile(file):
            raise _Damaged(f"{path} is damaged: it is no .npz archive")
        file.seek(0)
        try:
            with np.load(file, allow_pickle=False) as archive:
                arrays = [archive[key] for key in ("x_train", "y_train", "x_test", "y_test")]
        except Exception as error:  # a wrong byte can look like encryption or a new format
            raise _Damaged(f"{path} is damaged: {error}") from None
    for file, array in zip(SHA256["mnist"], arrays, strict=True):
        _check(_idx_bytes(array), "mnist", file, path)
    x_train, y_train, x_test, y_test = arrays
    return (x_train, y_train), (x_test, y_test)


def _idx_bytes(array: np.ndarray) -> bytes:
    """Return the IDX file that a uint8 array was read from."""
    header = struct.pack(f">{array.ndim + 1}I", 0x0800 + array.ndim, *array.shape)
    return header + array.tobytes()


def _fetch(cache: Path, name: str) -> tuple[Split, Split]:
    """Download the files of the data set that are missing or damaged, and read it.

    Keras's own loader writes straight into its cache and does not check Fashion-MNIST: of a
    download that was killed a damaged file would stay there. Pooch gives a file its name
    only when it is whole, which also lets two notebooks download at the same time.
    """
    if problem := _no_answer():
        raise _NotFetched(problem)
    print(f"Downloading {TITLES[name]}, {DOWNLOAD_MB[name]} MB, once …", flush=True)
    try:
        for path, read in _kept_files(cache, name).items():
            _download(path, read)
        return _read_cache(cache, name)
    except _Damaged as error:
        raise _NotFetched(f"what arrived is not the published data ({error})") from None
    except OSError as error:
        raise _NotFetched(
            f"the cache folder {cache} cannot be written ({error}); free it, or set KERAS_HOME to "
            "a folder that you may write to"
        ) from None


def _download(path: Path, read: Callable[[Path], object]) -> None:
    """Fetch the file at `path` unless it can be read there: `read` raises _Damaged if not."""
    import pooch
    import requests

    def download_and_check(url: str, part: str, _) -> None:
        pooch.HTTPDownloader(timeout=STALLED, chunk_size=1 << 16)(url, part, None)
        try:
            read(Path(part))
        except _Damaged as error:
            raise _Damaged(str(error).replace(part, url)) from None

    try:
        return read(path)
    except (FileNotFoundError, _Damaged):
        path.unlink(missing_ok=True)
    pooch.get_logger().setLevel("WARNING")  # else it advises to write down a checksum
    try:
        pooch.retrieve(ORIGIN + path.name, None, path.name, path.parent, None, download_and_check)
    except requests.RequestException as error:
        raise _NotFetched(f"{path.name} did not arrive ({error})") from None


def _no_answer() -> str | None:
    """Say why the server of the data cannot be reached, or None if it answers.

    The wait is in a thread, because looking up a host name has no time limit of its own.
    """
    answers: list[str | None] = []

    def ask():
        request = urllib.request.Request(ORIGIN + ARCHIVE, method="HEAD")
        try:
            urllib.request.urlopen(request, timeout=PATIENCE).close()
            answers.append(None)
        except Exception as error:
            answers.append(f"{request.host} cannot be reached ({error})")

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    return answers[0] if answers else f"no answer within {PATIENCE} seconds"


def main() -> int:
    """Print where each data set comes from on this computer; return whether one is missing."""
    missing = 0
    for name in SHA256:
        try:
            print(f"{name}: {_find(name)[0]}")
        except _NotFetched as error:
            stand_in = os.environ.get(SAMPLE) == "1"
            print(f"{name}: {'stand-in. ' if stand_in else ''}{error}")
            if not stand_in:
                print(_ways_out(name))
                missing = 1
        except DataError as error:
            print(f"{name}: {error}")
            missing = 1
    return missing


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="replace")  # not every locale has "…"
    sys.exit(main())
