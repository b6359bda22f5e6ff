"""A handed-in model file: what is a model of Keras's own parts is asked, all else is refused."""

from __future__ import annotations

import io
import json
import os
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest

from utils.checks.part3 import model_file, model_runner
from utils.checks.part3.model_file import Answer


def saved(model, folder: Path) -> bytes:
    path = folder / "saved.keras"
    model.save(path)
    return path.read_bytes()


def tiny(*more, shape=(28, 28, 1)):
    import keras
    from keras import layers

    return keras.Sequential([keras.Input(shape), *more, layers.Flatten(), layers.Dense(10)])


@pytest.fixture(scope="module")
def good(tmp_path_factory) -> bytes:
    return saved(tiny(), tmp_path_factory.mktemp("good"))


def with_parts(content: bytes, **changed) -> bytes:
    """Return a saved model with other files in it: config, weights, or one more."""
    names = {
        "config": "config.json",
        "weights": "model.weights.h5",
        "metadata": "metadata.json",
        "more": "more.py",
    }
    target = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as source,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        parts = {name: source.read(name) for name in source.namelist()}
        for name, part in (parts | {names[key]: part for key, part in changed.items()}).items():
            archive.writestr(name, part)
    return target.getvalue()


def compressed(content: bytes, compression: int, weights: int) -> bytes:
    """Return the file with so many zeros as weights, compressed in some way."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", compression) as archive:
        with zipfile.ZipFile(io.BytesIO(content)) as source:
            archive.writestr("metadata.json", source.read("metadata.json"))
            archive.writestr("config.json", source.read("config.json"))
        archive.writestr("model.weights.h5", bytes(weights))
    return target.getvalue()


def with_folders(content: bytes, count: int) -> bytes:
    target = io.BytesIO(content)
    with zipfile.ZipFile(target, "a") as archive:
        for number in range(count):
            archive.writestr(f"assets/{number}/", b"")
    return target.getvalue()


def twice(content: bytes) -> bytes:
    target = io.BytesIO(content)
    with zipfile.ZipFile(target, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("config.json", b"{}")
    return target.getvalue()


def encrypted(content: bytes) -> bytes:
    """Return a zip file in which each entry says that it wants a password."""
    changed = bytearray(content)
    for mark, place in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        start = -1
        while (start := content.find(mark, start + 1)) >= 0:
            changed[start + place] |= 1
    return bytes(changed)


def with_layer(content: bytes, layer: dict) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        config = json.loads(archive.read("config.json"))
    config["config"]["layers"].append(layer)
    return with_parts(content, config=json.dumps(config))


LAMBDA = {"class_name": "Lambda", "config": {}, "module": "keras.layers", "registered_name": None}
DOWNLOAD = {"class_name": "function", "config": "get_file", "module": "keras.utils"}
FETCHING = LAMBDA | {"class_name": "Activation", "config": {"activation": DOWNLOAD}}
OWN = {"class_name": "Mine", "config": {}, "module": None, "registered_name": "Mine"}
REGISTERED = OWN | {"module": "mine", "registered_name": "mine>Mine"}
ELSEWHERE = LAMBDA | {"class_name": "Popen", "module": "subprocess"}

BAD_FILES = {
    "no zip": (lambda good: b"hello", "cannot be read"),
    "empty": (lambda good: b"", "cannot be read"),
    "cut off": (lambda good: good[: len(good) // 2], "cannot be read"),
    "more in it": (lambda good: with_parts(good, more="import os"), "more.py"),
    "zip bomb": (lambda good: with_parts(good, weights=bytes(60_000_000)), "unpacks to more than"),
    "a little too much": (
        lambda good: with_parts(good, weights=bytes(20_000_001)),
        "unpacks to more than the 20 MB",
    ),
    "bzip2": (
        lambda good: compressed(good, zipfile.ZIP_BZIP2, 60_000_000),
        "compressed in a way that Keras does not use",
    ),
    "lzma": (lambda good: compressed(good, zipfile.ZIP_LZMA, 1_000), "that Keras does not use"),
    "folders": (lambda good: with_folders(good, 3), "it is a zip file with assets/0/"),
    "many folders": (lambda good: with_folders(good, 100_000), "far more in it"),
    "the same twice": (lambda good: twice(good), "it is a zip file with config.json, config.json"),
    "encrypted": (lambda good: encrypted(good), "cannot be read"),
    "huge config": (lambda good: with_parts(good, config=b"[" * 3_000_000), "larger than that"),
    "deep config": (
        lambda good: with_parts(good, config=b"[" * 400_000 + b"]" * 400_000),
        "cannot be read",
    ),
    "no config": (lambda good: with_parts(good, config="[]"), "no dictionary"),
    "infinite numbers": (lambda good: with_parts(good, config='{"a": NaN}'), "holds NaN"),
    "metadata of another kind": (lambda good: with_parts(good, metadata="{"), "cannot be read"),
    "lambda": (lambda good: with_layer(good, LAMBDA), "Lambda layer"),
    "download": (lambda good: with_layer(good, FETCHING), "'get_file'"),
    "own layer": (lambda good: with_layer(good, OWN), "'Mine'"),
    "registered": (lambda good: with_layer(good, REGISTERED), "'Mine'"),
    "elsewhere": (lambda good: with_layer(good, ELSEWHERE), "'Popen'"),
}


@pytest.mark.parametrize("way", BAD_FILES)
def test_a_file_that_is_no_plain_model_is_refused_before_it_is_loaded(way, good, tmp_path):
    change, words = BAD_FILES[way]
    (tmp_path / "model.keras").write_bytes(change(good))
    begun = time.monotonic()
    answer = model_file.predict(tmp_path / "model.keras", np.zeros((1, 28, 28, 1)))
    assert answer.status == "malformed" and answer.values is None
    assert time.monotonic() - begun < 5
    assert words in answer.message


def test_a_missing_and_a_too_large_file_are_told_apart(tmp_path):
    assert model_file.predict(tmp_path / "model.keras", None).status == "missing"
    (tmp_path / "model.keras").write_bytes(bytes(25_000_000))
    answer = model_file.predict(tmp_path / "model.keras", None)
    assert answer.status == "malformed" and "25.0 MB" in answer.message


def giant() -> bytes:
    """Return HDF5 of a few kB that unpacks to 400 GB."""
    import h5py

    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        file.create_dataset("a", shape=(10**11,), dtype="f4", chunks=(10**6,), compression="gzip")
    return content.getvalue()


def elsewhere() -> bytes:
    import h5py

    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        file.create_dataset("a", shape=(9,), dtype="u1", external=[("/etc/passwd", 0, 9)])
    return content.getvalue()


def linked() -> bytes:
    import h5py

    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        file["a"] = h5py.ExternalLink("/etc/passwd", "b")
    return content.getvalue()


def circular() -> bytes:
    import h5py

    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        file["a"] = file["/"]
    return content.getvalue()


def made(fill):
    """Return a function that returns an HDF5 file, which `fill` fills."""

    def make() -> bytes:
        import h5py

        content = io.BytesIO()
        with h5py.File(content, "w") as file:
            fill(file)
        return content.getvalue()

    return make


def a_view(file):
    import h5py

    layout = h5py.VirtualLayout(shape=(9,), dtype="u1")
    layout[:] = h5py.VirtualSource("/etc/passwd", "a", shape=(9,))
    file.create_virtual_dataset("a", layout)


def soft_link(file):
    import h5py

    file["a"] = h5py.SoftLink("/b")


def packed(file):
    file.create_dataset("a", data=np.zeros(10**6, "f4"), compression="gzip")


def texts(file):
    file["a"] = ["a", "bc"]


def pairs(file):
    file["a"] = np.zeros(3, [("x", "f4"), ("y", "f4")])


def references(file):
    import h5py

    file.create_dataset("a", data=[file.ref], dtype=h5py.ref_dtype)


def a_type(file):
    file["a"] = np.dtype("f4")


def no_shape(file):
    import h5py

    file["a"] = h5py.Empty("f4")


def promised(file):
    """An array of 4 GB of which nothing was written."""
    file.create_dataset("a", shape=(10**9,), dtype="f4")


def large(file):
    file["a"] = np.zeros(20_000_004, "u1")


def deep(file):
    for _ in range(300):
        file = file.create_group("a")
    file["b"] = np.zeros(20_000_004, "u1")


def shared(file):
    file["a"] = np.zeros(9)
    file["b"] = file["a"]


def noted(file):
    for number in range(20):
        file.attrs[f"a{number}"] = "note"
    group = file.create_group("a")
    for number in range(20):
        group.attrs[f"a{number}"] = "note"


BAD_WEIGHTS = {
    "giant": (giant, "far more than the file's size"),
    "in another file": (elsewhere, "elsewhere"),
    "linked": (linked, "elsewhere"),
    "circular": (circular, "same ones several times"),
    "junk": (lambda: b"junk" * 99, "its weights are broken"),
    "a view of another file": (made(a_view), "elsewhere"),
    "a soft link": (made(soft_link), "elsewhere"),
    "compressed": (made(packed), "far more than the file's size"),
    "texts": (made(texts), "no numbers but object"),
    "pairs": (made(pairs), "no numbers but"),
    "references": (made(references), "no numbers but object"),
    "a type": (made(a_type), "more than arrays"),
    "no shape": (made(no_shape), "no numbers"),
    "promised": (made(promised), "far more than the file's size"),
    "large": (made(large), "far more than the file's size"),
    "deep": (made(deep), "far more than the file's size"),
    "the same array twice": (made(shared), "same ones several times"),
    "notes": (made(noted), "more than arrays"),
}


def folder_of(content: bytes, folder: Path, **changed) -> Path:
    """Write what the runner gets of a saved model."""
    with zipfile.ZipFile(io.BytesIO(with_parts(content, **changed))) as archive:
        for name in ("config.json", "model.weights.h5"):
            (folder / name).write_bytes(archive.read(name))
    return folder


@pytest.mark.parametrize("way", BAD_WEIGHTS)
def test_weights_that_are_more_than_arrays_in_the_file_are_refused(way, good, tmp_path):
    make, words = BAD_WEIGHTS[way]
    with pytest.raises(model_runner.Problem, match=words):
        model_runner.load(folder_of(good, tmp_path, weights=make()))


def layer_changed(content: bytes, **changed) -> str:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        config = json.loads(archive.read("config.json"))
    config["config"]["layers"][-1]["config"] |= changed
    return json.dumps(config)


def one_array(file):
    file["layers/dense/vars/0"] = np.zeros((784, 10))


def other_shapes(file):
    file["layers/dense/vars/0"] = np.zeros((784, 9))
    file["layers/dense/vars/1"] = np.zeros(9)


UNFIT = {
    "a weight is missing": ({"weights": made(one_array)}, "expected 2 variables, but received 1"),
    "no weights": ({"weights": made(lambda file: None)}, "expected 2 variables, but received 0"),
    "other shapes": ({"weights": made(other_shapes)}, r"\(784, 10\), Received.*\(784, 9\)"),
    "negative units": ({"units": -3}, "Received: units=-3"),
    "units of another kind": ({"units": [1]}, "units"),
    "an unknown argument": ({"surprise": 3}, "surprise"),
}


@pytest.mark.parametrize("way", UNFIT)
def test_what_keras_says_is_shown_where_it_tells_the_cause(way, good, tmp_path):
    changed, words = UNFIT[way]
    if "weights" in changed:
        parts = {"weights": changed["weights"]()}
    else:
        parts = {"config": layer_changed(good, **changed)}
    with pytest.raises(model_runner.Problem, match=words) as caught:
        model_runner.load(folder_of(good, tmp_path, **parts))
    assert len(str(caught.value)) < 500 and "\n" not in str(caught.value)


def test_a_file_of_another_keras_says_which_one(good, tmp_path):
    folder_of(good, tmp_path, config=layer_changed(good, surprise=3))
    with pytest.raises(model_runner.Problem, match=r"saved by Keras 3\.99\.1, and here is Keras 3"):
        model_runner.load(tmp_path, "3.99.1")


def test_the_form_of_input_and_output_is_named():
    import keras
    from keras import layers

    images = np.zeros((3, 28, 28, 1), np.float32)
    with pytest.raises(model_runner.Problem, match=r"\(None, 784\)"):
        model_runner.answers(tiny(shape=(784,)), images)
    image = keras.Input((28, 28, 1))
    flat = layers.Flatten()(image)
    two = keras.Model(image, [layers.Dense(10)(flat), layers.Dense(10)(flat)])
    with pytest.raises(model_runner.Problem, match="several arrays"):
        model_runner.answers(two, images)
    assert model_runner.answers(tiny(shape=(28, 28)), images).shape == (3, 10)


def run(code: str, folder: Path, seconds: float = 20) -> Answer:
    """Let a small program stand for the one that asks the model."""
    begin = "from pathlib import Path; import numpy as np; Path('started').touch()\n"
    return model_file.run([sys.executable, "-c", begin + code], str(folder), seconds)


def test_a_model_that_takes_too_long_is_stopped(tmp_path):
    answer = run("while True: pass", tmp_path, seconds=0.3)
    assert answer.status == "timeout" and "0.3 seconds" in answer.message


CRASHES = {
    "killed": "import os; os.kill(os.getpid(), 11)",
    "memory": (
        "import runpy; limit = runpy.run_path(RUNNER)['limit_memory']\nlimit(100); np.ones(10**8)"
    ),
    "exit": "raise SystemExit(3)",
}


@pytest.mark.skipif(sys.platform != "linux", reason="memory is limited on Linux alone")
@pytest.mark.parametrize("way", CRASHES)
def test_a_program_that_dies_is_reported(way, tmp_path):
    code = CRASHES[way].replace("RUNNER", repr(str(model_file.RUNNER)))
    assert run(code, tmp_path).status == "crash"


LEFT = {
    "nothing": "",
    "objects": "np.save('answers.npy', np.array([print]))",
    "texts": "np.save('answers.npy', np.array(['a']))",
    "a long promise": (
        "np.save('answers.npy', np.zeros((10, 10)))\n"
        "text = Path('answers.npy').read_bytes().replace(b'(10, 10)', b'(9999999, 9999)')\n"
        "Path('answers.npy').write_bytes(text)"
    ),
    "a negative promise": (
        "np.save('answers.npy', np.zeros((10, 10)))\n"
        "text = Path('answers.npy').read_bytes().replace(b'(10, 10)', b'(-1, -99)')\n"
        "Path('answers.npy').write_bytes(text)"
    ),
    "a link": "import os; os.symlink(SECRET, 'answers.npy')",
    "a pipe": "import os; os.mkfifo('answers.npy')",
    "a folder": "import os; os.mkdir('answers.npy')",
}


@pytest.mark.slow
@pytest.mark.parametrize("way", LEFT)
def test_what_is_no_array_of_numbers_is_not_read(way, tmp_path):
    secret = tmp_path / "secret.npy"
    np.save(secret, np.zeros(3))
    (tmp_path / "here").mkdir()
    answer = run(LEFT[way].replace("SECRET", repr(str(secret))), tmp_path / "here")
    assert answer.status == "malformed" and answer.values is None


def test_a_link_in_place_of_the_problem_is_not_followed(tmp_path):
    (tmp_path / "secret.txt").write_text("a secret")
    (tmp_path / "here").mkdir()
    code = f"import os; os.symlink({str(tmp_path / 'secret.txt')!r}, 'problem.txt')"
    answer = run(code, tmp_path / "here")
    assert answer.status == "malformed" and "secret" not in answer.message


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with a name")
def test_a_pipe_or_a_device_in_place_of_the_file_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "model.keras")
    (tmp_path / "zero.keras").symlink_to("/dev/zero")
    for name in ("model.keras", "zero.keras", ".", "a\0b"):
        assert model_file.predict(tmp_path / name, np.zeros((1, 28, 28, 1))).status == "missing"


def test_a_model_is_asked_in_a_process_of_its_own(good, tmp_path):
    import keras

    path = tmp_path / "my model (1).keras"
    path.write_bytes(good)
    images = np.random.default_rng(0).random((20, 28, 28, 1)).astype(np.float32)
    answer = model_file.predict(path, images)
    assert answer.status == "ok", answer.message
    expected = keras.saving.load_model(path).predict(images, verbose=0)
    assert np.allclose(answer.values, expected, atol=1e-5)
