/**
 * The filter explorer: an image, a kernel, and the feature map that they give. The output
 * pixel that the reader points at shows its patch, every product, and their sum.
 */

import { conv2d, decode, encode, extent } from "./engine.js";
import { currentImage, imageSource } from "./images.js";
import {
  Picture,
  button,
  choice,
  controls,
  create,
  editableGrid,
  editor,
  format,
  foundNote,
  frame,
  grid,
  legend,
  publish,
  redrawOn,
  row,
  sign,
  signedColor,
  slider,
  toggle,
  write,
} from "./interface.js";
import {
  borders,
  keepPlace,
  layerOver,
  lookedAt,
  markWindow,
  misfit,
  pointedAt,
  showPatch,
  sizeWords,
  windowAt,
  windowNear,
} from "./window.js";

const OWN = "own kernel";
const HINT = "Arrow keys choose a pixel; the window is centered on it.";
const PEN_HINT = "Arrow keys move, Space draws, Delete erases.";
const SIZES = [3, 5, 7];
const PADDINGS = [
  ["valid", "valid: none"],
  ["same", "same, as in Keras"],
  ["1", "1 zero on each side"],
  ["2", "2 zeros on each side"],
  ["3", "3 zeros on each side"],
];
// What a link restores: address.js.
const SETTINGS = {
  image: { kind: "image", label: ["Image", "Clear the pad"] },
  kernel: { kind: "kernel", trait: "kernel", label: ["Kernel", "Flip the kernel"] },
  padding: { kind: "padding", trait: "padding", to: 6, label: "Padding" },
  stride: { kind: "whole", trait: "stride", from: 1, to: 4, label: "Stride" },
  bias: { kind: "number", trait: "bias", from: -1e6, to: 1e6, label: "Bias" },
  relu: { kind: "flag", trait: "relu", label: "ReLU" },
  at: { kind: "list", trait: "position", from: 0, to: 9999 },
};
const COMPUTING = ["selected", "image", "kernel", "stride", "padding", "bias", "relu"];

// ---------------------------------------------------------------- state

/** The synced kernel as rows of numbers. */
function kernelOf(model) {
  const {
    shape: [size],
    data,
  } = decode(model.get("kernel"), "kernel");
  return Array.from({ length: size }, (_, i) => [...data.subarray(i * size, (i + 1) * size)]);
}

/** Rows of numbers as the trait holds them. */
const synced = (kernel) =>
  encode({ shape: [kernel.length, kernel.length], data: kernel.flat() });

/** The name of the preset that a kernel equals, or `OWN`. */
function presetName(presets, kernel) {
  const found = Object.entries(presets[kernel.length]).find(([, values]) =>
    values.every((line, i) => line.every((value, j) => Math.abs(value - kernel[i][j]) < 1e-4)),
  );
  return found ? found[0] : OWN;
}

/** The same preset in another size; an own kernel keeps its middle. */
function resized(presets, kernel, size) {
  const name = presetName(presets, kernel);
  if (name !== OWN) return presets[size][name];
  const offset = (kernel.length - size) / 2;
  return Array.from({ length: size }, (_, i) =>
    Array.from({ length: size }, (_, j) => kernel[i + offset]?.[j + offset] ?? 0),
  );
}

/**
 * The sums of products at all places. `last` is the state before: bias and ReLU alone leave
 * them as they were.
 */
function sumsOf(state, last) {
  const given = ["image", "stored", "stride", "padding"];
  if (last?.sums && given.every((name) => last[name] === state[name])) return last.sums;
  const { image, kernel, size, stride, padding } = state;
  const weights = { shape: [size, size, 1, 1], data: Float32Array.from(kernel.flat()) };
  return conv2d(image, weights, { strides: stride, padding });
}

/** The layer that traits make, and the sides of its image. */
function layerIn(get) {
  const { shape } = currentImage({ get });
  const [size] = get("kernel").shape;
  return { shape, ...layerOver(shape, { size, stride: get("stride"), padding: get("padding") }) };
}

