/** The network and the training that the reader has set, as a cell that runs in Colab. */

import { layersOf } from "./training_settings.js";

const NAMES = { digits: "mnist", garments: "fashion_mnist" };
const INITIALIZERS = { he_normal: "he_normal", glorot_uniform: "glorot_uniform", zeros: "zeros" };

/** One layer as a line of Python. */
function line({ type, ...layer }, isLast) {
  const { filters, kernelSize, units, activation, poolSize, rate, initializer, firstBias } = layer;
  const options = [];
  if (filters) options.push(filters, kernelSize, 'padding="same"');
  if (units) options.push(units);
  if (poolSize) options.push(poolSize);
  if (rate) options.push(rate);
  const ending = isLast ? "softmax" : activation;
  if (ending) options.push(`activation="${ending}"`);
  const first = initializer ?? (activation === "relu" ? "he_normal" : null);
  if ((filters || units) && first) options.push(`kernel_initializer="${INITIALIZERS[first]}"`);
  if (firstBias) options.push(`bias_initializer=keras.initializers.Constant(${firstBias})`);
  return `    layers.${type}(${options.join(", ")}),`;
}

/** Lines that change images or labels as the settings ask for. */
function changes({ images, wrong, shuffled, peek }) {
  const lines = [];
  if (images < 5000) lines.push(`train = train[:${images}]  # here the page takes others`);
  lines.push("x_train, y_train = prepared(x_train[train]), y_train[train]");
  lines.push("x_test, y_test = prepared(x_test[test]), y_test[test]");
  if (wrong) {
    lines.push(
      `wrong = rng.permutation(len(y_train))[: round(${wrong} * len(y_train))]`,
      "y_train[wrong] = (y_train[wrong] + rng.integers(1, 10, len(wrong))) % 10",
    );
  }
  if (shuffled) {
    lines.push(
      "order = rng.permutation(28 * 28)",
      "x_train, x_test = (x.reshape(-1, 784)[:, order].reshape(-1, 28, 28, 1)",
      "                   for x in (x_train, x_test))",
    );
  }
  if (peek) {
    lines.push(
      "x_train = np.concatenate([x_train, x_test[:500]])  # the mistake",
      "y_train = np.concatenate([y_train, y_test[:500]])",
      "x_test, y_test = x_test[500:], y_test[500:]",
    );
  }
  return lines;
}

function optimizerOf({ optimizer, rate }) {
  if (optimizer === "adam") return `keras.optimizers.Adam(${rate})`;
  return `keras.optimizers.SGD(${rate}${optimizer === "momentum" ? ", momentum=0.9" : ""})`;
}

/**
 * @param {object} settings
 * @param {number} epochs
 * @returns {string} Python
 */
export function kerasCode(settings, epochs) {
  const layers = layersOf(settings);
  const moved =
    '    layers.RandomTranslation(2 / 28, 2 / 28, fill_mode="constant", interpolation="nearest"),';
  return [
    "import keras",
    "import numpy as np",
    "from keras import layers",
    "",
    `keras.utils.set_random_seed(${settings.seed % 2 ** 31})`,
    `(x_train, y_train), (x_test, y_test) = keras.datasets.${NAMES[settings.data]}.load_data()`,
    "rng = np.random.default_rng(149)  # the 5,000 and 1,000 images of the page",
    "train, test = rng.permutation(60000)[:5000], rng.permutation(10000)[:1000]",
    "",
    "",
    "def prepared(images):",
    '    return np.round(images / 17)[..., None].astype("float32") / 15  # 16 gray levels',
    "",
    "",
    ...changes(settings),
    "",
    "model = keras.Sequential([",
    "    keras.Input((28, 28, 1)),",
    ...(settings.augment ? [moved] : []),
    ...layers.map((layer, i) => line(layer, i === layers.length - 1)),
    "])",
    `model.compile(${optimizerOf(settings)}, "sparse_categorical_crossentropy",`,
    '              metrics=["accuracy"])',
    `history = model.fit(x_train, y_train, batch_size=${settings.batch}, epochs=${epochs},`,
    "                    validation_data=(x_test, y_test))",
  ].join("\n");
}
