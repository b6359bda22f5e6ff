/**
 * Convolutions and dense layers that learn: the products with the weights, forward and backward.
 *
 * Both are windows with weights that slide over a map, and so is the gradient of the input: the
 * gradient of the output, with zeros between and around, under the flipped kernel. A dense
 * layer's map is the batch, and each of its windows one image.
 *
 * @typedef {import("./learning_memory.js").Block} Block
 * @typedef {{ shape: number[], values: Block, gradient: Block }} Flow  what goes from layer to
 *   layer: a batch of arrays of this shape, and the gradient of the loss at each value
 */

import { both, windowsOnMap } from "./sizes.js";

const WIDTH = 8; // filters that the loops take side by side

const product = (numbers) => numbers.reduce((all, each) => all * each, 1);
const rounded = (count, step) => Math.ceil(count / step) * step;

/** Room for a batch of arrays of this shape and their gradients. */
export function makeFlow(memory, shape, batch) {
  // The loops take four places at a time, and may write that many further.
  const length = (batch + 3) * product(shape) + 3 * WIDTH;
  return { shape, values: memory.floats(length), gradient: memory.floats(length) };
}

/** Where windows begin, in bytes; the last is repeated up to a multiple of four. */
function startsOf(rows, columns, down, right) {
  const places = rows * columns;
  return Int32Array.from({ length: rounded(places, 4) }, (_, index) => {
    const place = Math.min(index, places - 1);
    return Math.floor(place / columns) * down + (place % columns) * right;
  });
}

/** Put weights [inputs][filters] into blocks of 8 filters; `from` says where each one stands. */
function pack(target, inputs, filters, from, weights) {
  for (let filter = 0; filter < filters; filter++) {
    const block = Math.floor(filter / WIDTH) * inputs * WIDTH + (filter % WIDTH);
    for (let input = 0; input < inputs; input++) {
      target[block + input * WIDTH] = weights[from(input, filter)];
    }
  }
}

/** Copy rows of `length` values from a pitch to another. */
function copyRows(source, target, rows, length, sourcePitch, targetPitch) {
  for (let row = 0; row < rows; row++) {
    const [from, to] = [row * sourcePitch, row * targetPitch];
    for (let i = 0; i < length; i++) target[to + i] = source[from + i];
  }
}

/**
 * One pass of windows over maps: weights in blocks, and an output that may be wider than what
 * is wanted of it.
 */
class Pass {
  /**
   * @param {import("./learning_memory.js").Memory} memory
   * @param {{ inputs: number, filters: number, lines: number, run: number, pitch: number,
   *   starts: Int32Array, outputs: number }} plan  `inputs` are the weights of a filter;
   *   `outputs` the places of all maps together
   */
  constructor(memory, plan) {
    Object.assign(this, { memory, ...plan });
    this.blocks = Math.ceil(plan.filters / WIDTH);
    this.wide = this.blocks * WIDTH;
    this.starts = memory.whole(plan.starts);
    this.weights = memory.floats(plan.inputs * this.wide);
    this.bias = memory.floats(this.wide);
    const isWide = this.wide !== plan.filters;
    this.scratch = isWide ? memory.floats((plan.outputs + 4) * this.wide) : null;
  }

  /** Slide over the maps that begin at the given addresses, `places` of each. */
  run(maps, places, output, floor) {
    const { memory, starts, weights, bias, blocks, lines, pitch, filters, wide } = this;
    const target = this.scratch ?? output;
    maps.forEach((map, index) => {
      const to = target.at + 4 * index * places * wide;
      const fours = rounded(places, 4);
      memory.loops.windows(
        starts.at, fours, map, weights.at, bias.at, to, blocks, lines, 4 * this.length, pitch, floor,
      );
    });
    const rows = maps.length * places;
    if (this.scratch) copyRows(target.values, output.values, rows, filters, wide, filters);
  }
}

/** What convolutions and dense layers have in common; they differ in their plan. */
class Linear {
  constructor(memory, name, input, batch, options) {
    Object.assign(this, { memory, name, input, batch });
    this.relu = options.activation === "relu";
    this.blocks = Math.ceil(options.filters / WIDTH);
    this.wide = this.blocks * WIDTH;
    this.filters = options.filters;
  }

