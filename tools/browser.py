"""Find a Chromium or Chrome, or get one where that is possible: for tests and measurements."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

# The same engine without windows, profiles and extensions starts a page sooner.
SHELLS = ("chromium-headless-shell", "chrome-headless-shell")
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
ON_MACOS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
HOW_TO_GET_ONE = (
    "no Chromium or Chrome was found, and none could be fetched. Install one (on Debian: "
    "sudo apt-get install chromium), or name one: CNN_COURSE_BROWSER=/path/to/chrome make test"
)


def find_browser(playwright, with_windows: bool = False) -> str | None:
    """Return the path of a browser of this machine, or None.

    `CNN_COURSE_BROWSER` is asked first; where it names no program, ValueError says so.
    `with_windows` leaves out the programs that are made for tests alone.
    """
    if chosen := os.environ.get("CNN_COURSE_BROWSER"):
        if path := shutil.which(chosen):
            return path
        raise ValueError(f"CNN_COURSE_BROWSER is {chosen!r}, and that is no program")
    names = (*(() if with_windows else SHELLS), *NAMES, *ON_MACOS)
    found = filter(None, map(shutil.which, names))
    own = playwright.chromium.executable_path
    return next(found, own if Path(own).exists() else None)


def fetch_browser() -> None:
    """Try Playwright's download, then, as root on Debian, the system's packages."""
    download = [sys.executable, "-m", "playwright", "install", "chromium"]
    update, install = ["apt-get", "update"], ["apt-get", "install", "--yes"]
    packages = [[*install, "--no-install-recommends", name] for name in (SHELLS[0], NAMES[0])]
    is_root_on_debian = shutil.which("apt-get") and os.geteuid() == 0
    for command in [download, *([update, *packages] if is_root_on_debian else [])]:
        try:
            run = subprocess.run(command, capture_output=True, timeout=300)
        except subprocess.TimeoutExpired:
            continue
        if run.returncode == 0 and command != update:
            return


def get_browser(playwright) -> str | None:
    """Return the path of a browser, fetched if need be, or None."""
    path = find_browser(playwright)
    if path is None:
        fetch_browser()
        path = find_browser(playwright)
    return path
