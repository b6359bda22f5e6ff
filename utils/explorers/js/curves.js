/** Curves of a training: a value over the steps, for two sets of images, drawn as they come. */

import { create, format } from "./interface.js";

const [WIDTH, HEIGHT] = [360, 150]; // CSS pixels of the drawing's own grid
const MARGIN = { left: 3.6, right: 0.7, top: 0.7, bottom: 1.8 }; // letters

/** Ticks of an axis from 0 to `most`: three or four round numbers. */
function ticks(most) {
  const rough = most / 3;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= rough);
  return Array.from({ length: Math.floor(most / step + 1e-9) + 1 }, (_, i) => i * step);
}

/**
 * @param {{ label: string, most: number | null, series: { name: string, color: string,
 *   isDotted?: boolean }[] }} options  `most` is the upper end, null for what the values need;
 *   `color` is a custom property of the style sheet
 */
export function curves({ label, most, series }) {
  const canvas = create("canvas", { class: "cx-train-curve", role: "img", width: 2 * WIDTH, height: 2 * HEIGHT });
  const key = create("figcaption", {}, create("span", { class: "cx-name" }, label));
  const values = series.map(({ name, color, isDotted }) => {
    const value = create("span", { class: "cx-value" });
    const style = `--key: var(${color})`;
    const line = create("span", { class: "cx-train-key", style, "data-dotted": isDotted });
    const part = create("span", { class: "cx-train-series" }, line, `${name} `, value);
    key.append(part);
    return { part, value };
  });
  const element = create("figure", { class: "cx-train-figure" }, key, canvas);
  const context = canvas.getContext("2d");
  let shown = null; // the last lists
  let letter = 11; // the height of a letter on the drawing's grid
  let margin = {};

  /** Letters as high as the style sheet says, however wide the drawing is shown. */
  function measure(style) {
    letter = (parseFloat(style.fontSize) * WIDTH) / (canvas.clientWidth || WIDTH);
    margin = Object.fromEntries(Object.entries(MARGIN).map(([side, share]) => [side, share * letter]));
  }

  function frame(upper, steps, ink) {
    context.strokeStyle = context.fillStyle = ink;
    context.font = `${letter}px sans-serif`;
    context.lineWidth = 1;
    const place = placesOf(upper, steps);
    for (const tick of ticks(upper)) {
      const y = place(0, tick)[1];
      context.globalAlpha = 0.25;
      context.beginPath();
      context.moveTo(margin.left, y);
      context.lineTo(WIDTH - margin.right, y);
      context.stroke();
      context.globalAlpha = 1;
      context.textAlign = "right";
      context.fillText(format(tick, 2), margin.left - 5, y + 0.36 * letter);
    }
    context.textAlign = "right";
    context.fillText(`${format(steps)} steps`, WIDTH - margin.right, HEIGHT - 0.36 * letter);
    context.textAlign = "left";
    context.fillText("0", margin.left, HEIGHT - 0.36 * letter);
    return place;
  }

  function placesOf(upper, steps) {
    const [wide, high] = [WIDTH - margin.left - margin.right, HEIGHT - margin.top - margin.bottom];
    return (step, value) => [
      margin.left + (wide * step) / steps,
      margin.top + high * (1 - Math.min(value, upper) / upper),
    ];
  }

  /** Draw lists of [step, value], one for each series; a value may be missing. */
  function set(lists) {
    const all = lists.flat().filter(([, value]) => Number.isFinite(value));
    const steps = Math.max(10, ...all.map(([step]) => step));
    const upper = most ?? Math.max(0.5, Math.min(20, Math.max(...all.map(([, value]) => value), 0)));
    const style = getComputedStyle(canvas);
    shown = lists;
    measure(style);
    context.setTransform(2, 0, 0, 2, 0, 0);
    context.clearRect(0, 0, WIDTH, HEIGHT);
    const place = frame(upper, steps, style.color);
    lists.forEach((list, index) => {
      const known = list.filter(([, value]) => Number.isFinite(value));
      const { color, isDotted, name } = series[index];
      values[index].part.hidden = known.length === 0;
      if (!known.length) return;
      values[index].value.textContent = format(known.at(-1)[1], 3);
      context.strokeStyle = context.fillStyle = style.getPropertyValue(color);
      context.lineWidth = isDotted ? 1.2 : 2;
      context.setLineDash(isDotted ? [2, 2] : []);
      context.beginPath();
      for (const [step, value] of known) context.lineTo(...place(step, value));
      context.stroke();
      context.setLineDash([]);
      if (!isDotted) {
        const [x, y] = place(...known.at(-1));
        context.fillRect(x - 2.5, y - 2.5, 5, 5);
      }
    });
    const words = lists.flatMap((list, i) => {
      return list.length ? [`${series[i].name} ${format(list.at(-1)[1], 3)}`] : [];
    });
    canvas.setAttribute("aria-label", `${label} over ${steps} steps: ${words.join(", ") || "nothing yet"}.`);
  }

  new ResizeObserver(() => shown && set(shown)).observe(canvas);
  return { element, set };
}
