/**
 * Layers in words: what kinds there are, what their options are called, what each layer does
 * with its numbers in the formula, and what is worth a warning. No page, no state.
 */

import { format } from "./interface.js";
import { LAYERS, both, losesPosition, times, windowOf, windows, zerosAround } from "./sizes.js";

/** What a new layer of each type is, in the order of the menu: where not as in Keras, usual. */
export const NEW = {
  Conv2D: { padding: "same", activation: "relu" },
  MaxPooling2D: { strides: 2 },
  AveragePooling2D: { strides: 2 },
  GlobalAveragePooling2D: {},
  GlobalMaxPooling2D: {},
  Flatten: {},
  Dense: { units: 64, activation: "relu" },
  Dropout: {},
  BatchNormalization: {},
  ReLU: {},
  Activation: {},
  SeparableConv2D: { padding: "same", activation: "relu" },
  DepthwiseConv2D: { padding: "same" },
  ZeroPadding2D: {},
  Rescaling: {},
};

/** A new layer of this type, with those of the `kept` options that it has. */
export function newLayer(type, kept = {}) {
  const layer = { type, ...LAYERS[type], ...NEW[type] };
  const options = Object.keys(LAYERS[type]).filter((option) => option in kept);
  return { ...layer, ...Object.fromEntries(options.map((option) => [option, kept[option]])) };
}

/** The layer of another type that stands in its place: a window or units stay as they were. */
export function replaced(layer, type) {
  const isAlike = ["kernelSize", "poolSize", "units"].some(
    (option) => option in layer && option in LAYERS[type],
  );
  return newLayer(type, isAlike ? layer : {});
}

/** Whether a layer leaves the shape as it is. */
export const keepsShape = (type) =>
  ["Dropout", "ReLU", "Activation", "BatchNormalization", "Rescaling"].includes(type);

// --- Numbers -----------------------------------------------------------------------------

/** A whole number with all its digits. */
export const count = (value) => format(value, 15);

/** A shape with all its digits: 28 × 28 × 1. */
export const shapeText = (shape) => times(shape.map(count));

/** 89,466,496 as 89.5 million. */
export function short(value) {
  if (value >= 1e9) return `${format(value / 1e9)} billion`;
  return value >= 1e6 ? `${format(value / 1e6)} million` : format(value);
}

/** A share as 21 %; what is not all or nothing is never rounded to it. */
export function percent(part, whole) {
  const share = whole ? (100 * part) / whole : 0;
  if (share > 0 && share < 1) return "<\u00a01\u00a0%";
  if (share > 99 && share < 100) return ">\u00a099\u00a0%";
  return `${Math.round(share)}\u00a0%`;
}

// --- One layer in words ------------------------------------------------------------------

const isSame = (one, other) => String(both(one)) === String(both(other));
const activationText = ({ activation }) =>
  activation ? `, ${activation === "relu" ? "ReLU" : activation}` : "";
const strideText = ({ strides }) => times([...new Set(both(strides))]);

function windowText(layer) {
  const many = layer.filters ? `${format(layer.filters)} of ` : "";
  const stride = strideText(layer);
  const depth = (layer.depthMultiplier ?? 1) > 1 ? `, ${layer.depthMultiplier} for each map` : "";
  const bias = layer.useBias === false ? ", no bias" : "";
  return (
    `${many}${times(windowOf(layer))}, ${stride === "1" ? "" : `stride ${stride}, `}` +
    `${layer.padding}${depth}${activationText(layer)}${bias}`
  );
}

/** A layer's options in a few words. */
export function optionsText(layer) {
  switch (layer.type) {
    case "Conv2D":
    case "DepthwiseConv2D":
    case "SeparableConv2D":
      return windowText(layer);
    case "MaxPooling2D":
    case "AveragePooling2D":
      return (
        times(both(layer.poolSize)) +
        (isSame(layer.strides, layer.poolSize) ? "" : `, stride ${strideText(layer)}`) +
        (layer.padding === "valid" ? "" : `, ${layer.padding}`)
      );
    case "Dense":
      return `${format(layer.units)} units${activationText(layer)}${layer.useBias === false ? ", no bias" : ""}`;
    case "Dropout":
      return `rate ${format(layer.rate)}`;
    case "Activation":
      return activationText(layer).slice(2) || "none";
    case "ZeroPadding2D":
      return zerosText(layer.padding);
    case "Rescaling":
      return `· ${format(layer.scale)}${layer.offset ? ` + ${format(layer.offset)}` : ""}`;
    default:
      return "";
  }
}

