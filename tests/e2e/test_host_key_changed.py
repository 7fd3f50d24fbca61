"""A host that shows another key than the one on record: a critical alert, and not a word to it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.support.command import soc
from tests.support.sshd import Host


def test_changed_host_key_is_a_critical_alert(sshd: Host, tmp_path: Path) -> None:
    """One cycle finds it, and sshd never learned who came."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "other"], check=True)
    other = " ".join((tmp_path / "other.pub").read_text().split()[:2])
    known_hosts = tmp_path / "known_hosts"
    known_hosts.write_text(f"[127.0.0.1]:{sshd.port} {other}\n")
    text = sshd.inventory().replace(str(sshd.known_hosts), str(known_hosts))
    inventory = tmp_path / "inventory.yaml"
    inventory.write_text(text.replace(f"user: {sshd.user}", "user: told-to-nobody"))
    data = ("--data", str(tmp_path / "data"))

    soc("collect", *data, "--inventory", str(inventory), "--json")
    shown = soc("alerts", *data, "--inventory", str(inventory), "--json", check=True)

    alerts = [json.loads(line) for line in shown.stdout.splitlines()]
    (alert,) = [alert for alert in alerts if alert["rule"] == "SSH host key changed"]
    assert (alert["severity"], alert["device"]) == ("critical", "host")
    log = sshd.log.read_text()
    assert "told-to-nobody" not in log
    assert "Accepted" not in log
