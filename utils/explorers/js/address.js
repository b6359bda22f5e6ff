/**
 * The settings of an explorer as a short text for a link, and back. Each explorer lists its
 * settings once: their names in a link, the traits behind them, and of which kind they are.
 *
 *     export const settings = {
 *       stride: { kind: "whole", trait: "stride", from: 1, to: 4, label: "Stride" },
 *       …
 *     };
 *
 * `label` is how its control on the page begins, or a list of all that belong to it, buttons
 * too: a link may leave some controls alone. `called` names several by one word.
 *
 * Only what differs from the page's own state is written. What a link holds comes from
 * strangers, or from an earlier course: each value is checked, and one that does not fit
 * leaves the setting as it is, with a sentence. No page here: tools/book/static/teach has it.
 */

import { decode, encode } from "./engine.js";
import { LAYERS } from "./sizes.js";

const LARGEST = { filters: 10000, units: 10000, kernelSize: 31, poolSize: 31, strides: 31, depthMultiplier: 100 };
const ACTIVATIONS = [
  ...["relu", "softmax", "tanh", "sigmoid", "elu", "gelu"],
  ...["leaky_relu", "relu6", "selu", "silu", "softplus"],
];
const WIDEST_WEIGHT = 1000;

/** A value that does not fit; the message says what would. */
class Unfit extends Error {}

/** A name as a link has it: "Sobel x" becomes "sobel-x". */
export const slug = (name) =>
  name
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");

/** The name among `names` whose slug is `text`; an Unfit that lists some of them otherwise. */
function named(names, text) {
  const found = names.find((name) => slug(name) === text);
  if (found === undefined) throw new Unfit(`it is one of ${names.map(slug).slice(0, 12).join(", ")}`);
  return found;
}

// ---------------------------------------------------------------- numbers

function readNumber(text, from, to) {
  const value = /^-?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : NaN;
  if (!(value >= from && value <= to)) throw new Unfit(`it is a number from ${from} to ${to}`);
  return value;
}

function readWhole(text, from, to) {
  if (!/^-?\d{1,9}$/.test(text) || Number(text) < from || Number(text) > to) {
    throw new Unfit(`it is a whole number from ${from} to ${to}`);
  }
  return Number(text);
}

/** A 32-bit number in the fewest digits that give it again. */
function shortest(value) {
  for (let digits = 1; digits < 9; digits += 1) {
    const text = Number(value.toPrecision(digits));
    if (Math.fround(text) === Math.fround(value)) return String(text);
  }
  return String(value);
}

function readList(text, count, read) {
  const parts = text.split(",");
  if (parts.length !== count) throw new Unfit(`it has ${count} numbers`);
  return parts.map(read);
}

const readWeights = (text, count) =>
  readList(text, count, (part) => readNumber(part, -WIDEST_WEIGHT, WIDEST_WEIGHT));

// ---------------------------------------------------------------- layers

/** An option's value: a number, a word, or sides as 3x5 and zeros as 1x2x3x4. */
function writeOption(value) {
  return Array.isArray(value) ? value.flat().join("x") : String(value);
}

function readOption(type, name, text) {
  const standard = LAYERS[type][name];
  if (typeof standard === "boolean") {
    if (text !== "true" && text !== "false") throw new Unfit(`${name} is true or false`);
    return text === "true";
  }
  if (name === "activation") {
    if (text === "null") return null;
    if (!ACTIVATIONS.includes(text)) throw new Unfit(`${name} is one of ${ACTIVATIONS.join(", ")}`);
    return text;
  }
  if (name in LARGEST) return readSides(text, 1, LARGEST[name], [1, name in { filters: 0, units: 0, depthMultiplier: 0 } ? 1 : 2]);
  if (name === "padding" && type !== "ZeroPadding2D") {
    return ["valid", "same"].includes(text) ? text : readWhole(text, 0, 31);
  }
  if (name === "padding") return readSides(text, 0, 31, [1, 4]);
  return name === "rate" ? readNumber(text, 0, 0.999) : readNumber(text, -1e6, 1e6);
}

