/**
 * The network explorer: a trained network at work, from the image through every layer's feature
 * maps to the probabilities. The whole network at one glance, then one layer, then one number.
 *
 * The network computes in a Web Worker (worker_client.js, network_worker.js); what stands here
 * draws what came back. A trait says where the reader is: `layer`, `map`, `position`, `target`.
 */

import { currentImage, decodedOnce, imageSource } from "./images.js";
import {
  button,
  choice,
  controls,
  create,
  editor,
  format,
  frame,
  mixed,
  Picture,
  plural,
  redrawOn,
  toggle,
  wholeBox,
} from "./interface.js";
import { answerBars, atlas, drawBars, drawMaps, percent, reach } from "./maps.js";
import { serve } from "./network_worker.js";
import { fileBytes, workerClient } from "./worker_client.js";
import { isBright, luminance, photoSteps, readPhoto } from "./photo.js";
import { channelSums, gridSize, patchOf, productLine, SHOWN, sourceOf, sumInWords } from "./products.js";
import { sourceRange } from "./sizes.js";

const DRAWING = "your drawing";
const OWN = "your image"; // one that is no drawing: the name that Python gives
const PAD = 28; // pixels of the drawing pad
const SEPARABLE = ". A slice here is the map's own filter times its 1 × 1 weight.";
const PEN = "Arrow keys move the pen, Space draws, Delete erases.";
const POINT = "Arrow keys choose a pixel.";
const A_PAGE = 64; // maps that are shown at once
const IN_STRIP = 12; // maps of a layer in the overview
const STRONGEST = 4; // images that excite a map most, shown beside it
const WINDOWS = ["Conv2D", "DepthwiseConv2D", "SeparableConv2D", "MaxPooling2D", "AveragePooling2D"];
const WITH_FILTERS = ["Conv2D", "DepthwiseConv2D", "SeparableConv2D"];
const MANY = 16; // layers from which on those that change each value at its place are told in short
const AT_ITS_PLACE = ["BatchNormalization", "ReLU", "Activation", "Rescaling"];
const STILL = ["Dropout", "Flatten"]; // layers that change no value of an answer
const HIDING = { size: 6, step: 2, fill: 0 };
const FAINT = 0.001; // of a probability: what is less is not drawn in strong colors

// What a link restores: address.js.
const SETTINGS = {
  image: {
    kind: "image",
    label: [
      ...["Image", "Clear the pad", "Draw on it", "Photo …", "↑", "↓", "←", "→"],
      ...["Crop", "Invert", "Close the steps"], // of a photo
    ],
  },
  layer: { kind: "whole", trait: "layer", from: -1, to: 999 },
  map: { kind: "whole", trait: "map", from: 0, to: 99999, label: ["Maps", "Map, by its number"] },
  at: { kind: "list", trait: "position", from: 0, to: 9999 },
  answer: { kind: "whole", trait: "target", from: -1, to: 999 },
};
const EMPTY_PAD = { shape: [28, 28], dtype: "uint8", data: new DataView(new ArrayBuffer(784)) };

// ---------------------------------------------------------------- state

/** What is known at one moment; `outputs` are null until the network has answered. */
function newState() {
  return {
    network: null,
    outputs: null,
    kept: null, // { name, outputs } of the image to compare with
    isRevealed: false,
    guess: "",
    selected: null, // the name of the image that the guess is about
    isBusy: false,
    isStale: false,
    weights: new Map(), // filters that the worker has sent
    survey: null, // what excites each map most, for each of the listed images
    why: null, // { target, map }
  };
}

/** The output of a layer as a tensor; layer −1 is the image, as the network gets it. */
function outputOf({ network, outputs, image }, layer) {
  if (layer < 0) {
    return { shape: network.input, data: image.data.map((value) => value / network.unit) };
  }
  return { shape: network.layers[layer].shape, data: outputs[layer] };
}

const times = (shape) => shape.join(" × ");
const isMap = ({ shape }) => shape.length === 3;

/** What no window of a pooling layer reaches: "the last row and column". */
function leftOver({ poolSize, strides, padding }, before) {
  const names = ["row", "column"].filter((_, axis) => {
    const [size, step] = [poolSize[axis], strides[axis]];
    return padding === "valid" && (before[axis] - size) % step > 0;
  });
  return names.length > 0 ? `; the last ${names.join(" and ")} of ${times(before.slice(0, 2))} in no window` : "";
}

/** What a layer is, in a few words; `before` is the shape of what it reads. */
function described(layer, before) {
  const { type, shape, kernelShape, strides, poolSize, rate, activation } = layer;
  const ending = activation ? `, then ${activation === "relu" ? "ReLU" : activation}` : "";
  const step = strides && Math.max(...strides) > 1 && !poolSize ? `, stride ${strides[0]}` : "";
  if (type === "Conv2D") {
    const [height, width, channels, filters] = kernelShape;
    return `${filters} filters of ${height} × ${width} × ${channels}${step}${ending}`;
  }
  if (type === "MaxPooling2D") return `the largest of each ${times(poolSize)} window${leftOver(layer, before)}`;
  if (type === "AveragePooling2D") return `the mean of each ${times(poolSize)} window${leftOver(layer, before)}`;
  if (type === "GlobalAveragePooling2D") return "the mean of each map";
  if (type === "GlobalMaxPooling2D") return "the largest value of each map";
  if (type === "BatchNormalization") return "each map times a number, plus a number";
  if (type === "ReLU") return "negative values become 0";
  if (type === "Activation") return `${activation} of the values before`;
  if (type === "ZeroPadding2D") return "zeros around each map";
  if (type === "Rescaling") return "each value times a number, plus a number";
  if (type === "DepthwiseConv2D") return `a filter for each map alone${step}${ending}`;
  if (type === "SeparableConv2D") {
    return `a filter for each map alone, then 1 × 1 across them${step}${ending}`;
  }
  if (type === "Flatten") return `all values in one row: ${format(shape[0])}`;
  if (type === "Dropout") return `drops ${format(100 * rate)} % in training; here it lets all pass`;
  if (type === "Dense") return `${plural(shape[0], "neuron")}${ending}`;
  return `${type}${ending}`;
}

