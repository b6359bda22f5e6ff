/**
 * What the explorers share on the page: controls, pictures, grids of numbers, and the
 * line that says the result in words. No computing: that is in engine.js.
 *
 * Colors mean the same everywhere. Outlines: input teal, kernel violet, output amber.
 * Fills: negative blue, zero white, positive red.
 */

import { readNumber } from "./numbers.js";

/** An element with properties, event listeners (`onclick`, …) and children. */
export function create(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) {
      element.setAttribute(name, value);
    }
  }
  element.append(...children);
  return element;
}

/**
 * Give an element these children by changing the ones that it has: what stays as it is, the
 * browser neither styles nor lays out again. Nothing listens to the children.
 */
export function reconcile(parent, children) {
  const there = [...parent.childNodes];
  children.forEach((child, at) => {
    const old = there[at];
    if (!old) parent.append(child);
    else if (old.nodeName !== child.nodeName) old.replaceWith(child);
    else if (old.nodeType === Node.TEXT_NODE) {
      if (old.data !== child.data) old.data = child.data;
    } else {
      for (const { name, value } of child.attributes) {
        if (old.getAttribute(name) !== value) old.setAttribute(name, value);
      }
      for (const name of old.getAttributeNames()) {
        if (!child.hasAttribute(name)) old.removeAttribute(name);
      }
      reconcile(old, [...child.childNodes]);
    }
  });
  for (const old of there.slice(children.length)) old.remove();
}

let created = 0;

/** An id that no other element of this document has. */
export function uniqueId(stem) {
  created += 1;
  return `cx-${stem}-${created}-${Math.random().toString(36).slice(2, 7)}`;
}

/** A number with commas between thousands; to make an `Intl.NumberFormat` takes 20 ms. */
function grouped(value) {
  const [whole, fraction] = String(Number(value.toFixed(6))).split(".");
  const thousands = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return fraction ? `${thousands}.${fraction}` : thousands;
}

/** A number for people: a true minus sign, and no more digits than tell something. */
export function format(value, digits = 3) {
  if (value === null || Number.isNaN(value)) return "–";
  const rounded = Number.isInteger(value) ? value : Number(value.toPrecision(digits));
  if (Object.is(rounded, -0)) return "0";
  // Small whole numbers are the most, and take a tenth of the time this way.
  if (Number.isInteger(rounded) && Math.abs(rounded) < 1000) {
    return rounded < 0 ? `−${-rounded}` : String(rounded);
  }
  const text = Math.abs(rounded) < 1e15 ? grouped(rounded) : rounded.toExponential(2);
  return text.replace("-", "−");
}

/**
 * The size formula with its numbers, along one axis: "rows ⌊(28 + 2·1 − 3) / 1⌋ + 1 = 28".
 * @param {"valid" | "same" | number} padding
 */
export function sizeFormula(name, size, { window, stride, padding }, result) {
  if (padding === "same") return `${name} ⌈${size} / ${stride}⌉ = ${result}`;
  const zeros = typeof padding === "number" ? ` + 2·${padding}` : "";
  return `${name} ⌊(${size}${zeros} − ${window}) / ${stride}⌋ + 1 = ${result}`;
}

/** "1 filter", "2 filters". */
export const plural = (count, noun) => `${format(count)} ${noun}${count === 1 ? "" : "s"}`;

/** A list with another value at one place. */
export const replaced = (list, index, value) => list.map((old, i) => (i === index ? value : old));

// ---------------------------------------------------------------- the frame

/**
 * The explorer's outer form: title, reset button, body, and a status line that screen
 * readers announce once the reader pauses.
 *
 * @param {HTMLElement} el where the explorer lives
 * @param {{title: string, onReset?: () => void}} options
 * @returns {{root: HTMLElement, body: HTMLElement, say: (text: string, spoken?: string) => void}}
 *   `say` shows a text and has it announced, or other words in its place
 */
