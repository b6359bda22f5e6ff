"""The checks of part 2: right answers pass, wrong ones are named, hostile ones do no harm."""

from __future__ import annotations

import collections
import functools
import time
import types
from pathlib import Path

import nbformat
import numpy as np
import pytest

from tools import recipes
from utils import checks, models
from utils.checks.attempt import attempt
from utils.checks.part2 import digits, trained_model
from utils.checks.part2.build_model import MODEL
from utils.checks.part2.confusion import CONFUSION
from utils.checks.part2.curves import CURVES
from utils.checks.part2.split import SPLIT, VALIDATION_SIZE
from utils.checks.part2.train import METRICS, TRAIN

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOK = ROOT / "solutions" / "14_9" / "2_own_cnn.ipynb"


@pytest.fixture(scope="module")
def solution() -> dict:
    """The functions that the notebook defines, if it is there: a copy may leave it out."""
    if not NOTEBOOK.exists():
        pytest.skip("solutions/ is not part of this copy")
    import keras
    from keras import layers
    from matplotlib import pyplot as plt

    found = {"np": np, "keras": keras, "layers": layers, "plt": plt}
    for cell in nbformat.read(NOTEBOOK, as_version=4).cells:
        if cell.cell_type == "code" and cell.source.startswith("def "):
            exec(cell.source, found)
    return found


def failed(score) -> set[str]:
    return {item.text for item in score.items if not item.passed}


def hints(score) -> str:
    return " ".join([*(item.hint for item in score.items if not item.passed), score.note])


def text_of(asked, key: str) -> str:
    return next(text for name, text, _ in asked.items if name == key)


class Liar:
    """Equal to everything, of every class that is asked for, and full of traps."""

    __class__ = np.ndarray  # what isinstance() looks at

    def __eq__(self, other):
        return True

    def __getattr__(self, name):
        raise RuntimeError("a trap")

    def __len__(self):
        return 2

    def __iter__(self):
        return iter([self, self])


def endless(*arguments, **named):
    while True:
        time.sleep(0.01)


def noisy(*arguments, **named):
    print("noise")
    raise ValueError("a trap")


def unable(*arguments, **named):
    raise NotImplementedError


HOSTILE = {
    "raises": noisy,
    "liar": lambda *a, **k: Liar(),
    "liars": lambda *a, **k: (Liar(), Liar()),
    "text": lambda *a, **k: "text",
    "nan": lambda *a, **k: np.nan,
    "nan array": lambda *a, **k: np.full((10, 10), np.nan),
    "objects": lambda *a, **k: np.array([Liar, None]),
    "too few arguments": lambda one_too_many, and_another, and_one_more, and_more: 3,
    "no function": 5,
    "no function, a liar": Liar(),
}


def hostile(name: str, more: dict | None = None):
    """Run a test with each hostile function; pytest must not touch a Liar to name it."""
    functions = HOSTILE | (more or {})
    return pytest.mark.parametrize(name, functions.values(), ids=list(functions))


# --- split ------------------------------------------------------------------------------


@pytest.fixture
def small_mnist(monkeypatch):
    """The case of MNIST's training set with fewer images, for speed."""
    (images, labels), _ = digits.digits()
    case = images[:5_400], labels[:5_400], VALIDATION_SIZE
    monkeypatch.setattr("utils.checks.part2.split.real_split_case", lambda: case)


def scaled(images):
    return images[..., np.newaxis] / np.float32(255)


def halves(images, labels, size, start=None):
    """Split at the end, after the images have been prepared."""
    end = len(images) - size
    start = end if start is None else start
    return (images[:end], labels[:end]), (images[start:], labels[start:])


def shuffled_split(images, labels, validation_size=5000):
    order = np.random.default_rng().permutation(len(images))
    x = np.expand_dims(images[order].astype("float32") / 255.0, -1)
    y = labels[order].astype(int)
    valid, train = slice(0, validation_size), slice(validation_size, None)
    return [x[train], y[train]], [x[valid], y[valid]]


def stratified_split(images, labels, validation_size=5000):
    from sklearn.model_selection import train_test_split

    x = images.reshape(-1, 28, 28, 1) * np.float32(1 / 255)
    sets = train_test_split(x, labels, test_size=validation_size, stratify=labels)
    x_train, x_valid, y_train, y_valid = sets
    return (x_train, y_train), (x_valid, y_valid)


def test_the_solutions_split_passes_on_the_real_training_set(solution):
    score = checks.split(solution["split"])
    assert (float(score), score.total) == (6, 6), str(score)


@pytest.mark.parametrize("split", [shuffled_split, stratified_split])
def test_a_split_may_be_written_in_other_ways(split, small_mnist):
    score = checks.split(split)
    assert float(score) == 6, str(score)


def with_test_images(images, labels, validation_size=5000):
    _, (x_test, y_test) = digits.digits()
    x, y = np.concatenate([images, x_test[:50]]), np.concatenate([labels, y_test[:50]])
    return halves(scaled(x), y, validation_size)


def in_place(images, labels, validation_size=5000):
    images //= 2
    images *= 2
    return halves(scaled(images), labels, validation_size)


def only_training_scaled(images, labels, validation_size=5000):
    train, valid = halves(scaled(images), labels, validation_size)
    return train, (valid[0] * np.float32(255), valid[1])


def labels_left_behind(images, labels, validation_size=5000):
    order = np.random.default_rng(0).permutation(len(images))
    return halves(scaled(images[order]), labels, validation_size)


def with_replacement(images, labels, validation_size=5000):
    chosen = np.random.default_rng(0).integers(0, len(images), len(images))
    return halves(scaled(images)[chosen], labels[chosen], validation_size)


