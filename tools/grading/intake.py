"""Find each student's files in a download of Moodle or Canvas, or in a folder a student.

    Name Surname_12345_assignsubmission_file_/1_from_scratch.ipynb      Moodle
    surnamename_12345_67890_1_from_scratch.ipynb                        Canvas
    anybody/1_from_scratch.ipynb                                        a folder a student

Files are told by what is in them. Of two for the same part the newer one counts. What is taken
is copied; everything else is named in the notes, with the reason.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath

from utils.checks.part3.model_file import LARGEST as LARGEST_MODEL

from . import archives, notebooks

MOODLE = re.compile(r"(?P<name>.+?)_(?P<id>\d+)_assignsubmission_(?:file|onlinetext)_?(?P<rest>.*)")
CANVAS = re.compile(r"(?P<name>[^_]+)_(?:LATE_)?(?P<id>\d+)_\d+_(?P<rest>.+)")
ROLES = {"part1": "part1.ipynb", "part2": "part2.ipynb", "part3": "part3.ipynb"}
ROLES |= {"model": "model.keras"}
TITLES = {"part1": "the notebook of part 1", "part2": "the notebook of part 2"}
TITLES |= {"part3": "the notebook of part 3", "model": "the model"}
MOST_FILES = 200  # of one student that are looked at
DEEPEST, MOST_ARCHIVES = 3, 30  # archives within one another, and all of one student


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


def students(entries: Iterable[archives.Entry]) -> dict[tuple[str, str, str], list]:
    """Return the entries of each student, by (id, name, place in the download)."""
    found: dict[tuple[str, str, str], list] = {}
    entries = list(entries)
    while entries and len({entry.path.parts[0] for entry in entries}) == 1:
        if len(entries[0].path.parts) < 2 or not all(len(e.path.parts) > 1 for e in entries):
            break
        if MOODLE.fullmatch(entries[0].path.parts[0]) or is_a_students(entries):
            break
        entries = [shorter(entry) for entry in entries]  # all lies in one more folder
    for entry in entries:
        first = entry.path.parts[0]
        match = MOODLE.fullmatch(first) or (
            CANVAS.fullmatch(first) if len(entry.path.parts) == 1 else None
        )
        if match:
            who = match["id"], match["name"].strip(), first if len(entry.path.parts) > 1 else ""
            if not who[2]:
                who = (*who[:2], f"{match['name']}_{match['id']}_assignsubmission_file_")
        elif len(entry.path.parts) > 1:
            who = first, first, first
        else:
            who = PurePosixPath(first).stem, PurePosixPath(first).stem, first
        found.setdefault(who, []).append(entry)
    return found


def is_a_students(entries: list[archives.Entry]) -> bool:
    """Whether the files of a single folder are those of one student and not of a class."""
    return any(len(e.path.parts) == 2 and e.path.suffix in (".ipynb", ".keras") for e in entries)


def shorter(entry: archives.Entry) -> archives.Entry:
    path = PurePosixPath(*entry.path.parts[1:])
    return archives.Entry(path, entry.size, entry.changed, entry.read, entry.problem)


def key_of(identity: str, name: str) -> str:
    """Return a name for files that is safe everywhere and says who it is."""
    if identity.isdigit() and identity != name and len(identity) < 30:
        return identity
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^A-Za-z0-9]+", "-", plain).strip("-").lower()[:40]
    digest = hashlib.sha256(f"{identity}\0{name}".encode("utf-8", "replace")).hexdigest()[:10]
    return f"{plain}-{digest}" if plain else digest


def unfolded(
    entries: Iterable[archives.Entry],
    notes: list[str],
    depth: int = 0,
    opened: list[str] | None = None,
) -> Iterator[archives.Entry]:
    """Yield the files of one student, with those in archives in place of the archives.

    `opened` collects the names of the archives.
    """
    opened = [] if opened is None else opened
    for entry in entries:
        name = shown(entry.path.name)
        if entry.problem:
            notes.append(f"{name} was refused: {entry.problem}.")
            continue
        head = entry.read(4)
        is_model = head[:2] == b"PK" and is_a_model(entry)
        if head[:4] != b"PK\x03\x04" or is_model:
            yield entry
            continue
        try:
            if depth == DEEPEST:
                raise archives.Refused(f"archives lie more than {DEEPEST} deep in one another")
            if len(opened) == MOST_ARCHIVES:
                raise archives.Refused(f"there are more than {MOST_ARCHIVES} archives")
            opened.append(name)
            if entry.size > archives.LARGEST_ARCHIVE:
                raise archives.Refused(f"it is {entry.size / 1e6:,.0f} MB large")
            content = entry.read(archives.LARGEST_ARCHIVE)
            inner = archives.of_archive(content, entry.path, archives.MOST_OF_A_STUDENT)
            yield from unfolded(inner, notes, depth + 1, opened)
        except archives.Refused as refused:
            notes.append(f"{name} was refused: {refused}.")


def is_a_model(entry: archives.Entry) -> bool:
    """Whether a zip file is a saved model; what else is in it does not matter here."""
    if entry.path.suffix == ".keras" or entry.size > archives.LARGEST_ARCHIVE:
        return entry.path.suffix == ".keras"
    content = entry.read(LARGEST_MODEL + 1)
    return b"model.weights.h5" in content and b"config.json" in content


def shown(name: str) -> str:
    """Return a file's name for a note: printable, and not too long."""
    text = "".join(c if c.isprintable() else "?" for c in name)
    return text if len(text) <= 80 else f"{text[:40]}…{text[-30:]}"


