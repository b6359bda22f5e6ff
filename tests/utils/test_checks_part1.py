"""The checks of part 1: right answers pass, wrong ones are recognized, hostile ones do no harm."""

from __future__ import annotations

import copy
import math
import os
import subprocess
import sys
import time
import warnings
from pathlib import Path
from unittest import mock

import answers_part1
import nbformat
import numpy as np
import pytest

from utils import checks
from utils.checks import task
from utils.checks.attempt import Outcome
from utils.checks.part1 import count_parameters, receptive_field
from utils.checks.score import shown

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOK = ROOT / "solutions" / "14_9" / "1_from_scratch.ipynb"
NAMES = ["output_size", "conv2d", "max_pool2d", "count_parameters", "receptive_field"]
ARRAYS = ["conv2d", "max_pool2d"]
POINTS = {
    "output_size": 4,
    "conv2d": 10,
    "max_pool2d": 6,
    "count_parameters": 5,
    "receptive_field": 5,
}


def from_the_notebook(*names: str) -> list:
    """Return functions that the notebook defines, if it is there: a copy may leave it out."""
    if not NOTEBOOK.exists():
        pytest.skip("solutions/ is not part of this copy")
    found = {"np": np}
    for cell in nbformat.read(NOTEBOOK, as_version=4).cells:
        if cell.cell_type == "code" and cell.source.startswith("def "):
            exec(cell.source, found)
    return [found[name] for name in names]


# --- right answers, written in two other ways than the notebook's -----------------------------


def output_size_by_trying(size, window, stride, padding):
    """Walk over the padded side, and count."""
    if padding == "same":
        return sum(1 for start in range(size) if start % stride == 0)
    length, count, start = size + (0 if padding == "valid" else 2 * padding), 0, 0
    while start + window <= length:
        count, start = count + 1, start + stride
    return count


def output_size_by_formula(size, window, stride, padding):
    if padding == "same":
        return math.ceil(size / stride)
    zeros = {"valid": 0}.get(padding, padding)
    return np.int64(math.floor((size + 2 * zeros - window) / stride) + 1)


def border(size, window, stride, padding):
    if isinstance(padding, int):
        return padding, padding
    if padding == "valid":
        return 0, 0
    zeros = (output_size_by_formula(size, window, stride, "same") - 1) * stride + window - size
    return max(zeros, 0) // 2, -(-max(zeros, 0) // 2)


def conv2d_by_loops(image, kernels, biases, stride, padding):
    """Seven sums as they stand in the formula, with zeros for what lies outside."""
    (rows, columns, channels), (k_h, k_w, _, filters) = image.shape, kernels.shape
    top, left = (border(n, k, stride, padding)[0] for n, k in ((rows, k_h), (columns, k_w)))
    out_rows = output_size_by_trying(rows, k_h, stride, padding)
    out_columns = output_size_by_trying(columns, k_w, stride, padding)
    image, kernels = image.tolist(), kernels.tolist()
    maps = [[[float(b) for b in biases] for _ in range(out_columns)] for _ in range(out_rows)]
    for i in range(out_rows):
        for j in range(out_columns):
            for u in range(k_h):
                for v in range(k_w):
                    row, column = i * stride + u - top, j * stride + v - left
                    if not (0 <= row < rows and 0 <= column < columns):
                        continue
                    for c in range(channels):
                        for m in range(filters):
                            maps[i][j][m] += image[row][column][c] * kernels[u][v][c][m]
    return np.array(maps)


