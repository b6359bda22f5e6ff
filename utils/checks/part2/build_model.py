"""The check of `build_model`: a compiled network within a budget, with one softmax at its end."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

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


def _sharp_answers(model, images: np.ndarray) -> np.ndarray:
    """Return the answers with large random weights in the last layer: a softmax is then certain."""
    kernels = [weight for weight in model.trainable_variables if len(weight.shape) > 1]
    if not kernels:
        return answers_of(model, images)
    last, before = kernels[-1], kernels[-1].numpy()
    try:
        last.assign(100 * np.random.default_rng(FIXED_SEED).normal(size=before.shape))
        return answers_of(model, images)
    finally:
        last.assign(before)


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


def layers_inside(layer) -> list:
    """Return the layers inside a layer or model, those inside blocks and inner models too."""
    import keras

    held = layer.layers if isinstance(layer, keras.Model) else keras.tree.flatten(vars(layer))
    found = {id(one): one for one in held if isinstance(one, keras.layers.Layer)}
    return [inside for one in found.values() for inside in (one, *layers_inside(one))]


def _about_layers(model) -> dict:
    """Return what kinds of layers a model has, also inside blocks and models inside it."""
    import keras

    inside = layers_inside(model)
    kinds = [{base.__name__ for base in type(layer).__mro__} for layer in inside]
    strides = [np.max(getattr(layer, "strides", None) or 1) for layer in inside]
    last = [layer for layer in model.layers if not isinstance(layer, keras.layers.Dropout)][-2:]
    softmaxes = [
        isinstance(layer, keras.layers.Softmax)
        or getattr(layer, "activation", None) is keras.activations.softmax
        for layer in last
    ]
    return {
        "convolutions": sum(any("Conv" in name for name in kind) for kind in kinds),
        "shrinking": sum(any("Pool" in name for name in kind) for kind in kinds)
        + sum(stride > 1 for stride in strides),
        "softmaxes": sum(softmaxes),
        "rescaling": any(
            "Rescaling" in kind and np.max(layer.scale) < 0.05
            for kind, layer in zip(kinds, inside, strict=True)
        ),
    }


def model_facts(build_model: Callable) -> Facts:
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
    images = np.random.default_rng(FIXED_SEED).random((32, 28, 28, 1), dtype=np.float32)

    def look() -> dict:
        facts = {"answers": answers_of(model, images)}
        facts["parameters"] = int(sum(np.prod(weight.shape) for weight in model.weights))
        own = {id(weight) for weight in model.weights}
        others = getattr(second, "weights", [])
        facts["shared"] = second is model or any(id(weight) in own for weight in others)
        facts |= _about_layers(model)
        facts["compiled"] = bool(model.compiled)
        facts["losses"] = _losses(model) if facts["compiled"] else {}
        if facts["losses"] and "whole numbers" not in facts["losses"]:
            facts["note"] = "Its loss expects one-hot labels: train will have to make them."
        if facts["answers"].shape == (32, CLASSES):
            sharp = _sharp_answers(model, images)
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
    # The softmax of numbers between 0 and 1: none can be more than e times as large as another.
    ratios = facts["sharp"].max(axis=1) / facts["sharp"].min(axis=1).clip(1e-30)
    return "twice" if facts["softmaxes"] > 1 or ratios.max() < 2.8 else ""


def _loss_hint(facts: dict, output: str) -> str:
    """Say what is wrong with how the model was compiled; mostly, nothing."""
    if not facts["compiled"]:
        return "It is not compiled: `fit` needs an optimizer and a loss."
    fitting = [(r, u, w) for r, u, w in facts["losses"].values() if r < u < w]
    if not fitting:
        return (
            "Its loss is not lower for a right answer than for a wrong one. Which loss is made "
            "for classes, with labels that are whole numbers?"
        )
    right, unsure, wrong = fitting[0]
    # −log p falls by log 91 from WRONG to RIGHT; taken as logits, the two differ by 0.9.
    # Softened labels make both smaller; other losses (a squared error) differ by less.
    takes_logits = 0.6 < wrong - right < 0.95 and unsure - right > 0.4
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
    if facts["rescaling"] and "form" not in found:
        found["form"] = "The images are in [0, 1] already; the Rescaling layer scales them again."
    if not facts["convolutions"]:
        found["layers"] = "There is no convolution in it."
    elif not facts["shrinking"]:
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


def build_model(function: Callable) -> Score:
    """Check `build_model()`: 8 points."""
    return MODEL.over([function], model_facts, lambda _, facts: model_findings(facts))
