/**
 * The channel explorer: an RGB image is three maps, a filter has a slice for each, and the
 * three results are added up to one feature map. Several filters give several maps.
 */

import { conv2d, decode, extent } from "./engine.js";
import {
  Picture,
  button,
  choice,
  create,
  editableGrid,
  editor,
  format,
  frame,
  grayColor,
  grid,
  legend,
  redrawOn,
  sign,
  sizeFormula,
  slider,
  toggle,
  uniqueId,
} from "./interface.js";
import { windows } from "./sizes.js";

const TRAITS = ["image", "filters", "biases", "filter", "channels", "stride", "padding", "relu"];
const LETTERS = ["R", "G", "B"];
const NAMES = ["red", "green", "blue"];
const OWN = "own filter";
const MOST_FILTERS = 4;
const WIDEST_BIAS = 200;

function synced(values, shape) {
  return { shape, dtype: "float32", data: new DataView(Float32Array.from(values).buffer) };
}

/** One channel of a tensor as a tensor of its own. */
function plane({ shape: [rows, columns, channels], data }, channel) {
  const values = new Float32Array(rows * columns);
  for (let i = 0; i < values.length; i += 1) values[i] = data[i * channels + channel];
  return { shape: [rows, columns, 1], data: values };
}

/** The slices of one filter: for each channel rows of numbers. */
function slicesOf({ shape: [size, , , count], data }, filter) {
  const at = (i, j, channel) => data[((i * size + j) * 3 + channel) * count + filter];
  const range = Array.from({ length: size }, (_, i) => i);
  return LETTERS.map((_, channel) => range.map((i) => range.map((j) => at(i, j, channel))));
}

const readsBlue = (filters, filter) => slicesOf(filters, filter)[2].flat().some(Boolean);

/** Everything that one redraw needs. */
function compute(model) {
  const image = decode(model.get("image"));
  const on = model.get("channels");
  for (let i = 0; i < image.data.length; i += 1) if (!on[i % 3]) image.data[i] = 0;
  const filters = decode(model.get("filters"), "filters");
  const [size, , , count] = filters.shape;
  const given = decode(model.get("biases"), "biases").data;
  const biases = Array.from({ length: count }, (_, i) => given[i] ?? 0);
  const filter = Math.min(model.get("filter"), count - 1);
  const strides = model.get("stride");
  const padding = model.get("padding");
  const [vertical, horizontal] = [0, 1].map((axis) =>
    windows(image.shape[axis], size, strides, padding),
  );
  const slices = slicesOf(filters, filter);
  const layer = { image, on, filters, size, count, biases, filter, slices, strides, padding };
  const places = { vertical, horizontal };
  if (!vertical.fits || !horizontal.fits) return { ...layer, ...places, problem: true };
  const sums = conv2d(image, filters, { strides, padding, bias: biases });
  const relu = model.get("relu");
  const maps = relu ? { ...sums, data: sums.data.map((value) => Math.max(0, value)) } : sums;
  const planes = LETTERS.map((_, channel) => plane(image, channel));
  const parts = slices.map((slice, channel) =>
    conv2d(
      planes[channel],
      { shape: [size, size, 1, 1], data: Float32Array.from(slice.flat()) },
      { strides, padding },
    ),
  );
  return {
    ...layer,
    ...places,
    relu,
    maps,
    planes,
    parts,
    sum: plane(sums, filter),
    map: plane(maps, filter),
  };
}

const replaced = (list, index, value) => list.map((old, i) => (i === index ? value : old));
const plural = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;

