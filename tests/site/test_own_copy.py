"""A copy under another name and address, made as the README says: all of it leads to itself."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from bs4 import BeautifulSoup

from tools import address
from tools.notebooks import files, setup_cell

ROOT = Path(__file__).resolve().parents[2]
NAME = "a-teacher/cnn-2027"
SITE = "https://a-teacher.github.io/cnn-2027/"
SECTION = re.compile(r"## Publish your own copy in ten minutes\n(.*?)(?=\n## )", re.DOTALL)


def soup(page: Path) -> BeautifulSoup:
    return BeautifulSoup(page.read_text("utf-8"), "html.parser")


def pages(site: Path) -> list[Path]:
    return [page for page in sorted(site.rglob("*.html")) if "_static" not in page.parts]


def notebooks(copy: Path) -> list[Path]:
    return files.find(root=copy)


def test_every_launch_button_opens_a_notebook_that_the_copy_has(stamped_copy, own_site):
    opened = []
    for page in pages(own_site):
        for button in soup(page).select("a.course-colab"):
            start = f"https://colab.research.google.com/github/{NAME}/blob/main/"
            assert button["href"].startswith(start), page
            opened.append(button["href"].removeprefix(start))
            assert (stamped_copy / opened[-1]).is_file()
    readers = [p for p in notebooks(stamped_copy) if not files.is_solution(p, stamped_copy)]
    assert sorted(opened) == sorted(files.name(path, stamped_copy) for path in readers)


@pytest.mark.parametrize("touch", [False, True], ids=["mouse", "finger"])
@pytest.mark.parametrize("width", [320, 360, 390])
def test_the_buttons_of_a_copy_fit_a_small_phone(visitor, own_site, width, touch):
    """There are two more than without an address, and each is larger where a finger points."""
    page = visitor(width, has_touch=touch, is_mobile=touch).page
    page.goto((own_site / "chapters" / "05_fashion_mnist.html").as_uri())
    assert page.evaluate("matchMedia('(pointer: coarse)').matches") is touch
    assert page.evaluate("document.documentElement.scrollWidth") == width
    colab = page.get_by_role("link", name="Open in Colab")
    assert colab.is_visible() and colab.bounding_box()["width"] >= 40
    last = page.get_by_role("button", name="On this page").bounding_box()
    assert last["x"] + last["width"] <= width


def test_every_first_cell_fetches_the_copy_and_so_do_the_downloads(stamped_copy, own_site):
    downloads = sorted((own_site / "_sources").rglob("*.ipynb"))
    assert downloads
    for path in [*notebooks(stamped_copy), *downloads]:
        cell = setup_cell.find(files.read(path))
        assert setup_cell.address(cell) == f"https://github.com/{NAME}", path


def test_links_in_the_readme_lead_to_pages_and_notebooks_of_the_copy(stamped_copy, own_site):
    text = (stamped_copy / "README.md").read_text("utf-8")
    table = address.README_LIST.search(text)[0]
    read = re.findall(r"\[Read\]\((.*?)\)", table)
    assert read and all((own_site / link.removeprefix(SITE)).is_file() for link in read)
    colab = re.findall(rf"github/{NAME}/blob/main/(.*?)\)", table)
    assert len(colab) >= len(read) and all((stamped_copy / name).is_file() for name in colab)


def test_no_button_and_no_canonical_link_leads_to_another_copy(own_site):
    hosts = ("https://github.com", "https://colab.")
    for page in pages(own_site):
        links = soup(page).select(".article-header-buttons a, .course-runs a")
        outside = [link["href"] for link in links if link["href"].startswith(hosts)]
        assert all(f"/{NAME}" in link for link in outside), page
        for link in soup(page).select("link[rel=canonical]"):
            assert link["href"].startswith(SITE), page


def test_the_folder_of_the_copy_is_named_nowhere_in_its_site(stamped_copy, own_site):
    for file in own_site.rglob("*"):
        if file.is_file() and file.suffix in {".html", ".js", ".css", ".xml", ".txt", ".json"}:
            assert str(stamped_copy) not in file.read_text("utf-8"), file


# --- a copy that carries another's address ----------------------------------------------


def clone_of(folder: Path, url: str, stamped: str = "") -> Path:
    """Make a checkout with this origin, whose settings hold this address."""
    folder.mkdir()
    git = ["git", "-C", str(folder)]
    subprocess.run([*git, "init", "--quiet"], check=True)
    subprocess.run([*git, "remote", "add", "origin", url], check=True)
    config = f'repository:\n  url: "{stamped}"\n'
    (folder / "_config.yml").write_text(config, encoding="utf-8")
    return folder


URLS = [
    "https://github.com/Bob/his.copy",
    "https://github.com/Bob/his.copy.git",
    "git@github.com:Bob/his.copy.git",
    "ssh://git@github.com/Bob/his.copy/",
]


@pytest.mark.parametrize("url", URLS)
def test_a_fork_with_the_first_owners_address_is_told_its_own(tmp_path, monkeypatch, url):
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    fork = clone_of(tmp_path / "fork", url, "https://github.com/ada/cnn")
    assert address.remark(fork) == (
        "The course has the address of ada/cnn, and this is a clone of Bob/his.copy. "
        "To publish it from there: make address REPO=Bob/his.copy"
    )
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert address.remark(fork).startswith("::warning::The course has the address of ada/cnn")


@pytest.mark.parametrize(
    ("url", "stamped"),
    [
        ("https://github.com/bob/his.copy", "https://github.com/Bob/his.copy"),
        ("https://gitlab.com/bob/his.copy", "https://github.com/ada/cnn"),
        ("/a/folder/of/this/machine", "https://github.com/ada/cnn"),
    ],
)
def test_there_is_no_remark_where_the_address_is_right_or_nothing_is_known(tmp_path, url, stamped):
    assert address.remark(clone_of(tmp_path / "clone", url, stamped)) == ""


def test_there_is_no_remark_on_a_copy_without_git_or_another_book(tmp_path, monkeypatch):
    (tmp_path / "_config.yml").write_text("title: A book\n", encoding="utf-8")
    assert address.remark(tmp_path) == ""
    monkeypatch.setenv("PATH", "")
    clone = tmp_path / "_config.yml"
    clone.write_text('repository:\n  url: "https://github.com/ada/cnn"\n', encoding="utf-8")
    assert address.remark(tmp_path) == ""


def test_the_site_of_such_a_fork_is_built_and_the_remark_printed(tmp_path):
    fork = clone_of(tmp_path / "fork", URLS[0])
    config = (ROOT / "_config.yml").read_text("utf-8")
    stamped = re.sub(r'^  url: "[^"]*"$', '  url: "https://github.com/ada/cnn"', config, flags=re.M)
    (fork / "_config.yml").write_text(stamped, encoding="utf-8")
    (fork / "_toc.yml").write_text("format: jb-book\nroot: intro\n", encoding="utf-8")
    (fork / "intro.md").write_text("# Start\n\nThis is how it begins.\n", encoding="utf-8")
    (fork / "references.bib").touch()
    words = [sys.executable, "-m", "tools.book", "--source", fork]
    run = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "make address REPO=Bob/his.copy" in run.stdout


# --- what the README says about it ------------------------------------------------------


def section() -> str:
    return SECTION.search((ROOT / "README.md").read_text("utf-8"))[1]


def test_the_readme_names_commands_and_workflows_that_there_are():
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for target in re.findall(r"\bmake ([a-z-]+)", section()):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    workflows = [yaml.safe_load(p.read_text()) for p in ROOT.glob(".github/workflows/*.yml")]
    names = {workflow["name"] for workflow in workflows}
    assert {"Publish", "Release", "Full run", "Colab"} <= names
    assert all(f"*{name}*" in section() for name in ("Publish", "Release", "Full run", "Colab"))
    weekly = {w["name"] for w in workflows if "schedule" in w[True]}  # YAML reads `on` as true
    assert weekly == {"Full run", "Colab"}  # "the two weekly ones"


def test_the_readme_gives_the_addresses_that_github_pages_gives():
    assert f"`{address.site_of('owner/name')}/`" in section()
    assert f"`{address.site_of('owner/owner.github.io')}/`" in section()


def test_the_first_cell_sends_to_a_section_of_the_readme_that_is_there():
    assert "see 'Publish' in the course's README" in setup_cell.TEMPLATE
    assert re.search(r"^## Publish ", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)
