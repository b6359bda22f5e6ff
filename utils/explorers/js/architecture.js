/**
 * The architecture explorer: a list of layers that the reader changes, the network drawn as
 * blocks, and what each layer does to shape, cost and receptive field.
 */

import { receptiveField, summarize, windows } from "./sizes.js";
import {
  button,
  choice,
  controls,
  create,
  editor,
  format,
  frame,
  numberBox,
  redrawOn,
  slider,
} from "./interface.js";
import { outline, svg } from "./planes.js";

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
  ["softmax", "softmax"],
];
const PADDINGS = [
  ["valid", "valid: none"],
  ["same", "same"],
];

// What a new layer of each type is, in the order of the menu.
const NEW = {
  Conv2D: {
    filters: 32,
    kernelSize: 3,
    strides: 1,
    padding: "same",
    activation: "relu",
    useBias: true,
  },
  MaxPooling2D: { poolSize: 2, strides: 2, padding: "valid" },
  AveragePooling2D: { poolSize: 2, strides: 2, padding: "valid" },
  GlobalAveragePooling2D: {},
  Flatten: {},
  Dense: { units: 64, activation: "relu", useBias: true },
  Dropout: { rate: 0.5 },
  BatchNormalization: {},
  ReLU: {},
};
// The options with a control: label, and for numbers the largest.
const CONTROLS = {
  filters: ["Filters", 10000],
  units: ["Units", 10000],
  kernelSize: ["Kernel size", 31],
  poolSize: ["Window", 31],
  strides: ["Stride", 31],
  padding: ["Padding", PADDINGS],
  activation: ["Activation", ACTIVATIONS],
  rate: ["Rate"],
};

// ---------------------------------------------------------------- words and numbers

const both = (value) => (Array.isArray(value) ? value : [value, value]);
const times = (sides) => sides.join(" × ");
const sum = (values) => values.reduce((one, other) => one + other, 0);
const isSame = (one, other) => JSON.stringify(one) === JSON.stringify(other);
const isSliding = (layer) => layer.type === "Conv2D" || /^(Max|Average)Pooling2D$/.test(layer.type);

/** 89,466,496 as 89.5 million. */
function short(count) {
  if (count >= 1e9) return `${format(count / 1e9)} billion`;
  return count >= 1e6 ? `${format(count / 1e6)} million` : format(count);
}

function percent(part, whole) {
  const share = whole ? (100 * part) / whole : 0;
  if (share > 0 && share < 1) return "<\u00a01\u00a0%";
  if (share > 99 && share < 100) return ">\u00a099\u00a0%";
  return `${Math.round(share)}\u00a0%`;
}

const activationText = ({ activation }) =>
  activation ? `, ${activation === "relu" ? "ReLU" : activation}` : "";

/** A layer's options in a few words. */
function optionsText(layer) {
  const stride = times([...new Set(both(layer.strides))]);
  const bias = layer.useBias === false ? ", no bias" : "";
  switch (layer.type) {
    case "Conv2D":
      return (
        `${format(layer.filters)} of ${times(both(layer.kernelSize))}, ` +
        `${stride === "1" ? "" : `stride ${stride}, `}${layer.padding}${activationText(layer)}${bias}`
      );
    case "MaxPooling2D":
    case "AveragePooling2D":
      return (
        times(both(layer.poolSize)) +
        (isSame(layer.strides, layer.poolSize) ? "" : `, stride ${stride}`) +
        (layer.padding === "valid" ? "" : `, ${layer.padding}`)
      );
    case "Dense":
      return `${format(layer.units)} units${activationText(layer)}${bias}`;
    case "Dropout":
      return `rate ${format(layer.rate)}`;
    default:
      return "";
  }
}