export function frame(el, { title, onReset = null }) {
  const heading = create("p", { class: "cx-title", id: uniqueId("title") }, title);
  const header = create("div", { class: "cx-header" }, heading);
  if (onReset) header.append(button("Reset", onReset));
  const body = create("div", { class: "cx-body" });
  const status = create("p", { class: "cx-status" });
  const announced = create("p", { class: "cx-hidden", role: "status", "aria-live": "polite" });
  const root = create(
    "div",
    { class: "cnn-explorer", role: "group", "aria-labelledby": heading.id },
    header,
    body,
    status,
    announced,
  );
  // Notebook editors take arrow keys and letters for themselves.
  root.addEventListener("keydown", (event) => event.stopPropagation());
  el.replaceChildren(root);

  let timer = 0;
  let said = null; // what is shown and what is spoken
  const say = (text, spoken = text) => {
    if (said === text + spoken) return;
    clearTimeout(timer);
    // A page that opens says nothing: what is there can be read.
    if (said !== null) {
      timer = setTimeout(() => {
        announced.textContent = spoken;
      }, 600);
    }
    said = text + spoken;
    status.textContent = text;
  };
  return { root, body, say };
}

/** Elements in a row that wraps. */
export function row(...children) {
  return create("div", { class: "cx-row" }, ...children);
}

/** A grid of controls, aligned in columns. */
export function controls(...children) {
  return create("div", { class: "cx-controls" }, ...children);
}

// ---------------------------------------------------------------- controls

/** A button with words on it. */
export function button(text, onclick) {
  return create("button", { type: "button", class: "cx-button", onclick }, text);
}

/** A control under its label. */
function labeled(label, input, content = input) {
  input.id = uniqueId("control");
  const words = create("label", { class: "cx-label", for: input.id }, label);
  return create("div", { class: "cx-control" }, words, content);
}

/**
 * A slider with its value beside it. What Python sets may lie beyond its ends or between its
 * steps: it is shown as it is.
 * @returns {{element: HTMLElement, input: HTMLInputElement, set: (value: number) => void}}
 */
export function slider({ label, min, max, step = 1, onInput, text = format }) {
  // The slider itself tells its value to screen readers.
  const output = create("output", { class: "cx-value", "aria-hidden": "true" });
  const input = create("input", { type: "range", min, max, step });
  const show = () => {
    output.textContent = text(Number(input.value));
    input.setAttribute("aria-valuetext", output.textContent);
  };
  input.addEventListener("input", () => {
    show();
    onInput(Number(input.value));
  });
  const set = (value) => {
    const steps = (value - min) / step;
    const reach = {
      min: Math.min(min, value),
      max: Math.max(max, value),
      step: Math.abs(steps - Math.round(steps)) < 1e-6 ? step : "any",
      value,
    };
    for (const [name, wanted] of Object.entries(reach)) {
      if (input[name] !== String(wanted)) input[name] = wanted;
    }
    show();
  };
  const both = create("span", { class: "cx-slide" }, input, output);
  return { element: labeled(label, input, both), input, set };
}

/**
 * A list to choose from.
 * @param {{label: string, options: (string | [string, string])[], onInput: (value: string) => void}} spec
 *   each option a value, or a value and its text
 */
export function choice({ label, options, onInput }) {
  const select = create("select", { onchange: () => onInput(select.value) });
  let filled = "";
  const fill = (list) => {
    if (filled === String(list)) return;
    filled = String(list);
    const chosen = select.value;
    select.replaceChildren(
      ...list.map((option) => {
        const [value, text] = Array.isArray(option) ? option : [option, option];
        return create("option", { value }, text);
      }),
    );
    select.value = chosen;
  };
  fill(options);
  const set = (value) => {
    select.value = String(value);
  };
  return { element: labeled(label, select), input: select, set, fill };
}

/** A box to tick. */
export function toggle({ label, onInput }) {
  const input = create("input", { type: "checkbox", onchange: () => onInput(input.checked) });
  const element = create(
    "label",
    { class: "cx-control cx-toggle" },
    input,
    create("span", {}, label),
  );
  const set = (value) => {
    input.checked = value;
  };
  return { element, input, set };
}

