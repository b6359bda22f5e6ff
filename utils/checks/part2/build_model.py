"""The check of `build_model`: a compiled network within a budget, with one softmax at its end."""

from __future__ import annotations

import contextlib
import functools
import math
from collections.abc import Callable, Iterator
from unittest import mock

import numpy as np

from ..attempt import attempt
from ..frame import Check, Facts, Findings, failure
from ..score import NO_FUNCTION, Score
from ..task import FIXED_SEED
from ..values import type_name
from .digits import CLASSES
from .networks import BUILD_SECONDS, answers_of

BUDGET = 300_000
MODEL = Check(
    "build_model",
    (
        ("form", "images (n, 28, 28, 1) go in, and ten finite numbers an image come out", 1),
        ("softmax", "the ten numbers are probabilities: softmax, once", 2),
        ("layers", "it has convolutions, and pooling or strides that make the maps smaller", 1),
        ("budget", f"it has at most {BUDGET:,} parameters", 1),
        ("fresh", "each call builds a new network", 1),
        ("loss", "it is compiled, with a loss that fits its output", 2),
    ),
)
# Three answers to ten images, one of each class, that a loss has to rank in this order.
RIGHT = np.full((CLASSES, CLASSES), 0.01, np.float32)
np.fill_diagonal(RIGHT, 0.91)
UNSURE = np.full((CLASSES, CLASSES), 0.1, np.float32)
WRONG = np.roll(RIGHT, 1, axis=1)


def _sharp_answers(model, images: np.ndarray, seed: int) -> np.ndarray:
    """Return answers of a model that is certain: one of its kernels gets large random weights.

    The kernels are tried from the last one back, until the answers are more certain than a
    softmax of probabilities can be; which kernel comes last says nothing about where it stands.
    """
    rng, answers = np.random.default_rng(seed), answers_of(model, images)
    kernels = [weight for weight in model.trainable_variables if len(weight.shape) > 1]
    for kernel in kernels[:-9:-1]:
        before = kernel.numpy()
        try:
            kernel.assign(100 * rng.normal(size=before.shape))
            answers = answers_of(model, images)
        finally:
            kernel.assign(before)
        if answers.shape[1:] != (CLASSES,) or not _is_softmax_of_shares(answers):
            break
    return answers


def _is_softmax_of_shares(answers: np.ndarray) -> bool:
    """Whether ten numbers can be the softmax of numbers from 0 to 1: none is e times another."""
    return bool((answers.max(axis=1) / answers.min(axis=1).clip(1e-30)).max() < 2.8)


def _losses(model) -> dict[str, list[float]]:
    """Return the loss of RIGHT, UNSURE and WRONG, for each form of labels that the loss takes."""
    found = {}
    forms = {"whole numbers": np.arange(CLASSES), "one-hot": np.eye(CLASSES, dtype=np.float32)}
    for form, labels in forms.items():
        with contextlib.suppress(Exception):
            found[form] = [
                float(model.compute_loss(y=labels, y_pred=answers))
                for answers in (RIGHT, UNSURE, WRONG)
            ]
    return found


@contextlib.contextmanager
def _layers_called(calls: list[dict], silenced: int | None = None) -> Iterator[None]:
    """Note in `calls` each layer that is called in the body, also inside blocks and models.

    Each note has the number of the call, the layer, the sizes (rows, columns, …) that one image
    has before and after it, without channels, and the largest absolute value that comes in. The
    call with the number `silenced` gives zeros.
    """
    import keras
    from keras import ops

    original = keras.layers.Layer.__call__

    def size(tensor) -> tuple[int, ...]:
        shape = tuple(getattr(tensor, "shape", ()))
        return shape[1:-1] if len(shape) == 4 else ()

    @functools.wraps(original)
    def called(self, *args, **kwargs):
        given = args[0] if args else None
        number = len(calls)
        note = {"number": number, "layer": self, "before": size(given), "largest": math.nan}
        if note["before"]:
            note["largest"] = float(ops.max(ops.abs(ops.cast(given, "float32"))))
        calls.append(note)
        result = original(self, *args, **kwargs)
        if number == silenced:
            result = keras.tree.map_structure(ops.zeros_like, result)
        note["after"] = size(result)
        return result

    with mock.patch.object(keras.layers.Layer, "__call__", called):
        yield


