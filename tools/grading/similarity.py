"""Find hand-ins that are nearly the same, with the evidence: for a teacher to judge, not a proof.

The functions of a notebook are read as tokens, with one word for every name, and without comments
and documentation; so other names and other comments change nothing. Of all runs of TOKENS tokens
some are chosen by their hash (winnowing: S. Schleimer, D. Wilkerson and A. Aiken, 2003). What the
exercise gives, and what much of the class has in common, is left out.

Parsing what strangers wrote may take all memory, much time, or the process itself. So a process
of its own does that, with limits; whose notebooks it cannot read is named. All further work is
done with sets of hashes, whose sizes have limits.
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import heapq
import io
import itertools
import keyword
import multiprocessing
import re
import signal
import tokenize
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from . import notebooks
from .intake import ROLES, TITLES, HandIn

TOKENS, WINDOW = 14, 6
COMMON = 0.25  # a run that more of the class have is nobody's own
# In a small class, a quarter would be so few that a copy for two or three hides itself; in a
# large one, so many that all pairs of them cannot be counted.
FEWEST_COMMON, MOST_COMMON = 5, 100
FEWEST = 12  # runs that two have in common
ALIKE = 0.6  # of the runs of the one that has fewer
MOST_PAIRS = 50  # and as many groups with one model
MOST_TOKENS = 10_000  # of a function; the longest of the solutions has a few hundred
MOST_SHOWN = 3_000  # characters of a function
SECONDS, MEMORY = 10.0, 4_000_000_000  # to read one hand-in; bytes for all that are read
TASKS = [name for names in notebooks.FUNCTIONS.values() for name in names]
TASKS += ["build_model", "train"]
DEFINES = re.compile(rf"^[ \t]*def[ \t]+(?:{'|'.join(TASKS)})\b", re.MULTILINE)


@dataclass
class Reading:
    """What is compared of a hand-in."""

    texts: dict[str, str] = field(default_factory=dict)  # of the functions, by part and name
    prints: dict[str, set[int]] = field(default_factory=dict)  # of each, see `prints_of`
    unread: list[str] = field(default_factory=list)  # what could not be read, and why

    def all_prints(self) -> set[int]:
        return set().union(*self.prints.values())


@dataclass
class Found:
    """What a teacher should look at."""

    pairs: list[dict] = field(default_factory=list)  # "keys", "names", "why", "evidence"
    notes: list[str] = field(default_factory=list)  # sentences: who was not compared, and why


def functions_in(cells: tuple[str, ...], unread: list[str] | None = None) -> dict[str, str]:
    """Return the source of the exercise's functions, the last of each name.

    `unread` collects why cells could not be parsed that are more than wrong.
    """
    unread = [] if unread is None else unread
    nodes, found = {}, {}
    for cell in filter(DEFINES.search, cells):
        try:
            for node in ast.parse(cell).body:
                if isinstance(node, ast.FunctionDef) and node.name in TASKS:
                    nodes[node.name] = node
        except (SyntaxError, ValueError):
            continue
        except Exception as error:  # MemoryError and RecursionError, for what is nested too deep
            unread.append(f"a cell cannot be read ({type(error).__name__})")
    for name, node in nodes.items():
        try:
            found[name] = ast.unparse(without_docstrings(node))
        except Exception as error:
            unread.append(f"{name} cannot be read ({type(error).__name__})")
    return found


def without_docstrings(tree: ast.AST) -> ast.AST:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            first = node.body[0]
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                node.body = node.body[1:] or [ast.Pass()]
    return tree


def tokens_of(source: str, most: int = MOST_TOKENS) -> list[str]:
    """Return the first tokens of a program, with one word for every name."""
    kept, kinds = [], (tokenize.NAME, tokenize.OP, tokenize.NUMBER, tokenize.STRING)
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type in kinds:
                is_name = token.type == tokenize.NAME and not keyword.iskeyword(token.string)
                kept.append("name" if is_name else token.string)
                if len(kept) == most:
                    break
    except (tokenize.TokenError, SyntaxError):
        pass
    return kept


def hashes_of(tokens: list[str]) -> list[int]:
    """Return a hash for each run of TOKENS tokens."""
    return [
        int.from_bytes(hashlib.blake2b(" ".join(run).encode(), digest_size=8).digest(), "big")
        for run in zip(*(tokens[start:] for start in range(TOKENS)), strict=False)
    ]


def prints_of(source: str) -> set[int]:
    """Return hashes that stand for runs of tokens: of each WINDOW neighbors the smallest."""
    hashes = hashes_of(tokens_of(source))
    if len(hashes) <= WINDOW:
        return set(hashes)
    return {min(hashes[i : i + WINDOW]) for i in range(len(hashes) - WINDOW + 1)}


def given(exercises: Path) -> set[int]:
    """Return all runs of tokens in the exercise as students get it.

    All and not the chosen ones: which are chosen depends on what stands around them.
    """
    runs: set[int] = set()
    for path in sorted(exercises.glob("*.ipynb")):
        for cell in notebooks.read(path.read_bytes()).cells:
            with contextlib.suppress(SyntaxError, ValueError):
                runs.update(hashes_of(tokens_of(ast.unparse(without_docstrings(ast.parse(cell))))))
    return runs


# --- reading, in a process of its own -----------------------------------------------------------


def read_handin(folder: Path, parts: list[str]) -> Reading:
    """Return what is compared of the notebooks in a folder."""
    found = Reading()
    for part in parts:
        try:
            book = notebooks.read((folder / ROLES[part]).read_bytes())
        except (notebooks.NoNotebook, OSError):
            continue  # the mark says so
        unread: list[str] = []
        for name, text in functions_in(book.cells, unread).items():
            found.prints[f"{part} {name}"] = prints_of(text)
            found.texts[f"{part} {name}"] = shown(text)
        found.unread += [f"{TITLES[part]}: {why}" for why in dict.fromkeys(unread)]
    return found


def shown(text: str) -> str:
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}\n… and so on"


def serve(pipe) -> None:
    """Read each hand-in that is asked for: the work of the process of its own."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who started it ends it
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    while True:
        try:
            folder, parts = pipe.recv()
        except EOFError:
            return
        try:
            answer = read_handin(folder, parts)
        except Exception as error:
            answer = Reading(unread=[f"the notebooks cannot be read ({type(error).__name__})"])
        pipe.send(answer)


