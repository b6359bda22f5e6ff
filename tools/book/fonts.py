"""The three fonts of the site, subset while it is built to the characters in use.

Formulas need a mathematical font: without one, browsers misplace primes and do
not stretch brackets. STIX Two Math comes with the package ziamath. Icons come
from the Font Awesome font of the theme, whose own script weighs 1.5 MB. Headings are
set in the font of the formulas, since a reader's own serif font may be anything. Both
are under the SIL Open Font License, which lets us subset and rename them.

Fonts are written into style sheets as data, because Firefox refuses to load a
font from a file beside a page that was opened as a file.
"""

from __future__ import annotations

import base64
import html
import io
import re
import shutil
from importlib.util import find_spec
from pathlib import Path

import pydata_sphinx_theme
from fontTools import subset
from fontTools.ttLib import TTFont
from sphinx.util import logging

from .maths import alphabet

LOGGER = logging.getLogger(__name__)

# Found, not imported: ziamath reads its fonts when it is imported.
STIX = Path(find_spec("ziamath").origin).parent / "fonts" / "STIXTwoMath-Regular.ttf"
THEME = Path(pydata_sphinx_theme.__file__).parent / "theme" / "pydata_sphinx_theme" / "static"
AWESOME = THEME / "vendor" / "fontawesome" / "6.5.2"

STIX_NOTICE = "STIX Two Math, Copyright 2001-2020 The STIX Fonts Project Authors"
LICENCE = """/* {origin}, cut to the characters of this site and renamed.
 * Licensed under the SIL Open Font License, Version 1.1: https://openfontlicense.org
 * Characters: {characters} */
"""
FACE = """@font-face {{
  font-family: "{family}";
  font-weight: {weight};
  font-display: {display};
  src: url(data:font/woff2;base64,{data}) format("woff2");
}}
"""
HEADINGS = "headings.css"
TITLES = re.compile(r"<(h1|h2)\b.*?</\1>", re.DOTALL)
OTHER_HEADINGS = re.compile(
    r'<(\w+)[^>]*class="[^"]*(?:logo__title|course-card-title|course-quote)[^"]*".*?</\1>',
    re.DOTALL,
)
# What the theme's style sheets set icons with: the admonitions' and the links'.
ICON_RULES = """:root { --fa-font-solid: normal 900 1em/1 "Course Icons"; }
.fa, .fas, .fa-solid {
  display: inline-block;
  font: var(--fa-font-solid);
  text-rendering: auto;
  -webkit-font-smoothing: antialiased;
}
.fa-lg { font-size: 1.25em; vertical-align: -0.075em; }
"""


def subset_font(
    font_file: Path, characters: set[str], family: str, for_text: bool = False
) -> bytes:
    """Return the font with these characters alone, as WOFF2 under the name `family`.

    The table that places scripts and stretches brackets (MATH) is kept, and so
    are the glyphs that it leads to. A font `for_text` keeps its kerning instead.
    """
    font = TTFont(font_file, recalcTimestamp=False)  # the same bytes at any time
    options = subset.Options(flavor="woff2", notdef_outline=True, name_IDs=["*"], hinting=False)
    # No alternative forms: twice the size, and no browser needs them.
    options.layout_features = ["kern"] if for_text else []
    options.drop_tables += ["MATH"] * for_text
    cutter = subset.Subsetter(options)
    cutter.populate(text="".join(characters))
    cutter.subset(font)
    for record in list(font["name"].names):
        if record.nameID in {1, 4, 6, 16}:  # a changed font must not keep a reserved name
            record.string = family.replace(" ", "") if record.nameID == 6 else family
    font.flavor = "woff2"
    buffer = io.BytesIO()
    font.save(buffer)
    return buffer.getvalue()


def write_sheet(
    sheet: Path, font_file: Path, characters: set[str], rules: str = "", **face
) -> None:
    """Write a style sheet that holds the subset font."""
    head = LICENCE.format(
        origin=face.pop("origin"), characters=" ".join(f"{ord(c):x}" for c in sorted(characters))
    )
    for_text = face.pop("for_text", False)
    data = base64.b64encode(subset_font(font_file, characters, face["family"], for_text)).decode()
    sheet.write_text(head + FACE.format(data=data, **face) + rules, "utf-8")


