"""The check of `how_sure`: between which two values lies an accuracy measured on n images?"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np

from ..attempt import attempt
from ..frame import Check, Facts, Findings, is_open
from ..score import Score
from ..task import FIXED_SEED

CHECK = Check(
    "how_sure",
    (
        ("form", "two numbers come back, low and high", 1),
        ("right", "they hold the true accuracy in about 95 of 100 cases", 2),
        ("inside", "both stay between 0 and 1", 1),
    ),
)
FIXED = [(0.991, 10_000), (0.919, 10_000), (0.8, 400), (0.5, 100)]
AT_THE_EDGE = [(0.99, 100), (0.02, 60)]


def calls(seed: int = FIXED_SEED) -> list[tuple[float, int]]:
    """Return the arguments of the calls: fixed ones, two random ones, two near 0 and 1."""
    rng = np.random.default_rng(seed)
    fresh = [
        (round(float(rng.uniform(0.6, 0.97)), 3), int(rng.integers(500, 20_000))) for _ in range(2)
    ]
    return FIXED + fresh + AT_THE_EDGE


def wilson(share: float, count: float, z: float = 1.96) -> tuple[float, float]:
    """Return the interval of E. B. Wilson (1927) for a share measured on `count` cases.

    Other than `share` ± z standard errors, it stays within 0 … 1 and does not shrink to nothing
    where no mistake was seen. With `z` = 1.96, 95 of 100 such intervals hold the true share.
    """
    middle = (share + z**2 / (2 * count)) / (1 + z**2 / count)
    half = math.sqrt(share * (1 - share) / count + (z / (2 * count)) ** 2) * z / (1 + z**2 / count)
    return middle - half, middle + half


def plain(share: float, count: float, z: float) -> tuple[float, float]:
    """Return `share` ± z standard errors, cut off at 0 and 1."""
    half = z * math.sqrt(share * (1 - share) / count)
    return max(0.0, share - half), min(1.0, share + half)


def exact(share: float, count: int) -> tuple[float, float]:
    """Return the interval of C. J. Clopper and E. S. Pearson (1934), from the binomial law."""
    from scipy.stats import binomtest

    test = binomtest(round(share * count), count)
    return tuple(test.proportion_ci(0.95, method="exact"))


def accepted(share: float, count: int) -> Iterator[tuple[float, float]]:
    """Yield the intervals that count as right: there is more than one good way."""
    for z in (1.96, 2.0):
        yield plain(share, count, z)
        yield wilson(share, count, z)
    yield exact(share, count)


def close(interval: tuple[float, float], expected: tuple[float, float], count: int) -> bool:
    """Whether two intervals agree within 8 % of their half length, or one half of an image.

    An interval may be rounded to three decimals or more: an accuracy in percent has one or two.
    """
    tolerance = 0.04 * (expected[1] - expected[0]) + 0.5 / count + rounding(interval)
    return all(abs(a - b) <= tolerance for a, b in zip(interval, expected, strict=True))


def rounding(interval: tuple[float, float]) -> float:
    """Return by how much rounding moved two numbers at most; 0 for numbers with many decimals."""
    for decimals in (3, 4):
        if all(abs(end - round(end, decimals)) < 1e-12 for end in interval):
            return 0.5 * 10.0**-decimals + 1e-12
    return 0.0


def ends(value: object) -> tuple[float, ...]:
    """Return the two numbers in what a function returned; nothing if it is something else."""
    try:
        low, high = (float(np.asarray(end).item()) for end in value)
    except Exception:
        return ()
    return (low, high) if math.isfinite(low) and math.isfinite(high) else ()


ALIKE = 1.15  # lengths are alike if their ratio is below that
BEGINNING = "Start from the standard error of a share p measured on n images, √(p(1 − p)/n)."
# Half the length of an interval, by mistakes that are made.
MISTAKES = {
    "It has the length for one standard error, which holds the true accuracy in about 68 of 100 "
    "cases. How many does it take for 95?": lambda p, n: math.sqrt(p * (1 - p) / n),
    "That is the spread of one image, right or wrong; the share of n images spreads less.": (
        lambda p, n: 2 * math.sqrt(p * (1 - p))
    ),
    "It shrinks too fast as n grows: four times as many images halve the error.": (
        lambda p, n: 2 * math.sqrt(p * (1 - p)) / n
    ),
    "p(1 − p)/n is the variance. The standard error is its root.": lambda p, n: 2 * p * (1 - p) / n,
    "It holds the true accuracy in 90 of 100 cases; 95 are asked for.": (
        lambda p, n: 1.645 * math.sqrt(p * (1 - p) / n)
    ),
    "It holds the true accuracy in 99 of 100 cases; 95 are asked for.": (
        lambda p, n: 2.576 * math.sqrt(p * (1 - p) / n)
    ),
    "√(1/n) leaves out that an accuracy near 1 is known better than one near 0.5.": (
        lambda p, n: 2 / math.sqrt(n)
    ),
    "It is in percent: give shares, 0.991 and not 99.1.": (
        lambda p, n: 200 * math.sqrt(p * (1 - p) / n)
    ),
    "It counts images; divide by n.": lambda p, n: 2 * math.sqrt(n * p * (1 - p)),
}


def mistake(given: list[tuple[float, int]], found: list[tuple[float, float]]) -> str:
    """Name what is wrong with the lengths of these intervals."""
    if len(set(found)) == 1:
        return BEGINNING
    # The length of a short interval that was rounded tells nothing.
    pairs = list(zip(given, found, strict=True))
    pairs = [(g, f) for g, f in pairs if f[1] - f[0] > 20 * rounding(f)] or pairs
    given, found = zip(*pairs, strict=True)
    misses = {}
    for words, half in MISTAKES.items():
        misses[words] = 0.0
        for (p, n), (low, high) in zip(given, found, strict=True):
            as_it_is, cut_off = 2 * half(p, n), min(1, p + half(p, n)) - max(0, p - half(p, n))
            miss = min(abs(math.log((high - low + 1e-12) / long)) for long in (as_it_is, cut_off))
            misses[words] = max(misses[words], miss)
    likeliest = min(misses, key=misses.get)
    if misses[likeliest] < 0.15:
        return likeliest
    spreads = [
        (high - low) / math.sqrt(p * (1 - p))
        for (p, _), (low, high) in zip(given, found, strict=True)
    ]
    errors = [spread * math.sqrt(n) for spread, (_, n) in zip(spreads, given, strict=True)]
    if 0 < max(errors) < ALIKE * min(errors):
        which = "long" if min(errors) > 4 else "short"
        return (
            f"It is too {which}, by the same factor each time. How many standard errors to either "
            "side hold 95 of 100 cases?"
        )
    if 0 < max(spreads) < ALIKE * min(spreads):
        return "It is as long for 100 images as for 10,000. Where does n come in?"
    return BEGINNING


def how_sure_facts(function: Callable, cases: list[tuple[float, int]]) -> Facts:
    """Call `how_sure` in all cases; return its pairs of numbers under "found", () for no pair."""

    def as_numbers(accuracy, n):
        value = function(accuracy, n)
        return value if value is None else ends(value)

    asked, found = as_numbers if callable(function) else function, []
    for case in cases:
        outcome = attempt(asked, *case)
        if is_open(outcome):
            return {"open": True}
        if outcome.problem:
            return {"problem": f"With {case} {outcome.problem}."}
        found.append(outcome.value)
    return {"found": found}


def how_sure_findings(cases: list[tuple[float, int]], facts: Facts) -> Findings:
    """Judge the intervals that were found in all cases together."""
    found = facts["found"]
    if () in found:
        case = cases[found.index(())]
        return CHECK.none(f"With {case} it did not return two numbers, low and high.")
    if any(low > high for low, high in found):
        return CHECK.none(
            "The first number is larger than the second: low comes first, and both are ends."
        )
    inner = slice(0, len(cases) - len(AT_THE_EDGE))
    right = all(
        any(close(f, e, n) for e in accepted(p, n))
        for (p, n), f in zip(cases[inner], found[inner], strict=True)
    )
    beyond = [
        f"An accuracy of {p:g} on {n:,} images gives {low:.3f} to {high:.3f}."
        for (p, n), (low, high) in zip(cases, found, strict=True)
        if low < -1e-9 or high > 1 + 1e-9
    ]
    said = {}
    if not right:
        said["right"] = mistake(cases[inner], found[inner])
    # An interval that is always 0 to 1, or none at all, also stays within.
    if beyond:
        said["inside"] = beyond[0] + " No accuracy is above 1 or below 0."
    elif not right:
        said["inside"] = "This counts once the interval is right."
    return said


def how_sure(function: Callable, *, seed: int = FIXED_SEED) -> Score:
    """Check `how_sure(accuracy, n)`: 4 points.

    It is given a share and a number of images, and has to return (low, high), between which the
    true accuracy lies in about 95 of 100 cases.
    """
    # The lengths of all intervals together tell a mistake: so all the calls are one case.
    return CHECK.over(
        [calls(seed)], lambda cases: how_sure_facts(function, cases), how_sure_findings, seed
    )
