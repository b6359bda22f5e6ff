/**
 * Read a network file: a trained network as `export_weights` of utils/explorers/network_file.py
 * writes it, which says how the bytes lie. A file may come from anywhere, so everything in it is
 * checked; an Error has a sentence for readers.
 */

import { opened } from "./course_file.js";
import { tensor } from "./engine.js";
import { outputShape, parts } from "./forward.js";

const KERAS_FILES = ["PK\x03\x04", "\x89HDF"]; // how .keras and .h5 begin
const LARGEST_SIDE = 64; // pixels of an image
const MOST_LAYERS = 200;
const MOST_WORK = 2e9; // multiply–adds of one pass: some seconds in plain JavaScript

/** The arrays that each type of layer has, and the numbers of their axes. */
const ARRAYS = {
  Conv2D: { kernel: 4, bias: 1 },
  DepthwiseConv2D: { kernel: 4, bias: 1 },
  SeparableConv2D: { depthwiseKernel: 4, kernel: 4, bias: 1 },
  Dense: { kernel: 2, bias: 1 },
  BatchNormalization: { scale: 1, offset: 1 },
};
const WITH_WINDOWS = ["Conv2D", "DepthwiseConv2D", "SeparableConv2D"];
const POOLING = ["MaxPooling2D", "AveragePooling2D"];
const OTHERS = [
  "GlobalMaxPooling2D",
  "GlobalAveragePooling2D",
  "ZeroPadding2D",
  "Activation",
  "ReLU",
  "Rescaling",
  "Flatten",
  "Dropout",
];
const ACTIVATIONS = [null, "relu", "softmax", "sigmoid", "tanh"];

// ---------------------------------------------------------------- values

const isWhole = (value, low, high) => Number.isInteger(value) && value >= low && value <= high;
const isShape = (shape, axes) =>
  Array.isArray(shape) && shape.length === axes && shape.every((side) => isWhole(side, 1, 1e7));

/** Values that lie in the payload, as float32; the last axis of int8 has a scale for each place. */
function readArray(stored, axes, payload) {
  const { shape, dtype, at, scales } = stored ?? {};
  const count = isShape(shape, axes) && shape.reduce((product, side) => product * side, 1);
  const size = { int8: 1, float32: 4 }[dtype];
  const lies = (start, bytes) => isWhole(start, 0, payload.length) && start + bytes <= payload.length;
  if (!count || !size || !lies(at, count * size)) throw new Error("its weights do not lie in the file");
  const copy = (start, bytes) => payload.slice(start, start + bytes).buffer;
  if (dtype === "float32") return tensor(shape, finite(new Float32Array(copy(at, 4 * count))));
  const last = shape.at(-1);
  if (!lies(scales, 4 * last)) throw new Error("its scales do not lie in the file");
  const scale = finite(new Float32Array(copy(scales, 4 * last)));
  const whole = new Int8Array(copy(at, count));
  const values = new Float32Array(count);
  for (let i = 0; i < count; i += last) {
    for (let j = 0; j < last; j++) values[i + j] = whole[i + j] * scale[j];
  }
  return tensor(shape, values);
}

function finite(values) {
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) throw new Error("it holds values that are no numbers");
  }
  return values;
}

const isPair = (value, low, high) =>
  Array.isArray(value) && value.length === 2 && value.every((each) => isWhole(each, low, high));

/** The options of a layer, checked. */
function readOptions(layer) {
  const { type, strides, padding, activation = null, poolSize, scale, offset, rate } = layer;
  const options = { type, name: String(layer.name ?? type).slice(0, 60) };
  const require = (holds, what) => {
    if (!holds) throw new Error(`its ${what} cannot be used`);
  };
  require(ACTIVATIONS.includes(activation), "activation");
  if (WITH_WINDOWS.includes(type) || POOLING.includes(type)) {
    require(isPair(strides, 1, 64), "stride");
    require(["valid", "same"].includes(padding), "padding");
    Object.assign(options, { strides, padding });
  }
  if (POOLING.includes(type)) {
    require(isPair(poolSize, 1, 64), "window");
    options.poolSize = poolSize;
  }
  if (type === "ZeroPadding2D") {
    require(Array.isArray(padding) && padding.length === 2, "padding");
    require(padding.every((sides) => isPair(sides, 0, 64)), "padding");
    options.padding = padding;
  }
  if (type === "Rescaling") {
    require(Number.isFinite(scale) && Number.isFinite(offset), "scale");
    Object.assign(options, { scale, offset });
  }
  if (type === "Dropout" && Number.isFinite(rate)) options.rate = rate;
  return { ...options, activation };
}

