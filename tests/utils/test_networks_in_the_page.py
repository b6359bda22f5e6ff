"""Trained networks in the page give what Keras gives; a stranger's file is read with care.

The modules run in the browser: network_file.js reads a file, forward.js runs it, on WebAssembly
SIMD (simd.js) and in plain JavaScript.
"""

from __future__ import annotations

import base64
import json
import os
import random
import re
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest

from tools import wasm
from utils import data, models, records
from utils.explorers import network_file, networks

ROOT = Path(__file__).resolve().parents[2]

RUN = """async ({ file, images, backend, all }) => {
    const [{ readNetwork }, { prepare }, { compile }] = await Promise.all(
        ["network_file", "forward", "simd"].map((name) => import(`/${name}.js`)),
    );
    const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const module = backend === "plain" ? null : compile(backend === "fused");
    if (backend !== "plain" && !module) return { problem: "no WebAssembly SIMD" };
    let network;
    try {
        network = readNetwork(bytes(file));
    } catch (error) {
        return { problem: error.message };
    }
    const run = prepare(network, module);
    const values = new Float32Array(bytes(images).buffer);
    const size = network.input.reduce((product, side) => product * side, 1);
    const answers = [];
    for (let at = 0; at < values.length; at += size) {
        const outputs = run({ shape: network.input, data: values.slice(at, at + size) });
        const wanted = all ? outputs : outputs.slice(-1);
        answers.push(wanted.map(({ shape, data }) => ({ shape, data: Array.from(data) })));
    }
    return { answers };
}"""


def text(content: bytes) -> str:
    return base64.b64encode(content).decode()


def run(page, file: bytes, images: np.ndarray, backend: str = "simd", all: bool = False) -> dict:
    """Let the page run a network on float32 images; return its answers, or the problem."""
    given = {"file": text(file), "images": text(np.asarray(images, "<f4").tobytes())}
    return page.evaluate(RUN, {**given, "backend": backend, "all": all})


def arrays(outputs: list[dict]) -> list[np.ndarray]:
    return [np.array(each["data"]).reshape(each["shape"]) for each in outputs]


# --- the same numbers as Keras ----------------------------------------------------------------


def every_layer():
    """A network with every kind of layer that can run in a page."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(5)
    model = keras.Sequential(
        [
            keras.Input((19, 17, 3)),
            layers.Rescaling(2.0, offset=-0.5),
            layers.ZeroPadding2D(((1, 2), (0, 3))),
            layers.Conv2D(5, (3, 2), strides=(2, 1), activation="tanh"),
            layers.DepthwiseConv2D(3, depth_multiplier=2, padding="same", activation="sigmoid"),
            layers.SeparableConv2D(18, 3, padding="same", activation="relu"),
            layers.BatchNormalization(),
            layers.Activation("relu"),
            layers.AveragePooling2D(2, padding="same"),
            layers.Conv2D(33, 3, padding="same", use_bias=False),
            layers.ReLU(),
            layers.MaxPooling2D(3, strides=2, padding="same"),
            layers.Dropout(0.3),
            layers.GlobalAveragePooling2D(),
            layers.Dense(7, activation="relu"),
            layers.Dense(4, activation="softmax"),
        ]
    )
    rng = np.random.default_rng(6)
    model.set_weights(
        [
            (np.abs(rng.normal(size=w.shape)) if "variance" in v.path else rng.normal(size=w.shape))
            for v, w in zip(model.weights, model.get_weights(), strict=True)
        ]
    )
    return model


def functional_chain():
    """The same kind of chain, written with Keras's functional interface."""
    import keras
    from keras import layers

    inputs = keras.Input((12, 12, 1))
    x = layers.Conv2D(8, 3, activation="relu")(inputs)
    x = layers.GlobalMaxPooling2D()(x)
    return keras.Model(inputs, layers.Dense(3, activation="softmax")(x))


def flattened():
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input((9, 8, 1)),
            layers.Conv2D(17, 4, strides=3, padding="same", activation="relu"),
            layers.Flatten(),
            layers.Dense(3, activation="softmax"),
        ]
    )


