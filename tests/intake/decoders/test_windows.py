"""soc.intake.decoders.windows; events written from Windows' documentation of the events and their schema"""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

import pytest

from soc.detection import RuleSet
from soc.intake.decoders.windows import decode
from soc.intake.own_logins import OwnLogins
from soc.intake.refine import Refiner
from soc.model import Device, Event, LogRecord
from tests.support.rules import load_documents, rule_document
from tests.support.windows_events import event_xml

SECURITY, PROVIDER = "Security", "Microsoft-Windows-Security-Auditing"
FAILED = event_xml(
    4625,
    SECURITY,
    PROVIDER,
    {"TargetUserName": "admin", "LogonType": "3", "IpAddress": "203.0.113.7"},
    record=17,
)
STARTED = event_xml(
    4688, SECURITY, PROVIDER,
    {
        "SubjectUserName": "mia", "SubjectDomainName": "CORP",
        "NewProcessName": r"C:\Windows\System32\whoami.exe",
        "CommandLine": "whoami /all", "ParentProcessName": r"C:\Windows\System32\cmd.exe",
        "MandatoryLabel": "S-1-16-12288",
    },
)  # fmt: skip
REGISTRY = event_xml(
    13, "Microsoft-Windows-Sysmon/Operational", "Microsoft-Windows-Sysmon",
    {"EventType": "SetValue", "Image": r"C:\x.exe", "TargetObject": r"HKLM\Run\x", "User": "mia"},
)  # fmt: skip
SCRIPT = event_xml(
    4104, "Microsoft-Windows-PowerShell/Operational", "Microsoft-Windows-PowerShell",
    {"ScriptBlockText": "if (1 -lt 2) {&#13;&#10;'" + "&amp;" * 20_000 + "Invoke-Mimi'}"}, level=5,
)  # fmt: skip
LOGIN = event_xml(
    4, "OpenSSH/Operational", "OpenSSH",
    {"process": "sshd", "payload": "Accepted publickey for soc from 192.0.2.1 port 5000 ssh2: RSA SHA256:x"},
)  # fmt: skip
WEB = Device("web-01", "hosting", ("192.0.2.10",), credentials=("ops",))
OWN = OwnLogins({"web-01": WEB}, {"ops": "soc"}, frozenset({"192.0.2.1"}))


def _event(text: str, rules: RuleSet | None = None) -> tuple[Event, list[str]]:
    (event,), matches = Refiner({}, rules or RuleSet(), own_logins=OWN).refine(
        [(WEB, LogRecord("windows-security", "sec=17", text, "windows"), 1_772_359_300.0)]
    )
    return event, [match.rule_id for match in matches]


def test_failed_logon() -> None:
    """Channel and event id say what it is; account and address are the event's own."""
    event, _ = _event(FAILED)
    assert (event.product, event.category, event.service) == ("windows", "authentication", "security")
    assert (event.class_uid, event.activity_id) == (3002, 1)
    assert (event.user, event.source_ip, event.severity_id) == ("admin", "203.0.113.7", 1)
    assert event.time == pytest.approx(1_772_359_200.123456)
    wanted = {
        "EventID": "4625", "Channel": "Security", "Provider_Name": PROVIDER,
        "Computer": "WEB-01.corp.example",
        "LogonType": "3", "EventRecordID": "17", "outcome": "failure",
    }  # fmt: skip
    assert {name: event.fields.get(name) for name in wanted} == wanted
    assert event.message == f"4625 {PROVIDER}: TargetUserName=admin LogonType=3 IpAddress=203.0.113.7"
    assert event.raw.startswith("<Event")


def test_started_program() -> None:
    """Process creation answers Sysmon's names for it as well."""
    event, _ = _event(STARTED)
    assert (event.category, event.service, event.user) == ("process_creation", "security", "mia")
    assert event.process == r"C:\Windows\System32\whoami.exe"
    assert (event.fields["User"], event.fields["IntegrityLevel"]) == (r"CORP\mia", "High")


