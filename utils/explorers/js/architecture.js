/**
 * The architecture explorer: a list of layers that the reader changes, the network drawn as
 * blocks, and what each layer does to shape, cost and receptive field.
 */

import {
  button,
  choice,
  controls,
  create,
  editor,
  format,
  frame,
  reconcile,
  redrawOn,
  slider,
  wholeBox,
  write,
} from "./interface.js";
import {
  NEW,
  count,
  explain,
  keepsShape,
  newLayer,
  optionsText,
  percent,
  replaced,
  shapeText,
  short,
  warning,
} from "./layers.js";
import { outline, svg } from "./planes.js";
import { isSliding, receptiveField, summarize, times } from "./sizes.js";

const MOST_LAYERS = 24;
const OWN = "own network";
const INPUTS = [
  [28, 28, 1],
  [32, 32, 3],
  [100, 100, 3],
  [224, 224, 3],
];
const ACTIVATIONS = [
  ["", "none"],
  ["relu", "ReLU"],
  ["tanh", "tanh"],
  ["sigmoid", "sigmoid"],
  ["softmax", "softmax"],
];
const PADDINGS = [
  ["valid", "valid: none"],
  ["same", "same"],
];
// The options with a control: label, and for numbers the largest.
const CONTROLS = {
  filters: ["Filters", 10000],
  units: ["Units", 10000],
  kernelSize: ["Kernel size", 31],
  poolSize: ["Window", 31],
  strides: ["Stride", 31],
  padding: ["Padding", PADDINGS],
  depthMultiplier: ["Kernels a map", 100],
  activation: ["Activation", ACTIVATIONS],
  rate: ["Rate"],
};
// What a link restores: address.js.
const SETTINGS = {
  network: {
    kind: "layers",
    trait: "layers",
    most: MOST_LAYERS,
    label: [
      ...["Network", "Another layer", "Move up", "Move down", "Remove"],
      ...Object.values(CONTROLS).map(([text]) => text),
    ],
  },
  input: { kind: "list", trait: "input_shape", from: 1, to: 1024, count: 3, label: "Input image" },
  open: { kind: "whole", trait: "selected", from: -1, to: 23 },
};
const HEIGHT = 150; // of the drawing

const sum = (values) => values.reduce((one, other) => one + other, 0);
const product = (values) => values.reduce((one, other) => one * other, 1);
const isSame = (one, other) => JSON.stringify(one) === JSON.stringify(other);

// --- Words -------------------------------------------------------------------------------

/** What one dense layer with the outputs of the first convolution would cost; "" without one. */
function comparisonText({ layers, rows, shapes }) {
  const first = layers.findIndex((layer, index) => layer.type === "Conv2D" && rows[index].shape);
  if (first < 0) return "";
  const [from, to] = [product(shapes[first]), product(shapes[first + 1])];
  const dense = (from + 1) * to;
  const own = rows[first].parameters;
  return (
    `The first convolution has ${count(own)} parameters for ${times(shapes[first + 1])} outputs. ` +
    `A dense layer with as many outputs would have (${count(from)} + 1) · ${count(to)} = ` +
    `${count(dense)}: ${count(Math.round(dense / own))} times as many.`
  );
}

/** The lines of an open card: index −1 is the input. */
function formulas({ layers, input, rows, shapes, fields }, index) {
  if (index < 0)
    return [`${input.map((side) => format(side)).join(" · ")} = ${count(product(input))} numbers.`];
  if (!rows[index].shape) return [];
  const lines = explain(layers[index], shapes[index], rows[index]);
  if (!isSliding(layers[index])) return lines;
  const isMore = fields[index].some((side, axis) => side > input[axis]);
  return [
    ...lines,
    `One value of its output sees ${times(fields[index])} pixels of the input` +
      `${isMore ? ", padding included" : ""}.`,
  ];
}