def with_tiles():
    """Filters of 3 × 3 on enough channels: they run on tiles, which do not divide these maps."""
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input((17, 14, 1)),
            layers.Conv2D(8, 3, padding="same", activation="tanh"),
            layers.Conv2D(20, 3, activation="relu", bias_initializer="random_normal"),
            layers.Conv2D(16, 3, padding="same", use_bias=False),
            layers.GlobalAveragePooling2D(),
            layers.Dense(3, activation="softmax"),
        ]
    )


def trained(name: str):
    """Return a network on record as a Keras model."""
    if name == "fashion_mnist_lecture":
        return models.trained_lecture_network()
    model = models.reference_cnn()
    model.set_weights(records.weights(name))
    return model


@pytest.mark.parametrize("backend", ["simd", "plain"])
@pytest.mark.parametrize("build", [every_layer, functional_chain, flattened, with_tiles])
def test_every_layer_gives_what_keras_gives(page, build, backend):
    import keras

    model = build()
    images = np.random.default_rng(7).random((2, *model.input_shape[1:]), dtype="float32")
    file = network_file.network_file(model, quantize=False)
    found = run(page, file, images, backend, all=True)
    inner = keras.Model(model.inputs[0], [layer.output for layer in network_file.chain(model)])
    expected = inner(images)
    for number, answer in enumerate(found["answers"]):
        for layer, values in zip(network_file.chain(model), arrays(answer), strict=True):
            wanted = np.asarray(expected[inner.outputs.index(layer.output)][number])
            assert values.shape == wanted.shape, layer.name
            assert np.abs(values - wanted).max() <= 1e-5 * max(1, np.abs(wanted).max()), layer.name


@pytest.mark.parametrize("build", [flattened, with_tiles])
def test_fused_multiply_adds_give_the_same_where_the_browser_has_them(page, build):
    model = build()
    images = np.random.default_rng(8).random((3, *model.input_shape[1:]), dtype="float32")
    file = network_file.network_file(model)
    fused = run(page, file, images, "fused")["answers"]
    plain = run(page, file, images, "plain")["answers"]
    fused, plain = ([arrays(answer)[0] for answer in answers] for answers in (fused, plain))
    assert np.allclose(plain, fused, atol=1e-6)


@pytest.mark.parametrize("name", networks.NETWORKS)
def test_the_listed_layers_and_the_weights_on_record_are_those_of_the_keras_model(name):
    model = trained(name)
    weights = iter(np.asarray(array, np.float32) for array in model.get_weights())
    listed = [networks.with_weights(layer, weights) for layer in networks.find(name).layers]
    for mine, theirs in zip(listed, network_file.trained_layers(model), strict=True):
        assert set(theirs) - set(mine) == {"name"}
        for key, value in mine.items():
            if isinstance(value, np.ndarray):
                np.testing.assert_allclose(value, theirs[key], rtol=1e-5, atol=1e-7)
            else:
                assert value == theirs[key]


@pytest.mark.parametrize("name", networks.NETWORKS)
def test_with_int8_weights_the_answers_stay_those_of_keras(page, name):
    """On test images, each at nine places; `make bench ARGS=networks` takes the whole test set."""
    shifts = [(down, right) for down in (-1, 0, 1) for right in (-1, 0, 1)]
    shown = [np.roll(each, by, (0, 1)) for each in networks.images(name).values() for by in shifts]
    images = np.array(shown, "float32")[..., None] / 255
    expected = trained(name).predict(images, verbose=0, batch_size=100)
    found = run(page, networks.file(name), images)
    probabilities = np.array([answer[0]["data"] for answer in found["answers"]])
    assert (probabilities.argmax(1) == expected.argmax(1)).mean() >= 0.99
    assert np.abs(probabilities - expected).max() < 0.2


SURVEY = """async ({ file, images, layer, maps }) => {
    const { serve } = await import("/network_worker.js");
    const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const scope = {};
    serve(scope);
    const ask = (call, given) =>
        new Promise((resolve, reject) => {
            scope.postMessage = ({ result, problem }) =>
                problem ? reject(problem) : resolve(result);
            scope.onmessage({ data: { id: 1, call, ...given } });
        });
    await ask("load", { bytes: bytes(file) });
    const found = await ask("survey", { images: images.map(bytes) });
    return maps.map((map) => found.map((layers) => layers[layer].values[map - 1]));
}"""


