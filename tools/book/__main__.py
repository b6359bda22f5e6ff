"""Build the site from the stored outputs: `python -m tools.book [--serve] [--zip]`.

No network, no data and no kernel are needed. A warning is an error, so that a
dead link or a formula that cannot be set never reaches a reader.

Each build starts from nothing, in a folder of its own, which takes the place of the
last site when it is whole. Sphinx's incremental builds are not what a clean build gives:
the index of the search loses entries, and what has left the book stays.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import shutil
import sys
import time
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tools import address
from tools.book import archive
from tools.notebooks import validation

ROOT = Path(__file__).resolve().parents[2]


LINK_CHECK = {
    "linkcheck_timeout": 20,
    "linkcheck_retries": 3,
    "linkcheck_anchors": False,
    "linkcheck_report_timeouts_as_broken": False,
}
ANSWERED = {"working", "redirected"}
REFUSALS = ("401", "403", "429")  # of a program; they say nothing about the link


class Refused(Exception):
    """Nothing can be built; the message says why and what to do."""


def run_sphinx(source: Path, work: Path, builder: str = "html") -> bool:
    """Let a builder of Sphinx read the book in `source` and write into `work`/BUILDER.

    Returns whether it found no problem.
    """
    from jupyter_book.sphinx import build_sphinx

    status = build_sphinx(
        source,
        work / builder,
        builder=builder,
        path_config=source / "_config.yml",
        noconfig=True,
        confoverrides={
            "external_toc_path": (source / "_toc.yml").as_posix(),
            "nitpicky": True,
            "latex_individualpages": False,
            **LINK_CHECK,
        },
        warningiserror=True,
        keep_going=True,
        quiet=True,
    )
    return status == 0


@contextmanager
def only_build(output: Path) -> Iterator[None]:
    """Wait until no other process builds into the folder `output`."""
    try:
        output.mkdir(parents=True, exist_ok=True)
        lock = (output / ".lock").open("w")
    except OSError as error:
        raise Refused(
            f"The site cannot be written into {output}: {error.strerror}. "
            "Name a folder that can be written: --output FOLDER"
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"Another build writes into {output}. Waiting for it …", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def build(source: Path, output: Path) -> bool:
    """Build the book in `source` into `output`/html; return whether it is clean.

    If it is not, the site of the last build stays.
    """
    if obstacles := validation.obstacles(source):
        raise Refused("\n".join(obstacles))
    work, site, last = output / ".building", output / "html", output / ".building" / "last"
    with only_build(output):
        shutil.rmtree(work, ignore_errors=True)  # of a build that was interrupted
        try:
            is_clean = run_sphinx(source, work)
            if is_clean:
                if site.exists():
                    site.rename(last)
                (work / "html" / ".buildinfo").unlink()  # for Sphinx's incremental builds
                (work / "html").rename(site)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    return is_clean


def check_links(source: Path, output: Path) -> tuple[list[str], bool]:
    """Ask for every link of the book to another host, with Sphinx's linkcheck builder.

    Returns what to say of those that did not answer, and whether any host did.
    """
    work = output / ".building"
    with only_build(output):
        try:
            run_sphinx(source, work, "linkcheck")
            report = (work / "linkcheck" / "output.json").read_text("utf-8")
        finally:
            shutil.rmtree(work, ignore_errors=True)
    links = [json.loads(line) for line in report.splitlines()]
    broken = [
        f"{link['filename']}, line {link['lineno']}: {link['uri']} ({link['info']})"
        for link in links
        if link["status"] == "broken" and not link["info"].startswith(REFUSALS)
    ]
    return broken, any(link["status"] in ANSWERED for link in links)


def tell_of_links(source: Path, output: Path) -> None:
    """Check the links and end with 1 if some are broken, or none could be asked for in CI."""
    broken, is_online = check_links(source, output)
    if is_online or not broken:
        print("\n".join(broken) or "No link to another host is broken.")
        sys.exit(bool(broken))
    print(f"No host answers: {len(broken)} links cannot be checked here.")
    sys.exit(bool(os.environ.get("CI")))


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves files without a line for each request."""

    def log_message(self, *args) -> None:
        pass


def serve(folder: Path) -> None:
    """Serve `folder` on a free port of this machine and open it, until Ctrl-C."""
    handler = partial(QuietHandler, directory=folder)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        here = f"http://127.0.0.1:{server.server_port}/"
        print(f"The site is at {here} (Ctrl-C ends this)", flush=True)
        webbrowser.open(here)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.book", description=__doc__)
    parser.add_argument("--source", type=Path, default=ROOT, help="the folder of the book")
    parser.add_argument("--output", type=Path, help="default: _build in the book's folder")
    parser.add_argument("--zip", action="store_true", help="also put the site into one archive")
    parser.add_argument("--serve", action="store_true", help="serve the site and open it")
    parser.add_argument(
        "--check-links", action="store_true", help="ask for the links to other hosts instead"
    )
    options = parser.parse_args()
    source = options.source.resolve()
    output = (options.output or source / "_build").resolve()

    if options.check_links:
        tell_of_links(source, output)
    print("Building the site …", flush=True)
    started = time.monotonic()
    try:
        is_clean = build(source, output)
    except Refused as error:
        sys.exit(str(error))
    if not is_clean:
        sys.exit("The site has problems, named above; mend them and build again.")
    page = output / "html" / "index.html"
    print(f"Built in {time.monotonic() - started:.0f} s: {page.as_uri()}", flush=True)
    if remark := address.remark(source):
        print(remark, flush=True)
    if options.zip:
        target = output / f"{archive.FOLDER}.zip"
        mirror = os.environ.get("CNN_COURSE_DATA")
        archive.write(page.parent, target, source, Path(mirror).expanduser() if mirror else None)
        print(f"{target.stat().st_size / 1e6:.1f} MB: {target}", flush=True)
    if options.serve:
        serve(page.parent)
    elif not options.zip:
        print("`make serve` serves it on this machine and opens it.")


if __name__ == "__main__":
    main()
