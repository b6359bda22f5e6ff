/**
 * Forward passes through a trained network: a chain of layers with their weights.
 *
 * Convolutions and dense layers run on WebAssembly SIMD where the browser has it (simd.js),
 * else, as all others, in plain JavaScript. Names and results are Keras's. No DOM.
 *
 * @typedef {import("./engine.js").Tensor} Tensor
 * @typedef {{ type: string, [option: string]: any }} TrainedLayer  with its arrays as tensors
 * @typedef {{ input: number[], layers: TrainedLayer[] }} TrainedNetwork
 */

import { conv2d, dense, flatten, softmax, tensor } from "./engine.js";
import { SimdLayers } from "./simd.js";
import { both, windows } from "./sizes.js";


// ---------------------------------------------------------------- activations

const FUNCTIONS = {
  relu: (value) => (value < 0 ? 0 : value),
  sigmoid: (value) => 1 / (1 + Math.exp(-value)),
  tanh: Math.tanh,
};

/** Apply an activation; softmax works along the last axis, as in Keras. */
function activate(values, activation) {
  if (!activation || activation === "linear") return values;
  if (activation === "softmax") {
    const length = values.shape.at(-1);
    const data = new Float32Array(values.data.length);
    for (let at = 0; at < data.length; at += length) {
      data.set(softmax(values.data.subarray(at, at + length)).data, at);
    }
    return tensor(values.shape, data);
  }
  return tensor(values.shape, values.data.map(FUNCTIONS[activation]));
}

// ---------------------------------------------------------------- layers without a SIMD kernel

/** The places of a map that each window covers along one axis: [first, end). */
function covered(size, windowSize, stride, padding) {
  const axis = windows(size, windowSize, stride, padding);
  return Array.from({ length: axis.size }, (_, index) => {
    const start = index * stride - axis.before;
    return [Math.max(start, 0), Math.min(start + windowSize, size)];
  });
}

/** Reduce windows to their maximum or mean, all channels of a place at once. */
function pool({ shape, data }, { poolSize, strides, padding }, isMax) {
  const [, width, channels] = shape;
  const [size, step, pad] = [both(poolSize), both(strides), both(padding)];
  const [rows, columns] = [0, 1].map((a) => covered(shape[a], size[a], step[a], pad[a]));
  const output = tensor([rows.length, columns.length, channels]);
  let to = 0;
  for (const [top, bottom] of rows) {
    for (const [left, right] of columns) {
      const result = output.data.subarray(to, to + channels).fill(isMax ? -Infinity : 0);
      for (let y = top; y < bottom; y++) {
        for (let x = left; x < right; x++) {
          const from = (y * width + x) * channels;
          if (isMax) {
            for (let c = 0; c < channels; c++) {
              if (data[from + c] > result[c]) result[c] = data[from + c];
            }
          } else for (let c = 0; c < channels; c++) result[c] += data[from + c];
        }
      }
      const count = (bottom - top) * (right - left);
      if (!isMax) for (let c = 0; c < channels; c++) result[c] /= count;
      to += channels;
    }
  }
  return output;
}

/** Reduce each whole map to one number. */
function poolGlobally(input, isMax) {
  const [height, width, channels] = input.shape;
  const whole = { poolSize: [height, width], strides: [1, 1], padding: "valid" };
  return tensor([channels], pool(input, whole, isMax).data);
}

/** A filter for each map alone; `kernel` is [height, width, channels, filters for each channel]. */
function depthwise({ shape, data }, { kernel, bias, strides, padding }) {
  const [height, width, channels] = shape;
  const [kernelHeight, kernelWidth, , multiplier] = kernel.shape;
  const [step, pad] = [both(strides), both(padding)];
  const y = windows(height, kernelHeight, step[0], pad[0]);
  const x = windows(width, kernelWidth, step[1], pad[1]);
  const filters = channels * multiplier;
  const output = tensor([y.size, x.size, filters]);
  for (let place = 0; place < y.size * x.size; place++) {
    const top = Math.floor(place / x.size) * step[0] - y.before;
    const left = (place % x.size) * step[1] - x.before;
    const result = output.data.subarray(place * filters, (place + 1) * filters);
    if (bias) result.set(bias.data);
    for (let i = Math.max(0, -top); i < Math.min(kernelHeight, height - top); i++) {
      for (let j = Math.max(0, -left); j < Math.min(kernelWidth, width - left); j++) {
        const from = ((top + i) * width + left + j) * channels;
        const weights = (i * kernelWidth + j) * filters;
        for (let f = 0; f < filters; f++) {
          result[f] += data[from + Math.floor(f / multiplier)] * kernel.data[weights + f];
        }
      }
    }
  }
  return output;
}

