"""The checks of exercise 14.9, part 3: right answers pass, wrong ones are named, none does harm."""

from __future__ import annotations

import collections
import json
import math
import re
import sys
import warnings
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

from utils import checks, data
from utils.checks.part3 import answers, model_file
from utils.checks.part3 import augment as augmenting
from utils.checks.part3 import estimate as estimating
from utils.checks.part3 import hand_in as handing_in
from utils.checks.part3.answers import answers_of
from utils.checks.part3.bands import BANDS, points
from utils.checks.part3.model_file import predict
from utils.checks.part3.moved_digits import affine, moved


@pytest.fixture(scope="module", autouse=True)
def keras_is_there():
    """As in a notebook: no call that is timed has to import it."""
    import keras  # noqa: F401


def hints(score) -> str:
    return " ".join(item.hint for item in score.items if not item.passed)


# --- augment ------------------------------------------------------------------------------


def one_by_one(move):
    """Return an `augment` that moves each image, (28, 28), by `move(image, rng)`."""

    def augment(images, seed):
        rng = np.random.default_rng(seed)
        return np.stack([move(image[..., 0], rng) for image in images])[..., np.newaxis]

    return augment


def rolled(image, rng):
    return np.roll(image, rng.integers(-2, 3, size=2), axis=(0, 1))


def by_an_affine_map(images, seed):
    from tools.augmentation import random_affine

    return random_affine(images, (seed, 0))


def by_layers_of_keras(images, seed):
    from keras import layers

    turn = layers.RandomRotation(0.03, seed=seed)
    shift = layers.RandomTranslation(0.08, 0.08, seed=seed + 1)
    return shift(turn(images, training=True), training=True)


def by_scipy(image, rng):
    from scipy import ndimage

    turned = ndimage.rotate(image, rng.uniform(-12, 12), reshape=False, order=1)
    return ndimage.shift(turned, rng.uniform(-2, 2, size=2), order=1)


def one_pixel(image, rng):
    return np.roll(image, *[(1, 0), (-1, 0), (1, 1), (-1, 1)][rng.integers(4)])


def turned_within(degrees):
    def turned(image, rng):
        from scipy import ndimage

        return ndimage.rotate(image, rng.uniform(-degrees, degrees), reshape=False, order=1)

    return turned


def turned_by_keras(share):
    def augment(images, seed):
        from keras import layers

        return layers.RandomRotation(share, fill_mode="constant", seed=seed)(images, training=True)

    return augment


def by_tensorflow(images, seed):
    import tensorflow as tf

    return tf.convert_to_tensor(one_by_one(rolled)(images, seed))


def shifted_by_padding(image, rng):
    down, right = rng.integers(0, 5, size=2)
    return np.pad(image, 2)[down : down + 28, right : right + 28]


RIGHT_AUGMENT = {
    "an affine map": by_an_affine_map,
    "layers of Keras": by_layers_of_keras,
    "scipy": one_by_one(by_scipy),
    "np.roll": one_by_one(rolled),
    "one pixel in four directions": one_by_one(one_pixel),
    "one pixel to the left or to the right": one_by_one(
        lambda image, rng: np.roll(image, rng.choice([-1, 1]), axis=1)
    ),
    "turns alone": one_by_one(lambda image, rng: turned_within(14)(image, rng)),
    "turns by up to 18 degrees, a layer of Keras": turned_by_keras(0.05),
    "a tensor": by_tensorflow,
    "shifts by two pixels without np.roll": one_by_one(shifted_by_padding),
    "float32 by way of float64": one_by_one(
        lambda image, rng: by_scipy(image.astype(float), rng).astype(np.float32)
    ),
}


@pytest.mark.parametrize("way", RIGHT_AUGMENT)
def test_augment_may_be_written_in_different_ways(way):
    score = checks.augment(RIGHT_AUGMENT[way])
    assert float(score) == score.total == 6, str(score)


def mirrored(image, rng):
    return image[:, ::-1] if rng.random() < 0.5 else rolled(image, rng)


