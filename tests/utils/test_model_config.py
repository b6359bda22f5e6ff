"""Configurations of handed-in models: all of Keras's parts on the lists pass, and nothing else."""

from __future__ import annotations

import copy
import importlib
import inspect
import json

import pytest

from utils.checks.part3 import model_config
from utils.checks.part3.hand_in import portable
from utils.checks.part3.model_config import KINDS, Unacceptable, cleaned, read_json

NEEDED = {  # arguments without a default
    "activation": "relu",
    "axes": 1,
    "dims": (2, 1),
    "equation": "ab,bc->ac",
    "factor": 0.1,
    "filters": 3,
    "head_dim": 4,
    "height": 20,
    "height_factor": 0.1,
    "input_dim": 7,
    "kernel_size": 3,
    "key_dim": 2,
    "n": 2,
    "num_heads": 2,
    "num_key_value_heads": 2,
    "num_query_heads": 2,
    "output_dim": 3,
    "output_shape": 5,
    "output_size": 2,
    "pool_size": 2,
    "rate": 0.2,
    "scale": 2.0,
    "stddev": 0.1,
    "target_shape": (4, 4),
    "units": 3,
    "width": 20,
    "width_factor": 0.1,
}


def made(name: str):
    """Return one of Keras's layers, with what it cannot do without."""
    from keras import layers

    special = {
        "Bidirectional": lambda cls: cls(layers.LSTM(3)),
        "InputLayer": lambda cls: cls(shape=(3,)),
        "Pipeline": lambda cls: cls([layers.RandomRotation(0.1), layers.RandomFlip()]),
        "RNN": lambda cls: cls(layers.LSTMCell(2)),
        "RandomPosterization": lambda cls: cls(3),
        "SpectralNormalization": lambda cls: cls(layers.Dense(3)),
        "StackedRNNCells": lambda cls: cls([layers.GRUCell(2), layers.LSTMCell(2)]),
        "TimeDistributed": lambda cls: cls(layers.Dense(3)),
    }
    cls = getattr(layers, name)
    if name in special:
        return special[name](cls)
    parameters = inspect.signature(cls).parameters
    needed = [key for key, about in parameters.items() if about.default is about.empty]
    return cls(**{key: NEEDED[key] for key in needed if key in NEEDED})


def model_of(layer: dict | object) -> dict:
    """Return a configuration of a model with one layer in it."""
    return {
        "module": "keras",
        "class_name": "Sequential",
        "config": {"name": "sequential", "trainable": True, "layers": [layer]},
        "registered_name": None,
    }


def of_json(value: object) -> object:
    return json.loads(json.dumps(value))


def test_every_layer_on_the_list_is_let_through_and_loads_again_also_in_its_portable_form():
    import keras

    absent = {"ContrastLimitedAdaptiveHistogramEqualization"}  # in Keras 3.13
    for name in sorted(model_config.LAYERS):
        if name in absent and not hasattr(keras.layers, name):
            continue
        config = model_of(of_json(keras.saving.serialize_keras_object(made(name))))
        for form in (config, portable(config)):
            (layer,) = cleaned(form)["config"]["layers"]
            loaded = keras.saving.deserialize_keras_object(layer)
            assert type(loaded) is getattr(keras.layers, name)
            again = of_json(keras.saving.serialize_keras_object(loaded))["config"]
            assert again == config["config"]["layers"][0]["config"], name


def test_every_name_on_the_lists_is_a_class_or_function_of_its_kind():
    import keras
    from keras.src.ops.operation import Operation

    for (module, name), kind in KINDS.items():
        found = getattr(importlib.import_module(module), name, None)
        if found is None:  # of a later Keras, or known by another path
            assert kind != model_config.PART and name != "Sequential"
            continue
        assert inspect.isclass(found)
        if kind == model_config.OPERATION:
            assert issubclass(found, Operation)
        if kind == model_config.LAYER:
            assert issubclass(found, keras.layers.Layer)
    for name in model_config.FUNCTIONS:
        assert inspect.isfunction(getattr(keras.activations, name))


def test_of_keras_s_layers_only_those_are_left_out_that_hold_programs_files_or_texts():
    from keras import layers

    own = {
        name
        for name, layer in vars(layers).items()
        if inspect.isclass(layer) and issubclass(layer, layers.Layer) and layer.__name__ == name
    }
    left_out = {
        *("FlaxLayer", "JaxLayer", "Lambda", "Layer", "TorchModuleWrapper", "Wrapper"),
        *("StringLookup", "IntegerLookup", "TextVectorization", "TFSMLayer"),
        *("CategoryEncoding", "Discretization", "HashedCrossing", "Hashing", "MelSpectrogram"),
        *("MaxNumBoundingBoxes", "ReversibleEmbedding", "STFTSpectrogram"),
    }
    assert own - model_config.LAYERS <= left_out


