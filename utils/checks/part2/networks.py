"""Ask a Keras model, as the checks of part 2 do."""

from __future__ import annotations

import numpy as np

BUILD_SECONDS = 60  # for a model to be built and called
TRAIN_SECONDS = 300  # for a short training, or for the answers to 5,000 images


def answers_of(model, images: np.ndarray, training: bool = False) -> np.ndarray:
    """Return what a Keras model answers, as float32.

    Called and not `predict`: that would compile a function for each model that is looked at.
    """
    from keras import ops

    parts = []
    for start in range(0, len(images), 250):
        out = model(ops.convert_to_tensor(images[start : start + 250]), training=training)
        parts.append(ops.convert_to_numpy(ops.cast(out, "float32")))
    return np.concatenate(parts)