@contextlib.contextmanager
def _weights_shaken(model) -> Iterator[None]:
    """Change all weights a little in the body: some networks begin with zeros, and pass on none."""
    kept = [weight.numpy() for weight in model.trainable_weights]
    rng = np.random.default_rng(FIXED_SEED)
    try:
        for weight, values in zip(model.trainable_weights, kept, strict=True):
            weight.assign(values + rng.normal(0, 0.05, values.shape).astype(np.float32))
        yield
    finally:
        for weight, values in zip(model.trainable_weights, kept, strict=True):
            weight.assign(values)


def _about_layers(model, images: np.ndarray) -> dict:
    """Return what becomes of images on their way through the model, from layer to layer.

    Only layers that are called count, and only if the answers depend on what they give. Maps may
    become smaller between two layers as well: by an operation such as `ops.max_pool`, or by
    `x[:, ::2, ::2]`.
    """
    import keras

    def answers(calls: list[dict], silenced: int | None = None) -> np.ndarray:
        with _layers_called(calls, silenced):
            return answers_of(model, images)

    calls: list[dict] = []
    answers(calls)
    calls = [call for call in calls if not isinstance(call["layer"], keras.Model)]
    sizes = {images.shape[1:-1]} | {call.get("after", ()) for call in calls}
    weighted = [call["largest"] for call in calls if call["layer"].weights and call["before"]]

    def is_a(word: str, call: dict) -> bool:
        return any(word in base.__name__ for base in type(call["layer"]).__mro__)

    def shrinks(call: dict) -> bool:
        strides = getattr(call["layer"], "strides", None) or 1
        return is_a("Pool", call) or bool(np.max(strides) > 1)

    with _weights_shaken(model):
        usual = answers([])

        def matters(call: dict) -> bool:
            return not np.array_equal(usual, answers([], call["number"]))

        convolves = any(is_a("Conv", call) and matters(call) for call in calls)
        pools = any(shrinks(call) and matters(call) for call in calls)
    return {
        "convolves": convolves,
        "shrinks": pools or any(call["before"] not in sizes for call in calls),
        "scaled_again": bool(weighted) and weighted[0] < 0.05,
    }


def model_facts(build_model: Callable, seed: int = FIXED_SEED) -> Facts:
    """Call `build_model` twice, and look at what comes."""
    import keras

    if issubclass(type(build_model), keras.Model):
        return {"problem": NO_FUNCTION}
    outcome = attempt(build_model, seconds=BUILD_SECONDS)
    if failed := failure(outcome):
        return failed
    model = outcome.value
    if not issubclass(type(model), keras.Model):
        return {"problem": f"It returned no Keras model but an object of type {type_name(model)}."}
    second = attempt(build_model, seconds=BUILD_SECONDS).value
    images = np.random.default_rng(seed).random((32, 28, 28, 1), dtype=np.float32)

    def look() -> dict:
        facts = {"answers": answers_of(model, images)}
        facts["parameters"] = int(sum(np.prod(weight.shape) for weight in model.weights))
        own = {id(weight) for weight in model.weights}
        others = getattr(second, "weights", [])
        facts["shared"] = second is model or any(id(weight) in own for weight in others)
        facts |= _about_layers(model, images)
        facts["compiled"] = bool(model.compiled)
        facts["losses"] = _losses(model) if facts["compiled"] else {}
        if list(facts["losses"]) == ["one-hot"]:
            facts["note"] = "Its loss expects one-hot labels: train will have to make them."
        if facts["answers"].shape == (32, CLASSES):
            sharp = _sharp_answers(model, images, seed)
            facts["sharp"] = (
                sharp if sharp.shape == (32, CLASSES) else np.full((1, CLASSES), np.nan)
            )
        return facts

    outcome = attempt(look, seconds=BUILD_SECONDS)
    if outcome.problem:
        return {"problem": f"It cannot be used: {outcome.problem}."}
    return outcome.value


