"""Sphinx's script for the search page, with words that no page holds.

It looks words up in plain objects, which also have a "constructor": a search for that word
ended in an error.
"""

from __future__ import annotations

from pathlib import Path

from sphinx.errors import ExtensionError

SCRIPT = "_static/searchtools.js"
INDEX = "Search._index"
CHANGES = {
    f"const terms = {INDEX}.terms;": f"const terms = {{ __proto__: null, ...{INDEX}.terms }};",
    f"const titleTerms = {INDEX}.titleterms;": (
        f"const titleTerms = {{ __proto__: null, ...{INDEX}.titleterms }};"
    ),
    "!terms.hasOwnProperty(word)": "!Object.hasOwn(terms, word)",
    "!titleTerms.hasOwnProperty(word)": "!Object.hasOwn(titleTerms, word)",
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
    script.write_text(mended(script.read_text("utf-8")), "utf-8", newline="\n")


def setup(app) -> None:
    app.connect("build-finished", mend)
