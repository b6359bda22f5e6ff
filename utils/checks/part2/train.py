"""The check of `train`: what reaches `fit`, what the network learns, which history comes back."""

from __future__ import annotations

import contextlib
import functools
import inspect
import itertools
import math
import operator
from collections.abc import Callable, Iterator
from unittest import mock

import numpy as np

from utils import models

from ..attempt import attempt
from ..frame import Check, Facts, Findings, is_open
from ..score import Score, sentence
from ..task import FIXED_SEED
from .digits import CLASSES, album, digits
from .networks import BUILD_SECONDS, TRAIN_SECONDS, answers_of

EPOCHS = 6
TRAIN = Check(
    "train",
    (
        ("learns", "the network learns: afterwards it knows the training digits better", 1),
        ("training", "it learns from the training set, and from no other image", 2),
        ("validation", "after each epoch it is measured on the validation set", 1),
        ("history", "the history comes back: loss and accuracy, training and validation", 1),
    ),
)
METRICS = ("loss", "accuracy", "val_loss", "val_accuracy")
TRAINING = ("fit", "train_on_batch")
WATCHED = (*TRAINING, "evaluate", "predict", "predict_on_batch", "test_on_batch")
BATCHES = 50  # of a dataset or generator that are looked at
ROLES = ("training", "validation", "other", "test")


def training_case(seed: int) -> dict:
    """Return small sets of real digits, as `split` does: 30 and 10 images of each digit.

    "training" and "validation" are pairs (images, labels). "album" knows all 70,000 images of
    MNIST, "labels" are theirs, and "roles" says of each one whether it is in this training set
    (0), in this validation set (1), another training image of MNIST (2) or a test image (3).
    """
    (images, labels), (test_images, test_labels) = digits()
    rng = np.random.default_rng(seed)
    groups = [rng.permutation(np.flatnonzero(labels == digit)) for digit in range(CLASSES)]
    roles = np.repeat([2, 3], [len(images), len(test_images)])
    case = {"album": album(), "labels": np.concatenate([labels, test_labels]), "roles": roles}
    for role, part in enumerate((slice(30), slice(30, 40))):
        chosen = rng.permutation(np.concatenate([group[part] for group in groups]))
        roles[chosen] = role
        case[ROLES[role]] = images[chosen, ..., np.newaxis] / np.float32(255), labels[chosen]
    return case


def _batches(x, y=None) -> tuple[list, object]:
    """Return the first batches (images, labels) of what `fit` is given, and x to hand on to it.

    To look into a generator uses it up, so another one takes its place.
    """
    import keras

    if inspect.isgenerator(x):
        first = list(itertools.islice(x, BATCHES))
        return first, (batch for batch in itertools.chain(first, x))
    if hasattr(x, "element_spec"):  # a tf.data.Dataset
        return list(x.take(BATCHES)), x
    if isinstance(x, keras.utils.PyDataset):
        return [x[place] for place in range(min(x.num_batches or BATCHES, BATCHES))], x
    return [(x, y)], x


def _counts(case: dict, batches: list) -> dict[str, int]:
    """Count the images of batches by their role; those with a wrong label, and unknown ones.

    "rescaled" says whether the values of the known ones are other than from 0 to 1. Empty if
    they cannot be read.
    """
    try:
        images = np.concatenate([np.asarray(batch[0]) for batch in batches])
        labels = [np.asarray(batch[1]) for batch in batches if batch[1] is not None]
        labels = np.concatenate(labels) if labels else None
        places = case["album"].find(images)
    except Exception:
        return {}
    known = places >= 0
    found = np.bincount(case["roles"][places[known]], minlength=len(ROLES))
    counts = dict(zip(ROLES, found.tolist(), strict=True)) | {"unknown": int(np.sum(~known))}
    as_given = images[known]  # but for a factor, and something added
    counts["rescaled"] = bool(known.any()) and not (
        as_given.min() >= 0 and 0.5 < as_given.max() < 1.001  # rounded otherwise, perhaps
    )
    if labels is not None and labels.shape[1:] == (CLASSES,):
        labels = labels.argmax(axis=1)
    if labels is not None and labels.size == len(images):
        labels = labels.reshape(-1)
        counts["mislabeled"] = int(np.sum(labels[known] != case["labels"][places[known]]))
    return counts