/** The layers with what makes them slide, for receptive fields. */
const slidesOf = (layers) =>
  layers.map((layer) => {
    const { type, kernelShape, poolSize, strides, padding } = layer;
    if (type === "ZeroPadding2D") return { type, padding };
    if (!WINDOWS.includes(type)) return { type: type === "Flatten" ? type : "ReLU" };
    if (poolSize) return { type, poolSize, strides, padding };
    return { type: "Conv2D", filters: 1, kernelSize: kernelShape.slice(0, 2), strides, padding };
  });

/** The rows and columns of the image that a place of a layer sees; `clipped` at the border. */
function fieldOf({ network }, layer, position) {
  const layers = slidesOf(network.layers);
  return [0, 1].map((axis) => {
    const at = position[axis];
    return sourceRange(layers, -1, layer, at, at, network.input[axis], axis);
  });
}

/** The rows and columns that a place of a layer reads of the layer before. */
function windowOf({ network }, layer, position) {
  const layers = slidesOf(network.layers);
  const { input } = network;
  return [0, 1].map((axis) =>
    sourceRange(layers, layer - 1, layer, position[axis], position[axis], input[axis], axis),
  );
}

// ---------------------------------------------------------------- parts of the page

/** Signed values over a picture, as red, green and blue. */
function overlaid(values, most, picture) {
  const channels = picture.length / values.length;
  const colors = new Uint8Array(3 * values.length);
  values.forEach((value, i) => {
    const gray = picture[i * channels];
    mixed(value / most).forEach((part, c) => {
      colors[3 * i + c] = 0.35 * gray + 0.65 * part;
    });
  });
  return colors;
}

/** The guess before the answer. */
function guessPart(onReveal) {
  const list = choice({ label: "What is it? Your guess", options: [], onInput: () => {} });
  const show = button("Show the network's answer", () => onReveal(list.input.value));
  const element = create("div", { class: "cx-guess" }, list.element, show);
  return { element, list };
}

/** One line of the overview: name, shape, and some of the maps. */
function overviewRow(layer, index, onOpen) {
  const strip = create("canvas", { "aria-hidden": "true", class: "cx-strip" });
  const before = create("canvas", { "aria-hidden": "true", class: "cx-strip", hidden: true });
  const what = isMap(layer) ? `${layer.shape[2]} maps of ${times(layer.shape.slice(0, 2))}` : `${layer.shape[0]} values`;
  const isStill = STILL.includes(layer.type);
  const isAtPlace = AT_ITS_PLACE.includes(layer.type);
  const words = create(
    "span",
    { class: "cx-layer-words" },
    create("b", {}, layer.type),
    create("span", { class: "cx-size" }, isStill ? described(layer) : what),
  );
  const strips = create("span", { class: "cx-strips" }, strip, before);
  if (isStill) return { element: create("div", { class: "cx-layer", "data-still": true }, words) };
  const element = create(
    "button",
    {
      type: "button",
      class: "cx-layer",
      "data-at-place": isAtPlace,
      "aria-expanded": "false",
      onclick: () => onOpen(index),
    },
    words,
    strips,
  );
  return { element, strip, before };
}

/** Draw a few maps of a layer, or its values. */
function drawStrip(canvas, layer, data, reached) {
  if (isMap(layer)) {
    const count = Math.min(IN_STRIP, layer.shape[2]);
    drawMaps(canvas, { shape: layer.shape, data }, { first: 0, count, columns: count, reached });
  } else drawBars(canvas, data, reached);
  canvas.hidden = false;
}

