"""The receptive field explorer: what one neuron of a deep layer sees of the image."""

from __future__ import annotations

from collections.abc import Sequence

import traitlets

from utils import sizes
from utils.models import LECTURE_LAYERS

from . import layers as networks
from .base import Bool, Int, Position, held_layers
from .pictures import PictureExplorer
from .values import whole

LARGEST_SIDE = 256  # pixels: more cannot be told apart in the picture


def convolution(filters: int, kernel_size: int) -> dict:
    return {"type": "Conv2D", "filters": filters, "kernelSize": kernel_size, "padding": "same"}


def placed(layers: Sequence[dict]) -> list[dict]:
    """Return the layers before the first one that gives up position, such as Flatten."""
    lost = (i for i, layer in enumerate(layers) if layer["type"] in sizes.POSITION_IS_LOST)
    return list(layers[: next(lost, len(layers))])


def sliding(layers: Sequence[dict]) -> list[dict]:
    """Return the convolutions and poolings before the first layer that gives up position."""
    return [layer for layer in placed(layers) if sizes.is_sliding(layer)]


def receptive_fields(layers: Sequence[dict]) -> list[int]:
    """Return how many pixels a neuron of each convolution or pooling sees along the rows.

    Padding is included, and it is not asked whether the windows fit.
    """
    fields, field = [], sizes.PIXEL
    for layer in sliding(networks.check(layers)):
        field = field.through(sizes.window_of(layer)[0], sizes.both(layer["strides"])[0])
        fields.append(field.size)
    return fields


PRESETS = {
    "2 convolutions": (14, [convolution(16, 3)] * 2),
    "1 large convolution": (14, [convolution(16, 5)]),
    "the lecture's network": (28, placed(LECTURE_LAYERS)),
}


class Layers(traitlets.List):
    """A trait that holds a list of layers as `layers.check` returns it, or takes a Keras model."""

    def validate(self, owner, value):
        try:
            if hasattr(value, "get_config"):
                value, _ = networks.from_keras(value)
            return held_layers(networks.check(whole(value)))
        except ValueError as error:
            raise traitlets.TraitError(
                f"{type(owner).__name__}.{self.name} cannot be set: {error}"
            ) from None


class Size(traitlets.TraitType):
    """A trait that holds (rows, columns) and takes one number for both."""

    def validate(self, owner, value):
        try:
            rows, columns = sizes.both(whole(value))
            return networks.whole(rows, LARGEST_SIDE), networks.whole(columns, LARGEST_SIDE)
        except ValueError as error:
            reason = str(error) if "whole" in str(error) else "takes a number or (rows, columns)"
            raise traitlets.TraitError(f"{type(owner).__name__}.{self.name} {reason}.") from None


class ReceptiveFieldExplorer(PictureExplorer):
    """Show what one neuron of a chosen layer sees: the maps below it, down to the pixels.

    `ReceptiveFieldExplorer(layers=None, image=None, input_size=None)` takes a list of layers
    such as `{"type": "Conv2D", "kernelSize": 3, "padding": "same"}`, a `keras.Sequential`, or
    the name of a preset. Convolutions and poolings are shown, up to a Flatten. Traits:
    `layers`, `input_size` (rows and columns of the input; the middle of `image` is scaled to
    it), `layer` (which one is looked at, counted from 1; 0 is the input), `position` (row and
    column of the neuron), `paths` (shade by the number of paths), and to read:
    `receptive_fields`, in pixels, layer by layer.
    """

    _module = traitlets.Unicode("receptive_field").tag(sync=True)
    presets = traitlets.Dict().tag(sync=True)
    layers = Layers().tag(sync=True)
    input_size = Size().tag(sync=True)
    layer = Int(min=0).tag(sync=True)
    position = Position()
    paths = Bool(False).tag(sync=True)
    receptive_fields = traitlets.List(traitlets.Int())

    def __init__(self, layers=None, image=None, input_size=None, **traits):
        """Take layers, an image and a size; raise TraitError that says what is wrong."""
        layers = "2 convolutions" if layers is None else layers
        size = 28
        if isinstance(layers, str):
            if layers not in PRESETS:
                known = ", ".join(map(repr, PRESETS))
                raise traitlets.TraitError(
                    f"ReceptiveFieldExplorer has no network {layers!r}; it has {known}."
                )
            size, layers = PRESETS[layers]
        elif hasattr(layers, "get_config") and getattr(layers, "built", False):
            size = layers.input_shape[1:3]
        if image is None and "selected" not in traits and "images" not in traits:
            traits["selected"] = "garment"
        if input_size is not None:
            size = input_size
        super().__init__(image, layers=layers, input_size=size, **traits)

    @traitlets.default("presets")
    def _all_presets(self):
        return {
            name: {"input_size": size, "layers": networks.check(layers)}
            for name, (size, layers) in PRESETS.items()
        }

    @traitlets.default("layer")
    def _last(self):
        return len(sliding(self.layers))

    @traitlets.default("position")
    def _middle(self):
        rows, columns = self.map_sizes()[min(self.layer, len(self.map_sizes()) - 1)]
        return rows // 2, columns // 2

    @traitlets.default("receptive_fields")
    def _fields(self):
        return receptive_fields(self.layers)

    @traitlets.observe("layers")
    def _renew_fields(self, change):
        self.receptive_fields = self._fields()
        self.layer = min(self.layer, len(self.receptive_fields))

    @traitlets.validate("layer")
    def _existing_layer(self, proposal):
        last = len(sliding(self.layers))
        if proposal.value > last:
            raise traitlets.TraitError(
                f"ReceptiveFieldExplorer.layer is {proposal.value}, and the last convolution or "
                f"pooling is layer {last}; 0 is the input."
            )
        return proposal.value

    def map_sizes(self) -> list[tuple[int, int]]:
        """Return rows and columns of the input and of each map, as far as the windows fit."""
        layers = placed(self.layers)
        axes = [sizes.slides(layers, self.input_size[axis], axis) for axis in (0, 1)]
        maps = [
            (rows.output, columns.output)
            for layer, rows, columns in zip(layers, *axes, strict=False)
            if sizes.is_sliding(layer)
        ]
        return [self.input_size, *maps]

    def described(self) -> str:
        """Return the size of the input, and what a neuron of each layer sees."""
        fields = ", ".join(map(str, self.receptive_fields)) or "none"
        return (
            f"{len(self.receptive_fields)} layers over {sizes.times(self.input_size)} pixels, "
            f"receptive fields {fields}"
        )
