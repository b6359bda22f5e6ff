/**
 * One step of training, slowly: what one image's loss is, and how its gradient comes down to one
 * weight of the last convolution, with the numbers of every stage. No DOM.
 */

const NUDGE = 0.01; // of the weight, for the numerical check

const copy = (values, count) => Array.from(values.subarray(0, count));
const product = (numbers) => numbers.reduce((all, each) => all * each, 1);

/** The place of the largest absolute value. */
function strongest(values) {
  let best = 0;
  for (let i = 1; i < values.length; i++) {
    if (Math.abs(values[i]) > Math.abs(values[best])) best = i;
  }
  return best;
}

/** One channel of a map. */
function channelOf(values, shape, channel) {
  const [height, width, channels] = shape;
  return Array.from({ length: height * width }, (_, i) => values[i * channels + channel]);
}

/** The loss of an image when one weight has another value. */
function lossWith(network, image, label, values, at, value) {
  const kept = values[at];
  values[at] = value;
  network.forward(image, 1, true);
  const { loss } = network.judge([label], 1);
  values[at] = kept;
  return loss;
}

/** What the window's places hold that one weight meets, for each place of the output. */
function metBy(layer, [row, column, channel]) {
  const { input, y, x } = layer;
  const [height, width, channels] = input.shape;
  const values = [];
  for (let i = 0; i < y.size; i++) {
    for (let j = 0; j < x.size; j++) {
      const [top, left] = [i + row - y.before, j + column - x.before];
      const isThere = top >= 0 && top < height && left >= 0 && left < width;
      const at = (top * width + left) * channels + channel;
      values.push(isThere ? input.values.values[at] : 0);
    }
  }
  return values;
}

/**
 * @param {import("./learning.js").Network} network  without dropout; its weights stay as they are
 * @param {Float32Array} image
 * @param {number} label
 * @param {number} learningRate
 * @returns {object} the numbers of every stage
 */
export function oneStep(network, image, label, learningRate) {
  const probabilities = Array.from(network.forward(image, 1, true));
  const { loss } = network.judge([label], 1);
  const traces = new Map();
  network.backward([label], 1, (layer, name, values) => {
    if (name === "before ReLU") traces.set(layer, values.slice(0, product(layer.output.shape)));
  });
  const { layers } = network;
  const last = layers.at(-1);
  const index = layers.findLastIndex(({ type }) => type === "Conv2D");
  const convolution = layers[index];
  const { kernel } = convolution;
  const at = strongest(kernel.gradient);
  const [, kernelWidth, channels, filters] = kernel.shape;
  const filter = at % filters;
  const channel = Math.floor(at / filters) % channels;
  const place = Math.floor(at / filters / channels);
  const position = [Math.floor(place / kernelWidth), place % kernelWidth, channel];
  const shape = convolution.output.shape;
  const count = product(shape);
  const gradient = copy(convolution.output.gradient.values, count);
  const before = traces.get(convolution) ?? convolution.output.gradient.values.slice(0, count);
  const met = metBy(convolution, position);
  const own = channelOf(gradient, shape, filter);
  const pooling = layers.slice(index).find(({ type }) => type.endsWith("Pooling2D")) ?? null;
  const pooled = pooling && poolingStage(pooling, filter, before, shape);
  const found = {
    probabilities,
    loss,
    label,
    logits: copy(last.output.gradient.values, network.classes),
    dense: denseStage(last, pooled),
    pooling: pooled,
    relu: {
      isThere: traces.has(convolution),
      values: channelOf(copy(convolution.output.values.values, count), shape, filter),
      before: channelOf(before, shape, filter),
      after: own,
      shape: shape.slice(0, 2),
    },
    convolution: {
      filter, channel, position, met, gradient: own, shape: shape.slice(0, 2),
      products: met.map((value, i) => value * own[i]),
      slope: kernel.gradient[at],
      isFirst: index === 0,
    },
    weight: { value: kernel.values[at], rate: learningRate },
  };
  const values = kernel.values;
  const losses = [1, -1].map((sign) =>
    lossWith(network, image, label, values, at, values[at] + sign * NUDGE),
  );
  const after = lossWith(
    network, image, label, values, at, values[at] - learningRate * kernel.gradient[at],
  );
  return { ...found, check: { nudge: NUDGE, losses, after } };
}

/**
 * Of the dense layer: one input's gradient, as a sum over all outputs. It is the pooled value
 * that the next stage goes on from; behind a hidden layer, the input with the strongest gradient.
 */
function denseStage({ input, kernel, output }, pooled) {
  const size = product(input.shape);
  const isNext = pooled !== null && product(pooled.shape) === size;
  const at = isNext ? pooled.index : strongest(input.gradient.values.subarray(0, size));
  const units = kernel.shape[1];
  const weights = copy(kernel.values.subarray(at * units, (at + 1) * units), units);
  const gradient = copy(output.gradient.values, units);
  return { at, size, weights, gradient, value: input.gradient.values[at], isNext };
}

/** Of pooling: the strongest pooled gradient of a channel, and its window before and after. */
function poolingStage(layer, channel, given, shape) {
  const pooled = channelOf(layer.output.gradient.values, layer.output.shape, channel);
  const values = channelOf(layer.output.values.values, layer.output.shape, channel);
  // Where all values of a window are 0, ReLU lets nothing through: not the place to look at.
  const open = pooled.map((gradient, i) => (values[i] === 0 ? 0 : gradient));
  const at = strongest(open);
  const places = layer.covered[at];
  const channels = shape[2];
  const pick = (values) => places.map((place) => values[place * channels + channel]);
  return {
    isMax: layer.type === "MaxPooling2D",
    shape: layer.output.shape,
    index: at * layer.output.shape[2] + channel, // in the row that Flatten makes
    position: [Math.floor(at / layer.output.shape[1]), at % layer.output.shape[1], channel],
    gradient: pooled[at],
    values: pick(layer.input.values.values),
    given: pick(given),
    columns: Math.round(Math.sqrt(places.length)),
  };
}
