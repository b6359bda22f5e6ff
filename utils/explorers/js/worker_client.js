/**
 * The page's side of what computes in a Web Worker: where its file comes from, and calls that
 * are answered by promises.
 */

/* global use -- what the modules of a page are got by: explorers/modules.py */

/** The script of a worker: the modules that it needs, as the page has them, and their start. */
function workerScript(name) {
  const texts = new Map();
  const collect = (each) => {
    if (texts.has(each) || !Object.hasOwn(use.modules, each)) return;
    const text = String(use.modules[each]);
    texts.set(each, text);
    for (const [, other] of text.matchAll(/\(["'`]([\w-]+)["'`]\)/g)) collect(other);
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
function startWorker(name) {
  try {
    const blob = new Blob([workerScript(name)], { type: "text/javascript" });
    const address = URL.createObjectURL(blob);
    return { worker: new Worker(address), address };
  } catch {
    return null;
  }
}

/** What a worker is, in the page itself, which waits while it computes. */
function computeHere(serve, onMessage) {
  const scope = { postMessage: (data) => onMessage({ data }) };
  serve(scope);
  // What was said before is painted first.
  const postMessage = (data) => setTimeout(() => scope.onmessage({ data }));
  return { postMessage, terminate() {} };
}

/**
 * Where a network is asked. Without a worker it computes in the page, which then waits.
 * @param {string} name  of the module that answers, which exports `serve`
 * @param {(scope: object) => void} serve  the same, for a page without a worker
 * @returns {{ call: (name: string, args?: object, onProgress?: Function) => Promise<any>,
 *   end: () => void }}
 */
export function workerClient(name, serve) {
  const waiting = new Map();
  let last = 0;

  function settle({ data: { id, result, problem, done, all } }) {
    const call = waiting.get(id);
    if (!call) return;
    if (done !== undefined) return call.onProgress?.(done, all);
    waiting.delete(id);
    if (problem) call.reject(new Error(problem));
    else call.resolve(result);
  }

  const started = startWorker(name);
  let channel = started?.worker ?? computeHere(serve, settle);
  if (started) {
    started.worker.onmessage = settle;
    // A policy or a browser may refuse the worker only now: what waits is computed in the page.
    started.worker.onerror = (event) => {
      event.preventDefault();
      if (channel !== started.worker) return;
      channel = computeHere(serve, settle);
      for (const { message } of waiting.values()) channel.postMessage(message);
    };
  }

  const call = (name, args = {}, onProgress = null) =>
    new Promise((resolve, reject) => {
      last += 1;
      const message = { id: last, call: name, ...args };
      waiting.set(last, { message, onProgress, resolve, reject });
      channel.postMessage(message);
    });
  const end = () => {
    channel.terminate();
    if (started) URL.revokeObjectURL(started.address);
    waiting.clear();
  };
  return { call, end };
}

/**
 * Get a file that the model needs, of a network or of images: from the site, or from the kernel.
 * @param {object} model
 * @param {string} name
 * @param {(done: number, all: number) => void} onProgress  in bytes
 * @returns {Promise<ArrayBuffer>}
 */
export function fileBytes(model, name, onProgress) {
  if (model.file) return model.file(name, onProgress);
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      model.off("msg:custom", receive);
      reject(new Error("Python did not send the file. Run the cell again."));
    }, 60000);
    function receive(content, buffers) {
      if (content?.kind !== "file" || content.name !== name) return;
      clearTimeout(timer);
      model.off("msg:custom", receive);
      if (content.problem) return reject(new Error(content.problem));
      const { buffer, byteOffset = 0, byteLength } = buffers[0];
      const bytes = buffer ? buffer.slice(byteOffset, byteOffset + byteLength) : buffers[0];
      return resolve(bytes);
    }
    model.on("msg:custom", receive);
    model.send({ kind: "file", name });
  });
}
