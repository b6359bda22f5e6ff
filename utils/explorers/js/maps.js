/**
 * Many feature maps at once: small multiples on one canvas, of which one is chosen by mouse,
 * touch or arrow keys; and rows of values as strips.
 */

import { create, format, signedColor } from "./interface.js";

const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

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

/** Red, green and blue of a value: gray from 0 to `most`, or blue and red where it is signed. */
function colorOf(value, { most, isSigned }) {
  if (isSigned) {
    const strength = most > 0 ? Math.min(1, Math.abs(value) / most) : 0;
    const end = value < 0 ? [33, 102, 172] : [178, 24, 43];
    return end.map((part) => 255 + (part - 255) * strength);
  }
  const level = most > 0 ? (255 * Math.min(value, most)) / most : 0;
  return [level, level, level];
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
  canvas.width = columns * (width + 1) - 1;
  canvas.height = rows * (height + 1) - 1;
  const context = canvas.getContext("2d");
  const image = context.createImageData(canvas.width, canvas.height);
  for (let index = 0; index < count; index += 1) {
    const top = Math.floor(index / columns) * (height + 1);
    const left = (index % columns) * (width + 1);
    for (let y = 0; y < height; y += 1) {
      for (let x = 0; x < width; x += 1) {
        const value = data[(y * width + x) * channels + first + index];
        const at = 4 * ((top + y) * canvas.width + left + x);
        image.data.set([...colorOf(value, reached), 255], at);
      }
    }
  }
  context.putImageData(image, 0, 0);
}

/** Draw a row of values as a strip of cells, at most `columns` in a line. */
export function drawRow(canvas, values, { columns, reached }) {
  const shape = [1, 1, values.length];
  drawMaps(canvas, { shape, data: values }, { first: 0, count: values.length, columns, reached });
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
  const set = (maps, options) => {
    shown = options;
    drawMaps(canvas, maps, options);
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
      const percent = `${format(100 * values[index], 3)} %`;
      const [words, track, value] = bar.children;
      words.textContent = name;
      value.textContent = before ? `${format(100 * before[index], 2)} → ${percent}` : percent;
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
