"""What notebooks hand to an explorer: numbers, arrays, tensors and images of many libraries."""

from __future__ import annotations

import copy
from fractions import Fraction

import ml_dtypes
import numpy as np
import pytest
import traitlets
from PIL import Image

from utils.explorers import (
    ArchitectureExplorer,
    ChannelExplorer,
    FilterExplorer,
    PoolingExplorer,
    ReceptiveFieldExplorer,
    samples,
)

DIGIT, FLOWER = samples.load()["digit"], samples.load()["flower"]
LEVELS = [[0, 51], [102, 255]]


class Tensor:
    """As PyTorch's: NumPy cannot read it before it is detached, on the CPU and no bfloat16."""

    def __init__(self, values, dtype="torch.bfloat16", steps=()):
        self.values, self.dtype, self.steps = values, dtype, steps

    def detach(self):
        return Tensor(self.values, self.dtype, (*self.steps, "detach"))

    def cpu(self):
        return Tensor(self.values, self.dtype, (*self.steps, "cpu"))

    def float(self):
        return Tensor(self.values, "torch.float32", self.steps)

    def __array__(self, dtype=None, copy=None):
        if self.steps != ("detach", "cpu") or self.dtype == "torch.bfloat16":
            raise TypeError("Got unsupported ScalarType BFloat16")
        return np.array(self.values, dtype or np.float32)


class Frame:
    """As a table of pandas with its nullable integers: an array of Python's objects."""

    shape = (2, 2)

    def __array__(self, dtype=None, copy=None):
        return np.array(LEVELS, dtype or object)


# --- Numbers -----------------------------------------------------------------------------


def test_a_number_of_any_library_sets_any_trait_that_holds_a_number():
    import keras
    import tensorflow as tf

    cases = [
        np.float32,
        np.float16,
        np.float64,
        np.int64,
        np.uint8,
        np.array,
        ml_dtypes.bfloat16,
        tf.constant,
        tf.Variable,
        keras.Variable,
        lambda value: tf.constant(value, tf.bfloat16),
        lambda value: keras.ops.cast(value, "float16"),
        lambda value: np.array([value]),  # the bias of a layer of one map
        Fraction,
    ]
    for number in cases:
        explorer = FilterExplorer(DIGIT, bias=number(2))
        assert (explorer.bias, type(explorer.bias)) == (2.0, float)
        if np.ndim(number(2)):
            continue
        explorer.stride = explorer.padding = number(2)
        pooling = PoolingExplorer(DIGIT, pool_size=number(3), shift=(number(1), number(0)))
        channels = ChannelExplorer(filter=number(1), stride=number(2))
        field = ReceptiveFieldExplorer(layer=number(1), input_size=number(20))
        network = ArchitectureExplorer("a small network", selected=number(2))
        found = [
            *(explorer.stride, explorer.padding),
            *(pooling.pool_size, pooling.strides, *pooling.shift),
            *(channels.filter, channels.stride, field.layer, *field.input_size, network.selected),
        ]
        assert found == [2, 2, 3, 3, 1, 0, 1, 2, 1, 20, 20, 2]
        assert {type(each) for each in found} == {int}
        for each in (explorer, pooling, channels, field, network):
            each.get_state()


def test_a_position_may_be_an_array_or_a_tensor():
    import tensorflow as tf

    cases = [np.array, tf.constant, list, tuple, lambda p: map(np.int32, p)]
    for pair in cases:
        for explorer in (FilterExplorer(), PoolingExplorer(), ChannelExplorer()):
            explorer.position = pair((3, 4)) if pair is not map else pair((3, 4))
            assert explorer.position == (3, 4)
            assert {type(each) for each in explorer.position} == {int}


def test_a_truth_value_of_any_library_is_taken():
    import tensorflow as tf

    cases = [np.bool_, tf.constant, np.float32, bool]
    for kind in cases:
        explorers = [FilterExplorer(relu=kind(True)), ChannelExplorer(relu=kind(True))]
        assert [each.relu for each in explorers] == [True, True]
        assert PoolingExplorer(hide_changed=kind(True)).hide_changed is True
        assert ReceptiveFieldExplorer(paths=kind(True)).paths is True
        assert ChannelExplorer(channels=np.array([1, 0, 1], bool)).channels == (True, False, True)


