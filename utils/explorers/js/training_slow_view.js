/** "One step, slowly": the stages of one image's step, in pictures and numbers. */

import { create, format, Picture } from "./interface.js";
import { reach } from "./maps.js";

const signed = (value) => (value < 0 ? `(${format(value, 3)})` : format(value, 3));

/** A map of signed values or gray ones. */
function mapPicture(label, shape, data, role = "output") {
  const picture = new Picture({ label, role });
  const { most, isSigned } = reach(data);
  const shown = isSigned ? data : data.map((value) => (most > 0 ? (255 * value) / most : 0));
  picture.show({ shape: [...shape, 1], data: Float32Array.from(shown) }, { limit: isSigned ? most : null });
  picture.size.textContent = isSigned ? `${format(-most, 2)} … ${format(most, 2)}` : `0 … ${format(most, 2)}`;
  return picture.element;
}

const pictures = (...elements) => create("div", { class: "cx-pictures cx-train-maps" }, ...elements);
const stage = (title, ...content) =>
  create("li", {}, create("p", { class: "cx-name" }, title), ...content);
const words = (text) => create("p", {}, text);
const spot = ([row, column, map]) => `row ${row + 1}, column ${column + 1} of pooled map ${map + 1}`;

function forwardStage({ image, probabilities, label, loss }, classes) {
  const p = probabilities[label];
  return stage(
    "Forward: the loss of one image",
    pictures(mapPicture("Image", [28, 28], Array.from(image, (level) => level / 15), "input")),
    words(
      `One of the images it learns from. The label is ${classes[label]}; the network gives it the probability ${format(p, 3)}. ` +
        `The loss is −ln ${format(p, 3)} = ${format(loss, 3)}.`,
    ),
  );
}

function logitStage({ logits, probabilities, label }, classes) {
  const rows = classes.map((name, k) =>
    create(
      "tr",
      {},
      create("th", { scope: "row" }, name),
      ...[format(probabilities[k], 3), k === label ? "1" : "0", format(logits[k], 3)].map((text) =>
        create("td", {}, text),
      ),
    ),
  );
  const head = ["class", "probability", "wanted", "gradient"];
  return stage(
    "Softmax and cross-entropy: probability minus what was wanted",
    create(
      "table",
      { class: "cx-train-table" },
      create("thead", {}, create("tr", {}, ...head.map((text) => create("th", { scope: "col" }, text)))),
      create("tbody", {}, ...rows),
    ),
    words("Only the right class has a negative gradient: its number before softmax is to rise, all others are to fall."),
  );
}

function denseStage({ dense, pooling }) {
  const { weights, gradient, value, at, size, isNext } = dense;
  const order = weights.map((weight, k) => ({ k, part: weight * gradient[k] }));
  order.sort((one, other) => Math.abs(other.part) - Math.abs(one.part));
  const first = order.slice(0, 3);
  const rest = order.slice(3).reduce((sum, { part }) => sum + part, 0);
  const parts = first.map(({ k }) => `${signed(weights[k])} · ${signed(gradient[k])}`);
  return stage(
    "Dense: back along the same weights",
    words(
      `Each of its ${format(size)} inputs gets the gradients of all outputs, each times the weight ` +
        `that leads there. Input ${at + 1}, ${isNext ? spot(pooling.position) : "the one with the strongest"}: ` +
        `${parts.join(" + ")} + ` +
        `${signed(rest)} (the other ${order.length - 3}) = ${format(value, 3)}.`,
    ),
  );
}

function poolingStage({ pooling }) {
  if (!pooling) return null;
  const { isMax, values, given, gradient, position } = pooling;
  const list = (numbers) => numbers.map((value) => format(value, 3)).join(", ");
  return stage(
    isMax ? "Max pooling: only the winner gets it" : "Mean pooling: each gets an equal share",
    words(
      `The window of ${spot(position)} holds ${list(values)}. The gradient ${format(gradient, 3)} of its ` +
        `${isMax ? "largest value" : "mean"} goes back as ${list(given)}.`,
    ),
  );
}

function reluStage({ relu }) {
  if (!relu.isThere) return null;
  const closed = relu.values.filter((value) => !(value > 0)).length;
  return stage(
    "ReLU: closed where its output was 0",
    pictures(
      mapPicture("Output of the filter", relu.shape, relu.values),
      mapPicture("Gradient that comes", relu.shape, relu.before),
      mapPicture("Gradient that gets through", relu.shape, relu.after),
    ),
    words(`At ${closed} of ${relu.values.length} places the output was 0, and nothing gets through.`),
  );
}

function convolutionStage({ convolution }) {
  const { position, met, gradient, products, shape, slope, filter, channel, isFirst } = convolution;
  const [row, column] = position;
  const from = isFirst ? "the image" : `map ${channel + 1}`;
  const busy = products.filter((value) => value !== 0).length;
  return stage(
    "Convolution: the gradient of a weight is a sum over all places",
    pictures(
      mapPicture(`What the weight met: ${from}`, shape, met, "input"),
      mapPicture("Gradient of the output", shape, gradient),
      mapPicture("Their products", shape, products),
    ),
    words(
      `Filter ${filter + 1} has one weight in row ${row + 1}, column ${column + 1} for ${from}, and ` +
        `uses it at all ${products.length} places. ${busy} products are not 0; elsewhere ` +
        `no gradient arrives, or the weight met a 0. The sum of all is ${format(slope, 4)}: ` +
        "the gradient of this weight.",
    ),
  );
}

function weightStage({ weight, convolution, check, loss }) {
  const { value, rate } = weight;
  const { slope } = convolution;
  const [above, below] = check.losses;
  const measured = (above - below) / (2 * check.nudge);
  const moved = value - rate * slope;
  return stage(
    "The step, and a check",
    words(
      `New weight = weight − learning rate · gradient = ${format(value, 4)} − ${format(rate, 4)} · ` +
        `${signed(slope)} = ${format(moved, 4)} (SGD; Adam scales each step).`,
    ),
    words(
      `Check, without any backward pass: with the weight ${check.nudge} larger the loss is ` +
        `${format(above, 5)}, with it ${check.nudge} smaller ${format(below, 5)}. Slope: ` +
        `(${format(above, 5)} − ${format(below, 5)}) / ${2 * check.nudge} = ${format(measured, 3)}; ` +
        `the backward pass said ${format(slope, 3)}.`,
    ),
    words(`With this weight alone moved, the loss goes from ${format(loss, 5)} to ${format(check.after, 5)}.`),
  );
}

/** The stages as a list. */
export function slowStages(found, classes) {
  const stages = [
    forwardStage(found, classes),
    logitStage(found, classes),
    denseStage(found),
    poolingStage(found),
    reluStage(found),
    convolutionStage(found),
    weightStage(found),
  ];
  return create("ol", { class: "cx-train-stages" }, ...stages.filter(Boolean));
}
