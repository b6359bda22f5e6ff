/**
 * The receptive field explorer: the maps of a network as planes above the image, and a cone
 * from one neuron down to the pixels that it sees, or from a pixel up to all that see it.
 */

import { currentImage } from "./images.js";
import {
  button,
  choice,
  controls,
  create,
  editor,
  frame,
  MOVES,
  reconcile,
  redrawOn,
  slider,
  toggle,
  wholeBox,
  write,
} from "./interface.js";
import {
  arrange,
  clamp,
  corners,
  lines,
  outline,
  overhang,
  scaled,
  shaded,
  short,
  svg,
} from "./planes.js";
import {
  LAYERS,
  both,
  isSliding,
  losesPosition,
  receptiveField,
  slides,
  sourceRange,
  times,
  windowOf,
} from "./sizes.js";

const OWN = "own network";
const MOST_LAYERS = 16;
const NAMES = {
  Conv2D: "Convolution",
  DepthwiseConv2D: "Depthwise convolution",
  SeparableConv2D: "Separable convolution",
  MaxPooling2D: "Max pooling",
  AveragePooling2D: "Average pooling",
};
const NEW = {
  Conv2D: { type: "Conv2D", ...LAYERS.Conv2D, padding: "same", activation: "relu" },
  MaxPooling2D: { type: "MaxPooling2D", ...LAYERS.MaxPooling2D, strides: 2 },
};
const PADDINGS = [
  ["valid", "valid: none"],
  ["same", "same, as in Keras"],
];
// What a link restores: address.js.
const SETTINGS = {
  network: {
    kind: "layers",
    trait: "layers",
    most: 64,
    label: [
      ...["Network", "Kernel size", "Window size", "Stride", "Padding"],
      ...["Add a convolution", "Add a pooling", "Remove the last layer"],
    ],
  },
  image: { kind: "image", label: "Image" },
  size: { kind: "list", trait: "input_size", from: 1, to: 256, label: "Input size" },
  layer: { kind: "whole", trait: "layer", from: 0, to: 999 },
  at: { kind: "list", trait: "position", from: 0, to: 9999 },
  paths: { kind: "flag", trait: "paths", label: "Shade" },
};
const TRAITS = ["selected", "image", "layers", "input_size", "layer", "position", "paths"];
const AXES = [0, 1]; // rows, columns

// --- Words -------------------------------------------------------------------------------

const sides = (value) => times(both(value));
const length = ({ first, last }) => last - first + 1;
const fieldText = ({ fields }) => times(fields.map(({ size }) => size));

/** One number where rows and columns agree, else both. */
const single = ([down, across]) => (down === across ? String(down) : times([down, across]));

const span = (noun, { first, last }) =>
  first === last ? `${noun} ${first}` : `${noun}s ${first} … ${last}`;

/** How the field of a plane grows out of that of the plane below, with its numbers. */
function growth(planes, plane, axis = 0) {
  const below = planes[plane - 1].fields[axis];
  return `${below.size} + (${planes[plane].window[axis]} − 1) · ${below.jump}`;
}

/** Which neurons see a pixel of the input. */
function describePixel(planes, lit, place) {
  const seen = lit.slice(1).map(({ ranges }, at) => {
    const number = ranges.every(Boolean) ? times(ranges.map(length)) : "none";
    return `${number} of layer ${at + 1}`;
  });
  return `The pixel ${place} of the input is seen by these neurons: ${seen.join(", ") || "none yet"}.`;
}

