"""The frame of the checks of parts 2 and 3: items with points, cases, facts and findings.

A check has three steps, which can run apart from one another: *cases*, the inputs; *facts*, what
came of the student's functions in one case, as plain numbers, text and arrays; and *findings*,
which judge the facts and say, item by item, what is wrong. Only the second step runs a student's
code. Part 1 has a frame of its own, `task`, which compares each returned value with one that is
right and with those of known mistakes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from .attempt import Outcome, undisturbed
from .score import NOT_ATTEMPTED, Item, Score, sentence

# Facts may hold "open" (true: the function is not written yet) or "problem" (why there is
# nothing to judge, a sentence) and then nothing else, and "note", a sentence for the score's end.
Facts = dict[str, Any]
Findings = dict[str, str]  # the key of an item that did not pass → a hint, perhaps empty


def is_open(outcome: Outcome) -> bool:
    """Whether a function is as the exercise left it: it returned None."""
    return outcome.value is None and not outcome.problem


def failure(outcome: Outcome) -> Facts | None:
    """Return the facts of a call that gave no value; None if it gave one."""
    if is_open(outcome):
        return {"open": True}
    return {"problem": sentence(outcome.problem)} if outcome.problem else None


@dataclass(frozen=True)
class Check:
    """What a check asks for, item by item."""

    title: str
    items: tuple[tuple[str, str, float], ...]  # the key of each, what is asked for, its points

    @property
    def points(self) -> float:
        return sum(points for _, _, points in self.items)

    def none(self, hint: str) -> Findings:
        """Return findings by which no item passes, with one hint, at the first of them."""
        first, *others = (key for key, _, _ in self.items)
        return {first: hint} | dict.fromkeys(others, "")

    def not_attempted(self, note: str = NOT_ATTEMPTED) -> Score:
        return Score.not_attempted(self.title, self.points, note)

    def score(self, findings: Findings, note: str = "", seed: int | None = None) -> Score:
        """Return the points of the items for which nothing was found, with the hints."""
        items = [
            Item(text, points, key not in findings, findings.get(key, ""))
            for key, text, points in self.items
        ]
        return Score(self.title, items, note=note, seed=seed)

    def over(
        self,
        cases: Iterable,
        look: Callable[[Any], Facts],
        judge: Callable[[Any, Facts], Findings],
        seed: int | None = None,
    ) -> Score:
        """Look at the cases one after the other, until there is a problem, and judge each.

        `look` makes facts of a case, `judge` findings of both. Of an item, the first hint
        stands. A function that returns None in the first case is not attempted.
        """
        findings, note, first = {}, "", True
        with undisturbed():
            for case in cases:
                facts = look(case)
                if facts.get("open"):
                    if first:
                        return self.not_attempted()
                    facts = {"problem": "It returned None."}
                note, first = note or facts.get("note", ""), False
                if problem := facts.get("problem"):
                    findings = self.none(problem) | findings
                    break
                findings = judge(case, facts) | findings
        return self.score(findings, note, seed)
