/**
 * One number of a layer's maps: the window that it reads, the filter's slices, their products and
 * the sum.
 */

import { create, format, grid, sign } from "./interface.js";
import { signedCell } from "./maps.js";

export const SHOWN = 3; // channels whose products are shown one by one

/** The part of one channel that a window covers, rows of values; padding is 0. */
export function patchOf({ shape, data }, channel, [rows, columns]) {
  const [height, width, channels] = shape;
  const lines = [];
  for (let y = rows.first; y <= rows.last; y += 1) {
    const line = [];
    for (let x = columns.first; x <= columns.last; x += 1) {
      const isThere = y >= 0 && y < height && x >= 0 && x < width;
      line.push(isThere ? data[(y * width + x) * channels + channel] : 0);
    }
    lines.push(line);
  }
  return lines;
}

/** Products of a filter with its window, channel by channel, the largest sums first. */
export function channelSums(input, window, { shape, weights, first }) {
  const [height, width, channels] = shape;
  return Array.from({ length: channels }, (_, channel) => {
    const patch = patchOf(input, first + channel, window);
    const slice = Array.from({ length: height }, (_, i) =>
      Array.from({ length: width }, (_, j) => weights[(i * width + j) * channels + channel]),
    );
    const products = patch.map((line, i) => line.map((value, j) => value * slice[i][j]));
    const sum = products.flat().reduce((one, other) => one + other, 0);
    return { channel: first + channel, patch, slice, products, sum };
  }).sort((one, other) => Math.abs(other.sum) - Math.abs(one.sum));
}

/** The sentence of a convolution's sum: the strongest channels, the rest, bias, activation. */
export function sumInWords(sums, bias, value, activation) {
  const first = sums.slice(0, SHOWN);
  const rest = sums.slice(SHOWN).reduce((total, { sum }) => total + sum, 0);
  const total = sums.reduce((all, { sum }) => all + sum, 0) + (bias ?? 0);
  const named = sums.length > 1 ? (channel) => ` (map ${channel + 1})` : () => "";
  const parts = first.map(({ channel, sum }) => [sum, named(channel)]);
  if (sums.length > SHOWN) parts.push([rest, ` (the other ${sums.length - SHOWN})`]);
  if (bias !== null) parts.push([bias, " (bias)"]);
  const added = parts.map(([part, name], index) => {
    if (index === 0) return `${format(part)}${name}`;
    return ` ${part < 0 ? "−" : "+"} ${format(Math.abs(part))}${name}`;
  });
  const end = activation ? ` → ${activation} → ${format(value)}` : "";
  return `${added.join("")} = ${format(total)}${end}`;
}

/** The name of a channel of what a layer reads. */
export function sourceOf(layer, channels) {
  if (layer > 0) return (channel) => `map ${channel + 1}`;
  return (channel) => (channels === 1 ? "the image" : ["red", "green", "blue"][channel]);
}

const ROOM = { 3: 6, 5: 5, 7: 4 }; // characters in a cell, by the size of the grid

/**
 * Decimals for all numbers of a grid, so that they can be added up: three digits of the largest,
 * or as many as there is room for beside a sign and a point.
 */
function decimals(most, room) {
  if (most === 0) return 0;
  const before = Math.max(0, Math.floor(Math.log10(most)) + 1);
  return Math.max(0, Math.min(2 - Math.floor(Math.log10(most)), room - 2 - before));
}

/** A number with so many decimals, without the 0 before the point; "0" alone is exactly 0. */
function brief(value, digits) {
  if (value === 0) return "0";
  const text = value.toFixed(digits).replace("-", "−").replace(/^(−?)0\./, "$1.");
  return /[1-9]/.test(text) ? text : text.replace("−", "");
}

/** Which size of cells a filter needs: 3, 5 or 7. */
export const gridSize = (rows, columns) => (Math.max(rows, columns) > 5 ? 7 : rows > 3 ? 5 : 3);

/** One line of the calculation: window × slice = products, for one channel. */
export function productLine({ channel, patch, slice, products, sum }, source) {
  const limit = (matrix) => Math.max(...matrix.flat().map(Math.abs));
  const size = gridSize(slice.length, slice[0].length);
  const part = (label, role, matrix, strength) => {
    const shown = grid({ label, role });
    shown.cells.dataset.size = size;
    const most = limit(matrix);
    const digits = decimals(most, ROOM[size]);
    shown.set(matrix, signedCell(strength * (most || 1), (value) => brief(value, digits)));
    return shown.element;
  };
  return create(
    "div",
    { class: "cx-row cx-calculation" },
    part(`Window of ${source(channel)}`, "input", patch, 1.6),
    sign("×"),
    part("Filter's slice", "kernel", slice, 1.6),
    sign("="),
    part(`Products, sum ${format(sum)}`, "output", products, 1.3),
  );
}