/** "1 on each side", or what is put above, below, left and right. */
function zerosText(padding) {
  const [[above, below], [left, right]] = zerosAround(padding);
  if (new Set([above, below, left, right]).size === 1) return `${above} on each side`;
  return `${above} above, ${below} below, ${left} left, ${right} right`;
}

/** How many rows and columns a sliding layer gives, with the formula. */
function sizeText(layer, [rows, columns]) {
  const size = windowOf(layer);
  const strides = both(layer.strides);
  const paddings = both(layer.padding);
  const axes = [rows, columns].map((side, axis) =>
    windows(side, size[axis], strides[axis], paddings[axis]),
  );
  const line = (side, axis) => {
    if (paddings[axis] === "same") return `⌈${side} / ${strides[axis]}⌉ = ${axes[axis].size}`;
    const zeros = paddings[axis] === "valid" ? 0 : paddings[axis];
    return `⌊(${side} + 2 · ${zeros} − ${size[axis]}) / ${strides[axis]}⌋ + 1 = ${axes[axis].size}`;
  };
  const [down, across] = [line(rows, 0), line(columns, 1)];
  const text =
    down === across ? `Rows and columns: ${down}.` : `Rows: ${down}. Columns: ${across}.`;
  const left = axes.map((axis) => axis.unused);
  if (paddings[0] === "same" || left[0] + left[1] === 0) return text;
  const unread = ["row", "column"].map((noun, axis) =>
    left[axis] > 1 ? `${left[axis]} ${noun}s` : left[axis] && noun,
  );
  return `${text} No window reaches the last ${unread.filter(Boolean).join(" and the last ")}.`;
}

/** What a layer with kernels costs, each number with its formula. */
function costText(layer, channels, { shape, parameters, multiplyAdds }) {
  const plusBias = layer.useBias === false ? "" : " + 1";
  const window = windowOf(layer).map(count).join(" · ");
  const places = `at ${shape[0]} · ${shape[1]} places = ${count(multiplyAdds)}`;
  const maps = channels * (layer.depthMultiplier ?? 1);
  switch (layer.type) {
    case "Conv2D": {
      const factors = `${window} · ${count(channels)}`;
      return [
        `Parameters: (${factors}${plusBias}) · ${count(layer.filters)} = ${count(parameters)}.`,
        `Multiply–adds: ${factors} · ${count(layer.filters)} weights ${places}.`,
      ];
    }
    case "DepthwiseConv2D":
      return [
        `Each map has its own kernel, and no other map is read. Parameters: (${window}${plusBias}) · ` +
          `${count(maps)} = ${count(parameters)}.`,
        `Multiply–adds: ${window} · ${count(maps)} weights ${places}.`,
      ];
    default: {
      const across = `${count(maps)} · ${count(layer.filters)}`;
      return [
        "First each map by itself with its own kernel, then across the maps with 1 × 1. Parameters: " +
          `${window} · ${count(maps)} + (${count(maps)}${plusBias}) · ${count(layer.filters)} = ` +
          `${count(parameters)}.`,
        `Multiply–adds: (${window} · ${count(maps)} + ${across}) weights ${places}.`,
      ];
    }
  }
}

/**
 * What one layer does, each number with its formula, in sentences.
 * @param {object} layer with all its options
 * @param {number[]} before the shape that it gets
 * @param {{ shape: number[], parameters: number, multiplyAdds: number }} row what it gives
 */