/** One number, [rows, columns], or [[above, below], [left, right]]. */
function readSides(text, from, to, [fewest, most]) {
  const sides = text.split("x").map((part) => readWhole(part, from, to));
  if (sides.length < fewest || sides.length > most || sides.length === 3) {
    throw new Unfit("it has one number, or two: for rows and columns");
  }
  if (sides.length === 4) return [sides.slice(0, 2), sides.slice(2)];
  return sides.length === 1 ? sides[0] : sides;
}

/** A network as "Conv2D:filters-64:kernelSize-7,Flatten"; what is as in Keras is left out. */
function writeLayers(layers) {
  const written = layers.map((layer) => {
    const standard = LAYERS[layer.type];
    const isOwn = (name) => JSON.stringify(layer[name]) !== JSON.stringify(standard[name]);
    const own = Object.keys(standard).filter((name) => name in layer && isOwn(name));
    return [layer.type, ...own.map((name) => `${name}-${writeOption(layer[name])}`)].join(":");
  });
  return written.join(",");
}

function readLayer(text) {
  const [type, ...options] = text.split(":");
  if (!Object.hasOwn(LAYERS, type)) throw new Unfit(`there is no layer “${type}”`);
  const layer = { type, ...LAYERS[type] };
  for (const option of options) {
    const [, name, value] = /^(\w+)-(.+)$/.exec(option) ?? [];
    if (!Object.hasOwn(LAYERS[type], name)) throw new Unfit(`${type} has no option “${option}”`);
    layer[name] = readOption(type, name, value);
  }
  if ("strides" in layer) layer.strides ??= layer.poolSize;
  return layer;
}

function readLayers(text, most) {
  const parts = text === "" ? [] : text.split(",");
  if (parts.length > most) throw new Unfit(`it has at most ${most} layers`);
  return parts.map(readLayer);
}

// ---------------------------------------------------------------- the kinds of settings

const at = (model, trait) => model.get(trait);
const close = (values, others) =>
  values.length === others.length && values.every((value, i) => Math.abs(value - others[i]) < 1e-6);

/** The networks that an explorer offers by name: name → its layers, and the side of its input. */
function presetNetworks(model) {
  const presets = at(model, "presets");
  return Array.isArray(presets)
    ? Object.fromEntries(presets.map((preset) => [preset.name, preset]))
    : presets;
}

/** A filter k × k × 3 of number `index` as the flat list of its weights. */
function weightsOf({ shape, data }, index) {
  const count = shape[3];
  return Array.from({ length: data.length / count }, (_, i) => data[i * count + index]);
}

/** The size and weights of a text "sobel-x", or of one with all numbers: "1,0,-1,…". */
function readFilter(text, presets, depth) {
  for (const [size, known] of Object.entries(presets)) {
    const [name, wanted] = text.split(":");
    const found = Object.keys(known).find((each) => slug(each) === name);
    if (found && (!wanted || wanted === size)) return { size: Number(size), weights: known[found].flat(2) };
  }
  const size = Object.keys(presets).map(Number).find((each) => each * each * depth === text.split(",").length);
  if (!size) {
    const [names] = Object.values(presets).map((known) => Object.keys(known).map(slug));
    throw new Unfit(`it is one of ${names.slice(0, 12).join(", ")}, or all its numbers`);
  }
  return { size, weights: readWeights(text, size * size * depth) };
}

/** A filter by its name, with its size where this is not the smallest, or by its numbers. */
function writeFilter(size, weights, presets) {
  const known = Object.entries(presets[size]);
  const found = known.find(([, values]) => close(values.flat(2), weights));
  if (!found) return weights.map(shortest).join(",");
  return slug(found[0]) + (String(size) === Object.keys(presets)[0] ? "" : `:${size}`);
}