class _Enough(BaseException):
    """Ends a training that is given images which it must not have."""


@contextlib.contextmanager
def _watched(case: dict, model, seen: list[dict]) -> Iterator[None]:
    """Note in `seen` what the WATCHED methods of any Keras model are given in the body."""
    import keras

    def look(note: dict, given: dict) -> None:
        """Fill a note; in `given`, put what was used up by looking in its place again."""
        if note["call"] in TRAINING or not inspect.isgenerator(given.get("x")):
            batches, given["x"] = _batches(given.get("x"), given.get("y"))
            note["x"] = _counts(case, batches)
        held_out = given.get("validation_data")
        note["measured"] = held_out is not None
        note["validation_split"] = bool(given.get("validation_split"))
        if type(held_out) in (tuple, list):
            batches, first = _batches(*held_out[:2])
            given["validation_data"] = (first, *held_out[1:])
            note["validation"] = _counts(case, batches)
        elif held_out is not None:
            batches, given["validation_data"] = _batches(held_out)
            note["validation"] = _counts(case, batches)

    def watching(name: str) -> Callable:
        # Unwrapped: the whole training also where tests shorten `fit`. It is short enough.
        original = inspect.unwrap(getattr(keras.Model, name))
        signature = inspect.signature(original)

        @functools.wraps(original)
        def watched(self, *args, **kwargs):
            call = signature.bind(self, *args, **kwargs)
            note = {"call": name, "x": {}, "validation": {}}
            look(note, call.arguments)
            seen.append(note)
            if any(note[data].get(role) for data in ("x", "validation") for role in ROLES[2:]):
                raise _Enough
            result = original(*call.args, **call.kwargs)
            # A network around the given one, with layers that move the images, trains it too.
            note["own"] = bool(own & {id(weight) for weight in self.weights})
            if name == "fit":
                note["asked"] = call.arguments.get("epochs", 1)
                note["ran"] = len(result.epoch)
            return result

        return watched

    def called(self, *args, **kwargs):
        """Look at what a model is called with, in a loop of one's own: images, no symbols."""
        given = args[0] if args else None
        if isinstance(given, np.ndarray) or hasattr(given, "numpy"):
            counts = _counts(case, [(given, None)])
            if any(counts.get(role) for role in ROLES[2:]):
                seen.append({"call": "__call__", "x": counts, "validation": {}})
                raise _Enough
        return keras.layers.Layer.__call__(self, *args, **kwargs)

    own = {id(weight) for weight in model.weights}
    with contextlib.ExitStack() as stack:
        for name in WATCHED:
            stack.enter_context(mock.patch.object(keras.Model, name, watching(name)))
        stack.enter_context(mock.patch.object(keras.Model, "__call__", called))
        yield


def _surprise(model, case: dict) -> list[float]:
    """Return the mean of −log p of the training images' own digits: predicting, and training.

    In training too, because batch normalization needs many steps before it predicts as well as
    it trains.
    """
    images, labels = case["training"]
    found = []
    for training in (False, True):
        answers = answers_of(model, images, training)
        if np.abs(answers.sum(axis=1) - 1).max() > 0.02:  # these are no probabilities yet
            answers = np.exp(answers - answers.max(axis=1, keepdims=True))
            answers /= answers.sum(axis=1, keepdims=True)
        found.append(float(-np.log(answers[np.arange(len(labels)), labels].clip(1e-7)).mean()))
    return found


def state_of(model, case: dict) -> dict:
    """Measure a model, and leave it as it is; raise ValueError if it does not read digits."""
    images, labels = case["validation"]
    answers = answers_of(model, images)
    if answers.shape[1:] != (CLASSES,):
        raise ValueError(f"it does not give {CLASSES} numbers an image")
    weights = model.get_weights()
    surprise = _surprise(model, case)
    model.set_weights(weights)  # answers in training move the averages of batch normalization
    return {
        "accuracy": float(np.mean(answers.argmax(axis=1) == labels)),
        "surprise": surprise,
        "weights": [weight.numpy() for weight in model.trainable_weights],
    }