def largest_values(page, file: bytes, images: np.ndarray, layer: int, maps: tuple) -> list:
    """Return for each of these maps, counted from 1, its largest value in each image."""
    pixels = [text(np.round(255 * image).astype(np.uint8).tobytes()) for image in images]
    given = {"file": text(file), "images": pixels, "layer": layer, "maps": maps}
    return page.evaluate(SURVEY, given)


def test_what_chapter_5_says_of_maps_and_of_the_shirt_that_is_taken_for_a_coat_holds(page):
    name, classes = "fashion_mnist_lecture", networks.find("fashion_mnist_lecture").classes
    images = np.array(list(networks.images(name).values()), "float32") / 255
    shoes, trousers = largest_values(page, networks.file(name), images, layer=6, maps=(220, 141))
    found = run(page, networks.file(name), images[..., None])["answers"]
    said = [classes[arrays(answer)[-1].argmax()] for answer in found]
    most = {said[number] for number in np.argsort(shoes)[-3:]}
    assert most == {"Sneaker", "Sandal", "Ankle boot"}
    assert said[np.argmax(trousers)] == "Trouser" and sorted(trousers)[-2] < max(trousers) / 3

    shirt, collar, open_neck, buttons = (images[-1].copy() for _ in range(4))
    collar[:6, 12:18] = 0
    open_neck[:7, 12:16] = 0
    for row in range(6, 26, 4):
        buttons[row : row + 2, 13:15] = 1
    tried = np.array([shirt, collar, open_neck, buttons])[..., None]
    answers = run(page, networks.file(name), tried)["answers"]
    coat, as_shirt = (
        [answer[0]["data"][classes.index(each)] for answer in answers] for each in ("Coat", "Shirt")
    )
    assert coat[0] > 0.9 and as_shirt[1] > 0.5 > coat[1]
    assert max(coat[2], as_shirt[2]) < 0.5 < coat[2] + as_shirt[2]
    assert coat[3] > coat[0]


def test_quantized_weights_differ_by_at_most_half_a_step():
    array = np.random.default_rng(9).normal(size=(3, 3, 4, 6)).astype("float32")
    array[..., 2] = 0
    whole, scales = network_file.quantized(array)
    assert np.all(np.abs(whole * scales - array) <= scales / 2 + 1e-7)
    assert np.abs(whole[..., [0, 1, 3]]).reshape(-1, 3).max(axis=0).tolist() == [127] * 3


def test_occlusion_finds_the_only_part_that_matters(page):
    """A network that looks at nine pixels alone: hiding these changes its answer, no others do."""
    kernel = np.zeros((8, 8, 1, 2), "float32")
    kernel[1:4, 1:4, 0, 1] = 1
    layers = [
        {"type": "Conv2D", "strides": [1, 1], "padding": "valid", "kernel": kernel},
        {"type": "Flatten"},
        {"type": "Activation", "activation": "softmax"},
    ]
    file = network_file.pack("nine pixels", (8, 8, 1), layers, quantize=False)
    script = """async (file) => {
        const [{ readNetwork }, { occlusion, prepare }] = await Promise.all(
            ["network_file", "forward"].map((name) => import(`/${name}.js`)),
        );
        const bytes = Uint8Array.from(atob(file), (letter) => letter.charCodeAt(0));
        const image = { shape: [8, 8, 1], data: new Float32Array(64).fill(1) };
        const rows = [];
        const onProgress = (done, all) => rows.push([done, all]);
        const options = { size: 1, step: 1, fill: 0, onProgress };
        const { shape, data } = occlusion(prepare(readNetwork(bytes), null), image, options);
        return [shape, Array.from(data), rows];
    }"""
    shape, values, rows = page.evaluate(script, text(file))
    lost = np.array(values).reshape(shape)[..., 1]
    assert shape == [8, 8, 2] and rows[-1] == [8, 8]
    assert (lost > 1e-6).sum() == 9 and (lost[1:4, 1:4] > 1e-6).all()


