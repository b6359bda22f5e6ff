/**
 * What layers do to sizes, and what they cost: windows, shapes, receptive fields, parameters,
 * multiply–adds. Plain values in and out; errors are sentences for readers of a page.
 *
 * The twin of utils/sizes.py, which names the sources of the formulas; tests/utils/test_sizes.py
 * compares the two. What is here alone: which places of a map feed one above it.
 *
 * @typedef {"valid" | "same" | number} Padding  a number pads both sides with so many zeros
 * @typedef {{ type: string, [option: string]: any }} Layer  for example
 *   `{ type: "Conv2D", filters: 64, kernelSize: 7, padding: "same" }`
 */

const WINDOW = { strides: 1, padding: "valid" };
const NEURONS = { activation: null, useBias: true };

/** The options of each layer, and what they are where they are left out. */
export const LAYERS = {
  Conv2D: { filters: 32, kernelSize: 3, ...WINDOW, ...NEURONS },
  DepthwiseConv2D: { kernelSize: 3, ...WINDOW, depthMultiplier: 1, ...NEURONS },
  SeparableConv2D: { filters: 32, kernelSize: 3, ...WINDOW, depthMultiplier: 1, ...NEURONS },
  MaxPooling2D: { poolSize: 2, strides: null, padding: "valid" }, // null: the window's
  AveragePooling2D: { poolSize: 2, strides: null, padding: "valid" },
  GlobalAveragePooling2D: {},
  GlobalMaxPooling2D: {},
  Flatten: {},
  Dense: { units: 10, ...NEURONS },
  Dropout: { rate: 0.5 },
  BatchNormalization: { center: true, scale: true },
  ReLU: {},
  Activation: { activation: "relu" },
  ZeroPadding2D: { padding: 1 },
  Rescaling: { scale: 1 / 255, offset: 0 },
};
const POSITION_IS_LOST = ["Flatten", "GlobalAveragePooling2D", "GlobalMaxPooling2D"];

/** An option for rows and for columns: 3 stands for [3, 3]. */
export const both = (value) => (Array.isArray(value) ? value : [value, value]);

/** "28 × 28 × 1" for [28, 28, 1]. */
export const times = (shape) => shape.join(" × ");

const product = (values) => values.reduce((one, other) => one * other, 1);
const sum = (values) => values.reduce((one, other) => one + other, 0);

/** Whether a layer slides a window over its maps: a convolution or a pooling. */
export function isSliding({ type }) {
  const options = LAYERS[type] ?? {};
  return "kernelSize" in options || "poolSize" in options;
}

/** Whether nothing behind a layer of this type has a place in the image. */
export const losesPosition = ({ type }) => POSITION_IS_LOST.includes(type);

/** Rows and columns of the window of a convolution or pooling. */
export const windowOf = (layer) => both(layer.kernelSize ?? layer.poolSize);

/**
 * A layer with all its options; an Error for a type or an option that there is not.
 * @param {Layer} layer
 * @returns {Layer}
 */
export function completed(layer) {
  const options = Object.hasOwn(LAYERS, layer.type) ? LAYERS[layer.type] : null;
  if (!options) throw new Error(`There is no layer with the name ${layer.type} here.`);
  requireOptions(layer.type, layer, ["type", ...Object.keys(options)]);
  const full = { ...options, ...layer };
  if ("strides" in full) full.strides ??= full.poolSize ?? 1;
  return full;
}

/** An Error that lists the options that there are, if another is given. */
export function requireOptions(name, given, options) {
  const unknown = Object.keys(given).find((option) => !options.includes(option));
  if (unknown === undefined) return;
  const known = options.filter((option) => option !== "type").join(", ");
  throw new Error(
    `${name} has no option ${unknown}. ` +
      (known ? `Its options are ${known}.` : "It has no options."),
  );
}

/** An Error unless a value is a whole number of at least 1. */
export function requireWhole(name, value) {
  if (!Number.isInteger(value) || value < 1) {
    throw new Error(`The ${name} must be a whole number of at least 1, and it is ${value}.`);
  }
}

// --- Windows that slide over a map -------------------------------------------------------

