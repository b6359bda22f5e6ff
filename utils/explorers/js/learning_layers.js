/**
 * The layers without products that a network that learns may have, forward and backward:
 * pooling, batch normalization, ReLU, dropout, Flatten. Names and numbers are Keras's.
 *
 * Each layer has `input` and `output` (a Flow, learning_linear.js), `forward(count, isTraining)`
 * and `backward(count, wantsInput)`, which turns the output's gradient into the input's.
 */

import { makeFlow } from "./learning_linear.js";
import { both, windowsOnMap } from "./sizes.js";

const product = (numbers) => numbers.reduce((all, each) => all * each, 1);

/** For each place of the output the places of the map that its window covers. */
function coveredPlaces(shape, size, strides, [y, x]) {
  const along = (axis, windows) =>
    Array.from({ length: windows.size }, (_, index) => {
      const start = index * strides[axis] - windows.before;
      return [Math.max(start, 0), Math.min(start + size[axis], shape[axis])];
    });
  const [rows, columns] = [along(0, y), along(1, x)];
  return rows.flatMap(([top, bottom]) =>
    columns.map(([left, right]) => {
      const places = [];
      for (let row = top; row < bottom; row++) {
        for (let column = left; column < right; column++) places.push(row * shape[1] + column);
      }
      return places;
    }),
  );
}

class Pooling {
  constructor(memory, name, input, batch, options) {
    const { poolSize = 2, strides = poolSize, padding = "valid" } = options;
    const size = both(poolSize);
    const steps = both(strides);
    const window = { window: size, strides: steps, padding, isPooling: true };
    const axes = windowsOnMap(input.shape, window);
    Object.assign(this, { memory, name, input, parameters: [] });
    this.channels = input.shape[2];
    this.covered = coveredPlaces(input.shape, size, steps, axes);
    this.output = makeFlow(memory, [axes[0].size, axes[1].size, this.channels], batch);
    this.inLength = product(input.shape);
    this.outLength = product(this.output.shape);
    this.size = size[0] * size[1];
  }
}

/** Of each window the largest value; in the backward pass the winner alone gets the gradient. */
export class MaxPooling extends Pooling {
  constructor(memory, name, input, batch, options) {
    super(memory, name, input, batch, options);
    // Where a window is cut off, its first place stands for the missing ones, and wins no more.
    const cells = this.covered.flatMap((places) =>
      Array.from({ length: this.size }, (_, i) => 4 * this.channels * (places[i] ?? places[0])),
    );
    this.cells = memory.whole(Int32Array.from(cells));
    this.winners = memory.take(batch * this.outLength, Int32Array);
  }

  forward(count) {
    const { memory, input, output, winners, cells, covered, size, channels } = this;
    const { maxPool } = channels % 4 ? memory.plain : memory.loops;
    for (let image = 0; image < count; image++) {
      const [from, to] = [4 * image * this.inLength, 4 * image * this.outLength];
      const places = [covered.length, size, channels];
      maxPool(
        input.values.at + from, cells.at, ...places, output.values.at + to, winners.at + to,
      );
    }
  }

  backward(count, wantsInput) {
    if (!wantsInput) return;
    const { memory, input, output, winners } = this;
    input.gradient.values.fill(0, 0, count * this.inLength);
    for (let image = 0; image < count; image++) {
      const [to, from] = [4 * image * this.inLength, 4 * image * this.outLength];
      memory.loops.maxPoolGradient(
        winners.at + from, output.gradient.at + from, this.outLength, input.gradient.at + to,
      );
    }
  }
}

/** Of each window the mean; in the backward pass each place gets an equal share. */
export class AveragePooling extends Pooling {
  /** Call `visit(from, to, share)` with the first channel of each place and of its window. */
  eachPlace(count, visit) {
    const { covered, channels, inLength, outLength } = this;
    for (let image = 0; image < count; image++) {
      covered.forEach((places, index) => {
        const to = image * outLength + index * channels;
        const share = 1 / places.length;
        for (const place of places) visit(image * inLength + place * channels, to, share);
      });
    }
  }

  forward(count) {
    const { channels } = this;
    const [source, target] = [this.input.values.values, this.output.values.values];
    target.fill(0, 0, count * this.outLength);
    this.eachPlace(count, (from, to, share) => {
      for (let c = 0; c < channels; c++) target[to + c] += share * source[from + c];
    });
  }

  backward(count, wantsInput) {
    if (!wantsInput) return;
    const { channels } = this;
    const [source, target] = [this.output.gradient.values, this.input.gradient.values];
    target.fill(0, 0, count * this.inLength);
    this.eachPlace(count, (to, from, share) => {
      for (let c = 0; c < channels; c++) target[to + c] += share * source[from + c];
    });
  }
}

/**
 * Batch normalization (Ioffe and Szegedy 2015, https://arxiv.org/abs/1502.03167) along the last
 * axis, with Keras's momentum and epsilon.
 */
