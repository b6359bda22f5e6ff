/**
 * What a page asks of a trained network, as calls that can come as messages: this module runs in
 * a Web Worker, so that the page stays free while the network computes. No DOM.
 */

import { tensor } from "./engine.js";
import { occlusion, prepare } from "./forward.js";
import { readNetwork } from "./network_file.js";
import { compile } from "./simd.js";

/** A depthwise kernel: of each map that it reads, `multiplier` maps, each with one filter. */
function depthwiseFilter({ shape: [height, width, channels, multiplier], data }, index) {
  const weights = Float32Array.from(
    { length: height * width },
    (_, place) => data[place * channels * multiplier + index],
  );
  return { shape: [height, width, 1], weights, first: Math.floor(index / multiplier) };
}

/** Of a filter for each map alone and 1 × 1 weights across them: what both together multiply. */
function separableFilter({ shape, data }, pointwise, index) {
  const [height, width, channels, multiplier] = shape;
  const filters = pointwise.shape.at(-1);
  const weights = new Float32Array(height * width * channels);
  for (let i = 0; i < data.length; i += 1) {
    const across = pointwise.data[(i % (channels * multiplier)) * filters + index];
    weights[Math.floor(i / multiplier)] += data[i] * across;
  }
  return { shape: [height, width, channels], weights, first: 0 };
}

/**
 * The filter of one map of a layer.
 * @returns {{ shape: number[], weights: Float32Array, first: number, bias: number | null }}
 *   [height, width, channels]; `first` is the first of the channels that it reads
 */
function filterOf({ type, kernel, depthwiseKernel, bias }, index) {
  const offset = bias ? bias.data[index] : null;
  if (type === "DepthwiseConv2D") return { ...depthwiseFilter(kernel, index), bias: offset };
  if (depthwiseKernel) return { ...separableFilter(depthwiseKernel, kernel, index), bias: offset };
  const filters = kernel.shape.at(-1);
  const weights = Float32Array.from(
    { length: kernel.data.length / filters },
    (_, place) => kernel.data[place * filters + index],
  );
  return { shape: kernel.shape.slice(0, -1), weights, first: 0, bias: offset };
}

/** The largest value of each map of a layer and its place, or null for a layer without maps. */
function largestOfMaps({ shape, data }) {
  if (shape.length !== 3) return null;
  const channels = shape[2];
  const values = data.slice(0, channels);
  const places = new Int32Array(channels);
  for (let i = channels; i < data.length; i += 1) {
    const map = i % channels;
    if (data[i] > values[map]) {
      values[map] = data[i];
      places[map] = Math.floor(i / channels);
    }
  }
  return { values, places };
}

/**
 * A network that answers calls, none before `load`.
 */
function networkServer() {
  let network = null;
  let run = null;
  let unit = 255; // what an image with values of 0 … 255 is divided by

  /** Read a network file and make it ready; what the page has to know of it. */
  function load({ bytes }) {
    network = readNetwork(new Uint8Array(bytes));
    run = prepare(network, compile());
    const { name, input, classes } = network;
    const [first] = network.layers;
    // A network that scales its images itself gets them as they are.
    unit = first.type === "Rescaling" && first.scale < 0.1 ? 1 : 255;
    const layers = network.layers.map(({ kernel, depthwiseKernel, bias, ...layer }) => ({
      ...layer,
      scale: undefined,
      offset: undefined,
      kernelShape: (depthwiseKernel ?? kernel)?.shape ?? null,
      hasWeights: Boolean(kernel),
    }));
    return { name, input, classes, layers, unit };
  }

  const image = ({ data }) => tensor(network.input, Float32Array.from(data, (v) => v / unit));

  /** What each layer makes of an image with values of 0 … 255. */
  const answer = (call) => run(image(call)).map(({ data }) => data);

  /** For each of some images, what excites each map of each layer most. */
  const survey = ({ images }) => images.map((data) => run(image({ data })).map(largestOfMaps));

  /** The filter of one map, and its bias. */
  const filter = ({ layer, index }) => filterOf(network.layers[layer], index);

  /** How much each place of an image speaks for each answer, and how long it took. */
  const occlude = (call, onProgress) => occlusion(run, image(call), { ...call.options, onProgress });

  return { load, answer, survey, filter, occlude };
}

/** The memory of layers' outputs, which a message hands over uncopied; some may share it. */
const buffersOf = (call, result) =>
  call === "answer" ? [...new Set(result.map(({ buffer }) => buffer))] : [];

/** Answer messages { id, call, ...arguments }, in the global scope of a worker. */
export function serve(scope) {
  const server = networkServer();
  scope.onmessage = ({ data: { id, call, ...rest } }) => {
    try {
      const onProgress = (done, all) => scope.postMessage({ id, done, all });
      const result = server[call](rest, onProgress);
      scope.postMessage({ id, result }, buffersOf(call, result));
    } catch (error) {
      scope.postMessage({ id, problem: error.message });
    }
  };
}