/** A box for a whole number. `onInput` gets those that are possible only. */
export function numberBox({ label, min = null, max = null, onInput }) {
  const input = create("input", { type: "number", min, max, step: 1 });
  input.addEventListener("input", () => {
    if (input.value !== "" && input.checkValidity()) onInput(Number(input.value));
  });
  const set = (value) => {
    if (document.activeElement !== input || Number(input.value) !== value) input.value = value;
  };
  return { element: labeled(label, input), input, set };
}

/**
 * A box for a number above `above`, as people write it: 0.5 or 0,5 or 1e-3. (A box of the type
 * "number" would read 0,5 as 5.) It says what is no such number, and forgets it.
 */
export function decimalBox({ label, above, onInput }) {
  let kept = null;
  const input = create("input", { type: "text", inputmode: "decimal", autocomplete: "off" });
  const reason = create("span", { class: "cx-note", role: "status" });
  const judge = (isRefused) => {
    const words = `Write a number above ${above}. It stays ${kept}.`;
    reason.textContent = isRefused ? words : "";
    input.setAttribute("aria-invalid", isRefused);
  };
  input.addEventListener("input", () => {
    const value = readNumber(input.value);
    const fits = value !== null && value > above;
    judge(!fits && !isBegun(input.value));
    if (!fits) return;
    kept = value;
    onInput(value);
  });
  input.addEventListener("blur", () => {
    input.value = kept;
    judge(false);
  });
  const set = (value) => {
    kept = value;
    if (document.activeElement !== input || readNumber(input.value) !== value) input.value = value;
  };
  const content = create("span", {}, input, reason);
  return { element: labeled(label, input, content), input, set };
}

/**
 * A box for a whole number that says what is possible, and forgets what is not.
 * @param {{say: (text: string) => void}} place  where it is said
 * @param {string} label
 * @param {[number, number]} range  the least and the largest number
 * @param {(value: number) => void} onInput
 */
export function wholeBox({ say }, label, [least, most], onInput) {
  let kept = least; // a number, or a list that Python has set
  let largest = most;
  const words = () => [kept].flat(2).join(" × ");
  const box = numberBox({ label, min: least, max: largest, onInput });
  /** Show a value; the largest that is possible may have changed with it. */
  const set = (value, limit = largest) => {
    kept = value;
    largest = limit;
    box.input.max = limit;
    if (typeof value === "number") return box.set(value);
    box.input.value = "";
    box.input.placeholder = words();
  };
  box.input.addEventListener("input", () => {
    if (!box.input.checkValidity() || box.input.value === "") {
      say(
        `${label}: a whole number from ${least} to ${format(largest)} is possible. ` +
          `It stays ${words()}.`,
      );
    }
  });
  box.input.addEventListener("blur", () => set(kept));
  return { ...box, set };
}

// ---------------------------------------------------------------- colors

const NEGATIVE = [33, 102, 172];
const POSITIVE = [178, 24, 43];

/** Red, green and blue of a signed value between −1 and 1: blue, white, red. */
export function mixed(value) {
  const strength = Math.min(1, Math.abs(value));
  const end = value < 0 ? NEGATIVE : POSITIVE;
  return end.map((part) => Math.round(255 + (part - 255) * strength));
}

/** Black or white, whichever is legible on a color: a contrast of at least 4.5 : 1. */
function inkOn(color) {
  const [red, green, blue] = color.map((part) =>
    part <= 10 ? part / 3294 : ((part / 255 + 0.055) / 1.055) ** 2.4,
  );
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? "#000" : "#fff";
}

/** The fill of a cell that holds `value`, and the ink that is legible on it. */
export function signedColor(value, limit) {
  const fill = mixed(limit > 0 ? value / limit : 0);
  return { background: `rgb(${fill.join(" ")})`, color: inkOn(fill) };
}

/** The fill of a cell that holds a gray value of 0 … 255, and its ink. */
export function grayColor(value) {
  const level = Math.max(0, Math.min(255, Math.round(value)));
  return { background: `rgb(${level} ${level} ${level})`, color: inkOn([level, level, level]) };
}

