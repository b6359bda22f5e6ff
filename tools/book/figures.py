"""Give the figures in stored outputs the text descriptions that notebooks keep.

IPython stores the description of a displayed image in the output's metadata
(`metadata["image/png"]["alt"]`). MyST-NB takes the size from there, but not the
description, and Sphinx would put the file's name in its place.
"""

from __future__ import annotations

import json
from pathlib import Path

from docutils import nodes
from sphinx.util import logging

LOGGER = logging.getLogger(__name__)


def find(node: nodes.Node, element: str) -> list[nodes.container]:
    """Return the containers that MyST-NB marked as this notebook element."""
    return [c for c in node.findall(nodes.container) if c.get("nb_element") == element]


def describe_figures(app, doctree: nodes.document) -> None:
    """Set `alt` on each image of a notebook's outputs; a missing one is a warning."""
    source = Path(app.env.doc2path(app.env.docname))
    if source.suffix != ".ipynb":
        return
    cells = json.loads(source.read_text("utf-8"))["cells"]
    for cell in find(doctree, "cell_code"):
        outputs = [o for o in cells[cell["cell_index"]]["outputs"] if "data" in o]
        for output, bundle in zip(outputs, find(cell, "mime_bundle"), strict=True):
            for image in bundle.findall(nodes.image):
                mime = image.parent["mime_type"]
                alt = output["metadata"].get(mime, {}).get("alt", image.get("alt", ""))
                image["alt"] = alt.strip()
                if "width" in image:  # the height follows, also on a narrow page
                    image.attributes.pop("height", None)
                if not image["alt"]:
                    LOGGER.warning(
                        "a figure of cell %s has no text description: "
                        "its output's metadata[%r] has no 'alt'",
                        cell["cell_index"] + 1,
                        mime,
                        location=app.env.docname,
                        type="course",
                        subtype="figures",
                    )


def setup(app) -> None:
    app.connect("doctree-read", describe_figures)