/** What the picture says, in words. */
function describe({ planes }, lit, chosen, position) {
  const pixels = times(planes[0].size);
  const place = `at row ${position[0]}, column ${position[1]}`;
  if (chosen === 0) return describePixel(planes, lit, place);
  const { fields, window } = planes[chosen];
  const own = chosen > 1 ? ` Its own window is ${times(window)}.` : "";
  const formula = AXES.filter((axis) => axis === 0 || fields[0].size !== fields[1].size)
    .map((axis) => `${growth(planes, chosen, axis)} = ${fields[axis].size}`)
    .join(" for rows, ");
  const larger = fields.some(({ size }, axis) => size > planes[0].size[axis]);
  const text = larger
    ? `The receptive field of a neuron of layer ${chosen} is ${fieldText(planes[chosen])}, larger ` +
      `than the ${pixels} pixels, so it reaches into the padding`
    : `A neuron of layer ${chosen} sees ${fieldText(planes[chosen])} of the ${pixels} pixels`;
  const { ranges, nominal, counts } = lit[0];
  if (!ranges.every(Boolean))
    return `${text}: ${formula}.${own} The one ${place} sees only padding.`;
  const clipped = ranges.some((range, axis) => length(range) < length(nominal[axis]));
  const rest = clipped ? "; the rest is padding" : "";
  const read = counts.map((axis) => axis.filter((count) => count > 0).length);
  const holes = read.some((count, axis) => count < length(ranges[axis]))
    ? ` Only ${times(read)} of these pixels are read: a stride larger than its window skips some.`
    : "";
  return (
    `${text}: ${formula}.${own} The one ${place} sees ${span("row", ranges[0])} and ` +
    `${span("column", ranges[1])}${clipped ? `, ${times(ranges.map(length))} pixels` : ""}${rest}.${holes}`
  );
}

/** Why a window does not fit into the map below. */
const misfitText = (number, window, size) =>
  `Layer ${number} cannot be built: its window of ${times(window)} does not fit into a ` +
  `map of ${times(size)}. Take padding “same”, a smaller window, a larger input, or fewer layers.`;

// --- State -------------------------------------------------------------------------------

/** Where in the list the layers stand that are shown: those that slide a window over a map. */
function shownLayers(layers) {
  const lost = layers.findIndex(losesPosition);
  return [...layers.keys()].filter(
    (index) => (lost < 0 || index < lost) && isSliding(layers[index]),
  );
}

/**
 * The input and each map above it, as far as the windows fit.
 *
 * @returns {{planes: object[], problem: string | null}} of each plane: `size` (rows, columns),
 *   `fields` (what the engine's receptiveField says, by axis), and `sources`: by axis and
 *   position, the first and last position of the plane below, padding included
 */
function build(layers, inputSize) {
  const planes = [
    { size: inputSize, index: -1, fields: AXES.map(() => ({ size: 1, jump: 1, start: 0 })) },
  ];
  const along = AXES.map((axis) => slides(layers, inputSize[axis], axis));
  for (const index of shownLayers(layers)) {
    const layer = layers[index];
    const below = planes.at(-1);
    const window = windowOf(layer);
    const placed = along.map((axis) => axis[index]);
    if (!placed.every(Boolean)) {
      return { planes, problem: misfitText(planes.length, window, below.size) };
    }
    planes.push({
      layer,
      index,
      window,
      strides: both(layer.strides),
      size: placed.map(({ output }) => output),
      fields: AXES.map((axis) => receptiveField(layers, index, inputSize[axis], axis)),
      sources: AXES.map((axis) =>
        Array.from({ length: placed[axis].output }, (_, at) =>
          sourceRange(layers, below.index, index, at, at, inputSize[axis], axis),
        ),
      ),
    });
  }
  return { planes, problem: null };
}

/** The first and last place of a count that is not zero. */
function reach(counts) {
  const first = counts.findIndex((count) => count > 0);
  return first < 0 ? null : { first, last: counts.findLastIndex((count) => count > 0) };
}

/** The number of paths from each place of the plane below to those above that have some. */
function pathsBelow(plane, counts, size) {
  return AXES.map((axis) => {
    const below = new Array(size[axis]).fill(0);
    counts[axis].forEach((paths, at) => {
      if (paths === 0) return;
      const { first, last } = plane.sources[axis][at];
      for (let i = Math.max(first, 0); i <= Math.min(last, below.length - 1); i += 1) {
        below[i] += paths;
      }
    });
    return below;
  });
}

/** The number of paths to each place of a plane from those below that have some. */
function pathsAbove(plane, below) {
  return AXES.map((axis) =>
    plane.sources[axis].map(({ first, last }) => {
      let paths = 0;
      for (let i = Math.max(first, 0); i <= last; i += 1) paths += below[axis][i] ?? 0;
      return paths;
    }),
  );
}

/**
 * All that is joined to one neuron, plane by plane: the number of paths along each axis. Down to
 * the pixels, or, from a pixel, up to the last map. A path through padding is none.
 *
 * @returns {({counts: number[][], ranges: ({first: number, last: number} | null)[],
 *   nominal?: {first: number, last: number}[]} | null)[]} `nominal` includes the padding
 */
