/**
 * The pooling explorer: an image or a feature map, and what a pooling layer makes of it.
 * The output value that the reader points at shows its window and, for a maximum, the
 * winner; a shift of the image shows how much of the output stays.
 */

import { decode, encode, extent, pool2d, tensor } from "./engine.js";
import { imageSource, storedImage } from "./images.js";
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
  redrawOn,
  row,
  sign,
  signedColor,
  sizeFormula,
  slider,
  toggle,
} from "./interface.js";
import { windows } from "./sizes.js";

const OWN = "your image";
const DRAWING = "your drawing";
const HINT = "Arrow keys choose a value, and with it a window.";
const PEN_HINT = "Arrow keys move, Space draws, Delete erases.";
const SHOWN = { HIDDEN: 0, UNREAD: 60, FULL: 255 }; // opacity of a value
const SUPERLATIVES = { max: "Largest", min: "Smallest" };
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

/**
 * Everything that one redraw needs, or the `problem` in words. `last` is the state before:
 * a shift alone leaves the pooled original as it was.
 */
function compute(model, last) {
  const stored = storedImage(model);
  const [size, stride] = [model.get("pool_size"), model.get("strides")];
  const [padding, mode, shift] = ["padding", "mode", "shift"].map((name) => model.get(name));
  if (stored.shape.includes(0)) {
    const problem =
      `The image is ${stored.shape.join(" × ")}: there is nothing to pool. If it comes from ` +
      "another layer, that layer’s window does not fit into its own image.";
    return { problem };
  }
  let original;
  try {
    original = decode(stored);
  } catch (error) {
    return { problem: error.message };
  }
  const [rows, columns, channels] = original.shape;
  if (channels !== 1) {
    return { problem: `One channel is pooled here, and this image has ${channels}.` };
  }
  const image = shifted(original, shift);
  const [vertical, horizontal] = [rows, columns].map((n) => windows(n, size, stride, padding));
  const { min, max } = extent(original);
  const limit = Math.max(Math.abs(min), Math.abs(max));
  const state = { image, size, stride, padding, mode, shift, vertical, horizontal };
  Object.assign(state, { limit, signed: stored.dtype !== "uint8" });
  if (!vertical.fits || !horizontal.fits) {
    state.problem =
      `A ${size} × ${size} window does not fit into ${rows} × ${columns} values, so there is ` +
      "no output. Take a smaller window, or padding “same”.";
    return state;
  }
  const options = { poolSize: size, strides: stride, padding, mode };
  state.map = pool2d(image, options);
  const isShiftOnly =
    last?.stored === stored &&
    Object.entries(options).every(([name, value]) => last.options?.[name] === value);
  if (image === original) state.before = state.map;
  else state.before = isShiftOnly ? last.before : pool2d(original, options);
  Object.assign(state, { stored, options });
  state.stays = {
    input: compare(original, image, limit),
    output: compare(state.before, state.map, limit),
  };
  state.read = [
    readPlaces(rows, size, stride, vertical),
    readPlaces(columns, size, stride, horizontal),
  ];
  return state;
}

// ---------------------------------------------------------------- words

const percent = (share) => {
  const value = 100 * share;
  const isNearEnd = (value > 0 && value < 1) || (value > 99 && value < 100);
  return `${isNearEnd ? value.toFixed(1) : Math.round(value)} %`;
};
const total = (values) => values.reduce((sum, value) => sum + value, 0);
const plural = (count, noun) => `${format(count)} ${noun}${count === 1 ? "" : "s"}`;

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
  for (const winner of map.winners) wins[winner] = 1;
  const kept = total(wins);
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

// ---------------------------------------------------------------- the explorer

