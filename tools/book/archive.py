"""The built site as one file, for a USB stick or a room without a network: `make zip`.

The same site gives the same bytes: names are sorted, times are fixed. What only a web
server has a use for is left out.
"""

from __future__ import annotations

from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

FOLDER = "cnn-course"  # what the archive unpacks to
FOR_SERVERS = {"404.html", "robots.txt", "sitemap.xml", "objects.inv", "_static/cards"}
EPOCH = (1980, 1, 1, 0, 0, 0)  # the first time that a zip archive can hold
READ_ME = """\
Unpack this archive first: pages do not work from within it. Then open the file
index.html in a browser. No network is needed, and nothing has to be installed.
"""


def belongs(name: str) -> bool:
    """Tell whether a file of the site, named from its root, is of use without a server."""
    is_hidden = name.startswith(".")
    return not is_hidden and not any(name == f or name.startswith(f"{f}/") for f in FOR_SERVERS)


def contents(site: Path) -> dict[str, bytes]:
    """Return what goes into the archive, by name."""
    files = (path for path in site.rglob("*") if path.is_file())
    found = {path.relative_to(site).as_posix(): path for path in files}
    kept = {name: path.read_bytes() for name, path in found.items() if belongs(name)}
    return {"READ-ME-FIRST.txt": READ_ME.encode()} | kept


def write(site: Path, target: Path) -> None:
    """Put the site in the folder `site` into the archive `target`."""
    with ZipFile(target, "w") as archive:
        for name, data in sorted(contents(site).items()):
            entry = ZipInfo(f"{FOLDER}/{name}", EPOCH)
            entry.compress_type = ZIP_DEFLATED
            entry.external_attr = 0o644 << 16  # for everyone to read
            entry.create_system = 3  # as on Unix, wherever it is made
            archive.writestr(entry, data, compresslevel=9)