class Reader:
    """A process that reads hand-ins; one that ends or takes too long is replaced."""

    def __init__(self):
        self.process = self.pipe = None

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_) -> None:
        self.stop()

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.join()
            self.pipe.close()
        self.process = self.pipe = None

    def start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, its = context.Pipe()
        self.process = context.Process(target=serve, args=(its,), daemon=True)
        self.process.start()
        its.close()

    def read(self, folder: Path, parts: list[str]) -> Reading:
        if self.process is None:
            self.start()
        why = f"reading the notebooks took more than {SECONDS:.0f} s"
        try:
            self.pipe.send((folder, parts))
            if self.pipe.poll(SECONDS):
                return self.pipe.recv()
        except (EOFError, OSError):
            why = "reading the notebooks ended the program that did so"
        self.stop()
        return Reading(unread=[why])


def readings_of(out: Path, handins: list[HandIn]) -> dict[str, Reading]:
    """Return what is compared of each hand-in, by its key."""
    found = {}
    with Reader() as reader:
        for handin in handins:
            parts = [part for part in notebooks.FUNCTIONS if part in handin.digests]
            found[handin.key] = reader.read(out / "handins" / handin.key, parts)
    return found


# --- comparing ----------------------------------------------------------------------------------


def look(out: Path, handins: list[HandIn], exercises: Path) -> Found:
    """Return who is nearly the same, the most alike first, and who could not be compared."""
    readings = readings_of(out, handins)
    names = {handin.key: handin.name for handin in handins}
    own = {key: reading.all_prints() for key, reading in readings.items()}
    have = defaultdict(list)
    for key in sorted(own):
        for each in own[key]:
            have[each].append(key)
    most = min(max(FEWEST_COMMON, int(COMMON * len(handins))), MOST_COMMON)
    left_out = given(exercises) | {each for each, keys in have.items() if len(keys) > most}
    own = {key: prints - left_out for key, prints in own.items()}
    found = Found()
    for group in same_models(handins):
        found.pairs.append(
            {
                "keys": group,
                "names": [names[key] for key in group],
                "share": 1.0,
                "why": "the files of their models are the same, byte for byte",
                "evidence": evidence(*(readings[key] for key in group[:2]), left_out),
            }
        )
    for pair, count, fewer in alike_in(own, have, left_out):
        found.pairs.append(
            {
                "keys": list(pair),
                "names": [names[key] for key in pair],
                "share": round(count / fewer, 3),
                "why": f"{count} of {fewer} passages are the same but for the names of variables",
                "evidence": evidence(*(readings[key] for key in pair), left_out),
            }
        )
    found.pairs.sort(key=lambda pair: (-pair["share"], pair["keys"]))
    found.notes += [
        f"{names[key]}: {why}, and is not compared with others."
        for key, reading in readings.items()
        for why in reading.unread
    ]
    return found


def alike_in(
    own: dict[str, set[int]], have: dict[int, list[str]], left_out: set[int]
) -> list[tuple[tuple[str, str], int, int]]:
    """Return the pairs with much in common, the most alike first: keys, runs, of how many.

    `own` are the runs that count of each, `have` says who has a run.
    """
    shared: dict[tuple[str, str], int] = defaultdict(int)
    for each, keys in have.items():
        if each not in left_out:
            for pair in itertools.combinations(keys, 2):
                shared[pair] += 1
    counted = (
        (pair, count, min(len(own[pair[0]]), len(own[pair[1]])))
        for pair, count in shared.items()
        if count >= FEWEST
    )
    much = (each for each in counted if each[1] >= ALIKE * each[2])
    return heapq.nsmallest(MOST_PAIRS, much, key=lambda each: (-each[1] / each[2], each[0]))


def same_models(handins: list[HandIn]) -> list[list[str]]:
    """Return the keys of those who handed in the same model, byte for byte; the most first."""
    by_digest = defaultdict(list)
    for handin in handins:
        if "model" in handin.digests:
            by_digest[handin.digests["model"]].append(handin.key)
    groups = [sorted(keys) for keys in by_digest.values() if len(keys) > 1]
    return heapq.nsmallest(MOST_PAIRS, groups, key=lambda keys: (-len(keys), keys))


def evidence(one: Reading, other: Reading, left_out: set[int]) -> str:
    """Return the function in which two have most in common, one above the other."""
    best, text = 0, ""
    for name in sorted(one.prints.keys() & other.prints.keys()):
        count = len((one.prints[name] & other.prints[name]) - left_out)
        if count > best:
            fewer = min(len(each.prints[name] - left_out) for each in (one, other))
            heading = f"{name}, {count / fewer:.0%} alike"
            best, text = count, f"{heading}\n\n{one.texts[name]}\n\n{other.texts[name]}"
    return text
