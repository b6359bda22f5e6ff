/** Images a second that other libraries train in Node: `tools/bench/training.py` runs it. */

const found = {};

/** Steps of training a second, times the images of each. */
async function rate(images, step, least = 3000) {
  await step();
  const start = performance.now();
  let count = 0;
  while (performance.now() - start < least) {
    await step();
    count += images;
  }
  return (1000 * count) / (performance.now() - start);
}

async function convnet() {
  const { default: convnetjs } = await import("convnetjs");
  const net = new convnetjs.Net();
  const convolution = (filters) => ({
    type: "conv", sx: 3, filters, stride: 1, pad: 1, activation: "relu",
  });
  net.makeLayers([
    { type: "input", out_sx: 28, out_sy: 28, out_depth: 1 },
    convolution(8),
    { type: "pool", sx: 2, stride: 2 },
    convolution(16),
    { type: "pool", sx: 2, stride: 2 },
    { type: "softmax", num_classes: 10 },
  ]);
  const options = { method: "sgd", learning_rate: 0.01, momentum: 0.9, batch_size: 32 };
  const trainer = new convnetjs.SGDTrainer(net, options);
  const image = new convnetjs.Vol(28, 28, 1, 0);
  for (let i = 0; i < 784; i += 1) image.w[i] = i % 5 ? 0 : (i % 97) / 97;
  let label = 0;
  return rate(1, () => trainer.train(image, (label += 1) % 10));
}

async function tensorflow() {
  const tf = await import("@tensorflow/tfjs");
  await tf.setBackend("cpu");
  const convolution = (filters, shape) =>
    tf.layers.conv2d({
      filters, kernelSize: 3, padding: "same", activation: "relu", ...(shape && { inputShape: shape }),
    });
  const model = tf.sequential();
  model.add(convolution(8, [28, 28, 1]));
  model.add(tf.layers.maxPooling2d({ poolSize: 2 }));
  model.add(convolution(16));
  model.add(tf.layers.maxPooling2d({ poolSize: 2 }));
  model.add(tf.layers.flatten());
  model.add(tf.layers.dense({ units: 10, activation: "softmax" }));
  model.compile({ optimizer: "adam", loss: "categoricalCrossentropy" });
  const images = tf.randomUniform([32, 28, 28, 1]);
  const labels = tf.oneHot(tf.tensor1d(Array.from({ length: 32 }, (_, i) => i % 10), "int32"), 10);
  return rate(32, () => model.trainOnBatch(images, labels));
}

found.ConvNetJS = await convnet();
found["TensorFlow.js, plain JavaScript"] = await tensorflow();
console.log(JSON.stringify(found));
