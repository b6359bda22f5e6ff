/**
 * One memory for a network that learns: every map, weight and gradient has its place in it, so
 * that the heavy loops, in WebAssembly SIMD or in plain JavaScript, take addresses alone.
 */

import { SIMD } from "./learning_kernels.js";
import { plainLoops } from "./learning_plain.js";

const PAGE = 65536; // bytes of a page of WebAssembly memory
const LARGEST = 1 << 28; // bytes: what a page, and a phone, may well give

/**
 * Compile the loops.
 * @returns {WebAssembly.Module | null} null where the browser has no WebAssembly SIMD
 */
export function compileLearning() {
  try {
    return new WebAssembly.Module(Uint8Array.from(atob(SIMD), (letter) => letter.charCodeAt(0)));
  } catch {
    return null; // no WebAssembly, switched off, or without SIMD
  }
}

/** The loops in WebAssembly under the names of those in plain JavaScript. */
function simdLoops(module, memory) {
  const { exports } = new WebAssembly.Instance(module, { page: { memory } });
  return {
    windows: exports.windows,
    weightGradients: exports.weight_gradients,
    channelSums: exports.channel_sums,
    reluGradient: exports.relu_gradient,
    maxPool: exports.max_pool,
    maxPoolGradient: exports.max_pool_gradient,
  };
}

/**
 * A memory in which places are asked for first, and which then is made as large as it must be.
 * @typedef {{ at: number, length: number, values: Float32Array | Int32Array | null }} Block
 */
export class Memory {
  constructor() {
    this.end = 64; // no place has the address 0
    this.blocks = [];
  }

  /**
   * Ask for a place. `values` is there once `make` was called.
   * @param {number} length
   * @returns {Block}
   */
  floats(length) {
    return this.take(length, Float32Array);
  }

  /** Ask for a place for whole numbers, with what stands there. */
  whole(numbers) {
    return Object.assign(this.take(numbers.length, Int32Array), { first: numbers });
  }

  take(length, Type) {
    const block = { at: this.end, length, values: null, Type };
    this.end += Math.ceil((4 * length + 32) / 64) * 64; // loops may write a few values further
    this.blocks.push(block);
    return block;
  }

  /**
   * Make the memory and the loops that work in it.
   * @param {WebAssembly.Module | null} module  null for plain JavaScript
   */
  make(module) {
    if (this.end > LARGEST) {
      const megabytes = Math.round(this.end / 1e6);
      throw new Error(
        `This network would take ${megabytes} MB of memory in the page. ` +
          "Take fewer filters or units, or a smaller batch.",
      );
    }
    const memory = module && new WebAssembly.Memory({ initial: Math.ceil(this.end / PAGE) });
    const buffer = memory ? memory.buffer : new ArrayBuffer(Math.ceil(this.end / PAGE) * PAGE);
    for (const block of this.blocks) {
      block.values = new block.Type(buffer, block.at, block.length);
      if (block.first) block.values.set(block.first);
    }
    this.plain = plainLoops(buffer); // for numbers of channels that SIMD does not take
    this.loops = module ? simdLoops(module, memory) : this.plain;
  }
}
