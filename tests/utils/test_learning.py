"""The engine that trains networks in a page: its gradients and steps are those of Keras."""

from __future__ import annotations

import numpy as np
import pytest

WAYS = ["simd", "plain"]
SAME = {"padding": "same"}
LAST = {"type": "Dense", "units": 2}

# Chains of layers on small maps: together every kind of layer, stride, padding and number of
# channels that the loops treat differently.
CASES = {
    "default": (
        (14, 14, 1),
        [
            {"type": "Conv2D", "filters": 8, "kernelSize": 3, **SAME, "activation": "relu"},
            {"type": "MaxPooling2D"},
            {"type": "Conv2D", "filters": 16, "kernelSize": 3, **SAME, "activation": "relu"},
            {"type": "MaxPooling2D"},
            {"type": "Flatten"},
        ],
    ),
    "strides, even kernels, few channels": (
        (17, 15, 3),
        [
            {"type": "Conv2D", "filters": 5, "kernelSize": 3, "strides": 2, **SAME},
            {"type": "Conv2D", "filters": 6, "kernelSize": 2, **SAME, "activation": "relu"},
            {"type": "Conv2D", "filters": 3, "kernelSize": 4, "strides": 3},
            {"type": "Flatten"},
            {"type": "Dense", "units": 11, "activation": "relu"},
        ],
    ),
    "one pixel, with a stride larger than the kernel": (
        (9, 8, 2),
        [
            {"type": "Conv2D", "filters": 9, "kernelSize": 1},
            {"type": "Conv2D", "filters": 4, "kernelSize": 1, "strides": 2, **SAME},
            {"type": "Conv2D", "filters": 8, "kernelSize": 5, **SAME, "activation": "relu"},
            {"type": "Flatten"},
        ],
    ),
    "pooling by means, cut off at the border": (
        (13, 11, 1),
        [
            {"type": "Conv2D", "filters": 8, "kernelSize": 3},
            {"type": "AveragePooling2D", "poolSize": 3, "strides": 2, **SAME},
            {"type": "Conv2D", "filters": 4, "kernelSize": 2},
            {"type": "AveragePooling2D", "poolSize": 2},
            {"type": "Flatten"},
        ],
    ),
    "overlapping windows of max pooling": (
        (12, 13, 1),
        [
            {"type": "Conv2D", "filters": 6, "kernelSize": 3},
            {"type": "MaxPooling2D", "poolSize": 3, "strides": 2, **SAME},
            {"type": "Conv2D", "filters": 8, "kernelSize": 3, **SAME},
            {"type": "MaxPooling2D", "poolSize": 3, "strides": 1},
            {"type": "Flatten"},
        ],
    ),
    "batch normalization": (
        (10, 10, 1),
        [
            {"type": "Conv2D", "filters": 8, "kernelSize": 3, **SAME},
            {"type": "BatchNormalization"},
            {"type": "ReLU"},
            {"type": "MaxPooling2D"},
            {"type": "Conv2D", "filters": 12, "kernelSize": 3},
            {"type": "BatchNormalization"},
            {"type": "ReLU"},
            {"type": "Flatten"},
            {"type": "Dense", "units": 9, "activation": "relu"},
        ],
    ),
}

LEARN = """async ({ input, layers, weights, images, labels, batch, way, steps, optimizer }) => {
    const [{ Network }, { compileLearning }, { makeOptimizer }] = await Promise.all(
        ["learning", "learning_memory", "optimizers"].map((name) => import(`/${name}.js`)),
    );
    const module = way === "plain" ? null : compileLearning();
    if (way !== "plain" && !module) throw new Error("no WebAssembly SIMD");
    const network = new Network({ input, layers, batch, module, seed: 1 });
    if (weights) network.setWeights(weights);
    const size = images.length / labels.length;
    const pick = (at, count) => [
        Float32Array.from(images.slice(at * size, (at + count) * size)),
        labels.slice(at, at + count),
        count,
    ];
    const all = (arrays) => arrays.map((values) => Array.from(values));
    if (!steps) {
        const [values, wanted, count] = pick(0, labels.length);
        const probabilities = Array.from(network.forward(values, count, true));
        const { loss } = network.judge(wanted, count);
        network.backward(wanted, count);
        const gradients = all(network.parameters.map(({ gradient }) => gradient));
        const weights = all(network.weights.map(({ values }) => values));
        return { loss, probabilities, gradients, weights };
    }
    const optimize = makeOptimizer(network.parameters, optimizer);
    const losses = [];
    for (let step = 0; step < steps; step += 1) {
        const at = (step * batch) % labels.length;
        const [values, wanted, count] = pick(at, Math.min(batch, labels.length - at));
        losses.push(network.step(values, wanted, count, optimize, optimizer.learningRate).loss);
    }
    return { losses, weights: all(network.weights.map((w) => w.values)) };
}"""