function joined(layers, { planes }, inputSize, chosen, position) {
  const lit = planes.map(() => null);
  const put = (plane, counts, nominal) => {
    lit[plane] = { counts, ranges: counts.map(reach), nominal };
  };
  const start = AXES.map((axis) => new Array(planes[chosen].size[axis]).fill(0));
  for (const axis of AXES) start[axis][position[axis]] = 1;
  put(chosen, start);
  for (let plane = chosen; plane > 0; plane -= 1) {
    const counts = pathsBelow(planes[plane], lit[plane].counts, planes[plane - 1].size);
    const [from, to] = [planes[plane - 1].index, planes[chosen].index];
    const nominal = AXES.map((axis) =>
      sourceRange(layers, from, to, position[axis], position[axis], inputSize[axis], axis),
    );
    put(plane - 1, counts, nominal);
  }
  if (chosen > 0) return lit;
  for (let plane = 1; plane < planes.length; plane += 1) {
    put(plane, pathsAbove(planes[plane], lit[plane - 1].counts));
  }
  return lit;
}

/** The neuron that is chosen, within the maps that there are. */
function chosen({ model, network: { planes } }) {
  const layer = Math.min(model.get("layer"), planes.length - 1);
  const position = AXES.map((axis) =>
    clamp(model.get("position")[axis], 0, planes[layer].size[axis] - 1),
  );
  return { layer, position };
}

/** The neuron of another plane that lies where a given one does. */
function sameSpot(planes, { layer, position }, target) {
  const [from, to] = [planes[layer], planes[target]];
  const moved = AXES.map((axis) => {
    const middle = ({ start, size }) => start + (size - 1) / 2;
    const pixel = middle(from.fields[axis]) + position[axis] * from.fields[axis].jump;
    const at = Math.round((pixel - middle(to.fields[axis])) / to.fields[axis].jump);
    return clamp(at, 0, to.size[axis] - 1);
  });
  return { layer: target, position: moved };
}

/** The neuron in the middle of the last map. */
function middleOfLast(layers, inputSize) {
  const { planes } = build(layers, inputSize);
  const position = planes.at(-1).size.map((side) => Math.floor(side / 2));
  return { layer: shownLayers(layers).length, position };
}

// --- Drawing -----------------------------------------------------------------------------

const everything = (size) => size.map((side) => ({ first: 0, last: side - 1 }));

/** The image on the plane of the input, sheared as the plane is. */
function pictureOn(place, [rows, columns], href) {
  const [[x, y], [right, top], [left, bottom]] = [place.at(0, 0), place.at(0, 1), place.at(1, 0)];
  return svg("image", {
    href,
    width: columns,
    height: rows,
    preserveAspectRatio: "none",
    transform: `matrix(${[right - x, top - y, left - x, bottom - y, x, y].join(" ")})`,
  });
}

/** The cells of a plane that are lit, and the lines around and between them. */
function drawLit(place, part) {
  const { plane, number, found, isLit, isChosen, isInput, role, withPaths, cells } = part;
  const lit = svg("g", { class: "cx-lit", "data-role": role, "data-plane": number });
  for (const [shade, path] of cells) {
    const opacity = isChosen ? 1 : shade * (isInput && !withPaths ? 0.3 : 0.75);
    lit.append(svg("path", { d: path, "fill-opacity": opacity.toFixed(2) }));
  }
  const edges = svg("g", { class: "cx-lit", "data-role": role });
  if (!isLit) return { lit, edges };
  if (place.cell >= (isInput ? 10 : 3.5)) {
    lit.append(svg("path", { d: lines(place, found.ranges), class: "cx-lines" }));
  }
  edges.append(svg("path", { d: outline(corners(place, found.ranges)), class: "cx-edge" }));
  if (found.nominal?.some(({ first, last }, axis) => first < 0 || last >= plane.size[axis])) {
    edges.append(
      svg("path", { d: overhang(place, plane.size, found.nominal), class: "cx-dashed" }),
    );
  }
  return { lit, edges };
}