def on_its_head(image, rng):
    return image[::-1, ::-1] if rng.random() < 0.5 else rolled(image, rng)


def turned_by_any_angle(image, rng):
    from scipy import ndimage

    return ndimage.rotate(image, rng.uniform(-180, 180), reshape=False, order=1)


def whole_batch(images, seed):
    return np.roll(images, np.random.default_rng(seed).integers(1, 3, size=2), axis=(1, 2))


def half_of_the_batch(images, seed):
    moved = images.copy()
    moved[::2] = whole_batch(images, seed)[::2]
    return moved


def three_moves(images, seed):
    rng = np.random.default_rng(seed)
    shifts = rng.permutation(25)[:3]
    return np.stack(
        [
            np.roll(image, np.array(divmod(shifts[number % 3], 5)) - 2, axis=(0, 1))
            for number, image in enumerate(images)
        ]
    )


def unseeded(images, seed):
    return one_by_one(rolled)(images, None)


def in_place(images, seed):
    images[:] = one_by_one(rolled)(images, seed)
    return images


def overshooting(image, rng):
    from scipy import ndimage

    return ndimage.shift(image, rng.uniform(-2, 2, size=2), order=3)


WRONG_AUGMENT = {
    "as they were": (lambda images, seed: images, 1, "as they were"),
    "noise": (
        one_by_one(lambda i, rng: np.clip(i + rng.normal(0, 0.1, i.shape), 0, 1).astype("f4")),
        3,
        "no digit moves",
    ),
    "flips": (one_by_one(mirrored), 4, "left and right are swapped"),
    "on the head": (one_by_one(on_its_head), 4, "stand on their heads"),
    "all on the head": (
        one_by_one(lambda image, rng: rolled(image[::-1, ::-1], rng)),
        4,
        "stand on their heads",
    ),
    "radians for degrees": (one_by_one(turned_by_any_angle), 4, "turned far too much"),
    "a tenth of a turn": (turned_by_keras(0.1), 4, "turned so far"),
    "36 degrees by scipy": (one_by_one(turned_within(36)), 4, "turned so far"),
    "30 degrees by scipy": (one_by_one(turned_within(30)), 4, "turned so far"),
    "one draw, for half of them": (half_of_the_batch, 5, "only 2 different moves"),
    "three draws for all": (three_moves, 5, "only 3 different moves"),
    "one move for all": (whole_batch, 5, "not once for the batch"),
    "no seed": (unseeded, 5, "Two calls with the same images"),
    "always one seed": (lambda images, seed: one_by_one(rolled)(images, 1), 5, "Another seed"),
    "in place": (in_place, 5, "work on a copy"),
    "0 to 255": (lambda i, s: 255 * one_by_one(rolled)(i, s), 5, "0 to 255"),
    "whole numbers": (lambda i, s: one_by_one(rolled)(i, s).astype(int), 4, "int64"),
    "64 bits": (lambda i, s: one_by_one(rolled)(i, s).astype(float), 5, "float64"),
    "cubic": (one_by_one(overshooting), 5, "overshoot"),
    "too far": (
        one_by_one(lambda i, rng: np.roll(i, rng.integers(-9, 10, size=2), axis=(0, 1))),
        4,
        "far",
    ),
    "no channel": (lambda i, s: one_by_one(rolled)(i, s)[..., 0], 0, "came .40, 28, 28"),
    "erased": (lambda i, s: 0 * i, 1, "Ink gets lost"),
    "another digit": (
        lambda i, s: np.random.default_rng(s).permutation(one_by_one(rolled)(i, s)),
        4,
        "not look like the digit|turned so far",
    ),
}


@pytest.mark.parametrize("mistake", WRONG_AUGMENT)
def test_a_wrong_augment_gets_fewer_points_and_its_mistake_is_named(mistake):
    function, most, words = WRONG_AUGMENT[mistake]
    score = checks.augment(function)
    assert float(score) <= most, str(score)
    assert re.search(words, hints(score))


def test_an_augment_that_is_not_written_yet_is_not_attempted():
    score = checks.augment(lambda images, seed: None)
    assert not score.attempted and "does it end with `return`?" in score.note
    assert float(checks.augment(lambda images, seed: None)) == 0