def conv2d_by_einsum(image, kernels, biases, stride, padding):
    sides = zip(image.shape, kernels.shape[:2], strict=False)
    around = [border(n, k, stride, padding) for n, k in sides]
    padded = np.pad(image, (*around, (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernels.shape[:2], axis=(0, 1))
    maps = np.einsum("ijcuv,uvcm->ijm", windows[::stride, ::stride], kernels)
    return (maps + biases).astype(np.float32)


def max_pool2d_by_loops(maps, size, stride):
    rows, columns = ((n - size) // stride + 1 for n in maps.shape[:2])
    pooled = np.full((rows, columns, maps.shape[2]), -np.inf)
    for i, j, c in np.ndindex(pooled.shape):
        for u, v in np.ndindex(size, size):
            pooled[i, j, c] = max(pooled[i, j, c], maps[i * stride + u, j * stride + v, c])
    return pooled


def max_pool2d_by_windows(maps, size, stride):
    windows = np.lib.stride_tricks.sliding_window_view(maps, (size, size), axis=(0, 1))
    return windows[::stride, ::stride].max(axis=(-2, -1))


def count_parameters_by_shapes(input_shape, layers):
    """Make the arrays that hold the parameters, and add up their sizes."""
    maps, arrays = np.empty(input_shape), []
    for kind, *n in layers:
        if kind == "Conv2D":
            arrays += [np.empty((n[1], n[1], maps.shape[2], n[0])), np.empty(n[0])]
            sides = [output_size_by_trying(side, *n[1:]) for side in maps.shape[:2]]
            maps = np.empty((*sides, n[0]))
        elif kind == "MaxPooling2D":
            maps = max_pool2d_by_windows(maps, *n)
        elif kind == "Flatten":
            maps = maps.ravel()
        elif kind == "Dense":
            arrays += [np.empty((maps.size, n[0])), np.empty(n[0])]
            maps = np.empty(n[0])
    return sum(array.size for array in arrays)


def count_parameters_by_recursion(input_shape, layers):
    if not layers:
        return 0
    (kind, *n), rest = layers[0], layers[1:]
    if kind == "Dense":
        return (input_shape[0] + 1) * n[0] + count_parameters_by_recursion((n[0],), rest)
    if kind == "Flatten":
        return count_parameters_by_recursion((math.prod(input_shape),), rest)
    how = n[1:] if kind == "Conv2D" else (*n, "valid")
    sides = [output_size_by_formula(side, *how) for side in input_shape[:2]]
    filters = n[0] if kind == "Conv2D" else input_shape[2]
    own = (n[1] ** 2 * input_shape[2] + 1) * filters if kind == "Conv2D" else 0
    return own + count_parameters_by_recursion((*sides, filters), rest)


def receptive_field_from_above(layers):
    """How many places of each layer feed one neuron at the top?"""
    seen = 1
    for window, stride in layers[::-1]:
        seen = (seen - 1) * stride + window
    return seen


def receptive_field_by_sets(layers):
    """Collect the places themselves."""
    places = {0}
    for window, stride in layers[::-1]:
        places = {place * stride + step for place in places for step in range(window)}
    return max(places) - min(places) + 1


RIGHT = {
    "output_size": [output_size_by_trying, output_size_by_formula],
    "conv2d": [conv2d_by_loops, conv2d_by_einsum],
    "max_pool2d": [max_pool2d_by_loops, max_pool2d_by_windows],
    "count_parameters": [count_parameters_by_shapes, count_parameters_by_recursion],
    "receptive_field": [receptive_field_from_above, receptive_field_by_sets],
}


ALL_PASSED = {name: getattr(checks, name)(RIGHT[name][0])._repr_html_() for name in NAMES}


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("which", [0, 1, "notebook"])
def test_a_right_answer_gets_all_points_and_always_the_same_words(name, which):
    function = from_the_notebook(name)[0] if which == "notebook" else RIGHT[name][which]
    scores = [getattr(checks, name)(function) for _ in range(3)]
    assert [float(score) for score in scores] == [POINTS[name]] * 3
    assert {score._repr_html_() for score in scores} == {ALL_PASSED[name]}
    assert "not yet" not in ALL_PASSED[name]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_network_of_the_notebook_answers_as_keras_does(dtype):
    from utils import models, records
    from utils.explorers import samples

    answer = from_the_notebook("answer")[0]
    image = samples.load()["garment"].astype(dtype) / dtype(255)
    ours = answer(image, count_parameters.CHAPTER_5, records.weights("fashion_mnist_lecture"))
    model = models.trained_lecture_network()
    by_keras = model.predict(image[np.newaxis, ..., np.newaxis], verbose=0)[0]
    assert np.allclose(ours, by_keras, atol=1e-5)


def test_the_points_are_those_of_the_exercise():
    assert {name: getattr(checks, name).points for name in NAMES} == POINTS
    assert sum(POINTS.values()) == 30


@pytest.mark.parametrize("name", NAMES)
def test_what_is_not_written_yet_is_not_attempted(name):
    def says_so(*given):
        raise NotImplementedError

    for function in (says_so, lambda *given: None):
        score = getattr(checks, name)(function)
        assert score.headline == f"{name} · not attempted yet · 0/{POINTS[name]}"
        assert repr(score) == "0.0" and "`return`" in score.note


# --- the expected values --------------------------------------------------------------------


def keras_layers(layers):
    import keras

    made = []
    for kind, *n in layers:
        made.append(getattr(keras.layers, kind)(*n))
    return made


def test_sizes_are_those_of_keras():
    keras = pytest.importorskip("keras")
    for seed in range(8):
        for case in checks.output_size.cases(seed):
            size, window, stride, padding = case.arguments
            if isinstance(padding, int):
                size, padding = size + 2 * padding, "valid"
            layer = keras.layers.Conv2D(1, window, stride, padding)
            shape = layer.compute_output_shape((None, size, size, 1))
            assert checks.output_size.expected(case) == shape[1], case


def test_convolutions_are_those_of_keras():
    keras = pytest.importorskip("keras")
    for seed in range(6):
        for case in checks.conv2d.cases(seed):
            image, kernels, biases, stride, padding = case.arguments
            image = image.astype(np.float32)
            if isinstance(padding, int):
                image = np.pad(image, ((padding, padding), (padding, padding), (0, 0)))
                padding = "valid"
            layer = keras.layers.Conv2D(kernels.shape[3], kernels.shape[:2], stride, padding)
            layer.build((None, *image.shape))
            layer.set_weights([kernels, biases])
            by_keras = np.array(layer(image[np.newaxis]))[0]
            ours = checks.conv2d.expected(case)
            assert ours.shape == by_keras.shape, case.line
            assert np.allclose(ours, by_keras, atol=1e-5 * np.abs(ours).max()), case.line


def test_pooled_maps_are_those_of_keras():
    keras = pytest.importorskip("keras")
    for seed in range(12):
        for case in checks.max_pool2d.cases(seed):
            maps, size, stride = case.arguments
            layer = keras.layers.MaxPooling2D(size, stride)
            by_keras = np.array(layer(maps[np.newaxis].astype(np.float32)))[0]
            assert np.allclose(checks.max_pool2d.expected(case), by_keras, atol=1e-6)


def test_counts_are_those_of_keras():
    keras = pytest.importorskip("keras")
    for seed in range(3):
        for case in checks.count_parameters.cases(seed):
            shape, layers = case.arguments
            model = keras.Sequential([keras.Input(shape), *keras_layers(layers)])
            assert checks.count_parameters.expected(case) == model.count_params(), case


def test_the_network_of_chapter_5_is_the_one_that_the_page_trains():
    from utils import models

    shape = (28, 28, 1)
    count = count_parameters.counting()(shape, count_parameters.CHAPTER_5)
    assert count == models.lecture_network().count_params() == 1_413_834
    layers = receptive_field.CHAPTER_5_WINDOWS
    fields = [receptive_field.field_of(layers[:n]) for n in range(1, 9)]
    assert fields == [7, 8, 12, 16, 18, 26, 34, 38]


def test_receptive_fields_are_those_that_light_shows():
    """One bright pixel a time through sums of windows: how many of them does a neuron see?"""
    for seed in range(20):
        for case in checks.receptive_field.cases(seed):
            (layers,) = case.arguments
            field = checks.receptive_field.expected(case)
            seen = np.eye(field + 2)  # a row for each pixel that is bright
            for window, stride in layers:
                windows = np.lib.stride_tricks.sliding_window_view(seen, window, axis=1)
                seen = windows[:, ::stride].sum(axis=-1)
            assert np.count_nonzero(seen[:, 0]) <= field
            assert np.flatnonzero(seen[:, 0]).max() + 1 == field, layers


# --- wrong answers ---------------------------------------------------------------------------


def score_at(seed, check, function):
    """Return the score for the cases of one seed, called in this process without protection."""
    cases, verdicts = check.cases(seed), []
    for case in cases:
        try:
            outcome = Outcome(function(*copy.deepcopy(case.arguments)))
        except Exception as error:
            outcome = Outcome(problem=f"it raised {type(error).__name__}")
        verdicts.append(check.verdict(case, outcome))
    return check.score(cases, verdicts)


def lines_passed_at(seed, check, function) -> tuple[bool, ...]:
    """Return which lines pass for one seed, without the search for hints, which takes longest."""
    with mock.patch.object(type(check), "_hint", lambda *_: "a hint"):
        return tuple(item.passed for item in score_at(seed, check, function).items)


MISTAKES = [
    pytest.param(name, number, id=f"{name}-{number}")
    for name in NAMES
    for number in range(len(getattr(checks, name).mistakes))
]
# Where two mistakes give the same value in all cases of a line, the other name is as good.
AS_GOOD = {
    "the stride made no difference": '"same" kept the size',
    "as many zeros before as after": "the extra zero stands before",
    "biases of the convolutional layers": "the biases were forgotten",
    "biases of the dense layers": "the biases were forgotten",
    "rounded to the nearest": "a last window that does not fit",
    "start one pixel apart": "the stride made no difference",
}


@pytest.mark.parametrize(("name", "number"), MISTAKES)
def test_a_known_mistake_costs_points_and_is_named(name, number):
    check = getattr(checks, name)
    text, function = check.mistakes[number]
    score = score_at(1, check, function)
    assert float(score) < POINTS[name]
    failed = [item.hint for item in score.items[:-1] if not item.passed]
    names = (text, next((good for key, good in AS_GOOD.items() if key in text), text))
    assert failed
    assert [hint for hint in failed if not any(name in hint for name in names)] == []


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_known_mistake_gets_the_same_points_at_any_seed(name):
    check = getattr(checks, name)
    for text, function in check.mistakes:
        seeds = range(3 if name == "conv2d" else 8)
        found = {lines_passed_at(seed, check, function) for seed in seeds}
        assert len(found) == 1, text
        assert not all(found.pop()), text


@pytest.mark.parametrize("name", NAMES)
def test_there_are_at_least_eight_known_mistakes_of_a_task(name):
    assert len({text for text, _ in getattr(checks, name).mistakes}) >= 8


def test_a_wrong_answer_that_nobody_knows_gets_the_hint_of_its_line():
    score = checks.output_size(lambda size, window, stride, padding: size + 17)
    hints = [item.hint for item in score.items]
    assert "as if" not in "".join(hints)
    assert "The first place counts too." in hints[0]
    assert float(score) == 0


def test_no_mistake_is_named_where_the_call_failed():
    """All other cases of the line are right, and with many a mistake they would be, too."""

    def starts_from_the_first_layer(layers):
        field, jump = layers[0]
        for window, stride in layers[1:]:
            field, jump = field + (window - 1) * jump, jump * stride
        return field

    score = checks.receptive_field(starts_from_the_first_layer)
    assert float(score) == 3
    hint = score.items[0].hint
    assert hint.startswith("receptive_field([]): It raised IndexError: list index out of range. W")
    assert "as if" not in hint


def test_a_mistake_is_named_that_leads_to_errors_in_other_cases_of_the_line():
    def as_many_zeros_at_both_ends(image, kernels, biases, stride, padding):
        if padding == "same":
            shape = checks.conv2d.reference(image, kernels, biases, stride, padding).shape
            around = [((k - 1) // 2,) * 2 for k in kernels.shape[:2]]
            image, padding = np.pad(image, (*around, (0, 0))), "valid"
            maps = conv2d_by_einsum(image, kernels, biases, stride, padding)
            assert maps.shape == shape
            return maps
        return conv2d_by_einsum(image, kernels, biases, stride, padding)

    score = checks.conv2d(as_many_zeros_at_both_ends)
    assert [item.passed for item in score.items] == [True] * 6 + [False, True]
    assert "at the end" in score.items[6].hint or "before as after" in score.items[6].hint


def failed_hints(score) -> list[str]:
    return [item.hint for item in score.items if not item.passed]


def test_maps_without_their_axis_are_not_called_mixed():
    """With one map there is nothing to mix."""
    hints = failed_hints(checks.max_pool2d(lambda *case: max_pool2d_by_loops(*case)[..., 0]))
    assert len(hints) == 6
    assert all("axis of the maps is missing" in hint for hint in hints[:-1])


def test_mistakes_that_give_the_same_shape_are_told_apart_by_their_numbers():
    def first_map(maps, size, stride):
        return max_pool2d_by_loops(maps[..., :1], size, stride)

    (hint,) = {hint.split(". ")[1] for hint in failed_hints(checks.max_pool2d(first_map))}
    assert hint == "It looks as if only one of the maps was pooled"


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (lambda maps: maps[:-1], "Columns and maps are right, rows are not"),
        (lambda maps: maps[:, :-1], "Rows and maps are right, columns are not"),
        (lambda maps: maps[:-1, :-1], "The number of maps is right"),
        (lambda maps: np.repeat(maps, 2, axis=2), "Rows and columns are right"),
    ],
)
def test_of_a_wrong_shape_it_is_said_which_part_is_right(wrong, hint):
    hints = failed_hints(checks.conv2d(lambda *case: wrong(conv2d_by_loops(*case))))
    assert len(hints) == 8
    assert hint in hints[0]
    assert all(hint in told or "First comes the line" in told for told in hints[1:-1])


def test_what_makes_floats_and_what_changes_lists_get_different_advice():
    def empties(input_shape, layers):
        count = count_parameters_by_recursion(input_shape, list(layers))
        layers.clear()
        return count

    (floats,) = failed_hints(
        checks.receptive_field(lambda layers: float(receptive_field_from_above(layers)))
    )
    assert "`np.prod([])` give floats" in floats and "copy" not in floats
    (changed,) = failed_hints(checks.count_parameters(empties))
    assert "Work on a copy" in changed and "float" not in changed


def test_a_question_at_the_end_of_a_hint_gets_no_full_stop():
    def unfinished(size, window, stride, padding):
        return None if padding == "same" else output_size_by_trying(size, window, stride, padding)

    (hint,) = failed_hints(checks.output_size(unfinished))
    assert "is there a `return` for this case? " in hint


def test_one_case_is_shown_as_a_call_that_can_be_repeated():
    def no_stride(size, window, stride, padding):
        return output_size_by_trying(size, window, 1, padding)

    hint = checks.output_size(no_stride).items[0].hint
    call = hint.split("): ")[0] + ")"
    found = eval(call, {"output_size": no_stride})
    assert f"It returned {found}. It looks as if the stride made no difference." in hint


def test_the_hint_shows_neither_the_expected_number_nor_an_array():
    case = checks.output_size.cases(0)[0]
    assert checks.output_size.judge(case, -1).reason == "it returned -1"
    score = checks.conv2d(lambda image, kernels, biases, stride, padding: image)
    assert "(7, 5, 1), kernels" in score._repr_html_()
    assert "array(" not in score._repr_html_()


def test_maps_that_were_cut_to_whole_numbers_are_told_from_others():
    def into_the_type_of_the_picture(image, *rest):
        return conv2d_by_einsum(image, *rest).astype(image.dtype)

    score = checks.conv2d(into_the_type_of_the_picture)
    assert float(score) == 8
    assert "uint8 holds no decimals" in score.items[0].hint


def test_the_parts_of_a_solution_count_by_themselves():
    def valid_only(image, kernels, biases, stride, padding):
        if padding != "valid":
            return None
        return conv2d_by_einsum(image, kernels, biases, stride, padding)

    score = checks.conv2d(valid_only)
    passed = [item.passed for item in score.items]
    assert passed == [True, True, True, True, False, False, False, True]
    assert "is there a `return` for this case?" in score.items[4].hint


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("constant", [0, 1, 3, 38, 1_413_834])
def test_a_constant_earns_nothing(name, constant):
    value = np.array(constant) if name in ARRAYS else constant
    assert float(getattr(checks, name)(lambda *given: value)) == 0


@pytest.mark.slow
def test_answers_that_were_learned_by_heart_fail_with_the_seed_of_grading():
    for name in NAMES:
        check = getattr(checks, name)
        known = {
            repr(case.arguments): check.expected(case) for case in check.cases(task.FIXED_SEED)
        }
        learned = lambda *given, known=known: known.get(repr(given), 1)  # noqa: E731
        assert float(check(learned)) == POINTS[name]
        score = check(learned, seed=1)  # as grading does
        assert float(score) <= POINTS[name] / 4, name


STORED = [
    pytest.param(name, *answer, id=f"{name}: {what}")
    for name, answers in answers_part1.WRONG.items()
    for what, answer in answers.items()
]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "lines", "words", "function"), STORED)
def test_a_wrong_answer_loses_the_same_lines_at_any_seed_and_gets_a_fitting_hint(
    name, lines, words, function
):
    check = getattr(checks, name)
    for seed in range(4 if name in ARRAYS else 12):
        *passed, _ = lines_passed_at(seed, check, function)
        failed = [key for key, one in zip(check.lines, passed, strict=True) if not one]
        assert failed == lines, f"seed {seed}"
    score = score_at(3, check, function)
    assert words in failed_hints(score)[0], score
    # Where a line fails that builds on another one, its hint says so, or names the same mistake.
    for hint in failed_hints(score)[1 : len(failed)]:
        assert "as if" in hint or "First comes the line" in hint or len(lines) < 3, hint


@pytest.mark.parametrize(
    ("name", "function"),
    [
        pytest.param(name, function, id=f"{name}: {what}")
        for name, answers in answers_part1.RIGHT.items()
        for what, function in answers.items()
    ],
)
def test_a_right_answer_gets_all_points_at_any_seed(name, function):
    check = getattr(checks, name)
    scores = [score_at(seed, check, function) for seed in range(4 if name in ARRAYS else 12)]
    assert {float(score) for score in scores} == {POINTS[name]}, scores[0]


def test_what_a_notebook_sets_for_its_own_arithmetic_disturbs_no_check():
    with np.errstate(all="raise"), warnings.catch_warnings():
        warnings.simplefilter("error")
        for name in NAMES:
            assert float(getattr(checks, name)(RIGHT[name][1])) == POINTS[name]
        assert float(checks.max_pool2d(lambda maps, *how: maps * np.nan)) == 0


# --- form, and what is hostile --------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_function_that_changes_its_input_loses_a_line_and_not_all(name):
    def changes(first, *rest):
        value = RIGHT[name][0](first, *rest)
        if isinstance(first, np.ndarray):
            first += 1
        elif isinstance(first, list):
            first.clear()
        elif rest and isinstance(rest[0], list):
            rest[0].pop()
        return value

    score = getattr(checks, name)(changes)
    if name == "output_size":  # a number cannot be changed
        assert float(score) == POINTS[name]
        return
    assert float(score) == POINTS[name] - 0.5
    assert "it changed something that it was given" in score.items[-1].hint


@pytest.mark.parametrize("name", sorted(set(NAMES) - set(ARRAYS)))
def test_a_whole_float_loses_a_line_and_not_all(name):
    score = getattr(checks, name)(lambda *given: float(RIGHT[name][0](*given)))
    assert float(score) == POINTS[name] - 0.5
    assert "which is a float" in score.items[-1].hint


@pytest.mark.parametrize("name", sorted(set(NAMES) - set(ARRAYS)))
@pytest.mark.parametrize("kind", [np.int32, np.uint64, np.array])
def test_whole_numbers_of_numpy_are_whole_numbers(name, kind):
    assert float(getattr(checks, name)(lambda *g: kind(RIGHT[name][0](*g)))) == POINTS[name]


class Liar(np.ndarray):
    """Equal to everything, and whatever is asked of it is right."""

    def __eq__(self, other):
        return True

    def __array_function__(self, *given):
        return True

    def __array_ufunc__(self, *given, **named):
        return True

    @property
    def shape(self):
        raise SystemExit

    @property
    def dtype(self):
        raise SystemExit


class Everything:
    """Equal to everything, of every type, and as large as one likes."""

    __class__ = np.ndarray
    shape = dtype = property(lambda self: self)

    def __eq__(self, other):
        return True

    def __getattr__(self, name):
        return lambda *given, **named: self

    def __array__(self, *given, **named):
        raise SystemExit

    def __index__(self):
        raise SystemExit


class Number(int):
    def __eq__(self, other):
        return True

    __hash__ = None


class Nameless(type):
    @property
    def __name__(cls):
        raise SystemError


def raises(*given):
    raise ValueError("not like this")


def leaves(*given):
    sys.exit("done")


def goes_deep(*given):
    return goes_deep(*given)


def allocates(*given):
    return np.zeros((10**7, 10**7, 10**4))


HOSTILE = {
    "raises": raises,
    "leaves": leaves,
    "recursion": goes_deep,
    "memory": allocates,
    "wrong signature": lambda: None,
    "nan": lambda *given: float("nan"),
    "nan array": lambda *given: np.full((5, 5, 1), np.nan),
    "infinite": lambda *given: -math.inf,
    "huge int": lambda *given: 10**5000,
    "huge numpy": lambda *given: np.longdouble("1e4000"),
    "text": lambda *given: "35",
    "bool": lambda *given: True,
    "complex": lambda *given: 3 + 0j,
    "list": lambda *given: [[1.0]],
    "tuple": lambda *given: (1, 2, 3),
    "dictionary": lambda *given: {},
    "function": lambda *given: raises,
    "generator": lambda *given: (n for n in range(3)),
    "ellipsis": lambda *given: ...,
    "type": lambda *given: np.ndarray,
    "object array": lambda *given: np.array(Everything(), dtype=object),
    "text array": lambda *given: np.array("35"),
    "record array": lambda *given: np.zeros(1, dtype=[("a", int)])[0],
    "date": lambda *given: np.datetime64("2026-01-01"),
    "liar": lambda *given: np.zeros((5, 5, 1)).view(Liar),
    "everything": lambda *given: Everything(),
    "number": lambda *given: Number(3),
    "nameless": lambda *given: Nameless("", (), {})(),
    "huge view": lambda *given: np.broadcast_to(1.0, (10**6, 10**6, 10**3)),
    "many axes": lambda *given: np.zeros((1,) * 32),
    "matrix": lambda *given: np.ma.masked_all((5, 5, 1)),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_answer_gets_no_points_and_a_clear_score(name, kind, capsys):
    score = getattr(checks, name)(HOSTILE[kind])
    assert float(score) == 0
    assert score.headline == f"{name} · 0/{POINTS[name]}"
    assert len(str(score)) < 6000 and score._repr_html_()
    assert capsys.readouterr() == ("", "")


def of_the_right_shape(name, make):
    """Return a function that answers with a right shape, and with what `make` fills it."""

    def function(*given):
        return make(np.asarray(RIGHT[name][0](*given)))

    return function


@pytest.mark.slow
@pytest.mark.parametrize("name", ARRAYS)
@pytest.mark.parametrize(
    "make",
    [
        lambda right: right.astype(object),
        lambda right: right.astype(complex),
        lambda right: right.astype(str),
        lambda right: right > 0,
        lambda right: np.where(right == right.flat[0], np.nan, right),
        lambda right: np.where(right == right.flat[0], np.inf, right),
        lambda right: (0 * right).view(Liar),
        lambda right: np.broadcast_to(Everything(), right.shape),
        lambda right: right + 0.01,
        lambda right: right.tolist(),
    ],
)
def test_only_plain_numbers_that_are_right_count(name, make):
    assert float(getattr(checks, name)(of_the_right_shape(name, make))) == 0


def test_numbers_that_are_not_finite_are_called_so():
    case = checks.max_pool2d.cases(0)[0]
    value = np.full(checks.max_pool2d.expected(case).shape, np.nan)
    assert "not finite" in checks.max_pool2d.judge(case, value).reason


@pytest.mark.parametrize("name", ARRAYS)
def test_a_right_array_counts_in_any_form_of_plain_numbers(name):
    for make in (
        np.asfortranarray,
        lambda right: right.astype(np.float32),
        lambda right: right.astype(np.longdouble),
        lambda right: right[::-1].copy()[::-1],
        lambda right: right.view(Liar),
    ):
        assert float(getattr(checks, name)(of_the_right_shape(name, make))) == POINTS[name]


def test_an_array_that_is_written_again_later_is_judged_as_it_was():
    kept = np.zeros((20, 20, 10))

    def into_one_array(*given):
        maps = max_pool2d_by_windows(*given)
        view = kept[: maps.shape[0], : maps.shape[1], : maps.shape[2]]
        view[...] = maps
        return view

    assert float(checks.max_pool2d(into_one_array)) == POINTS["max_pool2d"]


@pytest.mark.parametrize("name", NAMES)
def test_the_function_has_to_be_handed_in_itself(name):
    score = getattr(checks, name)(np.zeros(3))
    assert float(score) == 0 and "without parentheses" in score.note


def endless(*given):
    while True:
        try:  # noqa: SIM105
            time.sleep(0.01)
        except:  # noqa: E722
            pass


@pytest.mark.slow
def test_after_an_endless_call_no_other_is_made(monkeypatch):
    monkeypatch.setattr(task, "SECONDS_A_CALL", 0.2)
    started = time.monotonic()
    score = checks.conv2d(endless)
    assert time.monotonic() - started < 5
    assert float(score) == 0
    assert not any(item.hint for item in score.items)
    assert score.note == "In the first call, it was still computing after 0.2 seconds."


@pytest.mark.slow
def test_what_passed_before_an_endless_call_counts(monkeypatch):
    monkeypatch.setattr(task, "SECONDS_A_CALL", 0.2)

    def endless_with_stride(image, kernels, biases, stride, padding):
        if stride > 1:
            endless()
        return conv2d_by_einsum(image, kernels, biases, stride, padding)

    score = checks.conv2d(endless_with_stride)
    assert [item.passed for item in score.items] == [True, True, True] + [False] * 5
    assert "still computing" in score.items[3].hint
    assert all("took too long" in item.hint for item in score.items[4:])


@pytest.mark.slow
def test_slow_calls_end_after_a_while(monkeypatch):
    monkeypatch.setattr(task, "SECONDS_IN_ALL", 0.3)

    def slow(*given):
        time.sleep(0.1)
        return output_size_by_formula(*given)

    started = time.monotonic()
    score = checks.output_size(slow)
    assert time.monotonic() - started < 3
    assert "took too long" in score.items[2].hint


def test_a_check_takes_less_than_half_a_minute_of_computing_at_worst():
    assert task.SECONDS_IN_ALL + task.SECONDS_A_CALL < 30


# --- the two stages of grading -----------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_values_that_come_back_as_arrays_from_elsewhere_are_judged_alike(name):
    check = getattr(checks, name)
    cases = check.cases(5)
    values = [np.asarray(RIGHT[name][0](*case.arguments)) for case in cases]
    verdicts = [check.verdict(c, Outcome(v)) for c, v in zip(cases, values, strict=True)]
    assert float(check.score(cases, verdicts)) == POINTS[name]


@pytest.mark.parametrize("name", NAMES)
def test_a_seed_always_gives_the_same_cases_and_another_one_others(name):
    check = getattr(checks, name)
    one, again, other = (repr(check.cases(seed)) for seed in (1, 1, 2))
    assert one == again != other


def test_the_checks_are_imported_without_keras():
    code = "import sys; from utils import checks; print([m for m in sys.modules if 'keras' in m])"
    command = [sys.executable, "-c", code]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert run.stdout.strip() == "[]", run.stdout + run.stderr


# --- seeds, and failures that can be made again ------------------------------------------------


def test_a_check_tells_its_seed_in_small_type_and_takes_another():
    score = checks.output_size(lambda n, k, s, p: n)
    assert score.seed == task.FIXED_SEED
    assert f'<small style="opacity: 0.8;">seed {task.FIXED_SEED}</small>' in score._repr_html_()
    assert checks.output_size(lambda n, k, s, p: n, seed=5).seed == 5
    assert "seed" not in checks.output_size(lambda n, k, s, p: None)._repr_html_()


def test_a_check_gives_the_same_score_each_time():
    def wrong(size, window, stride, padding):
        return (size - window) // stride + 1 if (window, stride) != (5, 3) else 1

    assert len({str(checks.output_size(wrong)) for _ in range(3)}) == 1


def test_each_failed_line_comes_with_a_call_that_fails_again():
    def without_bias(image, kernels, biases, stride, padding):
        return answers_part1.convolution(image, kernels, 0 * biases, stride, padding)

    score = checks.conv2d(without_bias, seed=3)
    (failure,) = score.failures
    assert failure.line == "each filter adds its own bias"
    assert np.array_equal(failure.given, without_bias(**failure.inputs))
    right = answers_part1.convolution(**failure.inputs)
    assert np.allclose(failure.expected, right) and not np.allclose(failure.given, right)
    # The text is code: what is written there makes the arrays again.
    text = str(failure).split("biases = ")[1].split("\n")[0]
    assert np.allclose(eval(text, {"np": np}), failure.inputs["biases"])


def test_an_array_that_is_too_large_to_be_read_is_shown_by_its_shape():
    assert shown(np.zeros((20, 20))) == "an array of shape (20, 20), float64"


@pytest.mark.skipif("CNN_COURSE_SOAK" not in os.environ, reason="a part of make grade-soak")
@pytest.mark.parametrize(("name", "lines", "words", "function"), STORED)
def test_a_stored_wrong_answer_gets_the_same_points_with_200_seeds(name, lines, words, function):
    check = getattr(checks, name)
    found = {lines_passed_at(seed, check, function)[:-1] for seed in range(200)}
    assert found == {tuple(key not in lines for key in check.lines)}
