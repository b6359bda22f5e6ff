/** How weights move against their gradients: Keras's SGD and Adam, with its numbers. */

/**
 * @typedef {{ values: Float32Array, gradient: Float32Array }} Parameter
 * @param {Parameter[]} parameters
 * @param {{ momentum?: number }} options
 * @returns {(learningRate: number) => void} makes one step
 */
function sgd(parameters, { momentum = 0 }) {
  const speeds = parameters.map(({ values }) => new Float32Array(values.length));
  return (learningRate) => {
    parameters.forEach(({ values, gradient }, index) => {
      const speed = speeds[index];
      for (let i = 0; i < values.length; i++) {
        speed[i] = momentum * speed[i] - learningRate * gradient[i];
        values[i] += speed[i];
      }
    });
  };
}

/** Kingma and Ba (2015), https://arxiv.org/abs/1412.6980, with Keras's ε outside of the root. */
function adam(parameters) {
  const [keep1, keep2, epsilon] = [0.9, 0.999, 1e-7];
  const means = parameters.map(({ values }) => new Float32Array(values.length));
  const squares = parameters.map(({ values }) => new Float32Array(values.length));
  let step = 0;
  return (learningRate) => {
    step += 1;
    const rate = (learningRate * Math.sqrt(1 - keep2 ** step)) / (1 - keep1 ** step);
    parameters.forEach(({ values, gradient }, index) => {
      const [mean, square] = [means[index], squares[index]];
      for (let i = 0; i < values.length; i++) {
        mean[i] += (gradient[i] - mean[i]) * (1 - keep1);
        square[i] += (gradient[i] * gradient[i] - square[i]) * (1 - keep2);
        values[i] -= (rate * mean[i]) / (Math.sqrt(square[i]) + epsilon);
      }
    });
  };
}

const OPTIMIZERS = { sgd, adam };

/** Make an optimizer: "sgd", with `momentum`, or "adam". */
export function makeOptimizer(parameters, { optimizer, momentum = 0 }) {
  if (!Object.hasOwn(OPTIMIZERS, optimizer)) {
    throw new Error(`There is no optimizer ${optimizer}; there are sgd and adam.`);
  }
  return OPTIMIZERS[optimizer](parameters, { momentum });
}