def test_operations_slices_and_nested_models_are_let_through_as_they_are():
    import keras
    from keras import layers, ops

    image = keras.Input((28, 28, 1))
    values = ops.pad(2 * image - 1, ((0, 0), (1, 1), (1, 1), (0, 0)))[:, ::2, 1:-1, :]
    values = ops.concatenate([values, ops.relu(values)], axis=-1)
    values = ops.einsum("abcd->acbd", ops.cast(values, "float32"))
    inner = keras.Sequential([keras.Input((15, 28, 2)), layers.Flatten()])
    flat = inner(ops.transpose(values, (0, 2, 1, 3)))
    several = [
        layers.Dense(10, activation=activation, kernel_initializer=initializer)(flat)
        for activation, initializer in [
            ("gelu", "he_normal"),
            (ops.gelu, "zeros"),
            (keras.activations.mish, keras.initializers.RandomNormal(0.1, seed=3)),
            (None, keras.initializers.Constant(0.1)),
        ]
    ]
    last = layers.Average()(several) + 3.0
    model = keras.Model(image, layers.Dense(10, kernel_regularizer="l2", dtype="float32")(last))
    config = of_json(keras.saving.serialize_keras_object(model))
    config.pop("compile_config", None)
    inside = next(part for part in config["config"]["layers"] if part["name"] == inner.name)
    inside.pop("compile_config", None)
    assert of_json(cleaned(copy.deepcopy(config))) == {
        key: value for key, value in config.items() if key != "build_config"
    } | {"build_config": config["build_config"]}
    loaded = keras.saving.deserialize_keras_object(cleaned(config))
    assert loaded.count_params() == model.count_params()


def test_what_compile_was_given_is_dropped_at_every_depth():
    hostile = {"optimizer": {"module": "keras.utils", "class_name": "get_file", "config": {}}}
    inner = model_of(DENSE) | {"compile_config": hostile}
    config = model_of(inner) | {"compile_config": hostile}
    assert "compile_config" not in json.dumps(cleaned(config))


DENSE = {
    "module": "keras.layers",
    "class_name": "Dense",
    "config": {"name": "dense", "units": 10},
    "registered_name": None,
}


def dense(**arguments) -> dict:
    return DENSE | {"config": DENSE["config"] | arguments}


def function(name: str, module: str = "keras.activations", registered: object = None) -> dict:
    return {
        "module": module,
        "class_name": "function",
        "config": name,
        "registered_name": registered,
    }


