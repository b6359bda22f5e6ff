"""The files that a page's explorers load when the reader asks for them: networks, and images.

A file travels as a few classic scripts, each with a part of it as base64: they load from a
folder too, where a page may fetch nothing else, and a reader sees how far it is.
"""

from __future__ import annotations

import base64
import json
import zlib
from pathlib import Path

from tools.notebooks import widgets
from utils.explorers import networks, training_images

FOLDER = "requested"  # of the site's _static
PART = 192_000  # bytes of the file in one script, a multiple of 3
SCRIPT = "(globalThis.cnnCourseFiles??={{}})[{name}]={content};\n"


def content(name: str) -> bytes:
    """Return the file of a trained network, or of images to train on."""
    return training_images.file(name) if name in training_images.CLASSES else networks.file(name)


def parts(name: str) -> dict[str, str]:
    """Return the scripts of a file by their names."""
    file = content(name)
    pieces = [file[at : at + PART] for at in range(0, len(file), PART)]
    return {
        f"{name}.{number}.js": SCRIPT.format(
            name=json.dumps(f"{name}.{number}"),
            content=json.dumps(base64.b64encode(piece).decode()),
        )
        for number, piece in enumerate(pieces)
    }


def files_of(model: dict) -> list[str]:
    """Return the names of the files that a model may ask for."""
    if not widgets.is_ours(model):
        return []
    if model["state"].get("_module") == "training":
        return list(training_images.CLASSES)
    name = model["state"].get("network")
    return [name] if name in networks.NETWORKS else []


def needed(models: dict) -> list[str]:
    """Return the names of the files that these models may ask for."""
    return sorted({name for model in models.values() for name in files_of(model)})


def with_addresses(models: dict) -> dict:
    """Return the models of a page; each knows where on the site its files lie."""
    for model in models.values():
        if names := files_of(model):
            model["state"]["_files"] = {name: addresses(name) for name in names}
    return models


def addresses(name: str) -> list[str]:
    """Return where on the site the parts of a file lie, below `_static`."""
    version = f"{zlib.crc32(content(name)):08x}"
    return [f"{FOLDER}/{part}?v={version}" for part in parts(name)]


def write(folder: Path, name: str) -> None:
    """Write the scripts of a file into a site's `_static`, unless they are there."""
    for part, text in parts(name).items():
        file = folder / FOLDER / part
        if not file.exists() or file.read_text("utf-8") != text:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, "utf-8", newline="\n")
