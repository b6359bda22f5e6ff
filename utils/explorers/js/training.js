/**
 * The training explorer: a convolutional network learns in the page, before the reader's eyes.
 *
 * It trains in a Web Worker (worker_client.js, training_worker.js); what stands here asks, and
 * draws what comes back. Traits say what is set: `settings` and `situation`.
 */

import { curves } from "./curves.js";
import {
  button,
  choice,
  create,
  editor,
  format,
  frame,
  numberBox,
  Picture,
  plural,
  redrawOn,
} from "./interface.js";
import { drawMaps, percent, reach } from "./maps.js";
import { kerasCode } from "./training_code.js";
import {
  drawingPad,
  folded,
  mistakeList,
  probabilityBars,
  settingControls,
} from "./training_parts.js";
import { asAddress, checked, FIRST, fromAddress } from "./training_settings.js";
import { SITUATIONS } from "./training_situations.js";
import { slowStages } from "./training_slow_view.js";
import { serve } from "./training_worker.js";
import { fileBytes, workerClient } from "./worker_client.js";

const SIGNS = ["A", "B", "C"];
const WHILE_IT_RUNS = ["rate", "augment"]; // settings that need no new network
const SHOWN_MAPS = 16;
const EPOCHS = 10; // in the Keras code, if the reader trained for less

// ---------------------------------------------------------------- state

function newState() {
  return {
    network: null, // what `build` said of it
    report: null, // the last one
    loss: { batch: [], train: [], test: [], peeked: [] },
    accuracy: { batch: [], train: [], test: [], peeked: [] },
    first: null, // the filters before the first step
    isTraining: false,
    wasTraining: false, // when the page was hidden
    isDrawing: false,
    number: 0, // of the image to judge by that is looked at
    drawings: [],
  };
}

const isCalm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
const average = ({ loss, accuracy }, step) => ({ loss: [step, loss], accuracy: [step, accuracy] });

// ---------------------------------------------------------------- the explorer

class View {
  constructor(model, el) {
    this.model = model;
    this.edit = editor(model);
    this.state = newState();
    this.loaded = new Map(); // by name: the classes of the images
    this.client = null;
    this.frame = frame(el, { title: "Train a network" });
    this.buildLoading();
    this.buildControls();
    this.buildResults();
    this.buildFurther();
    this.main = create("div", { class: "cx-body", hidden: true });
    this.main.append(
      this.controls.element,
      this.buttons,
      this.problem,
      this.course,
      this.looks,
      this.further,
    );
    this.frame.body.append(this.situationPart, this.loading, this.main);
    this.onHidden = () => this.hide(document.hidden);
    this.onAddress = () => this.follow();
    document.addEventListener("visibilitychange", this.onHidden);
    addEventListener("hashchange", this.onAddress);
    this.follow();
  }

  // ------------------------------------------------ parts

  buildLoading() {
    this.load = button("", () => this.begin());
    this.load.classList.add("cx-primary");
    this.progress = create("progress", { hidden: true, max: 1, "aria-label": "Images loaded" });
    this.loadProblem = create("p", { class: "cx-problem", role: "alert", hidden: true });
    this.loading = create("div", { class: "cx-network-load" }, this.load, this.progress, this.loadProblem);
    this.situations = choice({
      label: "Prepared situation",
      options: SITUATIONS.map(({ name, title }) => [name, title]),
      onInput: (name) => this.choose(name),
    });
    this.question = create("p", {});
    this.answer = create("p", {});
    this.answerFold = folded("What should be seen", this.answer);
    this.link = create("a", { href: "#" }, "Link to this situation and these settings");
    this.situationPart = create(
      "div",
      { class: "cx-train-situation" },
      this.situations.element,
      this.question,
      this.answerFold,
      create("p", { class: "cx-note" }, this.link),
    );
  }

