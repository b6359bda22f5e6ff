"""Keeps together what no line should part: “3 × 3”, “± 0.5 %”, a row of digits, “et al.”.

Notebooks have plain spaces, which everyone can type. While the book is built, those within
such a group become no-break spaces (U+00A0), in the questions of a quiz too (widgets/state.py).
"""

from __future__ import annotations

import re

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

NO_BREAK = "\N{NO-BREAK SPACE}"
# Spaces around a sign between numbers, before a percent sign, between single digits, in “et al.”.
UNBROKEN = re.compile(r"[\d%] (?=[×·±] [\d.])|[×·±] (?=[\d.])|\d (?=%)|\b\d (?=\d\b)|\bet (?=al\b)")
AS_IT_IS = (nodes.literal, nodes.literal_block, nodes.math, nodes.math_block, nodes.raw)


def unbroken(text: str) -> str:
    """Return the text with no-break spaces where no line should end."""
    return UNBROKEN.sub(lambda match: match[0][:-1] + NO_BREAK, text)


def is_as_it_is(node: nodes.Node) -> bool:
    """Return whether a text stands in code, in a formula or in other ready markup."""
    while node is not None:
        if isinstance(node, AS_IT_IS):
            return True
        node = node.parent
    return False


class NoBreakSpaces(SphinxPostTransform):
    """Put no-break spaces into the text of a page."""

    default_priority = 900
    formats = ("html",)

    def run(self, **kwargs) -> None:
        for node in list(self.document.findall(nodes.Text)):
            text = node.astext()
            changed = unbroken(text)
            if changed != text and not is_as_it_is(node.parent):
                node.parent.replace(node, nodes.Text(changed))


def setup(app) -> None:
    app.add_post_transform(NoBreakSpaces)
