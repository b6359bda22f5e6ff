"""What the explorers of gray images share: the list of images, and the one that is chosen."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import traitlets

from . import samples
from .base import Array, Explorer, decode, encode, image


def checked_images(images: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the images by name, each as uint8 (rows, columns); raise ValueError otherwise."""
    if not images:
        raise ValueError("at least one image is needed")
    checked = {}
    for name, array in images.items():
        try:
            checked[str(name)] = image(np.asarray(array))
        except ValueError as error:
            raise ValueError(f"{name!r}: {error}") from None
    return checked


class Images(traitlets.TraitType):
    """A trait that holds images by name and travels to the page as a list."""

    def __init__(self, **options):
        super().__init__(**options)
        self.tag(sync=True, to_json=self.to_json, from_json=self.from_json)

    def validate(self, owner, value):
        try:
            return checked_images(value)
        except (AttributeError, TypeError, ValueError) as error:
            raise traitlets.TraitError(
                f"{type(owner).__name__}.{self.name} takes a dict of images by name: {error}."
            ) from None

    def to_json(self, value, owner):
        return [{"name": name, "image": encode(array)} for name, array in value.items()]

    def from_json(self, value, owner):
        return {item["name"]: decode(item["image"]) for item in value}


class ChosenImage(Array):
    """The image that is shown. One of the list travels as None, so that it is not sent twice."""

    def to_json(self, value, owner):
        return None if owner.images.get(owner.selected) is value else encode(value)

    def from_json(self, value, owner):
        return owner.images[owner.selected] if value is None else decode(value)


class PictureExplorer(Explorer):
    """An explorer of one gray image out of several.

    `images` holds those to choose from, `selected` the name of the chosen one, and `image`
    its pixels. Setting `image` shows your own.
    """

    OWN = "your image"

    images = Images()
    selected = traitlets.Unicode().tag(sync=True)
    image = ChosenImage(image)

    @traitlets.default("images")
    def _sample_images(self):
        return samples.gray()

    @traitlets.default("selected")
    def _first(self):
        return next(iter(self.images))

    @traitlets.default("image")
    def _selected_image(self):
        return self.images[self.selected]

    def __init__(self, image=None, **traits):
        """Show `image`, uint8 or floats within 0 … 1, (rows, columns), or the course's samples."""
        if image is not None and "images" not in traits:
            traits["images"] = {self.OWN: image, **samples.gray()}
            image = None
        super().__init__(**traits)
        if image is not None:
            self.image = image

    @traitlets.observe("selected")
    def _show_selected(self, change):
        if change.new in self.images:
            self.image = self.images[change.new]

    @traitlets.observe("image")
    def _name_own_image(self, change):
        is_listed = any(array is change.new for array in self.images.values())
        if not is_listed and self.selected in self.images:
            self.selected = self.OWN if self.OWN not in self.images else "another image"
