r"""Formulas as MathML, written while the book is built: no script, no other host.

latex2mathml does the translation. What it leaves undone for browsers that follow
MathML Core is mended here, and what it does not know is a warning, and so
fails the build.
"""

from __future__ import annotations

import html
import re
import unicodedata
from xml.etree import ElementTree

from docutils import nodes
from latex2mathml import commands
from latex2mathml.converter import convert_to_element
from sphinx.util import logging

LOGGER = logging.getLogger(__name__)

# Environments that MathJax knows under another name.
ALIASES = {"aligned": "split", "gathered": "gather"}
ENVIRONMENTS = {name.removeprefix("\\") for name in commands.MATRICES}
FUNCTIONS = {r"\arg": "arg"}  # which latex2mathml lacks
FENCES = set("⌊⌋⌈⌉⟨⟩")
LIMITS = {"max", "min", "lim", "sup", "inf", "arg\u2009max", "arg\u2009min"}
ROWS = {"math", "mrow", "mstyle", "mtd"}
ACCENTS = {"^": "ˆ", "~": "˜"}  # those made to stand over a letter
PARTS = {"mfrac": 2, "mroot": 2, "msub": 2, "msup": 2, "msubsup": 3}
PARTS |= {"munder": 2, "mover": 2, "munderover": 3}
WIDE = 24  # characters
UNDER_AND_OVER = {"msub": "munder", "msup": "mover", "msubsup": "munderover"}


def alphabet(character: str, style: str) -> str:
    """Return a letter or digit in a mathematical alphabet: ("x", "bold") → "𝐱".

    A character that the alphabet lacks comes back unchanged.
    """
    if (character, style) == ("h", "italic"):
        return "ℎ"  # older than its alphabet, so named apart from it
    style = style.upper().replace("BOLD-", "BOLD ")
    name = unicodedata.name(character, "")
    name = re.sub("^(LATIN|GREEK) (SMALL|CAPITAL) LETTER", r"\2", name)
    try:
        return unicodedata.lookup(f"MATHEMATICAL {style} {name}")
    except KeyError:
        return character


def mathml(tex: str, display: bool = False) -> tuple[str, list[str]]:
    r"""Translate TeX to a `<math>` element.

    Returns the markup and a list of what could not be translated, for example
    ``["\\foo is not a known command"]``.
    """
    tex = re.sub(
        r"(\\(?:begin|end)\s*){(\w+)}", lambda m: f"{m[1]}{{{ALIASES.get(m[2], m[2])}}}", tex
    )
    if r"\\" in tex and r"\begin" not in tex:
        tex = rf"\begin{{split}}{tex}\end{{split}}"
    problems = [
        f"\\begin{{{name}}} is not a known environment"
        for name in re.findall(r"\\begin\s*{(\w+\*?)}", tex)
        if name not in ENVIRONMENTS
    ]
    try:
        math = convert_to_element(tex, display="block" if display else "inline")
    except Exception as error:  # the library has a dozen, without a common base
        return "", [*problems, f"{type(error).__name__} in {tex}"]
    for element in math.iter():
        problems += mend_characters(element)
    for element in list(math.iter()):
        mend_scripts(element)
        if element.tag in ROWS:
            mend_spaces(element)
            merge_words(element)
    return ElementTree.tostring(math, encoding="unicode"), problems


def mend_characters(element: ElementTree.Element) -> list[str]:
    """Mend one element's own characters and alphabet; return what is wrong with it."""
    if element.tag == "mi" and element.text == "&":  # not \&, which is an entity here
        return ["& stands outside of an environment with columns"]
    text = html.unescape(element.text or "")
    text = element.text = FUNCTIONS.get(text, text)
    if len(element) != PARTS.get(element.tag, len(element)):
        return [f"a part of a fraction, root or script is missing ({element.tag})"]
    if element.tag == "mi" and text.startswith("\\"):
        return [f"{text} is not a known command"]
    if element.tag == "mi" and text in FENCES:
        element.tag = "mo"
        element.set("stretchy", "false")
    elif element.tag == "mtext":
        element.text = re.sub(r"\\([&%$#_{}])", r"\1", text)
    style = element.get("mathvariant", "normal")
    if style != "normal":  # MathML Core knows no other value
        del element.attrib["mathvariant"]
        element.text = "".join(alphabet(character, style) for character in text)
    return []


