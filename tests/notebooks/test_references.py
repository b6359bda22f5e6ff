"""References: each link to a publication has its entry in references.bib, and each entry a link."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import nbformat
import pytest
from pybtex.database import parse_file

from tools.address import README_LIST
from tools.notebooks import files

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    *(path for path in files.find() if not files.is_exercise(path)),
    *sorted((ROOT / "chapters").glob("*.md")),
    *(page for page in sorted(ROOT.glob("*.md")) if page.name != "references.md"),
]
LINK = re.compile(r"\[((?:[^\[\]]|\[[^\]]*\])*)\]\((https?://[^\s()]+(?:\([^\s()]*\)[^\s()]*)*)\)")
YEAR = re.compile(r"\b(?:19|20)\d\d\b")

# Hosts of what is no publication: code, tools, data sheets, videos, licenses. A link to any
# other host needs an entry, unless an entry has that very address.
NOT_SCHOLARLY = {
    "colab.research.google.com": "Colab",
    "creativecommons.org": "the license",
    "developers.google.com": "documentation",
    "github.com": "code",
    "jupyterbook.org": "the tool of this book",
    "keras.io": "documentation",
    "nbgrader.readthedocs.io": "documentation",
    "numpy.org": "documentation",
    "scikit-learn.org": "documentation",
    "www.flickr.com": "photographs",
    "www.nobelprize.org": "the prize's own page",
    "www.nvidia.com": "data sheets",
    "www.tensorflow.org": "documentation",
    "www.youtube.com": "videos",
    "youtu.be": "videos",
}


def key_of(address: str) -> str:
    """Return what names a publication in its address: DOI, arXiv number, or the address itself."""
    parts = urlsplit(address)
    host, path = parts.hostname.removeprefix("www."), parts.path
    if host in {"doi.org", "dx.doi.org"}:
        return f"doi:{path.strip('/').lower()}"
    if host == "arxiv.org":
        number = re.sub(r"^/(abs|pdf|html)/|v\d+$|\.pdf$", "", path)
        return f"arxiv:{number}"
    return f"{host}{path.rstrip('/')}"


def keys_of(entry) -> set[str]:
    """Return all that may name an entry of the bibliography in an address."""
    fields = entry.fields
    keys = {f"doi:{fields['doi'].lower()}"} if "doi" in fields else set()
    if "eprint" in fields:
        keys.add(f"arxiv:{fields['eprint']}")
    return keys | ({key_of(fields["url"])} if "url" in fields else set())


def years_of(entry) -> set[str]:
    """Return the year of an entry, and that of its preprint, which can be a year earlier."""
    number = entry.fields.get("eprint", "")
    preprint = {f"20{number[:2]}"} if re.match(r"\d{4}\.", number) else set()
    return {entry.fields["year"]} | preprint


def links(page: Path) -> list[tuple[str, str]]:
    """Return text and address of each link to another host."""
    text = page.read_text("utf-8")
    if page.suffix == ".ipynb":
        cells = nbformat.reads(text, as_version=4).cells
        text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    # Once a copy has an address, the list of the notebooks links to the pages of its own site.
    return LINK.findall(README_LIST.sub("", text))


def unlisted(found: list[tuple[str, str]], known: set[str]) -> list[str]:
    """Return the links that look like publications, and whose entry is missing."""
    return [
        address
        for _, address in found
        if key_of(address) not in known and urlsplit(address).hostname not in NOT_SCHOLARLY
    ]


@pytest.fixture(scope="module")
def entries() -> dict:
    return dict(parse_file(ROOT / "references.bib", "bibtex").entries)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_publication_that_a_page_links_to_is_among_the_references(page, entries):
    known = set().union(*map(keys_of, entries.values()))
    missing = unlisted(links(page), known)
    assert not missing, f"no entry of references.bib has this DOI, arXiv number or url: {missing}"


def test_a_copy_with_an_address_links_to_its_own_site_beside(stamped_copy, entries):
    readme = stamped_copy / "README.md"
    assert "https://a-teacher.github.io/cnn-2027/" in readme.read_text("utf-8")
    assert unlisted(links(readme), set().union(*map(keys_of, entries.values()))) == []


@pytest.mark.skipif(not (ROOT / "solutions").is_dir(), reason="some are linked from solutions")
def test_every_reference_is_linked_from_a_page(entries):
    linked = {key_of(address) for page in PAGES for _, address in links(page)}
    unused = sorted(key for key, entry in entries.items() if not keys_of(entry) & linked)
    assert not unused, f"entries of references.bib that no page links to: {unused}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_year_in_a_link_is_the_year_of_its_reference(page, entries):
    years = {key: years_of(entry) for entry in entries.values() for key in keys_of(entry)}
    wrong = [
        (text, address)
        for text, address in links(page)
        if not set(YEAR.findall(text)) <= years.get(key_of(address), set(YEAR.findall(text)))
    ]
    assert not wrong, f"another year than in references.bib: {wrong}"


def test_a_publication_has_one_year_on_all_pages():
    years: dict[str, set[str]] = {}
    for page in PAGES:
        for text, address in links(page):
            if found := re.findall(r", ((?:19|20)\d\d)$", text):
                years.setdefault(key_of(address), set()).update(found)
    assert {key: found for key, found in years.items() if len(found) > 1} == {}


def test_each_reference_has_authors_a_title_a_year_and_an_address_of_its_own(entries):
    seen: dict[str, str] = {}
    for key, entry in entries.items():
        assert entry.persons.get("author"), f"{key} has no author"
        assert entry.fields.get("title") and YEAR.fullmatch(entry.fields.get("year", "")), key
        assert keys_of(entry), f"{key} has neither doi nor eprint nor url"
        written = sum(field in entry.fields for field in ("doi", "eprint", "url"))
        assert len(keys_of(entry)) == written, f"{key}: the url only repeats the doi or eprint"
        for name in keys_of(entry):
            assert seen.setdefault(name, key) == key, f"{key} and {seen[name]} are both {name}"


def test_no_entry_of_the_file_is_lost_by_a_slip_of_syntax(entries):
    written = re.findall(r"^@\w+\{([^,\s]+),", (ROOT / "references.bib").read_text("utf-8"), re.M)
    assert sorted(written) == sorted(entries)


def test_a_missing_entry_and_a_wrong_year_are_found(entries):
    text = "([X, 1999](https://doi.org/10.1109/5.726791), [Y](https://arxiv.org/abs/9999.00001v2))"
    found = LINK.findall(text)
    assert unlisted(found, {"doi:10.1109/5.726791"}) == ["https://arxiv.org/abs/9999.00001v2"]
    assert key_of(found[0][1]) in keys_of(entries["lecun1998gradient"])
    assert not set(YEAR.findall(found[0][0])) <= years_of(entries["lecun1998gradient"])


def test_a_doi_with_parentheses_is_read_to_its_end():
    ((_, address),) = LINK.findall("([A, 1991](https://doi.org/10.1016/0893-6080(91)90009-T).)")
    assert key_of(address) == "doi:10.1016/0893-6080(91)90009-t"
