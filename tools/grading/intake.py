"""Find each student's files in a download of Moodle or Canvas, or in a folder a student.

    Name Surname_12345_assignsubmission_file_/1_from_scratch.ipynb      Moodle
    surnamename_12345_67890_1_from_scratch.ipynb                        Canvas
    anybody/1_from_scratch.ipynb                                        a folder a student

Files are told by what is in them. Of two for the same part the newer one counts, also if a student
is in the download twice. What is taken is copied; everything else is named in the notes, with the
reason. Nothing that one student hands in may keep the others from being read.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath

from utils.checks.part3.model_file import LARGEST as LARGEST_MODEL

from . import archives, notebooks

# A student chooses the end of a name in a download, and may have any display name; the platform
# writes what is between. So Moodle's folders are read from their end, and files from their
# beginning.
MOODLE_FOLDER = re.compile(
    r"(?P<name>.+)_(?P<id>[0-9]+)_assignsubmission_(?P<kind>file|onlinetext)_?", re.DOTALL
)
MOODLE = re.compile(
    r"(?P<name>.+?)_(?P<id>[0-9]+)_assignsubmission_(?P<kind>file|onlinetext)_?(?P<rest>.*)",
    re.DOTALL,
)
CANVAS = re.compile(r"(?P<name>.+?)_(?:LATE_)?(?P<id>[0-9]+)_[0-9]+_(?P<rest>.+)", re.DOTALL)
ROLES = {"part1": "part1.ipynb", "part2": "part2.ipynb", "part3": "part3.ipynb"}
ROLES |= {"model": "model.keras"}
TITLES = {"part1": "the notebook of part 1", "part2": "the notebook of part 2"}
TITLES |= {"part3": "the notebook of part 3", "model": "the model"}
# Limits for one student. An honest hand-in is at most an archive of 100 MB, three notebooks of
# 30 MB and a model of 20 MB; a class of 1,000 must be read in hours also if many are hostile.
MOST_BYTES = 400_000_000  # that are read and unpacked, all together
MOST_ENTRIES = archives.MOST_OF_A_STUDENT  # that are looked at, in all archives together
MOST_NOTEBOOKS = 200  # that are read as a whole
MOST_ZIPS = 100  # that are looked at, to see whether they are archives or models
DEEPEST, MOST_ARCHIVES = 3, 30  # archives within one another, and all that are opened
MOST_NOTES, MOST_NAMED = 20, 10  # notes, and names of files in one of them
# Zip files that nobody means as archives: their names say so.
NO_ARCHIVES = {".docx", ".pptx", ".xlsx", ".odt", ".odp", ".ods", ".npz", ".jar", ".whl", ".epub"}


@dataclass
class HandIn:
    """What one student handed in."""

    key: str  # the name of its folder and files here: letters, digits and hyphens
    id: str
    name: str
    place: str  # what it was called in the download, to give feedback back
    notes: list[str] = field(default_factory=list)  # sentences about what was found
    digests: dict[str, str] = field(default_factory=dict)  # of the files that were taken, by role

    def write(self, folder: Path) -> None:
        text = json.dumps(asdict(self), indent=1, ensure_ascii=False)
        part = folder / "handin.part"
        part.write_text(text, encoding="utf-8")
        part.replace(folder / "handin.json")

    @classmethod
    def load(cls, folder: Path) -> HandIn:
        return cls(**json.loads((folder / "handin.json").read_text(encoding="utf-8")))


@dataclass
class Place:
    """What one student has in the download."""

    id: str
    name: str
    place: str
    entries: list[archives.Entry] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)  # all that are this student's
    online: bool = False  # whether an online text was left

    @property
    def key(self) -> str:
        return key_of(self.id, self.name)


def students(entries: Iterable[archives.Entry]) -> dict[str, Place]:
    """Return what each student has in the download, by the key of the student."""
    found: dict[str, Place] = {}
    entries = list(entries)
    while entries and len({entry.path.parts[0] for entry in entries}) == 1:
        if len(entries[0].path.parts) < 2 or not all(len(e.path.parts) > 1 for e in entries):
            break
        if MOODLE.fullmatch(entries[0].path.parts[0]) or is_a_students(entries):
            break
        entries = [shorter(entry) for entry in entries]  # all lies in one more folder
    of_canvas = is_of_canvas(entries)
    for entry in entries:
        owner, kind = owner_of(entry.path, of_canvas)
        place = found.setdefault(owner.key, owner)
        if not place.entries and not place.folders:  # so far, there was an online text at most
            place.name, place.place = owner.name, owner.place
        if kind == "onlinetext":
            place.online = True
            continue
        place.entries.append(entry)
        if len(entry.path.parts) > 1 and owner.place not in place.folders:
            place.folders.append(owner.place)
    return found


def is_of_canvas(entries: list[archives.Entry]) -> bool:
    """Whether a download is one of Canvas: a file in it has a name that Moodle never gives.

    All names in a download of Moodle have Moodle's form, whatever a student calls a file. In one
    of Canvas a student can call a file so that its name has Moodle's form as well, but not the
    files of the others.
    """
    names = [entry.path.parts[0] for entry in entries if len(entry.path.parts) == 1]
    return any(CANVAS.fullmatch(name) and not MOODLE.fullmatch(name) for name in names)


def owner_of(path: PurePosixPath, of_canvas: bool) -> tuple[Place, str]:
    """Return whose a file of the download is, and "file" or "onlinetext"."""
    first = path.parts[0]
    if len(path.parts) > 1:
        match = MOODLE_FOLDER.fullmatch(first) or MOODLE.fullmatch(first)
        if not match:
            return Place(first, first, first), "file"
        return Place(match["id"], match["name"].strip(), first), match["kind"]
    forms = [MOODLE.fullmatch(first), CANVAS.fullmatch(first) if of_canvas else None]
    # If both fit, one of them is in the name that the student gave, and that stands at the end.
    match = min((form for form in forms if form), key=lambda form: form.start("id"), default=None)
    if not match:
        return Place(PurePosixPath(first).stem, PurePosixPath(first).stem, first), "file"
    place = f"{match['name']}_{match['id']}_assignsubmission_file_"
    return Place(match["id"], match["name"].strip(), place), match.groupdict().get("kind", "file")


def is_a_students(entries: list[archives.Entry]) -> bool:
    """Whether the files of a single folder are those of one student and not of a class."""
    names = [e.path.name for e in entries if len(e.path.parts) == 2]
    works = [name for name in names if name.lower().endswith((".ipynb", ".keras"))]
    return not all(MOODLE.fullmatch(name) or CANVAS.fullmatch(name) for name in works)


def shorter(entry: archives.Entry) -> archives.Entry:
    path = PurePosixPath(*entry.path.parts[1:])
    return archives.Entry(path, entry.size, entry.changed, entry.read, entry.problem)


def key_of(identity: str, name: str) -> str:
    """Return a name for files that is safe everywhere and says who it is."""
    if re.fullmatch("[0-9]+", identity) and identity != name and len(identity) < 30:
        return identity
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^A-Za-z0-9]+", "-", plain).strip("-").lower()[:40]
    digest = hashlib.sha256(f"{identity}\0{name}".encode("utf-8", "replace")).hexdigest()[:10]
    return f"{plain}-{digest}" if plain else digest


def shown(name: str) -> str:
    """Return a file's name for a note: printable, and not too long."""
    text = "".join(c if c.isprintable() else "?" for c in name)
    return text if len(text) <= 80 else f"{text[:40]}…{text[-30:]}"