/** Pack a color as ImageData holds it, whichever way round this machine stores bytes. */
function packed([red, green, blue]) {
  return new Uint32Array(new Uint8ClampedArray([red, green, blue, 255]).buffer)[0];
}
/** The colors of gray levels 0 … 255, as canvases hold them. */
export const GRAYS = Uint32Array.from({ length: 256 }, (_, level) => packed([level, level, level]));
/** The colors of −255 … 255: blue, white, red. */
export const SIGNED = Uint32Array.from({ length: 511 }, (_, index) => packed(mixed((index - 255) / 255)));

/** The strip that says which color is which value. */
export function legend() {
  const low = create("span");
  const high = create("span");
  const element = create(
    "div",
    { class: "cx-legend" },
    low,
    create("span", {
      class: "cx-ramp",
      role: "img",
      "aria-label": "blue is negative, white is zero, red is positive",
    }),
    high,
  );
  const set = (limit) => {
    write(low, format(-limit));
    write(high, format(limit));
  };
  return { element, set };
}

// ---------------------------------------------------------------- pictures

export const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

// A canvas may hold so many times more values than are shown: a stride of 4 leaves a sixteenth.
const ROOM = 20;

/**
 * A map of numbers, drawn one canvas pixel a value and scaled without blur, with marks on
 * it. Mouse, touch and arrow keys point at a value.
 */
export class Picture {
  /**
   * @param {object} options
   * @param {string} options.label what it shows
   * @param {"input" | "kernel" | "output"} options.role gives the color of its outline
   * @param {string} [options.hint] what the keys do, for screen readers
   * @param {(row: number, column: number) => void} [options.onPoint]
   * @param {(row: number, column: number, erase: boolean) => void} [options.onPaint] makes it
   *   a drawing pad while `paintable` is true
   */
  constructor({
    label,
    role,
    hint = "Arrow keys choose a pixel.",
    onPoint = null,
    onPaint = null,
  }) {
    this.rows = this.columns = this.before = 0;
    this.onPoint = onPoint;
    this.onPaint = onPaint;
    this.paintable = false;
    this.at = { row: 0, column: 0 };
    this.marks = new Map();
    this.canvas = create("canvas", { "aria-hidden": "true", width: 1, height: 1 });
    this.context = this.canvas.getContext("2d");
    this.plane = create("div", { class: "cx-plane" }, this.canvas);
    this.size = create("span", { class: "cx-size" });
    this.name = create("span", { class: "cx-name" }, label);
    const interactive = onPoint || onPaint;
    this.stage = create(
      "div",
      interactive
        ? { class: "cx-stage", tabindex: 0, role: "application", "aria-label": `${label}. ${hint}` }
        : { class: "cx-stage", role: "img", "aria-label": label },
      this.plane,
    );
    this.element = create(
      "figure",
      { class: "cx-picture", "data-role": role },
      create("figcaption", {}, this.name, this.size),
      this.stage,
    );
    if (interactive) this.listen();
    // Asked for in a redraw, the width would make the browser lay the page out at once.
    this.stageWidth = 320;
    new ResizeObserver(([{ contentRect }]) => {
      this.stageWidth = contentRect.width || 320;
    }).observe(this.stage);
  }

  /** Name it anew, for eyes and ears. */
  rename(label, hint) {
    if (this.called === label + hint) return;
    this.called = label + hint;
    this.name.textContent = label;
    this.stage.setAttribute("aria-label", `${label}. ${hint}`);
  }

