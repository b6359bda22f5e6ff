/* What the site used of Bootstrap's script: the contents beside a page mark the section
   that is read, and a button leads back to the top; and what the themes write into each
   page as scripts or attributes, which the pages' security policy refuses. */

/* The theme styles the link and its list item. */
function markSection(links, current) {
  for (const link of links) {
    link.classList.toggle("active", link === current);
    link.parentElement.classList.toggle("active", link === current);
  }
}

/* The section that is read is the last whose heading has passed the upper part of the
   screen; at the end of the page it is the last of all. */
function followReading() {
  const links = [...document.querySelectorAll(".bd-toc-nav a[href^='#']")];
  const find = (link) => document.getElementById(decodeURIComponent(link.hash.slice(1)));
  const sections = links.map(find);
  let waiting = false;
  const update = () => {
    waiting = false;
    const { scrollHeight, clientHeight, scrollTop } = document.documentElement;
    const atEnd = scrollTop > 0 && scrollTop + clientHeight >= scrollHeight - 2;
    const line = atEnd ? clientHeight : clientHeight * 0.3;
    const passed = (section) => section?.getBoundingClientRect().top <= line;
    markSection(links, links[sections.findLastIndex(passed)]);
  };
  const later = () => {
    if (!waiting) requestAnimationFrame(update);
    waiting = true;
  };
  if (!links.length) return;
  addEventListener("scroll", later, { passive: true });
  addEventListener("resize", later);
  later();
}

/* Do the boxes of two elements overlap? */
function overlap(one, other) {
  const [a, b] = [one, other].map((each) => each.getBoundingClientRect());
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

/* The button appears where a reader scrolls back up, but not over an explorer, whose controls
   it would cover. */
function offerTheTop() {
  const button = document.getElementById("pst-back-to-top");
  if (!button) return;
  const explorers = [...document.querySelectorAll(".live-widget")];
  let last = scrollY;
  const update = () => {
    if (scrollY === last) return;
    button.style.display = scrollY < last && scrollY > innerHeight ? "block" : "none";
    if (explorers.some((each) => overlap(button, each))) button.style.display = "none";
    last = scrollY;
  };
  addEventListener("scroll", update, { passive: true });
  button.addEventListener("click", () => scrollTo(0, 0));
}

/* A link leads to its target although explorers and pictures above it come later: the target
   keeps its place while they do, until the reader scrolls, types or points. */
function keepTheTarget() {
  let target = null;
  const find = () => {
    target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  };
  const release = () => {
    target = null;
  };
  for (const type of ["wheel", "touchstart", "pointerdown", "keydown"]) {
    addEventListener(type, release, { capture: true, passive: true });
  }
  addEventListener("hashchange", find);
  const article = document.querySelector(".bd-article");
  const hold = () => target?.scrollIntoView({ behavior: "instant" });
  if (article) new ResizeObserver(hold).observe(article);
  find();
}

/* What a lecturer needs is a script of its own (tools/book/teach), loaded when it is asked for. */
let teaching = null;
function cnnCourseTeaching() {
  const { script } = document.querySelector(".course-present").dataset;
  teaching ??= new Promise((resolve, reject) => {
    const loaded = Object.assign(document.createElement("script"), { src: script });
    loaded.onload = () => resolve(globalThis.cnnCourseTeach);
    loaded.onerror = () => {
      teaching = null; // may be tried again
      reject(new Error("A script of this page could not be loaded. Are you still online?"));
    };
    document.head.append(loaded);
  });
  return teaching;
}

/* A link may set an explorer: "#filter&stride=2". What has to wait for it reads `data-view`. */
async function cnnCourseRestore() {
  if (!location.hash.includes("&")) {
    // Present mode hides all but its step.
    globalThis.cnnCourseTeach?.present.turnTo(document.querySelector(":target"));
    return;
  }
  const { dataset } = document.documentElement;
  dataset.view = "waiting";
  try {
    const { view, present } = await cnnCourseTeaching();
    const shown = await view.restore();
    if (/^#(present|slides)&/.test(location.hash)) await present.enter({ isDeck: location.hash[1] === "s" });
    else if (present.isOn()) present.turnTo(shown?.place);
    else if (shown?.isPresented) await present.enter({ place: shown.place });
  } catch (error) {
    console.info(error); // the page is there as without the link
  }
  dataset.view = "set";
}
addEventListener("hashchange", cnnCourseRestore);
/* A link to the view, or the step, that the address names already sets it again. */
document.addEventListener("click", ({ target }) => {
  const link = target.closest('a[href^="#"]');
  if (link?.hash && link.hash === location.hash) dispatchEvent(new Event("hashchange"));
});
if (!document.querySelector(".live-widget")) cnnCourseRestore();

/* The button and the key "p" let one part of the page fill the screen. */
async function cnnCoursePresentNow(place = null) {
  try {
    const { present } = await cnnCourseTeaching();
    if (!present.isOn()) await present.enter({ place });
  } catch (error) {
    console.info(error);
  }
}
document.querySelector(".course-present")?.addEventListener("click", () => cnnCoursePresentNow());
document.addEventListener("keydown", (event) => {
  const { key, target, ctrlKey, metaKey, altKey } = event;
  if (key !== "p" || ctrlKey || metaKey || altKey || event.defaultPrevented) return;
  if (target.closest("input, select, textarea, [contenteditable]")) return;
  if (document.querySelector("[role=dialog][aria-modal]")) return;
  cnnCoursePresentNow(target.closest(".live-widget"));
}, true);

followReading();
offerTheTop();
keepTheTarget();
for (const button of document.querySelectorAll(".course-full-screen")) {
  button.addEventListener("click", () => toggleFullScreen());
}
document.querySelector(".bd-search-container input")?.focus();
