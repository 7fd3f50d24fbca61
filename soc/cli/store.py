"""Back up, verify, restore and upgrade the store.

A backup is a directory: the store as of one moment, its sealed files, the journal, and a manifest with the
hash of each file. It is verified before the command ends. Segments in spool/done may go once a verified
backup contains them and a day has passed.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from soc.model.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from soc.store import Store
    from soc.store.verify import Check

_BACKUP_SECONDS = 86_400.0
_EXAMPLES = """examples:
  soc store backup /var/backups/soc/2026-08-01
  soc store verify
  soc store verify /var/backups/soc/2026-08-01 --json
  soc store restore /var/backups/soc/2026-08-01 --move-aside
  soc store restore --accept-gap
  soc store migrate
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = _EXAMPLES
    commands = parser.add_subparsers(dest="action", metavar="COMMAND", required=True)
    backed_up = commands.add_parser(
        "backup", help="back up into a new directory, and verify what was written"
    )
    backed_up.add_argument("directory", metavar="DIR", help="made for it; beside a hub, by the hub")
    verified = commands.add_parser(
        "verify", help="check the store, or a backup: projection, journal, counts, hashes, segments"
    )
    verified.add_argument("directory", metavar="DIR", nargs="?", help="a backup (default: the store itself)")
    restored = commands.add_parser(
        "restore", help="put a backup in place, then do again what journal and spool hold since"
    )
    restored.add_argument(
        "directory", metavar="DIR", nargs="?", help="a backup (default: journal and spool alone)"
    )
    restored.add_argument(
        "--move-aside", action="store_true", help="move a store that is there to before-restore-TIME/ first"
    )
    restored.add_argument(
        "--accept-gap", action="store_true", help="go on where journal and spool do not reach back far enough"
    )
    commands.add_parser("migrate", help="bring the store to this program's version; it is backed up before")


def run(args: argparse.Namespace) -> int:
    """0; 1 when `verify` finds something, or `restore` cannot take a sealed file in; 2 for a store of a
    newer program; 3 when the store fails."""
    actions = {"backup": _backup, "verify": _verify, "restore": _restore, "migrate": _migrate}
    return actions[args.action](args)


def _backup(args: argparse.Namespace) -> int:
    from soc.cli._hub import HubClient, ask, hub_of
    from soc.pipeline.backup import back_up
    from soc.spool.layout import SPOOL
    from soc.spool.spool import Spool

    target = Path(args.directory).absolute()

    def of_hub(hub: HubClient) -> dict[str, Any]:
        patient = HubClient(hub.path, _BACKUP_SECONDS)
        return dict(patient.post("/v1/store/backup", directory=str(target)))

    def of_store(store: Store, data: Path) -> dict[str, Any]:
        return back_up(store, Spool(data / SPOOL), data, target, time.time())

    if hub_of(args) is None:
        _directory_with_store(args)
    made = ask(args, "soc store backup", of_hub, of_store)
    if args.json:
        print(json.dumps(made))
    else:
        print(
            f"{made['files']} files, {made['bytes']} bytes, {made['rows']} rows up to transaction "
            f"{made['transaction']}; verified; it contains {made['segments']} segments of spool/done"
        )
    return 0


def _directory_with_store(args: argparse.Namespace) -> Path:
    """The data directory. Raises ConfigurationError when there is no store in it: none is made for this."""
    from soc.cli._places import data_directory
    from soc.model import ConfigurationError
    from soc.store.backup import STORE

    data = data_directory(args)
    if not (data / STORE).exists():
        raise ConfigurationError(f"{data} holds no store; choose another data directory with --data DIR")
    return data


