"""soc.model.clock"""

from __future__ import annotations

from soc.model.clock import ClockWatch


def test_a_step_is_told_once() -> None:
    """Time passing and a little slewing are no step; setting the clock is one, forwards or backwards."""
    watch = ClockWatch(1000.0, 5.0)
    assert watch.check(1060.5, 65.0) == 0.0
    assert watch.check(4661.0, 66.0) == 3599.5
    assert watch.check(4662.0, 67.0) == 0.0
    assert watch.check(1062.0, 67.0) == -3600.0


def test_slow_drift_is_no_step() -> None:
    """However much it adds up to."""
    watch = ClockWatch(0.0, 0.0)
    assert [watch.check(second * 1.5, second) for second in range(1, 60)] == [0.0] * 59