/** The network in a sentence or two, and the layer that is open. */
function statusText({ layers, rows, broken, warnings, totals }, selected) {
  if (layers.length === 0) return "There is no layer yet. Add one, or choose a network.";
  if (broken >= 0) {
    return `Layer ${broken + 1}, ${layers[broken].type}, cannot be built. ${rows[broken].problem}`;
  }
  const row = rows[selected];
  const chosen = row
    ? `Layer ${selected + 1} of ${layers.length}, ${layers[selected].type}, gives ` +
      `${shapeText(row.shape)}${row.shape.length === 1 ? " values" : ""}, with ` +
      `${count(row.parameters)} parameters. `
    : "";
  const odd = warnings.flatMap((text, index) => (text ? [index + 1] : []));
  const hint = odd.length
    ? ` Look at layer${odd.length > 1 ? "s" : ""} ${odd.join(", ")}: a note stands there.`
    : "";
  const [parameters, work] = totals;
  return (
    `${chosen}In the network ${count(parameters.dense)} of ${count(parameters.all)} parameters ` +
    `(${percent(parameters.dense, parameters.all)}) are dense, and ${short(work.dense)} of ` +
    `${short(work.all)} multiply–adds (${percent(work.dense, work.all)}).${hint}`
  );
}

// --- State -------------------------------------------------------------------------------

/** The traits, and their changes with a way back. Typing 128 into a box is one change, not three. */
function history(model) {
  const edit = editor(model);
  const past = [];
  let lastChange = "";
  const current = () => ({
    layers: model.get("layers"),
    input_shape: model.get("input_shape"),
    selected: model.get("selected"),
  });
  return {
    current,
    change(changes, name = "") {
      if (!name || name !== lastChange) past.push(current());
      lastChange = name;
      edit(changes);
    },
    select(index) {
      lastChange = "";
      edit({ selected: index });
    },
    undo() {
      lastChange = "";
      if (past.length) edit(past.pop());
    },
    isEmpty: () => past.length === 0,
  };
}

/** Everything that one redraw needs. */
function compute({ layers, input_shape: input }) {
  const rows = summarize(layers, input);
  const shapes = [input, ...rows.map(({ shape }) => shape)];
  const fields = rows.map(({ receptiveField: height }, index) =>
    height === null ? null : [height, receptiveField(layers, index, input[1], 1).size],
  );
  const totals = ["parameters", "multiplyAdds"].map((name) => ({
    all: sum(rows.map((row) => row[name] ?? 0)),
    dense: sum(rows.map((row, index) => (layers[index].type === "Dense" && row[name]) || 0)),
  }));
  return {
    layers,
    input,
    rows,
    shapes,
    fields,
    totals,
    broken: rows.findIndex(({ problem }) => problem),
    warnings: layers.map((_, index) => warning(layers, shapes, index)),
  };
}

// --- Drawing -----------------------------------------------------------------------------

/**
 * Size of each block: maps are slabs, as high as their rows, leaning back by their columns,
 * and as thick as the logarithm of their number; a row of values is a bar.
 */
function measure(shapes, kinds) {
  const largest = Math.max(
    ...shapes.filter((shape) => shape?.length === 3).flatMap((shape) => shape.slice(0, 2)),
  );
  return shapes.map((shape, index) => {
    const isThin = keepsShape(kinds[index]);
    if (!shape) return { height: 40, thickness: 16, lean: 0 };
    if (shape.length === 1) {
      return {
        height: Math.min(8 * Math.log2(shape[0] + 1) + 4, 112),
        thickness: isThin ? 3 : 9,
        lean: 0,
      };
    }
    return {
      height: Math.max((100 * shape[0]) / largest, 3),
      thickness: isThin ? 3 : 4 + 3.6 * Math.log2(shape[2] + 1),
      lean: Math.max((36 * shape[1]) / largest, 1),
    };
  });
}

