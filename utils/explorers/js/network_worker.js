/**
 * What a page asks of a trained network, as calls that can come as messages: this module runs in
 * a Web Worker, so that the page stays free while the network computes. No DOM.
 */

import { tensor } from "./engine.js";
import { occlusion, prepare } from "./forward.js";
import { readNetwork } from "./network_file.js";
import { compile } from "./simd.js";

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

  /** The weights of one filter or unit: [height, width, channels] and its bias. */
  function filter({ layer, index }) {
    const { kernel, bias } = network.layers[layer];
    const filters = kernel.shape.at(-1);
    const weights = Float32Array.from(
      { length: kernel.data.length / filters },
      (_, place) => kernel.data[place * filters + index],
    );
    return { shape: kernel.shape.slice(0, -1), weights, bias: bias ? bias.data[index] : null };
  }

  /** How much each place of an image speaks for each answer, and how long it took. */
  const occlude = (call, onProgress) => occlusion(run, image(call), { ...call.options, onProgress });

  return { load, answer, filter, occlude };
}

/** The memory of a list of arrays, which a message hands over uncopied; some may share it. */
const buffersOf = (result) =>
  Array.isArray(result) ? [...new Set(result.map(({ buffer }) => buffer))] : [];

/** Answer messages { id, call, ...arguments }, in the global scope of a worker. */
export function serve(scope) {
  const server = networkServer();
  scope.onmessage = ({ data: { id, call, ...rest } }) => {
    try {
      const onProgress = (done, all) => scope.postMessage({ id, done, all });
      const result = server[call](rest, onProgress);
      scope.postMessage({ id, result }, buffersOf(result));
    } catch (error) {
      scope.postMessage({ id, problem: error.message });
    }
  };
}
