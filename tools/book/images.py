"""Pictures that wait until they are near, and whose place is kept until they are there.

Every `<img>` of a page's text gets the size at which it is shown, as attributes: browsers
keep a place of that shape free, on a narrow page too, where `height: auto` makes it smaller.
All but one in the first section wait until the reader comes near. A picture that a page
would hold as data, as widgets store theirs, becomes a file, or it could not wait.
"""

from __future__ import annotations

import base64
import hashlib
import html
import io
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

from PIL import Image, UnidentifiedImageError

FORMATS = {"png": "png", "jpeg": "jpg", "gif": "gif", "webp": "webp", "svg+xml": "svg"}
IMG = re.compile(r"<img\b(?:\"[^\"]*\"|'[^']*'|[^'\">])*>", re.IGNORECASE)
ATTRIBUTE = re.compile(r"""([\w-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
SHOWN_WIDTH = re.compile(r"\bwidth:\s*([\d.]+)px;?\s*")
NUMBER = re.compile(r"\d+(?:\.\d+)?")
DATA = re.compile(r"data:image/([\w+]+);base64,(.*)", re.DOTALL)
SECTION = "<h2"


class Tag(HTMLParser):
    """The attributes of a tag as a browser reads them, with quotes or without."""

    def __init__(self, tag: str):
        super().__init__()
        self.attributes: dict[str, str | None] = {}
        self.feed(tag)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.attributes = dict(reversed(attributes))  # of two with one name the first counts
        self.attributes = {name: self.attributes[name] for name, _ in attributes}


def written(attributes: dict[str, str | None]) -> str:
    """Return an image's tag."""
    quoted = {
        name: value and html.escape(value, quote=False).replace('"', "&quot;")
        for name, value in attributes.items()
    }
    parts = (name if text is None else f'{name}="{text}"' for name, text in quoted.items())
    return f"<img {' '.join(parts)}>"


def drawn_size(picture: bytes) -> tuple[float, float] | None:
    """Return width and height of a picture in pixels, or None where it has no size."""
    if b"<svg" not in picture[:2000]:
        try:
            return Image.open(io.BytesIO(picture)).size
        except UnidentifiedImageError:
            return None
    tag = re.search(r"<svg\b[^>]*>", picture.decode())[0]
    sizes = {name: value for name, value, _ in ATTRIBUTE.findall(tag)}
    if box := sizes.get("viewBox"):
        return tuple(map(float, box.replace(",", " ").split()[2:]))
    numbers = [re.match(r"[\d.]+", sizes.get(name, "")) for name in ("width", "height")]
    return tuple(float(number[0]) for number in numbers) if all(numbers) else None


def as_file(source: str, images: Path) -> str | None:
    """Write a picture that a page holds as data into a folder; return its name there."""
    match = DATA.fullmatch(source)
    if not match or match[1] not in FORMATS:
        return None
    picture = base64.b64decode(match[2])
    name = f"{hashlib.sha256(picture).hexdigest()}.{FORMATS[match[1]]}"
    images.mkdir(parents=True, exist_ok=True)
    if not (images / name).exists():
        (images / name).write_bytes(picture)
    return name


def sized(attributes: dict[str, str], picture: bytes) -> dict[str, str]:
    """Return an image's attributes with the width and height at which it is shown."""
    style = attributes.get("style") or ""
    asked = SHOWN_WIDTH.search(style)
    size = drawn_size(picture)
    asked_width = asked[1] if asked else attributes.get("width") or str(size and size[0])
    if size is None or not NUMBER.fullmatch(asked_width):  # "50%" follows the page
        return attributes
    width = float(asked_width)
    sizes = {"width": f"{width:.0f}", "height": f"{width * size[1] / size[0]:.0f}"}
    style = SHOWN_WIDTH.sub("", style).strip()
    rest = {name: value for name, value in attributes.items() if name != "style"}
    return rest | sizes | ({"style": style} if style else {})


def finish(app, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Give every image of a page's text its size, and let it wait if it is further down."""
    if not IMG.search(context.get("body", "")):
        return
    body, builder = context["body"], app.builder
    images = Path(app.outdir) / builder.imagedir
    sources = {name: Path(app.srcdir, path) for path, name in builder.images.items()}
    opening = IMG.search(body[: body.find(SECTION) if SECTION in body else None])
    first = opening.start() if opening else -1

    def finished(match: re.Match) -> str:
        attributes = Tag(match[0]).attributes
        source = attributes.get("src") or ""
        name = as_file(source, images)
        if name:
            attributes["src"] = context["pathto"](f"{builder.imagedir}/{name}", 1)
        else:
            name = unquote(source).rpartition("/")[2]
        file = sources.get(name, images / name)
        if file.is_file():
            attributes = sized(attributes, file.read_bytes())
        if match.start() != first:
            attributes |= {"loading": "lazy", "decoding": "async"}
        return written(attributes)

    context["body"] = IMG.sub(finished, body)


def setup(app) -> None:
    app.connect("html-page-context", finish)
