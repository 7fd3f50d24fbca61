"""Network interfaces of Windows hosts (MSFT_NetAdapter, MSFT_NetAdapterStatisticsSettingData by the
NetAdapter module, learn.microsoft.com).
"""

from __future__ import annotations

from collections.abc import Iterator

from soc.collect import CommandOutput, Sample, collector, powershell, rows

INTERFACES = powershell(
    "windows-interfaces",
    adapters="Get-NetAdapter | Select-Object Name, Speed, InterfaceOperationalStatus, InterfaceAdminStatus",
    counters="Get-NetAdapterStatistics | Select-Object Name, ReceivedBytes, SentBytes, ReceivedPacketErrors, "
    "OutboundPacketErrors, ReceivedDiscardedPackets, OutboundDiscardedPackets",
    maximum_bytes=512_000,
)

_UP = 1  # IF_OPER_STATUS and NET_IF_ADMIN_STATUS alike
_COUNTERS = {
    "ReceivedBytes": "interface_receive_bytes_total",
    "SentBytes": "interface_transmit_bytes_total",
    "ReceivedPacketErrors": "interface_receive_errors_total",
    "OutboundPacketErrors": "interface_transmit_errors_total",
    "ReceivedDiscardedPackets": "interface_receive_discards_total",
    "OutboundDiscardedPackets": "interface_transmit_discards_total",
}


@collector(every="interfaces", fetch=INTERFACES)
def windows_interfaces(output: CommandOutput) -> Iterator[Sample]:
    """State, speed and counters of each adapter that is not hidden (`interface` = its name)."""
    for item in rows(output, "adapters"):
        labels = {"interface": item.text("Name")}
        operational, administrative = (
            item.whole(f"Interface{status}Status") for status in ("Operational", "Admin")
        )
        if operational is not None:
            yield Sample("interface_up", int(operational == _UP), labels)
        if administrative is not None:
            yield Sample("interface_enabled", int(administrative == _UP), labels)
        if operational == _UP and (speed := item.whole("Speed")):
            yield Sample("interface_speed_bits_per_second", speed, labels)
    for item in rows(output, "counters"):
        for member, metric in _COUNTERS.items():
            if (count := item.whole(member)) is not None:
                yield Sample(metric, count, {"interface": item.text("Name")})
