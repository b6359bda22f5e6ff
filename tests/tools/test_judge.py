"""Judging a handed-in model: honest ones get points, what looks odd waits for a teacher."""

from __future__ import annotations

import numpy as np
import pytest

from tools import judge as judging
from tools.judge import DOUBTS, Digits, judge, known_kernels, moved_test_digits
from utils import data, records
from utils.checks.part3 import answers, model_runner
from utils.checks.part3 import augment as augmenting
from utils.checks.part3.bands import points
from utils.checks.part3.model_file import Answer, predict
from utils.checks.part3.model_runner import likeness
from utils.checks.part3.moved_digits import turned_anyhow


@pytest.mark.slow
def test_test_digits_are_shuffled_and_keep_their_labels():
    _, (images, labels) = data.load_mnist()
    one, other = moved_test_digits(1), moved_test_digits(10**30)
    counted, of_test = one.kinds == judging.COUNTED, one.kinds != judging.TRAINING
    assert (
        len(set(one.numbers[counted])) == counted.sum() < 0.6 * len(images)
    )  # not all: they cost time
    assert one.weights.sum() == pytest.approx(len(images)) and not one.weights[~counted].any()
    assert not np.array_equal(one.numbers, other.numbers)
    assert np.array_equal(labels[one.numbers[of_test]], one.labels[of_test])
    apart = np.flatnonzero(one.kinds == judging.TURNED)
    assert np.array_equal(one.images[apart], turned_anyhow(images)[one.numbers[apart]])
    assert sorted(one.numbers[apart]) == [
        i for i in DOUBTS["telltales"]["numbers"] if i < len(images)
    ]
    # What is moved is the digit that it says it is.
    some = np.flatnonzero(counted)[:30]
    fit, _, _ = augmenting.fitted(
        augmenting.family(images[one.numbers[some]] / 255), one.images[some, ..., 0]
    )
    assert fit.min() > 0.85


@pytest.fixture
def digits(monkeypatch) -> Digits:
    """1,000 digits, 12 of them hard, and 20 by which networks are recognized."""
    monkeypatch.setitem(
        DOUBTS, "hard_digits", {"numbers": list(range(12)), "most_read": 3, "doubted_from": 9}
    )
    known = {"mnist_plain seed1": "01234567890123456789"}
    monkeypatch.setitem(
        DOUBTS,
        "telltales",
        {"numbers": list(range(100, 120)), "answers": known, "most_same": 14, "doubted_from": 18},
    )
    numbers = np.concatenate([np.arange(1000), np.arange(100, 120)])
    order = np.random.default_rng(0).permutation(1020)
    numbers = numbers[order]
    kinds = np.where(order < 1000, judging.COUNTED, judging.TURNED)
    images = np.zeros((1020, 28, 28, 1), np.float32)
    return Digits(images, (numbers * 7) % 10, numbers, kinds, (order < 1000) * 1.0)


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
    assert verdict.status == "waiting" and verdict.score.waiting == points(0.99)
    assert verdict.doubts and "12 of 12 test digits" in str(verdict.score)
    few = judge(Answer("ok", values=answering(digits, range(4))), digits)  # 8 of 12
    assert not few.doubts


def test_a_network_of_the_course_is_recognized(digits):
    values = answering(digits, range(10))
    classes = dict(zip(range(100, 120), map(int, "01234567890123456789"), strict=True))
    for place in np.flatnonzero(digits.kinds == judging.TURNED)[:-2]:
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


@pytest.mark.parametrize(
    ("reads", "of_another_scale", "is_told"), [(0, 1, True), (0.6, 1, True), (0.85, 0.9, False)]
)
def test_a_model_that_reads_digits_of_another_scale_is_a_matter_for_the_teacher(
    reads, of_another_scale, is_told, digits, monkeypatch
):
    """Images divided by 255 twice in training: 0 of 30 points, but not without a word."""
    is_counted = digits.kinds == judging.COUNTED

    def predict(path, images, *how):
        labels, share = digits.labels, np.where(is_counted, reads, 0)
        if images.max() != 1:
            labels = labels[is_counted]
            share = of_another_scale if np.isclose(images.max(), 1 / 255) else 0
        is_wrong = np.arange(len(images)) % 20 >= 20 * share
        return Answer("ok", values=np.eye(10)[(labels[: len(images)] + is_wrong) % 10])

    digits.images[:, 10:18, 10:18] = 1
    monkeypatch.setattr(judging, "predict", predict)
    monkeypatch.setattr(answers, "predict", predict)
    verdict = judging.grade("model.keras", digits)
    assert float(verdict.score) == 0 and verdict.accuracy < 0.9
    assert any("divided by 255 twice" in doubt for doubt in verdict.doubts) == is_told
    assert ("divided by 255 twice" in str(verdict.score)) == is_told