/**
 * Where windows fit along one axis: ⌊(n + p₁ + p₂ − k) / s⌋ + 1 of them.
 *
 * "same" is Keras's: ⌈n / s⌉ windows, and where the padding is an odd number of pixels, the
 * extra one comes after the map.
 * @param {number} size  pixels of the input
 * @param {number} windowSize
 * @param {number} [stride]
 * @param {Padding} [padding]
 * @returns {{ size: number, before: number, after: number, fits: boolean, unused: number }}
 *   the number of windows; the pixels of padding before and after the input; whether a
 *   window fits at all (if not, size is 0); the pixels at the end of the padded input
 *   that no window reaches
 */
export function windows(size, windowSize, stride = 1, padding = "valid") {
  requireWhole("input's size", size);
  requireWhole("window's size", windowSize);
  requireWhole("stride", stride);
  let before;
  let after;
  if (padding === "same") {
    const total = Math.max((Math.ceil(size / stride) - 1) * stride + windowSize - size, 0);
    before = Math.floor(total / 2);
    after = total - before;
  } else {
    before = after = padding === "valid" ? 0 : padding;
    if (!Number.isInteger(before) || before < 0) {
      throw new Error(
        `The padding is "valid", "same" or a whole number of at least 0, and not ${padding}.`,
      );
    }
  }
  const room = before + size + after - windowSize;
  if (room < 0) return { size: 0, before, after, fits: false, unused: room + windowSize };
  return {
    size: Math.floor(room / stride) + 1,
    before,
    after,
    fits: true,
    unused: room % stride,
  };
}

/**
 * `windows` along rows and columns; an Error where no window fits, or where a window of a
 * pooling would lie in the padding alone: it has no largest value and no mean.
 * @param {number[]} shape  [height, width, channels]
 * @param {{ window: number | number[], strides: number | number[],
 *   padding: Padding | Padding[], isPooling?: boolean }} options
 * @returns {ReturnType<typeof windows>[]}
 */
export function windowsOnMap(shape, { window, strides, padding, isPooling = false }) {
  if (shape.length !== 3) {
    throw new Error(
      `Windows slide over a map of height × width × channels, and not over an array of ` +
        `${times(shape)}.`,
    );
  }
  const sides = both(window);
  const [steps, paddings] = [both(strides), both(padding)];
  const axes = [0, 1].map((axis) => windows(shape[axis], sides[axis], steps[axis], paddings[axis]));
  if (!axes.every(({ fits }) => fits)) throw new Error(describeMisfit(shape, sides, paddings));
  if (isPooling && axes.some(({ before }, axis) => before >= sides[axis])) {
    throw new Error(
      `With this padding a ${times(sides)} window would see nothing but padding. ` +
        "Use a padding that is smaller than the window.",
    );
  }
  return axes;
}

function describeMisfit([height, width], sides, paddings) {
  const padded = paddings.some((padding) => padding > 0) ? " with its padding" : "";
  return (
    `The map is ${height} × ${width}, and a ${times(sides)} window does not fit into ` +
    `it${padded}. Use padding "same", a smaller window or fewer pooling layers.`
  );
}

function requireMap({ type }, shape) {
  if (shape.length === 3) return;
  throw new Error(
    `${type} needs a map of height × width × channels, and here it gets a row of ` +
      `${times(shape)} values. Put it before Flatten, Dense and global pooling.`,
  );
}

/** The zeros of a ZeroPadding2D: [[above, below], [left, right]]. */
export const zerosAround = (padding) => both(padding).map(both);

// --- What one layer gives and costs ------------------------------------------------------

/**
 * The shapes of a layer's kernels over `channels` maps or values, as Keras keeps them. A
 * SeparableConv2D has two: one for each map, then 1 × 1.
 */
export function kernels(layer, channels) {
  if (layer.type === "Dense") return [[channels, layer.units]];
  if (layer.kernelSize === undefined) return [];
  const window = windowOf(layer);
  if (layer.type === "Conv2D") return [[...window, channels, layer.filters]];
  const depth = layer.depthMultiplier;
  const each = [...window, channels, depth];
  if (layer.type === "DepthwiseConv2D") return [each];
  return [each, [1, 1, channels * depth, layer.filters]];
}

