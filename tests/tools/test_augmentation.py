"""Augmentation: each kind of movement alone does to an image what it should."""

import numpy as np
import pytest
from scipy import ndimage

from tools.augmentation import flip_shift_cutout, random_affine

STILL = {"degrees": 0, "zoom": 0, "shear": 0, "shift": 0}


@pytest.fixture(scope="module")
def blot():
    """200 copies of one soft blot right of and below the center, (200, 28, 28, 1)."""
    rows, columns = np.mgrid[:28, :28]
    image = np.exp(-((rows - 15) ** 2 + (columns - 19) ** 2) / 6).astype("float32")
    return np.repeat(image[np.newaxis, ..., np.newaxis], 200, axis=0)


def centers(images) -> np.ndarray:
    """Return the center of mass of each image: (n, 2), row and column."""
    return np.array([ndimage.center_of_mass(image[..., 0]) for image in np.asarray(images)])


def test_no_movement_gives_the_same_image(blot):
    np.testing.assert_allclose(random_affine(blot, (1, 2), **STILL), blot, atol=1e-6)


def test_a_seed_gives_its_images_and_each_image_has_its_own_map(blot):
    one, again = random_affine(blot, (1, 2)), random_affine(blot, (1, 2))
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, random_affine(blot, (1, 3)))
    assert len(np.unique(centers(one).round(3), axis=0)) > 190


def test_a_shift_reaches_its_limits_and_not_beyond(blot):
    moved = centers(random_affine(blot, (0, 0), **{**STILL, "shift": 2.5})) - centers(blot)
    assert moved.shape == (200, 2)
    assert np.abs(moved).max() < 2.55
    assert (moved.min(axis=0) < -2.3).all() and (moved.max(axis=0) > 2.3).all()


def test_a_turn_keeps_the_distance_from_the_center_and_both_directions_come(blot):
    y, x = (centers(random_affine(blot, (0, 0), **{**STILL, "degrees": 30})) - 13.5).T
    np.testing.assert_allclose(np.hypot(x, y), np.hypot(5.5, 1.5), atol=0.05)
    turned = np.degrees(np.arctan2(y, x) - np.arctan2(1.5, 5.5))
    assert -30.5 < turned.min() < -27 and 27 < turned.max() < 30.5


def test_a_zoom_changes_the_distance_from_the_center_by_its_share(blot):
    y, x = (centers(random_affine(blot, (0, 0), **{**STILL, "zoom": 0.2})) - 13.5).T
    ratio = np.hypot(x, y) / np.hypot(5.5, 1.5)
    assert 1 / 1.22 < ratio.min() < 1 / 1.17 and 1 / 0.83 < ratio.max() < 1 / 0.78


def test_a_slant_moves_columns_by_the_distance_in_rows(blot):
    y, x = (centers(random_affine(blot, (0, 0), **{**STILL, "shear": 0.5})) - 13.5).T
    np.testing.assert_allclose(y, 1.5, atol=0.05)  # rows stay
    assert 0.6 < np.ptp(x) / 2 < 0.8  # 0.5 columns a row, 1.5 rows from the center


def test_garments_are_mirrored_moved_and_lose_a_square_each_by_its_own_draw(blot):
    moved = flip_shift_cutout(blot + 1, (3, 4), shift=2, hole=8)
    assert moved.shape == blot.shape and moved.dtype == blot.dtype
    np.testing.assert_array_equal(moved, flip_shift_cutout(blot + 1, (3, 4), shift=2, hole=8))
    assert not np.array_equal(moved, flip_shift_cutout(blot + 1, (3, 5), shift=2, hole=8))


def test_half_of_the_garments_are_mirror_images(blot):
    moved = flip_shift_cutout(blot, 1, shift=0, hole=0)
    mirrored = (moved == blot[:, :, ::-1]).all(axis=(1, 2, 3))
    assert (mirrored | (moved == blot).all(axis=(1, 2, 3))).all()
    assert 70 < mirrored.sum() < 130


def test_garments_move_by_whole_pixels_in_all_directions():
    dot = np.zeros((500, 28, 28, 1), "float32")
    dot[:, 13, 13] = 1
    moved = flip_shift_cutout(dot, 2, shift=2, hole=0)
    places = {tuple(place) for place in np.argwhere(moved)[:, 1:3]}
    # Column 13 may be mirrored to column 14 first.
    assert places == {(row, column) for row in range(11, 16) for column in range(11, 17)}


def test_a_hole_is_a_square_of_zeros_and_half_of_the_garments_have_one():
    moved = flip_shift_cutout(np.ones((500, 28, 28, 1), "float32"), 5, shift=0, hole=8)
    sizes = (moved == 0).sum(axis=(1, 2, 3))
    assert 200 < (sizes > 0).sum() < 300
    assert sizes.max() == 64 and min(sizes[sizes > 0]) >= 16  # at a corner a quarter is left
    for image in moved[sizes == 64][:20]:
        rows, columns = np.argwhere(image[..., 0] == 0).T
        assert np.ptp(rows) == 7 and np.ptp(columns) == 7
