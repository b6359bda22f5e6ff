"""The search page finds words, and says so of those that no page holds."""

from __future__ import annotations

import pytest
from sphinx.errors import ExtensionError

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


def test_another_version_of_the_script_stops_the_build():
    with pytest.raises(ExtensionError, match="does not hold 'const terms"):
        mended("const terms = new Map(Object.entries(Search._index.terms));")