/** How many rows and columns a sliding layer gives, with the formula. */
function sizeText(layer, [rows, columns]) {
  const size = both(layer.kernelSize ?? layer.poolSize);
  const strides = both(layer.strides);
  const paddings = both(layer.padding);
  const axes = [rows, columns].map((side, axis) =>
    windows(side, size[axis], strides[axis], paddings[axis]),
  );
  const line = (side, axis) => {
    if (paddings[axis] === "same") return `⌈${side} / ${strides[axis]}⌉ = ${axes[axis].size}`;
    const zeros = paddings[axis] === "valid" ? 0 : paddings[axis];
    return `⌊(${side} + 2 · ${zeros} − ${size[axis]}) / ${strides[axis]}⌋ + 1 = ${axes[axis].size}`;
  };
  const [down, across] = [line(rows, 0), line(columns, 1)];
  const text =
    down === across ? `Rows and columns: ${down}.` : `Rows: ${down}. Columns: ${across}.`;
  const left = axes.map((axis) => axis.unused);
  if (paddings[0] === "same" || sum(left) === 0) return text;
  const unread = ["row", "column"].map((noun, axis) =>
    left[axis] > 1 ? `${left[axis]} ${noun}s` : left[axis] && noun,
  );
  return `${text} No window reaches the last ${unread.filter(Boolean).join(" and the last ")}.`;
}

/** What one layer does, each number with its formula, in sentences. */
function explain(layer, before, { shape, parameters, multiplyAdds }) {
  const channels = before.at(-1);
  const plusBias = layer.useBias === false ? "" : " + 1";
  const value = (count) => format(count, 15);
  switch (layer.type) {
    case "Conv2D": {
      const factors = [...both(layer.kernelSize), channels].map(value).join(" · ");
      return [
        sizeText(layer, before),
        `Parameters: (${factors}${plusBias}) · ${value(layer.filters)} = ${value(parameters)}.`,
        `Multiply–adds: ${factors} · ${value(layer.filters)} weights at ${shape[0]} · ${shape[1]} ` +
          `places = ${value(multiplyAdds)}.`,
      ];
    }
    case "Dense":
      return [
        `Parameters: (${value(channels)}${plusBias}) · ${value(layer.units)} = ${value(parameters)}.`,
        before.length === 3
          ? `It works on the ${value(channels)} channels of each of the ${before[0]} · ${before[1]} ` +
            "places alone. Put Flatten before it to let it see all values."
          : `Each weight is used once: ${value(multiplyAdds)} multiply–adds.`,
      ];
    case "MaxPooling2D":
    case "AveragePooling2D":
      return [
        sizeText(layer, before),
        `No parameters: it keeps the ${layer.type === "MaxPooling2D" ? "largest value" : "mean"} ` +
          "of each window, each map by itself.",
      ];
    case "GlobalAveragePooling2D":
      return [`The mean of each map: ${value(channels)} values. No parameters.`];
    case "Flatten":
      return [
        `All values in one row: ${before.map(value).join(" · ")} = ${value(shape[0])}. No parameters.`,
      ];
    case "Dropout":
      return [
        `In training it sets values to 0 with probability ${format(layer.rate)}; in use it changes nothing.`,
      ];
    case "BatchNormalization":
      return [
        `Parameters: 4 · ${value(channels)} = ${value(parameters)}. Scale and shift are learned, ` +
          "mean and variance are measured in training.",
      ];
    default:
      return ["Negative values become 0. No parameters."];
  }
}

// ---------------------------------------------------------------- the network as blocks

const HEIGHT = 150;

/**
 * Size of each block: maps are slabs, as high as their rows, leaning back by their columns,
 * and as thick as the logarithm of their number; a row of values is a bar.
 */
function measure(shapes, kinds) {
  const largest = Math.max(
    ...shapes.filter((shape) => shape?.length === 3).flatMap((shape) => shape.slice(0, 2)),
  );
  return shapes.map((shape, index) => {
    const isThin = ["Dropout", "ReLU", "BatchNormalization"].includes(kinds[index]);
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
    const middle = HEIGHT / 2 + rise / 2;
    const [top, bottom, right] = [middle - height / 2, middle + height / 2, x + wide];
    const faces = [
      svg("path", {
        class: "cx-net-front",
        d: outline([
          [x, top],
          [right, top],
          [right, bottom],
          [x, bottom],
        ]),
      }),
    ];
    if (lean) {
      faces.push(
        svg("path", {
          class: "cx-net-top",
          d: outline([
            [x, top],
            [x + deep, top - rise],
            [right + deep, top - rise],
            [right, top],
          ]),
        }),
        svg("path", {
          class: "cx-net-side",
          d: outline([
            [right, top],
            [right + deep, top - rise],
            [right + deep, bottom - rise],
            [right, bottom],
          ]),
        }),
      );
    }
    // The whole column answers the pointer: some blocks are small.
    const target = svg("rect", {
      class: "cx-net-target",
      x: x - 2,
      y: 0,
      width: wide + deep + (gap * scale) / 2,
      height: HEIGHT,
    });
    x += wide + deep + gap * scale + spread;
    const kind = !shapes[index] ? "none" : index === 0 ? "Input" : kinds[index];
    return svg("g", { class: "cx-net-block", "data-kind": kind }, target, ...faces);
  });
}

