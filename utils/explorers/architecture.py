"""The architecture explorer: build a network layer by layer, and see what each layer costs."""

from __future__ import annotations

import traitlets

from utils import sizes
from utils.models import LECTURE_LAYERS

from . import layers as networks
from .base import Explorer, HeldList, Int, held_layers
from .values import whole

MOST_LAYERS = 24
OWN = "own network"


def convolution(filters: int, size: int, padding: str = "same") -> dict:
    """Return a convolutional layer with ReLU."""
    return {
        "type": "Conv2D",
        "filters": filters,
        "kernelSize": size,
        "padding": padding,
        "activation": "relu",
    }


def dense(units: int, activation: str = "relu") -> dict:
    """Return a dense layer."""
    return {"type": "Dense", "units": units, "activation": activation}


MAXIMUM, MEAN, FLATTEN = (
    {"type": kind} for kind in ["MaxPooling2D", "AveragePooling2D", "Flatten"]
)

# The dense network is that of the book's chapter 10.
PRESETS = {
    "the lecture's network": LECTURE_LAYERS,
    "LeNet-5, with ReLU": [
        convolution(6, 5),
        MEAN,
        convolution(16, 5, "valid"),
        MEAN,
        convolution(120, 5, "valid"),
        FLATTEN,
        dense(84),
        dense(10, "softmax"),
    ],
    "a small network": [
        convolution(16, 3),
        MAXIMUM,
        convolution(32, 3),
        MAXIMUM,
        convolution(64, 3),
        {"type": "GlobalAveragePooling2D"},
        dense(10, "softmax"),
    ],
    "dense layers only": [FLATTEN, dense(300), dense(100), dense(10, "softmax")],
}
NOTES = {
    "LeNet-5, with ReLU": "Simplified from the network of 1998, which had tanh, a weight and a "
    "bias for each pooled map, 16 maps of which all but one read only some of the 6 maps below, "
    "and another kind of last layer. Its 32 × 32 input was the digit of 28 × 28 with a border "
    "of 2, which is padding “same” here.",
}


class Checked(traitlets.TraitType):
    """A trait whose value a function checks: it returns what is kept, or raises ValueError."""

    def __init__(self, check, **options):
        super().__init__(**options)
        self.check = check
        self.tag(sync=True)

    def validate(self, owner, value):
        try:
            return self.check(whole(value))
        except ValueError as error:
            raise traitlets.TraitError(
                f"{type(owner).__name__}.{self.name} cannot be set: {error}"
            ) from None


def checked_layers(layers) -> HeldList:
    """Return at most `MOST_LAYERS` layers, checked; raise ValueError otherwise."""
    if hasattr(layers, "get_config"):
        raise ValueError("This is a Keras model; write ArchitectureExplorer.from_keras(model).")
    checked = networks.check(layers)
    if len(checked) > MOST_LAYERS:
        raise ValueError(
            f"It has room for {MOST_LAYERS} layers, and these are {len(checked)}; "
            "show a part: layers[:24]."
        )
    return held_layers(checked)


def checked_image_shape(shape) -> tuple[int, ...]:
    """Return (rows, columns, channels); raise ValueError otherwise."""
    checked = networks.check_input_shape(shape)
    if len(checked) != 3:
        raise ValueError(
            f"An input shape (rows, columns, channels) is needed, and not {checked}; "
            "a network of dense layers begins with Flatten."
        )
    return checked


class ArchitectureExplorer(Explorer):
    """Build a convolutional network and see the shape, cost and receptive field of each layer.

    `ArchitectureExplorer(layers=None, input_shape=(28, 28, 1))` takes a list of layers such
    as `{"type": "Conv2D", "filters": 64, "kernel_size": 7, "padding": "same"}`, or the name
    of a network in `presets`; `ArchitectureExplorer.from_keras(model)` takes a Keras model, a
    `keras.Sequential` or another without branches. The traits can be read, set, observed and
    linked: `layers`, `input_shape`, and `selected`, the index of the layer that is open, −1
    for the input.
    `layers` is set anew to change it: `explorer.layers += [{"type": "Flatten"}]`.
    """

    _module = traitlets.Unicode("architecture").tag(sync=True)
    presets = traitlets.List().tag(sync=True)
    layers = Checked(checked_layers)
    input_shape = Checked(checked_image_shape, default_value=(28, 28, 1))
    selected = Int(0, allow_none=True, min=-1).tag(sync=True)

    def __init__(self, layers=None, input_shape=(28, 28, 1), **traits):
        """Take layers, or a network's name; raise TraitError for what is wrong."""
        if isinstance(layers, str):
            if layers not in PRESETS:
                raise traitlets.TraitError(
                    f"ArchitectureExplorer has no network {layers!r}; it has {', '.join(PRESETS)}."
                )
            layers = PRESETS[layers]
        if layers is not None:
            traits["layers"] = layers
        super().__init__(input_shape=input_shape, **traits)

    @classmethod
    def from_keras(cls, model, **traits) -> ArchitectureExplorer:
        """Show a Keras model; raise ValueError that names a layer which is not possible."""
        layers, input_shape = networks.from_keras(model)
        return cls(layers, input_shape, **traits)

    def to_keras(self):
        """Return the network as `keras.Sequential`, uncompiled, with new random weights.

        Raises ValueError that names the layer where it cannot be built.
        """
        return networks.to_keras(self.layers, self.input_shape)

    @property
    def summary(self) -> list[dict]:
        """For each layer its type, shape, parameters, multiply_adds and receptive_field."""
        return networks.summarize(self.layers, self.input_shape)

    @traitlets.default("presets")
    def _all_presets(self):
        return [
            {"name": name, "layers": networks.check(layers), "note": NOTES.get(name, "")}
            for name, layers in PRESETS.items()
        ]

    @traitlets.default("layers")
    def _first(self):
        return networks.check(next(iter(PRESETS.values())))

    @traitlets.validate("selected")
    def _existing(self, proposal):
        if proposal.value is not None and proposal.value >= max(len(self.layers), 1):
            raise traitlets.TraitError(
                f"ArchitectureExplorer.selected is the index of one of {len(self.layers)} layers, "
                f"from 0, or −1 for the input; it cannot be {proposal.value}."
            )
        return proposal.value

    @traitlets.observe("layers")
    def _keep_selected(self, change):
        if self.selected is not None and self.selected >= len(self.layers):
            self.selected = len(self.layers) - 1

    def described(self) -> str:
        """Return name, number of layers, input and parameters; or which layer cannot be built."""
        name = next((each["name"] for each in self.presets if each["layers"] == self.layers), OWN)
        text = f"{name}, {len(self.layers)} layers on {sizes.times(self.input_shape)}"
        rows = self.summary
        for number, row in enumerate(rows, 1):
            if row["problem"]:
                return f"{text}, layer {number} ({row['type']}) cannot be built"
        total = sum(row["parameters"] for row in rows)
        in_dense = sum(row["parameters"] for row in rows if row["type"] == "Dense")
        return f"{text}, {total:,} parameters, {in_dense:,} of them dense"