  buildControls() {
    this.controls = settingControls((changes) => this.change(changes));
    this.train = button("Train", () => this.toggle());
    this.one = button("One step", () => this.run(1));
    this.epoch = button("One epoch", () => this.run(this.state.network.epochSteps));
    this.again = button("Reset with a new seed", () => {
      this.change({ seed: this.settings.seed + 1 });
    });
    this.seed = numberBox({ label: "Seed", min: 0, onInput: (seed) => this.change({ seed }) });
    this.summary = create("p", { class: "cx-note" });
    this.buttons = create(
      "div",
      { class: "cx-train-run" },
      create("div", { class: "cx-buttons" }, this.train, this.one, this.epoch, this.again, this.seed.element),
      this.summary,
    );
    this.problem = create("p", { class: "cx-problem", role: "alert", hidden: true });
  }

  buildResults() {
    const series = [
      { name: "each batch", color: "--muted", isDotted: true },
      { name: "images it learns from", color: "--input" },
      { name: "new images", color: "--output" },
      { name: "new images it was trained on", color: "--wrong" },
    ];
    this.lossCurve = curves({ label: "Loss", most: null, series });
    this.accuracyCurve = curves({ label: "Accuracy", most: 1, series });
    this.charts = create("div", { class: "cx-train-charts" }, this.lossCurve.element, this.accuracyCurve.element);
    const strip = (label) => {
      const canvas = create("canvas", { class: "cx-strip", role: "img", "aria-label": label });
      const words = create("span", { class: "cx-size" });
      const caption = create("figcaption", {}, create("span", { class: "cx-name" }, label), words);
      return { canvas, words, element: create("figure", { "data-role": "kernel" }, caption, canvas) };
    };
    this.before = strip("Filters of the first layer, at the start");
    this.now = strip("The same filters now");
    // What changes while it trains: the curves, and the filters below them.
    const filters = create("div", { class: "cx-train-looks" }, this.before.element, this.now.element);
    this.course = create("div", { class: "cx-train-course" }, this.charts, filters);
    this.maps = [];
    this.mapPart = create("div", { class: "cx-train-layers" });
    this.looks = create(
      "div",
      { class: "cx-train-looks" },
      create("div", { class: "cx-network-top" }, this.buildImage(), this.buildAnswer()),
      this.mapPart,
    );
  }

  buildImage() {
    this.image = new Picture({ label: "Image it is asked about", role: "input" });
    const turn = (by) => () => {
      const all = this.state.network.test;
      this.state.number = (this.state.number + by + all) % all;
      this.look();
    };
    this.turns = create(
      "div",
      { class: "cx-buttons" },
      button("Previous image", turn(-1)),
      button("Next image", turn(1)),
    );
    this.pad = drawingPad({ label: "Your drawing", onDrawn: () => this.look() });
    this.pad.element.hidden = true;
    this.draws = button("Draw your own", () => this.setDrawing(!this.state.isDrawing));
    return create(
      "div",
      { class: "cx-network-input" },
      this.image.element,
      this.turns,
      this.pad.element,
      create("div", { class: "cx-buttons" }, this.draws),
    );
  }

  buildAnswer() {
    this.bars = probabilityBars("Probabilities of the classes");
    this.verdict = create("p", { class: "cx-sum" });
    this.signBars = probabilityBars("Probabilities of your signs");
    this.signBars.element.hidden = true;
    return create("div", { class: "cx-network-answer" }, this.verdict, this.bars.element, this.signBars.element);
  }

  buildFurther() {
    this.mistakes = mistakeList();
    this.mistakes.element.hidden = true;
    this.worst = button("Show the twelve worst mistakes", () => this.toggleMistakes());
    this.worst.setAttribute("aria-expanded", "false");
    this.slow = create("div", {});
    const slowly = folded(
      "One step, slowly: the gradient on its way back",
      create("p", {}, "One image, one step: from the loss down to one weight of a filter. The network stays as it is."),
      create("div", { class: "cx-buttons" }, button("Show it for the network as it is now", () => this.showSlowly())),
      this.slow,
    );
    this.code = create("code", {});
    this.copied = create("span", { class: "cx-note", role: "status" });
    const keras = folded(
      "Show me the Keras code",
      create("p", {}, "This network and this training, as a cell that runs in Colab:"),
      create("pre", { class: "cx-train-code", tabindex: "0" }, this.code),
      create("div", { class: "cx-buttons" }, button("Copy the code", () => this.copy()), this.copied),
    );
    const weights = folded(
      "Download the weights",
      create(
        "p",
        {},
        "A file for Keras and for the network explorer of chapter 5. In Python: ",
        create("code", {}, 'model = utils.explorers.to_keras("trained.network")'),
      ),
      create("div", { class: "cx-buttons" }, button("Download trained.network", () => this.download())),
    );
    this.further = create(
      "div",
      { class: "cx-train-further" },
      create("div", { class: "cx-train-part" }, create("div", { class: "cx-buttons" }, this.worst), this.mistakes.element),
      slowly,
      this.buildSigns(),
      keras,
      weights,
    );
  }

