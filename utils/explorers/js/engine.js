/**
 * The computing engine of the explorers: convolution, pooling, dense layers. What a list of
 * layers does to sizes and costs is in sizes.js.
 *
 * No DOM, no state. Arrays are channels last and row-major, as in Keras, and names are
 * Keras's. Errors are sentences for readers of a page: show `error.message` as it is.
 *
 * @typedef {{ shape: number[], data: Float32Array }} Tensor
 * @typedef {{ shape: number[], dtype: "uint8" | "float32", data: DataView }} StoredArray
 * @typedef {"valid" | "same" | number} Padding  a number pads both sides with so many zeros
 */

import { both, requireOptions, times, windowsOnMap } from "./sizes.js";

// --- Arrays ------------------------------------------------------------------------------

/**
 * Make a tensor, of zeros where no data are given. A Float32Array is kept, not copied.
 * @param {number[]} shape
 * @param {ArrayLike<number>} [data]
 * @returns {Tensor}
 */
export function tensor(shape, data) {
  const count = countValues(shape);
  if (data === undefined) return { shape: [...shape], data: new Float32Array(count) };
  if (data.length !== count) {
    throw new Error(
      `There are ${data.length} values, and an array of ${times(shape)} needs ${count}.`,
    );
  }
  return {
    shape: [...shape],
    data: data instanceof Float32Array ? data : new Float32Array(data),
  };
}

/**
 * Read an array as it comes from Python or from a stored notebook. The values stay as they
 * are (0…255 for uint8); a shape [height, width] becomes [height, width, 1].
 * @param {StoredArray} value
 * @param {string} [name]  what the array is, for the error messages
 * @returns {Tensor}
 */
export function decode(value, name = "image") {
  if (!value?.shape || !value.data) throw new Error(`There is no stored ${name}.`);
  const { shape, dtype, data } = value;
  const bytesPerValue = { uint8: 1, float32: 4 }[dtype];
  if (!bytesPerValue) {
    throw new Error(`The stored ${name} has the type ${dtype}; it must be uint8 or float32.`);
  }
  const needed = countValues(shape, `stored ${name}`) * bytesPerValue;
  if (data.byteLength !== needed) {
    throw new Error(
      `The stored ${name} holds ${data.byteLength} bytes, and ${times(shape)} ` +
        `${dtype} values need ${needed}.`,
    );
  }
  // A copy of the bytes, because a float32 view may not start in the middle of a word.
  const bytes = new Uint8Array(data.buffer ?? data, data.byteOffset ?? 0, needed).slice();
  const values = dtype === "uint8" ? new Float32Array(bytes) : new Float32Array(bytes.buffer);
  return tensor(shape.length === 2 ? [...shape, 1] : shape, values);
}

/**
 * Write a tensor in the form in which Python reads it: the opposite of `decode`.
 * For uint8 the values are rounded and limited to 0…255.
 * @param {Tensor} values
 * @param {"uint8" | "float32"} [dtype]
 * @returns {StoredArray}
 */
export function encode({ shape, data }, dtype = "float32") {
  const Type = { uint8: Uint8ClampedArray, float32: Float32Array }[dtype];
  if (!Type) throw new Error(`An array is stored as uint8 or float32, and not as ${dtype}.`);
  const oneChannel = shape.length === 3 && shape[2] === 1;
  return {
    shape: oneChannel ? shape.slice(0, 2) : [...shape],
    dtype,
    data: new DataView(new Type(data).buffer),
  };
}

/**
 * The smallest and the largest value.
 * @param {Tensor} values
 * @returns {{ min: number, max: number }}
 */
export function extent({ data }) {
  let min = Infinity;
  let max = -Infinity;
  for (let i = 0; i < data.length; i++) {
    if (data[i] < min) min = data[i];
    if (data[i] > max) max = data[i];
  }
  return { min, max };
}

/**
 * The values in one row: height, then width, then channels, as Keras's Flatten.
 * @param {Tensor} values
 * @returns {Tensor} of shape [length]; it shares its data with `values`
 */
export function flatten({ data }) {
  return { shape: [data.length], data };
}