def in_keras(shape, layers, seed: int = 1):
    """The same chain as a Keras model that ends with logits."""
    import keras

    keras.utils.set_random_seed(seed)
    model = keras.Sequential([keras.Input(shape)])
    names = {"filters": "filters", "kernelSize": "kernel_size", "poolSize": "pool_size"}
    for layer in layers:
        options = {names.get(key, key): value for key, value in layer.items() if key != "type"}
        model.add(getattr(keras.layers, layer["type"])(**options))
    rng = np.random.default_rng(seed)
    model.set_weights(
        [
            w if "moving" in v.path else w + rng.normal(0, 0.1, w.shape)
            for v, w in zip(model.weights, model.get_weights(), strict=True)
        ]
    )
    return model


def examples(shape, count: int, classes: int = 4) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(count)
    return rng.random((count, *shape), dtype="float32"), rng.integers(0, classes, count)


def learn(page, shape, layers, model, images, labels, **options) -> dict:
    weights = [w.ravel().tolist() for w in model.get_weights()] if model else None
    given = {"input": list(shape), "layers": layers, "weights": weights, "batch": len(labels)}
    given |= {"images": images.ravel().tolist(), "labels": labels.tolist(), "steps": 0}
    return page.evaluate(LEARN, given | options)


def case(name: str, classes: int = 4):
    shape, layers = CASES[name]
    return shape, [*layers, {"type": "Dense", "units": classes}]


@pytest.fixture(scope="module")
def expected():
    """A function that returns Keras's loss and gradients for a case, computed once."""
    import tensorflow as tf

    known = {}

    def compute(name: str):
        if name not in known:
            shape, layers = case(name)
            model = in_keras(shape, layers)
            before = [w.copy() for w in model.get_weights()]
            images, labels = examples(shape, 5)
            with tf.GradientTape() as tape:
                logits = model(images, training=True)
                losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
                loss = tf.reduce_mean(losses)
            gradients = tape.gradient(loss, model.trainable_variables)
            after = model.get_weights()
            model.set_weights(before)
            known[name] = model, images, labels, float(loss), gradients, after
        return known[name]

    return compute


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", CASES)
def test_loss_and_every_gradient_are_those_of_keras(page, expected, name, way):
    model, images, labels, loss, gradients, after = expected(name)
    shape, layers = case(name)
    found = learn(page, shape, layers, model, images, labels, way=way)
    assert found["loss"] == pytest.approx(loss, rel=1e-5)
    assert len(found["gradients"]) == len(gradients)
    for variable, mine, theirs in zip(
        model.trainable_variables, found["gradients"], gradients, strict=True
    ):
        theirs = np.asarray(theirs)
        off = np.abs(np.reshape(mine, theirs.shape) - theirs).max()
        # A bias before batch normalization has the gradient 0: what is there is rounding.
        assert off <= max(1e-4 * np.abs(theirs).max(), 2e-6), variable.path
    for mine, theirs in zip(found["weights"], after, strict=True):
        assert np.allclose(mine, theirs.ravel(), rtol=1e-4, atol=1e-6)  # moving statistics too


@pytest.mark.parametrize("name", ["default", "batch normalization"])
def test_gradients_are_what_nudged_weights_show(page, name):
    """Central differences of the loss, without Keras; in plain JavaScript, with dropout."""
    shape, layers = case(name)
    layers = [*layers[:-1], {"type": "Dropout", "rate": 0.0}, layers[-1]]
    images, labels = examples(shape, 3)
    script = """async ({ input, layers, images, labels }) => {
        const { Network } = await import("/learning.js");
        const count = labels.length;
        const network = new Network({ input, layers, batch: count, seed: 3 });
        const values = Float32Array.from(images);
        network.forward(values, count, true);
        network.backward(labels, count);
        const pairs = [];
        for (const { values: weights, gradient, name } of network.parameters) {
            const size = gradient.map(Math.abs);
            const at = size.indexOf(Math.max(...size));
            const [kept, slope] = [weights[at], gradient[at]];
            const losses = [1, -1].map((sign) => {
                weights[at] = kept + sign * 0.0005;
                network.forward(values, count, true);
                return network.judge(labels, count).loss;
            });
            weights[at] = kept;
            pairs.push([name, slope, (losses[0] - losses[1]) / 0.001]);
        }
        return pairs;
    }"""
    given = {"input": list(shape), "layers": layers}
    given |= {"images": images.ravel().tolist(), "labels": labels.tolist()}
    for parameter, slope, difference in page.evaluate(script, given):
        assert slope == pytest.approx(difference, rel=0.02, abs=2e-3), parameter


def keras_curve(model, images, labels, optimizer, steps: int, batch: int) -> list[float]:
    """The loss before each step of Keras's training on these batches."""
    import tensorflow as tf

    losses = []
    for step in range(steps):
        at = (step * batch) % len(labels)
        x, y = images[at : at + batch], labels[at : at + batch]
        with tf.GradientTape() as tape:
            logits = model(x, training=True)
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(y, logits))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply(gradients, model.trainable_variables)
        losses.append(float(loss))
    return losses


