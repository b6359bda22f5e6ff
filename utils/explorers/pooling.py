"""The pooling explorer: what a pooling layer keeps, drops, and makes of a shifted image."""

from __future__ import annotations

import numpy as np
import traitlets

from . import arrays, samples, values
from .base import Bool, Int, Position, Result, Side, Tuple
from .pictures import ChosenImage, Images, PictureExplorer

LARGEST_SHIFT = 4  # pixels
LARGEST_SIDE = values.LARGEST_SIDE + 16  # zero padding makes a filter's map larger than its image


def image_or_map(array: np.ndarray) -> np.ndarray:
    """Return an image as uint8, or a feature map as float32, each (rows, columns).

    Floats of any finite value are a feature map and stay as they are, and so are integers
    beyond 0 … 255. A map may be empty. Raises ValueError that says what does not fit.
    """
    values.finite(array)
    is_image = array.dtype.kind == "b" or (
        array.dtype.kind in "ui" and array.size and array.min() >= 0 and array.max() <= 255
    )
    if is_image:
        return values.image(array)
    given, array = array.shape, values.one_image(array)
    if array.ndim != 2:
        raise ValueError(
            f"a map of shape (rows, columns) is needed, and this one is {given}; "
            + (
                "take one map of one image: maps[0, :, :, 0]"
                if array.ndim == 4
                else "take one map of it: image[..., 0]"
            )
        )
    values.check_sides(array.shape, LARGEST_SIDE, least=0)
    return values.float32(array)


class PoolingExplorer(PictureExplorer):
    """Pool an image, as `keras.layers.MaxPooling2D` and `AveragePooling2D` do, and shift it.

    `PoolingExplorer(image=None, pool_size=2, strides=None, padding="valid", mode="max",
    shift=(0, 0))` takes a gray image or a feature map (rows, columns). uint8 is shown in
    gray; floats of any value are shown by their sign, so that another explorer's feature
    map can be linked to `image`. The traits can be read, set, observed and linked: `image`,
    `pool_size` and `strides` (1 … 6; strides are the pool size where they are not given),
    `padding` ("valid" or "same"), `mode` ("max", "mean" or "min"), `shift` (pixels to the
    right and down, each −4 … 4; what comes in repeats the edge), `position` (row and column
    of the output that is looked at), `hide_changed` (blanks what the shift changed), and
    `pooled` (float32), the result for the shifted image.
    """

    _module = traitlets.Unicode("pooling").tag(sync=True)
    _results = traitlets.List(["pooled"]).tag(sync=True)
    images = Images(image_or_map)
    image = ChosenImage(image_or_map)
    pool_size = Side(2, min=1, max=6).tag(sync=True)
    strides = Side(min=1, max=6).tag(sync=True)
    padding = traitlets.CaselessStrEnum(["valid", "same"], default_value="valid").tag(sync=True)
    mode = traitlets.Enum(["max", "mean", "min"], default_value="max").tag(sync=True)
    shift = Tuple(Int(), Int(), default_value=(0, 0)).tag(sync=True)
    position = Position()
    hide_changed = Bool(False).tag(sync=True)
    pooled = Result()

    def __init__(self, image=None, pool_size=2, strides=None, **traits):
        """Take an image or a map and a layer's options, named as in Keras, or TraitError."""
        strides = pool_size if strides is None else strides
        super().__init__(image, pool_size=pool_size, strides=strides, **traits)

    @traitlets.default("selected")
    def _first(self):
        """Of the course's images the garment: its pixels are large enough to see windows."""
        names = list(self.images)
        return "garment" if self.OWN not in names and "garment" in names else names[0]

    @traitlets.default("images")
    def _sample_images(self):
        return samples.gray()

    @traitlets.default("image")
    def selected_image(self):
        """Return the listed image that is selected, or the first while none is."""
        return super().selected_image()

    @traitlets.default("position")
    def _middle(self):
        rows, columns = self.pooled.shape
        return rows // 2, columns // 2

    @traitlets.default("pooled")
    def _result(self):
        return self._pool(arrays.shifted(self.image, *self.shift))

    @traitlets.validate("shift")
    def _small_shift(self, proposal):
        if max(map(abs, proposal.value)) > LARGEST_SHIFT:
            raise traitlets.TraitError(
                f"PoolingExplorer.shift is (right, down) in pixels, each from −{LARGEST_SHIFT} "
                f"to {LARGEST_SHIFT}, and not {proposal.value}."
            )
        return proposal.value

    @traitlets.observe("image", "pool_size", "strides", "padding", "mode", "shift")
    def _compute(self, change):
        """Renew the result, unless the page has already sent this very one."""
        found = self._result()
        if not arrays.agree(found, self.pooled):
            self.pooled = found

    def _pool(self, image: np.ndarray) -> np.ndarray:
        return arrays.pool(image, self.pool_size, self.strides, self.padding, self.mode)

    def equal_shares(self) -> tuple[float, float]:
        """Return which part of the values is equal before and after the shift, each 0 … 1.

        The first is of the pooled values, the second of the image's: the same value at the
        same place, over all places. NaN where there is no value.
        """
        before, after = self.image, arrays.shifted(self.image, *self.shift)
        pairs = [(self._pool(before), self._pool(after)), (before, after)]
        return tuple(arrays.equal_share(*pair) for pair in pairs)

    def described(self) -> str:
        """Return image, layer, sizes and range of the result."""
        rows, columns = self.image.shape
        found = self.pooled
        moved = f", shift {self.shift}" if any(self.shift) else ""
        reach = f", values {found.min():.4g} to {found.max():.4g}" if found.size else ""
        return (
            f"{self.selected} {rows} × {columns}{moved}, {self.mode} {self.pool_size} × "
            f"{self.pool_size}, strides {self.strides}, padding {self.padding} → "
            f"{found.shape[0]} × {found.shape[1]}{reach}"
        )
