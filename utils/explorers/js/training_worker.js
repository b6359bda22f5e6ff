/**
 * A training, as calls that can come as messages: this module runs in a Web Worker, so that the
 * page stays free. It trains a few hundredths of a second at a time, so that a call to pause is
 * heard. No DOM.
 */

import { Network } from "./learning.js";
import { compileLearning } from "./learning_memory.js";
import { makeOptimizer } from "./optimizers.js";
import { randomNumbers } from "./random.js";
import { trainedFile } from "./training_file.js";
import { readImages, TrainingSet } from "./training_set.js";
import { layersOf } from "./training_settings.js";
import { oneStep } from "./training_slowly.js";

const SLICE = 40; // ms of training before messages are looked for
const BETWEEN = 150; // ms between two reports
const LEAST_STEPS = 40; // between two times that all is judged
const MOST_STEPS = 200;
const FIRST_STEPS = 10; // at the start it is judged more often: after 10, 20, 40, …
const MISTAKES = 12;

const OPTIMIZERS = {
  adam: { optimizer: "adam" },
  momentum: { optimizer: "sgd", momentum: 0.9 },
  sgd: { optimizer: "sgd" },
};

const product = (numbers) => numbers.reduce((all, each) => all * each, 1);

/** A training that is under way: network, images, and how far it is. */
class Training {
  constructor(images, settings, module) {
    this.settings = { ...settings };
    this.random = randomNumbers(settings.seed + 7919); // not the numbers of the first weights
    this.set = new TrainingSet(images, settings, this.random);
    const { batch, seed } = settings;
    const layers = layersOf(settings, images.classes.length);
    const input = [...images.shape, 1];
    this.network = new Network({ input, layers, batch, seed, module });
    this.optimize = makeOptimizer(this.network.parameters, OPTIMIZERS[settings.optimizer]);
    this.batch = new Float32Array(batch * this.set.size);
    this.epochSteps = Math.ceil(this.set.train.length / batch);
    this.steps = 0;
    this.problem = "";
    this.clear();
  }

  clear() {
    Object.assign(this, { lossSum: 0, right: 0, seen: 0, sinceReport: 0 });
  }

  /** One step; a sentence in `problem` where the loss is no number any more. */
  step() {
    const { set, batch, network, settings } = this;
    const indices = set.next(settings.batch);
    set.fill(batch, indices, true);
    const labels = indices.map((index) => set.labels[index]);
    const count = indices.length;
    const found = network.step(batch, labels, count, this.optimize, settings.rate);
    this.steps += 1;
    this.sinceReport += 1;
    this.lossSum += found.loss * count;
    this.right += found.right;
    this.seen += count;
    if (!Number.isFinite(found.loss)) {
      this.problem =
        `After step ${this.steps} the loss is no number any more: the weights grew beyond what ` +
        "can be computed with. Take a smaller learning rate, and reset.";
    }
  }

  /** Call `visit(indices, probabilities)` for batches of these images. */
  answers(indices, visit) {
    const { set, batch, network, settings } = this;
    for (let at = 0; at < indices.length; at += settings.batch) {
      const part = indices.slice(at, at + settings.batch);
      set.fill(batch, part, false);
      visit(part, network.forward(batch, part.length));
    }
  }

  /** Loss and accuracy on images, by their labels as they are in the set or in training. */
  judge(indices, labels) {
    let [loss, right] = [0, 0];
    this.answers(indices, (part) => {
      const found = this.network.judge(Array.from(part, (i) => labels[i]), part.length);
      loss += found.loss * part.length;
      right += found.right;
    });
    return { loss: loss / indices.length, accuracy: right / indices.length };
  }

  /** Both sets judged, and how many filters are 0 everywhere. */
  evaluate() {
    const { set } = this;
    const test = this.judge(set.test, set.images.labels);
    const dead = this.deadFilters();
    const stride = Math.ceil(set.train.length / set.test.length);
    const sample = set.train.filter((_, i) => i % stride === 0);
    const train = this.judge(sample, set.labels);
    const peeked = set.peeked && this.judge(set.peeked, set.images.labels);
    return { step: this.steps, train, test, peeked, dead };
  }

  /** Filters after ReLU whose output is 0 at every place of the last batch, and all of them. */
  deadFilters() {
    const found = { dead: 0, all: 0 };
    for (const { type, options, output } of this.network.layers) {
      if (type !== "Conv2D" || options.activation !== "relu") continue;
      const channels = output.shape.at(-1);
      const values = output.values.values.subarray(0, product(output.shape));
      const alive = new Set();
      values.forEach((value, i) => value > 0 && alive.add(i % channels));
      found.dead += channels - alive.size;
      found.all += channels;
    }
    return found;
  }