export function explain(layer, before, row) {
  const channels = before.at(-1);
  switch (layer.type) {
    case "Conv2D":
    case "DepthwiseConv2D":
    case "SeparableConv2D":
      return [sizeText(layer, before), ...costText(layer, channels, row)];
    case "MaxPooling2D":
    case "AveragePooling2D":
      return [
        sizeText(layer, before),
        `No parameters: it keeps the ${layer.type === "MaxPooling2D" ? "largest value" : "mean"} ` +
          "of each window, each map by itself.",
      ];
    case "Dense":
      return [
        `Parameters: (${count(channels)}${layer.useBias === false ? "" : " + 1"}) · ` +
          `${count(layer.units)} = ${count(row.parameters)}.`,
        before.length === 1
          ? `Each weight is used once: ${count(row.multiplyAdds)} multiply–adds.`
          : `Each weight is used at each of the ${before[0]} · ${before[1]} places: ` +
            `${count(row.multiplyAdds)} multiply–adds.`,
      ];
    case "GlobalAveragePooling2D":
      return [`The mean of each map: ${count(channels)} values. No parameters.`];
    case "GlobalMaxPooling2D":
      return [`The largest value of each map: ${count(channels)} values. No parameters.`];
    case "Flatten":
      return [
        `All values in one row: ${before.map(count).join(" · ")} = ${count(row.shape[0])}. No parameters.`,
      ];
    case "Dropout":
      return [
        `In training it sets values to 0 with probability ${format(layer.rate)}; in use it changes nothing.`,
      ];
    case "BatchNormalization":
      return [normalizationText(layer, channels, row)];
    case "ZeroPadding2D":
      return [`Zeros around each map: ${zerosText(layer.padding)}. No parameters.`];
    case "Rescaling":
      return [`Each value · ${format(layer.scale)} + ${format(layer.offset)}. No parameters.`];
    case "Activation":
      return layer.activation && layer.activation !== "relu"
        ? [`${layer.activation} of the values. No parameters.`]
        : [`${layer.activation ? "Negative values become 0" : "Nothing changes"}. No parameters.`];
    default:
      return ["Negative values become 0. No parameters."];
  }
}

function normalizationText({ center = true, scale = true }, channels, { parameters }) {
  const learned = [scale && "scale", center && "shift"].filter(Boolean);
  const verb = learned.length === 2 ? "are" : "is";
  const text = learned.length ? `${learned.join(" and ")} ${verb} learned, ` : "";
  return (
    `Parameters: ${2 + learned.length} · ${count(channels)} = ${count(parameters)}. ` +
    `${text.charAt(0).toUpperCase()}${text.slice(1)}${text ? "mean" : "Mean"} and variance are ` +
    "measured in training."
  );
}

// --- Warnings ----------------------------------------------------------------------------

/**
 * What can be built, but is hardly meant: a sentence for a layer of a network, or null.
 * @param {object[]} layers
 * @param {number[][]} shapes of the input, and after each layer
 * @param {number} index of the layer
 */
export function warning(layers, shapes, index) {
  const layer = layers[index];
  const [before, after] = [shapes[index], shapes[index + 1]];
  if (!after) return null;
  if (layer.type === "Dense" && before.length === 3) {
    return (
      `It gets a map of ${shapeText(before)}, no row of values, and works at each of the ` +
      `${before[0]} · ${before[1]} places alone, on its ${count(before[2])} channels. Put Flatten or ` +
      "global pooling before it to let it see the whole image."
    );
  }
  const pools = "poolSize" in layer || (losesPosition(layer) && layer.type !== "Flatten");
  const dense = layers.slice(0, index).findIndex(({ type }) => type === "Dense");
  if (pools && dense >= 0) {
    return (
      `It pools no maps of the image, but what layer ${dense + 1}, Dense, says at each place. ` +
      "Put pooling before the dense layers."
    );
  }
  const isNormalized = layers[index + 1]?.type === "BatchNormalization";
  if (isNormalized && "useBias" in layer && layer.useBias && !layer.activation) {
    return (
      `Its ${count(after.at(-1))} biases do nothing: the batch normalization behind it takes ` +
      "away the mean of each map, and a bias with it."
    );
  }
  return null;
}
