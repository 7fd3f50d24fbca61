"""When to try again."""

from __future__ import annotations

from soc.alerting.notify.schedule import LIFETIME_SECONDS, MAXIMUM_ATTEMPTS, delay_seconds


def test_doubles() -> None:
    """From one minute on each delay is twice the one before, up to the longest."""
    assert [delay_seconds(attempts, 0.5) for attempts in range(1, 9)] == [
        60, 120, 240, 480, 960, 1920, 3840, 5400,
    ]  # fmt: skip
    assert delay_seconds(10**6, 0.5) == 5400


def test_jitter() -> None:
    """The draw varies a delay by a quarter both ways."""
    assert delay_seconds(1, 0.0) == 45
    assert 74 < delay_seconds(1, 0.999) < 75


def test_all_attempts_fit_in_a_lifetime() -> None:
    """Twenty attempts take most of the day for which a notice is worth telling, and no more."""
    total = sum(delay_seconds(attempts, 0.5) for attempts in range(1, MAXIMUM_ATTEMPTS))
    assert 0.75 * LIFETIME_SECONDS < total < LIFETIME_SECONDS
