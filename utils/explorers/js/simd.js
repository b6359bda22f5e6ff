/**
 * Convolutions and dense layers on WebAssembly SIMD: where the weights lie in its memory, and
 * how a map gets there and back. What the compiled kernels compute is in wasm/kernels.wat.
 *
 * A layer of windows is one call of `windows`. A layer of 3 × 3 windows is cut into tiles
 * (winograd.js): its map is transformed, 16 calls multiply, and the products are transformed.
 */

import { tensor } from "./engine.js";
import { RELAXED_SIMD, SIMD } from "./kernels.js";
import { both, windows } from "./sizes.js";
import { BIAS_PLANE, tiling, transformed } from "./winograd.js";

const WIDTH = 16; // filters that the kernel computes side by side
const PLANES = 16; // kinds of products of a tile
const PAGE = 65536; // bytes of a page of WebAssembly memory
const LARGEST = 1 << 30; // bytes: no network that is meant for a page needs more

function bytesOf(base64) {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}

/**
 * Compile the kernels, with fused multiply–adds where the browser has them.
 * @param {boolean} [fused]
 * @returns {WebAssembly.Module | null} null where the browser has no WebAssembly SIMD
 */
export function compile(fused = true) {
  for (const code of fused ? [RELAXED_SIMD, SIMD] : [SIMD]) {
    try {
      return new WebAssembly.Module(bytesOf(code));
    } catch {
      // No WebAssembly, switched off, or without this kind of instructions.
    }
  }
  return null;
}

const rounded = (bytes) => Math.ceil(bytes / 64) * 64;
const blocksOf = (filters) => Math.ceil(filters / WIDTH);

/**
 * Where windows begin in the padded map, in bytes, one for each place of the output; the last
 * is repeated where their number is odd, because the kernel takes two at a time.
 */
function startsOf(places, columns, { down, right }) {
  const starts = new Int32Array(places + (places % 2));
  for (let place = 0; place < starts.length; place++) {
    const at = Math.min(place, places - 1);
    starts[place] = Math.floor(at / columns) * down + (at % columns) * right;
  }
  return starts;
}

/** A dense layer is one window, as large as its input. */
function planOfDense(length, units) {
  const steps = { lines: 1, run: 4 * length, pitch: 0, down: 0, right: 0 };
  return { ...steps, rows: 1, columns: 1, shape: [units], starts: startsOf(1, 1, steps), mapBytes: 4 * length };
}

/**
 * How a layer's windows lie in memory, for an input of this shape.
 * @param {number[]} shape  [height, width, channels] of a convolution, [length] of a dense layer
 * @param {import("./engine.js").Tensor} kernel  [height, width, channels, filters] or [length, units]
 * @param {{strides?: number | number[], padding?: any}} options
 */
function planOf(shape, kernel, { strides = 1, padding = "valid" }) {
  const filters = kernel.shape.at(-1);
  if (shape.length === 1) return planOfDense(shape[0], filters);
  const [kernelHeight, kernelWidth, channels] = kernel.shape;
  const [stepY, stepX] = both(strides);
  const [paddingY, paddingX] = both(padding);
  const y = windows(shape[0], kernelHeight, stepY, paddingY);
  const x = windows(shape[1], kernelWidth, stepX, paddingX);
  const [rows, columns] = [y.size, x.size];
  const tiles = tiling(kernel.shape, { strides: [stepY, stepX], rows, columns });
  const depth = 4 * channels;
  const height = tiles ? 2 * tiles.down + 2 : y.before + shape[0] + y.after;
  const width = tiles ? 2 * tiles.across + 2 : x.before + shape[1] + x.after;
  const pitch = depth * width;
  const steps = tiles
    ? { lines: 1, run: depth, pitch, down: depth * tiles.across, right: depth }
    : { lines: kernelHeight, run: kernelWidth * depth, pitch, down: stepY * pitch, right: stepX * depth };
  const [down, across] = tiles ? [tiles.down, tiles.across] : [rows, columns];
  return {
    ...steps,
    rows,
    columns,
    tiles,
    depth,
    shape: [rows, columns, filters],
    starts: startsOf(down * across, across, steps),
    before: [y.before, x.before],
    mapBytes: pitch * height,
  };
}

/** A layer's weights as the kernel takes them: blocks of 16 filters, those that lack are zeros. */
function packed(weights, filters, blocks) {
  const inputs = weights.length / filters;
  const values = new Float32Array(inputs * blocks * WIDTH);
  for (let block = 0; block < blocks; block++) {
    const first = block * WIDTH;
    const count = Math.min(WIDTH, filters - first);
    for (let input = 0; input < inputs; input++) {
      const from = input * filters + first;
      values.set(weights.subarray(from, from + count), (block * inputs + input) * WIDTH);
    }
  }
  return values;
}

