/** A network that learned here as a file that the network explorer and `to_keras` open. */

import { framed } from "./course_file.js";

const EPSILON = 1e-3; // of batch normalization

/** Batch normalization as one factor and one summand for each channel, as it answers. */
function normalization({ parameters, states }) {
  const [gamma, beta] = parameters.map(({ values }) => values);
  const [mean, variance] = states.map(({ values }) => values);
  const scale = gamma.map((value, c) => value / Math.sqrt(variance[c] + EPSILON));
  return { scale, offset: beta.map((value, c) => value - mean[c] * scale[c]) };
}

function described(layer, isLast, store) {
  const { type, options, kernel, bias } = layer;
  const { activation, strides, padding, poolSize, rate } = options;
  const pair = (value) => [value, value];
  if (type === "BatchNormalization") {
    const { scale, offset } = normalization(layer);
    return {
      type,
      scale: store(scale, [scale.length]),
      offset: store(offset, [offset.length]),
    };
  }
  const ending = isLast ? "softmax" : activation;
  return {
    type,
    ...(strides && { strides: pair(strides), padding }),
    ...(poolSize && { poolSize: pair(poolSize) }),
    ...(rate && { rate }),
    ...(ending && { activation: ending }),
    ...(kernel && {
      kernel: store(kernel.values, kernel.shape),
      bias: store(bias.values, bias.shape),
    }),
  };
}

/**
 * @param {import("./learning.js").Network} network
 * @param {string} name
 * @param {string[]} classes
 * @returns {Uint8Array}
 */
export function trainedFile(network, name, classes) {
  const { layers, images } = network;
  return framed((store) => ({
    name,
    input: images.shape,
    layers: layers.map((layer, i) => described(layer, i === layers.length - 1, store)),
    classes,
  }));
}
