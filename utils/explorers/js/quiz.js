/**
 * Questions to answer on the page. Each answer is explained, in the place where it was
 * given; a prediction stands beside what came out. What the reader did is kept in this
 * browser only, and in the traits `answers` and `score` for a kernel that runs.
 */

import { button, create, editor, format, frame, redrawOn, uniqueId } from "./interface.js";
import { readNumber } from "./numbers.js";

// ---------------------------------------------------------------- texts and numbers

const MARKUP = /`([^`]+)`|\*\*(\S|\S.*?\S)\*\*|\*([^\s*]|[^\s*][^*]*[^\s*])\*/g;

/** A text with `code`, **bold** and *italic* as nodes. Everything else stays text. */
export function rich(text) {
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(MARKUP)) {
    const [all, code, bold, italic] = match;
    nodes.push(text.slice(end, match.index));
    if (code) nodes.push(create("code", {}, code));
    else nodes.push(create(bold ? "strong" : "em", {}, ...rich(bold ?? italic)));
    end = match.index + all.length;
  }
  return [...nodes, text.slice(end)];
}

/** A text without its markup. */
const plainText = (text) => rich(text).map((node) => node.textContent ?? node).join("");

// Grouped as in much of Europe: 15.200 is 15200 there, and 15.2 elsewhere.
const DOTTED = /^\s*[+\-−–‐‑]?[1-9]\d{0,2}(?:\.\d{3})+(?![\d.,])/;

/** Every number that a person may have meant. */
function readings(text, unit) {
  const dotted = text.replace(DOTTED, (digits) => digits.replaceAll(".", ""));
  return [text, dotted].map((each) => readNumber(each, unit)).filter((value) => value !== null);
}

// ---------------------------------------------------------------- right or wrong

/** These are answered in writing, the others by choosing among options. */
const WRITTEN = new Set(["number", "estimate", "line"]);

/** What the reader did with a question; `given` holds places of options, or a text. */
const UNTOUCHED = { given: null, tried: [], tries: 0, right: false, first: false, shown: false };

const isClose = (value, other, tolerance) =>
  Math.abs(value - other) <= tolerance + 1e-9 * Math.abs(other);

/** Whether a number is right; and if it is a wrong one that is known, why. */
function judgeNumber(question, text) {
  const values = readings(text, question.unit);
  const distance = (value) => Math.min(...values.map((each) => Math.abs(each - value)));
  const isMeant = ({ value }) =>
    values.some((each) => isClose(each, value, question.tolerance));
  if (isMeant(question)) return { right: true };
  const known = question.wrong
    .filter(isMeant)
    .sort((a, b) => distance(a.value) - distance(b.value))[0];
  return { right: false, why: known?.why };
}

/** Whether chosen options are right, how many of them are wrong, and how many are missing. */
function judgeOptions(question, given) {
  const wrong = given.filter((place) => !question.options[place].right).length;
  const all = question.options.filter((option) => option.right).length;
  const missing = all - (given.length - wrong);
  return { right: wrong === 0 && missing === 0, wrong, missing };
}

/** Nothing judges a guess: an estimate, or a line in the reader's own words. */
function judge(question, given) {
  if (question.kind === "number") return judgeNumber(question, given);
  return WRITTEN.has(question.kind) ? { right: false } : judgeOptions(question, given);
}

/** An answer as a line of text. */
function inWords({ kind, options, unit }, given) {
  if (given === null) return "";
  if (!WRITTEN.has(kind)) return given.map((place) => plainText(options[place].text)).join(", ");
  const needsUnit = unit && !given.toLowerCase().endsWith(unit.toLowerCase());
  return needsUnit ? `${given} ${unit}` : given;
}

/** Is this what an earlier visit stored for these questions? Older forms are forgotten. */
function fits(records, questions) {
  const fitsOne = (record, { kind, options }) => {
    if (record === null) return true;
    if (!Array.isArray(record?.tried) || !Number.isInteger(record.tries)) return false;
    if (record.given === null) return true;
    if (WRITTEN.has(kind)) return typeof record.given === "string";
    return Array.isArray(record.given) && record.given.every((place) => options[place]);
  };
  return (
    Array.isArray(records) &&
    records.length === questions.length &&
    records.every((record, index) => fitsOne(record, questions[index]))
  );
}

// ---------------------------------------------------------------- this browser's memory

/** A short name for a text, always the same (FNV-1a). */
function hash(text) {
  let value = 0x811c9dc5;
  for (const letter of text) value = Math.imul(value ^ letter.codePointAt(0), 0x01000193);
  return (value >>> 0).toString(36);
}

/** Where the answers to these questions are kept; a question that is reworded starts anew. */
function memory(questions) {
  const words = questions.map(({ text, options = [] }) => [text, options.map((each) => each.text)]);
  const key = `cnn-course-quiz-${hash(JSON.stringify(words))}`;
  // Reading `localStorage` throws where a browser blocks it; then a page keeps its answers
  // until it is left.
  const attempt = (action) => {
    try {
      return action(globalThis.localStorage);
    } catch {
      return null;
    }
  };
  return {
    load: () => attempt((storage) => JSON.parse(storage.getItem(key))),
    save: (records) =>
      attempt((storage) => {
        if (records.some(Boolean)) storage.setItem(key, JSON.stringify(records));
        else storage.removeItem(key);
      }),
  };
}

// ---------------------------------------------------------------- the parts of a question

/** A line that begins with a sign and a word, so that color alone says nothing. */
function verdict(isRight, why, lead) {
  return create(
    "p",
    { class: "cx-verdict", "data-verdict": isRight ? "right" : "wrong" },
    create("span", { class: "cx-icon", "aria-hidden": "true" }, isRight ? "✓" : "✗"),
    create("span", {}, create("b", {}, lead), " ", ...rich(why)),
  );
}

/** A place for verdicts below an input, which refers to it while there are some. */
function verdictsOf(input) {
  const element = create("div", { id: uniqueId("why"), hidden: true });
  const show = (...verdicts) => {
    element.replaceChildren(...verdicts);
    element.hidden = verdicts.length === 0;
    if (element.hidden) input.removeAttribute("aria-describedby");
    else input.setAttribute("aria-describedby", element.id);
  };
  return { element, show };
}

/** The options of a question, each with its explanation below it. */
function optionsPart(question, onChange) {
  const type = question.kind === "choose" ? "radio" : "checkbox";
  const name = uniqueId("choice");
  const rows = question.options.map((option) => {
    const input = create("input", { type, name, onchange: onChange });
    const label = create("label", {}, input, create("span", {}, ...rich(option.text)));
    const why = verdictsOf(input);
    const element = create("div", { class: "cx-option" }, label, why.element);
    return { option, input, why, element };
  });
  return {
    element: create("div", { class: "cx-answers" }, ...rows.map((each) => each.element)),
    inputs: rows.map((each) => each.input),
    blank: type === "radio" ? "Choose an answer first." : "Tick at least one answer first.",
    read: () => {
      const given = rows.flatMap(({ input }, place) => (input.checked ? [place] : []));
      return given.length ? given : null;
    },
    /** Show what was chosen, and the explanations of the places in `explained`. */
    show: ({ given, tried }, explained) => {
      rows.forEach(({ option, input, why, element }, place) => {
        input.checked = given?.includes(place) ?? false;
        const isOpen = explained.includes(place);
        const otherwise = tried.includes(place) ? "Not quite." : "Not this one.";
        const lead = option.right ? "Right." : otherwise;
        why.show(...(isOpen ? [verdict(option.right, option.why, lead)] : []));
        if (isOpen) element.dataset.verdict = option.right ? "right" : "wrong";
        else delete element.dataset.verdict;
      });
    },
  };
}

/** A box to write a number in, and its unit. */
function numberBox({ unit, value }, onChange) {
  // The number pad of a phone has neither a minus sign nor a slash.
  const isCount = value === null || (Number.isInteger(value) && value >= 0);
  const input = create("input", {
    type: "text",
    inputmode: isCount ? "decimal" : "text",
    autocomplete: "off",
    "aria-label": unit ? `Your answer, in ${unit}` : "Your answer",
    oninput: onChange,
  });
  return {
    input,
    box: create("div", { class: "cx-answer" }, input, create("span", {}, unit)),
    blank: "Write a number first, such as 15,200 or 0.25 or 1/9.",
    read: () => (readings(input.value, unit).length ? input.value.trim() : null),
  };
}

/** A number with its unit: "15,200 parameters", "73 %". */
const withUnit = (value, unit) => [format(value, 4), unit].filter(Boolean).join(" ");

/** A box for a number, with the explanation below it. */
function numberPart(question, onChange) {
  const { unit, value, hint, why } = question;
  const { input, box, blank, read } = numberBox(question, onChange);
  const verdicts = verdictsOf(input);
  const answer = `The answer: ${withUnit(value, unit)}.`;
  return {
    element: create("div", {}, box, verdicts.element),
    inputs: [input],
    blank,
    read,
    show: ({ given, shown }, explained) => {
      input.value = given ?? "";
      if (explained.length === 0) return verdicts.show();
      const found = given === null ? null : judgeNumber(question, given);
      if (found?.right) return verdicts.show(verdict(true, why, "Right."));
      const wrong = found && verdict(false, found.why ?? (shown ? "" : hint), "Not quite.");
      const reply = shown ? verdict(true, why, answer) : null;
      return verdicts.show(...[wrong, reply].filter(Boolean));
    },
  };
}

/** What the reader predicted or wrote, and beside it what came out, or our answer. */
function beside([mine, given], [ours, cameOut, why]) {
  const column = (name, ...content) =>
    create("div", {}, create("dt", {}, name), create("dd", {}, ...content));
  const result = cameOut ? [create("b", {}, cameOut), create("br")] : [];
  return create(
    "dl",
    { class: "cx-beside" },
    column(mine, given),
    column(ours, ...result, ...rich(why)),
  );
}

/** A guess, a number or a line of the reader's own: it is set beside what came out. */
function guessPart(question, onChange) {
  const { kind, unit, value, why } = question;
  const isLine = kind === "line";
  const { input, box, blank, read } = isLine ? lineBox(onChange) : numberBox(question, onChange);
  const outcome = verdictsOf(input);
  const [mine, ours] = isLine ? ["You wrote", "Our answer"] : ["You predicted", "What came out"];
  const cameOut = value === undefined || value === null ? "" : withUnit(value, unit);
  return {
    element: create("div", {}, box, outcome.element),
    inputs: [input],
    blank,
    read,
    show: ({ given, shown }) => {
      input.value = given ?? "";
      const result = () => beside([mine, inWords(question, given)], [ours, cameOut, why]);
      outcome.show(...(shown ? [result()] : []));
    },
  };
}

/** A box for a line in the reader's own words. */
function lineBox(onChange) {
  const input = create("textarea", {
    rows: 2,
    maxlength: 500,
    "aria-label": "Your answer, in your own words",
    oninput: onChange,
  });
  return {
    input,
    box: create("div", { class: "cx-answer" }, input),
    blank: "Write a few words first.",
    read: () => input.value.trim() || null,
  };
}

/** The part of a question that takes the answer, by its kind. */
function partOf(question, onChange) {
  const parts = { number: numberPart, estimate: guessPart, line: guessPart };
  return (parts[question.kind] ?? optionsPart)(question, onChange);
}

/** One of two wordings; "#" becomes the count. */
const plural = (count, one, more) => (count === 1 ? one : more.replace("#", count));

/** What is amiss with ticked boxes, without telling which are missing. */
function amiss({ wrong, missing }) {
  const found = [];
  if (wrong) {
    found.push(plural(wrong, "one of your choices is wrong", "# of your choices are wrong"));
  }
  if (missing) {
    found.push(plural(missing, "one right answer is missing", "# right answers are missing"));
  }
  return found.length ? `Not quite: ${found.join(", and ")}.` : "";
}

/** The explanations that are open within an element, as they are read aloud. */
function openedIn(element) {
  const words = (node) => [...node.children].map((each) => each.textContent).join(": ");
  return [...element.querySelectorAll(".cx-verdict, .cx-beside")]
    .map((each) =>
      each.matches("dl") ? [...each.children].map(words).join(". ") : each.lastChild.textContent,
    )
    .join(" ");
}

/** A hint with the button that opens and closes it. */
function hintPart(text, speak) {
  const element = create("p", { class: "cx-hint", id: uniqueId("hint"), hidden: true });
  element.append(create("b", {}, "Hint: "), ...rich(text));
  const help = button("Hint", () => toggle(element.hidden));
  help.setAttribute("aria-controls", element.id);
  const toggle = (isOpen) => {
    element.hidden = !isOpen;
    help.setAttribute("aria-expanded", String(isOpen));
    if (isOpen) speak(element.textContent);
  };
  toggle(false);
  const offer = (isOffered) => {
    help.hidden = !isOffered || text === "";
    if (help.hidden) toggle(false);
  };
  return { element, help, offer };
}

/** The text of a question, its number in a badge. */
function legendOf(question, number) {
  const badge = create("span", { class: "cx-badge", "aria-hidden": "true" });
  const spoken = number ? `Question ${number}: ` : "";
  const heading = create("span", {}, create("span", { class: "cx-hidden" }, spoken));
  heading.append(...rich(question.text));
  const mark = (state) => {
    badge.textContent = state === "right" ? "✓" : (number ?? "?");
  };
  return { element: create("legend", {}, badge, heading), spoken, mark };
}

/** The options whose explanation the reader has earned. */
function explainedPlaces(question, record, { predict, isDone, allOpen }) {
  const isWritten = WRITTEN.has(question.kind);
  const places = isWritten ? [0] : question.options.map((_, place) => place);
  if (allOpen) return places;
  if (predict && !record.shown) return [];
  const isLost = question.kind === "several" && record.tries > 1 && record.given !== null;
  if (!isDone && !isLost) return record.tried;
  return [...record.tried, ...places.filter((at) => isWritten || question.options[at].right)];
}

/** The record after one more answer. */
function answered(question, record, given, shown) {
  const { right } = judge(question, given);
  return {
    given,
    tried: WRITTEN.has(question.kind) ? [0] : [...new Set([...record.tried, ...given])],
    tries: record.tries + 1,
    right,
    first: record.first || (right && record.tries === 0),
    shown,
  };
}

/** The words of the big button: check or commit, then reveal, then start again. */
const WORDS = {
  check: { open: "Check", waits: "Check", done: "Try again" },
  predict: { open: "Commit to this answer", waits: "Reveal the answer", done: "Predict again" },
};

/**
 * A question with its answers and buttons.
 *
 * @param {object} question
 * @param {object} options
 * @param {number} options.number 1, 2, 3, …; null for a question that stands alone
 * @param {boolean} options.predict one answer, which is explained only when asked for
 * @param {boolean} options.atOnce a prediction is explained as soon as it is made
 * @param {string} options.then what a reader who has predicted is told
 * @param {(record: object) => void} options.keep is called with what the reader did
 * @param {(text: string) => void} options.speak
 */
function card(question, { number, predict, atOnce, then, keep, speak }) {
  let record = UNTOUCHED;
  let allOpen = false;

  const isLocked = () => record.right || record.shown || (predict && record.given !== null);
  const isDone = () => record.shown || (record.right && !predict);

  const part = partOf(question, () => {
    note.textContent = "";
    if (isLocked()) redraw();
  });
  const legend = legendOf(question, number);
  const note = create("p", { class: "cx-note" });
  const hint = hintPart(question.hint, speak);
  const main = button("", () => act());
  main.classList.add("cx-main");
  const reveal = button("Show the answer", () => {
    main.focus();
    finish({ ...record, shown: true });
  });
  const others = button("Why not the others?", () => {
    main.focus();
    allOpen = true;
    redraw();
    speak(openedIn(part.element));
  });

  function finish(changed) {
    keep(changed);
    speak(`${legend.spoken}${note.textContent} ${openedIn(part.element)}`);
  }

  function act() {
    if (isDone()) {
      allOpen = false;
      keep({ ...record, given: null, tried: [], right: false, shown: false });
      return part.inputs[0].focus();
    }
    if (predict && record.given !== null) return finish({ ...record, shown: true });
    const given = part.read();
    if (given !== null) return finish(answered(question, record, given, predict && atOnce));
    note.textContent = part.blank;
    speak(part.blank);
    return part.inputs[0].focus();
  }

  /** Show what the reader did; what is ticked or written and not yet checked stays as it is. */
  function update(changed) {
    if (record === (changed ?? UNTOUCHED)) return;
    record = changed ?? UNTOUCHED;
    redraw();
  }

  function redraw() {
    if (!isDone()) allOpen = false;
    const open = explainedPlaces(question, record, { predict, isDone: isDone(), allOpen });
    part.show(record, open);
    for (const input of part.inputs) {
      if (WRITTEN.has(question.kind)) input.readOnly = isLocked();
      else input.setAttribute("aria-disabled", String(isLocked()));
    }
    const waits = predict && record.given !== null && !record.shown;
    const isWrong = record.given !== null && !record.right && !record.shown;
    note.replaceChildren();
    if (waits) note.append("Your prediction is noted. ", ...rich(then));
    else if (isWrong && question.kind === "several") {
      note.append(amiss(judgeOptions(question, record.given)));
    }
    main.textContent =
      WORDS[predict ? "predict" : "check"][isDone() ? "done" : waits ? "waits" : "open"];
    hint.offer(!isLocked());
    reveal.hidden = predict || !isWrong;
    others.hidden = !isDone() || (question.options ?? []).every((_, at) => open.includes(at));
    const state = !isDone() ? "open" : record.right && !predict ? "right" : "shown";
    element.dataset.state = state;
    legend.mark(state);
  }

  const element = create(
    "div",
    { class: "cx-question" },
    create("fieldset", {}, legend.element, part.element),
    hint.element,
    note,
    create("div", { class: "cx-buttons" }, main, reveal, others, hint.help),
  );
  element.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || !part.inputs.includes(event.target)) return;
    event.preventDefault();
    if (!event.repeat && !isLocked()) act();
  });
  redraw();
  return { element, update, redraw };
}

// ---------------------------------------------------------------- the quiz

/** Tell the page around it what the reader predicted, so that it can stand by the result. */
function tellPage(el, questions, records) {
  const given = records.map((record, index) => inWords(questions[index], record?.given ?? null));
  const text = given.filter(Boolean).join(" · ");
  el.dispatchEvent(new CustomEvent("course-predicted", { bubbles: true, detail: { text } }));
}

function render({ model, el }) {
  const edit = editor(model);
  let records;
  let cards;
  let told;

  /** How far the reader is. Wrong answers are not counted. */
  function progress() {
    if (model.get("mode") === "predict") return "";
    const count = records.length;
    const done = records.filter((record) => record?.right || record?.shown).length;
    const score = records.filter((record) => record?.first).length;
    if (!records.some(Boolean)) return plural(count, "One question", "# questions");
    const open = count - done;
    return `${score} of ${count} right at the first try${open ? `, ${open} to go` : ""}.`;
  }

  function show() {
    cards.forEach((each, index) => each.update(records[index]));
    told("");
    if (model.get("mode") === "predict") tellPage(el, model.get("questions"), records);
  }

  function build() {
    const questions = model.get("questions");
    const predict = model.get("mode") === "predict";
    const kept = memory(questions);
    const none = () => questions.map(() => null);
    const keepAll = (changed) => {
      records = changed;
      kept.save(records);
      edit({ answers: records, score: records.filter((record) => record?.first).length });
      show();
    };
    const { root, body, say } = frame(el, {
      title: model.get("title"),
      onReset: () => {
        keepAll(none());
        for (const each of cards) each.redraw();
      },
    });
    root.classList.add("cx-quiz");
    told = (spoken) => say(progress(), spoken);
    const earlier = [model.get("answers"), kept.load()];
    records = earlier.find((answers) => fits(answers, questions)) ?? none();
    cards = questions.map((question, index) =>
      card(question, {
        number: questions.length > 1 ? index + 1 : null,
        predict,
        atOnce: model.get("then") === "",
        then: index === questions.length - 1 ? model.get("then") : "",
        keep: (record) => keepAll(records.map((old, place) => (place === index ? record : old))),
        speak: (text) => told(`${text} ${progress()}`),
      }),
    );
    body.append(...cards.map((each) => each.element));
    show();
  }

  /** Follow the kernel, or another view of this quiz. */
  function follow() {
    const answers = model.get("answers");
    const isSame = (one, other) => JSON.stringify(one) === JSON.stringify(other);
    if (isSame(answers, records)) return;
    const questions = model.get("questions");
    records = questions.map((_, index) => {
      const answer = fits(answers, questions) ? answers[index] : null;
      return isSame(answer, records[index]) ? records[index] : answer;
    });
    memory(questions).save(records);
    show();
  }

  model.on("change:answers", follow);
  const end = redrawOn(model, ["questions", "title", "mode", "then"], build);
  return () => {
    end();
    model.off("change:answers", follow);
  };
}

export default { render };