/** The steps from a photo to the network's input, with what can be changed. */
function photoPart(onPixels, onClose) {
  const pictures = create("div", { class: "cx-photo-steps" });
  const problem = create("p", { class: "cx-problem", hidden: true, role: "alert" });
  let state = null;
  const draw = () => {
    const { steps, pixels } = photoSteps(state.photo, state);
    pictures.replaceChildren(
      ...steps.map(([name, map]) => {
        const picture = new Picture({ label: name, role: "input" });
        picture.show(map);
        return picture.element;
      }),
    );
    onPixels(pixels, state.size);
  };
  const change = (changes) => {
    Object.assign(state, changes);
    draw();
  };
  const zoom = choice({
    label: "Crop",
    options: [["1", "the whole middle"], ["1.5", "two thirds"], ["2", "half"], ["3", "a third"]],
    onInput: (value) => change({ zoom: Number(value) }),
  });
  const invert = toggle({ label: "Invert (thing darker than its background)", onInput: (value) => change({ invert: value }) });
  const element = create(
    "div",
    { class: "cx-photo", hidden: true },
    pictures,
    create("div", { class: "cx-controls" }, zoom.element, invert.element),
    create("div", { class: "cx-buttons" }, button("Close the steps", onClose)),
  );
  const open = async (file, [rows, columns, channels], share) => {
    problem.hidden = true;
    try {
      const photo = await readPhoto(file);
      state?.photo.close(); // what it takes in memory
      const size = [rows, columns, channels];
      state = { photo, zoom: 1, invert: channels === 1 && isBright(photo, 1), size, share };
      zoom.set("1");
      invert.set(state.invert);
      invert.element.hidden = channels === 3;
      element.hidden = false;
      draw();
    } catch (error) {
      problem.textContent = error.message;
      problem.hidden = false;
      element.hidden = true;
    }
  };
  return { element, problem, open };
}

/** Whether a picture can be drawn on. */
const fitsPad = ([rows, columns, channels]) => rows === PAD && columns === PAD && channels !== 3;

/** The image, one pixel further; what comes in is black. */
function shifted({ shape, data }, down, right) {
  const [height, width, channels] = shape;
  const values = new Uint8Array(data.length);
  for (let row = 0; row < height; row += 1) {
    for (let at = 0; at < width * channels; at += 1) {
      const [y, x] = [row - down, at - right * channels];
      if (y >= 0 && y < height && x >= 0 && x < width * channels) {
        values[row * width * channels + at] = data[y * width * channels + x];
      }
    }
  }
  return values;
}

/** An image in another size, each pixel the nearest one; gray in color is three times the same. */
function resampled(image, [height, width, channels]) {
  const [rows, columns, given = 1] = image.shape;
  const { data } = image;
  const values = new Float32Array(height * width * channels);
  for (let i = 0; i < values.length; i += 1) {
    const place = Math.floor(i / channels);
    const y = Math.floor(((Math.floor(place / width) + 0.5) * rows) / height);
    const x = Math.floor((((place % width) + 0.5) * columns) / width);
    const at = (y * columns + x) * given;
    if (given === channels) values[i] = data[at + (i % channels)];
    else values[i] = given === 1 ? data[at] : luminance(data[at], data[at + 1], data[at + 2]);
  }
  return values;
}

// ---------------------------------------------------------------- the explorer

/** The explorer on a page: its parts, and what is drawn in them. */
class View {
  constructor(model, el) {
    this.model = model;
    this.edit = editor(model);
    this.state = newState();
    this.client = null;
    this.drawn = new Map(); // what each part was drawn from, for those that are slow
    this.frame = frame(el, { title: "Inside the network", onReset: () => this.reset() });
    this.start = this.model.get("defaults");
    this.buildInput();
    this.buildAnswer();
    this.buildLayers();
    this.frame.body.append(
      this.loading,
      create("div", { class: "cx-network-top" }, this.inputPart, this.answerPart),
      this.photo.problem,
      this.photo.element,
      this.whyPart,
      this.overview,
      this.layerPart,
      this.numberPart,
    );
    this.frame.root.addEventListener("paste", (event) => this.paste(event));
  }

  // ------------------------------------------------ parts

  buildInput() {
    this.load = button("", () => {
      this.fetch((onProgress) => fileBytes(this.model, this.model.get("network"), onProgress), false);
    });
    this.load.classList.add("cx-primary");
    const own = create("input", {
      type: "file",
      class: "cx-hidden",
      tabindex: "-1",
      "aria-label": "A network file from this device",
      onchange: () => {
        const [chosen] = own.files;
        own.value = ""; // the same file may be chosen again
        if (chosen) this.fetch(() => chosen.arrayBuffer(), true);
      },
    });
    this.open = create("div", {}, button("Open my network …", () => own.click()), own);
    this.progress = create("progress", { hidden: true, max: 1, "aria-label": "Network loaded" });
    this.problem = create("p", { class: "cx-problem", role: "alert", hidden: true });
    this.loading = create("div", { class: "cx-network-load" }, this.load, this.open, this.progress, this.problem);
    this.input = new Picture({
      label: "Image",
      role: "input",
      hint: POINT,
      onPoint: () => {},
      onPaint: (...stroke) => this.source.paint(...stroke),
    });
    this.source = imageSource(this.model, this.edit, { own: "your photo" });
    const file = create("input", {
      type: "file",
      accept: "image/*",
      class: "cx-hidden",
      tabindex: "-1",
      "aria-label": "A photo from this device",
      onchange: () => {
        const [chosen] = file.files;
        file.value = "";
        if (chosen) this.takePhoto(chosen);
      },
    });
    this.drawOnIt = button("Draw on it", () => {
      const image = currentImage(this.model);
      this.setDrawing(Uint8Array.from(image.data), image.shape);
      this.input.stage.focus(); // this button is gone
    });
    const arrows = [["↑", -1, 0, "up"], ["↓", 1, 0, "down"], ["←", 0, -1, "left"], ["→", 0, 1, "right"]];
    this.tools = create(
      "div",
      { class: "cx-buttons" },
      this.drawOnIt,
      button("Photo …", () => file.click()),
      file,
      create("span", { class: "cx-note" }, "Shift by a pixel:"),
      create(
        "span",
        { class: "cx-buttons cx-arrows" }, // in one line
        ...arrows.map(([text, down, right, way]) => {
          const key = button(text, () => this.shift(down, right));
          key.setAttribute("aria-label", `Shift the image one pixel ${way}`);
          return key;
        }),
      ),
    );
    this.before = new Picture({ label: "Compared with", role: "input" });
    this.before.element.hidden = true;
    this.keep = button("Keep to compare", () => {
      this.keepForComparison();
      this.draw();
    });
    this.forget = button("Stop comparing", () => this.stopComparing());
    this.compared = create("p", { class: "cx-note", hidden: true });
    this.inputPart = create(
      "div",
      { class: "cx-network-input" },
      this.input.element,
      this.before.element,
      this.source.choose,
      this.source.tools,
      this.tools,
      create("div", { class: "cx-buttons" }, this.keep, this.forget),
    );
    this.photo = photoPart(
      (pixels, size) => this.setDrawing(pixels, size),
      () => {
        this.photo.element.hidden = true;
      },
    );
  }

