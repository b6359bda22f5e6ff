"""The directive `{answers}`: the questions of all notebooks with their right answers.

It reads what the notebooks store for their quizzes, so that there is no second copy of an
answer, and what a lecturer reads is what the page says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from tools.notebooks import widgets

HEADING = re.compile(r"^#{1,3} +(.+)$", re.MULTILINE)
LINK = re.compile(r"\[([^\]]+)\]\([^)]*\)")
MARKS = re.compile(r"`([^`]+)`|\*\*(.+?)\*\*|\*([^*\s][^*]*)\*")


def quizzes(notebook: dict) -> Iterator[tuple[str, dict]]:
    """Yield (heading above it, state) of each quiz that a notebook shows."""
    stored = notebook["metadata"].get("widgets", {}).get(widgets.STATE, {"state": {}})["state"]
    heading = ""
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            heading = ([heading, *HEADING.findall(cell["source"])])[-1]
        for output in cell.get("outputs", []):
            view = output.get("data", {}).get(widgets.VIEW)
            state = stored.get(view["model_id"], {}).get("state", {}) if view else {}
            if state.get("_module") == "quiz":
                yield LINK.sub(r"\1", heading), state


def answers_of(question: dict) -> list[str]:
    """Return the right answers of a question, each with its explanation."""
    if options := question.get("options"):
        return [f"**{each['text']}** {each['why']}" for each in options if each["right"]]
    value, unit = question.get("value"), question.get("unit", "")
    if value is None:
        return [question["why"]]
    number = f"{value:,}" if isinstance(value, int) or value % 1 else f"{int(value):,}"
    return [f"**{f'{number} {unit}'.strip()}** {question['why']}"]


def inline(text: str) -> list[nodes.Node]:
    """Return a question's text with its code, bold and italic words as nodes."""
    found, end = [], 0
    for match in MARKS.finditer(text):
        code, bold, italic = match.groups()
        found.append(nodes.Text(text[end : match.start()]))
        kind = nodes.literal if code else nodes.strong if bold else nodes.emphasis
        inner = [nodes.Text(code)] if code else inline(bold or italic)
        found.append(kind("", "", *inner))
        end = match.end()
    return [*found, nodes.Text(text[end:])]


class Answers(SphinxDirective):
    """Lists the questions of the notebooks of the book, in its order."""

    def run(self) -> list[nodes.Node]:
        root = Path(self.env.srcdir)
        found = []
        for name in self.env.config.external_site_map:
            file = root / f"{name}.ipynb"
            if file.exists():
                self.env.note_dependency(file.as_posix())
                found += self.page(nbformat.read(file, as_version=4))
        return found

    def page(self, notebook: dict) -> list[nodes.Node]:
        """Return the section of one notebook; none without questions."""
        asked = [(heading, q) for heading, s in quizzes(notebook) for q in s["questions"]]
        if not asked:
            return []
        first = next(c["source"] for c in notebook["cells"] if c["cell_type"] == "markdown")
        title = HEADING.search(first)[1]
        section = nodes.section("", nodes.title("", title), ids=[nodes.make_id(f"answers {title}")])
        before = None
        for heading, question in asked:
            if heading != before:
                section += nodes.paragraph("", "", nodes.strong("", heading))
                before = heading
            item = nodes.list_item("", nodes.paragraph("", "", *inline(question["text"])))
            item += [nodes.paragraph("", "", *inline(each)) for each in answers_of(question)]
            section += nodes.bullet_list("", item)
        return [section]


def setup(app) -> None:
    app.add_directive("answers", Answers)