function render({ model, el }) {
  const edit = editor(model);
  const start = Object.fromEntries([...TRAITS, "position"].map((name) => [name, model.get(name)]));
  const { body, say } = frame(el, {
    title: "Channel explorer: one filter reads all channels",
    onReset: () => edit(start),
  });
  let state;

  // Pictures. All point at the same place; the image and the feature map take the keys.
  const atInput = (y, x) => {
    if (state.problem) return;
    const { strides, size, vertical, horizontal } = state;
    const centered = (place, axis) => {
      const window = Math.round((place + axis.before - (size - 1) / 2) / strides);
      return Math.max(0, Math.min(axis.size - 1, window));
    };
    edit({ position: [centered(y, vertical), centered(x, horizontal)] });
  };
  const atOutput = (y, x) => edit({ position: [y, x] });
  const silent = (picture) => {
    picture.stage.removeAttribute("tabindex");
    picture.stage.setAttribute("role", "img");
    picture.stage.setAttribute("aria-label", picture.name.textContent);
    return picture;
  };
  const input = new Picture({
    label: "RGB image",
    role: "input",
    hint: "Arrow keys choose a pixel; the window is centered on it.",
    onPoint: atInput,
  });
  const map = new Picture({ label: "Feature map", role: "output", onPoint: atOutput });
  const sum = silent(new Picture({ label: "Sum + bias", role: "output", onPoint: atOutput }));

  // One line for each channel: channel, patch × slice = result.
  const lines = LETTERS.map((letter, channel) => {
    const picture = silent(new Picture({ label: letter, role: "input", onPoint: atInput }));
    const box = toggle({
      label: letter,
      onInput: (value) => edit({ channels: replaced(model.get("channels"), channel, value) }),
    });
    box.input.setAttribute("aria-label", `${letter}: channel ${NAMES[channel]} is on`);
    picture.name.replaceChildren(box.element);
    picture.stage.setAttribute("aria-label", `Channel ${NAMES[channel]}`);
    const patch = grid({ label: `Patch of ${letter}`, role: "input" });
    patch.element.classList.add("cx-channel-patch");
    const slice = editableGrid({
      label: `Slice ${letter}`,
      onEdit: (i, j, value) => {
        const { filters, filter, size, count } = state;
        const changed = filters.data.slice();
        changed[((i * size + j) * 3 + channel) * count + filter] = value;
        edit({ filters: synced(changed, filters.shape) });
      },
    });
    const result = silent(
      new Picture({ label: `Sum ${letter}`, role: "output", onPoint: atOutput }),
    );
    result.name.replaceChildren(create("span", { class: "cx-channel-word" }, "Sum "), letter);
    const parts = [
      picture.element,
      patch.element,
      sign("×"),
      slice.element,
      sign("="),
      result.element,
    ];
    return { picture, box, patch, slice, result, parts };
  });

  // Controls.
  const presetsOf = (size) => model.get("presets")[size];
  function presetName(filter) {
    const { size, count } = state;
    const { data } = state.filters;
    const found = Object.entries(presetsOf(size)).find(([, values]) =>
      values.flat(2).every((value, i) => Math.abs(value - data[i * count + filter]) < 1e-4),
    );
    return found ? found[0] : OWN;
  }
  /** Set all filters, each a list of its weights, with their biases; show the one at `filter`. */
  function setLayer(size, list, biases, filter) {
    const values = list[0].flatMap((_, i) => list.map((weights) => weights[i]));
    edit({
      filters: synced(values, [size, size, 3, list.length]),
      biases: synced(biases, [biases.length]),
      filter,
    });
  }
  const weightsOf = (filter) =>
    Array.from(state.filters.data.filter((_, i) => i % state.count === filter));
  const allWeights = () => Array.from({ length: state.count }, (_, filter) => weightsOf(filter));

  /** The same preset in another size; an own filter keeps its middle. */
  function resized(filter, size) {
    const name = presetName(filter);
    if (name !== OWN) return presetsOf(size)[name].flat(2);
    const slices = slicesOf(state.filters, filter);
    const offset = (state.size - size) / 2;
    return Array.from({ length: size * size * 3 }, (_, index) => {
      const [i, j] = [Math.floor(index / 3 / size), Math.floor(index / 3) % size];
      return slices[index % 3][i + offset]?.[j + offset] ?? 0;
    });
  }

  const preset = choice({
    label: "Filter",
    options: [],
    onInput: (name) => {
      if (name === OWN) return;
      const list = allWeights();
      list[state.filter] = presetsOf(state.size)[name].flat(2);
      setLayer(state.size, list, state.biases, state.filter);
    },
  });
  const presetLabel = preset.element.querySelector(".cx-label");
  const bias = slider({
    label: "Bias of this filter",
    min: -WIDEST_BIAS,
    max: WIDEST_BIAS,
    onInput: (value) =>
      edit({ biases: synced(replaced(state.biases, state.filter, value), [state.count]) }),
  });
  const sizes = choice({
    label: "Filter size",
    options: [
      ["3", "3 × 3 × 3"],
      ["5", "5 × 5 × 3"],
    ],
    onInput: (value) => {
      const list = allWeights().map((_, filter) => resized(filter, Number(value)));
      setLayer(Number(value), list, state.biases, state.filter);
    },
  });
  const padding = choice({
    label: "Padding",
    options: [
      ["valid", "valid: none"],
      ["same", "same, as in Keras"],
    ],
    onInput: (value) => edit({ padding: value }),
  });
  const stride = slider({
    label: "Stride",
    min: 1,
    max: 4,
    onInput: (value) => edit({ stride: value }),
  });
  const relu = toggle({
    label: "ReLU: negative becomes 0",
    onInput: (value) => edit({ relu: value }),
  });

  // The layer: a feature map for each filter.
  const group = uniqueId("filter");
  const stack = Array.from({ length: MOST_FILTERS }, (_, filter) => {
    const picture = new Picture({ label: `Map ${filter + 1}`, role: "output" });
    const radio = create("input", {
      type: "radio",
      name: group,
      value: filter,
      onchange: () => edit({ filter }),
    });
    const name = create("span");
    picture.name.prepend(radio);
    picture.stage.setAttribute("aria-hidden", "true");
    const element = create("label", {}, picture.element, name, picture.size);
    element.className = "cx-channel-map";
    return { picture, radio, name, element };
  });
  const add = button("+ Add a filter", () => {
    const used = stack.slice(0, state.count).map((_, filter) => presetName(filter));
    const { size, biases, count } = state;
    const [, next] = Object.entries(presetsOf(size)).find(([name]) => !used.includes(name));
    setLayer(size, [...allWeights(), next.flat(2)], [...biases, 0], count);
    redraw();
    stack[state.filter].radio.focus();
  });
  add.classList.add("cx-channel-add");
  const remove = button("Remove", () => {
    const { size, biases, filter } = state;
    const kept = (_, i) => i !== filter;
    setLayer(size, allWeights().filter(kept), biases.filter(kept), Math.max(0, filter - 1));
    redraw();
    stack[state.filter].radio.focus();
  });
  const layerTitle = create("legend");
  const parameters = create("p");
  const counted = create("p", { class: "cx-note" });
  const limits = create("p", { class: "cx-note" });
  const layer = create(
    "fieldset",
    {},
    layerTitle,
    create(
      "div",
      { class: "cx-channel-layer" },
      create("div", { class: "cx-channel-stack" }, ...stack.map(({ element }) => element), add),
      create("div", { class: "cx-channel-count" }, parameters, counted, limits, remove),
    ),
  );

  const arrow = create("p", { class: "cx-channel-relu" });
  const addition = create(
    "span",
    { class: "cx-channel-sum", "aria-hidden": "true" },
    create("span", {}, "+"),
  );
  const maps = create("div", { class: "cx-channel-maps" }, sum.element, arrow, map.element);
  const flow = create(
    "div",
    { class: "cx-channel-flow" },
    ...lines.flatMap(({ parts }) => parts),
    addition,
    maps,
  );
  const key = legend();
  const words = create("p", { class: "cx-sum", "aria-live": "polite" });
  const problem = create("p", { class: "cx-problem", role: "alert", hidden: true });
  const answer = create("p");
  const prediction = create(
    "details",
    {},
    create("summary", {}, "Predict: B is switched off. Which feature maps change?"),
    answer,
  );

  function redraw() {
    state = compute(model);
    const { image, on, filters, size, count, biases, filter, slices } = state;
    const { vertical, horizontal } = state;
    const [rows, columns] = image.shape;
    presetLabel.textContent = `Filter ${filter + 1}`;
    preset.fill([...Object.keys(presetsOf(size)), OWN]);
    preset.set(presetName(filter));
    const widest = Math.max(WIDEST_BIAS, Math.abs(biases[filter]));
    const step = Number.isInteger(biases[filter]) ? 1 : "any";
    Object.assign(bias.input, { min: -widest, max: widest, step });
    bias.set(biases[filter]);
    flow.dataset.size = size;
    sizes.set(size);
    padding.set(model.get("padding"));
    stride.set(model.get("stride"));
    relu.set(model.get("relu"));
    input.size.textContent = `${rows} × ${columns} × 3`;
    const heaviest = Math.max(...slices.flat(2).map(Math.abs));
    lines.forEach(({ box, slice }, channel) => {
      box.set(on[channel]);
      slice.set(slices[channel], heaviest);
    });

    problem.hidden = !state.problem;
    for (const part of [flow, key.element, words, layer, prediction]) {
      part.hidden = state.problem;
    }
    if (state.problem) {
      input.show(image);
      input.unmark("patch");
      problem.textContent =
        `A ${size} × ${size} window does not fit into ${rows} × ${columns} pixels, so there is ` +
        "no feature map. Take a smaller filter, or padding “same”.";
      return say(problem.textContent);
    }

    const border = {
      before: [vertical.before, horizontal.before],
      after: [vertical.after, horizontal.after],
    };
    const ends = [...state.parts, state.sum].map(extent);
    const limit = Math.max(...ends.flatMap(({ min, max }) => [-min, max]));
    input.show(image, border);
    lines.forEach(({ picture, result }, channel) => {
      picture.show(state.planes[channel], border);
      result.show(state.parts[channel], { limit });
    });
    sum.show(state.sum, { limit });
    map.show(state.map, { limit });
    map.rename("Feature map", `The result of filter ${filter + 1}. Arrow keys choose a pixel.`);
    key.set(limit);
    arrow.textContent = state.relu ? "ReLU" : "ReLU is off";

    const shape = [vertical.size, horizontal.size, count].join(" × ");
    stack.forEach(({ picture, radio, name, element }, index) => {
      element.hidden = index >= count;
      if (element.hidden) return;
      const one = plane(state.maps, index);
      const { min, max } = extent(one);
      picture.show(one, { limit: Math.max(-min, max) });
      picture.size.textContent = `${format(min)} … ${format(max)}`;
      radio.checked = index === filter;
      name.textContent = presetName(index);
    });
    const whole = [plural(count, "filter"), plural(count, "feature map")];
    layerTitle.textContent = `The whole layer: ${whole.join(" → ")}, ${shape}`;
    add.hidden = count === MOST_FILTERS;
    remove.hidden = count === 1;
    remove.textContent = `Remove filter ${filter + 1}`;
    limits.textContent =
      { 1: "A layer needs at least one filter.", 4: "A layer may have more than these four." }[
        count
      ] ?? "";
    limits.hidden = !limits.textContent;
    const total = (size * size * 3 + 1) * count;
    const sizeOfOne = `${size} · ${size} · 3 + 1`;
    parameters.replaceChildren(
      "Parameters: ",
      create("span", {}, `(${sizeOfOne}) · ${count} = `, create("b", {}, format(total))),
    );
    counted.textContent =
      `${size} · ${size} weights for each of 3 channels and 1 bias: ` +
      `${total / count} for each filter.`;
    const readers = biases.map((_, i) => i + 1).filter((i) => readsBlue(filters, i - 1));
    const named = `${readers.length === 1 ? "filter" : "filters"} ${readers.join(", ")}`;
    answer.textContent =
      "Only those whose filter has weights other than 0 in slice B: here " +
      `${readers.length ? named : "none"}. Every filter sums over all channels, so no feature ` +
      "map belongs to one channel. Try it: untick B.";
    point();
    model.set("feature_maps", synced(state.maps.data, state.maps.shape));
    const { min, max } = extent(state.map);
    const p = state.padding === "valid" ? 0 : state.padding; // the formula shows that it is 0
    const walk = { window: size, stride: state.strides, padding: p };
    return say(
      `${whole.join(` of ${size} × ${size} × 3 → `)}: ${shape}, ` +
        `${sizeFormula("rows", rows, walk, vertical.size)}, ` +
        `${sizeFormula("columns", columns, walk, horizontal.size)}. ` +
        `${format(total)} parameters. Feature map ${filter + 1}, ${presetName(filter)}: ` +
        `values from ${format(min, 4)} to ${format(max, 4)}.`,
    );
  }

  /** Show how the output pixel that is looked at comes about. */
  function point() {
    if (state.problem) return;
    const { size, strides, vertical, horizontal, planes, parts, biases, filter } = state;
    const position = model.get("position");
    const y = Math.min(position[0], vertical.size - 1);
    const x = Math.min(position[1], horizontal.size - 1);
    const [top, left] = [y * strides - vertical.before, x * strides - horizontal.before];
    const [rows, columns] = planes[0].shape;
    const within = (place, length) => place >= 0 && place < length;
    const inside = (i, j) => within(top + i, rows) && within(left + j, columns);
    const at = y * horizontal.size + x;
    lines.forEach(({ picture, patch, result }, channel) => {
      const values = Array.from({ length: size }, (_, i) =>
        Array.from({ length: size }, (_, j) =>
          inside(i, j) ? planes[channel].data[(top + i) * columns + left + j] : 0,
        ),
      );
      patch.cells.dataset.size = size;
      patch.set(values, (value, i, j) =>
        inside(i, j) ? grayColor(value) : { class: "cx-outside" },
      );
      picture.mark("patch", top, left, size, size);
      result.mark("pixel", y, x);
      result.size.textContent = format(parts[channel].data[at], 4);
    });
    input.mark("patch", top, left, size, size);
    input.at = { row: top + (size >> 1), column: left + (size >> 1) };
    for (const picture of [sum, map]) {
      picture.mark("pixel", y, x);
      picture.at = { row: y, column: x };
    }
    const [before, after] = [state.sum.data[at], state.map.data[at]];
    sum.size.textContent = format(before, 4);
    map.size.textContent = format(after, 4);
    const terms = LETTERS.map((letter, channel) => [letter, parts[channel].data[at]]);
    const added = [...terms, ["bias", biases[filter]]].map(
      ([name, value]) => `${name}\u00a0${format(value, 4)}`,
    );
    words.replaceChildren(
      `Row ${y}, column ${x}: ${added.join(" + ")} = `,
      create("b", {}, format(before, 4)),
      ...(state.relu ? [" → ReLU\u00a0", create("b", {}, format(after, 4))] : []),
    );
  }

  body.append(
    create(
      "div",
      { class: "cx-channel-top" },
      input.element,
      ...[preset, bias, sizes, padding, stride, relu].map(({ element }) => element),
    ),
    problem,
    flow,
    words,
    key.element,
    layer,
    prediction,
  );
  const ends = [
    redrawOn(model, ["presets", ...TRAITS], redraw),
    redrawOn(model, ["position"], point),
  ];
  return () => {
    for (const end of ends) end();
  };
}

export default { render };