def role_of(entry: archives.Entry, notes: list[str]) -> tuple[str, bytes] | None:
    """Return what a file is for, and its content; None if it is for nothing, said in a note."""
    name = shown(entry.path.name)
    head = entry.read(64)
    if head[:2] == b"PK":
        return "model", entry.read(LARGEST_MODEL + 1)
    if entry.path.suffix in (".h5", ".hdf5"):
        notes.append(f"{name} is an older form of a model; checks.hand_in writes model.keras.")
        return None
    if not notebooks.looks_like_one(head) and entry.path.suffix != ".ipynb":
        return None
    if entry.size > notebooks.LARGEST:
        notes.append(
            f"{name} was refused: it is {entry.size / 1e6:,.0f} MB large, and "
            f"{notebooks.LARGEST / 1e6:.0f} MB is the limit for a notebook."
        )
        return None
    content = entry.read(notebooks.LARGEST + 1)
    try:
        if len(content) > notebooks.LARGEST:
            raise notebooks.NoNotebook("it is larger than it says")
        part = notebooks.read(content).part()
    except notebooks.NoNotebook as reason:
        notes.append(f"{name} cannot be read: {reason}.")
        return None
    if not part:
        notes.append(f"{name} defines no function of the exercise.")
        return None
    return part, content


def number_of_copy(name: str) -> int:
    """Return the number that a browser gives to a second file of the same name: "x (2).ipynb"."""
    found = re.search(r"\((\d{1,3})\)", name)
    return int(found[1]) if found else 0


def take(who: tuple[str, str, str], entries: list[archives.Entry], out: Path) -> HandIn:
    """Copy the files of one student that count into a folder of `out`, and say what was found."""
    handin = HandIn(key_of(who[0], who[1]), *who)
    found: dict[str, list[tuple]] = {}
    for count, entry in enumerate(unfolded(entries, handin.notes)):
        if count == MOST_FILES:
            handin.notes.append(f"There are more than {MOST_FILES} files; the others were left.")
            break
        role = role_of(entry, handin.notes)
        if role:
            age = entry.changed, number_of_copy(entry.path.name), str(entry.path)
            found.setdefault(role[0], []).append((age, entry, role[1]))
    folder = out / "handins" / handin.key
    folder.mkdir(parents=True, exist_ok=True)
    for role, file in ROLES.items():
        chosen = sorted(found.get(role, []), key=lambda each: each[0])
        if not chosen:
            (folder / file).unlink(missing_ok=True)
            continue
        _, entry, content = chosen[-1]
        if len(chosen) > 1:
            handin.notes.append(
                f"There are {len(chosen)} files for {TITLES[role]}; the newest counts, "
                f"{shown(entry.path.name)}."
            )
        (folder / file).write_bytes(content)
        handin.digests[role] = hashlib.sha256(content).hexdigest()
    handin.write(folder)
    return handin


def take_all(submissions: Path, out: Path) -> tuple[list[HandIn], list[str]]:
    """Take in a whole download; return the hand-ins in the order of their keys, and notes.

    Raises archives.Refused for a download that is none.
    """
    notes: list[str] = []
    handins: dict[str, HandIn] = {}
    for who, entries in sorted(students(archives.entries(submissions)).items()):
        handin = take(who, entries, out)
        if handin.key in handins:  # two places of one student
            notes.append(f"{handin.name} ({handin.id}) is there twice; {handin.place} counts.")
        handins[handin.key] = handin
    if not handins:
        raise archives.Refused(f"{submissions} holds no hand-in")
    return [handins[key] for key in sorted(handins)], notes
