"""Which transports a machine has for an inventory, and what they share."""

from __future__ import annotations

from pathlib import Path

import pytest

from soc.collect.transports import Transports, transports_for
from soc.inventory import load_inventory

SSH = "ops: {ssh: {user: soc, key_file: k, known_hosts: h}}"
SNMP = "lab: {snmp: {version: '2c', community: {env: C}}}"


@pytest.mark.parametrize(
    ("credentials", "names"),
    [("", set()), (SSH, {"ssh"}), (SNMP, {"snmp"}), (f"{SSH}, {SNMP}", {"ssh", "snmp"})],
)
def test_only_what_some_credential_needs(tmp_path: Path, credentials: str, names: set[str]) -> None:
    """Neither library is loaded for nothing."""
    path = tmp_path / "inventory.yaml"
    path.write_text(f"version: 1\ncredentials: {{{credentials}}}\n")
    assert set(transports_for(load_inventory(path))) - {"ping"} == names


def test_instances_share_what_is_kept(tmp_path: Path) -> None:
    """A worker makes several, and others when the inventory changes."""
    path = tmp_path / "inventory.yaml"
    path.write_text(f"version: 1\ncredentials: {{{SSH}}}\n")
    transports = Transports(tmp_path / "known_hosts")
    first, second = (transports(load_inventory(path))["ssh"] for _ in range(2))
    assert first is not second
    assert first._kept is second._kept is not None  # type: ignore[attr-defined]