class KeepsItsResult:
    """Writes into the array that it returned before."""

    def __init__(self):
        self.buffer = None

    def __call__(self, images, seed):
        if self.buffer is None:
            self.buffer = np.zeros_like(images)
        self.buffer[:] = one_by_one(rolled)(images, seed)
        return self.buffer


def looping(*arguments):
    while True:
        pass


def printing(*arguments):
    print("noise")
    raise ValueError("no")


HOSTILE = {
    "raises": (printing, "raised ValueError: no"),
    "exits": (lambda *a: sys.exit(), "SystemExit"),
    "loops": (looping, "still computing"),
    "is no function": (3, "no function but int"),
    "text": (lambda *a: "abc", "numbers"),
    "nothing like it": (lambda *a: {"a": object()}, "numbers"),
    "huge": (lambda *a: np.broadcast_to(np.float32(0), (10**6, 10**6)), "shape"),
    "nan": (lambda i, s: i * np.nan, "nan"),
    "objects": (lambda i, s: i.astype(object), "numbers"),
}


@pytest.mark.parametrize("way", HOSTILE)
def test_a_hostile_augment_gets_nothing_and_does_no_harm(way, monkeypatch, capsys):
    monkeypatch.setattr(augmenting, "SECONDS", 0.3)
    function, words = HOSTILE[way]
    score = checks.augment(function)
    assert float(score) == 0 and score.attempted
    assert words in hints(score)
    assert capsys.readouterr().out == ""


def test_an_augment_that_reuses_its_memory_is_judged_by_what_it_returned():
    assert float(checks.augment(KeepsItsResult())) == 6


# --- how_sure -----------------------------------------------------------------------------


def error(p, n):
    return math.sqrt(p * (1 - p) / n)


def plus_minus(times):
    return lambda p, n: (p - times * error(p, n), p + times * error(p, n))


def wilson(p, n, z=1.96):
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return np.array([middle - half, middle + half])


def simulated(p, n):
    counts = np.random.default_rng(0).binomial(n, p, size=200_000)
    return tuple(np.quantile(counts / n, [0.025, 0.975]))


Interval = collections.namedtuple("Interval", "low high")


def tensor(values):
    import tensorflow as tf

    return tf.constant(values)


def clipped(count):
    return lambda p, n: tuple(np.clip(plus_minus(count)(p, n), 0, 1))


RIGHT_HOW_SURE = {
    "cut off": lambda p, n: (max(0, p - 1.96 * error(p, n)), min(1, p + 1.96 * error(p, n))),
    "two errors": lambda p, n: list(np.clip(plus_minus(2)(p, n), 0, 1)),
    "Wilson": wilson,
    "simulated": simulated,
    "rounded to three decimals": lambda p, n: tuple(np.round(clipped(2)(p, n), 3)),
    "rounded to four decimals": lambda p, n: tuple(np.round(wilson(p, n), 4)),
    "round of Python": lambda p, n: tuple(round(float(end), 3) for end in clipped(1.96)(p, n)),
    "arrays without an axis": lambda p, n: tuple(map(np.asarray, clipped(2)(p, n))),
    "a named tuple": lambda p, n: Interval(*clipped(2)(p, n)),
    "32 bits": lambda p, n: np.asarray(clipped(2)(p, n), np.float32),
    "a tensor": lambda p, n: tensor(clipped(2)(p, n)),
}


@pytest.mark.parametrize("way", RIGHT_HOW_SURE)
def test_how_sure_may_be_written_in_different_ways(way):
    for _ in range(5):  # some cases are fresh
        score = checks.how_sure(RIGHT_HOW_SURE[way])
        assert float(score) == score.total == 4, str(score)