  buildAnswer() {
    this.guess = guessPart((guess) => this.reveal(guess));
    this.guessFirst = toggle({ label: "Let me guess before it answers", onInput: () => this.draw() });
    this.guessFirst.set(true);
    this.bars = answerBars((target) => this.explain(target));
    this.verdict = create("p", { class: "cx-sum" });
    this.answerPart = create(
      "div",
      { class: "cx-network-answer", hidden: true },
      this.guess.element,
      this.verdict,
      this.bars.element,
      this.compared,
      this.guessFirst.element,
    );
    this.why = new Picture({ label: "Which part matters", role: "output" });
    this.whyButton = button("", () => this.explain());
    this.whyProgress = create("progress", { hidden: true, max: 1, "aria-label": "Squares tried" });
    this.whyText = create("p", { class: "cx-note" });
    this.whyPart = create(
      "div",
      { class: "cx-network-why", hidden: true },
      create("div", { class: "cx-buttons" }, this.whyButton, this.whyProgress),
      this.why.element,
      this.whyText,
    );
    this.why.element.hidden = true;
  }

  buildLayers() {
    this.overview = create("div", { class: "cx-overview", role: "group", "aria-label": "Layers", hidden: true });
    this.rows = [];
    this.atlas = atlas({ label: "Feature maps", onChoose: (map) => this.choose(this.model.get("layer"), map) });
    this.layerTitle = create("p", { class: "cx-layer-title" });
    this.pages = choice({ label: "Maps", options: [], onInput: (page) => this.choose(this.model.get("layer"), A_PAGE * Number(page)) });
    this.number = wholeBox(this.frame, "Map, by its number", [1, 1], (number) =>
      this.choose(this.model.get("layer"), number - 1),
    );
    this.values = create("canvas", { class: "cx-strip", role: "img" });
    this.choices = controls(this.pages.element, this.number.element);
    this.strongest = create("div", { class: "cx-strongest" });
    this.excited = create(
      "div",
      { class: "cx-excited" },
      create("p", { class: "cx-name" }, "Which of the images excite this map most, and where?"),
      this.strongest,
    );
    this.layerPart = create(
      "div",
      { class: "cx-network-layer", "data-view-target": "", hidden: true },
      this.layerTitle,
      this.choices,
      this.atlas.element,
      this.excited,
      this.values,
    );
    this.map = new Picture({
      label: "Map",
      role: "output",
      hint: "Arrow keys choose a neuron of the map.",
      onPoint: (row, column) => this.edit({ position: [row, column] }),
    });
    this.seen = new Picture({ label: "What this neuron sees", role: "input" });
    this.calculation = create("div", { class: "cx-products" });
    this.sum = create("p", { class: "cx-sum" });
    this.numberPart = create(
      "div",
      { class: "cx-network-number", hidden: true },
      create("div", { class: "cx-pictures" }, this.map.element, this.seen.element),
      this.calculation,
      this.sum,
    );
  }

  // ------------------------------------------------ what the reader does

  /** Get a network's file, and let it answer. */
  async fetch(bytesOf, isOwn) {
    // Whoever works by keyboard goes on from here; the mouse leaves the keys to present mode.
    const isByKeyboard = this.load.matches(":focus-visible");
    this.load.disabled = true;
    this.problem.hidden = true;
    this.progress.hidden = false;
    try {
      const bytes = await bytesOf((done, all) => {
        this.progress.value = done / all;
        this.frame.say(`The network is loading: ${Math.round((100 * done) / all)} %.`);
      });
      this.client ??= workerClient("network_worker", serve);
      const network = await this.client.call("load", { bytes });
      const isOther = Boolean(this.state.network);
      const forgotten = { survey: null, kept: null, why: null, outputs: null, isRevealed: false, guess: "" };
      Object.assign(this.state, { network, isOwn, ...forgotten });
      this.state.weights.clear();
      this.load.hidden = !isOwn;
      this.load.textContent = "Back to the first network";
      this.frame.root.querySelector(".cx-title").textContent = isOwn
        ? `Inside the network: ${network.name}`
        : "Inside the network";
      if (isOwn || isOther) this.edit({ layer: -1, map: 0, target: -1 });
      this.showNetwork();
      await this.answer();
      if (isByKeyboard && !this.guess.element.hidden) this.guess.list.input.focus();
    } catch (error) {
      this.problem.textContent = error.message;
      this.problem.hidden = false;
      if (!isOwn) this.load.textContent = "Try again";
    }
    this.load.disabled = false;
    this.progress.hidden = true;
  }