@pytest.mark.parametrize(
    "optimizer",
    [
        {"optimizer": "sgd", "learningRate": 0.05, "momentum": 0.9},
        {"optimizer": "adam", "learningRate": 0.002},
    ],
    ids=lambda options: options["optimizer"],
)
def test_fifty_steps_give_the_loss_curve_of_keras(page, optimizer):
    import keras

    shape, layers = case("default")
    images, labels = examples(shape, 100)  # so that a last batch is smaller: 100 = 3 · 32 + 4
    labels = (4 * images.mean(axis=(1, 2, 3)) > 2).astype(int) + 2 * (images[:, 3, 3, 0] > 0.5)
    model = in_keras(shape, layers)
    rate = optimizer["learningRate"]
    if optimizer["optimizer"] == "sgd":
        theirs = keras.optimizers.SGD(rate, momentum=optimizer["momentum"])
    else:
        theirs = keras.optimizers.Adam(rate)
    options = {"batch": 32, "steps": 50, "optimizer": optimizer}
    mine = [learn(page, shape, layers, model, images, labels, way=w, **options) for w in WAYS]
    wanted = keras_curve(model, images, labels, theirs, 50, 32)
    for found in mine:
        assert np.abs(np.array(found["losses"]) - wanted).max() < 1e-3
    assert wanted[-1] < 0.9 * wanted[0]  # something was learned


def test_first_weights_have_keras_s_distributions(page):
    script = """async () => {
        const { initialize, randomNumbers } = await import("/random.js");
        const filled = (name, shape) => {
            const values = new Float32Array(shape.reduce((a, b) => a * b));
            initialize(values, shape, name, randomNumbers(5));
            return Array.from(values);
        };
        return ["he_normal", "glorot_uniform"].map((name) => [
            filled(name, [3, 3, 16, 32]), filled(name, [300, 20]),
        ]);
    }"""
    import keras

    found = page.evaluate(script)
    names = [keras.initializers.HeNormal, keras.initializers.GlorotUniform]
    for initializer, arrays in zip(names, found, strict=True):
        for shape, values in zip([(3, 3, 16, 32), (300, 20)], arrays, strict=True):
            theirs = np.asarray(initializer(seed=1)(shape))
            assert np.std(values) == pytest.approx(theirs.std(), rel=0.05)
            assert np.abs(values).max() == pytest.approx(np.abs(theirs).max(), rel=0.02)
            assert abs(np.mean(values)) < 0.1 * theirs.std()


def test_a_seed_gives_the_same_start_and_order_again_and_another_seed_another(page):
    script = """async (seed) => {
        const { randomNumbers, shuffled } = await import("/random.js");
        return Array.from(shuffled(50, randomNumbers(seed)));
    }"""
    once, again, other = (page.evaluate(script, seed) for seed in (3, 3, 4))
    assert once == again != other
    assert sorted(once) == list(range(50))


def test_dropout_lets_a_share_pass_in_training_and_everything_else(page):
    script = """async () => {
        const { Network } = await import("/learning.js");
        const layers = [
            { type: "Flatten" }, { type: "Dropout", rate: 0.25 }, { type: "Dense", units: 2 },
        ];
        const network = new Network({ input: [100, 100, 1], layers, batch: 1, seed: 2 });
        const ones = new Float32Array(10000).fill(1);
        const after = () => Array.from(network.layers[1].output.values.values.subarray(0, 10000));
        network.forward(ones, 1, true);
        const inTraining = after();
        network.forward(ones, 1, false);
        return [inTraining, after()];
    }"""
    training, answering = map(np.array, page.evaluate(script))
    assert set(np.round(training, 4)) == {0, round(1 / 0.75, 4)}
    assert (training == 0).mean() == pytest.approx(0.25, abs=0.02)
    assert (answering == 1).all()


@pytest.mark.parametrize(
    ("shape", "layers", "words"),
    [
        ((4, 4, 1), [{"type": "Conv2D", "filters": 2, "kernelSize": 7}], "does not fit"),
        ((8, 8, 1), [{"type": "Dense", "units": 2}], "put Flatten before it"),
        ((8, 8, 1), [{"type": "Lambda"}], "cannot learn here"),
        ((8, 8, 1), [{"type": "Conv2D", "filters": 2, "kernelSize": 3}], "end with a dense layer"),
        (
            (64, 64, 1),
            [{"type": "Conv2D", "filters": 4096, "kernelSize": 7}, {"type": "Flatten"}, LAST],
            "MB of memory in the page",
        ),
    ],
)
def test_a_network_that_cannot_be_is_refused_in_words(page, shape, layers, words):
    script = """async ({ input, layers }) => {
        const { Network } = await import("/learning.js");
        try {
            new Network({ input, layers, batch: 8 });
            return "";
        } catch (error) {
            return error.message;
        }
    }"""
    assert words in page.evaluate(script, {"input": list(shape), "layers": layers})
