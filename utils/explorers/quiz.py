"""Questions to answer on the page: predict before an explorer moves, or check yourself.

A question is one call, and every answer says why it is right or wrong:

    choose("How many values has a 7 × 7 map after 2 × 2 pooling with stride 2?", {
        "16": "That is 4 × 4: the last row and column would need padding.",
        "9": right("3 × 3: the window fits three times along each side."),
    }, hint="How often does the window fit?", aims_at=7)

A prediction may also be a guess that nothing judges: a number, or a line in the reader's
own words. It is kept, and stands beside what came out:

    estimate("Of 100 moved pictures, how many keep their answer?", 73, why="…")
    line("What is wrong with that?", why="The test set was used to choose.")

Texts may hold `code`, **bold** and *italic*; maths is plain text: 5 · 5 · 3 + 1.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from numbers import Real

import traitlets

from .base import Explorer

MISCONCEPTIONS = {
    1: "Convolution layers flip the kernel.",
    2: "Each channel is convolved separately and kept apart.",
    3: "Ten filters on RGB are 30 filters, or one.",
    4: "The bias or the input channels are left out of a parameter count.",
    5: "Most parameters are always in the convolutions, or always in the dense part.",
    6: "Padding “same” keeps the size at any stride.",
    7: "7 pooled by 2 gives 4 or 3.5.",
    8: "Pooling has weights, or mixes channels.",
    9: "Pooling lowers the parameters of the convolutions.",
    10: "A CNN is invariant to shifts or rotations by construction.",
    11: "The receptive field is the kernel size.",
    12: "Two convolutions without ReLU are deeper than one.",
    13: "Choosing epochs or models on the test set is fine.",
    14: "The test set is augmented too; flips help digits.",
    15: "99.2 % beats 99.1 % on 10,000 images.",
    16: "Dropout acts at prediction time.",
    17: "More parameters always means better.",
}
LONGEST_NAME = 70  # characters of a question in `repr`
MARKUP = re.compile(r"[`*]+")


class Right(str):
    """The explanation of a right answer."""


def right(explanation: str) -> Right:
    """Mark an answer as right; the explanation says why it is."""
    return Right(explanation)


@dataclass(frozen=True)
class Option:
    """One of the answers to choose from, and why it is right or wrong."""

    text: str
    why: str
    right: bool


@dataclass(frozen=True)
class Question:
    """What every question has. Make one with `choose`, `several` or `number`.

    `aims_at` holds keys of MISCONCEPTIONS; the page does not get them.
    """

    kind: str
    text: str
    hint: str
    aims_at: tuple[int, ...]

    def to_page(self) -> dict:
        """Return what the page needs to ask the question."""
        return {"kind": self.kind, "text": self.text, "hint": self.hint}


@dataclass(frozen=True)
class Choice(Question):
    """A question with answers to choose from."""

    options: tuple[Option, ...]

    def to_page(self) -> dict:
        options = [vars(option) for option in self.options]
        return {**super().to_page(), "options": options}


@dataclass(frozen=True)
class Number(Question):
    """A question whose answer is a number; `wrong` has (number, explanation) pairs."""

    value: float
    tolerance: float
    unit: str
    why: str
    wrong: tuple[tuple[float, str], ...]

    def to_page(self) -> dict:
        return {
            **super().to_page(),
            "value": self.value,
            "tolerance": self.tolerance,
            "unit": self.unit,
            "why": self.why,
            "wrong": [{"value": value, "why": why} for value, why in self.wrong],
        }


@dataclass(frozen=True)
class Estimate(Question):
    """A guess of a number, which is not judged; `value` is what came out, if that is known."""

    value: float | None
    unit: str
    why: str

    def to_page(self) -> dict:
        return {**super().to_page(), "value": self.value, "unit": self.unit, "why": self.why}


@dataclass(frozen=True)
class Line(Question):
    """A question that the reader answers in words of their own, which are not judged."""

    why: str

    def to_page(self) -> dict:
        return {**super().to_page(), "why": self.why}


GUESSES = (Estimate, Line)  # these have no right answer, so they are predictions only


def checked_text(text, what: str, needed: str) -> str:
    """Return `text` as one line; raise ValueError where it is empty or has maths in dollars."""
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"{what} has no {needed}; write it as a text")
    if re.search(r"\$[^$\s][^$]*\$", text):
        raise ValueError(
            f"{what} has maths in dollar signs, and a quiz shows plain text only; "
            "write it with Unicode signs: (5 · 5 · 3 + 1) · 200, or as `code`"
        )
    return " ".join(text.split())


def checked_aims(aims_at: int | Iterable[int], what: str) -> tuple[int, ...]:
    """Return the numbers of the misconceptions; raise ValueError for one that is not listed."""
    aims = (aims_at,) if isinstance(aims_at, int) else tuple(aims_at)
    if unknown := [aim for aim in aims if aim not in MISCONCEPTIONS]:
        raise ValueError(
            f"{what} aims at misconception {unknown[0]!r}, and MISCONCEPTIONS lists "
            f"1 to {len(MISCONCEPTIONS)}"
        )
    return aims


def checked_number(value, what: str) -> float:
    """Return a finite number, as int where it is whole; raise ValueError otherwise."""
    if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
        raise ValueError(f"{what} has to be a finite number, not {value!r}")
    return int(value) if value == int(value) else float(value)


def named(function: str, text) -> str:
    """Return how an error names a question: the call and its first words."""
    return f"{function}({shortened(str(text), 50)!r})"


def shortened(text: str, longest: int) -> str:
    """Return a text without markup, cut with an ellipsis where it is too long."""
    plain = " ".join(MARKUP.sub("", text).split())
    return plain if len(plain) <= longest else f"{plain[: longest - 1].rstrip()}…"


def choice_question(kind: str, text: str, answers, hint: str, aims_at) -> Choice:
    """Return a question with options; raise ValueError that says what it lacks."""
    what = named(kind, text)
    text = checked_text(text, what, "question")
    if not isinstance(answers, Mapping) or len(answers) < 2:
        raise ValueError(f"{what} needs a dict of at least two answers, each with its explanation")
    options = []
    for answer, why in answers.items():
        answer = checked_text(str(answer), f"an answer of {what}", "words")
        which = f"the answer {answer!r} of {what}"
        options.append(
            Option(answer, checked_text(why, which, "explanation"), isinstance(why, Right))
        )
    if len({option.text for option in options}) < len(options):
        raise ValueError(f"{what} has two answers with the same words")
    marked = sum(option.right for option in options)
    if marked == 0 or (kind == "choose" and marked > 1):
        wanted = "exactly one right answer" if kind == "choose" else "at least one right answer"
        more = " (where several are right, ask with several(…))" if marked else ""
        raise ValueError(
            f"{what} needs {wanted}, and {marked or 'none'} is marked: "
            f'{{"an answer": right("why it is right")}}{more}'
        )
    hint = checked_text(hint, f"hint= of {what}", "words") if hint else ""
    return Choice(kind, text, hint, checked_aims(aims_at, what), tuple(options))


def choose(
    question: str, answers: Mapping[str, str], *, hint: str = "", aims_at: int | Iterable[int] = ()
) -> Choice:
    """Ask for the one right answer.

    `answers` has for each answer its explanation, and `right(…)` around that of the right
    one. They are shown in this order, and the page puts "Right." or "Not quite." before an
    explanation. Raises ValueError that says what is missing.
    """
    return choice_question("choose", question, answers, hint, aims_at)


def several(
    question: str, answers: Mapping[str, str], *, hint: str = "", aims_at: int | Iterable[int] = ()
) -> Choice:
    """Ask for all right answers, one or more; otherwise as `choose`."""
    return choice_question("several", question, answers, hint, aims_at)


def number(
    question: str,
    value: float,
    *,
    why: str,
    hint: str,
    wrong: Mapping[float, str] | None = None,
    unit: str = "",
    tolerance: float = 0,
    relative: float = 0,
    aims_at: int | Iterable[int] = (),
) -> Number:
    """Ask for a number. A reader may write 15,200 or 15 200 or 1.52e4, 1/9, −3, 75 %.

    `why` explains the right value. `wrong` explains what led to a particular wrong one;
    who gives another reads the `hint`. Within `tolerance` of `value`, or `relative` times
    its size, an answer is right. With the unit "%", `value` is in percent.
    Raises ValueError that says what is missing.
    """
    what = named("number", question)
    question = checked_text(question, what, "question")
    value = checked_number(value, f"the value of {what}")
    tolerance = checked_number(tolerance, f"tolerance= of {what}")
    relative = checked_number(relative, f"relative= of {what}")
    if min(tolerance, relative) < 0:
        raise ValueError(f"{what} has a negative tolerance")
    tolerance = max(tolerance, relative * abs(value))
    explained = []
    for other, explanation in (wrong or {}).items():
        other = checked_number(other, f"a wrong answer of {what}")
        if abs(other - value) <= tolerance:
            raise ValueError(f"{what} lists {other} as wrong, and that counts as right")
        which = f"the wrong answer {other} of {what}"
        explained.append((other, checked_text(explanation, which, "explanation")))
    return Number(
        "number",
        question,
        checked_text(hint, f"hint= of {what}, for those with any other wrong number,", "words"),
        checked_aims(aims_at, what),
        value,
        tolerance,
        unit,
        checked_text(why, f"why= of {what}", "explanation of the right answer"),
        tuple(explained),
    )


def estimate(
    question: str,
    value: float | None = None,
    *,
    why: str,
    unit: str = "",
    hint: str = "",
    aims_at: int | Iterable[int] = (),
) -> Estimate:
    """Ask for a guess of a number, in a quiz with `mode="predict"`.

    The guess is kept and later shown beside `value`, with `why`; nothing calls it right or
    wrong. Leave `value` out where it differs from reader to reader. A reader may write the
    number as for `number`. Raises ValueError that says what is missing.
    """
    what = named("estimate", question)
    return Estimate(
        "estimate",
        checked_text(question, what, "question"),
        checked_text(hint, f"hint= of {what}", "words") if hint else "",
        checked_aims(aims_at, what),
        None if value is None else checked_number(value, f"the value of {what}"),
        unit,
        checked_text(why, f"why= of {what}", "explanation of what came out"),
    )


def line(question: str, *, why: str, hint: str = "", aims_at: int | Iterable[int] = ()) -> Line:
    """Ask for an answer in the reader's own words, in a quiz with `mode="predict"`.

    It is kept and later shown beside `why`, what came out or what we would say; nothing
    calls it right or wrong. Raises ValueError that says what is missing.
    """
    what = named("line", question)
    return Line(
        "line",
        checked_text(question, what, "question"),
        checked_text(hint, f"hint= of {what}", "words") if hint else "",
        checked_aims(aims_at, what),
        checked_text(why, f"why= of {what}", "explanation of what came out"),
    )


def from_dict(given: Mapping) -> Question:
    """Return the guess that a dict describes, as a Markdown page writes it in JSON.

    It has the `kind`, "estimate" or "line", and the arguments of that function. Raises
    TypeError for another kind or argument, and ValueError for what the function refuses.
    """
    kinds = {"estimate": estimate, "line": line}
    kind = given.get("kind")
    if kind not in kinds:
        raise TypeError(f'a question in a dict has the kind "estimate" or "line", not {kind!r}')
    return kinds[kind](**{name: value for name, value in given.items() if name != "kind"})


class Questions(traitlets.TraitType):
    """A trait that holds questions. They travel to the page, and it never changes them."""

    def __init__(self, **options):
        super().__init__(default_value=(), **options)
        self.tag(sync=True, to_json=self.to_json, from_json=self.from_json)

    def validate(self, owner, value):
        questions = (value,) if isinstance(value, Question) else value
        try:
            questions = tuple(from_dict(q) if isinstance(q, Mapping) else q for q in questions)
            if not questions or not all(isinstance(each, Question) for each in questions):
                raise TypeError
        except TypeError:
            raise traitlets.TraitError(
                "A quiz takes a list of questions made with choose(…), several(…) or number(…), "
                "and a prediction also estimate(…) and line(…)."
            ) from None
        return questions

    def to_json(self, value, owner):
        return [question.to_page() for question in value]

    def from_json(self, value, owner):
        return owner.questions


class Quiz(Explorer):
    """Ask questions on the page, and explain every answer.

    `Quiz([choose(…), several(…), number(…)], title="Check yourself")` asks them one below
    the other and counts those that are right at the first try. `Quiz(choose(…),
    mode="predict", then="Now move the slider and see.")` lets the reader commit to an
    answer, says `then`, and reveals the answer when asked to, or at once without `then`.
    A prediction takes one question or several, also guesses: `estimate(…)`, `line(…)`.

    What a reader did stays in that reader's browser. In a running notebook the traits
    `answers` (for each question None or a dict with `given`: places of the chosen options
    or what was written, `tried`, `tries`, `right`, `first`: right at the first try,
    `shown`: the answer was asked for) and `score` follow it.
    """

    _module = traitlets.Unicode("quiz").tag(sync=True)
    questions = Questions()
    title = traitlets.Unicode().tag(sync=True)
    mode = traitlets.Enum(["check", "predict"], default_value="check").tag(sync=True)
    then = traitlets.Unicode().tag(sync=True)
    answers = traitlets.List().tag(sync=True)
    score = traitlets.Int(0).tag(sync=True)

    def __init__(self, questions, title: str = "", mode: str = "check", then: str = "", **traits):
        """Take a question or a list of them; raise TraitError for what does not fit."""
        title = title or ("Predict first" if mode == "predict" else "Check yourself")
        super().__init__(questions=questions, title=title, mode=mode, then=then, **traits)

    @traitlets.validate("mode", "questions")
    def _guesses_are_predictions(self, proposal):
        """Refuse a guess in a quiz that counts right answers, once both traits are set."""
        mode, questions = self.mode, self.questions
        if proposal.trait.name == "mode":
            mode = proposal.value
        else:
            questions = proposal.value
        guess = next((each for each in questions if isinstance(each, GUESSES)), None)
        if mode != "predict" and guess:
            raise traitlets.TraitError(
                f'Quiz: {guess.kind}(…) has no right answer; ask it with mode="predict".'
            )
        return proposal.value

    @traitlets.validate("answers")
    def _one_for_each(self, proposal):
        answers = proposal.value
        if not all(each is None or isinstance(each, dict) for each in answers) or len(
            answers
        ) not in (0, len(self.questions)):
            raise traitlets.TraitError(
                f"Quiz.answers is empty or has None or a dict for each of the "
                f"{len(self.questions)} questions; set it to [] to start anew."
            )
        return answers

    @traitlets.observe("answers")
    def _count(self, change):
        self.score = sum(bool(each and each.get("first")) for each in self.answers)

    @traitlets.observe("questions")
    def _start_anew(self, change):
        if change.old:
            self.answers = []

    @property
    def aims_at(self) -> list[int]:
        """The misconceptions that the questions aim at, each once, in order."""
        return sorted({aim for question in self.questions for aim in question.aims_at})

    def described(self) -> str:
        """Return how many questions there are, and the first."""
        count = len(self.questions)
        questions = f"{count} question{'s' * (count > 1)}"
        if self.mode == "predict":
            questions = "predict" if count == 1 else f"predict, {questions}"
        return f"{questions} ({shortened(self.questions[0].text, LONGEST_NAME)})"
