/** Runs a page's widgets without a kernel. tools/book/widgets puts into the page

     <div class="live-widget" data-model="ID"> for each widget to run,
     <script type="application/vnd.jupyter.widget-state+json"> with the models' stored state,

   and scripts that put the explorers' modules into `cnnCourseModules`. Here every model
   gets get, set, on and off as in Jupyter, jslinks are followed, and each module renders
   into its place. What cannot run says so in its place and leaves the others alone. */
(() => {
  "use strict";

  const STATE_VERSION = 1; // `_version` of the explorers in utils/explorers
  const REFERENCE = "IPY_MODEL_";
  const NEAR = "800px 0px"; // how far below the screen a widget is already made ready

  /** What went wrong, in words for the reader. */
  class Problem extends Error {}

  /** Are two values the same? Arrays of numbers are only by identity. */
  function same(a, b) {
    if (Object.is(a, b)) return true;
    if (!a || !b || typeof a !== "object" || a.constructor !== b.constructor) return false;
    if (a instanceof ArrayBuffer || ArrayBuffer.isView(a)) return false;
    const keys = Object.keys(a);
    return keys.length === Object.keys(b).length && keys.every((key) => same(a[key], b[key]));
  }

  /** A widget's model, with the part of Backbone's interface that the explorers use. */
  class Model {
    #handlers = [];

    constructor(id, state) {
      this.model_id = id;
      this.state = state;
    }

    get(name) {
      return this.state[name];
    }

    /** Set one value or an object of them; what differs is told at once. */
    set(name, value) {
      const values = typeof name === "object" ? name : { [name]: value };
      const changed = Object.keys(values).filter((key) => !same(this.state[key], values[key]));
      for (const key of changed) this.state[key] = values[key];
      for (const key of changed) this.trigger(`change:${key}`);
    }

    on(name, callback) {
      this.#handlers.push({ name, callback });
    }

    off(name, callback) {
      const isOther = (handler) => handler.name !== name || handler.callback !== callback;
      this.#handlers = this.#handlers.filter(isOther);
    }

    trigger(name) {
      for (const handler of [...this.#handlers]) if (handler.name === name) handler.callback();
    }

    save_changes() {} // there is no kernel to tell
    send() {}

    /**
     * Load a file that the model needs, part by part: scripts, which load from a folder too.
     * @param {string} name
     * @param {(done: number, all: number) => void} onProgress  parts
     * @returns {Promise<ArrayBuffer>}
     */
    async file(name, onProgress) {
      const addresses = this.state._files?.[name];
      if (!addresses) throw new Error("This is part of a notebook: run it there to see it.");
      const pieces = [];
      for (const [number, address] of addresses.entries()) {
        onProgress(number, addresses.length);
        await loadScript(new URL(`_static/${address}`, siteRoot()));
        pieces.push(decoded(globalThis.cnnCourseFiles[`${name}.${number}`]));
      }
      onProgress(1, 1);
      return new Blob(pieces).arrayBuffer();
    }
  }

  /** The address of the site's first folder. */
  function siteRoot() {
    return new URL(document.documentElement.dataset.content_root ?? "./", document.baseURI);
  }

  /** Run a script of the site. */
  function loadScript(address) {
    return new Promise((resolve, reject) => {
      const script = Object.assign(document.createElement("script"), { src: address });
      script.onload = resolve;
      script.onerror = () => {
        script.remove();
        reject(new Error("A part of the file could not be loaded. Are you still online?"));
      };
      document.head.append(script);
    });
  }

  function decoded(base64) {
    const text = atob(base64);
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
    return new DataView(bytes.buffer);
  }

  /** Put the stored buffers into the state, each at its path. */
  function restore(state, buffers) {
    for (const { path, data } of buffers) {
      const name = path.join(".");
      const own = (value, key) => (Object.hasOwn(value, key) ? value[key] : null);
      let holder, view;
      try {
        holder = path.slice(0, -1).reduce(own, state); // "__proto__" is nobody's own
        view = holder[path.at(-1)] = decoded(data);
      } catch {
        throw new Problem(`Its stored data is damaged (${name}).`);
      }
      const size = parseInt(/\d+$/.exec(holder.dtype), 10) / 8; // of "float32": 4
      const expected = size * holder.shape?.reduce((product, length) => product * length, 1);
      if (expected && expected !== view.byteLength) {
        const found = `${view.byteLength} of ${expected} bytes`;
        throw new Problem(`Its stored data is incomplete (${name}: ${found}).`);
      }
    }
  }

  /** Make the models of a page from the stored states; a broken one keeps its problem. */
  function readModels(stored) {
    const models = new Map();
    const find = (id) => models.get(String(id).replace(REFERENCE, ""));
    for (const [id, { state, buffers = [], model_name }] of Object.entries(stored)) {
      if (!state) continue;
      const model = new Model(id, state);
      model.name = model_name;
      model.group = new Set([model]); // the models that links tie together
      model.linked = new Map(); // trait → a function that returns what its link gives it now
      models.set(id, model);
      try {
        restore(state, buffers);
      } catch (problem) {
        model.problem = problem;
      }
    }
    return { models, find };
  }

  /** Follow `jslink`; at the start, the source's value counts. */
  function follow(models, find) {
    const starts = [];
    for (const { name, state } of [...models.values()]) {
      if (name !== "LinkModel") continue;
      const [[sourceId, from], [targetId, to]] = [state.source ?? [], state.target ?? []];
      const [source, target] = [find(sourceId), find(targetId)];
      if (!source || !target || source.problem || target.problem) continue;
      let busy = false; // two ends that correct each other's value must not go on forever
      const copy = (a, from, b, to) => () => {
        if (busy) return;
        busy = true;
        try {
          b.set(to, a.get(from));
        } finally {
          busy = false;
        }
      };
      starts.push(copy(source, from, target, to));
      source.on(`change:${from}`, starts.at(-1));
      // What an explorer computes nobody else sets: another picture below leaves it as it is.
      const isResult = source.get("_results")?.includes(from);
      if (!isResult) target.on(`change:${to}`, copy(target, to, source, from));
      target.linked.set(to, () => source.get(from));
      const group = new Set([...source.group, ...target.group]);
      for (const model of group) model.group = group;
    }
    for (const start of starts) start();
  }

  const made = new Map();

  /** Return what an explorer's module exports, from the scripts of the page. */
  function ownModule(name) {
    if (!made.has(name)) {
      const registry = globalThis.cnnCourseModules ?? {};
      if (!Object.hasOwn(registry, name)) throw new Problem(`Its script ${name}.js is missing.`);
      ownModule.modules = registry; // a worker is made of them: worker_client.js
      made.set(name, registry[name](ownModule));
    }
    return made.get(name);
  }

  /** Return the exports to run for a model. */
  function moduleOf(model) {
    if (!model) throw new Problem("Its stored state is missing.");
    if (model.problem) throw model.problem;
    const version = model.get("_version");
    if (version !== STATE_VERSION) {
      const versions = `version ${version}, and the page knows version ${STATE_VERSION}`;
      throw new Problem(`Its stored state has ${versions}.`);
    }
    return ownModule(model.get("_module"));
  }

  /** Render a model into its place. */
  async function render(model, place) {
    const { default: explorer } = moduleOf(model);
    const el = document.createElement("div");
    place.replaceChildren(el);
    const cleanup = await explorer.render({ model, el });
    if (explorer.settings) offerLink(place);
    place.unmount = () => {
      cleanup?.();
      place.replaceChildren();
    };
  }

  /** A button that makes a link to what the explorer shows: tools/book/teach. */
  function offerLink(place) {
    const button = Object.assign(document.createElement("button"), {
      type: "button",
      className: "cx-button",
      textContent: "Copy link",
      title: "Copy a link to this view",
    });
    button.addEventListener("click", async () => (await cnnCourseTeaching()).view.offer(place));
    place.querySelector(".cx-header").lastChild.before(button);
  }

  /** Give each place a name for links: "filter", "filter-2", "receptive-field". */
  function namePlaces(places) {
    const counts = {};
    for (const place of places) {
      const stem = (place.dataset.module ?? "widget").replaceAll("_", "-");
      counts[stem] = (counts[stem] ?? 0) + 1;
      const name = counts[stem] === 1 ? stem : `${stem}-${counts[stem]}`;
      if (!document.getElementById(name)) place.id ||= name;
    }
  }

  /** Let tools/book/teach find a place's model and its explorer's settings. */
  function publish(find, show) {
    const explorerOf = (model) => {
      try {
        return moduleOf(model).default;
      } catch {
        return {}; // its place says what is wrong
      }
    };
    const findWidget = (place) => {
      const model = find?.(place.dataset.model);
      if (!model) return model;
      const { settings, keepPlace } = explorerOf(model);
      return { model, settings, keepPlace };
    };
    globalThis.cnnCourseWidgets = { find: findWidget, show };
  }

  /** Say in a widget's place what went wrong and what helps. */
  function explain(place, error, colab) {
    const known = error instanceof Problem;
    const what = known ? error.message : `It stopped with an error: ${error?.message ?? error}.`;
    const note = document.createElement("p");
    note.setAttribute("role", "alert");
    note.className = "live-widget-problem";
    note.append(`This part of the page could not be shown. ${what} Reload the page`);
    if (colab) {
      const link = Object.assign(document.createElement("a"), { href: colab });
      link.textContent = "open the notebook in Colab";
      note.append("; if that does not help, ", link);
    }
    note.append(".");
    place.replaceChildren(note);
    if (!known) console.info(error);
  }

  async function start() {
    const places = [...document.querySelectorAll(".live-widget")];
    namePlaces(places);
    const script = document.querySelector(
      "script[type='application/vnd.jupyter.widget-state+json']",
    );
    let models, find, problem;
    try {
      ({ models, find } = readModels(JSON.parse(script.textContent).state));
      follow(models, find);
      for (const model of models.values()) model.original = { ...model.state };
    } catch {
      problem = new Problem("The stored state of the page's widgets cannot be read.");
    }

    const show = async (place) => {
      if (place.dataset.state !== "waiting") return;
      place.dataset.state = "starting";
      near.unobserve(place);
      const model = find?.(place.dataset.model);
      try {
        if (problem) throw problem;
        await render(model, place);
        place.dataset.state = "shown";
      } catch (error) {
        explain(place, error, script?.dataset.colab);
        place.dataset.state = "failed";
      }
    };
    const showGroup = (place) => {
      const group = find?.(place.dataset.model)?.group;
      const belongs = (other) => other === place || group?.has(find(other.dataset.model));
      return Promise.all(places.filter(belongs).map(show));
    };
    // One after the other, so that the page answers a key or a finger in between.
    let last = Promise.resolve();
    const showNext = (place) => {
      last = last.then(() => showGroup(place)).then(() => new Promise((go) => setTimeout(go)));
    };
    const near = new IntersectionObserver(
      (entries) => entries.filter((e) => e.isIntersecting).forEach((e) => showNext(e.target)),
      { rootMargin: NEAR },
    );
    for (const place of places) place.dataset.state = "waiting";
    publish(find, showGroup);
    // What a link asks for is set before anything is drawn.
    if (location.hash.includes("&")) await globalThis.cnnCourseRestore?.();
    for (const place of places) near.observe(place);
    addEventListener("beforeprint", () => places.forEach(show));
  }

  if (document.readyState === "complete") start();
  else addEventListener("DOMContentLoaded", start);
})();
