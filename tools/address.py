"""Give this copy of the course its address on GitHub, or take it away.

    make address REPO=owner/name        (python -m tools.address owner/name)
    make address REPO=                  (python -m tools.address "")

The address stands in `_config.yml`. From there come the set-up cell of every
notebook, which fetches the course in Colab, and the list of notebooks in the
README, with its links. Without an argument the command writes these two again,
as is needed when a notebook has come or gone.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import yaml
from nbformat import NotebookNode

from tools.notebooks import canonical, files, setup_cell

BRANCH = "main"
OWNER = r"[A-Za-z0-9](?:-?[A-Za-z0-9]){0,38}"
REPO = re.compile(rf"({OWNER})/([A-Za-z0-9._-]{{1,100}})")
ORIGIN = re.compile(rf"(?:https://|ssh://git@|git@)github\.com[/:]({REPO.pattern})")
CONFIG_URL = re.compile(r'^(repository:\n(?:[ \t]+.*\n|\n)*?[ \t]+url:[ \t]*)"([^"\n]*)"', re.M)
README_LIST = re.compile(r"(<!-- notebooks:start -->\n).*?(<!-- notebooks:end -->)", re.DOTALL)


class Refused(Exception):
    """The course cannot be stamped; the message says why and what to do. Nothing was changed."""


def address_of(repo: str) -> str:
    """Return the address of the GitHub repository `owner/name`; of none, none."""
    if not repo:
        return ""
    if not REPO.fullmatch(repo) or repo.endswith((".git", "/.", "/..")):
        raise Refused(
            f"{repo!r} is not the name of a GitHub repository. Give owner and name, as they "
            "stand in its address: make address REPO=owner/name"
        )
    return f"https://github.com/{repo}"


def repo_of(address: str) -> str:
    """Return `owner/name` of a repository's address."""
    return address.removeprefix("https://github.com/")


def site_of(repo: str) -> str:
    """Return the address at which GitHub Pages serves the site of `owner/name`."""
    owner, name = repo.split("/")
    host = f"{owner.lower()}.github.io"
    return f"https://{host}" if name.lower() == host else f"https://{host}/{name}"


def colab_of(repo: str, notebook: str) -> str:
    return f"https://colab.research.google.com/github/{repo}/blob/{BRANCH}/{notebook}"


def read(root: Path, name: str) -> str:
    try:
        return (root / name).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise Refused(f"There is no {name} in {root}.") from None


def stamped_address(root: Path = files.ROOT) -> str:
    """Return the address that `_config.yml` holds; empty before the course is published."""
    found = CONFIG_URL.search(read(root, "_config.yml"))
    if not found:
        raise Refused('_config.yml needs a line `  url: ""` under `repository:`.')
    return found.group(2)


def stamped_config(root: Path, address: str) -> str:
    stamped_address(root)  # refuses a file without the line
    return CONFIG_URL.sub(rf'\1"{address}"', read(root, "_config.yml"))


def stamped_notebook(root: Path, path: Path, address: str) -> str:
    notebook = files.read(path)
    cell = setup_cell.find(notebook)
    if cell is None:
        raise Refused(f"{files.name(path, root)} does not begin with the set-up cell.")
    cell.source = setup_cell.source(path, address, root)
    return canonical.serialize(notebook)


def title(notebook: NotebookNode) -> str | None:
    """Return the first heading of a notebook."""
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    found = re.search(r"^#\s+(.+?)\s*$", text, re.MULTILINE)
    return found.group(1) if found else None


def files_in(toc) -> Iterator[str]:
    """Yield the files that a part of `_toc.yml` names, without their endings."""
    for key, value in toc.items() if isinstance(toc, dict) else []:
        if key in ("root", "file"):
            yield value.removesuffix(".ipynb")
        for part in value if isinstance(value, list) else []:
            yield from files_in(part)


def readers_notebooks(root: Path, pages: list[str]) -> list[Path]:
    """Return the notebooks that the README lists: no solutions, in the order of the pages."""

    def place(path: Path) -> int:
        page = files.name(path, root).removesuffix(".ipynb")
        return pages.index(page) if page in pages else len(pages)

    found = [path for path in files.find(root=root) if not files.is_solution(path, root)]
    return sorted(found, key=place)


