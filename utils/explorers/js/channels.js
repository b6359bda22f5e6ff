/**
 * The channel explorer: an RGB image is three maps, a filter has a slice for each, and the
 * three results are added up to one feature map. Several filters give several maps.
 */

import { conv2d, decode, encode, extent } from "./engine.js";
import {
  Picture,
  button,
  choice,
  create,
  editableGrid,
  editor,
  format,
  foundNote,
  frame,
  grid,
  legend,
  plural,
  publish,
  redrawOn,
  replaced,
  sign,
  slider,
  toggle,
  uniqueId,
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

const LETTERS = ["R", "G", "B"];
// What a link restores: address.js.
const SETTINGS = {
  filters: { kind: "filters", most: 4, label: ["Filter", "Bias of this filter"] },
  filter: { kind: "whole", trait: "filter", from: 0, to: 3, label: "Bias of this filter" },
  channels: { kind: "channels", trait: "channels", label: LETTERS, called: "R, G, B" },
  padding: { kind: "word", trait: "padding", words: ["valid", "same"], label: "Padding" },
  stride: { kind: "whole", trait: "stride", from: 1, to: 4, label: "Stride" },
  relu: { kind: "flag", trait: "relu", label: "ReLU" },
  at: { kind: "list", trait: "position", from: 0, to: 9999 },
};
const TRAITS = ["image", "filters", "biases", "filter", "channels", "stride", "padding", "relu"];
const NAMES = ["red", "green", "blue"];
const OWN = "own filter";
const MOST_FILTERS = 4;
const WIDEST_BIAS = 200;

// ---------------------------------------------------------------- state

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

/** The weights of one filter, and of each. */
const weightsOf = ({ shape, data }, filter) =>
  Array.from(data.filter((_, i) => i % shape[3] === filter));
const allWeights = (filters) =>
  Array.from({ length: filters.shape[3] }, (_, filter) => weightsOf(filters, filter));

/** The name of the preset that a filter equals, or `OWN`. */
function presetName(presets, filters, filter) {
  const weights = weightsOf(filters, filter);
  const found = Object.entries(presets[filters.shape[0]]).find(([, values]) =>
    values.flat(2).every((value, i) => Math.abs(value - weights[i]) < 1e-4),
  );
  return found ? found[0] : OWN;
}

/** The weights of the same preset in another size; an own filter keeps its middle. */
function resized(presets, filters, filter, size) {
  const name = presetName(presets, filters, filter);
  if (name !== OWN) return presets[size][name].flat(2);
  const slices = slicesOf(filters, filter);
  const offset = (filters.shape[0] - size) / 2;
  return Array.from({ length: size * size * 3 }, (_, index) => {
    const [i, j] = [Math.floor(index / 3 / size), Math.floor(index / 3) % size];
    return slices[index % 3][i + offset]?.[j + offset] ?? 0;
  });
}

/** The traits for filters, each a list of its weights, with their biases. */
function layerTraits(size, list, biases) {
  const data = list[0].flatMap((_, i) => list.map((weights) => weights[i]));
  return {
    filters: encode({ shape: [size, size, 3, list.length], data }),
    biases: encode({ shape: [biases.length], data: biases }),
  };
}

/** The image without the channels that are off, and each channel as a map. */
function channelsOf(stored, on) {
  const image = decode(stored);
  for (let i = 0; i < image.data.length; i += 1) if (!on[i % 3]) image.data[i] = 0;
  return { stored, on, image, planes: LETTERS.map((_, channel) => plane(image, channel)) };
}

/**
 * The filters and biases as the model holds them now. What edits them starts from here: what was
 * drawn last is a frame old, and two changes may come within one.
 */
function layerOf(model) {
  const filters = decode(model.get("filters"), "filters");
  const [size, , , count] = filters.shape;
  const given = decode(model.get("biases"), "biases").data;
  const biases = Array.from({ length: count }, (_, i) => given[i] ?? 0);
  const filter = Math.min(model.get("filter"), count - 1);
  const presets = model.get("presets");
  const names = biases.map((_, index) => presetName(presets, filters, index));
  return { size, filters, count, biases, filter, names, presets };
}

/** The layer that traits make, and the sides of its image. */
function layerIn(get) {
  const [{ shape }, size] = [get("image"), get("filters").shape[0]];
  return { shape, ...layerOver(shape, { size, stride: get("stride"), padding: get("padding") }) };
}

/**
 * Everything that one redraw needs; without `maps` where the window does not fit. `last` is
 * the state before: the channels stay as they are as long as the image does.
 */
function compute(model, last) {
  const [stored, on] = [model.get("image"), model.get("channels")];
  const isLast = last?.stored === stored && String(last.on) === String(on);
  const { image, planes } = isLast ? last : channelsOf(stored, on);
  const { presets, ...layer } = layerOf(model);
  const { size, filters, biases, filter } = layer;
  const [stride, padding, relu] = ["stride", "padding", "relu"].map((name) => model.get(name));
  const state = { stored, image, planes, on, relu, ...layer };
  state.presets = presets[size];
  state.slices = slicesOf(filters, filter);
  Object.assign(state, layerOver(image.shape, { size, stride, padding }));
  if (!state.fits) return state;
  const sums = conv2d(image, filters, { strides: stride, padding, bias: biases });
  const maps = relu ? { ...sums, data: sums.data.map((value) => Math.max(0, value)) } : sums;
  const parts = state.slices.map((slice, channel) => {
    const weights = { shape: [size, size, 1, 1], data: Float32Array.from(slice.flat()) };
    return conv2d(planes[channel], weights, { strides: stride, padding });
  });
  const [sum, map] = [plane(sums, filter), plane(maps, filter)];
  return Object.assign(state, { maps, parts, sum, map });
}

// ---------------------------------------------------------------- words

const countParameters = ({ size, count }) => (size * size * 3 + 1) * count;
const layerWords = ({ count }) => [plural(count, "filter"), plural(count, "feature map")];
const shapeWords = ({ vertical, horizontal, count }) =>
  [vertical.size, horizontal.size, count].join(" × ");

function statusWords(state) {
  const { image, size, padding, filter, names, map } = state;
  const { min, max } = extent(map);
  const shown = padding === "valid" ? 0 : padding; // the formula shows that it is 0
  return (
    `${layerWords(state).join(` of ${size} × ${size} × 3 → `)}: ${shapeWords(state)}, ` +
    `${sizeWords(image.shape, state, shown)}. ` +
    `${format(countParameters(state))} parameters. Feature map ${filter + 1}, ${names[filter]}: ` +
    `values from ${format(min, 4)} to ${format(max, 4)}.`
  );
}

/** Which feature maps change when B is switched off. */
function answerWords({ filters, biases }) {
  const readsBlue = (filter) => slicesOf(filters, filter)[2].flat().some(Boolean);
  const readers = biases.map((_, i) => i + 1).filter((i) => readsBlue(i - 1));
  const named = `${readers.length === 1 ? "filter" : "filters"} ${readers.join(", ")}`;
  return (
    "Only those whose filter has weights other than 0 in slice B: here " +
    `${readers.length ? named : "none"}. Every filter sums over all channels, so no feature ` +
    "map belongs to one channel. Try it: untick B."
  );
}

// ---------------------------------------------------------------- drawing

/** All pictures of the filter that is shown, with one scale of colors. */
function drawPictures({ input, lines, sum, map, key, arrow }, state) {
  const { image, filter, relu } = state;
  write(input.size, [...image.shape.slice(0, 2), 3].join(" × "));
  if (!state.fits) {
    input.show(image);
    input.unmark("patch");
    return;
  }
  const border = borders(state);
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
  write(arrow, relu ? "ReLU" : "ReLU is off");
}

/** How the output at a position comes about: patches, sums of the channels, and their sum. */
function drawCalculation({ input, lines, sum, map, words }, state, position) {
  const { planes, parts, biases, filter, relu } = state;
  const [y, x] = position;
  const { at } = windowAt(position, state, planes[0]);
  lines.forEach(({ picture, patch, result }, channel) => {
    const found = windowAt(position, state, planes[channel]);
    showPatch(patch, found);
    markWindow(picture, result, position, state, found);
    write(result.size, format(parts[channel].data[at], 4));
  });
  for (const output of [sum, map]) {
    markWindow(input, output, position, state, windowAt(position, state, planes[0]));
  }
  const [before, after] = [state.sum.data[at], state.map.data[at]];
  write(sum.size, format(before, 4));
  write(map.size, format(after, 4));
  const terms = LETTERS.map((letter, channel) => [letter, parts[channel].data[at]]);
  const added = [...terms, ["bias", biases[filter]]].map(
    ([name, value]) => `${name}\u00a0${format(value, 4)}`,
  );
  words.replaceChildren(
    `Row ${y}, column ${x}: ${added.join(" + ")} = `,
    create("b", {}, format(before, 4)),
    ...(relu ? [" → ReLU\u00a0", create("b", {}, format(after, 4))] : []),
  );
}

/** The whole layer: a small map for each filter, and the count of its parameters. */
function drawLayer({ stack, add, remove, title, parameters, counted, limits, answer }, state) {
  const { size, count, filter, names, maps } = state;
  stack.forEach(({ picture, radio, name, element }, index) => {
    element.hidden = index >= count;
    if (element.hidden) return;
    const one = plane(maps, index);
    const { min, max } = extent(one);
    picture.show(one, { limit: Math.max(-min, max) });
    write(picture.size, `${format(min)} … ${format(max)}`);
    radio.checked = index === filter;
    write(name, names[index]);
  });
  write(title, `The whole layer: ${layerWords(state).join(" → ")}, ${shapeWords(state)}`);
  add.hidden = count === MOST_FILTERS;
  remove.hidden = count === 1;
  write(remove, `Remove filter ${filter + 1}`);
  const limit = { 1: "A layer needs at least one filter.", 4: "A layer may have more than these four." };
  write(limits, limit[count] ?? "");
  limits.hidden = !limits.textContent;
  const total = countParameters(state);
  const product = `(${size} · ${size} · 3 + 1) · ${count} = `;
  if (!parameters.textContent.includes(product)) {
    parameters.replaceChildren(
      "Parameters: ",
      create("span", {}, product, create("b", {}, format(total))),
    );
  }
  write(
    counted,
    `${size} · ${size} weights for each of 3 channels and 1 bias: ` +
      `${total / count} for each filter.`,
  );
  write(answer, answerWords(state));
}

// ---------------------------------------------------------------- controls

/** A picture that neither keys nor screen readers stop at: another one tells the same. */
function silent(picture) {
  picture.stage.removeAttribute("tabindex");
  picture.stage.setAttribute("role", "img");
  picture.stage.setAttribute("aria-label", picture.name.textContent);
  return picture;
}

/** The line of one channel: the channel, patch × slice = its sum. */
function makeLine({ model, edit }, channel, { atInput, atOutput }) {
  const [letter, color] = [LETTERS[channel], NAMES[channel]];
  const picture = silent(new Picture({ label: letter, role: "input", onPoint: atInput }));
  const box = toggle({
    label: letter,
    onInput: (value) => edit({ channels: replaced(model.get("channels"), channel, value) }),
  });
  box.input.setAttribute("aria-label", `${letter}: channel ${color} is on`);
  picture.name.replaceChildren(box.element);
  picture.stage.setAttribute("aria-label", `Channel ${color}`);
  const patch = grid({ label: `Patch of ${letter}`, role: "input" });
  patch.element.classList.add("cx-channel-patch");
  const slice = editableGrid({
    label: `Slice ${letter}`,
    onEdit: (i, j, value) => {
      const { filters, size, count, filter } = layerOf(model);
      const { shape, data } = filters;
      const place = ((i * size + j) * 3 + channel) * count + filter;
      if (data[place] === Math.fround(value)) return;
      data[place] = value;
      edit({ filters: encode({ shape, data }) }, { isTyped: true });
    },
  });
  const result = silent(
    new Picture({ label: `Sum ${letter}`, role: "output", onPoint: atOutput }),
  );
  result.name.replaceChildren(create("span", { class: "cx-channel-word" }, "Sum "), letter);
  const signs = [sign("×"), sign("=")];
  const factors = [picture.element, patch.element, signs[0], slice.element];
  return { picture, box, patch, slice, result, parts: [...factors, signs[1], result.element] };
}

/** Image, channels, sums and feature map. All point at the same place. */
function makePictures(explorer) {
  const { edit, getState } = explorer;
  const atInput = (y, x) => {
    if (getState().fits) edit({ position: windowNear([y, x], getState()) });
  };
  const atOutput = (y, x) => edit({ position: [y, x] });
  const input = new Picture({
    label: "RGB image",
    role: "input",
    hint: "Arrow keys choose a pixel; the window is centered on it.",
    onPoint: atInput,
  });
  const map = new Picture({ label: "Feature map", role: "output", onPoint: atOutput });
  const sum = silent(new Picture({ label: "Sum + bias", role: "output", onPoint: atOutput }));
  const lines = LETTERS.map((_, channel) => makeLine(explorer, channel, { atInput, atOutput }));
  const arrow = create("p", { class: "cx-channel-relu" });
  const flow = create(
    "div",
    { class: "cx-channel-flow" },
    ...lines.flatMap(({ parts }) => parts),
    create("span", { class: "cx-channel-sum", "aria-hidden": "true" }, create("span", {}, "+")),
    create("div", { class: "cx-channel-maps" }, sum.element, arrow, map.element),
  );
  const words = create("p", { class: "cx-sum", "aria-live": "polite" });
  return { input, map, sum, lines, arrow, flow, words, key: legend() };
}

function makeControls({ model, edit }) {
  return {
    preset: choice({
      label: "Filter",
      options: [],
      onInput: (name) => {
        if (name === OWN) return;
        const { size, filters, biases, filter, presets } = layerOf(model);
        const weights = presets[size][name].flat(2);
        edit(layerTraits(size, replaced(allWeights(filters), filter, weights), biases));
      },
    }),
    bias: slider({
      label: "Bias of this filter",
      min: -WIDEST_BIAS,
      max: WIDEST_BIAS,
      onInput: (value) => {
        const { biases, filter, count } = layerOf(model);
        edit({ biases: encode({ shape: [count], data: replaced(biases, filter, value) }) });
      },
    }),
    sizes: choice({
      label: "Filter size",
      options: [
        ["3", "3 × 3 × 3"],
        ["5", "5 × 5 × 3"],
      ],
      onInput: (value) => {
        const { filters, biases, presets } = layerOf(model);
        const size = Number(value);
        const sized = (_, filter) => resized(presets, filters, filter, size);
        edit(layerTraits(size, biases.map(sized), biases));
      },
    }),
    padding: choice({
      label: "Padding",
      options: [
        ["valid", "valid: none"],
        ["same", "same, as in Keras"],
      ],
      onInput: (value) => edit({ padding: value }),
    }),
    stride: slider({
      label: "Stride",
      min: 1,
      max: 4,
      onInput: (value) => edit({ stride: value }),
    }),
    relu: toggle({
      label: "ReLU: negative becomes 0",
      onInput: (value) => edit({ relu: value }),
    }),
  };
}

/** Let the controls show what the model holds. */
function setControls({ controls, lines, flow }, state) {
  const { preset, bias, sizes, padding, stride, relu } = controls;
  const { size, filter, names, on, slices } = state;
  preset.element.querySelector(".cx-label").textContent = `Filter ${filter + 1}`;
  preset.fill([...Object.keys(state.presets), OWN]);
  preset.set(names[filter]);
  bias.set(state.biases[filter]);
  if (flow.dataset.size !== String(size)) flow.dataset.size = size;
  sizes.set(size);
  padding.set(state.padding);
  stride.set(state.stride);
  relu.set(state.relu);
  const heaviest = Math.max(...slices.flat(2).map(Math.abs));
  lines.forEach(({ box, slice }, channel) => {
    box.set(on[channel]);
    slice.set(slices[channel], heaviest);
  });
}

/** A small feature map with a button to choose its filter. */
function makeMap(group, filter, edit) {
  const picture = new Picture({ label: `Map ${filter + 1}`, role: "output" });
  const onchange = () => edit({ filter });
  const radio = create("input", { type: "radio", name: group, value: filter, onchange });
  const name = create("span");
  picture.name.prepend(radio);
  picture.stage.setAttribute("aria-hidden", "true");
  const element = create("label", {}, picture.element, name, picture.size);
  element.className = "cx-channel-map";
  return { picture, radio, name, element };
}

/** The whole layer: its maps, and buttons to add a filter and to remove one. */
function makeLayer({ model, edit, getState, redrawNow }) {
  const group = uniqueId("filter");
  const stack = Array.from({ length: MOST_FILTERS }, (_, filter) => makeMap(group, filter, edit));
  const change = (list, biases, filter) => {
    edit({ ...layerTraits(layerOf(model).size, list, biases), filter });
    redrawNow();
    stack[getState().filter].radio.focus();
  };
  const add = button("+ Add a filter", () => {
    const { size, filters, biases, names, count, presets } = layerOf(model);
    const [, next] = Object.entries(presets[size]).find(([name]) => !names.includes(name));
    change([...allWeights(filters), next.flat(2)], [...biases, 0], count);
  });
  add.classList.add("cx-channel-add");
  const remove = button("Remove", () => {
    const { filters, biases, filter } = layerOf(model);
    const kept = (_, i) => i !== filter;
    change(allWeights(filters).filter(kept), biases.filter(kept), Math.max(0, filter - 1));
  });
  const title = create("legend");
  const parameters = create("p");
  const [counted, limits] = [create("p", { class: "cx-note" }), create("p", { class: "cx-note" })];
  const layer = create(
    "fieldset",
    {},
    title,
    create(
      "div",
      { class: "cx-channel-layer" },
      create("div", { class: "cx-channel-stack" }, ...stack.map(({ element }) => element), add),
      create("div", { class: "cx-channel-count" }, parameters, counted, limits, remove),
    ),
  );
  const answer = create("p");
  const prediction = create(
    "details",
    {},
    create("summary", {}, "Predict: B is switched off. Which feature maps change?"),
    answer,
  );
  return { stack, add, remove, title, parameters, counted, limits, layer, answer, prediction };
}

// ---------------------------------------------------------------- events

/** Redraw all, and say the result. */
function redraw(view, model) {
  const { state } = view;
  const name = state.names[state.filter];
  setControls(view, state);
  const found = view.found.show(view.isTyped && name !== OWN ? name : "");
  drawPictures(view, state);
  view.problem.hidden = state.fits;
  for (const part of [view.flow, view.key.element, view.words, view.layer, view.prediction]) {
    part.hidden = !state.fits;
  }
  if (!state.fits) {
    const words = { lacks: "feature map", smaller: "filter" };
    write(view.problem, misfit(state.size, state.image.shape, words));
    view.say(view.problem.textContent);
    return;
  }
  drawLayer(view, state);
  drawCalculation(view, state, lookedAt(model, state));
  // A single map keeps its axis.
  publish(view.root, model, "feature_maps", { ...encode(state.maps), shape: state.maps.shape });
  const words = statusWords(state);
  view.say(words, found || words);
}

function render({ model, el }) {
  const view = { isTyped: false };
  const send = editor(model);
  const edit = (changes, { isTyped = false } = {}) => {
    if (changes.filters || "filter" in changes) view.isTyped = isTyped;
    const place = pointedAt(view.input);
    send({ ...changes, ...keepPlace(layerIn, (name) => model.get(name), changes, place) });
  };
  const start = Object.fromEntries([...TRAITS, "position"].map((name) => [name, model.get(name)]));
  const { root, body, say } = frame(el, {
    title: "Channel explorer: one filter reads all channels",
    onReset: () => edit(start),
  });
  const redrawNow = () => {
    view.state = compute(model, view.state);
    redraw(view, model);
  };
  const explorer = { model, edit, redrawNow, getState: () => view.state };
  const problem = create("p", { class: "cx-problem", role: "alert", hidden: true });
  Object.assign(view, makePictures(explorer), makeLayer(explorer));
  Object.assign(view, { root, say, problem, found: foundNote(), controls: makeControls(explorer) });
  const top = Object.values(view.controls).map(({ element }) => element);
  body.append(
    create(
      "div",
      { class: "cx-channel-top" },
      view.input.element,
      create("div", { class: "cx-channel-set" }, ...top),
    ),
    problem,
    view.flow,
    ...view.lines.map(({ slice }) => slice.reason),
    view.found.element,
    view.words,
    view.key.element,
    view.layer,
    view.prediction,
  );
  const ends = [
    redrawOn(model, ["presets", ...TRAITS], redrawNow),
    redrawOn(model, ["position"], () => {
      if (view.state.fits) drawCalculation(view, view.state, lookedAt(model, view.state));
    }),
  ];
  return () => {
    for (const end of ends) end();
  };
}

export default {
  render,
  settings: SETTINGS,
  // A link that names no position keeps the page's place.
  keepPlace: (get, changes) => keepPlace(layerIn, get, changes),
};
