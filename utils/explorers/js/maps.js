/**
 * Many feature maps at once: small multiples on one canvas, of which one is chosen by mouse,
 * touch or arrow keys; rows of values as bars.
 */

import { create, GRAYS, MOVES, SIGNED, signedColor } from "./interface.js";

const BAR = "#7b828c"; // legible on light and dark; to ask for the page's would lay it out at once

/** The largest distance from zero, and whether there are negative values. */
export function reach(values) {
  let most = 0;
  let isSigned = false;
  for (let i = 0; i < values.length; i += 1) {
    if (values[i] < 0) isSigned = true;
    most = Math.max(most, Math.abs(values[i]));
  }
  return { most, isSigned };
}

/** The color of a value: gray from 0 to `most`, or blue and red where some are negative. */
function colorOf(value, { most, isSigned }) {
  const level = most > 0 ? Math.round((255 * value) / most) : 0;
  if (isSigned) return SIGNED[255 + Math.max(-255, Math.min(255, level))];
  return GRAYS[Math.max(0, Math.min(255, level))];
}

/** Give a canvas a size and no content; where the size is new, the page is laid out again. */
function resize(canvas, width, height) {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  canvas.getContext("2d").clearRect(0, 0, width, height);
}

/**
 * Draw some maps of a layer side by side, one canvas pixel a value and one between maps.
 * @param {HTMLCanvasElement} canvas
 * @param {{shape: number[], data: ArrayLike<number>}} maps  [height, width, channels]
 * @param {{first: number, count: number, columns: number, reached: object}} options
 */
export function drawMaps(canvas, { shape, data }, { first, count, columns, reached }) {
  const [height, width, channels] = shape;
  const rows = Math.ceil(count / columns);
  resize(canvas, columns * (width + 1) - 1, rows * (height + 1) - 1);
  const context = canvas.getContext("2d");
  const image = context.createImageData(canvas.width, canvas.height);
  const pixels = new Uint32Array(image.data.buffer);
  for (let index = 0; index < count; index += 1) {
    const top = Math.floor(index / columns) * (height + 1);
    const left = (index % columns) * (width + 1);
    for (let y = 0; y < height; y += 1) {
      for (let x = 0; x < width; x += 1) {
        const value = data[(y * width + x) * channels + first + index];
        pixels[(top + y) * canvas.width + left + x] = colorOf(value, reached);
      }
    }
  }
  context.putImageData(image, 0, 0);
}

/** Draw a row of values as bars above and below zero. */
export function drawBars(canvas, values, { most, isSigned }) {
  const [width, height] = [4 * values.length, 48];
  resize(canvas, width, height);
  canvas.classList.add("cx-values");
  const context = canvas.getContext("2d");
  context.fillStyle = BAR;
  const zero = isSigned ? height / 2 : height - 1;
  values.forEach((value, index) => {
    const long = most > 0 ? (value / most) * (zero - 1) : 0;
    context.fillRect(4 * index, zero - Math.max(long, 0), 3, Math.max(1, Math.abs(long)));
  });
}

/** A probability in percent, for people: no more digits than it is worth. */
export function percent(share) {
  if (share > 0.9995 && share < 1) return "> 99.9 %";
  if (share > 0 && share < 0.0005) return "< 0.1 %";
  return `${(100 * share).toFixed(1)} %`;
}

/**
 * The maps of one layer, a page of them, to choose from.
 * @param {{label: string, onChoose: (index: number) => void}} options
 */
export function atlas({ label, onChoose }) {
  const canvas = create("canvas", { "aria-hidden": "true" });
  const mark = create("span", { class: "cx-mark", "data-mark": "pixel" });
  const stage = create(
    "div",
    { class: "cx-stage cx-atlas", tabindex: 0, role: "application" },
    canvas,
    mark,
  );
  let shown = { first: 0, count: 0, columns: 1, chosen: 0 };
  const choose = (index) => {
    const last = shown.first + shown.count - 1;
    onChoose(Math.max(shown.first, Math.min(last, index)));
  };
  const placed = () => {
    const index = shown.chosen - shown.first;
    const rows = Math.ceil(shown.count / shown.columns);
    mark.hidden = index < 0 || index >= shown.count;
    mark.style.left = `${(100 * (index % shown.columns)) / shown.columns}%`;
    mark.style.top = `${(100 * Math.floor(index / shown.columns)) / rows}%`;
    mark.style.width = `${100 / shown.columns}%`;
    mark.style.height = `${100 / rows}%`;
  };
  stage.addEventListener("pointerdown", (event) => {
    const box = stage.getBoundingClientRect();
    const rows = Math.ceil(shown.count / shown.columns);
    const row = Math.floor(((event.clientY - box.top) / box.height) * rows);
    const column = Math.floor(((event.clientX - box.left) / box.width) * shown.columns);
    choose(shown.first + row * shown.columns + Math.min(column, shown.columns - 1));
  });
  stage.addEventListener("keydown", (event) => {
    const move = MOVES[event.key];
    if (!move) return;
    event.preventDefault();
    choose(shown.chosen + move[0] * shown.columns + move[1]);
  });
  let drawn = {};
  const set = (maps, options) => {
    shown = options;
    if (drawn.data !== maps.data || drawn.first !== options.first) drawMaps(canvas, maps, options);
    drawn = { data: maps.data, first: options.first };
    stage.style.aspectRatio = `${canvas.width} / ${canvas.height}`;
    placed();
    const end = options.first + options.count;
    const what = `${label}: maps ${options.first + 1} to ${end}. Arrow keys choose a map.`;
    stage.setAttribute("aria-label", `${what} Map ${options.chosen + 1} is chosen.`);
  };
  return { element: stage, set };
}

/**
 * A probability for each class, as bars.
 * @param {(index: number) => void} onChoose
 */
export function answerBars(onChoose) {
  const element = create("div", { class: "cx-bars", role: "group", "aria-label": "Answers" });
  /**
   * @param {{classes: string[], values: ArrayLike<number>, chosen: number,
   *   before?: ArrayLike<number> | null}} answer  `before` are those of the image to compare with
   */
  const set = ({ classes, values, chosen, before = null }) => {
    while (element.children.length > classes.length) element.lastChild.remove();
    while (element.children.length < classes.length) {
      const index = element.children.length;
      const parts = ["cx-bar-name", "cx-bar-track", "cx-bar-value"];
      element.append(
        create(
          "button",
          { type: "button", class: "cx-bar", onclick: () => onChoose(index) },
          ...parts.map((name) => create("span", { class: name })),
        ),
      );
    }
    classes.forEach((name, index) => {
      const bar = element.children[index];
      const now = percent(values[index]);
      const [words, track, value] = bar.children;
      words.textContent = name;
      value.textContent = before ? `${percent(before[index])} → ${now}` : now;
      track.style.setProperty("--share", `${100 * values[index]}%`);
      track.style.setProperty("--before", `${100 * (before ? before[index] : 0)}%`);
      bar.setAttribute("aria-pressed", String(index === chosen));
    });
  };
  return { element, set };
}

/** The fill of a cell and its text, for a grid of signed numbers. */
export const signedCell = (limit, text) => (value) => ({
  ...signedColor(value, limit),
  text: text(value),
});
