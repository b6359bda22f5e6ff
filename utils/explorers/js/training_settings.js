/**
 * What a reader can set of a training: the network, what it learns from, and how. From settings
 * to the list of layers. The names are short and stable: they stand in links and in Python.
 */

/** Each setting: what it is at the start, and what it may be. */
export const SETTINGS = {
  data: { first: "digits", among: ["digits", "garments"] },
  images: { first: 5000, among: [20, 100, 500, 1000, 2000, 5000] },
  blocks: { first: 2, among: [1, 2, 3] },
  filters: { first: 8, among: [4, 8, 16, 32] },
  kernel: { first: 3, among: [1, 3, 5, 7] },
  pooling: { first: "max", among: ["max", "mean", "none"] },
  units: { first: 0, among: [0, 32, 64, 128] },
  dropout: { first: 0, among: [0, 0.25, 0.5, 0.75] },
  batchNorm: { first: false, among: [false, true] },
  activation: { first: "relu", among: ["relu", "none"] },
  start: { first: "random", among: ["random", "zeros", "low biases"] },
  optimizer: { first: "adam", among: ["adam", "momentum", "sgd"] },
  rate: { first: 0.003, above: 0 },
  batch: { first: 32, among: [8, 16, 32, 64, 128] },
  augment: { first: false, among: [false, true] },
  wrong: { first: 0, among: [0, 0.1, 0.3, 0.5, 1] },
  shuffled: { first: false, among: [false, true] },
  peek: { first: false, among: [false, true] },
  seed: { first: 1, whole: true },
};

export const FIRST = Object.fromEntries(
  Object.entries(SETTINGS).map(([name, { first }]) => [name, first]),
);

/** Whether a setting may have this value. */
function fits({ among, above, whole }, value) {
  if (among) return among.includes(value);
  if (whole) return Number.isInteger(value) && value >= 0 && value < 2 ** 32;
  return Number.isFinite(value) && value > above;
}

/**
 * Settings that can be used, and what was wrong with the others, which are as at the start.
 * @param {object} given
 * @returns {{ settings: object, problem: string }}
 */
export function checked(given) {
  const problems = [];
  const entries = Object.entries(SETTINGS).map(([name, rule]) => {
    const value = given?.[name] ?? rule.first;
    if (fits(rule, value)) return [name, value];
    problems.push(`${name} cannot be ${String(value).slice(0, 20)} and is ${rule.first}`);
    return [name, rule.first];
  });
  const problem = problems.length ? `Not everything could be used: ${problems.join("; ")}.` : "";
  return { settings: Object.fromEntries(entries), problem };
}

/** Settings as the end of an address: what differs from those at the start. */
export function asAddress(situation, settings) {
  const changed = Object.entries(checked(settings).settings).filter(([name, value]) => {
    return value !== FIRST[name];
  });
  return `#${new URLSearchParams([["training", situation], ...changed])}`;
}

/** The situation and the settings of an address, or null; what cannot be is as at the start. */
export function fromAddress(hash) {
  const given = new URLSearchParams(hash.slice(1));
  const situation = given.get("training");
  if (!situation) return null;
  const settings = {};
  for (const [name, { among }] of Object.entries(SETTINGS)) {
    const text = given.get(name);
    if (text !== null) {
      settings[name] = among ? (among.find((each) => String(each) === text) ?? text) : Number(text);
    }
  }
  return { situation, settings };
}

const BIAS = -10; // so low that no output of a filter gets above 0: "low biases"

/** The layers of the network, as learning.js takes them. */
export function layersOf(settings, classes = 10) {
  const { blocks, filters, kernel, pooling, units, dropout, batchNorm, activation, start } =
    settings;
  const options = {
    initializer: { zeros: "zeros" }[start],
    firstBias: start === "low biases" ? BIAS : 0,
  };
  const isRelu = activation === "relu";
  const layers = [];
  for (let block = 0; block < blocks; block++) {
    const convolution = { type: "Conv2D", filters: filters * 2 ** block, kernelSize: kernel };
    Object.assign(convolution, { strides: 1, padding: "same", ...options });
    if (isRelu && !batchNorm) convolution.activation = "relu";
    layers.push(convolution);
    if (batchNorm) layers.push({ type: "BatchNormalization" });
    if (batchNorm && isRelu) layers.push({ type: "ReLU" });
    const type = { max: "MaxPooling2D", mean: "AveragePooling2D" }[pooling];
    if (type) layers.push({ type, poolSize: 2, strides: 2, padding: "valid" });
  }
  layers.push({ type: "Flatten" });
  if (units) {
    const dense = { type: "Dense", units, ...options };
    layers.push(isRelu ? { ...dense, activation: "relu" } : dense);
  }
  if (dropout) layers.push({ type: "Dropout", rate: dropout });
  layers.push({ type: "Dense", units: classes, initializer: options.initializer });
  return layers;
}