function countValues(shape, name = "array") {
  const isShape = Array.isArray(shape) && shape.length > 0;
  if (!isShape || !shape.every((side) => Number.isInteger(side) && side > 0)) {
    throw new Error(
      `The ${name} has the shape ${isShape ? times(shape) : shape}; a shape is a list ` +
        "of whole numbers of at least 1.",
    );
  }
  return shape.reduce((product, side) => product * side, 1);
}

// --- Convolution -------------------------------------------------------------------------

/**
 * Slide each filter over the map (cross-correlation: the kernel is not flipped, as in Keras).
 * @param {Tensor} input  [height, width, channels]
 * @param {Tensor} kernel  [kernel height, kernel width, channels, filters]
 * @param {object} [options]
 * @param {number | [number, number]} [options.strides]
 * @param {Padding | [Padding, Padding]} [options.padding]  with zeros
 * @param {ArrayLike<number> | null} [options.bias]  one value per filter
 * @param {"relu" | null} [options.activation]
 * @returns {Tensor} [rows, columns, filters]
 */
export function conv2d(input, kernel, options = {}) {
  requireOptions("A convolution", options, ["strides", "padding", "bias", "activation"]);
  const { strides = 1, padding = "valid", bias = null, activation = null } = options;
  const [kernelHeight, kernelWidth, channels, filters] = kernel.shape;
  requireKernel(input, kernel, bias);
  const window = [kernelHeight, kernelWidth];
  const [y, x] = windowsOnMap(input.shape, { window, strides, padding });
  const [strideY, strideX] = both(strides);
  const rowLength = (x.before + input.shape[1] + x.after) * channels;
  const plan = {
    rows: y.size,
    columns: x.size,
    filters,
    kernelHeight,
    run: kernelWidth * channels, // these values of a window's row lie side by side
    rowLength,
    down: strideY * rowLength, // from a window to the one below, in values
    right: strideX * channels, // from a window to the next one
  };
  const padded = padMap(input, y, x, 3 * plan.right);
  const output = tensor([y.size, x.size, filters]);
  let filter = 0;
  for (; filter + 4 <= filters; filter += 4) {
    slideFourFilters(padded, packWeights(kernel, filter, 4), output.data, filter, plan);
  }
  for (; filter < filters; filter++) {
    slideOneFilter(padded, packWeights(kernel, filter, 1), output.data, filter, plan);
  }
  addBias(output.data, bias);
  return activate(output, activation);
}

function requireKernel(input, kernel, bias) {
  if (kernel.shape.length !== 4) {
    throw new Error(
      "A kernel has the shape height × width × channels × filters, and not " +
        `${times(kernel.shape)}.`,
    );
  }
  if (input.shape.length === 3 && input.shape[2] !== kernel.shape[2]) {
    throw new Error(
      "The numbers of channels differ: the map has " +
        `${input.shape[2]}, and the kernel is for ${kernel.shape[2]}.`,
    );
  }
  requireBias(bias, kernel.shape[3]);
}

function requireBias(bias, count) {
  if (bias && bias.length !== count) {
    throw new Error(`There are ${bias.length} biases for ${count} filters or units.`);
  }
}

/**
 * Copy the map with its padding into doubles: V8 computes in doubles, and to convert each
 * value once, not in the inner loop, saves a third of the time. `slack` values more at the
 * end let the inner loops read a few windows too many at the end of a row, unasked.
 */
function padMap({ shape, data }, y, x, slack) {
  const [height, width, channels] = shape;
  const rowLength = (x.before + width + x.after) * channels;
  const padded = new Float64Array((y.before + height + y.after) * rowLength + slack);
  for (let row = 0; row < height; row++) {
    const values = data.subarray(row * width * channels, (row + 1) * width * channels);
    padded.set(values, (y.before + row) * rowLength + x.before * channels);
  }
  return padded;
}

// The weights of `count` filters from `first` on, in the order in which they are used.
function packWeights({ shape, data }, first, count) {
  const filters = shape[3];
  const places = data.length / filters;
  const packed = new Float64Array(places * count);
  for (let place = 0; place < places; place++) {
    for (let j = 0; j < count; j++) packed[place * count + j] = data[place * filters + first + j];
  }
  return packed;
}

/**
 * One filter at four neighboring windows at a time: four sums that do not wait for each
 * other, and each weight is read once for four products.
 */
