/* Formulas and tables too wide for the page scroll in their own box. The keyboard must reach
   such a box, and need not stop at the others; a screen reader is told what it is. */
function markScrolling() {
  const kinds = { "div.math, span.wide-formula": "Formula", "div.output.text_html": "Table" };
  for (const [selector, kind] of Object.entries(kinds)) {
    document.querySelectorAll(selector).forEach((box, index) => {
      const label = `${kind} ${index + 1}, scrolls sideways`;
      const scrolls = box.scrollWidth > box.clientWidth && box.clientWidth > 0;
      const marks = { tabindex: 0, role: "region", "aria-label": label };
      for (const [attribute, value] of Object.entries(marks)) {
        if (scrolls) box.setAttribute(attribute, value);
        else box.removeAttribute(attribute);
      }
    });
  }
}
addEventListener("load", markScrolling);
addEventListener("resize", markScrolling);

/* Within an answer, what scrolls is known once it is open. The theme, which marks blocks of
   code, looks again only when the window changes. */
addEventListener("toggle", () => dispatchEvent(new Event("resize")), true);

/* Videos (tools/book/video.py): the player's host is asked only after a click. The player
   needs a page with an address, so a page opened as a file keeps the link alone. */
function playVideo(figure) {
  const stage = figure.querySelector(".course-video-stage");
  const player = document.createElement("iframe");
  player.title = figure.dataset.title;
  player.allow = "autoplay; encrypted-media; fullscreen; picture-in-picture";
  player.referrerPolicy = "strict-origin-when-cross-origin";
  player.src = `https://www.youtube-nocookie.com/embed/${figure.dataset.video}?autoplay=1`;
  stage.replaceChildren(player);
  player.focus();
}
if (location.protocol.startsWith("http")) {
  for (const figure of document.querySelectorAll("figure.course-video")) {
    figure.querySelector(".course-video-stage").hidden = false;
    figure.querySelector("button").addEventListener("click", () => playVideo(figure));
  }
}

/* Paper is white, and browsers leave out backgrounds: a dark page is printed as a light one. */
let themeOnScreen;
addEventListener("beforeprint", () => {
  themeOnScreen ??= document.documentElement.dataset.theme;
  document.documentElement.dataset.theme = "light";
});
addEventListener("afterprint", () => {
  if (themeOnScreen) document.documentElement.dataset.theme = themeOnScreen;
  themeOnScreen = undefined;
});
