"""Measure what a browser loads of each page, and of a chapter as Jupyter Book alone builds it.

For `make bench ARGS=stock`. The chapter is built once more with nothing but a title, as
who starts a book would build it. Chromium then opens the pages and reads each to its end.
Counted is what a page loads from its own site, without pictures, text compressed by gzip;
the other hosts that it asks, whose answers come on top; and the elements that axe-core
finds at fault with the rules it runs unless told otherwise.
"""

from __future__ import annotations

import gzip
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

from tools.bench.lighthouse import AsGitHubPages, Server
from tools.book.weight import pages

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "_build" / "html"
CHAPTER = "chapters/02_convolutional_layer"
TEXTS = {"document", "stylesheet", "script"}
CONFIG = 'title: "Deep Computer Vision"\nexecute:\n  execute_notebooks: "off"\n'

TO_THE_END = """async () => {
  for (let y = 0; y < document.documentElement.scrollHeight; y += innerHeight) {
    scrollTo(0, y);
    await new Promise((done) => setTimeout(done, 100));
  }
}"""
FAULTS = """async () => (await axe.run(document, { resultTypes: ["violations"] }))
  .violations.reduce((sum, { nodes }) => sum + nodes.length, 0)"""


@dataclass
class Visit:
    """What a page loaded: bytes of its own site without pictures, other hosts; and its faults."""

    bytes: int = 0
    hosts: set[str] = field(default_factory=set)
    faults: int = 0


def build_stock(folder: Path, chapter: str = CHAPTER) -> Path:
    """Build the chapter alone in `folder`, with Jupyter Book's defaults; return the site.

    Its links to the other chapters lead nowhere then, and Jupyter Book warns of them.
    A build that fails raises CalledProcessError with what was said.
    """
    notebook = folder / f"{chapter}.ipynb"
    notebook.parent.mkdir(parents=True)
    shutil.copy(ROOT / f"{chapter}.ipynb", notebook)
    Path(folder, "_config.yml").write_text(CONFIG, "utf-8")
    Path(folder, "_toc.yml").write_text(f"format: jb-book\nroot: {chapter}\n", "utf-8")
    command = [Path(sys.executable).with_name("jupyter-book"), "build", "--quiet", folder]
    subprocess.run(command, capture_output=True, text=True, check=True)
    return folder / "_build" / "html"


def visit(browser, site: Path, page: str) -> Visit:
    """Open a page of `site`, read it to its end, and return what it loaded."""
    import axe_playwright_python

    found = Visit()
    with Server(("127.0.0.1", 0), partial(AsGitHubPages, directory=site)) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        own = f"127.0.0.1:{server.server_port}"

        def asked(route) -> None:
            if urlsplit(route.request.url).netloc == own:
                route.continue_()
            else:
                found.hosts.add(urlsplit(route.request.url).netloc)
                route.abort()

        tab = browser.new_page(viewport={"width": 1280, "height": 900})
        answers = []
        tab.on("response", lambda answer: answers.append(answer))
        tab.route("**/*", asked)
        tab.goto(f"http://{own}/{page}", wait_until="load")
        tab.evaluate(TO_THE_END)
        for answer in answers:
            kind, is_ours = answer.request.resource_type, urlsplit(answer.url).netloc == own
            if is_ours and answer.ok and kind != "image":
                body = answer.body()
                found.bytes += len(gzip.compress(body, mtime=0) if kind in TEXTS else body)
        # Through the debugger's door: a page's policy keeps out scripts that are added to it.
        axe = Path(axe_playwright_python.__file__).parent / "axe.min.js"
        tab.evaluate(axe.read_text("utf-8"))
        found.faults = tab.evaluate(FAULTS)
        tab.close()
        server.shutdown()
    return found


def report() -> None:
    """Print what each page loads and what axe finds on it, then the chapter in stock form."""
    from playwright.sync_api import sync_playwright

    from tools.browser import find_browser

    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        if not (path := find_browser(playwright)):
            print("This needs Chromium or Chrome, and none was found.")
            return
        browser = playwright.chromium.launch(executable_path=path)
        names = [page.relative_to(SITE).as_posix() for page in pages(SITE)]
        asked = [(name, SITE, name) for name in names]
        asked.append(("by default", build_stock(Path(folder)), f"{CHAPTER}.html"))
        width = max(map(len, names))
        print(f"{'without pictures':{width}}     kB  other hosts  elements at fault")
        found = {}
        for label, site, page in asked:
            one = found[label] = visit(browser, site, page)
            print(f"{label:{width}}  {one.bytes / 1000:5.0f}  {len(one.hosts):11}  {one.faults:17}")
        browser.close()
    stock, ours = found["by default"], found[f"{CHAPTER}.html"]
    print(f"{CHAPTER} by default: {stock.bytes / ours.bytes:.1f} times as much")
    print(f"It asks {', '.join(sorted(stock.hosts)) or 'no other host'}.")
