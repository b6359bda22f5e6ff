"""Read what students uploaded, from folders and zip files: within limits, and following nothing.

A download is a list of `Entry`; nothing of it is written or unpacked before somebody asks for its
bytes, and then never more than a limit. Links, names that lead out of the archive, and archives
with too many entries are refused, with a reason.
"""

from __future__ import annotations

import contextlib
import io
import os
import stat
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from utils.checks.part3.sandbox import beginning

MOST_IN_A_CLASS = 100_000  # entries of the download of a whole class
MOST_OF_A_STUDENT = 2_000  # and of an archive in it
LARGEST_ARCHIVE = 100_000_000  # bytes of an archive within the download
ENTRY = b"PK\x01\x02"  # begins each entry in a zip's table of contents
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
            about, shown = path.lstat(), PurePosixPath(path.relative_to(folder).as_posix())
            if is_litter(name):
                continue
            problem = "" if stat.S_ISREG(about.st_mode) else "a link or a device is not followed"
            read = lambda most, path=path: beginning(path, most, follow_links=False) or b""  # noqa: E731
            yield Entry(shown, about.st_size, about.st_mtime, read, problem)


def is_litter(name: str) -> bool:
    return name in LITTER or name.startswith("._")


def of_archive(source: Path | bytes, below: PurePosixPath, most: int) -> Iterator[Entry]:
    """Yield the files in a zip file, their paths below `below`. Raises Refused."""
    content = source if isinstance(source, bytes) else None
    if entries_in(source) > most:
        raise Refused(f"the archive {below.name} has more than {most:,} entries".replace("  ", " "))
    try:
        archive = zipfile.ZipFile(io.BytesIO(content) if content is not None else source)
        infos = archive.infolist()
    except Exception as error:  # zipfile raises many kinds for broken files
        raise Refused(f"the archive {below.name} cannot be read: {error}") from error
    for info in infos:
        path = PurePosixPath(info.filename.replace("\\", "/"))
        if info.is_dir() or any(is_litter(part) for part in path.parts):
            continue
        problem = problem_of(info, path)
        safe = PurePosixPath(*[part for part in path.parts if part not in ("/", "..", ".")])

        def read(limit: int, info=info) -> bytes:
            with contextlib.suppress(Exception), archive.open(info) as file:
                return file.read(limit)
            return b""

        yield Entry(below / safe, info.file_size, when(info), read, problem)


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
    if path.is_absolute() or ".." in path.parts or ":" in path.parts[0][:3]:
        return "its name leads out of the archive"
    return "it is encrypted" if info.flag_bits & 1 else ""


def when(info: zipfile.ZipInfo) -> float:
    """Return the date of an entry as a number that rises with it; 0 for one that is none."""
    year, month, day, hour, minute, second = info.date_time
    return ((((year * 13 + month) * 32 + day) * 24 + hour) * 60 + minute) * 60.0 + second
