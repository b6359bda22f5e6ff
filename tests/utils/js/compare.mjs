// Runs the cases of test_engine.py and test_sizes.py; used in Node and in the browser alike.

const TOLERANCE = 1e-5;

/**
 * @param {object} engine  what utils/explorers/js/engine.js and sizes.js export
 * @param {string} text  JSON: a list of { name, call, args, expected } or, where the call must
 *   throw, { name, call, args, error }. What is no function is compared as JSON. An object { shape, float32 } stands for a tensor and
 *   { bytes, offset } for a DataView that starts so many bytes into its buffer.
 * @returns {{ name: string, problem: string | null }[]}
 */
export function runCases(engine, text) {
  const revive = (_, value) => {
    if (value?.float32) {
      const { float32, ...others } = value;
      return { ...others, data: Float32Array.from(float32) };
    }
    if (!value?.bytes) return value;
    const buffer = Uint8Array.from([...Array(value.offset).fill(255), ...value.bytes]).buffer;
    return new DataView(buffer, value.offset);
  };
  const cases = JSON.parse(text, revive);
  return cases.map((test) => ({ name: test.name, problem: runCase(engine, test) }));
}

function runCase(engine, { call, args, expected, error }) {
  try {
    const named = engine[call];
    const result = typeof named === "function" ? named(...args) : JSON.stringify(named);
    if (error) return `did not throw "${error}"`;
    return difference(result, expected, "result");
  } catch (thrown) {
    if (error && thrown.message.includes(error)) return null;
    return `threw "${thrown.message}"`;
  }
}

// What `expected` does not name is not compared.
function difference(actual, expected, where) {
  if (ArrayBuffer.isView(expected)) return differenceOfValues(actual, expected, where);
  if (typeof expected !== "object" || expected === null) {
    return Object.is(actual, expected) ? null : `${where} is ${actual}, expected ${expected}`;
  }
  if (typeof actual !== "object" || actual === null) return `${where} is ${actual}`;
  if (Array.isArray(expected) && actual.length !== expected.length) {
    return `${where} has the length ${actual.length}, expected ${expected.length}`;
  }
  for (const key of Object.keys(expected)) {
    const found = difference(actual[key], expected[key], `${where}.${key}`);
    if (found) return found;
  }
  return null;
}

function differenceOfValues(actual, expected, where) {
  if (!(actual instanceof Float32Array)) return `${where} is no Float32Array`;
  if (actual.length !== expected.length) return `${where} has the length ${actual.length}`;
  const scale = expected.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1e-3);
  const isClose = (value, i) => Math.abs(actual[i] - value) <= TOLERANCE * scale; // NaN is not
  const wrong = expected.findIndex((value, i) => !isClose(value, i));
  return wrong < 0 ? null : `${where}[${wrong}] is ${actual[wrong]}, expected ${expected[wrong]}`;
}
