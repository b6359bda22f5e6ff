"""Sizes, receptive fields and costs of layers: utils/sizes.py and its twin in JavaScript.

Keras counts here too; random networks are counted by both, and what feeds what is found by
following every value.
"""

import itertools
import json
from functools import cache
from math import prod

import numpy as np
import pytest
from engine_cases import case, layer_list, run_in_node
from random_networks import random_network

from utils import models, sizes
from utils.explorers import layers as checked

LECTURE_FIELDS = [7, 8, 12, 16, 18, 26, 34, 38]


# --- Cases for JavaScript: windows -------------------------------------------------------


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


# --- Cases for JavaScript: networks of Keras ----------------------------------------------


def cost(layer) -> dict:
    """What Keras and the course's own count say about a built layer."""
    return {
        "shape": list(layer.output.shape[1:]),
        "parameters": layer.count_params(),
        "trainable": sum(int(np.prod(weights.shape)) for weights in layer.trainable_weights),
        "multiplyAdds": models.multiply_adds(layer),
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


# --- Cases for JavaScript: what Python says of random networks ----------------------------

NETWORKS = 600


def in_javascript(row: dict) -> dict:
    """A row of Python's summary, with the names that JavaScript has."""
    names = {"multiply_adds": "multiplyAdds", "receptive_field": "receptiveField"}
    return {names.get(name, name): value for name, value in row.items() if name != "type"}


@cache
def random_cases() -> list[dict]:
    """Each network is counted by Python, and what it says is expected of JavaScript."""
    cases = []
    for seed in range(NETWORKS):
        network, shape = random_network(seed, for_keras=False)
        expected = list(map(in_javascript, sizes.summarize(network, shape)))
        name = f"{network} on {shape}"
        cases.append(case(name, "summarize", network, shape, expected=expected))
        for axis in (0, 1):
            fields = sizes.receptive_fields(network, shape[axis], axis)
            last = sum(field is not None for field in fields) - 1  # with a place in the image
            for index in {last, len(fields) - 1} - {-1}:
                wanted = fields[index] and fields[index]._asdict()
                arguments = (network, index, shape[axis], axis)
                cases.append(case(name, "receptiveField", *arguments, expected=wanted))
    return cases


def followed(network: list[dict], size: int, axis: int) -> list[list[set[int]]]:
    """For each layer with positions, the pixels that feed each of its values, one by one."""
    maps = [[{pixel} for pixel in range(size)]]
    for slide in sizes.slides(network, size, axis):
        if slide.is_whole:
            break
        starts = [at * slide.stride - slide.before for at in range(slide.output)]
        below = dict(enumerate(maps[-1]))
        maps.append(
            [
                set().union(*(below.get(i, set()) for i in range(start, start + slide.window)))
                for start in starts
            ]
        )
    return maps[1:]


@cache
def followed_cases() -> list[dict]:
    """Ranges of pixels that feed a value, in random networks, found by following every value."""
    cases = []
    for seed in range(NETWORKS):
        network, shape = random_network(seed, for_keras=False)
        for axis in (0, 1):
            maps = followed(network, shape[axis], axis)
            if not maps:
                continue
            for at in {0, len(maps[-1]) // 2, len(maps[-1]) - 1}:
                pixels = maps[-1][at]
                clipped = {"first": min(pixels), "last": max(pixels)} if pixels else None
                arguments = (network, -1, len(maps) - 1, at, at, shape[axis], axis)
                name = f"sources of {at} on axis {axis} of {shape}, {network}"
                cases.append(case(name, "sourceRange", *arguments, expected={"clipped": clipped}))
    return cases


@cache
def refused_cases() -> list[dict]:
    convolution = {"type": "Conv2D", "filters": 2, "kernelSize": 3}

    def refused(layer: dict, shape: tuple[int, ...], problem: str) -> dict:
        row = sizes.summarize([layer], shape)[0]
        assert problem in row["problem"], "Python says the same"
        expected = [{"problem": row["problem"], "shape": None, "parameters": None}]
        return case(problem, "summarize", [layer], shape, expected=expected)

    return [
        case("stride", "windows", 9, 3, 0, "same", error="stride must be a whole number"),
        case("padding", "windows", 9, 3, 1, "full", error='"valid", "same" or a whole number'),
        refused({**convolution, "stride": 2}, (9, 9, 1), "Conv2D has no option stride. Its opt"),
        refused({**convolution, "dilationRate": 2}, (9, 9, 1), "no option dilationRate"),
        refused({"type": "Flatten", "axis": 1}, (9, 9, 1), "no option axis. It has no options."),
        refused({"type": "toString"}, (9, 9, 1), "There is no layer with the name toString here."),
        refused({"type": "MaxPooling2D", "padding": 2}, (6, 6, 1), "see nothing but padding"),
        refused({"type": "AveragePooling2D", "padding": [0, 2]}, (6, 6, 1), "nothing but padding"),
        refused({"type": "Dense", "units": 0}, (6,), "The number of units must be a whole number"),
        refused({"type": "ZeroPadding2D"}, (6,), "ZeroPadding2D needs a map"),
        refused({"type": "GlobalMaxPooling2D"}, (6,), "GlobalMaxPooling2D needs a map"),
    ]


# --- Tests of both -----------------------------------------------------------------------


def test_windows_are_counted_as_if_put_down_one_by_one(find_problems):
    assert not find_problems(window_cases())
    for each in window_cases():
        found = sizes.windows(*each["args"])
        assert {**found._asdict(), "fits": found.size > 0} == each["expected"]


def test_summaries_count_what_keras_counts(find_problems):
    assert not find_problems(summary_cases())


def test_a_network_that_keras_refuses_gets_a_sentence_at_the_layer_that_cannot_be(find_problems):
    assert not find_problems(impossible_cases())


def test_receptive_fields_are_the_pixels_with_a_gradient(find_problems):
    assert not find_problems(source_cases())


def test_a_dense_layer_sees_the_whole_map(find_problems):
    assert not find_problems(lost_position_cases())


def test_what_cannot_be_is_refused_with_the_same_sentence(find_problems):
    assert not find_problems(refused_cases())


def test_javascript_and_python_have_the_same_layers_with_the_same_options(find_problems):
    table = json.dumps(sizes.LAYERS, separators=(",", ":"))
    assert not find_problems([case("LAYERS", "LAYERS", expected=table)])


def test_javascript_counts_as_python_does_on_random_networks(find_problems):
    assert not find_problems(random_cases())
    rows = [sizes.summarize(*random_network(seed, for_keras=False)) for seed in range(NETWORKS)]
    problems = [row["problem"] for network in rows for row in network if row["problem"]]
    assert NETWORKS / 20 < len(problems) < NETWORKS / 2
    assert {row["type"] for network in rows for row in network} == set(sizes.LAYERS)


def test_the_pixels_that_feed_a_value_are_those_found_by_following_every_value(find_problems):
    cases = followed_cases()
    assert len(cases) > 2 * NETWORKS
    assert not find_problems(cases)


def test_a_stride_larger_than_its_window_leaves_out_the_padding_that_it_does_not_read(
    find_problems,
):
    network = [
        {"type": "Conv2D", "kernelSize": 1, "strides": 2, "padding": 1},
        {"type": "Conv2D", "kernelSize": 3},
    ]
    expected = {"first": -1, "last": 3, "clipped": {"first": 1, "last": 3}}
    arguments = (network, -1, 1, 0, 0, 10)
    assert not find_problems([case("sources", "sourceRange", *arguments, expected=expected)])


def test_a_wrong_count_is_found(find_problems):
    wrong = random_cases()[0]
    expected = [row | {"parameters": -1} for row in wrong["expected"]]
    assert len(find_problems([wrong | {"expected": expected}])) == 1


def test_node_counts_the_same(node, tmp_path):
    cases = [
        *window_cases(),
        *summary_cases(),
        *impossible_cases(),
        *source_cases(),
        *lost_position_cases(),
        *refused_cases(),
    ]
    run = run_in_node(node, cases, tmp_path)
    assert run.returncode == 0, run.stdout


# --- Tests of Python against Keras -------------------------------------------------------


def test_every_number_of_a_random_network_is_keras_s():
    compared = 0
    for seed in range(40):
        network, shape = random_network(seed)
        rows = sizes.summarize(network, shape)
        if any(row["problem"] for row in rows):
            with pytest.raises(ValueError, match="does not fit into it"):
                checked.to_keras(network, shape)
            continue
        compared += 1
        for layer, row in zip(checked.to_keras(network, shape).layers, rows, strict=True):
            trainable = sum(prod(weights.shape) for weights in layer.trainable_weights)
            assert row["shape"] == layer.output.shape[1:]
            assert (row["parameters"], row["trainable"]) == (layer.count_params(), trainable)
            assert row["multiply_adds"] == models.multiply_adds(layer)
    assert compared > 20


def test_a_dense_layer_without_flatten_costs_what_it_does_at_each_place():
    import keras

    model = keras.Sequential([keras.Input((7, 7, 256)), keras.layers.Dense(10)])
    row = sizes.summarize([{"type": "Dense", "units": 10}], (7, 7, 256))[0]
    assert row["multiply_adds"] == models.multiply_adds(model.layers[0]) == 125_440


# --- Tests of Python against the networks of keras.applications ---------------------------


def profiled_multiply_adds(model) -> int:
    """Return the multiply–adds of one image as TensorFlow's profiler counts them.

    It counts each product and each sum of a convolution or a matrix product; biases are
    operations of their own.
    """
    import tensorflow as tf

    profiler = tf.compat.v1.profiler
    signature = tf.TensorSpec((1, *model.input_shape[1:]))
    call = tf.function(lambda image: model(image, training=False)).get_concrete_function(signature)
    options = profiler.ProfileOptionBuilder.float_operation() | {"output": "none"}
    operations = profiler.profile(call.graph, cmd="op", options=options).children
    kinds = {"Conv2D", "DepthwiseConv2dNative", "MatMul"}
    found = {}
    while operations:  # one within the other
        found |= {operation.name: operation.float_ops for operation in operations}
        operations = [child for operation in operations for child in operation.children]
    return sum(found.get(kind, 0) for kind in kinds) // 2


def compare_with_keras(model) -> None:
    """Assert shapes, parameters and multiply–adds of every layer, and those of the whole model."""
    parameters = work = 0
    for layer in model.layers:
        try:
            plain = checked.layer_from_keras(layer, layer.name)
        except ValueError:
            assert models.multiply_adds(layer) == 0  # or it raises: such layers are not counted
            parameters += layer.count_params()
            continue
        built = sizes.build(plain, layer.input.shape[1:])
        trainable = sum(prod(weights.shape) for weights in layer.trainable_weights)
        assert built.shape == layer.output.shape[1:]
        assert (built.parameters, built.trainable) == (layer.count_params(), trainable)
        assert built.multiply_adds == models.multiply_adds(layer)
        parameters += built.parameters
        work += built.multiply_adds
    assert parameters == model.count_params()
    assert work == profiled_multiply_adds(model) > 0


@pytest.mark.parametrize("name", ["MobileNet", "Xception"])
def test_a_network_of_keras_costs_what_keras_and_tensorflow_s_profiler_count(name):
    import keras

    compare_with_keras(getattr(keras.applications, name)(weights=None))
