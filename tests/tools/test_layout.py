"""The two halves of the code: `utils` is what notebooks import, `tools` builds the course."""

from __future__ import annotations

import ast
import re
import subprocess
from importlib.util import resolve_name
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def imports(path: Path, root: Path = ROOT) -> set[str]:
    """Return the full names of the modules that a file imports, at its top or within functions."""
    package = ".".join(path.parent.relative_to(root).parts)
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(resolve_name("." * node.level + (node.module or ""), package))
    return found


def importers_of_tools(root: Path) -> list[str]:
    """Return the files of `utils` that import from `tools`."""
    return [
        path.relative_to(root).as_posix()
        for path in sorted((root / "utils").rglob("*.py"))
        if any(name.partition(".")[0] == "tools" for name in imports(path, root))
    ]


def test_nothing_in_utils_imports_tools():
    assert importers_of_tools(ROOT) == []


@pytest.mark.parametrize(
    "code",
    ["import tools.book", "from tools import train", "def f():\n    from tools.train import main"],
)
def test_an_import_of_tools_in_utils_is_found(tmp_path, code):
    (tmp_path / "utils" / "plots").mkdir(parents=True)
    (tmp_path / "utils" / "plots" / "a.py").write_text(f"from . import b\n{code}\n", "utf-8")
    assert importers_of_tools(tmp_path) == ["utils/plots/a.py"]


def test_git_checks_out_every_text_with_the_line_ends_that_it_stores():
    words = ["git", "ls-files", "--eol"]
    run = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    if run.returncode:
        pytest.skip("this copy is not a clone")
    for line in run.stdout.splitlines():
        stored, _, *rule = line.split("\t")[0].split()
        assert stored in {"i/lf", "i/none", "i/-text"} and rule == ["attr/text=auto", "eol=lf"], (
            line
        )


NAMED = re.compile(
    r"(?<![\w/.-])(?:utils|tools|tests|chapters)/[\w./-]*\w|(?<=make )[a-z-]+(?=`| ARGS| REPO)"
)


def named_in(text: str) -> set[str]:
    """Return the paths and the commands of `make` that a text names in code."""
    blocks = re.findall(r"```.*?```|`[^`\n]+`", text, re.S)
    return {name for block in blocks for name in NAMED.findall(block)}


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_what_the_guides_name_is_there(page):
    commands = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.M)
    names = named_in((ROOT / page).read_text("utf-8"))
    assert len(names) > 20
    missing = {name for name in names if name not in commands and not (ROOT / name).exists()}
    assert missing == set()


def test_a_guide_that_names_what_has_gone_is_found():
    assert named_in("`utils/gone.py` and `make vanish`, a.b/utils/x") == {"utils/gone.py", "vanish"}
