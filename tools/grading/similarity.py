"""Find hand-ins that are nearly the same, with the evidence: for a teacher to judge, not a proof.

The functions of a notebook are read as tokens, with one word for every name, and without comments
and documentation; so other names and other comments change nothing. Of all runs of TOKENS tokens
some are chosen by their hash (winnowing: S. Schleimer, D. Wilkerson and A. Aiken, 2003). What the
exercise gives, and what much of the class has in common, is left out.
"""

from __future__ import annotations

import ast
import difflib
import hashlib
import io
import itertools
import keyword
import tokenize
from collections import defaultdict
from pathlib import Path

from . import notebooks
from .intake import ROLES, HandIn

TOKENS, WINDOW = 14, 6
COMMON = 0.25  # a run that more of the class have is nobody's own
FEWEST = 12  # runs that two have in common
ALIKE = 0.6  # of the runs of the one that has fewer
MOST_PAIRS = 50
TASKS = [name for names in notebooks.FUNCTIONS.values() for name in names]
TASKS += ["build_model", "train"]


def functions_in(cells: tuple[str, ...]) -> dict[str, str]:
    """Return the source of the exercise's functions, the last of each name."""
    found = {}
    for cell in cells:
        try:
            for node in ast.parse(cell).body:
                if isinstance(node, ast.FunctionDef) and node.name in TASKS:
                    found[node.name] = ast.unparse(without_docstring(node))
        except (SyntaxError, ValueError, RecursionError):
            continue
    return found


def without_docstring(node: ast.FunctionDef) -> ast.FunctionDef:
    first = node.body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        node.body = node.body[1:] or [ast.Pass()]
    return node


def tokens_of(source: str) -> list[str]:
    """Return the tokens of a program, with one word for every name."""
    kept, kinds = [], (tokenize.NAME, tokenize.OP, tokenize.NUMBER, tokenize.STRING)
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type in kinds:
                is_name = token.type == tokenize.NAME and not keyword.iskeyword(token.string)
                kept.append("name" if is_name else token.string)
    except (tokenize.TokenError, SyntaxError):
        pass
    return kept


def prints_of(source: str) -> set[int]:
    """Return hashes that stand for runs of tokens: of each WINDOW neighbors the smallest."""
    tokens = tokens_of(source)
    hashes = [
        int.from_bytes(hashlib.blake2b(" ".join(run).encode(), digest_size=8).digest(), "big")
        for run in zip(*(tokens[start:] for start in range(TOKENS)), strict=False)
    ]
    if len(hashes) <= WINDOW:
        return set(hashes)
    return {min(hashes[i : i + WINDOW]) for i in range(len(hashes) - WINDOW + 1)}


def source_of(out: Path, handin: HandIn) -> dict[str, str]:
    """Return the functions of all notebooks of a hand-in, by part and name."""
    found = {}
    for part in notebooks.FUNCTIONS:
        if part in handin.digests:
            try:
                book = notebooks.read((out / "handins" / handin.key / ROLES[part]).read_bytes())
            except (notebooks.NoNotebook, OSError):
                continue
            found |= {f"{part} {name}": text for name, text in functions_in(book.cells).items()}
    return found


def given(exercises: Path) -> set[int]:
    """Return the runs of tokens in the exercise as students get it."""
    prints: set[int] = set()
    for path in sorted(exercises.glob("*.ipynb")):
        cells = notebooks.read(path.read_bytes()).cells
        prints |= set().union(*(prints_of(text) for text in functions_in(cells).values()), set())
    return prints


def pairs(out: Path, handins: list[HandIn], exercises: Path) -> list[dict]:
    """Return the pairs that are nearly the same, the most alike first."""
    sources = {handin.key: source_of(out, handin) for handin in handins}
    own = {
        key: set().union(*map(prints_of, texts.values()), set()) for key, texts in sources.items()
    }
    have = defaultdict(list)
    for key in sorted(own):
        for each in own[key]:
            have[each].append(key)
    most = max(2, int(COMMON * len(handins)))
    left_out = given(exercises) | {each for each, keys in have.items() if len(keys) > most}
    shared: dict[tuple[str, str], int] = defaultdict(int)
    for each, keys in have.items():
        if each not in left_out:
            for pair in itertools.combinations(keys, 2):
                shared[pair] += 1
    names, found = {handin.key: handin.name for handin in handins}, []
    for (one, other), count in shared.items():
        fewer = min(len(own[one] - left_out), len(own[other] - left_out))
        if count >= FEWEST and count >= ALIKE * fewer:
            why = f"{count} of {fewer} passages are the same but for the names of variables"
            found.append(pair_of(one, other, names, count / fewer, why, sources))
    found += same_models(handins, names, sources)
    return sorted(found, key=lambda pair: (-pair["share"], pair["keys"]))[:MOST_PAIRS]


def pair_of(
    one: str, other: str, names: dict, share: float, why: str, sources: dict[str, dict[str, str]]
) -> dict:
    return {
        "keys": [one, other],
        "names": [names[one], names[other]],
        "share": round(share, 3),
        "why": why,
        "evidence": evidence(sources[one], sources[other]),
    }


def same_models(handins: list[HandIn], names: dict, sources: dict) -> list[dict]:
    """Return the pairs that handed in the same model, byte for byte."""
    by_digest = defaultdict(list)
    for handin in handins:
        if "model" in handin.digests:
            by_digest[handin.digests["model"]].append(handin.key)
    why = "the files of their models are the same, byte for byte"
    return [
        pair_of(*pair, names, 1.0, why, sources)
        for keys in by_digest.values()
        for pair in itertools.combinations(sorted(keys), 2)
    ]


def evidence(one: dict[str, str], other: dict[str, str]) -> str:
    """Return the function in which two are most alike, one above the other."""
    best, shown = -1.0, ""
    for name in sorted(one.keys() & other.keys()):
        both = [tokens_of(one[name]), tokens_of(other[name])]
        if len(both[0]) < TOKENS or len(both[1]) < TOKENS:
            continue
        share = difflib.SequenceMatcher(None, *both, autojunk=False).ratio()
        size = share * min(map(len, both))
        if size > best:
            best, shown = size, f"{name}, {share:.0%} alike\n\n{one[name]}\n\n{other[name]}"
    return shown[:6_000]
