"""The table of the page "Status": when each notebook was last run in full, and how that went.

The directive `{runs}` of a Markdown page becomes the table. It is read from what
`make execute` puts on record (tools/notebooks/runs.py), and from the notebooks themselves.
A notebook without a record has a row that says so.
"""

from __future__ import annotations

from pathlib import Path
from string import ascii_uppercase

import yaml
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

from tools.address import BRANCH, address_of, files_in, title
from tools.notebooks import files, runs

HEAD = ["Notebook", "Last run in full", "When", "Took", "With"]
WORKFLOWS = (
    "On GitHub this goes on in public: [*Tests*]({address}/actions/workflows/ci.yml) runs after "
    "each change, and [*Full run*]({address}/actions/workflows/full-run.yml) executes every "
    "notebook in full once a week, with the newest versions of all packages."
)


def notebooks(root: Path) -> list[Path]:
    """Return the notebooks that are run in full: those of the pages in their order, solutions."""
    contents = yaml.safe_load((root / "_toc.yml").read_text("utf-8"))
    pages = [root / f"{page}.ipynb" for page in files_in(contents)]
    pages = [path for path in pages if path.exists() and not files.is_exercise(path, root)]
    solutions = root / "solutions"
    return pages + (files.find([solutions], root) if solutions.is_dir() else [])


def link(path: Path, root: Path, repository: str | None) -> str:
    """Return a notebook's name in Markdown, linked to where it can be read, if anywhere.

    A solution is no page of the site.
    """
    name, heading = files.name(path, root), title(files.read(path)) or path.stem
    if not files.is_solution(path, root):
        return f"[{heading}](/{name})"
    heading += ", solved"
    return f"[{heading}]({address_of(repository)}/blob/{BRANCH}/{name})" if repository else heading


def set_up(entry: dict) -> str:
    """Return with which versions and on what a notebook ran."""
    names = ("Python", "Keras", "TensorFlow")
    used = ", ".join(f"{name} {entry['versions'][name.lower()]}" for name in names)
    return f"{used}; {entry['machine']}"


def cells(entry: dict | None, letters: dict[str, str]) -> list[str]:
    """Return what a row says of the run itself. On a phone it stands without the table's head."""
    if entry is None:
        return [""] * 3
    clock, processor = (runs.format_duration(entry[key]) for key in ("seconds", "cpu_seconds"))
    took = f"{clock} " + f"(CPU time {processor})".replace(" ", "\N{NO-BREAK SPACE}")
    return [entry["date"], took, f"set-up {letters[set_up(entry)]}"]


def table(root: Path, entries: dict, repository: str | None) -> list[str]:
    """Return the table in lines of Markdown, and what the letters of its last column mean."""
    paths = notebooks(root)
    found = [entries.get(files.name(path, root)) for path in paths]
    set_ups = dict.fromkeys(set_up(entry) for entry in found if entry)  # in order, each once
    letters = dict(zip(set_ups, ascii_uppercase, strict=False))
    lines = [HEAD, ["---"] * len(HEAD)]
    for path, entry in zip(paths, found, strict=True):
        state = runs.result(entry, files.read(path))
        lines.append([link(path, root, repository), state, *cells(entry, letters)])
    return [
        *(f"| {' | '.join(line)} |" for line in lines),
        *(f"\n**Set-up {letter}**: {words}." for words, letter in letters.items()),
    ]


class Runs(SphinxDirective):
    """The table, and in a course with an address the links to its runs on GitHub."""

    def run(self) -> list[nodes.Node]:
        repository = self.config.course_repository
        text = "\n".join(table(Path(self.env.srcdir), runs.load(), repository))
        if repository:
            text += "\n\n" + WORKFLOWS.format(address=address_of(repository))
        place = nodes.container(classes=["course-runs"])
        lines = StringList(text.splitlines(), source=__file__)
        self.state.nested_parse(lines, self.content_offset, place)
        return [place]


def setup(app) -> None:
    app.add_directive("runs", Runs)