/** Everything that one redraw needs; without a `map` where the window does not fit. */
function compute(model, last) {
  const image = currentImage(model);
  const kernel = kernelOf(model);
  const size = kernel.length;
  const [stride, padding] = [model.get("stride"), model.get("padding")];
  const [bias, relu] = [model.get("bias"), model.get("relu")];
  const name = presetName(model.get("presets"), kernel);
  const state = { image, kernel, stored: model.get("kernel"), name, bias, relu };
  Object.assign(state, layerOver(image.shape, { size, stride, padding }));
  if (!state.fits) return state;
  state.sums = sumsOf(state, last);
  const { shape, data } = state.sums;
  const least = relu ? 0 : -Infinity;
  state.map = { shape, data: data.map((sum) => Math.max(least, sum + bias)) };
  state.ends = extent(state.map);
  return state;
}

// ---------------------------------------------------------------- words

/** A number in the few digits that a cell has room for; thousands as 4.4k. */
function brief(value, size) {
  if (Math.abs(value) >= 1000) return `${format(value / 1000, Math.abs(value) < 1e5 ? 2 : 3)}k`;
  if (size > 3 && Math.abs(value) < 0.01) return format(value, 1);
  return format(value, size > 3 && Math.abs(value) < 100 ? 2 : 3);
}

function statusWords(state) {
  const { image, padding, vertical, horizontal } = state;
  const { min, max } = state.ends;
  const shown = padding === "valid" ? 0 : padding; // the formula shows that it is 0
  return (
    `Output ${vertical.size} × ${horizontal.size}: ${sizeWords(image.shape, state, shown)}. ` +
    `Values from ${format(min, 4)} to ${format(max, 4)}.`
  );
}

/** How the products become the output. */
function sumWords({ bias, relu }, total) {
  const steps = [`Sum of the products ${format(total, 4)}`];
  if (bias !== 0) steps.push(`+ bias ${format(bias)} = ${format(total + bias, 4)}`);
  if (relu) steps.push(`→ ReLU → ${format(Math.max(0, total + bias), 4)}`);
  return steps.join(" ");
}

// ---------------------------------------------------------------- drawing

/** The two pictures and the strip of colors; the window that does not fit is not drawn. */
function drawPictures({ input, output, key, source }, state) {
  const { image, map, vertical, horizontal } = state;
  input.show(image, map ? borders(state) : {});
  write(input.size, image.shape.slice(0, 2).join(" × "));
  source.refresh(input);
  if (!map) {
    input.unmark("patch");
    return;
  }
  input.rename("Input", input.paintable ? PEN_HINT : HINT);
  const { min, max } = state.ends;
  const limit = Math.max(Math.abs(min), Math.abs(max));
  output.show(map, { limit });
  write(output.size, `${vertical.size} × ${horizontal.size}`);
  key.set(limit);
}

/** The patch under the window, its products with the kernel, and the sum in words. */
function drawCalculation({ input, output, patch, products, sum }, state, position) {
  const { image, kernel, size, map } = state;
  const found = windowAt(position, state, image);
  const multiplied = found.values.map((line, i) => line.map((value, j) => value * kernel[i][j]));
  const limit = Math.max(...multiplied.flat().map(Math.abs));
  showPatch(patch, found);
  if (products.cells.dataset.size !== String(size)) products.cells.dataset.size = size;
  products.set(multiplied, (value) => ({
    ...signedColor(value, limit * 1.3),
    text: brief(value, size),
  }));
  markWindow(input, output, position, state, found);
  const total = multiplied.flat().reduce((one, other) => one + other, 0);
  const [y, x] = position;
  sum.replaceChildren(
    `${sumWords(state, total)} → output at row ${y}, column ${x}: `,
    create("b", {}, format(map.data[found.at], 4)),
  );
}

// ---------------------------------------------------------------- controls