/** The shape that a layer with all its options gives; an Error if it cannot. */
function outputShape(layer, shape) {
  const channels = shape.at(-1);
  if (isSliding(layer)) {
    requireMap(layer, shape);
    const isPooling = layer.poolSize !== undefined;
    const axes = windowsOnMap(shape, { ...layer, window: windowOf(layer), isPooling });
    const maps = layer.filters ?? channels * (layer.depthMultiplier ?? 1);
    return [...axes.map(({ size }) => size), maps];
  }
  if (layer.type === "Flatten") return [product(shape)];
  // On a map it works at each place, on the channels alone: Keras asks for no Flatten.
  if (layer.type === "Dense") return [...shape.slice(0, -1), layer.units];
  if (losesPosition(layer)) {
    requireMap(layer, shape);
    return [channels];
  }
  if (layer.type === "ZeroPadding2D") {
    requireMap(layer, shape);
    const zeros = zerosAround(layer.padding);
    return [shape[0] + sum(zeros[0]), shape[1] + sum(zeros[1]), channels];
  }
  return shape;
}

const COUNTED = {
  filters: "number of filters",
  units: "number of units",
  depthMultiplier: "depth multiplier",
};

/**
 * Shape and cost of one layer; an Error, with a sentence for readers, if it cannot be built.
 *
 * Parameters are the weights of the kernels and, with `useBias`, a bias for each map or unit
 * of the output. A BatchNormalization learns a scale and a shift for each map, and keeps a
 * mean and a variance that it measures. Multiply–adds: each weight once at each place of the
 * output; biases are not counted, and neither are layers without a kernel.
 * @returns {{ shape: number[], parameters: number, trainable: number, multiplyAdds: number }}
 */
export function build(given, shape) {
  const layer = completed(given);
  for (const [option, name] of Object.entries(COUNTED)) {
    if (option in layer) requireWhole(name, layer[option]);
  }
  const output = outputShape(layer, shape);
  const channels = shape.at(-1);
  if (layer.type === "BatchNormalization") {
    const trainable = (Number(layer.center) + Number(layer.scale)) * channels;
    return { shape: output, parameters: trainable + 2 * channels, trainable, multiplyAdds: 0 };
  }
  const weights = sum(kernels(layer, channels).map(product));
  const parameters = weights + (weights && layer.useBias ? output.at(-1) : 0);
  const multiplyAdds = product(output.slice(0, -1)) * weights;
  return { shape: output, parameters, trainable: parameters, multiplyAdds };
}

// --- Receptive fields --------------------------------------------------------------------

/**
 * How layers move along one axis: for each the size of the map before it, the window, the
 * stride, the padding before the map, and the size of the map that it gives. A layer that
 * keeps each place has a window of 1; `isWhole` are one that mixes all places and those after
 * it. Ends early where a window does not fit.
 * @param {Layer[]} layers
 * @param {number} inputSize  pixels of the input along the axis
 * @param {0 | 1} [axis]  0 along the height, 1 along the width
 */
export function slides(layers, inputSize, axis = 0) {
  const found = [];
  let size = inputSize;
  let isWhole = false;
  for (const layer of layers.map(completed)) {
    const slide = { size, windowSize: 1, stride: 1, before: 0, output: size, isWhole };
    if (losesPosition(layer)) slide.isWhole = isWhole = true;
    if (!isWhole && layer.type === "ZeroPadding2D") {
      const [before, after] = zerosAround(layer.padding)[axis];
      Object.assign(slide, { before, output: before + size + after });
    } else if (!isWhole && isSliding(layer)) {
      const windowSize = windowOf(layer)[axis];
      const stride = both(layer.strides)[axis];
      const placed = windows(size, windowSize, stride, both(layer.padding)[axis]);
      if (!placed.fits) break;
      Object.assign(slide, { windowSize, stride, before: placed.before, output: placed.size });
    }
    found.push(slide);
    size = slide.output;
  }
  return found;
}

/**
 * What one value after layer `upTo` sees of the input, along one axis.
 * @param {Layer[]} layers
 * @param {number} upTo  index of the layer; -1 is the input itself
 * @param {number} inputSize  pixels of the input along the axis; padding "same" depends on it
 * @param {0 | 1} [axis]  0 along the height, 1 along the width
 * @returns {{ size: number, jump: number, start: number } | null} the pixels it sees, padding
 *   included; the pixels from what it sees to what its neighbor sees; the first pixel that
 *   output 0 sees, negative in the padding. Null where position is lost or a window does not fit.
 */
