/**
 * Where an explorer's picture comes from: the stored images, one that Python or another
 * explorer set, or the reader's own drawing.
 */

import { decode } from "./engine.js";
import { button, choice, create, originOf } from "./interface.js";

const DRAWING = "your drawing";
const SIDE = 28; // pixels of the drawing pad, as the course's data sets have

/** The stored array that is shown: one that was set, or the selected one of the list. */
export function storedImage(model) {
  const images = model.get("images");
  const listed = images.find(({ name }) => name === model.get("selected")) ?? images[0];
  return model.get("image") ?? listed.image;
}

const decoded = new WeakMap();

/** A stored array as a tensor, the same one each time it is asked for; it must not be changed. */
export function decodedOnce(stored) {
  if (!decoded.has(stored)) decoded.set(stored, decode(stored));
  return decoded.get(stored);
}

/** The image that the model shows now, as a tensor. */
export const currentImage = (model) => decodedOnce(storedImage(model));

/** A picture with one stroke of the pen at (row, column): a soft dot two pixels wide. */
export function stroke(pixels, row, column, erase) {
  const drawn = new Uint8Array(pixels);
  for (let y = Math.max(0, row - 1); y <= Math.min(SIDE - 1, row + 1); y += 1) {
    for (let x = Math.max(0, column - 1); x <= Math.min(SIDE - 1, column + 1); x += 1) {
      const ink = y === row && x === column ? 255 : y === row || x === column ? 150 : 60;
      drawn[y * SIDE + x] = erase ? 0 : Math.max(drawn[y * SIDE + x], ink);
    }
  }
  return drawn;
}

/**
 * The list of images, and a pad to draw on.
 *
 * @param {object} model with the traits images, selected and image
 * @param {(changes: object) => void} edit sets traits
 * @param {{own?: string}} options  what an image is called that is not of the list: as a rule,
 *   a program has set it
 * @returns {{choose: HTMLElement, tools: HTMLElement, paint: Function, refresh: (picture:
 *   import("./interface.js").Picture) => void}} `paint` is for a Picture's `onPaint`;
 *   `refresh` is to be called with the picture at every redraw
 */
export function imageSource(model, edit, { own = "set from outside" } = {}) {
  let pixels = new Uint8Array(SIDE * SIDE);
  const drawn = (changed) => {
    pixels = changed;
    edit({ image: { shape: [SIDE, SIDE], dtype: "uint8", data: new DataView(pixels.buffer) } });
  };
  /** What the pen draws on: the picture that is shown, if it is as large as the pad. */
  const shownPixels = () => {
    if (!model.get("image")) return pixels;
    const { data } = decode(model.get("image"));
    return data.length === pixels.length ? Uint8Array.from(data) : pixels;
  };
  const list = choice({
    label: "Image",
    options: [],
    onInput: (name) => {
      if (name !== DRAWING) return edit({ selected: name, image: null });
      edit({ selected: name });
      return drawn(pixels);
    },
  });
  const clear = button("Clear the pad", () => drawn(new Uint8Array(SIDE * SIDE)));
  const tools = create(
    "div",
    { class: "cx-buttons", hidden: true },
    clear,
    create(
      "span",
      { class: "cx-note" },
      "Draw with mouse or finger; Shift erases. Keys: arrows move, Space draws, Delete erases.",
    ),
  );
  const refresh = (picture) => {
    const selected = model.get("selected");
    const names = model.get("images").map(({ name }) => name);
    const isListed = names.includes(selected) || selected === DRAWING;
    const isLinked = originOf(model.get("image")) !== null;
    const name = isLinked ? "map of the linked explorer" : own;
    const others = isListed ? [] : [[selected, name]];
    list.fill([...names, ...others, [DRAWING, "Draw your own …"]]);
    list.set(selected);
    const drawing = selected === DRAWING;
    if (drawing && picture.paintable === false) pixels = shownPixels();
    picture.paintable = drawing;
    picture.stage.classList.toggle("cx-paint", drawing);
    tools.hidden = !drawing;
    // The pen may have been at a place that only a larger image has.
    if (drawing) picture.move(picture.at);
    else picture.unmark("pixel");
  };
  return {
    choose: list.element,
    tools,
    paint: (row, column, erase) => drawn(stroke(shownPixels(), row, column, erase)),
    refresh,
  };
}
