"""What disks say of themselves (smartctl(8) with --json, smartmontools 7)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from soc.collect import CommandOutput, Fact, Sample, SshCommand, collector

# smartctl takes one disk at a time, and what root may run must be spelt out. A disk that sleeps is let sleep.
DISKS = (*(f"/dev/sd{letter}" for letter in "abcdefghijkl"), *(f"/dev/nvme{number}" for number in range(4)))
SMARTCTL = "/usr/sbin/smartctl --json=c --nocheck=standby -i -H -A"
SMART = SshCommand(
    "linux-smart",
    "{ "
    + "; ".join(f"[ ! -e {disk} ] || sudo -n {SMARTCTL} {disk} 2>/dev/null" for disk in DISKS)
    + "; } | grep . || exit 127",
    sudo=[f"{SMARTCTL} {disk}" for disk in DISKS],
)

# Attributes whose raw value counts sectors that are lost or about to be (ATA: reallocated, pending,
# offline uncorrectable).
_LOST_SECTORS = (5, 197, 198)


@collector(every="1h", fetch=SMART, facts={"disk"})
def linux_smart(output: CommandOutput) -> Iterator[Sample | Fact]:
    """Each disk's verdict on itself, sectors lost, temperature; its serial number, model and firmware.

    `sensor_state` is 2 where the disk expects to fail, 1 where sectors are lost or spare blocks run out.
    """
    for line in output.lines:
        if not line.startswith('{"'):
            continue
        disk: dict[str, Any] = json.loads(line)
        name, passed = disk.get("device", {}).get("name"), disk.get("smart_status", {}).get("passed")
        if serial := disk.get("serial_number"):
            yield Fact(
                "disk", f"{disk.get('model_name', '')} {disk.get('firmware_version', '')}".strip(), serial
            )
        if isinstance(passed, bool):
            state = 2 if not passed else 1 if _worn(disk) else 0
            yield Sample("sensor_state", state, {"sensor": f"disk {name}"})
        if celsius := disk.get("temperature", {}).get("current"):
            yield Sample("temperature_celsius", celsius, {"sensor": f"disk {name}"})


def _worn(disk: dict[str, Any]) -> bool:
    attributes = disk.get("ata_smart_attributes", {}).get("table", [])
    if any(row["id"] in _LOST_SECTORS and row["raw"]["value"] for row in attributes):
        return True
    nvme = disk.get("nvme_smart_health_information_log", {})
    return bool(nvme) and nvme.get("available_spare", 100) <= nvme.get("available_spare_threshold", 0)
