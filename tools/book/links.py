"""Check the links that leave the site: `make links`, where there is a network.

Links within the site are tested with it (tests/site/test_site.py). Others die when their hosts
wish, so they are no test: a dead one ends this command with 1, and so does one whose host
fails each time (5xx), and the weekly workflow tells. What a host refuses to a program (403,
429 and the like) says nothing about the link, and is listed to be tried by hand.

Where no host answers there is no network, which is no fault of a link; but with CI set in
the environment there should be one, and nothing was checked.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urldefrag
from urllib.request import Request, urlopen

from bs4 import BeautifulSoup

from .weight import pages

SITE = Path(__file__).resolve().parents[2] / "_build" / "html"
AGENT = "Mozilla/5.0 (compatible; link check of a course, once a week)"
GONE = {404, 410}
STATES = {
    "ok": "answer",
    "moved": "lead on to another address",
    "dead": "are dead",
    "late": "did not answer in time",
    "refused": "refuse a program: try them by hand",
    "failing": "lead to a host that fails",
    "unreachable": "could not be reached",
}
TRIED_AGAIN = {"late", "failing", "unreachable"}
PROBLEMS = {"dead", "failing", "unreachable"}
PAUSE = 3  # seconds before a link is tried again


@dataclass
class Answer:
    """What became of a link: one of `STATES`, and what was said."""

    state: str
    detail: str = ""


def external_links(site: Path) -> dict[str, list[str]]:
    """Return the addresses on other hosts that the pages link to, each with its pages."""
    found = defaultdict(list)
    for page in pages(site):
        soup = BeautifulSoup(page.read_text("utf-8"), "html.parser")
        addresses = {urldefrag(link["href"]).url for link in soup.select("a[href^=http]")}
        for address in addresses:
            found[address].append(page.relative_to(site).as_posix())
    return dict(sorted(found.items()))


def ask(address: str, timeout: float) -> Answer:
    """Ask for a page, without reading it."""
    request = Request(address, headers={"User-Agent": AGENT, "Accept": "*/*"})
    try:
        with urlopen(request, timeout=timeout) as answer:
            moved = urldefrag(answer.url).url != address
            return Answer("moved", answer.url) if moved else Answer("ok")
    except HTTPError as error:
        state = "failing" if error.code >= 500 else "refused"
        if error.code in GONE:
            state = "dead"
        return Answer(state, f"{error.code} {error.reason}")
    except TimeoutError:
        return Answer("late")
    except URLError as error:
        late = isinstance(error.reason, TimeoutError)
        return Answer("late") if late else Answer("unreachable", str(error.reason))
    except (HTTPException, OSError) as error:
        return Answer("unreachable", f"{type(error).__name__}: {error}")


def check(
    addresses: list[str], timeout: float = 20, attempts: int = 3, pause: float = PAUSE
) -> dict[str, Answer]:
    """Ask for each address, again after a pause where nothing came back or the host failed."""

    def patiently(address: str) -> Answer:
        for attempt in range(attempts):
            time.sleep(pause * attempt)
            answer = ask(address, timeout)
            if answer.state not in TRIED_AGAIN:
                break
        return answer

    with ThreadPoolExecutor(8) as pool:
        return dict(zip(addresses, pool.map(patiently, addresses), strict=True))


def report(
    links: dict[str, list[str]], answers: dict[str, Answer], needs_network: bool = False
) -> tuple[str, bool]:
    """Return what to tell, and whether all is well: no link is dead, as far as can be told.

    If no host answers nothing can be told, which is well unless the check `needs_network`.
    """
    counts = Counter(answer.state for answer in answers.values())
    if answers and counts["unreachable"] + counts["late"] == len(answers):
        listed = "\n".join(f"  {address}" for address in links)
        told = f"No host answers: {len(links)} links cannot be checked here.\n{listed}"
        if needs_network:
            told += "\nCI is set, and there a network was expected: nothing was checked."
        return told, not needs_network
    lines = []
    for state, words in STATES.items():
        if not counts[state]:
            continue
        lines.append(
            f"{counts[state]} of {len(answers)} links {words}{'.' if state == 'ok' else ':'}"
        )
        for address, answer in answers.items():
            if answer.state == state != "ok":
                detail = f" ({answer.detail})" if answer.detail else ""
                lines.append(f"  {address}{detail}\n    in {', '.join(links[address])}")
    return "\n".join(lines), not any(counts[state] for state in PROBLEMS)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.book.links", description=__doc__)
    parser.add_argument("--site", type=Path, default=SITE, help="the built site")
    parser.add_argument("--timeout", type=float, default=20, help="seconds for each answer")
    parser.add_argument("--pause", type=float, default=PAUSE, help="seconds before a new try")
    options = parser.parse_args()
    links = external_links(options.site)
    answers = check(list(links), options.timeout, pause=options.pause)
    text, well = report(links, answers, needs_network=bool(os.environ.get("CI")))
    print(text)
    sys.exit(not well)


if __name__ == "__main__":
    main()