  buildSigns() {
    this.signPad = drawingPad({ label: "A sign of yours", onDrawn: () => {} });
    this.signText = create("p", { class: "cx-note", role: "status" });
    const add = (sign) => () => {
      if (this.signPad.isEmpty()) {
        this.signText.textContent = "Draw something first.";
        return;
      }
      this.state.drawings.push({ pixels: this.signPad.read(), sign });
      this.signPad.clear();
      this.countSigns();
    };
    return folded(
      "Teach it your own three signs",
      create(
        "p",
        {},
        "Draw a few of each of three signs. The convolutional layers stay as they are; a new dense " +
          "layer alone learns, on top of what they have found: transfer learning.",
      ),
      this.signPad.element,
      create(
        "div",
        { class: "cx-buttons" },
        ...SIGNS.map((name, sign) => button(`It is sign ${name}`, add(sign))),
        button("Teach them", () => this.teach()),
        button("Forget all signs", () => {
          this.state.drawings = [];
          this.countSigns();
        }),
      ),
      this.signText,
    );
  }

  // ------------------------------------------------ what the reader does

  get settings() {
    return checked(this.model.get("settings")).settings;
  }

  /** Fetch the images, and make the first network. */
  async begin() {
    this.load.disabled = true;
    this.loadProblem.hidden = true;
    try {
      await this.build();
      this.loading.hidden = true;
      this.main.hidden = false;
      this.train.focus();
    } catch (error) {
      this.loadProblem.textContent = error.message;
      this.loadProblem.hidden = false;
      this.load.textContent = "Try again";
    }
    this.progress.hidden = true;
    this.load.disabled = false;
  }

  /** The images of the settings, in the worker. */
  async fetchImages(name) {
    if (this.loaded.has(name)) return;
    this.progress.hidden = false;
    this.loading.hidden = false;
    const bytes = await fileBytes(this.model, name, (done, all) => {
      this.progress.value = done / all;
      this.frame.say(`The images are loading: ${Math.round((100 * done) / all)} %.`);
    });
    this.client ??= workerClient("training_worker", serve);
    this.loaded.set(name, await this.client.call("load", { name, bytes }));
    this.progress.hidden = true;
    if (!this.main.hidden) this.loading.hidden = true;
  }

  /** A new network with new first weights; what was learned is gone. */
  async build() {
    const { settings, problem } = checked(this.model.get("settings"));
    await this.fetchImages(settings.data);
    const { drawings, number, isDrawing } = this.state;
    const made = await this.client.call("build", { settings });
    const { test } = this.loaded.get(settings.data);
    Object.assign(this.state, newState(), { drawings, number, isDrawing, network: { ...made, test } });
    this.state.first = made.kernel;
    this.built = settings;
    this.showMistakes(false);
    this.slow.replaceChildren();
    this.signBars.element.hidden = true;
    this.showProblem(problem);
    this.take(made);
    await this.look();
    this.countSigns();
  }

  /** Take settings that changed; most of them need a new network. */
  async apply() {
    if (!this.client || !this.built) return;
    const { settings, problem } = checked(this.model.get("settings"));
    this.showProblem(problem);
    const changed = Object.keys(settings).filter((name) => settings[name] !== this.built[name]);
    if (!changed.length) return;
    if (changed.every((name) => WHILE_IT_RUNS.includes(name))) {
      this.built = settings;
      await this.client.call("tune", settings);
      this.draw();
      return;
    }
    this.pause();
    try {
      await this.build();
    } catch (error) {
      this.built = settings;
      this.state.network = null;
      this.showProblem(error.message);
      this.draw();
    }
  }