// ---------------------------------------------------------------- the explorer

function render({ model, el }) {
  const edit = editor(model);
  const current = () => ({
    layers: model.get("layers"),
    input_shape: model.get("input_shape"),
    selected: model.get("selected"),
  });
  const start = current();

  // What can be undone. Typing 128 into a box is one change, not three.
  const past = [];
  let lastChange = "";
  function change(changes, name = "") {
    if (!name || name !== lastChange) past.push(current());
    lastChange = name;
    edit(changes);
  }
  const select = (index) => {
    lastChange = "";
    edit({ selected: index });
  };
  const { root, body, say } = frame(el, {
    title: "Architecture explorer",
    onReset: () => change(start),
  });
  const undo = button("Undo", () => {
    lastChange = "";
    if (past.length) edit(past.pop());
  });
  root.querySelector(".cx-header").lastChild.before(undo);
  undo.classList.add("cx-net-undo");

  const preset = choice({
    label: "Network",
    options: [...model.get("presets").map(({ name }) => name), [OWN, OWN]],
    onInput: (name) => {
      const found = model.get("presets").find((each) => each.name === name);
      if (found) change({ layers: found.layers, selected: found.layers.length ? 0 : -1 });
    },
  });
  const inputs = choice({
    label: "Input image",
    options: [...INPUTS.map((shape) => [String(shape), times(shape)]), ["other", "other"]],
    onInput: (value) => {
      if (value === "other") select(-1);
      else change({ input_shape: value.split(",").map(Number) });
    },
  });
  const note = create("p", { class: "cx-note" });

  // The drawing.
  const drawing = svg("svg", { class: "cx-net-blocks", "aria-hidden": "true" });
  const caption = create("span", { class: "cx-size" });
  const stage = create(
    "div",
    {
      class: "cx-net-network",
      tabindex: 0,
      role: "application",
      "aria-label": "The network as blocks. Left and right arrow keys choose a layer.",
      onkeydown: (event) => {
        const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
        const last = model.get("layers").length - 1;
        const at = model.get("selected") ?? -1;
        const ends = { Home: -1, End: last };
        if (!step && !(event.key in ends)) return;
        event.preventDefault();
        select(ends[event.key] ?? Math.max(-1, Math.min(last, at + step)));
      },
    },
    drawing,
  );
  const picture = create(
    "figure",
    {},
    create(
      "figcaption",
      {},
      create("span", { class: "cx-name" }, "Height: size of a map. Thickness: number of maps."),
      caption,
    ),
    stage,
  );

  // Where the parameters are, and where the work is.
  const shares = ["parameters", "multiply–adds"].map((name) => {
    const total = create("span", {}, "");
    const dense = create("span", { class: "cx-size cx-net-key" });
    const bar = create("span", { class: "cx-net-dense" });
    const element = create(
      "figure",
      { class: "cx-net-share" },
      create("figcaption", {}, create("b", {}, total), dense),
      create("div", { class: "cx-net-bar", "aria-hidden": "true" }, bar),
    );
    const set = (whole, part) => {
      total.textContent = `${name === "parameters" ? format(whole, 15) : short(whole)} ${name}`;
      dense.textContent = `${name === "parameters" ? `${format(part, 15)} (${percent(part, whole)})` : percent(part, whole)} dense`;
      bar.style.width = `${whole ? (100 * part) / whole : 0}%`;
    };
    return { element, set };
  });
  const totals = create("div", { class: "cx-net-shares" }, ...shares.map(({ element }) => element));
  const comparison = create("p", { class: "cx-note" });

  const list = create("ol", { class: "cx-net-layers" });
  const columns = create(
    "div",
    { class: "cx-net-columns", "aria-hidden": "true" },
    ...["", "Layer", "Output", "Parameters", "Multiply–adds", "Sees, pixels"].map((name) =>
      create("span", {}, name),
    ),
  );

  let lit = null;
  /** Mark a layer's block and its card. */
  function highlight(index) {
    lit = index;
    for (const part of [...drawing.children, ...list.children]) {
      part.classList.toggle("cx-net-lit", Number(part.dataset.index) === index);
    }
    describe(index ?? model.get("selected") ?? null);
  }

  // ------------------------------------------------------------ the cards

  let cards = [];
  let structure = "";

  /** The controls of a layer's options; each `set` shows the layer's value. */
  function optionControl(name, index) {
    const [label, limit] = CONTROLS[name];
    const put = (value) => {
      const layers = [...model.get("layers")];
      const changed = { ...layers[index], [name]: value };
      const followed = name === "poolSize" && isSame(changed.strides, layers[index].poolSize);
      if (followed) changed.strides = value;
      layers[index] = changed;
      change({ layers }, `${index} ${name}`);
    };
    if (name === "rate") {
      return slider({
        label,
        min: 0,
        max: 0.9,
        step: 0.05,
        onInput: (value) => put(Number(value.toFixed(2))),
      });
    }
    if (Array.isArray(limit)) {
      const made = choice({
        label,
        options: limit,
        onInput: (value) => put(value === "" ? null : /^\d+$/.test(value) ? Number(value) : value),
      });
      const set = (value) => {
        const text = String(value ?? "");
        if (!limit.some(([known]) => known === text))
          made.fill([...limit, [text, `${text} zeros`]]);
        made.set(text);
      };
      return { ...made, set };
    }
    return wholeBox(label, limit, put);
  }

  /** A box for a whole number that says what is possible, and forgets what is not. */
  function wholeBox(label, largest, put) {
    let kept = 1;
    const box = numberBox({ label, min: 1, max: largest, step: 1, onInput: put });
    box.input.addEventListener("input", () => {
      if (!box.input.checkValidity() || box.input.value === "") {
        say(
          `${label}: a whole number from 1 to ${format(largest)} is possible. It stays ${times([].concat(kept))}.`,
        );
      }
    });
    box.input.addEventListener("blur", () => set(kept));
    const set = (value) => {
      kept = value;
      if (Array.isArray(value)) {
        box.input.value = "";
        box.input.placeholder = times(value);
      } else box.set(value);
    };
    return { ...box, set };
  }

  /** Menu and button that add a layer after the open one. */
  function adder(index) {
    const menu = choice({
      label: index < 0 ? "Add a first layer" : "Add a layer after this one",
      options: Object.keys(NEW),
      onInput: () => {},
    });
    menu.input.dataset.key = "type";
    menu.input.addEventListener("change", () => {
      nextType = menu.input.value;
    });
    menu.set(nextType);
    const add = keyed(
      "add",
      button("Add", () => {
        const layers = [...model.get("layers")];
        if (layers.length >= MOST_LAYERS) return;
        const type = menu.input.value;
        const convolutions = layers.slice(0, index + 1).filter((layer) => layer.type === "Conv2D");
        const like =
          type === "Conv2D" && convolutions.length ? { filters: convolutions.at(-1).filters } : {};
        layers.splice(index + 1, 0, { type, ...NEW[type], ...like });
        change({ layers, selected: index + 1 });
      }),
    );
    return { element: create("div", { class: "cx-net-add" }, menu.element, add), button: add };
  }
  let nextType = "Conv2D";

  function keyed(key, element) {
    element.dataset.key = key;
    return element;
  }

  /** Swap a layer with its neighbor, or take it out. */
  function move(index, step) {
    const layers = [...model.get("layers")];
    [layers[index], layers[index + step]] = [layers[index + step], layers[index]];
    change({ layers, selected: index + step });
  }
  function remove(index) {
    const layers = model.get("layers").filter((_, at) => at !== index);
    focusNext = "card"; // a second press shall not take out the next one
    change({ layers, selected: Math.min(index, layers.length - 1) });
  }
  let focusNext = null;

  /** One card: a line that opens it, and, open, controls and formulas. Index −1 is the input. */
  function makeCard(index) {
    const layer = index < 0 ? { type: "Input" } : model.get("layers")[index];
    const isOpen = model.get("selected") === index;
    const cell = (label) => {
      const value = create("span", {});
      const element = create(
        "span",
        { class: "cx-net-figure" },
        create("span", { class: "cx-net-unit" }, `${label} `),
        value,
      );
      return { element, value };
    };
    const options = create("span", { class: "cx-net-options" });
    const figures = ["output", "parameters", "multiply–adds", "sees"].map(cell);
    const header = create(
      "button",
      {
        type: "button",
        class: "cx-net-card",
        "aria-expanded": String(isOpen),
        "data-key": isOpen ? "card" : `card ${index}`,
        onclick: () => select(isOpen ? null : index),
      },
      create("span", { class: "cx-net-number" }, index < 0 ? "" : String(index + 1)),
      create("span", { class: "cx-net-kind" }, create("b", {}, layer.type), " ", options),
      create("span", { class: "cx-net-figures" }, ...figures.map(({ element }) => element)),
    );
    const trouble = create("p", { class: "cx-problem", hidden: true });
    const element = create(
      "li",
      {
        "data-index": index,
        onpointerenter: () => highlight(index),
        onpointerleave: () => highlight(null),
        onfocusin: () => highlight(index),
      },
      header,
      trouble,
    );
    const card = { element, options, figures, trouble, sets: {} };
    if (isOpen) element.append(openCard(card, layer, index));
    return card;
  }

  function openCard(card, layer, index) {
    const panel = create("div", { class: "cx-net-open" });
    const parts =
      index < 0
        ? ["Rows", "Columns", "Channels"].map((label, axis) => {
            const part = wholeBox(label, 1024, (value) => {
              const shape = [...model.get("input_shape")];
              shape[axis] = value;
              change({ input_shape: shape }, `input ${axis}`);
            });
            part.input.dataset.key = label;
            card.sets[axis] = part.set;
            return part.element;
          })
        : Object.keys(layer)
            .filter((name) => CONTROLS[name])
            .map((name) => {
              const part = optionControl(name, index);
              part.input.dataset.key = name;
              card.sets[name] = part.set;
              return part.element;
            });
    if (parts.length) panel.append(controls(...parts));
    card.formulas = create("ul", { class: "cx-net-formulas" });
    panel.append(card.formulas);
    const more = adder(index);
    card.add = more.button;
    card.full = create(
      "p",
      { class: "cx-note" },
      `${MOST_LAYERS} layers are the most that fit here. Remove one to add another.`,
    );
    const buttons = create("div", { class: "cx-buttons" });
    if (index >= 0) {
      const up = keyed(
        "up",
        button("Move up", () => move(index, -1)),
      );
      const down = keyed(
        "down",
        button("Move down", () => move(index, 1)),
      );
      up.disabled = index === 0;
      down.disabled = index === model.get("layers").length - 1;
      buttons.append(
        up,
        down,
        keyed(
          "remove",
          button("Remove", () => remove(index)),
        ),
      );
    }
    panel.append(create("div", { class: "cx-net-edit" }, buttons, more.element), card.full);
    return panel;
  }

  /** Make the cards anew where layers came, went or opened, and keep the keyboard's place. */
  function makeCards() {
    const { layers, selected } = current();
    const now = JSON.stringify([layers.map((layer) => [layer.type, Object.keys(layer)]), selected]);
    if (now === structure) return;
    structure = now;
    const focused = root.getRootNode().activeElement;
    const key = focusNext ?? (list.contains(focused) ? focused.dataset.key : null);
    focusNext = null;
    cards = [-1, ...layers.keys()].map(makeCard);
    list.replaceChildren(...cards.map(({ element }) => element));
    if (!key) return;
    const find = (wanted) => list.querySelector(`[data-key="${wanted}"]:not([disabled])`);
    const open = /^card/.test(key)
      ? (find(key) ?? list.children[indexOf(key) + 1]?.firstChild)
      : find(key);
    const other = { up: "down", down: "up" }[key]; // at the end of the list one is not possible
    (open ?? find(other) ?? find("card"))?.focus();
  }
  const indexOf = (key) => (/^card -?\d+$/.test(key) ? Number(key.slice(5)) : (lit ?? -1));

  // ------------------------------------------------------------ one redraw

  let state;

  function compute() {
    const { layers, input_shape: input } = current();
    const rows = summarize(layers, input);
    const shapes = [input, ...rows.map(({ shape }) => shape)];
    const broken = rows.findIndex(({ problem }) => problem);
    const fields = rows.map(({ receptiveField: height }, index) =>
      height === null ? null : [height, receptiveField(layers, index, input[1], 1).size],
    );
    return { layers, input, rows, shapes, broken, fields };
  }

  function showCard(card, index) {
    const { layers, input, rows, shapes, fields, broken } = state;
    const row = index < 0 ? { shape: input, parameters: null, multiplyAdds: null } : rows[index];
    const [output, parameters, work, sees] = card.figures;
    const field = index < 0 ? null : fields[index];
    card.options.textContent = index < 0 ? "an image" : optionsText(layers[index]);
    output.value.textContent = row.shape ? times(row.shape.map((side) => format(side, 15))) : "–";
    parameters.value.textContent = row.parameters === null ? "" : format(row.parameters, 15);
    work.value.textContent = row.multiplyAdds === null ? "" : format(row.multiplyAdds, 15);
    sees.value.textContent = field ? times(field) : "";
    for (const { element, value } of [parameters, work, sees]) {
      element.classList.toggle("cx-net-empty", ["", "0"].includes(value.textContent));
    }
    const whole = sum(rows.map((each) => each.parameters ?? 0));
    parameters.element.style.setProperty(
      "--share",
      `${whole ? (100 * (row.parameters ?? 0)) / whole : 0}%`,
    );
    const effort = sum(rows.map((each) => each.multiplyAdds ?? 0));
    work.element.style.setProperty(
      "--share",
      `${effort ? (100 * (row.multiplyAdds ?? 0)) / effort : 0}%`,
    );
    card.element.classList.toggle("cx-net-gone", broken >= 0 && index > broken);
    card.trouble.hidden = !row.problem;
    card.trouble.textContent = row.problem ?? "";
    const values = index < 0 ? input : layers[index];
    for (const [name, set] of Object.entries(card.sets)) set(values[name]);
    if (!card.formulas) return;
    const isFull = layers.length >= MOST_LAYERS;
    card.add.disabled = isFull;
    card.full.hidden = !isFull;
    const lines =
      index < 0
        ? [
            `${input.map((side) => format(side)).join(" · ")} = ${format(input[0] * input[1] * input[2], 15)} numbers.`,
          ]
        : row.shape
          ? explain(layers[index], shapes[index], row)
          : [];
    if (index >= 0 && row.shape && isSliding(layers[index])) {
      const isMore = field[0] > input[0] || field[1] > input[1];
      lines.push(
        `One value of its output sees ${times(field)} pixels of the input${isMore ? ", padding included" : ""}.`,
      );
    }
    card.formulas.replaceChildren(...lines.map((line) => create("li", {}, line)));
  }

  /** The caption of the drawing, for the layer that is pointed at. */
  function describe(index) {
    if (!state || index === null || index >= state.layers.length) {
      caption.textContent = "";
      return;
    }
    const shape = state.shapes[index + 1];
    const name = index < 0 ? "Input" : `${index + 1} ${state.layers[index].type}`;
    caption.textContent = `${name}: ${shape ? times(shape.map((side) => format(side, 15))) : "cannot be built"}`;
  }

  function draw() {
    const width = Math.max(drawing.clientWidth || 640, 240);
    drawing.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    const { layers, shapes } = state;
    drawing.replaceChildren(
      ...drawBlocks(shapes, ["Input", ...layers.map(({ type }) => type)], width),
    );
    [...drawing.children].forEach((block, at) => {
      const index = at - 1;
      block.dataset.index = index;
      block.classList.toggle("cx-net-chosen", index === model.get("selected"));
      block.addEventListener("pointerenter", () => highlight(index));
      block.addEventListener("pointerleave", () => highlight(null));
      block.addEventListener("click", () => select(index));
    });
    highlight(lit !== null && lit < layers.length ? lit : null);
  }

  /** What one dense layer with the outputs of the first convolution would cost. */
  function compare() {
    const { layers, rows, shapes } = state;
    const first = layers.findIndex((layer, index) => layer.type === "Conv2D" && rows[index].shape);
    comparison.hidden = first < 0;
    if (first < 0) return;
    const product = (shape) => shape.reduce((one, other) => one * other, 1);
    const [from, to] = [product(shapes[first]), product(shapes[first + 1])];
    const dense = (from + 1) * to;
    const own = rows[first].parameters;
    comparison.textContent =
      `The first convolution has ${format(own, 15)} parameters for ${times(shapes[first + 1])} outputs. ` +
      `A dense layer with as many outputs would have (${format(from, 15)} + 1) · ${format(to, 15)} = ` +
      `${format(dense, 15)}: ${format(Math.round(dense / own), 15)} times as many.`;
  }

  function redraw() {
    state = compute();
    const { layers, input, rows, broken } = state;
    const { selected } = current();
    const wasLast = past.length === 0 && root.getRootNode().activeElement === undo;
    undo.disabled = past.length === 0;
    const found = model.get("presets").find((each) => isSame(each.layers, layers));
    preset.set(found ? found.name : OWN);
    note.textContent = found?.note ?? "";
    note.hidden = !found?.note;
    inputs.set(INPUTS.some((shape) => isSame(shape, input)) ? String(input) : "other");
    makeCards();
    if (wasLast) list.children[selected + 1].firstChild.focus(); // a button that is off loses it
    cards.forEach((card, at) => showCard(card, at - 1));
    draw();
    compare();
    totals.hidden = broken >= 0 || layers.length === 0;
    if (layers.length === 0) {
      say("There is no layer yet. Add one, or choose a network.");
      return;
    }
    const isLayer = selected !== null && selected >= 0 && selected < layers.length && broken < 0;
    const chosen = isLayer
      ? `Layer ${selected + 1} of ${layers.length}, ${layers[selected].type}, gives ` +
        `${times(rows[selected].shape.map((side) => format(side, 15)))}` +
        `${rows[selected].shape.length === 1 ? " values" : ""}, with ` +
        `${format(rows[selected].parameters, 15)} parameters. `
      : "";
    if (broken >= 0) {
      say(`Layer ${broken + 1}, ${layers[broken].type}, cannot be built. ${rows[broken].problem}`);
      return;
    }
    const isDense = layers.map(({ type }) => type === "Dense");
    const [parameters, work] = ["parameters", "multiplyAdds"].map((name) => [
      sum(rows.map((row) => row[name])),
      sum(rows.filter((_, index) => isDense[index]).map((row) => row[name])),
    ]);
    shares[0].set(...parameters);
    shares[1].set(...work);
    say(
      `${chosen}In the network ${format(parameters[1], 15)} of ${format(parameters[0], 15)} parameters ` +
        `(${percent(parameters[1], parameters[0])}) are dense, and ${short(work[1])} of ` +
        `${short(work[0])} multiply–adds (${percent(work[1], work[0])}).`,
    );
  }

  body.append(
    controls(preset.element, inputs.element),
    note,
    picture,
    totals,
    comparison,
    create("div", {}, columns, list),
  );
  const end = redrawOn(model, ["presets", "layers", "input_shape", "selected"], redraw);
  let drawnWidth = 0;
  const resized = new ResizeObserver(() => {
    if (drawing.clientWidth !== drawnWidth) draw();
    drawnWidth = drawing.clientWidth;
  });
  resized.observe(stage);
  return () => {
    end();
    resized.disconnect();
  };
}

export default { render };
