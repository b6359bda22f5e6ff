"""The network of chapter 5: its arithmetic, its trained weights, and its notebook's copy."""

import json
from pathlib import Path

import nbformat
import numpy as np
import pytest

from utils import models

ROOT = Path(__file__).resolve().parents[2]
CHAPTER = ROOT / "chapters" / "05_fashion_mnist.ipynb"


@pytest.fixture(scope="module")
def network():
    return models.lecture_network(dtype="float32")


def test_the_network_has_the_parameters_that_the_lecture_counts(network):
    dense = [layer for layer in network.layers if type(layer).__name__ == "Dense"]
    assert network.count_params() == 1_413_834
    assert sum(layer.count_params() for layer in dense) == 303_946


def test_its_maps_shrink_from_28_to_3_and_flatten_gives_2304_values(network):
    sizes = [layer.output.shape[1] for layer in network.layers if len(layer.output.shape) == 4]
    assert sizes == [28, 14, 14, 14, 7, 7, 7, 3]
    assert network.get_layer(index=8).output.shape == (None, 2304)


def test_an_image_costs_it_89_5_million_multiply_adds(network):
    total = sum(models.multiply_adds(layer) for layer in network.layers)
    assert round(total / 1e6, 1) == 89.5


def test_multiply_adds_agree_with_counting_each_product_of_a_small_convolution():
    import keras

    model = keras.Sequential([keras.Input((5, 6, 2)), keras.layers.Conv2D(3, (2, 3))])
    # 4 × 4 positions, 3 filters, 2 × 3 weights on each of 2 channels
    assert models.multiply_adds(model.layers[0]) == 4 * 4 * 3 * 2 * 3 * 2


def test_a_layer_without_a_rule_for_its_multiply_adds_is_refused_by_name():
    import keras

    model = keras.Sequential([keras.Input((8, 8, 2)), keras.layers.Conv2DTranspose(3, 3)])
    with pytest.raises(ValueError, match="Conv2DTranspose"):
        models.multiply_adds(model.layers[0])


def test_multiply_adds_of_images_of_any_size_are_refused_with_what_to_do():
    import keras

    model = keras.Sequential([keras.Input((None, None, 3)), keras.layers.Conv2D(2, 3, name="any")])
    with pytest.raises(ValueError, match="'any'.*such as .224, 224, 3."):
        models.multiply_adds(model.layers[0])


def test_the_multiply_adds_of_every_network_of_the_course_add_up():
    networks = [models.reference_cnn(), models.normalized_cnn(), models.plain_cnn()]
    totals = [sum(map(models.multiply_adds, network.layers)) for network in networks]
    assert all(total > 1_000_000 for total in totals)


def test_the_notebook_builds_the_same_network():
    import keras
    from keras import layers

    cells = nbformat.read(CHAPTER, as_version=4).cells
    source = next(cell.source for cell in cells if "model = keras.Sequential(" in cell.source)
    names = {"keras": keras, "layers": layers}
    exec(source, names)

    def described(model):
        return [
            (type(layer).__name__, {k: v for k, v in layer.get_config().items() if k != "name"})
            for layer in model.layers
        ]

    assert described(names["model"]) == described(models.lecture_network())


def test_bfloat16_is_chosen_only_on_a_processor_that_has_it(monkeypatch):
    import tensorflow  # noqa: F401 - reads files when it is imported

    def processor(flags):
        monkeypatch.setattr(Path, "read_text", lambda self, encoding: f"flags : {flags}\n")

    monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS", raising=False)
    processor("avx2 avx512f avx512_bf16")
    assert models.fast_dtype_policy() == "mixed_bfloat16"
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")
    assert models.fast_dtype_policy() == "float32"
    monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS")
    processor("avx2 avx512f")
    assert models.fast_dtype_policy() == "float32"


def test_float32_is_chosen_where_the_processor_cannot_be_asked(monkeypatch):
    def missing(self, encoding):
        raise FileNotFoundError

    monkeypatch.setattr(Path, "read_text", missing)
    assert models.fast_dtype_policy() == "float32"


def test_the_records_are_small_and_hold_no_pickled_object():
    folder = ROOT / "utils" / "trained"
    assert (folder / "fashion_mnist_lecture.npz").stat().st_size <= 3_000_000
    assert (folder / "fashion_mnist_lecture.json").stat().st_size <= 50_000
    with np.load(folder / "fashion_mnist_lecture.npz", allow_pickle=False) as weights:
        assert {weights[name].dtype for name in weights.files} == {np.dtype("float16")}


def test_every_recorded_run_is_complete():
    record = json.loads((ROOT / "utils" / "trained" / "fashion_mnist_lecture.json").read_text())
    assert record["reference"] in record["runs"]
    for run in record["runs"].values():
        assert run["epochs"] == 10
        assert all(len(values) == 10 for values in run["history"].values())
        assert len(run["wall_seconds"]) == len(run["cpu_seconds"]) == 10
        assert {"seed", "machine", "versions", "dtype_policy", "batch_size"} <= run.keys()
