"""What a reader is told at the top of a page: how long it takes, and where in the outline it is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag

LENGTH = re.compile(r"\b(minutes?|hours?|quarter|half)\b")
RUN = re.compile(r"\b(second|minute|trained|training)", re.IGNORECASE)
NUMBERED = re.compile(r"(\d+)\.(\d+) ")
NAMED = re.compile(r"\b[Ss]ections? (\d+\.\d+)(?: and (\d+\.\d+))?")


@pytest.fixture(scope="module")
def notebooks(site) -> dict[str, BeautifulSoup]:
    """The pages that are notebooks, by their names."""
    sources = (site / "_sources").rglob("*.ipynb")
    names = sorted(file.relative_to(site / "_sources").with_suffix("") for file in sources)
    assert len(names) >= 8
    return {
        name.as_posix(): BeautifulSoup((site / f"{name}.html").read_text("utf-8"), "html.parser")
        for name in names
    }


def words_of(element: Tag) -> str:
    return " ".join(element.get_text().replace("#", "").split())


def test_every_notebook_page_says_before_its_first_section_how_long_it_takes(notebooks):
    for name, page in notebooks.items():
        first = page.article.find("h2")
        times = [p for p in first.find_all_previous("p") if words_of(p).startswith("Time.")]
        assert len(times) == 1, name
        assert times[0].strong.get_text() == "Time.", name
        assert LENGTH.search(words_of(times[0])) and RUN.search(words_of(times[0])), name


def test_numbers_of_sections_count_up_within_their_chapter(notebooks):
    for name, page in notebooks.items():
        chapter = re.match(r"chapters/0?(\d+)_", name)
        numbers = [
            tuple(map(int, match.groups()))
            for heading in page.article.find_all("h2")
            if (match := NUMBERED.match(words_of(heading)))
        ]
        expected = [(int(chapter[1]), i) for i in range(1, len(numbers) + 1)] if chapter else []
        assert numbers == expected, name


def test_a_section_that_a_text_names_is_there(notebooks):
    headings = [words_of(h2) for page in notebooks.values() for h2 in page.article.find_all("h2")]
    there = {match[0].strip() for heading in headings if (match := NUMBERED.match(heading))}
    named = {
        number: name
        for name, page in notebooks.items()
        for found in NAMED.findall(words_of(page.article))
        for number in filter(None, found)
    }
    assert len(named) > 5
    assert named.keys() <= there, {n: named[n] for n in named.keys() - there}


def test_chapters_bear_their_numbers_in_title_contents_and_links(notebooks):
    for name, page in notebooks.items():
        title = words_of(page.article.h1)
        if chapter := re.match(r"chapters/0?(\d+)_", name):
            assert title.startswith(f"{chapter[1]} "), name
            assert words_of(page.select_one(".bd-docs-nav .current > a")) == title, name


def test_the_contents_beside_a_page_are_its_headings(notebooks):
    for name, page in notebooks.items():
        headings = [words_of(heading) for heading in page.article.find_all(["h2", "h3"])]
        links = [words_of(link) for link in page.select(".bd-toc-nav a")]
        assert links == headings, name


def test_pages_name_the_ones_before_and_after(site: Path, notebooks):
    page = notebooks["chapters/02_convolutional_layer"]
    titles = [words_of(title) for title in page.select(".prev-next-title")]
    assert titles == ["1 Introduction", "3 Pooling layer"]
