"""Shuffled and augmented batches for `fit`, the same for the same seed and epoch.

An epoch that is begun again after an interruption gets the batches that it had before.
"""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np

# float32 images (n, 28, 28, 1) and three numbers that decide all draws → images of that form.
Augment = Callable[[np.ndarray, tuple[int, int, int]], np.ndarray]
# Such images, after augmentation → float32 (n, 10), the probabilities to learn in place of labels.
Teach = Callable[[np.ndarray], np.ndarray]


class ShuffledBatches(keras.utils.PyDataset):
    """The images and labels of a training set; each epoch has its own order and its own draws."""

    def __init__(
        self,
        images: np.ndarray,
        labels: np.ndarray,
        batch_size: int,
        seed: int,
        augment: Augment | None = None,
        epoch: int = 0,
        teach: Teach | None = None,
    ):
        super().__init__()
        self.images, self.labels, self.batch_size = images, labels, batch_size
        self.seed, self.augment, self.teach = seed, augment, teach
        self._begin(epoch)

    def _begin(self, epoch: int) -> None:
        self.epoch = epoch
        self.order = np.random.default_rng((self.seed, epoch)).permutation(len(self.images))

    def __len__(self) -> int:
        return -(-len(self.images) // self.batch_size)

    def __getitem__(self, place: int) -> tuple[np.ndarray, np.ndarray]:
        chosen = self.order[place * self.batch_size : (place + 1) * self.batch_size]
        images = self.images[chosen]
        if self.augment is not None:
            images = np.asarray(self.augment(images, (self.seed, self.epoch, place)))
        return images, self.labels[chosen] if self.teach is None else self.teach(images)

    def on_epoch_end(self) -> None:
        self._begin(self.epoch + 1)