WRONG_SPLITS = {
    "with test images": (with_test_images, "whole", "test set have come in"),
    "scaled twice": (
        lambda x, y, validation_size=5000: halves(scaled(x) / 255, y, validation_size),
        "scale",
        "scaled twice",
    ),
    "not scaled": (
        lambda x, y, validation_size=5000: halves(np.float32(x)[..., None], y, validation_size),
        "scale",
        "divided by 255",
    ),
    "training scaled alone": (only_training_scaled, "scale", "validation images have values"),
    "divided by 256": (
        lambda x, y, validation_size=5000: halves(scaled(x) * 255 / 256, y, validation_size),
        "scale",
        "A value of 255",
    ),
    "from -1 to 1": (
        lambda x, y, validation_size=5000: halves(scaled(x) * 2 - 1, y, validation_size),
        "scale",
        "From 0 to 1",
    ),
    "no channel axis": (
        lambda x, y, validation_size=5000: halves(x / np.float32(255), y, validation_size),
        "form",
        "channels is missing",
    ),
    "channel first": (
        lambda x, y, validation_size=5000: halves(scaled(x)[:, None, ..., 0], y, validation_size),
        "form",
        "not (n, 28, 28, 1)",
    ),
    "float64": (
        lambda x, y, validation_size=5000: halves(x[..., None] / 255, y, validation_size),
        "form",
        "float64",
    ),
    "one-hot labels": (
        lambda x, y, validation_size=5000: halves(scaled(x), np.eye(10)[y], validation_size),
        "form",
        "stay whole numbers",
    ),
    "float labels": (
        lambda x, y, validation_size=5000: halves(scaled(x), np.float32(y), validation_size),
        "form",
        "labels are float32",
    ),
    "// 255": (
        lambda x, y, validation_size=5000: halves(
            np.float32(x[..., None] // 255), y, validation_size
        ),
        "scale",
        "only 2 are left",
    ),
    "black or white": (
        lambda x, y, validation_size=5000: halves(
            np.float32(x[..., None] > 127), y, validation_size
        ),
        "scale",
        "only 2 are left",
    ),
    "labels left behind": (labels_left_behind, "labels", "label of another one"),
    "validation within training": (
        lambda x, y, validation_size=5000: (
            (scaled(x), y),
            (scaled(x[-validation_size:]), y[-validation_size:]),
        ),
        "apart",
        "has to leave them out",
    ),
    "overlap": (
        lambda x, y, validation_size=5000: halves(
            scaled(x), y, validation_size, len(x) - validation_size - 7
        ),
        "apart",
        "7 images are in both",
    ),
    "some lost": (
        lambda x, y, validation_size=5000: halves(
            scaled(x), y, validation_size, len(x) - validation_size + 7
        ),
        "whole",
        "7 images are in neither set",
    ),
    "with replacement": (with_replacement, "apart", "are in both"),
    "its own size": (
        lambda x, y, validation_size=5000: halves(scaled(x), y, len(x) // 12),
        "sizes",
        "100 are to be the validation set",
    ),
    "sets exchanged": (
        lambda x, y, validation_size=5000: halves(scaled(x), y, validation_size)[::-1],
        "sizes",
        "Here they have",
    ),
    "in a row": (
        lambda x, y, validation_size=5000: [
            array for pair in halves(scaled(x), y, validation_size) for array in pair
        ],
        "form",
        "four things in a row",
    ),
    "no argument for the size": (lambda x, y: halves(scaled(x), y, 5000), "form", "TypeError"),
    "into what it is given": (in_place, "form", "changes the arrays"),
    "empty": (
        lambda x, y, validation_size=5000: halves(scaled(x), y, 0),
        "form",
        "returns an empty set",
    ),
    "a size of its own": (
        lambda x, y, validation_size=5000: halves(scaled(x), y, 0, 55_000),
        "form",
        "validation_size=100, it returns an empty set",
    ),
}


@pytest.mark.parametrize(("split", "key", "hint"), WRONG_SPLITS.values(), ids=list(WRONG_SPLITS))
def test_a_mistake_of_a_split_is_named(split, key, hint, small_mnist):
    score = checks.split(split)
    assert text_of(SPLIT, key) in failed(score), str(score)
    assert hint in hints(score), str(score)


def huge(images, labels, validation_size=5000):
    x = np.broadcast_to(np.float32(0.5), (10**9, 28, 28, 1))
    return (x, labels), (x, labels)


def without_axes(images, labels, validation_size=5000):
    return (np.array(1.0), np.array(1)), (np.array(1.0), np.array(1))


def of_nan(images, labels, validation_size=5000):
    return halves(scaled(images) * np.float32(np.nan), labels, validation_size)


@hostile("split", {"huge": huge, "without axes": without_axes, "of nan": of_nan})
def test_a_hostile_split_gets_next_to_nothing_and_does_no_harm(split, small_mnist, capsys):
    score = checks.split(split)
    assert float(score) <= 2 and score.attempted, str(score)
    assert capsys.readouterr() == ("", "")


def test_an_endless_split_is_stopped(monkeypatch, small_mnist):
    monkeypatch.setattr("utils.checks.part2.split.attempt", functools.partial(attempt, seconds=0.2))
    score = checks.split(endless)
    assert float(score) == 0 and "still computing" in hints(score)


# --- build_model ------------------------------------------------------------------------


def tiny(*last, loss="sparse_categorical_crossentropy", before=(), metrics=("accuracy",)):
    """A small compiled network; `last` are its layers after the flattening."""
    import keras
    from keras import layers

    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            *before,
            layers.Conv2D(4, 5, strides=3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            *(last or [layers.Dense(10, activation="softmax")]),
        ]
    )
    model.compile("sgd", loss, metrics=metrics)
    return model


def functional_model():
    """Residual, strided, normalized, with labels that are one-hot and softened."""
    import keras
    from keras import layers

    inputs = keras.Input((28, 28, 1))
    x = layers.Conv2D(8, 3, strides=2, padding="same")(inputs)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    y = layers.Conv2D(8, 3, padding="same", activation="relu")(x)
    x = layers.GlobalAveragePooling2D()(layers.Add()([x, y]))
    x = layers.Softmax()(layers.Dropout(0.2)(layers.Dense(10)(x)))
    model = keras.Model(inputs, x)
    loss = keras.losses.CategoricalCrossentropy(label_smoothing=0.1)
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9), loss, metrics=["accuracy"])
    return model


def subclassed_model():
    import keras
    from keras import layers

    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.convolution = layers.SeparableConv2D(8, 3)
            self.pool = layers.AveragePooling2D(4)
            self.flat = layers.Flatten()
            self.dense = layers.Dense(10, kernel_initializer="zeros")

        def call(self, x):
            logits = self.dense(self.flat(self.pool(self.convolution(x))))
            return keras.ops.softmax(logits)

    model = Own()
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(), metrics=["accuracy"])
    return model


def pooled_by_operations():
    import keras
    from keras import layers, ops

    inputs = keras.Input((28, 28, 1))
    x = layers.Conv2D(8, 3, activation="relu")(inputs)
    x = layers.Conv2D(8, 3, activation="relu")(ops.max_pool(x, 2, 2))[:, ::2, ::2]
    x = layers.Dense(10, activation="softmax")(ops.mean(x, axis=(1, 2)))
    model = keras.Model(inputs, x)
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


def sliced_in_a_class():
    import keras
    from keras import layers

    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(10, activation="softmax")
            self.convolution = layers.Conv2D(8, 3, activation="relu")
            self.flat = layers.Flatten()

        def call(self, x):
            return self.dense(self.flat(self.convolution(x)[:, ::2, ::2]))

    model = Own()
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


