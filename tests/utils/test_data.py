"""The data sets come whole and checked, or with an error that says what to do.

Most tests work on a tiny data set that stands where the published one does: its
files are written here, and its checksums are put into the table of `utils.data`.
Downloads come from a server on this computer.
"""

import gzip
import hashlib
import io
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from utils import data, standin

ROOT = Path(__file__).resolve().parents[2]
REAL = os.environ.get(data.MIRROR)
needs_real_data = pytest.mark.skipif(not REAL, reason=f"{data.MIRROR} names no real data")

KEYS = ("x_train", "y_train", "x_test", "y_test")
FILES = list(data.SHA256["mnist"])
KEPT = [f"fashion-mnist/{file}.gz" for file in FILES]
PUBLISHED_ORIGIN = data.ORIGIN  # kept, since the tests put another into its place


def idx(array: np.ndarray) -> bytes:
    """Write a uint8 array as the IDX format is described, byte for byte."""
    header = bytes([0, 0, 8, array.ndim])
    return header + b"".join(size.to_bytes(4, "big") for size in array.shape) + array.tobytes()


@pytest.fixture(autouse=True)
def bare_computer(monkeypatch, tmp_path):
    """No mirror, an empty Keras cache, and no network."""
    for variable in (data.MIRROR, data.SAMPLE, "http_proxy", "https_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr(data, "ORIGIN", f"http://127.0.0.1:{closed_port()}/")


def closed_port() -> int:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return unused.getsockname()[1]


@pytest.fixture
def tiny(monkeypatch) -> dict[str, list[np.ndarray]]:
    """Two data sets of three training and two test images, known to the checksum table."""
    rng = np.random.default_rng(1)
    sets = {}
    for name in data.SHA256:
        sets[name] = [
            rng.integers(256, size=(3, 28, 28), dtype=np.uint8),
            np.array([9, 0, 3], np.uint8),
            rng.integers(256, size=(2, 28, 28), dtype=np.uint8),
            np.array([1, 2] if name == "mnist" else [7, 8], np.uint8),
        ]
    table = {
        name: {
            file: hashlib.sha256(idx(array)).hexdigest()
            for file, array in zip(FILES, arrays, strict=True)
        }
        for name, arrays in sets.items()
    }
    monkeypatch.setattr(data, "SHA256", table)
    return sets


def write_idx_files(folder: Path, arrays) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for file, array in zip(FILES, arrays, strict=True):
        (folder / f"{file}.gz").write_bytes(gzip.compress(idx(array)))
    return folder


@pytest.fixture
def mirror(tiny, monkeypatch, tmp_path) -> Path:
    root = tmp_path / "mirror"
    for name, arrays in tiny.items():
        write_idx_files(root / name, arrays)
    monkeypatch.setenv(data.MIRROR, str(root))
    return root


@pytest.fixture
def cache(tmp_path) -> Path:
    """The folder in which Keras keeps data sets; it does not exist yet."""
    return tmp_path / "keras" / "datasets"


class Server:
    """Serves files by name; those in `cut` end in the middle, those in `stuck` stop there."""

    def __init__(self):
        self.files: dict[str, bytes] = {}
        self.cut: set[str] = set()
        self.stuck: set[str] = set()
        self.asked_for: list[str] = []
        self.released = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_HEAD(self):
                self.send_response(200)
                self.end_headers()

            def do_GET(self):
                name = self.path.strip("/")
                outer.asked_for.append(name)
                content = outer.files.get(name, b"")
                self.send_response(200 if name in outer.files else 404)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if name in outer.cut | outer.stuck:
                    content = content[: len(content) // 2]
                self.wfile.write(content)
                self.wfile.flush()
                if name in outer.stuck:
                    outer.released.wait(30)

            def log_message(self, *args):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.http.server_port}/"
        threading.Thread(target=self.http.serve_forever, args=[0.02], daemon=True).start()

    def close(self):
        self.released.set()
        self.http.shutdown()
        self.http.server_close()


@pytest.fixture
def server(tiny, monkeypatch):
    """A network with both data sets in it."""
    server = Server()
    names = [f"{file}.gz" for file in FILES]
    for name, array in zip(names, tiny["fashion-mnist"], strict=True):
        server.files[name] = gzip.compress(idx(array))
    archive = io.BytesIO()
    np.savez_compressed(archive, **dict(zip(KEYS, tiny["mnist"], strict=True)))
    server.files["mnist.npz"] = archive.getvalue()
    monkeypatch.setattr(data, "ORIGIN", server.address)
    yield server
    server.close()


def files_below(folder: Path) -> list[str]:
    """Return all files and folders below a folder, hidden ones as well."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def assert_equal_arrays(loaded, arrays):
    (x_train, y_train), (x_test, y_test) = loaded
    for got, expected in zip((x_train, y_train, x_test, y_test), arrays, strict=True):
        assert got.dtype == np.uint8
        assert got.flags.writeable
        np.testing.assert_array_equal(got, expected)


# --- the mirror -----------------------------------------------------------------------


def test_a_mirror_gives_the_arrays_of_its_files(mirror, tiny):
    assert_equal_arrays(data.load_fashion_mnist(), tiny["fashion-mnist"])
    assert_equal_arrays(data.load_mnist(), tiny["mnist"])
    assert data.source("fashion-mnist") == data.source("mnist") == "mirror"


def test_changing_a_loaded_array_does_not_change_the_next_one(mirror, tiny):
    (x_train, _), _ = data.load_mnist()
    x_train[:] = 0
    assert_equal_arrays(data.load_mnist(), tiny["mnist"])


def flip_a_bit(packed: bytes) -> bytes:
    middle = len(packed) // 2
    return packed[:middle] + bytes([packed[middle] ^ 1]) + packed[middle + 1 :]


DAMAGES = {
    "cut off": lambda packed: packed[: len(packed) // 2],
    "one bit flipped": flip_a_bit,
    "empty": lambda packed: b"",
    "a web page": lambda packed: b"<html>Please log in</html>",
    "other content": lambda packed: gzip.compress(b"\0" * 100),
}


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_mirror_file_is_named_and_never_used(mirror, file, damage):
    path = mirror / "fashion-mnist" / f"{file}.gz"
    path.write_bytes(DAMAGES[damage](path.read_bytes()))
    with pytest.raises(data.DataError, match=re.escape(str(path))) as error:
        data.load_fashion_mnist()
    assert "unset CNN_COURSE_DATA" in str(error.value)
    assert "\n" not in str(error.value)


def test_the_file_of_another_set_under_the_right_name_is_recognized(mirror):
    path = mirror / "fashion-mnist" / "t10k-images-idx3-ubyte.gz"
    shutil.copy(mirror / "mnist" / path.name, path)
    with pytest.raises(
        data.DataError, match="holds MNIST's t10k-im.*, not Fashion-MNIST's"
    ) as error:
        data.load_fashion_mnist()
    assert str(path) in str(error.value)


def test_images_of_one_split_under_the_name_of_the_other_are_an_error(mirror):
    folder = mirror / "mnist"
    shutil.copy(folder / "t10k-images-idx3-ubyte.gz", folder / "train-images-idx3-ubyte.gz")
    with pytest.raises(data.DataError, match="holds MNIST's t10k-images.*, not MNIST's train-im"):
        data.load_mnist()


def test_a_home_folder_that_nobody_has_is_a_missing_folder(monkeypatch):
    monkeypatch.setenv(data.MIRROR, "~nobody-of-this-name/data")
    with pytest.raises(data.DataError, match="~nobody-of-this-name/data/mnist is missing"):
        data.load_mnist()
    monkeypatch.delenv(data.MIRROR)
    monkeypatch.setenv("KERAS_HOME", "~nobody-of-this-name/keras")
    with pytest.raises(data.DataError, match="looked in ~nobody-of-this-name/keras/datasets"):
        data.load_mnist()


def test_a_missing_file_or_folder_of_the_mirror_is_named(mirror):
    path = mirror / "mnist" / "train-labels-idx1-ubyte.gz"
    path.unlink()
    with pytest.raises(data.DataError, match=re.escape(f"{path} is missing")):
        data.load_mnist()
    shutil.rmtree(mirror / "mnist")
    with pytest.raises(data.DataError, match=re.escape(f"{mirror / 'mnist'} is missing")):
        data.load_mnist()


def test_a_folder_where_a_mirror_file_should_be_is_an_error_of_ours(mirror):
    path = mirror / "mnist" / "train-labels-idx1-ubyte.gz"
    path.unlink()
    path.mkdir()
    with pytest.raises(data.DataError, match=re.escape(str(path))):
        data.load_mnist()


def test_a_bad_mirror_does_not_fall_through_to_the_cache_or_the_stand_in(
    mirror, tiny, cache, monkeypatch
):
    write_idx_files(cache / "fashion-mnist", tiny["fashion-mnist"])
    monkeypatch.setenv(data.SAMPLE, "1")
    monkeypatch.setenv(data.MIRROR, str(mirror / "nowhere"))
    for ask in (data.load_fashion_mnist, lambda: data.source("fashion-mnist")):
        with pytest.raises(data.DataError, match="nowhere"):
            ask()


def test_an_unknown_name_is_refused_with_the_names_that_exist():
    with pytest.raises(ValueError, match="fashion-mnist, mnist"):
        data.source("cifar10")


# --- Keras's cache --------------------------------------------------------------------


def test_the_cache_of_keras_is_used_without_a_network(tiny, cache):
    write_idx_files(cache / "fashion-mnist", tiny["fashion-mnist"])
    np.savez_compressed(cache / "mnist.npz", **dict(zip(KEYS, tiny["mnist"], strict=True)))
    assert_equal_arrays(data.load_fashion_mnist(), tiny["fashion-mnist"])
    assert_equal_arrays(data.load_mnist(), tiny["mnist"])
    assert data.source("fashion-mnist") == data.source("mnist") == "keras"


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_cached_file_is_named_with_the_way_out(tiny, cache, damage):
    path = write_idx_files(cache / "fashion-mnist", tiny["fashion-mnist"]) / f"{FILES[2]}.gz"
    path.write_bytes(DAMAGES[damage](path.read_bytes()))
    with pytest.raises(data.DataError, match=re.escape(str(path))) as error:
        data.load_fashion_mnist()
    assert "delete it, or go online" in str(error.value)
    assert data.source("fashion-mnist") == "stand-in"


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_archive_of_mnist_is_named(tiny, cache, damage):
    cache.mkdir(parents=True)
    path = cache / "mnist.npz"
    np.savez_compressed(path, **dict(zip(KEYS, tiny["mnist"], strict=True)))
    path.write_bytes(DAMAGES[damage](path.read_bytes()))
    with pytest.raises(data.DataError, match=re.escape(str(path))) as error:
        data.load_mnist()
    assert "pickle" not in str(error.value), "nobody is advised to trust such a file"


def test_whatever_byte_of_the_archive_is_wrong_the_error_is_ours(tiny, cache):
    cache.mkdir(parents=True)
    path = cache / "mnist.npz"
    np.savez(path, **dict(zip(KEYS, tiny["mnist"], strict=True)))
    whole = path.read_bytes()
    described = whole.index(b"\x93NUMPY")  # before it is the header of the first file
    directory = whole.index(b"PK\x01\x02")
    for place in [*range(described), *range(directory, len(whole))]:
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 255]) + whole[place + 1 :])
        try:
            loaded = data.load_mnist()
        except data.DataError as error:
            assert str(path) in str(error)
        else:  # a date, or what else does not matter
            assert_equal_arrays(loaded, tiny["mnist"])


def test_a_single_array_in_the_place_of_the_archive_is_an_error_of_ours(tiny, cache):
    cache.mkdir(parents=True)
    with (cache / "mnist.npz").open("wb") as file:
        np.save(file, tiny["mnist"][0])
    with pytest.raises(data.DataError, match="mnist.npz is damaged"):
        data.load_mnist()


def test_an_archive_with_other_images_is_not_taken_for_mnist(tiny, cache):
    cache.mkdir(parents=True)
    arrays = dict(zip(KEYS, tiny["mnist"], strict=True))
    arrays["x_test"] = arrays["x_test"] // 2
    np.savez_compressed(cache / "mnist.npz", **arrays)
    with pytest.raises(data.DataError, match="not the published t10k-images"):
        data.load_mnist()


def test_an_array_of_another_type_with_the_same_values_is_not_taken_for_mnist(tiny, cache):
    cache.mkdir(parents=True)
    arrays = dict(zip(KEYS, tiny["mnist"], strict=True))
    arrays["y_test"] = arrays["y_test"].astype(np.int64)
    np.savez_compressed(cache / "mnist.npz", **arrays)
    with pytest.raises(data.DataError, match="t10k-labels"):
        data.load_mnist()


# --- downloads ------------------------------------------------------------------------


def test_a_download_fills_the_cache_of_keras_once(server, tiny, cache, capfd):
    for _ in range(2):
        assert_equal_arrays(data.load_fashion_mnist(), tiny["fashion-mnist"])
        assert_equal_arrays(data.load_mnist(), tiny["mnist"])
    said = capfd.readouterr()
    assert said.out.splitlines() == [
        "Downloading Fashion-MNIST, 30 MB, once …",
        "Downloading MNIST, 11 MB, once …",
    ]
    assert not said.err, "a notebook would store it"
    assert files_below(cache) == sorted(["fashion-mnist", *KEPT, "mnist.npz"])
    assert len(server.asked_for) == 5


def test_what_is_fetched_and_kept_is_what_the_loaders_of_keras_fetch_and_keep(monkeypatch):
    from keras.src.datasets import fashion_mnist, mnist

    wanted = {}

    class Asked(Exception):
        pass

    def get_file(fname, origin, cache_subdir="datasets", file_hash=None):
        wanted[Path(cache_subdir, fname)] = origin
        if len(wanted) in (4, 5):  # all of Fashion-MNIST, then MNIST
            raise Asked

    for module in (fashion_mnist, mnist):
        monkeypatch.setattr(module, "get_file", get_file)
        with pytest.raises(Asked):
            module.load_data()
    kept = [*data._kept_files(Path("datasets"), "fashion-mnist")]
    kept += data._kept_files(Path("datasets"), "mnist")
    assert wanted == {path: PUBLISHED_ORIGIN + path.name for path in kept}


def test_asking_for_the_source_downloads_so_that_tests_find_the_data(server, cache):
    assert data.source("fashion-mnist") == "keras"
    assert data.source("mnist") == "keras"
    assert len(files_below(cache)) == 6


@pytest.mark.parametrize("file", FILES)
def test_a_connection_that_is_cut_gives_an_error_and_leaves_only_whole_files(server, cache, file):
    server.cut.add(f"{file}.gz")
    with pytest.raises(data.DataError, match="could not be downloaded") as error:
        data.load_fashion_mnist()
    assert str(cache) in str(error.value)
    assert f"{file}.gz" in str(error.value)
    assert "Go online and run this again" in str(error.value)
    assert files_below(cache) == sorted(["fashion-mnist", *KEPT[: FILES.index(file)]])


def test_after_a_cut_connection_the_next_try_fetches_only_what_is_missing(server, tiny):
    server.cut.add(f"{FILES[3]}.gz")
    with pytest.raises(data.DataError):
        data.load_fashion_mnist()
    server.cut.clear()
    assert_equal_arrays(data.load_fashion_mnist(), tiny["fashion-mnist"])
    assert [server.asked_for.count(f"{file}.gz") for file in FILES] == [1, 1, 1, 2]


def test_a_truncated_file_in_the_cache_is_replaced_by_a_new_download(server, tiny, cache):
    path = write_idx_files(cache / "fashion-mnist", tiny["fashion-mnist"]) / f"{FILES[0]}.gz"
    whole = path.read_bytes()
    path.write_bytes(whole[:500])
    assert_equal_arrays(data.load_fashion_mnist(), tiny["fashion-mnist"])
    assert path.read_bytes() == whole


@pytest.mark.parametrize(
    ("load", "file"),
    [(data.load_fashion_mnist, "train-images-idx3-ubyte.gz"), (data.load_mnist, "mnist.npz")],
)
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_download_with_other_content_is_refused_and_not_kept(server, cache, load, file, damage):
    server.files[file] = DAMAGES[damage](server.files[file])
    with pytest.raises(data.DataError, match="what arrived is not the published data") as error:
        load()
    assert server.address + file in str(error.value)
    assert set(files_below(cache)) <= {"fashion-mnist"}


def test_a_file_that_the_server_does_not_have_is_named_with_its_answer(server):
    del server.files["mnist.npz"]
    with pytest.raises(data.DataError, match=r"mnist.npz did not arrive \(404"):
        data.load_mnist()


def test_a_download_that_stalls_is_given_up(server, monkeypatch, cache):
    monkeypatch.setattr(data, "STALLED", 0.3)
    server.stuck.add("mnist.npz")
    with pytest.raises(data.DataError, match="mnist.npz did not arrive .*timed out"):
        data.load_mnist()
    assert files_below(cache) == []


def test_an_interrupted_download_leaves_no_half_file(server, cache):
    stuck = f"{FILES[2]}.gz"
    server.stuck.add(stuck)
    program = (
        # A shell's background job ignores Ctrl-C, and so would what this test starts.
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        f"from utils import data; data.SHA256 = {data.SHA256!r}; data.ORIGIN = {data.ORIGIN!r}\n"
        "data.load_fashion_mnist()"
    )
    student = subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stderr=subprocess.PIPE, text=True
    )
    wait_until(lambda: stuck in server.asked_for and len(files_below(cache)) == 4)
    student.send_signal(signal.SIGINT)
    _, messages = student.communicate(timeout=20)
    assert messages.strip().endswith("KeyboardInterrupt")
    assert files_below(cache) == sorted(["fashion-mnist", *KEPT[:2]])


def wait_until(condition, seconds: float = 20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def test_two_notebooks_can_download_at_the_same_time(server, tiny, cache):
    with ThreadPoolExecutor(2) as notebooks:
        loads = [notebooks.submit(data.load_fashion_mnist) for _ in range(2)]
    for load in loads:
        assert_equal_arrays(load.result(), tiny["fashion-mnist"])
    assert len(files_below(cache)) == 5


@pytest.mark.parametrize("blocked", ["keras", "keras/datasets", "keras/datasets/fashion-mnist"])
def test_a_cache_that_cannot_be_written_is_named_with_the_way_out(server, tmp_path, blocked):
    # A file where a folder must be stops the superuser too.
    path = tmp_path / blocked
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("in the way")
    with pytest.raises(data.DataError, match="set KERAS_HOME to a folder") as error:
        data.load_fashion_mnist()
    assert str(tmp_path / "keras" / "datasets") in str(error.value)
    assert path.read_text() == "in the way"


# --- no network, and the stand-in -----------------------------------------------------


def test_without_a_network_the_error_names_the_three_ways_out():
    with pytest.raises(data.DataError) as error:
        data.load_fashion_mnist()
    for way in ("Go online", f"Set {data.MIRROR} to", f"Set {data.SAMPLE}=1"):
        assert way in str(error.value)
    assert data.source("fashion-mnist") == "stand-in"


def never_answers(*args, **kwargs):
    time.sleep(20)
    raise OSError("too late")


def test_a_name_look_up_that_hangs_costs_seconds_and_no_more(monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", never_answers)
    monkeypatch.setattr(data, "PATIENCE", 0.3)
    started = time.monotonic()
    with pytest.raises(data.DataError, match="no answer within 0.3 seconds"):
        data.load_mnist()
    assert time.monotonic() - started < 5


def test_a_server_that_accepts_and_is_silent_costs_seconds_and_no_more(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setattr(data, "ORIGIN", f"http://127.0.0.1:{silent.getsockname()[1]}/")
        monkeypatch.setattr(data, "PATIENCE", 0.3)
        started = time.monotonic()
        assert data.source("mnist") == "stand-in"
        assert time.monotonic() - started < 5


@pytest.mark.slow
@pytest.mark.parametrize("load", [data.load_fashion_mnist, data.load_mnist])
def test_the_stand_in_is_announced_each_time(load, monkeypatch, capsys):
    monkeypatch.setenv(data.SAMPLE, "1")
    for _ in range(2):
        (x_train, _), _ = load()
        assert x_train.shape == (60_000, 28, 28)
        assert capsys.readouterr().out.startswith("STAND-IN, NOT THE REAL")


@pytest.mark.parametrize("value", ["", "0", "no"])
def test_any_other_value_of_the_sample_variable_does_not_give_the_stand_in(value, monkeypatch):
    monkeypatch.setenv(data.SAMPLE, value)
    with pytest.raises(data.DataError):
        data.load_mnist()


def test_real_data_in_a_mirror_or_a_cache_wins_over_the_stand_in(
    mirror, tiny, cache, monkeypatch, capsys
):
    monkeypatch.setenv(data.SAMPLE, "1")
    assert_equal_arrays(data.load_mnist(), tiny["mnist"])
    monkeypatch.delenv(data.MIRROR)
    write_idx_files(cache / "fashion-mnist", tiny["fashion-mnist"])
    assert_equal_arrays(data.load_fashion_mnist(), tiny["fashion-mnist"])
    assert capsys.readouterr().out == ""


@pytest.mark.slow
def test_a_download_that_fails_gives_the_stand_in_where_it_is_allowed(server, monkeypatch, capsys):
    server.cut.add(f"{FILES[0]}.gz")
    monkeypatch.setenv(data.SAMPLE, "1")
    data.load_fashion_mnist()
    assert "STAND-IN" in capsys.readouterr().out


def test_the_command_line_says_where_the_data_comes_from(mirror, monkeypatch, capsys):
    assert data.main() == 0
    assert capsys.readouterr().out == "fashion-mnist: mirror\nmnist: mirror\n"
    (mirror / "fashion-mnist" / f"{FILES[0]}.gz").unlink()
    assert data.main() == 1
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("fashion-mnist: CNN_COURSE_DATA is set, but")
    assert said[1] == "mnist: mirror"
    monkeypatch.delenv(data.MIRROR)
    assert data.main() == 1
    said = capsys.readouterr().out
    assert "\nmnist: MNIST is not on this computer" in said and said.count("Three ways on:") == 2
    monkeypatch.setenv(data.SAMPLE, "1")
    assert data.main() == 0
    assert "\nmnist: stand-in. MNIST is not on this computer" in capsys.readouterr().out


def test_the_command_line_works_in_a_locale_without_an_ellipsis(mirror):
    (mirror / "mnist" / f"{FILES[0]}.gz").write_bytes(gzip.compress(b"other"))
    environ = os.environ | {"PYTHONIOENCODING": "latin-1"}
    words = [sys.executable, "-m", "utils.data"]
    run = subprocess.run(words, cwd=ROOT, env=environ, capture_output=True, encoding="latin-1")
    assert run.returncode == 1 and not run.stderr
    assert "its SHA-256 is" in run.stdout and "?, ba891046e650? was expected" in run.stdout


def test_importing_the_modules_imports_nothing_large():
    program = "import sys; from utils import data, standin; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    others = {"keras", "tensorflow", "sklearn", "scipy", "pooch", "requests"}
    assert not others & set(run.stdout.split())


@pytest.fixture(scope="module", params=["fashion-mnist", "mnist"])
def stand_in(request):
    return request.param, standin.make(request.param)


def test_the_stand_in_has_the_shapes_types_and_balance_of_the_real_set(stand_in):
    _, ((x_train, y_train), (x_test, y_test)) = stand_in
    for images, labels, count in ((x_train, y_train, 60_000), (x_test, y_test, 10_000)):
        assert images.shape == (count, 28, 28)
        assert images.dtype == labels.dtype == np.uint8
        assert images.flags.writeable and labels.flags.writeable
        assert np.bincount(labels).tolist() == [count // 10] * 10
        assert images.max() > 250
        assert (images.reshape(count, -1).max(axis=1) > 60).all()  # no image is empty
        assert 0.4 < (images == 0).mean() < 0.85
        # In random order: neighbors share a class about once in ten.
        assert 0.08 < (labels[1:] == labels[:-1]).mean() < 0.12


def test_no_test_image_of_the_stand_in_is_a_training_image(stand_in):
    _, ((x_train, _), (x_test, _)) = stand_in
    train = {image.tobytes() for image in x_train}
    assert len(train) == len(x_train)
    assert not train & {image.tobytes() for image in x_test}


def test_training_and_test_digits_have_different_originals(monkeypatch):
    """Seen by marking the originals: every fifth of a class is white, the others black."""
    import sklearn.datasets

    _, classes = sklearn.datasets.load_digits(return_X_y=True)
    marked = np.zeros((len(classes), 64))
    for label in range(10):
        marked[np.flatnonzero(classes == label)[::5]] = 16
    monkeypatch.setattr(sklearn.datasets, "load_digits", lambda return_X_y: (marked, classes))
    assert standin._digits(1_000, test=False)[0].max() == 0
    assert standin._digits(1_000, test=True)[0].max(axis=(1, 2)).min() > 0


def test_changing_the_stand_in_does_not_change_the_next_one(stand_in):
    name, ((x_train, _), _) = stand_in
    first = x_train[0].copy()
    x_train[0] = 0
    np.testing.assert_array_equal(standin.make(name)[0][0][0], first)
    x_train[0] = first


@pytest.mark.slow
def test_the_stand_in_has_the_same_bytes_on_another_processor():
    """A second process does without the vector instructions that NumPy found here."""
    from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__

    program = (
        "import hashlib; from utils import standin\n"
        "parts = [*standin._garments(1_000, False), *standin._digits(1_000, True)]\n"
        "digest = hashlib.sha256(b''.join(part.tobytes() for part in parts)).hexdigest()\n"
    )
    here: dict[str, str] = {}
    exec(program, here)
    found = " ".join(feature for feature in __cpu_dispatch__ if __cpu_features__[feature])
    older = {"NPY_DISABLE_CPU_FEATURES": found, "OPENBLAS_CORETYPE": "Nehalem"}
    words, environ = [sys.executable, "-c", program + "print(digest)"], os.environ | older
    run = subprocess.run(words, cwd=ROOT, env=environ, capture_output=True, text=True, check=True)
    assert run.stdout == here["digest"] + "\n"


def test_a_small_network_learns_the_stand_in(stand_in):
    import keras
    from keras import layers

    name, ((x_train, y_train), (x_test, y_test)) = stand_in
    keras.utils.set_random_seed(42)
    network = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(16, 3, strides=2, activation="relu"),
            layers.Conv2D(32, 3, strides=2, activation="relu"),
            layers.Flatten(),
            layers.Dense(10, activation="softmax"),
        ]
    )
    network.compile(keras.optimizers.Adam(3e-3), "sparse_categorical_crossentropy")
    images = x_train[:8_000, ..., np.newaxis] / np.float32(255)
    network.fit(images, y_train[:8_000], batch_size=64, epochs=3, verbose=0)
    scores = network.predict(x_test[:3_000, ..., np.newaxis] / np.float32(255), verbose=0)
    accuracy = (scores.argmax(axis=1) == y_test[:3_000]).mean()
    assert accuracy > 0.9, f"{name}: {accuracy:.3f}"


# --- the real data --------------------------------------------------------------------


def test_the_classes_are_named_as_their_authors_do():
    assert len(data.FASHION_CLASSES) == 10
    assert data.FASHION_CLASSES[0] == "T-shirt/top"
    assert data.FASHION_CLASSES[9] == "Ankle boot"


@pytest.mark.slow
@needs_real_data
def test_the_real_sets_have_their_known_shapes_and_statistics(monkeypatch):
    monkeypatch.setenv(data.MIRROR, REAL)
    expected = {
        data.load_fashion_mnist: (9, 1, 72.9404, 90.0212, 1e-4),
        data.load_mnist: (5, 255, 0.1307, 0.3081, 1e-4),
    }
    for load, (first_label, scale, mean, deviation, tolerance) in expected.items():
        (x_train, y_train), (x_test, y_test) = load()
        assert x_train.shape == (60_000, 28, 28)
        assert x_test.shape == (10_000, 28, 28)
        assert y_train.shape == (60_000,)
        assert y_test.shape == (10_000,)
        for array in (x_train, y_train, x_test, y_test):
            assert array.dtype == np.uint8
            assert array.flags.writeable
        assert y_train[0] == first_label
        assert x_train.mean() / scale == pytest.approx(mean, abs=tolerance)
        assert x_train.std() / scale == pytest.approx(deviation, abs=tolerance)


@needs_real_data
def test_the_real_sets_pass_the_check_in_the_form_that_keras_keeps_them(monkeypatch, cache):
    monkeypatch.setenv(data.MIRROR, REAL)
    (x_train, y_train), (x_test, y_test) = data.load_mnist()
    monkeypatch.delenv(data.MIRROR)
    cache.mkdir(parents=True)
    np.savez(cache / "mnist.npz", x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)
    (cache / "fashion-mnist").symlink_to(Path(REAL) / "fashion-mnist")
    assert data.source("mnist") == data.source("fashion-mnist") == "keras"
