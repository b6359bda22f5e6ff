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
from pathlib import Path
from urllib.parse import unquote

from PIL import Image

FORMATS = {"png": "png", "jpeg": "jpg", "gif": "gif", "webp": "webp", "svg+xml": "svg"}
IMG = re.compile(r"<img\b(?:\"[^\"]*\"|'[^']*'|[^'\">])*>")
ATTRIBUTE = re.compile(r"""([\w-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
SHOWN_WIDTH = re.compile(r"\bwidth:\s*([\d.]+)px;?\s*")
DATA = re.compile(r"data:image/([\w+]+);base64,(.*)", re.DOTALL)
SECTION = "<h2"


def drawn_size(picture: bytes) -> tuple[float, float] | None:
    """Return width and height of a picture in pixels, or None where a drawing has no size."""
    if b"<svg" not in picture[:2000]:
        return Image.open(io.BytesIO(picture)).size
    tag = re.search(r"<svg\b[^>]*>", picture.decode())[0]
    sizes = {name: value for name, value, _ in ATTRIBUTE.findall(tag)}
    if box := sizes.get("viewBox"):
        return tuple(map(float, box.replace(",", " ").split()[2:]))
    numbers = [re.match(r"[\d.]+", sizes.get(name, "")) for name in ("width", "height")]
    return tuple(float(number[0]) for number in numbers) if all(numbers) else None


def as_file(source: str, images: Path) -> str | None:
    """Write a picture that a page holds as data into a folder; return its name there."""
    match = DATA.fullmatch(source)
    if not match:
        return None
    picture = base64.b64decode(match[2])
    name = f"{hashlib.sha256(picture).hexdigest()}.{FORMATS[match[1]]}"
    images.mkdir(parents=True, exist_ok=True)
    if not (images / name).exists():
        (images / name).write_bytes(picture)
    return name


def sized(attributes: dict[str, str], picture: bytes) -> dict[str, str]:
    """Return an image's attributes with the width and height at which it is shown."""
    style = attributes.get("style", "")
    asked = SHOWN_WIDTH.search(style)
    size = drawn_size(picture)
    if size is None:
        return attributes
    width = float(asked[1] if asked else attributes.get("width", size[0]))
    sizes = {"width": f"{width:.0f}", "height": f"{width * size[1] / size[0]:.0f}"}
    style = SHOWN_WIDTH.sub("", style).strip()
    rest = {name: value for name, value in attributes.items() if name != "style"}
    return rest | sizes | ({"style": style} if style else {})


def finish(app, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Give every image of a page's text its size, and let it wait if it is further down."""
    if "<img" not in context.get("body", ""):
        return
    body, builder = context["body"], app.builder
    images = Path(app.outdir) / builder.imagedir
    sources = {name: Path(app.srcdir, path) for path, name in builder.images.items()}
    first = body[: body.find(SECTION) if SECTION in body else None].find("<img")

    def finished(match: re.Match) -> str:
        found = ATTRIBUTE.findall(match[0])
        attributes = {name: one or other.replace('"', "&quot;") for name, one, other in found}
        source = html.unescape(attributes["src"])
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
        written = " ".join(f'{key}="{value}"' for key, value in attributes.items())
        return f"<img {written}>"

    context["body"] = IMG.sub(finished, body)


def setup(app) -> None:
    app.connect("html-page-context", finish)
