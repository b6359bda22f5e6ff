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

const OWN = "own kernel";
const HINT = "Arrow keys choose a pixel; the window is centered on it.";
const PEN_HINT = "Arrow keys move, Space draws, Delete erases.";
const PADDINGS = [
  ["valid", "valid: none"],
  ["same", "same, as in Keras"],
  ["1", "1 zero on each side"],
  ["2", "2 zeros on each side"],
  ["3", "3 zeros on each side"],
];

/** The synced kernel as rows of numbers. */
function kernelOf(model) {
  const {
    shape: [size],
    data,
  } = decode(model.get("kernel"), "kernel");
  return Array.from({ length: size }, (_, i) => [...data.subarray(i * size, (i + 1) * size)]);
}

function synced(kernel) {
  const data = new DataView(Float32Array.from(kernel.flat()).buffer);
  return { shape: [kernel.length, kernel.length], dtype: "float32", data };
}

/** Everything that one redraw needs. */
function compute(model) {
  const image = currentImage(model);
  const kernel = kernelOf(model);
  const size = kernel.length;
  const stride = model.get("stride");
  const padding = model.get("padding");
  const [vertical, horizontal] = [0, 1].map((axis) =>
    windows(image.shape[axis], size, stride, padding),
  );
  if (!vertical.fits || !horizontal.fits) return { image, kernel, size, problem: true };
  const map = conv2d(
    image,
    { shape: [size, size, 1, 1], data: Float32Array.from(kernel.flat()) },
    {
      strides: stride,
      padding,
      bias: [model.get("bias")],
      activation: model.get("relu") ? "relu" : null,
    },
  );
  return { image, kernel, size, stride, padding, vertical, horizontal, map };
}

/** A number in the few digits that a cell has room for; thousands as 4.4k. */
function brief(value, size) {
  if (Math.abs(value) >= 1000) return `${format(value / 1000, Math.abs(value) < 1e5 ? 2 : 3)}k`;
  return format(value, size > 3 && Math.abs(value) < 100 ? 2 : 3);
}

