from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devserver.my_app.services.digits import number_within


@given(st.integers(0, 10**20), st.integers(0, 30))
def test_a_number_is_itself_or_out_of_bounds(number: int, zeros: int) -> None:
    expected = number if 5 <= number <= 3600 else None
    assert number_within("0" * zeros + str(number), 5, 3600) == expected


@pytest.mark.parametrize("said", ["", "-5", "+5", "5.0", "5 ", "٥", "²", "9" * 10_000])
def test_what_is_no_number(said: str) -> None:
    assert number_within(said, 0, 3600) is None