  /** Let the network answer for the image that is shown; a later image waits until it has. */
  async answer() {
    const { state } = this;
    if (!state.network) return;
    if (state.isBusy) {
      state.isStale = true;
      return;
    }
    state.isBusy = true;
    const image = this.fitted();
    try {
      state.outputs = await this.client.call("answer", { data: image.data });
      state.image = image;
      this.draw();
    } catch (error) {
      this.frame.say(`The network could not answer: ${error.message}`);
    }
    state.isBusy = false;
    if (state.isStale) {
      state.isStale = false;
      await this.answer();
    }
  }

  /** Another image: nothing is guessed or asked of it yet. */
  changeImage() {
    const selected = this.model.get("selected");
    if (this.state.selected === selected) return;
    Object.assign(this.state, { selected, isRevealed: false, guess: "" });
    this.guess.list.set("");
    if (this.state.network) this.edit({ target: -1 });
  }

  reveal(guess) {
    Object.assign(this.state, { guess, isRevealed: true });
    this.draw();
    const layer = this.rows[this.model.get("layer")]?.element; // in present mode in the bars' place
    [this.bars.element.firstChild, layer].find((each) => each?.checkVisibility())?.focus();
  }

  /** Show a map of a layer, and where its value is largest. */
  choose(index, map) {
    const { shape } = this.state.network.layers[index];
    if (shape.length !== 3) return this.edit({ map: 0 });
    const [height, width, channels] = shape;
    const values = this.state.outputs[index];
    let best = 0;
    for (let place = 1; place < height * width; place += 1) {
      if (values[place * channels + map] > values[best * channels + map]) best = place;
    }
    return this.edit({ map, position: [Math.floor(best / width), best % width] });
  }

  shift(down, right) {
    if (this.state.outputs && !this.state.kept) this.keepForComparison("before the shift");
    const image = currentImage(this.model);
    this.setDrawing(shifted(image, down, right), image.shape);
  }

  /** Show pixels as the reader's own picture, to draw on where the pad is as large. */
  setDrawing(pixels, size) {
    const shape = size[2] === 3 ? size : size.slice(0, 2);
    const image = { shape, dtype: "uint8", data: new DataView(pixels.buffer) };
    this.edit({ selected: fitsPad(size) ? DRAWING : OWN, image });
  }

  async takePhoto(file) {
    const size = this.state.network?.input ?? [PAD, PAD, 1];
    await this.photo.open(file, size, this.model.get("share"));
  }

  paste(event) {
    const file = [...(event.clipboardData?.files ?? [])][0];
    if (!file) return;
    event.preventDefault();
    this.takePhoto(file);
  }

  keepForComparison(name = this.model.get("selected")) {
    const { outputs, image } = this.state;
    if (!outputs) return;
    this.state.kept = { name, outputs, image };
    this.before.show(image);
    this.before.size.textContent = name;
  }

  stopComparing() {
    this.state.kept = null;
    this.draw();
  }

  /** Hide each part of the image in turn, and see what the answer loses. */
  async explain(target = this.target()) {
    const { state } = this;
    this.edit({ target });
    if (this.whyButton.disabled || state.why?.image === state.image) return; // it is known
    this.whyButton.disabled = true;
    this.whyProgress.hidden = false;
    this.whyProgress.value = 0;
    try {
      const { image } = state;
      const call = { data: image.data, options: HIDING };
      const lost = await this.client.call("occlude", call, (done, all) => {
        this.whyProgress.value = done / all;
      });
      state.why = { lost, image, step: HIDING.step };
      this.drawWhy();
    } catch (error) {
      this.frame.say(`This could not be computed: ${error.message}`);
    }
    this.whyProgress.hidden = true;
    this.whyButton.disabled = false;
  }

  reset() {
    Object.assign(this.state, { kept: null, isRevealed: false, guess: "", why: null });
    this.guess.list.set("");
    this.guessFirst.set(true);
    this.photo.element.hidden = true;
    const { selected } = this.start;
    const image = selected === DRAWING ? EMPTY_PAD : null;
    this.edit({ ...this.start, image });
    this.draw();
  }

  // ------------------------------------------------ drawing

  /** Whether a part is to be drawn again, because one of these is another one than last time. */
  isNew(part, ...values) {
    const before = this.drawn.get(part);
    this.drawn.set(part, values);
    return !before || values.some((value, index) => value !== before[index]);
  }

  /** The image in the network's size and colors. */
  fitted() {
    const image = currentImage(this.model);
    const shape = this.state.network?.input ?? image.shape;
    return { shape, data: resampled(image, shape) };
  }

  /** The answer that is asked about: the chosen one, or the network's. */
  target() {
    const chosen = this.model.get("target");
    const values = this.state.outputs.at(-1);
    if (chosen >= 0 && chosen < values.length) return chosen;
    return values.indexOf(values.reduce((a, b) => Math.max(a, b)));
  }