WRONG_HOW_SURE = {
    "one error": (plus_minus(1), 1, "one standard error"),
    "one error, rounded": (
        lambda p, n: tuple(round(end, 3) for end in clipped(1)(p, n)),
        1,
        "one standard error",
    ),
    "90 of 100, rounded": (
        lambda p, n: tuple(round(end, 3) for end in clipped(1.645)(p, n)),
        1,
        "90 of 100",
    ),
    "99 of 100, rounded": (
        lambda p, n: tuple(round(end, 3) for end in clipped(2.576)(p, n)),
        1,
        "99 of 100",
    ),
    "rounded to two decimals": (
        lambda p, n: tuple(round(end, 2) for end in clipped(2)(p, n)),
        1,
        "",
    ),
    "not cut off": (plus_minus(2), 3, "above 1"),
    "percent": (lambda p, n: tuple(100 * wilson(p, n)), 1, "percent"),
    "images": (lambda p, n: tuple(n * wilson(p, n)), 1, "counts images"),
    "not divided": (
        lambda p, n: (p - 2 * error(p, 1), p + 2 * error(p, 1)),
        1,
        "spread of one image",
    ),
    "divided by n": (
        lambda p, n: (p - 2 * error(p, n * n), p + 2 * error(p, n * n)),
        1,
        "too fast",
    ),
    "variance": (lambda p, n: (p - 2 * error(p, n) ** 2, p + 2 * error(p, n) ** 2), 1, "variance"),
    "90 of 100": (plus_minus(1.645), 1, "90 of 100"),
    "99 of 100": (plus_minus(2.576), 1, "99 of 100"),
    "three errors": (clipped(3), 1, "too long, by the same factor"),
    "half an error": (clipped(0.5), 1, "too short, by the same factor"),
    "n forgotten, cut off": (lambda p, n: clipped(2)(p, 1), 1, "the spread of one image"),
    "n fixed": (lambda p, n: clipped(2)(p, 10_000), 1, "Where does n come in?"),
    "only n": (lambda p, n: (p - 2 / math.sqrt(n), p + 2 / math.sqrt(n)), 1, "known better"),
    "upside down": (lambda p, n: tuple(wilson(p, n)[::-1]), 0, "low comes first"),
    "accuracy and error": (lambda p, n: (p, error(p, n)), 0, "both are ends"),
    "one number": (lambda p, n: 2 * error(p, n), 0, "two numbers"),
    "everything": (lambda p, n: (0, 1), 1, "standard error"),
    "a point": (lambda p, n: (p, p), 1, "standard error"),
    "nan": (lambda p, n: (math.nan, p), 0, "two numbers"),
    "text": (lambda p, n: ("low", "high"), 0, "two numbers"),
    "raises": (lambda p, n: 1 / 0, 0, "ZeroDivisionError"),
    "endless pair": (lambda p, n: iter(lambda: 0.5, 1), 0, "two numbers"),
}


@pytest.mark.parametrize("mistake", WRONG_HOW_SURE)
def test_a_wrong_how_sure_gets_fewer_points_and_its_mistake_is_named(mistake):
    function, most, words = WRONG_HOW_SURE[mistake]
    score = checks.how_sure(function)
    assert float(score) <= most, str(score)
    assert words in hints(score)


def test_a_how_sure_that_is_not_written_yet_is_not_attempted():
    score = checks.how_sure(lambda accuracy, n: None)
    assert not score.attempted and "does it end with `return`?" in score.note


# --- moved digits -------------------------------------------------------------------------


def test_digits_are_turned_and_shifted_as_keras_does_it():
    from keras import ops

    images = data.load_mnist()[1][0][:20].astype(np.float32)
    rng = np.random.default_rng(0)
    degrees, shifts = rng.uniform(-10, 10, 20), rng.uniform(-2, 2, (20, 2))
    down, right = shifts.T
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    x_start = 13.5 - cos * (13.5 + right) + sin * (13.5 + down)
    y_start = 13.5 - sin * (13.5 + right) - cos * (13.5 + down)
    maps = np.stack([cos, -sin, x_start, sin, cos, y_start, 0 * cos, 0 * cos], axis=1)
    by_keras = ops.image.affine_transform(
        images[..., np.newaxis], maps.astype(np.float32), data_format="channels_last"
    )
    assert np.abs(affine(images, degrees, shifts) - np.asarray(by_keras)[..., 0]).max() < 0.01