/** Scale and shift each channel. */
function scaleChannels({ shape, data }, { scale, offset }) {
  const channels = shape.at(-1);
  const values = new Float32Array(data.length);
  for (let i = 0; i < data.length; i++) {
    values[i] = data[i] * scale.data[i % channels] + offset.data[i % channels];
  }
  return tensor(shape, values);
}

/** Put zeros around a map: [[top, bottom], [left, right]]. */
function zeroPadding({ shape, data }, { padding }) {
  const [[top, bottom], [left, right]] = padding;
  const [height, width, channels] = shape;
  const output = tensor([top + height + bottom, left + width + right, channels]);
  const line = width * channels;
  for (let row = 0; row < height; row++) {
    const to = ((top + row) * output.shape[1] + left) * channels;
    output.data.set(data.subarray(row * line, (row + 1) * line), to);
  }
  return output;
}

const OTHERS = {
  MaxPooling2D: (input, layer) => pool(input, layer, true),
  AveragePooling2D: (input, layer) => pool(input, layer, false),
  GlobalMaxPooling2D: (input) => poolGlobally(input, true),
  GlobalAveragePooling2D: (input) => poolGlobally(input, false),
  DepthwiseConv2D: (input, layer) => activate(depthwise(input, layer), layer.activation),
  BatchNormalization: scaleChannels,
  Rescaling: ({ shape, data }, { scale, offset }) =>
    tensor(shape, data.map((value) => value * scale + offset)),
  ZeroPadding2D: zeroPadding,
  Activation: (input, layer) => activate(input, layer.activation),
  ReLU: (input) => activate(input, "relu"),
  Flatten: flatten,
  Dropout: (input) => input, // it acts in training alone
};

// ---------------------------------------------------------------- shapes

/** Height and width after windows slid over a map; an Error where none fits. */
function slid([height, width], size, { strides, padding }) {
  const [windowSize, step, pad] = [both(size), both(strides), both(padding)];
  const axes = [height, width].map((side, a) => windows(side, windowSize[a], step[a], pad[a]));
  if (!axes.every(({ fits }) => fits)) {
    throw new Error(`a ${windowSize.join(" × ")} window does not fit into ${height} × ${width}`);
  }
  return axes.map((axis) => axis.size);
}

/**
 * The shape of what a layer gives. Raises an Error, with the rest of a sentence, where the
 * layer does not fit on an input of this shape.
 * @param {TrainedLayer} layer
 * @param {number[]} shape  [height, width, channels] or [length]
 * @returns {number[]}
 */
export function outputShape(layer, shape) {
  const { type, kernel, poolSize } = layer;
  const needsRow = type === "Dense";
  const keeps = ["Activation", "ReLU", "Dropout", "Rescaling", "BatchNormalization"].includes(type);
  if (!keeps && type !== "Flatten" && (shape.length === 1) !== needsRow) {
    throw new Error(`it needs ${needsRow ? "a row of values" : "maps"}, and gets ${shape.join(" × ")}`);
  }
  const channels = shape.at(-1);
  const wanted = kernel && (needsRow ? kernel.shape[0] : kernel.shape[2]);
  if (kernel && wanted !== channels) {
    throw new Error(`its weights are for ${wanted} channels or values, and it gets ${channels}`);
  }
  switch (type) {
    case "Conv2D":
      return [...slid(shape, kernel.shape.slice(0, 2), layer), kernel.shape[3]];
    case "DepthwiseConv2D":
      return [...slid(shape, kernel.shape.slice(0, 2), layer), channels * kernel.shape[3]];
    case "MaxPooling2D":
    case "AveragePooling2D":
      return [...slid(shape, poolSize, layer), channels];
    case "GlobalMaxPooling2D":
    case "GlobalAveragePooling2D":
      return [channels];
    case "ZeroPadding2D":
      return [...[0, 1].map((axis) => shape[axis] + layer.padding[axis][0] + layer.padding[axis][1]), channels];
    case "Flatten":
      return [shape.reduce((product, side) => product * side, 1)];
    case "Dense":
      return [kernel.shape[1]];
    default:
      return shape;
  }
}