  /** Ask for the places of weights and gradients. */
  takeParameters(kernelShape) {
    const { memory, filters } = this;
    const parameter = (name, shape) => ({
      name: `${this.name}/${name}`,
      shape,
      place: memory.floats(product(shape)),
      gradientPlace: memory.floats(product(shape)),
      isKernel: shape.length > 1,
    });
    this.kernel = parameter("kernel", kernelShape);
    this.bias = parameter("bias", [filters]);
    this.parameters = [this.kernel, this.bias];
    this.inputs = product(kernelShape.slice(0, -1));
    this.groups = Math.ceil(this.inputs / 4);
    this.sums = memory.floats(4 * this.groups * this.wide);
    this.biasSums = memory.floats(this.wide);
    const places = this.places * this.batch;
    this.wideGradient = this.wide === filters ? null : memory.floats(places * this.wide);
  }

  forward(count) {
    const weights = this.kernel.place.values;
    const { filters, inputs } = this;
    pack(this.ahead.weights.values, inputs, filters, (i, f) => i * filters + f, weights);
    this.ahead.bias.values.set(this.bias.place.values);
    this.fillMaps(count);
    const places = this.placesOf(count);
    this.ahead.run(this.maps(count), places, this.output.values, this.relu ? 0 : -Infinity);
  }

  /** The gradients of the weights, and of the input if that is wanted. */
  backward(count, wantsInput, onTrace = null) {
    const { memory, output, filters, wide } = this;
    const places = this.places * count;
    if (this.relu) {
      onTrace?.("before ReLU", output.gradient.values);
      memory.loops.reluGradient(output.values.at, output.gradient.at, rounded(places * filters, 4));
    }
    let gradient = output.gradient;
    if (this.wideGradient) {
      copyRows(gradient.values, this.wideGradient.values, places, filters, filters, wide);
      gradient = this.wideGradient;
    }
    memory.loops.channelSums(gradient.at, places, this.blocks, this.biasSums.at);
    this.bias.gradientPlace.values.set(this.biasSums.values.subarray(0, filters));
    this.sums.values.fill(0);
    this.maps(count).forEach((map, index) => {
      const at = gradient.at + 4 * index * this.placesOf(count) * wide;
      this.addWeightGradients(map, at, count);
    });
    const target = this.kernel.gradientPlace.values;
    copyRows(this.sums.values, target, this.inputs, filters, wide, filters);
    if (wantsInput) this.backwardInput(count);
  }

  addWeightGradients(map, gradient, count) {
    const { offsets, groups, sums, blocks, rows, down, right } = this;
    const columns = this.columnsOf(count);
    const { loops } = this.memory;
    const numbers = [blocks, rows, columns, down, right];
    loops.weightGradients(offsets.at, groups, map, gradient, sums.at, ...numbers);
  }
}

/** From the weights of a window to where they stand in it, in bytes; four at a time. */
function offsetsOf(inputs, run, pitch) {
  return Int32Array.from({ length: rounded(inputs, 4) }, (_, index) => {
    const at = Math.min(index, inputs - 1);
    return Math.floor(at / run) * pitch + 4 * (at % run);
  });
}

/** `Conv2D` of Keras: any kernel, stride and padding. */
export class Convolution extends Linear {
  constructor(memory, name, input, batch, options) {
    super(memory, name, input, batch, options);
    const { filters, kernelSize, strides = 1, padding = "valid" } = options;
    const [height, width, channels] = input.shape;
    const [kernelHeight, kernelWidth] = (this.kernelSize = both(kernelSize));
    const [strideY, strideX] = (this.strides = both(strides));
    const axes = windowsOnMap(input.shape, { window: this.kernelSize, strides, padding });
    [this.y, this.x] = axes;
    const paddedWidth = this.x.before + width + this.x.after;
    const paddedHeight = this.y.before + height + this.y.after;
    this.run = kernelWidth * channels;
    this.pitch = 4 * channels * paddedWidth;
    this.mapLength = channels * paddedWidth * paddedHeight;
    this.isPadded = paddedWidth !== width || paddedHeight !== height;
    this.map = this.isPadded ? memory.floats(batch * this.mapLength) : input.values;
    this.rows = this.y.size;
    this.down = strideY * this.pitch;
    this.right = 4 * strideX * channels;
    this.places = this.y.size * this.x.size;
    this.output = makeFlow(memory, [this.y.size, this.x.size, filters], batch);
    this.takeParameters([kernelHeight, kernelWidth, channels, filters]);
    this.offsets = memory.whole(offsetsOf(this.inputs, this.run, this.pitch));
    this.ahead = new Pass(memory, {
      inputs: this.inputs,
      filters,
      lines: kernelHeight,
      length: this.run,
      pitch: this.pitch,
      starts: startsOf(this.y.size, this.x.size, this.down, this.right),
      outputs: batch * this.places,
    });
    this.planBackward();
  }