/** One plane with what is lit of it; `edges` go in front of the cone. */
function drawPlane(place, part, picture) {
  const { plane, isInput } = part;
  const whole = outline(corners(place, everything(plane.size)));
  const group = svg("g", { class: "cx-plane" });
  group.append(svg("path", { d: whole, class: "cx-sheet" }));
  if (isInput) {
    const holes = part.cells.map(([, path]) => path).join("");
    group.append(
      pictureOn(place, plane.size, picture),
      svg("path", { d: whole + holes, class: "cx-veil", "fill-rule": "evenodd" }),
    );
  }
  if (Math.max(...plane.size) <= 16) {
    group.append(svg("path", { d: lines(place, everything(plane.size)), class: "cx-lines" }));
  }
  const { lit, edges } = drawLit(place, part);
  const border = svg("path", {
    d: whole,
    class: "cx-border",
    "data-role": isInput ? "input" : null,
  });
  group.append(border, lit);
  return { group, edges };
}

/** The cone from what is lit of one plane up to what is lit of the next. */
function drawCone(low, high) {
  const cone = svg("g", { class: "cx-cone" });
  for (let i = 0; i < 4; i += 1) {
    const next = (i + 1) % 4;
    cone.append(svg("path", { d: outline([low[i], low[next], high[next], high[i]]) }));
  }
  return cone;
}

/** The number of a plane, and how many of its places are lit. */
function drawTexts(place, { plane, number, found, isLit, isChosen, isInput, role }) {
  const [tagX, tagY] = place.at(plane.size[0] / 2, 0);
  const name = svg(
    "text",
    { x: short(tagX - 8), y: short(tagY + 1), "text-anchor": "end" },
    isInput ? "input" : String(number),
  );
  if (isChosen) {
    name.classList.add("cx-chosen");
    name.dataset.role = role;
  }
  if (!isLit || isChosen) return [name];
  const [, , [x, y]] = corners(place, found.ranges);
  const attributes = { x: short(x + 6), y: short(y + 4), class: "cx-count", "data-role": role };
  return [name, svg("text", attributes, times(found.ranges.map(length)))];
}

/** Draw the planes from the input upward, and between them the cone. */
function draw({ model, network, layout, picture, stage }, lit, shown) {
  const { places, width, height } = layout;
  const drawing = svg("svg", { viewBox: `0 0 ${width} ${short(height)}`, "aria-hidden": "true" });
  const withPaths = model.get("paths");
  const texts = [];
  network.planes.forEach((plane, number) => {
    const [place, found] = [places[number], lit[number]];
    const [isInput, isChosen] = [number === 0, number === shown.layer];
    const isLit = Boolean(found?.ranges.every(Boolean));
    const seesIt = shown.layer === 0 && !isInput;
    const role = seesIt || (isChosen && !isInput) ? "output" : "input";
    const cells = isLit ? shaded(place, found.counts, withPaths) : [];
    const part = { plane, number, found, isLit, isChosen, isInput, role, withPaths, cells };
    const { group, edges } = drawPlane(place, part, picture);
    drawing.append(group);
    const above = lit[number + 1];
    // In front of this plane, and behind the next one.
    if (isLit && above?.ranges.every(Boolean)) {
      const ends = [corners(place, found.ranges), corners(places[number + 1], above.ranges)];
      drawing.append(drawCone(...ends));
    }
    drawing.append(edges);
    texts.push(...drawTexts(place, part));
  });
  drawing.append(...texts);
  reconcile(stage, [drawing]);
}

/** Make as many lines in the table as there are planes, the input below. */
function fillTable({ rows, network, chooseLayer }) {
  const count = network.planes.length;
  while (rows.children.length > count) rows.lastChild.remove();
  while (rows.children.length < count) {
    const name = create("button", { type: "button", class: "cx-layer-name" });
    const details = create("span", { class: "cx-note" });
    const cells = [0, 1, 2].map(() => create("td"));
    const line = create("tr", {}, create("th", { scope: "row" }, name, details), ...cells);
    name.addEventListener("click", () =>
      chooseLayer(rows.children.length - 1 - [...rows.children].indexOf(line)),
    );
    rows.append(line);
  }
}