  /**
   * Draw a tensor of one channel (gray 0 … 255, or signed) or three (red, green, blue).
   *
   * @param {{shape: number[], data: ArrayLike<number>}} map
   * @param {{limit?: number, before?: [number, number], after?: [number, number],
   *   opacity?: Uint8Array}} options
   *   `limit` colors signed values between −limit and limit; `before` and `after` are the
   *   rows and columns of zero padding, drawn as a hatched border; `opacity`, 0 … 255 for
   *   each value, lets the hatched ground show through.
   */
  show(map, { limit = null, before = [0, 0], after = [0, 0], opacity = null } = {}) {
    const [rows, columns, channels = 1] = map.shape;
    Object.assign(this, { rows, columns, before });
    this.height = rows + before[0] + after[0];
    this.width = columns + before[1] + after[1];
    this.fit(rows, columns);
    this.place(this.plane, 0, 0, rows, columns);
    const ratio = `${this.width} / ${this.height}`;
    if (this.ratio !== ratio) this.stage.style.aspectRatio = this.ratio = ratio;
    // What is there already is not drawn again: a tensor is never changed once it is made.
    const last = this.drawn;
    const isSame = last?.map === map && last.limit === limit && last.opacity === opacity;
    this.drawn = { map, limit, opacity };
    if (rows * columns === 0 || (isSame && this.image)) return;
    this.image ??= this.context.createImageData(columns, rows);
    const pixels = new Uint32Array(this.image.data.buffer);
    const { data } = map;
    if (channels === 3) {
      const bytes = this.image.data;
      for (let from = 0, to = 0; to < bytes.length; from += 3, to += 4) {
        bytes[to] = data[from];
        bytes[to + 1] = data[from + 1];
        bytes[to + 2] = data[from + 2];
        bytes[to + 3] = 255;
      }
    } else if (limit === null) {
      for (let i = 0; i < pixels.length; i += 1) {
        pixels[i] = GRAYS[Math.max(0, Math.min(255, Math.round(data[i])))];
      }
    } else {
      const scale = limit > 0 ? 255 / limit : 0;
      for (let i = 0; i < pixels.length; i += 1) {
        pixels[i] = SIGNED[255 + Math.max(-255, Math.min(255, Math.round(data[i] * scale)))];
      }
    }
    opacity?.forEach((part, i) => {
      this.image.data[4 * i + 3] = part;
    });
    this.context.putImageData(this.image, 0, 0);
    // Where the plane ends within a pixel of the screen, what lies beyond its edge shows through.
    if (this.canvas.width > columns) {
      this.context.putImageData(this.image, 1, 0, columns - 1, 0, 1, rows);
    }
    if (this.canvas.height > rows) {
      this.context.putImageData(this.image, 0, 1, 0, rows - 1, columns, 1);
    }
  }

  /**
   * Let the plane show the first rows and columns of the canvas. The canvas keeps its size where
   * they fit: a new one takes the browser longer than all the rest of a redraw.
   */
  fit(rows, columns) {
    const { canvas } = this;
    const fits = columns <= canvas.width && rows <= canvas.height;
    if (!fits || canvas.width * canvas.height > ROOM * rows * columns) {
      canvas.width = columns;
      canvas.height = rows;
      this.drawn = null;
    }
    if (this.image?.width !== columns || this.image.height !== rows) this.image = null;
    const percent = (whole, part) => `${(100 * whole) / part}%`;
    const [width, height] = [percent(canvas.width, columns), percent(canvas.height, rows)];
    if (canvas.style.width !== width) canvas.style.width = width;
    if (canvas.style.height !== height) canvas.style.height = height;
  }

  /** Put an element over rows and columns of the map; negative ones lie in the padding. */
  place(element, row, column, rows, columns) {
    const percent = (part, whole) => `${(100 * part) / whole}%`;
    const place = {
      top: percent(row + this.before[0], this.height),
      left: percent(column + this.before[1], this.width),
      height: percent(rows, this.height),
      width: percent(columns, this.width),
    };
    const key = Object.values(place).join();
    if (element.placed === key) return;
    element.placed = key;
    Object.assign(element.style, place);
  }

  /**
   * Outline a rectangle of the map.
   * @param {string} key the mark to set or move; its color is that of the role so called
   */
  mark(key, row, column, rows = 1, columns = 1) {
    let element = this.marks.get(key);
    if (!element) {
      element = create("span", { class: "cx-mark", "data-mark": key });
      this.marks.set(key, element);
      this.stage.append(element);
    }
    this.place(element, row, column, rows, columns);
    element.hidden = false;
  }

  unmark(key) {
    const element = this.marks.get(key);
    if (element) element.hidden = true;
  }

