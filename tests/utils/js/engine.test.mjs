// The engine in Node. tests/utils/test_engine.py names the file of cases computed with Keras in
// ENGINE_CASES; without it (`node --test tests/utils/js`) only the tests written here run.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { runCases } from "./compare.mjs";

// Older Nodes take a .js file without a package.json for CommonJS; a data address is a module.
const folder = new URL("../../../utils/explorers/js/", import.meta.url);
const address = (source) =>
  `data:text/javascript;base64,${Buffer.from(source).toString("base64")}`;
const sizes = address(readFileSync(new URL("sizes.js", folder)));
const source = readFileSync(new URL("engine.js", folder), "utf8");
const engine = {
  ...(await import(address(source.replace("./sizes.js", sizes)))),
  ...(await import(sizes)),
};

test("the engine agrees with Keras", { skip: !process.env.ENGINE_CASES }, () => {
  const results = runCases(engine, readFileSync(process.env.ENGINE_CASES, "utf8"));
  assert.ok(results.length > 0);
  assert.deepEqual(
    results.filter(({ problem }) => problem),
    [],
  );
});

test("what is encoded is decoded to the same values", () => {
  const image = engine.tensor([2, 2, 1], [0, 1.5, -2, 255]);
  assert.deepEqual(engine.decode(engine.encode(image)), image);
  assert.deepEqual(engine.encode(image).shape, [2, 2]);
  const bytes = engine.decode(engine.encode(image, "uint8"));
  assert.deepEqual([...bytes.data], [0, 2, 0, 255]);
});

test("no function changes its input", () => {
  const image = engine.tensor([3, 3, 1], [1, -2, 3, -4, 5, -6, 7, -8, 9]);
  const before = [...image.data];
  engine.conv2d(image, engine.tensor([1, 1, 1, 1], [-1]), { activation: "relu", bias: [1] });
  engine.pool2d(image);
  engine.relu(image);
  engine.softmax(image);
  engine.dense(image, { weights: engine.tensor([9, 1]), activation: "relu", bias: [1] });
  assert.deepEqual([...image.data], before);
});