/** The table: for each layer its map, the jump and the receptive field. */
function showTable(view, shown) {
  const { planes } = view.network;
  const pressed = chosen(view).layer;
  fillTable(view);
  planes.forEach((plane, number) => {
    const line = view.rows.children[planes.length - 1 - number];
    const [head, map, jump, field] = line.children;
    const [name, details] = head.children;
    line.classList.toggle("cx-chosen", number === shown.layer);
    line.dataset.role = number === 0 ? "input" : "output";
    name.setAttribute("aria-pressed", String(number === pressed));
    write(name, number === 0 ? "Input" : `${number} ${NAMES[plane.layer.type]}`);
    write(
      details,
      number === 0
        ? "pixels"
        : `${times(plane.window)}, stride ${single(plane.strides)}, ${plane.layer.padding}`,
    );
    write(map, times(plane.size));
    write(jump, single(plane.fields.map((axis) => axis.jump)));
    reconcile(field, [
      create("b", {}, fieldText(plane)),
      create("span", { class: "cx-note" }, number === 0 ? "the pixel" : growth(planes, number)),
    ]);
  });
}

/** Place the planes anew in the width that there is. */
function arrangePlanes(view) {
  const { root, network, room } = view;
  view.layout = { ...room, ...arrange(network.planes, room) };
  root.style.setProperty("--row", `${view.layout.spacing}px`);
  root.style.setProperty("--planes", network.planes.length);
}

// --- Controls ----------------------------------------------------------------------------

/** Menus of networks and images, and the size of the input. */
function makeMenus(view) {
  const { model, edit } = view;
  const preset = choice({
    label: "Network",
    options: [],
    onInput: (name) => {
      if (name === OWN) return;
      const { layers, input_size: side } = model.get("presets")[name];
      const size = [side, side];
      edit({ layers, input_size: size, ...middleOfLast(layers, size) });
    },
  });
  const images = choice({
    label: "Image",
    options: [],
    onInput: (name) => edit({ selected: name, image: null }),
  });
  const side = wholeBox(view, "Input size, pixels", [1, 256], (value) =>
    edit({ input_size: [value, value] }),
  );
  // Networks are the same if the same windows slide.
  const text = (layers) =>
    shownLayers(layers)
      .map((at) => [layers[at].type, windowOf(layers[at]), layers[at].strides, layers[at].padding])
      .join();
  const set = () => {
    const names = model.get("images").map(({ name }) => name);
    if (!names.includes(model.get("selected"))) names.push(model.get("selected"));
    images.fill(names);
    images.set(model.get("selected"));
    const presets = model.get("presets");
    const own = text(model.get("layers"));
    const known = Object.keys(presets).find((name) => text(presets[name].layers) === own);
    preset.fill([...Object.keys(presets), OWN]);
    preset.set(known ?? OWN);
    side.set(model.get("input_size")[0]);
  };
  return { element: controls(preset.element, images.element, side.element), set };
}

/** Kernel, stride and padding of the layer that is chosen. */
function makeSettings(view) {
  const { model, edit } = view;
  const change = (options) => {
    const { index } = view.network.planes[chosen(view).layer];
    const layers = model.get("layers");
    edit({
      layers: layers.map((layer, at) => (at === index ? { ...layer, ...options(layer) } : layer)),
    });
  };
  const kernel = slider({
    label: "Kernel size",
    min: 1,
    max: 11,
    onInput: (value) =>
      change((layer) => {
        if (!("poolSize" in layer)) return { kernelSize: value };
        const follows = String(layer.strides) === String(layer.poolSize);
        return { poolSize: value, ...(follows ? { strides: value } : {}) };
      }),
  });
  const stride = slider({
    label: "Stride",
    min: 1,
    max: 4,
    onInput: (value) => change(() => ({ strides: value })),
  });
  const padding = choice({
    label: "Padding",
    options: [],
    onInput: (value) =>
      change(() => ({ padding: Number.isNaN(Number(value)) ? value : Number(value) })),
  });
  const legend = create("legend");
  const parts = controls(kernel.element, stride.element, padding.element);
  const element = create("fieldset", { class: "cx-layer" }, legend, parts);
  const set = () => {
    const { layer } = chosen(view);
    const plane = view.network.planes[layer || 1];
    element.disabled = layer === 0;
    element.hidden = !plane;
    legend.textContent =
      layer === 0
        ? "Input: choose a layer above to change it"
        : `Layer ${layer}: ${NAMES[plane.layer.type]}`;
    if (!plane) return;
    kernel.input.max = Math.max(11, plane.window[0]);
    stride.input.max = Math.max(4, plane.strides[0]);
    const name = "poolSize" in plane.layer ? "Window size" : "Kernel size";
    write(kernel.element.firstChild, name);
    kernel.set(plane.window[0]);
    stride.set(plane.strides[0]);
    const own = plane.layer.padding;
    const isNamed = ["valid", "same"].includes(own);
    padding.fill(isNamed ? PADDINGS : [...PADDINGS, [String(own), `${sides(own)} zeros`]]);
    padding.set(own);
  };
  return { element, set };
}

