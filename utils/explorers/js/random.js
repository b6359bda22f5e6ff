/** Random numbers that come again with the same seed: for weights, order and what is left out. */

/**
 * A generator of numbers from 0 up to 1 (mulberry32, by Tommy Ettinger).
 * @param {number} seed  a whole number
 * @returns {() => number}
 */
export function randomNumbers(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** The numbers 0 … count − 1 in random order (Fisher and Yates). */
export function shuffled(count, random) {
  const order = Int32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const other = Math.floor(random() * (i + 1));
    [order[i], order[other]] = [order[other], order[i]];
  }
  return order;
}

/** A number of the normal distribution (Box and Muller), at most two deviations from 0. */
function truncatedNormal(random) {
  for (;;) {
    const radius = Math.sqrt(-2 * Math.log(1 - random()));
    const value = radius * Math.cos(2 * Math.PI * random());
    if (Math.abs(value) <= 2) return value;
  }
}

// The standard deviation of a normal distribution that ends at two deviations.
const TRUNCATED = 0.8796256610342398;

/** Keras's initializers: from the inputs and outputs of a weight's filter to a weight. */
const INITIALIZERS = {
  he_normal: ([inputs], random) =>
    (truncatedNormal(random) * Math.sqrt(2 / inputs)) / TRUNCATED,
  glorot_uniform: ([inputs, outputs], random) =>
    (2 * random() - 1) * Math.sqrt(6 / (inputs + outputs)),
  zeros: () => 0,
};

export const INITIALIZER_NAMES = Object.keys(INITIALIZERS);

/**
 * Fill a kernel with its first weights.
 * @param {Float32Array} values
 * @param {number[]} shape  as Keras has it: [height, width, channels, filters] or [inputs, units]
 * @param {string} name  of Keras's initializer
 * @param {() => number} random
 */
export function initialize(values, shape, name, random) {
  const field = shape.slice(0, -2).reduce((product, side) => product * side, 1);
  const fans = shape.slice(-2).map((side) => side * field);
  for (let i = 0; i < values.length; i++) values[i] = INITIALIZERS[name](fans, random);
}
