"""Try out who is told of alerts, and see what they were told.

`test` sends a test message to every target of the inventory, or to the one named, and says how far it
came. `outbox` lists notices; those given up are dead letters, and can be sent again.
"""

from __future__ import annotations

import argparse
import json
import secrets
import sys
import time
from typing import TYPE_CHECKING, Any

from soc.model.text import clean

if TYPE_CHECKING:
    from soc.inventory.settings import Target

_EXAMPLES = """examples:
  soc notify test
  soc notify test ops --inventory /etc/soc/inventory.yaml
  soc notify outbox --limit 20
  soc notify outbox --dead --json
  soc notify outbox --retry 0f3a5c…  # as `soc notify outbox` shows it; all = every dead letter
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = _EXAMPLES
    commands = parser.add_subparsers(dest="action", metavar="COMMAND", required=True)
    tested = commands.add_parser("test", help="send a test message and say how far it came")
    tested.add_argument("target", metavar="TARGET", nargs="?", help="the one target; without it, every one")
    listed = commands.add_parser("outbox", help="list notices, the newest last")
    listed.add_argument("--dead", action="store_true", help="only those that were given up")
    listed.add_argument(
        "--limit",
        metavar="N",
        type=int,
        default=100,
        help="the newest N (default 100; of a hub at most 1000)",
    )
    listed.add_argument(
        "--retry", metavar="ID", action="append", default=[],
        help="send it again from the next run on, with all attempts before it; repeatable; all = every "
        "dead letter",
    )  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """0; 1 when a target does not take the test message, or a notice to be retried is not there."""
    if args.action == "test":
        return _test(args)
    return _retry(args) if args.retry else _list(args)


def _test(args: argparse.Namespace) -> int:
    from soc.cli._load import inventory_of
    from soc.model import ConfigurationError

    inventory = inventory_of(args)
    targets = inventory.settings.notify.targets
    if args.target and args.target not in targets:
        known = ", ".join(sorted(targets)) or "none"
        raise ConfigurationError(f"no target {args.target[:40]!r} in {inventory.path} (there are: {known})")
    if not targets:
        raise ConfigurationError(f"{inventory.path} names no targets (settings: notify: targets)")
    results = [_tried(name, targets[name], args.json) for name in ([args.target] if args.target else targets)]
    return 0 if all(results) else 1


def _tried(name: str, target: Target, as_json: bool) -> bool:
    from soc.alerting.notify import Message, Progress, send
    from soc.inventory import MailTarget

    kind = "mail" if isinstance(target, MailTarget) else "webhook"
    if not as_json:
        print(f"{clean(name)} ({kind})")
    steps = []

    def tell(step: str, detail: str) -> None:
        steps.append({"step": step, "detail": detail})
        if not as_json:
            print(f"  {step + ':':<12}{detail or 'done'}", flush=True)

    message = Message(secrets.token_hex(16), name, ())
    attempt = send(target, message, now=time.time(), progress=Progress(tell))
    ok = attempt.outcome == "delivered"
    error = f"{attempt.step}: {attempt.detail}" if attempt.detail else ""
    if as_json:
        document = {"target": name, "kind": kind, "ok": ok, "steps": steps, "error": error}
        print(json.dumps(document))
    elif ok:
        print("  accepted" + (f", but {error}" if error else ""))
    else:
        print(f"  FAILED at {error}")
    return ok


def _list(args: argparse.Namespace) -> int:
    from soc.cli._hub import ask
    from soc.pipeline.outbox import outbox_documents

    found = ask(
        args,
        "soc notify",
        lambda hub: list(
            hub.get("/v1/outbox", dead="true" if args.dead else None, limit=args.limit)["items"]
        ),
        lambda store, _: outbox_documents(store, args.limit, dead=args.dead),
    )
    for document in found:
        print(json.dumps(document) if args.json else _line(document))
    if not found and not args.json:
        print("no notices", file=sys.stderr)
    return 0


def _retry(args: argparse.Namespace) -> int:
    from soc.cli._hub import HubClient, NotFoundError, ask
    from soc.pipeline.outbox import ALL, retry_notices

    now = time.time()
    wanted = [ALL] if ALL in args.retry else list(dict.fromkeys(args.retry))

    def of_hub(hub: HubClient) -> list[list[str]]:
        return [of_one(hub, id) for id in wanted]

    def of_one(hub: HubClient, id: str) -> list[str]:
        try:
            return list(hub.post("/v1/outbox/retry", id=id)["ids"])
        except NotFoundError:
            return []

    found = ask(args, "soc notify", of_hub, lambda store, _: [retry_notices(store, id, now) for id in wanted])
    missing = [id for id, again in zip(wanted, found, strict=True) if not again and id != ALL]
    for id in missing:
        print(f"soc: no notice {clean(id, 64)} waits or was given up", file=sys.stderr)
    for id in dict.fromkeys(id for again in found for id in again):
        print(json.dumps({"id": id}) if args.json else f"{id}: due")
    return 1 if missing else 0


def _line(document: dict[str, Any]) -> str:
    how = f"{document['attempts']} attempts" if document["attempts"] > 1 else ""
    marks = [how, document["error"], f"next {document['next_attempt']}" if document["next_attempt"] else ""]
    told = "; ".join(mark for mark in marks if mark)
    return clean(
        f"{document['id']}  {document['state']:<10}{document['time']}  {document['target']:<12}"
        f"{document['what']:<9} {document['severity']:<13} {document['label']:<7} {document['summary']:.80}"
        + (f"  [{told}]" if told else "")
    )