@pytest.mark.parametrize(
    ("side", "channels", "options", "is_worth"),
    [
        (14, 64, {}, True),
        (7, 128, {}, True),
        (2, 128, {}, True),
        (1, 128, {}, False),  # of 16 products nine would do
        (14, 1, {}, False),
        (14, 64, {"strides": 2}, False),
        (14, 64, {"kernel": 5}, False),
    ],
)
def test_tiles_are_taken_where_they_save_products(page, side, channels, options, is_worth):
    script = """async ([kernel, strides, side]) => {
        const { tiling } = await import("/winograd.js");
        return tiling(kernel, { strides, rows: side, columns: side });
    }"""
    size, strides = options.get("kernel", 3), options.get("strides", 1)
    found = page.evaluate(script, [[size, size, channels, 8], [strides, strides], side])
    assert found == ({"down": -(-side // 2), "across": -(-side // 2)} if is_worth else None)


# --- what cannot run, and damaged files -------------------------------------------------------


def refused(model, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        network_file.network_file(model)


def test_models_that_cannot_run_in_a_page_are_named_with_their_layer():
    import keras
    from keras import layers

    image = keras.Input((8, 8, 1))
    a = layers.Conv2D(2, 3, name="first")(image)
    b = layers.Conv2D(2, 3)(image)
    refused(keras.Model(image, layers.Add()([a, b])), "After 'the input' the model branches")
    small = keras.Sequential([keras.Input((8, 8, 1)), layers.LayerNormalization(name="norm")])
    refused(small, "Layer 1 of the model, 'norm' .LayerNormalization., is none of")
    gelu = keras.Sequential([keras.Input((8, 8, 1)), layers.Conv2D(2, 3, activation="gelu")])
    refused(gelu, "has the activation gelu; possible are relu")
    wide = keras.Sequential([keras.Input((8, 8, 1)), layers.Conv2D(2, 3, dilation_rate=2)])
    refused(wide, "dilation or groups")
    refused(keras.Sequential([keras.Input((65, 8, 1)), layers.Flatten()]), "up to 64 × 64")
    refused(keras.Sequential([keras.Input((5,)), layers.Dense(2)]), "images .rows, columns")
    one = [keras.Input((8, 8, 1)), layers.Flatten(), layers.Dense(1, activation="sigmoid")]
    refused(keras.Sequential(one), "it has to end with softmax over two classes")
    refused(keras.Sequential([layers.Dense(2)]), "A built Keras model is needed")
    broken = flattened()
    broken.set_weights([np.full_like(w, np.nan) for w in broken.get_weights()])
    refused(broken, "Layer 1, Conv2D, holds weights that are NaN")


def small_file(**changes) -> bytes:
    """A network file of two layers, its header changed."""
    kernel = np.ones((3, 3, 1, 2), "float32")
    layers = [
        {"type": "Conv2D", "strides": [1, 1], "padding": "valid", "kernel": kernel},
        {"type": "GlobalAveragePooling2D"},
    ]
    return with_header(network_file.pack("small", (8, 8, 1), layers), **changes)


def with_header(file: bytes, **changes) -> bytes:
    """A file with another header, its lengths and its checksum right again."""
    length = struct.unpack("<I", file[16:20])[0]
    header = json.loads(file[24 : 24 + length]) | changes
    described = json.dumps(header).encode()
    described += b" " * (-len(described) % 4)
    body = described + file[24 + length :]
    lengths = struct.pack("<3I", 24 + len(body), len(described), zlib.crc32(body))
    return file[:12] + lengths + body


def layer(**changes) -> list[dict]:
    kernel = {"shape": [3, 3, 1, 2], "dtype": "int8", "at": 0, "scales": 20}
    convolution = {"type": "Conv2D", "strides": [1, 1], "padding": "valid", "kernel": kernel}
    return [convolution | changes, {"type": "GlobalAveragePooling2D"}]


def kernel(**changes) -> list[dict]:
    return layer(kernel=layer()[0]["kernel"] | changes)


DAMAGED = {
    "empty": (b"", "not a network file"),
    "a text": (b"Once upon a time there was a network.", "not a network file"),
    "a Keras model": (b"PK\x03\x04" + bytes(100), "a model as Keras saves it.*export_weights"),
    "a HDF5 file": (b"\x89HDF\r\n\x1a\n" + bytes(100), "a model as Keras saves it"),
    "cut off": (small_file()[:-7], "cut off"),
    "another version": (small_file()[:9] + b"\x02" + small_file()[10:], "the form 2"),
    "a changed weight": (small_file()[:-30] + b"\x01" + small_file()[-29:], "checksum is wrong"),
    "2 GB claimed": (small_file()[:12] + struct.pack("<I", 2**31) + small_file()[16:], "cut off"),
    "a header beyond the file": (
        small_file()[:16] + struct.pack("<I", 10**9) + small_file()[20:],
        "header does not fit",
    ),
    "no layers": (small_file(layers=[]), "no list of layers"),
    "an image too large": (small_file(input=[4000, 4000, 1]), "takes images of 4000"),
    "a shape that is no list": (small_file(input="8"), "takes images of"),
    "an unknown layer": (small_file(layers=[{"type": "Lambda"}]), "Layer 1, Lambda, cannot run"),
    "a type like a property": (small_file(layers=[{"type": "__proto__"}]), "cannot run here"),
    "a layer that is no object": (small_file(layers=[None]), "Layer 1 cannot run here"),
    "sizes that do not chain": (small_file(layers=kernel(shape=[3, 3, 2, 1])), "2 channels"),
    "weights beyond the file": (small_file(layers=kernel(at=10**6)), "do not lie in the file"),
    "a negative place": (small_file(layers=kernel(at=-4)), "do not lie in the file"),
    "a huge shape": (small_file(layers=kernel(shape=[3, 3, 1, 10**7])), "do not lie in the file"),
    "a window larger than the map": (
        small_file(input=[2, 2, 1], layers=layer()),
        "3 × 3 window does not fit into 2 × 2",
    ),
    "a stride of 0": (small_file(layers=layer(strides=[0, 1])), "stride cannot be used"),
    "an unknown activation": (small_file(layers=layer(activation="eval")), "activation cannot"),
    "ends with one unit": (small_file(layers=kernel(shape=[3, 3, 1, 1])), "ends with 1 linear"),
    "ends with maps": (small_file(layers=layer()[:1]), "ends with maps"),
    "NaN": (
        network_file.pack(
            "nan",
            (2, 2, 1),
            [{"type": "Flatten"}, {"type": "Rescaling", "scale": 1e400, "offset": 0}],
        ),
        "JSON|scale cannot be used",
    ),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_file_is_refused_in_words(page, name):
    file, words = DAMAGED[name]
    found = run(page, file, np.zeros((1, 8, 8, 1)))
    assert re.search(words, found["problem"]), found


def test_a_file_with_random_changes_is_refused_or_runs(page):
    """Structure-aware: the frame is right, so that what lies behind the checksum is reached."""
    rng = random.Random(10)
    values = [0, -1, 1e9, 2**31, None, "", "same", [], [1], {}, True, 1e-9, [3, 3, 1, 2]]
    for _ in range(150):
        layers = layer()
        target = rng.choice([layers[0], layers[0]["kernel"], layers[1]])
        target[
            rng.choice(["type", "shape", "at", "scales", "dtype", "strides", "padding", "bias"])
        ] = rng.choice(values)
        found = run(page, small_file(layers=layers), np.zeros((1, 8, 8, 1)))
        if "problem" in found:
            assert "cannot run here" in found["problem"] or "ends with maps" in found["problem"]
            assert "undefined" not in found["problem"]


# --- the kernels ------------------------------------------------------------------------------


def test_the_compiled_kernels_are_those_of_their_source():
    pytest.importorskip("wasmtime", reason="the compiler is not here")
    for file, text in wasm.kernels().items():
        assert file.read_text("utf-8") == text


@pytest.mark.skipif(not os.environ.get(data.MIRROR), reason=f"{data.MIRROR} names no real data")
def test_the_images_to_begin_with_have_the_labels_of_the_test_sets():
    for name, load in (
        ("fashion_mnist_lecture", data.load_fashion_mnist),
        ("mnist_reference", data.load_mnist),
    ):
        _, (x_test, y_test) = load()
        for image, array in networks.images(name).items():
            [place] = np.flatnonzero((x_test == array).all((1, 2)))
            assert networks.labels(name)[image] == y_test[place]
