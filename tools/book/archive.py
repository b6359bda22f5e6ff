"""The built site as one file, for a USB stick or a room without a network: `make zip`.

Beside the site lies what a local kernel needs, in the folder `course`: the notebooks, what
they import, and the data where this machine has the published files (CNN_COURSE_DATA).

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
READ_ME_COURSE = """
To run the notebooks you need Python and the packages of course/requirements.txt:

    cd course
    python3 -m pip install -r requirements.txt    (once, with a network)
    {setting} python3 -m jupyter lab
"""
WITH_DATA = 'CNN_COURSE_DATA="$PWD/data"'
WITHOUT_DATA = "CNN_COURSE_OFFLINE_SAMPLE=1"  # drawn pictures stand in, and pages say so
COURSE = ("chapters/*.ipynb", "exercises/*/*.ipynb", "utils/**/*", "requirements.txt", "LICENSE")
DATA = ("fashion-mnist/*-ubyte.gz", "mnist/*-ubyte.gz")


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


def matching(folder: Path, patterns: tuple[str, ...]) -> dict[str, bytes]:
    """Return the files of a folder that match, by name; what Python compiled is left out."""
    files = (path for pattern in patterns for path in folder.glob(pattern) if path.is_file())
    found = {path.relative_to(folder).as_posix(): path for path in files}
    return {n: path.read_bytes() for n, path in found.items() if "__pycache__" not in n}


def for_a_kernel(source: Path, data: Path | None) -> dict[str, bytes]:
    """Return what runs the notebooks of the course in `source`, by name within the archive."""
    files = {f"course/{name}": each for name, each in matching(source, COURSE).items()}
    published = matching(data, DATA) if data else {}
    files |= {f"course/data/{name}": each for name, each in published.items()}
    words = READ_ME + READ_ME_COURSE.format(setting=WITH_DATA if published else WITHOUT_DATA)
    return files | {"READ-ME-FIRST.txt": words.encode()}


def write(site: Path, target: Path, source: Path | None = None, data: Path | None = None) -> None:
    """Put the site in the folder `site` into the archive `target`.

    With the notebooks and their helpers, if the course's folder `source` is told; with the
    published data of the folder `data`.
    """
    files = contents(site) | (for_a_kernel(source, data) if source else {})
    with ZipFile(target, "w") as archive:
        for name, content in sorted(files.items()):
            entry = ZipInfo(f"{FOLDER}/{name}", EPOCH)
            entry.compress_type = ZIP_DEFLATED
            entry.external_attr = 0o644 << 16  # for everyone to read
            entry.create_system = 3  # as on Unix, wherever it is made
            archive.writestr(entry, content, compresslevel=9)