def formula_characters(pages: list[str]) -> set[str]:
    """Return the characters of all formulas, and the italic forms of their letters."""
    formulas = " ".join(math for page in pages for math in re.findall("<math.*?</math>", page))
    characters = set(html.unescape(re.sub("<[^>]*>", "", formulas))) - set(" \n")
    if "<msqrt" in formulas or "<mroot" in formulas:  # drawn by the browser, from this glyph
        characters.add("√")
    return characters | {alphabet(character, "italic") for character in characters}


def heading_characters(pages: list[str]) -> set[str]:
    """Return the characters of everything that is set in the font of the headings."""
    found = (place.finditer(page) for page in pages for place in (TITLES, OTHER_HEADINGS))
    texts = (re.sub("<[^>]*>", "", match[0]) for matches in found for match in matches)
    return set(html.unescape("".join(texts))) - set("\n") | {" "}


def known_icons() -> dict[str, str]:
    """Return the character of each solid icon by its class, for example fa-bars."""
    css = (AWESOME / "css" / "all.min.css").read_text("utf-8")
    rules = re.findall(r'((?:\.fa-[\w-]+:before,?)+){content:"\\([0-9a-f]+)"}', css)
    return {
        name: chr(int(code, 16))
        for selectors, code in rules
        for name in re.findall(r"\.(fa-[\w-]+):before", selectors)
    }


def used_icons(pages: list[str]) -> dict[str, str]:
    """Return the icons that the pages name in a class, with their characters."""
    classes = " ".join(c for page in pages for c in re.findall(r'class="([^"]*fa-[^"]*)"', page))
    known = known_icons()
    return {name: known[name] for name in sorted(set(classes.split())) if name in known}


def theme_icons() -> set[str]:
    """Return the characters that the theme's style sheet itself sets as icons."""
    css = (THEME / "styles" / "pydata-sphinx-theme.css").read_text("utf-8")
    return set(re.findall(r'--pst-icon-[\w-]+:"(.)"', css))


def write_math_font(static: Path, pages: list[str]) -> None:
    """Write the font of the formulas, if there are any."""
    if characters := formula_characters(pages):
        write_sheet(
            static / "math.css",
            STIX,
            characters,
            rules='math { font-family: "Course Math", math; }\n',
            origin=STIX_NOTICE,
            family="Course Math",
            weight=400,
            display="swap",
        )


def write_icon_font(static: Path, pages: list[str]) -> None:
    """Write the font of the icons, with a rule for each of them."""
    icons = used_icons(pages)
    rules = "".join(f'.{name}::before {{ content: "{code}"; }}\n' for name, code in icons.items())
    write_sheet(
        static / "icons.css",
        AWESOME / "webfonts" / "fa-solid-900.ttf",
        set(icons.values()) | theme_icons(),
        rules=ICON_RULES + rules,
        origin="Font Awesome Free 6.5.2, Copyright (c) 2024 Fonticons, Inc.",
        family="Course Icons",
        weight=900,
        display="block",
    )


def write_heading_font(static: Path, pages: list[str]) -> None:
    """Write the font of the headings."""
    write_sheet(
        static / HEADINGS,
        STIX,
        heading_characters(pages),
        origin=STIX_NOTICE,
        family="Course Headings",
        weight=400,
        display="swap",
        for_text=True,
    )


def write_fonts(app, exception) -> None:
    """Subset the fonts when all pages are written, and drop what they replace."""
    if exception or app.builder.format != "html":
        return
    folder = Path(app.outdir)
    static = folder / "_static"
    pages = [page.read_text("utf-8") for page in folder.rglob("*.html")]
    for write in (write_math_font, write_icon_font, write_heading_font):
        write(static, pages)
    for unused in ("vendor", "locales"):
        shutil.rmtree(static / unused, ignore_errors=True)


def setup(app) -> None:
    app.add_css_file(HEADINGS, priority=890)
    app.connect("build-finished", write_fonts)
