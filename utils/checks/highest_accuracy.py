"""Exercise 14.9, part 3: what a handed-in model is worth, and what can be known before.

Three steps that can run apart from one another: `moved_test_digits` makes the digits, trusted;
`predict` asks the model, which may do anything; `judge` looks at its answers, trusted again.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from utils import data

from .augmenting import augment
from .bands import BANDS, MOST, points
from .intervals import how_sure, wilson
from .model_file import LARGEST, SECONDS, Answer, Unacceptable, check_config, predict
from .moved_digits import Digits, moved, moved_test_digits
from .score import Item, Score, number

__all__ = [
    "Answer",
    "Digits",
    "Judgement",
    "augment",
    "estimate",
    "hand_in",
    "how_sure",
    "judge",
    "moved_test_digits",
    "points",
    "predict",
]

TASK = "the model"
CLASSES = 10
TEST_SIZE = 10_000
PUBLIC_SEEDS = (1, 2, 3)
COMPARED = 2_000  # answers of a file and of the model that it was made of
UPLOADS = (
    "1_from_scratch.ipynb",
    "2_own_cnn.ipynb",
    "3_highest_accuracy.ipynb",
    "model.keras",
)


# --- judging ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Judgement:
    """What a handed-in model is worth, for the list of the class."""

    score: Score
    status: str  # "ok", or why there is nothing to judge, as in `Answer`
    accuracy: float | None = None  # on the moved test digits, a share
    doubts: tuple[str, ...] = ()  # why a teacher should look; the points wait for that


def problem_of_answers(values: np.ndarray, count: int) -> str:
    """Say what is wrong with the form of a model's answers; empty if nothing is."""
    if values.shape in {(count,), (count, 1)}:
        return (
            f"It gives one number for each image. Ten are expected, shape ({count}, {CLASSES}): "
            "one for each class, the largest for the model's answer"
        )
    if values.shape != (count, CLASSES):
        return f"It gives an array of shape {values.shape}; expected is ({count}, {CLASSES})"
    if values.dtype.kind not in "fiu":
        return f"It gives {values.dtype} and not numbers"
    if not np.isfinite(values).any():
        return "All that it gives is nan or infinite, which often comes from too large a step"
    return ""


