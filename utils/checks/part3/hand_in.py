"""Write the model that is handed in, after everything was tried that grading will do with it."""

from __future__ import annotations

import contextlib
import inspect
import io
import json
import os
import tempfile
import warnings
import zipfile
from pathlib import Path

import numpy as np

from utils import data

from .answers import EARNING, LITTLE, answers_of, other_scale, problem_of_answers, right
from .estimate import TEST_SIZE
from .model_config import Unacceptable, cleaned
from .model_file import LARGEST, SECONDS, predict
from .model_runner import told

COMPARED = 2_000  # answers of a file and of the model that it was made of
UPLOADS = (
    "1_from_scratch.ipynb",
    "2_own_cnn.ipynb",
    "3_highest_accuracy.ipynb",
    "model.keras",
)


# Functions of TensorFlow that Keras has as well, by the names under which they are saved.
OF_TENSORFLOW = {
    **{"elu": "elu", "gelu": "gelu", "leaky_relu": "leaky_relu", "relu": "relu", "relu6": "relu6"},
    **{"selu": "selu", "sigmoid": "sigmoid", "softplus": "softplus", "softsign": "softsign"},
    **{"softmax_v2": "softmax", "swish": "swish", "tanh": "tanh", "log_softmax_v2": "log_softmax"},
}
NEEDED = {"offset"}  # without it, Rescaling is not loaded again
SHORT = ("mixed_bfloat16", "mixed_float16", "bfloat16", "float16")  # dtypes of 16 bits


def portable(value: object) -> object:
    """Return a configuration of a model in a form that other versions of Keras read as well.

    All is computed in 32 bits, functions of TensorFlow become Keras's own, and arguments that
    have their default value are left out: an older Keras does not know all of them.
    """
    if isinstance(value, list):
        return [portable(item) for item in value]
    if not isinstance(value, dict):
        return value
    name, inside = value.get("class_name"), value.get("config")
    if name == "function" and "keras" not in str(value.get("module")) and inside in OF_TENSORFLOW:
        return OF_TENSORFLOW[inside]
    if name == "DTypePolicy" and inside.get("name") in SHORT:
        return value | {"config": {"name": "float32"}}
    value = {key: portable(part) for key, part in value.items() if key != "compile_config"}
    if value.get("dtype") in SHORT:
        value["dtype"] = "float32"
    if value.get("module") in ("keras.layers", "keras.initializers"):
        usual = defaults(value["module"], name)
        value["config"] = {
            key: part
            for key, part in value["config"].items()
            if key in NEEDED or key not in usual or not is_same(part, usual[key])
        }
    return value


def is_same(one: object, other: object) -> bool:
    return type(one) is type(other) and one == other


def defaults(module: str, name: str) -> dict[str, object]:
    """Return the default values of the arguments of one of Keras's layers or initializers."""
    import keras

    cls = getattr(getattr(keras, module.removeprefix("keras.")), name)
    return {key: about.default for key, about in inspect.signature(cls).parameters.items()}


def bare(model):
    """Return a copy of a Keras model that has no optimizer and computes in 32 bits.

    The state of an optimizer can be twice as large as the weights, and numbers of 16 bits are
    slow on processors without instructions for them. Raises Unacceptable for a model with parts
    that would be refused in a file.
    """
    import keras

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a lambda in what `compile` was given, for example
        config = json.loads(json.dumps(keras.saving.serialize_keras_object(model)))
    config = cleaned(portable(config))
    copy = keras.saving.deserialize_keras_object(config)
    copy.set_weights(model.get_weights())
    return copy


def save(model, path: Path) -> str:
    """Write the model as a file that can be graded; return why not, empty if it was possible."""
    if not getattr(model, "built", True):
        return (
            "It is not built: it does not know yet what comes in, and so it has no weights. Let "
            "it begin with keras.Input((28, 28, 1)), or train it first"
        )
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            copy = bare(model)
            copy.save(path)
            rewrite(path)
    except Unacceptable as error:
        return f"This model cannot be handed in: {error}"
    except Exception as error:
        return (
            f"Keras cannot save and copy it. {told(error)}. Layers and models of classes of your "
            "own cannot be handed in"
        )
    size = path.stat().st_size
    if size > LARGEST:
        return (
            f"It is {size / 1e6:.1f} MB large, and {LARGEST / 1e6:.0f} MB are allowed. A weight "
            f"takes 4 bytes: {model.count_params():,} of them are too many, and "
            f"{LARGEST / 4e6:.0f} million fit"
        )
    return ""


def rewrite(path: Path) -> None:
    """Put the portable form of its configuration into a saved model."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    config = portable(json.loads(parts["config.json"]))
    parts["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)


def hand_in(model, path: str | Path = "model.keras") -> None:
    """Find out whether `model` can be graded, and write it to `path`; prints what to upload.

    It is saved and loaded as for grading: in Keras's safe mode, in a process of its own, on the
    CPU. Then it has to answer to 10,000 images in time, and as `model` does. If one of these
    fails, nothing is written, and a file from before stays as it is.
    """
    path = Path(path)
    if model is None:
        print("There is no model yet: nothing is written.")
    elif not hasattr(model, "predict"):
        print(f"✗ This is no Keras model but a {type(model).__name__}: nothing is written.")
    else:
        try:
            # Beside the place where it is to go, so that it only has to get its name.
            with tempfile.TemporaryDirectory(dir=path.parent, prefix=".hand_in_") as folder:
                file = Path(folder, "model.keras")
                problem = save(model, file) or problem_in_grading(model, file)
                if not problem:
                    os.replace(file, path)
        except OSError as error:
            problem = f"{path} cannot be written: {error.strerror}"
        if problem:
            old = (
                f" The {path.name} that lies here is the one from before." if path.exists() else ""
            )
            print(f"✗ {problem.rstrip('.')}. Nothing is written.{old}")
        else:
            print(f"✓ {path.name} is written. Upload these files: {', '.join(UPLOADS)}.")


def problem_in_grading(model, file: Path) -> str:
    """Do with a file what the grader does, tell how it went, and return what went wrong."""
    (images, labels), _ = data.load_mnist()
    images = images[:TEST_SIZE, ..., np.newaxis] / np.float32(255)
    answer = predict(file, images)
    if problem := answer.message or problem_of_answers(answer.values, len(images)):
        return f"{problem.rstrip('.')}. It cannot be graded like this"
    some = images[:COMPARED]
    own = answers_of(model, some)
    same = np.mean(own.values.argmax(axis=1) == answer.values[:COMPARED].argmax(axis=1))
    if same < 0.98:  # 16 bits and 32 differ where a network has no opinion
        return f"Loaded again, it gives other answers than your model, to {1 - same:.1%} of images"
    print(
        f"✓ It takes {file.stat().st_size / 1e6:.2g} MB; at most {LARGEST / 1e6:.0f} are allowed.\n"
        f"✓ It loads in safe mode and answers to {len(images):,} images in {answer.seconds:.0f} "
        f"seconds; {SECONDS} are allowed."
    )
    if answer.seconds > SECONDS / 2:
        print("! That is too close for comfort on another machine: make the network smaller.")
    share = right(answer.values, labels[:TEST_SIZE]).mean()
    # The model itself: it answers as the file does, and needs no process of its own.
    why = other_scale(model, images, labels, share) if share < EARNING else ""
    if share < LITTLE:
        why = why or "It is given values from 0 to 1."
        print(f"! It reads less than half of the *training* digits. {why}")
    elif why:
        print(f"! It reads {share:.0%} of the *training* digits. {why}")
    return ""
