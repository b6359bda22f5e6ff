/**
 * The page's side of a network that computes in a Web Worker: where its file comes from, and
 * calls that are answered by promises.
 */

import { networkServer } from "./network_worker.js";

/* global use -- what the modules of a page are got by: explorers/modules.py */

/** The script of a worker: the modules that it needs, as the page has them, and their start. */
function workerScript(name) {
  const texts = new Map();
  const collect = (each) => {
    if (texts.has(each) || !Object.hasOwn(use.modules, each)) return;
    const text = String(use.modules[each]);
    texts.set(each, text);
    for (const [, other] of text.matchAll(/\("([\w-]+)"\)/g)) collect(other);
  };
  collect(name);
  const entries = [...texts].map(([each, text]) => `${JSON.stringify(each)}: ${text}`);
  return (
    `const modules = {${entries.join(",\n")}}, made = {};\n` +
    "const use = (name) => (made[name] ??= modules[name](use));\n" +
    `use(${JSON.stringify(name)}).serve(self);`
  );
}

/** Start a worker; null where the browser has none, or will not start one here. */
function startWorker() {
  try {
    const blob = new Blob([workerScript("network_worker")], { type: "text/javascript" });
    const address = URL.createObjectURL(blob);
    return { worker: new Worker(address), address };
  } catch {
    return null;
  }
}

/**
 * Where a network is asked. Without a worker it computes in the page, which then waits.
 * @returns {{ call: (name: string, args?: object, onProgress?: Function) => Promise<any>,
 *   inWorker: boolean, end: () => void }}
 */
export function networkClient() {
  const started = startWorker();
  let fallback = started ? null : networkServer();
  const waiting = new Map();
  let last = 0;

  function settle({ id, result, problem, done, all }) {
    const call = waiting.get(id);
    if (!call) return;
    if (done !== undefined) return call.onProgress?.(done, all);
    waiting.delete(id);
    if (problem) call.reject(new Error(problem));
    else call.resolve(result);
  }

  async function here(name, args, onProgress) {
    await new Promise((next) => setTimeout(next)); // what was said before is painted first
    return fallback[name](args, onProgress);
  }

  if (started) {
    started.worker.onmessage = ({ data }) => settle(data);
    // A policy or a browser may refuse the worker only now: what waits is computed in the page.
    started.worker.onerror = (event) => {
      event.preventDefault();
      if (fallback) return;
      fallback = networkServer();
      for (const { name, args, onProgress, resolve, reject } of waiting.values()) {
        here(name, args, onProgress).then(resolve, reject);
      }
      waiting.clear();
    };
  }

  const call = (name, args = {}, onProgress = null) => {
    if (fallback) return here(name, args, onProgress);
    return new Promise((resolve, reject) => {
      last += 1;
      waiting.set(last, { name, args, onProgress, resolve, reject });
      started.worker.postMessage({ id: last, call: name, ...args });
    });
  };
  const end = () => {
    started?.worker.terminate();
    if (started) URL.revokeObjectURL(started.address);
    waiting.clear();
  };
  return { call, end, isInWorker: () => !fallback };
}

/**
 * Get the file of the model's network: from the site, or from the kernel.
 * @param {object} model
 * @param {(done: number, all: number) => void} onProgress  in bytes
 * @returns {Promise<ArrayBuffer>}
 */
export function networkBytes(model, onProgress) {
  if (model.file) return model.file(model.get("network"), onProgress);
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      model.off("msg:custom", receive);
      reject(new Error("Python did not send the network. Run the cell again."));
    }, 60000);
    function receive(content, buffers) {
      if (content?.kind !== "network") return;
      clearTimeout(timer);
      model.off("msg:custom", receive);
      if (content.problem) return reject(new Error(content.problem));
      const { buffer, byteOffset = 0, byteLength } = buffers[0];
      const bytes = buffer ? buffer.slice(byteOffset, byteOffset + byteLength) : buffers[0];
      return resolve(bytes);
    }
    model.on("msg:custom", receive);
    model.send({ kind: "network" });
  });
}
