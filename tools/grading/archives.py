"""Read what students uploaded, from folders and zip files: within limits, and following nothing.

A download is a list of `Entry`; nothing of it is written or unpacked before somebody asks for its
bytes, and then never more than a limit. Links, names that lead out of the archive, and archives
with too many entries are refused, with a reason. What cannot be read raises when it is read.
"""

from __future__ import annotations

import io
import os
import stat
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from utils.checks.part3.sandbox import beginning

MOST_IN_A_CLASS = 100_000  # entries of the download of a whole class
MOST_OF_A_STUDENT = 2_000  # and of an archive in it
LARGEST_ARCHIVE = 100_000_000  # bytes of an archive within the download
LONGEST_NAME = 1_000  # characters of a path: a zip file allows 65,535, in as many folders
# Of the other kinds zipfile unpacks 4 kB at once: in bzip2 those may hold gigabytes.
COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
ENTRY = b"PK\x01\x02"  # begins each entry in a zip's table of contents
NAMELESS = "?"  # stands for an entry whose name is none
LITTER = {"__MACOSX", ".DS_Store", ".ipynb_checkpoints", "Thumbs.db", "desktop.ini", ".git"}


class Refused(Exception):
    """Why an archive is not read, for the teacher."""


@dataclass(frozen=True)
class Entry:
    """A file of a download; it is read when somebody asks for it."""

    path: PurePosixPath  # within the download; what comes of a nested archive lies below it
    size: int  # bytes that it says it has
    changed: float  # when, in seconds
    read: Callable[[int], bytes]  # the first so many bytes
    problem: str = ""  # why it is not read, if it is not


def entries(place: Path) -> Iterator[Entry]:
    """Yield the files of a folder or a zip file. Raises Refused, FileNotFoundError."""
    if place.is_dir():
        yield from of_folder(place)
    elif zipfile.is_zipfile(place):
        yield from of_archive(place, PurePosixPath(), MOST_IN_A_CLASS)
    else:
        raise Refused(f"{place} is neither a folder nor a zip file")


def of_folder(folder: Path) -> Iterator[Entry]:
    """Yield the files in a folder and those below it; a link is named and not followed."""
    for count, (place, folders, files) in enumerate(os.walk(folder), 1):
        if count > MOST_IN_A_CLASS:
            raise Refused(f"{folder} holds more than {MOST_IN_A_CLASS:,} folders")
        folders[:] = sorted(name for name in folders if not is_litter(name))
        linked = [name for name in folders if os.path.islink(os.path.join(place, name))]
        for name in sorted(files) + linked:
            path = Path(place, name)
            if is_litter(name):
                continue
            shown = PurePosixPath(readable(path.relative_to(folder).as_posix()))
            try:
                about = path.lstat()
            except OSError as error:  # nobody may look into its folder, or it is gone
                yield Entry(shown, 0, 0.0, nothing, f"it cannot be read: {error.strerror}")
                continue
            problem = "" if stat.S_ISREG(about.st_mode) else "a link or a device is not followed"
            yield Entry(shown, about.st_size, about.st_mtime, reader(path), problem)


def reader(path: Path) -> Callable[[int], bytes]:
    """Return what reads the first bytes of a file, and raises OSError if that is not possible."""

    def read(limit: int) -> bytes:
        content = beginning(path, limit, follow_links=False)
        if content is None:
            raise OSError("it cannot be opened")
        return content

    return read


def nothing(limit: int) -> bytes:
    return b""


def readable(name: str) -> str:
    """Return a file's name as text that can be written everywhere.

    Names that are not in UTF-8 come from older archives; they are read as Latin-1.
    """
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return name.encode("utf-8", "surrogateescape").decode("latin-1")
    return name


def is_litter(name: str) -> bool:
    return name in LITTER or name.startswith("._")


def of_archive(source: Path | bytes, below: PurePosixPath, most: int) -> Iterator[Entry]:
    """Yield the files in a zip file, their paths below `below`. Raises Refused."""
    archive = opened(source, below.name, most)
    for info in archive.infolist():
        try:
            entry = entry_of(archive, info, below)
        except Exception as error:  # one entry must not hide the others
            problem = f"its entry cannot be read: {type(error).__name__}"
            entry = Entry(below / NAMELESS, 0, 0.0, nothing, problem)
        if entry:
            yield entry


def opened(source: Path | bytes, name: str, most: int) -> zipfile.ZipFile:
    """Return a zip file with at most so many entries. Raises Refused."""
    if entries_in(source) > most:
        raise Refused(f"the archive {name} has more than {most:,} entries".replace("  ", " "))
    try:
        return zipfile.ZipFile(io.BytesIO(source) if isinstance(source, bytes) else source)
    except Exception as error:  # zipfile raises many kinds for broken files
        raise Refused(f"the archive {name} cannot be read: {error}".replace("  ", " ")) from error


def names_in(content: bytes) -> set[str]:
    """Return the names in the table of contents of a zip file. Raises Refused."""
    return set(opened(content, "", MOST_OF_A_STUDENT).namelist())


def entry_of(archive: zipfile.ZipFile, info: zipfile.ZipInfo, below: PurePosixPath) -> Entry | None:
    """Return a file in a zip file; None for a folder, and for litter."""
    name = info.filename.replace("\\", "/")
    if name.endswith("/"):
        return None
    if len(name) > LONGEST_NAME:
        return Entry(
            below / PurePosixPath(name[-80:]).name, 0, 0.0, nothing, "its name is too long"
        )
    path = PurePosixPath(name)
    if any(is_litter(part) for part in path.parts):
        return None
    problem = problem_of(info, path)
    safe = PurePosixPath(*[part for part in path.parts if part not in ("/", "//", "..", ".")])

    def read(limit: int) -> bytes:
        with archive.open(info) as file:
            return file.read(limit)

    place = below / (safe if safe.parts else NAMELESS)
    return Entry(place, info.file_size, when(info), read, problem)


def entries_in(source: Path | bytes) -> int:
    """Count the entries of a zip file, without taking memory for each."""
    if isinstance(source, bytes):
        return source.count(ENTRY)
    with open(source, "rb") as file:
        end = file.seek(0, os.SEEK_END)
        file.seek(max(0, end - 66_000))
        tail = file.read()
    place = tail.rfind(b"PK\x05\x06")
    told = int.from_bytes(tail[place + 10 : place + 12], "little") if place >= 0 else 0
    if told < 0xFFFF:
        return told
    place = tail.rfind(b"PK\x06\x06")  # of an archive with more entries
    return int.from_bytes(tail[place + 32 : place + 40], "little") if place >= 0 else 2**31


def problem_of(info: zipfile.ZipInfo, path: PurePosixPath) -> str:
    if stat.S_ISLNK(info.external_attr >> 16):
        return "a link is not followed"
    if not path.parts:  # it is called "." or nothing at all
        return "it has no name"
    if path.is_absolute() or ".." in path.parts or ":" in path.parts[0][:3]:
        return "its name leads out of the archive"
    if info.compress_type not in COMPRESSIONS:
        return "it is compressed in a way that is not read here; zip with the usual settings"
    return "it is encrypted" if info.flag_bits & 1 else ""


def when(info: zipfile.ZipInfo) -> float:
    """Return the date of an entry in seconds, as files have it; 0 for one that is none.

    A zip file says no time zone: as for a program that unpacks it, that is the one of this machine.
    """
    try:
        return time.mktime((*info.date_time, 0, 0, -1))
    except (OverflowError, ValueError):
        return 0.0
