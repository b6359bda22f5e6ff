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

/* The button appears where a reader scrolls back up. */
function offerTheTop() {
  const button = document.getElementById("pst-back-to-top");
  if (!button) return;
  let last = scrollY;
  const update = () => {
    if (scrollY === last) return;
    button.style.display = scrollY < last && scrollY > innerHeight ? "block" : "none";
    last = scrollY;
  };
  addEventListener("scroll", update, { passive: true });
  button.addEventListener("click", () => scrollTo(0, 0));
}

followReading();
offerTheTop();
for (const button of document.querySelectorAll(".course-full-screen")) {
  button.addEventListener("click", () => toggleFullScreen());
}
document.querySelector(".bd-search-container input")?.focus();

/* A page that was opened as a file may not read its neighbors for excerpts. */
if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
