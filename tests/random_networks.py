"""Random networks of every type of layer that sizes.py and sizes.js know, as plain values."""

from __future__ import annotations

import random

from utils.explorers import layers

STEADY = [
    {"type": "ReLU"},
    {"type": "BatchNormalization"},
    {"type": "BatchNormalization", "scale": False},
    {"type": "Dropout", "rate": 0.2},
    {"type": "Activation", "activation": "tanh"},
    {"type": "Rescaling", "scale": 0.1},
]
KINDS = ["Conv2D", "Conv2D", "SeparableConv2D", "DepthwiseConv2D", "MaxPooling2D"]
KINDS += ["AveragePooling2D"]


def random_network(seed: int, for_keras: bool = True) -> tuple[list[dict], tuple[int, int, int]]:
    """Return layers and an input shape; some networks cannot be built.

    `for_keras` leaves out what Keras or TensorFlow has not: a padding by number, and different
    strides for rows and columns.
    """
    draw = random.Random(seed)

    def window():
        side = draw.randint(1, 4)
        return draw.choice([side, side, [side, draw.randint(1, 4)]])

    def sliding():
        options = {
            "type": draw.choice(KINDS),
            "padding": draw.choice(["valid", "same"]),
            "strides": draw.randint(1, 3),
        }
        if not for_keras:
            options["padding"] = draw.choice(["valid", "same", 1, draw.randint(0, 4)])
            options["strides"] = draw.choice([options["strides"], [1, draw.randint(1, 5)]])
        if "Pooling" in options["type"]:
            return options | {"poolSize": window()}
        options |= {
            "kernelSize": window(),
            "useBias": draw.random() < 0.7,
            "activation": draw.choice([None, "relu"]),
        }
        if options["type"] != "DepthwiseConv2D":
            options["filters"] = draw.randint(1, 5)
        if options["type"] != "Conv2D":
            options["depthMultiplier"] = draw.choice([1, 1, 2])
        return options

    def border():
        zeros = [draw.randint(0, 2) for _ in range(4)]
        padding = draw.choice([zeros[0], zeros[:2], [zeros[:2], zeros[2:]]])
        return {"type": "ZeroPadding2D", "padding": padding}

    def steady():
        return draw.choice(STEADY)

    kinds = [sliding, sliding, sliding, border, steady]
    network = [draw.choice(kinds)() for _ in range(draw.randint(1, 6))]
    ends = ["Flatten", "GlobalAveragePooling2D", "GlobalMaxPooling2D", "Dropout"]
    network.append({"type": draw.choice(ends)})
    network += [{"type": "Dense", "units": draw.randint(1, 9), "activation": "softmax"}, steady()]
    shape = (draw.randint(6, 30), draw.randint(6, 30), draw.choice([1, 3]))
    return layers.check(network), shape