OUTPUTS = {
    "nan": "Some of the numbers are not finite.",
    "sigmoid": (
        "Each number lies between 0 and 1, but the ten do not add up to 1, as after a sigmoid. "
        "An image is one digit: which function makes the ten compete?"
    ),
    "logits": (
        "The ten numbers do not add up to 1: they are scores, called logits. Which activation "
        "makes probabilities of them?"
    ),
    "negative": "There are negative numbers among them.",
    "twice": (
        "Softmax is applied twice. The second one gets numbers from 0 to 1, and makes them nearly "
        "equal: no digit can reach a probability of a quarter."
    ),
}


def _output_kind(facts: dict) -> str:
    """Return what the outputs are, a key of OUTPUTS; empty if they come from one softmax."""
    both = np.concatenate([facts["answers"], facts["sharp"]])
    if not np.isfinite(both).all():
        return "nan"
    if np.abs(both.sum(axis=1) - 1).max() > 0.02:  # 16-bit formats round
        return "sigmoid" if both.min() >= 0 and both.max() <= 1 else "logits"
    if both.min() < -1e-6:
        return "negative"
    return "twice" if _is_softmax_of_shares(facts["sharp"]) else ""


def _loss_hint(facts: dict, output: str) -> str:
    """Say what is wrong with how the model was compiled; mostly, nothing."""
    if not facts["compiled"]:
        return "It is not compiled: `fit` needs an optimizer and a loss."
    fitting = {form: (r, u, w) for form, (r, u, w) in facts["losses"].items() if r < u < w}
    if not fitting:
        return (
            "Its loss is not lower for a right answer than for a wrong one. Which loss is made "
            "for classes, with labels that are whole numbers?"
        )
    if "whole numbers" in facts["losses"] and "whole numbers" not in fitting:
        return (
            "With labels that are whole numbers, its loss is not lower for a right answer than for "
            "a wrong one: it takes the number of a class for a quantity. Which loss is made for "
            "classes?"
        )
    right, unsure, wrong = next(iter(fitting.values()))
    # −log p rises evenly from RIGHT to UNSURE to WRONG. Of the same numbers taken as logits,
    # UNSURE is nearly as bad as WRONG. A factor (`loss_weights`) makes no difference.
    takes_logits = (unsure - right) / (wrong - right) > 0.7
    if takes_logits and output != "logits":
        return (
            "The loss takes the output for logits (`from_logits=True`), to apply a softmax to "
            "them; the output holds probabilities already."
        )
    if output == "logits" and not takes_logits:
        return "The loss expects probabilities, and the output holds logits."
    return ""


def model_findings(facts: Facts) -> Findings:
    """Judge what `build_model` built."""
    found, output, answers = {}, "", facts["answers"]
    if answers.shape != (32, CLASSES):
        images = "n" if len(answers) == 32 else f"{len(answers)} for n = 32"
        shape = ", ".join(map(str, (images, *answers.shape[1:])))
        found["form"] = f"What comes out has the shape ({shape}); (n, 10) is asked for."
        found["softmax"] = ""
    elif output := _output_kind(facts):
        found["form" if output == "nan" else "softmax"] = OUTPUTS[output]
    if facts["scaled_again"] and "form" not in found:
        found["form"] = "The images are in [0, 1] already, and the model scales them again."
    if not facts["convolves"]:
        found["layers"] = "No image passes a convolutional layer on its way to the answer."
    elif not facts["shrinks"]:
        found["layers"] = "Nothing makes the maps smaller: no pooling, no stride above 1."
    if facts["parameters"] > BUDGET:
        found["budget"] = (
            f"It has {facts['parameters']:,}. Look at the first dense layer: how many values "
            "does it read, and what would make them fewer?"
        )
    if facts["shared"]:
        found["fresh"] = "A second call returned the same weights, with all that they learned."
    if hint := _loss_hint(facts, output):
        found["loss"] = hint
    return found


def build_model(function: Callable, *, seed: int = FIXED_SEED) -> Score:
    """Check `build_model()`: 8 points."""
    return MODEL.over(
        [seed],
        lambda seed: model_facts(function, seed),
        lambda _, facts: model_findings(facts),
        seed,
    )
