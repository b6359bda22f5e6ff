"""The filter explorer: slide a kernel over an image and see every product."""

from __future__ import annotations

import numpy as np
import traitlets

from . import arrays
from .base import Array, Bool, Float, Int, Position, Result, Side
from .kernels import presets
from .pictures import PictureExplorer
from .values import float32, whole

SIZES = (3, 5, 7)


def checked_kernel(array: np.ndarray) -> np.ndarray:
    """Return a kernel (k, k), k 3, 5 or 7, as float32; raise ValueError otherwise."""
    if array.ndim == 4 and array.shape[2:] == (1, 1):  # as a layer of one map has it
        array = array[..., 0, 0]
    kernel = float32(array)
    if array.ndim != 2 or array.shape[0] != array.shape[1] or array.shape[0] not in SIZES:
        even = " (an even side has no middle pixel)" if array.size and len(array) % 2 == 0 else ""
        raise ValueError(
            f"a kernel of shape (3, 3), (5, 5) or (7, 7) is needed, "
            f"and this one is {array.shape}{even}"
            + ("; take one slice of it: kernel[:, :, 0, 0]" if array.ndim == 4 else "")
        )
    return kernel


class FilterExplorer(PictureExplorer):
    """Convolve an image with a kernel, as `keras.layers.Conv2D` does: the kernel is not flipped.

    `FilterExplorer(image=None, kernel="Sobel x", size=7, …)` takes a gray image
    (rows, columns) and a kernel: an array (k, k) with k 3, 5 or 7, or the name of a
    preset. The traits can be read, set, observed and linked: `image`, `kernel` (float32),
    `stride` (1 … 4), `padding` ("valid", "same" as in Keras, or zeros on either side),
    `bias` (in gray levels), `relu`, `position` (row and column of the output that is
    looked at), and `feature_map` (float32), the result.
    """

    _module = traitlets.Unicode("filter").tag(sync=True)
    _results = traitlets.List(["feature_map"]).tag(sync=True)
    presets = traitlets.Dict().tag(sync=True)
    kernel = Array(checked_kernel)
    stride = Side(1, min=1, max=4).tag(sync=True)
    padding = traitlets.Union(
        [Int(min=0, max=6), traitlets.CaselessStrEnum(["valid", "same"])], default_value="valid"
    ).tag(sync=True)
    bias = Float(0.0).tag(sync=True)
    relu = Bool(False).tag(sync=True)
    position = Position()
    feature_map = Result()

    def __init__(self, image=None, kernel="Sobel x", size: int = 3, **traits):
        """Take an image and a kernel, or its name and size; raise TraitError for what is wrong."""
        if isinstance(kernel, str):
            size = whole(size)
            if size not in SIZES:
                raise traitlets.TraitError(f"FilterExplorer: size is 3, 5 or 7, not {size!r}.")
            by_name = {name.lower(): array for name, array in presets(size).items()}
            if kernel.lower() not in by_name:
                raise traitlets.TraitError(
                    f"FilterExplorer has no kernel {kernel!r}; it has {', '.join(presets(3))}."
                )
            kernel = by_name[kernel.lower()]
        super().__init__(image, kernel=kernel, **traits)

    @traitlets.default("presets")
    def _all_presets(self):
        return {
            str(size): {name: array.round(6).tolist() for name, array in presets(size).items()}
            for size in SIZES
        }

    @traitlets.default("position")
    def _middle(self):
        rows, columns = self.image.shape
        return rows // 2 // self.stride, columns // 2 // self.stride

    @traitlets.default("feature_map")
    def _result(self):
        found = arrays.convolve(self.image, self.kernel, self.stride, self.padding, self.bias)
        return np.maximum(found, 0) if self.relu else found

    @traitlets.observe("image", "kernel", "stride", "padding", "bias", "relu")
    def _compute(self, change):
        """Renew the feature map, unless the page has already sent this very one."""
        found = self._result()
        if not arrays.agree(found, self.feature_map):
            self.feature_map = found

    def described(self) -> str:
        """Return image, kernel, sizes and range of the feature map."""
        rows, columns = self.image.shape
        found = self.feature_map
        reach = f", values {found.min():.4g} to {found.max():.4g}" if found.size else ""
        return (
            f"{self.selected} {rows} × {columns}, {self.kernel_name()} "
            f"{len(self.kernel)} × {len(self.kernel)}, stride {self.stride}, padding "
            f"{self.padding} → {found.shape[0]} × {found.shape[1]}{reach}"
        )

    def kernel_name(self) -> str:
        """Return the name of the preset that the kernel equals, or "own kernel"."""
        for name, array in presets(len(self.kernel)).items():
            if np.allclose(array, self.kernel, atol=1e-5):
                return name
        return "own kernel"