LAMBDA = DENSE | {"class_name": "Lambda", "config": {"function": function("get_file")}}
GET_FILE = function("get_file", "keras.utils")
HOSTILE = {
    # names that Keras resolves and that a list of forbidden ones does not know
    "a Lambda by a dotted name": LAMBDA | {"module": "keras", "class_name": "layers.Lambda"},
    "a Lambda by its own name": LAMBDA,
    "a Lambda from where it is made": LAMBDA | {"module": "keras.src.layers.core.lambda_layer"},
    "a Lambda by its registered name": DENSE | {"registered_name": "Lambda"},
    "a registered name of a package": DENSE | {"registered_name": "mine>Dense"},
    "a file of TensorFlow": DENSE | {"class_name": "TFSMLayer", "config": {"filepath": "/"}},
    "a dotted class": DENSE | {"class_name": "core.Dense"},
    "an empty class": DENSE | {"class_name": ""},
    "no class": {key: value for key, value in DENSE.items() if key != "class_name"},
    "no module": DENSE | {"module": None},
    "another module": DENSE | {"module": "os"},
    "a module that only looks alike": DENSE | {"module": "keras.layers."},
    "a module with a line end": DENSE | {"module": "keras.layers\n"},
    "a vocabulary file": DENSE | {"class_name": "StringLookup", "config": {"vocabulary": "/etc"}},
    # values of another kind than expected
    "class is a list": DENSE | {"class_name": ["Dense"]},
    "class is a dictionary": DENSE | {"class_name": {"a": 1}},
    "class is a number": DENSE | {"class_name": 3},
    "module is a list": DENSE | {"module": ["keras.layers"]},
    "registered name is a list": DENSE | {"registered_name": ["Dense"]},
    "config is a list": DENSE | {"config": []},
    "config is a word": DENSE | {"config": "get_file"},
    "the name is a dictionary": dense(name={"a": 1}),
    "the shared number is a word": DENSE | {"shared_object_id": "a"},
    "build config is a word": DENSE | {"build_config": "x"},
    "build config with words": DENSE | {"build_config": {"input_shape": ["x"]}},
    "nodes are a dictionary": DENSE | {"inbound_nodes": {}},
    "nodes of another form": DENSE | {"inbound_nodes": [{"args": []}]},
    "one more key": DENSE | {"surprise": 1},
    "an argument with a dot": dense(**{"a.b": 1}),
    "an argument with underscores": dense(__class__=1),
    # functions and objects in places where arguments stand
    "a download as activation": dense(activation=GET_FILE),
    "a dotted function": dense(activation=function("utils.get_file", "keras")),
    "a function of builtins": dense(activation=function("eval", "builtins")),
    "a function registered as another": dense(activation=function("relu", registered="get_file")),
    "a function whose name is a list": dense(activation=function(["relu"])),
    "a lambda": dense(activation={"class_name": "__lambda__", "config": {"value": "eA=="}}),
    "a type": dense(units={"class_name": "__typespec__", "config": [], "module": "os"}),
    "bytes": dense(units={"class_name": "__bytes__", "config": {"value": "x"}}),
    "in an initializer": dense(
        kernel_initializer={
            "module": "keras.initializers",
            "class_name": "Constant",
            "config": {"value": GET_FILE},
            "registered_name": None,
        }
    ),
    "in a regularizer": dense(kernel_regularizer=LAMBDA),
    "in a constraint": dense(kernel_constraint=GET_FILE),
    "in the dtype": dense(dtype={"module": "keras", "class_name": "DTypePolicyMap", "config": {}}),
    "deep in lists": dense(units=[[[[GET_FILE]]]]),
    "in a call": DENSE | {"inbound_nodes": [{"args": [GET_FILE], "kwargs": {}}]},
    "in a named argument of a call": DENSE
    | {"inbound_nodes": [{"args": [], "kwargs": {"a": GET_FILE}}]},
    "in a nested model": model_of(model_of(LAMBDA)),
    "in a wrapper": DENSE | {"class_name": "TimeDistributed", "config": {"layer": LAMBDA}},
    "in a constant": dense(
        units={"class_name": "__tensor__", "config": {"value": GET_FILE, "dtype": "int8"}}
    ),
    "in a tensor's shape": dense(
        units={
            "class_name": "__keras_tensor__",
            "config": {"shape": [GET_FILE], "dtype": "int8", "keras_history": ["a", 0, 0]},
        }
    ),
    "a loop over a function": DENSE | {"module": "keras.src.ops.core", "class_name": "Map"},
    "an optimizer": DENSE | {"module": "keras.optimizers", "class_name": "Adam"},
    "a callback": DENSE | {"module": "keras.callbacks", "class_name": "CSVLogger"},
    "a bare dictionary": dense(units={"a": 1}),
    "an initializer among the layers": {
        "module": "keras.initializers",
        "class_name": "Zeros",
        "config": {},
    },
    "a word among the layers": "dense",
    # words and numbers
    "a path as a word": dense(activation="/etc/passwd"),
    "a word that is not listed": dense(activation="get_file"),
    "a dotted word": dense(kernel_initializer="layers.Lambda"),
    "a path as an equation": dense(equation="../../etc/passwd"),
    "a number that is too large": dense(units=10**30),
    "an infinite number": dense(units=float("inf")),
}


@pytest.mark.parametrize("way", HOSTILE)
def test_a_configuration_with_anything_else_is_refused(way):
    with pytest.raises(Unacceptable) as caught:
        cleaned(model_of(HOSTILE[way]))
    assert len(str(caught.value)) < 250 and "\n" not in str(caught.value)


@pytest.mark.parametrize("place", ["first", "deep"])
def test_what_is_hostile_is_found_wherever_it_stands(place):
    for way, layer in HOSTILE.items():
        config = model_of(layer)
        for _ in range(5 if place == "deep" else 0):
            config = model_of(config)
        config["config"]["layers"].append(DENSE)
        with pytest.raises(Unacceptable):
            cleaned(config)
            pytest.fail(way)


@pytest.mark.parametrize("value", [None, [], "a", 3, {}, {"class_name": ["a"]}, DENSE])
def test_what_is_no_model_is_refused(value):
    with pytest.raises(Unacceptable):
        cleaned(value)


def test_depth_and_number_of_layers_are_limited():
    deep = 1
    for _ in range(100):
        deep = [deep]
    with pytest.raises(Unacceptable, match="too deep"):
        cleaned(model_of(dense(units=deep)))
    nested = DENSE
    for _ in range(400):
        nested = model_of(nested)
    with pytest.raises(Unacceptable, match="too deep"):
        cleaned(nested)
    many = model_of(DENSE)
    many["config"]["layers"] *= 2_500
    with pytest.raises(Unacceptable, match="2,000 layers"):
        cleaned(many)


@pytest.mark.parametrize("text", [b"{", b"\xff", b'{"a": NaN}', b"[" * 99_999, b"1" * 9_999, b""])
def test_broken_json_is_refused(text):
    with pytest.raises(Unacceptable):
        read_json(text)


def test_a_lambda_as_an_activation_is_called_so():
    import keras
    from keras import layers

    model = keras.Sequential([keras.Input((4,)), layers.Dense(2, activation=lambda x: 2 * x)])
    with pytest.warns(UserWarning, match="lambda"):
        config = json.loads(json.dumps(keras.saving.serialize_keras_object(model)))
    with pytest.raises(Unacceptable, match="a function of yours, a lambda"):
        cleaned(config)