def _start(build_model: Callable, case: dict) -> tuple | str:
    """Return a fresh compiled model and its `state_of`; or why there is none."""
    import keras

    def start():
        model = build_model()
        if not (issubclass(type(model), keras.Model) and model.compiled):
            return "build_model gives no compiled Keras model yet"
        return model, state_of(model, case)

    outcome = attempt(start, seconds=BUILD_SECONDS)
    if outcome.problem:
        return f"the one of build_model cannot be used: {outcome.problem}"
    return outcome.value or "build_model is not written yet"


def _course_model():
    model = models.own_cnn(dtype="float32")
    model.compile("nadam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def training_facts(function: Callable, build_model: Callable, case: dict) -> Facts:
    """Run `train` on a fresh model and small sets; return what it did and what came of it.

    "seen" are the notes of `_watched`, "before" and "after" the model's `state_of`.
    """
    start, note = _start(build_model, case), ""
    if isinstance(start, str):
        note = f"Tried on a network of the course, because {start}."
        start = _start(_course_model, case)
    model, before = start
    sets = [tuple(array.copy() for array in case[name]) for name in ROLES[:2]]
    seen: list[dict] = []

    def run():
        try:
            return function(model, *sets, epochs=EPOCHS)
        except _Enough:
            return _Enough

    with _watched(case, model, seen):
        outcome = attempt(run, seconds=TRAIN_SECONDS)
    if is_open(outcome) and not seen:
        return {"open": True}
    if outcome.problem:
        return {"problem": _told_with_labels(outcome.problem), "note": note}
    return {
        "stopped": outcome.value is _Enough,
        "changed": not all(
            np.array_equal(array, as_given)
            for name, pair in zip(ROLES[:2], sets, strict=True)
            for array, as_given in zip(pair, case[name], strict=True)
        ),
        "history": attempt(lambda: _history(outcome.value)).value,
        "before": before,
        "after": attempt(lambda: state_of(model, case), seconds=BUILD_SECONDS).value,
        "seen": seen,
        "note": note,
    }


def _told_with_labels(problem: str) -> str:
    """Return what went wrong as a sentence; a hint on the labels where their form may be why."""
    hint = sentence(problem)
    if any(word in hint for word in ("rank", "shape", "Dimensions", "label value")):
        hint += " Do the labels have the form that the loss expects?"
    return hint


def _history(returned) -> dict[str, list[float]] | None:
    """Return the metrics of a Keras History, or of an object that holds such a dictionary."""
    values = getattr(returned, "history", None)
    if not isinstance(values, dict):
        return None
    return {
        key: [float(v) for v in itertools.islice(values[key], 100)]
        for key in METRICS & values.keys()
    }


def train_findings(facts: Facts) -> Findings:
    """Judge what `train` did."""
    trainings = [note for note in facts["seen"] if note["call"] in TRAINING]
    fits = [note for note in trainings if note["call"] == "fit"]
    found = {
        "learns": _learning_hint(trainings, facts),
        "training": _training_set_hint(trainings, facts),
        "validation": _validation_hint(fits, facts),
        "history": _history_hint(facts["history"], fits),
    }
    found = {key: hint for key, hint in found.items() if hint}
    if facts["stopped"]:  # nothing came of it, for the reason that "training" tells
        found |= dict.fromkeys(("learns", "validation", "history"), "")
    elif "learns" in found and "training" not in found:
        found["training"] = ""
    return found


def _learning_hint(trainings: list[dict], facts: dict) -> str:
    if any(note["x"].get("mislabeled") for note in trainings):
        return (
            "The images reach the network with labels of other images. Was one of the two shuffled?"
        )
    before, after = facts["before"], facts["after"]
    if after is None:
        return "Afterwards the network cannot be used."
    if all(map(np.array_equal, before["weights"], after["weights"])):
        if trainings and not any(note.get("own") for note in trainings):
            return "It trains another network than the one it is given."
        return "Its weights are still the ones that it began with."
    if not np.isfinite(after["surprise"]).all():
        return "Its outputs have become NaN. What does the learning rate do to that?"
    # However little: right answers may learn slowly, and have few images and epochs here.
    if all(map(operator.ge, after["surprise"], before["surprise"])):
        return (
            f"After {EPOCHS} epochs with 300 images it knows them no better than before. Do "
            "images and labels still belong together? And is the learning rate a usual one?"
        )
    return ""


def _training_set_hint(trainings: list[dict], facts: dict) -> str:
    seen = [note[data] for note in facts["seen"] for data in ("x", "validation")]
    if any(counts.get("test") for counts in seen):
        return (
            "It uses images of the test set. Whatever is trained or chosen with them, they "
            "cannot measure any more."
        )
    if any(counts.get("other") for counts in seen):
        return (
            "It uses images that it was not given. Are there names of the notebook in it, "
            "where its own arguments should be?"
        )
    if any(note["x"].get("validation") for note in trainings):
        return "It trains on the validation images too; then they say nothing about new images."
    if any(note["x"].get("rescaled") for note in trainings):
        return (
            "The images that it is given have values from 0 to 1, and the network is trained on "
            "others. Scaled once more, in `train`? Later cells show it images from 0 to 1."
        )
    if facts["changed"]:
        return "It changes the arrays that it is given; later cells need them as they were."
    return ""


def _validation_hint(fits: list[dict], facts: dict) -> str:
    if any(note["validation_split"] for note in fits):
        return (
            "`validation_split` takes images away from the training set. There is a validation "
            "set already: which argument of `fit` takes it?"
        )
    if fits and not any(note["measured"] for note in fits):
        return "Nothing is measured. Which argument of `fit` takes the validation set?"
    counts = [note["validation"] for note in fits if note["validation"]]
    if any(count["training"] for count in counts):
        return "It is measured on images that it trains on, and cannot be seen to overfit."
    if any(count.get("mislabeled") for count in counts):
        return (
            "The validation images come with labels of other images: what is measured says nothing."
        )
    if any(count["unknown"] or not count["validation"] for count in counts):
        return "The images that it is measured on are not those of the validation set."
    if any(note["validation"].get("rescaled") and not note["x"].get("rescaled") for note in fits):
        return (
            "It is measured on images of another scale than those it learns from: the validation "
            "images that it is given have values from 0 to 1 already."
        )
    if not counts and not facts["stopped"]:
        # Its own loop, or data of a kind that cannot be looked into: by the numbers.
        accuracies = (facts["history"] or {}).get("val_accuracy", [])
        measured = facts["after"]["accuracy"] if facts["after"] else math.nan
        if not any(abs(value - measured) < 0.003 for value in accuracies):
            return (
                "No val_accuracy in the history is the one that the network has on the "
                "validation set."
            )
    return ""


def _history_hint(history: dict | None, fits: list[dict]) -> str:
    if history is None:
        return "Return what `fit` returns: later cells read its attribute `history`."
    if missing := [key for key in METRICS if key not in history]:
        return (
            f"It has no {' and no '.join(missing)}. `compile` takes the metrics, `fit` the "
            "validation set."
        )
    lengths = {len(values) for values in history.values()}
    if len(lengths) != 1 or lengths == {0}:
        return "It has not one value an epoch."
    (count,) = lengths
    # Fewer, if it stops early by itself; one alone is what `fit` does if it is not told.
    asked = sum(note.get("asked", 0) for note in fits) if fits else count
    if count > EPOCHS or asked < EPOCHS and (len(fits) == 1 or count == 1):
        told = f"{EPOCHS} epochs were asked for, and it holds {count}"
        return f"{told}: hand the argument `epochs` on to what trains."
    ran = sum(note.get("ran", 0) for note in fits)
    if count < ran:
        return f"{ran} epochs were trained, and it holds {count} of them."
    return ""


def train(function: Callable, build_model: Callable, *, seed: int = FIXED_SEED) -> Score:
    """Check `train(model, training, validation, epochs=10)` on small sets of digits: 5 points."""
    return TRAIN.over(
        [training_case(seed)],
        lambda case: training_facts(function, build_model, case),
        lambda case, facts: train_findings(facts),
        seed,
    )
