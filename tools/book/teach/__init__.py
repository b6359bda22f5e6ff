"""What a lecturer needs, loaded when it is asked for: links to a view, and present mode.

One script for all pages, `_static/teach.js`: the settings of explorers as a link
(utils/explorers/js/address.js), `view.js`, which makes such links and restores them,
`steps.js`, which cuts a page into steps, and `present.js`, which shows them. Its style sheet
travels within it. `static/page.js` loads it for the first click, key or link that needs it.
"""

from __future__ import annotations

import json
import zlib
from functools import cache
from pathlib import Path

from tools.book.minify import minified
from utils.explorers import modules

HERE = Path(__file__).resolve().parent
FILE = "teach.js"  # of the site's _static
PARTS = ("view.js", "steps.js", "present.js")
STYLE = "cnnCourseTeachStyle"


@cache
def script() -> str:
    """Return the whole script, the style sheet as a text within it."""
    style = minified((HERE / "teach.css").read_text("utf-8"), "style")
    parts = [(HERE / name).read_text("utf-8") for name in PARTS]
    address = modules.library("address", "cnnCourseAddress")
    return minified(
        "\n".join([f"globalThis.{STYLE} = {json.dumps(style)};", address, *parts]), "script"
    )


def note_script(app, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Tell the template where the script is; the checksum lets browsers notice a change."""
    version = f"{zlib.crc32(script().encode()):08x}"
    context["teach_script"] = f"{context['pathto'](f'_static/{FILE}', 1)}?v={version}"


def write_script(app, exception) -> None:
    """Write the script beside the site's others, before the rules that no script uses go."""
    if exception is None and app.builder.format == "html":
        file = Path(app.outdir) / "_static" / FILE
        file.write_text(script(), "utf-8", newline="\n")


def setup(app) -> None:
    app.connect("html-page-context", note_script)
    app.connect("build-finished", write_script, priority=880)
