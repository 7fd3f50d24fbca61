"""soc.model.times"""

from __future__ import annotations

import pytest

from soc.model.times import LATEST_SECONDS, is_time


@pytest.mark.parametrize("seconds", [0, 0.5, 1_700_000_000, LATEST_SECONDS - 1])
def test_times(seconds: float) -> None:
    """From 1970 to 2199."""
    assert is_time(seconds)


@pytest.mark.parametrize("seconds", [-1, LATEST_SECONDS, 1e300, float("inf"), float("-inf"), float("nan")])
def test_no_times(seconds: float) -> None:
    """What no calendar, or no column, holds."""
    assert not is_time(seconds)
