"""Purge style sheets: leave out the rules that no page can use.

The themes bring 310 kB of style for everything that a site may hold. A rule stays if
each class and id that it needs is a word of some page or script; what is written within
`:not()`, `:is()` and the like is not looked at. So a rule is dropped only where nothing
could match it, however a script puts its classes together from whole words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import tinycss2
from tinycss2 import ast

NAME = re.compile(r"[\w-]+")
CLASSES = re.compile(r"""\b(?:class|id)=(?:"([^"]*)"|'([^']*)')""")
NESTING = {"media", "supports", "layer", "container"}


def words_of_pages(pages: Iterable[str]) -> set[str]:
    """Return the classes and ids in the pages' markup."""
    values = (one or other for page in pages for one, other in CLASSES.findall(page))
    return {word for value in values for word in value.split()}


def words_of_scripts(scripts: Iterable[str]) -> set[str]:
    """Return every word of the scripts, for one that may become a class."""
    return {word for script in scripts for word in NAME.findall(script)}


def selectors(prelude: list[ast.Node]) -> Iterator[list[ast.Node]]:
    """Split what stands before a rule's braces into its selectors."""
    selector = []
    for token in prelude:
        if token == ",":
            yield selector
            selector = []
        else:
            selector.append(token)
    yield selector


def needs(selector: list[ast.Node]) -> set[str]:
    """Return the classes and ids without which a selector matches nothing."""
    names = {token.value for token in selector if isinstance(token, ast.HashToken)}
    for dot, token in zip(selector, selector[1:], strict=False):
        if dot == "." and isinstance(token, ast.IdentToken):
            names.add(token.value)
    return names


def purged_rules(rules: list[ast.Node], words: set[str]) -> Iterator[str]:
    """Yield the text of each rule that something can match, with the selectors that can."""
    for rule in rules:
        if isinstance(rule, ast.QualifiedRule):
            kept = [s for s in selectors(rule.prelude) if needs(s) <= words]
            if kept:
                text = ",".join(tinycss2.serialize(s).strip() for s in kept)
                yield f"{text}{{{tinycss2.serialize(rule.content)}}}"
        elif isinstance(rule, ast.AtRule) and rule.lower_at_keyword in NESTING and rule.content:
            within = tinycss2.parse_rule_list(rule.content, True, True)
            if text := "".join(purged_rules(within, words)):
                yield f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude)}{{{text}}}"
        elif not isinstance(rule, ast.Comment | ast.WhitespaceToken):
            yield rule.serialize()


def purge(sheet: str, words: set[str]) -> str:
    """Return a style sheet without comments and without what none of these words needs."""
    rules = tinycss2.parse_stylesheet(sheet, skip_comments=True, skip_whitespace=True)
    return "".join(purged_rules(rules, words))