def test_a_seed_gives_the_same_digits_with_every_version():
    """These sums were noted once: what a seed means must not change while a class is graded."""
    image = np.zeros((3, 28, 28), np.uint8)
    image[:, 6:22, 12:16] = np.arange(16, dtype=np.uint8)[:, None] * 15
    values = np.rint(255 * moved(image, 149, 8, 1.5)).astype(int)
    assert values.sum(axis=(1, 2, 3)).tolist() == [7204, 7203, 7204]
    weighted = (values * np.arange(784).reshape(28, 28, 1)).sum(axis=(1, 2, 3))
    assert weighted.tolist() == [3529993, 3374205, 3209096]


def test_moves_stay_within_their_bounds_and_differ_from_image_to_image():
    digits = np.repeat(data.load_mnist()[1][0][:1], 200, axis=0)
    results = moved(digits, seed=7, degrees=8, pixels=1.5)
    assert results.shape == (200, 28, 28, 1) and results.dtype == np.float32
    assert results.min() == 0 and results.max() <= 1
    assert len(np.unique(results, axis=0)) == 200
    some = np.s_[: augmenting.COUNT]  # each is compared with thousands of moves
    kin = augmenting.family(digits[some] / 255)
    fit, turn, distance = augmenting.fitted(kin, results[some][..., 0])
    assert fit.min() > 0.85 and np.abs(turn).max() <= 10
    assert 0.5 < distance.mean() < 3
    assert not np.array_equal(results, moved(digits, seed=8, degrees=8, pixels=1.5))


# --- points and their table ---------------------------------------------------------------


def test_points_rise_with_accuracy_from_0_to_30_in_halves():
    shares = np.linspace(0, 1, 2001)
    earned = np.array([points(share) for share in shares])
    assert earned[0] == 0 and earned[-1] == 30 and (np.diff(earned) >= 0).all()
    assert np.array_equal(2 * earned, np.round(2 * earned))
    assert points(0.1135) == 0  # one answer to everything


def test_a_band_is_wider_than_the_noise_of_10_000_images():
    """Two standard errors to either side of its middle fit in."""
    table = BANDS["table"]
    for low, high in zip(table, table[1:], strict=False):
        middle = (low["accuracy"] + high["accuracy"]) / 2
        assert high["accuracy"] - low["accuracy"] >= 4 * error(middle, 10_000)
        assert high["points"] - low["points"] <= 5


# --- before handing in --------------------------------------------------------------------


def tiny(*more, shape=(28, 28, 1)):
    import keras
    from keras import layers

    return keras.Sequential([keras.Input(shape), *more, layers.Flatten(), layers.Dense(10)])


class Stub:
    """Answers like a model that is right on a share of the images."""

    def __init__(self, labels, wrong):
        self.values = np.eye(10)[(labels + (np.arange(len(labels)) < wrong)) % 10]

    def predict(self, images, **options):
        return self.values


IMAGES, LABELS = np.zeros((1000, 28, 28, 1), np.float32), np.arange(1000) % 10


def test_the_estimate_gives_points_and_how_far_luck_can_move_them():
    score = checks.estimate(Stub(LABELS, 10), IMAGES, LABELS)
    assert float(score) == points(0.99) and score.total == 30
    low, high = estimating.expected(0.99, 1000)
    assert low < 0.99 - 1.9 * error(0.99, 909) and high > 0.99 + 1.2 * error(0.99, 909)
    told = f"between {points(low):g} and {points(high):g} points"
    assert told in score.note and points(low) < float(score) < points(high)
    assert float(checks.estimate(Stub(LABELS, 10), IMAGES, np.eye(10)[LABELS])) == float(score)


def test_a_model_whose_last_layer_computes_in_16_bits_gets_its_points():
    stub = Stub(LABELS, 10)
    stub.values = stub.values.astype(ml_dtypes.bfloat16)
    assert float(checks.estimate(stub, IMAGES, LABELS)) == points(0.99)