def convolutions_in_a_block():
    """Layers inside a layer of one's own, and inside a model inside the model."""
    import keras
    from keras import layers

    class Block(layers.Layer):
        def __init__(self):
            super().__init__()
            self.inside = layers.Conv2D(8, 3, strides=2, activation="relu")

        def call(self, x):
            return self.inside(x)

    inner = keras.Sequential([Block(), layers.Flatten()])
    return tiny(inner, dense(10, "softmax"), before=[])


def hidden_softmax():
    return tiny(dense(30, "softmax"), dense(10, "softmax"))


def weighted(weight: float):
    def build():
        model = tiny()
        model.compile("sgd", "sparse_categorical_crossentropy", loss_weights=weight)
        return model

    return build


def softmax_of_tensorflow():
    import tensorflow as tf

    return tiny(dense(10, tf.nn.softmax))


@pytest.mark.parametrize(
    "build",
    [
        pooled_by_operations,
        sliced_in_a_class,
        hidden_softmax,
        weighted(0.2),
        weighted(3.0),
        softmax_of_tensorflow,
        lambda: tiny(layer("Dense", 10), layer("Activation", "softmax")),
        lambda: tiny(loss=crossentropy("Plain", label_smoothing=0.2)),
    ],
)
def test_a_right_network_of_a_rare_kind_gets_all_points(build):
    score = checks.build_model(build)
    assert float(score) == 8, str(score)


def test_the_solutions_network_passes_and_is_the_one_on_record(solution):
    score = checks.build_model(solution["build_model"])
    assert (float(score), score.total, score.note) == (8, 8, ""), str(score)

    def described(model):
        return [
            (type(layer).__name__, {k: v for k, v in layer.get_config().items() if k != "name"})
            for layer in model.layers
        ]

    model = solution["build_model"]()
    assert described(model) == described(models.own_cnn())
    settings = recipes.RECIPES["mnist_own"].settings(1)
    assert model.loss == settings["loss"]
    assert type(model.optimizer).__name__.lower() == settings["optimizer"]


@pytest.mark.parametrize(
    "build", [functional_model, subclassed_model, models.reference_cnn, models.normalized_cnn]
)
def test_a_network_may_be_built_in_other_ways(build):
    def build_model():
        model = build()
        if not model.compiled:
            model.compile("adam", "sparse_categorical_crossentropy")
        return model

    score = checks.build_model(build_model)
    too_large = {text_of(MODEL, "budget")} if build is models.reference_cnn else set()
    assert failed(score) == too_large, str(score)
    assert ("one-hot" in score.note) == (build is functional_model)


def layer(kind: str, *arguments, **named):
    from keras import layers

    return getattr(layers, kind)(*arguments, **named)


def dense(units: int = 10, activation: str | None = None):
    return layer("Dense", units, activation=activation)


def crossentropy(kind: str = "Sparse", **named):
    from keras import losses

    return getattr(losses, f"{kind}CategoricalCrossentropy".replace("Plain", ""))(**named)


def bare(*inside, shape=(28, 28, 1)):
    """A network of these layers alone, not compiled."""
    import keras

    return keras.Sequential([keras.Input(shape), *inside])


@functools.cache
def only_one():
    return tiny()


def never_called():
    import keras
    from keras import layers

    inputs = keras.Input((28, 28, 1))
    layers.Conv2D(8, 3)(inputs)
    x = layers.Flatten()(layers.MaxPooling2D()(inputs))
    model = keras.Model(inputs, layers.Dense(10, activation="softmax")(x))
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


def own_class(call, **inside):
    import keras

    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            for name, make in inside.items():
                setattr(self, name, make())

    Own.call = call
    model = Own()
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


def scaling_class():
    return own_class(
        lambda self, x: self.last(self.flat(self.convolution(x / 255))),
        convolution=lambda: layer("Conv2D", 4, 3, 2),
        flat=lambda: layer("Flatten"),
        last=lambda: dense(10, "softmax"),
    )


def pooling_never_called():
    return own_class(
        lambda self, x: self.last(self.flat(self.convolution(x))),
        convolution=lambda: layer("Conv2D", 4, 3),
        pool=lambda: layer("MaxPooling2D"),
        flat=lambda: layer("Flatten"),
        last=lambda: dense(10, "softmax"),
    )


def convolution_thrown_away():
    def call(self, x):
        self.convolution(x)
        return self.last(self.flat(self.pool(x)))

    return own_class(
        call,
        convolution=lambda: layer("Conv2D", 4, 3),
        pool=lambda: layer("MaxPooling2D"),
        flat=lambda: layer("Flatten"),
        last=lambda: dense(10, "softmax"),
    )


def pooling_thrown_away():
    def call(self, x):
        self.pool(self.convolution(x))
        return self.last(self.flat(self.convolution(x)))

    return own_class(
        call,
        convolution=lambda: layer("Conv2D", 4, 3),
        pool=lambda: layer("MaxPooling2D"),
        flat=lambda: layer("Flatten"),
        last=lambda: dense(10, "softmax"),
    )


WRONG_MODELS = {
    "softmax twice": (
        lambda: tiny(dense(10, "softmax"), layer("Softmax")),
        "softmax",
        "Softmax is applied twice",
    ),
    "softmax twice, hidden": (
        lambda: tiny(dense(10, "softmax"), *[layer("Reshape", (10,))] * 2, layer("Softmax")),
        "softmax",
        "Softmax is applied twice",
    ),
    "logits": (lambda: tiny(dense()), "softmax", "called logits"),
    "the loss of logits": (lambda: tiny(dense()), "loss", "expects probabilities"),
    "sigmoid": (lambda: tiny(dense(10, "sigmoid")), "softmax", "as after a sigmoid"),
    "from_logits": (
        lambda: tiny(loss=crossentropy(from_logits=True)),
        "loss",
        "`from_logits=True`",
    ),
    "from_logits, softened": (
        lambda: tiny(loss=crossentropy("Plain", from_logits=True, label_smoothing=0.1)),
        "loss",
        "`from_logits=True`",
    ),
    "a loss that is upside down": (
        lambda: tiny(loss=lambda labels, answers: -crossentropy()(labels, answers)),
        "loss",
        "not lower for a right answer",
    ),
    "mse": (lambda: tiny(loss="mse"), "loss", "for a quantity"),
    "mae": (lambda: tiny(loss="mae"), "loss", "not lower for a right answer"),
    "scaled by an operation": (
        lambda: tiny(before=[layer("Lambda", lambda x: x / 255)]),
        "form",
        "scales them again",
    ),
    "scaled in the first layer of a class": (scaling_class, "form", "scales them again"),
    "a convolution that is never called": (never_called, "layers", "No image passes"),
    "a convolution whose result is thrown away": (
        convolution_thrown_away,
        "layers",
        "No image passes",
    ),
    "pooling whose result is thrown away": (pooling_thrown_away, "layers", "no stride above 1"),
    "pooling that is never called": (pooling_never_called, "layers", "no stride above 1"),
    "logits, weighted": (
        lambda: tiny(dense(), loss=crossentropy(from_logits=False)),
        "softmax",
        "called logits",
    ),
    "a regression": (lambda: tiny(dense(1), loss="mse"), "form", "(n, 1); (n, 10)"),
    "not compiled": (models.own_cnn, "loss", "not compiled"),
    "dense alone": (lambda: bare(layer("Flatten"), dense()), "layers", "No image passes"),
    "nothing gets smaller": (
        lambda: bare(layer("Conv2D", 2, 3), layer("Flatten"), dense()),
        "layers",
        "no stride above 1",
    ),
    "too large": (lambda: tiny(dense(5_000), dense()), "budget", "first dense layer"),
    "the same each time": (only_one, "fresh", "A second call"),
    "scaled once more": (
        lambda: tiny(before=[layer("Rescaling", 1 / 255)]),
        "form",
        "scales them again",
    ),
    "another input": (lambda: bare(dense(), shape=(28, 28)), "form", "(n, 28, 10)"),
    "three answers": (lambda: three_answers_model(), "form", "(3 for n = 32, 10)"),
    "eleven outputs": (lambda: tiny(dense(11, "softmax")), "form", "(n, 11)"),
    "a list of layers": (lambda: [dense()], "form", "no Keras model"),
    "nan": (lambda: tiny(dense(), layer("Lambda", lambda x: x * np.nan)), "form", "not finite"),
}