function readLayer(layer, payload) {
  const { type } = layer;
  if (!Object.hasOwn(ARRAYS, type) && ![...POOLING, ...OTHERS].includes(type)) {
    throw new Error("it is of a kind that cannot run here");
  }
  const read = readOptions(layer);
  for (const [name, axes] of Object.entries(ARRAYS[type] ?? {})) {
    if (name === "bias" && !layer.bias) continue;
    read[name] = readArray(layer[name], axes, payload);
  }
  const filters = type === "DepthwiseConv2D" ? read.kernel.shape[2] * read.kernel.shape[3] : null;
  if (read.bias && read.bias.shape[0] !== (filters ?? read.kernel.shape.at(-1))) {
    throw new Error("it has not one bias for each filter");
  }
  return read;
}

/** Multiply–adds of a part for one image. */
function work({ type, kernel }, output) {
  if (!kernel) return 0;
  const places = type === "Dense" ? 1 : output[0] * output[1];
  return places * kernel.data.length;
}

/** Say what makes a network file of a model that Keras has saved. */
function refuseKerasFile(bytes) {
  const start = String.fromCharCode(...bytes.subarray(0, 4));
  if (!KERAS_FILES.includes(start)) return;
  throw new Error(
    "This is a model as Keras saves it. In a notebook, " +
      '`export_weights(keras.models.load_model("model.keras"), "my.network")` makes of it the ' +
      "file that opens here; export_weights comes from utils.explorers.",
  );
}

/**
 * Read a network.
 * @param {Uint8Array} bytes  of the whole file
 * @returns {{ name: string, input: number[], classes: string[], layers: object[] }} each layer
 *   with `shape`, that of what it gives
 */
export function readNetwork(bytes) {
  refuseKerasFile(bytes);
  const { header, payload } = opened(bytes, "network file", "`export_weights(model, path)` writes one.");
  const { input, layers, classes } = header;
  if (!isShape(input, 3) || input[0] > LARGEST_SIDE || input[1] > LARGEST_SIDE || ![1, 3].includes(input[2])) {
    throw new Error(
      `The network takes images of ${input}; up to ${LARGEST_SIDE} × ${LARGEST_SIDE}, gray or in ` +
        "color, are possible.",
    );
  }
  if (!Array.isArray(layers) || !isWhole(layers.length, 1, MOST_LAYERS)) {
    throw new Error("The file has no list of layers.");
  }
  let shape = input;
  let total = 0;
  const read = layers.map((layer, index) => {
    try {
      const checked = readLayer(layer, payload);
      for (const part of parts(checked)) {
        shape = outputShape(part, shape);
        total += work(part, shape);
      }
      if (!isShape(shape, shape.length) || total > MOST_WORK) throw new Error("it is too large");
      return { ...checked, shape };
    } catch (error) {
      const name = typeof layer?.type === "string" ? `, ${layer.type.slice(0, 40)},` : "";
      throw new Error(`Layer ${index + 1}${name} cannot run here: ${error.message}.`);
    }
  });
  if (shape.length !== 1) throw new Error("The network ends with maps, and not with a row of answers.");
  const last = read.at(-1).activation;
  if (shape[0] < 2 || ![null, "softmax"].includes(last)) {
    throw new Error(
      `The network ends with ${shape[0]} ${last ?? "linear"} units; it has to end with softmax over ` +
        "two classes or more, or with the sums before it.",
    );
  }
  if (last === null) read.push({ type: "Activation", name: "softmax", activation: "softmax", shape });
  const named = Array.isArray(classes) && classes.length === shape[0];
  return {
    name: String(header.name ?? "network").slice(0, 80),
    input,
    classes: Array.from({ length: shape[0] }, (_, i) => String(named ? classes[i] : i).slice(0, 40)),
    layers: read,
  };
}