  /** Once the network is there: its layers and its classes. */
  showNetwork() {
    const { network } = this.state;
    this.rows = network.layers.map((layer, index) =>
      overviewRow(layer, index, () => {
        const isOpen = this.model.get("layer") === index;
        this.edit({ layer: isOpen ? -1 : index });
        this.choose(index, 0);
      }),
    );
    this.overview.replaceChildren(...this.rows.map(({ element }) => element));
    // For present mode, where layers stand in columns and their names in a list.
    const longest = Math.max(...network.layers.map(({ type }) => type.length));
    this.frame.root.style.setProperty("--layers", network.layers.length);
    this.frame.root.style.setProperty("--longest", longest);
    this.overview.toggleAttribute("data-many", network.layers.length > MANY);
    this.guess.list.fill([["", "choose …"], ...network.classes.map((name) => [name, name])]);
  }

  drawInput() {
    const image = currentImage(this.model);
    this.input.show(image);
    this.source.refresh(this.input);
    this.input.rename("Image", this.input.paintable ? PEN : POINT);
    this.input.size.textContent = times(image.shape.slice(0, 2));
    this.drawOnIt.hidden = this.input.paintable || !fitsPad(image.shape);
    const size = this.model.get("bytes");
    const weight = size ? ` (${format(size / 1e6, 2)} MB)` : "";
    if (!this.load.textContent) this.load.textContent = `Load the network${weight}`;
  }

  draw() {
    const { state } = this;
    this.drawInput();
    const isThere = Boolean(state.outputs);
    const selected = this.model.get("selected");
    const isDrawing = selected === DRAWING || selected === OWN; // nobody has to guess their own
    const isShown = isThere && (state.isRevealed || isDrawing || !this.guessFirst.input.checked);
    this.guessFirst.element.hidden = isDrawing;
    this.before.element.hidden = !state.kept;
    this.answerPart.hidden = !isThere;
    this.keep.hidden = !isShown || Boolean(state.kept);
    this.forget.hidden = !state.kept;
    this.guess.element.hidden = isShown;
    for (const part of [this.bars.element, this.verdict, this.whyPart, this.overview]) {
      part.hidden = !isShown;
    }
    if (!isThere) {
      this.frame.say(
        selected === DRAWING
          ? "A trained network answers here while you draw. Load it first."
          : "A trained network answers here. Load it, and guess before it does.",
      );
      return;
    }
    if (!isShown) {
      this.layerPart.hidden = this.numberPart.hidden = true; // until it is guessed
      this.frame.say("The network has answered. Guess first: what is it?");
      return;
    }
    this.drawAnswer();
    this.drawOverview();
    this.drawLayer();
  }

  drawAnswer() {
    const { network, outputs, guess } = this.state;
    // Until another image is answered there is nothing to compare.
    const kept = this.state.kept?.outputs === outputs ? null : this.state.kept;
    const values = outputs.at(-1);
    const best = values.indexOf(values.reduce((a, b) => Math.max(a, b)));
    const target = this.target();
    const before = kept?.outputs.at(-1) ?? null;
    this.bars.set({ classes: network.classes, values, chosen: target, before });
    const name = network.classes[best];
    const mine = guess === name ? " You said the same." : ` You said ${guess}.`;
    const isEmpty = this.state.image.data.every((value) => value === 0);
    this.verdict.textContent = isEmpty
      ? `Draw something. A network has to choose even for an empty picture: ${name}.`
      : `The network says ${name}: ${percent(values[best])}.${guess && mine}${this.label()}`;
    this.whyButton.textContent = `Which part matters for ${network.classes[target]}?`;
    this.compared.hidden = !kept;
    if (kept && this.isNew("comparison", outputs, kept)) {
      this.compared.textContent = this.comparison();
    }
    this.drawWhy();
    // Beside the bars it stands already; below a layer that is open it is far from there.
    const isOpen = Boolean(this.rows[this.model.get("layer")]?.strip);
    this.frame.say(isOpen ? this.verdict.textContent : "", this.verdict.textContent);
  }

  /** What the data set says that the image shows, where it is one of the data set. */
  label() {
    const label = this.model.get("labels")[this.model.get("selected")];
    if (label === undefined || this.state.isOwn) return "";
    return ` Its label is ${this.state.network.classes[label]}.`;
  }

  /** How many values of the layers differ from those of the image that was kept. */
  comparison() {
    const { network, outputs, kept } = this.state;
    const parts = [];
    network.layers.forEach(({ type }, index) => {
      if (!WINDOWS.includes(type)) return;
      const [now, then] = [outputs[index], kept.outputs[index]];
      const { most } = reach(then);
      let [same, all] = [0, 0];
      for (let i = 0; i < now.length; i += 1) {
        if (now[i] === 0 && then[i] === 0) continue;
        all += 1;
        if (Math.abs(now[i] - then[i]) <= 0.01 * most) same += 1;
      }
      parts.push(`${type} ${Math.round((100 * same) / Math.max(all, 1))} %`);
    });
    return (
      `Compared with ${kept.name}: of the places where one of the two at least is not 0, so many have the same value, ` +
      `within a hundredth of the layer's largest: ${parts.join(", ")}.`
    );
  }

