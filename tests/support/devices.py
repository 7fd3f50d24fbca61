"""Test objects: devices, inventories and a table-driven transport at the port."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from soc.collect.port import Answer, Job
from soc.inventory import keep_accepted, load_inventory

INVENTORY = """\
version: 1
credentials:
  lab: {snmp: {version: "2c", community: {env: SOC_TEST_COMMUNITY}}}
  ops: {ssh: {user: soc, key_file: /nonexistent/key, known_hosts: /nonexistent/known_hosts}}
devices:
  - {name: sw-1, address: 192.0.2.1, tower: network, kind: switch, credentials: [lab]}
  - {name: sw-2, address: 192.0.2.2, tower: network, kind: switch, credentials: [lab]}
  - {name: web-1, address: 192.0.2.3, tower: hosting, kind: server, credentials: [ops]}
"""


def write_inventory(directory: Path, text: str = INVENTORY) -> Path:
    path = directory / "inventory.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def accept(data: Path, inventory: Path) -> None:
    """Have the inventory in force in that data directory, as a hub does."""
    keep_accepted(data / "inventory.accepted", load_inventory(inventory, keep_texts=True).texts)


@dataclass
class TableTransport:
    """Answers each job by `answer(job)`; keeps the jobs it was given."""

    answer: Callable[[Job], Answer]
    jobs: list[Job] = field(default_factory=list)

    def run(self, jobs: Iterable[Job], on_answer: Callable[[Answer], None], deadline: float) -> None:
        for job in jobs:
            self.jobs.append(job)
            on_answer(self.answer(job))