def is_function(element: ElementTree.Element) -> bool:
    """Tell whether an element is a named function such as max, perhaps with limits."""
    while element.tag in {"msub", "msup", "munder", "msubsup", "munderover"} and len(element):
        element = element[0]
    name = (element.text or "").replace("\u2009", "").replace(" ", "")
    return element.tag in {"mi", "mo"} and len(name) > 1 and name.isalpha()


def mend_scripts(element: ElementTree.Element) -> None:
    """Mend what stands above, below and beside a letter: limits, accents, primes."""
    if element.tag in UNDER_AND_OVER and element[0].text in LIMITS:
        # Below in display style, beside it in a line of text.
        element.tag = UNDER_AND_OVER[element.tag]
        element[0].tag = "mo"
        element[0].set("movablelimits", "true")
    elif element.tag == "mover" and element.get("accent") and element[1].text in ACCENTS:
        element[1].text = ACCENTS[element[1].text]
    elif element.tag in {"msup", "msubsup"} and set(element[-1].text or "") == {"′"}:
        # The font's prime is small and high already, and needs no superscript.
        base, prime = element[0], element[-1]
        prime.tag = "mo"
        prime.attrib.update(lspace="0", rspace="0")
        element.remove(prime)
        if element.tag == "msup":
            element.tag = "mrow"
            element.append(prime)
        else:
            element.tag = "msub"
            element[0] = ElementTree.Element("mrow")
            element[0].extend([base, prime])


def mend_spaces(row: ElementTree.Element) -> None:
    """Space named functions as TeX does: sin x, but max(x)."""
    for child in list(row):
        if not is_function(child):
            continue
        name = next(part for part in child.iter() if part.text)
        if name.tag == "mo":
            name.set("lspace", "0")
            name.set("rspace", "0")
        place = list(row).index(child)
        if place + 1 < len(row) and row[place + 1].tag not in {"mo", "mspace"}:
            row.insert(place + 1, ElementTree.Element("mspace", width="0.167em"))
        if place and row[place - 1].tag not in {"mo", "mspace"}:
            row.insert(place, ElementTree.Element("mspace", width="0.167em"))


def belongs_to(last: ElementTree.Element, child: ElementTree.Element, is_comma: bool) -> bool:
    """Tell whether a child goes on with the word or the number before it."""
    if last.tag == "mn":
        return is_comma != last.text.endswith(",") and (is_comma or child.tag == "mn")
    return last.tag == child.tag == "mi" and all(
        part.get("mathvariant") == "normal" for part in (last, child)
    )


def merge_words(row: ElementTree.Element) -> None:
    r"""Make one element of \mathrm{out}, and one number of 1{,}000.

    A browser then spaces them well, and a screen reader reads them as one.
    """
    merged: list[ElementTree.Element] = []
    for child in list(row):
        is_comma = child.tag == "mrow" and len(child) == 1 and child[0].text == ","
        if merged and belongs_to(merged[-1], child, is_comma):
            merged[-1].text += "," if is_comma else child.text
        else:
            merged.append(child)
    row[:] = merged


def write_formula(translator, node: nodes.Element, display: bool) -> str:
    """Return the MathML of a node, with a build warning for each problem."""
    markup, problems = mathml(node.astext(), display)
    for problem in problems:
        LOGGER.warning("formula: %s", problem, location=node, type="course", subtype="maths")
    return markup


def is_wide(markup: str) -> bool:
    """Tell whether a formula within a line may be wider than a small phone."""
    return len(re.sub(r"<[^>]*>|\s", "", markup)) > WIDE


def visit_inline(translator, node: nodes.math) -> None:
    markup = write_formula(translator, node, display=False)
    if is_wide(markup):  # which then scrolls in a box of its own: browsers do not break it
        markup = f'<span class="wide-formula">{markup}</span>'
    translator.body.append(markup)
    raise nodes.SkipNode


def visit_block(translator, node: nodes.math_block) -> None:
    translator.body.append(translator.starttag(node, "div", CLASS="math"))
    translator.body.append(write_formula(translator, node, display=True))
    translator.body.append("</div>\n")
    raise nodes.SkipNode


def setup(app) -> None:
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