/**
 * How each kind of setting is written, or null for what a link has no room for, and read into
 * traits.
 */
const KINDS = {
  whole: {
    write: (model, { trait }) => String(at(model, trait)),
    read: (text, { trait, from, to }) => ({ [trait]: readWhole(text, from, to) }),
  },
  number: {
    write: (model, { trait }) => shortest(at(model, trait)),
    read: (text, { trait, from, to }) => ({ [trait]: readNumber(text, from, to) }),
  },
  flag: {
    write: (model, { trait }) => (at(model, trait) ? "1" : "0"),
    read: (text, { trait }) => ({ [trait]: readWhole(text, 0, 1) === 1 }),
  },
  word: {
    write: (model, { trait }) => String(at(model, trait)),
    read: (text, { trait, words }) => {
      if (!words.includes(text)) throw new Unfit(`it is one of ${words.join(", ")}`);
      return { [trait]: text };
    },
  },
  /** Padding: a word, or zeros on each side. */
  padding: {
    write: (model, { trait }) => String(at(model, trait)),
    read: (text, { trait, to }) => ({
      [trait]: ["valid", "same"].includes(text) ? text : readWhole(text, 0, to),
    }),
  },
  /** Several whole numbers: a place, a shift, the sides of an image. */
  list: {
    write: (model, { trait }) => at(model, trait).join(","),
    read: (text, { trait, from, to, count = 2 }) => ({
      [trait]: readList(text, count, (part) => readWhole(part, from, to)),
    }),
  },
  /** Which of red, green and blue are on: "rb". */
  channels: {
    write: (model, { trait }) => [..."rgb"].filter((_, i) => at(model, trait)[i]).join("") || "none",
    read: (text, { trait }) => {
      if (!/^(r?g?b?|none)$/.test(text)) throw new Unfit("it is some of the letters rgb, or none");
      return { [trait]: [..."rgb"].map((letter) => text !== "none" && text.includes(letter)) };
    },
  },
  /** An image of the list; a drawing or a photo stays with the reader. */
  image: {
    write: (model) => {
      const selected = at(model, "selected");
      return at(model, "images").some(({ name }) => name === selected) ? slug(selected) : null;
    },
    read: (text, _, model) => {
      const images = at(model, "images");
      const selected = named(images.map(({ name }) => name), text);
      return { selected, image: images.find(({ name }) => name === selected).image };
    },
  },
  kernel: {
    write: (model, { trait }) => {
      const { shape, data } = decode(at(model, trait), "kernel");
      return writeFilter(shape[0], [...data], at(model, "presets"));
    },
    read: (text, { trait }, model) => {
      const { size, weights } = readFilter(text, at(model, "presets"), 1);
      return { [trait]: encode({ shape: [size, size], data: weights }) };
    },
  },
  /** Several filters of one size, each with its bias: "red-edges;blue@20". */
  filters: {
    write: (model) => {
      const filters = decode(at(model, "filters"), "filters");
      const biases = decode(at(model, "biases"), "biases").data;
      const [size, , , count] = filters.shape;
      const written = Array.from({ length: count }, (_, i) => {
        const words = writeFilter(size, weightsOf(filters, i), at(model, "presets"));
        return biases[i] ? `${words}@${shortest(biases[i])}` : words;
      });
      return written.join(";");
    },
    read: (text, { most }, model) => {
      const parts = text.split(";");
      if (parts.length > most) throw new Unfit(`it has at most ${most} filters`);
      const read = parts.map((part) => {
        const [words, bias = "0"] = part.split("@");
        return { ...readFilter(words, at(model, "presets"), 3), bias: readNumber(bias, -1000, 1000) };
      });
      const [{ size, weights }] = read;
      if (read.some((each) => each.size !== size)) throw new Unfit("its filters have one size");
      const data = weights.flatMap((_, i) => read.map((each) => each.weights[i]));
      return {
        filters: encode({ shape: [size, size, 3, read.length], data }),
        biases: encode({ shape: [read.length], data: read.map(({ bias }) => bias) }),
      };
    },
  },
  /** A network by its name, or layer by layer. */
  layers: {
    write: (model, { trait }) => {
      const layers = at(model, trait);
      const isThis = ([, preset]) => JSON.stringify(preset.layers) === JSON.stringify(layers);
      const known = Object.entries(presetNetworks(model)).find(isThis);
      return known ? slug(known[0]) : writeLayers(layers);
    },
    read: (text, { trait, most }, model) => {
      const known = Object.entries(presetNetworks(model)).find(([name]) => slug(name) === text);
      return { [trait]: known ? known[1].layers : readLayers(text, most) };
    },
  },
};

