"""Change numbers above ten in prose at random, and measure how many changes the tests find.

`python tests/notebooks/prose_mutants.py --count 2000 --seed 1` prints the rate of each page
and of all. A change is one that a slip would make: one more or less, another digit, two
digits in the other order, a digit lost or doubled, or any other number of this length.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from evidence import PAGES
from prose_numbers import Page, Section, load

SMALLEST = 10  # numbers up to here are left alone, and so the numbers of sections
# Digits anywhere but in the address of a link, also in names such as VGG-16 and in years.
ANY_NUMBER = re.compile(r"(?<![\d.,_^])(\d+(?:,\d{3})*(?:\.\d+)?)(?![\d])")
ADDRESS = re.compile(r"\]\([^)\s]*(?:\([^)\s]*\)[^)\s]*)*\)")


def changed(text: str, rng: random.Random) -> str:
    """Return a number, written as `text`, with a slip in it."""
    digits = text.replace(",", "")
    places = [place for place, sign in enumerate(digits) if sign.isdigit()]
    decimals = len(digits.partition(".")[2])
    place = rng.choice(places)
    one = 10**-decimals
    slips = [
        f"{float(digits) + one:.{decimals}f}",
        f"{float(digits) - one:.{decimals}f}",
        digits[:place] + rng.choice("0123456789") + digits[place + 1 :],
        digits[:place] + digits[place : place + 2][::-1] + digits[place + 2 :],
        digits[:place] + digits[place + 1 :],
        digits[:place] + digits[place] + digits[place:],
        "".join(rng.choice("123456789") if sign.isdigit() else sign for sign in digits),
    ]
    slip = rng.choice([each for each in slips if re.fullmatch(r"\d+(\.\d+)?", each)])
    whole, point, rest = slip.partition(".")
    grouped = f"{int(whole):,}" if "," in text or len(whole) > 4 else str(int(whole))
    return grouped + point + rest


def number_places(section: Section) -> list[tuple[int, int]]:
    """Return where the numbers of a section stand that a mutant may change."""
    text = ADDRESS.sub(lambda link: "]" + " " * (len(link[0]) - 1), section.text)
    found = ANY_NUMBER.finditer(text)
    return [m.span(1) for m in found if float(m[1].replace(",", "")) > SMALLEST]


@cache
def pages() -> dict[str, Page]:
    return {name: load(name) for name in PAGES}


def mutants(count: int, seed: int) -> Iterator[tuple[str, str, bool]]:
    """Yield page, changed text and whether it is found, for `count` changes drawn from `seed`."""
    rng = random.Random(seed)
    places = [
        (page, section, start, end)
        for page in pages().values()
        for section in page.sections
        for start, end in number_places(section)
    ]
    while count:
        page, section, start, end = rng.choice(places)
        old = section.text[start:end]
        new = changed(old, rng)
        if float(new.replace(",", "")) == float(old.replace(",", "")):
            continue
        count -= 1
        mutant = replace(section, text=section.text[:start] + new + section.text[end:])
        found = bool(page.problems_of(mutant)[0])
        before, after = section.text[max(0, start - 40) : start], section.text[end : end + 30]
        yield page.name, f"{before}[{old} → {new}]{after}", found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", action="store_true", help="print the changes that are not found")
    options = parser.parse_args()
    made, caught = Counter(), Counter()
    for page, text, found in mutants(options.count, options.seed):
        made[page] += 1
        caught[page] += found
        if options.show and not found:
            print(f"not found on page {page}: …{text}…")
    for page in made:
        print(f"{page:12} {caught[page]:5} of {made[page]:5} found")
    total = caught.total() / made.total()
    print(f"{'all pages':12} {caught.total():5} of {made.total():5} found: {total:.1%}")


if __name__ == "__main__":
    main()