// ---------------------------------------------------------------- the chain

/** Whether a layer is one of windows with weights, which the SIMD kernel takes. */
const isHeavy = ({ type }) => type === "Conv2D" || type === "Dense";

/** SeparableConv2D is two layers: a filter for each map, then 1 × 1 across the maps. */
export function parts(layer) {
  if (layer.type !== "SeparableConv2D") return [layer];
  const { depthwiseKernel, kernel, bias, activation, strides, padding } = layer;
  return [
    { type: "DepthwiseConv2D", kernel: depthwiseKernel, strides, padding },
    { type: "Conv2D", kernel, bias, activation, strides: 1, padding: "valid" },
  ];
}

function runPlainly(input, { type, kernel, bias = null, strides, padding }) {
  const offset = bias && bias.data;
  if (type === "Conv2D") return conv2d(input, kernel, { strides, padding, bias: offset });
  return dense(input, { weights: kernel, bias: offset });
}

/** What a layer makes of this input, in plain JavaScript. */
function runOne(input, part) {
  if (!isHeavy(part)) return OTHERS[part.type](input, part);
  return activate(runPlainly(input, part), part.activation);
}

/**
 * Make a network ready to answer.
 * @param {TrainedNetwork} network
 * @param {WebAssembly.Module | null} module  from simd.js, or null for plain JavaScript
 * @returns {(input: Tensor) => Tensor[]} from an image to what each layer makes of it
 */
export function prepare(network, module) {
  const chain = network.layers.map(parts);
  if (!module) {
    return (input) => {
      let value = input;
      return chain.map((steps) => (value = steps.reduce(runOne, value)));
    };
  }
  const heavy = new Map(); // from a layer to its number among those with a SIMD kernel
  const described = [];
  let shape = network.input;
  for (const part of chain.flat()) {
    if (isHeavy(part)) {
      const { kernel, bias, strides, padding } = part;
      heavy.set(part, described.length);
      described.push({ shape, kernel, bias: bias?.data ?? null, options: { strides, padding } });
    }
    shape = outputShape(part, shape);
  }
  const simd = new SimdLayers(module, described);
  const run = (value, part) => {
    if (!heavy.has(part)) return OTHERS[part.type](value, part);
    const isRelu = part.activation === "relu";
    const output = simd.run(heavy.get(part), value, isRelu);
    return isRelu ? output : activate(output, part.activation);
  };
  return (input) => {
    let value = input;
    return chain.map((steps) => (value = steps.reduce(run, value)));
  };
}

/**
 * How much each place of the image speaks for the answers: a square hides a part of the
 * image, and what the probabilities lose is how much the part spoke for them.
 * @param {(input: Tensor) => Tensor[]} run
 * @param {Tensor} image  [height, width, channels]
 * @param {object} options
 * @param {number} options.size  pixels of the square's side
 * @param {number} options.step  pixels from one place of the square to the next
 * @param {number} options.fill  the value of the square
 * @param {(done: number, all: number) => void} [options.onProgress]  after each row
 * @returns {{ shape: number[], data: Float32Array }} [rows, columns, classes]: the probability
 *   without the square minus that with it in the middle of this place
 */
export function occlusion(run, image, { size, step, fill, onProgress = () => {} }) {
  const [height, width, channels] = image.shape;
  const answer = run(image).at(-1).data;
  const rows = Math.ceil(height / step);
  const columns = Math.ceil(width / step);
  const lost = tensor([rows, columns, answer.length]);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const hidden = tensor(image.shape, image.data.slice());
      const [top, left] = [i * step, j * step].map((at) => at + ((step - size) >> 1));
      for (let y = Math.max(0, top); y < Math.min(height, top + size); y++) {
        const from = Math.max(0, left);
        const to = Math.min(width, left + size);
        hidden.data.fill(fill, (y * width + from) * channels, (y * width + to) * channels);
      }
      const found = run(hidden).at(-1).data;
      const at = (i * columns + j) * answer.length;
      for (let k = 0; k < answer.length; k++) lost.data[at + k] = answer[k] - found[k];
    }
    onProgress(i + 1, rows);
  }
  return lost;
}
