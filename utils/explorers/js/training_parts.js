/** Parts of the training explorer's page: controls of the settings, bars, mistakes, drawing. */

import { choice, create, decimalBox, format, Picture, plural, toggle, button } from "./interface.js";
import { stroke } from "./images.js";
import { percent } from "./maps.js";
import { SETTINGS } from "./training_settings.js";

const SIDE = 28;

const WORDS = {
  data: ["Images of", { digits: "digits", garments: "garments" }],
  images: ["Images to learn from"],
  blocks: ["Convolutional blocks"],
  filters: ["Filters of the first block"],
  kernel: ["Kernel size", { 1: "1 × 1", 3: "3 × 3", 5: "5 × 5", 7: "7 × 7" }],
  pooling: ["Pooling, 2 × 2"],
  units: ["Hidden dense layer", { 0: "none", 32: "32 units", 64: "64 units", 128: "128 units" }],
  dropout: ["Dropout", { 0: "none" }],
  batchNorm: ["Batch normalization"],
  activation: ["Activation", { relu: "ReLU", none: "none" }],
  start: ["First weights", { random: "random (He, Glorot)", zeros: "all zero", "low biases": "random, biases −10" }],
  optimizer: ["Optimizer", { adam: "Adam", momentum: "SGD with momentum", sgd: "SGD" }],
  rate: ["Learning rate"],
  batch: ["Batch size"],
  augment: ["Augmentation: shift by up to 2 pixels"],
  wrong: ["Wrong labels", { 0: "none", 0.1: "10 %", 0.3: "30 %", 0.5: "50 %", 1: "all" }],
  shuffled: ["Shuffle the pixels, all in one way"],
  peek: ["Put half of the test images among them"],
};
const NETWORK = ["blocks", "filters", "kernel", "pooling", "activation", "batchNorm", "units", "dropout", "start"];
const TRAINING = ["data", "images", "optimizer", "rate", "batch", "wrong", "augment", "shuffled", "peek"];

/** One control for a setting. */
function control(name, onChange) {
  const [label, texts = {}] = WORDS[name];
  const { among, above } = SETTINGS[name];
  if (!among) return decimalBox({ label, above, onInput: (value) => onChange({ [name]: value }) });
  if (among.includes(true)) {
    return toggle({ label, onInput: (value) => onChange({ [name]: value }) });
  }
  const word = (value) => texts[value] ?? (typeof value === "string" ? value : format(value));
  return choice({
    label,
    options: among.map((value) => [String(value), word(value)]),
    onInput: (text) => onChange({ [name]: among.find((value) => String(value) === text) }),
  });
}

/**
 * Controls of all settings, in two groups.
 * @param {(changes: object) => void} onChange
 */
export function settingControls(onChange) {
  const made = new Map([...NETWORK, ...TRAINING].map((name) => [name, control(name, onChange)]));
  const group = (title, names) =>
    create(
      "details",
      { class: "cx-train-settings", open: true },
      create("summary", {}, title),
      create("div", { class: "cx-controls" }, ...names.map((name) => made.get(name).element)),
    );
  const element = create(
    "div",
    { class: "cx-train-groups" },
    group("The network", NETWORK),
    group("What it learns from, and how", TRAINING),
  );
  const set = (settings) => {
    for (const [name, { set: show }] of made) show(settings[name]);
  };
  return { element, set };
}

/** Probabilities as bars, to be read. */
export function probabilityBars(label) {
  const element = create("ul", { class: "cx-bars cx-train-bars", "aria-label": label });
  const set = (classes, values) => {
    if (element.children.length !== classes.length) {
      const parts = ["cx-bar-name", "cx-bar-track", "cx-bar-value"];
      element.replaceChildren(
        ...classes.map(() => {
          const spans = parts.map((name) => create("span", { class: name }));
          return create("li", { class: "cx-bar" }, ...spans);
        }),
      );
    }
    const best = values.indexOf(Math.max(...values));
    classes.forEach((name, index) => {
      const bar = element.children[index];
      const [words, track, value] = bar.children;
      words.textContent = name;
      track.style.setProperty("--share", `${100 * values[index]}%`);
      value.textContent = percent(values[index]);
      bar.classList.toggle("cx-train-best", index === best);
    });
  };
  return { element, set };
}

/** The worst mistakes as small pictures with words. */
export function mistakeList() {
  const title = create("p", { class: "cx-name" });
  const list = create("ul", { class: "cx-train-mistakes" });
  const element = create("div", { class: "cx-train-part" }, title, list);
  const set = ({ worst, count, all }, classes) => {
    title.textContent = `${plural(count, "mistake")} on ${format(all)} new images; the worst ${worst.length}:`;
    list.replaceChildren(
      ...worst.map(({ pixels, label, answer, sure }) => {
        const canvas = create("canvas", { width: SIDE, height: SIDE, "aria-hidden": "true" });
        const context = canvas.getContext("2d");
        const image = context.createImageData(SIDE, SIDE);
        pixels.forEach((level, i) => image.data.set([17 * level, 17 * level, 17 * level, 255], 4 * i));
        context.putImageData(image, 0, 0);
        const words = `${classes[label]}, taken for ${classes[answer]} (${percent(sure)})`;
        return create("li", {}, canvas, create("span", {}, words));
      }),
    );
  };
  return { element, set };
}

/**
 * A pad to draw on.
 * @param {{ label: string, onDrawn: (pixels: Uint8Array) => void }} options
 */
export function drawingPad({ label, onDrawn }) {
  let pixels = new Uint8Array(SIDE * SIDE);
  const show = () => picture.show({ shape: [SIDE, SIDE, 1], data: Float32Array.from(pixels) });
  const picture = new Picture({
    label,
    role: "input",
    hint: "Arrow keys move the pen, Space draws, Delete erases.",
    onPaint: (row, column, erase) => {
      pixels = stroke(pixels, row, column, erase);
      show();
      onDrawn(pixels);
    },
  });
  picture.paintable = true;
  picture.stage.classList.add("cx-paint");
  const clear = () => {
    pixels = new Uint8Array(SIDE * SIDE);
    show();
    onDrawn(pixels);
  };
  show();
  picture.move({ row: 14, column: 14 });
  const element = create(
    "div",
    { class: "cx-train-pad" },
    picture.element,
    create("div", { class: "cx-buttons" }, button("Clear the pad", clear)),
  );
  return { element, clear, read: () => pixels, isEmpty: () => pixels.every((value) => value === 0) };
}

/** A part that opens on a click. */
export function folded(title, ...content) {
  return create("details", { class: "cx-train-fold" }, create("summary", {}, title), ...content);
}