/** The faces of a block whose front begins at `x`: the front, and of a slab the top and a side. */
function faces(x, { height, wide, deep, rise }) {
  const middle = HEIGHT / 2 + rise / 2;
  const [top, bottom, right] = [middle - height / 2, middle + height / 2, x + wide];
  const face = (name, points) => svg("path", { class: `cx-net-${name}`, d: outline(points) });
  const front = face("front", [
    [x, top],
    [right, top],
    [right, bottom],
    [x, bottom],
  ]);
  if (!deep) return [front];
  return [
    front,
    face("top", [
      [x, top],
      [x + deep, top - rise],
      [right + deep, top - rise],
      [right, top],
    ]),
    face("side", [
      [right, top],
      [right + deep, top - rise],
      [right + deep, bottom - rise],
      [right, bottom],
    ]),
  ];
}

/** The blocks in a row from left to right, made to fit `width`. */
function drawBlocks(shapes, kinds, width) {
  const blocks = measure(shapes, kinds);
  const gap = 9;
  const natural = sum(blocks.map(({ thickness, lean }) => thickness + lean + gap)) - gap;
  const scale = Math.min(1, (width - 8) / natural);
  const spread = Math.min(14, Math.max(0, (width - 8 - natural) / Math.max(blocks.length - 1, 1)));
  let x = Math.max(4, (width - natural - spread * (blocks.length - 1)) / 2);
  return blocks.map(({ height, thickness, lean }, index) => {
    const [wide, deep, rise] = [thickness * scale, lean * scale, lean * 0.7];
    // The whole column answers the pointer: some blocks are small.
    const target = svg("rect", {
      class: "cx-net-target",
      x: x - 2,
      y: 0,
      width: wide + deep + (gap * scale) / 2,
      height: HEIGHT,
    });
    const drawn = faces(x, { height, wide, deep, rise });
    x += wide + deep + gap * scale + spread;
    const kind = !shapes[index] ? "none" : index === 0 ? "Input" : kinds[index];
    const isThin = shapes[index] && keepsShape(kinds[index]);
    const looks = `cx-net-block${isThin ? " cx-net-thin" : ""}`;
    return svg("g", { class: looks, "data-kind": kind }, target, ...drawn);
  });
}

/** Draw the network, and mark the layer that is open. */
function drawNetwork(view) {
  const { drawing, state, past } = view;
  const width = Math.max(view.width || 640, 240);
  drawing.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
  const kinds = ["Input", ...state.layers.map(({ type }) => type)];
  const { lit } = view;
  const blocks = drawBlocks(state.shapes, kinds, width);
  blocks.forEach((block, at) => {
    block.dataset.index = at - 1;
    block.classList.toggle("cx-net-chosen", at - 1 === past.current().selected);
    block.classList.toggle("cx-net-lit", at - 1 === lit);
  });
  reconcile(drawing, blocks);
  highlight(view, lit !== null && lit < state.layers.length ? lit : null);
}

/** Mark a layer's block and its card, and say under the drawing which it is. */
function highlight(view, index) {
  const { drawing, list, caption, state, past } = view;
  view.lit = index;
  for (const part of [...drawing.children, ...list.children]) {
    part.classList.toggle("cx-net-lit", Number(part.dataset.index) === index);
  }
  const told = index ?? past.current().selected ?? null;
  if (!state || told === null || told >= state.layers.length) {
    write(caption, "");
    return;
  }
  const shape = state.shapes[told + 1];
  const name = told < 0 ? "Input" : `${told + 1} ${state.layers[told].type}`;
  write(caption, `${name}: ${shape ? shapeText(shape) : "cannot be built"}`);
}

/** A bar that says how much of all parameters, or of all work, is dense. */
function makeShare(name) {
  const isExact = name === "parameters";
  const total = create("span", {}, "");
  const dense = create("span", { class: "cx-size cx-net-key" });
  const bar = create("span", { class: "cx-net-dense" });
  const element = create(
    "figure",
    { class: "cx-net-share" },
    create("figcaption", {}, create("b", {}, total), dense),
    create("div", { class: "cx-net-bar", "aria-hidden": "true" }, bar),
  );
  const set = ({ all, dense: part }) => {
    const share = percent(part, all);
    write(total, `${isExact ? count(all) : short(all)} ${name}`);
    write(dense, `${isExact ? `${count(part)} (${share})` : share} dense`);
    bar.style.width = `${all ? (100 * part) / all : 0}%`;
  };
  return { element, set };
}