/** Buttons that make the network longer or shorter. */
function makeButtons(view) {
  const { model, edit, chooseLayer } = view;
  const add = (layer) => {
    const layers = model.get("layers");
    const at = (shownLayers(layers).at(-1) ?? -1) + 1;
    const extended = [...layers.slice(0, at), layer, ...layers.slice(at)];
    edit({ layers: extended, ...middleOfLast(extended, model.get("input_size")) });
  };
  const addConvolution = button("Add a convolution", () => add(NEW.Conv2D));
  const addPooling = button("Add a pooling", () => add(NEW.MaxPooling2D));
  const remove = button("Remove the last layer", () => {
    const layers = model.get("layers");
    const last = shownLayers(layers).at(-1);
    if (chosen(view).layer === shownLayers(layers).length) chooseLayer(chosen(view).layer - 1);
    edit({ layers: layers.filter((_, at) => at !== last) });
  });
  const full = create(
    "span",
    { class: "cx-note", hidden: true },
    `${MOST_LAYERS} layers are the most that fit.`,
  );
  const parts = [addConvolution, addPooling, remove, full];
  const set = () => {
    const count = shownLayers(model.get("layers")).length;
    for (const more of [addConvolution, addPooling]) more.disabled = count >= MOST_LAYERS;
    remove.disabled = count === 0;
    full.hidden = count < MOST_LAYERS;
  };
  return { element: create("div", { class: "cx-buttons" }, ...parts), set };
}

/** The table of layers, empty; `rows` is its body. */
function makeTable(rows) {
  const names = ["Layer", "Map", "Jump", "Receptive field"];
  const head = create("tr", {}, ...names.map((text) => create("th", { scope: "col" }, text)));
  return create(
    "table",
    { class: "cx-layers" },
    create("caption", { class: "cx-hidden" }, "Layers, the last one at the top"),
    create("thead", {}, head),
    rows,
  );
}

// --- Events ------------------------------------------------------------------------------

/** The neuron that is drawn under a pointer, of the topmost plane there; null where none is. */
function under({ stage, layout, network }, event) {
  const box = stage.getBoundingClientRect();
  const [x, y] = [event.clientX - box.left, event.clientY - box.top].map(
    (distance) => (distance * layout.width) / box.width,
  );
  for (let layer = network.planes.length - 1; layer >= 0; layer -= 1) {
    const position = layout.places[layer].find(x, y).map(Math.floor);
    const { size } = network.planes[layer];
    if (position.every((at, axis) => at >= 0 && at < size[axis])) return { layer, position };
  }
  return null;
}

/** The mouse shows a neuron, a click or a finger chooses it. */
function listenToPointer(view) {
  const { stage, edit } = view;
  const hover = (found) => {
    const same = (one) => one && `${one.layer} ${one.position}`;
    if (same(found) === same(view.hovered)) return;
    view.hovered = found;
    point(view);
  };
  stage.addEventListener("pointerdown", (event) => {
    const found = under(view, event);
    if (found) edit(found);
  });
  stage.addEventListener("pointermove", (event) => {
    const found = under(view, event);
    if (event.buttons && found) edit(found);
    hover(event.pointerType === "mouse" ? found : null);
  });
  stage.addEventListener("pointerleave", () => hover(null));
}

/** Arrow keys choose a neuron, and others a layer. */
function listenToKeys(view) {
  view.stage.addEventListener("keydown", (event) => {
    const { layer, position } = chosen(view);
    const move = MOVES[event.key];
    const last = view.network.planes.length - 1;
    const layers = { PageUp: layer + 1, PageDown: layer - 1, Home: 0, End: last };
    view.hovered = null;
    if (move) {
      const { size } = view.network.planes[layer];
      const step = event.shiftKey ? 5 : 1;
      const to = AXES.map((axis) => clamp(position[axis] + step * move[axis], 0, size[axis] - 1));
      view.edit({ layer, position: to });
    } else if (event.key in layers) view.chooseLayer(layers[event.key]);
    else return;
    event.preventDefault();
  });
}

