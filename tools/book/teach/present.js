/* Present mode: one section, figure, question or explorer fills the screen and always fits.
   `steps.js` cuts the page; here a step is shown, scaled, and left. Nothing is moved in the
   page: what is not shown is hidden, so that explorers keep what they hold. */
const cnnCoursePresent = (() => {
  const SLIDE = { width: 900, height: 520 }; // pixels in which a letter has 16
  const BAR = 44; // pixels of the screen
  const LARGEST = 2.4; // scale of an explorer
  const TINY = 0.4; // below this share of a slide's scale pictures are too small beside large letters
  const LOOSE = 0.85; // an explorer that takes less than this share of the height may grow
  const SMALLEST = 0.2;
  const STEP = 0.85; // from one scale that is tried to the next
  // Pixels of an explorer's smallest letter, and of a letter of a link's question, on a screen of
  // 1080 lines. On any other they take the same share of its height.
  const LEAST = [22, 19, 17, 12, 0];
  const QUESTION = 34;
  const LEAD = 30; // of the words that lead to an explorer
  const LOST = 0.85; // of its scale that an explorer keeps beside them
  const LINES = 1080;
  const BEGINNING = 60; // letters of a step without a name of its own, in the overview
  const SLACK = 8; // pixels that marks and rounded sides reach beyond a box
  const IN_USE = "input, select, textarea, [role=application], [contenteditable]";
  const ANSWERED = { given: null, tried: [], tries: 0, right: false, first: false, shown: true };

  const root = document.documentElement;
  const article = document.querySelector(".bd-article");
  let state = null; // { steps, at, isDeck, hidden, … } while it is on

  const create = (tag, properties = {}, ...children) => {
    const created = Object.assign(document.createElement(tag), properties);
    created.append(...children);
    return created;
  };

  // ------------------------------------------------------------------ size

  /** The screen that is left beside the bar, and the scale at which text is laid out. */
  function screen() {
    const [width, height] = [innerWidth, innerHeight - BAR];
    const scale = Math.min(innerWidth / SLIDE.width, innerHeight / SLIDE.height);
    return { width, height, scale };
  }

  /** Lay the article out for this scale. Set on elements: a property that the whole page
      inherits would make the browser look at all of it again. */
  function lay(scale) {
    article.style.width = `${screen().width / scale}px`;
    article.style.transform = `scale(${scale})`;
    if (!state.body) return;
    const size = innerHeight / LINES;
    const [, question] = state.steps[state.at].nodes;
    if (question) question.style.fontSize = `${(QUESTION * size) / scale}px`;
    article.style.setProperty("--lead", `${(LEAD * size) / scale}px`);
    const least = state.least * size;
    frameOf(state.body).style.setProperty("--least", `${least / scale}px`);
  }

  const frameOf = (body) => body.closest(".cnn-explorer");

  /** Give a step back what present mode has set on it. */
  function restore(step, body) {
    if (step) releaseFigures(step);
    step?.repeated?.classList.remove("present-lead");
    if (!body) return;
    frameOf(body).style.removeProperty("--least");
    delete titleOf(body)?.dataset.section;
  }

  const titleOf = (body) => frameOf(body).querySelector(".cx-title");

  /** Whether what is shown at this scale lies within the screen, in its own boxes too. */
  function fits(scale) {
    lay(scale);
    const { width, height } = screen();
    if ((article.offsetHeight + 0.5) * scale > height) return false; // it is rounded
    if (article.scrollWidth * scale > width + 1) return false;
    const wide = article.querySelectorAll("div.math, pre, .output, .cx-body, .cx-network, .pst-scrollable-table-container");
    return [...wide].every((each) => each.scrollWidth <= each.clientWidth + SLACK);
  }

  /** The largest scale at which it fits, between one at which it does and one at which not. */
  function between(low, high, rounds) {
    for (let round = 0; round < rounds; round += 1) {
      const middle = (low + high) / 2;
      if (fits(middle)) low = middle;
      else high = middle;
    }
    return low;
  }

  /** The largest scale up to `most` at which it fits. */
  const largest = (most) => (fits(most) ? most : between(SMALLEST, most, 8));

  /** The largest scale between this one, which fits, and the one tried before it. */
  const refined = (scale) => (scale === LARGEST ? scale : between(scale, scale / STEP, 2));

  /**
   * Scale of an explorer. Its pictures grow with the width, so it is tried from above, first with
   * letters that are read from the last row; what is too much for them gets smaller ones.
   */
  function largestExplorer() {
    for (const least of LEAST) {
      state.least = least;
      const end = least ? screen().scale * TINY : SMALLEST;
      for (let scale = LARGEST; scale > end; scale *= STEP) if (fits(scale)) return refined(scale);
    }
    return SMALLEST;
  }

  /** Scale the step that is shown: text as large as it is, an explorer as large as it can be. */
  function fit() {
    const isExplorer = state.steps[state.at].kind === "explorer";
    let scale = isExplorer ? largestExplorer() : largest(screen().scale);
    const lead = article.querySelector(".present-lead:not(.present-off)");
    if (isExplorer && lead && state.least < LEAST[0]) {
      hide(lead); // letters that are read from the last row come first
      scale = largestExplorer();
    }
    lay(scale);
    state.scale = scale;
    center();
  }

  /** Put what fits in its place: an explorer into the middle, with the height that it has now. */
  function center() {
    state.height = article.offsetHeight;
    const left = screen().height - state.height * state.scale;
    article.style.top = `${state.body ? Math.max(0, left / 2) : 0}px`;
  }

  /** What has the ground of a block: of a question, its quiz. */
  const boxOf = (node) => (node.matches(".cx-question") ? node.closest(".live-widget") : node);

  /** Let figures be as high as the words of their step leave room, or stand beside them. */
  function placeFigures({ figures = [], nodes, repeated, excess, beside }) {
    if (!excess && !beside) return;
    const { scale } = screen();
    lay(scale);
    if (!beside) {
      for (const each of figures) each.style.setProperty("--room", `${each.offsetHeight - excess / figures.length}px`);
      return;
    }
    const shown = repeated ? [...nodes, repeated] : nodes;
    const figure = nodes.find((each) => each.contains(figures[0])) ?? repeated;
    const words = shown.filter((each) => each !== figure).map(boxOf);
    article.style.setProperty("--beside", `${beside}px`);
    figure.classList.add("present-beside");
    for (const each of words) each.classList.add("present-words");
    const first = Math.min(...words.map((each) => each.getBoundingClientRect().top));
    const top = (first - article.getBoundingClientRect().top) / scale;
    figure.style.top = `${top}px`;
    article.style.minHeight = `${top + figure.offsetHeight}px`;
  }

  /** Take back what has been set for a step's figures. */
  function releaseFigures({ figures = [], nodes, repeated }) {
    article.style.minHeight = "";
    for (const each of figures) each.style.removeProperty("--room");
    for (const each of [...nodes, ...(repeated ? [repeated] : [])].flatMap((node) => [node, boxOf(node)])) {
      each.classList.remove("present-beside", "present-words");
      if (each.style.top) each.style.top = "";
    }
  }

  /** Make the titles of a step small, or leave them out, rather than what it shows. */
  function fitTitles(step, titles) {
    const isSmall = () => state.scale < screen().scale * 0.98;
    if (!isSmall()) return;
    titles.filter((each) => each !== step.above).forEach((each) => each.classList.add("present-small"));
    fit();
    const isFirst = state.steps[state.at - 1]?.heading !== step.heading;
    if (isFirst || !isSmall() || !["text", "reveal"].includes(step.kind)) return;
    titles.forEach(hide);
    fit();
  }

  /** Show the words that lead to an explorer above it, unless they take too much of its room. */
  function fitLead({ kind, repeated, nodes: [, asked] }) {
    if (kind !== "explorer" || !repeated || asked) return;
    const { scale, least } = state;
    repeated.classList.add("present-lead");
    state.hidden = state.hidden.filter((each) => each !== repeated);
    repeated.classList.remove("present-off");
    fit();
    if (state.least >= least && state.scale >= scale * LOST) return;
    hide(repeated);
    fit();
  }

  // ------------------------------------------------------------------ what is shown

  function hide(node) {
    node.classList.add("present-off");
    state.hidden.push(node);
  }

  /** Hide everything within `node` that leads to none of these. */
  function keepOnly(node, kept) {
    for (const child of node.children) {
      if (kept.has(child) || child.matches("thead, colgroup, .present-made")) continue;
      if ([...kept].some((each) => child.contains(each))) keepOnly(child, kept);
      else hide(child);
    }
  }

  function unhide() {
    for (const node of state.hidden) node.classList.remove("present-off");
    article.querySelectorAll(".present-above, .present-small").forEach((each) => each.classList.remove("present-above", "present-small"));
    state.hidden = [];
    article.querySelectorAll(".present-made").forEach((each) => each.remove());
  }

  /** Let a question that is answered already look unanswered, and say what there is to do; or no longer. */
  function coverQuestion(node, isCovered) {
    node.classList.toggle("present-covered", isCovered);
    node.querySelectorAll(".present-again").forEach((each) => each.remove());
    if (!isCovered) return;
    const click = (words, onclick) => create("button", { type: "button", className: "cx-button", onclick }, words);
    node.append(create("p", { className: "present-again present-made" },
      "Answered already.", click("Show the answer (a)", answer), click("Ask again", () => askAgain(node))));
  }

  /** Whether somebody has answered a question, rightly or not, or has seen its answer. */
  function isAnswered(node) {
    const { given = null, tried = [] } = keptAnswer(node) ?? {};
    return node.dataset.state !== "open" || given !== null || tried.length > 0;
  }

  /** What is answered already is covered until the speaker asks for it. */
  function cover(step) {
    for (const node of step.nodes) {
      if (node.matches(".cx-question")) coverQuestion(node, isAnswered(node));
      if (node.matches(".course-reveal")) node.open = true;
      else if (node.matches("details")) node.open = false;
      else node.querySelectorAll?.("details[open]").forEach((each) => each.removeAttribute("open"));
    }
  }

  function show(at, { isQuiet = false, isSame = false } = {}) {
    unhide();
    restore(state.steps[state.at], state.body);
    state.at = Math.max(0, Math.min(state.steps.length - 1, at));
    const step = state.steps[state.at];
    if (step.made) {
      step.made.classList.add("present-made");
      article.append(step.made);
    }
    const kept = new Set(step.nodes);
    if (step.repeated) kept.add(step.repeated);
    const titles = step.kind === "explorer" ? [] : [step.above, step.heading].filter(Boolean);
    titles.forEach((each) => kept.add(each));
    step.above?.classList.add("present-above");
    root.dataset.presenting = step.kind;
    keepOnly(article, kept);
    if (!isSame) {
      delete root.dataset.answered;
      cover(step);
      if (step.repeated?.matches(".course-reveal")) step.repeated.open = true;
    }
    state.body = step.kind === "explorer" ? step.nodes[0].querySelector(".cx-body") : null;
    if (state.body) {
      const name = titleOf(state.body);
      if (name && step.heading?.matches("h2, h3")) name.dataset.section = step.title;
      if (step.repeated) hide(step.repeated);
    }
    placeFigures(step);
    fit();
    fitTitles(step, titles);
    fitLead(step);
    state.watch.observe(article);
    if (step.kind === "explorer") settle(state.at, 3);
    tell(step, isQuiet);
  }

  /** Fit again once an explorer has drawn itself in its new size. */
  function settle(at, rounds) {
    requestAnimationFrame(() => setTimeout(() => {
      if (!state || state.at !== at || rounds === 0) return;
      if (Math.abs(article.offsetHeight - state.height) > 2) fit();
      settle(at, rounds - 1);
    }));
  }

  function tell(step, isQuiet) {
    const { steps, at, isDeck } = state;
    state.count.textContent = `${at + 1} / ${steps.length}`;
    state.name.textContent = step.title;
    const words = { explorer: "explorer", question: "question", outline: "outline" }[step.kind] ?? "";
    if (!isQuiet) {
      state.said.textContent = [`${isDeck ? "Slide" : "Step"} ${at + 1} of ${steps.length}`, words, step.title].filter(Boolean).join(": ");
      if (!state.bar.contains(document.activeElement)) article.focus({ preventScroll: true });
    }
    state.deck.setAttribute("aria-pressed", isDeck);
    writeNotes();
  }

  // ------------------------------------------------------------------ what the speaker does

  /** Show the answer of the question, or the facts of an explorer, or take them back; or open
      what is folded. */
  function answer() {
    const step = state.steps[state.at];
    const [node] = step.nodes;
    if (step.kind === "question") {
      if (node.classList.contains("present-covered")) coverQuestion(node, false);
      else if (node.dataset.state === "open") showAnswer(node);
      else if (state.opened.has(node)) takeBack(node);
      else coverQuestion(node, true);
    } else if (node.querySelector(".cx-facts")) root.toggleAttribute("data-answered");
    else {
      const folded = step.nodes.flatMap((each) => [each, ...each.querySelectorAll("details")]);
      const closed = folded.find((each) => each.matches("details:not([open])"));
      if (closed) closed.open = true;
    }
    fit();
  }

  /** The quiz of a question, and the question's place in it. */
  function placeOf(node) {
    const place = node.closest(".live-widget");
    const { model } = globalThis.cnnCourseWidgets.find(place);
    return { model, index: [...place.querySelectorAll(".cx-question")].indexOf(node) };
  }

  /** What is kept of the answer to a question, or nothing. */
  function keptAnswer(node) {
    const { model, index } = placeOf(node);
    return model.get("answers")?.[index];
  }

  /** Change what is kept of the answer to a question, by a function of what was there. */
  function keepAnswer(node, changed) {
    const { model, index } = placeOf(node);
    const answers = model.get("questions").map((_, i) => model.get("answers")?.[i] ?? null);
    answers[index] = changed(answers[index]);
    model.set("answers", answers);
  }

  function showAnswer(node) {
    keepAnswer(node, (before) => {
      state.opened.set(node, before);
      return { ...(before ?? ANSWERED), shown: true };
    });
  }

  /** The question as it was before its answer was shown: the next class is asked, too. */
  function takeBack(node) {
    keepAnswer(node, () => state.opened.get(node));
    state.opened.delete(node);
  }

  /** The question without its answer, and nothing chosen: another class votes. */
  function askAgain(node) {
    state.opened.delete(node);
    keepAnswer(node, (before) => ({ ...before, given: null, tried: [], right: false, shown: false }));
    coverQuestion(node, false);
    fit();
    article.focus({ preventScroll: true });
  }

  /** Forget answers, marks and settings of this site: the next class begins. */
  function startAfresh() {
    if (!confirm("Forget all answers, reading marks and settings that this browser keeps of this course?")) return;
    courseStorage.local.removeAll("cnn-course");
    const [address] = location.href.split("#");
    location.replace(`${address}#${state.isDeck ? "slides" : "present"}&v=1`);
    location.reload();
  }

  function toggleSpot() {
    if (state.spot.isConnected) return state.spot.remove();
    return document.body.append(state.spot);
  }

  // How the parts of a formula read on one line; the limits of a sum are left out.
  const ON_ONE_LINE = {
    mfrac: (over, under) => `${over}/${under}`,
    msup: (base, power) => `${base}^${power}`,
    msub: (base, index) => `${base}_${index}`,
    msubsup: (base, index, power) => `${base}_${index}^${power}`,
    munder: (base) => base,
    munderover: (base) => base,
  };

  /** A copy of a block whose formulas keep their fraction bars and powers as plain text. */
  function onOneLine(node) {
    const copy = node.cloneNode(true);
    for (const sign of copy.querySelectorAll("mo")) {
      if (/^[=+−-]$/.test(sign.textContent) && sign.previousElementSibling) sign.textContent = ` ${sign.textContent} `;
    }
    const words = ({ textContent }) => (/^[\p{L}\p{N}.∑]*$/u.test(textContent) ? textContent : `(${textContent})`);
    // The inner ones first: a fraction may stand in a fraction.
    for (const each of [...copy.querySelectorAll(Object.keys(ON_ONE_LINE).join())].reverse()) {
      each.replaceWith(ON_ONE_LINE[each.localName](...[...each.children].map(words)));
    }
    return copy;
  }

  /** The first words of a block. */
  const beginning = (node) => shortened(cnnCourseSteps.text(onOneLine(node)));

  function shortened(words) {
    return words.length <= BEGINNING ? words : `${words.slice(0, BEGINNING).replace(/\s+\S*$/, "")} …`;
  }

  /** What a step holds: its kind, or its first words. */
  function contentOf({ kind, nodes }) {
    const [first] = nodes;
    if (kind === "question") return `Question: ${beginning(first.querySelector("legend > :not(.cx-badge)"))}`;
    if (kind === "explorer") return first.querySelector(".cx-title")?.textContent ?? "Explorer";
    if (kind !== "text") return kind === "outline" ? "Outline" : "Answer";
    if (first.matches(".cell_input")) return `Code: ${beginning(first)}`;
    if (first.matches(".output")) return `Output: ${beginning(first)}`;
    return beginning(first) || `Figure: ${shortened(first.querySelector("img")?.alt ?? "")}`;
  }

  function overview() {
    if (state.list.isConnected) {
      state.list.remove();
      return article.focus({ preventScroll: true });
    }
    const parts = [];
    state.steps.forEach((step, at) => {
      if (at === 0 || step.title !== state.steps[at - 1].title) {
        parts.push(create("h2", {}, step.title), create("ol", {}));
      }
      const go = create("button", { type: "button", onclick: () => { state.list.remove(); show(at); } },
        create("b", {}, `${at + 1}`), ` ${contentOf(step)}`);
      if (at === state.at) go.setAttribute("aria-current", "step");
      parts.at(-1).append(create("li", {}, go));
    });
    state.list.replaceChildren(...parts);
    document.body.append(state.list);
    return state.list.querySelector("[aria-current]").focus();
  }

  /** Move the focus through the overview; false for a key that does nothing there. */
  function moveInOverview(key) {
    const steps = [...state.list.querySelectorAll("button")];
    const at = steps.indexOf(document.activeElement);
    const last = steps.length - 1;
    const to = { Home: 0, End: last }[key] ?? (key in GO && ![" ", "Enter"].includes(key) ? at + GO[key] : null);
    if (to === null) return false;
    steps[Math.max(0, Math.min(last, to))].focus();
    return true;
  }

  // ------------------------------------------------------------------ notes

  function openNotes() {
    const opened = window.open("", "course-notes", "width=900,height=640");
    if (!opened) return alert("The browser keeps the window with the notes closed. Allow windows for this page, then press n again.");
    state.notes = opened;
    opened.document.title = "Speaker notes";
    opened.document.addEventListener("keydown", (event) => keys(event));
    return writeNotes();
  }

  /** What the speaker sees: the notes of this slide, the time, and what comes next. */
  function writeNotes() {
    const { notes, steps, at } = state;
    if (!notes || notes.closed) return;
    const { document: sheet } = notes;
    const make = (tag, ...content) => {
      const made = sheet.createElement(tag);
      made.append(...content);
      return made;
    };
    const body = sheet.body;
    body.style.cssText = "font: 20px/1.5 system-ui, sans-serif; margin: 1.5rem; max-width: 60rem";
    const minutes = Math.floor((Date.now() - state.since) / 60000);
    const copied = (node) => {
      const copy = sheet.importNode(node, true);
      copy.hidden = false;
      copy.querySelectorAll(".headerlink, button").forEach((each) => each.remove());
      return copy;
    };
    // What to ask before the next slide is shown has to be read before.
    const ahead = steps[at + 1]?.notes.filter((node) => node.matches(".course-notes")) ?? [];
    body.replaceChildren(
      make("p", `${at + 1} / ${steps.length} · ${minutes} min`),
      make("h1", steps[at].title),
      ...steps[at].notes.map(copied),
      make("p", `Next: ${steps[at + 1]?.title ?? "the end"}`),
      ...(ahead.length ? [make("blockquote", ...ahead.map(copied))] : []),
    );
  }

  // ------------------------------------------------------------------ keys

  const GO = {
    ArrowRight: 1, ArrowDown: 1, PageDown: 1, " ": 1, Enter: 1,
    ArrowLeft: -1, ArrowUp: -1, PageUp: -1, Backspace: -1,
  };
  const LETTERS = {
    a: answer, o: overview, n: openNotes, l: toggleSpot,
    d: () => enter({ isDeck: !state.isDeck }),
    f: () => toggleFullScreen(),
    p: () => leave(),
  };

  /** Whether the keyboard has gone to a button or a link of the step; one that was clicked does not count. */
  const isOnButton = () => !state.isByMouse && document.activeElement !== article && article.contains(document.activeElement);

  /** A key that no control has a use for. */
  function keys(event) {
    if (!state || event.altKey || event.ctrlKey || event.metaKey || event.isComposing) return;
    const { key } = event;
    const control = event.target.closest?.(IN_USE);
    if (key === "Escape") {
      const link = article.querySelector(".course-view-link");
      if (state.list.isConnected) overview();
      else if (link) link.remove();
      else if (control || isOnButton()) article.focus({ preventScroll: true });
      else leave();
    } else if (control) return;
    else if (event.target.closest?.("button, summary, a[href]") && [" ", "Enter"].includes(key)) return;
    else if (state.list.isConnected) {
      if (key.toLowerCase() === "o") overview();
      else if (!moveInOverview(key)) return;
    }
    else if (key in GO) show(state.at + GO[key]);
    else if (key === "Home") show(0);
    else if (key === "End") show(state.steps.length - 1);
    else if (Object.hasOwn(LETTERS, key.toLowerCase())) LETTERS[key.toLowerCase()]();
    else return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  // ------------------------------------------------------------------ the bar

  function button(words, key, onclick) {
    const made = create("button", { type: "button", onclick, title: key ? `Key ${key}` : "" }, words);
    if (key) made.setAttribute("aria-keyshortcuts", key);
    return made;
  }

  function makeBar() {
    state.count = create("span", {});
    state.name = create("span", { className: "present-name" });
    state.said = create("span", { className: "visually-hidden" });
    state.said.setAttribute("role", "status");
    state.deck = button("Slides", "d", LETTERS.d);
    state.bar = create("nav", { className: "present-bar" },
      button("◀", "ArrowLeft", () => show(state.at - 1)),
      state.count,
      button("▶", "ArrowRight", () => show(state.at + 1)),
      state.name, state.said,
      button("Answer", "a", answer), button("Overview", "o", overview), state.deck,
      button("Notes", "n", openNotes), button("Spotlight", "l", toggleSpot),
      button("Start afresh", "", startAfresh), button("Leave", "Escape", () => leave()));
    const [back, , on] = state.bar.children;
    back.setAttribute("aria-label", "Back");
    on.setAttribute("aria-label", "Next");
    state.bar.setAttribute("aria-label", "Present mode");
    state.list = create("nav", { className: "present-list" });
    state.list.setAttribute("aria-label", "Steps");
    state.spot = create("div", { className: "present-spot" });
    document.body.append(create("div", { className: "present-back" }), state.bar);
  }

  const moveSpot = ({ clientX, clientY }) => {
    state.spot.style.setProperty("--x", `${clientX}px`);
    state.spot.style.setProperty("--y", `${clientY}px`);
  };

  const GIVES_BACK = "input[type=range], input[type=checkbox], input[type=radio], select, [role=application]";

  /** What was set with the mouse gives the keys back: a clicker has no Escape. */
  function release() {
    if (document.activeElement?.matches(GIVES_BACK)) article.focus({ preventScroll: true });
  }

  const TRACKS = ["gridTemplateColumns", "gridTemplateRows"];

  /** Let the parts of an explorer stay where they are, or be laid out anew. */
  function keepTracks(isKept) {
    if (!state.body) return;
    const tracks = getComputedStyle(state.body);
    for (const name of TRACKS) state.body.style[name] = isKept ? tracks[name] : "";
  }

  // While a slider is held it stays where it is, whatever grows or shrinks around it.
  const pressed = ({ target }) => {
    state.isByMouse = true;
    state.isHeld = Boolean(target.matches?.("input[type=range]"));
    if (state.isHeld) keepTracks(true);
  };
  const lifted = ({ target }) => {
    const isOpen = target.matches?.("select"); // its list gives the keys back
    if (!isOpen) setTimeout(() => state && release());
    if (!state.isHeld) return;
    state.isHeld = false;
    keepTracks(false);
    fit();
  };
  const changed = () => state.isByMouse && release();
  const typed = ({ key, target }) => {
    state.isByMouse = false;
    const isDone = key === "Enter" && target.matches?.(".cx-question input:not([type=checkbox], [type=radio])");
    if (isDone) setTimeout(() => document.activeElement === target && article.focus({ preventScroll: true }));
  };

  // ------------------------------------------------------------------ on and off

  /** The step that holds a node, or what the reader has before the eyes. */
  function stepAt(node) {
    const wanted = node ?? state.before;
    const of = (test) => state.steps.findIndex(({ nodes }) => nodes.some(test));
    const inside = of((each) => wanted && (each === wanted || wanted.contains(each) || each.contains(wanted)));
    if (inside >= 0 || !wanted) return Math.max(0, inside);
    // A deck leaves some blocks out: then the last slide before it.
    const comesBefore = (each) => each.compareDocumentPosition(wanted) === Node.DOCUMENT_POSITION_FOLLOWING;
    return Math.max(0, state.steps.findLastIndex(({ nodes: [first] }) => comesBefore(first)));
  }

  /** The block in the middle of the screen, before the page is laid out anew. */
  function inSight() {
    const blocks = [...article.querySelectorAll("p, pre, figure, img, table, ul, .cx-question, .live-widget")];
    const middle = innerHeight / 2;
    return blocks.find((each) => each.getBoundingClientRect().bottom > middle) ?? null;
  }

  /** Everything of the page that is not on the way to its text. */
  function others() {
    const found = [];
    for (let at = article; at !== document.body; at = at.parentElement) {
      found.push(...[...at.parentElement.children].filter((each) => each !== at && !each.matches(".present-back, .present-bar, .present-list, .present-spot, script, style")));
    }
    return found;
  }

  function cut(node) {
    unhide();
    restore(state.steps?.[state.at], state.body);
    state.body = null;
    const { height, scale } = screen();
    state.size = { width: innerWidth, height: innerHeight };
    lay(scale);
    const room = height / scale - 90; // under a heading
    root.style.setProperty("--present-room", `${room}px`);
    root.dataset.presenting = "text";
    state.steps = cnnCourseSteps[state.isDeck ? "deck" : "whole"](article, room);
    return stepAt(node);
  }

  async function enter({ place = null, isDeck = false } = {}) {
    if (!article) return;
    const shown = state?.steps[state.at].nodes[0];
    if (!state) {
      state = { hidden: [], opened: new Map(), since: Date.now(), before: inSight(), scroll: scrollY };
      state.outside = others();
      makeBar();
      state.watch = new ResizeObserver(() => {
        // What an answer or a slider makes higher has to fit, too; a fit itself asks for no other.
        if (state.isHeld || Math.abs(article.offsetHeight - state.height) < 2) return;
        const isLoose = article.offsetHeight * state.scale < screen().height * LOOSE;
        const mayGrow = state.body && (isLoose || state.least < LEAST[0]);
        if (mayGrow || !fits(state.scale)) return fit();
        state.height = article.offsetHeight;
        // It stays where it is, unless it would end below the screen.
        const left = screen().height - state.height * state.scale;
        article.style.top = `${Math.max(0, Math.min(parseFloat(article.style.top), left))}px`;
      });
      addEventListener("resize", resized);
      addEventListener("pointermove", moveSpot);
      addEventListener("pointerdown", pressed);
      addEventListener("pointerup", lifted);
      addEventListener("pointercancel", lifted);
      article.addEventListener("change", changed);
      document.addEventListener("keydown", typed, true);
      document.addEventListener("keydown", keys, true);
      article.tabIndex = -1;
    }
    state.isDeck = isDeck;
    const places = [...document.querySelectorAll(".live-widget")];
    await Promise.all(places.map((each) => globalThis.cnnCourseWidgets?.show(each)));
    if (!state) return;
    for (const each of state.outside) each.classList.add("present-off");
    // A picture that waits until a reader comes near would come late on a slide, and not on paper.
    article.querySelectorAll("img[loading]").forEach((each) => each.removeAttribute("loading"));
    await Promise.all([...article.querySelectorAll("img")].map((each) => each.decode().catch(() => {})));
    if (!state) return;
    show(cut(place ?? shown));
    root.dataset.ready = "";
  }

  /** Show the step of a place that a link leads to. */
  function turnTo(place) {
    if (place && article.contains(place)) show(cut(place));
  }

  function resized() {
    // The theme tells of a new size after each click on a part that opens, too.
    if (innerWidth === state.size?.width && innerHeight === state.size.height) return;
    const [node] = state.steps?.[state.at]?.nodes ?? [];
    if (node) show(cut(node), { isQuiet: true, isSame: true });
  }

  function leave() {
    const { steps, at, outside, watch, bar, list, spot, body } = state;
    watch.disconnect();
    unhide();
    restore(steps[at], body);
    for (const name of ["width", "transform", "top"]) article.style[name] = "";
    article.style.removeProperty("--lead");
    for (const each of outside) each.classList.remove("present-off");
    for (const each of [bar, list, spot, document.querySelector(".present-back")]) each.remove();
    removeEventListener("resize", resized);
    removeEventListener("pointermove", moveSpot);
    removeEventListener("pointerdown", pressed);
    removeEventListener("pointerup", lifted);
    removeEventListener("pointercancel", lifted);
    article.removeEventListener("change", changed);
    document.removeEventListener("keydown", typed, true);
    document.removeEventListener("keydown", keys, true);
    delete root.dataset.presenting;
    delete root.dataset.ready;
    delete root.dataset.answered;
    article.querySelectorAll(".present-covered").forEach((each) => each.classList.remove("present-covered"));
    article.removeAttribute("tabindex");
    const [node] = steps[at].nodes;
    state = null;
    if (node.isConnected) node.scrollIntoView({ block: "center", behavior: "instant" });
    document.querySelector(".course-present")?.focus({ preventScroll: true });
  }

  // ------------------------------------------------------------------ paper

  /** A copy of what is shown, with the pictures of its canvases. */
  function copied() {
    const copy = article.cloneNode(true);
    const [from, to] = [article, copy].map((each) => each.querySelectorAll("canvas"));
    from.forEach((canvas, i) => {
      if (canvas.width && canvas.height) to[i].getContext("2d").drawImage(canvas, 0, 0);
    });
    copy.querySelectorAll(".present-off").forEach((each) => each.remove());
    copy.querySelectorAll("[id]").forEach((each) => each.removeAttribute("id"));
    const page = create("div", { className: "present-page" }, copy);
    page.dataset.presenting = root.dataset.presenting;
    return page;
  }

  addEventListener("beforeprint", () => {
    if (!state) return;
    const { at } = state;
    const sheet = create("div", { className: "present-paper" });
    root.style.setProperty("--paper-width", `${innerWidth}px`);
    root.style.setProperty("--paper-height", `${innerHeight}px`);
    state.paper = [sheet, create("style", {}, `@page { size: ${innerWidth}px ${innerHeight}px; margin: 0 }`)];
    for (let step = 0; step < state.steps.length; step += 1) {
      show(step, { isQuiet: true });
      sheet.append(copied());
    }
    show(at, { isQuiet: true });
    document.body.append(...state.paper);
  });
  addEventListener("afterprint", () => {
    for (const each of state?.paper?.splice(0) ?? []) each.remove();
  });

  /** How far it is, for tests and for printing. */
  const progress = () => state && { at: state.at, of: state.steps.length, kind: state.steps[state.at].kind, scale: state.scale, title: state.steps[state.at].title };

  /** The steps as they are cut, for tests: { kind, nodes, notes, … }. */
  const steps = () => state?.steps ?? [];

  return { enter, steps, turnTo: (place) => state && turnTo(place), leave: () => state && leave(), show: (at) => show(at, { isQuiet: true }), progress, isOn: () => Boolean(state) };
})();
Object.assign(globalThis.cnnCourseTeach, { present: cnnCoursePresent });
