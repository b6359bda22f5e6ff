"""What axe-core finds on an open page, with every rule that it has.

Its other half is the time that it takes: nine tenths of it go into the contrast of words,
and half of those are words of code, which have a dozen colors. So of those that look the
same one is measured, and the others are out of sight meanwhile.
"""

from __future__ import annotations

from pathlib import Path

import axe_playwright_python

AXE = Path(axe_playwright_python.__file__).parent / "axe.min.js"

# Contrast of 7 : 1 is level AAA, which syntax colors cannot have beside one another.
LEFT_OUT = ["color-contrast-enhanced"]

RUN = """async (leftOut) => {
  const contrast = "color-contrast";
  const others = axe.getRules().map((rule) => rule.ruleId)
    .filter((rule) => rule !== contrast && !leftOut.includes(rule));
  const enabled = Object.fromEntries(others.map((rule) => [rule, { enabled: true }]));
  const options = { resultTypes: ["violations"], preload: false };
  const first = await axe.run(document, { ...options, runOnly: others, rules: enabled });

  const looks = (word) => {
    const names = [];
    for (let at = word; at && !at.matches("article"); at = at.parentElement) {
      names.push(at.className);
    }
    return names.join("|");
  };
  const seen = new Set();
  const again = [...document.querySelectorAll("article .highlight pre span")].filter((word) => {
    const look = looks(word);
    return seen.has(look) || !seen.add(look);
  });
  for (const word of again) word.hidden = true;
  const second = await axe.run(document, { ...options, runOnly: [contrast] });
  for (const word of again) word.hidden = false;

  return [...first.violations, ...second.violations].flatMap(({ id, nodes }) =>
    nodes.map((node) => `${id}: ${node.html.slice(0, 200)} (${node.failureSummary})`));
}"""


def violations(page) -> list[str]:
    """Return what axe finds on a page of the browser, a line for each element."""
    page.evaluate(AXE.read_text("utf-8"))
    return page.evaluate(RUN, LEFT_OUT)
