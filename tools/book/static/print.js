/* Paper cannot open an answer. Those that are closed go to the end of the chapter, on a sheet
   of their own: whoever reads on paper thinks first, as on the screen, and a teacher who hands
   a chapter out decides whether the last sheet goes with it. What the reader has opened stays
   where it is, and so does the output of a cell, of which the text below it speaks. After
   printing everything is back in its place. */
(() => {
  const put = []; // [what was moved, where it was]
  const made = [];
  const opened = [];

  function element(tag, className, ...children) {
    const created = document.createElement(tag);
    if (className) created.className = className;
    created.append(...children);
    return created;
  }

  function headingOf(details) {
    const heading = details.closest("section")?.querySelector("h1, h2, h3, h4");
    const nodes = [...(heading?.childNodes ?? [])];
    const words = nodes.filter((node) => node.className !== "headerlink");
    return words.map((node) => node.textContent).join("").trim();
  }

  /** Move what a closed answer holds into `end`, and say in its place where it is. */
  function moveToEnd(details, end, number) {
    const summary = details.querySelector("summary");
    const words = summary.textContent.trim();
    const title = `${number} · ${[headingOf(details), words].filter(Boolean).join(" · ")}`;
    const answer = element("div", "", element("p", "course-answer-title", title));
    answer.id = `${end.id}-${number}`;
    for (const node of [...details.childNodes].filter((node) => node !== summary)) {
      put.push([node, details]);
      answer.append(node);
    }
    const link = element("a", "", `no. ${number} at the end`);
    link.href = `#${answer.id}`;
    const pointer = element("span", "", " → ", link);
    made.push(pointer);
    summary.append(pointer);
    end.append(answer);
  }

  function collect(article, place) {
    const closed = [...article.querySelectorAll("details:not([open])")].filter(
      (details) =>
        details.querySelector("summary") &&
        !details.closest(".cnn-explorer, .course-setup, .course-reveal"),
    );
    if (!closed.length) return;
    const hints = closed.some((each) => /^hint/i.test(each.textContent.trim()));
    const title = element("h2", "", hints ? "Hints and answers" : "Answers");
    const end = element("section", "course-answers", title);
    end.id = `answers-${place + 1}`;
    closed.forEach((details, index) => moveToEnd(details, end, index + 1));
    article.append(end);
    made.push(end);
  }

  addEventListener("beforeprint", () => {
    if (made.length || opened.length || document.documentElement.dataset.presenting) return;
    opened.push(...document.querySelectorAll(".course-reveal:not([open])"));
    for (const each of opened) each.open = true;
    document.querySelectorAll(".bd-article").forEach(collect);
  });
  addEventListener("afterprint", () => {
    for (const [node, details] of put.splice(0)) details.append(node);
    for (const each of made.splice(0)) each.remove();
    for (const each of opened.splice(0)) each.open = false;
  });
})();