  /** What the network is now: filters of the first layer, and what it makes of an image. */
  look(image) {
    const { network } = this;
    const { kernel } = network.layers[0];
    const probabilities = Array.from(network.forward(image, 1));
    const maps = network.layers
      .filter(({ output, type }) => output.shape.length === 3 && type !== "BatchNormalization")
      .map(({ type, output }) => ({
        type,
        shape: output.shape,
        data: output.values.values.slice(0, product(output.shape)),
      }));
    return { kernel: { shape: kernel.shape, data: kernel.values.slice() }, probabilities, maps };
  }

  /** The images to judge by that are answered most wrongly. */
  mistakes() {
    const { set } = this;
    const { labels, pixels } = set.images;
    const found = [];
    this.answers(set.test, (part, probabilities) => {
      const classes = probabilities.length / part.length;
      part.forEach((index, i) => {
        const own = probabilities.slice(i * classes, (i + 1) * classes);
        const answer = own.indexOf(Math.max(...own));
        const label = labels[index];
        if (answer !== label) found.push({ index, label, answer, sure: own[answer], fit: own[label] });
      });
    });
    found.sort((one, other) => one.fit - other.fit);
    const worst = found.slice(0, MISTAKES).map((mistake) => ({
      ...mistake,
      pixels: pixels.slice(mistake.index * set.size, (mistake.index + 1) * set.size),
    }));
    return { worst, count: found.length, all: set.test.length };
  }

  /** Features of drawings: what the last dense layer gets. */
  features(drawings) {
    const { network, set } = this;
    const last = network.layers.at(-1);
    const size = last.input.shape[0];
    return drawings.map((pixels) => {
      network.forward(set.fromDrawing(pixels), 1);
      return last.input.values.values.slice(0, size);
    });
  }
}

/** A dense layer alone, taught on features that do not change: transfer learning. */
function teachSigns(features, labels, signs) {
  const size = features[0].length;
  const network = new Network({
    input: [1, 1, size],
    layers: [{ type: "Flatten" }, { type: "Dense", units: signs }],
    batch: features.length,
    seed: 1,
  });
  const optimize = makeOptimizer(network.parameters, { optimizer: "adam" });
  const all = new Float32Array(features.length * size);
  features.forEach((values, i) => all.set(values, i * size));
  let found;
  for (let step = 0; step < 150; step++) {
    found = network.step(all, labels, features.length, optimize, 0.01);
  }
  return { network, found };
}

/** A drawing, and moved by a pixel in eight directions. */
function movedCopies(pixels, side) {
  const copies = [];
  for (let down = -1; down <= 1; down++) {
    for (let right = -1; right <= 1; right++) {
      copies.push(
        Float32Array.from(pixels, (_, place) => {
          const [y, x] = [Math.floor(place / side) - down, (place % side) - right];
          return y >= 0 && y < side && x >= 0 && x < side ? pixels[y * side + x] : 0;
        }),
      );
    }
  }
  return copies;
}

/** How many numbers these parameters hold. */
const numbersIn = (parameters) => parameters.reduce((sum, { values }) => sum + values.length, 0);

/** Let other messages come in. */
const pause = () => new Promise((resolve) => setTimeout(resolve));

/** A training that answers calls, none before `load` and `build`. */
export class TrainingServer {
  constructor(module = compileLearning()) {
    this.module = module;
    this.read = new Map(); // the sets of images by their names
    this.training = null;
    this.signs = null;
    this.drawing = null;
    this.shown = 0; // the image whose maps are shown
    this.running = 0; // the number of the run that may go on
  }

  async load({ name, bytes }) {
    if (bytes) this.read.set(name, await readImages(new Uint8Array(bytes)));
    const { classes, train, test } = this.read.get(name);
    return { classes, train, test };
  }

  /** Make a network, with first weights. */
  build({ settings }) {
    this.running += 1;
    this.training = null; // so that the old one's memory is free
    this.signs = null;
    this.training = new Training(this.read.get(settings.data), settings, this.module);
    const { layers, parameters, memory } = this.training.network;
    return {
      layers: layers.map(({ type, output, options }) => ({ type, shape: output.shape, options })),
      parameters: numbersIn(parameters),
      epochSteps: this.training.epochSteps,
      bytes: memory.end,
      isFast: Boolean(this.module),
      ...this.report(performance.now(), 0, true),
    };
  }

  /** The image that is looked at: the reader's drawing, or one of those to judge by. */
  lookedAt() {
    const { set } = this.training;
    if (this.drawing) return set.fromDrawing(this.drawing);
    const image = new Float32Array(set.size);
    set.write(image, 0, set.images.train + this.shown);
    return image;
  }

