"""Run axe-core, with every rule that it has, on an open page; and the contrast of two colors.

Most of the time that it takes goes into the contrast of words, and most words look like others:
words of code, signs of formulas, cells of tables. So of those that look the same one is measured,
and the others are hidden meanwhile.
"""

from __future__ import annotations

from pathlib import Path

import axe_playwright_python

AXE = Path(axe_playwright_python.__file__).parent / "axe.min.js"

# Contrast of 7 : 1 is level AAA, which syntax colors cannot have beside one another.
LEFT_OUT = ["color-contrast-enhanced"]

RUN = """async ([leftOut, colorsAlone]) => {
  const names = (tags) => axe.getRules(tags).map(({ ruleId }) => ruleId)
    .filter((rule) => !leftOut.includes(rule));
  const colors = names(["cat.color"]);
  const others = names().filter((rule) => !colors.includes(rule));
  const enabled = Object.fromEntries(others.map((rule) => [rule, { enabled: true }]));
  const options = { resultTypes: ["violations"], preload: false };
  const found = colorsAlone
    ? [] : (await axe.run(document, { ...options, runOnly: others, rules: enabled })).violations;

  // What the contrast of a word depends on: its style, and what lies below it.
  const look = (word) => {
    const { color, fontSize, fontWeight } = getComputedStyle(word);
    const parts = [word.localName, color, fontSize, fontWeight];
    for (let at = word; at; at = at.parentElement) {
      const { backgroundColor, backgroundImage, opacity } = getComputedStyle(at);
      parts.push(at.className, backgroundColor, backgroundImage, opacity);
    }
    return parts.join("|");
  };
  const hasWords = (node) => node.matches("input, select, button") ||
    [...node.childNodes].some((each) => each.nodeType === Node.TEXT_NODE && each.data.trim());
  const words = [...document.querySelectorAll("body :not(svg *, script, style, noscript)")]
    .filter((node) => hasWords(node) && node !== document.activeElement) // it would lose the focus
    .filter((node) => getComputedStyle(node).visibility === "visible");
  const looks = words.map(look);
  const before = words.map((word) => word.style.visibility);
  const seen = new Set();
  words.forEach((word, i) => {
    word.style.visibility = seen.has(looks[i]) ? "hidden" : "visible";
    seen.add(looks[i]);
  });
  const { violations } = await axe.run(document, { ...options, runOnly: colors });
  words.forEach((word, i) => { word.style.visibility = before[i]; });

  return [...found, ...violations].flatMap(({ id, nodes }) =>
    nodes.map((node) => `${id}: ${node.html.slice(0, 200)} (${node.failureSummary})`));
}"""


def violations(page, colors_alone: bool = False) -> list[str]:
    """Return what axe finds on a page of the browser, a line for each element.

    `colors_alone` leaves out the rules that have nothing to do with them.
    """
    page.evaluate(AXE.read_text("utf-8"))
    return page.evaluate(RUN, [LEFT_OUT, colors_alone])


WITHIN = """async ([selector, leftOut]) => {
  const rules = Object.fromEntries(leftOut.map((rule) => [rule, { enabled: false }]));
  const part = document.querySelector(selector);
  const { violations } = await axe.run(part, { resultTypes: ["violations"], rules });
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html}`));
}"""


def violations_within(page, selector: str) -> list[str]:
    """Return what axe finds in a part of a page, by all rules that it takes by default."""
    page.evaluate(AXE.read_text("utf-8"))
    return page.evaluate(WITHIN, [selector, LEFT_OUT])


def luminance(color: str) -> float:
    """Return the relative luminance of a color "#rrggbb", from 0 to 1, as WCAG defines it."""
    values = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values]
    return sum(share * v for share, v in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colors "#rrggbb", from 1 to 21, as WCAG defines it."""
    dark, light = sorted(map(luminance, (one, other)))
    return (light + 0.05) / (dark + 0.05)
