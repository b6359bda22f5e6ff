/**
 * The pooling explorer: an image or a feature map, and what a pooling layer makes of it.
 * The output value that the reader points at shows its window and, for a maximum, the
 * winner; a shift of the image shows how much of the output stays.
 */

import { encode, extent, pool2d, tensor } from "./engine.js";
import { decodedOnce, imageSource, storedImage } from "./images.js";
import {
  Picture,
  choice,
  controls,
  create,
  editor,
  format,
  frame,
  grayColor,
  grid,
  legend,
  originOf,
  plural,
  publish,
  redrawOn,
  replaced,
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
  sizeWords,
  windowAt,
  windowNear,
} from "./window.js";

const OWN = "your image";
const DRAWING = "your drawing";
const HINT = "Arrow keys choose a value, and with it a window.";
const PEN_HINT = "Arrow keys move, Space draws, Delete erases.";
const SHOWN = { HIDDEN: 0, UNREAD: 60, FULL: 255 }; // opacity of a value
const SUPERLATIVES = { max: "Largest", min: "Smallest" };
// What a link restores: address.js.
const SETTINGS = {
  image: { kind: "image", label: ["Image", "Clear the pad"] },
  mode: { kind: "word", trait: "mode", words: ["max", "mean", "min"], label: "Pooling" },
  padding: { kind: "word", trait: "padding", words: ["valid", "same"], label: "Padding" },
  window: { kind: "whole", trait: "pool_size", from: 1, to: 6, label: "Window" },
  stride: { kind: "whole", trait: "strides", from: 1, to: 6, label: "Stride", follows: "window" },
  shift: { kind: "list", trait: "shift", from: -9999, to: 9999, label: "Shift" },
  hide: { kind: "flag", trait: "hide_changed", label: "Hide the values that the shift changed" },
  at: { kind: "list", trait: "position", from: 0, to: 9999 },
};
const TRAITS = [
  "selected",
  "image",
  "pool_size",
  "strides",
  "padding",
  "mode",
  "shift",
  "hide_changed",
  "position",
];

// ---------------------------------------------------------------- state

