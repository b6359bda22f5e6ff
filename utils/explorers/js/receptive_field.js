/**
 * The receptive field explorer: the maps of a network as planes above the image, and a cone
 * from one neuron down to the pixels that it sees, or from a pixel up to all that see it.
 */

import { receptiveField, sourceRange, windows } from "./sizes.js";
import { currentImage } from "./images.js";
import {
  button,
  choice,
  controls,
  create,
  editor,
  frame,
  numberBox,
  redrawOn,
  slider,
  toggle,
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

const OWN = "own network";
const MOST_LAYERS = 16;
const SLIDING = ["Conv2D", "MaxPooling2D", "AveragePooling2D"];
const POSITION_IS_LOST = ["Flatten", "GlobalAveragePooling2D"];
const NAMES = {
  Conv2D: "Convolution",
  MaxPooling2D: "Max pooling",
  AveragePooling2D: "Average pooling",
};
const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
const AXES = [0, 1]; // rows, columns

// ---------------------------------------------------------------- the network

const pair = (value) => (Array.isArray(value) ? value : [value, value]);
const times = (value) => pair(value).join(" × ");
const windowName = (layer) => (layer.type === "Conv2D" ? "kernelSize" : "poolSize");

/** Where in the list the layers stand that are shown: those that slide a window over a map. */
function shownLayers(layers) {
  const lost = layers.findIndex(({ type }) => POSITION_IS_LOST.includes(type));
  return [...layers.keys()].filter(
    (index) => (lost < 0 || index < lost) && SLIDING.includes(layers[index].type),
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
  let problem = null;
  for (const index of shownLayers(layers)) {
    const layer = layers[index];
    const below = planes.at(-1);
    const [window, strides, padding] = [layer[windowName(layer)], layer.strides, layer.padding].map(
      pair,
    );
    const placed = AXES.map((axis) =>
      windows(below.size[axis], window[axis], strides[axis], padding[axis]),
    );
    if (!placed.every(({ fits }) => fits)) {
      problem =
        `Layer ${planes.length} cannot be built: its window of ${times(window)} does not fit into a ` +
        `map of ${times(below.size)}. Take padding “same”, a smaller window, a larger input, or ` +
        "fewer layers.";
      break;
    }
    planes.push({
      layer,
      index,
      window,
      strides,
      size: placed.map(({ size }) => size),
      fields: AXES.map((axis) => receptiveField(layers, index, inputSize[axis], axis)),
      sources: AXES.map((axis) =>
        Array.from({ length: placed[axis].size }, (_, at) =>
          sourceRange(layers, below.index, index, at, at, inputSize[axis], axis),
        ),
      ),
    });
  }
  return { planes, problem };
}

/** The first and last place of a count that is not zero. */
function reach(counts) {
  const first = counts.findIndex((count) => count > 0);
  return first < 0 ? null : { first, last: counts.findLastIndex((count) => count > 0) };
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
  const empty = (plane) => AXES.map((axis) => new Array(planes[plane].size[axis]).fill(0));
  const start = empty(chosen);
  for (const axis of AXES) start[axis][position[axis]] = 1;
  put(chosen, start);
  for (let plane = chosen; plane > 0; plane -= 1) {
    const counts = empty(plane - 1);
    for (const axis of AXES) {
      lit[plane].counts[axis].forEach((paths, at) => {
        if (paths === 0) return;
        const { first, last } = planes[plane].sources[axis][at];
        for (let i = Math.max(first, 0); i <= Math.min(last, counts[axis].length - 1); i += 1) {
          counts[axis][i] += paths;
        }
      });
    }
    const nominal = AXES.map((axis) => {
      const [from, to] = [planes[plane - 1].index, planes[chosen].index];
      return sourceRange(layers, from, to, position[axis], position[axis], inputSize[axis], axis);
    });
    put(plane - 1, counts, nominal);
  }
  if (chosen > 0) return lit;
  for (let plane = 1; plane < planes.length; plane += 1) {
    const below = lit[plane - 1].counts;
    put(
      plane,
      AXES.map((axis) =>
        planes[plane].sources[axis].map(({ first, last }) => {
          let paths = 0;
          for (let i = Math.max(first, 0); i <= last; i += 1) paths += below[axis][i] ?? 0;
          return paths;
        }),
      ),
    );
  }
  return lit;
}

// ---------------------------------------------------------------- words

const span = (noun, { first, last }) =>
  first === last ? `${noun} ${first}` : `${noun}s ${first} … ${last}`;
const length = ({ first, last }) => last - first + 1;

/** How the field of a plane grows out of that of the plane below, with its numbers. */
function growth(planes, plane, axis = 0) {
  const below = planes[plane - 1].fields[axis];
  return `${below.size} + (${planes[plane].window[axis]} − 1) · ${below.jump}`;
}

const fieldText = ({ fields }) => times(fields.map(({ size }) => size));

/** What the picture says, in words. */
function describe({ planes }, lit, chosen, position) {
  const pixels = times(planes[0].size);
  const place = `at row ${position[0]}, column ${position[1]}`;
  if (chosen === 0) {
    const seen = lit.slice(1).map(({ ranges }, at) => {
      const number = ranges.every(Boolean) ? times(ranges.map(length)) : "none";
      return `${number} of layer ${at + 1}`;
    });
    return `The pixel ${place} of the input is seen by these neurons: ${seen.join(", ") || "none yet"}.`;
  }
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

// ---------------------------------------------------------------- the explorer

function render({ model, el }) {
  const edit = editor(model);
  const start = Object.fromEntries(
    ["selected", "image", "layers", "input_size", "layer", "position", "paths"].map((name) => [
      name,
      model.get(name),
    ]),
  );
  const { body, say } = frame(el, {
    title: "Receptive field explorer",
    onReset: () => edit(start),
  });

  let network = { planes: [], problem: null };
  let layout = null;
  let picture = "";
  let hovered = null; // a neuron under the mouse, shown until the mouse leaves

  const stage = create("div", {
    class: "cx-planes",
    tabindex: 0,
    role: "application",
    "aria-label":
      "Maps of the network above the input. Arrow keys choose a neuron, Page Up and Page Down a layer.",
  });
  const rows = create("tbody");
  const table = create(
    "table",
    { class: "cx-layers" },
    create("caption", { class: "cx-hidden" }, "Layers, the last one at the top"),
    create(
      "thead",
      {},
      create(
        "tr",
        {},
        ...["Layer", "Map", "Jump", "Receptive field"].map((text) =>
          create("th", { scope: "col" }, text),
        ),
      ),
    ),
    rows,
  );

  /** The neuron that is chosen, within the maps that there are. */
  function chosen() {
    const layer = Math.min(model.get("layer"), network.planes.length - 1);
    const position = AXES.map((axis) =>
      clamp(model.get("position")[axis], 0, network.planes[layer].size[axis] - 1),
    );
    return { layer, position };
  }

  /** Choose the neuron of another plane that lies where the chosen one does. */
  function chooseLayer(number) {
    const { layer, position } = chosen();
    const target = clamp(number, 0, network.planes.length - 1);
    if (target === layer) return edit({ layer, position });
    const [from, to] = [network.planes[layer], network.planes[target]];
    const moved = AXES.map((axis) => {
      const middle = ({ start: first, size }) => first + (size - 1) / 2;
      const pixel = middle(from.fields[axis]) + position[axis] * from.fields[axis].jump;
      const at = Math.round((pixel - middle(to.fields[axis])) / to.fields[axis].jump);
      return clamp(at, 0, to.size[axis] - 1);
    });
    return edit({ layer: target, position: moved });
  }

  // Pointing.
  function under(event) {
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
  const hover = (found) => {
    const same = (one) => one && `${one.layer} ${one.position}`;
    if (same(found) === same(hovered)) return;
    hovered = found;
    point();
  };
  stage.addEventListener("pointerdown", (event) => {
    const found = under(event);
    if (found) edit(found);
  });
  stage.addEventListener("pointermove", (event) => {
    const found = under(event);
    if (event.buttons && found) edit(found);
    hover(event.pointerType === "mouse" ? found : null);
  });
  stage.addEventListener("pointerleave", () => hover(null));
  stage.addEventListener("keydown", (event) => {
    const { layer, position } = chosen();
    const move = MOVES[event.key];
    const step = event.shiftKey ? 5 : 1;
    hovered = null;
    if (move) {
      const { size } = network.planes[layer];
      edit({
        layer,
        position: AXES.map((axis) => clamp(position[axis] + step * move[axis], 0, size[axis] - 1)),
      });
    } else if (event.key === "PageUp") chooseLayer(layer + 1);
    else if (event.key === "PageDown") chooseLayer(layer - 1);
    else if (event.key === "Home") chooseLayer(0);
    else if (event.key === "End") chooseLayer(network.planes.length - 1);
    else return;
    event.preventDefault();
  });

  // Controls.
  const preset = choice({
    label: "Network",
    options: [],
    onInput: (name) => {
      if (name === OWN) return;
      const { layers, input_size: side } = model.get("presets")[name];
      const last = layers.length;
      edit({ layers, input_size: [side, side], layer: last });
      const { size } = build(layers, [side, side]).planes.at(-1);
      edit({ position: size.map((length) => Math.floor(length / 2)) });
    },
  });
  const images = choice({
    label: "Image",
    options: [],
    onInput: (name) => edit({ selected: name, image: null }),
  });
  const side = numberBox({
    label: "Input size, pixels",
    min: 1,
    max: 256,
    step: 1,
    onInput: (value) => edit({ input_size: [value, value] }),
  });
  const change = (options) => {
    const { index } = network.planes[chosen().layer];
    edit({
      layers: model
        .get("layers")
        .map((layer, at) => (at === index ? { ...layer, ...options(layer) } : layer)),
    });
  };
  const kernel = slider({
    label: "Kernel size",
    min: 1,
    max: 11,
    onInput: (value) =>
      change((layer) => {
        const pools = layer.type !== "Conv2D";
        const follows = pools && String(layer.strides) === String(layer.poolSize);
        return { [windowName(layer)]: value, ...(follows ? { strides: value } : {}) };
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
  const settings = create(
    "fieldset",
    { class: "cx-layer" },
    legend,
    controls(kernel.element, stride.element, padding.element),
  );
  const add = (layer) => {
    const layers = model.get("layers");
    const at = (shownLayers(layers).at(-1) ?? -1) + 1;
    const extended = [...layers.slice(0, at), layer, ...layers.slice(at)];
    const { planes } = build(extended, model.get("input_size"));
    const { size } = planes.at(-1);
    edit({ layers: extended, layer: shownLayers(extended).length });
    edit({ position: size.map((length) => Math.floor(length / 2)) });
  };
  const addConvolution = button("Add a convolution", () =>
    add({
      type: "Conv2D",
      filters: 32,
      kernelSize: 3,
      strides: 1,
      padding: "same",
      activation: "relu",
      useBias: true,
    }),
  );
  const addPooling = button("Add a pooling", () =>
    add({ type: "MaxPooling2D", poolSize: 2, strides: 2, padding: "valid" }),
  );
  const remove = button("Remove the last layer", () => {
    const layers = model.get("layers");
    const last = shownLayers(layers).at(-1);
    if (chosen().layer === shownLayers(layers).length) chooseLayer(chosen().layer - 1);
    edit({ layers: layers.filter((_, at) => at !== last) });
  });
  const paths = toggle({
    label: "Shade by the number of paths to the neuron",
    onInput: (value) => edit({ paths: value }),
  });
  const problem = create("p", { class: "cx-problem", role: "alert", hidden: true });

  function showControls() {
    const { layer } = chosen();
    const plane = network.planes[layer || 1];
    settings.disabled = layer === 0;
    settings.hidden = !plane;
    legend.textContent =
      layer === 0
        ? "Input: choose a layer above to change it"
        : `Layer ${layer}: ${NAMES[plane.layer.type]}`;
    if (!plane) return;
    kernel.input.max = Math.max(11, plane.window[0]);
    stride.input.max = Math.max(4, plane.strides[0]);
    kernel.element.firstChild.textContent =
      plane.layer.type === "Conv2D" ? "Kernel size" : "Window size";
    kernel.set(plane.window[0]);
    stride.set(plane.strides[0]);
    const own = plane.layer.padding;
    const listed = [
      ["valid", "valid: none"],
      ["same", "same, as in Keras"],
    ];
    if (!["valid", "same"].includes(own)) listed.push([String(own), `${times(own)} zeros`]);
    padding.fill(listed);
    padding.set(own);
  }

  function showTable(shown) {
    const chosenLayer = chosen().layer;
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
    network.planes.forEach((plane, number) => {
      const line = rows.children[count - 1 - number];
      const [head, map, jump, field] = line.children;
      const [name, details] = head.children;
      line.classList.toggle("cx-chosen", number === shown.layer);
      line.dataset.role = number === 0 ? "input" : "output";
      name.setAttribute("aria-pressed", String(number === chosenLayer));
      name.textContent = number === 0 ? "Input" : `${number} ${NAMES[plane.layer.type]}`;
      details.textContent =
        number === 0
          ? "pixels"
          : `${times(plane.window)}, stride ${
              plane.strides[0] === plane.strides[1] ? plane.strides[0] : times(plane.strides)
            }, ${plane.layer.padding}`;
      map.textContent = times(plane.size);
      const jumps = plane.fields.map((axis) => axis.jump);
      jump.textContent = jumps[0] === jumps[1] ? jumps[0] : times(jumps);
      field.replaceChildren(
        create("b", {}, fieldText(plane)),
        create(
          "span",
          { class: "cx-note" },
          number === 0 ? "the pixel" : growth(network.planes, number),
        ),
      );
    });
  }

  /** Draw the planes from the input upward, and between them the cone. */
  function draw(lit, shown) {
    const { places, width, height } = layout;
    const drawing = svg("svg", { viewBox: `0 0 ${width} ${short(height)}`, "aria-hidden": "true" });
    const everything = (size) => size.map((side) => ({ first: 0, last: side - 1 }));
    const texts = [];
    network.planes.forEach((plane, number) => {
      const place = places[number];
      const whole = outline(corners(place, everything(plane.size)));
      const group = svg("g", { class: "cx-plane" });
      const isInput = number === 0;
      group.append(svg("path", { d: whole, class: "cx-sheet" }));
      if (isInput) {
        const [[x, y], [right, top], [left, bottom]] = [
          place.at(0, 0),
          place.at(0, 1),
          place.at(1, 0),
        ];
        const matrix = [right - x, top - y, left - x, bottom - y, x, y].join(" ");
        const [high, wide] = plane.size;
        group.append(
          svg("image", {
            href: picture,
            width: wide,
            height: high,
            preserveAspectRatio: "none",
            transform: `matrix(${matrix})`,
          }),
        );
      }
      const found = lit[number];
      const isLit = found?.ranges.every(Boolean);
      const isChosen = number === shown.layer;
      const seesIt = shown.layer === 0 && !isInput;
      const role = seesIt || (isChosen && !isInput) ? "output" : "input";
      const cells = isLit ? shaded(place, found.counts, model.get("paths")) : [];
      if (isInput) {
        const holes = cells.map(([, path]) => path).join("");
        group.append(svg("path", { d: whole + holes, class: "cx-veil", "fill-rule": "evenodd" }));
      }
      if (Math.max(...plane.size) <= 16) {
        group.append(svg("path", { d: lines(place, everything(plane.size)), class: "cx-lines" }));
      }
      const lighted = svg("g", { class: "cx-lit", "data-role": role, "data-plane": number });
      for (const [shade, path] of cells) {
        const opacity = isChosen ? 1 : shade * (isInput && !model.get("paths") ? 0.3 : 0.75);
        lighted.append(svg("path", { d: path, "fill-opacity": opacity.toFixed(2) }));
      }
      const edges = svg("g", { class: "cx-lit", "data-role": role });
      if (isLit) {
        if (place.cell >= (isInput ? 10 : 3.5)) {
          lighted.append(svg("path", { d: lines(place, found.ranges), class: "cx-lines" }));
        }
        edges.append(svg("path", { d: outline(corners(place, found.ranges)), class: "cx-edge" }));
        if (found.nominal?.some(({ first, last }, axis) => first < 0 || last >= plane.size[axis])) {
          edges.append(
            svg("path", { d: overhang(place, plane.size, found.nominal), class: "cx-dashed" }),
          );
        }
      }
      group.append(
        svg("path", { d: whole, class: "cx-border", "data-role": isInput ? "input" : null }),
        lighted,
      );
      drawing.append(group);

      // The cone from this plane up to the next, in front of this plane and behind that one.
      const above = lit[number + 1];
      if (isLit && above?.ranges.every(Boolean)) {
        const [low, high] = [
          corners(place, found.ranges),
          corners(places[number + 1], above.ranges),
        ];
        const cone = svg("g", { class: "cx-cone" });
        for (let i = 0; i < 4; i += 1) {
          const next = (i + 1) % 4;
          cone.append(svg("path", { d: outline([low[i], low[next], high[next], high[i]]) }));
        }
        drawing.append(cone);
      }
      drawing.append(edges);

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
      texts.push(name);
      if (isLit && !isChosen) {
        const [, , [x, y]] = corners(place, found.ranges);
        const size = times(found.ranges.map(length));
        texts.push(
          svg(
            "text",
            { x: short(x + 6), y: short(y + 4), class: "cx-count", "data-role": role },
            size,
          ),
        );
      }
    });
    drawing.append(...texts);
    stage.replaceChildren(drawing);
  }

  /** Show what is joined to the neuron under the mouse, or to the chosen one. */
  function point() {
    const shown = hovered && network.planes[hovered.layer] ? hovered : chosen();
    const lit = joined(
      model.get("layers"),
      network,
      model.get("input_size"),
      shown.layer,
      shown.position,
    );
    draw(lit, shown);
    showTable(shown);
    showControls();
    say(describe(network, lit, shown.layer, shown.position));
  }

  function arrangePlanes() {
    const width = Math.round(stage.clientWidth) || 340;
    const narrow = el.firstChild.clientWidth < 560;
    layout = { width, ...arrange(network.planes, width, narrow) };
    el.firstChild.style.setProperty("--row", `${layout.spacing}px`);
  }

  function redraw() {
    hovered = null;
    const layers = model.get("layers");
    const inputSize = model.get("input_size");
    network = build(layers, inputSize);
    picture = scaled(currentImage(model), inputSize);

    const names = model.get("images").map(({ name }) => name);
    if (!names.includes(model.get("selected"))) names.push(model.get("selected"));
    images.fill(names);
    images.set(model.get("selected"));
    const presets = model.get("presets");
    const text = (list) =>
      shownLayers(list)
        .map((at) => [
          list[at].type,
          list[at][windowName(list[at])],
          list[at].strides,
          list[at].padding,
        ])
        .join();
    const known = Object.keys(presets).find((name) => text(presets[name].layers) === text(layers));
    preset.fill([...Object.keys(presets), OWN]);
    preset.set(known ?? OWN);
    side.set(inputSize[0]);
    paths.set(model.get("paths"));
    const count = shownLayers(layers).length;
    for (const more of [addConvolution, addPooling]) more.disabled = count >= MOST_LAYERS;
    remove.disabled = count === 0;
    full.hidden = count < MOST_LAYERS;
    problem.hidden = !network.problem;
    problem.textContent = network.problem ?? "";
    arrangePlanes();
    point();
  }

  const full = create(
    "span",
    { class: "cx-note", hidden: true },
    `${MOST_LAYERS} layers are the most that fit.`,
  );
  body.append(
    create("div", { class: "cx-network" }, stage, table),
    create(
      "p",
      { class: "cx-note" },
      "Jump: the distance between neighboring neurons, in pixels of the input. From layer to layer, " +
        "the receptive field grows by (window − 1) · the jump below.",
    ),
    problem,
    controls(preset.element, images.element, side.element),
    settings,
    create("div", { class: "cx-buttons" }, addConvolution, addPooling, remove, full),
    paths.element,
  );
  const ends = [
    redrawOn(model, ["images", "selected", "image", "presets", "layers", "input_size"], redraw),
    redrawOn(model, ["layer", "position", "paths"], point),
  ];
  let width = 0;
  const observer = new ResizeObserver(() => {
    if (stage.clientWidth === width || stage.clientWidth === 0) return;
    width = stage.clientWidth;
    arrangePlanes();
    point();
  });
  observer.observe(stage);
  return () => {
    observer.disconnect();
    for (const end of ends) end();
  };
}

export default { render };
