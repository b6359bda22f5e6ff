"""The result of a check: a number for machines, and for people what was right and what was not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from utils import palette

STYLE = {
    "box": "border-left: 4px solid {color}; padding: 0.4em 1em; margin: 0.3em 0;",
    "right": palette.GREEN,
    "partly": palette.OUTPUT,
    "open": palette.MUTED,
}
SEED = '<small style="opacity: 0.8;">seed {seed}</small>'
NOT_ATTEMPTED = "The function returns None. If you have written it: does it end with `return`?"
NO_FUNCTION = "Hand in the function itself, by its name and without parentheses after it."


@dataclass(frozen=True)
class Item:
    """One thing that was looked at."""

    text: str  # what is asked for, as a statement: "the output has the right size"
    points: float
    passed: bool
    hint: str = ""  # what to think about; shown if the item did not pass
    waiting: bool = False  # a teacher decides: neither passed nor lost


@dataclass(frozen=True)
class Failure:
    """A call that failed, with all that is needed to make it again."""

    line: str  # the text of the item that it counts for
    call: str  # as people write it; an array is shown by its name and shape
    inputs: dict[str, Any]  # the arguments by name
    expected: Any
    given: Any  # None if nothing came that can be compared
    reason: str

    def __str__(self) -> str:
        rows = [*self.inputs.items(), ("expected", self.expected), ("given", self.given)]
        told = [f"{name} = {shown(value)}" for name, value in rows]
        return "\n".join([f"{self.call}: {self.reason}", *told])


MOST_SHOWN = 300  # numbers of an array that are written out


def shown(value: Any) -> str:
    """Return a value as code that makes it again; a large array by its shape alone."""
    if not isinstance(value, np.ndarray):
        return repr(value)
    if value.size > MOST_SHOWN:
        return f"an array of shape {value.shape}, {value.dtype}"
    numbers = np.array2string(value, separator=", ", threshold=MOST_SHOWN + 1, precision=6)
    return f"np.array({numbers}, dtype=np.{value.dtype})"


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

    def __init__(
        self,
        task: str,
        items: list[Item],
        *,
        attempted: bool = True,
        note: str = "",
        seed: int | str | None = None,
        failures: Sequence[Failure] = (),
    ):
        """`task` is its title, `note` a sentence for the end; all strings are plain text,
        in which backticks enclose code. `seed` gave the numbers of the cases; of each failed
        line, `failures` has the first call that failed."""
        self.task = task
        self.items = tuple(items)
        self.attempted = attempted
        self.note = note
        self.total = float(sum(item.points for item in items))
        earned = sum(item.points for item in items if item.passed) if attempted else 0
        self.points = round(float(earned), 2)
        self.seed = seed if attempted else None
        self.failures = tuple(failures)
        # Points that a teacher has to decide about: not lost, and not counted in `points`.
        self.waiting = round(float(sum(item.points for item in items if item.waiting)), 2)

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
        state = "" if self.attempted else " · not attempted yet"
        state = f" · {number(self.waiting)} wait for a teacher" if self.waiting else state
        return f"{self.task}{state} · {number(self.points)}/{number(self.total)}"

    def lines(self) -> list[tuple[str, str, str]]:
        """Return each item as (mark, text with its points, hint); a passed one has no hint."""
        if not self.attempted:
            return []
        return [
            (
                "✓" if item.passed else "…" if item.waiting else "✗",
                f"{item.text} ({number(item.points if item.passed else 0)}/{number(item.points)})",
                "" if item.passed else item.hint,
            )
            for item in self.items
        ]

    def __str__(self) -> str:
        lines = [self.headline]
        for mark, text, hint in self.lines():
            lines += [f"  {mark} {text}"] + ([f"      {hint}"] if hint else [])
        lines += [self.note] if self.note else []
        return "\n".join(lines + ([] if self.seed is None else [f"seed {self.seed}"]))

    def _repr_html_(self) -> str:
        state = "open" if not self.attempted else "partly"
        state = "right" if self.attempted and self.points == self.total else state
        words = {"✓": "passed", "…": "waiting for a teacher", "✗": "not yet"}
        rows = "".join(
            f'<li style="list-style: none; margin: 0.15em 0;">'
            f'<span aria-hidden="true">{mark}</span> <b>{words[mark]}:</b> {to_html(text)}'
            + (f'<div style="margin: 0.1em 0 0.4em 1.4em;">{to_html(hint)}</div>' if hint else "")
            + "</li>"
            for mark, text, hint in self.lines()
        )
        rows = f'<ul style="margin: 0.3em 0; padding: 0;">{rows}</ul>' if rows else ""
        note = f"<p>{to_html(self.note)}</p>" if self.note else ""
        seed = "" if self.seed is None else SEED.format(seed=self.seed)
        box = STYLE["box"].format(color=STYLE[state])
        return f'<div style="{box}"><b>{escape(self.headline)}</b>{rows}{note}{seed}</div>'