/** Fill a card with the layer's numbers: index −1 is the input. */
function showCard({ state }, card, index) {
  const { layers, input, rows, fields, broken, totals, warnings } = state;
  const row = index < 0 ? { shape: input, parameters: null, multiplyAdds: null } : rows[index];
  const field = index < 0 ? null : fields[index];
  const [output, parameters, work, sees] = card.figures;
  write(card.options, index < 0 ? "an image" : optionsText(layers[index]));
  write(output.value, row.shape ? shapeText(row.shape) : "–");
  write(parameters.value, row.parameters === null ? "" : count(row.parameters));
  write(work.value, row.multiplyAdds === null ? "" : count(row.multiplyAdds));
  write(sees.value, field ? times(field) : "");
  for (const { element, value } of [parameters, work, sees]) {
    element.classList.toggle("cx-net-empty", ["", "0"].includes(value.textContent));
  }
  [parameters, work].forEach(({ element }, at) => {
    const [own, whole] = [[row.parameters, row.multiplyAdds][at] ?? 0, totals[at].all];
    element.style.setProperty("--share", `${whole ? (100 * own) / whole : 0}%`);
  });
  card.element.classList.toggle("cx-net-gone", broken >= 0 && index > broken);
  card.trouble.hidden = !row.problem;
  write(card.trouble, row.problem ?? "");
  card.warning.hidden = !warnings[index];
  write(card.warning, warnings[index] ?? "");
  const values = index < 0 ? input : layers[index];
  for (const [name, set] of Object.entries(card.sets)) set(values[name]);
  if (!card.formulas) return;
  const isFull = layers.length >= MOST_LAYERS;
  card.add.disabled = isFull;
  card.full.hidden = !isFull;
  reconcile(card.formulas, formulas(state, index).map((line) => create("li", {}, line)));
}

// --- Controls ----------------------------------------------------------------------------

/** Give an element a name by which it is found again when its card is made anew. */
function keyed(key, element) {
  element.dataset.key = key;
  return element;
}

/** A menu of an option's values that takes in what Python may have set besides. */
function optionMenu(label, options, put) {
  const menu = choice({
    label,
    options,
    onInput: (value) => put(value === "" ? null : /^\d+$/.test(value) ? Number(value) : value),
  });
  const set = (value) => {
    const text = String(value ?? "");
    const own = [text, /^\d+$/.test(text) ? `${text} zeros` : text];
    menu.fill(options.some(([known]) => known === text) ? options : [...options, own]);
    menu.set(text);
  };
  return { ...menu, set };
}

/** The control of an option of a layer; its `set` shows the layer's value. */
function optionControl(view, name, index) {
  const { past } = view;
  const layer = past.current().layers[index];
  const [label, limit] = CONTROLS[name];
  const put = (value) => {
    const layers = [...past.current().layers];
    const changed = { ...layers[index], [name]: value };
    const follows = name === "poolSize" && isSame(changed.strides, layers[index].poolSize);
    if (follows) changed.strides = value;
    layers[index] = changed;
    past.change({ layers }, `${index} ${name}`);
  };
  if (name === "rate") {
    const onInput = (value) => put(Number(value.toFixed(2)));
    return slider({ label, min: 0, max: 0.9, step: 0.05, onInput });
  }
  if (layer.type === "ZeroPadding2D") return wholeBox(view, "Zeros on each side", [0, 31], put);
  if (Array.isArray(limit)) return optionMenu(label, limit, put);
  return wholeBox(view, label, [1, limit], put);
}

