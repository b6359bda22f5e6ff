"""No-break spaces, where a line must not end."""

from __future__ import annotations

import pytest

from tools.book.spaces import NO_BREAK, unbroken


@pytest.mark.parametrize(
    ("text", "kept_together"),
    [
        ("a 3 × 3 window", "a 3_×_3 window"),
        ("91.9 % ± 0.5 % of 28 × 28 × 64", "91.9_%_±_0.5_% of 28_×_28_×_64"),
        ("0 0 9 4 gives 0 9.", "0_0_9_4 gives 0_9."),
        ("LeCun et al., 1998", "LeCun et_al., 1998"),
        ("k × k in chapter 5, 2012", "k × k in chapter 5, 2012"),
    ],
)
def test_no_line_ends_within_a_product_a_percentage_or_a_row_of_digits(text, kept_together):
    assert unbroken(text).replace(NO_BREAK, "_") == kept_together
