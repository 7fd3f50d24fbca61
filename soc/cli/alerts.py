"""List alerts and work on them: show, acknowledge, close, note.

Without a sub-command the open alerts are listed. An alert is named by its label (A-12) or its id.
"""

from __future__ import annotations

import argparse
import json
import secrets
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from soc.model.text import clean

if TYPE_CHECKING:
    from pathlib import Path

    from soc.cli._hub import HubClient
    from soc.model.alerts import Actor, Alert, Transition
    from soc.store import Store

Document = dict[str, Any]
_EXAMPLES = """examples:
  soc alerts
  soc alerts list --state all --severity critical --json
  soc alerts show A-12
  soc alerts ack A-12 --reason "on it"
  soc alerts close A-12 A-13 --disposition true-positive --reason "disk replaced"
  soc alerts note A-12 "supplier called, ticket 4711"
"""
DEFAULT_COMMAND = "list"
_STATES = ("open", "all", "suppressed", "acknowledged", "snoozed", "closed", "firing", "resolved", "no-data")
_DISPOSITIONS = ("true-positive", "benign", "false-positive", "duplicate", "undetermined")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = _EXAMPLES
    commands = parser.add_subparsers(dest="action", metavar="COMMAND")
    listed = commands.add_parser("list", help="list alerts (what happens without a COMMAND)")
    listed.add_argument(
        "--state", choices=_STATES, default="open", help="open: firing, not closed, not suppressed (default)"
    )
    listed.add_argument(
        "--severity", choices=("informational", "low", "medium", "high", "critical"), default=""
    )
    listed.add_argument("--rule", metavar="RULE", default="", help="title or id of the rule")
    listed.add_argument("--device", metavar="NAME", default="")
    listed.add_argument("--limit", metavar="N", type=int, default=1000)
    shown = commands.add_parser("show", help="one alert with its history and evidence")
    shown.add_argument("alert", metavar="ALERT")
    acknowledged = commands.add_parser("ack", help="acknowledge alerts: they are yours")
    acknowledged.add_argument("alerts", metavar="ALERT", nargs="+")
    acknowledged.add_argument("--reason", default="")
    closed = commands.add_parser("close", help="close alerts")
    closed.add_argument("alerts", metavar="ALERT", nargs="+")
    closed.add_argument("--disposition", choices=_DISPOSITIONS, required=True)
    closed.add_argument("--reason", default="")
    noted = commands.add_parser("note", help="add a remark to an alert")
    noted.add_argument("alert", metavar="ALERT")
    noted.add_argument("text", metavar="TEXT")


def run(args: argparse.Namespace) -> int:
    """0; 1 when a named alert does not exist or does not take the action."""
    if args.action == "show":
        return _show(args)
    if args.action in ("ack", "close", "note"):
        return _act(args)
    return _list(args)


def _list(args: argparse.Namespace) -> int:
    from soc.cli._hub import ask

    def of_store(store: Store, _: Path) -> list[Document]:
        from soc.pipeline.report import alert_document
        from soc.store.alerts import AlertFilter

        wanted = AlertFilter(args.state, args.severity, args.rule, args.device)
        return [alert_document(alert) for alert in store.alerts.select(wanted, args.limit)]

    alerts = ask(args, "soc alerts", lambda hub: _listed_by(hub, args), of_store)
    for alert in alerts:
        if args.json:
            print(json.dumps(alert))
            continue
        marks: list[str] = [alert["workflow"]] if alert["workflow"] != "open" else []
        marks += [alert["condition"]] if alert["condition"] != "firing" else []
        marks += [f"suppressed by {alert['suppressed_by']}"] if alert["suppressed_by"] else []
        print(
            f"{alert['label']:<8}{alert['severity']:<14}{alert['first_seen']}  "
            f"{clean(alert['entity'], 40):<24} {clean(alert['summary'], 200)}"
            + (f"  [{', '.join(marks)}]" if marks else "")
        )
    if not alerts and not args.json:
        print("no alerts", file=sys.stderr)
    return 0