def number_of_copy(name: str) -> int:
    """Return the number that a browser gives to a second file of the same name: "x (2).ipynb"."""
    found = re.search(r"\((\d{1,3})\)", name)
    return int(found[1]) if found else 0


class Enough(Exception):
    """Why no more of a hand-in is read."""


@dataclass
class Search:
    """A look through the files of one student, within limits."""

    notes: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)  # names of files that are for nothing
    # The newest file for each role, with what makes it newer: of the others no content is held.
    newest: dict[str, tuple[tuple, str, bytes]] = field(default_factory=dict)
    count: dict[str, int] = field(default_factory=dict)  # files for each role
    unpacked: int = 0  # bytes that were read so far
    looked_at: int = 0  # entries so far, and so on
    books: int = 0
    zips: int = 0
    opened: int = 0  # archives

    def through(self, entries: Iterable[archives.Entry], depth: int = 0) -> None:
        """Look at each file, and at those in archives. Raises Enough."""
        for entry in entries:
            name = shown(entry.path.name)
            self.looked_at += 1
            if self.looked_at > MOST_ENTRIES:
                raise Enough(f"there are more than {MOST_ENTRIES:,} files")
            try:
                if entry.problem:
                    raise archives.Refused(entry.problem)
                self.at(entry, name, depth)
            except Enough:
                raise
            except archives.Refused as refused:
                self.notes.append(f"{name} was refused: {refused}.")
            except notebooks.NoNotebook as reason:
                self.notes.append(f"{name} cannot be read: {reason}.")
            except Exception as error:  # of whatever kind: the other files are read all the same
                self.notes.append(f"{name} could not be read: {words_of(error)}.")

    def read(self, entry: archives.Entry, most: int) -> bytes:
        """Return the first bytes of a file, and count them. Raises Enough."""
        left = MOST_BYTES - self.unpacked
        # Reading a file takes memory for as many bytes as it is asked for.
        content = entry.read(min(most, left + 1, entry.size + 1))
        self.unpacked += len(content)
        if len(content) > left:
            raise Enough(f"the files unpack to more than {MOST_BYTES / 1e6:.0f} MB")
        return content

    def at(self, entry: archives.Entry, name: str, depth: int) -> None:
        """Look at one file. Raises Enough, archives.Refused, notebooks.NoNotebook and others."""
        head, suffix = self.read(entry, 64), entry.path.suffix.lower()
        if head[:4] == b"PK\x03\x04" and suffix not in NO_ARCHIVES:
            self.at_zip(entry, name, depth)
        elif suffix == ".keras" and head[:2] == b"PK":
            self.offer("model", entry, self.read(entry, LARGEST_MODEL + 1))
        elif suffix in (".h5", ".hdf5"):
            self.notes.append(
                f"{name} is an older form of a model; checks.hand_in writes model.keras."
            )
        elif suffix == ".ipynb" or notebooks.looks_like_one(head):
            self.at_notebook(entry, name)
        else:
            self.left.append(name)

    def at_zip(self, entry: archives.Entry, name: str, depth: int) -> None:
        self.zips += 1
        if self.zips > MOST_ZIPS:
            raise archives.Refused(f"there are more than {MOST_ZIPS} zip files")
        may_be_model = entry.path.suffix.lower() == ".keras"
        if entry.size > archives.LARGEST_ARCHIVE:
            if not may_be_model:
                raise archives.Refused(f"it is {entry.size / 1e6:,.0f} MB large")
            self.offer("model", entry, self.read(entry, LARGEST_MODEL + 1))
            return
        content = self.read(entry, archives.LARGEST_ARCHIVE)
        if is_a_model(content, may_be_model):
            self.offer("model", entry, content[: LARGEST_MODEL + 1])
            return
        if depth == DEEPEST:
            raise archives.Refused(f"archives lie more than {DEEPEST} deep in one another")
        if self.opened == MOST_ARCHIVES:
            raise archives.Refused(f"there are more than {MOST_ARCHIVES} archives")
        self.opened += 1
        inner = archives.of_archive(content, entry.path, archives.MOST_OF_A_STUDENT)
        self.through(inner, depth + 1)

    def at_notebook(self, entry: archives.Entry, name: str) -> None:
        if entry.size > notebooks.LARGEST:
            raise archives.Refused(
                f"it is {entry.size / 1e6:,.0f} MB large, and "
                f"{notebooks.LARGEST / 1e6:.0f} MB is the limit for a notebook"
            )
        self.books += 1
        if self.books > MOST_NOTEBOOKS:
            raise Enough(f"there are more than {MOST_NOTEBOOKS} notebooks")
        content = self.read(entry, notebooks.LARGEST + 1)
        if len(content) > notebooks.LARGEST:
            raise notebooks.NoNotebook("it is larger than it says")
        part = notebooks.read(content).part()
        if part:
            self.offer(part, entry, content)
        else:
            self.notes.append(f"{name} defines no function of the exercise.")

    def offer(self, role: str, entry: archives.Entry, content: bytes) -> None:
        """Keep a file for a role if it is the newest one."""
        self.count[role] = self.count.get(role, 0) + 1
        age = entry.changed, number_of_copy(entry.path.name), str(entry.path)
        if role not in self.newest or age > self.newest[role][0]:
            self.newest[role] = age, entry.path.name, content


