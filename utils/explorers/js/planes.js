/**
 * Maps drawn as planes above one another, seen from above at a slant, as textbooks draw a
 * network: where they lie, and the parts of them that are lit. Shapes only; what is lit is
 * found in receptive_field.js.
 */

import { create } from "./interface.js";

const SHADES = 8; // steps from few paths to many
const AXES = [0, 1]; // rows, columns

/** A value within limits. */
export const clamp = (value, low, high) => Math.max(low, Math.min(high, value));

/** An SVG element; `null` leaves an attribute out. */
export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

export const short = (number) => Math.round(number * 10) / 10;
export const outline = (points) =>
  `M${points.map((point) => point.map(short).join(" ")).join("L")}Z`;

/** The middle of an image, scaled to rows × columns by averaging, as an address for <image>. */
export function scaled({ shape, data }, [rows, columns]) {
  const part = Math.min(shape[0] / rows, shape[1] / columns);
  const [top, left] = [(shape[0] - part * rows) / 2, (shape[1] - part * columns) / 2];
  const dot = Math.max(1, Math.ceil(560 / Math.max(rows, columns))); // sharp when it is sheared
  const canvas = create("canvas", { width: columns * dot, height: rows * dot });
  const context = canvas.getContext("2d");
  for (let i = 0; i < rows; i += 1) {
    for (let j = 0; j < columns; j += 1) {
      const [y, x] = [Math.floor(top + i * part), Math.floor(left + j * part)];
      const [bottom, right] = [Math.floor(top + (i + 1) * part), Math.floor(left + (j + 1) * part)];
      let [sum, count] = [0, 0];
      for (let v = y; v < Math.max(bottom, y + 1); v += 1) {
        for (let u = x; u < Math.max(right, x + 1); u += 1) {
          sum += data[v * shape[1] + u];
          count += 1;
        }
      }
      const level = Math.round(sum / count);
      context.fillStyle = `rgb(${level} ${level} ${level})`;
      context.fillRect(j * dot, i * dot, dot, dot);
    }
  }
  return canvas.toDataURL();
}

/**
 * Where each plane lies in a figure of `width` pixels, seen from above at a slant: columns run
 * to the right, rows come nearer. The input is at the bottom. Without a `height` it is as high as it comes.
 */
export function arrange(planes, { width, height, narrow }) {
  const count = planes.length;
  const spacing =
    height / count || clamp((narrow ? 330 : 400) / count, narrow ? 50 : 62, 124);
  const longest = Math.max(...planes[0].size);
  const depth = Math.min(width * 0.3, spacing * 0.93);
  const slant = Math.min(width * 0.25, depth * 1.2);
  const full = width * 0.88 - slant;
  const middle = width * 0.51;
  const places = planes.map(({ size }, plane) => {
    // A map of half the side is drawn at 0.7 of the side: small maps stay within reach.
    const share = AXES.map((axis) => clamp(Math.sqrt(size[axis] / longest), 0.2, 1.1));
    const center = spacing * (count - 1 - plane + 0.5);
    const at = (row, column) => {
      const [v, u] = [(row / size[0] - 0.5) * share[0], (column / size[1] - 0.5) * share[1]];
      return [middle + u * full - v * slant, center + v * depth];
    };
    const find = (x, y) => {
      const v = (y - center) / depth;
      const u = (x - middle + v * slant) / full;
      return [(v / share[0] + 0.5) * size[0], (u / share[1] + 0.5) * size[1]];
    };
    const cell = (full * share[1]) / size[1];
    return { at, find, cell, center };
  });
  return { places, spacing, height: spacing * count };
}

/** The corners of rows and columns of a plane. */
export function corners({ at }, [rows, columns]) {
  const [top, left, bottom, right] = [rows.first, columns.first, rows.last + 1, columns.last + 1];
  return [at(top, left), at(top, right), at(bottom, right), at(bottom, left)];
}

/** The lines between cells, within rows and columns. */
export function lines({ at }, [rows, columns]) {
  const parts = [];
  const line = (from, to) => parts.push(`M${from.map(short).join(" ")}L${to.map(short).join(" ")}`);
  for (let i = rows.first; i <= rows.last + 1; i += 1)
    line(at(i, columns.first), at(i, columns.last + 1));
  for (let j = columns.first; j <= columns.last + 1; j += 1)
    line(at(rows.first, j), at(rows.last + 1, j));
  return parts.join("");
}

/** Runs of equal value along a row, as [value, first, last]. */
function runs(values) {
  const found = [];
  values.forEach((value, at) => {
    if (found.length && found.at(-1)[0] === value) found.at(-1)[2] = at;
    else found.push([value, at, at]);
  });
  return found;
}

/** The lit cells of a plane as one path for each shade: [shade from 0 to 1, path]. */
export function shaded(place, [rows, columns], paths) {
  const most = Math.max(...rows) * Math.max(...columns);
  const shade = (count) => {
    if (count === 0 || !paths) return Math.sign(count);
    return Math.ceil((SHADES * count) / most) / SHADES;
  };
  const found = new Map();
  for (const [down, top, bottom] of runs(rows)) {
    if (down === 0) continue;
    for (const [part, left, right] of runs(columns.map((across) => shade(down * across)))) {
      if (part === 0) continue;
      const cells = [
        { first: top, last: bottom },
        { first: left, last: right },
      ];
      found.set(part, (found.get(part) ?? "") + outline(corners(place, cells)));
    }
  }
  return [...found];
}

/** The dashed edges of what reaches into the padding; one that lies far out is left open. */
export function overhang({ at }, size, nominal) {
  const edge = nominal.map(({ first, last }, axis) => {
    const far = 0.09 * size[axis];
    const [low, high] = [clamp(first, -far, size[axis]), clamp(last + 1, 0, size[axis] + far)];
    return { low, high, open: [low > first, high < last + 1] };
  });
  const [rows, columns] = edge;
  const sides = [
    [rows.open[0], [rows.low, columns.low], [rows.low, columns.high]],
    [rows.open[1], [rows.high, columns.low], [rows.high, columns.high]],
    [columns.open[0], [rows.low, columns.low], [rows.high, columns.low]],
    [columns.open[1], [rows.low, columns.high], [rows.high, columns.high]],
  ];
  return sides
    .filter(([open]) => !open)
    .map(
      ([, from, to]) =>
        `M${at(...from)
          .map(short)
          .join(" ")}L${at(...to)
          .map(short)
          .join(" ")}`,
    )
    .join("");
}
