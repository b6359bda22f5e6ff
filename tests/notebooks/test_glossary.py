"""The glossary: in order, each word once, and explained in the chapter that it leads to."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
ENTRY = re.compile(r"^(\S.*)\n  (\S.*)$", re.MULTILINE)
LINK = re.compile(r"\[[^\]]*\]\((chapters/\w+\.ipynb)\)")


@pytest.fixture(scope="module")
def entries() -> dict[str, str]:
    """The explanations by their words."""
    text = (ROOT / "glossary.md").read_text("utf-8")
    found = ENTRY.findall(text.split("```{glossary}\n")[1].split("```")[0])
    assert len(found) == len({word.lower() for word, _ in found}), "a word stands there twice"
    return dict(found)


def words_of(chapter: str) -> str:
    """Return the text and the code of a chapter, in lower case."""
    cells = nbformat.read(ROOT / chapter, as_version=4).cells
    return "\n".join(cell.source for cell in cells).lower()


def occurs(word: str, text: str) -> bool:
    """Whether a word of the glossary, what it has in brackets, or its stems occur in a text.

    "CNN architectures" has "Architecture"; "the weights are shared" has "Shared weights".
    """
    name, also = re.fullmatch(r"([^()]+?)(?: \((.+)\))?", word.lower()).groups()
    stems = [part[:5] for part in name.split()]
    return bool(also and also in text) or all(stem in text for stem in stems)


def test_the_terms_of_the_glossary_are_there_in_order(entries):
    assert len(entries) >= 35
    order = [re.sub(r"\W", " ", word.lower()) for word in entries]
    assert order == sorted(order)


def test_each_explanation_is_a_sentence_and_leads_to_a_chapter(entries):
    for word, text in entries.items():
        assert LINK.search(text), f"{word} leads to no chapter"
        explanation = LINK.sub("", text).rstrip(" →\u00a0")
        assert explanation[0].isupper() or explanation[0] in "`", word
        assert explanation.endswith("."), word
        assert len(explanation) < 330, f"{word}: one sentence or two"


def test_each_term_occurs_in_the_chapter_that_it_leads_to(entries):
    missing = [
        f"{word}: {chapter}"
        for word, text in entries.items()
        for chapter in LINK.findall(text)
        if not occurs(word, words_of(chapter))
    ]
    assert not missing, missing


def test_a_term_that_does_not_occur_is_found():
    assert occurs("Shared weights", "the weights are *shared*")
    assert occurs("One-by-one convolution (1 × 1)", "a 1 × 1 kernel")
    assert not occurs("Max pooling", "average pooling")