def test_the_estimate_warns_if_it_is_too_good_to_be_true(monkeypatch):
    monkeypatch.setattr(estimating, "PUBLIC_SEEDS", (1,))
    images, labels = np.zeros((5000, 28, 28), np.uint8), np.arange(5000) % 10
    assert "in the training?" in checks.estimate(Stub(labels, 0), images, labels).note
    honest = round(5000 * (1 - BANDS["validation"]["best"]))
    assert "in the training?" not in checks.estimate(Stub(labels, honest), images, labels).note


ESTIMATES = {
    "no model": (3, IMAGES, LABELS, "no Keras model but a int"),
    "other labels": (Stub(LABELS, 0), IMAGES, LABELS[:9], "9 labels"),
    "0 to 255": (Stub(LABELS, 0), IMAGES + 255, LABELS, "divide by 255"),
    "divided twice": (Stub(LABELS, 0), IMAGES + 1 / 255, LABELS, "divided by 255 twice"),
    "flat": (Stub(LABELS, 0), IMAGES.reshape(1000, 784), LABELS, "(1000, 784)"),
    "no file": ("nowhere.keras", IMAGES, LABELS, "no file nowhere.keras"),
}


@pytest.mark.parametrize("way", ESTIMATES)
def test_what_cannot_be_estimated_is_said(way):
    *given, words = ESTIMATES[way]
    score = checks.estimate(*given)
    assert float(score) == 0 and words in str(score)


def test_without_a_model_nothing_is_attempted_and_nothing_written(tmp_path, capsys):
    assert not checks.estimate(None, IMAGES, LABELS).attempted
    checks.hand_in(None, tmp_path / "model.keras")
    assert "no model yet" in capsys.readouterr().out
    assert not list(tmp_path.iterdir())


def test_handing_in_writes_a_small_file_in_32_bits_that_answers_as_the_model(
    tmp_path, capsys, monkeypatch
):
    import keras
    from keras import layers

    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Flatten(dtype="mixed_bfloat16"),
            layers.Dense(10, dtype="mixed_bfloat16"),
        ]
    )
    model.compile(optimizer="adam", loss=lambda y_true, y_pred: y_pred[:, 0])
    model.fit(IMAGES[:32], LABELS[:32], verbose=0)
    path = tmp_path / "model.keras"
    asked = []
    monkeypatch.setattr(handing_in, "predict", lambda *given: asked.append(1) or predict(*given))
    monkeypatch.setattr(answers, "predict", handing_in.predict)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        checks.hand_in(model, path)
    told = capsys.readouterr().out
    assert "It takes 0.04" in told and "is written. Upload these files: 1_from" in told
    written = keras.saving.load_model(path)
    assert {layer.compute_dtype for layer in written.layers} == {"float32"}
    assert getattr(written, "optimizer", None) is None
    assert "less than half" in told  # it is not trained
    assert len(asked) == 1  # a process that imports Keras is expensive


def ask_here(file, images):
    """Ask the model in a file without a process of its own; test_model_file.py asks in one."""
    import keras

    return answers_of(keras.saving.load_model(file), images)


def test_what_cannot_be_graded_is_not_written_over_what_can(tmp_path, capsys, monkeypatch):
    import keras
    from keras import layers

    monkeypatch.setattr(handing_in, "predict", ask_here)

    class Own(layers.Layer):
        def call(self, values):
            return values

    path = tmp_path / "model.keras"
    path.write_bytes(b"the one before")
    too_large = [layers.Flatten(), layers.Dense(7_000)]
    for inside, why in (
        ([Own()], "it needs 'Own', which is not a layer of Keras"),
        ([layers.Lambda(lambda values: 2 * values)], "it has a Lambda layer, which can hold"),
        (too_large, "22.0 MB large, and 20 MB are allowed"),
        ([layers.Flatten(), layers.Dense(9)], "array of shape (10000, 9)"),
    ):
        checks.hand_in(keras.Sequential([keras.Input((28, 28, 1)), *inside]), path)
        told = capsys.readouterr().out
        assert "\n✗" in f"\n{told}" and why in told and "Upload" not in told
        assert "Nothing is written. The model.keras that lies here" in told
        assert path.read_bytes() == b"the one before" and list(tmp_path.iterdir()) == [path]