  drawWhy() {
    const { why, image } = this.state;
    const isFresh = why && why.image === image;
    this.why.element.hidden = this.whyText.hidden = !isFresh;
    if (!isFresh) return;
    const [rows, columns, classes] = why.lost.shape;
    const target = this.target();
    const [height, width] = image.shape;
    const data = new Float32Array(height * width);
    for (let i = 0; i < data.length; i += 1) {
      const row = Math.min(rows - 1, Math.floor(Math.floor(i / width) / why.step));
      const column = Math.min(columns - 1, Math.floor((i % width) / why.step));
      data[i] = why.lost.data[(row * columns + column) * classes + target];
    }
    const most = Math.max(reach(data).most, FAINT);
    this.why.show({ shape: [height, width, 3], data: overlaid(data, most, image.data) });
    const [lost, gained] = [1, -1].map((sign) => 100 * Math.max(...data.map((v) => sign * v), 0));
    const name = `“${this.state.network.classes[target]}”`;
    const how = `A black square of ${HIDING.size} × ${HIDING.size} pixels hides one part after the other.`;
    this.whyText.textContent =
      Math.max(lost, gained) < 100 * FAINT
        ? `${how} No part changes the probability of ${name} by as much as ${100 * FAINT} points.`
        : `${how} Red: hidden, ${name} loses probability, at most ${format(lost, 2)} points. ` +
          `Blue: it gains, at most ${format(gained, 2)}.`;
  }

  drawOverview() {
    const { network, outputs, kept } = this.state;
    const isNew = this.isNew("overview", outputs, kept);
    network.layers.forEach((layer, index) => {
      const row = this.rows[index];
      if (!row.strip) return;
      row.element.setAttribute("aria-expanded", String(this.model.get("layer") === index));
      if (!isNew) return;
      const reached = reach(outputs[index]);
      drawStrip(row.strip, layer, outputs[index], reached);
      row.before.hidden = true;
      if (kept) drawStrip(row.before, layer, kept.outputs[index], reached);
    });
  }

  drawLayer() {
    const { network, outputs } = this.state;
    const index = this.model.get("layer");
    const layer = network.layers[index];
    const isOpen = Boolean(layer && this.rows[index].strip);
    this.layerPart.hidden = !isOpen;
    this.numberPart.hidden = !isOpen || !isMap(layer);
    if (!isOpen) return;
    const filter = WITH_FILTERS.includes(layer.type) ? layer.kernelShape : null;
    this.frame.body.dataset.grids = filter ? gridSize(filter[0], filter[1]) : 0;
    if (this.isNew("grids", index)) this.calculation.replaceChildren(); // those of another layer
    const { element } = this.rows[index];
    // Only where it is not yet there: what is moved loses the focus.
    if (element.nextSibling !== this.layerPart) element.after(this.layerPart, this.numberPart);
    const before = network.layers[index - 1]?.shape ?? network.input;
    this.layerTitle.textContent = `${layer.type}: ${described(layer, before)}.`;
    const data = outputs[index];
    const reached = reach(data);
    this.atlas.element.hidden = this.choices.hidden = this.excited.hidden = !isMap(layer);
    this.values.hidden = isMap(layer);
    if (!isMap(layer)) {
      drawBars(this.values, data, reached);
      const active = data.filter((value) => value !== 0).length;
      const words = `${active} of ${data.length} neurons are not 0; the largest value is ${format(reached.most)}.`;
      this.values.setAttribute("aria-label", words);
      this.layerTitle.textContent += ` ${words}`;
      return;
    }
    this.drawAtlas(layer, data, reached);
    this.drawNumberSoon();
  }

  drawAtlas(layer, data, reached) {
    const channels = layer.shape[2];
    const map = Math.min(this.model.get("map"), channels - 1);
    const page = Math.floor(map / A_PAGE);
    const pages = Math.ceil(channels / A_PAGE);
    const first = page * A_PAGE;
    const count = Math.min(A_PAGE, channels - first);
    this.pages.fill(
      Array.from({ length: pages }, (_, i) => [
        String(i),
        `${i * A_PAGE + 1} to ${Math.min(channels, (i + 1) * A_PAGE)} of ${channels}`,
      ]),
    );
    this.pages.set(page);
    this.number.set(map + 1, channels);
    this.pages.element.hidden = pages === 1;
    const columns = Math.min(8, count);
    this.atlas.set({ shape: layer.shape, data }, { first, count, columns, chosen: map, reached });
  }

  /** In a task of its own: together with the maps it would keep the page busy for too long. */
  drawNumberSoon() {
    clearTimeout(this.numberSoon);
    this.numberSoon = setTimeout(() => this.drawPosition());
  }

  /** Another neuron of the map that is shown. */
  drawPosition() {
    const layer = this.state.network?.layers[this.model.get("layer")];
    if (layer && !this.numberPart.hidden) this.drawNumber(layer, this.model.get("layer"));
  }