def test_log_that_was_cleared() -> None:
    """Events whose data are no EventData (UserData) are read alike; their level is the severity."""
    text = (
        "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>"
        "<Provider Name='Microsoft-Windows-Eventlog'/><EventID Qualifiers='0'>1102</EventID><Level>2</Level>"
        "<Channel>Security</Channel></System><UserData><LogFileCleared xmlns='http://manifests.example'>"
        "<SubjectUserName>mia</SubjectUserName></LogFileCleared></UserData></Event>"
    )
    event, _ = _event(text)
    assert (event.fields["EventID"], event.user, event.severity_id) == ("1102", "mia", 4)
    assert event.time == 1_772_359_300.0


def test_long_script_is_whole() -> None:
    """A script block of documented length is matched to its end; a verbose event is kept for debugging."""
    event, _ = _event(SCRIPT)
    assert event.category == "ps_script"
    assert event.fields["ScriptBlockText"].endswith("Invoke-Mimi'}")
    assert "\r\n" in event.fields["ScriptBlockText"]
    assert event.fields["level"] == "debug"
    assert len(event.raw) <= 8192


def test_login_over_ssh_is_ours() -> None:
    """OpenSSH's own channel says who came from where, and our logins are told from others."""
    event, _ = _event(LOGIN)
    assert (event.service, event.user, event.source_ip) == ("openssh", "soc", "192.0.2.1")
    assert (event.fields["outcome"], event.fields["own_login"]) == ("success", "true")
    event, _ = _event(LOGIN.replace("for soc", "for mia"))
    assert "own_login" not in event.fields


def test_nobody_else_says_that_a_login_is_ours() -> None:
    """An event whose data are called own_login is not believed."""
    forged = event_xml(4624, SECURITY, PROVIDER, {"TargetUserName": "mia", "own_login": "true"})
    assert "own_login" not in _event(forged)[0].fields


@pytest.mark.parametrize(
    ("text", "source", "selection"),
    [
        (FAILED, {"service": "security"}, {"EventID": 4625, "TargetUserName": "ADMIN", "LogonType": 3}),
        (STARTED, {"service": "security"}, {"EventID": 4688, "NewProcessName|endswith": r"\whoami.exe"}),
        (
            STARTED,
            {"category": "process_creation"},
            {"Image|endswith": r"\whoami.exe", "User|contains": "mia"},
        ),
        (REGISTRY, {"category": "registry_set"}, {"TargetObject|contains": r"\Run"}),
        (REGISTRY, {"category": "registry_event"}, {"TargetObject|contains": r"\Run"}),
        (REGISTRY, {"service": "sysmon"}, {"EventID": 13}),
        (SCRIPT, {"category": "ps_script"}, {"ScriptBlockText|contains": "Invoke-Mimi"}),
        (LOGIN, {"service": "openssh"}, {"EventID": 4, "payload|contains": "Accepted"}),
    ],
)
def test_sigma_rules_match_as_they_are(
    tmp_path: Path, text: str, source: dict[str, str], selection: dict[str, object]
) -> None:
    """Rules for Windows' services and categories find the pulled event; another event id does not."""

    def matched(wanted: dict[str, object]) -> int:
        detection = {"selection": wanted, "condition": "selection"}
        document = rule_document(detection, logsource={"product": "windows", **source})
        return len(_event(text, load_documents(tmp_path, document))[1])

    assert matched(selection) == 1
    assert matched({**selection, "EventID": 1}) == 0


@pytest.mark.parametrize(
    "line",
    [
        "", "<Event", "<Event/>", "<Event><System/></Event>", "<Events>", "not xml", "\x00",
        '<!DOCTYPE x [<!ENTITY a "aaaa">]><Event>&a;</Event>',
        "<Event><!-- --><System><EventID>1</EventID><Channel>System</Channel></System></Event>",
        "<Event>" + "<a>" * 5000,
    ],
)  # fmt: skip
def test_what_is_no_event_is_none(line: str) -> None:
    """Other text, other XML, and XML that declares entities are left unparsed."""
    assert decode(line, 0.0, UTC) is None


def test_deep_and_wide_events_are_bounded() -> None:
    """However an event is built, its event has a bounded number of fields."""
    many = event_xml(1, "Application", "x", {f"n{number}": "y" for number in range(2000)})
    assert len(_event(many)[0].fields) <= 64
    deep = event_xml(1, "Application", "x", {}).replace("<EventData>", "<EventData>" + "<a>" * 500)
    assert _event(deep.replace("</EventData>", "</a>" * 500 + "</EventData>"))[0].service == "application"