/** The controls of an open card: of a layer's options, or of the input's shape. */
function makeOptions(view, card, index) {
  const { past } = view;
  const layer = past.current().layers[index];
  const made = layer
    ? Object.keys(layer)
        .filter((name) => CONTROLS[name])
        .map((name) => [name, name, optionControl(view, name, index)])
    : ["Rows", "Columns", "Channels"].map((label, axis) => {
        const put = (value) => {
          const shape = [...past.current().input_shape];
          shape[axis] = value;
          past.change({ input_shape: shape }, `input ${axis}`);
        };
        return [axis, label, wholeBox(view, label, [1, 1024], put)];
      });
  return made.map(([name, key, part]) => {
    keyed(key, part.input);
    card.sets[name] = part.set;
    return part.element;
  });
}

/** A menu of types, and buttons that add such a layer after the open one or put it in its place. */
function makeAdder(view, index) {
  const { past } = view;
  const menu = choice({
    label: index < 0 ? "Add a first layer" : "Another layer",
    options: Object.keys(NEW),
    onInput: (type) => {
      view.nextType = type;
    },
  });
  keyed("type", menu.input);
  menu.set(view.nextType);
  const add = button(index < 0 ? "Add" : "Add after this one", () => {
    const layers = [...past.current().layers];
    if (layers.length >= MOST_LAYERS) return;
    const above = layers.slice(0, index + 1).findLast(({ filters }) => filters);
    layers.splice(index + 1, 0, newLayer(menu.input.value, above && { filters: above.filters }));
    past.change({ layers, selected: index + 1 });
  });
  const replace = button("Replace this one", () => {
    const layers = [...past.current().layers];
    layers[index] = replaced(layers[index], menu.input.value);
    past.change({ layers });
  });
  const buttons = index < 0 ? [add] : [add, keyed("replace", replace)];
  keyed("add", add);
  return { element: create("div", { class: "cx-net-add" }, menu.element, ...buttons), add };
}

/** Buttons that swap a layer with its neighbor, or take it out. */
function makeMover(view, index) {
  const { past } = view;
  const { layers } = past.current();
  const move = (step) => {
    const changed = [...past.current().layers];
    [changed[index], changed[index + step]] = [changed[index + step], changed[index]];
    past.change({ layers: changed, selected: index + step });
  };
  const remove = () => {
    view.focusNext = "card"; // a second press shall not take out the next one
    // The layer before it is open then: what is added after it stands where this one stood.
    const kept = past.current().layers.filter((_, at) => at !== index);
    past.change({ layers: kept, selected: index - 1 });
  };
  const up = button("Move up", () => move(-1));
  const down = button("Move down", () => move(1));
  up.disabled = index === 0;
  down.disabled = index === layers.length - 1;
  return [keyed("up", up), keyed("down", down), keyed("remove", button("Remove", remove))];
}

/** What an open card shows below its line: controls, formulas, and how to change the list. */
function openCard(view, card, index) {
  const parts = makeOptions(view, card, index);
  const adder = makeAdder(view, index);
  card.formulas = create("ul", { class: "cx-net-formulas" });
  card.add = adder.add;
  card.full = create(
    "p",
    { class: "cx-note" },
    `${MOST_LAYERS} layers are the most that fit here. Remove one to add another.`,
  );
  const buttons = create("div", { class: "cx-buttons" });
  if (index >= 0) buttons.append(...makeMover(view, index));
  return create(
    "div",
    { class: "cx-net-open" },
    ...(parts.length ? [controls(...parts)] : []),
    card.formulas,
    create("div", { class: "cx-net-edit" }, buttons, adder.element),
    card.full,
  );
}