def row(root: Path, path: Path, address: str, pages: list[str]) -> str:
    """Return a notebook's row of the list: its title, and links once there is an address."""
    name = files.name(path, root)
    cells = [f"[{title(files.read(path)) or path.stem}]({name})"]
    if address:
        page = name.removesuffix(".ipynb")
        read_it = f"[Read]({site_of(repo_of(address))}/{page}.html)" if page in pages else ""
        cells += [read_it, f"[Open in Colab]({colab_of(repo_of(address), name)})"]
    return f"| {' | '.join(cells)} |"


def stamped_readme(root: Path, address: str) -> str:
    text = read(root, "README.md")
    if not README_LIST.search(text):
        raise Refused(
            "README.md needs the lines <!-- notebooks:start --> and <!-- notebooks:end -->."
        )
    head = ["Notebook", "Page", "In Colab"] if address else ["Notebook"]
    table = [f"| {' | '.join(head)} |", "|" + " --- |" * len(head)]
    pages = list(files_in(yaml.safe_load(read(root, "_toc.yml"))))
    table += [row(root, path, address, pages) for path in readers_notebooks(root, pages)]
    return README_LIST.sub(lambda m: m[1] + "\n".join(table) + "\n" + m[2], text)


def stamp(repo: str | None = None, root: Path = files.ROOT) -> list[str]:
    """Stamp the address of `owner/name` into the course at `root`; return the changed files.

    An empty `repo` takes the address away, None writes the present one again.
    Raises Refused before anything is changed.
    """
    address = stamped_address(root) if repo is None else address_of(repo)
    new = {root / "_config.yml": stamped_config(root, address)}
    new |= {path: stamped_notebook(root, path, address) for path in files.find(root=root)}
    new[root / "README.md"] = stamped_readme(root, address)
    changed = {p: text for p, text in new.items() if p.read_text(encoding="utf-8") != text}
    for path, text in changed.items():
        files.replace(path, text)
    return [files.name(path, root) for path in changed]


def origin(root: Path) -> str:
    """Return `owner/name` of the GitHub repository that `root` was cloned from, if it was."""
    command = ["git", "-C", str(root), "remote", "get-url", "origin"]
    try:
        url = subprocess.run(command, capture_output=True, text=True).stdout
    except OSError:  # no git
        return ""
    found = ORIGIN.fullmatch(url.strip().removesuffix("/").removesuffix(".git"))
    return found.group(1) if found else ""


def remark(root: Path = files.ROOT) -> str:
    """Say that a copy does not carry its own address, as after a fork; mostly, nothing.

    Its site works, and so do the notebooks. But in Colab they fetch another copy, which does
    not have the changes of this one, and the canonical links send readers there.
    """
    try:
        own, stamped = origin(root), repo_of(stamped_address(root))
    except Refused:  # another book, or an address of another kind, of which the build speaks
        return ""
    if not own or own.lower() == stamped.lower():
        return ""
    has = f"the address of {stamped}" if stamped else "no address"
    lead = "::warning::" if os.environ.get("GITHUB_ACTIONS") else ""  # a note beside the run
    return (
        f"{lead}The course has {has}, and this is a clone of {own}. "
        f"To publish it from there: make address REPO={own}"
    )


def addresses(root: Path = files.ROOT) -> dict[str, set[str]]:
    """Return the addresses that each stamped file holds; where all is well, they are one."""
    found = {"_config.yml": {stamped_address(root)}}
    for path in files.find(root=root):
        cell = setup_cell.find(files.read(path))
        found[files.name(path, root)] = {setup_cell.address(cell)} if cell else set()
    block = README_LIST.search(read(root, "README.md"))
    repos = (
        re.findall(rf"colab\.research\.google\.com/github/({REPO.pattern})/", block[0])
        if block
        else []
    )
    found["README.md"] = {address_of(repo) for repo, *_ in repos} or {""}
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tools.address",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("repo", nargs="?", help="owner/name on GitHub; empty for no address")
    try:
        changed = stamp(parser.parse_args().repo)
    except (Refused, files.Damaged) as refusal:
        raise SystemExit(str(refusal)) from None
    address = stamped_address()
    site = f", and its site will be at {site_of(repo_of(address))}/" if address else ""
    print(f"The course has {f'the address {address}' if address else 'no address'}{site}.")
    print("\n".join(f"changed {name}" for name in changed) or "Nothing had to change.")


if __name__ == "__main__":
    main()