  /** Move to a value, or to the nearest one there is. */
  move({ row, column }) {
    this.at = {
      row: Math.max(0, Math.min(this.rows - 1, row)),
      column: Math.max(0, Math.min(this.columns - 1, column)),
    };
    if (this.paintable) this.mark("pixel", this.at.row, this.at.column);
  }

  /** Point at a value, as the mouse would. */
  point(row, column) {
    this.move({ row, column });
    this.onPoint?.(this.at.row, this.at.column);
  }

  /** The row and column under a pointer. */
  under(event) {
    const box = this.stage.getBoundingClientRect();
    const row = Math.floor(((event.clientY - box.top) / box.height) * this.height) - this.before[0];
    const column =
      Math.floor(((event.clientX - box.left) / box.width) * this.width) - this.before[1];
    return [row, column];
  }

  listen() {
    this.pen = null; // the pointer that draws, and the place that it drew last
    const { stage } = this;
    stage.addEventListener("pointerdown", (event) => this.press(event));
    stage.addEventListener("pointermove", (event) => {
      if (this.pen?.id === event.pointerId) this.stroke(event);
      else if (!this.paintable && event.isPrimary) this.point(...this.under(event));
    });
    stage.addEventListener("pointerup", (event) => {
      if (this.pen?.id !== event.pointerId) return;
      if (!this.pen.last) this.stroke(event);
      this.pen = null;
    });
    stage.addEventListener("pointercancel", () => {
      this.pen = null;
    });
    stage.addEventListener("keydown", (event) => this.key(event));
  }

  /** A finger's stroke begins once it moves or goes up: two fingers zoom, and draw nothing. */
  press(event) {
    if (!event.isPrimary) this.pen = null;
    else if (!this.paintable) this.point(...this.under(event));
    else {
      this.stage.setPointerCapture(event.pointerId);
      this.pen = { id: event.pointerId, start: this.under(event), last: null };
      if (event.pointerType !== "touch") this.stroke(event);
    }
  }

  /** Draw from the pen's last place to where it is now; a fast pen skips pixels between. */
  stroke(event) {
    const next = this.under(event);
    const isStart = !this.pen.last;
    const from = this.pen.last ?? this.pen.start;
    this.pen.last = next;
    const way = next.map((place, axis) => place - from[axis]);
    const steps = Math.max(1, ...way.map(Math.abs));
    for (let step = isStart ? 0 : 1; step <= steps; step += 1) {
      const [row, column] = way.map((by, axis) => from[axis] + Math.round((by * step) / steps));
      if (row >= 0 && row < this.rows && column >= 0 && column < this.columns) {
        this.onPaint(row, column, event.shiftKey || event.buttons === 2);
      }
    }
  }

  key(event) {
    const step = event.shiftKey ? 10 : 1;
    const move = MOVES[event.key];
    if (move) this.point(this.at.row + step * move[0], this.at.column + step * move[1]);
    else if (event.key === "Home") this.point(this.at.row, 0);
    else if (event.key === "End") this.point(this.at.row, this.columns - 1);
    else if (this.paintable && [" ", "Enter"].includes(event.key)) {
      this.onPaint(this.at.row, this.at.column, false);
    } else if (this.paintable && ["Delete", "Backspace"].includes(event.key)) {
      this.onPaint(this.at.row, this.at.column, true);
    } else return;
    event.preventDefault();
  }
}

// ---------------------------------------------------------------- grids of numbers

/**
 * A small matrix with its numbers in colored cells.
 * @param {{label: string, role: "input" | "kernel" | "output"}} options
 */
