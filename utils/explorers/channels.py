"""The channel explorer: a filter has one slice for each channel, and sums over all of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import traitlets

from . import arrays, samples
from .base import Array, Bool, Explorer, Int, Position, Result, Side, Tuple
from .kernels import color_presets
from .values import float32, image, whole

SIZES = (3, 5)
MOST_FILTERS = 4
START = ("orange against blue", "vertical edge", "red against green")
START_BIASES = (0, 0, -70)  # the last one leaves only the dahlia's red middle


def checked_image(array: np.ndarray) -> np.ndarray:
    """Return an RGB image (rows, columns, 3) as uint8; raise ValueError otherwise."""
    return image(array, 3)


def checked_filters(array: np.ndarray) -> np.ndarray:
    """Return filters (k, k, 3, n), k 3 or 5, n 1 … 4, as float32; raise ValueError otherwise."""
    filters = float32(array)
    rule = "filters of shape (k, k, 3, n), as Keras stores them, with k 3 or 5 and n 1 to 4"
    if array.ndim == 3 and array.shape[-1] == 3:
        raise ValueError(
            f"{rule} are needed, and this is one of shape {array.shape}: filters[..., np.newaxis]"
        )
    is_square = array.ndim == 4 and array.shape[0] == array.shape[1] and array.shape[0] in SIZES
    if not is_square or array.shape[2] != 3 or not 1 <= array.shape[3] <= MOST_FILTERS:
        some = is_square and array.shape[2] == 3 and array.shape[3] > MOST_FILTERS
        raise ValueError(
            f"{rule} are needed, and these are {array.shape}"
            + (f"; show some of them: filters[..., :{MOST_FILTERS}]" if some else "")
        )
    return filters


def checked_biases(array: np.ndarray) -> np.ndarray:
    """Return biases (n,) as float32; raise ValueError otherwise."""
    if array.ndim != 1:
        raise ValueError(f"a list of one number for each filter is needed, not {array.shape}")
    return float32(array)


def named_filters(names: Sequence[str], size: int) -> np.ndarray:
    """Return the presets of these names as filters (size, size, 3, n); raise TraitError."""
    if size not in SIZES:
        raise traitlets.TraitError(f"ChannelExplorer: size is 3 or 5, not {size!r}.")
    presets = color_presets(size)
    for name in names:
        if name.lower() not in presets:
            raise traitlets.TraitError(
                f"ChannelExplorer has no filter {name!r}; it has {', '.join(presets)}."
            )
    return np.stack([presets[name.lower()] for name in names], axis=-1)


class ChannelExplorer(Explorer):
    """Convolve an RGB image with filters of k × k × 3, as `keras.layers.Conv2D` does.

    `ChannelExplorer(image=None, filters=None, biases=None, size=3, …)` takes an image
    (rows, columns, 3) and filters: an array (k, k, 3, n) with k 3 or 5 and n 1 … 4, or
    names of presets. The traits can be read, set, observed and linked: `image`, `filters`
    and `biases` (float32), `filter` (the index of the one that is shown), `channels`
    (whether red, green and blue are on; the values of one that is off are 0), `stride`
    (1 … 4), `padding` ("valid" or "same"), `relu`, `position` (row and column of the output
    that is looked at), and `feature_maps` (float32, (rows, columns, n)), the result.
    """

    _module = traitlets.Unicode("channels").tag(sync=True)
    _results = traitlets.List(["feature_maps"]).tag(sync=True)
    presets = traitlets.Dict().tag(sync=True)
    image = Array(checked_image)
    filters = Array(checked_filters)
    biases = Array(checked_biases)
    filter = Int(0, min=0).tag(sync=True)
    channels = Tuple(*(Bool() for _ in "RGB")).tag(sync=True)
    stride = Side(1, min=1, max=4).tag(sync=True)
    padding = traitlets.CaselessStrEnum(["valid", "same"], default_value="valid").tag(sync=True)
    relu = Bool(True).tag(sync=True)
    position = Position()
    feature_maps = Result()

    def __init__(self, image=None, filters=None, biases=None, size: int = 3, **traits):
        """Take an image, filters or their names, and biases; raise TraitError for what is wrong."""
        if filters is None:
            filters, biases = START, START_BIASES if biases is None else biases
        if isinstance(filters, str):
            filters = [filters]
        is_list = isinstance(filters, (list, tuple)) and len(filters) > 0
        if is_list and all(isinstance(name, str) for name in filters):
            filters = named_filters(filters, whole(size))
        traits |= {
            "filters": filters,
            "image": samples.load()["flower"] if image is None else image,
        }
        if biases is not None:
            traits["biases"] = biases
        super().__init__(**traits)

    @traitlets.default("presets")
    def _all_presets(self):
        return {
            str(size): {name: array.tolist() for name, array in color_presets(size).items()}
            for size in SIZES
        }

    @traitlets.default("biases")
    def _no_biases(self):
        return np.zeros(self.filters.shape[-1], np.float32)

    @traitlets.default("channels")
    def _all_channels(self):
        return True, True, True

    @traitlets.default("position")
    def _middle(self):
        return tuple(side // 2 // self.stride for side in self.image.shape[:2])

    @traitlets.default("feature_maps")
    def _result(self):
        found = arrays.convolve_channels(
            self.image * np.array(self.channels, np.uint8),
            self.filters,
            self.stride,
            self.padding,
            self.biases,
        )
        return np.maximum(found, 0) if self.relu else found

    @traitlets.validate("biases")
    def _one_for_each_filter(self, proposal):
        count = self.filters.shape[-1]
        if len(proposal.value) != count:
            raise traitlets.TraitError(
                f"ChannelExplorer.biases needs one number for each of the {count} filters, "
                f"and got {len(proposal.value)}."
            )
        return proposal.value

    @traitlets.validate("filter")
    def _one_of_the_filters(self, proposal):
        last = self.filters.shape[-1] - 1
        if proposal.value > last:
            raise traitlets.TraitError(
                f"ChannelExplorer.filter is an index, 0 to {last}, and not {proposal.value}."
            )
        return proposal.value

    @traitlets.observe("image", "filters", "biases", "channels", "stride", "padding", "relu")
    def _compute(self, change):
        """Renew the feature maps, unless the page has already sent these very ones."""
        count = self.filters.shape[-1]
        self.filter = min(self.filter, count - 1)
        if len(self.biases) != count:  # other filters came alone; this comes back here
            self.biases = np.append(self.biases, np.zeros(count))[:count]
            return
        found = self._result()
        if not arrays.agree(found, self.feature_maps):
            self.feature_maps = found

    def described(self) -> str:
        """Return the sizes of image, filters and feature maps, and the number of parameters."""
        rows, columns, _ = self.image.shape
        size, _, _, count = self.filters.shape
        on = "".join(letter for letter, is_on in zip("RGB", self.channels, strict=True) if is_on)
        shown = {"RGB": "", "": "no channel on, "}.get(on, f"only {on} on, ")
        maps = " × ".join(map(str, self.feature_maps.shape))
        return (
            f"image {rows} × {columns} × 3, {shown}{count} filter{'s' * (count > 1)} "
            f"{size} × {size} × 3, stride {self.stride}, padding {self.padding} → {maps}, "
            f"{self.filters.size + count} parameters"
        )
