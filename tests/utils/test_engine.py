"""The explorers' engine, utils/explorers/js/engine.js, gives what Keras gives.

Keras computes random cases here; tests/utils/js/compare.mjs compares the engine's results with
them, in the browser and, where there is one, in Node.
"""

import itertools
import json
import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from utils import models

ROOT = Path(__file__).resolve().parents[2]
ENGINE = ROOT / "utils" / "explorers" / "js" / "engine.js"
COMPARE = ROOT / "tests" / "utils" / "js" / "compare.mjs"
NODE_TEST = ROOT / "tests" / "utils" / "js" / "engine.test.mjs"
MODES = ("max", "min")
LECTURE_FIELDS = [7, 8, 12, 16, 18, 26, 34, 38]


@pytest.fixture(scope="module")
def find_problems(browser, address, tmp_path_factory):
    """A function that runs cases in the browser and returns those that fail, with the reason."""
    folder = tmp_path_factory.mktemp("engine")
    shutil.copy(ENGINE, folder / "engine.js")
    shutil.copy(COMPARE, folder / "compare.js")
    page = browser.new_page()
    page.goto(address(folder))
    script = """async (text) => {
        const engine = await import("/engine.js");
        const { runCases } = await import("/compare.js");
        return runCases(engine, text);
    }"""

    def run(cases: list[dict]) -> list[dict]:
        results = page.evaluate(script, json.dumps(cases))
        assert len(results) == len(cases) > 0
        return [result for result in results if result["problem"]]

    yield run
    page.close()


# --- Cases: what is called, and what Keras gives -----------------------------------------


def case(name: str, call: str, *args, **outcome) -> dict:
    return {"name": name, "call": call, "args": args, **outcome}


def tensor(values) -> dict:
    values = np.asarray(values, dtype="float32")
    return {"shape": values.shape, "float32": values.ravel().tolist()}


def result(values) -> dict:
    return {"expected": tensor(values)}


def maps(rng, *shape) -> np.ndarray:
    return rng.normal(size=shape).astype("float32")


@cache
def convolution_cases() -> list[dict]:
    from keras import layers

    rng = np.random.default_rng(1)
    cases = []
    for size, stride, padding in itertools.product(range(1, 8), (1, 2, 3), ("valid", "same")):
        kernel_size = [size, int(rng.integers(1, 8))]
        image = maps(rng, *rng.integers(7, 20, size=2), rng.integers(1, 6))
        kernel = maps(rng, *kernel_size, image.shape[2], rng.integers(1, 9))
        bias = maps(rng, kernel.shape[3])
        activation = [None, "relu"][rng.integers(2)]
        options = {"strides": stride, "padding": padding, "activation": activation}
        layer = layers.Conv2D(kernel.shape[3], kernel_size, **options)
        layer.build((None, *image.shape))
        layer.set_weights([kernel, bias])
        name = f"convolution of {image.shape} with {kernel.shape}, {options}"
        options["bias"] = bias.tolist()
        output = result(layer(image[None])[0])
        cases.append(case(name, "conv2d", tensor(image), tensor(kernel), options, **output))
    return cases


@cache
def padded_convolution_cases() -> list[dict]:
    from keras import layers, ops

    rng = np.random.default_rng(2)
    cases = []
    for padding, strides in itertools.product((0, 1, 4, [2, 0], [1, 3]), (1, [2, 3])):
        image, kernel = maps(rng, 9, 6, 2), maps(rng, 4, 3, 2, 5)
        rows, columns = np.broadcast_to(padding, 2).tolist()
        padded = layers.ZeroPadding2D((rows, columns))(image[None])
        output = result(ops.conv(padded, kernel, strides, "valid")[0])
        options = {"strides": strides, "padding": padding}
        name = f"convolution with {options}"
        cases.append(case(name, "conv2d", tensor(image), tensor(kernel), options, **output))
    return cases


