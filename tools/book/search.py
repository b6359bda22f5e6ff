"""Sphinx's script for the search page, mended where it failed the readers of a course.

- It looks words up in plain objects, which also have a "constructor": a search for that word
  ended in an error.
- A term of the glossary was listed by the title of the page, with itself as the excerpt, and
  the page once more: now by its name, with its definition, once.
- Excerpts were cut from pages that it fetched, which a browser refuses for a site in a folder,
  and began within a word: now they come from the texts of `excerpts`.
"""

from __future__ import annotations

from pathlib import Path

from sphinx.errors import ExtensionError

from .storage import guard

SCRIPT = "_static/searchtools.js"
INDEX = "Search._index"
CHANGES = {
    f"const terms = {INDEX}.terms;": f"const terms = {{ __proto__: null, ...{INDEX}.terms }};",
    f"const titleTerms = {INDEX}.titleterms;": (
        f"const titleTerms = {{ __proto__: null, ...{INDEX}.titleterms }};"
    ),
    "!terms.hasOwnProperty(word)": "!Object.hasOwn(terms, word)",
    "!titleTerms.hasOwnProperty(word)": "!Object.hasOwn(titleTerms, word)",
    """            titles[file],
            id ? "#" + id : "",
""": """            `${titles[file]} > ${entry}`,
            id ? "#" + id : "",
""",
    "if (!seen.has(resultStr)) {": (
        "const isOf = (term) => term[0] === result[0] && term[2].startsWith('#term-');\n"
        "      if (!seen.has(resultStr) && !(result[2] === '' && acc.some(isOf))) {"
    ),
    """fetch(requestUrl)
      .then((responseData) => responseData.text())
""": """Promise.resolve(pageText(docName, anchor.slice(1)))
""",
    "const text = Search.htmlToText(htmlText, anchor);": "const text = htmlText;",
    "text.substr(startWithContext, 240).trim()": (
        'text.substr(startWithContext, 240).replace(top ? /^\\S*\\s+/ : "", "").trim()'
    ),
}


def mended(script: str) -> str:
    """Return the script with look-ups of what the index holds; raise if it is another one."""
    for old, new in CHANGES.items():
        if script.count(old) != 1:
            raise ExtensionError(
                f"Sphinx's searchtools.js does not hold {old!r} once. See whether this version "
                "finds the word 'constructor', and change or drop tools/book/search.py."
            )
        script = script.replace(old, new)
    return script


def mend(app, exception) -> None:
    """Change the script that Sphinx has copied into the site."""
    if exception or app.builder.format != "html":
        return
    script = Path(app.outdir, SCRIPT)
    script.write_text(guard(mended(script.read_text("utf-8"))), "utf-8", newline="\n")


def setup(app) -> None:
    app.connect("build-finished", mend)
