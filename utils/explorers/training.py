"""The training explorer: a small convolutional network learns in the page."""

from __future__ import annotations

import json

import traitlets

from . import training_images
from .base import Explorer

SETTINGS = {
    "data": ["digits", "garments"],
    "images": [20, 100, 500, 1000, 2000, 5000],
    "blocks": [1, 2, 3],
    "filters": [4, 8, 16, 32],
    "kernel": [1, 3, 5, 7],
    "pooling": ["max", "mean", "none"],
    "units": [0, 32, 64, 128],
    "dropout": [0, 0.25, 0.5, 0.75],
    "batchNorm": [False, True],
    "activation": ["relu", "none"],
    "start": ["random", "zeros", "low biases"],
    "optimizer": ["adam", "momentum", "sgd"],
    "rate": None,  # above 0
    "batch": [8, 16, 32, 64, 128],
    "augment": [False, True],
    "wrong": [0, 0.1, 0.3, 0.5, 1],
    "shuffled": [False, True],
    "peek": [False, True],
    "seed": None,  # from 0
}

SITUATIONS = [
    "usual",
    "too-fast",
    "too-slow",
    "no-relu",
    "few-images",
    "wrong-labels",
    "shuffled",
    "dead-relus",
    "zeros",
    "peeked",
]


def checked(name: str, value):
    """Return a setting's value; raise ValueError that says what it may be."""
    if name not in SETTINGS:
        raise ValueError(f"there is no setting {name!r}; there are {', '.join(SETTINGS)}")
    among = SETTINGS[name]
    if among is not None:
        if value not in among:
            raise ValueError(f"{name} is one of {', '.join(map(str, among))}, and not {value!r}")
        return among[among.index(value)]
    kinds = (int, float) if name == "rate" else int
    is_number = isinstance(value, kinds) and not isinstance(value, bool)
    if not is_number or not (0 < value < float("inf") if name == "rate" else 0 <= value < 2**32):
        wanted = "a number above 0" if name == "rate" else "a whole number from 0"
        raise ValueError(f"{name} is {wanted}, and not {value!r}")
    return value


class TrainingExplorer(Explorer):
    """Train a small convolutional network in the page: watch filters form, break it, repair it.

    `TrainingExplorer(situation="usual", **settings)` begins with a prepared situation, of
    js/training_situations.js, and with settings: `data` ("digits" or "garments"), `images`,
    `blocks`, `filters`, `kernel`, `pooling`, `units`, `dropout`, `batchNorm`, `activation`,
    `start`, `optimizer`, `rate`, `batch`, `augment`, `wrong`, `shuffled`, `peek`, `seed`. The
    images are sent when the reader asks for them; they never leave the page, nor do drawings.

    The traits `settings` and `situation` can be read, set and observed. The weights that the
    page lets you download are opened by `to_keras`.
    """

    _module = traitlets.Unicode("training").tag(sync=True)
    situation = traitlets.Unicode("usual").tag(sync=True)
    settings = traitlets.Dict().tag(sync=True)
    sizes = traitlets.Dict().tag(sync=True)

    def __init__(self, situation="usual", **settings):
        """Take settings; raise TraitError that says what one may be."""
        self._files = {name: training_images.file(name) for name in training_images.CLASSES}
        sizes = {name: len(file) for name, file in self._files.items()}
        super().__init__(situation=situation, settings=settings, sizes=sizes)
        self.on_msg(self._answer)

    @traitlets.validate("situation")
    def _known_situation(self, proposal):
        if proposal.value not in SITUATIONS:
            raise traitlets.TraitError(
                f"TrainingExplorer has no situation {proposal.value!r}; there are "
                f"{', '.join(SITUATIONS)}."
            )
        return proposal.value

    @traitlets.validate("settings")
    def _known_settings(self, proposal):
        try:
            return {name: checked(name, value) for name, value in proposal.value.items()}
        except ValueError as error:
            raise traitlets.TraitError(f"TrainingExplorer: {error}.") from None

    def _answer(self, widget, content, buffers):
        """Send the images that the page asks for."""
        name = content.get("name")
        if content.get("kind") == "file" and name in self._files:
            self.send({"kind": "file", "name": name}, buffers=[self._files[name]])

    def described(self) -> str:
        """Return the situation and the settings."""
        return f"{self.situation}, {json.dumps(self.settings)}"
