"""Events of Windows' event log as XML (EventLogRecord.ToXml; the Event schema of Windows' documentation).

Fields have the names of the event's data, as Sigma's rules for `product: windows` use them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo
from xml.etree import ElementTree

from soc.detection.windows import flat, windows_event
from soc.intake.frame import (
    ACCOUNT_CHANGE,
    ADD_USER,
    AUTHENTICATION,
    CREATE,
    DELETE,
    GROUP_MANAGEMENT,
    LAUNCH,
    LOGOFF,
    LOGON,
    PASSWORD_CHANGE,
    PROCESS_ACTIVITY,
    REMOVE_USER,
    Frame,
    Meaning,
    programs,
    source,
)

FORMAT = "windows"

_MAXIMUM_VALUE_CHARACTERS = 32_768
_MAXIMUM_DEPTH = 8
_MESSAGE_CHARACTERS = 1000
# Level of the event (winmeta.xml: critical, error, warning, information, verbose) -> severity of syslog
_SEVERITIES = {"1": 2, "2": 3, "3": 4, "5": 7}
_INFORMATIONAL = 6
# What counts beside the event's own data. The rest of System is bookkeeping.
_SYSTEM = ("EventID", "Channel", "Provider_Name", "Computer", "Level", "Keywords", "EventRecordID")
_CLASSES = {
    "4624": (AUTHENTICATION, LOGON), "4625": (AUTHENTICATION, LOGON), "4634": (AUTHENTICATION, LOGOFF),
    "4647": (AUTHENTICATION, LOGOFF), "4688": (PROCESS_ACTIVITY, LAUNCH), "4720": (ACCOUNT_CHANGE, CREATE),
    "4723": (ACCOUNT_CHANGE, PASSWORD_CHANGE), "4724": (ACCOUNT_CHANGE, PASSWORD_CHANGE),
    "4726": (ACCOUNT_CHANGE, DELETE), "4728": (GROUP_MANAGEMENT, ADD_USER),
    "4729": (GROUP_MANAGEMENT, REMOVE_USER), "4732": (GROUP_MANAGEMENT, ADD_USER),
    "4733": (GROUP_MANAGEMENT, REMOVE_USER), "4756": (GROUP_MANAGEMENT, ADD_USER),
    "4757": (GROUP_MANAGEMENT, REMOVE_USER),
}  # fmt: skip
_ADDRESSES = ("IpAddress", "SourceIp", "SourceAddress", "ClientAddress", "ClientIP")
_PROGRAMS = ("Image", "NewProcessName", "ProcessName")


def decode(line: str, received: float, zone: tzinfo) -> Frame | None:  # noqa: ARG001 (a decoder's signature)
    if not line.startswith("<Event") or "<!" in line:  # no event declares a type or an entity
        return None
    try:
        tree = ElementTree.fromstring(line)  # noqa: S314 - without declarations there is nothing to expand
    except (ElementTree.ParseError, ValueError):
        return None
    content = _content(tree)
    found = windows_event({"Event": content})
    if found is None or not isinstance(content, Mapping):
        return None
    system = dict(flat({"System": content.get("System")}))
    own = {
        name: text[:_MAXIMUM_VALUE_CHARACTERS] for name, text in found.fields.items() if name not in system
    }
    fields = {**own, **{name: system[name] for name in _SYSTEM if name in system}}
    service = next(iter(found.source.services), "")
    # Of registry_set and registry_event the first says more.
    category = min(found.source.categories - {"registry_event"}, default="")
    meaning = _meaning(service, category, fields)
    shown = " ".join(f"{name}={text}" for name, text in own.items() if text and text != "-")
    message = f"{fields.get('EventID', '')} {fields.get('Provider_Name', '')}: {shown}"
    return Frame(
        " ".join(message.split())[:_MESSAGE_CHARACTERS],
        next((fields[name] for name in _PROGRAMS if fields.get(name)), ""),
        _time(system.get("TimeCreated_SystemTime", "")),
        _SEVERITIES.get(fields.get("Level", ""), _INFORMATIONAL),
        meaning=meaning,
    )


def _meaning(service: str, category: str, fields: dict[str, str]) -> Meaning:
    class_uid, activity_id = _CLASSES.get(fields["EventID"], (0, 0)) if service == "security" else (0, 0)
    named = (
        ("TargetUserName", "SubjectUserName") if class_uid == AUTHENTICATION else ("SubjectUserName", "User")
    )
    user = next((fields[name] for name in named if fields.get(name, "-") != "-"), "")
    address = next((fields[name] for name in _ADDRESSES if fields.get(name, "-") != "-"), "")
    source_ip, other = source(address)
    if class_uid == AUTHENTICATION:
        category = category or "authentication"
        other["outcome"] = "failure" if fields["EventID"] == "4625" else "success"
    if service == "openssh" and (said := programs()["sshd"](fields.get("payload", ""))):
        category, class_uid, activity_id = said.category, said.class_uid, said.activity_id
        user, source_ip, other = said.user, said.source_ip, dict(said.fields)
    return Meaning(
        service, category, class_uid, activity_id, user, source_ip, {**fields, **other}, product="windows"
    )


def _content(element: ElementTree.Element, depth: int = 0) -> object:
    """An element as evtx_dump prints it: children by name, attributes beside them, `Data` by its Name."""
    content: dict[str, object] = {}
    if depth < _MAXIMUM_DEPTH:
        unnamed: list[str] = []
        for child in element:
            name = _name(child)
            if name == "Data" and child.get("Name"):
                content[str(child.get("Name"))] = child.text or ""
            elif name == "Data":
                unnamed.append(child.text or "")
            else:
                content[name] = _content(child, depth + 1)
        if unnamed:
            content["Data"] = unnamed
    attributes: Mapping[str, str] = {name: text for name, text in element.attrib.items() if name != "xmlns"}
    text = element.text or ""
    if not content and not attributes:
        return text
    if attributes and depth:
        content["#attributes"] = dict(attributes)
    if text.strip():
        content["#text"] = text
    return content


def _name(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _time(text: str) -> float | None:
    try:
        moment = datetime.fromisoformat(text)
        return moment.timestamp() if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None