// ---------------------------------------------------------------- a whole view

/**
 * What a setting that follows another one becomes, if the link names the other one alone: as
 * where the reader moves a slider, and as in Keras, a stride is the window until it is set apart.
 * @param {object} values name → text, of the settings that are named
 * @param {object} original name → text, of all settings on the page
 */
export function followers(settings, values, original) {
  const isFollowing = ([name, { follows }]) =>
    follows && !(name in values) && follows in values && original[name] === original[follows];
  const found = Object.entries(settings).filter(isFollowing);
  return Object.fromEntries(found.map(([name, { follows }]) => [name, values[follows]]));
}

/** The settings of a model as they are: name → text, null for what a link cannot hold. */
export function writeSettings(settings, model) {
  const written = Object.entries(settings).map(([name, setting]) => [
    name,
    KINDS[setting.kind].write(model, setting),
  ]);
  return Object.fromEntries(written);
}

/** A text within a link: legible where that is possible. */
const escaped = (text) =>
  encodeURIComponent(text)
    .replace(/%20/g, "+")
    .replace(/%(2C|3A|3B|40)/g, (code) => decodeURIComponent(code));

function unescaped(text) {
  try {
    return decodeURIComponent(text.replace(/\+/g, " "));
  } catch {
    return text; // a percent sign that begins no code
  }
}

/** The part of an address behind "#" for an explorer and what differs from `original`. */
export function writeView(place, settings, written, original, others = {}) {
  const isOther = ([name, text]) => text !== null && text !== original[name];
  const changed = Object.fromEntries(Object.entries(written).filter(isOther));
  const read = { ...original, ...followers(settings, changed, original), ...changed };
  const isToWrite = ([name, text]) => name in changed || (text !== null && text !== read[name]);
  const own = Object.entries(written).filter(isToWrite);
  const parts = [...own, ...Object.entries(others)].map(([name, text]) => `${name}=${escaped(text)}`);
  return [place, ...parts].join("&");
}

/** An address's place and its values by name; null if it names no view. */
export function readView(hash) {
  const [place, ...parts] = hash.replace(/^#/, "").split("&");
  if (parts.length === 0) return null;
  const values = parts.filter(Boolean).map((part) => {
    const cut = part.indexOf("=");
    return cut < 0 ? [unescaped(part), ""] : [part.slice(0, cut), unescaped(part.slice(cut + 1))];
  });
  return { place, values: Object.fromEntries(values) };
}

/**
 * The traits that these values stand for, and a sentence on each that does not fit.
 * @returns {{ traits: object, problems: string[] }}
 */
export function readSettings(settings, model, values) {
  const traits = {};
  const problems = [];
  for (const [name, text] of Object.entries(values)) {
    const setting = Object.hasOwn(settings, name) ? settings[name] : null;
    if (!setting) {
      problems.push(`There is no setting “${name.slice(0, 30)}” here.`);
      continue;
    }
    try {
      Object.assign(traits, KINDS[setting.kind].read(text, setting, model));
    } catch (error) {
      if (!(error instanceof Unfit)) throw error;
      problems.push(`“${name}=${text.slice(0, 40)}” does not fit: ${error.message}. It stays as it was.`);
    }
  }
  return { traits, problems };
}
