/**
 * Winograd's way to slide 3 × 3 filters one by one over a map (Lavin and Gray, 2016,
 * https://arxiv.org/abs/1509.09308): a tile of 4 × 4 values becomes 16 other values, filters of
 * 3 × 3 weights become 16 other weights, and 16 products for each channel become 2 × 2 outputs,
 * which are 36 products in the ordinary way. Between one product of each of the 16 kinds and the
 * next nothing is mixed: they are 16 small matrix products.
 *
 * Along one axis, values a b c d become a − c, b + c, c − b, b − d, weights p q r become
 * p, (p + q + r) / 2, (p − q + r) / 2, r, and products s t u v become outputs s + t + u, t − u − v.
 */

const WORTH = 0.8; // of the products: what is saved has to pay for the transforms

/**
 * How many tiles cover an output, or null where the ordinary way is as good.
 * @param {number[]} kernelShape  [height, width, channels, filters]
 * @param {{strides: number[], rows: number, columns: number}} options  `rows` and `columns` of
 *   the output
 * @returns {{down: number, across: number} | null}
 */
export function tiling([height, width, channels], { strides, rows, columns }) {
  const fits = height === 3 && width === 3 && channels % 4 === 0 && Math.max(...strides) === 1;
  const [down, across] = [Math.ceil(rows / 2), Math.ceil(columns / 2)];
  return fits && 16 * down * across < WORTH * 9 * rows * columns ? { down, across } : null;
}

/** Three weights along one axis, in arrays, become four. */
const mixed = (p, q, r) => [
  p,
  p.map((value, i) => (value + q[i] + r[i]) / 2),
  p.map((value, i) => (value - q[i] + r[i]) / 2),
  r,
];

/**
 * The weights of filters as tiles need them.
 * @param {{shape: number[], data: Float32Array}} kernel  [3, 3, channels, filters]
 * @returns {Float32Array[]} 16 arrays of [channels, filters]
 */
export function transformed({ shape: [, , channels, filters], data }) {
  const size = channels * filters;
  const weights = (row, column) => data.subarray((3 * row + column) * size).subarray(0, size);
  const columns = [0, 1, 2].map((j) => mixed(...[0, 1, 2].map((i) => weights(i, j))));
  return [0, 1, 2, 3].flatMap((i) => mixed(...columns.map((column) => column[i])));
}

/** Which of the 16 products is part of each output once, so that the bias is added there. */
export const BIAS_PLANE = 5;