/** One card: a line that opens it, and what it shows when it is open. Index −1 is the input. */
function makeCard(view, index) {
  const { past } = view;
  const { layers, selected } = past.current();
  const isOpen = selected === index;
  const figures = ["output", "parameters", "multiply–adds", "sees"].map((label) => {
    const value = create("span", {});
    const unit = create("span", { class: "cx-net-unit" }, `${label} `);
    return { element: create("span", { class: "cx-net-figure" }, unit, value), value };
  });
  const options = create("span", { class: "cx-net-options" });
  const type = index < 0 ? "Input" : layers[index].type;
  const header = create(
    "button",
    {
      type: "button",
      class: "cx-net-card",
      "aria-expanded": String(isOpen),
      "data-key": isOpen ? "card" : `card ${index}`,
      onclick: () => past.select(isOpen ? null : index),
    },
    create("span", { class: "cx-net-number" }, index < 0 ? "" : String(index + 1)),
    create("span", { class: "cx-net-kind" }, create("b", {}, type), " ", options),
    create("span", { class: "cx-net-figures" }, ...figures.map(({ element }) => element)),
  );
  const trouble = create("p", { class: "cx-problem", hidden: true });
  const odd = create("p", { class: "cx-note cx-net-warning", hidden: true });
  const element = create("li", { "data-index": index }, header, trouble, odd);
  const card = { element, options, figures, trouble, warning: odd, sets: {} };
  if (isOpen) element.append(openCard(view, card, index));
  return card;
}

/** Make the cards anew where layers came, went or opened, and keep the keyboard's place. */
function makeCards(view) {
  const { list, past, root } = view;
  const { layers, selected } = past.current();
  const now = JSON.stringify([layers.map((layer) => [layer.type, Object.keys(layer)]), selected]);
  if (now === view.structure) return;
  view.structure = now;
  const focused = root.getRootNode().activeElement;
  const key = view.focusNext ?? (list.contains(focused) ? focused.dataset.key : null);
  view.focusNext = null;
  view.cards = [-1, ...layers.keys()].map((index) => makeCard(view, index));
  list.replaceChildren(...view.cards.map(({ element }) => element));
  if (!key) return;
  const find = (wanted) => list.querySelector(`[data-key="${wanted}"]:not([disabled])`);
  const at = /^card -?\d+$/.test(key) ? Number(key.slice(5)) : (view.lit ?? -1);
  const open = find(key) ?? (/^card/.test(key) ? list.children[at + 1]?.firstChild : null);
  const other = { up: "down", down: "up" }[key]; // at the end of the list one is not possible
  (open ?? find(other) ?? find("card"))?.focus();
}

/** The menus of networks and inputs. */
function makeMenus({ model, past }) {
  const preset = choice({
    label: "Network",
    options: [...model.get("presets").map(({ name }) => name), [OWN, OWN]],
    onInput: (name) => {
      const found = model.get("presets").find((each) => each.name === name);
      if (found) past.change({ layers: found.layers, selected: found.layers.length ? 0 : -1 });
    },
  });
  const inputs = choice({
    label: "Input image",
    options: [...INPUTS.map((shape) => [String(shape), times(shape)]), ["other", "other"]],
    onInput: (value) => {
      if (value === "other") past.select(-1);
      else past.change({ input_shape: value.split(",").map(Number) });
    },
  });
  const note = create("p", { class: "cx-note" });
  const set = ({ layers, input }) => {
    const found = model.get("presets").find((each) => isSame(each.layers, layers));
    preset.set(found ? found.name : OWN);
    write(note, found?.note ?? "");
    note.hidden = !found?.note;
    inputs.set(INPUTS.some((shape) => isSame(shape, input)) ? String(input) : "other");
  };
  return { elements: [controls(preset.element, inputs.element), note], set };
}

/** The place of the drawing, and the line above it. */
function makeStage(view) {
  const name = "Height: size of a map. Thickness: number of maps.";
  view.drawing = svg("svg", { class: "cx-net-blocks", "aria-hidden": "true" });
  view.caption = create("span", { class: "cx-size" });
  view.stage = create(
    "div",
    {
      class: "cx-net-network",
      tabindex: 0,
      role: "application",
      "aria-label": "The network as blocks. Left and right arrow keys choose a layer.",
    },
    view.drawing,
  );
  const caption = create(
    "figcaption",
    {},
    create("span", { class: "cx-name" }, name),
    view.caption,
  );
  return create("figure", {}, caption, view.stage);
}