export function receptiveField(layers, upTo, inputSize, axis = 0) {
  const along = slides(layers.slice(0, upTo + 1), inputSize, axis);
  if (along.length <= upTo || along.some(({ isWhole }) => isWhole)) return null;
  const field = { size: 1, jump: 1, start: 0 };
  for (const { windowSize, stride, before } of along) {
    field.size += (windowSize - 1) * field.jump;
    field.start -= before * field.jump;
    field.jump *= stride;
  }
  return field;
}

/**
 * Which positions after layer `from` feed the positions first…last after layer `to`, along
 * one axis. Both ends are included.
 * @param {Layer[]} layers
 * @param {number} from  index of the earlier layer; -1 is the input
 * @param {number} to  index of the later layer
 * @param {number} first
 * @param {number} last
 * @param {number} inputSize  pixels of the input along the axis
 * @param {0 | 1} [axis]  0 along the height, 1 along the width
 * @returns {{ first: number, last: number, clipped: { first: number, last: number } | null }
 *   | null} the range with the padding, and the first and last place of it that is read: not
 *   by way of padding, which sees nothing of the input. `clipped` is null if all is padding.
 *   Null where a window does not fit.
 */
export function sourceRange(layers, from, to, first, last, inputSize, axis = 0) {
  const along = slides(layers.slice(0, to + 1), inputSize, axis);
  if (along.length <= to) return null;
  let range = { first, last };
  // A stride larger than its window leaves gaps, so the places are followed one by one.
  let read = Array.from({ length: last - first + 1 }, (_, at) => first + at);
  for (const slide of along.slice(from + 1).reverse()) {
    range = rangeBefore(range, slide);
    read = placesBefore(read, slide);
  }
  const clipped = read.length ? { first: read[0], last: read.at(-1) } : null;
  return { ...range, clipped };
}

function rangeBefore({ first, last }, { size, windowSize, stride, before, isWhole }) {
  if (isWhole) return { first: 0, last: size - 1 };
  return { first: first * stride - before, last: last * stride - before + windowSize - 1 };
}

/** The places of the map before a layer that feed these places after it. */
function placesBefore(places, { size, windowSize, stride, before, isWhole }) {
  const isRead = new Uint8Array(size);
  for (const place of places) {
    const start = isWhole ? 0 : place * stride - before;
    const end = isWhole ? size : start + windowSize;
    isRead.fill(1, Math.max(start, 0), Math.max(end, 0));
  }
  return [...isRead.keys()].filter((place) => isRead[place]);
}

// --- Whole networks ----------------------------------------------------------------------

const NOTHING = {
  shape: null,
  parameters: null,
  trainable: null,
  multiplyAdds: null,
  receptiveField: null,
  jump: null,
  problem: null,
};

/**
 * What each layer of a network does to the shape, and what it costs.
 * @param {Layer[]} layers
 * @param {number[]} inputShape  [height, width, channels] or [length]
 * @returns {{ shape: number[] | null, parameters: number | null, trainable: number | null,
 *   multiplyAdds: number | null, receptiveField: number | null, jump: number | null,
 *   problem: string | null }[]} one per layer. `receptiveField` and `jump` are pixels of the
 *   input along its height (with square windows also along the width), and null where
 *   position is lost. At the first layer that cannot be built, `problem` says why in a
 *   sentence; there and after it, everything else is null.
 */
export function summarize(layers, inputShape) {
  inputShape.forEach((side) => requireWhole("input's size", side));
  let shape = inputShape;
  return layers.map((layer, index) => {
    if (shape === null) return { ...NOTHING };
    try {
      const built = build(layer, shape);
      const field = inputShape.length === 3 ? receptiveField(layers, index, inputShape[0]) : null;
      shape = built.shape;
      return {
        ...NOTHING,
        ...built,
        receptiveField: field?.size ?? null,
        jump: field?.jump ?? null,
      };
    } catch (error) {
      shape = null;
      return { ...NOTHING, problem: error.message };
    }
  });
}