def is_a_model(content: bytes, is_called_so: bool) -> bool:
    """Whether a zip file is a saved model, by its own table of contents.

    What Keras saves has these names at its root. An archive that somebody made of an unpacked
    model and the notebooks is none: it is opened. What is called a model and is neither a model
    nor such an archive counts as one, so that the student gets to know what is wrong with it.
    """
    try:
        names = archives.names_in(content)
    except archives.Refused:
        return is_called_so
    holds_more = any(name.lower().endswith((".ipynb", ".keras", ".zip")) for name in names)
    return not holds_more and (is_called_so or {"config.json", "model.weights.h5"} <= names)


def words_of(error: BaseException) -> str:
    return shown(f"{type(error).__name__}: {error}".removesuffix(": "))


def listed(names: list[str]) -> str:
    """Return the first of some names for a note, and how many more there are."""
    more = len(names) - MOST_NAMED
    return ", ".join(map(shown, names[:MOST_NAMED])) + (f" and {more:,} more" if more > 0 else "")


def searched(place: Place) -> Search:
    """Look through what one student has in the download; never raises for its sake."""
    search = Search()
    if place.online:
        search.notes.append("The online text was left: only files are graded.")
    if len(place.folders) > 1:
        search.notes.append(
            f"The download has {len(place.folders)} folders of this student, "
            f"{listed(place.folders)}; of files for the same part the newest counts."
        )
    try:
        search.through(place.entries)
    except Enough as reason:
        search.notes.append(f"The hand-in was not read to its end: {reason}.")
    except Exception as error:
        search.notes.append(f"The hand-in could not be read to its end: {words_of(error)}.")
    return search


