"""The result of a check: a number for machines, and for people what was right and what was not."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape

from utils import palette

STYLE = {
    "box": "border-left: 4px solid {color}; padding: 0.4em 1em; margin: 0.3em 0;",
    "right": palette.GREEN,
    "partly": palette.OUTPUT,
    "open": palette.MUTED,
}
NOT_ATTEMPTED = "The function returns None. If you have written it: does it end with `return`?"
NO_FUNCTION = "Hand in the function itself, by its name and without parentheses after it."


@dataclass(frozen=True)
class Item:
    """One thing that was looked at."""

    text: str  # what is asked for, as a statement: "the output has the right size"
    points: float
    passed: bool
    hint: str = ""  # what to think about; shown if the item did not pass


def number(value: float) -> str:
    """Return points as people write them: 6, 4.5."""
    return f"{round(value, 2):g}"


def sentence(words: str) -> str:
    """Return words as a sentence: a capital letter first, and a full stop if there is no end."""
    words = f"{words[:1].upper()}{words[1:]}"
    return words if words.endswith((".", "?", "!")) else f"{words}."


def to_html(text: str) -> str:
    """Return plain text as HTML, with what stands between backticks as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


class Score:
    """The points of one task, with the reasons.

    `float(score)` and `repr(score)` are the plain number of points, which nbgrader reads as
    partial credit; in a notebook a score shows itself as a list; `str(score)` is that list in
    plain text.
    """

    def __init__(self, task: str, items: list[Item], *, attempted: bool = True, note: str = ""):
        """`task` is its title, `note` a sentence for the end; all strings are plain text,
        in which backticks enclose code."""
        self.task = task
        self.items = tuple(items)
        self.attempted = attempted
        self.note = note
        self.total = float(sum(item.points for item in items))
        earned = sum(item.points for item in items if item.passed) if attempted else 0
        self.points = round(float(earned), 2)

    @classmethod
    def not_attempted(cls, task: str, points: float, note: str = "") -> Score:
        """Return the score of a task that nobody has begun: 0 of `points`."""
        return cls(task, [Item("", points, False)], attempted=False, note=note)

    def __float__(self) -> float:
        return self.points

    def __repr__(self) -> str:
        return repr(self.points)

    @property
    def headline(self) -> str:
        """For example "conv2d · 6/10", or "conv2d · not attempted yet · 0/10"."""
        if not self.attempted:
            return f"{self.task} · not attempted yet · 0/{number(self.total)}"
        return f"{self.task} · {number(self.points)}/{number(self.total)}"

    def lines(self) -> list[tuple[str, str, str]]:
        """Return each item as (mark, text with its points, hint); a passed one has no hint."""
        if not self.attempted:
            return []
        return [
            (
                "✓" if item.passed else "✗",
                f"{item.text} ({number(item.points if item.passed else 0)}/{number(item.points)})",
                "" if item.passed else item.hint,
            )
            for item in self.items
        ]

    def __str__(self) -> str:
        lines = [self.headline]
        for mark, text, hint in self.lines():
            lines += [f"  {mark} {text}"] + ([f"      {hint}"] if hint else [])
        return "\n".join(lines + ([self.note] if self.note else []))

    def _repr_html_(self) -> str:
        state = "open" if not self.attempted else "partly"
        state = "right" if self.attempted and self.points == self.total else state
        words = {"✓": "passed", "✗": "not yet"}
        rows = "".join(
            f'<li style="list-style: none; margin: 0.15em 0;">'
            f'<span aria-hidden="true">{mark}</span> <b>{words[mark]}:</b> {to_html(text)}'
            + (f'<div style="margin: 0.1em 0 0.4em 1.4em;">{to_html(hint)}</div>' if hint else "")
            + "</li>"
            for mark, text, hint in self.lines()
        )
        rows = f'<ul style="margin: 0.3em 0; padding: 0;">{rows}</ul>' if rows else ""
        note = f"<p>{to_html(self.note)}</p>" if self.note else ""
        box = STYLE["box"].format(color=STYLE[state])
        return f'<div style="{box}"><b>{escape(self.headline)}</b>{rows}{note}</div>'