def right(values: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return for each image whether the largest of its ten values, (n, 10), is the label's.

    It makes no difference whether they are probabilities or logits. An image for which a value
    is not finite, or for which all are equal, counts as wrong.
    """
    answered = np.isfinite(values).all(axis=1) & (np.ptp(np.nan_to_num(values), axis=1) > 0)
    return answered & (np.nan_to_num(values).argmax(axis=1) == labels)


def knows_the_test_set(digits: Digits, is_right: np.ndarray) -> str:
    """Say so, if a model reads the hard digits; mostly, it does not and nothing is returned.

    Hard digits are those that most of the recorded networks misread, which never saw the test
    set: the digits are ambiguous, or carry a wrong label. This finds a model that was trained on
    the test set or that has it in its weights. It does not find one that saw test digits a few
    times among all others, which gains next to nothing, and not one that somebody made who knows
    this list and answers wrongly on purpose.
    """
    about = BANDS["hard_digits"]
    count = len(about["numbers"])
    is_hard = digits.is_counted & np.isin(digits.numbers, about["numbers"])
    if not count or len(set(digits.numbers[is_hard])) < count:
        return ""
    read = count * float(is_right[is_hard].mean())  # each was shown several times
    if read < about["doubted_from"]:
        return ""
    return (
        f"The model reads {read:.0f} of {count} test digits that most networks misread if they "
        "have not seen them in training: of the networks of the course, all trained on training "
        f"images alone, none read more than {about['most_read']}. Did test images get into its "
        "training?"
    )


def is_known(digits: Digits, answered: np.ndarray) -> str:
    """Say so, if a model answers as a network of the course does; mostly, nothing is returned.

    It is compared on digits turned by any angle, on which networks differ. `answered` are its
    classes, (n,).
    """
    about = BANDS["telltales"]
    its = dict(zip(digits.numbers[~digits.is_counted], answered[~digits.is_counted], strict=True))
    if len(its) < len(about["numbers"]) or not its:
        return ""
    its = [its[number] for number in about["numbers"]]
    for name, classes in about["answers"].items():
        same = sum(str(answer) == digit for answer, digit in zip(its, classes, strict=True))
        if same >= about["doubted_from"]:
            return (
                f"On {len(its)} digits turned by any angle, where networks differ, the model gives "
                f"{same} times the answer of the course's own network {name}; two networks trained "
                f"apart agree on {about['most_same']} at most. Is it a copy of these weights?"
            )
    return ""


def judge(answer: Answer, digits: Digits) -> Judgement:
    """Judge what a model answered to `digits.images`: up to 30 points.

    A model that knows what only the test set can teach, or that is one of the course's own
    networks, gets no points until a teacher has looked.
    """
    if answer.status != "ok":
        item = Item("the model answers", MOST, False, answer.message)
        return Judgement(Score(TASK, [item]), answer.status)
    if problem := problem_of_answers(answer.values, len(digits.labels)):
        item = Item("the model gives ten numbers for each image", MOST, False, f"{problem}.")
        return Judgement(Score(TASK, [item]), "malformed")
    is_right = right(answer.values, digits.labels)
    accuracy = float(is_right[digits.is_counted].mean())
    told = f"{accuracy:.2%} of the moved test digits are read"
    found = (
        knows_the_test_set(digits, is_right),
        is_known(digits, np.nan_to_num(answer.values).argmax(axis=1)),
    )
    if doubts := tuple(filter(None, found)):
        wait = (
            "So the points wait until a teacher has looked. If all is as it should be, say how "
            "the model was made: the notebook with its outputs shows it."
        )
        item = Item(told, MOST, False, " ".join([*doubts, wait]))
        return Judgement(Score(TASK, [item]), "ok", accuracy, doubts)
    return Judgement(Score(TASK, split(told, points(accuracy))), "ok", accuracy)


def split(told: str, earned: float) -> list[Item]:
    """Return the points that were earned and those that were not, as two items."""
    if earned == MOST:
        return [Item(told, MOST, True)]
    first = next(line["accuracy"] for line in BANDS["table"] if line["points"] == MOST)
    hint = f"All {MOST} points are for {first:.2%} and more."
    if not earned:
        return [Item(told, MOST, False, hint)]
    return [Item(told, earned, True), Item("more than that", MOST - earned, False, hint)]


# --- before handing in ------------------------------------------------------------------


def expected(accuracy: float, count: int, on: int = TEST_SIZE) -> tuple[float, float]:
    """Return where the accuracy on `on` other images lies in 95 of 100 cases.

    `accuracy` was measured on `count` images. Both samples are subject to chance, as if one
    had measured on 1 / (1 / count + 1 / on) images.
    """
    return wilson(accuracy, 1 / (1 / count + 1 / on))


def labels_of(labels: np.ndarray) -> np.ndarray:
    """Return class numbers (n,), also from one-hot rows (n, 10)."""
    labels = np.asarray(labels)
    return labels.argmax(axis=1) if labels.ndim == 2 and labels.shape[1] > 1 else labels.ravel()


def problem_of_images(images: np.ndarray, labels: np.ndarray) -> str:
    """Say why these are no images to estimate with; empty if they are."""
    if images.ndim not in (3, 4) or images.shape[1:3] != (28, 28):
        return f"The images have the shape {images.shape}; expected is (n, 28, 28, 1)"
    if len(images) != len(labels) or not len(images):
        return f"There are {len(images)} images and {len(labels)} labels"
    if images.dtype != np.uint8 and (images.min() < 0 or images.max() > 1):
        return f"The images hold values from {images.min():g} to {images.max():g}; divide by 255"
    return ""


def answers_of(model, images: np.ndarray) -> Answer:
    """Ask a model, or the file that holds one."""
    if isinstance(model, str | os.PathLike):
        return predict(model, images)
    if not hasattr(model, "predict"):
        return Answer("malformed", f"This is no Keras model but a {type(model).__name__}.")
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            values = model.predict(images, batch_size=250, verbose=0)
        values = np.asarray(values)
        if values.dtype.name == "bfloat16":  # of a last layer that computes in 16 bits
            values = values.astype(np.float32)
        return Answer("ok", values=values)
    except Exception as error:
        lines = str(error).splitlines() or [""]
        return Answer(
            "malformed",
            "The model does not answer to images of shape (n, 28, 28, 1). "
            f"{type(error).__name__}: {lines[0][:200]}",
        )


def estimate(model, x_valid: np.ndarray, y_valid: np.ndarray) -> Score:
    """Estimate the points of a model on validation images, moved as the test digits will be.

    `model` is a Keras model or the path of a `.keras` file; `x_valid` is (n, 28, 28, 1) in
    [0, 1], `y_valid` (n,) or one-hot. They are moved with seeds that everybody knows; so the
    result is the same every time. The note says between which points the result on the test
    digits lies in 95 of 100 cases, if the model was not trained or chosen on these images.
    """
    task = f"{TASK}, estimated"
    if model is None or x_valid is None or y_valid is None:
        return Score.not_attempted(task, MOST)
    images, labels = np.asarray(x_valid), labels_of(y_valid)
    if problem := problem_of_images(images, labels):
        return Score(task, [Item("there are images to estimate with", MOST, False, f"{problem}.")])
    shares = []
    for seed in PUBLIC_SEEDS:
        answer = answers_of(model, moved(images, seed))
        problem = answer.message or problem_of_answers(answer.values, len(images))
        if problem:
            item = Item("the model answers", MOST, False, problem.rstrip(".") + ".")
            return Score(task, [item])
        shares.append(right(answer.values, labels).mean())
    accuracy = float(np.mean(shares))
    low, high = (number(points(end)) for end in expected(accuracy, len(images)))
    between = f"between {low} and {high}" if low != high else low
    note = (
        f"On the test digits, expect {between} points: with {len(images):,} images to estimate "
        "from, 95 of 100 such models end there."
    )
    best = BANDS["validation"]["best"]
    if wilson(accuracy, len(images), z=3)[0] > best:
        note = (
            f"This is more than any network of the course reaches on images that it has not seen "
            f"({best:.1%}). Were these images in the training? Then the estimate means nothing, "
            "and the test digits will give less."
        )
    told = f"{accuracy:.2%} of the moved validation digits are read"
    return Score(task, split(told, points(accuracy)), note=note)


def bare(model):
    """Return a copy of a Keras model that has no optimizer and computes in 32 bits.

    The state of an optimizer can be twice as large as the weights, and numbers of 16 bits are
    slow on processors without instructions for them. Raises Unacceptable for a model with parts
    that would be refused in a file.
    """
    import keras

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a lambda in what `compile` was given, for example
        config = keras.saving.serialize_keras_object(model)
    config.pop("compile_config", None)
    check_config(config)
    text = json.dumps(config)
    for policy in ("mixed_bfloat16", "mixed_float16"):
        text = text.replace(f'"{policy}"', '"float32"')
    copy = keras.saving.deserialize_keras_object(json.loads(text))
    copy.set_weights(model.get_weights())
    return copy


def save(model, path: Path) -> str:
    """Write the model as a file that can be graded; return why not, empty if it was possible."""
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            bare(model).save(path)
    except Unacceptable as error:
        return f"This model cannot be handed in: {error}"
    except Exception as error:
        lines = str(error).splitlines() or [""]
        return (
            f"Keras cannot save and copy it. {type(error).__name__}: {lines[0][:200]}. Layers and "
            "models of classes of your own cannot be handed in"
        )
    size = path.stat().st_size
    if size > LARGEST:
        return (
            f"It is {size / 1e6:.1f} MB large, and {LARGEST / 1e6:.0f} MB are allowed. A weight "
            f"takes 4 bytes: {model.count_params():,} of them are too many, and "
            f"{LARGEST / 4e6:.0f} million fit"
        )
    return ""


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
    if right(answer.values, labels[:TEST_SIZE]).mean() < 0.5:
        print(
            "! It reads less than half of the *training* digits. It is given values from 0 to 1: "
            "a model that expects 0 to 255 needs layers.Rescaling(255) at its beginning."
        )
    return ""