def test_the_options_of_a_keras_layer_are_taken_as_they_are():
    import keras

    layer = keras.layers.MaxPooling2D(3, strides=2, padding="SAME")
    explorer = PoolingExplorer(DIGIT, layer.pool_size, layer.strides, padding="SAME")
    assert (explorer.pool_size, explorer.strides, explorer.padding) == (3, 2, "same")
    with pytest.raises(traitlets.TraitError, match=r"one number for rows and columns.*\(2, 3\)"):
        explorer.strides = (2, 3)
    layer = keras.layers.Conv2D(1, 3, strides=2, padding="same", dtype="mixed_bfloat16")
    layer.build((None, 28, 28, 1))
    explorer = FilterExplorer(DIGIT, layer.kernel, stride=layer.strides, bias=layer.bias)
    np.testing.assert_array_equal(explorer.kernel, np.asarray(layer.kernel)[..., 0, 0])


def test_a_number_that_does_not_fit_is_refused_as_before():
    import tensorflow as tf

    explorer = FilterExplorer()
    for trait, value, words in [
        ("stride", np.float32(2.5), "int"),
        ("stride", tf.constant(5), "4"),
        ("bias", np.float16(np.inf), "finite"),
        ("bias", "1", "float"),
        ("bias", [1, 2], "float"),
        ("relu", "yes", "boolean"),
        ("position", 3, r"\(row, column\)"),
        ("position", (1.5, 2), r"\(row, column\)"),
        ("padding", 2.5, "same"),
    ]:
        with pytest.raises(traitlets.TraitError, match=words):
            setattr(explorer, trait, value)


# --- Arrays and images -------------------------------------------------------------------


def test_a_gray_image_in_any_form_is_the_same_image():
    import keras
    import tensorflow as tf

    cases = [
        LEVELS,
        tuple(map(tuple, LEVELS)),
        np.array(LEVELS, np.int64),
        np.array(LEVELS, object),
        np.asfortranarray(LEVELS),
        np.array(LEVELS)[None, :, :, None],  # a batch of one
        np.array(LEVELS) / 255,
        np.array(LEVELS, np.float16) / 255,
        (np.array(LEVELS) / 255).astype(ml_dtypes.bfloat16),
        tf.constant(LEVELS, tf.uint8),
        tf.constant(LEVELS, tf.float32) / 255,
        tf.constant(LEVELS, tf.bfloat16) / 255,
        tf.Variable(LEVELS),
        keras.Variable(np.array(LEVELS) / 255),
        keras.ops.convert_to_tensor(LEVELS),
        [tf.constant(line) for line in LEVELS],
        Tensor(np.array(LEVELS) / 255),
        Frame(),
        Image.fromarray(np.array(LEVELS, "uint8")),
        Image.fromarray(np.array(LEVELS, "uint8")).convert("RGB"),
        Image.fromarray(np.array(LEVELS, "uint8")).convert("RGBA"),
        Image.fromarray(np.array(LEVELS, "uint8")).convert("LA"),
        Image.fromarray(np.array(LEVELS, "uint8")).convert("P"),
        Image.fromarray(np.array(LEVELS, "uint8")).convert("CMYK"),
    ]
    for picture in cases:
        for explorer in (FilterExplorer(), ReceptiveFieldExplorer()):
            explorer.image = picture
            np.testing.assert_allclose(explorer.image.astype(int), LEVELS, atol=1)
        pooled = PoolingExplorer(padding="same")
        pooled.image = picture  # floats are a map there, and stay as they are
        shown = pooled.image / max(pooled.image.max(), 1) * 255 if pooled.image.max() > 1 else None
        if shown is not None:
            np.testing.assert_allclose(shown, LEVELS, atol=1)


def test_a_photo_in_color_is_shown_in_gray_where_gray_is_needed_and_else_in_color():
    import tensorflow as tf

    cases = [
        FLOWER,
        FLOWER.astype("float32") / 255,
        Image.fromarray(FLOWER),
        Image.fromarray(FLOWER).convert("RGBA"),
        tf.constant(FLOWER),
        FLOWER[None],
        FLOWER.tolist(),
    ]
    for picture in cases:
        gray = np.asarray(Image.fromarray(FLOWER).convert("L")).astype(int)
        np.testing.assert_allclose(FilterExplorer(picture).image.astype(int), gray, atol=1)
        np.testing.assert_allclose(ChannelExplorer(picture).image, FLOWER, atol=1)


def test_colors_and_feature_maps_are_told_apart():
    assert PoolingExplorer(FLOWER).image.shape == (64, 64)
    with pytest.raises(
        traitlets.TraitError, match=r"\(9, 9, 3\); take one map of it.*\[\.\.\., 0\]"
    ):
        PoolingExplorer(np.ones((9, 9, 3), "float32"))


@pytest.mark.parametrize("above", [1.0000001, 1 + 1e-6, 1.0019, -0.0019])
def test_rounding_of_floats_just_outside_zero_and_one_is_no_error(above):
    image = np.full((3, 3), 0.5)
    image[1, 1] = above
    expected = 255 if above > 1 else 0
    assert FilterExplorer(image).image[1, 1] == expected


