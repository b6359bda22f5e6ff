"""What a page weighs: the bytes that a browser asks for, and in how many requests.

For `make bench ARGS=pages`, and for the test that keeps the budget. Text counts as it
travels, compressed by gzip; pictures and fonts as they are. A font that a style sheet
holds as data, or a picture that a page holds as data, counts as a font or as a picture.
"""

from __future__ import annotations

import gzip
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup

BUDGET = 220_000  # bytes of a page without its pictures
FONT_DATA = re.compile(rb"url\(['\"]?data:font/[^)]*\)")
IMAGE_DATA = re.compile(rb"data:image/[\w+]+;base64,[A-Za-z0-9+/=]+")


@dataclass
class Weight:
    """The bytes of a page by kind, and the number of its requests, lazy pictures included."""

    html: int = 0
    css: int = 0
    js: int = 0
    fonts: int = 0
    images: int = 0
    requests: int = 1

    @property
    def without_images(self) -> int:
        return self.html + self.css + self.js + self.fonts


def pages(site: Path) -> list[Path]:
    """Return the files of a built site's pages.

    index.html only leads on to the first, and 404.html is of use on a server alone.
    """
    found = (page for page in site.rglob("*.html") if "_static" not in page.parts)
    return sorted(page for page in found if page not in {site / "index.html", site / "404.html"})


def travels(content: bytes, data: re.Pattern) -> tuple[int, int]:
    """Return the bytes, compressed, of a file without the data it holds, and of this data."""
    whole = len(gzip.compress(content, mtime=0))
    rest = len(gzip.compress(data.sub(b"", content), mtime=0))
    return rest, whole - rest


def local_files(page: Path, soup: BeautifulSoup, selector: str, attribute: str) -> list[Path]:
    """Return the files of the site that these elements of a page name, each once."""
    addresses = (element[attribute] for element in soup.select(selector))
    paths = (urlsplit(address).path for address in addresses if not address.startswith("data:"))
    return [page.parent / path for path in dict.fromkeys(map(unquote, paths))]


def weigh(page: Path) -> Weight:
    """Return what a built page weighs with everything that it loads by itself."""
    content = page.read_bytes()
    soup = BeautifulSoup(content, "html.parser")
    weight = Weight()
    weight.html, weight.images = travels(content, IMAGE_DATA)
    sheets = local_files(page, soup, "link[rel=stylesheet]", "href")
    for sheet in sheets:
        rules, fonts = travels(sheet.read_bytes(), FONT_DATA)
        weight.css += rules
        weight.fonts += fonts
    scripts = local_files(page, soup, "script[src]", "src")
    weight.js = sum(len(gzip.compress(script.read_bytes(), mtime=0)) for script in scripts)
    pictures = local_files(page, soup, "img[src]", "src")
    weight.images += sum(picture.stat().st_size for picture in pictures)
    weight.requests += len(sheets) + len(scripts) + len(pictures)
    return weight


def table(site: Path) -> str:
    """Return the weights of all pages of a built site as a table, in kB of 1,000 bytes."""
    kinds = ["html", "css", "js", "fonts", "images"]
    head = ["page", *kinds, "without images", "requests"]
    rows = [head]
    for page in pages(site):
        weight = weigh(page)
        sizes = [*(getattr(weight, kind) for kind in kinds), weight.without_images]
        name = page.relative_to(site).as_posix()
        rows.append([name, *(f"{size / 1000:.0f}" for size in sizes), str(weight.requests)])
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    return "\n".join(
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in rows
    )