function render({ model, el }) {
  // Where a list entry is chosen, its pixels are set, and not null: a linked trait of
  // another explorer holds an array at any time.
  const send = editor(model);
  let isOwnEdit = false;
  const edit = (changes) => {
    const listed = model.get("images").find(({ name }) => name === changes.selected);
    isOwnEdit = true;
    send(changes.image === null && listed ? { ...changes, image: listed.image } : changes);
    isOwnEdit = false;
  };
  const start = Object.fromEntries(TRAITS.map((name) => [name, model.get(name)]));
  const { root, body, say } = frame(el, { title: "Pooling explorer", onReset: () => edit(start) });
  root.classList.add("cx-pooling");

  // An image that another explorer sets is not the one of the list that is selected.
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

  const source = imageSource(model, edit);
  const input = new Picture({
    label: "Input",
    role: "input",
    hint: HINT,
    onPoint: (y, x) => {
      if (state.problem) return;
      const { size, stride, vertical, horizontal } = state;
      const position = [
        [y, vertical],
        [x, horizontal],
      ].map(([place, axis]) => {
        const centered = Math.round((place + axis.before - (size - 1) / 2) / stride);
        return Math.max(0, Math.min(axis.size - 1, centered));
      });
      edit({ position });
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
  const key = legend();

  // Controls.
  const mode = choice({
    label: "Pooling",
    options: ["max", "mean", "min"],
    onInput: (value) => edit({ mode: value }),
  });
  const padding = choice({
    label: "Padding",
    options: [
      ["valid", "valid: none"],
      ["same", "same (Keras)"],
    ],
    onInput: (value) => edit({ padding: value }),
  });
  const size = slider({
    label: "Window",
    min: 2,
    max: 4,
    text: (value) => `${value} × ${value}`,
    onInput: (value) => {
      // Keras's default stride is the window's size: it follows until it is set apart.
      const follows = model.get("strides") === model.get("pool_size");
      edit(follows ? { pool_size: value, strides: value } : { pool_size: value });
    },
  });
  const stride = slider({
    label: "Stride",
    min: 1,
    max: 4,
    onInput: (value) => edit({ strides: value }),
  });
  const shifts = ["right", "down"].map((direction, axis) =>
    slider({
      label: `Shift ${direction}, pixels`,
      min: -4,
      max: 4,
      onInput: (value) => {
        const changed = [...model.get("shift")];
        changed[axis] = value;
        edit({ shift: changed });
      },
    }),
  );
  const hide = toggle({
    label: "Hide the values that the shift changed",
    onInput: (value) => edit({ hide_changed: value }),
  });

  // The window that is looked at.
  const patch = grid({ label: "Window", role: "input" });
  const result = grid({ label: "Output", role: "output" });
  const arrow = sign("→");
  const sum = create("p", { class: "cx-sum" });
  const calculation = row(patch.element, arrow, result.element);
  calculation.classList.add("cx-calculation");
  const problem = create("p", { class: "cx-problem", role: "alert", hidden: true });

  // What stays after a shift.
  const bars = [
    ["input", "Not pooled"],
    ["output", "Pooled"],
  ].map(([role, label]) => {
    const fill = create("span");
    const share = create("b");
    const rest = create("span", { class: "cx-note" });
    const words = create("span", { class: "cx-stays-words" }, share, rest);
    const bar = create("span", { class: "cx-stays-bar", "aria-hidden": "true" }, fill);
    const name = create("span", { class: "cx-name" }, label);
    const set = ({ share: equal, count, difference }) => {
      fill.style.width = `${100 * equal}%`;
      share.textContent = percent(equal);
      rest.textContent = ` of ${format(count)} equal · mean change ${format(difference)}`;
    };
    const element = create("div", { class: "cx-stays", "data-role": role }, name, bar, words);
    return { element, set };
  });
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

  let state;

  /** How visible each value is: unread ones fade, hidden ones are gone. */
  function opacities() {
    const { image, map, read, stays: compared } = state;
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
    if (!model.get("hide_changed")) return of;
    for (const role of ["input", "output"]) {
      compared[role].equal.forEach((equal, i) => {
        if (!equal) of[role][i] = SHOWN.HIDDEN;
      });
    }
    return of;
  }

  function showControls() {
    for (const [control, name] of [
      [size, "pool_size"],
      [stride, "strides"],
    ]) {
      const value = model.get(name);
      // Python may go beyond the slider's ends.
      control.input.min = Math.min(name === "strides" ? 1 : 2, value);
      control.input.max = Math.max(4, value);
      control.set(value);
    }
    mode.set(model.get("mode"));
    padding.set(model.get("padding"));
    shifts.forEach((control, axis) => control.set(model.get("shift")[axis]));
    hide.set(model.get("hide_changed"));
  }

  function redraw() {
    state = compute(model, state);
    showControls();
    const shown = state.problem ? null : opacities();
    const { image, map, vertical, horizontal, limit, signed } = state;
    problem.hidden = !state.problem;
    for (const part of [output.element, calculation, sum, stays, facts]) {
      part.hidden = Boolean(state.problem);
    }
    input.element.hidden = !image;
    key.element.hidden = !image || !signed;
    if (image) {
      input.show(image, {
        limit: signed ? limit : null,
        before: state.problem ? [0, 0] : [vertical.before, horizontal.before],
        after: state.problem ? [0, 0] : [vertical.after, horizontal.after],
        opacity: shown?.input,
      });
      input.size.textContent = image.shape.slice(0, 2).join(" × ");
      key.set(limit);
    }
    source.refresh(input);
    const isPad = model.get("selected") === DRAWING && storedImage(model).dtype === "uint8";
    input.paintable &&= isPad;
    input.rename(signed ? "Input: feature map" : "Input", input.paintable ? PEN_HINT : HINT);
    model.set("pooled", encode(map ?? { shape: [0, 0], data: [] }));
    if (state.problem) {
      for (const mark of ["patch", "winner"]) input.unmark(mark);
      problem.textContent = state.problem;
      return say(state.problem);
    }
    output.show(map, { limit: signed ? limit : null, opacity: shown.output });
    output.size.textContent = `${vertical.size} × ${horizontal.size}`;
    showFacts();
    point();
    return say(statusWords());
  }

  function showFacts() {
    const { shift, stride: step, stays: compared } = state;
    bars[0].set(compared.input);
    bars[1].set(compared.output);
    kept.textContent = keptWords(state);
    parameters.textContent = parameterWords(state);
    const isMoved = shift.some((by) => by !== 0);
    const isWhole = isMoved && step > 1 && shift.every((by) => by % step === 0);
    moved.textContent =
      "Equal: the same value at the same place as before the shift. What comes in repeats the " +
      "edge." +
      (isWhole ? " A shift by whole strides moves the output along, away from the border." : "");
    hide.input.disabled = !isMoved && !model.get("hide_changed");
  }

  function statusWords() {
    const { image, map, vertical, horizontal, shift, read, stays: compared } = state;
    const [rows, columns] = image.shape;
    const { min, max } = extent(map);
    const walk = { window: state.size, stride: state.stride, padding: state.padding };
    const down = sizeFormula("rows", rows, walk, vertical.size);
    const across = sizeFormula("columns", columns, walk, horizontal.size);
    const words = [
      `Output ${vertical.size} × ${horizontal.size}: ${down}, ${across}.`,
      `Values from ${format(min, 4)} to ${format(max, 4)}.`,
      unreadWords("row", read[0], vertical),
      unreadWords("column", read[1], horizontal),
    ];
    if (shift.some((by) => by !== 0)) {
      words.push(
        `After a shift by ${shiftWords(shift)}, ${percent(compared.output.share)} of the pooled ` +
          `values are equal; without pooling ${percent(compared.input.share)}.`,
      );
    }
    return words.filter(Boolean).join(" ");
  }

  /** Show the window of the output value that is looked at. */
  function point() {
    const { image, map, size: side, stride: step, vertical, horizontal, limit, signed } = state;
    const [y, x] = model
      .get("position")
      .map((place, axis) => Math.min(place, [vertical, horizontal][axis].size - 1));
    const [rows, columns] = image.shape;
    const [top, left] = [y * step - vertical.before, x * step - horizontal.before];
    const isInside = (i, j) =>
      top + i >= 0 && top + i < rows && left + j >= 0 && left + j < columns;
    const places = Array.from({ length: side }, (_, index) => index);
    const values = places.map((i) =>
      places.map((j) => (isInside(i, j) ? image.data[(top + i) * columns + left + j] : NaN)),
    );
    const at = y * horizontal.size + x;
    const winner = map.winners[at];
    const [winnerRow, winnerColumn] = [Math.floor(winner / columns), winner % columns];
    const look = (value, digits = 3) => ({
      ...(signed ? signedColor(value, limit * 1.3) : grayColor(value)),
      text: format(value, Math.abs(value) < 1 ? 2 : digits),
    });
    patch.cells.dataset.size = side;
    patch.set(values, (value, i, j) => {
      if (!isInside(i, j)) return { class: "cx-outside" };
      const wins = winner >= 0 && top + i === winnerRow && left + j === winnerColumn;
      return { ...look(value), class: wins ? "cx-winner" : "" };
    });
    result.set([[map.data[at]]], (value) => look(value, 4));
    result.cells.dataset.size = 1;
    arrow.textContent = `${state.mode} →`;

    input.mark("patch", top, left, side, side);
    // In a window of a few pixels of the screen the winner's mark would hide the window's.
    const isRoomy = (side * (input.stage.clientWidth || 320)) / input.width > 14;
    if (winner >= 0 && isRoomy) input.mark("winner", winnerRow, winnerColumn);
    else input.unmark("winner");
    output.mark("pixel", y, x);
    output.at = { row: y, column: x };
    const { row: atRow, column: atColumn } = input.at;
    const isWithin =
      atRow >= top && atRow < top + side && atColumn >= left && atColumn < left + side;
    if (!input.paintable && !isWithin) {
      input.at = { row: Math.max(0, top), column: Math.max(0, left) };
    }
    const real = values.flat().filter((_, k) => isInside(Math.floor(k / side), k % side));
    sum.replaceChildren(
      `${calculationWords(real, map.data[at], winnerRow, winnerColumn)} ` +
        `→ output at row ${y}, column ${x}: `,
      create("b", {}, format(map.data[at], 4)),
    );
  }

  /** Show the window of another output value, and tell its calculation. */
  function move() {
    if (!state || state.problem) return;
    point();
    say(statusWords(), sum.textContent);
  }

  function calculationWords(values, found, winnerRow, winnerColumn) {
    const { size: side, mode: chosen } = state;
    const count = plural(values.length, "value");
    const isPadded = values.length < side * side;
    if (chosen === "mean") {
      const why = isPadded ? " (padding does not count)" : "";
      return `Sum ${format(total(values), 4)} / ${count}${why} = ${format(found, 4)}`;
    }
    const ties = values.filter((value) => value === found).length;
    const tie = ties > 1 ? ` (${ties} places hold it, the first is marked)` : "";
    const of = `${SUPERLATIVES[chosen]} of ${count}${isPadded ? " (padding never wins)" : ""}`;
    return `${of}: ${format(found, 4)}${tie}, at row ${winnerRow}, column ${winnerColumn}`;
  }

  body.append(
    create("div", { class: "cx-pictures" }, input.element, output.element),
    source.tools,
    key.element,
    controls(source.choose, mode.element, padding.element, size.element, stride.element),
    problem,
    calculation,
    sum,
    stays,
    facts,
  );
  const computing = TRAITS.filter((name) => name !== "position");
  const ends = [
    redrawOn(model, ["position"], move),
    redrawOn(model, ["images", ...computing], redraw),
    () => model.off("change:image", noteImage),
  ];
  return () => {
    for (const end of ends) end();
  };
}

export default { render };
