"""kill -9 of what runs commands on a host: what it ran is told all the same."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

from tests.support.command import soc
from tests.support.own_collectors import OWN_COLLECTORS
from tests.support.sshd import Host

_COLLECTOR = '''
"""Takes its time."""
from soc.collect import Sample, SshCommand, collector

SLOW = SshCommand("slow", "touch {mark}; sleep {seconds}; echo 1", platforms=("linux",))


@collector(every="health", fetch=SLOW)
def slow(output):
    yield Sample("load1", float(output.stdout))
'''


def test_what_a_killed_cycle_ran_is_told(sshd: Host, tmp_path: Path) -> None:
    """The command that was under way and the one before it are events of the next cycle, once each."""
    mark, collectors = tmp_path / "mark", tmp_path / "collectors"
    collectors.mkdir(0o700)
    (collectors / "slow.py").write_text(_COLLECTOR.format(mark=mark, seconds=30))
    (tmp_path / "inventory.yaml").write_text(sshd.inventory())
    site = ("--data", str(tmp_path / "data"), "--inventory", str(tmp_path / "inventory.yaml"))
    collect = [*OWN_COLLECTORS, "collect", "--all", *site, "--collectors", str(collectors)]
    begun = time.time()
    with subprocess.Popen(collect) as killed:
        while not mark.exists():
            assert killed.poll() is None
            time.sleep(0.02)
        killed.kill()
    (collectors / "slow.py").write_text(_COLLECTOR.format(mark=mark, seconds=0))
    for _ in range(2):
        subprocess.run(collect, check=True)

    asked = ("events", "category:execution", *site, "--since", "1h", "--json")
    events = [json.loads(line) for line in soc(*asked, check=True).stdout.splitlines()]
    events.sort(key=lambda event: event["time"])
    told = [(event["service"], event["fields"].get("reason", "")) for event in events]
    assert told == [
        ("platform", "internal"), ("slow", "internal"), ("platform", ""), ("slow", ""), ("slow", ""),
    ]  # fmt: skip
    assert len({event["id"] for event in events}) == len(events)
    assert min(event["time"] for event in events) >= time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(begun))
    (file,) = (tmp_path / "data" / "outstanding").iterdir()
    assert file.read_bytes() == b""