/** The layers of one network that run on WebAssembly, with their weights in one memory. */
export class SimdLayers {
  /**
   * @param {WebAssembly.Module} module  from `compile`
   * @param {{shape: number[], kernel: object, bias: ArrayLike<number> | null, options: object}[]} layers
   *   each with the shape of its input
   */
  constructor(module, layers) {
    let end = 0;
    const take = (bytes) => {
      const address = end;
      end += rounded(bytes);
      return address;
    };
    this.plans = layers.map(({ shape, kernel, options }) => {
      const plan = planOf(shape, kernel, options);
      const blocks = blocksOf(plan.shape.at(-1));
      const wide = 4 * blocks * WIDTH; // bytes of the output's values at one place
      const places = plan.starts.length;
      return {
        ...plan,
        blocks,
        wide,
        places,
        startsAt: take(plan.starts.byteLength),
        weightsAt: take((plan.tiles ? PLANES : 1) * plan.lines * plan.run * blocks * WIDTH),
        biasAt: take(wide),
        outputBytes: plan.tiles ? 4 * places * wide : places * wide,
        planesBytes: plan.tiles ? PLANES * places * plan.depth : 0,
        productsBytes: plan.tiles ? PLANES * places * wide : 0,
        scratchBytes: plan.tiles ? Math.max(4 * plan.pitch, 8 * plan.tiles.across * wide) : 0,
      };
    });
    // The map and the output of one layer at a time.
    const largest = (name) => this.plans.reduce((most, plan) => Math.max(most, plan[name]), 0);
    this.mapAt = take(largest("mapBytes"));
    this.outputAt = take(largest("outputBytes"));
    this.planesAt = take(largest("planesBytes"));
    this.productsAt = take(largest("productsBytes"));
    this.noBiasAt = take(largest("wide")); // stays zero
    this.scratchAt = take(largest("scratchBytes"));
    if (end > LARGEST) throw new Error("The network is too large for a page.");
    this.memory = new WebAssembly.Memory({ initial: Math.ceil(end / PAGE) });
    this.kernels = new WebAssembly.Instance(module, { page: { memory: this.memory } }).exports;
    this.plans.forEach((plan, index) => this.place(plan, layers[index]));
  }

  floats(address, count) {
    return new Float32Array(this.memory.buffer, address, count);
  }

  /** Put a layer's weights into the memory. */
  place({ tiles, blocks, weightsAt, biasAt, startsAt, starts }, { kernel, bias }) {
    const filters = kernel.shape.at(-1);
    let to = weightsAt;
    for (const weights of tiles ? transformed(kernel) : [kernel.data]) {
      const values = packed(weights, filters, blocks);
      this.floats(to, values.length).set(values);
      to += values.byteLength;
    }
    if (bias) this.floats(biasAt, filters).set(bias);
    new Int32Array(this.memory.buffer, startsAt, starts.length).set(starts);
  }

  /** Copy a map into the memory, with zeros around it. */
  pad({ shape, data }, { before, pitch, mapBytes }) {
    const target = this.floats(this.mapAt, mapBytes / 4);
    if (!before) return target.set(data);
    const [height, width, channels] = shape;
    target.fill(0);
    const line = width * channels;
    for (let row = 0; row < height; row++) {
      const to = ((before[0] + row) * pitch) / 4 + before[1] * channels;
      target.set(data.subarray(row * line, (row + 1) * line), to);
    }
    return target;
  }

  /** Multiply all windows of a map with a layer's weights, or with those of one plane. */
  multiply(plan, from, weightsAt, biasAt, to, floor) {
    const { startsAt, places, blocks, lines, run, pitch } = plan;
    this.kernels.windows(startsAt, places, from, weightsAt, biasAt, to, blocks, lines, run, pitch, floor);
  }

  /** The same by tiles. */
  multiplyTiles(plan, floor) {
    const { tiles, pitch, depth, wide, places, weightsAt, biasAt } = plan;
    const { mapAt, planesAt, productsAt, scratchAt, outputAt, noBiasAt } = this;
    const { down, across } = tiles;
    const [plane, product] = [places * depth, places * wide];
    this.kernels.tiles_in(mapAt, pitch, depth, down, across, scratchAt, planesAt, plane);
    for (let kind = 0; kind < PLANES; kind++) {
      const weights = weightsAt + kind * depth * (wide / 4);
      const bias = kind === BIAS_PLANE ? biasAt : noBiasAt;
      this.multiply(plan, planesAt + kind * plane, weights, bias, productsAt + kind * product, -Infinity);
    }
    this.kernels.tiles_out(productsAt, product, wide, down, across, scratchAt, outputAt, floor);
  }

  /**
   * What layer `index` gives.
   * @param {number} index
   * @param {import("./engine.js").Tensor} input
   * @param {boolean} relu
   * @returns {import("./engine.js").Tensor}
   */
  run(index, input, relu) {
    const plan = this.plans[index];
    const floor = relu ? 0 : -Infinity;
    this.pad(input, plan);
    if (plan.tiles) this.multiplyTiles(plan, floor);
    else this.multiply(plan, this.mapAt, plan.weightsAt, plan.biasAt, this.outputAt, floor);
    return tensor(plan.shape, this.output(plan));
  }

  /** The output without what only fills the last block of filters, or the last tiles. */
  output({ rows, columns, shape, wide, tiles }) {
    const filters = shape.at(-1);
    const width = tiles ? 2 * tiles.across : columns;
    const all = this.floats(this.outputAt, (rows * width * wide) / 4);
    if (wide === 4 * filters && width === columns) return all.slice();
    const values = new Float32Array(rows * columns * filters);
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const from = ((row * width + column) * wide) / 4;
        values.set(all.subarray(from, from + filters), (row * columns + column) * filters);
      }
    }
    return values;
  }
}