  /** One map large, and the value that is pointed at: where it comes from. */
  drawNumber(layer, index) {
    const [height, width, channels] = layer.shape;
    const map = Math.min(this.model.get("map"), channels - 1);
    const { outputs } = this.state;
    if (!this.isNew("number", outputs, index, map, ...this.model.get("position"))) return;
    const data = Float32Array.from(
      { length: height * width },
      (_, place) => outputs[index][place * channels + map],
    );
    const { most, isSigned } = reach(data);
    const shown = isSigned ? data : data.map((value) => (most > 0 ? (255 * value) / most : 0));
    this.map.show({ shape: [height, width, 1], data: shown }, { limit: isSigned ? most : null });
    this.map.name.textContent = `Map ${map + 1} of ${channels}`;
    this.map.size.textContent = `${height} × ${width}, ${isSigned ? format(-most) : 0} … ${format(most)}`;
    const [row, column] = this.model.get("position");
    const position = [Math.min(row, height - 1), Math.min(column, width - 1)];
    this.map.at = { row: position[0], column: position[1] };
    this.map.mark("pixel", ...position);
    this.drawField(this.seen, this.state.image, index, position);
    if (this.isNew("strongest", this.state.network, index, map)) this.drawStrongest(index, map);
    const value = data[position[0] * width + position[1]];
    this.drawCalculation(layer, index, map, position, value);
  }

  /** An image, and the part of it that a place of a layer sees. */
  drawField(picture, image, index, position) {
    picture.show({ shape: image.shape, data: image.data });
    const [rows, columns] = fieldOf(this.state, index, position);
    if (!rows?.clipped || !columns?.clipped) {
      picture.size.textContent = "nothing but padding";
      picture.unmark("patch");
      return;
    }
    const sizeOf = (ranges) => ranges.map(({ first, last }) => last - first + 1);
    const size = sizeOf([rows.clipped, columns.clipped]);
    const whole = times(sizeOf([rows, columns]));
    picture.mark("patch", rows.clipped.first, columns.clipped.first, ...size);
    picture.size.textContent =
      times(size) === whole ? `${whole} pixels` : `${times(size)} of ${whole}, the rest is padding`;
  }

  /** The listed images in which a map reaches its largest values, and what it sees there. */
  async drawStrongest(index, map) {
    const { state } = this;
    const listed = this.model.get("images");
    const images = listed.map(({ image }) => resampled(decodedOnce(image), state.network.input));
    const { network } = state;
    state.survey ??= await this.client.call("survey", { images });
    if (state.network !== network) return; // another one was opened meanwhile
    const found = listed
      .map(({ name }, number) => {
        const { values, places } = state.survey[number][index];
        return { name, data: images[number], value: values[map], place: places[map] };
      })
      .filter(({ value }) => value > 0)
      .sort((one, other) => other.value - one.value);
    const width = network.layers[index].shape[1];
    const pictures = found.slice(0, STRONGEST).map(({ name, data, value, place }) => {
      const picture = new Picture({ label: `${name}: ${format(value)}`, role: "input" });
      const position = [Math.floor(place / width), place % width];
      this.drawField(picture, { shape: network.input, data }, index, position);
      picture.size.hidden = true; // its size stands beside the map
      return picture.element;
    });
    const none = create("p", { class: "cx-note" }, "In none of them it is above 0.");
    this.strongest.replaceChildren(...(pictures.length > 0 ? pictures : [none]));
    this.strongest.dataset.map = map + 1;
  }

  async drawCalculation(layer, index, map, position, value) {
    const place = `row ${position[0] + 1}, column ${position[1] + 1}`; // counted as the maps are
    const key = `${index} ${map} ${position}`;
    this.wanted = key;
    const input = outputOf(this.state, index - 1);
    const window = WINDOWS.includes(layer.type) ? windowOf(this.state, index, position) : null;
    if (layer.poolSize) {
      const patch = patchOf(input, map, window.map(({ clipped }) => clipped));
      this.calculation.replaceChildren();
      const kind = layer.type === "MaxPooling2D" ? "largest" : "mean";
      const values = patch.flat().map((each) => format(each)).join(", ");
      this.sum.textContent = `At ${place}: the ${kind} of ${values} is ${format(value)}.`;
      return;
    }
    if (!WITH_FILTERS.includes(layer.type)) {
      this.calculation.replaceChildren();
      const at = (position[0] * layer.shape[1] + position[1]) * layer.shape[2] + map;
      this.sum.textContent = AT_ITS_PLACE.includes(layer.type)
        ? `At ${place}: ${format(input.data[at], 4)} becomes ${format(value, 4)}.`
        : `At ${place}: ${format(value, 4)}.`;
      return;
    }
    const name = `${index} ${map}`;
    let filter = this.state.weights.get(name);
    if (!filter) {
      filter = await this.client.call("filter", { layer: index, index: map });
      this.state.weights.set(name, filter);
      if (this.wanted !== key) return; // the reader has gone on
    }
    const sums = channelSums(input, window, filter);
    const source = sourceOf(index, input.shape[2]);
    const lines = sums.slice(0, SHOWN).map((each) => productLine(each, source));
    this.calculation.replaceChildren(...lines);
    const both = layer.type === "SeparableConv2D" ? SEPARABLE : "";
    const words = sumInWords(sums, filter.bias, value, layer.activation);
    this.sum.textContent = `At ${place}: ${words}${both}`;
  }
}

// ---------------------------------------------------------------- events

function render({ model, el }) {
  const view = new View(model, el);
  const ends = [
    redrawOn(model, ["selected", "image", "images"], () => {
      view.changeImage();
      view.draw();
      view.answer();
    }),
    redrawOn(model, ["layer", "map", "target"], () => view.draw()),
    redrawOn(model, ["position"], () => view.drawNumberSoon()),
  ];
  return () => {
    for (const end of ends) end();
    clearTimeout(view.numberSoon);
    view.client?.end();
  };
}

export default { render, settings: SETTINGS };
