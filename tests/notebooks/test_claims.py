"""Claims of the chapters that no cell shows: each is computed here."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.mark.parametrize(("k", "d"), [(2, 1), (4, 1), (4, 2), (4, 3)])
def test_in_noise_the_share_of_equal_maxima_is_as_chapter_3_says(k, d):
    noise = np.random.default_rng(42).random((200, 20 * k + d, 20 * k))

    def largest(pictures):
        return pictures.reshape(200, 20, k, 20, k).max(axis=(2, 4))

    share = np.mean(largest(noise[:, d:]) == largest(noise[:, :-d]))
    assert share == pytest.approx((k - d) / (k + d), abs=0.01)
