"""Windows events: evtx_dump's JSON or flat mappings, as fields and Sigma log sources.

Sources: Microsoft's event documentation (4688, 4657), Sysmon's event ids, Sigma's taxonomy appendix
for the names of categories and services.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from soc.detection.logsource import EventSource

MAXIMUM_FIELDS = 512
_MAXIMUM_DEPTH = 8

_SYSMON = "microsoft-windows-sysmon/operational"
_SYSMON_CATEGORIES: dict[str, tuple[str, ...]] = {
    "1": ("process_creation",), "2": ("file_change",), "3": ("network_connection",),
    "4": ("sysmon_status",), "5": ("process_termination",), "6": ("driver_load",), "7": ("image_load",),
    "8": ("create_remote_thread",), "9": ("raw_access_thread",), "10": ("process_access",),
    "11": ("file_event",), "13": ("registry_set", "registry_event"),
    "14": ("registry_rename", "registry_event"), "15": ("create_stream_hash",), "16": ("sysmon_status",),
    "17": ("pipe_created",), "18": ("pipe_created",), "19": ("wmi_event",), "20": ("wmi_event",),
    "21": ("wmi_event",), "22": ("dns_query",), "23": ("file_delete",), "24": ("clipboard_capture",),
    "25": ("process_tampering",), "26": ("file_delete",), "27": ("file_block_executable",),
    "28": ("file_block_shredding",), "29": ("file_executable_detected",), "255": ("sysmon_error",),
}  # fmt: skip
_POWERSHELL = ("microsoft-windows-powershell/operational", "powershellcore/operational")
_POWERSHELL_CATEGORIES = {"4103": ("ps_module",), "4104": ("ps_script",)}
_POWERSHELL_CLASSIC_CATEGORIES = {
    "400": ("ps_classic_start",),
    "600": ("ps_classic_provider_start",),
    "800": ("ps_classic_script",),
}
# Channels whose Sigma service is not simply the channel's own name.
_SERVICES: dict[str, str] = {
    _SYSMON: "sysmon",
    _POWERSHELL[0]: "powershell",
    _POWERSHELL[1]: "powershell",
    "windows powershell": "powershell-classic",
    "microsoft-windows-taskscheduler/operational": "taskscheduler",
    "microsoft-windows-windows defender/operational": "windefend",
    "microsoft-windows-wmi-activity/operational": "wmi",
    "microsoft-windows-dns-client/operational": "dns-client",
    "dns server": "dns-server",
    "microsoft-windows-dns-server/analytical": "dns-server-analytic",
    "microsoft-windows-dns-server/audit": "dns-server-audit",
    "microsoft-windows-driverframeworks-usermode/operational": "driver-framework",
    "microsoft-windows-ntlm/operational": "ntlm",
    "microsoft-windows-applocker/msi and script": "applocker",
    "microsoft-windows-applocker/exe and dll": "applocker",
    "microsoft-windows-applocker/packaged app-deployment": "applocker",
    "microsoft-windows-applocker/packaged app-execution": "applocker",
    "microsoft-windows-printservice/admin": "printservice-admin",
    "microsoft-windows-printservice/operational": "printservice-operational",
    "microsoft-windows-terminalservices-localsessionmanager/operational":
        "terminalservices-localsessionmanager",
    "microsoft-windows-smbclient/security": "smbclient-security",
    "microsoft-windows-smbclient/connectivity": "smbclient-connectivity",
    "microsoft-windows-smbserver/connectivity": "smbserver-connectivity",
    "microsoft-windows-windows firewall with advanced security/firewall": "firewall-as",
    "microsoft-windows-bits-client/operational": "bits-client",
    "microsoft-windows-security-mitigations/kernel mode": "security-mitigations",
    "microsoft-windows-security-mitigations/user mode": "security-mitigations",
    "microsoft-windows-codeintegrity/operational": "codeintegrity-operational",
    "microsoft-windows-ldap-client/debug": "ldap",
    "microsoft-windows-lsa/operational": "lsa-server",
    "microsoft-windows-shell-core/operational": "shell-core",
    "microsoft-windows-appxdeploymentserver/operational": "appxdeployment-server",
    "microsoft-windows-appxpackaging/operational": "appxpackaging-om",
    "microsoft-windows-appmodel-runtime/admin": "appmodel-runtime",
    "microsoft-windows-bitlocker/bitlocker management": "bitlocker",
    "microsoft-windows-capi2/operational": "capi2",
    "microsoft-windows-certificateservicesclient-lifecycle-system/operational":
        "certificateservicesclient-lifecycle-system",
    "microsoft-windows-diagnosis-scripted/operational": "diagnosis-scripted",
    "microsoft-windows-hyper-v-worker": "hyper-v-worker",
    "microsoft-windows-kernel-eventtracing": "kernel-event-tracing",
    "microsoft-windows-vhdmp/operational": "vhdmp",
    "microsoft-iis-configuration/operational": "iis-configuration",
    "microsoft-servicebus-client": "microsoft-servicebus-client",
    "microsoft-windows-sense/operational": "sense",
    "msexchange management": "msexchange-management",
    "openssh/operational": "openssh",
}  # fmt: skip

# Security 4688 and 4657 carry what Sysmon 1, 12 and 13 carry, under other names.
_PROCESS_ALIASES = {"NewProcessName": "Image", "ParentProcessName": "ParentImage"}
_INTEGRITY_LEVELS = {
    "S-1-16-4096": "Low", "S-1-16-8192": "Medium", "S-1-16-8448": "Medium",
    "S-1-16-12288": "High", "S-1-16-16384": "System",
}  # fmt: skip
_HIVES = (("\\REGISTRY\\MACHINE", "HKLM"), ("\\REGISTRY\\USER", "HKU"))
_VALUE_DELETED = "%%1906"
_REG_DWORD = "%%1876"


@dataclass(frozen=True, slots=True)
class WindowsEvent:
    source: EventSource
    fields: Mapping[str, str]


def windows_event(event: Mapping[str, object]) -> WindowsEvent | None:
    """Fields and log source of a Windows event; None where the mapping is not one (it has no Channel)."""
    inner = event.get("Event", event)
    if not isinstance(inner, Mapping):
        return None
    fields: dict[str, str] = {}
    for name, text in flat(inner):
        fields.setdefault(name, text)
        if len(fields) >= MAXIMUM_FIELDS:
            break
    channel, event_id = fields.get("Channel", "").lower(), fields.get("EventID", "")
    if not channel or not event_id:
        return None
    categories: tuple[str, ...] = ()
    if channel == _SYSMON:
        categories = _sysmon_categories(event_id, fields)
    elif channel in _POWERSHELL:
        categories = _POWERSHELL_CATEGORIES.get(event_id, ())
    elif channel == "windows powershell":
        categories = _POWERSHELL_CLASSIC_CATEGORIES.get(event_id, ())
    elif channel == "security" and event_id == "4688":
        categories = ("process_creation",)
        _alias_process(fields)
    elif channel == "security" and event_id == "4657":
        deleted = fields.get("OperationType") == _VALUE_DELETED
        categories = ("registry_delete" if deleted else "registry_set", "registry_event")
        _alias_registry(fields)
    service = _SERVICES.get(channel, channel)
    return WindowsEvent(EventSource("windows", frozenset(categories), frozenset({service})), fields)


def flat(mapping: Mapping[str, object], depth: int = 0) -> Iterator[tuple[str, str]]:
    """Leaves of a nested mapping as (name, text): containers such as EventData add no prefix,
    `#attributes` entries are prefixed with the element's name (Provider_Name), null is left out."""
    for name, value in mapping.items():
        if isinstance(value, Mapping):
            if depth >= _MAXIMUM_DEPTH:
                continue
            attributes = value.get("#attributes")
            if isinstance(attributes, Mapping) and depth:
                yield from ((f"{name}_{key}", text) for key, text in flat(attributes, depth + 1))
            content = {key: inner for key, inner in value.items() if key != "#attributes"}
            if "#text" in content:
                content[str(name)] = content.pop("#text")
            yield from flat(content, depth + 1)
        elif value is not None and name != "#attributes":
            yield str(name), plain(value)


