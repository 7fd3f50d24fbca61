"""soc.detection.windows; events written from Microsoft's and Sysmon's documentation"""

from __future__ import annotations

from typing import Any

import pytest

from soc.detection.windows import flat, windows_event


def dumped(channel: str, event_id: object, **data: Any) -> dict[str, Any]:
    """An event in the form that evtx_dump prints."""
    return {
        "Event": {
            "#attributes": {"xmlns": "http://schemas.microsoft.com/win/2004/08/events/event"},
            "System": {
                "Provider": {"#attributes": {"Name": "P"}},
                "EventID": event_id,
                "Channel": channel,
                "Correlation": None,
            },
            "EventData": data,
        }
    }


@pytest.mark.parametrize(
    ("channel", "event_id", "data", "category", "service"),
    [
        ("Microsoft-Windows-Sysmon/Operational", 1, {}, "process_creation", "sysmon"),
        (
            "Microsoft-Windows-Sysmon/Operational",
            12,
            {"EventType": "DeleteValue"},
            "registry_delete",
            "sysmon",
        ),
        ("Microsoft-Windows-Sysmon/Operational", 12, {"EventType": "CreateKey"}, "registry_add", "sysmon"),
        ("Microsoft-Windows-Sysmon/Operational", 13, {}, "registry_set", "sysmon"),
        ("Microsoft-Windows-Sysmon/Operational", 13, {}, "registry_event", "sysmon"),
        ("Security", 4688, {}, "process_creation", "security"),
        ("Microsoft-Windows-PowerShell/Operational", 4104, {}, "ps_script", "powershell"),
        ("Windows PowerShell", 800, {}, "ps_classic_script", "powershell-classic"),
    ],
)
def test_channel_and_id_say_the_log_source(
    channel: str, event_id: int, data: dict[str, str], category: str, service: str
) -> None:
    """Sigma's categories and services follow from where an event was logged and its number."""
    event = windows_event(dumped(channel, event_id, **data))
    assert event is not None
    assert event.source.product == "windows"
    assert category in event.source.categories
    assert service in event.source.services


def test_flat_events_need_no_wrapper() -> None:
    """A flat mapping with a channel and an id is a Windows event too; one without is none."""
    event = windows_event({"Channel": "System", "EventID": "7045", "ServiceName": "x"})
    assert event is not None
    assert event.fields["ServiceName"] == "x"
    assert windows_event({"message": "x"}) is None
    assert windows_event({"Event": "x"}) is None


def test_process_creation_audit_answers_sysmon_names() -> None:
    """4688 carries image, parent, user and integrity level under the names that rules use."""
    event = windows_event(
        dumped(
            "Security", 4688, NewProcessName="C:\\a.exe", ParentProcessName="C:\\b.exe", CommandLine="a -x",
            SubjectUserName="ann", SubjectDomainName="LAB", MandatoryLabel="S-1-16-12288",
        )
    )  # fmt: skip
    assert event is not None
    assert event.fields["Image"] == "C:\\a.exe"
    assert event.fields["ParentImage"] == "C:\\b.exe"
    assert event.fields["User"] == "LAB\\ann"
    assert event.fields["IntegrityLevel"] == "High"


@pytest.mark.parametrize(
    ("operation", "category", "kind"),
    [("%%1905", "registry_set", "SetValue"), ("%%1906", "registry_delete", "DeleteValue")],
)
def test_registry_audit_answers_sysmon_names(operation: str, category: str, kind: str) -> None:
    """4657 becomes a set or deleted registry value with the hive's short name."""
    event = windows_event(
        dumped(
            "Security", 4657, ObjectName="\\REGISTRY\\MACHINE\\SOFTWARE\\X", ObjectValueName="Run",
            OperationType=operation, NewValueType="%%1876", NewValue="1", ProcessName="C:\\r.exe",
        )
    )  # fmt: skip
    assert event is not None
    assert category in event.source.categories
    assert event.fields["TargetObject"] == "HKLM\\SOFTWARE\\X\\Run"
    assert event.fields["EventType"] == kind
    assert event.fields["Image"] == "C:\\r.exe"
    assert event.fields.get("Details") == ("DWORD (0x00000001)" if kind == "SetValue" else None)


def test_flattening() -> None:
    """Attributes are prefixed, texts take their element's name, null is absence, lists are lines."""
    nested = {
        "System": {"Provider": {"#attributes": {"Name": "P"}}, "EventID": {"#text": 5}},
        "EventData": {"a": None, "b": True, "Data": ["x", 1]},
    }
    assert dict(flat(nested)) == {"Provider_Name": "P", "EventID": "5", "b": "true", "Data": "x\n1"}


def test_depth_is_bounded() -> None:
    """Nesting without end is cut, not followed."""
    deep: dict[str, Any] = {"leaf": "x"}
    for _ in range(5000):
        deep = {"n": deep}
    assert dict(flat(deep)) == {}
