"""List, lint and test rules; match Sigma rules against event files."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from soc.model import Problem

_EPILOG = """examples:
  soc rules list
  soc rules lint rules/ my-rules/web.yml
  soc rules test                                   # everything shipped
  soc rules test my-rules/web.yml --rules my-rules
  soc rules match --rules sigma/rules --events security.jsonl --json

A path is a file or a directory, searched recursively. Sigma rules and correlations, Prometheus rule
files and promtool test files are told apart by their content.
"""
_BATCH_EVENTS = 5000


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = _EPILOG
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def add(name: str, action: Callable[[argparse.Namespace], int], summary: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=summary)
        command.set_defaults(action=action)
        return command

    add("list", _list, "every rule that is loaded, by kind and level")
    lint = add("lint", _lint, "find what is wrong in rule files; 1 if there is an error")
    lint.add_argument("paths", metavar="PATH", nargs="+", type=Path)
    test = add("test", _test, "run inline Sigma tests and promtool unit tests; 1 if one fails")
    test.add_argument("paths", metavar="FILE", nargs="*", type=Path, help="default: everything shipped")
    matching = add("match", _match, "match Sigma rules against events in files; stores nothing")
    matching.add_argument(
        "--rules",
        metavar="PATH",
        nargs="+",
        action="extend",
        required=True,
        type=Path,
        help="only these rules",
    )
    matching.add_argument(
        "--events",
        metavar="FILE",
        nargs="+",
        action="extend",
        required=True,
        type=Path,
        help="JSON lines, an array or one object; Windows events as evtx_dump prints them, or flat",
    )


def run(args: argparse.Namespace) -> int:
    action: Callable[[argparse.Namespace], int] = args.action
    return action(args)


def _extra(args: argparse.Namespace) -> list[Path]:
    return [Path(path) for path in args.rules or ()]


def _put(document: Mapping[str, object]) -> None:
    print(json.dumps(document))


def _complain(text: str) -> None:
    from soc.model.text import clean

    print(f"soc: {clean(text)}", file=sys.stderr)


def _list(args: argparse.Namespace) -> int:
    from soc.cli._rule_files import availability_rules
    from soc.detection import Rule
    from soc.detection.places import load_all_rules
    from soc.model.text import clean

    rules = load_all_rules(_extra(args))
    rows: list[dict[str, object]] = [
        {
            "id": item.id,
            "kind": "sigma" if isinstance(item, Rule) else "correlation",
            "level": item.level,
            "alerts": item.alerts,
            "title": item.title,
            "version": item.origin.version,
            "file": item.origin.file,
            "line": item.origin.line,
        }
        for item in rules.items
    ]
    rows += availability_rules(_extra(args))
    for row in rows:
        if args.json:
            _put(row)
        else:
            alerts = "" if row["alerts"] else " (raises no alerts)"
            print(clean(f"{row['kind']:<12} {row['level']:<13} {row['id']:<36}  {row['title']}{alerts}"))
    for problem in rules.problems:
        _complain(str(problem))
    return 1 if rules.errors else 0


def _lint(args: argparse.Namespace) -> int:
    from dataclasses import asdict

    from soc.cli._rule_files import lint_availability
    from soc.detection.load import load_rules
    from soc.model.shipped import shipped
    from soc.model.text import clean

    # References may lead to the shipped rules and --rules; what is found there is not asked for.
    rules = load_rules([*args.paths, shipped("rules"), *_extra(args)])
    asked = [path.resolve() for path in args.paths]

    def is_asked(problem: Problem) -> bool:
        path = Path(problem.file).resolve()
        return problem.code == "duplicate" or any(path == one or one in path.parents for one in asked)

    findings = [problem for problem in rules.problems if is_asked(problem)] + lint_availability(args.paths)
    for problem in sorted(findings, key=lambda problem: (problem.file, problem.line)):
        if args.json:
            _put(asdict(problem))
        else:
            print(clean(str(problem)))
    return 1 if any(problem.severity == "error" for problem in findings) else 0


def _test(args: argparse.Namespace) -> int:
    import itertools
    import time

    from soc.cli._rule_files import availability_tests, sigma_tests
    from soc.model.shipped import shipped
    from soc.model.text import clean

    begun = time.perf_counter()
    paths: Sequence[Path] = args.paths or [shipped("rules"), *_extra(args)]
    counts = {"passed": 0, "failed": 0, "errors": 0}
    for result in itertools.chain(sigma_tests(paths, _extra(args)), availability_tests(paths)):
        outcome = "errors" if result["error"] else "passed" if result["ok"] else "failed"
        counts[outcome] += 1
        if args.json:
            _put(result)
        elif outcome != "passed":
            named = f"{result['file']}: {result['test']}: {result['case']}: "
            found = result["error"] or f"got {result['got']}, expected {result['expected']}"
            print(clean(f"{outcome}: {named}{found}"))
    summary = {**counts, "seconds": round(time.perf_counter() - begun, 3)}
    if args.json:
        _put({"summary": summary})
    else:
        print(f"{summary['passed']} passed, {summary['failed']} failed, {summary['errors']} errors")
    return 1 if counts["failed"] or counts["errors"] else 0


def _match(args: argparse.Namespace) -> int:
    import time

    from soc.cli._event_files import read_events
    from soc.detection import EventBatch, match
    from soc.detection.load import load_rules

    begun = time.perf_counter()
    rules = load_rules(args.rules)
    loaded = time.perf_counter()
    for problem in rules.errors:
        _complain(str(problem))
    events = matches = unreadable = 0
    seconds_match = 0.0
    for path in args.events:
        for first, batch, problems in read_events(path, _BATCH_EVENTS):
            for problem in problems:
                _complain(str(problem))
            unreadable += len(problems)
            events += len(batch)
            started = time.perf_counter()
            found = match(rules, EventBatch.from_mappings(batch))
            seconds_match += time.perf_counter() - started
            matches += len(found)
            for row, rule in sorted(found, key=lambda item: item[0]):
                line = {
                    "rule_id": rule.id,
                    "rule_title": rule.title,
                    "level": rule.level,
                    "author": rule.author,
                    "file": str(path),
                    "line": first + row,
                }
                if args.json:
                    _put(line)
                else:
                    _print_match(line)
    summary = {
        "events": events,
        "rules": len(rules.rules),
        "rules_failed": rules.failed,
        "matches": matches,
        "seconds_load": round(loaded - begun, 3),
        "seconds_match": round(seconds_match, 3),
    }
    if args.json:
        _put({"summary": summary})
    else:
        print(f"{events} events, {len(rules.rules)} rules, {matches} matches")
    return 1 if rules.failed or unreadable else 0


def _print_match(line: Mapping[str, object]) -> None:
    from soc.model.text import clean

    author = f" (by {line['author']})" if line["author"] else ""
    print(clean(f"{line['file']}:{line['line']}: {line['level']}: {line['rule_title']}{author}"))
