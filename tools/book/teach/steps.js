/* The steps of present mode: what of a page is shown at once. A page is cut into blocks, and
   as many blocks of one section as fit a slide become a step; an explorer and a question have
   a step of their own. For slides, text steps back: figures, formulas, code, tables, questions
   and explorers are shown, and what stands between them becomes the speaker's notes. A cell of
   the notebook may say otherwise (metadata `slide`, tools/book/slides.py). */
const cnnCourseSteps = (() => {
  const NEVER = "script, style, .course-setup, .headerlink, .course-view-ask, .course-view-problem, .course-solved";
  const HEADING = /^H[1-4]$/;
  const SHORTEST_CODE = 3; // lines of a call that is no sight beside what it draws
  const LONGEST_CODE = 14; // lines of a cell that a slide still shows
  const IMPORTS = /^((import|from) .*(\n[ )].*)*\n*)+$/; // a cell of imports is no sight either
  const A_LITTLE_SMALLER = 1.25; // rather than a slide for the last row of a table
  const TITLE = 66; // pixels of its heading, which a step gives up for what needs them (present.js)
  const GAP = 16; // between blocks, in pixels of a slide
  const ABOVE = 24; // pixels of a section's title in small letters above the title of its part
  const SHORT = 2 * 24 + GAP; // of a paragraph of two lines at most

  const isWidget = (node) => node.matches(".live-widget");
  const isQuiz = (node) => node.dataset.module === "quiz";
  const text = (node) => {
    const copy = node.cloneNode(true);
    copy.querySelectorAll(".headerlink, .cx-hidden").forEach((each) => each.remove());
    return copy.textContent.replace(/\s+/g, " ").trim();
  };

  /** Parts of a block that is too high, or none: it cannot be cut. */
  function partsOf(node) {
    if (node.matches("ul, ol, dl")) return [...node.children];
    if (node.matches(".chapter-map")) return partsOf(node.querySelector("ol"));
    const table = node.matches("table") ? node : node.querySelector(":scope > table");
    if (table) return [...table.querySelectorAll("tbody > tr")];
    return node.matches("div, blockquote, section") ? [...node.children] : [];
  }

  /** The blocks of a page in their order: { node, kind, heading, height }. */
  function blocksOf(article, room) {
    const blocks = [];
    let heading = null;
    // The article is scaled to the screen, and so are the boxes that the browser tells.
    const scale = article.getBoundingClientRect().width / article.offsetWidth;
    const add = (node, kind = "text") => {
      const height = node.getBoundingClientRect().height / scale + GAP;
      const parts = kind === "text" && height > room * A_LITTLE_SMALLER ? partsOf(node) : [];
      if (parts.length > 1) parts.forEach((part) => add(part, kind));
      else if (height > GAP || kind !== "text") blocks.push({ node, kind, heading, height });
    };
    const walk = (node) => {
      if (node.matches(NEVER)) return;
      if (node.matches(".course-notes")) blocks.push({ node, kind: "notes", heading, height: 0 });
      else if (HEADING.test(node.tagName)) {
        // A section that begins with a part of it: its title stands above the part's.
        const before = blocks.findLast((block) => block.kind !== "notes");
        const above = before?.node.tagName === "H2" && node.tagName > "H2" ? before.node : null;
        heading = node;
        blocks.push({ node, kind: "heading", heading, above, height: 0 });
      } else if (isWidget(node) && isQuiz(node)) {
        node.querySelectorAll(".cx-question").forEach((each) => add(each, "question"));
      } else if (isWidget(node)) add(node, "explorer");
      else if (node.matches("section, .widget-column, div.cell, div.cell_output, .course-slide")) {
        [...node.children].forEach(walk);
      } else if (node.matches("details.course-reveal")) add(node, "reveal");
      else add(node);
    };
    [...article.children].forEach(walk);
    return blocks;
  }

  const codeOf = (node) => node.querySelector(".highlight pre")?.textContent.trim() ?? "";

  /** Whether a block is the short call that draws the figure or explorer below it. */
  const isACall = (node) =>
    node.matches(".cell_input") && codeOf(node).split("\n").length <= SHORTEST_CODE &&
    Boolean(node.closest("div.cell").querySelector("img, .live-widget"));

  /** Whether a slide shows a block by itself; what it does not is for the speaker. */
  function isForSlides({ node, kind }) {
    const choice = node.closest("[data-slide]")?.dataset.slide;
    if (choice) return choice === "show";
    if (kind !== "text") return kind !== "notes";
    if (node.closest(".course-goals, .course-remember")) return true;
    if (node.matches(".cell_input")) {
      // What a figure or an explorer was made with is no sight.
      if (node.closest("div.cell").querySelector("img, .live-widget")) return false;
      const code = codeOf(node);
      return !IMPORTS.test(code) && code.split("\n").length <= LONGEST_CODE;
    }
    return node.matches("div.math, .output, table, tr, blockquote.course-ask, .pst-scrollable-table-container") ||
      Boolean(node.querySelector?.(":scope > img, :scope > table, math[display=block]"));
  }

  const isTable = ({ node }) => node.matches("table") || Boolean(node.querySelector(":scope > table"));
  const isFormula = ({ node }) => node.matches("div.math");
  const isOutput = ({ node }) => node.matches(".output") || Boolean(node.querySelector(":scope > img"));

  /** Whether a cell's code is followed by what it gives. */
  const isCodeAndOutput = (one, next) => {
    const cell = one.node.closest("div.cell");
    return cell !== null && cell === next.node.closest("div.cell") && isOutput(next);
  };

  /** Whether these words lead to the next block, "… says that": a sentence is not torn apart. */
  const isLeading = ({ node }, next) =>
    next.kind === "text" && node.matches("p") && !/[.?!)”…]$/.test(text(node));

  /** Whether the author has put these words on a slide, with the formula beside them. */
  const isTold = ({ node }) => Boolean(node.closest("[data-slide=show]"));
  const isFold = (one, next) => next.kind === "text" && next.node.matches("details");
  /** A hint that follows a question stands above the code that it is for. */
  const isHint = (one, next, previous) =>
    previous?.kind === "question" && one.node.matches("details") && next.node.matches(".cell_input");
  const isToldFormula = (one, next) => (isTold(one) && isFormula(next)) || (isFormula(one) && isTold(next));

  /* Which neighbors stay together, the strongest bond first, and the room that they may take. */
  const withoutHeading = (room) => room + TITLE;
  const BONDS = [
    [isCodeAndOutput, withoutHeading],
    [(one, next) => isFormula(one) && isTable(next), withoutHeading], // the table of its symbols
    [(one, next) => isFormula(one) && isFormula(next), withoutHeading],
    [isToldFormula, withoutHeading],
    // What a question needs stands above it.
    [(one, next) => next.kind === "question" && isTold(one), (room) => room * A_LITTLE_SMALLER],
    [isLeading, (room) => room * A_LITTLE_SMALLER],
    [isFold, (room) => room], // an answer, with what is asked
    [isHint, withoutHeading],
  ];

  const heightOf = (group) => group.reduce((sum, { height }) => sum + height, 0);

  /** Groups of blocks that stay together, wherever a slide of their own holds them. */
  function grouped(blocks, room) {
    let groups = blocks.map((block) => [block]);
    for (const [isBound, most] of BONDS) {
      const merged = [];
      for (const group of groups) {
        const before = merged.at(-1);
        const [next] = group;
        const one = before?.at(-1);
        const isPair = one?.kind === "text" && one.heading === next.heading;
        if (isPair && isBound(one, next, merged.at(-2)?.at(-1)) && heightOf([...before, ...group]) <= most(room)) before.push(...group);
        else merged.push([...group]);
      }
      groups = merged;
    }
    return groups;
  }

  /* What a step costs, and what speaks against it. */
  const STEP = 10;
  const LONE_PART = 11; // of a list, left behind or ahead: rather a step more
  const LONE_WORDS = 1; // a step for a sentence or two

  /** How many parts of a list lie in these groups. */
  const partsIn = (list, groups) => groups.flat().filter(({ node }) => node.parentElement === list).length;

  /** The list that is cut between two groups, or none. */
  function listCut(before, next) {
    const [one, other] = [before.at(-1).node, next[0].node];
    return one.parentElement === other.parentElement && one.parentElement.matches("ul, ol, dl, tbody") ? one.parentElement : null;
  }

  const isShort = (groups) => groups.length === 1 && groups[0].length === 1 &&
    groups[0][0].node.matches("p, li") && heightOf(groups[0]) <= SHORT;

  /** The penalty of a step of the groups from `start` to `end`, beside what each step costs. */
  function penalty(groups, start, end) {
    const step = groups.slice(start, end);
    const cuts = [start, end].filter((at) => at > 0 && at < groups.length);
    const lists = cuts.map((at) => listCut(groups[at - 1], groups[at])).filter(Boolean);
    const lone = lists.filter((list) => partsIn(list, step) === 1).length;
    return lone * LONE_PART + (cuts.length && isShort(step) ? LONE_WORDS : 0);
  }

  /** Cut groups of one section to as few steps as hold them, the first ones full, with no part of
      a list and no sentence alone where that is possible. Dynamic programming, as a paragraph is
      broken into lines (Knuth and Plass, 1981). */
  function cut(groups, room) {
    const best = [{ cost: 0, steps: [] }]; // of the last groups, by their number
    for (let start = groups.length - 1; start >= 0; start -= 1) {
      const space = start === 0 && groups[0][0].above ? room - ABOVE : room;
      const candidates = [];
      for (let end = start + 1; end <= groups.length; end += 1) {
        const step = groups.slice(start, end);
        if (end > start + 1 && heightOf(step.flat()) > space) break;
        const rest = best[groups.length - end];
        candidates.unshift({ cost: STEP + penalty(groups, start, end) + rest.cost, steps: [step.flat(), ...rest.steps] });
      }
      best.push(candidates.reduce((one, other) => (other.cost < one.cost ? other : one)));
    }
    return best.at(-1).steps;
  }

  /** Runs of groups of one section that may share a step; what is not text has one of its own. */
  function runs(groups) {
    const found = [];
    let open = null;
    for (const group of groups) {
      const { kind, heading } = group.at(-1);
      if (kind === "heading") open = null;
      else if (kind === "text" && open?.at(-1).at(-1).heading === heading) open.push(group);
      else {
        found.push([group]);
        open = kind === "text" ? found.at(-1) : null;
      }
    }
    return found;
  }

  /** Put a sentence that would have a step of its own above the question that follows it. */
  function withQuestions(all, room) {
    const found = [];
    for (const run of all) {
      const before = found.at(-1);
      const [next] = run;
      const isLone = before && isShort(before) && next.at(-1).kind === "question" && before[0][0].heading === next[0].heading;
      if (isLone && heightOf([...before[0], ...next]) <= room) found[found.length - 1] = [[...before[0], ...next]];
      else found.push(run);
    }
    return found;
  }

  /** Join blocks to steps that fit into `room` pixels. */
  function joined(blocks, room) {
    const titles = new Map(blocks.filter(({ above }) => above).map(({ heading, above }) => [heading, above]));
    const groups = grouped(blocks, room);
    for (const group of groups) {
      const [{ heading, kind }] = group;
      // An explorer takes the room of its titles.
      if (["heading", "explorer"].includes(kind) || !titles.has(heading)) continue;
      group[0].above = titles.get(heading);
      titles.delete(heading);
    }
    return withQuestions(runs(groups), room).flatMap((run) => cut(run, room)).map(stepOf);
  }

  /** A step of these blocks. */
  function stepOf(blocks) {
    const { node, kind, heading } = blocks.at(-1);
    const nodes = blocks.map((block) => block.node);
    const above = blocks[0].above ?? null;
    // The question that a link sets stands above its explorer.
    const asked = node.previousElementSibling;
    if (kind === "explorer" && asked?.matches(".course-view-ask")) nodes.push(asked);
    if (kind === "question") nodes.reverse(); // it is what is asked and covered
    return { kind, nodes, heading, above, notes: [], title: heading ? text(heading) : "" };
  }

  /** The list of a page's sections, or of the course's pages, with a mark at the current one. */
  function outline(titles, current, name) {
    const list = document.createElement("ol");
    list.className = "present-outline";
    for (const title of titles) {
      const item = document.createElement("li");
      item.textContent = title;
      if (title === current) item.setAttribute("aria-current", "true");
      list.append(item);
    }
    return { kind: "outline", nodes: [list], made: list, heading: null, notes: [], title: name };
  }

  const inContents = () =>
    [...document.querySelectorAll(".bd-docs-nav a")]
      .filter((link) => /\/chapters\/[^/]*$/.test(new URL(link.href).pathname))
      .map((link) => text(link).replace(/\s*\((begun|read|answered|solved).*\)$/, ""));

  /** All steps of the page, as it stands. */
  function whole(article, room) {
    const blocks = blocksOf(article, room);
    const steps = joined(blocks.filter(({ node, kind }) => kind !== "notes" && !isACall(node)), room);
    for (const { node } of blocks.filter(({ kind }) => kind === "notes")) {
      const after = (each) => node.compareDocumentPosition(each) === Node.DOCUMENT_POSITION_FOLLOWING;
      const before = steps.findLast(({ nodes }) => !after(nodes.at(-1)));
      (before ?? steps[0]).notes.push(node);
    }
    return steps;
  }

  /** The steps of the page's deck: an outline before each section, notes beside each slide. */
  function deck(article, room) {
    const blocks = blocksOf(article, room);
    const sections = blocks.filter(({ node }) => node.tagName === "H2").map(({ node }) => text(node));
    const title = text(article.querySelector("h1"));
    const steps = [outline(inContents(), title, title)];
    let part = [];
    const close = () => {
      const seen = part.filter((block) => block.kind === "heading" || isForSlides(block));
      // A section that is text alone is shown as it is: an outline would lead to nothing.
      const isText = seen.every(({ kind }) => kind === "heading");
      const shown = isText ? part.filter(({ kind }) => kind !== "notes") : seen;
      const made = joined(shown, room);
      let last = steps.at(-1);
      for (const { node, kind } of part) {
        last = made.find(({ nodes }) => nodes.includes(node)) ?? last;
        if (!shown.some((block) => block.node === node) && kind !== "heading") last.notes.push(node);
      }
      steps.push(...made);
      part = [];
    };
    for (const block of blocks) {
      if (block.node.tagName === "H2") {
        close();
        steps.push(outline(sections, text(block.node), text(block.node)));
      }
      part.push({ ...block, above: null }); // the outline has shown it
    }
    close();
    return steps;
  }

  return { whole, deck, text };
})();
