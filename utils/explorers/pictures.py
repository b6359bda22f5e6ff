"""What the explorers of gray images share: the list of images, and the one that is chosen."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import traitlets

from . import samples
from .base import Array, Explorer, decode, encode, held
from .values import as_array, image


def checked_images(images: Mapping[str, np.ndarray], check=image) -> dict[str, np.ndarray]:
    """Return the images by name, each as `check` returns it; raise ValueError otherwise."""
    if not images:
        raise ValueError("at least one image is needed")
    checked = {}
    for name, array in images.items():
        try:
            checked[str(name)] = held(check(as_array(array)), "image")
        except ValueError as error:
            raise ValueError(f"{name!r}: {error}") from None
    return checked


def same(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two images have one type, one size and the same values."""
    return one.dtype == other.dtype and np.array_equal(one, other)


class HeldImages(dict):
    """The images that a trait holds: no page would notice one that is put in."""

    def _refuse(self, *_, **__):
        raise TypeError(
            "An explorer does not notice a change within its images. Set them anew: "
            "explorer.images = {**explorer.images, 'mine': image}"
        )

    __setitem__ = __delitem__ = __ior__ = update = setdefault = pop = popitem = clear = _refuse


class Images(traitlets.TraitType):
    """A trait that holds images by name and travels to the page as a list."""

    def __init__(self, check=image, **options):
        """`check` takes an image as an array, and returns what is kept or raises ValueError."""
        super().__init__(**options)
        self.check = check
        self.tag(sync=True, to_json=self.to_json, from_json=self.from_json)

    def validate(self, owner, value):
        try:
            return HeldImages(checked_images(value, self.check))
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
        listed = owner.images.get(owner.selected)
        return None if listed is not None and same(listed, value) else encode(value)

    def from_json(self, value, owner):
        return owner.selected_image() if value is None else decode(value)


class PictureExplorer(Explorer):
    """An explorer of one gray image out of several.

    `images` holds those to choose from, `selected` the name of the chosen one, and `image`
    its pixels. Setting `image` shows your own.
    """

    OWN = "your image"
    DRAWING = "your drawing"  # the name that js/images.js gives

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
    def selected_image(self):
        """Return the listed image that is selected, or the first while none is."""
        return self.images.get(self.selected, next(iter(self.images.values())))

    @traitlets.validate("selected")
    def _known_name(self, proposal):
        if proposal.value not in {*self.images, self.OWN, self.DRAWING}:
            raise traitlets.TraitError(
                f"{type(self).__name__} has no image {proposal.value!r}; it has "
                f"{', '.join(self.images)}. To show your own, set image."
            )
        return proposal.value

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
        listed = self.images.get(change.new)
        if listed is not None and not same(self.image, listed):
            self.image = listed

    @traitlets.observe("image")
    def _name_own_image(self, change):
        """An image that is not listed is the reader's own; the list keeps one such image."""
        if any(same(array, change.new) for array in self.images.values()):
            return
        if self.OWN in self.images:
            self.images = {**self.images, self.OWN: self.image}
        if self.selected != self.DRAWING:
            self.selected = self.OWN
