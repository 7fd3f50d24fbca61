"""soc.detection.matching: what each construct of Sigma matches"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from soc.detection import EventBatch, match, match_events
from soc.model import Event
from tests.support.rules import load_documents, rule_document


def matched(directory: Path, detection: dict[str, Any], events: list[dict[str, Any]]) -> list[int]:
    """Positions of the events that a rule with this detection matches."""
    rules = load_documents(directory, rule_document(detection))
    assert not rules.problems
    batch = EventBatch.from_mappings([{"product": "test", **event} for event in events])
    return [row for row, _ in match(rules, batch)]


def selection(**fields: Any) -> dict[str, Any]:
    return {
        "selection": {name.replace("__", "|"): value for name, value in fields.items()},
        "condition": "selection",
    }


@pytest.mark.parametrize(
    ("detection", "hits", "misses"),
    [
        pytest.param(selection(a="Ab"), ["ab", "AB"], ["abc", "", " ab"], id="equal, without regard to case"),
        pytest.param(selection(a=["x", "y"]), ["x", "Y"], ["z", "xy"], id="any of a list"),
        pytest.param(selection(a__contains="B"), ["abc", "B"], ["ac"], id="contains"),
        pytest.param(selection(a__startswith="ab"), ["ABC", "ab"], ["cab"], id="startswith"),
        pytest.param(selection(a__endswith="bc"), ["aBC", "bc"], ["bcd"], id="endswith"),
        pytest.param(selection(a__contains__all=["x", "y"]), ["y-x"], ["x", "y"], id="all of the values"),
        pytest.param(selection(a="a*c"), ["ac", "abbc", "a\nC"], ["acd", "bac"], id="wildcard for many"),
        pytest.param(selection(a="a?c"), ["abc", "a\nc"], ["ac", "abbc"], id="wildcard for one"),
        pytest.param(selection(a=r"a\*c"), ["a*c"], ["abc"], id="escaped wildcard"),
        pytest.param(selection(a=r"a\\*"), ["a\\b", "a\\"], ["ab"], id="backslash before a wildcard"),
        pytest.param(selection(a=r"C:\x"), ["c:\\X"], ["c:x"], id="plain backslash"),
        pytest.param(
            selection(a__contains="a%_b"), ["xa%_bx"], ["xaXXb"], id="signs special elsewhere are plain"
        ),
        pytest.param(
            selection(a__contains="a.b("), ["a.b("], ["aXb("], id="signs special in patterns are plain"
        ),
        pytest.param(selection(a__cased="Ab"), ["Ab"], ["ab"], id="cased"),
        pytest.param(selection(a__contains__cased="Ab"), ["xAbx"], ["xabx"], id="cased contains"),
        pytest.param(
            selection(a__re="a.c$"),
            ["xabc"],
            ["xABC", "abcd", "a\nc"],
            id="regular expression, cased, anywhere",
        ),
        pytest.param(selection(a__re__i="a.c"), ["xABCx"], ["ac"], id="regular expression without case"),
        pytest.param(selection(a__re__s="a.c"), ["a\nc"], ["ac"], id="dot for every sign"),
        pytest.param(selection(a__re__m="^b"), ["a\nb"], ["ab"], id="multi-line"),
        pytest.param(
            selection(a__cidr="10.1.0.0/16"),
            ["10.1.255.1", "::ffff:10.1.0.9"],
            ["10.10.0.1", "10.1", "x"],
            id="IPv4 network",
        ),
        pytest.param(
            selection(a__cidr="2001:db8::/33"),
            ["2001:DB8:0:0::1"],
            ["2001:db8:8000::1", "::1"],
            id="IPv6 network",
        ),
        pytest.param(selection(a=5), ["5", 5, "5.0"], ["50", "x", ""], id="number"),
        pytest.param(selection(a__gte=5), ["5", 6.5], ["4.9", "six"], id="at least"),
        pytest.param(selection(a__lt=5), ["-1", 4], ["5", "x"], id="below"),
        pytest.param(selection(a=True), [True, "TRUE"], [False, "1"], id="boolean"),
        pytest.param(selection(a=""), [""], ["x", None], id="empty text is not absence"),
        pytest.param(selection(a=None), [None], ["", "x"], id="null is absence"),
        pytest.param(selection(a="*"), ["", "x"], [None], id="lone wildcard is presence"),
        pytest.param(selection(a__exists=True), ["", "x"], [None], id="exists"),
        pytest.param(selection(a__exists=False), [None], ["", "x"], id="does not exist"),
        pytest.param(
            selection(a__windash__contains=" -f "),
            ["x /f y", "x -F y", "x \u2013f y"],
            ["x f y"],
            id="windash",
        ),
        pytest.param(selection(a__base64="foobar"), ["Zm9vYmFy"], ["foobar"], id="base64"),
        pytest.param(
            selection(a__base64offset__contains="foobar"),
            ["xxZm9vYmFyxx", "AGZvb2Jhcg==", "AABmb29iYXI="],
            ["foobar"],
            id="base64 at any offset",
        ),
        pytest.param(selection(a__wide__base64offset__contains="ab"), ["YQBiAA=="], ["YWI="], id="wide"),
        pytest.param(selection(a__neq="x"), ["y", None], ["X"], id="not equal"),
    ],
)
def test_value(tmp_path: Path, detection: dict[str, Any], hits: list[Any], misses: list[Any]) -> None:
    """A value matches what Sigma says it matches, and nothing besides."""
    events = [{"a": value} for value in [*hits, *misses]]
    assert matched(tmp_path, detection, events) == list(range(len(hits)))


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("s1", [1, 3]),
        ("not s1", [0, 2]),
        ("s1 and s2", [3]),
        ("s1 or s2", [1, 2, 3]),
        ("s1 and not s2", [1]),
        ("not (s1 or s2)", [0]),
        ("1 of s*", [1, 2, 3]),
        ("any of them", [1, 2, 3]),
        ("all of s*", [3]),
        ("all of them", [3]),
        ("not 1 of s*", [0]),
        ("not all of them", [0, 1, 2]),
        (["s1 and s2", "not 1 of s*"], [0, 3]),
    ],
)
def test_condition(tmp_path: Path, condition: str | list[str], expected: list[int]) -> None:
    """Conditions combine selections; several conditions are alternatives."""
    detection = {"s1": {"a": "1"}, "s2": {"b": "1"}, "condition": condition}
    events = [{"a": a, "b": b} for b in "01" for a in "01"]
    assert matched(tmp_path, detection, events) == expected


def test_not_over_a_missing_field_holds(tmp_path: Path) -> None:
    """What an event does not have it cannot equal, so the negation is true."""
    detection = {
        "s": {"a": "1"},
        "f": {"b|contains": "x", "c|cidr": "10.0.0.0/8"},
        "condition": "s and not f",
    }
    assert matched(tmp_path, detection, [{"a": 1}, {"a": 1, "b": "x", "c": "10.1.1.1"}]) == [0]


def test_fields_of_a_map_are_and_maps_of_a_list_are_or(tmp_path: Path) -> None:
    """Entries of a mapping all hold; of a list of mappings one suffices."""
    detection = {"s": [{"a": "1", "b": "1"}, {"c": "1"}], "condition": "s"}
    assert matched(tmp_path, detection, [{"a": 1, "b": 1}, {"a": 1}, {"c": 1}]) == [0, 2]


def test_keywords_are_sought_in_every_text(tmp_path: Path) -> None:
    """A value without a field is contained in any field, but not in what classifies the event."""
    detection = {"keywords": ["needle", "o*e"], "condition": "keywords"}
    events = [{"message": "a NEEDLE"}, {"x": "two", "y": "once"}, {"service": "needle"}, {"x": "o", "y": "e"}]
    assert matched(tmp_path, detection, events) == [0, 1]


def test_all_keywords(tmp_path: Path) -> None:
    """`|all` without a field wants every keyword, each anywhere in the event."""
    detection = {"keywords": {"|all": [":179", "FAILED"]}, "condition": "keywords"}
    events = [{"m": "peer :179", "n": "auth_failed"}, {"m": ":179"}]
    assert matched(tmp_path, detection, events) == [0]


def test_field_reference(tmp_path: Path) -> None:
    """A field is compared with another field of the same event; a missing one equals nothing."""
    detection = {"s": {"a|fieldref": "b"}, "condition": "s"}
    events = [{"a": "X", "b": "x"}, {"a": "x", "b": "y"}, {"a": "x"}, {}, {"a": "y", "b": "z"}]
    assert matched(tmp_path, detection, events) == [0]
    starts = {"s": {"a|fieldref|startswith": "b"}, "condition": "s"}
    assert matched(tmp_path, starts, [{"a": "xyz", "b": "X"}, {"a": "yx", "b": "x"}]) == [0]


def test_names_are_compared_without_punctuation(tmp_path: Path) -> None:
    """`Threat Name` in an event answers `ThreatName` in a rule; case counts."""
    detection = {"s": {"ThreatName": "x"}, "condition": "s"}
    assert matched(tmp_path, detection, [{"Threat Name": "x"}, {"threatname": "x"}]) == [0]


@pytest.mark.parametrize(
    ("logsource", "expected"),
    [
        ({"product": "linux"}, [0, 1]),
        ({"product": "linux", "service": "sshd"}, [0]),
        ({"service": "sudo"}, [1]),
        ({"product": "linux", "service": "auth"}, [0, 1]),
        ({"category": "authentication"}, [0, 1]),
        ({"product": "windows"}, [2]),
    ],
)
def test_logsource(tmp_path: Path, logsource: dict[str, str], expected: list[int]) -> None:
    """A rule sees the events of its log source only; `auth` is every authentication program."""
    rules = load_documents(tmp_path, rule_document({"s": {"a": "1"}, "condition": "s"}, logsource=logsource))
    events = [
        {"product": "linux", "category": "authentication", "service": "sshd", "a": "1"},
        {"product": "linux", "category": "authentication", "service": "sudo", "a": "1"},
        {"product": "windows", "a": "1"},
    ]
    assert [row for row, _ in match(rules, EventBatch.from_mappings(events))] == expected


def test_hostile_values_do_not_stop_matching(tmp_path: Path) -> None:
    """Separators, NULs and lone surrogates in values are text like any other."""
    detection = {"s": {"a|re": "e$", "b|contains": "x\x1ey"}, "condition": "s"}
    events = [{"a": "\ud800\0e", "b": "-x\x1ey-"}, {"a": "e", "b": "x"}, {"a": "e", "b": "y"}]
    assert matched(tmp_path, detection, events) == [0]


def event(**more: Any) -> Event:
    fields = {"id": "e1", "time": 5.0, "received": 6.0, "product": "test", "device": "web-01", **more}
    return Event(**fields)


def test_group_labels_default_to_those_present(tmp_path: Path) -> None:
    """A match is grouped by device, user and source address, as far as the event has them."""
    rules = load_documents(tmp_path, rule_document({"s": {"user": "ann"}, "condition": "s"}))
    (found,) = match_events(rules, [event(user="ann")])
    assert found.labels == {"device": "web-01", "user": "ann"}
    assert (found.event_id, found.time, found.received, found.device) == ("e1", 5.0, 6.0, "web-01")
    assert found.rule_version == rules.rules[0].origin.version


def test_group_by_replaces_the_default(tmp_path: Path) -> None:
    """`group_by:` names the labels; fields of the event's map may be among them."""
    document = rule_document({"s": {"user": "ann"}, "condition": "s"}, group_by=["instance", "severity_id"])
    (found,) = match_events(load_documents(tmp_path, document), [event(user="ann", fields={"instance": "7"})])
    assert found.labels == {"instance": "7", "severity_id": "1"}


def test_typed_columns_and_fields_answer_by_their_names(tmp_path: Path) -> None:
    """Typed columns, numbers and the map of fields are matched alike; empty typed text is absence."""
    detection = {
        "s": {"source_ip|cidr": "192.0.2.0/24", "class_uid": 3002, "outcome": "failure", "user": None},
        "keyword": ["port 22"],
        "condition": "s and keyword",
    }
    rules = load_documents(tmp_path, rule_document(detection))
    good = event(source_ip="192.0.2.7", class_uid=3002, fields={"outcome": "failure"}, message="on port 22")
    assert len(match_events(rules, [good, event(class_uid=3002)])) == 1


def test_nothing_in_nothing_out(tmp_path: Path) -> None:
    """No events, no matches."""
    rules = load_documents(tmp_path, rule_document({"s": {"a": "1"}, "condition": "not s"}))
    assert match_events(rules, []) == []