function render({ model, el }) {
  const edit = editor(model);
  const start = Object.fromEntries(
    ["selected", "image", "kernel", "stride", "padding", "bias", "relu", "position"].map((name) => [
      name,
      model.get(name),
    ]),
  );
  const { body, say } = frame(el, {
    title: "Filter explorer",
    onReset: () => {
      stop();
      edit(start);
    },
  });

  /** The output pixel whose window is centered nearest to an input pixel. */
  function windowOf(y, x) {
    const { stride, size, vertical, horizontal } = state;
    const nearest = (place, axis) => {
      const centered = Math.round((place + axis.before - (size - 1) / 2) / stride);
      return Math.max(0, Math.min(axis.size - 1, centered));
    };
    return { row: nearest(y, vertical), column: nearest(x, horizontal) };
  }

  const source = imageSource(model, edit);
  const input = new Picture({
    label: "Input",
    role: "input",
    hint: HINT,
    onPoint: (y, x) => {
      if (state.problem) return;
      const { row, column } = windowOf(y, x);
      edit({ position: [row, column] });
    },
    onPaint: source.paint,
  });
  const output = new Picture({
    label: "Feature map",
    role: "output",
    onPoint: (y, x) => edit({ position: [y, x] }),
  });
  const key = legend();

  // Controls.
  const preset = choice({
    label: "Kernel",
    options: [],
    onInput: (name) => {
      if (name !== OWN)
        edit({ kernel: synced(model.get("presets")[kernelOf(model).length][name]) });
    },
  });
  const sizes = choice({
    label: "Kernel size",
    options: [
      ["3", "3 × 3"],
      ["5", "5 × 5"],
      ["7", "7 × 7"],
    ],
    onInput: (value) => edit({ kernel: synced(resized(kernelOf(model), Number(value))) }),
  });
  const stride = slider({
    label: "Stride",
    min: 1,
    max: 4,
    onInput: (value) => edit({ stride: value }),
  });
  const padding = choice({
    label: "Padding",
    options: PADDINGS,
    onInput: (value) => edit({ padding: Number.isNaN(Number(value)) ? value : Number(value) }),
  });
  const bias = slider({
    label: "Bias",
    min: -500,
    max: 500,
    step: 10,
    onInput: (value) => edit({ bias: value }),
  });
  const relu = toggle({
    label: "ReLU: negative becomes 0",
    onInput: (value) => edit({ relu: value }),
  });
  const flip = button("Flip the kernel", () => {
    const kernel = kernelOf(model);
    edit({ kernel: synced(kernel.map((line) => [...line].reverse()).reverse()) });
  });
  const slide = button("Slide the window", () => (sliding ? stop() : go()));

  /** The same preset in another size; an own kernel keeps its middle. */
  function resized(kernel, size) {
    const name = presetName(kernel);
    if (name !== OWN) return model.get("presets")[size][name];
    const offset = (kernel.length - size) / 2;
    return Array.from({ length: size }, (_, i) =>
      Array.from({ length: size }, (_, j) => kernel[i + offset]?.[j + offset] ?? 0),
    );
  }

  function presetName(kernel) {
    const found = Object.entries(model.get("presets")[kernel.length]).find(([, values]) =>
      values.every((line, i) => line.every((value, j) => Math.abs(value - kernel[i][j]) < 1e-4)),
    );
    return found ? found[0] : OWN;
  }

  // The window walks along the output, row after row, until the reader stops it.
  let sliding = 0;
  const stop = () => {
    clearInterval(sliding);
    sliding = 0;
    slide.textContent = "Slide the window";
  };
  const go = () => {
    slide.textContent = "Stop";
    sliding = setInterval(() => {
      if (state.problem || !el.isConnected) return stop();
      const [y, x] = model.get("position");
      const next = y * state.horizontal.size + x + 1;
      const last = state.horizontal.size * state.vertical.size;
      const at = next % last;
      return edit({
        position: [Math.floor(at / state.horizontal.size), at % state.horizontal.size],
      });
    }, 120);
  };

  // The calculation: patch × kernel = products.
  const patch = grid({ label: "Patch", role: "input" });
  const products = grid({ label: "Products", role: "output" });
  const kernelGrid = editableGrid({
    label: "Kernel",
    onEdit: (i, j, value) => {
      const changed = kernelOf(model);
      changed[i][j] = value;
      edit({ kernel: synced(changed) });
    },
  });
  const sum = create("p", { class: "cx-sum" });
  const calculation = row(
    patch.element,
    sign("×"),
    kernelGrid.element,
    sign("="),
    products.element,
  );
  calculation.classList.add("cx-calculation");
  const problem = create("p", { class: "cx-problem", role: "alert", hidden: true });

  /** The patch under the window, its products with the kernel, and the sum in words. */
  function showCalculation({ image, kernel, size, stride, vertical, horizontal, map }, [y, x]) {
    const [rows, columns] = image.shape;
    const [top, left] = [y * stride - vertical.before, x * stride - horizontal.before];
    const inside = (i, j) => top + i >= 0 && top + i < rows && left + j >= 0 && left + j < columns;
    const values = kernel.map((line, i) =>
      line.map((_, j) => (inside(i, j) ? image.data[(top + i) * columns + left + j] : 0)),
    );
    const multiplied = values.map((line, i) => line.map((value, j) => value * kernel[i][j]));
    const limit = Math.max(...multiplied.flat().map(Math.abs));
    for (const { cells: some } of [patch, products]) some.dataset.size = size;
    patch.set(values, (value, i, j) => (inside(i, j) ? grayColor(value) : { class: "cx-outside" }));
    products.set(multiplied, (value) => ({
      ...signedColor(value, limit * 1.3),
      text: brief(value, size),
    }));

    input.mark("patch", top, left, size, size);
    output.mark("pixel", y, x);
    output.at = { row: y, column: x };
    // The pixel that the arrow keys start from stays where the reader put it, as long as its
    // window is this one: with a stride, several pixels share a window.
    const { row, column } = windowOf(input.at.row, input.at.column);
    if (!input.paintable && (row !== y || column !== x)) {
      input.at = { row: top + (size >> 1), column: left + (size >> 1) };
    }

    const total = multiplied.flat().reduce((one, other) => one + other, 0);
    const offset = model.get("bias");
    const steps = [`Sum of the products ${format(total, 4)}`];
    if (offset !== 0) steps.push(`+ bias ${format(offset)} = ${format(total + offset, 4)}`);
    if (model.get("relu")) steps.push(`→ ReLU → ${format(Math.max(0, total + offset), 4)}`);
    sum.replaceChildren(
      `${steps.join(" ")} → output at row ${y}, column ${x}: `,
      create("b", {}, format(map.data[y * horizontal.size + x], 4)),
    );
  }

  let state;
  let words = "";
  function redraw() {
    state = compute(model);
    const { image, kernel, size, vertical, horizontal, map } = state;
    preset.fill([...Object.keys(model.get("presets")[size]), [OWN, "own kernel"]]);
    preset.set(presetName(kernel));
    sizes.set(size);
    stride.set(model.get("stride"));
    const zeros = String(model.get("padding"));
    const isListed = PADDINGS.some(([value]) => value === zeros);
    padding.fill(isListed ? PADDINGS : [...PADDINGS, [zeros, `${zeros} zeros on each side`]]);
    padding.set(zeros);
    // Python may set a bias that lies between the slider's steps, or beyond its ends.
    const offset = model.get("bias");
    const widest = Math.max(500, Math.abs(offset));
    const step = offset % 10 === 0 ? 10 : "any";
    Object.assign(bias.input, { min: -widest, max: widest, step });
    bias.set(offset);
    relu.set(model.get("relu"));
    kernelGrid.set(kernel);
    const [rows, columns] = image.shape;
    input.size.textContent = `${rows} × ${columns}`;

    model.set("feature_map", encode(map ?? { shape: [0, 0], data: [] })); // for what is linked
    problem.hidden = !state.problem;
    for (const part of [output.element, calculation, sum, key.element]) part.hidden = state.problem;
    if (state.problem) {
      input.show(image);
      input.unmark("patch");
      source.refresh(input);
      problem.textContent =
        `A ${size} × ${size} window does not fit into ${rows} × ${columns} pixels, so there is no ` +
        "output. Take a smaller kernel, or padding “same”.";
      return say(problem.textContent);
    }
    const { min, max } = extent(map);
    const limit = Math.max(Math.abs(min), Math.abs(max));
    input.show(image, {
      before: [vertical.before, horizontal.before],
      after: [vertical.after, horizontal.after],
    });
    source.refresh(input);
    input.rename("Input", input.paintable ? PEN_HINT : HINT);
    output.show(map, { limit });
    output.size.textContent = `${vertical.size} × ${horizontal.size}`;
    key.set(limit);
    point();
    const p = state.padding === "valid" ? 0 : state.padding; // the formula shows that it is 0
    const walk = { window: size, stride: state.stride, padding: p };
    words =
      `Output ${vertical.size} × ${horizontal.size}: ` +
      `${sizeFormula("rows", rows, walk, vertical.size)}, ` +
      `${sizeFormula("columns", columns, walk, horizontal.size)}. ` +
      `Values from ${format(min, 4)} to ${format(max, 4)}.`;
    return say(words);
  }

  /** Show another output pixel, and tell its calculation. */
  function move() {
    if (!state || state.problem) return;
    point();
    say(words, sum.textContent);
  }

  /** Show the calculation of the output pixel that is looked at. */
  function point() {
    const [y, x] = model.get("position");
    showCalculation(state, [
      Math.min(y, state.vertical.size - 1),
      Math.min(x, state.horizontal.size - 1),
    ]);
  }

  body.append(
    create("div", { class: "cx-pictures" }, input.element, output.element),
    source.tools,
    key.element,
    controls(
      source.choose,
      preset.element,
      sizes.element,
      padding.element,
      stride.element,
      bias.element,
    ),
    create("div", { class: "cx-buttons" }, relu.element, flip, slide),
    problem,
    calculation,
    sum,
  );
  const computing = Object.keys(start).filter((name) => name !== "position");
  const ends = [
    redrawOn(model, ["position"], move),
    redrawOn(model, ["images", "presets", ...computing], redraw),
  ];
  return () => {
    stop();
    for (const end of ends) end();
  };
}

export default { render };