function sameBytes(one, other) {
  if (one.dtype !== other.dtype || String(one.shape) !== String(other.shape)) return false;
  const [a, b] = [one.data, other.data].map(
    ({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength),
  );
  return a.every((byte, index) => byte === b[index]);
}

/** The map moved by whole pixels; what comes in repeats the edge. */
function shifted(map, [right, down]) {
  if (right === 0 && down === 0) return map;
  const [rows, columns] = map.shape;
  const moved = tensor(map.shape);
  for (let y = 0; y < rows; y += 1) {
    const from = Math.max(0, Math.min(rows - 1, y - down)) * columns;
    for (let x = 0; x < columns; x += 1) {
      const column = Math.max(0, Math.min(columns - 1, x - right));
      moved.data[y * columns + x] = map.data[from + column];
    }
  }
  return moved;
}

/** Which values are equal, place by place; the share of them, and the mean difference. */
function compare(one, other, limit) {
  const count = one.data.length;
  const equal = new Uint8Array(count);
  if (one === other) return { equal: equal.fill(1), count, share: 1, difference: 0 };
  let [equals, difference] = [0, 0];
  for (let i = 0; i < count; i += 1) {
    const change = Math.abs(one.data[i] - other.data[i]);
    difference += change;
    if (change <= 1e-6 * limit) equals += equal[i] = 1;
  }
  return { equal, count, share: equals / count, difference: difference / count };
}

/** Which rows or columns of the image some window reads: 1, else 0. */
function readPlaces(size, window, stride, axis) {
  const read = new Uint8Array(size);
  for (let index = 0; index < axis.size; index += 1) {
    const start = index * stride - axis.before;
    read.fill(1, Math.max(0, start), Math.max(0, start + window));
  }
  return read;
}

/** The image to pool, or the `problem` in words. */
function original(model) {
  const stored = storedImage(model);
  if (stored.shape.includes(0)) {
    const problem =
      `The image is ${stored.shape.join(" × ")}: there is nothing to pool. If it comes from ` +
      "another layer, that layer’s window does not fit into its own image.";
    return { stored, problem };
  }
  try {
    const image = decodedOnce(stored);
    const channels = image.shape[2];
    if (channels === 1) return { stored, image };
    return { stored, problem: `One channel is pooled here, and this image has ${channels}.` };
  } catch (error) {
    return { stored, problem: error.message };
  }
}

/**
 * Everything that one redraw needs, or the `problem` in words. `last` is the state before:
 * a shift alone leaves the pooled original as it was.
 */
function compute(model, last) {
  const { stored, image: whole, problem } = original(model);
  if (problem) return { problem };
  const [size, stride] = [model.get("pool_size"), model.get("strides")];
  const [padding, mode, shift] = ["padding", "mode", "shift"].map((name) => model.get(name));
  const image = shifted(whole, shift);
  const { min, max } = extent(whole);
  const limit = Math.max(Math.abs(min), Math.abs(max));
  const state = { image, mode, shift, stored, limit, signed: stored.dtype !== "uint8" };
  Object.assign(state, layerOver(whole.shape, { size, stride, padding }));
  if (!state.fits) {
    state.problem = misfit(size, whole.shape, { unit: "values", smaller: "window" });
    return state;
  }
  const options = { poolSize: size, strides: stride, padding, mode };
  const isShiftOnly =
    last?.stored === stored &&
    Object.entries(options).every(([name, value]) => last.options?.[name] === value);
  state.map = pool2d(image, options);
  if (image === whole) state.before = state.map;
  else state.before = isShiftOnly ? last.before : pool2d(whole, options);
  state.options = options;
  state.stays = {
    input: compare(whole, image, limit),
    output: compare(state.before, state.map, limit),
  };
  state.read = [
    readPlaces(whole.shape[0], size, stride, state.vertical),
    readPlaces(whole.shape[1], size, stride, state.horizontal),
  ];
  return state;
}

/** The layer that traits make, and the sides of its image. */
function layerIn(get) {
  const { shape } = storedImage({ get });
  if (shape.includes(0)) return { fits: false };
  const [size, stride, padding] = ["pool_size", "strides", "padding"].map(get);
  return { shape, ...layerOver(shape, { size, stride, padding }) };
}

/** How visible each value is, if not all are: unread ones fade, hidden ones are gone. */
function opacities({ image, map, read, stays }, isHidden) {
  if (!isHidden && read.every((places) => places.every(Boolean))) return {};
  const [rows, columns] = image.shape;
  const of = {
    input: new Uint8Array(image.data.length).fill(SHOWN.FULL),
    output: new Uint8Array(map.data.length).fill(SHOWN.FULL),
  };
  for (let y = 0; y < rows; y += 1) {
    for (let x = 0; x < columns; x += 1) {
      if (!read[0][y] || !read[1][x]) of.input[y * columns + x] = SHOWN.UNREAD;
    }
  }
  if (!isHidden) return of;
  for (const role of ["input", "output"]) {
    stays[role].equal.forEach((equal, i) => {
      if (!equal) of[role][i] = SHOWN.HIDDEN;
    });
  }
  return of;
}

// ---------------------------------------------------------------- words

const percent = (share) => {
  const value = 100 * share;
  const isNearEnd = (value > 0 && value < 1) || (value > 99 && value < 100);
  return `${isNearEnd ? value.toFixed(1) : Math.round(value)} %`;
};
const total = (values) => values.reduce((sum, value) => sum + value, 0);

/** What no window reads along one axis, or nothing. */
function unreadWords(noun, read, { unused, size }) {
  const count = read.length - total(read);
  if (count === 0) return "";
  const change = `(${read.length} → ${size})`;
  if (count > unused) return `${plural(count, noun)} are read by no window ${change}.`;
  const last = read.length - 1;
  if (count === 1) return `The last ${noun}, ${noun} ${last}, is read by no window ${change}.`;
  const places = `${noun}s, ${last - count + 1} to ${last},`;
  return `The last ${count} ${places} are read by no window ${change}.`;
}

/** What becomes of the input's values. */
function keptWords({ image, map, size, stride, mode, read }) {
  const [inputs, outputs] = [image.data.length, map.data.length];
  const numbers = `${plural(inputs, "value")} in, ${format(outputs)} out`;
  if (mode === "mean") {
    const unread = inputs - total(read[0]) * total(read[1]);
    const blended = size === 1 ? "each is one input" : `each blends up to ${size * size} inputs`;
    const dropped = unread === 0 ? "no input is" : `${plural(unread, "input")} in no window are`;
    return `${numbers}: ${blended}, ${dropped} dropped.`;
  }
  const wins = new Uint8Array(inputs);
  let kept = 0;
  for (const winner of map.winners) {
    if (!wins[winner]) kept += 1;
    wins[winner] = 1;
  }
  const overlap =
    kept < outputs
      ? ` Windows overlap, so one input can win several times (stride ${stride}, window ${size}).`
      : "";
  const isExact = size > 1 && outputs * size * size === inputs && size === stride;
  const each = isExact ? `one of each ${size * size} is kept` : `${plural(kept, "input")} are kept`;
  return `${numbers}: ${each}, ${percent(1 - kept / inputs)} of the inputs are dropped.${overlap}`;
}

/** What pooling means for the parameters of a network. */
function parameterWords({ image, map }) {
  const dense = (inputs) => format((inputs + 1) * 10);
  return (
    "0: pooling learns nothing, and pools each channel by itself. A convolution after it has " +
    "as many weights as without it; a dense layer of 10 units has " +
    (map.data.length === image.data.length
      ? "as many, too."
      : `${dense(map.data.length)} parameters instead of ${dense(image.data.length)}.`)
  );
}

function shiftWords([right, down]) {
  const parts = [];
  if (right !== 0) parts.push(`${Math.abs(right)} px ${right > 0 ? "right" : "left"}`);
  if (down !== 0) parts.push(`${Math.abs(down)} px ${down > 0 ? "down" : "up"}`);
  return parts.join(" and ");
}

/** The result in words. */
function statusWords(state) {
  const { image, map, vertical, horizontal, shift, read, stays } = state;
  const { min, max } = extent(map);
  const words = [
    `Output ${vertical.size} × ${horizontal.size}: ${sizeWords(image.shape, state)}.`,
    `Values from ${format(min, 4)} to ${format(max, 4)}.`,
    unreadWords("row", read[0], vertical),
    unreadWords("column", read[1], horizontal),
  ];
  if (shift.some((by) => by !== 0)) {
    words.push(
      `After a shift by ${shiftWords(shift)}, ${percent(stays.output.share)} of the pooled ` +
        `values are equal; without pooling ${percent(stays.input.share)}.`,
    );
  }
  return words.filter(Boolean).join(" ");
}

/** How the values of a window become one. */
function calculationWords({ size, mode }, values, found, [winnerRow, winnerColumn]) {
  const count = plural(values.length, "value");
  const isPadded = values.length < size * size;
  if (mode === "mean") {
    const why = isPadded ? " (padding does not count)" : "";
    return `Sum ${format(total(values), 4)} / ${count}${why} = ${format(found, 4)}`;
  }
  const ties = values.filter((value) => value === found).length;
  const tie = ties > 1 ? ` (${ties} places hold it, the first is marked)` : "";
  const of = `${SUPERLATIVES[mode]} of ${count}${isPadded ? " (padding never wins)" : ""}`;
  return `${of}: ${format(found, 4)}${tie}, at row ${winnerRow}, column ${winnerColumn}`;
}

/** What "equal" means after a shift. */
function movedWords({ shift, stride }) {
  const isMoved = shift.some((by) => by !== 0);
  const isWhole = isMoved && stride > 1 && shift.every((by) => by % stride === 0);
  return (
    "Equal: the same value at the same place as before the shift. What comes in repeats the " +
    "edge." +
    (isWhole ? " A shift by whole strides moves the output along, away from the border." : "")
  );
}

// ---------------------------------------------------------------- drawing

/** The two pictures, by sign where the image is a feature map. */
function drawPictures({ input, output, key, source }, model, state) {
  const { image, map, limit, signed } = state;
  const shown = map ? opacities(state, model.get("hide_changed")) : {};
  input.element.hidden = !image;
  key.element.hidden = !image || !signed;
  if (image) {
    const place = map ? borders(state) : {};
    input.show(image, { ...place, limit: signed ? limit : null, opacity: shown.input });
    write(input.size, image.shape.slice(0, 2).join(" × "));
    key.set(limit);
  }
  source.refresh(input);
  const isPad = model.get("selected") === DRAWING && storedImage(model).dtype === "uint8";
  input.paintable &&= isPad;
  input.rename(signed ? "Input: feature map" : "Input", input.paintable ? PEN_HINT : HINT);
  if (!map) {
    for (const mark of ["patch", "winner"]) input.unmark(mark);
    return;
  }
  output.show(map, { limit: signed ? limit : null, opacity: shown.output });
  write(output.size, `${state.vertical.size} × ${state.horizontal.size}`);
}

/**
 * Where another explorer's result is pooled, the pooled map stands beside that result too:
 * there are the controls that change it, and this explorer may lie off the screen.
 */
function drawPreview({ root, preview }, origin, { map, limit, signed }) {
  const place = origin === root || !origin?.isConnected || !map ? null : origin;
  if (!place) {
    preview.element.remove();
    return;
  }
  const pictures = place.querySelector(".cx-pictures");
  if (preview.element.parentNode !== pictures) pictures.append(preview.element);
  preview.show(map, { limit: signed ? limit : null });
  write(preview.size, map.shape.slice(0, 2).join(" × "));
}

/** The window at an output position, its winner, and what becomes of it in words. */
function drawCalculation({ input, output, patch, result, arrow, sum }, state, position) {
  const { image, map, size, limit, signed } = state;
  const found = windowAt(position, state, image, NaN);
  const { top, left, values, isInside, at } = found;
  const columns = image.shape[1];
  const winner = map.winners[at];
  const best = [Math.floor(winner / columns), winner % columns];
  const look = (value, digits = 3) => ({
    ...(signed ? signedColor(value, limit * 1.3) : grayColor(value)),
    text: format(value, Math.abs(value) < 1 ? 2 : digits),
  });
  if (patch.cells.dataset.size !== String(size)) patch.cells.dataset.size = size;
  patch.set(values, (value, i, j) => {
    if (!isInside(i, j)) return { class: "cx-outside" };
    const wins = winner >= 0 && top + i === best[0] && left + j === best[1];
    return { ...look(value), class: wins ? "cx-winner" : "" };
  });
  result.set([[map.data[at]]], (value) => look(value, 4));
  write(arrow, `${state.mode} →`);

  markWindow(input, output, position, state, found);
  // In a window of a few pixels of the screen the winner's mark would hide the window's.
  const isRoomy = (size * input.stageWidth) / input.width > 14;
  if (winner >= 0 && isRoomy) input.mark("winner", ...best);
  else input.unmark("winner");
  const real = values.flat().filter((_, k) => isInside(Math.floor(k / size), k % size));
  const [y, x] = position;
  sum.replaceChildren(
    `${calculationWords(state, real, map.data[at], best)} → output at row ${y}, column ${x}: `,
    create("b", {}, format(map.data[at], 4)),
  );
}

/** What stays after a shift, what is kept, and what it means for a network. */
function drawFacts({ bars, moved, kept, parameters }, state) {
  bars[0].set(state.stays.input);
  bars[1].set(state.stays.output);
  write(moved, movedWords(state));
  write(kept, keptWords(state));
  write(parameters, parameterWords(state));
}

// ---------------------------------------------------------------- controls

/** The pictures, the list of images and the window that is looked at. */
function makePictures({ model, edit, getState }) {
  const source = imageSource(model, edit);
  const input = new Picture({
    label: "Input",
    role: "input",
    hint: HINT,
    onPoint: (y, x) => {
      if (!getState().problem) edit({ position: windowNear([y, x], getState()) });
    },
    onPaint: (y, x, erase) => {
      const [right, down] = model.get("shift");
      source.paint(y - down, x - right, erase);
    },
  });
  const output = new Picture({
    label: "Pooled",
    role: "output",
    onPoint: (y, x) => edit({ position: [y, x] }),
  });
  const preview = new Picture({ label: "Pooled ↓", role: "output" });
  preview.element.classList.add("cx-preview");
  preview.stage.setAttribute("aria-label", "What the linked explorer pools of the map");
  const patch = grid({ label: "Window", role: "input" });
  const result = grid({ label: "Output", role: "output" });
  result.cells.dataset.size = 1;
  const arrow = sign("→");
  const calculation = row(patch.element, arrow, result.element);
  calculation.classList.add("cx-calculation");
  const sum = create("p", { class: "cx-sum" });
  const grids = { patch, result, arrow, calculation, sum };
  return { source, input, output, preview, key: legend(), ...grids };
}

function makeControls({ model, edit }) {
  return {
    mode: choice({
      label: "Pooling",
      options: ["max", "mean", "min"],
      onInput: (value) => edit({ mode: value }),
    }),
    padding: choice({
      label: "Padding",
      options: [
        ["valid", "valid: none"],
        ["same", "same (Keras)"],
      ],
      onInput: (value) => edit({ padding: value }),
    }),
    size: slider({
      label: "Window",
      min: 2,
      max: 4,
      text: (value) => `${value} × ${value}`,
      onInput: (value) => {
        // Keras's default stride is the window's size: it follows until it is set apart.
        const follows = model.get("strides") === model.get("pool_size");
        edit(follows ? { pool_size: value, strides: value } : { pool_size: value });
      },
    }),
    stride: slider({
      label: "Stride",
      min: 1,
      max: 4,
      onInput: (value) => edit({ strides: value }),
    }),
    shifts: ["right", "down"].map((direction, axis) =>
      slider({
        label: `Shift ${direction}, pixels`,
        min: -4,
        max: 4,
        onInput: (value) => edit({ shift: replaced(model.get("shift"), axis, value) }),
      }),
    ),
    hide: toggle({
      label: "Hide the values that the shift changed",
      onInput: (value) => edit({ hide_changed: value }),
    }),
  };
}

/** Let the controls show what the model holds. */
function setControls({ mode, padding, size, stride, shifts, hide }, model) {
  size.set(model.get("pool_size"));
  stride.set(model.get("strides"));
  mode.set(model.get("mode"));
  padding.set(model.get("padding"));
  const shift = model.get("shift");
  shifts.forEach((control, axis) => control.set(shift[axis]));
  hide.set(model.get("hide_changed"));
  hide.input.disabled = shift.every((by) => by === 0) && !model.get("hide_changed");
}

/** A bar that tells which share of the values a shift leaves equal. */
function shareBar(role, label) {
  const fill = create("span");
  const share = create("b");
  const rest = create("span", { class: "cx-note" });
  const words = create("span", { class: "cx-stays-words" }, share, rest);
  const bar = create("span", { class: "cx-stays-bar", "aria-hidden": "true" }, fill);
  const name = create("span", { class: "cx-name" }, label);
  const set = ({ share: equal, count, difference }) => {
    fill.style.width = `${100 * equal}%`;
    write(share, percent(equal));
    write(rest, ` of ${format(count)} equal · mean change ${format(difference)}`);
  };
  const element = create("div", { class: "cx-stays", "data-role": role }, name, bar, words);
  return { element, set };
}

/** What stays after a shift, and the facts of the layer. */
function makeFacts({ shifts, hide }) {
  const bars = [shareBar("input", "Not pooled"), shareBar("output", "Pooled")];
  const moved = create("p", { class: "cx-note" });
  const stays = create(
    "fieldset",
    {},
    create("legend", {}, "Shift the image: what stays?"),
    controls(...shifts.map(({ element }) => element)),
    ...bars.map(({ element }) => element),
    hide.element,
    moved,
  );
  const [kept, parameters] = [create("dd"), create("dd")];
  const facts = create(
    "dl",
    { class: "cx-facts" },
    create("dt", {}, "Values"),
    kept,
    create("dt", {}, "Parameters"),
    parameters,
  );
  return { bars, moved, stays, kept, parameters, facts };
}

// ---------------------------------------------------------------- events

/** Redraw all, and say the result. */
function redraw(view, model) {
  const { state } = view;
  const { problem, map } = state;
  setControls(view.controls, model);
  drawPictures(view, model, state);
  publish(view.root, model, "pooled", encode(map ?? { shape: [0, 0], data: [] }));
  drawPreview(view, originOf(model.get("image")), state);
  view.problem.hidden = !problem;
  for (const part of [view.output.element, view.calculation, view.sum, view.stays, view.facts]) {
    part.hidden = Boolean(problem);
  }
  if (problem) {
    write(view.problem, problem);
    view.say(problem);
    return;
  }
  drawFacts(view, state);
  drawCalculation(view, state, lookedAt(model, state));
  view.say(statusWords(state));
}

/** Show the window of another output value, and tell its calculation. */
function move(view, model) {
  if (!view.state || view.state.problem) return;
  drawCalculation(view, view.state, lookedAt(model, view.state));
  view.say(statusWords(view.state), view.sum.textContent);
}

/**
 * A function that sets traits. Where a list entry is chosen, its pixels are set, and not null:
 * a linked trait of another explorer holds an array at any time. An image that another
 * explorer sets is not the one of the list that is selected.
 */
function imageEditor(model, start, getPlace) {
  const send = editor(model);
  let isOwnEdit = false;
  const edit = (changes) => {
    const listed = model.get("images").find(({ name }) => name === changes.selected);
    const own = changes.image === null && listed ? { ...changes, image: listed.image } : changes;
    const kept = keepPlace(layerIn, (name) => model.get(name), own, getPlace());
    isOwnEdit = true;
    send({ ...own, ...kept });
    isOwnEdit = false;
  };
  const noteImage = () => {
    const image = model.get("image");
    if (isOwnEdit || !image) return;
    const [images, selected] = [model.get("images"), model.get("selected")];
    const listed = images.find(({ name }) => name === selected);
    if (listed && !sameBytes(listed.image, image)) model.set("selected", OWN);
    Object.assign(start, { image, selected: model.get("selected") });
  };
  noteImage(); // a link may have set one already
  model.on("change:image", noteImage);
  return { edit, end: () => model.off("change:image", noteImage) };
}

function render({ model, el }) {
  const start = Object.fromEntries(TRAITS.map((name) => [name, model.get(name)]));
  const { edit, end } = imageEditor(model, start, () => pointedAt(view.input));
  const { root, body, say } = frame(el, { title: "Pooling explorer", onReset: () => edit(start) });
  root.classList.add("cx-pooling");
  const view = { root, say, problem: create("p", { class: "cx-problem", role: "alert", hidden: true }) };
  const explorer = { model, edit, getState: () => view.state };
  view.controls = makeControls(explorer);
  Object.assign(view, makePictures(explorer), makeFacts(view.controls));
  const { mode, padding, size, stride } = view.controls;
  body.append(
    create("div", { class: "cx-pictures" }, view.input.element, view.output.element),
    view.source.tools,
    view.key.element,
    controls(view.source.choose, mode.element, padding.element, size.element, stride.element),
    view.problem,
    view.calculation,
    view.sum,
    view.stays,
    view.facts,
  );
  const computing = TRAITS.filter((name) => name !== "position");
  const ends = [
    redrawOn(model, ["position"], () => move(view, model)),
    redrawOn(model, ["images", ...computing], () => {
      view.state = compute(model, view.state);
      redraw(view, model);
    }),
    end,
  ];
  return () => {
    view.preview.element.remove();
    for (const each of ends) each();
  };
}

export default {
  render,
  settings: SETTINGS,
  // A link that names no position keeps the page's place.
  keepPlace: (get, changes) => keepPlace(layerIn, get, changes),
};