def test_sums_of_small_floats_do_not_overflow():
    import tensorflow as tf

    kernel = np.full((7, 7), 60000, np.float16)
    explorer = FilterExplorer(np.ones((9, 9)), kernel)
    assert explorer.feature_map[0, 0] == pytest.approx(60000 * 49 * 255, rel=1e-3)
    values = np.full((2, 2), 60000, np.float16)
    assert PoolingExplorer(values, mode="mean").pooled[0, 0] == pytest.approx(60000, rel=1e-3)
    maps = tf.fill((4, 4), tf.constant(3e38, tf.bfloat16))
    assert np.isfinite(PoolingExplorer(maps).pooled).all()


def advised(error) -> str:
    """Return the code that a message gives: what stands behind its last semicolon or colon."""
    text = str(error.value).rstrip(".")
    return text.split("; ", 1)[1].split(": ", 1)[-1].split(", or ")[0]


def test_the_line_that_a_message_advises_makes_the_image_fit():
    import tensorflow as tf

    cases = [
        (FilterExplorer, np.zeros((600, 600))),
        (FilterExplorer, np.zeros((2000, 300, 3))),
        (FilterExplorer, np.zeros((900, 1200)).tolist()),
        (FilterExplorer, Image.new("RGB", (4000, 3000))),
        (FilterExplorer, np.full((5, 5), 7.0)),
        (FilterExplorer, np.linspace(-2, 3, 25).reshape(5, 5)),
        (FilterExplorer, np.arange(2500, dtype="uint16").reshape(50, 50)),
        (FilterExplorer, np.zeros(784)),
        (FilterExplorer, np.zeros((1, 784))),
        (FilterExplorer, tf.zeros((32, 28, 28, 1))),
        (FilterExplorer, np.zeros((32, 28, 28, 3))),
        (FilterExplorer, np.zeros((32, 28, 28))),
        (FilterExplorer, np.zeros((3, 28, 28))),
        (FilterExplorer, np.zeros((28, 28, 2))),
        (FilterExplorer, np.zeros((28, 28, 4))),
        (FilterExplorer, np.array([["0", "1"]])),
        (ChannelExplorer, np.zeros((28, 28))),
        (ChannelExplorer, np.zeros((28, 28, 1))),
        (ChannelExplorer, np.zeros((28, 28, 4))),
        (ChannelExplorer, np.zeros((3, 28, 28))),
        (ChannelExplorer, np.zeros((8, 28, 28, 3))),
        (ChannelExplorer, np.zeros((8, 28, 28))),
        (ChannelExplorer, np.zeros((600, 600, 3))),
        (PoolingExplorer, np.zeros((900, 10))),
        (PoolingExplorer, tf.zeros((1, 26, 26, 32))),
        (PoolingExplorer, np.zeros((26, 26, 32))),
    ]
    for explorer, picture in cases:
        with pytest.raises(traitlets.TraitError) as error:
            explorer(picture)
        code = advised(error)
        names = {"np": np, "image": picture, "images": picture, "maps": picture}
        for line in code.split("; ")[:-1]:
            exec(line, names)
        try:
            explorer(eval(code.split("; ")[-1].replace("…", "image"), names))
        except traitlets.TraitError as again:  # a batch of colors: one image, then its channel
            pytest.fail(f"{error.value}\n{code}\n{again}")


def test_what_is_no_image_is_refused_in_words():
    import keras
    import tensorflow as tf

    cases = [
        ("cat.jpg", r"plt\.imread\('cat\.jpg'\)"),
        (np.ma.masked_less(np.ones((3, 3)) * [0, 1, 1], 0.5), "filled"),
        (keras.Input((28, 28)), "KerasTensor holds no numbers"),
        (tf.ragged.constant([[1], [2, 3]]), "this is a RaggedTensor"),
        (object(), "this is a object"),
        (print, "numbers are needed"),
        (np.ones((3, 3)) * 1j, r"\.real"),
        ([[1, 2], [3]], "rows differ"),
        ([np.ones((3, 3)), np.ones(3)], r"shapes \(3, 3\), \(3,\); take one"),
        (np.zeros((0, 5)), "empty"),
    ]
    for value, words in cases:
        explorer = FilterExplorer()
        with pytest.raises(traitlets.TraitError, match=words) as error:
            explorer.image = value
        assert "\n" not in str(error.value)


