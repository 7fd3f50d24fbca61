"""The command line: one module per command, found by its file name and imported when it is called."""

from __future__ import annotations

import argparse
import ast
import difflib
import importlib
import io
import os
import sys
import textwrap
from pathlib import Path
from typing import Any

from soc import __version__
from soc.model.errors import SocError
from soc.model.text import clean

_HERE = Path(__file__).parent
_HELPERS = frozenset({"__init__", "__main__"})


def _commands() -> dict[str, Path]:
    return {
        path.stem.replace("_", "-"): path
        for path in sorted(_HERE.glob("*.py"))
        if path.stem not in _HELPERS and not path.stem.startswith("_")
    }


def _summary(path: Path) -> str:
    """First line of the module's docstring, read without importing it."""
    documentation = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return documentation.partition("\n")[0]


def _overview(commands: dict[str, Path]) -> str:
    lines = [
        "usage: soc COMMAND [options]      (soc alone: soc console)",
        "",
        "Monitoring and security console for an infrastructure services tower.",
        "",
    ]
    lines += ["commands:"]
    lines += [f"  {name:<12}{_summary(path)}" for name, path in commands.items()]
    lines += [
        "",
        "`soc COMMAND --help` explains a command with examples; `soc --version` prints the version.",
        "examples:",
        "  soc demo --headless --for 60s",
        "  soc inventory check --inventory inventory.yaml",
        "  soc collect && soc alerts",
    ]
    return "\n".join(lines)


def _add_common_options(parser: argparse.ArgumentParser) -> None:
    """Options that every command takes; one that a command declares itself stays the command's own."""
    group = parser.add_argument_group("common options")

    def add(option: str, **settings: Any) -> None:
        if option not in parser._option_string_actions:
            group.add_argument(option, **settings)

    add("--data", metavar="DIR", default=os.environ.get("SOC_DATA"), help="data directory (SOC_DATA)")
    add(
        "--inventory",
        metavar="FILE",
        default=os.environ.get("SOC_INVENTORY"),
        help="inventory file (SOC_INVENTORY)",
    )
    add("--rules", metavar="DIR", action="append", default=None, help="a further rules directory; repeatable")
    add(
        "--collectors",
        metavar="DIR",
        action="append",
        default=None,
        help="a further collectors directory; repeatable",
    )
    add("--json", action="store_true", help="print JSON lines, nothing else")


def _parser(name: str, path: Path) -> tuple[argparse.ArgumentParser, object]:
    module = importlib.import_module(f"soc.cli.{path.stem}")
    parser = argparse.ArgumentParser(
        prog=f"soc {name}",
        description=(module.__doc__ or "").strip(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    module.configure(parser)
    _complete_commands(parser)
    for leaf in _leaves(parser):
        _add_common_options(leaf)
    return parser, module


def _complete_commands(parser: argparse.ArgumentParser) -> None:
    """Sub-commands are described by their summary and show the whole's examples, unless they say more."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            summaries = {choice.dest: choice.help or "" for choice in action._choices_actions}
            for name, child in action.choices.items():
                summary = summaries.get(name, "")
                child.formatter_class = argparse.RawDescriptionHelpFormatter
                described = child.description or f"{summary[:1].upper()}{summary[1:]}."
                child.description = textwrap.fill(described, 100)
                child.epilog = child.epilog or parser.epilog


def _with_default_command(module: object, options: list[str]) -> list[str]:
    """A module's DEFAULT_COMMAND is the sub-command meant where none is named."""
    default = getattr(module, "DEFAULT_COMMAND", "")
    named = options and (not options[0].startswith("-") or options[0] in ("-h", "--help"))
    return options if not default or named else [default, *options]


def _leaves(parser: argparse.ArgumentParser) -> list[argparse.ArgumentParser]:
    """The parsers that end a command line: the parser itself, or its sub-commands' (recursively)."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            unique = {id(child): child for child in action.choices.values()}
            return [leaf for child in unique.values() for leaf in _leaves(child)]
    return [parser]


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    os.umask(0o077)
    _prepare_streams()
    try:
        try:
            return _run(sys.argv[1:] if arguments is None else arguments)
        finally:
            sys.stdout.flush()  # what cannot be written is told here, not by the interpreter as it ends
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        _discard_output()
        return 0
    except OSError as error:
        _discard_output()
        where = f"{error.filename}: " if error.filename else ""
        print(f"soc: {clean(f'{where}{error.strerror or error}')}", file=sys.stderr)
        return 1


def _run(arguments: list[str]) -> int:
    if arguments[:1] in (["--version"], ["-V"]):
        print(f"soc {__version__}")
        return 0
    commands = _commands()
    if not arguments and sys.stdin.isatty() and sys.stdout.isatty():
        arguments = ["console"]
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(_overview(commands))
        return 0 if arguments else 2
    name = arguments[0]
    if name not in commands:
        nearest = difflib.get_close_matches(name, commands, n=1)
        hint = f"; did you mean {nearest[0]!r}?" if nearest else ""
        print(f"soc: unknown command {clean(name, 40)!r}{hint} (soc --help lists them)", file=sys.stderr)
        return 2
    try:
        parser, module = _parser(name, commands[name])
        args = parser.parse_args(_with_default_command(module, arguments[1:]))
        if args.json and isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(encoding="utf-8")  # whatever the locale (RFC 8259 section 8.1)
        return int(module.run(args))  # type: ignore[attr-defined]
    except SocError as error:
        for line in str(error).splitlines():
            print(f"soc: {clean(line)}", file=sys.stderr)
        return error.exit_code


def _prepare_streams() -> None:
    """Let no stream be missing, and no character be too much for the locale."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: PTH123, SIM115
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _discard_output() -> None:
    """Nobody reads it: what is still buffered must not fail once more when the interpreter ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
