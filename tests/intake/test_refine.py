"""soc.intake.refine"""

from __future__ import annotations

import math
from ipaddress import ip_network
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soc.detection import RuleSet
from soc.intake.frame import decoders, programs
from soc.intake.refine import ReceivedLine, Refiner
from soc.model import Device, Event, LogRecord
from soc.model.ids import digest
from tests.support.rules import load_documents, rule_document

RECEIVED = 1_735_819_200.0  # 2025-01-02 12:00:00 UTC
WEB = Device("web-01", "hosting", addresses=("192.0.2.10",), timezone="Europe/Berlin")
BASTION = Device("bastion", "hosting", addresses=("192.0.2.5",))
REFINER = Refiner({device.name: device for device in (WEB, BASTION)}, RuleSet())


def record(message: str, **more: object) -> tuple[Device, LogRecord, float]:
    values = {"stream": "auth", "cursor": "c1", "message": message, **more}
    return WEB, LogRecord(**values), RECEIVED  # type: ignore[arg-type]


def test_a_line_becomes_an_event() -> None:
    """Every column of the event follows from the line, its device and its cursor."""
    line = "<38>Jan  2 12:59:58 web-01 sshd[7]: Failed password for root from 192.0.2.5 port 22 ssh2"
    (event,), matches = REFINER.refine([record(line)])
    assert matches == []
    assert event.id == digest("web-01", "auth", "c1")
    assert (event.time, event.received) == (RECEIVED - 2, RECEIVED)
    assert (event.device, event.source_address) == ("web-01", "192.0.2.10")
    assert (event.product, event.category, event.service) == ("linux", "authentication", "sshd")
    assert (event.class_uid, event.activity_id, event.severity_id) == (3002, 1, 1)
    assert (event.user, event.source_ip, event.process) == ("root", "192.0.2.5", "sshd")
    assert event.message == "Failed password for root from 192.0.2.5 port 22 ssh2"
    assert event.raw == line
    assert event.fields["source_device"] == "bastion"
    assert event.fields["stream"] == "auth"


def test_a_program_nobody_knows_keeps_its_name() -> None:
    """A line without a parser for its program is an event of that service all the same."""
    (event,), _ = REFINER.refine([record("<28>Jan  2 12:59:58 web-01 MyApp[7]: it broke")])
    assert (event.service, event.process, event.message) == ("myapp", "MyApp", "it broke")
    assert event.severity_id == 3


@pytest.mark.parametrize("more", [{}, {"format": "nobody"}])
def test_an_undecodable_line_is_kept(more: dict[str, str]) -> None:
    """What no decoder understands is an event of service "unparsed" that holds the line."""
    (event,), _ = REFINER.refine([record("\x00 what?", **more)])
    assert (event.service, event.message, event.raw, event.time) == ("unparsed", "\x00 what?", "", RECEIVED)


def test_folded_lines_are_understood() -> None:
    """rsyslog's "message repeated" wraps what was said."""
    inner = "Failed password for root from 203.0.113.7 port 22 ssh2"
    (event,), _ = REFINER.refine([record(f"Jan  2 12:59:58 h sshd[7]: message repeated 2 times: [ {inner}]")])
    assert (event.user, event.fields["outcome"]) == ("root", "failure")


@pytest.mark.parametrize(
    ("claimed", "expected"),
    [
        (RECEIVED - 90_000, RECEIVED - 90_000),
        (RECEIVED + 3, RECEIVED + 3),
        (RECEIVED + 86_400, RECEIVED + 5),
        (-1.0, RECEIVED),
        (math.nan, RECEIVED),
    ],
)
def test_claimed_times(claimed: float, expected: float) -> None:
    """A pulled event keeps the time it claims, however old, but not one that is yet to come."""
    (event,), _ = REFINER.refine([record("Jan  2 12:59:58 h app: x", time=claimed)])
    assert event.time == expected


@pytest.mark.parametrize(("priority", "level"), [(15, "debug"), (14, None)])
def test_debug_messages_are_marked(priority: int, level: str | None) -> None:
    """Both are informational; retention tells them apart."""
    (event,), _ = REFINER.refine([record(f"<{priority}>Jan  2 12:59:58 h app: x")])
    assert (event.severity_id, event.fields.get("level")) == (1, level)


def test_matches_come_with_the_events(tmp_path: Path) -> None:
    """The rules given are matched against the normalised event."""
    detection = {"s": {"outcome": "failure"}, "condition": "s"}
    rules = load_documents(
        tmp_path, rule_document(detection, logsource={"product": "linux", "service": "sshd"})
    )
    line = "Jan  2 12:59:58 h sshd[7]: Failed password for root from 203.0.113.7 port 22 ssh2"
    (event,), (match,) = Refiner({}, rules).refine([record(line)])
    assert match.event_id == event.id
    assert match.labels == {"device": "web-01", "user": "root", "source_ip": "203.0.113.7"}


_STARTS = [
    "",
    "<38>",
    "<14>1 - h sshd - - ",
    "Jan  2 11:00:00 h sshd[1]: ",
    "Jan  2 11:00:00 h sudo: ",
    '{"MESSAGE":"',
]