  /** The gradient of the input: windows over the output's gradient, spread out by the strides. */
  planBackward() {
    const [height, width, channels] = this.input.shape;
    const [kernelHeight, kernelWidth] = this.kernelSize;
    const { filters, memory } = this;
    this.backPitch = filters * (width + kernelWidth - 1);
    this.backMap = memory.floats(this.backPitch * (height + kernelHeight - 1));
    this.back = new Pass(memory, {
      inputs: kernelHeight * kernelWidth * filters,
      filters: channels,
      lines: kernelHeight,
      length: kernelWidth * filters,
      pitch: 4 * this.backPitch,
      starts: startsOf(height, width, 4 * this.backPitch, 4 * filters),
      outputs: height * width,
    });
  }

  placesOf() {
    return this.places;
  }

  columnsOf() {
    return this.x.size;
  }

  maps(count) {
    return Array.from({ length: count }, (_, index) => this.map.at + 4 * index * this.mapLength);
  }

  /** Copy the images into the middle of their padded maps. */
  fillMaps(count) {
    if (!this.isPadded) return;
    const [height, width, channels] = this.input.shape;
    const line = width * channels;
    const source = this.input.values.values;
    const target = this.map.values;
    for (let image = 0; image < count; image++) {
      for (let row = 0; row < height; row++) {
        const from = (image * height + row) * line;
        const start = ((this.y.before + row) * this.pitch) / 4 + this.x.before * channels;
        const to = image * this.mapLength + start;
        for (let i = 0; i < line; i++) target[to + i] = source[from + i]; // faster than set
      }
    }
  }

  backwardInput(count) {
    const { back, input, kernel, filters, kernelSize } = this;
    const [kernelHeight, kernelWidth] = kernelSize;
    const [height, width, channels] = input.shape;
    const flipped = (place, channel) => {
      const at = Math.floor(place / filters);
      const mirrored = kernelHeight * kernelWidth - 1 - at;
      return (mirrored * channels + channel) * filters + (place % filters);
    };
    pack(back.weights.values, back.inputs, channels, flipped, kernel.place.values);
    for (let image = 0; image < count; image++) {
      this.spread(image);
      const at = image * height * width * channels;
      const target = {
        at: input.gradient.at + 4 * at,
        values: input.gradient.values.subarray(at),
      };
      back.run([this.backMap.at], height * width, target, -Infinity);
    }
  }

  /** Put an image's gradient where its windows began, with zeros between and around. */
  spread(image) {
    const { filters, strides, kernelSize, y, x, backPitch } = this;
    const source = this.output.gradient.values;
    const target = this.backMap.values;
    const top = kernelSize[0] - 1 - y.before;
    const left = (kernelSize[1] - 1 - x.before) * filters;
    for (let row = 0; row < y.size; row++) {
      for (let column = 0; column < x.size; column++) {
        const from = ((image * y.size + row) * x.size + column) * filters;
        const to = (top + row * strides[0]) * backPitch + left + column * strides[1] * filters;
        for (let i = 0; i < filters; i++) target[to + i] = source[from + i];
      }
    }
  }
}

/** `Dense` of Keras, on a row of values. */
export class Dense extends Linear {
  constructor(memory, name, input, batch, options) {
    super(memory, name, input, batch, { ...options, filters: options.units });
    if (input.shape.length !== 1) {
      throw new Error("A dense layer needs a row of values: put Flatten before it.");
    }
    const [length] = input.shape;
    const { units } = options;
    this.places = 1;
    this.rows = 1;
    this.down = 0;
    this.right = 4 * length;
    this.output = makeFlow(memory, [units], batch);
    this.takeParameters([length, units]);
    this.offsets = memory.whole(offsetsOf(length, length, 0));
    const pass = (inputs, filters) =>
      new Pass(memory, {
        inputs,
        filters,
        lines: 1,
        length: inputs,
        pitch: 0,
        starts: startsOf(1, batch, 0, 4 * inputs),
        outputs: batch,
      });
    this.ahead = pass(length, units);
    this.back = pass(units, length);
  }

  placesOf(count) {
    return count;
  }

  columnsOf(count) {
    return count;
  }

  maps() {
    return [this.input.values.at];
  }

  fillMaps() {}

  backwardInput(count) {
    const { back, filters } = this;
    const [length] = this.input.shape;
    pack(back.weights.values, filters, length, (u, i) => i * filters + u, this.kernel.place.values);
    back.run([this.output.gradient.at], count, this.input.gradient, -Infinity);
  }
}