@cache
def pooling_cases() -> list[dict]:
    import tensorflow as tf
    from keras import layers

    rng = np.random.default_rng(3)
    cases = []
    for size, stride, padding in itertools.product((2, 3, 4), (1, 2, 3), ("valid", "same")):
        image = maps(rng, *rng.integers(4, 16, size=2), rng.integers(1, 4))
        pool_size = [size, int(rng.integers(1, 5))]
        options = {"strides": stride, "padding": padding}
        largest = layers.MaxPooling2D(pool_size, **options)
        means = layers.AveragePooling2D(pool_size, **options)(image[None])[0]
        _, places = tf.nn.max_pool_with_argmax(
            image[None], pool_size, (stride, stride), padding.upper()
        )
        # TensorFlow counts the channels, too; the engine's are places of a map.
        winners = (np.ravel(places) // image.shape[2]).tolist()
        for mode, output, places in (
            ("max", largest(image[None])[0], {"winners": winners}),
            ("min", -np.asarray(largest(-image[None])[0]), {}),
            ("mean", means, {"winners": [-1] * len(winners)}),
        ):
            arguments = {"poolSize": pool_size, "mode": mode, **options}
            name = f"pooling of {image.shape}, {arguments}"
            expected = tensor(output) | places
            cases.append(case(name, "pool2d", tensor(image), arguments, expected=expected))
    equal = tensor(np.zeros((4, 4, 1)))
    corners = {"expected": {"winners": [0, 2, 8, 10]}}
    cases += [case(f"ties, {mode}", "pool2d", equal, {"mode": mode}, **corners) for mode in MODES]
    return cases


@cache
def dense_cases() -> list[dict]:
    from keras import layers, ops

    rng = np.random.default_rng(4)
    cases = []
    for shape, activation in itertools.product([(7,), (3, 4, 5)], (None, "relu", "softmax")):
        values = maps(rng, *shape)
        weights, bias = maps(rng, values.size, 6), maps(rng, 6)
        layer = layers.Dense(6, activation=activation)
        layer.build((None, values.size))
        layer.set_weights([weights, bias])
        options = {"weights": tensor(weights), "bias": bias.tolist(), "activation": activation}
        output = result(layer(layers.Flatten()(values[None]))[0])
        name = f"dense layer on {shape}, {activation}"
        cases.append(case(name, "dense", tensor(values), options, **output))
    scores, image = np.float32([1000, 999, -1000]), maps(rng, 5, 4, 3)
    return [
        *cases,
        case("softmax of large scores", "softmax", scores.tolist(), **result(ops.softmax(scores))),
        case("ReLU", "relu", tensor(image), **result(ops.relu(image))),
        case("flatten", "flatten", tensor(image), **result(layers.Flatten()(image[None])[0])),
        case(
            "extent",
            "extent",
            tensor(image),
            expected={"min": float(image.min()), "max": float(image.max())},
        ),
    ]


@cache
def window_cases() -> list[dict]:
    """Windows are put down one by one; what they reach is looked at."""
    cases = []
    for size, window, stride, padding in itertools.product(
        (1, 5, 8), (1, 2, 3, 6), (1, 2, 3, 7), (0, 1, 4)
    ):
        end = size + 2 * padding
        starts = [start for start in range(0, end, stride) if start + window <= end]
        reached = starts[-1] + window if starts else 0
        expected = {
            "size": len(starts),
            "before": padding,
            "after": padding,
            "fits": bool(starts),
            "unused": end - reached,
        }
        arguments = (size, window, stride, padding or "valid")
        cases.append(case(f"windows{arguments}", "windows", *arguments, expected=expected))
    return cases


# --- Cases: lists of layers --------------------------------------------------------------


def layer_list(layers) -> list[dict]:
    """Layers of Keras as the engine takes them, with Keras's names in camelCase."""
    names = {
        "filters",
        "kernel_size",
        "strides",
        "padding",
        "use_bias",
        "pool_size",
        "units",
        "rate",
    }
    return [
        {"type": type(layer).__name__}
        | {
            re.sub("_(.)", lambda match: match[1].upper(), name): value
            for name, value in layer.get_config().items()
            if name in names
        }
        for layer in layers
    ]


def cost(layer) -> dict:
    """What Keras and the course's own count say about a built layer."""
    counted = type(layer).__name__ != "BatchNormalization"  # the course has no rule for it
    return {
        "shape": list(layer.output.shape[1:]),
        "parameters": layer.count_params(),
        "trainable": sum(int(np.prod(weights.shape)) for weights in layer.trainable_weights),
        "multiplyAdds": models.multiply_adds(layer) if counted else 0,
        "problem": None,
    }


@cache
def summary_cases() -> list[dict]:
    import keras
    from keras import layers

    lecture = models.lecture_network(dtype="float32")
    fields = LECTURE_FIELDS + [None] * 6
    expected = [
        cost(layer) | {"receptiveField": field}
        for layer, field in zip(lecture.layers, fields, strict=True)
    ]
    assert sum(layer["parameters"] for layer in expected) == 1_413_834
    assert round(sum(layer["multiplyAdds"] for layer in expected) / 1e6, 1) == 89.5
    networks = [
        [
            keras.Input((61, 47, 3)),
            layers.Conv2D(5, (3, 4), strides=2, use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.AveragePooling2D(3, strides=2, padding="same"),
            layers.Conv2D(6, 2, strides=(1, 3), padding="same"),
            layers.MaxPooling2D((2, 1)),
            layers.Dropout(0.2),
            layers.GlobalAveragePooling2D(),
            layers.Dense(4, use_bias=False),
        ],
        [keras.Input((12,)), layers.Dense(5), layers.BatchNormalization(), layers.Flatten()],
    ]
    name = "the lecture's network"
    wanted = layer_list(lecture.layers)
    cases = [case(name, "summarize", wanted, [28, 28, 1], expected=expected)]
    for model in map(keras.Sequential, networks):
        shape = model.inputs[0].shape[1:]
        expected = [cost(layer) for layer in model.layers]
        wanted = layer_list(model.layers)
        cases.append(case(f"for {shape}", "summarize", wanted, shape, expected=expected))
    return [*cases, defaults_case(), dense_on_map_case()]


def defaults_case() -> dict:
    import keras
    from keras import layers

    named = [keras.Input((9, 9, 1)), layers.Conv2D(3, 4), layers.MaxPooling2D()]
    expected = [cost(layer) for layer in keras.Sequential(named).layers]
    wanted = [{"type": "Conv2D", "filters": 3, "kernelSize": 4}, {"type": "MaxPooling2D"}]
    return case("options of Keras by default", "summarize", wanted, [9, 9, 1], expected=expected)


def dense_on_map_case() -> dict:
    """On a map a dense layer is a convolution with 1 × 1 kernels, and costs as much."""
    import keras
    from keras import layers

    shape = (6, 5, 3)
    model = keras.Sequential([keras.Input(shape), layers.Dense(4)])
    convolution = keras.Sequential([keras.Input(shape), layers.Conv2D(4, 1)])
    expected = [cost(convolution.layers[0]) | {"receptiveField": 1, "jump": 1}]
    assert model.layers[0].output.shape == convolution.layers[0].output.shape
    name = "a dense layer on a map"
    return case(name, "summarize", layer_list(model.layers), shape, expected=expected)


@cache
def impossible_cases() -> list[dict]:
    """Networks that Keras refuses, too; the last layer is the one that cannot be."""
    import keras
    from keras import layers

    cases = []
    for good, bad, problem in (
        (
            [layers.MaxPooling2D(2), layers.MaxPooling2D(2)],
            layers.Conv2D(8, 5),
            "The map is 3 × 3, and a 5 × 5 window does not fit into it. "
            'Use padding "same", a smaller window or fewer pooling layers.',
        ),
        (
            [layers.Conv2D(2, (1, 11))],
            layers.MaxPooling2D(3),
            "The map is 12 × 2, and a 3 × 3 window does not fit into it. "
            'Use padding "same", a smaller window or fewer pooling layers.',
        ),
        (
            [layers.Flatten()],
            layers.Conv2D(2, 3),
            "Conv2D needs a map of height × width × channels, and here it gets a row of "
            "144 values. Put it before Flatten, Dense and global pooling.",
        ),
    ):
        shape = (12, 12, 1)
        model = keras.Sequential([keras.Input(shape), *good])
        possible = layer_list(good)
        with pytest.raises(ValueError):
            model.add(bad)
        nothing = {"shape": None, "parameters": None, "receptiveField": None, "problem": None}
        wanted = [*possible, *layer_list([bad]), {"type": "Flatten"}]
        expected = [cost(layer) for layer in model.layers[: len(good)]]
        expected += [nothing | {"problem": problem}, nothing]
        cases.append(case(problem, "summarize", wanted, shape, expected=expected))
    return cases


def sources(layers: list, image: np.ndarray, positions: list[tuple[int, int]]) -> list:
    """For each (row, column) of the output: the (first, last) rows and columns that feed it.

    All kernels are positive, so that exactly those places have a gradient that is not 0.
    """
    import tensorflow as tf

    batch = tf.repeat(image, len(positions), axis=0)
    with tf.GradientTape() as tape:
        tape.watch(batch)
        output = batch
        for layer in layers:
            output = layer(output)
        chosen = [output[i, y, x, 0] for i, (y, x) in enumerate(positions)]
        total = tf.add_n(chosen)
    ranges = []
    for gradient in np.asarray(tape.gradient(total, batch)):
        rows, columns = np.nonzero(gradient[..., 0])
        assert len(rows) == (np.ptp(rows) + 1) * (np.ptp(columns) + 1)  # no gaps
        ranges.append([(int(x.min()), int(x.max())) for x in (rows, columns)])
    return ranges


@cache
def source_cases() -> list[dict]:
    from keras import layers

    def convolution(size, **options):
        return layers.Conv2D(1, size, kernel_initializer="ones", use_bias=False, **options)

    average = layers.AveragePooling2D
    networks = [
        [convolution(7, padding="same"), average(2), convolution(3), layers.Dropout(0.5)],
        [convolution((2, 5), padding="same"), average((3, 2), 2, "same"), convolution(4)],
        [convolution(4, strides=3, padding="same"), convolution(2, padding="same"), average(2)],
        [average(3, 2), convolution((1, 6), padding="same"), average(4, 3, "same")],
        [convolution(5, strides=(2, 1)), layers.ReLU(), convolution(3, padding="same")],
    ]
    cases = []
    for network, shape in itertools.product(networks, [(44, 51, 1), (61, 40, 1)]):
        images = [np.ones((1, *shape), "float32")]
        for layer in network:
            images.append(np.ones_like(layer(images[-1])))
        _, rows, columns, _ = images[-1].shape
        places = np.linspace(0, 1, max(rows, columns))
        positions = [(round(p * (rows - 1)), round(p * (columns - 1))) for p in places]
        wanted, to = layer_list(network), len(network) - 1
        for start in range(-1, to):
            found = sources(network[start + 1 :], images[start + 1], positions)
            for axis in (0, 1):
                ranges = {at[axis]: found[i][axis] for i, at in enumerate(positions)}
                name = f"axis {axis} of {shape}, {wanted}"
                cases += axis_cases(name, wanted, start, to, shape[axis], axis, ranges)
    return cases


def axis_cases(name, layers, start, to, size, axis, ranges) -> list[dict]:
    """`ranges` has (first, last) for every position along the axis."""
    middle = len(ranges) // 2
    first, last = ranges[middle]
    jump = ranges[middle + 1][0] - first
    field = {"size": last - first + 1, "jump": jump, "start": first - middle * jump}
    cases = []
    if start == -1:
        arguments = (layers, to, size, axis)
        cases.append(case(f"field, {name}", "receptiveField", *arguments, expected=field))
    ends = len(ranges) - 1
    for begin, end in {(0, 0), (ends, ends), (middle, middle), (1, middle), (0, ends)}:
        before = field["start"] + begin * jump
        after = field["start"] + end * jump + field["size"] - 1
        seen = {"first": ranges[begin][0], "last": ranges[end][1]}
        expected = {"first": before, "last": after, "clipped": seen}
        arguments = (layers, start, to, begin, end, size, axis)
        title = f"sources of {begin}…{end} in {start}, {name}"
        cases.append(case(title, "sourceRange", *arguments, expected=expected))
    return cases


@cache
def lost_position_cases() -> list[dict]:
    """What a dense layer and a window that does not fit see."""
    layers = [
        {"type": "Conv2D", "filters": 2, "kernelSize": 5, "padding": "same"},
        {"type": "Flatten"},
        {"type": "Dense", "units": 3},
    ]
    tall = [{"type": "Conv2D", "filters": 2, "kernelSize": [9, 1]}]
    everything = {"clipped": {"first": 0, "last": 7}}
    return [
        case("field of the input", "receptiveField", layers, -1, 8, expected={"size": 1}),
        case("field after flatten", "receptiveField", layers, 1, 8, expected=None),
        case("field of a misfit", "receptiveField", tall, 0, 8, 0, expected=None),
        case("field along the other axis", "receptiveField", tall, 0, 8, 1, expected={"size": 1}),
        case("dense sees all", "sourceRange", layers, -1, 2, 1, 1, 8, expected=everything),
        case("sources of a misfit", "sourceRange", tall, -1, 0, 0, 0, 8, 0, expected=None),
    ]


# --- Cases: stored arrays, and what is refused -------------------------------------------


def stored(values: np.ndarray, offset: int = 0, **changes) -> dict:
    data = {"bytes": list(values.tobytes()), "offset": offset}
    return {"shape": values.shape, "dtype": str(values.dtype), "data": data} | changes


@cache
def stored_array_cases() -> list[dict]:
    rng = np.random.default_rng(5)
    gray = rng.integers(0, 256, size=(3, 5)).astype("uint8")
    colors, numbers = maps(rng, 3, 4, 2), np.float32([[0.1, -5e30, 255]])
    return [
        case("uint8", "decode", stored(gray), **result(gray[..., None])),
        case("uint8 inside a buffer", "decode", stored(gray, 3), **result(gray[..., None])),
        case("channels", "decode", stored(colors), **result(colors)),
        case("float32", "decode", stored(numbers), **result(numbers[..., None])),
        case("not aligned", "decode", stored(numbers, 3), **result(numbers[..., None])),
    ]


@cache
def refused_cases() -> list[dict]:
    values = np.zeros(700, "uint8")
    short = "The stored image holds 700 bytes, and 28 × 28 uint8 values need 784."
    image, kernel = tensor(np.zeros((4, 5, 2))), tensor(np.zeros((3, 3, 1, 1)))
    filters, weights = tensor(np.zeros((2, 2, 2, 3))), {"weights": tensor(np.zeros((2, 3)))}
    large = tensor(np.zeros((5, 5, 2, 1)))
    bad_shapes = [
        case(f"shape {shape}", "decode", stored(values, shape=shape), error="has the shape")
        for shape in ([-1, 700], [0, 700], [2.5, 280], [None, 700], [], "28")
    ]
    return [
        *bad_shapes,
        case("too short", "decode", stored(values, shape=[28, 28]), error=short),
        case(
            "too long", "decode", stored(values, shape=[9, 9]), error="9 × 9 uint8 values need 81"
        ),
        case("float32", "decode", stored(values, dtype="float32"), error="need 2800"),
        case("type", "decode", stored(values, dtype="int64"), error="the type int64"),
        case("nothing", "decode", None, error="There is no stored image."),
        case("nothing but a name", "decode", {"shape": [1]}, "kernel", error="no stored kernel"),
        case("length", "tensor", [2, 3], [1, 2], error="There are 2 values, and an array of 2 × 3"),
        case("channels", "conv2d", image, kernel, error="the map has 2, and the kernel is for 1"),
        case("misfit", "conv2d", image, large, error="a 5 × 5 window does not fit"),
        case("stride", "windows", 9, 3, 0, "same", error="stride must be a whole number"),
        case("padding", "windows", 9, 3, 1, "full", error='"valid", "same" or a whole number'),
        case("rows of padding", "pool2d", image, {"padding": [2, 0]}, error="nothing but padding"),
        case("columns", "pool2d", image, {"padding": [0, 2]}, error="nothing but padding"),
        case("bias", "conv2d", image, filters, {"bias": [1, 2]}, error="There are 2 biases for 3"),
        case("biases", "dense", [1, 2], {**weights, "bias": [1]}, error="There are 1 biases for 3"),
        case("inputs", "dense", [1, 2], {"weights": image}, error="2 inputs, and the weights are"),
        case("mode", "pool2d", image, {"mode": "sum"}, error='and not "sum"'),
    ]


# --- Tests -------------------------------------------------------------------------------


def test_convolutions_agree_with_keras(find_problems):
    assert not find_problems(convolution_cases())


def test_zeros_around_a_map_are_keras_zero_padding(find_problems):
    assert not find_problems(padded_convolution_cases())


def test_pooling_agrees_with_keras_and_says_where_each_value_comes_from(find_problems):
    assert not find_problems(pooling_cases())


def test_dense_layers_and_activations_agree_with_keras(find_problems):
    assert not find_problems(dense_cases())


def test_windows_are_counted_as_if_put_down_one_by_one(find_problems):
    assert not find_problems(window_cases())


def test_summaries_count_what_keras_counts(find_problems):
    assert not find_problems(summary_cases())


def test_a_network_that_keras_refuses_gets_a_sentence_at_the_layer_that_cannot_be(find_problems):
    assert not find_problems(impossible_cases())


def test_receptive_fields_are_the_pixels_with_a_gradient(find_problems):
    assert not find_problems(source_cases())


def test_a_dense_layer_sees_the_whole_map(find_problems):
    assert not find_problems(lost_position_cases())


def test_stored_arrays_keep_their_values_wherever_they_start_in_a_buffer(find_problems):
    assert not find_problems(stored_array_cases())


def test_what_cannot_be_computed_is_refused_with_a_sentence(find_problems):
    assert not find_problems(refused_cases())


def all_cases() -> list[dict]:
    return [
        *convolution_cases(),
        *padded_convolution_cases(),
        *pooling_cases(),
        *dense_cases(),
        *window_cases(),
        *summary_cases(),
        *impossible_cases(),
        *source_cases(),
        *lost_position_cases(),
        *stored_array_cases(),
        *refused_cases(),
    ]


def disturbed(wrong: dict) -> dict:
    """A case whose first expected value is off by a hundred-thousandth of the largest, and more."""
    values = list(wrong["expected"]["float32"])
    values[0] += 1.1e-5 * max(map(abs, values))
    return wrong | {"expected": wrong["expected"] | {"float32": values}}


def test_a_value_that_is_off_by_more_than_a_hundred_thousandth_is_found(find_problems):
    wrong = disturbed(convolution_cases()[0])
    assert [found["name"] for found in find_problems([wrong])] == [wrong["name"]]


@pytest.fixture(scope="module")
def node() -> str:
    path = shutil.which("node")
    version = path and subprocess.run([path, "--version"], capture_output=True, text=True).stdout
    if not path or int(re.match(r"v(\d+)", version)[1]) < 18:
        pytest.skip("Node 18 or later is not installed; the browser has run the same cases")
    return path


def run_in_node(node: str, cases: list[dict], folder: Path) -> subprocess.CompletedProcess:
    file = folder / "cases.json"
    file.write_text(json.dumps(cases), encoding="utf-8")
    environment = os.environ | {"ENGINE_CASES": str(file)}
    return subprocess.run(
        [node, "--test", NODE_TEST], env=environment, capture_output=True, text=True, timeout=60
    )


def test_node_computes_the_same(node, tmp_path):
    run = run_in_node(node, all_cases(), tmp_path)
    assert run.returncode == 0, run.stdout


def test_node_finds_a_wrong_value_too(node, tmp_path):
    wrong = disturbed(convolution_cases()[0])
    run = run_in_node(node, [wrong], tmp_path)
    assert run.returncode == 1 and wrong["name"] in run.stdout