function slideOneFilter(padded, weights, output, filter, plan) {
  const { rows, columns, filters, kernelHeight, run, rowLength, down, right } = plan;
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x += 4) {
      let sum0 = 0;
      let sum1 = 0;
      let sum2 = 0;
      let sum3 = 0;
      let start = y * down + x * right;
      let place = 0;
      for (let ky = 0; ky < kernelHeight; ky++, start += rowLength) {
        for (let i = start; i < start + run; i++) {
          const weight = weights[place++];
          sum0 += weight * padded[i];
          sum1 += weight * padded[i + right];
          sum2 += weight * padded[i + 2 * right];
          sum3 += weight * padded[i + 3 * right];
        }
      }
      const at = (y * columns + x) * filters + filter;
      output[at] = sum0;
      if (x + 1 < columns) output[at + filters] = sum1;
      if (x + 2 < columns) output[at + 2 * filters] = sum2;
      if (x + 3 < columns) output[at + 3 * filters] = sum3;
    }
  }
}

/** Four filters at two neighboring windows at a time: six values read for eight products. */
function slideFourFilters(padded, weights, output, filter, plan) {
  const { rows, columns, filters, kernelHeight, run, rowLength, down, right } = plan;
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x += 2) {
      let left0 = 0;
      let left1 = 0;
      let left2 = 0;
      let left3 = 0;
      let right0 = 0;
      let right1 = 0;
      let right2 = 0;
      let right3 = 0;
      let start = y * down + x * right;
      let place = 0;
      for (let ky = 0; ky < kernelHeight; ky++, start += rowLength) {
        for (let i = start; i < start + run; i++, place += 4) {
          const leftValue = padded[i];
          const rightValue = padded[i + right];
          const weight0 = weights[place];
          const weight1 = weights[place + 1];
          const weight2 = weights[place + 2];
          const weight3 = weights[place + 3];
          left0 += leftValue * weight0;
          left1 += leftValue * weight1;
          left2 += leftValue * weight2;
          left3 += leftValue * weight3;
          right0 += rightValue * weight0;
          right1 += rightValue * weight1;
          right2 += rightValue * weight2;
          right3 += rightValue * weight3;
        }
      }
      const at = (y * columns + x) * filters + filter;
      writeFour(output, at, left0, left1, left2, left3);
      if (x + 1 < columns) writeFour(output, at + filters, right0, right1, right2, right3);
    }
  }
}

function writeFour(output, at, value0, value1, value2, value3) {
  output[at] = value0;
  output[at + 1] = value1;
  output[at + 2] = value2;
  output[at + 3] = value3;
}

function addBias(values, bias) {
  if (!bias) return;
  for (let i = 0; i < values.length; i += bias.length) {
    for (let j = 0; j < bias.length; j++) values[i + j] += bias[j];
  }
}

// --- Pooling -----------------------------------------------------------------------------

/**
 * Reduce each window to one number, each channel for itself. Padding is never part of a
 * window: it wins no maximum and is not counted in a mean, as in Keras.
 * @param {Tensor} input  [height, width, channels]
 * @param {object} [options]
 * @param {number | [number, number]} [options.poolSize]
 * @param {number | [number, number]} [options.strides]  by default the pool size
 * @param {Padding | [Padding, Padding]} [options.padding]
 * @param {"max" | "mean" | "min"} [options.mode]
 * @returns {Tensor & { winners: Int32Array }} `winners` has, for each value of the output,
 *   where it comes from, as y * width + x (of equal values the first in reading order),
 *   and -1 for a mean
 */