/** The pictures, the list of images and the grids of the calculation. */
function makePictures({ model, edit, getState }) {
  const source = imageSource(model, edit);
  const input = new Picture({
    label: "Input",
    role: "input",
    hint: HINT,
    onPoint: (y, x) => {
      if (getState().fits) edit({ position: windowNear([y, x], getState()) });
    },
    onPaint: source.paint,
  });
  const output = new Picture({
    label: "Feature map",
    role: "output",
    onPoint: (y, x) => edit({ position: [y, x] }),
  });
  const patch = grid({ label: "Patch", role: "input" });
  const products = grid({ label: "Products", role: "output" });
  const kernel = editableGrid({
    label: "Kernel",
    onEdit: (i, j, value) => {
      const changed = kernelOf(model);
      if (changed[i][j] === Math.fround(value)) return;
      changed[i][j] = value;
      edit({ kernel: synced(changed) }, { isTyped: true });
    },
  });
  const signs = [sign("×"), sign("=")];
  const result = create("div", { class: "cx-result" }, signs[1], products.element);
  const calculation = row(patch.element, signs[0], kernel.element, result);
  calculation.classList.add("cx-calculation");
  const sum = create("p", { class: "cx-sum" });
  return { source, input, output, key: legend(), patch, kernel, products, calculation, sum };
}

function makeControls({ model, edit }) {
  const presetsOf = () => model.get("presets");
  return {
    preset: choice({
      label: "Kernel",
      options: [],
      onInput: (name) => {
        if (name !== OWN) edit({ kernel: synced(presetsOf()[kernelOf(model).length][name]) });
      },
    }),
    sizes: choice({
      label: "Kernel size",
      options: SIZES.map((size) => [String(size), `${size} × ${size}`]),
      onInput: (value) =>
        edit({ kernel: synced(resized(presetsOf(), kernelOf(model), Number(value))) }),
    }),
    padding: choice({
      label: "Padding",
      options: PADDINGS,
      onInput: (value) => edit({ padding: Number.isNaN(Number(value)) ? value : Number(value) }),
    }),
    stride: slider({
      label: "Stride",
      min: 1,
      max: 4,
      onInput: (value) => edit({ stride: value }),
    }),
    bias: slider({
      label: "Bias",
      min: -500,
      max: 500,
      step: 10,
      onInput: (value) => edit({ bias: value }),
    }),
    relu: toggle({
      label: "ReLU: negative becomes 0",
      onInput: (value) => edit({ relu: value }),
    }),
    flip: button("Flip the kernel", () => {
      const kernel = kernelOf(model);
      edit({ kernel: synced(kernel.map((line) => [...line].reverse()).reverse()) });
    }),
  };
}

/** Let the controls show what the model holds. */
function setControls({ preset, sizes, padding, stride, bias, relu }, model, state) {
  preset.fill([...Object.keys(model.get("presets")[state.size]), OWN]);
  preset.set(state.name);
  sizes.set(state.size);
  stride.set(state.stride);
  const zeros = String(state.padding);
  const isListed = PADDINGS.some(([value]) => value === zeros);
  padding.fill(isListed ? PADDINGS : [...PADDINGS, [zeros, `${zeros} zeros on each side`]]);
  padding.set(zeros);
  bias.set(state.bias);
  relu.set(state.relu);
}

// ---------------------------------------------------------------- the sliding window

const MOST_STOPS = 28; // along rows and along columns: on a large map the window takes longer steps
const PASS = 30_000; // milliseconds that a pass over a map takes at most
const PACE = { fastest: 38, slowest: 120 }; // milliseconds at a stop

/** The places along an axis where the window stops: all, or so many that they lie evenly. */
function stops(size) {
  const count = Math.min(size, MOST_STOPS);
  const step = (size - 1) / Math.max(1, count - 1);
  return Array.from({ length: count }, (_, index) => Math.round(index * step));
}

/** Where the window goes from a position, row after row; null at the end. */
function nextStop([y, x], { vertical, horizontal }) {
  const column = stops(horizontal.size).find((place) => place > x);
  if (column !== undefined) return [y, column];
  const row = stops(vertical.size).find((place) => place > y);
  return row === undefined ? null : [row, 0];
}

/**
 * The button that lets the window walk over the image, row after row, to its end, until the
 * reader stops it. Whoever asked for less motion moves it by a stop for each press.
 */