  report(since, steps, isJudged) {
    const { seen, lossSum, right, settings } = this.training;
    const seconds = (performance.now() - since) / 1000;
    const found = {
      steps: this.training.steps,
      epochs: this.training.steps / this.training.epochSteps,
      batch: seen ? { loss: lossSum / seen, accuracy: right / seen } : null,
      rate: steps ? (steps * settings.batch) / seconds : null,
      problem: this.training.problem,
      judged: isJudged ? this.training.evaluate() : null,
      ...this.training.look(this.lookedAt()),
    };
    if (this.drawing && this.signs) found.signs = this.answerSigns();
    this.training.clear();
    return found;
  }

  /** Train `steps` steps, or until it is paused; reports go out as it goes. */
  async run({ steps }, onProgress) {
    const number = (this.running += 1);
    let left = steps ?? Infinity;
    let reported = performance.now();
    let [judgedAt, since, taken] = [this.training.steps, performance.now(), 0];
    const own = this.training;
    const isCurrent = () => number === this.running && own === this.training;
    const goesOn = () => isCurrent() && left > 0 && !own.problem;
    while (goesOn()) {
      const end = performance.now() + SLICE;
      while (left > 0 && !own.problem && performance.now() < end) {
        own.step();
        left -= 1;
        taken += 1;
        const done = own.steps - judgedAt;
        const isEpoch = own.steps % own.epochSteps === 0 && done >= LEAST_STEPS;
        if (isEpoch || done >= Math.min(MOST_STEPS, Math.max(FIRST_STEPS, judgedAt))) {
          judgedAt = own.steps;
          onProgress(this.report(since, taken, true));
          [reported, since, taken] = [performance.now(), performance.now(), 0];
        }
      }
      if (performance.now() - reported > BETWEEN) {
        onProgress(this.report(since, taken, false));
        [reported, since, taken] = [performance.now(), performance.now(), 0];
      }
      await pause();
    }
    if (own !== this.training) return null; // another network has taken its place
    return this.report(since, taken, true);
  }

  stop() {
    this.running += 1;
  }

  /** Change what a training can go on with: the learning rate, and augmentation. */
  tune({ rate, augment }) {
    Object.assign(this.training.settings, { rate, augment });
    this.training.set.augment = augment;
  }

  /** Look at an image: a reader's drawing, or with null the one of this number. */
  look({ pixels = null, number = this.shown }) {
    this.drawing = pixels;
    this.shown = number;
    const found = this.training.look(this.lookedAt());
    const { set } = this.training;
    const index = set.images.train + this.shown;
    return {
      ...found,
      label: this.drawing ? null : set.images.labels[index],
      pixels: this.drawing ?? set.images.pixels.slice(index * set.size, (index + 1) * set.size),
      signs: this.drawing && this.signs ? this.answerSigns() : null,
    };
  }

  slowly() {
    const { settings, set, network } = this.training;
    const index = set.train[0];
    const image = new Float32Array(set.size);
    set.write(image, 0, index);
    // Without dropout and the statistics of a batch, which one image has none of.
    if (settings.batchNorm || settings.dropout) {
      throw new Error(
        "With one image, batch normalization and dropout would hide what is to be seen. " +
          "Switch both off, and look again.",
      );
    }
    const found = oneStep(network, image, set.labels[index], settings.rate);
    return { ...found, image: set.images.pixels.slice(index * set.size, (index + 1) * set.size) };
  }

  /** Teach the reader's signs: [{ pixels, sign }], on what the network has learned. */
  teach({ drawings, count }) {
    const side = this.training.set.columns;
    const copies = drawings.flatMap(({ pixels, sign }) =>
      movedCopies(pixels, side).map((moved) => ({ moved, sign })),
    );
    const features = this.training.features(copies.map(({ moved }) => moved));
    const labels = copies.map(({ sign }) => sign);
    const { network, found } = teachSigns(features, labels, count);
    this.signs = network;
    const kept = numbersIn(this.training.network.parameters);
    const learned = numbersIn(network.parameters);
    return { right: found.right, of: labels.length, learned, kept };
  }

  answerSigns() {
    const [values] = this.training.features([this.drawing]);
    return Array.from(this.signs.forward(values, 1));
  }

  mistakes() {
    return this.training.mistakes();
  }

  weights({ name }) {
    return trainedFile(this.training.network, name, this.training.set.images.classes);
  }
}

/** Answer messages { id, call, ...arguments }, in the global scope of a worker. */
export function serve(scope) {
  const server = new TrainingServer();
  scope.onmessage = async ({ data: { id, call, ...rest } }) => {
    try {
      const onProgress = (done) => scope.postMessage({ id, done });
      scope.postMessage({ id, result: await server[call](rest, onProgress) });
    } catch (error) {
      scope.postMessage({ id, problem: error.message });
    }
  };
}