export class BatchNormalization {
  constructor(memory, name, input, batch) {
    Object.assign(this, { memory, name, input });
    this.momentum = 0.99;
    this.epsilon = 1e-3;
    this.output = makeFlow(memory, input.shape, batch);
    this.channels = input.shape.at(-1);
    this.places = product(input.shape) / this.channels;
    const { channels } = this;
    const parameter = (kind, first) => ({
      name: `${name}/${kind}`,
      shape: [channels],
      place: memory.floats(channels),
      gradientPlace: memory.floats(channels),
      first,
    });
    this.parameters = [parameter("gamma", 1), parameter("beta", 0)];
    this.states = [
      { name: `${name}/moving_mean`, first: 0, values: new Float32Array(channels) },
      { name: `${name}/moving_variance`, first: 1, values: new Float32Array(channels).fill(1) },
    ];
    this.normalized = memory.floats(batch * product(input.shape));
    this.inverse = new Float64Array(channels); // 1 / the standard deviation
  }

  /** Mean and variance of each channel over the batch. */
  moments(count) {
    const { channels } = this;
    const values = this.input.values.values;
    const all = count * this.places;
    const mean = new Float64Array(channels);
    const variance = new Float64Array(channels);
    for (let i = 0; i < all * channels; i += channels) {
      for (let c = 0; c < channels; c++) mean[c] += values[i + c];
    }
    for (let c = 0; c < channels; c++) mean[c] /= all;
    for (let i = 0; i < all * channels; i += channels) {
      for (let c = 0; c < channels; c++) variance[c] += (values[i + c] - mean[c]) ** 2;
    }
    for (let c = 0; c < channels; c++) variance[c] /= all;
    return [mean, variance];
  }

  forward(count, isTraining) {
    const { channels, momentum, states } = this;
    const moments = isTraining ? this.moments(count) : states.map(({ values }) => values);
    const [mean, variance] = moments;
    if (isTraining) {
      states.forEach(({ values }, which) => {
        for (let c = 0; c < channels; c++) {
          values[c] = momentum * values[c] + (1 - momentum) * moments[which][c];
        }
      });
    }
    for (let c = 0; c < channels; c++) this.inverse[c] = 1 / Math.sqrt(variance[c] + this.epsilon);
    const [gamma, beta] = this.parameters.map(({ place }) => place.values);
    const [source, target] = [this.input.values.values, this.output.values.values];
    const normalized = this.normalized.values;
    for (let i = 0; i < count * this.places * channels; i += channels) {
      for (let c = 0; c < channels; c++) {
        normalized[i + c] = (source[i + c] - mean[c]) * this.inverse[c];
        target[i + c] = gamma[c] * normalized[i + c] + beta[c];
      }
    }
  }

  backward(count, wantsInput) {
    const { channels } = this;
    const all = count * this.places;
    const normalized = this.normalized.values;
    const [gamma] = this.parameters.map(({ place }) => place.values);
    const [gammaGradient, betaGradient] = this.parameters.map((p) => p.gradientPlace.values);
    const [source, target] = [this.output.gradient.values, this.input.gradient.values];
    const sums = new Float64Array(channels);
    const products = new Float64Array(channels);
    for (let i = 0; i < all * channels; i += channels) {
      for (let c = 0; c < channels; c++) {
        sums[c] += source[i + c];
        products[c] += source[i + c] * normalized[i + c];
      }
    }
    betaGradient.set(sums);
    gammaGradient.set(products);
    if (!wantsInput) return;
    for (let i = 0; i < all * channels; i += channels) {
      for (let c = 0; c < channels; c++) {
        const own = source[i + c] - (sums[c] + normalized[i + c] * products[c]) / all;
        target[i + c] = gamma[c] * this.inverse[c] * own;
      }
    }
  }
}

/** Negative values become 0; in the backward pass nothing comes through where the output is 0. */
export class ReLU {
  constructor(memory, name, input, batch) {
    Object.assign(this, { memory, name, input, parameters: [] });
    this.output = makeFlow(memory, input.shape, batch);
    this.length = product(input.shape);
  }

  forward(count) {
    const [source, target] = [this.input.values.values, this.output.values.values];
    for (let i = 0; i < count * this.length; i++) target[i] = source[i] < 0 ? 0 : source[i];
  }

  backward(count, wantsInput) {
    if (!wantsInput) return;
    const all = count * this.length;
    this.input.gradient.values.set(this.output.gradient.values.subarray(0, all));
    const fours = 4 * Math.ceil(all / 4);
    this.memory.loops.reluGradient(this.output.values.at, this.input.gradient.at, fours);
  }
}

/** In training a share of the values becomes 0, and the others grow for it. */
export class Dropout {
  constructor(memory, name, input, batch, { rate, random }) {
    Object.assign(this, { memory, name, input, rate, random, parameters: [] });
    this.output = makeFlow(memory, input.shape, batch);
    this.length = product(input.shape);
    this.factors = new Float32Array(batch * this.length);
  }

  forward(count, isTraining) {
    const { rate, random, factors } = this;
    const all = count * this.length;
    const [source, target] = [this.input.values.values, this.output.values.values];
    for (let i = 0; i < all; i++) {
      factors[i] = !isTraining ? 1 : random() < rate ? 0 : 1 / (1 - rate);
      target[i] = factors[i] * source[i];
    }
  }

  backward(count, wantsInput) {
    if (!wantsInput) return;
    const [source, target] = [this.output.gradient.values, this.input.gradient.values];
    for (let i = 0; i < count * this.length; i++) target[i] = this.factors[i] * source[i];
  }
}

/** The maps as one row: in memory nothing moves. */
export class Flatten {
  constructor(memory, name, input) {
    Object.assign(this, { name, input, parameters: [] });
    this.output = { ...input, shape: [product(input.shape)] };
  }

  forward() {}

  backward() {}
}
