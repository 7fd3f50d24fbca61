"""Say how the estate, its alerts and the collection are.

With --nagios one line as monitoring plugins print it: CRITICAL for a device down or an open alert of
severity high or critical, WARNING for other open alerts or failing polls, UNKNOWN before the first
poll; exit code 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.
"""

from __future__ import annotations

import argparse
import json
import time
from typing import TYPE_CHECKING, Any

from soc.model.text import clean

if TYPE_CHECKING:
    from pathlib import Path

    from soc.cli._hub import HubClient
    from soc.store import Store

_EXAMPLES = """examples:
  soc status
  soc status --json
  soc status --nagios
"""
_PING = {
    "icmp": "by ICMP socket",
    "program": "by the ping program",
    "": "not possible here: no ICMP socket allowed (sysctl net.ipv4.ping_group_range), no ping program",
}


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = _EXAMPLES
    parser.add_argument(
        "--nagios", action="store_true", help="one line, exit code as monitoring plugins have"
    )


def run(args: argparse.Namespace) -> int:
    """0; with --nagios 0 to 3."""
    from soc.cli._hub import ask

    status = ask(args, "soc status", _of_hub, _of_store)
    if args.nagios:
        return _nagios(status)
    if args.json:
        print(json.dumps(status))
    else:
        _print(status)
    return 0


def _of_hub(hub: HubClient) -> dict[str, Any]:
    status = dict(hub.get("/v1/status"))
    del status["you"]
    return status


def _of_store(store: Store, data: Path) -> dict[str, Any]:
    from soc.pipeline.report import status_document

    return status_document(store, data, time.time())


def _print(status: dict[str, Any]) -> None:
    from soc.collect.ping.transport import ping_method

    devices, alerts, collection = status["devices"], status["alerts"], status["collection"]
    states = ", ".join(f"{count} {state}" for state, count in devices.items() if state != "total" and count)
    if away := status.get("off_or_away"):  # a hub that was not restarted since an upgrade does not say
        states += f" ({away} off or away, which nobody expects to answer)"
    print(f"devices     {devices['total']}" + (f": {states}" if states else ""))
    for tower, counts in status["towers"].items():
        print(f"  {tower:<12}{counts['up']}/{counts['total']} up, {counts['open_alerts']} open alerts")
    print(f"alerts      {alerts['open']} open" + _listed(alerts["by_severity"]))
    for rule, count in alerts["by_rule"].items():
        print(f"  {count:>4}  {clean(rule, 100)}")
    last = (
        f"last {collection['last']}, {collection['lag_seconds']:.0f} s ago" if collection["last"] else "never"
    )
    print(f"collection  {last}; {collection['failing']} failing" + _listed(collection["reasons"]))
    print(f"ping        {_PING[ping_method()]}")
    store = status["store"]
    print(f"store       {store['samples']} samples, {store['events']} events, {store['bytes']} bytes")
    if receiver := status.get("receiver"):
        state = "running" if receiver["running"] else "not running"
        blocked = f"; nothing is stored: {clean(receiver['blocked'])}" if receiver["blocked"] else ""
        counts = ", ".join(f"{receiver[name]} {name}" for name in ("received", "lost", "waiting"))
        print(f"receiver    {state}; {counts} since {clean(receiver['started'])}{blocked}")
    hub = status["hub"]
    since = f"pid {hub['pid']}, since {hub.get('started')}"
    print("hub         " + (since if hub["running"] else "not running"))
    if hub.get("blind_since"):
        print(f"            BLIND since {hub['blind_since']}: no device was heard of after that")


def _listed(counts: dict[str, int]) -> str:
    return f" ({', '.join(f'{count} {clean(name)}' for name, count in counts.items())})" if counts else ""


def _nagios(status: dict[str, Any]) -> int:
    devices, alerts, collection = status["devices"], status["alerts"], status["collection"]
    severe = sum(alerts["by_severity"].get(severity, 0) for severity in ("high", "critical"))
    if collection["last"] is None:
        code, word = 3, "UNKNOWN"
    elif devices["down"] or severe:
        code, word = 2, "CRITICAL"
    elif alerts["open"] or collection["failing"]:
        code, word = 1, "WARNING"
    else:
        code, word = 0, "OK"
    print(
        f"SOC {word} - {devices['up']}/{devices['total']} devices up, {devices['down']} down, "
        f"{alerts['open']} open alerts ({severe} high or critical), {collection['failing']} polls failing | "
        f"up={devices['up']} down={devices['down']} unreachable={devices['unreachable']} "
        f"unknown={devices['unknown']} alerts={alerts['open']} failing={collection['failing']}"
    )
    return code
