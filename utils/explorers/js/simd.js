/**
 * Convolutions and dense layers on WebAssembly SIMD: where the weights lie in its memory, and
 * how a map gets there and back. What the compiled kernels compute is in wasm/kernels.wat.
 */

import { tensor } from "./engine.js";
import { RELAXED_SIMD, SIMD } from "./kernels.js";
import { both, windows } from "./sizes.js";

const WIDTH = 16; // filters that the kernel computes side by side
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
function startsOf({ rows, columns, down, right }) {
  const places = rows * columns;
  const starts = new Int32Array(places + (places % 2));
  for (let place = 0; place < starts.length; place++) {
    const at = Math.min(place, places - 1);
    starts[place] = Math.floor(at / columns) * down + (at % columns) * right;
  }
  return starts;
}

/**
 * How a layer's windows lie in memory, for an input of this shape.
 * @param {number[]} shape  [height, width, channels] of a convolution, [length] of a dense layer
 * @param {import("./engine.js").Tensor} kernel  [height, width, channels, filters] or [length, units]
 * @param {{strides?: number | number[], padding?: any}} options
 */
function planOf(shape, kernel, { strides = 1, padding = "valid" }) {
  const filters = kernel.shape.at(-1);
  if (shape.length === 1) {
    return { rows: 1, columns: 1, filters, lines: 1, run: 4 * shape[0], pitch: 0, down: 0, right: 0 };
  }
  const [kernelHeight, kernelWidth, channels] = kernel.shape;
  const [strideY, strideX] = both(strides);
  const [paddingY, paddingX] = both(padding);
  const y = windows(shape[0], kernelHeight, strideY, paddingY);
  const x = windows(shape[1], kernelWidth, strideX, paddingX);
  const pitch = 4 * channels * (x.before + shape[1] + x.after);
  return {
    rows: y.size,
    columns: x.size,
    filters,
    lines: kernelHeight,
    run: 4 * kernelWidth * channels,
    pitch,
    down: strideY * pitch,
    right: 4 * strideX * channels,
    y,
    x,
    mapBytes: pitch * (y.before + shape[0] + y.after),
  };
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
      const blocks = blocksOf(plan.filters);
      const inputs = plan.lines * (plan.run / 4);
      const starts = startsOf(plan);
      return {
        ...plan,
        blocks,
        starts,
        places: starts.length,
        startsAt: take(starts.byteLength),
        weightsAt: take(4 * inputs * blocks * WIDTH),
        biasAt: take(4 * blocks * WIDTH),
      };
    });
    // The map and the output of one layer at a time.
    const largest = (bytes) => this.plans.reduce((most, plan) => Math.max(most, bytes(plan)), 0);
    this.mapAt = take(largest(({ mapBytes, run }) => mapBytes ?? run));
    this.outputAt = take(largest(({ places, blocks }) => 4 * places * blocks * WIDTH));
    if (end > LARGEST) throw new Error("The network is too large for a page.");
    this.memory = new WebAssembly.Memory({ initial: Math.ceil(end / PAGE) });
    const { exports } = new WebAssembly.Instance(module, { page: { memory: this.memory } });
    this.windows = exports.windows;
    this.plans.forEach((plan, index) => this.place(plan, layers[index]));
  }

  floats(address, count) {
    return new Float32Array(this.memory.buffer, address, count);
  }

  /** Put a layer's weights into the memory: blocks of 16 filters, those that lack are zeros. */
  place(plan, { kernel, bias }) {
    const { filters, blocks } = plan;
    const inputs = kernel.data.length / filters;
    const packed = this.floats(plan.weightsAt, inputs * blocks * WIDTH);
    for (let block = 0; block < blocks; block++) {
      const first = block * WIDTH;
      const count = Math.min(WIDTH, filters - first);
      for (let input = 0; input < inputs; input++) {
        const from = input * filters + first;
        const to = (block * inputs + input) * WIDTH;
        packed.set(kernel.data.subarray(from, from + count), to);
      }
    }
    if (bias) this.floats(plan.biasAt, filters).set(bias);
    new Int32Array(this.memory.buffer, plan.startsAt, plan.places).set(plan.starts);
  }

  /** Copy a map into the memory, with zeros around it. */
  pad({ shape, data }, { y, x, pitch, mapBytes }) {
    const target = this.floats(this.mapAt, (mapBytes ?? 4 * data.length) / 4);
    if (!y) return target.set(data);
    const [height, width, channels] = shape;
    target.fill(0);
    const line = width * channels;
    for (let row = 0; row < height; row++) {
      const to = ((y.before + row) * pitch) / 4 + x.before * channels;
      target.set(data.subarray(row * line, (row + 1) * line), to);
    }
    return target;
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
    this.pad(input, plan);
    const { places, blocks, lines, run, pitch, rows, columns, filters } = plan;
    const floor = relu ? 0 : -Infinity;
    const addresses = [this.mapAt, plan.weightsAt, plan.biasAt, this.outputAt];
    this.windows(plan.startsAt, places, ...addresses, blocks, lines, run, pitch, floor);
    const shape = plan.y ? [rows, columns, filters] : [filters];
    return tensor(shape, this.dense(plan));
  }

  /** The output without the filters that only fill the last block. */
  dense({ rows, columns, filters, blocks }) {
    const places = rows * columns;
    const wide = blocks * WIDTH;
    const output = this.floats(this.outputAt, places * wide);
    if (wide === filters) return output.slice();
    const values = new Float32Array(places * filters);
    for (let place = 0; place < places; place++) {
      values.set(output.subarray(place * wide, place * wide + filters), place * filters);
    }
    return values;
  }
}
