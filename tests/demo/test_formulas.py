"""Figures that look measured: bounded, rising where they must, the same for the same seed."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from soc.demo.formulas import counter, dice, ramp, wave, whole

TIMES = st.floats(0, 1e8, allow_nan=False)


def test_dice_depend_on_seed_and_name() -> None:
    """Equal seeds and names throw alike, others do not."""
    throw = dice(1, "router", "port").random()
    assert dice(1, "router", "port").random() == throw
    assert dice(2, "router", "port").random() != throw
    assert dice(1, "router", "serial").random() != throw


@settings(deadline=None)
@given(st.floats(0.001, 1e9), st.floats(0, 6.28), TIMES, st.floats(0, 1e4))
def test_counters_never_fall(per_second: float, phase: float, time: float, later: float) -> None:
    """A counter is not lower later, whatever its rate."""
    value = counter(per_second, 0.0, 5, phase)
    assert 5 <= value(time) <= value(time + later)


@settings(deadline=None)
@given(TIMES)
def test_waves_keep_their_levels(time: float) -> None:
    """A wave stays between its two levels."""
    assert 2.0 <= wave(2.0, 7.0, 600, 1.0)(time) <= 7.0


def test_ramps_have_two_ends() -> None:
    """Flat before and after, straight in between."""
    value = ramp(1.0, 0.0, 100, 200)
    assert [value(time) for time in (0, 100, 150, 200, 900)] == [1.0, 1.0, 0.5, 0.0, 0.0]
    assert whole(value, 10)(150) == 5
