"""A hub without workers, whose segments tests seal: each event is an alert of its own."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from soc.detection import match_events
from soc.model import Sample
from soc.spool.segment import SegmentBuilder
from soc.spool.spool import Spool
from tests.support.command import soc
from tests.support.estate import event
from tests.support.rules import load_documents, rule_document
from tests.support.service import Service, eventually

INVENTORY = """\
version: 1
settings: {collection: external}
devices: [{name: web-1, tower: hosting, kind: server}]
"""


class FedHub:
    """Its data directory, inventory and rule; `service` is its process."""

    def __init__(self, directory: Path, data: Path) -> None:
        self.data = data
        inventory, rules = directory / "inventory.yaml", directory / "rules"
        inventory.write_text(INVENTORY)
        rules.mkdir()
        login = rule_document(
            {"selection": {"service": "fed"}, "condition": "selection"},
            title="Fed", logsource={"product": "linux"}, group_by=["user"],
        )  # fmt: skip
        self._rules = load_documents(rules, login)
        self._spool = Spool(data / "spool")
        self._options = ["--data", str(data), "--inventory", str(inventory), "--rules", str(rules)]
        self._fed = 0
        self.service = Service(data, inventory, "--rules", str(rules))
        self.service.log = directory / "hub.log"

    def feed(self, count: int) -> Path:
        """Seal a segment with so many events and samples; its path in the spool."""
        now = time.time()
        events = [
            event(number, now, user=f"user-{number}", service="fed")
            for number in range(self._fed, self._fed + count)
        ]
        self._fed += count
        builder = SegmentBuilder()
        for item in events:
            builder.add_event(item)
            builder.add_sample("web-1", Sample("fed", 1.0, {"number": item.id}, now), 60.0)
        for match in match_events(self._rules, events):
            builder.add_match(match)
        header = self._spool.seal(builder, writer="test", created=now, sealed=now)
        return self._spool.directory / f"{header.segment}.parquet"

    def command(self, *arguments: str, check: bool = True) -> str:
        """What `soc` prints on this data directory."""
        return soc(*arguments, *self._options, check=check).stdout

    def documents(self, *arguments: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.command(*arguments, "--json").splitlines()]

    def alerts(self) -> list[dict[str, Any]]:
        """Every alert of the rule, with its history."""
        found = [
            alert for alert in self.documents("alerts", "list", "--state", "all") if alert["rule"] == "Fed"
        ]
        return sorted(found, key=lambda alert: str(alert["id"]))

    def await_alerts(self) -> None:
        """Until the running hub has an alert for each event that was fed."""
        eventually(lambda: self.opened() == self._fed)

    def opened(self) -> int:
        """How many alerts the running hub has opened; -1 while it has no store."""
        return int(self.service.get("/v1/alerts", filter="rule:Fed", limit=1).get("total", -1))

    def events(self, wanted: str) -> list[dict[str, Any]]:
        """What the running hub has of these events."""
        return list(self.service.get("/v1/events", filter=wanted)["items"])
