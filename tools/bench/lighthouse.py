"""Audit each page with Google's Lighthouse, and print its scores: `make bench ARGS=lighthouse`.

Lighthouse is a Node program and no part of the course's environment: `npx` fetches the
version named here on its first use. The site is served on this machine as GitHub Pages
serves it, compressed; without that a page would weigh four times as much as it does.

Performance depends on how busy the machine is, so each figure is a median; the other
three categories do not change from run to run.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from tools.book.weight import pages
from tools.browser import find_browser

SITE = Path(__file__).resolve().parents[2] / "_build" / "html"
LIGHTHOUSE = "lighthouse@12.8.2"  # runs on Node 18; 13 needs Node 22
TARGETS = {"performance": 85, "accessibility": 100, "best-practices": 96, "seo": 100}
SCREENS = {"mobile": TARGETS, "desktop": TARGETS | {"performance": 95}}
TEXTS = {".html", ".css", ".js", ".svg", ".json"}


class AsGitHubPages(SimpleHTTPRequestHandler):
    """Serves text compressed, over connections that stay open, to be kept ten minutes."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        file = Path(self.translate_path(self.path))
        if file.suffix not in TEXTS or not file.is_file():
            return super().do_GET()
        content = gzip.compress(file.read_bytes(), mtime=0)
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(file)))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "max-age=600")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments) -> None:
        pass


class Server(ThreadingHTTPServer):
    """A server that does not mind a browser that leaves before all of a page has come."""

    def handle_error(self, request, client_address) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def browser_path() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        return find_browser(playwright, with_windows=True)


def audit(address: str, screen: str, browser: str) -> dict[str, float]:
    """Return the four scores of one run, 0 to 100; raise RuntimeError if there are none."""
    root = " --no-sandbox" if hasattr(os, "geteuid") and os.geteuid() == 0 else ""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "report.json")
        command = ["npx", "--yes", LIGHTHOUSE, address, "--quiet", "--output=json"]
        command += [f"--output-path={file}", f"--chrome-flags=--headless=new{root}"]
        command += ["--preset=desktop"] if screen == "desktop" else []
        environment = os.environ | {"CHROME_PATH": browser}
        run = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=folder)
        if not file.exists():
            raise RuntimeError(f"Lighthouse gave no report:\n{run.stderr.strip()[-2000:]}")
        categories = json.loads(file.read_text("utf-8"))["categories"]
    return {name: 100 * (categories[name]["score"] or 0) for name in TARGETS}


def missing() -> str | None:
    """Return what Lighthouse needs and this machine lacks, or None."""
    if not shutil.which("node") or not shutil.which("npx"):
        return "Lighthouse needs Node 18 or later with npx, which is not here: nodejs.org"
    if not SITE.exists():
        return "There is no site yet: make book"
    if not browser_path():
        return "Lighthouse needs Chromium or Chrome, and none was found."
    return None


def report(repeats: int, only: str = "") -> None:
    """Print the scores of each page whose name holds `only`, and what misses its target."""
    if reason := missing():
        print(reason)
        return
    browser = browser_path()
    handler = partial(AsGitHubPages, directory=SITE)
    short = []
    with Server(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        root = f"http://127.0.0.1:{server.server_port}/"
        names = [page.relative_to(SITE).as_posix() for page in pages(SITE)]
        names = [name for name in names if only in name]
        width = max(map(len, names), default=0)
        print(f"{LIGHTHOUSE}, median of {repeats}: {', '.join(TARGETS)}")
        for name in names:
            line = name.ljust(width)
            for screen, targets in SCREENS.items():
                runs = [audit(root + name, screen, browser) for _ in range(repeats)]
                scores = {c: statistics.median(run[c] for run in runs) for c in TARGETS}
                line += f"   {screen}" + "".join(f" {score:4.0f}" for score in scores.values())
                short += [
                    f"{name}, {screen}: {category} {score:.0f}, should be {targets[category]}"
                    for category, score in scores.items()
                    if round(score) < targets[category]
                ]
            print(line, flush=True)
        server.shutdown()
    print("\n".join(short) or "Every page reaches its targets.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--only", default="", help="pages whose names hold this")
    arguments = parser.parse_args()
    report(arguments.repeats, arguments.only)


if __name__ == "__main__":
    main()
