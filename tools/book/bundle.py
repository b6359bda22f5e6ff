"""One style sheet and one script for what every page loads, instead of ten of each.

A browser shows nothing before the last style sheet is there, and each request costs a
reader on a phone a tenth of a second and more. `site.css` holds those of the themes'
rules that some page can use (`purge`), `site.js` the scripts of Sphinx and the themes,
without Bootstrap's: of its 82 kB the site used the mark in the contents beside a page
and the button back to the top, which static/page.js has, and boxes with the names of
icons, which a browser shows by itself from `title`.

What one kind of page needs, such as widgets or formulas, stays a file of its own.

Each link ends in the checksum of its file, for a browser keeps files for long, and a page
of today with a style sheet of yesterday, purged for other pages, would lack rules.
"""

from __future__ import annotations

import re
import shutil
import zlib
from pathlib import Path

from .minify import minified
from .purge import purge, words_of_pages, words_of_scripts
from .storage import guard
from .weight import pages
from .widgets.files import FOLDER

# Before all others, in this order. theme.css only imports basic.css, which is a detour.
SHEETS = ["basic.css", "styles/bootstrap.css", "styles/pydata-sphinx-theme.css", "icons.css"]
SCRIPTS = ["storage.js", "documentation_options.js", "doctools.js", "dialogs.js"]
SCRIPTS += ["scripts/pydata-sphinx-theme.js"]
UNUSED = ["styles", "scripts", "images/logo_*", "*macros*.html", "copybutton_funcs.js"]
UNUSED += ["file.png", "plus.png", "minus.png"]
LINK = re.compile(r"""(<(?:link|script)\b[^>]*\b(?:href|src)=")([^"?:/][^"?:]*\.(?:css|js))[^"]*""")
SOURCE_MAP = re.compile(r"^//# sourceMappingURL=.*$", re.MULTILINE)  # none comes along
NOTICE = """/* Joined while the site was built, from parts under their own licenses: Sphinx
 * (BSD-2-Clause), sphinx-copybutton and clipboard.js (MIT), sphinx-book-theme,
 * pydata-sphinx-theme and MyST-NB (BSD-3-Clause), Bootstrap (MIT). */
"""


def name_of(asset) -> str:
    """Return the name of a script or style sheet within _static; "" of one without a file."""
    return str(asset.filename or "").removeprefix("_static/")


def on_every_page(assets: list) -> list[str]:
    """Return the names of the site's own files that Sphinx would let every page load."""
    names = map(name_of, assets)
    return [n for n in names if n and "://" not in n and not n.startswith(f"{FOLDER}/")]


def is_page_name(asset) -> bool:
    """Tell the script that names the page, for the theme's switch between versions of a site."""
    return "DOCUMENTATION_OPTIONS.pagename" in getattr(asset, "attributes", {}).get("body", "")


def leave_out(app, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Keep of a page's files those that the joined ones do not hold."""
    # What all pages have, before a page adds its own: no public name tells it.
    originals = {
        "css_files": app.builder._orig_css_files,
        "script_files": app.builder._orig_js_files,
    }
    for kind, assets in originals.items():
        held = {*SHEETS, *SCRIPTS, *on_every_page(assets)}
        context[kind] = [
            asset
            for asset in context[kind]
            if name_of(asset) not in held and not is_page_name(asset)
        ]


def drop(static: Path, names: list[str]) -> None:
    """Remove what no page asks for any more."""
    for name in names:
        for path in static.glob(name):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def number_versions(site: Path) -> None:
    """Let every page ask for the files that lie there now."""
    checksums = {}

    def numbered(link: re.Match, page: Path) -> str:
        file = (page.parent / link[2]).resolve()
        if file not in checksums:
            checksums[file] = zlib.crc32(file.read_bytes())
        return f"{link[1]}{link[2]}?v={checksums[file]:08x}"

    for page in [*pages(site), site / "404.html"]:
        if not page.exists():
            continue
        content = page.read_text("utf-8")
        changed = LINK.sub(lambda link, page=page: numbered(link, page), content)
        if changed != content:
            page.write_text(changed, "utf-8")


def write_joined(app, exception) -> None:
    """Write both files when all pages are there, and drop what they replace."""
    if exception or app.builder.format != "html":
        return
    static = Path(app.outdir) / "_static"
    sheets = list(dict.fromkeys(SHEETS + on_every_page(app.builder._orig_css_files)))
    scripts = list(dict.fromkeys(SCRIPTS + on_every_page(app.builder._orig_js_files)))
    sheet = "\n".join((static / name).read_text("utf-8") for name in sheets)
    parts = [SOURCE_MAP.sub("", guard((static / name).read_text("utf-8"))) for name in scripts]
    joined = ";\n".join(minified(part, "script") for part in parts)
    (static / "site.js").write_text(NOTICE + joined, "utf-8", newline="\n")
    drop(static, [*sheets, *scripts, *UNUSED])

    words = words_of_pages(page.read_text("utf-8") for page in pages(Path(app.outdir)))
    words |= words_of_scripts(file.read_text("utf-8") for file in static.rglob("*.js"))
    (static / "site.css").write_text(NOTICE + purge(sheet, words), "utf-8", newline="\n")
    number_versions(Path(app.outdir))


def setup(app) -> None:
    app.add_js_file("page.js")
    # Late: when the themes and our other parts have named their files and the fonts are cut.
    app.connect("html-page-context", leave_out, priority=990)
    # Before 404.html is given links from the root of the host: `address`.
    app.connect("build-finished", write_joined, priority=890)
