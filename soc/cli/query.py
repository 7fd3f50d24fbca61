"""Evaluate a PromQL expression over the stored samples.

At one time (--at, default now) or over a range (--from, with --to and --step). TIME is UTC as
2026-03-01T12:00:00Z, seconds since the epoch, `now`, or a duration that long ago (30m, 2h).
"""

from __future__ import annotations

import argparse
import json
import math
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from soc.model.text import clean

if TYPE_CHECKING:
    from pathlib import Path

    from soc.cli._hub import HubClient
    from soc.store import Store

Documents = list[dict[str, Any]]
_EXAMPLES = """examples:
  soc query 'up == 0'
  soc query 'sum by (tower) (max by (device, tower) (up{collector=~"snmp|ssh|ping"}))'
  soc query 'filesystem_used_bytes / filesystem_size_bytes > 0.8' --at 2h --json
  soc query 'rate(interface_receive_bytes_total{device="sw-core-01"}[20m])' --from 6h --step 5m
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = _EXAMPLES
    parser.add_argument("expression", metavar="PROMQL", help="the expression")
    parser.add_argument("--at", metavar="TIME", help="evaluate at this time (default now)")
    parser.add_argument("--from", metavar="TIME", dest="begin", help="evaluate over a range from this time")
    parser.add_argument("--to", metavar="TIME", dest="end", help="the range's end (default now)")
    parser.add_argument("--step", metavar="DURATION", help="distance of the range's times (default 1m)")


def run(args: argparse.Namespace) -> int:
    """0, whether there is a result or not. Raises ConfigurationError for a wrong expression or time."""
    from soc.cli._hub import ask
    from soc.cli._load import seconds
    from soc.cli._times import moment
    from soc.model import ConfigurationError
    from soc.promql import compile

    now = time.time()
    if args.at and (args.begin or args.end or args.step):
        raise ConfigurationError("--at is one time; --from, --to and --step are a range")
    if not args.begin and (args.end or args.step):
        raise ConfigurationError("--to and --step need --from")
    expression = compile(args.expression)
    at = moment(args.at or "now", now)
    begin, end = moment(args.begin or "now", now), moment(args.end or "now", now)
    step = seconds(args.step or "1m")

    def of_hub(hub: HubClient) -> Documents:
        times = {"from": begin, "to": end, "step": step} if args.begin else {"at": at}
        return list(hub.get("/v1/query", expr=args.expression, **times)["items"])

    def of_store(store: Store, _: Path) -> Documents:
        from soc.pipeline.query_report import instant_documents, range_documents

        if args.begin:
            return range_documents(store, expression, begin, end, step)
        return instant_documents(store, expression, at)

    found = ask(args, "soc query", of_hub, of_store)
    if args.json:
        for document in found:
            print(json.dumps(document))
    else:
        _print(found)
    return 0


def _print(found: Documents) -> None:
    width = max((len(_series(document["labels"])) for document in found), default=0)
    for document in found:
        series = _series(document["labels"])
        if "value" in document:
            print(f"{series:<{width}}  {_number(float(document['value']))}")
            continue
        print(series)
        for moment, value in document["values"]:
            shown = datetime.fromtimestamp(moment, UTC).isoformat(" ", "seconds").replace("+00:00", "Z")
            print(f"  {shown}  {_number(float(value))}")


def _series(labels: dict[str, str]) -> str:
    pairs = ", ".join(
        f"{clean(name, 100)}={json.dumps(clean(value, 300), ensure_ascii=False)}"
        for name, value in labels.items()
        if name != "__name__"
    )
    name = clean(labels.get("__name__", ""), 200)
    return f"{name}{{{pairs}}}" if pairs or not name else name


def _number(value: float) -> str:
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("+Inf" if value > 0 else "-Inf")
    return repr(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)