  change(changes) {
    this.edit({ settings: { ...this.model.get("settings"), ...changes } });
  }

  /** Show what the page's address asks for. */
  follow() {
    const found = fromAddress(location.hash);
    if (!found) return;
    const isKnown = SITUATIONS.some(({ name }) => name === found.situation);
    this.edit({ ...found, situation: isKnown ? found.situation : "usual" });
    this.frame.root.scrollIntoView();
  }

  choose(name) {
    const { settings } = SITUATIONS.find((each) => each.name === name);
    const { data } = this.settings;
    this.edit({ situation: name, settings: { ...FIRST, data, ...settings } });
  }

  toggle() {
    if (this.state.isTraining) this.pause();
    else this.run();
  }

  /** The run ends after the step that it is in, and tells where it is. */
  pause() {
    this.client?.call("stop");
  }

  /** Train `steps` steps, or until it is paused. */
  async run(steps) {
    const { state } = this;
    Object.assign(state, { isTraining: true, isCounted: Boolean(steps) });
    this.drawButtons();
    try {
      const last = await this.client.call("run", { steps }, (report) => {
        if (state === this.state) this.take(report);
      });
      if (last && state === this.state) this.take(last);
    } catch (error) {
      this.showProblem(error.message);
    }
    state.isTraining = false;
    this.draw();
    if (state === this.state) this.sayResult();
  }

  hide(isHidden) {
    const { state } = this;
    if (isHidden && state.isTraining) {
      state.wasTraining = !state.isCounted; // a run of some steps alone is not begun again
      this.pause();
    } else if (!isHidden && state.wasTraining) {
      state.wasTraining = false;
      this.run();
    }
  }

  setDrawing(isDrawing) {
    this.state.isDrawing = isDrawing;
    this.look();
  }

  /** Ask about the image or the drawing. */
  async look() {
    const { isDrawing, number } = this.state;
    const pixels = isDrawing ? this.pad.read() : null;
    const found = await this.client.call("look", { pixels, number });
    this.state.looked = found;
    this.take({ ...this.state.report, ...found }, true);
  }

  showMistakes(isShown) {
    this.mistakes.element.hidden = !isShown;
    this.worst.textContent = isShown ? "Hide the mistakes" : "Show the twelve worst mistakes";
    this.worst.setAttribute("aria-expanded", String(isShown));
  }

  async toggleMistakes() {
    if (!this.mistakes.element.hidden) return this.showMistakes(false);
    const found = await this.client.call("mistakes");
    this.mistakes.set(found, this.classes());
    this.showMistakes(true);
    return this.frame.say(`${plural(found.count, "mistake")} on ${format(found.all)} new images.`);
  }

  async showSlowly() {
    try {
      const found = await this.client.call("slowly");
      this.slow.replaceChildren(slowStages(found, this.classes()));
    } catch (error) {
      this.slow.replaceChildren(create("p", { class: "cx-problem", role: "alert" }, error.message));
    }
  }

  async copy() {
    try {
      await navigator.clipboard.writeText(this.code.textContent);
      this.copied.textContent = "Copied.";
    } catch {
      this.copied.textContent = "The browser did not let it be copied: select the code, and copy it.";
    }
  }