def _listed_by(hub: HubClient, args: argparse.Namespace) -> list[Document]:
    """The hub's list. A rule is given by title or id, which are different fields of a filter."""

    def listed(rule: str) -> list[Document]:
        terms = [("status", args.state), ("severity", args.severity), ("device", args.device)]
        terms += [(rule, args.rule)]
        quoted = (f'{name}:"{value.replace(chr(34), "*")}"' for name, value in terms if value)
        return list(hub.items("/v1/alerts", args.limit, filter=" ".join(quoted)))

    return listed("rule") or (listed("rule_id") if args.rule else [])


def _show(args: argparse.Namespace) -> int:
    from soc.cli._hub import ask, segment

    def of_store(store: Store, _: Path) -> Document:
        from soc.pipeline.report import alert_details

        return alert_details(store, _found(store, args.alert))

    document = ask(args, "soc alerts", lambda hub: hub.get(f"/v1/alerts/{segment(args.alert)}"), of_store)
    if args.json:
        print(json.dumps(document))
        return 0
    for name, value in document.items():
        if name not in ("history", "evidence") and value not in ("", {}):
            print(f"{name + ':':<15}{clean(_text(value))}")
    print("history:")
    for step in document["history"]:
        reason = f": {step['reason']}" if step["reason"] else ""
        print(f"  {step['time']}  {clean(step['action'])} by {clean(step['name'])}{clean(reason)}")
    if document["evidence"]:
        print("evidence:")
    for event in document["evidence"]:
        text = (
            f"{event.get('device', '')}  {event.get('message', '')}"
            if "time" in event
            else "no longer stored"
        )
        print(f"  {event['id']}  {clean(text, 200)}")
    return 0


def _text(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}={text}" for name, text in value.items())
    return str(value)


def _act(args: argparse.Namespace) -> int:
    from soc.cli._hub import ask

    return ask(args, "soc alerts", lambda hub: _act_by(hub, args), lambda store, _: _act_on(store, args))


def _act_by(hub: HubClient, args: argparse.Namespace) -> int:
    from soc.cli._hub import segment

    word = {"ack": "acknowledge"}.get(args.action, args.action)
    note = args.text if args.action == "note" else args.reason
    more = {"disposition": args.disposition} if args.action == "close" else {}

    def act(name: str) -> Document:
        path = f"/v1/alerts/{segment(name)}"
        version = hub.get(path)["version"]
        document: Document = hub.post(
            f"{path}/{word}", based_on=version, request_id=secrets.token_hex(16), note=note, **more
        )
        return document

    return _each(args, act)


def _act_on(store: Store, args: argparse.Namespace) -> int:
    from soc.cli._actor import current_actor
    from soc.cli._store import catch_up
    from soc.pipeline.report import alert_document

    catch_up(args, store)
    now, actor = time.time(), current_actor()
    return _each(args, lambda name: alert_document(_apply(store, name, _action(args, actor, now), now)))


def _each(args: argparse.Namespace, act: Callable[[str], Document]) -> int:
    """Act on every alert that is named; those that do not take it stop no other."""
    from soc.model import SocError

    failed = False
    for name in args.alerts if args.action != "note" else [args.alert]:
        try:
            alert = act(name)
        except SocError as error:
            failed = True
            print(f"soc: {clean(str(error))}", file=sys.stderr)
            continue
        if args.json:
            print(json.dumps(alert))
        else:
            print(f"{alert['label']}: {alert['workflow']}, version {alert['version']}")
    return 1 if failed else 0


def _action(
    args: argparse.Namespace, actor: Actor, now: float
) -> Callable[[Alert], tuple[Alert, Transition]]:
    from soc.alerting import acknowledge, close, note

    request_id = secrets.token_hex(16)
    if args.action == "ack":
        return lambda alert: acknowledge(alert, actor, now, request_id, args.reason)
    if args.action == "close":
        return lambda alert: close(alert, actor, now, request_id, args.disposition, args.reason)
    return lambda alert: note(alert, actor, now, request_id, args.text)


def _apply(store: Store, name: str, action: Callable[[Alert], tuple[Alert, Transition]], now: float) -> Alert:
    from soc.pipeline.actions import apply_action

    return apply_action(store, _found(store, name), action, now)


def _found(store: Store, name: str) -> Alert:
    from soc.model import SocError

    alert = store.alerts.find(name)
    if alert is None:
        raise SocError(f"no alert {name[:40]!r}; `soc alerts list --state all` lists them")
    return alert