export function grid({ label, role }) {
  const name = create("span", { class: "cx-name" }, label);
  const cells = create("div", { class: "cx-cells", role: "img" });
  const element = create(
    "figure",
    { class: "cx-grid", "data-role": role },
    create("figcaption", {}, name),
    cells,
  );
  /**
   * @param {number[][]} matrix
   * @param {(value: number, row: number, column: number) => {background?: string, color?: string,
   *   text?: string, class?: string}} styled of each cell
   */
  const set = (matrix, styled) => {
    const columns = matrix[0]?.length ?? 0;
    if (cells.columns !== columns) {
      cells.columns = columns;
      cells.style.setProperty("--columns", columns);
    }
    while (cells.children.length > matrix.length * columns) cells.lastChild.remove();
    while (cells.children.length < matrix.length * columns) cells.append(create("span"));
    const values = matrix.flat();
    values.forEach((value, index) => {
      const cell = cells.children[index];
      const {
        background = "",
        color = "",
        text = format(value),
        class: name = "",
      } = styled(value, Math.floor(index / columns), index % columns);
      // Writing what is there already would make the browser lay the page out again.
      const look = `${background};${color};${name}`;
      if (cell.look !== look) {
        cell.look = look;
        Object.assign(cell.style, { background, color });
        if (cell.className !== name) cell.className = name;
      }
      write(cell, text);
    });
    const lines = matrix.map((line) => line.map((value) => format(value)).join(" "));
    cells.setAttribute("aria-label", `${label}: ${lines.join("; ")}`);
  };
  return { element, cells, set };
}

const WIDEST_WEIGHT = 1000;
// Apple's keyboard of digits has no minus sign.
const KEYBOARD = /iP(?:hone|ad|od)|Mac/.test(navigator.userAgent) ? "text" : "decimal";

/** Whether a text is the beginning of a number: "", "−", "0," or "1/". */
const isBegun = (text) => readNumber(`${text}1`) !== null;

/** The most digits that `room` letters hold, with a true minus sign: 0.25, .063, 2e−4, ≈0. */
function shortNumber(value, room) {
  const digits = (count) => String(Number(value.toPrecision(count)));
  const bare = (count) => digits(count).replace("0.", ".");
  const forms = [digits(3), digits(2), bare(2), bare(1), value.toExponential(0), "≈0"];
  return forms.find((form) => form.length <= room || form === "≈0").replaceAll("-", "−");
}

/**
 * A field for one weight. It takes numbers as people write them, 0.5 or 0,5 or 1/9, and
 * `explain` says, in words or with "", why it does not take what stands there.
 */
function weightField(label, { onNumber, explain }) {
  const take = () => {
    const value = readNumber(field.value);
    const kept = Math.max(-WIDEST_WEIGHT, Math.min(WIDEST_WEIGHT, value ?? NaN));
    const isRefused = value === null && !isBegun(field.value);
    field.setAttribute("aria-invalid", isRefused);
    if (isRefused) {
      explain(
        `“${field.value}” is not a number. Write one such as 0.5, −2 or 1/9; ` +
          `until then it stays ${field.short}.`,
      );
    } else explain(value === null || value === kept ? "" : `It takes −1000 to 1000.`);
    if (value !== null) onNumber(kept);
  };
  const field = create("input", {
    type: "text",
    inputmode: KEYBOARD,
    autocomplete: "off",
    "aria-label": label,
    oninput: take,
    onblur: () => {
      field.value = field.short;
      field.setAttribute("aria-invalid", false);
    },
    onkeydown: (event) => {
      const by = { ArrowUp: 1, ArrowDown: -1 }[event.key];
      if (!by) return;
      event.preventDefault();
      const value = readNumber(field.value) ?? readNumber(field.short);
      field.value = String(Number((value + by).toPrecision(6))).replace("-", "−");
      take();
    },
  });
  return field;
}

/**
 * A small matrix whose numbers the reader can change.
 * @param {{label: string, caption?: string, onEdit: (row: number, column: number,
 *   value: number) => void}} options `label` names the cells for screen readers; `onEdit`
 *   gets finite numbers between −1000 and 1000
 * @returns {{element: HTMLElement, cells: HTMLElement, reason: HTMLElement, set: (matrix:
 *   number[][], limit?: number) => void}} `reason` says why a cell does not take what is
 *   written; `limit` is the value of the strongest color, by default the matrix's own
 */