/** The list of cards, with the names of its columns. */
function makeList(view) {
  view.list = create("ol", { class: "cx-net-layers" });
  const names = ["", "Layer", "Output", "Parameters", "Multiply–adds", "Sees, pixels"];
  const columns = create(
    "div",
    { class: "cx-net-columns", "aria-hidden": "true" },
    ...names.map((name) => create("span", {}, name)),
  );
  return create("div", {}, columns, view.list);
}

// --- Events ------------------------------------------------------------------------------

/** Pointer and keys: a block or a card under the mouse is marked, a click opens it. */
function listen(view) {
  const { drawing, list, stage, past } = view;
  const indexAt = (event) => {
    const part = event.target.closest?.("[data-index]");
    return part ? Number(part.dataset.index) : null;
  };
  for (const parts of [drawing, list]) {
    parts.addEventListener("pointerover", (event) => highlight(view, indexAt(event)));
    parts.addEventListener("pointerleave", () => highlight(view, null));
  }
  list.addEventListener("focusin", (event) => highlight(view, indexAt(event)));
  drawing.addEventListener("click", (event) => {
    const index = indexAt(event);
    if (index !== null) past.select(index);
  });
  stage.addEventListener("keydown", (event) => {
    const { layers, selected } = past.current();
    const last = layers.length - 1;
    const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
    const ends = { Home: -1, End: last };
    if (!step && !(event.key in ends)) return;
    event.preventDefault();
    past.select(ends[event.key] ?? Math.max(-1, Math.min(last, (selected ?? -1) + step)));
  });
}

/** Show what the traits say. */
function redraw(view) {
  const { past, undo, list, root } = view;
  const { selected } = past.current();
  view.state = compute(past.current());
  const wasLast = past.isEmpty() && root.getRootNode().activeElement === undo;
  undo.disabled = past.isEmpty();
  view.menus.set(view.state);
  makeCards(view);
  if (wasLast) list.children[(selected ?? -1) + 1].firstChild.focus(); // a button that is off loses it
  view.cards.forEach((card, at) => showCard(view, card, at - 1));
  drawNetwork(view);
  write(view.comparison, comparisonText(view.state));
  view.comparison.hidden = view.comparison.textContent === "";
  view.totals.hidden = view.state.broken >= 0 || view.state.layers.length === 0;
  view.shares.forEach((share, at) => share.set(view.state.totals[at]));
  view.say(statusText(view.state, selected));
}

function render({ model, el }) {
  const past = history(model);
  const start = past.current();
  const { root, body, say } = frame(el, {
    title: "Architecture explorer",
    onReset: () => past.change(start),
  });
  const view = { model, past, root, say, cards: [], structure: "", lit: null, focusNext: null };
  view.nextType = "Conv2D";
  view.undo = button("Undo", past.undo);
  view.undo.classList.add("cx-net-undo");
  root.querySelector(".cx-header").lastChild.before(view.undo);
  view.menus = makeMenus(view);
  view.shares = ["parameters", "multiply–adds"].map(makeShare);
  const bars = view.shares.map(({ element }) => element);
  view.totals = create("div", { class: "cx-net-shares" }, ...bars);
  view.comparison = create("p", { class: "cx-note" });
  body.append(
    ...view.menus.elements,
    makeStage(view),
    view.totals,
    view.comparison,
    makeList(view),
  );
  listen(view);

  const traits = ["presets", "layers", "input_shape", "selected"];
  const end = redrawOn(model, traits, () => redraw(view));
  const resized = new ResizeObserver(() => {
    if (view.drawing.clientWidth === view.width) return;
    view.width = view.drawing.clientWidth;
    drawNetwork(view);
  });
  resized.observe(view.stage);
  return () => {
    end();
    resized.disconnect();
  };
}

export default { render, settings: SETTINGS };
