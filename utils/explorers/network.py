"""The network explorer: a trained network at work in the page, layer by layer."""

from __future__ import annotations

import numpy as np
import traitlets

from . import networks
from .base import Position
from .network_file import network_file
from .pictures import ChosenImage, Images, PictureExplorer
from .values import image as checked_image


def gray_or_color(array) -> np.ndarray:
    """Return an image as uint8, (rows, columns) or (rows, columns, 3)."""
    is_color = np.ndim(array) == 3 and np.shape(array)[-1] == 3
    return checked_image(array, 3 if is_color else None)


class NetworkExplorer(PictureExplorer):
    """Look inside a trained network: feature maps of every layer, and what each number is made of.

    `NetworkExplorer(model=None)` takes the name of a network that the course has trained
    ("fashion_mnist_lecture", the default: chapter 5's; "mnist_reference": that of the solution
    of exercise 14.9), or a built Keras model: a chain of layers on images of up to 64 × 64
    pixels, gray or in color. `classes` names its answers. The network computes in the page, in
    a thread of its own; its file is sent when the reader asks for it.

    `labels` gives the class of a listed image by its name; the page tells it with the answer.
    The traits can be read, set and observed: `image`, `selected`, `layer` (index of the layer
    that is open, −1 for none), `map` (index of the feature map), `position` (row and column of
    the neuron), `target` (index of the answer that is asked about, −1 for the network's own).
    They are indices and begin at 0; the words on the page count maps, rows and columns from 1.
    """

    _module = traitlets.Unicode("network").tag(sync=True)
    images = Images(gray_or_color)
    image = ChosenImage(gray_or_color)
    network = traitlets.Unicode("fashion_mnist_lecture").tag(sync=True)
    bytes = traitlets.Int(0).tag(sync=True)
    share = traitlets.Float(1.0).tag(sync=True)
    labels = traitlets.Dict().tag(sync=True)  # name of an image: index of its class
    layer = traitlets.Int(-1, min=-1).tag(sync=True)
    map = traitlets.Int(0, min=0).tag(sync=True)
    position = Position()
    target = traitlets.Int(-1, min=-1).tag(sync=True)
    defaults = traitlets.Dict().tag(sync=True)

    def __init__(self, model=None, classes=None, image=None, **traits):
        """Take a network; raise TraitError that says what cannot run in a page."""
        name = "fashion_mnist_lecture" if model is None else model
        try:
            if isinstance(name, str):
                stored = networks.find(name)
                self._file = networks.file(name)
                if "images" not in traits:
                    traits |= {"images": dict(networks.images(name))}
                    traits.setdefault("labels", networks.labels(name))
                traits.setdefault("share", stored.share)
            else:
                self._file = network_file(model, classes)
                name = "own network"
                traits.setdefault("images", dict(networks.images("fashion_mnist_lecture")))
        except ValueError as error:
            raise traitlets.TraitError(f"NetworkExplorer: {error}") from None
        if image is None and traits.get("selected") == self.DRAWING:
            image = np.zeros((28, 28), np.uint8)  # an empty pad
        super().__init__(image, network=name, bytes=len(self._file), **traits)
        names = ("selected", "layer", "map", "position", "target")
        self.defaults = {each: getattr(self, each) for each in names} | {"image": None}
        self.on_msg(self._answer)

    @traitlets.default("image")
    def _selected(self):
        return self.selected_image()

    @traitlets.default("position")
    def _middle(self):
        return (5, 5)

    def _answer(self, widget, content, buffers):
        """Send the network's file when the page asks for it."""
        if content.get("kind") == "file":
            self.send({"kind": "file", "name": content.get("name")}, buffers=[self._file])

    def described(self) -> str:
        """Return the network, the image, and what is looked at."""
        looked = f", layer {self.layer}, map {self.map}" if self.layer >= 0 else ""
        rows, columns = np.shape(self.image)[:2]
        return f"{self.network}, {self.selected} {rows} × {columns}{looked}"