@pytest.mark.parametrize(("build", "key", "hint"), WRONG_MODELS.values(), ids=list(WRONG_MODELS))
def test_a_mistake_of_a_network_is_named(build, key, hint):
    score = checks.build_model(build)
    assert text_of(MODEL, key) in failed(score), str(score)
    assert hint in hints(score), str(score)


def test_logits_with_the_loss_for_logits_cost_the_output_alone():
    loss = crossentropy(from_logits=True)
    score = checks.build_model(lambda: tiny(dense(), loss=loss))
    assert failed(score) == {text_of(MODEL, "softmax")}


def hostile_model():
    import keras

    class Hostile(keras.Model):
        def __call__(self, *arguments, **named):
            print("noise")
            raise SystemExit("a trap")

    model = Hostile()
    model.compile("sgd", "mse")
    return model


def three_answers_model():
    """Answers three times, however many images there are."""
    import keras

    class Three(keras.Model):
        def __call__(self, *arguments, **named):
            return keras.ops.ones((3, 10))

    model = Three()
    model.compile("sgd", "mse")
    return model


@hostile("build", {"model": hostile_model, "three answers": three_answers_model})
def test_a_hostile_network_gets_next_to_nothing_and_does_no_harm(build, capsys):
    score = checks.build_model(build)
    assert float(score) <= 4 * (build is three_answers_model) and score.attempted, str(score)
    assert capsys.readouterr() == ("", "")


def test_an_endless_network_is_stopped(monkeypatch):
    monkeypatch.setattr("utils.checks.part2.build_model.BUILD_SECONDS", 0.2)
    assert "still computing" in hints(checks.build_model(endless))


def test_a_network_in_place_of_the_function_is_told():
    assert "without parentheses" in hints(checks.build_model(tiny()))


def test_looking_at_a_network_leaves_its_weights_as_they_are():
    model = tiny()
    before = model.get_weights()
    checks.build_model(lambda: model)
    assert all(map(np.array_equal, before, model.get_weights()))


# --- train ------------------------------------------------------------------------------


def plain_train(model, training, validation, epochs=10, **named):
    return model.fit(*training, batch_size=32, epochs=epochs, validation_data=validation, **named)


def one_hot_model():
    return tiny(loss="categorical_crossentropy")


def with_datasets(model, training, validation, epochs=10):
    """Shuffled, moved by random shifts, labels one-hot, and stopped early."""
    import tensorflow as tf
    from keras import callbacks, layers, utils

    shift = layers.RandomTranslation(0.05, 0.05)
    pairs = tf.data.Dataset.from_tensor_slices((training[0], utils.to_categorical(training[1])))
    pairs = pairs.shuffle(300).batch(64).map(lambda x, y: (shift(x, training=True), y))
    held_out = (validation[0], utils.to_categorical(validation[1]))
    held_out = tf.data.Dataset.from_tensor_slices(held_out).batch(50)
    stop = callbacks.EarlyStopping(patience=3, restore_best_weights=True)
    return model.fit(pairs, validation_data=held_out, epochs=epochs, callbacks=[stop])


def with_a_generator(model, training, validation, epochs=10):
    rng = np.random.default_rng(0)

    def batches():
        while True:
            chosen = rng.choice(len(training[1]), 30, replace=False)
            yield training[0][chosen], training[1][chosen]

    return model.fit(batches(), steps_per_epoch=9, epochs=epochs, validation_data=validation)