def test_weights_of_a_layer_are_taken_and_advice_for_others_is_right():
    import keras

    layer = keras.layers.Conv2D(4, 3)
    layer.build((None, 28, 28, 3))
    explorer = ChannelExplorer(filters=layer.kernel, biases=layer.bias)
    np.testing.assert_array_equal(explorer.filters, np.asarray(layer.kernel))
    with pytest.raises(traitlets.TraitError, match=r"kernel\[:, :, 0, 0\]"):
        FilterExplorer(kernel=layer.kernel)
    with pytest.raises(traitlets.TraitError, match="take one of them"):
        ChannelExplorer(filters=layer.get_weights())


# --- Changes in place --------------------------------------------------------------------


CHANGES = {
    "image": (
        FilterExplorer,
        lambda it: it.image.__setitem__((0, 0), 255),
        lambda it: it.image[2].__setitem__(0, 255),
        lambda it: it.images["photo"].__setitem__((0, 0), 255),
        lambda it: it.image.fill(0),
    ),
    "kernel": (FilterExplorer, lambda it: it.kernel.__imul__(2), lambda it: it.kernel.sort()),
    "filters": (ChannelExplorer, lambda it: it.filters.__setitem__(0, 1)),
    "biases": (ChannelExplorer, lambda it: it.biases.put(0, 1)),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_within_an_array_is_refused_with_what_works(name):
    explorer_class, *changes = CHANGES[name]
    explorer = explorer_class()
    for change in changes:
        with pytest.raises(ValueError, match=rf"explorer\.{name} = {name}$") as error:
            change(explorer)
    wanted = getattr(explorer, name).copy()
    wanted[(0,) * min(2, wanted.ndim)] = 255 if name == "image" else 1
    exec(str(error.value).split(": ", 1)[1], {"explorer": explorer})
    np.testing.assert_array_equal(getattr(explorer, name), wanted)


def test_a_change_within_a_result_or_within_the_images_is_refused_in_words():
    with pytest.raises(
        ValueError, match=r"computes its feature_map .* explorer\.feature_map\.copy"
    ):
        FilterExplorer().feature_map[0, 0] = 1
    with pytest.raises(ValueError, match="computes its pooled"):
        PoolingExplorer().pooled *= 2
    with pytest.raises(TypeError, match=r"explorer\.images = \{\*\*explorer\.images"):
        FilterExplorer().images["mine"] = np.zeros((5, 5))


@pytest.mark.parametrize("explorer_class", [ArchitectureExplorer, ReceptiveFieldExplorer])
def test_a_change_within_a_list_of_layers_is_refused_with_what_works(explorer_class):
    explorer = explorer_class([{"type": "Conv2D", "filters": 8}, {"type": "MaxPooling2D"}])
    before = copy.deepcopy(explorer.layers)
    for change in (
        lambda: explorer.layers.append({"type": "Flatten"}),
        lambda: explorer.layers.pop(),
        lambda: explorer.layers.__setitem__(0, {"type": "Flatten"}),
        lambda: explorer.layers.__delitem__(0),
        lambda: explorer.layers[0].__setitem__("filters", 16),
        lambda: explorer.layers[0].update(filters=16),
    ):
        with pytest.raises(TypeError, match=r"explorer\.layers = \[\*explorer\.layers"):
            change()
    assert explorer.layers == before
    with pytest.raises(TypeError) as error:
        explorer.layers.append({"type": "Flatten"})
    says = str(error.value).split(": ", 1)[1]
    for line in says.split("; of a part: "):
        exec(line, {"explorer": explorer, "copy": copy})
    assert [layer["type"] for layer in explorer.layers] == ["Conv2D", "MaxPooling2D", "Flatten"]
    assert explorer.layers[0]["filters"] == 16
    explorer.layers += [{"type": "Flatten"}]
    assert len(explorer.layers) == 4


def test_a_held_array_computes_and_prints_as_any_other():
    explorer = FilterExplorer(np.eye(3), kernel="identity", padding="same")
    assert type(explorer.image * 2) is np.ndarray
    assert type(np.array(explorer.image)) is np.ndarray
    assert repr(explorer.image).startswith("array([[255,")
    assert (explorer.image != 0).sum() == 3
    assert explorer.image.max() == 255
    changed = explorer.image.copy()
    changed[0, 1] = 9
    changed += 1
    changed[changed > 200] = 200
    explorer.image = changed
    assert explorer.feature_map.tolist() == changed.tolist()


def test_the_text_of_an_explorer_reads_the_result_that_is_there(monkeypatch):
    explorers = [FilterExplorer(), PoolingExplorer(), ChannelExplorer()]
    texts = [repr(each) for each in explorers]
    for each in explorers:
        monkeypatch.setattr(type(each), "_result", None)
    assert [repr(each) for each in explorers] == texts
