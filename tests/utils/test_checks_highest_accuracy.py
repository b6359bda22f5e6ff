"""The checks of exercise 14.9, part 3: right answers pass, wrong ones are named, none does harm."""

from __future__ import annotations

import io
import json
import math
import re
import sys
import warnings
import zipfile
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

from utils import checks, data
from utils.checks import augmenting, bands, highest_accuracy, model_file, model_runner
from utils.checks.bands import BANDS, points
from utils.checks.highest_accuracy import judge
from utils.checks.model_file import Answer, Unacceptable
from utils.checks.moved_digits import Digits, affine, moved, moved_test_digits, turned_anyhow


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


RIGHT_AUGMENT = {
    "an affine map": by_an_affine_map,
    "layers of Keras": by_layers_of_keras,
    "scipy": one_by_one(by_scipy),
    "np.roll": one_by_one(rolled),
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
    assert not checks.augment(lambda images, seed: None).attempted
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


RIGHT_HOW_SURE = {
    "cut off": lambda p, n: (max(0, p - 1.96 * error(p, n)), min(1, p + 1.96 * error(p, n))),
    "two errors": lambda p, n: list(np.clip(plus_minus(2)(p, n), 0, 1)),
    "Wilson": wilson,
    "simulated": simulated,
}


@pytest.mark.parametrize("way", RIGHT_HOW_SURE)
def test_how_sure_may_be_written_in_different_ways(way):
    for _ in range(5):  # some cases are fresh
        score = checks.how_sure(RIGHT_HOW_SURE[way])
        assert float(score) == score.total == 4, str(score)


def clipped(count):
    return lambda p, n: tuple(np.clip(plus_minus(count)(p, n), 0, 1))


WRONG_HOW_SURE = {
    "one error": (plus_minus(1), 1, "one standard error"),
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
    assert not checks.how_sure(lambda accuracy, n: None).attempted


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
    fit, turn, distance = augmenting.fitted(augmenting.family(digits / 255), results[..., 0])
    assert fit.min() > 0.85 and np.abs(turn).max() <= 10
    assert 0.5 < distance.mean() < 3
    assert not np.array_equal(results, moved(digits, seed=8, degrees=8, pixels=1.5))


def test_test_digits_are_shuffled_and_keep_their_labels():
    _, (images, labels) = data.load_mnist()
    one, other = moved_test_digits(1), moved_test_digits(10**30)
    counts = np.bincount(one.numbers[one.is_counted], minlength=len(images))
    assert set(counts) == {3} and len(counts) == len(images)
    assert not np.array_equal(one.numbers, other.numbers)
    assert np.array_equal(labels[one.numbers], one.labels)
    apart = np.flatnonzero(~one.is_counted)
    assert np.array_equal(one.images[apart], turned_anyhow(images)[one.numbers[apart]])
    assert sorted(one.numbers[apart]) == [
        i for i in BANDS["telltales"]["numbers"] if i < len(images)
    ]
    # What is moved is the digit that it says it is.
    some = np.flatnonzero(one.is_counted)[:30]
    fit, _, _ = augmenting.fitted(
        augmenting.family(images[one.numbers[some]] / 255), one.images[some, ..., 0]
    )
    assert fit.min() > 0.85


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


# --- judging ------------------------------------------------------------------------------


@pytest.fixture
def digits(monkeypatch) -> Digits:
    """1,000 digits, 12 of them hard, and 20 by which networks are recognized."""
    monkeypatch.setitem(
        BANDS, "hard_digits", {"numbers": list(range(12)), "most_read": 3, "doubted_from": 9}
    )
    known = {"mnist_plain seed1": "01234567890123456789"}
    monkeypatch.setitem(
        BANDS,
        "telltales",
        {"numbers": list(range(100, 120)), "answers": known, "most_same": 14, "doubted_from": 18},
    )
    numbers = np.concatenate([np.arange(1000), np.arange(100, 120)])
    order = np.random.default_rng(0).permutation(1020)
    numbers = numbers[order]
    return Digits(
        np.zeros((1020, 28, 28, 1), np.float32), (numbers * 7) % 10, numbers, order < 1000
    )


def answering(digits: Digits, wrong=(), scale=1.0) -> np.ndarray:
    """Return what a model answers that is wrong at the digits with these numbers."""
    classes = np.where(np.isin(digits.numbers, list(wrong)), digits.labels + 1, digits.labels) % 10
    return scale * np.eye(10, dtype=np.float32)[classes]


def test_a_good_honest_model_gets_all_points_and_logits_do_as_well(digits):
    for scale in (1, 37):
        verdict = judge(Answer("ok", values=answering(digits, range(4), scale)), digits)
        assert verdict.accuracy == 0.996 and float(verdict.score) == 30 == verdict.score.total
        assert verdict.status == "ok" and not verdict.doubts


def test_more_mistakes_are_fewer_points(digits):
    verdict = judge(Answer("ok", values=answering(digits, range(11))), digits)
    assert verdict.accuracy == 0.989
    assert float(verdict.score) == points(0.989) < 30 == verdict.score.total


def test_a_model_that_reads_what_no_honest_network_reads_waits_for_a_teacher(digits):
    verdict = judge(Answer("ok", values=answering(digits, range(500, 510))), digits)
    assert verdict.accuracy == 0.99 and float(verdict.score) == 0
    assert verdict.doubts and "12 of 12 test digits" in str(verdict.score)
    few = judge(Answer("ok", values=answering(digits, range(4))), digits)  # 8 of 12
    assert not few.doubts


def test_a_network_of_the_course_is_recognized(digits):
    values = answering(digits, range(10))
    classes = dict(zip(range(100, 120), map(int, "01234567890123456789"), strict=True))
    for place in np.flatnonzero(~digits.is_counted)[:-2]:  # rounding may change two answers
        values[place] = np.eye(10)[classes[digits.numbers[place]]]
    verdict = judge(Answer("ok", values=values), digits)
    assert float(verdict.score) == 0 and "mnist_plain seed1" in str(verdict.score)


MALFORMED = {
    "classes": (lambda right: right.argmax(axis=1), "one number for each image"),
    "one column": (lambda right: right[:, :1], "one number for each image"),
    "two classes": (lambda right: right[:, :2], "(1020, 2)"),
    "too few": (lambda right: right[:50], "(50, 10)"),
    "maps": (lambda right: right[:, None], "(1020, 1, 10)"),
    "nan": (lambda right: right * np.nan, "nan"),
    "text": (lambda right: right.astype(str), "not numbers"),
}


@pytest.mark.parametrize("form", MALFORMED)
def test_answers_of_another_form_are_named(form, digits):
    change, words = MALFORMED[form]
    verdict = judge(Answer("ok", values=change(answering(digits))), digits)
    assert verdict.status == "malformed" and float(verdict.score) == 0
    assert words in str(verdict.score)


def test_digits_without_an_answer_count_as_wrong(digits):
    values = answering(digits, range(4))
    values[::2] = np.nan
    values[1::4] = 0.1
    assert judge(Answer("ok", values=values), digits).accuracy == pytest.approx(0.25, abs=0.02)


@pytest.mark.parametrize("status", ["missing", "malformed", "timeout", "crash"])
def test_without_answers_the_reason_is_in_the_score(status, digits):
    verdict = judge(Answer(status, "The reason."), digits)
    assert verdict.status == status and "The reason." in str(verdict.score)
    assert float(verdict.score) == 0 and verdict.score.total == 30


# --- the file -----------------------------------------------------------------------------


def saved(model, folder: Path) -> bytes:
    path = folder / "saved.keras"
    model.save(path)
    return path.read_bytes()


def tiny(*more, shape=(28, 28, 1)):
    import keras
    from keras import layers

    return keras.Sequential([keras.Input(shape), *more, layers.Flatten(), layers.Dense(10)])


@pytest.fixture(scope="module")
def good(tmp_path_factory) -> bytes:
    return saved(tiny(), tmp_path_factory.mktemp("good"))


def with_parts(content: bytes, **changed) -> bytes:
    """Return a saved model with other files in it: config, weights, or one more."""
    names = {"config": "config.json", "weights": "model.weights.h5", "more": "more.py"}
    target = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as source,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        parts = {name: source.read(name) for name in source.namelist()}
        for name, part in (parts | {names[key]: part for key, part in changed.items()}).items():
            archive.writestr(name, part)
    return target.getvalue()


def with_layer(content: bytes, layer: dict) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        config = json.loads(archive.read("config.json"))
    config["config"]["layers"].append(layer)
    return with_parts(content, config=json.dumps(config))


LAMBDA = {"class_name": "Lambda", "config": {}, "module": "keras.layers", "registered_name": None}
DOWNLOAD = {"class_name": "function", "config": "get_file", "module": "keras.utils"}
FETCHING = LAMBDA | {"class_name": "Activation", "config": {"activation": DOWNLOAD}}
OWN = {"class_name": "Mine", "config": {}, "module": None, "registered_name": "Mine"}
REGISTERED = OWN | {"module": "mine", "registered_name": "mine>Mine"}
ELSEWHERE = LAMBDA | {"class_name": "Popen", "module": "subprocess"}

BAD_FILES = {
    "no zip": (lambda good: b"hello", "cannot be read"),
    "empty": (lambda good: b"", "cannot be read"),
    "cut off": (lambda good: good[: len(good) // 2], "cannot be read"),
    "more in it": (lambda good: with_parts(good, more="import os"), "more.py"),
    "zip bomb": (lambda good: with_parts(good, weights=bytes(60_000_000)), "unpacks to far more"),
    "huge config": (lambda good: with_parts(good, config=b"[" * 3_000_000), "larger than that"),
    "deep config": (
        lambda good: with_parts(good, config=b"[" * 400_000 + b"]" * 400_000),
        "cannot be read",
    ),
    "no config": (lambda good: with_parts(good, config="[]"), "cannot be read"),
    "lambda": (lambda good: with_layer(good, LAMBDA), "Lambda layer"),
    "download": (lambda good: with_layer(good, FETCHING), "'get_file'"),
    "own layer": (lambda good: with_layer(good, OWN), "'Mine'"),
    "registered": (lambda good: with_layer(good, REGISTERED), "'Mine'"),
    "elsewhere": (lambda good: with_layer(good, ELSEWHERE), "'Popen'"),
}


@pytest.mark.parametrize("way", BAD_FILES)
def test_a_file_that_is_no_plain_model_is_refused_before_it_is_loaded(way, good, tmp_path):
    change, words = BAD_FILES[way]
    (tmp_path / "model.keras").write_bytes(change(good))
    answer = model_file.predict(tmp_path / "model.keras", np.zeros((1, 28, 28, 1)))
    assert answer.status == "malformed" and answer.values is None
    assert words in answer.message


def test_a_model_of_kerass_own_parts_is_let_through(good, tmp_path):
    import keras
    from keras import layers

    image = keras.Input((28, 28, 1))
    values = keras.ops.reshape(2 * image - 1, (-1, 784))
    both = [layers.Dense(10, activation="gelu")(values), tiny()(image)]
    model = keras.Model(image, layers.Average()(both))
    model.compile(loss=lambda y_true, y_pred: y_pred)  # is not loaded
    for content in (good, saved(model, tmp_path)):
        model_file.check(content)


def test_a_missing_and_a_too_large_file_are_told_apart(tmp_path):
    assert model_file.predict(tmp_path / "model.keras", None).status == "missing"
    (tmp_path / "model.keras").write_bytes(bytes(25_000_000))
    answer = model_file.predict(tmp_path / "model.keras", None)
    assert answer.status == "malformed" and "25.0 MB" in answer.message


def giant() -> bytes:
    """Return HDF5 of a few kB that unpacks to 400 GB."""
    import h5py

    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        file.create_dataset("a", shape=(10**11,), dtype="f4", chunks=(10**6,), compression="gzip")
    return content.getvalue()


def elsewhere() -> bytes:
    import h5py

    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        file.create_dataset("a", shape=(9,), dtype="u1", external=[("/etc/passwd", 0, 9)])
    return content.getvalue()


def linked() -> bytes:
    import h5py

    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        file["a"] = h5py.ExternalLink("/etc/passwd", "b")
    return content.getvalue()


def circular() -> bytes:
    import h5py

    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        file["a"] = file["/"]
    return content.getvalue()


BAD_WEIGHTS = {
    "giant": (giant, "far more than the file's size"),
    "in another file": (elsewhere, "elsewhere"),
    "linked": (linked, "elsewhere"),
    "circular": (circular, "too many"),
    "junk": (lambda: b"junk" * 99, "cannot load"),
}


@pytest.mark.parametrize("way", BAD_WEIGHTS)
def test_weights_that_are_more_than_arrays_in_the_file_are_refused(way, good, tmp_path):
    make, words = BAD_WEIGHTS[way]
    (tmp_path / "model.keras").write_bytes(with_parts(good, weights=make()))
    with pytest.raises(model_runner.Problem, match=words):
        model_runner.load(tmp_path / "model.keras")


def test_the_form_of_input_and_output_is_named():
    import keras
    from keras import layers

    images = np.zeros((3, 28, 28, 1), np.float32)
    with pytest.raises(model_runner.Problem, match=r"\(None, 784\)"):
        model_runner.answers(tiny(shape=(784,)), images)
    image = keras.Input((28, 28, 1))
    flat = layers.Flatten()(image)
    two = keras.Model(image, [layers.Dense(10)(flat), layers.Dense(10)(flat)])
    with pytest.raises(model_runner.Problem, match="several arrays"):
        model_runner.answers(two, images)
    assert model_runner.answers(tiny(shape=(28, 28)), images).shape == (3, 10)


def run(code: str, folder: Path, seconds: float = 20) -> Answer:
    """Let a small program stand for the one that asks the model."""
    begin = "from pathlib import Path; import numpy as np; Path('started').touch()\n"
    return model_file.run([sys.executable, "-c", begin + code], str(folder), seconds)


def test_a_model_that_takes_too_long_is_stopped(tmp_path):
    answer = run("while True: pass", tmp_path, seconds=0.3)
    assert answer.status == "timeout" and "0.3 seconds" in answer.message


CRASHES = {
    "killed": "import os; os.kill(os.getpid(), 11)",
    "memory": (
        "import sys; sys.path.insert(0, ROOT); from utils.checks import model_runner\n"
        "model_runner.limit_memory(100); np.ones(10**8)"
    ),
    "exit": "raise SystemExit(3)",
}


@pytest.mark.skipif(sys.platform != "linux", reason="memory is limited on Linux alone")
@pytest.mark.parametrize("way", CRASHES)
def test_a_program_that_dies_is_reported(way, tmp_path):
    root = str(Path(__file__).resolve().parents[2])
    assert run(CRASHES[way].replace("ROOT", repr(root)), tmp_path).status == "crash"


LEFT = {
    "nothing": "",
    "objects": "np.save('answers.npy', np.array([print]))",
    "a long promise": (
        "np.save('answers.npy', np.zeros((10, 10)))\n"
        "text = Path('answers.npy').read_bytes().replace(b'(10, 10)', b'(9999999, 9999)')\n"
        "Path('answers.npy').write_bytes(text)"
    ),
}


@pytest.mark.parametrize("way", LEFT)
def test_what_is_no_array_of_numbers_is_not_read(way, tmp_path):
    assert run(LEFT[way], tmp_path).status == "malformed"


def test_a_model_is_asked_in_a_process_of_its_own(good, tmp_path):
    import keras

    path = tmp_path / "my model (1).keras"
    path.write_bytes(good)
    images = np.random.default_rng(0).random((20, 28, 28, 1)).astype(np.float32)
    answer = model_file.predict(path, images)
    assert answer.status == "ok", answer.message
    expected = keras.saving.load_model(path).predict(images, verbose=0)
    assert np.allclose(answer.values, expected, atol=1e-5)


# --- before handing in --------------------------------------------------------------------


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
    low, high = highest_accuracy.expected(0.99, 1000)
    assert low < 0.99 - 1.9 * error(0.99, 909) and high > 0.99 + 1.2 * error(0.99, 909)
    told = f"between {points(low):g} and {points(high):g} points"
    assert told in score.note and points(low) < float(score) < points(high)
    assert float(checks.estimate(Stub(LABELS, 10), IMAGES, np.eye(10)[LABELS])) == float(score)


def test_a_model_whose_last_layer_computes_in_16_bits_gets_its_points():
    stub = Stub(LABELS, 10)
    stub.values = stub.values.astype(ml_dtypes.bfloat16)
    assert float(checks.estimate(stub, IMAGES, LABELS)) == points(0.99)


def test_the_estimate_warns_if_it_is_too_good_to_be_true(monkeypatch):
    monkeypatch.setattr(highest_accuracy, "PUBLIC_SEEDS", (1,))
    images, labels = np.zeros((5000, 28, 28), np.uint8), np.arange(5000) % 10
    assert "in the training?" in checks.estimate(Stub(labels, 0), images, labels).note
    honest = round(5000 * (1 - BANDS["validation"]["best"]))
    assert "in the training?" not in checks.estimate(Stub(labels, honest), images, labels).note


ESTIMATES = {
    "no model": (3, IMAGES, LABELS, "no Keras model but a int"),
    "other labels": (Stub(LABELS, 0), IMAGES, LABELS[:9], "9 labels"),
    "0 to 255": (Stub(LABELS, 0), IMAGES + 255, LABELS, "divide by 255"),
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


def test_handing_in_writes_a_small_file_in_32_bits_that_answers_as_the_model(tmp_path, capsys):
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
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        checks.hand_in(model, path)
    told = capsys.readouterr().out
    assert "It takes 0.04" in told and "is written. Upload these files: 1_from" in told
    written = keras.saving.load_model(path)
    assert {layer.compute_dtype for layer in written.layers} == {"float32"}
    assert getattr(written, "optimizer", None) is None
    assert "less than half" in told  # it is not trained


def test_what_cannot_be_graded_is_not_written_over_what_can(tmp_path, capsys):
    import keras
    from keras import layers

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


def test_unacceptable_is_no_crash_of_the_grader():
    with pytest.raises(Unacceptable):
        model_file.check(b"")
    assert bands.FILE.exists()
