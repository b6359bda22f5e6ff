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

/** Let other messages come in. */
const pause = () => new Promise((resolve) => setTimeout(resolve));

/** A training that answers calls, none before `load` and `build`. */
export function trainingServer(module = compileLearning()) {
  const read = new Map();
  let training = null;
  let signs = null;
  let drawing = null;
  let shown = 0; // the image whose maps are shown
  let running = 0; // the number of the run that may go on

  async function load({ name, bytes }) {
    if (bytes) read.set(name, await readImages(new Uint8Array(bytes)));
    const { classes, train, test } = read.get(name);
    return { classes, train, test };
  }

  /** Make a network, with first weights. */
  function build({ settings }) {
    running += 1;
    training = null; // so that the old one's memory is free
    signs = null;
    training = new Training(read.get(settings.data), settings, module);
    const { layers, parameters, memory } = training.network;
    return {
      layers: layers.map(({ type, output, options }) => ({ type, shape: output.shape, options })),
      parameters: parameters.reduce((sum, { values }) => sum + values.length, 0),
      epochSteps: training.epochSteps,
      bytes: memory.end,
      isFast: Boolean(module),
      ...report(performance.now(), 0, true),
    };
  }

  /** The image that is looked at: the reader's drawing, or one of those to judge by. */
  function lookedAt() {
    const { set } = training;
    if (drawing) return set.fromDrawing(drawing);
    const image = new Float32Array(set.size);
    set.write(image, 0, set.images.train + shown);
    return image;
  }

  function report(since, steps, isJudged) {
    const { seen, lossSum, right, settings } = training;
    const seconds = (performance.now() - since) / 1000;
    const found = {
      steps: training.steps,
      epochs: training.steps / training.epochSteps,
      batch: seen ? { loss: lossSum / seen, accuracy: right / seen } : null,
      rate: steps ? (steps * settings.batch) / seconds : null,
      problem: training.problem,
      judged: isJudged ? training.evaluate() : null,
      ...training.look(lookedAt()),
    };
    if (drawing && signs) found.signs = answerSigns();
    training.clear();
    return found;
  }

  /** Train `steps` steps, or until it is paused; reports go out as it goes. */
  async function run({ steps }, onProgress) {
    const number = (running += 1);
    let left = steps ?? Infinity;
    let reported = performance.now();
    let [judgedAt, since, taken] = [training.steps, performance.now(), 0];
    const own = training;
    const goesOn = () => number === running && own === training && left > 0 && !own.problem;
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
          onProgress(report(since, taken, true));
          [reported, since, taken] = [performance.now(), performance.now(), 0];
        }
      }
      if (performance.now() - reported > BETWEEN) {
        onProgress(report(since, taken, false));
        [reported, since, taken] = [performance.now(), performance.now(), 0];
      }
      await pause();
    }
    if (own !== training) return null; // another network has taken its place
    return report(since, taken, true);
  }

  function stop() {
    running += 1;
  }

  /** Change what a training can go on with: the learning rate, and augmentation. */
  function tune({ rate, augment }) {
    Object.assign(training.settings, { rate, augment });
    training.set.augment = augment;
  }

  /** Look at an image: a reader's drawing, or with null the one of this number. */
  function look({ pixels = null, number = shown }) {
    drawing = pixels;
    shown = number;
    const found = training.look(lookedAt());
    const { set } = training;
    const index = set.images.train + shown;
    return {
      ...found,
      label: drawing ? null : set.images.labels[index],
      pixels: drawing ?? set.images.pixels.slice(index * set.size, (index + 1) * set.size),
      signs: drawing && signs ? answerSigns() : null,
    };
  }

  function slowly() {
    const { settings, set, network } = training;
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
  function teach({ drawings, count }) {
    const side = training.set.columns;
    const copies = drawings.flatMap(({ pixels, sign }) =>
      movedCopies(pixels, side).map((moved) => ({ moved, sign })),
    );
    const features = training.features(copies.map(({ moved }) => moved));
    const labels = copies.map(({ sign }) => sign);
    const { network, found } = teachSigns(features, labels, count);
    signs = network;
    const kept = training.network.parameters.reduce((sum, { values }) => sum + values.length, 0);
    const learned = network.parameters.reduce((sum, { values }) => sum + values.length, 0);
    return { right: found.right, of: labels.length, learned, kept };
  }

  function answerSigns() {
    const [values] = training.features([drawing]);
    return Array.from(signs.forward(values, 1));
  }

  const mistakes = () => training.mistakes();
  const weights = ({ name }) => trainedFile(training.network, name, training.set.images.classes);
  return { load, build, run, stop, tune, look, slowly, mistakes, teach, weights };
}

/** Answer messages { id, call, ...arguments }, in the global scope of a worker. */
export function serve(scope) {
  const server = trainingServer();
  scope.onmessage = async ({ data: { id, call, ...rest } }) => {
    try {
      const onProgress = (done) => scope.postMessage({ id, done });
      scope.postMessage({ id, result: await server[call](rest, onProgress) });
    } catch (error) {
      scope.postMessage({ id, problem: error.message });
    }
  };
}
