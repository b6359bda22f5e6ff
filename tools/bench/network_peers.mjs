// One forward pass of chapter 5's network in several libraries, in Node: run by networks.py in a
// folder where they are installed. The last line printed is JSON: library → median milliseconds.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { prepare } from "./forward.js";
import { readNetwork } from "./network_file.js";
import { compile } from "./simd.js";

const require = createRequire(import.meta.url);
const passes = Number(process.argv[2] ?? 40);
const network = readNetwork(new Uint8Array(readFileSync("network")));
const image = Float32Array.from({ length: 784 }, Math.random);
const times = {};

async function measure(name, run) {
  for (let i = 0; i < 8; i += 1) await run();
  const taken = [];
  for (let i = 0; i < passes; i += 1) {
    const start = performance.now();
    await run();
    taken.push(performance.now() - start);
  }
  times[name] = taken.sort((a, b) => a - b)[passes >> 1];
}

const input = { shape: [28, 28, 1], data: image };
const ours = prepare(network, compile());
const plain = prepare(network, null);
const answer = ours(input).at(-1).data;
await measure("ours, SIMD", () => ours(input));
await measure("ours, JavaScript", () => plain(input));

function requireSame(name, found) {
  const far = Math.max(...answer.map((value, i) => Math.abs(value - found[i])));
  if (!(far < 1e-3)) throw new Error(`${name} gives another answer: ${far}`);
}

// --- TensorFlow.js

const tf = require("@tensorflow/tfjs");
require("@tensorflow/tfjs-backend-wasm");

function tfModel() {
  const model = tf.sequential();
  network.layers.forEach(({ type, kernel, bias, activation, poolSize, padding }, index) => {
    const first = index ? {} : { inputShape: [28, 28, 1] };
    const options = { activation: activation ?? "linear", ...first };
    if (type === "Conv2D") {
      const [kernelSize, , , filters] = kernel.shape;
      model.add(tf.layers.conv2d({ filters, kernelSize, padding, ...options }));
    } else if (type === "MaxPooling2D") model.add(tf.layers.maxPooling2d({ poolSize }));
    else if (type === "Flatten") model.add(tf.layers.flatten());
    else if (type === "Dense") model.add(tf.layers.dense({ units: kernel.shape[1], ...options }));
    if (kernel) {
      const weights = [tf.tensor(kernel.data, kernel.shape), tf.tensor(bias.data, bias.shape)];
      model.layers.at(-1).setWeights(weights);
    }
  });
  return model;
}

for (const backend of ["wasm", "cpu"]) {
  await tf.setBackend(backend);
  await tf.ready();
  const model = tfModel();
  const run = async () => {
    const given = tf.tensor(image, [1, 28, 28, 1]);
    const found = model.predict(given);
    const values = await found.data();
    tf.dispose([given, found]);
    return values;
  };
  requireSame(`TensorFlow.js, ${backend}`, await run());
  await measure(`TensorFlow.js, ${backend === "cpu" ? "JavaScript" : "WebAssembly"}`, run);
}

// --- ONNX Runtime Web, one thread; its graph has channels first

const { onnx } = require("onnx-proto");
const ort = require("onnxruntime-web");

function initializer(name, dims, values) {
  const data = new Uint8Array(Float32Array.from(values).buffer);
  return { name, dims, dataType: 1, rawData: data };
}

/** A kernel [h, w, in, out] as [out, in, h, w]. */
function channelsFirst({ shape: [h, w, c, f], data }) {
  const values = new Float32Array(data.length);
  for (let o = 0; o < f; o += 1) {
    for (let i = 0; i < c; i += 1) {
      for (let p = 0; p < h * w; p += 1) values[(o * c + i) * h * w + p] = data[(p * c + i) * f + o];
    }
  }
  return values;
}

function onnxModel() {
  const node = [];
  const weights = [];
  let last = "image";
  const add = (opType, inputs, attribute = []) => {
    const output = `v${node.length}`;
    node.push({ opType, input: [last, ...inputs], output: [output], attribute });
    last = output;
  };
  const ints = (name, values) => ({ name, type: 7, ints: values });
  network.layers.forEach((layer, index) => {
    const { type, kernel, bias, activation } = layer;
    if (kernel) weights.push(initializer(`b${index}`, bias.shape, bias.data));
    if (type === "Conv2D") {
      const [h, w, c, f] = kernel.shape;
      weights.push(initializer(`w${index}`, [f, c, h, w], channelsFirst(kernel)));
      const pad = h >> 1;
      add("Conv", [`w${index}`, `b${index}`], [ints("kernel_shape", [h, w]), ints("pads", [pad, pad, pad, pad])]);
    } else if (type === "MaxPooling2D") {
      add("MaxPool", [], [ints("kernel_shape", [2, 2]), ints("strides", [2, 2])]);
    } else if (type === "Flatten") {
      add("Transpose", [], [ints("perm", [0, 2, 3, 1])]);
      add("Flatten", []);
    } else if (type === "Dense") {
      weights.push(initializer(`w${index}`, kernel.shape, kernel.data));
      add("Gemm", [`w${index}`, `b${index}`]);
    }
    if (activation === "relu") add("Relu", []);
    if (activation === "softmax") add("Softmax", []);
  });
  const shaped = (name, sides) => ({
    name,
    type: { tensorType: { elemType: 1, shape: { dim: sides.map((dimValue) => ({ dimValue })) } } },
  });
  const graph = {
    node,
    initializer: weights,
    name: "lecture",
    input: [shaped("image", [1, 1, 28, 28])],
    output: [shaped(last, [1, 10])],
  };
  return onnx.ModelProto.encode({ irVersion: 7, opsetImport: [{ version: 13 }], graph }).finish();
}

ort.env.wasm.numThreads = 1;
const session = await ort.InferenceSession.create(onnxModel());
const runOrt = async () => {
  const given = new ort.Tensor("float32", image, [1, 1, 28, 28]);
  return Object.values(await session.run({ image: given }))[0].data;
};
requireSame("ONNX Runtime Web", await runOrt());
await measure("ONNX Runtime Web, WebAssembly", runOrt);

console.log(JSON.stringify(times));
process.exit(0);
