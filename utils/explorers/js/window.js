/**
 * The window that slides over a map: which one is looked at, where it stands, what it holds.
 * The explorers of filters, channels and pooling share it.
 *
 * A layer here is `{ size, stride, padding, vertical, horizontal }`: the window's side, how far
 * it moves, and what `windows` in sizes.js says of rows and of columns.
 */

import { grayColor, sizeFormula } from "./interface.js";
import { windows } from "./sizes.js";

/** A layer over an image: its window, and the output that it gives along both axes. */
export function layerOver([rows, columns], { size, stride, padding }) {
  const [vertical, horizontal] = [rows, columns].map((n) => windows(n, size, stride, padding));
  const fits = vertical.fits && horizontal.fits;
  return { size, stride, padding, vertical, horizontal, fits };
}

/** Where the zeros of the padding lie, for `Picture.show`. */
export function borders({ vertical, horizontal }) {
  return {
    before: [vertical.before, horizontal.before],
    after: [vertical.after, horizontal.after],
  };
}

/** The output position whose window is centered nearest to a place of the input. */
export function windowNear([row, column], { size, stride, vertical, horizontal }) {
  const nearest = (place, axis) => {
    const centered = Math.round((place + axis.before - (size - 1) / 2) / stride);
    return Math.max(0, Math.min(axis.size - 1, centered));
  };
  return [nearest(row, vertical), nearest(column, horizontal)];
}

/** The output position that is looked at: the model's, or the nearest that there is. */
export function lookedAt(model, { vertical, horizontal }) {
  const [y, x] = model.get("position");
  return [Math.min(y, vertical.size - 1), Math.min(x, horizontal.size - 1)];
}

/**
 * The position that keeps the window at its place of the image while the layer or the image
 * changes: position (30, 50) of a map lies elsewhere on a map of half the size.
 *
 * @param {(get: Function) => object} layerIn  the layer that traits make, with its input's `shape`
 * @param {(name: string) => any} get  the traits before
 * @param {object} changes  the traits that change; a position among them stays
 * @param {[number, number] | null} place  what is looked at; as a rule the window's middle
 * @returns {{position?: [number, number]}} what changes too; to be set last, once the layer is there
 */
export function keepPlace(layerIn, get, changes, place = null) {
  if ("position" in changes) return {};
  const [before, after] = [get, (name) => (name in changes ? changes[name] : get(name))].map(layerIn);
  const isSame = ["size", "stride", "padding"].every((name) => before[name] === after[name]);
  if (!before.fits || !after.fits || (isSame && String(before.shape) === String(after.shape))) return {};
  const { size, stride, vertical, horizontal } = before;
  const seen = lookedAt({ get }, before).map((at, axis) => {
    const middle = at * stride - [vertical, horizontal][axis].before + (size - 1) / 2;
    return ((place?.[axis] ?? middle) * after.shape[axis]) / before.shape[axis];
  });
  return { position: windowNear(seen, after) };
}

/** The pixel that a picture's arrow keys start from; null for a pad, where it is the pen's. */
export const pointedAt = ({ paintable, at }) => (paintable ? null : [at.row, at.column]);

/**
 * The window at an output position.
 * @param {number} outside what stands for a value in the padding
 * @returns {{top: number, left: number, isInside: (i: number, j: number) => boolean,
 *   values: number[][], at: number}} `at` is the place in the output's data
 */
export function windowAt([y, x], layer, { shape, data }, outside = 0) {
  const { size, stride, vertical, horizontal } = layer;
  const [rows, columns] = shape;
  const [top, left] = [y * stride - vertical.before, x * stride - horizontal.before];
  const isInside = (i, j) =>
    top + i >= 0 && top + i < rows && left + j >= 0 && left + j < columns;
  const places = Array.from({ length: size }, (_, index) => index);
  const values = places.map((i) =>
    places.map((j) => (isInside(i, j) ? data[(top + i) * columns + left + j] : outside)),
  );
  return { top, left, isInside, values, at: y * horizontal.size + x };
}

/** Show the window's values as an image has them, what lies in the padding hatched. */
export function showPatch(grid, { values, isInside }) {
  if (grid.cells.dataset.size !== String(values.length)) grid.cells.dataset.size = values.length;
  grid.set(values, (value, i, j) => (isInside(i, j) ? grayColor(value) : { class: "cx-outside" }));
}

/** Mark the window on the input, and the value that it gives on the output. */
export function markWindow(input, output, [y, x], layer, { top, left }) {
  input.mark("patch", top, left, layer.size, layer.size);
  output.mark("pixel", y, x);
  output.at = { row: y, column: x };
  // The pixel that the arrow keys start from stays where the reader put it, as long as its
  // window is this one: with a stride, several pixels share a window.
  const [row, column] = windowNear([input.at.row, input.at.column], layer);
  if (!input.paintable && (row !== y || column !== x)) {
    const middle = layer.size >> 1;
    input.at = { row: top + middle, column: left + middle };
  }
}

/** The output's size along both axes, with the formula; `padding` as the formula shows it. */
export function sizeWords([rows, columns], layer, padding = layer.padding) {
  const { size, stride, vertical, horizontal } = layer;
  const walk = { window: size, stride, padding };
  const down = sizeFormula("rows", rows, walk, vertical.size);
  return `${down}, ${sizeFormula("columns", columns, walk, horizontal.size)}`;
}

/** Why there is no output: the window is larger than the map. */
export function misfit(size, [rows, columns], { unit = "pixels", lacks = "output", smaller }) {
  return (
    `A ${size} × ${size} window does not fit into ${rows} × ${columns} ${unit}, so there is ` +
    `no ${lacks}. Take a smaller ${smaller}, or padding “same”.`
  );
}