def plain(value: object) -> str:
    """A leaf as the text that rules compare with: true is 'true', lists are joined by line feeds."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return "\n".join(plain(item) for item in value[:MAXIMUM_FIELDS])
    return value if isinstance(value, str) else str(value)


def _sysmon_categories(event_id: str, fields: Mapping[str, str]) -> tuple[str, ...]:
    if event_id == "12":
        change = "registry_delete" if fields.get("EventType", "").startswith("Delete") else "registry_add"
        return (change, "registry_event")
    return _SYSMON_CATEGORIES.get(event_id, ())


def _alias_process(fields: dict[str, str]) -> None:
    renamed = {alias: fields[name] for name, alias in _PROCESS_ALIASES.items() if name in fields}
    if fields.get("SubjectUserName"):
        domain = fields.get("SubjectDomainName", "")
        renamed["User"] = f"{domain}\\{fields['SubjectUserName']}" if domain else fields["SubjectUserName"]
    if level := _INTEGRITY_LEVELS.get(fields.get("MandatoryLabel", "")):
        renamed["IntegrityLevel"] = level
    fields.update(renamed)


def _alias_registry(fields: dict[str, str]) -> None:
    key = fields.get("ObjectName", "")
    for prefix, hive in _HIVES:
        if key.upper().startswith(prefix):
            key = hive + key[len(prefix) :]
    value = fields.get("ObjectValueName", "")
    details = fields.get("NewValue", "")
    if fields.get("NewValueType") == _REG_DWORD and details.isascii() and details.isdigit():
        details = f"DWORD (0x{int(details[:20]):08x})"
    deleted = fields.get("OperationType") == _VALUE_DELETED
    fields["TargetObject"] = f"{key}\\{value}" if value else key
    fields["EventType"] = "DeleteValue" if deleted else "SetValue"
    if not deleted:
        fields["Details"] = details
    if "ProcessName" in fields:
        fields["Image"] = fields["ProcessName"]