  async download() {
    const name = `trained in the page, ${this.settings.data}`;
    const bytes = await this.client.call("weights", { name });
    const address = URL.createObjectURL(new Blob([bytes], { type: "application/octet-stream" }));
    create("a", { href: address, download: "trained.network" }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
  }

  countSigns() {
    const counts = SIGNS.map((_, sign) => this.state.drawings.filter((d) => d.sign === sign).length);
    this.signText.textContent = SIGNS.map((name, i) => `sign ${name}: ${plural(counts[i], "drawing")}`).join(", ");
    return counts;
  }

  async teach() {
    const counts = this.countSigns();
    if (counts.some((count) => count === 0)) {
      this.signText.textContent += ". Draw at least one of each.";
      return;
    }
    const { drawings } = this.state;
    const found = await this.client.call("teach", { drawings, count: SIGNS.length });
    this.signText.textContent =
      `${plural(found.learned, "weight")} of a new dense layer learned from ${drawings.length} drawings, ` +
      `each in nine places; the ${format(found.kept)} of the network stayed as they were. ` +
      "Draw a sign under “Draw your own”, and see what it says.";
    this.setDrawing(true);
  }

  // ------------------------------------------------ drawing

  classes() {
    return this.loaded.get(this.built.data).classes;
  }

  /** Keep what a report says, and draw it. */
  take(report, isLook = false) {
    const { state } = this;
    state.report = report;
    if (!isLook) {
      this.showMistakes(false); // they are those of the network as it was
      const put = (name, found, step) => {
        if (!found) return;
        const point = average(found, step);
        state.loss[name].push(point.loss);
        state.accuracy[name].push(point.accuracy);
      };
      put("batch", report.batch, report.steps);
      for (const name of ["train", "test", "peeked"]) put(name, report.judged?.[name], report.steps);
      if (report.judged) state.judged = report.judged;
    }
    if (report.problem) this.showProblem(report.problem);
    this.drawSoon();
  }

  /** Draw once a frame: on a busy device reports come faster than they can be drawn. */
  drawSoon() {
    this.waiting ||= requestAnimationFrame(() => {
      this.waiting = 0;
      this.draw();
    });
  }

  showProblem(words) {
    this.problem.hidden = !words;
    if (this.problem.textContent !== words) this.problem.textContent = words;
  }

  drawButtons() {
    const { isTraining, network, report } = this.state;
    const isStopped = !network || Boolean(report?.problem);
    this.train.textContent = isTraining ? "Pause" : "Train";
    this.train.disabled = isStopped;
    this.one.disabled = this.epoch.disabled = isTraining || isStopped;
  }

  drawSettings() {
    const { settings } = this;
    this.controls.set(settings);
    this.seed.set(settings.seed);
    const name = this.model.get("situation");
    const situation = SITUATIONS.find((each) => each.name === name) ?? SITUATIONS[0];
    this.situations.set(situation.name);
    this.question.textContent = situation.question;
    if (this.answer.textContent !== situation.answer) {
      this.answer.textContent = situation.answer;
      this.answerFold.open = false;
    }
    const size = this.model.get("sizes")[settings.data];
    if (this.load.textContent !== "Try again") {
      this.load.textContent = `Load the ${settings.data} (${format(size / 1e6, 2)} MB)`;
    }
    this.link.href = asAddress(situation.name, settings);
    if (!this.client) this.frame.say("A network learns here, in this page. Load the images first.");
  }

  draw() {
    this.drawButtons();
    const { state } = this;
    const { network, report } = state;
    this.looks.hidden = this.course.hidden = this.further.hidden = !network;
    if (!network || !report) return;
    // While it trains, curves and pictures take turns: together they could take a frame too long.
    const inTurns = state.isTraining && !isCalm();
    this.isTurnOfCurves = !this.isTurnOfCurves;
    if (!inTurns || this.isTurnOfCurves) this.drawCurves();
    if (!inTurns || !this.isTurnOfCurves) this.drawPictures();
    const { settings } = this;
    const epochs = Math.max(EPOCHS, Math.ceil(report.epochs ?? 0));
    const code = kerasCode(settings, epochs);
    if (this.code.textContent !== code) this.code.textContent = code;
    const way = network.isFast ? "WebAssembly" : "plain JavaScript, slower: this browser has no WebAssembly SIMD";
    this.summary.textContent =
      `${format(network.parameters)} parameters, ${format(network.epochSteps)} steps an epoch, on one core in ${way}.`;
    this.frame.say(this.result());
  }

  drawCurves() {
    this.lossCurve.set(Object.values(this.state.loss));
    this.accuracyCurve.set(Object.values(this.state.accuracy));
  }

  drawPictures() {
    const { report, isTraining } = this.state;
    // Pictures that change all the time are not for everybody: then only now and then.
    if (isCalm() && isTraining && !report.judged) return;
    this.drawFilters();
    this.drawLook();
  }

  /** Where the training is, in words. */
  result() {
    const { report, judged, isTraining } = this.state;
    const rate = isTraining && report.rate ? ` ${format(report.rate, 2)} images a second.` : "";
    const where = `${plural(report.steps ?? 0, "step")}, ${format(report.epochs ?? 0, 2)} ${report.epochs === 1 ? "epoch" : "epochs"}.`;
    const found = judged
      ? ` Accuracy ${format(judged.test.accuracy, 3)} on new images, ${format(judged.train.accuracy, 3)} ` +
        `on those it learns from; loss ${format(judged.test.loss, 3)} and ${format(judged.train.loss, 3)}.`
      : "";
    const { dead = 0, all = 0 } = judged?.dead ?? {};
    const died = dead ? ` ${dead} of ${all} filters give 0 everywhere.` : "";
    return `${where}${found}${died}${rate}`;
  }

  sayResult() {
    this.frame.say(`${this.result()} `, this.result());
  }

  drawFilters() {
    const { first, report } = this.state;
    const { most } = reach(first.data);
    for (const [part, kernel] of [[this.before, first], [this.now, report.kernel]]) {
      const [height, width, , filters] = kernel.shape;
      const own = reach(kernel.data);
      const reached = { most: Math.max(most, own.most, 1e-6), isSigned: true };
      const maps = { shape: [height, width, filters], data: kernel.data };
      drawMaps(part.canvas, maps, { first: 0, count: filters, columns: Math.min(filters, 16), reached });
      part.words.textContent = `${filters} of ${height} × ${width}, ${format(-own.most, 2)} … ${format(own.most, 2)}`;
    }
  }

  drawLook() {
    const { report, looked, isDrawing } = this.state;
    if (!looked) return;
    const classes = this.classes();
    this.image.element.hidden = this.turns.hidden = isDrawing;
    this.pad.element.hidden = !isDrawing;
    this.draws.textContent = isDrawing ? "Back to the images" : "Draw your own";
    if (!isDrawing && this.shown !== looked) {
      this.shown = looked;
      const data = Float32Array.from(looked.pixels, (level) => 17 * level);
      this.image.show({ shape: [28, 28, 1], data });
    }
    const { probabilities } = report;
    this.bars.set(classes, probabilities);
    const best = probabilities.indexOf(Math.max(...probabilities));
    const truth = looked.label === null ? "" : ` It is ${classes[looked.label]}.`;
    this.verdict.textContent = `The network says ${classes[best]}, ${percent(probabilities[best])}.${truth}`;
    this.signBars.element.hidden = !(isDrawing && report.signs);
    if (isDrawing && report.signs) this.signBars.set(SIGNS.map((name) => `sign ${name}`), report.signs);
    this.drawMapsOf(report.maps);
  }

  drawMapsOf(maps) {
    while (this.maps.length > maps.length) this.maps.pop().element.remove();
    while (this.maps.length < maps.length) {
      const canvas = create("canvas", { class: "cx-strip", "aria-hidden": "true" });
      const caption = create("figcaption", {});
      const element = create("figure", { "data-role": "output" }, caption, canvas);
      this.maps.push({ canvas, caption, element });
      this.mapPart.append(element);
    }
    maps.forEach(({ type, shape, data }, index) => {
      const { canvas, caption } = this.maps[index];
      const count = Math.min(SHOWN_MAPS, shape[2]);
      drawMaps(canvas, { shape, data }, { first: 0, count, columns: 8, reached: reach(data) });
      const words = `${type}: ${plural(shape[2], "map")} of ${shape[0]} × ${shape[1]}`;
      caption.textContent = count < shape[2] ? `${words}, the first ${count}` : words;
    });
  }

  end() {
    document.removeEventListener("visibilitychange", this.onHidden);
    removeEventListener("hashchange", this.onAddress);
    cancelAnimationFrame(this.waiting);
    this.client?.end();
  }
}

// ---------------------------------------------------------------- events

function render({ model, el }) {
  const view = new View(model, el);
  const end = redrawOn(model, ["settings", "situation"], () => {
    view.drawSettings();
    view.apply();
  });
  return () => {
    end();
    view.end();
  };
}

export default { render };
