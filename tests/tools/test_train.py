"""Full training runs: recorded epoch by epoch, resumed after an interruption, stored whole."""

import contextlib
import dataclasses
import itertools
import json
import shutil

import numpy as np
import pytest

from tools import atomic, recipes, train
from tools.recipes import RECIPES
from utils import data, records

NAME = "mnist_dense"  # the quickest to train


@pytest.fixture
def small_runs(monkeypatch, tmp_path):
    """Let `tools.train` work in a temporary folder, on 80 images, for two epochs."""
    rng = np.random.default_rng(0)

    def split(count):
        images = rng.integers(0, 256, (count, 28, 28), dtype=np.uint8)
        images[:, :, -4:] = 0  # as in most digits: they can be moved
        return images, rng.integers(0, 10, count, dtype=np.uint8)

    sets = split(80), split(20)
    for loader in ("load_fashion_mnist", "load_mnist"):
        monkeypatch.setattr(data, loader, lambda: sets)
    monkeypatch.setattr(train, "WORK", tmp_path / "training")
    for module in (train, records):
        monkeypatch.setattr(module, "TRAINED", tmp_path)
    monkeypatch.setattr(recipes, "VALIDATION_SIZE", 16)
    for name, recipe in RECIPES.items():
        short = dataclasses.replace(recipe, epochs=2, batch_size=32)
        monkeypatch.setitem(RECIPES, name, short)
    yield tmp_path
    import keras

    keras.config.set_dtype_policy("float32")


class Killed(BaseException):
    """Stands for the end of the process, at a place that a test chooses."""


def killed_at(monkeypatch, count: int, after: bool) -> None:
    """Let the run end before or after it has written its `count`-th file."""
    written, write = itertools.count(1), atomic.write

    def write_and_end(path, content):
        is_last = next(written) == count
        if is_last and not after:
            raise Killed
        write(path, content)
        if is_last:
            raise Killed

    monkeypatch.setattr(atomic, "write", write_and_end)


def what_it_learned(file) -> tuple:
    """Return what of a record and its weights must not depend on interruptions."""
    record = json.loads(file.read_text())
    numbers = {key: record[key] for key in record if key not in ("wall_seconds", "cpu_seconds")}
    with np.load(file.with_suffix(".npz")) as weights:
        return numbers, [weights[name].tobytes() for name in weights.files]


def tiny_network():
    """Return a network of which each kind of variable changes, that of dropout included."""
    from keras import Input, Sequential, layers

    return Sequential(
        [
            Input((28, 28, 1)),
            layers.Conv2D(2, 3, strides=4),
            layers.BatchNormalization(),
            layers.Dropout(0.5),
            layers.Flatten(),
            layers.Dense(10, activation="softmax"),
        ]
    )


def test_a_run_that_ends_at_any_moment_gives_the_same_record_and_weights_when_it_goes_on(
    small_runs, monkeypatch
):
    name = "mnist_augmented"  # averages weights, follows a schedule, moves its images
    short = dataclasses.replace(RECIPES[name], build=tiny_network)
    monkeypatch.setitem(RECIPES, name, short)
    whole = what_it_learned(train.train(name, seed=1, policy="float32"))
    for count, after in [(1, True), (3, False)]:
        monkeypatch.setattr(train, "WORK", small_runs / f"again {count}")
        with monkeypatch.context() as patched:
            killed_at(patched, count, after)
            with pytest.raises(Killed):
                train.train(name, seed=1, policy="float32")
        assert what_it_learned(train.train(name, seed=1, policy="float32")) == whole
        assert not list((train.WORK / name).glob("*state*"))


def test_a_distilled_network_learns_what_its_teachers_answer(small_runs, monkeypatch):
    """The teacher of this test is sure that everything is a 3; the labels say otherwise."""
    recipe = dataclasses.replace(
        RECIPES["mnist_distilled"], build=tiny_network, teachers=(NAME,), epochs=60
    )
    monkeypatch.setitem(RECIPES, "mnist_distilled", recipe)
    with pytest.raises(SystemExit, match=f"weights of {NAME}, float32-seed1, are neither here"):
        train.train("mnist_distilled", seed=1, policy="float32")
    weights = RECIPES[NAME].build().get_weights()
    weights = [np.zeros_like(each) for each in weights[:-1]] + [np.float32(20 * np.eye(10)[3])]
    folder = train.WORK / NAME
    folder.mkdir()
    np.savez(folder / "float32-seed1.npz", *weights)
    images = np.zeros((4, 28, 28, 1), np.float32)
    teach = train.teacher(recipe, "float32-seed1")
    np.testing.assert_allclose(teach(images), np.tile(np.eye(10)[3], (4, 1)), atol=1e-6)
    file = train.train("mnist_distilled", seed=1, policy="float32")
    # In training "accuracy" counts the answers that are the teacher's.
    assert json.loads(file.read_text())["history"]["accuracy"][-1] > 0.95