def _verify(args: argparse.Namespace) -> int:
    from soc.cli._store import LOCK_WAIT_SECONDS
    from soc.model import LockHeldError
    from soc.spool.layout import HUB_COMMAND, SPOOL
    from soc.spool.store_lock import store_lock
    from soc.store.verify import verify_backup, verify_data

    if args.directory:
        return _told(args, verify_backup(Path(args.directory)))
    data = _directory_with_store(args)
    try:
        with store_lock(data, LOCK_WAIT_SECONDS, "soc store verify"):
            return _told(args, verify_data(data, data / SPOOL / "done"))
    except LockHeldError as error:
        if error.command != HUB_COMMAND:
            raise
        told = f"{error}: make a backup, which is verified with it, or stop the hub first"
        raise LockHeldError(told, error.pid, error.command) from None


def _told(args: argparse.Namespace, checks: Iterable[Check]) -> int:
    """Print each check as it is made; 1 when one finds something."""
    failed = False
    for check in checks:
        failed = failed or not check.ok
        if args.json:
            print(json.dumps({"check": check.name, "ok": check.ok, "detail": check.detail}))
        else:
            print(f"{check.name + ':':<14}{'ok' if check.ok else 'WRONG':<7}{clean(check.detail)}")
    return 1 if failed else 0


def _restore(args: argparse.Namespace) -> int:
    from soc.cli._load import inventory_of, rules_of
    from soc.cli._places import data_directory
    from soc.pipeline.pipeline import Pipeline
    from soc.spool.layout import SPOOL
    from soc.spool.spool import Spool
    from soc.store import open_store
    from soc.store.backup import place_backup

    rules, groups = rules_of(args)
    inventory, data = inventory_of(args), data_directory(args)
    with _locks(data):
        if args.move_aside:
            _move_aside(data, time.time())
        restored = place_backup(Path(args.directory), data).transaction if args.directory else 0
        with open_store(data, spool_directory=data / SPOOL) as store:
            begun = store.number
            adopted = store.adoption.adopt(time.time())
            pipeline = Pipeline(store, Spool(data / SPOOL), inventory, rules, groups)
            pipeline.recover(time.time(), accept_gap=args.accept_gap)
            redone = pipeline.summary.redone
            waiting = pipeline.requeue_unknown()
            done = pipeline.run(time.time) if waiting else None
            last = store.number
    document = {
        "restored": restored, "transactions": redone, "segments": done.segments if done else 0, "last": last,
        "sealed_files": adopted.files, "sealed_files_refused": adopted.refused,
    }  # fmt: skip
    for name, reason in adopted.refused.items():
        print(f"soc: sealed/{clean(name)} is not taken in: {clean(reason)}", file=sys.stderr)
    if args.json:
        print(json.dumps(document))
    else:
        print(
            f"the store begins with transaction {begun}; {redone} done again from journal and spool, "
            f"{document['segments']} further segments ingested, {adopted.files} sealed files taken in again"
        )
    return 1 if adopted.refused else 0


@contextmanager
def _locks(data: Path) -> Iterator[None]:
    """Both locks, so that nobody collects into what is being put in place."""
    from soc.spool.layout import COLLECT_LOCK, STORE_LOCK
    from soc.spool.lock import acquire

    with (
        acquire(data / COLLECT_LOCK, 0.0, "soc store restore"),
        acquire(data / STORE_LOCK, 0.0, "soc store restore"),
    ):
        yield


def _move_aside(data: Path, now: float) -> None:
    """The store and its write-ahead log go to a directory of their own; journal, spool, sealed files stay."""
    found = sorted(data.glob("soc.duckdb*"))
    if not found:
        return
    aside = data / time.strftime("before-restore-%Y%m%dT%H%M%SZ", time.gmtime(now))
    aside.mkdir(mode=0o700, exist_ok=True)
    for path in found:
        path.rename(aside / path.name)
    print(f"soc: {', '.join(path.name for path in found)} moved to {aside}", file=sys.stderr)


def _migrate(args: argparse.Namespace) -> int:
    from soc.cli._store import opened_store
    from soc.store.migrate import newest_version

    _directory_with_store(args)
    with opened_store(args, "soc store migrate") as (store, _):
        version, number = newest_version(), store.number
    if args.json:
        print(json.dumps({"version": version, "transaction": number}))
    else:
        print(f"the store has version {version}")
    return 0
