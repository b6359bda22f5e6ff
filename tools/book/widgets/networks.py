"""The files of trained networks that a page's explorers load when the reader asks for them.

A network travels as a few classic scripts, each with a part of its file as base64: they load
from a folder too, where a page may fetch nothing else, and a reader sees how far it is.
"""

from __future__ import annotations

import base64
import json
import zlib
from pathlib import Path

from tools.notebooks import widgets
from utils.explorers import networks

FOLDER = "networks"  # of the site's _static
PART = 192_000  # bytes of the file in one script, a multiple of 3
SCRIPT = "(globalThis.cnnCourseFiles??={{}})[{name}]={content};\n"


def parts(name: str) -> dict[str, str]:
    """Return the scripts of a network by the names of their files."""
    content = networks.file(name)
    pieces = [content[at : at + PART] for at in range(0, len(content), PART)]
    return {
        f"{name}.{number}.js": SCRIPT.format(
            name=json.dumps(f"{name}.{number}"),
            content=json.dumps(base64.b64encode(piece).decode()),
        )
        for number, piece in enumerate(pieces)
    }


def needed(models: dict) -> list[str]:
    """Return the names of the stored networks that these models show."""
    shown = {model["state"].get("network") for model in models.values() if widgets.is_ours(model)}
    return sorted(shown & set(networks.NETWORKS))


def with_addresses(models: dict) -> dict:
    """Return the models of a page; one of a network knows where on the site its file lies."""
    for model in models.values():
        name = model["state"].get("network")
        if widgets.is_ours(model) and name in networks.NETWORKS:
            version = f"{zlib.crc32(networks.file(name)):08x}"
            model["state"]["_file"] = [f"{FOLDER}/{part}?v={version}" for part in parts(name)]
    return models


def write(folder: Path, name: str) -> None:
    """Write the scripts of a network into a site's `_static`, unless they are there."""
    for part, text in parts(name).items():
        file = folder / FOLDER / part
        if not file.exists() or file.read_text("utf-8") != text:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, "utf-8", newline="\n")