export function editableGrid({ label, caption = `${label} ✎`, onEdit }) {
  const cells = create("div", {
    class: "cx-cells",
    role: "group",
    "aria-label": `${label}, editable`,
  });
  const name = create("span", { class: "cx-name" }, caption);
  const reason = create("p", { class: "cx-refused", role: "alert", hidden: true });
  const element = create(
    "figure",
    { class: "cx-grid", "data-role": "kernel" },
    create("figcaption", {}, name),
    cells,
  );
  const explain = (words) => {
    reason.hidden = !words;
    write(reason, words);
  };
  const cell = (row, column) => {
    const where = `${label}, row ${row + 1}, column ${column + 1}`;
    const onNumber = (value) => onEdit(row, column, value);
    return create("span", {}, weightField(where, { onNumber, explain }));
  };
  const set = (matrix, limit = Math.max(...matrix.flat().map(Math.abs))) => {
    const size = matrix.length;
    if (cells.children.length !== size * size) {
      cells.dataset.size = size;
      cells.style.setProperty("--columns", size);
      cells.replaceChildren(...matrix.flatMap((line, i) => line.map((_, j) => cell(i, j))));
    }
    matrix.flat().forEach((value, index) => {
      const cell = cells.children[index];
      const field = cell.firstChild;
      const key = `${value} of ${limit}`;
      if (cell.shown === key && document.activeElement !== field) return;
      cell.shown = key;
      const { background, color } = signedColor(value, limit * 1.6);
      Object.assign(cell.style, { background, color });
      field.short = shortNumber(value, size > 3 ? 4 : 5);
      // What is being written stays as it is, as long as it may be this value.
      const written = readNumber(field.value);
      const isThis = written === null || Math.fround(written) === Math.fround(value);
      if (document.activeElement !== field || !isThis) field.value = field.short;
    });
  };
  return { element, cells, reason, set };
}

/** A line that says that typed numbers have a name: `show` gets it, or "" for none. */
export function foundNote() {
  const element = create("p", { class: "cx-found", hidden: true });
  const show = (name) => {
    element.hidden = !name;
    const words = name && `✓ You found it: these numbers are “${name}”.`;
    write(element, words);
    return words;
  };
  return { element, show };
}

/** A sign between two grids: ×, =, +. */
export function sign(text) {
  return create("span", { class: "cx-sign", "aria-hidden": "true" }, text);
}

// ---------------------------------------------------------------- the model

/**
 * Call `redraw` once a frame when one of the model's traits changed, and once at the start.
 * @returns {() => void} ends it
 */
export function redrawOn(model, names, redraw) {
  let waiting = 0;
  const schedule = () => {
    waiting ||= requestAnimationFrame(() => {
      waiting = 0;
      redraw();
    });
  };
  for (const name of names) model.on(`change:${name}`, schedule);
  redraw();
  return () => {
    cancelAnimationFrame(waiting);
    for (const name of names) model.off(`change:${name}`, schedule);
  };
}

// Whose result a value is. Each widget of a notebook has a copy of this module.
const origins = (globalThis.cnnCourseOrigins ??= new WeakMap());

/** Set a result that other explorers may be linked to; `root` is the explorer that has it. */
export function publish(root, model, name, value) {
  origins.set(value, root);
  model.set(name, value);
}

/** The root of the explorer of this page whose result a value is, or null. */
export const originOf = (value) => (value && origins.get(value)) ?? null;

/**
 * Say something in an element; the page is laid out anew only if it is not there already.
 * A text that replaces another one takes over its node: a new node costs more.
 */
export function write(element, text) {
  const only = element.childNodes.length === 1 && element.firstChild;
  if (only?.nodeType === Node.TEXT_NODE) {
    if (only.data !== text) only.data = text;
  } else if (element.textContent !== text) element.textContent = text;
}

/**
 * A function that sets traits at once and tells the kernel when the reader pauses: a kernel
 * that gets sixty messages a second falls behind.
 */
export function editor(model, pause = 150) {
  let timer = 0;
  return (changes) => {
    for (const [name, value] of Object.entries(changes)) model.set(name, value);
    clearTimeout(timer);
    timer = setTimeout(() => model.save_changes(), pause);
  };
}