def wrapped_with_augmentation(model, training, validation, epochs=10):
    import keras
    from keras import layers

    whole = keras.Sequential([layers.RandomTranslation(0.05, 0.05), model])
    whole.compile("nadam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return plain_train(whole, training, validation, epochs)


def with_a_tape(model, training, validation, epochs=10):
    import tensorflow as tf

    history = {name: [] for name in METRICS}
    compute = crossentropy()
    for _ in range(epochs):
        for start in range(0, len(training[1]), 50):
            batch = slice(start, start + 50)
            with tf.GradientTape() as tape:
                loss = compute(training[1][batch], model(training[0][batch], training=True))
            gradients = tape.gradient(loss, model.trainable_weights)
            model.optimizer.apply(gradients, model.trainable_weights)
        for prefix, (images, labels) in (("", training), ("val_", validation)):
            answers = np.array(model(images))
            history[f"{prefix}loss"].append(float(compute(labels, answers)))
            right = answers.argmax(axis=1) == labels
            history[f"{prefix}accuracy"].append(float(right.mean()))
    return types.SimpleNamespace(history=history)


def one_epoch_a_time(model, training, validation, epochs=10):
    history = None
    for _ in range(epochs):
        one = plain_train(model, training, validation, 1)
        if history is None:
            history = one
        else:
            for name, values in one.history.items():
                history.history[name] += values
    return history


def by_hand(model, training, validation, epochs=10):
    """A loop of its own, that fills a history itself."""
    history = {"loss": [], "accuracy": [], "val_loss": [], "val_accuracy": []}
    for _ in range(epochs):
        for start in range(0, len(training[1]), 30):
            batch = slice(start, start + 30)
            logs = model.train_on_batch(training[0][batch], training[1][batch], return_dict=True)
        val = model.test_on_batch(*validation, return_dict=True)
        for name in ("loss", "accuracy"):
            history[name].append(float(logs[name]))
            history[f"val_{name}"].append(float(val[name]))
        model.reset_metrics()
    return types.SimpleNamespace(history=history)


@pytest.mark.parametrize(
    ("train", "build"),
    [
        (plain_train, tiny),
        (with_datasets, one_hot_model),
        (with_a_generator, tiny),
        (by_hand, tiny),
        (wrapped_with_augmentation, tiny),
        (with_a_tape, tiny),
        (one_epoch_a_time, tiny),
        (plain_train, lambda: tiny(dense(), loss=crossentropy(from_logits=True))),
    ],
)
def test_a_training_may_be_written_in_many_ways(train, build):
    score = checks.train(train, build)
    assert (float(score), score.total) == (5, 5), str(score)


def test_the_solutions_training_passes(solution):
    score = checks.train(solution["train"], tiny)
    assert (float(score), score.note) == (5, ""), str(score)


def test_networks_with_batch_normalization_are_seen_to_learn_before_they_predict_well():
    score = checks.train(plain_train, functional_model_for_whole_numbers)
    assert float(score) == 5, str(score)


def functional_model_for_whole_numbers():
    model = functional_model()
    model.compile("nadam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def mnist(part: int):
    images, labels = digits.digits()[part]
    return scaled(images[:500]), labels[:500]


def with_both(model, training, validation, epochs=10):
    x = np.concatenate([training[0], validation[0]])
    y = np.concatenate([training[1], validation[1]])
    return plain_train(model, (x, y), validation, epochs)


def shuffled_labels(model, training, validation, epochs=10):
    y = np.random.default_rng(0).permutation(training[1])
    return plain_train(model, (training[0], y), validation, epochs)


def next_labels(model, training, validation, epochs=10):
    return by_hand(model, (training[0], (training[1] + 1) % 10), validation, epochs)


def uphill(model, training, validation, epochs=10):
    model.optimizer.learning_rate = -0.1
    return plain_train(model, training, validation, epochs)


def choosing_on_the_test_set(model, training, validation, epochs=10):
    for _ in range(epochs):
        history = plain_train(model, training, validation, 1)
        model.evaluate(*mnist(1), verbose=0)
    return history


def a_dataset_of_all(model, training, validation, epochs=10):
    import tensorflow as tf

    pairs = tf.data.Dataset.from_tensor_slices(mnist(0)).batch(50)
    return model.fit(pairs, epochs=epochs, validation_data=validation)


def in_place_training(model, training, validation, epochs=10):
    history = plain_train(model, training, validation, epochs)
    training[0][:] -= 0.5
    return history


def at_rate_zero(model, training, validation, epochs=10):
    model.optimizer.learning_rate = 0.0
    return plain_train(model, training, validation, epochs)


def diverging(model, training, validation, epochs=10):
    model.optimizer.learning_rate = float("nan")
    return plain_train(model, training, validation, epochs)


def a_false_report(model, training, validation, epochs=10):
    values = [0.5] * epochs
    return types.SimpleNamespace(history={name: values for name in METRICS})


def a_tape_on_the_test_set(model, training, validation, epochs=10):
    return with_a_tape(model, mnist(1), validation, epochs)


def choosing_with_predict(model, training, validation, epochs=10):
    history = plain_train(model, training, validation, epochs)
    model.predict(mnist(1)[0], verbose=0)
    return history


def the_last_history(model, training, validation, epochs=10):
    for _ in range(epochs):
        history = model.fit(*training, epochs=2, validation_data=validation)
    return history


WRONG_TRAININGS = {
    "one epoch": (
        lambda m, t, v, epochs: m.fit(*t, validation_data=v), "history", "hand the argument"
    ),
    "two epochs": (
        lambda m, t, v, epochs: plain_train(m, t, v, 1), "history", "it holds 1"
    ),
    "the last history": (the_last_history, "history", "4 epochs were trained, and it holds 2"),
    "a tape on the test set": (a_tape_on_the_test_set, "training", "of the test set"),
    "the test set in predict": (choosing_with_predict, "training", "of the test set"),
    "other labels of the validation set": (
        lambda m, t, v, epochs: plain_train(m, t, (v[0], (v[1] + 1) % 10), epochs),
        "validation", "labels of other images",
    ),
    "shuffled validation images": (
        lambda m, t, v, epochs: plain_train(m, t, (v[0][::-1], v[1]), epochs),
        "validation", "labels of other images",
    ),
    "the test set in fit": (
        lambda m, t, v, epochs: plain_train(m, mnist(1), v, epochs), "training", "of the test set"
    ),
    "the test set for validation": (
        lambda m, t, v, epochs: plain_train(m, t, mnist(1), epochs), "training", "of the test set"
    ),
    "the test set in evaluate": (choosing_on_the_test_set, "training", "of the test set"),
    "images of the notebook": (
        lambda m, t, v, epochs: plain_train(m, mnist(0), v, epochs), "training", "not given"
    ),
    "a dataset of the notebook": (a_dataset_of_all, "training", "not given"),
    "the validation set in fit": (with_both, "training", "on the validation images too"),
    "the training set for validation": (
        lambda m, t, v, epochs: plain_train(m, t, t, epochs), "validation", "that it trains on"
    ),
    "no validation": (
        lambda m, t, v, epochs: m.fit(*t, epochs=epochs), "validation", "Nothing is measured"
    ),
    "validation_split": (
        lambda m, t, v, epochs: m.fit(*t, epochs=epochs, validation_split=0.1),
        "validation", "`validation_split` takes",
    ),
    "moved validation images": (
        lambda m, t, v, epochs: plain_train(m, t, (np.roll(v[0], 1, axis=1), v[1]), epochs),
        "validation", "not those of the validation set",
    ),
    "validation images scaled once more": (
        lambda m, t, v, epochs: plain_train(m, t, (v[0] / 255, v[1]), epochs),
        "validation", "images of another scale",
    ),
    "shuffled labels": (shuffled_labels, "learns", "labels of other images"),
    "other labels, by hand": (next_labels, "learns", "labels of other images"),
    "uphill": (uphill, "learns", "no better than before"),
    "another network": (
        lambda m, t, v, epochs: plain_train(tiny(), t, v, epochs), "learns", "another network"
    ),
    "no history": (
        lambda m, t, v, epochs: plain_train(m, t, v, epochs) and None, "history", "what `fit`"
    ),
    "the model for a history": (
        lambda m, t, v, epochs: plain_train(m, t, v, epochs) and m, "history", "what `fit`"
    ),
    "what the history holds": (
        lambda m, t, v, epochs: plain_train(m, t, v, epochs).history, "history", "what `fit`"
    ),
    "scaled once more": (
        lambda m, t, v, epochs: plain_train(m, (t[0] / 255, t[1]), v, epochs),
        "training", "Scaled once more",
    ),
    "centered": (
        lambda m, t, v, epochs: plain_train(m, (t[0] * 2 - 1, t[1]), v, epochs),
        "training", "Scaled once more",
    ),
    "its own epochs": (
        lambda m, t, v, epochs: plain_train(m, t, v, 8), "history", "hand the argument `epochs` on"
    ),
    "no argument for the epochs": (lambda m, t, v: None, "learns", "TypeError"),
    "learning rate 0": (at_rate_zero, "learns", "still the ones"),
    "learning rate nan": (diverging, "learns", "NaN"),
    "into what it is given": (in_place_training, "training", "changes the arrays"),
    "a false report": (a_false_report, "validation", "No val_accuracy"),
    "labels of another form": (
        lambda m, t, v, epochs: plain_train(m, (t[0], np.eye(10)[t[1]]), v, epochs),
        "learns", "form that the loss expects",
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("train", "key", "hint"), WRONG_TRAININGS.values(), ids=list(WRONG_TRAININGS)
)
def test_a_mistake_of_a_training_is_named(train, key, hint, monkeypatch):
    monkeypatch.setattr("utils.checks.part2.train.EPOCHS", 2)
    score = checks.train(train, tiny)
    assert text_of(TRAIN, key) in failed(score), str(score)
    assert hint in hints(score), str(score)


def test_a_history_without_accuracy_is_told_from_where_it_comes():
    score = checks.train(plain_train, lambda: tiny(metrics=None))
    assert failed(score) == {text_of(TRAIN, "history")}
    assert "no accuracy and no val_accuracy" in hints(score)


@hostile("train")
def test_a_hostile_training_gets_next_to_nothing_and_does_no_harm(train, capsys):
    score = checks.train(train, tiny)
    assert float(score) <= 1 and score.attempted, str(score)
    assert capsys.readouterr() == ("", "")


def test_an_endless_training_is_stopped(monkeypatch):
    monkeypatch.setattr("utils.checks.part2.train.TRAIN_SECONDS", 0.2)
    score = checks.train(endless, tiny)
    assert float(score) == 0 and "still computing" in hints(score)


@pytest.mark.parametrize("build", [unable, noisy, lambda: 3, lambda: tiny(dense(3, "softmax"))])
def test_without_a_network_the_training_is_tried_on_one_of_the_course(build, monkeypatch):
    monkeypatch.setattr("utils.checks.part2.train._course_model", tiny)
    monkeypatch.setattr("utils.checks.part2.train.EPOCHS", 2)
    score = checks.train(plain_train, build)
    assert float(score) == 5 and "a network of the course" in score.note, str(score)


def test_fit_is_watched_for_as_long_as_a_check_takes_and_not_longer():
    import keras

    before = keras.Model.fit, keras.Model.evaluate
    checks.train(noisy, tiny)
    assert (keras.Model.fit, keras.Model.evaluate) == before


# --- the trained model ------------------------------------------------------------------


class Knowing:
    """Stands in for `_answers`: right on a share of the images that the check shows."""

    def __init__(self, share: float):
        self.share = share

    def __call__(self, model, images, training=False):
        labels = digits.digits()[0][1][digits.album().find(images)]
        labels = (labels + (np.arange(len(labels)) >= self.share * len(labels))) % 10
        return np.eye(10, dtype=np.float32)[labels]


@pytest.fixture(scope="module")
def validation():
    images, labels = digits.digits()[0]
    return scaled(images[-5000:]), labels[-5000:]


@pytest.mark.parametrize(
    ("share", "points"), [(0.994, 3), (0.985, 3), (0.9848, 2), (0.975, 2), (0.96, 1), (0.949, 0)]
)
def test_points_rise_with_the_accuracy_that_the_check_measures(
    share, points, validation, monkeypatch
):
    monkeypatch.setattr("utils.checks.part2.trained_model.answers_of", Knowing(share))
    score = checks.trained_model(tiny(), validation)
    assert (float(score), score.total) == (points, 3)
    assert f"Of 5,000 validation digits, {100 * share:.1f} % are right" in score.note


def test_the_labels_of_the_validation_set_are_the_checks_own(validation, monkeypatch):
    monkeypatch.setattr("utils.checks.part2.trained_model.answers_of", Knowing(0.5))
    answers = trained_model.answers_of(None, validation[0]).argmax(axis=1)
    assert float(checks.trained_model(tiny(), (validation[0], answers))) == 0


def test_a_network_that_has_learned_nothing_is_measured_by_its_own_answers(validation):
    images, labels = validation
    score = checks.trained_model(tiny(), (images[:1000], labels[:1000]))
    assert float(score) == 0 and "Of 1,000 validation digits" in score.note


@pytest.mark.parametrize(
    ("model", "images", "hint"),
    [
        (None, None, "not attempted yet"),
        (tiny, None, "the second pair that split returns"),
        (tiny, lambda: Liar(), "the second pair that split returns"),
        (tiny, lambda: (Liar(), Liar()), "no array of the shape"),
        (tiny, lambda: scaled(digits.digits()[1][0][:1500]), "images of the test set"),
        (tiny, lambda: scaled(digits.digits()[0][0][:12_000]), "12,000 different images"),
        (tiny, lambda: np.zeros((2000, 28, 28, 1), np.float32), "not those of MNIST"),
        (tiny, lambda: np.zeros((2000, 28, 28), np.float32), "no array of the shape"),
        (Liar, lambda: scaled(digits.digits()[0][0][:1500]), "no Keras model"),
        (hostile_model, lambda: scaled(digits.digits()[0][0][:1500]), "SystemExit"),
        (three_answers_model, lambda: scaled(digits.digits()[0][0][:1500]), "ten finite numbers"),
    ],
)
def test_what_cannot_be_measured_is_told(model, images, hint, monkeypatch, capsys):
    given = images and images()
    given = (given, None) if type(given) is np.ndarray else given
    score = checks.trained_model(model and model(), given)
    assert float(score) == 0 and hint in str(score), str(score)
    assert capsys.readouterr() == ("", "")


# --- plot_learning_curves ---------------------------------------------------------------


def two_panels(history):
    from matplotlib import pyplot as plt

    epochs = np.arange(1, len(history["loss"]) + 1)
    figure, panels = plt.subplots(1, 2)
    for axes, metric in zip(panels, ("loss", "accuracy"), strict=True):
        axes.plot(epochs, history[metric], "o-", label="training")
        axes.plot(epochs, history[f"val_{metric}"], label="validation")
        axes.set(xlabel="epoch", ylabel=metric)
        axes.legend()
    return figure


def one_panel(history):
    """All lines in one picture, in percent, the names given to the legend; returns the axes."""
    from matplotlib.figure import Figure

    axes = Figure().subplots()
    for name, values in history.items():
        factor = 100 if "accuracy" in name else 1
        axes.plot(range(1, len(values) + 1), [factor * value for value in values])
    axes.set_xlabel("Epoch")
    axes.set_title("loss, and accuracy in percent")
    axes.legend(list(history))
    return axes


def second_scale(history):
    """Loss on the left, accuracy on the right scale; returns the figure and the axes."""
    from matplotlib import pyplot as plt

    figure, left = plt.subplots()
    right = left.twinx()
    for name, values in history.items():
        axes = right if "accuracy" in name else left
        axes.plot(range(1, len(values) + 1), values, label=name)
        axes.set_ylabel(name.removeprefix("val_"))
    left.set_xlabel("epochs")
    figure.legend()
    plt.show()
    return figure, (left, right)


def relabeled(labels):
    """Return a function that draws from 0 on and writes something else below the ticks."""

    def plot(history):
        figure = two_panels(history)
        from_zero(figure, figure.axes)
        for axes in figure.axes:
            count = len(history["loss"])
            axes.set_xticks(range(count), [labels(n) for n in range(1, count + 1)])
        return figure

    return plot


def words_as_epochs(history):
    """Matplotlib makes a scale of its own for texts."""
    from matplotlib import pyplot as plt

    words = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    figure, axes = plt.subplots()
    for name, values in history.items():
        axes.plot(words[: len(values)], values, label=name)
    axes.set(xlabel="epoch", ylabel="loss and accuracy")
    axes.legend()
    return figure


@pytest.mark.parametrize(
    "plot",
    [relabeled(str), relabeled("epoch {}".format), relabeled("E{}".format), words_as_epochs],
)
def test_epochs_may_be_told_by_the_labels_of_the_ticks(plot):
    assert float(checks.plot_learning_curves(plot)) == 4, str(checks.plot_learning_curves(plot))


@pytest.mark.parametrize("plot", [two_panels, one_panel, second_scale])
def test_learning_curves_may_be_drawn_in_many_ways(plot):
    score = checks.plot_learning_curves(plot)
    assert (float(score), score.total) == (4, 4), str(score)


def test_the_solutions_curves_pass(solution):
    score = checks.plot_learning_curves(solution["plot_learning_curves"])
    assert float(score) == 4, str(score)


def changed(change):
    """Return two_panels with something done to its figure."""

    def plot(history):
        figure = two_panels(history)
        return change(figure, figure.axes) or figure

    return plot


def from_zero(figure, panels):
    for axes in panels:
        for line in axes.lines:
            line.set_xdata(np.arange(len(line.get_xdata())))


def exchanged(figure, panels):
    for axes in panels:
        axes.legend(["validation", "training"])
        for line, name in zip(axes.lines, ["validation", "training"], strict=True):
            line.set_label(name)


def without_labels(figure, panels):
    for axes in panels:
        axes.set(xlabel="", ylabel="")


def without_legend(figure, panels):
    for axes in panels:
        axes.get_legend().remove()


def legend_exchanged(figure, panels):
    for axes in panels:
        axes.legend(["validation", "training"])  # the lines keep their labels


def metrics_exchanged(figure, panels):
    one, other = panels
    first = one.get_ylabel()
    one.set_ylabel(other.get_ylabel())
    other.set_ylabel(first)


def labels_exchanged(figure, panels):
    for axes in panels:
        axes.set(xlabel=axes.get_ylabel(), ylabel=axes.get_xlabel())


WRONG_CURVES = {
    "labels of the axes exchanged": (changed(labels_exchanged), "labels", "two axes are exchanged"),
    "ticks from 0": (relabeled(lambda n: str(n - 1)), "epochs", "stand at 0 to 8"),
    "ticks from 2": (relabeled(lambda n: str(n + 1)), "epochs", "stand at 0 to 8"),
    "from epoch 0": (changed(from_zero), "epochs", "stand at 0 to 8"),
    "legend exchanged": (changed(legend_exchanged), "labels", "validation are exchanged"),
    "metrics exchanged": (changed(metrics_exchanged), "labels", "the name of the other"),
    "names exchanged": (changed(exchanged), "labels", "exchanged"),
    "no labels": (changed(without_labels), "labels", "two directions"),
    "no legend": (changed(without_legend), "labels", "Which line is which"),
    "no validation loss": (
        changed(lambda figure, panels: panels[0].lines[1].remove()), "loss", "val_loss"
    ),
    "no accuracy": (
        changed(lambda figure, panels: panels[1].remove()), "accuracy", 'history["accuracy"]'
    ),
    "an accuracy for a loss": (
        lambda history: two_panels(history | {"val_loss": history["val_accuracy"]}),
        "loss", 'history["val_loss"]',
    ),
    "values of another training": (
        lambda history: two_panels({key: [0.5, 0.6] for key in METRICS}),
        "loss", "No line has the values",
    ),
    "nothing returned": (changed(lambda *_: None.none), "loss", "AttributeError"),
    "drawn and not returned": (lambda history: two_panels(history) and None, "loss", "nothing"),
    "the module": (
        lambda history: two_panels(history) and __import__("matplotlib.pyplot").pyplot,
        "loss", "type module",
    ),
    "the History object expected": (
        lambda history: two_panels(history.history), "loss", "'history'"
    ),
    "an empty figure": (
        changed(lambda figure, panels: figure.clear()), "accuracy", "No line has"
    ),
}  # fmt: skip


@pytest.mark.parametrize(("plot", "key", "hint"), WRONG_CURVES.values(), ids=list(WRONG_CURVES))
def test_a_mistake_of_learning_curves_is_named(plot, key, hint):
    score = checks.plot_learning_curves(plot)
    assert text_of(CURVES, key) in failed(score), str(score)
    assert hint in hints(score), str(score)


@hostile("plot", {"endless": endless})
def test_hostile_curves_get_nothing_and_leave_no_figure(plot, capsys, monkeypatch):
    monkeypatch.setattr(
        "utils.checks.part2.curves.attempt", functools.partial(attempt, seconds=0.2)
    )
    from matplotlib import pyplot as plt

    score = checks.plot_learning_curves(plot)
    assert float(score) == 0 and score.attempted
    assert capsys.readouterr() == ("", "")
    assert plt.get_fignums() == []


def test_a_check_leaves_the_figures_that_were_open_before_as_they_are():
    from matplotlib import pyplot as plt

    figure = plt.figure()
    checks.plot_learning_curves(two_panels)
    assert plt.get_fignums() == [figure.number]
    plt.close(figure)


# --- confusion_matrix and most_confused ---------------------------------------------------


def confusion_by_loop(labels, answers):
    counts = np.zeros((10, 10))
    for label, answer in zip(labels, answers, strict=True):
        counts[label, answer] += 1
    return counts


def confusion_by_histogram(labels, answers):
    return np.bincount(10 * labels.astype(int) + answers, minlength=100).reshape(10, 10)


def pair_by_loop(matrix):
    places = [(i, j) for i in range(10) for j in range(10) if i != j]
    return list(max(places, key=lambda place: matrix[place]))


def pair_by_argmax(matrix):
    mistakes = matrix * (1 - np.eye(10, dtype=int))
    return np.array(divmod(int(mistakes.argmax()), 10))


def pair_as_a_namedtuple(matrix):
    return collections.namedtuple("Pair", "true answered")(*pair_by_loop(matrix))


def pair_of_arrays(matrix):
    return tuple(np.array(number) for number in pair_by_loop(matrix))


def tensor_parts(matrix):
    import tensorflow as tf

    return tf.unstack(tf.constant(pair_by_loop(matrix)))


def tensor(labels, answers):
    import tensorflow as tf

    return tf.math.confusion_matrix(labels, answers, 10)


@pytest.mark.parametrize(
    "pair",
    [
        (tensor, lambda matrix: tuple(tensor_parts(matrix))),
        (confusion_by_loop, pair_as_a_namedtuple),
        (confusion_by_loop, pair_of_arrays),
        (lambda y, p: confusion_by_loop(y, p).astype(np.float16), pair_by_loop),
    ],
)
def test_a_right_confusion_may_come_in_other_types(pair):
    score = checks.confusion(*pair)
    assert float(score) == 4, str(score)


@pytest.mark.parametrize(
    "pair", [(confusion_by_loop, pair_by_loop), (confusion_by_histogram, pair_by_argmax)]
)
def test_confusion_may_be_counted_in_other_ways(pair):
    score = checks.confusion(*pair)
    assert (float(score), score.total) == (4, 4), str(score)


def test_the_solutions_confusion_passes(solution):
    score = checks.confusion(solution["confusion_matrix"], solution["most_confused"])
    assert float(score) == 4, str(score)


def with_fill_diagonal(matrix):
    np.fill_diagonal(matrix, 0)
    return pair_by_loop(matrix)


def once_each(labels, answers):
    counts = np.zeros((10, 10), int)
    counts[labels, answers] += 1  # counts a repeated pair once
    return counts


def of_sklearn(labels, answers):
    from sklearn.metrics import confusion_matrix

    return confusion_matrix(labels, answers)


def pair_by(values):
    def most_confused(matrix):
        shares = values(matrix) * (1 - np.eye(10))
        return divmod(int(shares.argmax()), 10)

    return most_confused


WRONG_CONFUSIONS = {
    "by share of the row": (
        confusion_by_loop, pair_by(lambda m: m / m.sum(axis=1, keepdims=True).clip(1)),
        "pair", "largest share of its row",
    ),
    "by share of the column": (
        confusion_by_loop, pair_by(lambda m: m / m.sum(axis=0).clip(1)), "pair", "it found",
    ),
    "both directions together": (
        confusion_by_loop, pair_by(lambda m: m + m.T), "pair", "in both directions",
    ),
    "transposed": (
        lambda y, p: confusion_by_loop(y, p).T, pair_by_loop, "rows", "rows are the answers"
    ),
    "each pair once": (once_each, pair_by_loop, "counts", "Of 826 images"),
    "shares of the rows": (
        lambda y, p: (m := confusion_by_loop(y, p)) / m.sum(axis=1, keepdims=True).clip(1),
        pair_by_loop, "counts", "These are shares",
    ),
    "classes that do not occur": (of_sklearn, pair_by_loop, "counts", "(10, 10) also where"),
    "only mistakes": (
        lambda y, p: confusion_by_loop(y, p) * (1 - np.eye(10)), pair_by_loop, "counts", "Of 826"
    ),
    "all in one row": (
        lambda y, p: np.roll(confusion_by_loop(y, p), 1, axis=0), pair_by_loop,
        "counts", "not those of the pairs",
    ),
    "a list": (
        lambda y, p: confusion_by_loop(y, p).tolist(), pair_by_loop, "counts", "no NumPy array"
    ),
    "the diagonal": (
        confusion_by_loop, lambda m: np.unravel_index(m.argmax(), m.shape), "pair", "diagonal"
    ),
    "exchanged": (confusion_by_loop, lambda m: pair_by_loop(m)[::-1], "pair", "exchanged"),
    "a flat place": (
        confusion_by_loop, lambda m: int(np.argmax(m)), "pair", "two whole numbers"
    ),
    "into the matrix": (confusion_by_loop, with_fill_diagonal, "intact", "copy"),
    "always the same": (confusion_by_loop, lambda m: (4, 9), "pair", "it found (4, 9)"),
    "a second one that is open": (confusion_by_loop, lambda m: None, "pair", "not written yet"),
    "a first one that is open": (lambda y, p: None, pair_by_loop, "counts", "not written yet"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("matrix", "pair", "key", "hint"), WRONG_CONFUSIONS.values(), ids=list(WRONG_CONFUSIONS)
)
def test_a_mistake_of_confusion_is_named(matrix, pair, key, hint):
    score = checks.confusion(matrix, pair)
    assert text_of(CONFUSION, key) in failed(score), str(score)
    assert hint in hints(score), str(score)


@pytest.mark.slow
@hostile("function", {"endless": endless})
def test_hostile_confusion_gets_nothing_and_does_no_harm(function, capsys, monkeypatch):
    monkeypatch.setattr(
        "utils.checks.part2.confusion.attempt", functools.partial(attempt, seconds=0.1)
    )
    score = checks.confusion(function, function)
    assert float(score) <= 1 and score.attempted, str(score)
    assert capsys.readouterr() == ("", "")


def test_a_huge_matrix_is_not_computed_with():
    score = checks.confusion(lambda y, p: np.broadcast_to(1, (10**6, 10**6)), pair_by_loop)
    assert "(1000000, 1000000)" in hints(score)


# --- as the exercise leaves them ----------------------------------------------------------


def test_what_is_not_written_yet_is_not_attempted(small_mnist):
    def unwritten(*arguments, **named): ...  # your code here

    for open_one in (unwritten, unable):
        scores = [
            checks.split(open_one),
            checks.build_model(open_one),
            checks.train(open_one, unwritten),
            checks.trained_model(None, None),
            checks.plot_learning_curves(open_one),
            checks.confusion(open_one, open_one),
        ]
        assert [score.headline.split(" · ", 1)[1] for score in scores] == [
            f"not attempted yet · 0/{points}" for points in (6, 8, 5, 3, 4, 4)
        ]
