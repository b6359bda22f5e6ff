"""The training recipe of each recorded network: its data, its layers, and all that `fit` needs.

Keras is imported inside the functions: importing it takes seconds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from tools.augmentation import flip_shift_cutout, random_affine
from utils import data, models
from utils.improved_networks import lecture_with, residual_network

VALIDATION_SIZE = 5_000
Images = tuple[np.ndarray, np.ndarray]  # images (n, 28, 28, 1), labels


@dataclass(frozen=True)
class Recipe:
    """One way to train a network; `tools.train` carries it out with any seed."""

    load: str  # the name of the function of `utils.data`
    build: Callable[[], object]  # returns the network, not compiled
    settings: Callable[[int], dict]  # total number of steps → what `compile` is given
    epochs: int
    batch_size: int = 128
    images: int | None = None  # train on the first so many; None: all but the validation part
    # float32 images (n, 28, 28, 1), numbers that decide all draws → images of that form.
    augment: Callable[[np.ndarray, tuple[int, ...]], np.ndarray] | None = None
    # Names of the recipes whose networks, trained with the same seed, teach this one: it learns the
    # mean of their answers to each augmented image in place of its label (distillation).
    teachers: tuple[str, ...] = ()
    # The trained network, the validation and the test set → what is recorded beside the accuracy.
    measure: Callable[[object, Images, Images], dict] = lambda network, validation, test: {}


def scaled(images: np.ndarray) -> np.ndarray:
    """Return uint8 images (n, 28, 28) as float32 (n, 28, 28, 1) in [0, 1]."""
    return images[..., np.newaxis] / np.float32(255)


def split(recipe: Recipe) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the training, validation and test set, each (images, labels), ready for `fit`.

    Labels are one-hot, float32 (n, 10), where the loss of the recipe needs them so.
    """
    (x_train, y_train), (x_test, y_test) = getattr(data, recipe.load)()
    sets = [
        (x_train[:-VALIDATION_SIZE][: recipe.images], y_train[:-VALIDATION_SIZE][: recipe.images]),
        (x_train[-VALIDATION_SIZE:], y_train[-VALIDATION_SIZE:]),
        (x_test, y_test),
    ]
    is_sparse = str(recipe.settings(1)["loss"]).startswith("sparse")
    one_hot = np.eye(10, dtype=np.float32)
    return [(scaled(images), y if is_sparse else one_hot[y]) for images, y in sets]


def data_checksum(recipe: Recipe) -> str:
    """Return the SHA-256 of all images and labels of a recipe's data set, test set included."""
    digest = hashlib.sha256()
    for part in getattr(data, recipe.load)():
        for array in part:
            digest.update(np.ascontiguousarray(array))
    return digest.hexdigest()


def batches(
    recipe: Recipe, images: np.ndarray, labels: np.ndarray, seed: int, epoch: int = 0, teach=None
):
    """Return the training set as shuffled, and perhaps augmented, batches from an epoch on.

    Where there is `teach`, labels are what it returns for the images of a batch.
    """
    from tools.batches import ShuffledBatches

    return ShuffledBatches(images, labels, recipe.batch_size, seed, recipe.augment, epoch, teach)


def kept_answers(network, validation: Images, test: Images) -> dict:
    """Return {"kept_answers": shares}: of the answers, when images move right by 1 to 4 pixels.

    Of the test images those are taken whose four columns on the right are empty, so that
    nothing of them is cut off.
    """
    images, _ = test
    images = images[(images[:, :, -4:] == 0).all(axis=(1, 2, 3))]

    def answers(pixels: int) -> np.ndarray:
        moved = np.pad(images, ((0, 0), (0, 0), (pixels, 0), (0, 0)))[:, :, : images.shape[2]]
        return network.predict(moved, batch_size=250, verbose=0).argmax(axis=1)

    before = answers(0)
    shares = [np.mean(answers(pixels) == before) for pixels in range(1, 5)]
    return {"kept_answers": [round(float(share), 4) for share in shares]}


def accuracy(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Return the share of answers, (n, 10), that are right; labels (n,) or one-hot (n, 10)."""
    classes = labels if labels.ndim == 1 else labels.argmax(axis=1)
    return round(float(np.mean(probabilities.argmax(axis=1) == classes)), 5)


def asked_twice(network, validation: Images, test: Images) -> dict:
    """Return the accuracies of the mean of two answers: to each image, and to its mirror image."""
    found = {}
    for part, (images, labels) in (("valid", validation), ("test", test)):
        both = [network.predict(each, 250, verbose=0) for each in (images, images[:, :, ::-1])]
        found[f"{part}_accuracy_asked_twice"] = accuracy(sum(both), labels)
    return found


def plainly(steps: int) -> dict:
    """The lecture's way: Nadam as Keras sets it, no schedule."""
    return {
        "optimizer": "nadam",
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy"],
    }


def decaying(steps: int) -> dict:
    """Adam, with steps that get smaller down to 0: at the end the accuracy no longer jumps."""
    import keras

    return plainly(steps) | {
        "optimizer": keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(1e-3, steps))
    }


