"""Check the journal of what happened to alerts: its chain of hashes, and where it ends.

Every transition of an alert and every action of an analyst is in the journal, each frame bound to the one
before by its hash. Write the head down elsewhere (print it, mail it): as long as `soc audit verify --head`
finds it, nothing before it was altered.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING

from soc.model.text import clean

if TYPE_CHECKING:
    from soc.spool.journal import Head

_EXAMPLES = """examples:
  soc audit verify
  soc audit verify --head 4812:9f2c41d07be35a60
  soc audit head --json
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = _EXAMPLES
    commands = parser.add_subparsers(dest="action", metavar="COMMAND", required=True)
    verified = commands.add_parser(
        "verify", help="walk the whole chain; exit code 1 and file and frame of a break"
    )
    verified.add_argument(
        "--head", metavar="SEQUENCE:HASH", default="", help="an earlier head that the chain must contain"
    )
    commands.add_parser(
        "head", help="sequence number and hash of the last frame, to be written down elsewhere"
    )


def run(args: argparse.Namespace) -> int:
    """0; 1 when the chain is broken, there is none, or it does not contain the head that was asked for."""
    from soc.cli._places import data_directory
    from soc.spool.journal import find_hash, verify_journal
    from soc.spool.layout import JOURNAL

    journal = data_directory(args) / JOURNAL
    heads: list[Head] = []
    findings = []
    for found in verify_journal(journal):
        if isinstance(found, str):
            findings.append(found)
        else:
            heads.append(found)
    wanted = _wanted(args.head) if args.action == "verify" and args.head else None
    if wanted is not None and not findings:
        sequence, beginning = wanted
        held = find_hash(journal, sequence)
        if not held.startswith(beginning):
            findings.append(f"frame {sequence} has hash {held or '(there is none)'}, not {beginning}")
    if not heads and not findings:
        findings.append(f"{journal} holds no journal")
    _print(args, heads[-1] if heads else None, findings)
    return 1 if findings else 0


def _wanted(text: str) -> tuple[int, str]:
    from soc.model import ConfigurationError

    sequence, _, beginning = text.partition(":")
    if not sequence.isdecimal() or len(beginning) < 16:
        raise ConfigurationError(
            "--head: SEQUENCE:HASH as `soc audit head` prints it, of the hash 16 digits at least"
        )
    return int(sequence), beginning.lower()


def _print(args: argparse.Namespace, head: Head | None, findings: list[str]) -> None:
    hub, sequence, hash = (head.hub, head.sequence, head.hash) if head else ("", 0, "")
    if args.json:
        document: dict[str, object] = {"hub": hub, "sequence": sequence, "hash": hash}
        if args.action == "verify":
            document = {"ok": not findings, "findings": findings, **document}
        print(json.dumps(document))
    elif args.action == "head" and head is not None:
        print(f"{sequence}:{hash} (hub {hub})")
    elif args.action == "verify" and not findings:
        print(f"the chain is whole: {sequence} frames, head {hash}")
    for finding in findings:
        print(f"soc: {clean(finding)}", file=sys.stderr)