def test_a_place_that_cannot_be_written_to_is_named(tmp_path, capsys):
    from keras import layers

    model = tiny(layers.Flatten())
    checks.hand_in(model, tmp_path / "no folder" / "model.keras")
    told = capsys.readouterr().out
    assert "\n✗" in f"\n{told}" and "model.keras cannot be written: No such file" in told


class Scaled(Stub):
    """Reads digits only if their largest value is the one that it knows."""

    def __init__(self, labels, largest):
        super().__init__(labels, 0)
        self.largest = largest

    def predict(self, images, **options):
        known = np.isclose(images.max(), self.largest, rtol=0.01)
        return self.values[: len(images)] if known else np.eye(10)[:1].repeat(len(images), axis=0)


@pytest.mark.parametrize(
    ("largest", "words"), [(255, "layers.Rescaling(255)"), (1 / 255, "divided by 255 twice")]
)
def test_a_model_that_learned_from_values_of_another_scale_is_told_so(largest, words):
    images = np.zeros((1000, 28, 28, 1), np.float32)
    images[:, 10:18, 10:18] = 1
    score = checks.estimate(Scaled(LABELS, largest), images, LABELS)
    assert float(score) == 0 and words in score.note
    assert words not in checks.estimate(Scaled(LABELS, 1), images, LABELS).note


def test_what_the_check_of_the_network_accepts_can_be_handed_in(tmp_path):
    import keras
    import tensorflow as tf
    from keras import layers

    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Rescaling(2.0),
            layers.Conv2D(2, 3, activation=tf.nn.relu, kernel_initializer="he_normal"),
            layers.BatchNormalization(),
            layers.Flatten(),
            layers.Dense(10, activation=tf.nn.softmax),
        ]
    )
    assert handing_in.save(model, tmp_path / "model.keras") == ""
    config, _, _ = model_file.check((tmp_path / "model.keras").read_bytes())
    told = json.dumps(config)
    assert '"softmax"' in told
    # An older Keras knows neither of these arguments.
    assert "renorm" not in told and "input_axes" not in told
    written = keras.saving.load_model(tmp_path / "model.keras")
    images = np.random.default_rng(0).random((5, 28, 28, 1)).astype(np.float32)
    assert np.allclose(written(images), model(images), atol=1e-5)


def test_a_model_without_an_input_is_said_not_to_be_built(tmp_path):
    import keras
    from keras import layers

    model = keras.Sequential([layers.Flatten(), layers.Dense(10)])
    assert "not built" in handing_in.save(model, tmp_path / "model.keras")
    assert not list(tmp_path.iterdir())
    model(IMAGES[:1])
    assert handing_in.save(model, tmp_path / "model.keras") == ""


def test_an_error_of_keras_is_told_by_the_line_with_the_shapes():
    score = checks.estimate(tiny(shape=(14, 14, 1)), IMAGES, LABELS)
    assert "expected axis -1 of input shape to have value 196" in str(score)


def test_the_hint_on_batches_shows_each_image_once_in_an_epoch():
    notebook = Path(__file__).parents[2] / "solutions" / "14_9" / "3_highest_accuracy.ipynb"
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    (text,) = ("".join(c["source"]) for c in cells if "class MovedBatches" in "".join(c["source"]))
    code = re.search(r"```python\n(.*?)```", text, re.DOTALL)[1]
    import keras

    names = {"keras": keras, "np": np, "augment": lambda images, seed: images}
    exec(code, names)
    batches = names["MovedBatches"](np.arange(1000.0), np.arange(1000), size=64)
    epochs = []
    for _ in range(2):
        pairs = [batches[number] for number in range(len(batches))]
        assert all(np.array_equal(images, labels) for images, labels in pairs)
        epochs.append(np.concatenate([labels for _, labels in pairs]))
        batches.on_epoch_end()
    assert all(sorted(epoch) == list(range(1000)) for epoch in epochs)
    assert not np.array_equal(*epochs)
