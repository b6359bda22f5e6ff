"""Find the numbers in the prose of a page, and for each the evidence that holds it.

A number is held by what its own section prints, by an equation beside it that is true, by
the year of a reference that is linked, by a heading that exists, by a name in the code, or
by a line of prose_evidence.py. Whole numbers up to ten are counted by the reader.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

import nbformat
from evidence import NOTEBOOKS, PAGES, Cited, Named
from prose_evidence import EVIDENCE
from pybtex.database import parse_file
from test_references import LINK, key_of, keys_of, years_of

from tools.notebooks import files

DIGITS = r"\d+(?:,\d{3})*(?:\.\d+)?"
UNIT = r"\s?%| million| billion| M\b"
NUMBER = re.compile(rf"(?<![\w.,])(?<!\w-)({DIGITS})(?!\w|[.,]\d)(?=({UNIT})?)")
NAME = re.compile(r"(?<![\w-])[A-Za-z]{2,}-?\d+(?:\.\d+)?\w*")  # VGG-16, float32, MNIST-0.17
FILE = re.compile(r"`([\w.-]+(?:/[\w.-]+)*/[\w.-]+\.(?:ipynb|md|py))`")
SECTION = re.compile(r"\bsections? (\d\.\d)(?: and (\d\.\d))?", re.IGNORECASE)
FENCE = re.compile(r"^```(\{?)[^\n]*\n(.*?)^```$", re.DOTALL | re.MULTILINE)
VIEW = re.compile(r'<a href="#[^">]*">([^<]*)</a>')  # a link to a view of an explorer
MARKER = re.compile(r"^\s*\d\. |^\*\*\d\.\*\*|^\| \d (?=\| [`a-z])", re.MULTILINE)
HEADING = re.compile(r"^#+ .*$", re.MULTILINE)
SMALL = 10  # up to here a number may also be set by the code of its section
COUNTED = {1, 2}
# Small numbers that need no evidence: of a chapter or part, of a window, in a formula.
FREE = re.compile(
    r"""\b(?:chapters?|parts?|tasks?|layers?|top)\W+(?:\d\W+(?:and|or|to)\W+)?(\d)\b(?![.,]\d)
      | \[(\d)\ | (?<![\d,.]\ )(?<!\d)(\d)\ ×\ (\d)(?![\d.,]*\d)(?!\ ×)
      | \$\$?[^$]+\$\$? | <summary>[^<]*</summary>""",
    re.IGNORECASE | re.VERBOSE,
)
KNOWN_NAMES = {"float32", "float64", "MNIST-0.17", "top-5", "Top-5", "correlate2d", "bfloat16"}
SCALES = {"million": 1e6, "billion": 1e9}
ENTRIES = parse_file(files.ROOT / "references.bib", "bibtex").entries
YEARS = {key: years_of(entry) for entry in ENTRIES.values() for key in keys_of(entry)}


@dataclass(frozen=True)
class Number:
    """A number in a text: where it stands, and what it says."""

    start: int
    end: int
    text: str
    unit: str  # "%", "million", "billion" or nothing

    @property
    def value(self) -> float:
        return float(self.text.replace(",", ""))

    @property
    def decimals(self) -> int:
        return len(self.text.partition(".")[2])

    def shows(self, value: float) -> bool:
        """Tell whether this is how `value` is written with so many decimals."""
        return abs(self.value - value) <= 0.5 * 10.0**-self.decimals + 1e-9 and (
            self.decimals > 0 or self.value == round(value)
        )


def numbers(text: str) -> list[Number]:
    return [
        Number(found.start(1), found.end(1), found[1], (found[2] or "").strip())
        for found in NUMBER.finditer(text)
    ]


# --- pages and their sections ---------------------------------------------------------------


@dataclass
class Section:
    """A part of a page under one heading: its prose on one line, and what its cells print."""

    title: str
    text: str = ""
    printed: str = ""
    code: str = ""

    @cached_property
    def results(self) -> list[Number]:
        return numbers(self.printed)

    @cached_property
    def settings(self) -> list[Number]:
        return numbers(self.code)


def without_code(source: str) -> str:
    """Return Markdown without fenced code; what stands in a directive is prose."""
    return FENCE.sub(lambda fence: fence[2] if fence[1] else "", source)


def one_line(source: str) -> str:
    """Return Markdown as one line, without headings, numbers of items, and links to views."""
    return " ".join(MARKER.sub("", HEADING.sub("", VIEW.sub(r"\1", source))).split())


def without_addresses(text: str) -> str:
    return re.sub(r"\]\([^)\s]*(?:\([^)\s]*\)[^)\s]*)*\)", "]()", text)


def printed_by(cell) -> str:
    texts = (
        output.get("text") or output.get("data", {}).get("text/plain", "")
        for output in cell.outputs
    )
    return re.sub(r"\x1b\[[\d;]*m|\x08", " ", "\n".join(texts))


def pieces(path: Path) -> Iterator[tuple[str, str, str]]:
    """Yield kind, source and printed text of the pieces of a page, a heading begins a new one."""
    if path.suffix == ".ipynb":
        cells = files.read(path).cells
    else:
        cells = [nbformat.v4.new_markdown_cell(path.read_text("utf-8"))]
    for cell in cells:
        if cell.cell_type == "code":
            yield "code", cell.source, printed_by(cell)
        else:
            for source in re.split(r"^(?=###? )", without_code(cell.source), flags=re.MULTILINE):
                yield "prose", source, ""


@cache
def sections(path: Path) -> list[Section]:
    """Return the sections of a page; the first is what stands before the first heading."""
    found = [Section("")]
    for kind, source, printed in pieces(path):
        if kind == "prose" and source.startswith("##"):
            found.append(Section(source.partition("\n")[0].strip("# ")))
        section = found[-1]
        if kind == "prose":
            section.text += " " + one_line(source)
        else:
            section.printed += f"\n{printed}"
            section.code += f"\n{source}"
    return found


# --- arithmetic -----------------------------------------------------------------------------

LATEX = {
    r"\cdot": "·",
    r"\times": "×",
    r"\lfloor": "⌊",
    r"\rfloor": "⌋",
    r"\lceil": "⌈",
    r"\rceil": "⌉",
    r"\left": "",
    r"\right": "",
    r"\,": "",
}
PYTHON = {"·": "*", "×": "*", "−": "-", "^": "**", "⌊": "floor(", "⌋": ")", "⌈": "ceil(", "⌉": ")"}
PYTHON |= {"√": "sqrt "}
RUN = re.compile(r"(?:[\d\s.,()+\-−·×/^√⌊⌋⌈⌉=]|\\(?:cdot|times|[lr](?:floor|ceil)|left|right|,))+")
TABLE_ROW = re.compile(r"\|( [\d(][^|]*\| [\d,]+ )(?=\|)")
OPERATOR = re.compile(r"[+\-−·×/^√⌊⌈]|\\cdot|\\times|\\lfloor|\\lceil")


def value_of(side: str) -> float | None:
    """Return the value of an arithmetic expression as prose writes it; None if it is none."""
    for latex, sign in LATEX.items():
        side = side.replace(latex, sign)
    side = re.sub(r"(?<=\d),(?=\d{3})", "", side)
    for sign, python in PYTHON.items():
        side = side.replace(sign, python)
    side = re.sub(r"sqrt\s*([\d.]+)", r"sqrt(\1)", side).replace("sqrt (", "sqrt(").strip()
    if not re.search(r"\d", side) or re.search(r"\d\s+[\d(]|[^\d\s.()+*/a-z-]", side):
        return None
    try:
        ast.parse(side, mode="eval")
        functions = {"floor": math.floor, "ceil": math.ceil, "sqrt": math.sqrt}
        return float(eval(side, {"__builtins__": {}}, functions))
    except (SyntaxError, TypeError, NameError, ZeroDivisionError, ValueError):
        return None


def trimmed(side: str) -> tuple[int, int]:
    """Return from where to where a side is arithmetic: without spaces, marks, lone parentheses."""
    start, end = 0, len(side)
    while start < end and side[start] in " ,.":
        start += 1
    while start < end and side[end - 1] in " ,.":
        end -= 1
    unbalanced = side[start:end].count("(") - side[start:end].count(")")
    if unbalanced > 0 and side[start] == "(":
        start += unbalanced
    elif unbalanced < 0 and side[end - 1] == ")":
        end += unbalanced
    return start, end


@dataclass
class Equation:
    """Arithmetic in a text with its values, and from where to where its sides reach."""

    text: str
    spans: list[tuple[int, int]] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    decimals: list[int] = field(default_factory=list)  # of the sides that are one number

    @property
    def is_true(self) -> bool:
        close = 0.5 * 10.0 ** -max(self.decimals, default=0) if any(self.decimals) else 1e-9
        return max(self.values) - min(self.values) <= close * (1 + 1e-9)


def equation_at(text: str, start: int, end: int) -> Equation:
    """Return the equation of the sides between equals signs that can be computed."""
    equation, place = Equation(text[start:end].strip()), start
    for side in re.split(r"[=|]", text[start:end]):
        left, right = trimmed(side)
        value = value_of(side[left:right])
        if value is not None and not re.match(r"[+−·×/-] ", side[left:right]):
            equation.values.append(value)
            equation.spans.append((place + left, place + right))
            if not OPERATOR.search(side[left:right]):
                equation.decimals.append(len(side[left:right].partition(".")[2]))
        place += len(side) + 1
    return equation


def equations(text: str) -> list[Equation]:
    """Return the equations between numbers in a text, and the rows `| arithmetic | result |`."""
    spans = [found.span(1) for found in TABLE_ROW.finditer(text)]
    for run in RUN.finditer(text):
        place = run.start()
        for part in re.split(r"(?<=[.,])\s", run[0]):
            spans.append((place, place + len(part)))
            place += len(part) + 1
    found = [
        equation_at(text, start, end)
        for start, end in spans
        if re.search(r"[=|]", text[start:end]) and OPERATOR.search(text[start:end])
    ]
    return [equation for equation in found if len(equation.values) > 1]


# --- what holds a number --------------------------------------------------------------------


def is_printed(number: Number, section: Section) -> bool:
    """Tell whether a cell of the section prints the number, as a share or in millions too."""
    for result in section.results:
        unit = {"M": "million"}.get(result.unit, result.unit)
        same_unit = number.unit == unit or (result.unit == "M" and not number.unit)
        if same_unit and result.value == number.value and result.decimals >= number.decimals:
            return True
        if same_unit and result.decimals > number.decimals > 0 and number.shows(result.value):
            return True
        if number.unit == "%" and not result.unit and result.value < 1 < result.decimals:
            scale = 0.01
        elif number.unit in SCALES and not result.unit:
            scale = SCALES[number.unit]
        else:
            continue
        if result.value >= scale / 10 and number.shows(result.value / scale):
            return True
    return False


def is_set(number: Number, section: Section) -> bool:
    """Tell whether a small whole number needs no printing: 1, 2, or set in code of its section."""
    if number.decimals or number.unit or number.value > SMALL:
        return False
    return number.value in COUNTED or number.value in {each.value for each in section.settings}


def small_and_free(text: str) -> set[int]:
    """Return where small numbers begin that need no evidence."""
    free = set()
    for found in FREE.finditer(text):
        for number in re.finditer(r"(?<![\d.,])\d{1,2}(?![\d.,]*\d)", found[0]):
            if int(number[0]) <= SMALL:
                free.add(found.start() + number.start())
    return free


def held_by_links(text: str) -> tuple[list[tuple[int, int]], list[str]]:
    """Return where years of linked publications stand in a text, and what is a wrong year."""
    held, wrong = [], []
    for link in LINK.finditer(text):
        years = YEARS.get(key_of(link[2]), set())
        year = re.search(r", (\d+)$", link[1])
        if years and year and year[1] in years:
            held.append((link.start(1) + year.start(1), link.start(1) + year.end(1)))
        elif years and year:
            wrong.append(f"“{link[1]}”: references.bib has {' or '.join(sorted(years))}")
    return held, wrong


def mask(text: str, spans: list[tuple[int, int]]) -> str:
    for start, end in spans:
        text = text[:start] + " " * (end - start) + text[end:]
    return text


def as_pattern(piece: str) -> re.Pattern:
    """Return the pattern of a piece of text with `{}` in the place of each number."""
    words = (r"\s+".join(map(re.escape, part.split(" "))) for part in piece.split("{}"))
    return re.compile(rf"(?<![\d.,])({DIGITS})".join(words))


@dataclass
class Line:
    """A line of prose_evidence.py: a piece of text, and what its numbers are."""

    piece: str
    values: list[float | Cited | Named]

    @cached_property
    def pattern(self) -> re.Pattern:
        return as_pattern(self.piece)


def number_at(match: re.Match, group: int) -> Number:
    return Number(match.start(group), match.end(group), match[group], "")


@dataclass(frozen=True)
class Row:
    """Numbers in a row, such as "7, 8, 12 and 16" or "14 × 17"."""

    start: int
    end: int
    members: tuple[Number, ...]

    def is_in(self, results: list[Number]) -> bool:
        """Tell whether these numbers stand among `results`, in this order."""
        wanted = [number.value for number in self.members]
        values = [result.value for result in results]
        return any(values[place : place + len(wanted)] == wanted for place in range(len(values)))


def in_a_row(text: str, separator: str, least: int) -> list[Row]:
    pattern = rf"(?<![\w.,]){DIGITS}(?:{separator}{DIGITS}){{{least - 1},}}(?!\w|[.,]\d)"
    found = re.finditer(pattern, text)
    rows = [Row(*m.span(), tuple(numbers(text[m.start() : m.end()]))) for m in found]
    return [row for row in rows if max(number.value for number in row.members) > SMALL]


def lists(text: str) -> list[Row]:
    return in_a_row(text, r"(?:, (?:and |or |then )?| and | → )", 3)


def sizes(text: str) -> list[Row]:
    return in_a_row(text, " × ", 2)


def judged(text: str, lines: list[Line]) -> tuple[list[tuple[int, int]], list[str], set[str]]:
    """Return where lines hold a number, where one says another number, and the lines that occur."""
    held, wrong, occurring = [], [], set()
    for line in lines:
        for match in line.pattern.finditer(text):
            occurring.add(line.piece)
            for group, value in enumerate(line.values, start=1):
                number = number_at(match, group)
                as_it_stands = isinstance(value, Cited | Named)
                value = value.value if as_it_stands else value
                if number.value == value or not as_it_stands and number.shows(value):
                    held.append((number.start, number.end))
                else:
                    wrong.append(f"“{match[0]}” says {number.text}, and it is {value:g}")
    return held, wrong, occurring


def lines_of(page: str) -> list[Line]:
    return [Line(piece, values) for piece, *values in [*EVIDENCE["*"], *EVIDENCE[page]]]


@cache
def known_headings() -> set[str]:
    """Return the numbers of the sections of all chapters, such as "4.2"."""
    titles = (section.title for page in NOTEBOOKS for section in sections(PAGES[page]))
    return {title.split()[0] for title in titles if re.match(r"\d\.\d ", title)}


@cache
def names_in_code() -> set[str]:
    """Return the names with digits that code of any page uses or prints, such as "VGG-16"."""
    parts = [section for page in NOTEBOOKS for section in sections(PAGES[page])]
    return set(NAME.findall("".join(part.code + part.printed for part in parts))) | KNOWN_NAMES


@dataclass
class Page:
    """All that is needed to judge the prose of a page, and of changed copies of it."""

    name: str
    sections: list[Section]
    lines: list[Line]
    headings: set[str]
    names: set[str]

    def problems_of(self, section: Section) -> tuple[list[str], set[str]]:
        """Return what is wrong with the numbers of a section, and the lines that occur in it."""
        years, problems = held_by_links(section.text)
        text = mask(section.text, years)
        for found in SECTION.finditer(text):
            for title in filter(None, found.groups()):
                if title not in self.headings:
                    problems.append(f"there is no section {title}")
            text = mask(text, [found.span()])
        held, wrong, occurring = judged(text, self.lines)
        problems += wrong
        text = without_addresses(mask(text, held))
        for path in FILE.finditer(text):
            if not (files.ROOT / path[1]).exists():
                problems.append(f"there is no file {path[1]}")
        for name in NAME.finditer(text):
            if name[0] not in self.names:
                problems.append(f"{around(text, *name.span())}: neither in code nor printed")
        for equation in equations(text):
            text = mask(text, equation.spans)
            if not equation.is_true:
                problems.append(f"“{equation.text}”: the sides are {equation.values}")
        for row in lists(text):
            if not row.is_in(section.results):
                problems.append(f"{around(text, row.start, row.end)}: not printed in this order")
        for size in sizes(text):
            if size.is_in(section.results) or size.is_in(section.settings):
                text = mask(text, [(size.start, size.end)])
            else:
                problems.append(f"{around(text, size.start, size.end)}: no such size is printed")
        free = small_and_free(text)
        for number in numbers(text):
            if number.start in free or is_printed(number, section) or is_set(number, section):
                continue
            problems.append(f"{around(text, number.start, number.end)}: no evidence")
        return problems, occurring


def around(text: str, start: int, end: int) -> str:
    words = re.sub(r"\s+", " ", text[max(0, start - 50) : end + 30])
    return f"“…{words.strip()}…” ({text[start:end]})"


def load(name: str) -> Page:
    return Page(name, sections(PAGES[name]), lines_of(name), known_headings(), names_in_code())


def problems(name: str) -> list[str]:
    """Return what is wrong with the numbers in the prose of a page; mostly, nothing."""
    page = load(name)
    found, occurring = [], set()
    for section in page.sections:
        wrong, pieces = page.problems_of(section)
        found += wrong
        occurring |= pieces
    return found + [
        f"the text has no such piece any more; prose_evidence.py has it: {piece}"
        for piece, *_ in EVIDENCE[name]
        if piece not in occurring
    ]


def strings(value) -> Iterator[str]:
    """Yield every text within nested lists and dicts."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from strings(item)