def test_an_interrupted_run_goes_on_where_it_was_and_can_be_stored(small_runs, monkeypatch):
    with monkeypatch.context() as patched:
        killed_at(patched, 3, after=False)  # in the second epoch
        with pytest.raises(Killed):
            train.train(NAME, seed=1, policy="float32")
    record_file = train.WORK / NAME / "float32-seed1.json"
    assert len(json.loads(record_file.read_text())["wall_seconds"]) == 1

    with pytest.raises(SystemExit, match="no finished run"):
        train.store(NAME, ["float32-seed1"])

    assert train.train(NAME, seed=1, policy="float32") == record_file
    record = json.loads(record_file.read_text())
    assert [len(values) for values in record["history"].values()] == [2, 2, 2, 2]
    assert 0 <= record["test_accuracy"] <= 1

    earlier = {"reference": "float32-seed0", "runs": {"float32-seed0": {"seed": 0}}}
    (small_runs / f"{NAME}.json").write_text(json.dumps(earlier))
    train.store(NAME, ["float32-seed1"])
    stored = records.load(NAME)
    assert stored["reference"] == "float32-seed1"
    assert stored["runs"] == {"float32-seed0": {"seed": 0}, "float32-seed1": record}
    assert records.stored_runs(NAME) == ["float32-seed1"]