def take(place: Place, out: Path) -> HandIn:
    """Copy the files of one student that count into a folder of `out`, and say what was found."""
    handin, search = HandIn(place.key, place.id, place.name, place.place), searched(place)
    folder = out / "handins" / handin.key
    folder.mkdir(parents=True, exist_ok=True)
    several = []
    for role, file in ROLES.items():
        if role not in search.newest:
            (folder / file).unlink(missing_ok=True)
            continue
        _, name, content = search.newest[role]
        if search.count[role] > 1:
            several.append(
                f"There are {search.count[role]} files for {TITLES[role]}; the newest counts, "
                f"{shown(name)}."
            )
        (folder / file).write_bytes(content)
        handin.digests[role] = hashlib.sha256(content).hexdigest()
    handin.notes = several + bounded(search.notes)
    if search.left:
        handin.notes.append(f"Not used: {listed(search.left)}.")
    handin.write(folder)
    return handin


def bounded(notes: list[str]) -> list[str]:
    """Return notes that are not too many, and how many more there were."""
    more = len(notes) - MOST_NOTES
    return notes[:MOST_NOTES] + ([f"And {more:,} more notes like these."] if more > 0 else [])


def take_all(submissions: Path, out: Path) -> tuple[list[HandIn], list[str]]:
    """Take in a whole download; return the hand-ins in the order of their keys, and notes.

    Raises archives.Refused for a download that is none.
    """
    found = students(archives.entries(submissions))
    if not found:
        raise archives.Refused(f"{submissions} holds no hand-in")
    notes = [
        f"{shown(place.name)} ({shown(place.id)}) is there {len(place.folders)} times; of files "
        "for the same part the newest counts."
        for _, place in sorted(found.items())
        if len(place.folders) > 1
    ]
    return [take(place, out) for _, place in sorted(found.items())], notes
