"""soc.console.report: alerts and devices as lines."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from rich.cells import cell_len

from soc.console.palette import Line
from soc.console.report import alert_preview, alert_report, device_report
from tests.support import console_estate as estate

NOW = 1_700_000_000.0


def text(lines: Sequence[Line]) -> str:
    return "\n".join("".join(part for part, _ in line) for line in lines)


def test_preview_says_why_who_and_when() -> None:
    """Rule, reason, entities, how often and since when, the first pieces of evidence."""
    alert = estate.alert_details(estate.alert(1, NOW), NOW)
    said = text(alert_preview(alert, NOW, 78))
    for part in (
        "Password spray", "At least 20 users", "dc02", "source_ip=10.20.4.77", "41 times", "2:07", "a.abe",
        "35 more",
    ):  # fmt: skip
        assert part in said, part


def test_report_has_history_evidence_and_identity() -> None:
    """Everything that the API says about the alert is there."""
    alert = estate.alert_details(estate.alert(4, NOW), NOW)
    said = text(alert_report(alert, NOW, 100))
    assert "acknowledged by mia" in said
    assert "owner mia" in said
    assert "https://runbooks.example.org/filesystemfull" in said
    assert alert["id"] in said
    assert alert["fingerprint"] in said


def test_closed_and_suppressed_alerts_say_so() -> None:
    """The disposition, and what hushes it."""
    alert = estate.alert(1, NOW, workflow="closed", disposition="benign", suppressed_by="dependency")
    said = text(alert_preview(alert, NOW, 78))
    assert "closed" in said
    assert "benign" in said
    assert "by dependency" in said


def test_device_report() -> None:
    """State and cause, alerts, facts by set, series with their latest values, events."""
    [device] = [row for row in estate.devices(8, NOW) if row["state"] == "down"]
    said = text(device_report(estate.device_details(device, NOW), NOW, 100))
    for part in ("!!DOWN", "snmp: timeout", "alerts, 2", "FOC2231X0QK", "cpu_utilization_ratio", "Gi1/0/3"):
        assert part in said, part


def test_series_without_a_present_value() -> None:
    """A stale series shows its last known value as such; those that never had one are counted."""
    samples = [
        {"metric": "cpu_utilization_ratio", "values": [[1.0, 0.5], [2.0, None]]},
        {"metric": "up", "values": [[1.0, None]]},
        {"metric": "load_ratio", "values": [[1.0, 0.25]]},
    ]
    said = text(device_report({"device": "x", "since": "2023-11-14T00:00:00Z", "samples": samples}, NOW, 100))
    assert "0.5 stale cpu_utilization_ratio" in said
    assert "0.25  load_ratio" in said
    assert "1 series have no value of late" in said
    assert "never" not in said


@pytest.mark.parametrize("width", [0, 1, 20, 49, 80, 200])
def test_documents_with_holes(width: int) -> None:
    """An older or newer hub leaves things out, or says them otherwise: lines, no error."""
    strange = {"labels": None, "history": None, "evidence": [None, 3, {}], "count": None, "first_seen": 7}
    for document in ({}, strange, {"samples": [{}], "facts": [{}], "events": [{}], "alerts": [{}]}):
        assert alert_report(document, NOW, width)
        assert alert_preview(document, NOW, width)
        assert device_report(document, NOW, width)


def test_wrapped_text_fits() -> None:
    """Long reasons are wrapped to the pane, not cut."""
    alert = estate.alert(0, NOW, summary="word " * 60)
    lines = alert_preview(alert, NOW, 49)
    assert max(cell_len("".join(part for part, _ in line)) for line in lines) <= 49
    assert text(lines).count("word") == 60
