/* Where the reader is in the course, and where to go on. Three things are kept apart: a chapter
   is read when all of its headings have been on the screen; its questions are answered; a part
   of the exercise is solved when the reader says so, since its checks run elsewhere, and never
   by scrolling. This browser keeps that, and nobody else learns of it. */
(() => {
  const COUNTED = /^(chapters|exercises)\//; // not the glossary, not the references
  const root = new URL(document.documentElement.dataset.content_root ?? "./", location.href);
  const key = `cnn-course ${root.pathname}`; // one server may hold several courses

  const isText = (value) => typeof value === "string";
  const isPage = (page) =>
    Array.isArray(page?.read) && page.read.every(isText) && Number.isInteger(page.of);
  const isPart = (name) => name.startsWith("exercises/");
  const isPlace = (place) => [place?.page, place?.id, place?.title].every(isText);

  /** What is kept: { pages: { page: { read: [section ids], of: their number, answered: { quiz:
      questions }, questions: their number, solved } }, last: { page, id, title } }. Anyone may have written there: what has another shape is left out. */
  function load() {
    let kept;
    try {
      kept = JSON.parse(courseStorage.local.getItem(key));
    } catch {
      // Damaged.
    }
    const pages = Object.entries(kept?.pages ?? {}).filter(([, page]) => isPage(page));
    return { pages: Object.fromEntries(pages), last: isPlace(kept?.last) ? kept.last : null };
  }

  function save(progress) {
    courseStorage.local.setItem(key, JSON.stringify(progress));
  }

  /** The name of the page that a link leads to, as "chapters/02_convolutional_layer". */
  function pageOf(address) {
    const { pathname, origin } = new URL(address, location.href);
    if (origin !== root.origin || !pathname.startsWith(root.pathname)) return null;
    const name = pathname.slice(root.pathname.length).replace(/\.html$/, "");
    return COUNTED.test(name) ? name : null;
  }

  const isRead = (page) => page.of > 0 && page.read.length >= page.of;
  const answersOf = ({ answered = {} }) => Object.values(answered).reduce((a, b) => a + b, 0);

  /** How far a page is: "begun", "read", "answered" or "solved"; null without a mark. */
  function stateOf(name, page) {
    if (!page) return null;
    if (isPart(name)) return page.solved === true ? "solved" : null;
    if (!isRead(page)) return "begun";
    return page.questions > 0 && answersOf(page) >= page.questions ? "answered" : "read";
  }

  function inWords(state, page) {
    if (state === "answered") return "read, all questions answered";
    const { questions = 0 } = page;
    const isOpen = state === "read" && questions > 0;
    return isOpen ? `read, ${answersOf(page)} of ${questions} questions answered` : state;
  }

  const isFinished = (name, page) => !["begun", null].includes(stateOf(name, page));
  const textOf = (element) => element.textContent.replace(/\s+/g, " ").trim();

  function element(tag, className, ...children) {
    const created = document.createElement(tag);
    if (className) created.className = className;
    created.append(...children);
    return created;
  }

  // ------------------------------------------------------------------ what is shown

  const inContents = () => [...document.querySelectorAll(".bd-docs-nav a")];
  const inMap = () => [...document.querySelectorAll(".chapter-map a")];

  /** Put a mark behind each link to a page that was opened; in words for a screen reader. */
  function mark({ pages }) {
    document.querySelectorAll(".course-read").forEach((each) => each.remove());
    for (const link of [...inContents(), ...inMap()]) {
      const name = pageOf(link.href);
      const state = stateOf(name, pages[name]);
      if (!state) continue;
      const words = element("span", "visually-hidden", ` (${inWords(state, pages[name])})`);
      const sign = element("span", "course-read", words);
      sign.dataset.state = state;
      link.append(sign);
    }
  }

  /** The pages that count, in the order of the contents, with their titles. */
  function order() {
    const links = inContents().map((link) => [pageOf(link.href), link]);
    return links.filter(([page]) => page).map(([page, link]) => ({ page, title: textOf(link) }));
  }

  /** Where to go on: the section that was read last, or else the next page to be finished. */
  function next({ pages, last }) {
    const at = all.findIndex(({ page }) => page === last?.page);
    if (at >= 0 && !isFinished(last.page, pages[last.page])) {
      const title = last.title ? `${all[at].title}: ${last.title}` : all[at].title;
      return { title, address: `${all[at].page}.html${last.id ? `#${last.id}` : ""}` };
    }
    const later = [...all.slice(at + 1), ...all.slice(0, at + 1)];
    const open = later.find(({ page }) => !isFinished(page, pages[page]));
    return open && { title: open.title, address: `${open.page}.html` };
  }

  const all = order(); // taken without marks
  const line = document.querySelector(".course-begin > p");
  const beginning = [...(line?.childNodes ?? [])];

  /** What is said on the landing page, in place of "Begin with chapter 1", of where to go on. */
  function whereTo(progress) {
    if (!progress.last) return beginning;
    const done = (pages) => pages.filter(({ page }) => isFinished(page, progress.pages[page])).length;
    const parts = all.filter(({ page }) => isPart(page));
    const chapters = all.filter(({ page }) => !isPart(page));
    const place = next(progress);
    const forget = element("button", "", "Forget this");
    forget.type = "button";
    forget.title = "Forget which pages you have read. Only this browser knows it.";
    forget.addEventListener("click", () => {
      save({ pages: {}, last: null });
      show();
    });
    const read = `${done(chapters)} of ${chapters.length} chapters read`;
    const count = `${read}, ${done(parts)} of ${parts.length} parts solved.`;
    const said = element("span", "course-progress", `${count} `, forget);
    if (!place) return [said];
    const link = element("a", "", `Continue with ${place.title}`);
    link.href = new URL(place.address, root).href;
    return [link, " ", said];
  }

  /** Show what is kept. Who was at the landing page's button stays there. */
  function show() {
    const progress = load();
    mark(progress);
    if (!line) return;
    const wasThere = line.contains(document.activeElement);
    line.replaceChildren(...whereTo(progress));
    if (wasThere) line.querySelector("a, button").focus({ preventScroll: true });
  }

  // ------------------------------------------------------------------ what is noted

  /** Change what is kept of a page, and the marks if another one is due. */
  function change(name, values) {
    const progress = load();
    progress.pages[name] = { read: [], of: 0, ...progress.pages[name], ...values };
    save(progress);
    mark(progress);
  }

  /** Note how many questions of each quiz of this page are answered, as they are. */
  function followAnswers(name) {
    const quizzes = [...document.querySelectorAll(".live-widget[data-module='quiz']")];
    if (!quizzes.length) return;
    const count = (quiz) => parseInt(quiz.style.getPropertyValue("--questions"), 10) || 0;
    const questions = quizzes.reduce((sum, quiz) => sum + count(quiz), 0);
    const note = () => {
      const answered = { ...load().pages[name]?.answered };
      for (const quiz of quizzes.filter((each) => each.querySelector(".cx-question"))) {
        const done = quiz.querySelectorAll(".cx-question:not([data-state=open])");
        answered[quiz.dataset.model] = done.length;
      }
      const before = load().pages[name];
      const isNew = JSON.stringify(before?.answered ?? {}) !== JSON.stringify(answered);
      if (isNew || before?.questions !== questions) change(name, { answered, questions });
    };
    note();
    const observer = new MutationObserver(note);
    const options = { subtree: true, childList: true, attributeFilter: ["data-state"] };
    for (const quiz of quizzes) observer.observe(quiz, options);
  }

  /** Let the reader say that this part of the exercise is solved. */
  function askWhetherSolved(name) {
    const box = element("input");
    box.type = "checkbox";
    box.checked = load().pages[name]?.solved === true;
    box.addEventListener("change", () => change(name, { solved: box.checked }));
    const words = " I have solved this part. (Only this browser keeps it.)";
    const label = element("label", "", box, words);
    document.querySelector(".bd-article").append(element("p", "course-solved", label));
  }

  /** Note the sections of this page as they come on the screen. */
  function follow(name) {
    const headings = [...document.querySelectorAll(".bd-article section > h2")];
    const note = (heading) => {
      const progress = load();
      const ids = headings.map((each) => each.parentElement.id);
      const before = progress.pages[name];
      const read = new Set(before?.read.filter((id) => ids.includes(id)));
      const id = heading?.parentElement.id;
      if (id) read.add(id);
      progress.pages[name] = { ...before, read: [...read], of: headings.length };
      const words = heading?.cloneNode(true);
      words?.querySelectorAll(".headerlink").forEach((each) => each.remove());
      progress.last = { page: name, id: id ?? "", title: words ? textOf(words) : "" };
      const state = stateOf(name, before);
      save(progress);
      if (stateOf(name, progress.pages[name]) !== state) mark(progress);
    };
    note(null);
    const seen = new IntersectionObserver((entries) =>
      entries.filter((entry) => entry.isIntersecting).forEach(({ target }) => note(target)),
    );
    headings.forEach((heading) => seen.observe(heading));
  }

  const here = pageOf(location.href);
  show();
  if (here) follow(here);
  if (here && isPart(here)) askWhetherSolved(here);
  else if (here) followAnswers(here);
  // Another page may note something while this one is open, or kept for the way back.
  addEventListener("storage", (event) => (event.key ?? key) === key && show());
  addEventListener("pageshow", (event) => event.persisted && show());
})();
