/**
 * A network that learns: a chain of layers on images, softmax with cross-entropy at its end,
 * gradients by backpropagation. Names and numbers are Keras's. No DOM.
 *
 * Layers are listed as in sizes.js: { type: "Conv2D", filters: 8, kernelSize: 3, padding: "same",
 * activation: "relu" }, … ; the last one is { type: "Dense", units: classes }, whose outputs are
 * the logits of the softmax.
 */

import {
  AveragePooling,
  BatchNormalization,
  Dropout,
  Flatten,
  MaxPooling,
  ReLU,
} from "./learning_layers.js";
import { Convolution, Dense, makeFlow } from "./learning_linear.js";
import { Memory } from "./learning_memory.js";
import { initialize, randomNumbers } from "./random.js";

const LAYERS = {
  Conv2D: Convolution,
  Dense,
  MaxPooling2D: MaxPooling,
  AveragePooling2D: AveragePooling,
  BatchNormalization,
  ReLU,
  Dropout,
  Flatten,
};

/** The logarithm of the sum of e to the power of each value from `at` on. */
function logSumExp(values, at, count) {
  let largest = -Infinity;
  for (let k = at; k < at + count; k++) if (values[k] > largest) largest = values[k];
  let sum = 0;
  for (let k = at; k < at + count; k++) sum += Math.exp(values[k] - largest);
  return largest + Math.log(sum);
}

export class Network {
  /**
   * @param {{ input: number[], layers: object[], batch: number, seed?: number,
   *   module?: WebAssembly.Module | null }} options  `batch` is the most images at a time
   */
  constructor({ input, layers, batch, seed = 0, module = null }) {
    const memory = new Memory();
    const random = randomNumbers(seed);
    this.batch = batch;
    this.images = makeFlow(memory, input, batch);
    this.layers = [];
    let flow = this.images;
    layers.forEach((layer, index) => {
      if (!Object.hasOwn(LAYERS, layer.type)) throw new Error(`${layer.type} cannot learn here.`);
      const name = `${index + 1} ${layer.type}`;
      const made = new LAYERS[layer.type](memory, name, flow, batch, { ...layer, random });
      this.layers.push(Object.assign(made, { type: layer.type, options: layer }));
      flow = made.output;
    });
    this.logits = flow;
    [this.classes] = flow.shape;
    if (flow.shape.length !== 1) throw new Error("The network has to end with a dense layer.");
    memory.make(module);
    this.memory = memory;
    this.parameters = this.layers.flatMap(({ parameters }) => parameters);
    for (const each of this.parameters) {
      each.values = each.place.values;
      each.gradient = each.gradientPlace.values;
    }
    this.probabilities = new Float32Array(batch * this.classes);
    this.firstLearning = this.layers.findIndex(({ parameters }) => parameters.length > 0);
    this.initialize(random);
  }

  /** First weights: He normal before ReLU, else Glorot uniform, or what the layer asks for. */
  initialize(random) {
    for (const layer of this.layers) {
      const followed = layer.options.activation === "relu" ? "he_normal" : "glorot_uniform";
      const { initializer = followed } = layer.options;
      for (const { values, shape, isKernel, first = 0 } of layer.parameters) {
        if (isKernel) initialize(values, shape, initializer, random);
        else values.fill(layer.options.firstBias ?? first);
      }
    }
  }

  /**
   * Run `count` images, of values 0 … 1 and one behind the other, through the network.
   * @param {Float32Array} images
   * @param {number} count  at most `batch`
   * @param {boolean} isTraining  with dropout and the statistics of the batch
   * @returns {Float32Array} the probabilities of each image's classes
   */
  forward(images, count, isTraining = false) {
    this.images.values.values.set(images);
    for (const layer of this.layers) layer.forward(count, isTraining);
    const { classes, probabilities } = this;
    const logits = this.logits.values.values;
    for (let at = 0; at < count * classes; at += classes) {
      const log = logSumExp(logits, at, classes);
      for (let k = at; k < at + classes; k++) probabilities[k] = Math.exp(logits[k] - log);
    }
    return probabilities.subarray(0, count * classes);
  }

  /**
   * Cross-entropy of the last forward pass, and how many answers are right.
   * @param {ArrayLike<number>} labels
   * @returns {{ loss: number, right: number }} the mean loss
   */
  judge(labels, count) {
    const { classes } = this;
    const logits = this.logits.values.values;
    let [loss, right] = [0, 0];
    for (let i = 0; i < count; i++) {
      const at = i * classes;
      loss += logSumExp(logits, at, classes) - logits[at + labels[i]];
      let best = at;
      for (let k = at + 1; k < at + classes; k++) if (logits[k] > logits[best]) best = k;
      if (best - at === labels[i]) right += 1;
    }
    return { loss: loss / count, right };
  }

  /**
   * The gradient of the mean loss at every weight, after a forward pass.
   * @param {(layer: object, name: string, values: Float32Array) => void} [onTrace]  gets what
   *   later steps overwrite
   */
  backward(labels, count, onTrace = null) {
    const { classes, probabilities, layers } = this;
    const gradient = this.logits.gradient.values;
    for (let i = 0; i < count * classes; i++) gradient[i] = probabilities[i] / count;
    for (let i = 0; i < count; i++) gradient[i * classes + labels[i]] -= 1 / count;
    for (let index = layers.length - 1; index >= this.firstLearning; index--) {
      const trace = onTrace && ((name, values) => onTrace(layers[index], name, values));
      layers[index].backward(count, index > this.firstLearning, trace);
    }
  }

  /** One step of training on a batch; the loss and how many were right before it. */
  step(images, labels, count, optimize, learningRate) {
    this.forward(images, count, true);
    const found = this.judge(labels, count);
    this.backward(labels, count);
    optimize(learningRate);
    return found;
  }

  /** All weights and moving statistics by layer, in the order of Keras's `get_weights`. */
  get weights() {
    return this.layers.flatMap(({ parameters, states = [] }) => [
      ...parameters.map(({ name, shape, values }) => ({ name, shape, values })),
      ...states.map(({ name, values }) => ({ name, shape: [values.length], values })),
    ]);
  }

  /** @param {ArrayLike<number>[]} arrays  in the order of `weights` */
  setWeights(arrays) {
    this.weights.forEach(({ values }, index) => values.set(arrays[index]));
  }
}
