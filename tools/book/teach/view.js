/* Links to a view of an explorer: `restore` sets what the address of the page holds, `offer`
   lets the reader make such a link. What the settings are called, and what they may be, is in
   utils/explorers/js/address.js; what runs on the page in anywidget-static.js. */
const cnnCourseView = (() => {
  const { followers, readSettings, readView, writeSettings, writeView } = cnnCourseAddress;
  const LONGEST_QUESTION = 300;
  const NAMES = ["only", "ask", "question", "present", "v"]; // what a link holds besides settings

  function element(tag, properties = {}, ...children) {
    const created = document.createElement(tag);
    for (const [name, value] of Object.entries(properties)) {
      if (name.startsWith("on")) created.addEventListener(name.slice(2), value);
      else if (value === true) created.setAttribute(name, "");
      else if (value !== false && value !== null) created.setAttribute(name, value);
    }
    created.append(...children);
    return created;
  }

  const style = element("style", {}, cnnCourseTeachStyle);
  document.head.append(style);

  /** The explorer's frame within its place. */
  const rootOf = (place) => place.querySelector(".cnn-explorer");

  /** Whether a setting with this text sets what another explorer gives, through a link of both. */
  const isLinked = ({ settings, model }, name, text) =>
    Object.keys(readSettings(settings, model, { [name]: text }).traits).some((trait) => model.linked.has(trait));

  /** Its settings as the page had them at the start; null for what another explorer gives. */
  function originalOf(widget) {
    const { settings, model } = widget;
    const written = writeSettings(settings, { get: (name) => model.original[name] });
    for (const [name, text] of Object.entries(written)) {
      if (text !== null && isLinked(widget, name, text)) written[name] = null;
    }
    return written;
  }

  const held = (written) =>
    Object.fromEntries(Object.entries(written).filter(([, text]) => text !== null));

  /** Put a line before an explorer, in place of the one of an earlier link. */
  function say(place, className, ...content) {
    place.parentElement.querySelectorAll(`:scope > .${className}`).forEach((each) => each.remove());
    if (content.length) place.before(element("div", { class: className, role: "status" }, ...content));
  }

  // ------------------------------------------------------------------ a link is opened

  const labelsOf = ({ label = [] }) => [label].flat();

  /** Hide the controls of all settings but the named ones. */
  function hideOthers(place, settings, names) {
    const kept = names.flatMap((name) => labelsOf(settings[name] ?? {}));
    // "Kernel" stands for "Kernel size" too, and "R" not for "ReLU".
    const nameOf = (control) => (control.querySelector(".cx-label") ?? control).textContent.trim();
    const isCalled = (name, label) => name.startsWith(label) && !/^\p{L}/u.test(name.slice(label.length));
    const isKept = (control) => kept.some((label) => isCalled(nameOf(control), label));
    const hide = () => {
      for (const control of place.querySelectorAll(".cx-control, .cx-buttons > .cx-button")) {
        control.classList.toggle("course-off", !isKept(control));
      }
      for (const group of place.querySelectorAll("fieldset:has(.cx-control, .cx-toggle)")) {
        const controls = [...group.querySelectorAll(".cx-control")];
        group.classList.toggle("course-off", controls.every((each) => each.matches(".course-off")));
      }
      const isFixed = !["kernel", "filters"].some((name) => names.includes(name));
      for (const cell of place.querySelectorAll("[data-role=kernel] input")) cell.readOnly = isFixed;
    };
    place.controlsObserver?.disconnect();
    place.controlsObserver = new MutationObserver(hide);
    place.controlsObserver.observe(rootOf(place), { childList: true, subtree: true });
    hide();
  }

  function showAll(place) {
    place.controlsObserver?.disconnect();
    place.querySelectorAll(".course-off").forEach((each) => each.classList.remove("course-off"));
  }

  const frames = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));

  /** Show the question and what did not fit, and hide what the link hides. */
  function dress(place, { settings }, { only, ask }, problems) {
    place.view = { only, ask }; // a link that is copied keeps them
    const names = only === undefined ? [] : only.split(",");
    const unknown = names.filter((name) => name && !Object.hasOwn(settings, name));
    const all = [...problems, ...unknown.map((name) => `There is no control “${name.slice(0, 30)}” here.`)];
    say(place, "course-view-problem", ...(all.length ? [`From the link: ${all.join(" ")}`] : []));
    const question = ask ? [element("b", {}, "Question in the link"), element("p", {}, ask.slice(0, LONGEST_QUESTION))] : [];
    say(place, "course-view-ask", ...question);
    if (only === undefined) showAll(place);
    else hideOthers(place, settings, names);
  }

  /** The position at which the window stands where it stood on the page at the start. */
  const placeOf = ({ model, keepPlace = () => ({}) }, { position, ...traits }) =>
    keepPlace((name) => model.original[name], traits);

  /** The traits of a view: what its link names; else what another explorer gives now, or what
      the page had at the start. And a sentence on each value that does not fit. */
  function viewOf(widget, values) {
    const { settings = {}, model } = widget;
    const texts = held(originalOf({ settings, model }));
    const original = readSettings(settings, model, texts);
    const following = readSettings(settings, model, followers(settings, values, texts));
    const given = Object.fromEntries([...model.linked].map(([trait, read]) => [trait, read()]));
    const { traits, problems } = readSettings(settings, model, values);
    const all = { ...original.traits, ...given, ...following.traits, ...traits };
    return { traits: "position" in traits ? all : { ...all, ...placeOf(widget, all) }, problems };
  }

  /** Say above the article that a link leads to what is not there. */
  function sayMissing(what) {
    const first = document.querySelector(".bd-article h1");
    say(first, "course-view-problem", `The link leads to ${what}, which this page does not have.`);
    return null;
  }

  /** Lead to a section, or to the question in it that the link asks for by its number. */
  async function goTo(section, { question, present }) {
    let place = section;
    if (question !== undefined) {
      const quizzes = [...section.querySelectorAll(".live-widget[data-module=quiz]")];
      await Promise.all(quizzes.map((quiz) => globalThis.cnnCourseWidgets.show(quiz)));
      place = section.querySelectorAll(".cx-question")[Number(question) - 1];
      if (!place) return sayMissing(`question ${question.slice(0, 9)} of a section`);
    }
    place.scrollIntoView({ block: "start", behavior: "instant" });
    return { place, isPresented: present !== undefined };
  }

  /** Set the view that the address of the page names, if it names one. */
  async function restore() {
    const view = readView(location.hash);
    const widgets = globalThis.cnnCourseWidgets;
    if (!view || !widgets || ["present", "slides"].includes(view.place)) return null;
    if (view.place.includes("=")) return null; // an explorer's own form
    document.querySelectorAll(".course-view-problem").forEach((each) => each.remove()); // of an earlier link
    const place = document.getElementById(view.place);
    const widget = place && widgets.find(place);
    // A link to a section has no settings, but may ask for present mode.
    if (place && !widget) return goTo(place, view.values);
    if (!widget) return sayMissing(`“${view.place.slice(0, 40)}”`);
    const named = Object.entries(view.values).filter(([name]) => !NAMES.includes(name));
    const values = Object.fromEntries(named);
    const { settings = {}, model } = widget;
    const { traits, problems } = viewOf(widget, values);
    model.set(traits);
    await widgets.show(place);
    await frames();
    // Another explorer's result may have come through a link between the two meanwhile.
    model.set(viewOf(widget, values).traits);
    if (rootOf(place)) dress(place, { settings }, view.values, problems);
    const question = place.previousElementSibling;
    // What a link opens may lie far below the beginning of its explorer.
    const opened = rootOf(place)?.querySelector("[data-view-target]:not([hidden])");
    const first = question?.matches(".course-view-ask") ? question : (opened ?? place);
    first.scrollIntoView({ block: "start", behavior: "instant" });
    return { place, isPresented: "present" in view.values };
  }

  // ------------------------------------------------------------------ a link is made

  /** The address of the view that is shown. */
  function address(place, others = {}) {
    const widget = globalThis.cnnCourseWidgets.find(place);
    const written = writeSettings(widget.settings, widget.model);
    const original = originalOf(widget);
    const { position } = placeOf(widget, widget.model.state);
    if (position) original.at = position.join(",");
    const hash = writeView(place.id, widget.settings, written, original, others);
    return `${location.href.split("#")[0]}#${hash.includes("&") ? hash : `${hash}&v=1`}`;
  }

  /** What is said of a picture that a link has no room for. */
  function remark({ settings, model }) {
    const isOwn = Object.values(writeSettings(settings, model)).includes(null);
    if (!isOwn) return "";
    const isGiven = [...model.linked].some(([trait, read]) => model.get(trait) === read());
    return isGiven
      ? "The map comes from another explorer of this page: the link does not hold what is set there. "
      : "Your own picture stays with you: the link opens with the page’s. ";
  }

  async function copy(field, status) {
    try {
      await navigator.clipboard.writeText(field.value);
      status.textContent = "Copied.";
    } catch {
      field.focus();
      field.select();
      status.textContent = "Copy it with Ctrl+C or ⌘C.";
    }
  }

  /** The boxes that say which controls the link leaves. */
  function choices(settings, chosen, onchange) {
    const names = Object.entries(settings).filter(([, setting]) => setting.label);
    const boxes = names.map(([name, setting]) => {
      const checked = chosen.includes(name);
      const box = element("input", { type: "checkbox", value: name, checked, onchange });
      return element("label", {}, box, ` ${setting.called ?? labelsOf(setting)[0]}`);
    });
    return element("fieldset", {}, element("legend", {}, "Leave only these controls"), ...boxes);
  }

  /** A panel in the explorer with the link, which follows what is changed. */
  function offer(place) {
    const root = rootOf(place);
    const widget = globalThis.cnnCourseWidgets.find(place);
    const open = root.querySelector(".course-view-link");
    if (open) return copy(open.querySelector("input"), open.querySelector("[role=status]"));
    const field = element("input", { type: "text", readonly: true, "aria-label": "Link to this view" });
    const note = element("span");
    const status = element("span", { role: "status" });
    const { only: kept = "", ask = "" } = place.view ?? {};
    const question = element("input", { type: "text", maxlength: LONGEST_QUESTION, value: ask, oninput: () => update() });
    const present = element("input", { type: "checkbox", onchange: () => update() });
    const boxes = choices(widget.settings, kept.split(","), () => update());
    const update = () => {
      const only = [...boxes.querySelectorAll("input:checked")].map(({ value }) => value);
      const others = {};
      if (only.length) others.only = only.join(",");
      if (question.value.trim()) others.ask = question.value.trim();
      if (present.checked) others.present = "1";
      field.value = address(place, others);
      note.textContent = remark(widget);
      status.textContent = "";
    };
    const end = () => {
      clearInterval(timer);
      panel.remove();
    };
    // The explorer's settings have no common event; whoever looks at the link sees them.
    const timer = setInterval(() => (panel.isConnected ? refresh() : end()), 500);
    const refresh = () => {
      const { value } = field;
      if (document.activeElement === field) return;
      const words = status.textContent;
      update();
      if (field.value === value) status.textContent = words;
    };
    const panel = element(
      "div",
      { class: "course-view-link" },
      element("div", {}, field,
        element("button", { type: "button", class: "cx-button", onclick: () => copy(field, status) }, "Copy"),
        element("button", { type: "button", class: "cx-button", onclick: end }, "Close")),
      element("p", {}, note, status),
      element("details", {}, element("summary", {}, "For a class: a question, fewer controls"),
        boxes,
        element("label", {}, "Question ", question),
        element("label", {}, present, " Fill the screen (present mode)")),
    );
    root.querySelector(".cx-header").after(panel);
    update();
    return copy(field, status);
  }

  return { restore, offer, address };
})();
globalThis.cnnCourseTeach = { view: cnnCourseView };