export function pool2d(input, options = {}) {
  requireOptions("Pooling", options, ["poolSize", "strides", "padding", "mode"]);
  const { poolSize = 2, strides = poolSize, padding = "valid", mode = "max" } = options;
  if (!["max", "min", "mean"].includes(mode)) {
    throw new Error(`Pooling takes the "max", "min" or "mean", and not "${mode}".`);
  }
  const isPooling = true;
  const [y, x] = windowsOnMap(input.shape, { window: poolSize, strides, padding, isPooling });
  const [height, width] = both(poolSize);
  const rows = coveredPlaces(input.shape[0], height, both(strides)[0], y);
  const columns = coveredPlaces(input.shape[1], width, both(strides)[1], x);
  const channels = input.shape[2];
  const output = tensor([y.size, x.size, channels]);
  const winners = new Int32Array(output.data.length).fill(-1);
  let at = 0;
  for (const row of rows) {
    for (const column of columns) {
      for (let channel = 0; channel < channels; channel++, at++) {
        if (mode === "mean") {
          output.data[at] = meanOf(input, row, column, channel);
        } else {
          winners[at] = findWinner(input, row, column, channel, mode === "max" ? 1 : -1);
          output.data[at] = input.data[winners[at] * channels + channel];
        }
      }
    }
  }
  return { ...output, winners };
}

// For each window the places of the map that it covers: from `first` up to before `end`.
function coveredPlaces(size, windowSize, stride, axis) {
  return Array.from({ length: axis.size }, (_, index) => {
    const start = index * stride - axis.before;
    return { first: Math.max(start, 0), end: Math.min(start + windowSize, size) };
  });
}

// The place of the largest value or, with the sign -1, of the smallest.
function findWinner({ shape, data }, rows, columns, channel, sign) {
  const [, width, channels] = shape;
  let winner = rows.first * width + columns.first;
  let best = sign * data[winner * channels + channel];
  for (let y = rows.first; y < rows.end; y++) {
    for (let x = columns.first; x < columns.end; x++) {
      const value = sign * data[(y * width + x) * channels + channel];
      if (value > best) {
        best = value;
        winner = y * width + x;
      }
    }
  }
  return winner;
}

function meanOf({ shape, data }, rows, columns, channel) {
  const [, width, channels] = shape;
  let sum = 0;
  for (let y = rows.first; y < rows.end; y++) {
    for (let x = columns.first; x < columns.end; x++) {
      sum += data[(y * width + x) * channels + channel];
    }
  }
  return sum / ((rows.end - rows.first) * (columns.end - columns.first));
}

// --- Activations and dense layers --------------------------------------------------------

/**
 * Negative values become 0.
 * @param {Tensor} input
 * @returns {Tensor}
 */
export function relu({ shape, data }) {
  return { shape: [...shape], data: data.map((value) => (value < 0 ? 0 : value)) };
}

/**
 * Probabilities in the proportions of e to the power of each value.
 * @param {Tensor | ArrayLike<number>} input
 * @returns {Tensor} of shape [length]; the sum is 1
 */
export function softmax(input) {
  const values = Float64Array.from(input.data ?? input);
  // The largest exponent becomes 0, so that no power overflows; the proportions stay.
  const largest = values.reduce((a, b) => Math.max(a, b), -Infinity);
  const powers = values.map((value) => Math.exp(value - largest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return tensor(
    [values.length],
    powers.map((power) => power / sum),
  );
}

/**
 * A dense layer: each output is a weighted sum of all inputs.
 * @param {Tensor | ArrayLike<number>} input  a map is flattened
 * @param {object} layer
 * @param {Tensor} layer.weights  [inputs, units]
 * @param {ArrayLike<number> | null} [layer.bias]  one value per unit
 * @param {"relu" | "softmax" | null} [layer.activation]
 * @returns {Tensor} [units]
 */
export function dense(input, layer) {
  requireOptions("A dense layer", layer, ["weights", "bias", "activation"]);
  const { weights, bias = null, activation = null } = layer;
  const values = input.data ?? input;
  const [inputs, units] = weights.shape;
  if (values.length !== inputs) {
    throw new Error(`There are ${values.length} inputs, and the weights are for ${inputs}.`);
  }
  requireBias(bias, units);
  const sums = new Float64Array(units);
  for (let i = 0; i < inputs; i++) {
    const value = values[i];
    if (value === 0) continue; // after ReLU and dropout many are
    for (let j = 0, at = i * units; j < units; j++, at++) sums[j] += value * weights.data[at];
  }
  addBias(sums, bias);
  return activate(tensor([units], sums), activation);
}

function activate(output, activation) {
  if (activation === "relu") return relu(output);
  if (activation === "softmax" && output.shape.length === 1) return softmax(output);
  if (activation === null || activation === "linear") return output;
  throw new Error(`The activation ${activation} is not one that this layer can have.`);
}
