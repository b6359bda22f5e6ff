/* Where the reader is in the course, and where to go on. A section counts as read when
   its heading has been on the screen, and a page as finished when all of them have. This
   browser keeps that, and nobody else learns of it. A browser may refuse to keep anything;
   then there are no marks. */
(() => {
  const COUNTED = /^(chapters|exercises)\//; // not the glossary, not the references
  const root = new URL(document.documentElement.dataset.content_root ?? "./", location.href);
  const key = `cnn-course ${root.pathname}`; // one server may hold several courses

  const isText = (value) => typeof value === "string";
  const isPage = (page) =>
    Array.isArray(page?.read) && page.read.every(isText) && Number.isInteger(page.of);
  const isPlace = (place) => [place?.page, place?.id, place?.title].every(isText);

  /** What is kept: { pages: { page: { read: [section ids], of: their number } }, last: { page,
      id, title } }. Anyone may have written there: what has another shape is left out. */
  function load() {
    let kept;
    try {
      kept = JSON.parse(localStorage.getItem(key));
    } catch {
      // Damaged, or refused.
    }
    const pages = Object.entries(kept?.pages ?? {}).filter(([, page]) => isPage(page));
    return { pages: Object.fromEntries(pages), last: isPlace(kept?.last) ? kept.last : null };
  }

  function save(progress) {
    try {
      localStorage.setItem(key, JSON.stringify(progress));
    } catch {
      // A private window or a full disk: the course is read without marks.
    }
  }

  /** The name of the page that a link leads to, as "chapters/02_convolutional_layer". */
  function pageOf(address) {
    const { pathname, origin } = new URL(address, location.href);
    if (origin !== root.origin || !pathname.startsWith(root.pathname)) return null;
    const name = pathname.slice(root.pathname.length).replace(/\.html$/, "");
    return COUNTED.test(name) ? name : null;
  }

  const isFinished = (page) => page !== undefined && page.read.length >= page.of;
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
      const page = pages[pageOf(link.href)];
      if (!page) continue;
      const state = isFinished(page) ? "finished" : "begun";
      const words = element("span", "visually-hidden", ` (${state})`);
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
    if (at >= 0 && !isFinished(pages[last.page])) {
      const title = last.title ? `${all[at].title}: ${last.title}` : all[at].title;
      return { title, address: `${all[at].page}.html${last.id ? `#${last.id}` : ""}` };
    }
    const later = [...all.slice(at + 1), ...all.slice(0, at + 1)];
    const open = later.find(({ page }) => !isFinished(pages[page]));
    return open && { title: open.title, address: `${open.page}.html` };
  }

  const all = order(); // taken without marks
  const line = document.querySelector(".course-begin > p");
  const beginning = [...(line?.childNodes ?? [])];

  /** What is said on the landing page, in place of "Begin with chapter 1", of where to go on. */
  function whereTo(progress) {
    if (!progress.last) return beginning;
    const finished = all.filter(({ page }) => isFinished(progress.pages[page])).length;
    const place = next(progress);
    const forget = element("button", "", "Forget this");
    forget.type = "button";
    forget.title = "Forget which pages you have read. Only this browser knows it.";
    forget.addEventListener("click", () => {
      save({ pages: {}, last: null });
      show();
    });
    const count = place ? `${finished} of ${all.length} pages finished.` : "All pages finished.";
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

  /** Note the sections of this page as they come on the screen. */
  function follow(name) {
    const headings = [...document.querySelectorAll(".bd-article section > h2")];
    const note = (heading) => {
      const progress = load();
      const ids = headings.map((each) => each.parentElement.id);
      const read = new Set(progress.pages[name]?.read.filter((id) => ids.includes(id)));
      const id = heading?.parentElement.id;
      if (id) read.add(id);
      progress.pages[name] = { read: [...read], of: headings.length };
      const words = heading?.cloneNode(true);
      words?.querySelectorAll(".headerlink").forEach((each) => each.remove());
      progress.last = { page: name, id: id ?? "", title: words ? textOf(words) : "" };
      const was = document.querySelector(".bd-docs-nav .current > a .course-read");
      save(progress);
      if (was?.dataset.state !== "finished") mark(progress);
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
  // Another page may note something while this one is open, or kept for the way back.
  addEventListener("storage", (event) => (event.key ?? key) === key && show());
  addEventListener("pageshow", (event) => event.persisted && show());
})();