def test_a_model_whose_weights_hold_test_images_waits_for_a_teacher(digits):
    answered = answering(digits, range(4))
    assert judge(Answer("ok", values=answered, held=3), digits).status == "ok"
    verdict = judge(Answer("ok", values=answered, held=500), digits)
    assert verdict.status == "waiting" and "500 images of the test set" in str(verdict.doubts)


def test_a_model_that_was_made_of_a_network_of_the_course_waits_for_a_teacher(digits):
    answered = answering(digits, range(4))
    assert judge(Answer("ok", values=answered, like=0.35), digits).status == "ok"
    verdict = judge(Answer("ok", values=answered, like=0.95), digits)
    assert verdict.status == "waiting" and "that comes with the course" in str(verdict.doubts)


@pytest.mark.parametrize("way", ["copy", "noise", "mean", "inside another"])
def test_a_changed_copy_of_a_network_is_recognized_by_its_weights(way, tmp_path):
    import keras

    from utils import models

    run, other = records.stored_runs("mnist_reference")[:2]
    network, second = models.reference_cnn("float32"), models.reference_cnn("float32")
    network.set_weights(records.weights("mnist_reference", run))
    second.name = "second"
    second.set_weights(records.weights("mnist_reference", other))
    rng = np.random.default_rng(1)
    if way == "noise":
        weights = network.get_weights()
        for array in (array for array in weights if array.ndim > 1):
            array += rng.normal(0, 0.3 * array.std(), array.shape)
        network.set_weights(weights)
    if way in ("mean", "inside another"):
        image = keras.Input((28, 28, 1))
        answers = [network(image), second(image)]
        mean = keras.layers.Average()(answers)
        network = keras.Model(image, mean if way == "mean" else answers[1])
    network.save(tmp_path / "model.keras")
    images = rng.random((4, 28, 28, 1), dtype=np.float32)
    answer = predict(tmp_path / "model.keras", images, known=known_kernels())
    assert answer.status == "ok" and answer.like > judging.MOST_LIKE + 0.2


def test_networks_that_were_trained_apart_are_not_taken_for_one_another():
    runs = {
        (name, run): [a for a in records.weights(name, run) if a.ndim > 1]
        for name in ("mnist_own", "mnist_reference")
        for run in records.stored_runs(name)
    }
    for one, kernels in runs.items():
        known = [kernel for other in runs if other != one for kernel in runs[other]]
        assert likeness(known, kernels) < judging.MOST_LIKE / 2, one


@pytest.mark.parametrize("form", ["whole", "as kernels", "without margin", "halved", "as rows"])
def test_images_in_weights_are_counted_whatever_their_scale(form):
    (_, _), (images, _) = data.load_mnist()
    images = images[:200]
    some = images[:30].astype(np.float32) / 255 - 0.1
    arrays = {
        "whole": some.reshape(30, -1).T * -3,
        "as kernels": np.moveaxis(some, 0, -1)[:, :, np.newaxis],
        "without margin": some[:, 4:24, 4:24].reshape(30, -1).T,
        "halved": some.reshape(30, 14, 2, 14, 2).mean(axis=(2, 4)).reshape(30, -1).T,
        "as rows": some.reshape(30, -1),
    }
    assert model_runner.slices_like(images, [arrays[form]]) == 30


def test_no_slice_of_an_honest_network_is_a_test_image():
    (_, _), (images, _) = data.load_mnist()
    arrays = [array for array in records.weights("fashion_mnist_lecture") if array.ndim > 1]
    assert model_runner.slices_like(images, arrays) == 0


def test_the_points_of_a_good_file_are_those_of_its_answers(digits, monkeypatch):
    monkeypatch.setattr(
        judging,
        "predict",
        lambda path, images, *how: Answer("ok", values=answering(digits, range(4))),
    )
    verdict = judging.grade("model.keras", digits)
    assert float(verdict.score) == 30 and not verdict.doubts
