/* The steps of present mode: what of a page is shown at once. A page is cut into blocks, and
   as many blocks of one section as fit a slide become a step; an explorer has a step of its own,
   and a question ends one. For slides, text steps back: figures, formulas, code, tables,
   questions and explorers are shown, with the words that lead to them, and what else stands
   between them becomes the speaker's notes. A cell of the notebook may say otherwise (metadata
   `slide`, tools/book/slides.py). */
const cnnCourseSteps = (() => {
  const NEVER = "script, style, .course-setup, .headerlink, .course-view-ask, .course-view-problem, .course-solved, [data-slide=never]";
  const HEADING = /^H[1-4]$/;
  const SHORTEST_CODE = 3; // lines of a call that is no sight beside what it draws
  const LONGEST_CODE = 18; // lines of a cell that a slide still shows
  // A cell of imports is no sight either.
  const IMPORTS = /^((import|from) .*(\n[ )].*)*\n*|keras\.utils\.set_random_seed\(.*\)\n*)+$/;
  const A_LITTLE_SMALLER = 1.25; // rather than a slide for the last row of a table
  const TITLE = 66; // pixels of its heading, which a step gives up for what needs them (present.js)
  const PADDING = 24; // of a slide, at each side
  const GAP = 16; // between blocks, in pixels of a slide
  const ABOVE = 24; // pixels of a section's title in small letters above the title of its part
  const SHORT = 2 * 24 + GAP; // of a paragraph of two lines at most
  const LEAD = 5 * 24 + GAP; // of a paragraph of five lines, the longest that leads to what a slide shows
  const FIGURE = 0.75; // of a figure's size on the page: then its letters of 11 points have 22 pixels at 1080 lines

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

  /** The width of a figure, its height as a share of that, and how much lower it may get beside words that belong to it. */
  function figureOf(node) {
    const image = node.querySelector("img[width]");
    if (!image || node.querySelector("table")) return { wide: 0, ratio: 0, spare: 0 };
    const ratio = image.naturalHeight / image.naturalWidth;
    const spare = Math.max(0, image.offsetHeight - image.getAttribute("width") * ratio * FIGURE);
    return { wide: image.offsetHeight / ratio, ratio, spare };
  }

  /** The blocks of a page in their order: { node, kind, heading, height, … }; the least height of
      one that holds a figure, and the figure's width. */
  function blocksOf(article, room) {
    const blocks = [];
    let heading = null;
    // The article is scaled to the screen, and so are the boxes that the browser tells.
    const scale = article.getBoundingClientRect().width / article.offsetWidth;
    const width = article.clientWidth - 2 * PADDING;
    const add = (node, kind = "text") => {
      const isClosed = kind === "reveal" && !node.open;
      if (isClosed) node.open = true; // as its step shows it
      const height = node.getBoundingClientRect().height / scale + GAP;
      const figure = figureOf(node);
      if (isClosed) node.open = false;
      const parts = kind === "text" && height > room * A_LITTLE_SMALLER ? partsOf(node) : [];
      if (parts.length > 1) parts.forEach((part) => add(part, kind));
      else if (height > GAP || kind !== "text") blocks.push({ node, kind, heading, height, least: height - figure.spare, ...figure, room: width });
    };
    const walk = (node) => {
      if (node.matches(NEVER)) return;
      if (node.matches(".course-notes")) blocks.push({ node, kind: "notes", heading, height: 0, least: 0 });
      else if (HEADING.test(node.tagName)) {
        // A section that begins with a part of it: its title stands above the part's.
        const before = blocks.findLast((block) => block.kind !== "notes");
        const above = before?.node.tagName === "H2" && node.tagName > "H2" ? before.node : null;
        heading = node;
        blocks.push({ node, kind: "heading", heading, above, height: 0, least: 0 });
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

  /** Whether a block is a cell that only gets ready. */
  const isSetUp = ({ node }) => node.matches(".cell_input") && IMPORTS.test(codeOf(node));

  /** Whether a slide shows a block by itself; what it does not is for the speaker. */
  function isForSlides({ node, kind }) {
    if (kind === "notes") return false;
    const choice = node.closest("[data-slide]")?.dataset.slide;
    if (choice) return choice === "show";
    if (kind !== "text") return true;
    if (node.closest(".course-goals, .course-remember")) return true;
    if (node.matches(".cell_input")) {
      // What a figure or an explorer was made with is no sight.
      if (node.closest("div.cell").querySelector("img, .live-widget")) return false;
      return !isSetUp({ node }) && codeOf(node).split("\n").length <= LONGEST_CODE;
    }
    // What a cell prints says nothing without its code.
    const code = node.matches(".output") && kind === "text" && node.closest("div.cell")?.querySelector(".cell_input");
    if (code && !node.querySelector("img")) return isForSlides({ node: code, kind });
    return node.matches("div.math, .output, table, tr, blockquote.course-ask, .pst-scrollable-table-container") ||
      Boolean(node.querySelector?.(":scope > img, :scope > table, math[display=block]"));
  }

  const isWords = ({ node, kind }) => kind === "text" && node.matches("p, ul, ol, li, dl, blockquote");
  const isTable = ({ node }) => node.matches("table") || Boolean(node.querySelector(":scope > table"));
  const isFormula = ({ node }) => node.matches("div.math");
  const isOutput = ({ node }) => node.matches(".output") || Boolean(node.querySelector(":scope > img"));

  const isSameCell = (one, other) => {
    const cell = one.node.closest("div.cell");
    return cell !== null && cell === other.node.closest("div.cell");
  };
  /** Whether a cell's code is followed by what it gives. */
  const isCodeAndOutput = (one, next) => isSameCell(one, next) && isOutput(next);
  const isCodeOf = (one, other) => one.node.matches(".cell_input") && isSameCell(one, other);

  /** Whether these words lead to the next block, “… says that”, or are its title or term. */
  const isLeading = ({ node }, next) =>
    next.kind === "text" && (node.matches("dt") || (node.matches("p") &&
    (!/[.?!)”…]$/.test(text(node)) || text(node) === text(node.querySelector(":scope > strong:only-child") ?? document.body))));

  /** Whether these words go on with the sentence that a formula interrupts. */
  const isContinued = (one, next) => isFormula(one) && next.node.matches("p") && /^[^\p{Lu}\d]/u.test(text(next.node));

  /** Whether the author has put these words on a slide, with the formula beside them. */
  const isTold = ({ node }) => Boolean(node.closest("[data-slide=show]"));
  const isAFold = ({ node }) => node.matches("details:not(.course-reveal)");
  /** An answer, with what is asked; or the output with its explanation. */
  const isFold = (one, next) => isAFold(next);
  /** A hint that follows a question stands above the code that it is for. */
  const isHint = (one, next, previous) =>
    previous?.kind === "question" && isAFold(one) && next.node.matches(".cell_input");
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
    [(one, next) => next.kind === "question" && isWords(one), (room) => room],
    [isLeading, withoutHeading],
    [isContinued, withoutHeading],
    [isFold, withoutHeading],
    [isHint, withoutHeading],
  ];

  const heightOf = (group) => group.reduce((sum, { height }) => sum + height, 0);
  /** The height when figures are as small as they may be. */
  const leastOf = (group) => group.reduce((sum, { least }) => sum + least, 0);

  /** Groups of blocks that stay together, wherever a slide of their own holds them. */
  function grouped(blocks, room) {
    let groups = blocks.map((block) => [block]);
    for (const [isBound, most] of BONDS) {
      const merged = [];
      for (const group of groups) {
        const before = merged.at(-1);
        const [next] = group;
        const one = before?.at(-1);
        const kinds = isBound === isFold ? ["text", "reveal", "question"] : ["text", "reveal"];
        const isPair = kinds.includes(one?.kind) && one.heading === next.heading && next.kind !== "reveal" && !next.isApart;
        // A figure does not get smaller for its own code.
        const size = isBound === isCodeAndOutput ? heightOf : leastOf;
        if (isPair && isBound(one, next, merged.at(-2)?.at(-1)) && size([...before, ...group]) <= most(room)) before.push(...group);
        else merged.push([...group]);
      }
      groups = merged;
    }
    return groups;
  }

  /* What a step costs, and what speaks against it. */
  const STEP = 10;
  const LONE_PART = 11; // of a list, left behind or ahead: rather a step more
  const LONE_WORDS = 4; // a step for a sentence or two
  const PARTED_LEAD = 4; // words, apart from what they lead to
  const PARTED_COMMENT = 2; // what is seen, apart from the words that speak of it
  const SHRUNK = 10; // a figure that has to give up all of its width
  const BESIDE = 1; // words beside a figure rather than above and below it
  const HIGHEST = 0.95; // share of the room that a figure of any height takes without loss
  const COLUMN = 0.36; // share of the width that words beside a figure need at least
  const REMINDER = 0.7; // of its least size for a figure that was seen a step before
  const RAGGED = 1.1; // lines of a narrow column hold a little less

  /** How many parts of a list lie in these groups. */
  const partsIn = (list, groups) => groups.flat().filter(({ node }) => node.parentElement === list).length;

  /** The list that is cut between two groups, or none. */
  function listCut(before, next) {
    const [one, other] = [before.at(-1).node, next[0].node];
    return one.parentElement === other.parentElement && one.parentElement.matches("ul, ol, dl, tbody") ? one.parentElement : null;
  }

  const isShort = (groups) => groups.length === 1 && groups[0].length === 1 &&
    groups[0][0].node.matches("p, li") && heightOf(groups[0]) <= SHORT;

  /** The penalty of a cut between two groups that parts words from what is to be seen. */
  function parting(before, next) {
    const [one, other] = [before.at(-1), next[0]].map(isWords);
    if (one === other) return 0;
    return one ? PARTED_LEAD : PARTED_COMMENT;
  }

  /** The words, or folds of words, and the figure of a step that has nothing else, or null. */
  function besideFigure(blocks) {
    const figures = blocks.filter(({ wide }) => wide);
    const words = blocks.filter((block) => isWords(block) || isAFold(block));
    const isAll = figures.length === 1 && words.length > 0 && words.length === blocks.length - 1;
    return isAll && !words.some(({ node }) => node.matches("li")) ? { figure: figures[0], words } : null;
  }

  /** The width of a figure that leaves these words a column beside it, or 0: there is no room for
      them and for this share of the least that it needs. */
  function widthBeside({ wide, ratio, spare, room: width }, words, room, share = 1) {
    const column = Math.max(COLUMN, (heightOf(words) * RAGGED) / room) * width;
    const widest = Math.min(wide, room / ratio, width - column - 2 * GAP);
    return widest * ratio < Math.min(wide * ratio - spare, room * HIGHEST) * share ? 0 : widest;
  }

  /** How blocks share `room`: { cost, excess, beside }: how much figures have to give up, or the
      width of the one that has the words beside it; null if there is no way. */
  function arranged(blocks, room) {
    const excess = Math.max(0, Math.min(heightOf(blocks) - room, heightOf(blocks) - leastOf(blocks)));
    const high = blocks.reduce((sum, { wide, ratio }) => sum + wide * ratio, 0);
    const stacked = leastOf(blocks) <= room ? { cost: high ? (excess / high) * SHRUNK : 0, excess, beside: 0 } : null;
    const { figure, words } = besideFigure(blocks) ?? {};
    const beside = figure ? widthBeside(figure, words, room) : 0;
    if (!beside) return stacked;
    const cost = BESIDE * (words.every(isAFold) ? 3 : 1) + (1 - beside / figure.wide) * SHRUNK; // a fold alone leaves its column empty
    return stacked?.cost <= cost ? stacked : { cost, excess: 0, beside };
  }

  /** The penalty of a step of the groups from `start` to `end`, beside what each step costs. */
  function penalty(groups, start, end) {
    const step = groups.slice(start, end);
    const cuts = [start, end].filter((at) => at > 0 && at < groups.length);
    const lists = cuts.map((at) => listCut(groups[at - 1], groups[at])).filter(Boolean);
    const lone = lists.filter((list) => partsIn(list, step) === 1).length;
    const parted = end < groups.length ? parting(groups[end - 1], groups[end]) : 0;
    return lone * LONE_PART + (cuts.length && isShort(step) ? LONE_WORDS : 0) + parted;
  }

  /** Whether a step ends here, whatever room it has: what follows a fold may be its answer, and
      what follows a question is. */
  function isEnd(before, next) {
    const last = before.at(-1);
    return last.kind === "question" || next[0].kind === "reveal" || next[0].isApart ||
      (isAFold(last) && !isAFold(next[0]));
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
        if (end > start + 1 && isEnd(groups[end - 2], groups[end - 1])) break;
        const blocks = step.flat();
        const way = arranged(blocks, space);
        if (end > start + 1 && !way) break;
        const rest = best[groups.length - end];
        const cost = STEP + penalty(groups, start, end) + (way?.cost ?? 0) + rest.cost;
        candidates.unshift({ cost, steps: [{ blocks, ...way }, ...rest.steps] });
      }
      best.push(candidates.reduce((one, other) => (other.cost < one.cost ? other : one)));
    }
    return best.at(-1).steps;
  }

  /** Runs of groups of one section that may share a step; an explorer has one of its own. */
  function runs(groups) {
    const found = [];
    let open = null;
    for (const group of groups) {
      const { kind, heading } = group.at(-1);
      if (kind === "heading") open = null;
      else if (kind !== "explorer" && open?.at(-1).at(-1).heading === heading) open.push(group);
      else {
        found.push([group]);
        open = kind === "explorer" ? null : found.at(-1);
      }
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
    const steps = runs(groups).flatMap((run) => cut(run, room)).map(stepOf);
    for (const step of steps) Object.assign(step, repeated(step, blocks, room));
    return steps;
  }

  /** The paragraph that leads to a block: it stands right before it, or before its cell's code. */
  function leadOf(part, at) {
    const before = part.slice(0, at).findLast((block) => block.kind !== "notes" && !isCodeOf(block, part[at]));
    const isLead = before?.kind === "text" && before.heading === part[at].heading && before.node.matches("p");
    return isLead ? before : null;
  }

  /** What an earlier step has shown and this one needs: the code of an output that opens on a step
      of its own, the words that lead to a figure or an explorer, and the figure or the output that
      words or a question speak of: { repeated, beside }. */
  function repeated({ kind, blocks: own, height }, blocks, room) {
    const [first] = own;
    const isPassed = (block) => isAFold(block) || (kind === "question" && isWords(block));
    const before = blocks.slice(0, blocks.indexOf(first)).findLast((block) => !isPassed(block));
    if (!["text", "reveal"].includes(before?.kind) || before.heading !== first.heading) return {};
    const { node } = before;
    if (kind === "explorer") return node.matches("p") && before.height <= LEAD ? { repeated: node } : {};
    if (first.wide && own.slice(1).every(isAFold)) {
      const lead = leadOf(blocks, blocks.indexOf(first));
      const way = lead && arranged([lead, ...own], room);
      if (way) return { repeated: lead.node, beside: way.beside, excess: way.excess };
    }
    if (kind === "reveal") {
      return isCodeOf(before, first) && before.height + height <= room + TITLE ? { repeated: node } : {};
    }
    if (!own.every((block) => isWords(block) || block.kind === "question")) return {};
    const beside = before.wide ? widthBeside(before, own, room, REMINDER) : 0;
    if (beside) return { repeated: node, beside };
    // What stands behind a fold speaks of something new, unless it is a figure that was seen.
    const isNext = blocks[blocks.indexOf(first) - 1] === before;
    const isSmall = isNext && (before.kind === "reveal" || isOutput(before)) && !before.wide && before.height + height <= room;
    return isSmall && kind === "text" ? { repeated: node } : {};
  }

  /** A step of these blocks. */
  function stepOf({ blocks, excess = 0, beside = 0 }) {
    const { node, heading } = blocks.at(-1);
    const kinds = blocks.map((block) => block.kind);
    const kind = ["question", "reveal"].find((each) => kinds.includes(each)) ?? kinds.at(-1);
    const nodes = blocks.map((block) => block.node);
    const above = blocks[0].above ?? null;
    const height = heightOf(blocks);
    // The question that a link sets stands above its explorer.
    const asked = node.previousElementSibling;
    if (kind === "explorer" && asked?.matches(".course-view-ask")) nodes.push(asked);
    if (kind === "question") nodes.reverse(); // it is what is asked and covered
    const figures = blocks.filter(({ wide }) => wide).map((block) => block.node.querySelector("img"));
    return { kind, blocks, nodes, heading, above, height, figures, excess, beside, notes: [], title: heading ? text(heading) : "" };
  }

  /** The list of a page's sections, or of the course's pages, with a mark at the current one. */
  function outline(whole, titles, current, name) {
    const made = document.createElement("div");
    const [above, list] = ["p", "ol"].map((tag) => made.appendChild(document.createElement(tag)));
    made.className = "present-outline";
    above.textContent = whole;
    for (const title of titles) {
      const item = document.createElement("li");
      item.textContent = title;
      if (title === current) item.setAttribute("aria-current", "true");
      list.append(item);
    }
    return { kind: "outline", nodes: [made], made, heading: null, notes: [], title: name };
  }

  const inContents = () =>
    [...document.querySelectorAll(".bd-docs-nav a")]
      .filter((link) => /\/chapters\/[^/]*$/.test(new URL(link.href).pathname))
      .map((link) => text(link).replace(/\s*\((begun|read|answered|solved).*\)$/, ""));

  /** All steps of the page, as it stands. */
  function whole(article, room) {
    const blocks = blocksOf(article, room);
    const isShown = (block) => block.kind !== "notes" && !isACall(block.node) && !isSetUp(block);
    const steps = joined(blocks.filter(isShown), room);
    for (const { node } of blocks.filter(({ kind }) => kind === "notes")) {
      const after = (each) => node.compareDocumentPosition(each) === Node.DOCUMENT_POSITION_FOLLOWING;
      const before = steps.findLast(({ nodes }) => !after(nodes.at(-1)));
      (before ?? steps[0]).notes.push(node);
    }
    return steps;
  }

  /** Slides without those that hold nothing but the words which the next one shows as well, if
      nothing is to be asked before it. */
  const withoutLeads = (steps) => steps.filter((step, at) => {
    const next = steps[at + 1];
    const isRepeated = step.nodes.length === 1 && next?.repeated === step.nodes[0] && step.nodes[0].matches("p");
    // An explorer may have no room for them.
    return !isRepeated || next.kind === "explorer" || next.blocks[0].isApart || step.above;
  });

  /** Titles, what a slide shows, and the words that lead to it or end its sentence. */
  function withLeads(part) {
    const shown = new Set(part.filter((block) => block.kind === "heading" || isForSlides(block)));
    part.forEach((block, at) => {
      const isItsOwn = isTold(block) && isWords(block); // words that the author has put on the slide
      if (!shown.has(block) || block.kind === "heading" || isItsOwn) return;
      // What to ask before a figure is shown is asked on the slide before.
      const before = part.slice(0, at).findLast((each) => !isCodeOf(each, block));
      if (block.wide && before?.kind === "notes") block.isApart = true;
      block.lead = part[at - 1]?.node.matches(".cell_input") && shown.has(part[at - 1]) ? null : leadOf(part, at);
      if (block.lead && block.lead.node.closest("[data-slide]")) return;
      // What a question needs is on its slide, however long.
      if (block.lead && (block.kind === "question" || block.lead.height <= LEAD)) shown.add(block.lead);
      else if (block.lead) block.isApart = true;
      const next = part.slice(at + 1).find(({ kind }) => kind !== "notes");
      if (next && (isContinued(block, next) || isAFold(next))) shown.add(next);
    });
    return part.filter((block) => shown.has(block));
  }

  /** The steps of the page's deck: an outline before each section, notes beside each slide. */
  function deck(article, room) {
    const blocks = blocksOf(article, room);
    const sections = blocks.filter(({ node }) => node.tagName === "H2").map(({ node }) => text(node));
    const title = text(article.querySelector("h1"));
    const course = document.querySelector(".navbar-brand")?.textContent.trim() ?? "";
    const steps = [outline(course, inContents(), title, title)];
    let part = [];
    const close = () => {
      const seen = withLeads(part);
      // A section that is text alone is shown as it is: an outline would lead to nothing.
      const isText = seen.every(({ kind }) => kind === "heading");
      const shown = isText ? part.filter(({ kind }) => kind !== "notes") : seen;
      const made = withoutLeads(joined(shown, room));
      let last = steps.at(-1);
      part.forEach(({ node, kind }, at) => {
        last = made.find(({ nodes }) => nodes.includes(node)) ?? last;
        if (kind === "heading" || made.some(({ nodes }) => nodes.includes(node))) return;
        // Words that are too long for the slide that they lead to are its notes.
        const next = shown.find((block) => block.lead === part[at]);
        (made.find(({ nodes }) => next && nodes.includes(next.node)) ?? last).notes.push(node);
      });
      steps.push(...made);
      part = [];
    };
    for (const block of blocks) {
      if (block.node.tagName === "H2") {
        close();
        steps.push(outline(title, sections, text(block.node), text(block.node)));
      }
      part.push({ ...block, above: null }); // the outline has shown it
    }
    close();
    return steps;
  }

  return { whole, deck, text };
})();
