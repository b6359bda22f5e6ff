"""A page runs and loads what the site brings, and nothing else: its Content-Security-Policy.

A server could send the policy, but GitHub Pages sends none, and a folder has no server, so
each page carries it as a `<meta>`, before anything that it governs.

The one script that stands in a page is allowed by its checksum, computed here. No other
runs, and no attribute such as `onclick`. Styles are less strict, for notebooks' outputs and
the themes put them into the page.

In a folder, pages have no origin, and a browser may take each file as a stranger to the
next, so that 'self' is none of them. `file:` allows them. (The tests do this with Chromium
alone.) On a server it allows nothing more, for no page from there may load files of the
reader's machine.
"""

from __future__ import annotations

import base64
import hashlib

from docutils import nodes

VIDEO_PLAYER = "https://www.youtube-nocookie.com"  # asked after a click alone: `video`

# Light or dark is decided before the first paint, so this cannot wait for a file. The theme
# leaves the mode empty on a first visit, and then reports an error.
THEME_SCRIPT = """{
  const kept = (name) => {
    try {
      return localStorage.getItem(name);
    } catch {
      return null; // refused, or not there
    }
  };
  const root = document.documentElement, dark = matchMedia("(prefers-color-scheme: dark)");
  root.dataset.mode = kept("mode") || "auto";
  root.dataset.theme = kept("theme") || (dark.matches ? "dark" : "light");
}"""

RULES = {
    "default-src": "'self' file:",
    "script-src": "'self' file:",
    "style-src": "'self' file: 'unsafe-inline'",
    "img-src": "'self' file: data:",
    "font-src": "'self' file: data:",
    "frame-src": VIDEO_PLAYER,
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self' file:",  # the search
}


def checksum(script: str) -> str:
    """Return the source expression that allows a script which stands in a page."""
    digest = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def policy(computes: bool = False) -> str:
    """Return the policy of a page.

    `computes` for one that runs or trains a network: in a Web Worker, which is made of the
    page's own modules, and in WebAssembly.
    """
    rules = dict(RULES)
    rules["script-src"] += f" {checksum(THEME_SCRIPT)}"
    if computes:
        rules["script-src"] += " 'wasm-unsafe-eval'"
        rules["worker-src"] = "blob:"
    return "; ".join(f"{name} {sources}" for name, sources in rules.items())


def runs_networks(doctree: nodes.document | None) -> bool:
    """Tell whether the page has a network to run or to train: they load files."""
    ends = doctree.findall(nodes.raw) if doctree else []
    return any(end.get("widget_files") for end in ends)


def protect(app, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Put the policy before all other tags of the page, and give the template its script."""
    rules = policy(runs_networks(doctree))
    tag = f'\n<meta http-equiv="Content-Security-Policy" content="{rules}">'
    context["metatags"] = tag + (context.get("metatags") or "")
    context["theme_script"] = THEME_SCRIPT


def setup(app) -> None:
    app.connect("html-page-context", protect, priority=990)