def carefully(steps: int, weight_decay: float = 1e-2, label_smoothing: float = 0.05) -> dict:
    """The careful way: warm-up and decay, averaged weights, softened labels."""
    import keras

    rate = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0,
        decay_steps=steps - int(0.15 * steps),
        warmup_target=4e-3,
        warmup_steps=int(0.15 * steps),
    )
    return {
        "optimizer": keras.optimizers.AdamW(
            rate, weight_decay=weight_decay, use_ema=True, ema_momentum=0.998
        ),
        "loss": keras.losses.CategoricalCrossentropy(label_smoothing=label_smoothing),
        "metrics": ["accuracy"],
    }


def _garments(build: Callable[[], object], settings=plainly, epochs: int = 10, **others) -> Recipe:
    return Recipe("load_fashion_mnist", build, settings, epochs, **others)


_decay = partial(carefully, weight_decay=2e-2)
_normalized = partial(lecture_with, 32, "he_normal", True)
_means = partial(_normalized, "global")
_moved = {"augment": flip_shift_cutout, "measure": asked_twice}
_mirrored = _moved | {"augment": partial(flip_shift_cutout, shift=0, hole=0)}
# The rows of "Better, step by step" after the lecture's network. Each takes over what the row
# before it has.
STEPS = {
    "half": _garments(partial(lecture_with, 32)),
    "scheduled": _garments(partial(lecture_with, 32), _decay),
    "initialized": _garments(partial(lecture_with, 32, "he_normal"), _decay),
    "normalized": _garments(_normalized, _decay),
    "global": _garments(_means, _decay),
    "augmented": _garments(_means, _decay, **_moved),
    "residual": _garments(residual_network, _decay, 12, **_moved),
    # In no more time than the lecture's network takes.
    "mirrored": _garments(residual_network, _decay, 11, **_mirrored),
}
# Tried beside them.
STEPS |= {
    "constant_rate": _garments(_normalized),  # "normalized" without the schedule
    "wide": _garments(partial(residual_network, 80), _decay, 30, **_moved),
}

_digits = partial(Recipe, "load_mnist", augment=random_affine)
# The network of the solution, those with other kernels that answer together with it, and the
# solution's network once more, taught by the three of them.
CAREFUL_DIGITS = {
    "reference": _digits(models.reference_cnn, carefully, 15),
    **{
        f"kernels_{size}": _digits(partial(models.cnn_of_kernels, size), carefully, 15)
        for size in (5, 7)
    },
    # Their answers are soft already.
    "distilled": _digits(
        models.reference_cnn,
        partial(carefully, label_smoothing=0.0),
        15,
        teachers=("mnist_reference", "mnist_kernels_5", "mnist_kernels_7"),
    ),
}

RECIPES = {
    "fashion_mnist_dense": _garments(models.dense_network),
    "fashion_mnist_lecture": _garments(models.lecture_network),
    **{f"fashion_mnist_{name}": recipe for name, recipe in STEPS.items()},
    **{
        f"fashion_mnist_deep_{name}": Recipe(
            "load_fashion_mnist",
            partial(models.deep_cnn, shortcuts),
            decaying,
            epochs=6,
            images=12_000,
        )
        for name, shortcuts in {"plain": False, "residual": True}.items()
    },
    "mnist_dense": Recipe("load_mnist", models.dense_network, plainly, 10),
    "mnist_plain": Recipe("load_mnist", models.plain_cnn, plainly, 10),
    "mnist_own": Recipe("load_mnist", models.own_cnn, plainly, 10),
    "mnist_augmented": Recipe(
        # With a constant rate its validation accuracy jumped between 91 and 98 %.
        "load_mnist",
        models.normalized_cnn,
        carefully,
        epochs=10,
        augment=random_affine,
    ),
    **{
        f"mnist_{head}_head": Recipe(
            "load_mnist",
            partial(models.cnn_with_head, head),
            plainly,
            epochs=6,
            batch_size=64,
            measure=kept_answers,
        )
        for head in ("flatten", "global")
    },
    **{f"mnist_{name}": recipe for name, recipe in CAREFUL_DIGITS.items()},
}