def test_records_can_be_stored_without_weights_and_runs_added_to_stored_ones(small_runs):
    train.train(NAME, seed=1, policy="float32")
    train.store(NAME, [])
    assert list(records.load(NAME)) == ["runs"]
    assert records.stored_runs(NAME) == []

    train.store(NAME, ["float32-seed1"])
    before = records.weights(NAME)
    for file in (train.WORK / NAME).glob("*"):  # as on another machine
        file.unlink() if file.is_file() else shutil.rmtree(file)
    with pytest.raises(SystemExit, match="no finished run 'float32-seed2'"):
        train.store(NAME, ["float32-seed1", "float32-seed2"])
    train.train(NAME, seed=2, policy="float32")
    train.store(NAME, ["float32-seed2", "float32-seed1"])
    assert records.stored_runs(NAME) == ["float32-seed2", "float32-seed1"]
    train.store(NAME, [])
    assert records.load(NAME)["reference"] == "float32-seed2"
    for one, other in zip(before, records.weights(NAME, "float32-seed1"), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_run_without_weights_cannot_be_stored_with_them(small_runs):
    record = {"runs": {"float32-seed1": {"test_accuracy": 0.9}}}
    (small_runs / "mnist_dense.json").write_text(json.dumps(record))
    with pytest.raises(SystemExit, match="neither here nor stored"):
        train.store(NAME, ["float32-seed1"])
    assert not (small_runs / "mnist_dense.npz").exists()


# Of these the pages read the records alone. Half a thousandth in a weight, through 32 layers and
# after a few steps, is a hundredth in an answer.
WITHOUT_STORED_WEIGHTS = {
    "fashion_mnist_deep_plain",
    "fashion_mnist_deep_residual",
    *(f"fashion_mnist_{name}" for name in recipes.STEPS),
}

# Steps that are made of what the other recipes have, in another combination.
COMBINED = {
    f"fashion_mnist_{name}" for name in ("half", "normalized", "global", "wide", "constant_rate")
}


@pytest.mark.parametrize("name", [name for name in RECIPES if name not in COMBINED])
def test_every_recipe_trains_and_its_stored_weights_predict_as_those_it_ended_with(
    small_runs, name
):
    run = "float32-seed3"
    for each in (*RECIPES[name].teachers, name):
        train.train(each, seed=3, policy="float32")
    train.store(name, [run])
    recorded = records.reference_run(name)
    assert recorded["epochs"] == 2
    images, labels = recipes.split(RECIPES[name])[2]
    labels = labels.argmax(axis=1) if labels.ndim == 2 else labels
    model = RECIPES[name].build()
    model.set_weights(train.trained_weights(name, run))
    before = np.asarray(model(images))
    right = np.mean(before.argmax(axis=1) == labels)
    assert right == pytest.approx(recorded["test_accuracy"])
    stored = records.weights(name)
    for kept, ended in zip(stored, train.trained_weights(name, run), strict=True):
        np.testing.assert_allclose(kept, ended, rtol=2**-11, atol=2**-24)  # float16 rounds so
    if name in WITHOUT_STORED_WEIGHTS:
        return
    model.set_weights(stored)
    np.testing.assert_allclose(np.asarray(model(images)), before, atol=1e-3)


def test_batches_are_the_same_for_the_same_seed_and_epoch_and_new_in_each_epoch(small_runs):
    recipe = RECIPES["mnist_reference"]
    images, labels = recipes.split(recipe)[0]

    def images_of(batches):
        return np.concatenate([batches[place][0] for place in range(len(batches))])

    shuffled = recipes.batches(recipe, images, labels, seed=5)
    first = images_of(shuffled)
    shuffled.on_epoch_end()
    second = images_of(shuffled)
    assert first.shape == images.shape
    np.testing.assert_array_equal(first, images_of(recipes.batches(recipe, images, labels, 5)))
    np.testing.assert_array_equal(second, images_of(recipes.batches(recipe, images, labels, 5, 1)))
    assert not np.array_equal(first, second)
    assert not np.array_equal(first, images_of(recipes.batches(recipe, images, labels, 6)))


def test_runs_side_by_side_are_finished_all_and_the_status_tells_it(
    small_runs, monkeypatch, capsys
):
    class Client:
        """Takes the runs as a client of dask does, and makes them here."""

        def submit(self, function, *arguments, **options):
            return Future(function(*arguments))

    class Future:
        def __init__(self, value):
            self.value = value

        def result(self):
            return self.value

    @contextlib.contextmanager
    def here(*arguments, **options):
        yield Client()

    monkeypatch.setattr(train, "cluster", here)
    monkeypatch.setattr("distributed.as_completed", list)
    arguments = [NAME, "--seed", "1", "2", "--workers", "2", "--policy", "float32"]
    monkeypatch.setattr("sys.argv", ["train", *arguments])
    train.main()
    said = capsys.readouterr().out
    assert "epoch 1 of 2, validation" in said and "2 of 2 runs are finished" in said
    monkeypatch.setattr("sys.argv", ["train", "--status"])
    train.main()
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 and all("finished" in line for line in lines)


@pytest.mark.parametrize(
    ("recorded", "words"), [(None, "within"), ([0.99, 0.992], "NOT within")], ids=["same", "other"]
)
def test_a_new_run_is_compared_with_those_on_record(
    small_runs, monkeypatch, capsys, recorded, words
):
    train.train(NAME, 1, "float32")
    train.store(NAME, [])
    if recorded:
        runs = {f"run {i}": {"test_accuracy": each} for i, each in enumerate(recorded)}
        (small_runs / f"{NAME}.json").write_text(json.dumps({"runs": runs}), encoding="utf-8")
    asked = ["train", NAME, "--seed", "1", "--policy", "float32", "--compare"]
    monkeypatch.setattr("sys.argv", asked)
    with contextlib.nullcontext() if recorded is None else pytest.raises(SystemExit) as ended:
        train.main()
    assert ended is None or ended.value.code == 1
    assert f", {words} " in capsys.readouterr().out.splitlines()[-1]


def test_the_band_of_few_runs_is_no_narrower_than_chance_makes_it():
    low, high = train.band([0.99, 0.99, 0.99], 10_000)
    assert high - 0.99 == pytest.approx(3 * (0.99 * 0.01 / 10_000 * 4 / 3) ** 0.5)
    assert 0.99 - low == pytest.approx(high - 0.99)
    wide = train.band([0.98, 0.99, 1.0], 10_000)
    assert wide[0] < low and wide[1] > high


def test_an_unknown_recipe_is_refused_with_those_that_there_are(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["train", "mnist_dense", "resnet"])
    with pytest.raises(SystemExit):
        train.main()
    assert "there is no recipe 'resnet'; there are" in capsys.readouterr().err


def test_each_step_of_better_takes_over_what_the_row_before_it_has():
    steps = recipes.STEPS
    first = ["half", "scheduled", "initialized", "normalized", "global", "augmented"]
    assert list(steps)[:6] == first
    assert [steps[name].settings is recipes.plainly for name in first] == [True] + [False] * 5
    assert [steps[name].augment is not None for name in first] == [False] * 5 + [True]
    assert {steps[name].epochs for name in first} == {10}
    networks = {name: steps[name].build() for name in (*first, "constant_rate")}
    half, scheduled, initialized, normalized, means, moved, tried = (
        [type(layer).__name__ for layer in network.layers] for network in networks.values()
    )
    assert half == scheduled == initialized
    starts = [
        [
            layer.kernel_initializer.__class__.__name__
            for layer in networks[name].layers[:-1]
            if hasattr(layer, "kernel_initializer")
        ]
        for name in first[1:4]
    ]
    assert [set(each) for each in starts] == [{"GlorotUniform"}, {"HeNormal"}, {"HeNormal"}]
    assert normalized == tried and normalized.count("BatchNormalization") == 5
    assert "Flatten" in normalized and "GlobalAveragePooling2D" in means
    assert means == moved
