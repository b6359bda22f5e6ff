"""The search page finds words, lists each place once with an excerpt, and says so of no result."""

from __future__ import annotations

import json

import pytest
from sphinx.errors import ExtensionError

from tools.book.excerpts import SCRIPT, text_of
from tools.book.search import mended

SAID = "() => document.querySelector('.search-summary')?.textContent"


def test_words_are_found_and_others_are_not(visitor, site):
    visit = visitor()
    page = visit.page
    for words, is_found in (
        ("pooling", True),
        ("constructor", False),  # every plain object of a script has one
        ("__proto__", False),
    ):
        page.goto(f"{(site / 'search.html').as_uri()}?q={words}")
        page.wait_for_function(SAID, timeout=5000)
        found = page.locator("#search-results li a")
        assert (found.count() > 0) == is_found, words
    assert visit.problems == []


def results(page) -> list[tuple[str, str]]:
    """Return the title and the excerpt of each result, when all are there."""
    page.wait_for_function("() => /found \\d+ page/.test(document.body.innerText)")
    page.wait_for_load_state("networkidle")
    read = """all => all.map((each) => [each.querySelector("a").textContent,
      each.querySelector(".context")?.textContent ?? ""])"""
    return [tuple(each) for each in page.locator("#search-results li").evaluate_all(read)]


def test_a_term_of_the_glossary_is_listed_once_with_its_definition(visitor, site, address):
    page = visitor().page
    page.goto(f"{address(site)}search.html?q=stride")
    found = results(page)
    of_the_glossary = [(title, excerpt) for title, excerpt in found if "Glossary" in title]
    assert len(of_the_glossary) == 1 and found[0] == of_the_glossary[0]
    title, excerpt = found[0]
    assert title == "Glossary > stride" and len(excerpt.split()) > 6


@pytest.mark.parametrize("place", ["server", "folder"])
def test_excerpts_are_of_the_text_and_begin_with_a_word(visitor, site, address, place):
    page = visitor().page
    start = address(site) if place == "server" else f"{site.as_uri()}/"
    page.goto(f"{start}search.html?q=pooling")
    excerpts = [" ".join(excerpt.split()) for _, excerpt in results(page)]
    assert len(excerpts) > 8 and all(excerpts)
    script = (site / SCRIPT).read_text("utf-8").removeprefix("const pageTexts = ")
    texts = " ".join(text for text, _ in json.JSONDecoder().raw_decode(script)[0].values())
    for excerpt in excerpts:
        assert "needs JavaScript" not in excerpt and "Contents of the course" not in excerpt
        if excerpt.startswith("..."):
            first = " ".join(excerpt.removeprefix("...").split()[:3])
            assert f" {first}" in texts, excerpt


def test_a_place_in_a_page_has_its_own_text():
    text, places = text_of(
        """<p>Contents</p><div class="bd-article"><h1>Title<a class="headerlink">#</a></h1>
        <script>no</script>
        <section id="one"><p>First
        line.</p></section>
        <dl><dt id="term-a">a</dt><dt id="term-b">b</dt><dd>Of both.</dd></dl>
        <table><tr><th><em>T</em>wo</th><td>10</td></tr><tr><td>1<br>2</td></tr></table>
        <math display="block"><mi>x</mi><mn>2</mn></math>
        <div class="live-widget">no</div></div>"""
    )
    assert text == "Title First line. a b Of both. Two 10 1 2 …"
    told = {place: text[slice(*ends)] for place, ends in places.items()}
    assert told == {"one": "First line.", "term-a": "Of both.", "term-b": "Of both."}


def test_another_version_of_the_script_stops_the_build():
    with pytest.raises(ExtensionError, match="does not hold 'const terms"):
        mended("const terms = new Map(Object.entries(Search._index.terms));")