@settings(max_examples=120, deadline=None)
@given(
    st.sampled_from(_STARTS),
    st.sampled_from(["", "Failed password for ", "add '", "new user: ", "pam_unix(", "(to ", "a : COMMAND="]),
    st.text(max_size=60),
    st.sampled_from([*decoders(), "nobody"]),
)
def test_no_line_stops_refining(start: str, middle: str, rest: str, log_format: str) -> None:
    """Whatever a device logs, its line is one event."""
    events, _ = REFINER.refine([record(start + middle + rest, format=log_format)])
    assert len(events) == 1


def test_lines_are_bounded() -> None:
    """A line without end is cut."""
    (event,), _ = REFINER.refine([record("Jan  2 11:00:00 h app: " + "x" * 100_000)])
    assert len(event.raw) == 8192


def test_formats_and_programs_are_found_by_their_files() -> None:
    """Adding a file adds a format or a program."""
    assert {"syslog", "journal", "audit"} <= set(decoders())
    assert {"sshd", "sudo", "su", "useradd"} <= set(programs())


def sent(message: str, **more: object) -> ReceivedLine:
    values = {"id": "e1", "source_address": "192.0.2.10", "transport": "udp", "received": RECEIVED, **more}
    return ReceivedLine(message=message, **values)  # type: ignore[arg-type]


def event_of(line: ReceivedLine, refiner: Refiner = REFINER) -> Event:
    (event,), _ = refiner.refine_received([line])
    return event


def test_a_line_that_was_sent_becomes_an_event() -> None:
    """Its device is whose address it came from, in whose time zone its time is read."""
    event = event_of(
        sent("<38>Jan  2 12:59:58 other sshd[7]: Failed password for root from 192.0.2.5 port 22 ssh2")
    )
    assert (event.id, event.device, event.source_address, event.relayed) == (
        "e1",
        "web-01",
        "192.0.2.10",
        False,
    )
    assert (event.time, event.received) == (RECEIVED - 2, RECEIVED)
    assert (event.service, event.user, event.source_ip) == ("sshd", "root", "192.0.2.5")
    assert event.fields["hostname"] == "other"
    assert (event.fields["stream"], event.fields["transport"]) == ("syslog", "udp")


def test_an_unknown_sender_is_no_device() -> None:
    """Its messages are kept all the same."""
    event = event_of(sent("what?", source_address="198.51.100.1"))
    assert (event.device, event.source_address, event.service, event.message) == (
        "", "198.51.100.1", "unparsed", "what?",
    )  # fmt: skip


def test_a_relayed_line_is_its_senders() -> None:
    """The host it names is the device, whose time zone counts; the address stays the relay's."""
    refiner = Refiner({"web-01": WEB}, RuleSet(), [ip_network("10.9.0.0/24")])
    line = sent("<38>Jan  2 12:59:58 web-01 app[7]: hello", source_address="10.9.0.1")
    event = event_of(line, refiner)
    assert (event.device, event.source_address, event.relayed) == ("web-01", "10.9.0.1", True)
    assert event.time == RECEIVED - 2


@pytest.mark.parametrize(
    ("claimed", "offset"),
    [
        ("12:58:01", -119),
        ("12:57:59", -120),
        ("09:00:00", -120),
        ("13:00:04", 4),
        ("13:00:06", 5),
        ("20:00:00", 5),
    ],
)
def test_a_claimed_time_is_believed_within_bounds(claimed: str, offset: int) -> None:
    """At most two minutes before, and five seconds after, it was received."""
    event = event_of(sent(f"<38>Jan  2 {claimed} web-01 app[7]: hello"))
    assert event.time - event.received == offset


def test_sent_lines_are_matched(tmp_path: Path) -> None:
    """The same rules as for pulled lines."""
    rules = load_documents(
        tmp_path,
        rule_document(
            {"selection": {"message|contains": "hello"}, "condition": "selection"},
            logsource={"product": "linux"},
        ),
    )
    refiner = Refiner({"web-01": WEB}, rules)
    line = sent("<38>Jan  2 12:59:58 web-01 app[7]: hello")
    _, (match,) = refiner.refine_received([line])
    assert (match.event_id, match.device) == ("e1", "web-01")


def test_lost_lines_are_an_event_of_our_own(tmp_path: Path) -> None:
    """A gap is told once, as ours, and is left to be matched where our own events are."""
    detection = {"selection": {"device": "web-01"}, "condition": "selection"}
    refiner = Refiner(
        {}, load_documents(tmp_path, rule_document(detection, logsource={"service": "journal"}))
    )
    lost = record("the entry read last is gone", stream="journal", cursor="gap s=1;i=2", format="gap")
    (event, again, _), matches = refiner.refine([lost, lost, record("Jan  2 12:59:58 web-01 journal[7]: x")])
    assert event == again
    assert (event.product, event.category, event.service) == ("soc", "collection", "journal")
    assert (event.device, event.severity_id, event.time) == ("web-01", 3, RECEIVED)
    assert event.fields == {"reason": "gap", "detail": "the entry read last is gone", "after": "s=1;i=2"}
    assert len(matches) == 1  # the line of a program by that name
