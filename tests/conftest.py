"""Fixtures that test files share: a browser, built sites, and a web server on this machine."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

ROOT = Path(__file__).resolve().parent.parent


def delay_frames(browser, delay: int) -> None:
    """Let all pages wait `delay` ms before each frame that they ask for, as on a busy machine.

    A test that reads what the next frame draws, and does not wait for it, then fails always, and
    not once in a hundred runs.
    """
    new_context = browser.new_context

    def slow_context(**options):
        context = new_context(**options)
        context.add_init_script(
            f"""{{
              const next = window.requestAnimationFrame.bind(window);
              window.requestAnimationFrame = (draw) => setTimeout(() => next(draw), {delay});
              window.cancelAnimationFrame = clearTimeout;
            }}"""
        )
        return context

    browser.new_context = slow_context


# One for each test file: Playwright keeps an event loop running for as long as it
# is open, and the kernels of nbval, in the same process, need their own.
@pytest.fixture(scope="module")
def browser():
    """A real browser that can reach nothing but this machine."""
    from playwright.sync_api import sync_playwright

    from tools.browser import HOW_TO_GET_ONE, get_browser

    with sync_playwright() as playwright:
        path = get_browser(playwright)
        if path is None:
            (pytest.fail if os.environ.get("CI") else pytest.skip)(HOW_TO_GET_ONE)
        only_this_machine = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
        args = [only_this_machine, "--disable-gpu"]  # pages look the same with a card or without
        browser = playwright.chromium.launch(executable_path=path, args=args)
        if delay := int(os.environ.get("CNN_COURSE_FRAME_DELAY", 0)):
            delay_frames(browser, delay)
        yield browser
        browser.close()


@pytest.fixture
def visitor(browser):
    """A function that opens a page of this size, which keeps what went wrong."""
    from visitor import Visitor

    visitors = []

    def visit(width=1280, height=800, **options):
        size = {"width": width, "height": height}
        visitors.append(Visitor(browser, viewport=size, **options))
        return visitors[-1]

    yield visit
    for visitor in visitors:
        visitor.page.context.close()


@pytest.fixture(scope="module")
def context_with(browser):
    """A function that returns the browser's context with these options, made once for each."""
    contexts = {}

    def context(**options):
        key = repr(sorted(options.items()))
        if key not in contexts:
            contexts[key] = browser.new_context(**options)
        return contexts[key]

    return context


@pytest.fixture
def show(context_with):
    """A function that shows explorers and, in the end, fails if the console said anything."""
    from explorer_page import explorer_page

    pages = []

    def show(*widgets, **options):
        pages.append(explorer_page(context_with(**options), *widgets))
        return pages[-1]

    yield show
    for each in pages:
        assert each.problems == []
        each.close()


@pytest.fixture(scope="session")
def build_site():
    """A function that runs the command of `make book`, with further options."""

    def build(*options) -> None:
        command = [sys.executable, "-m", "tools.book", *options]
        run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert run.returncode == 0, run.stdout + run.stderr

    return build


@pytest.fixture(scope="session")
def made_once(tmp_path_factory):
    """A function that lets one of pytest's processes make a folder, which no test changes."""
    is_alone = "PYTEST_XDIST_WORKER" not in os.environ
    base = tmp_path_factory.getbasetemp()
    shared = base if is_alone else base.parent

    def folder(name: str, make: Callable[[Path], None]) -> Path:
        made, mark = shared / name, shared / f"{name}.made"
        with (shared / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # the others wait here
            if not mark.exists():
                shutil.rmtree(made, ignore_errors=True)  # of a process that failed
                made.mkdir()
                make(made)
                mark.touch()
        return made

    return folder


@pytest.fixture(scope="session")
def site(build_site, made_once) -> Path:
    """The folder of the course's own site."""
    return made_once("site", lambda output: build_site("--output", output)) / "html"


@pytest.fixture(scope="session")
def stamped_copy(made_once) -> Path:
    """The folder of a copy of the course under another name and address, with its site built."""

    def make(folder: Path) -> None:
        copy = folder / "cnn-2027"
        others = shutil.ignore_patterns(".git", ".venv*", ".*_cache", "_build", "__pycache__")
        shutil.copytree(ROOT, copy, ignore=others)
        for command in (["tools.address", "a-teacher/cnn-2027"], ["tools.book"]):
            words = [sys.executable, "-m", *command]
            run = subprocess.run(words, cwd=copy, capture_output=True, text=True)
            assert run.returncode == 0, run.stdout + run.stderr

    return made_once("own", make) / "cnn-2027"


@pytest.fixture(scope="session")
def own_site(stamped_copy) -> Path:
    """The folder of that copy's site."""
    return stamped_copy / "_build" / "html"


@pytest.fixture(scope="session")
def address():
    """A function that serves a folder on this machine and returns the address."""
    servers = []

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    def serve(folder: Path) -> str:
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
        # It looks at the end of each interval whether it shall stop, and there are many of them.
        Thread(target=server.serve_forever, args=[0.1], daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}/"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="session")
def sample(build_site, made_once) -> Path:
    """The folder of the site of a small book that holds everything that a page may hold."""
    from sample_book import write_sample

    def make(folder: Path) -> None:
        build_site("--source", write_sample(folder / "book"))

    return made_once("sample", make) / "book" / "_build" / "html"


@pytest.fixture(scope="session")
def pages(site, sample) -> list[Path]:
    """The files of all pages of both books."""
    from tools.book import weight

    return [page for folder in (site, sample) for page in weight.pages(folder)]


@pytest.fixture(scope="session")
def folders(site, sample, address) -> dict[str, dict[Path, str]]:
    """The address of each site's folder, served and as files."""
    return {
        "http": {folder: address(folder) for folder in (site, sample)},
        "file": {folder: f"{folder.as_uri()}/" for folder in (site, sample)},
    }


@pytest.fixture(params=["http", "file"])
def reads_on(request, visitor, folders):
    """A function that lets a reader go from page to page of a site, served or from a folder.

    Of the pages of a folder Chromium isolates one in fifty or so (156 does, on a busy machine).
    A reader's way is tried again then, and only then.
    """
    from visitor import Isolated

    def read(site: Path, way, **options) -> None:
        for left in reversed(range(1 if request.param == "http" else 6)):
            try:
                return way(visitor(**options), folders[request.param][site])
            except Isolated:
                if not left:
                    raise

    return read
