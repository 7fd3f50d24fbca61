"""soc.collect.executions"""

from __future__ import annotations

from dataclasses import replace

from soc.collect.executions import event_of
from soc.collect.port import Execution

DONE = Execution("linux-load", 1_700_000_000.25, "soc", "192.0.2.10", 0, 27)


def test_execution_says_what_was_run_where_and_as_whom() -> None:
    """Time is when it was sent; the command is the service, the account the user."""
    event = event_of("web-01", DONE, 1_700_000_003.0)
    assert (event.time, event.received, event.device) == (1_700_000_000.25, 1_700_000_003.0, "web-01")
    assert (event.product, event.category, event.service, event.user) == (
        "soc", "execution", "linux-load", "soc",
    )  # fmt: skip
    assert event.fields == {"exit_code": "0", "bytes": "27", "address": "192.0.2.10"}
    assert event.message == "ran linux-load as soc: exit code 0, 27 bytes"
    assert event.severity_id == 1


def test_execution_that_was_cut_gives_the_reason() -> None:
    """Without an end there is no exit code to rely on; the reason says why."""
    event = event_of("web-01", replace(DONE, exit_code=-1, reason="deadline"), 1_700_000_003.0)
    assert event.fields["reason"] == "deadline"
    assert (event.message, event.severity_id) == (
        "ran linux-load as soc: not seen to its end: deadline", 2,
    )  # fmt: skip


def test_execution_has_one_id() -> None:
    """The same execution is the same event however often it is told; another is another."""
    ids = {
        event_of("web-01", DONE, 1.0).id,
        event_of("web-01", DONE, 2.0).id,
        event_of("web-02", DONE, 1.0).id,
        event_of("web-01", replace(DONE, time=DONE.time + 60), 1.0).id,
        event_of("web-01", replace(DONE, command="linux-cpu"), 1.0).id,
    }
    assert len(ids) == 4


def test_account_is_text_and_no_terminal_control() -> None:
    """What the inventory calls the account is shown, not acted on."""
    assert "\x1b" not in event_of("web-01", replace(DONE, account="a\x1b[2J"), 1.0).message