/** Show what is joined to the neuron under the mouse, or to the chosen one. */
function point(view) {
  const { model, network, hovered } = view;
  const shown = hovered && network.planes[hovered.layer] ? hovered : chosen(view);
  const [layers, size] = [model.get("layers"), model.get("input_size")];
  const lit = joined(layers, network, size, shown.layer, shown.position);
  draw(view, lit, shown);
  showTable(view, shown);
  view.settings.set();
  view.paths.set(model.get("paths"));
  view.say(describe(network, lit, shown.layer, shown.position));
}

/** Scale the image to the input, where it is another one or of another size. */
function showImage(view, image, [rows, columns]) {
  const from = [image, rows, columns];
  if (view.scaledFrom?.every((part, at) => part === from[at])) return;
  view.scaledFrom = from;
  view.picture = scaled(image, [rows, columns]);
}

/** Show what the traits say. */
function redraw(view) {
  const { model, problem } = view;
  const inputSize = model.get("input_size");
  view.hovered = null;
  view.network = build(model.get("layers"), inputSize);
  showImage(view, currentImage(model), inputSize);
  view.menus.set();
  view.buttons.set();
  problem.hidden = !view.network.problem;
  write(problem, view.network.problem ?? "");
  arrangePlanes(view);
  point(view);
}

/** Put the parts of the explorer into the page. */
function assemble(view, body) {
  view.rows = create("tbody");
  view.stage = create("div", {
    class: "cx-planes",
    tabindex: 0,
    role: "application",
    "aria-label":
      "Maps of the network above the input. Arrow keys choose a neuron, Page Up and Page Down a layer.",
  });
  view.problem = create("p", { class: "cx-problem", role: "alert", hidden: true });
  view.menus = makeMenus(view);
  view.settings = makeSettings(view);
  view.buttons = makeButtons(view);
  view.paths = toggle({
    label: "Shade by the number of paths to the neuron",
    onInput: (value) => view.edit({ paths: value }),
  });
  body.append(
    create("div", { class: "cx-network" }, view.stage, makeTable(view.rows)),
    create(
      "p",
      { class: "cx-note" },
      "Jump: the distance between neighboring neurons, in pixels of the input. From layer to layer, " +
        "the receptive field grows by (window − 1) · the jump below.",
    ),
    view.problem,
    view.menus.element,
    view.settings.element,
    view.buttons.element,
    view.paths.element,
  );
}

function render({ model, el }) {
  const edit = editor(model);
  const start = Object.fromEntries(TRAITS.map((name) => [name, model.get(name)]));
  const { root, body, say } = frame(el, {
    title: "Receptive field explorer",
    onReset: () => edit(start),
  });
  // `hovered` is a neuron under the mouse, shown until the mouse leaves.
  const view = { model, edit, root, say, network: { planes: [], problem: null }, hovered: null };
  view.room = { width: 340 }; // until it is laid out
  view.chooseLayer = (number) => {
    const { planes } = view.network;
    const at = chosen(view);
    const target = clamp(number, 0, planes.length - 1);
    edit(target === at.layer ? at : sameSpot(planes, at, target));
  };
  assemble(view, body);
  listenToPointer(view);
  listenToKeys(view);
  const redrawing = ["images", "selected", "image", "presets", "layers", "input_size"];
  const ends = [
    redrawOn(model, redrawing, () => redraw(view)),
    redrawOn(model, ["layer", "position", "paths"], () => point(view)),
  ];
  const observer = new ResizeObserver(() => {
    const width = view.stage.clientWidth;
    if (!width || width === view.room.width) return;
    // A style sheet may ask for a height, as a share of the explorer's width.
    const height = getComputedStyle(root).getPropertyValue("--tall") * body.clientWidth;
    view.room = { width, height, narrow: root.clientWidth < 560 };
    arrangePlanes(view);
    point(view);
  });
  observer.observe(view.stage);
  return () => {
    observer.disconnect();
    for (const end of ends) end();
  };
}

export default { render, settings: SETTINGS };
