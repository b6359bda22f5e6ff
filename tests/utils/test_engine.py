"""The explorers' engine, utils/explorers/js/engine.js, gives what Keras gives.

Keras computes random cases here; tests/utils/js/compare.mjs compares the engine's results with
them, in the browser and, where there is one, in Node.
"""

import itertools
from functools import cache

import numpy as np
from engine_cases import case, result, run_in_node, tensor

MODES = ("max", "min")


# --- Cases: what is called, and what Keras gives -----------------------------------------


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
        case("rows of padding", "pool2d", image, {"padding": [2, 0]}, error="nothing but padding"),
        case("columns", "pool2d", image, {"padding": [0, 2]}, error="nothing but padding"),
        case("bias", "conv2d", image, filters, {"bias": [1, 2]}, error="There are 2 biases for 3"),
        case("biases", "dense", [1, 2], {**weights, "bias": [1]}, error="There are 1 biases for 3"),
        case("inputs", "dense", [1, 2], {"weights": image}, error="2 inputs, and the weights are"),
        case("mode", "pool2d", image, {"mode": "sum"}, error='and not "sum"'),
        case("option", "conv2d", image, filters, {"stride": 2}, error="no option stride. Its opt"),
        case(
            "dilation", "conv2d", image, filters, {"dilationRate": 2}, error="option dilationRate"
        ),
        case("no such pooling", "pool2d", image, {"pool_size": 2}, error="no option pool_size"),
        case("units", "dense", [1, 2], {**weights, "useBias": False}, error="no option useBias"),
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


def test_node_computes_the_same(node, tmp_path):
    run = run_in_node(node, all_cases(), tmp_path)
    assert run.returncode == 0, run.stdout


def test_node_finds_a_wrong_value_too(node, tmp_path):
    wrong = disturbed(convolution_cases()[0])
    run = run_in_node(node, [wrong], tmp_path)
    assert run.returncode == 1 and wrong["name"] in run.stdout