function makeSlide({ model, edit, getState, el }) {
  const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const name = isCalm ? "Move the window on" : "Slide the window";
  let timer = 0;
  const stop = () => {
    clearInterval(timer);
    timer = 0;
    write(slide, name);
  };
  const step = () => {
    const state = getState();
    const next = state.fits && el.isConnected && nextStop(lookedAt(model, state), state);
    if (next) edit({ position: next });
    return Boolean(next);
  };
  const start = () => {
    const state = getState();
    if (!state.fits) return;
    if (!step()) edit({ position: [0, 0] }); // from the end it begins anew
    if (isCalm) return;
    const count = stops(state.vertical.size).length * stops(state.horizontal.size).length;
    const pace = Math.max(PACE.fastest, Math.min(PACE.slowest, PASS / count));
    write(slide, "Stop");
    timer = setInterval(() => step() || stop(), pace);
  };
  const slide = button(name, () => (timer ? stop() : start()));
  return { element: slide, stop };
}

// ---------------------------------------------------------------- events

/** Redraw all, and say the result. */
function redraw(view, model) {
  const { state } = view;
  const { image, size, map } = state;
  setControls(view.controls, model, state);
  view.kernel.set(state.kernel);
  const found = view.found.show(view.isTyped && state.name !== OWN ? state.name : "");
  drawPictures(view, state);
  publish(view.root, model, "feature_map", encode(map ?? { shape: [0, 0], data: [] }));
  view.problem.hidden = state.fits;
  for (const part of [view.output.element, view.calculation, view.sum, view.key.element]) {
    part.hidden = !state.fits;
  }
  if (!state.fits) {
    write(view.problem, misfit(size, image.shape, { smaller: "kernel" }));
    view.say(view.problem.textContent);
    return;
  }
  drawCalculation(view, state, lookedAt(model, state));
  view.words = statusWords(state);
  view.say(view.words, found || view.words);
}

/** Show another output pixel, and tell its calculation. */
function move(view, model) {
  if (!view.state?.fits) return;
  drawCalculation(view, view.state, lookedAt(model, view.state));
  view.say(view.words, view.sum.textContent);
}

function render({ model, el }) {
  const view = { isTyped: false };
  const send = editor(model);
  const edit = (changes, { isTyped = false } = {}) => {
    if (changes.kernel) view.isTyped = isTyped;
    const place = pointedAt(view.input);
    send({ ...changes, ...keepPlace(layerIn, (name) => model.get(name), changes, place) });
  };
  const start = Object.fromEntries([...COMPUTING, "position"].map((name) => [name, model.get(name)]));
  const { root, body, say } = frame(el, {
    title: "Filter explorer",
    onReset: () => {
      slide.stop();
      edit(start);
    },
  });
  const explorer = { model, edit, el, getState: () => view.state };
  const slide = makeSlide(explorer);
  const problem = create("p", { class: "cx-problem", role: "alert", hidden: true });
  Object.assign(view, makePictures(explorer), { root, say, problem, found: foundNote() });
  view.controls = makeControls(explorer);
  const { preset, sizes, padding, stride, bias, relu, flip } = view.controls;
  const lists = [preset, sizes, padding, stride, bias].map(({ element }) => element);
  body.append(
    create("div", { class: "cx-pictures" }, view.input.element, view.output.element),
    view.source.tools,
    view.key.element,
    controls(view.source.choose, ...lists),
    create("div", { class: "cx-buttons" }, relu.element, flip, slide.element),
    problem,
    view.calculation,
    view.kernel.reason,
    view.found.element,
    view.sum,
  );
  const ends = [
    redrawOn(model, ["position"], () => move(view, model)),
    redrawOn(model, ["images", "presets", ...COMPUTING], () => {
      view.state = compute(model, view.state);
      redraw(view, model);
    }),
  ];
  return () => {
    slide.stop();
    for (const end of ends) end();
  };
}

export default {
  render,
  settings: SETTINGS,
  // A link that names no position keeps the page's place.
  keepPlace: (get, changes) => keepPlace(layerIn, get, changes),
};
