"""What may be asked of devices, and every command that may ever run on a host.

`soc collectors show --commands` prints all commands that the loaded collectors may run over SSH, and those
that tell the platform: to read (text), or as allow-lists to install. `--format sudoers` prints the lines
that allow, as root, exactly what they run by sudo; `--format forcecommand` a script for ForceCommand in
sshd_config, or command="..." in authorized_keys, that runs these commands and refuses everything else.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from soc.model.text import clean

if TYPE_CHECKING:
    from soc.collect import Collector
    from soc.collect.commands import ListedCommand

_EXAMPLES = """examples:
  soc collectors list
  soc collectors show linux_load linux_memory
  soc collectors show --commands --platform linux
  soc collectors show --commands --format sudoers --user soc > /etc/sudoers.d/soc
  soc collectors show --commands --format forcecommand > /usr/local/libexec/soc-commands
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = _EXAMPLES
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    listing = commands.add_parser("list", help="every collector: transport, interval, what it applies to")
    listing.set_defaults(action=_list)
    show = commands.add_parser("show", help="what collectors read, and the commands that may run on hosts")
    show.set_defaults(action=_show)
    show.add_argument("names", metavar="NAME", nargs="*", help="these collectors (default: all)")
    show.add_argument("--commands", action="store_true", help="the commands that may run over SSH instead")
    show.add_argument(
        "--platform", metavar="P", default="", help="commands of this platform (linux, windows …)"
    )
    show.add_argument(
        "--format",
        choices=("text", "sudoers", "forcecommand"),
        default="text",
        help="for reading, or an allow-list to install (default text)",
    )
    show.add_argument("--user", metavar="NAME", default="soc", help="the account, for sudoers (default soc)")


def run(args: argparse.Namespace) -> int:
    """0. Raises ConfigurationError for collectors that do not load and for names nobody knows."""
    action: Callable[[argparse.Namespace], int] = args.action
    return action(args)


def _list(args: argparse.Namespace) -> int:
    from soc.cli._load import collectors_of

    found = collectors_of(args)
    if not args.json:
        width = max(len(item.name) for item in found)
        print(f"{'NAME':<{width}}  TRANSPORT  {'INTERVAL':<13}  {'TOWERS':<9}  APPLIES TO")
    for item in found:
        if args.json:
            print(json.dumps(_document(item)))
        else:
            towers = ",".join(sorted(item.towers)) or "all"
            print(
                f"{item.name:<{width}}  {item.transport:<9}  {item.every:<13}  {towers:<9}  "
                f"{clean(_applies_to(item), 200)}"
            )
    return 0


def _show(args: argparse.Namespace) -> int:
    from soc.cli._load import collectors_of
    from soc.model import ConfigurationError

    found = collectors_of(args)
    if unknown := set(args.names) - {item.name for item in found}:
        raise ConfigurationError(
            f"no collector {', '.join(map(repr, sorted(unknown)))} (soc collectors list names them)"
        )
    chosen = [item for item in found if not args.names or item.name in args.names]
    if args.commands:
        _show_commands(args, chosen)
        return 0
    if args.platform or args.format != "text":
        raise ConfigurationError("--platform and --format belong to --commands")
    for number, item in enumerate(chosen):
        if args.json:
            print(json.dumps(_document(item)))
        else:
            print(("\n" if number else "") + "\n".join(_description(item)))
    return 0


def _show_commands(args: argparse.Namespace, collectors: Sequence[Collector]) -> None:
    from soc.collect.allow_lists import forcecommand, sudoers
    from soc.collect.commands import commands_of
    from soc.model import ConfigurationError

    listed = commands_of(collectors)
    platforms = sorted({platform for item in listed for platform in item.command.platforms})
    if args.platform:
        if args.platform not in platforms:
            raise ConfigurationError(
                f"no command for platform {args.platform!r}; there are some for: {', '.join(platforms)}"
            )
        listed = [item for item in listed if item.on(args.platform)]
    if args.json:
        if args.format != "text":
            raise ConfigurationError(f"--format {args.format} is no JSON; leave out one of the two")
        for item in listed:
            print(json.dumps(item.document()))
    elif args.format == "sudoers":
        print(sudoers(listed, args.user), end="")
    elif args.format == "forcecommand":
        if args.platform == "windows":
            raise ConfigurationError(
                "the script is one for POSIX shells; --format text lists Windows' commands"
            )
        print(forcecommand(listed), end="")
    else:
        print("\n\n".join("\n".join(_command_lines(item)) for item in listed))


def _command_lines(item: ListedCommand) -> Iterable[str]:
    command = item.command
    yield f"{command.id}  on {', '.join(sorted(command.platforms)) or 'every platform'}"
    yield f"  used by   {', '.join(item.used_by)}"
    yield f"  interval  {', '.join(item.intervals)}"
    yield f"  as root   {', '.join(command.sudo) or 'nothing'}"
    if command.stream:
        yield f"  input     one line: where the last pull of {command.stream!r} ended"
    yield f"  output    at most {command.maximum_bytes} bytes are taken"
    if command.script:
        yield "  script    which the command has encoded"
        yield from _text_lines(command.script)
    yield "  command"
    yield from _text_lines(command.command)


def _text_lines(text: str) -> Iterable[str]:
    for line in text.rstrip("\n").split("\n"):  # to be compared letter by letter
        yield "    " + "\t".join(clean(part, len(part)) for part in line.split("\t"))


def _applies_to(item: Collector) -> str:
    from soc.collect import SshCommand

    if item.transport == "ssh":
        fetches = [fetch for fetch in item.fetches.values() if isinstance(fetch, SshCommand)]
        names = ", ".join(sorted({name for fetch in fetches for name in fetch.platforms}))
        return f"{names}, where the command answers"
    if item.object_ids:
        return f"agents under {', '.join(item.object_ids)}"
    kinds = f"devices of kind {', '.join(sorted(item.kinds))}" if item.kinds else ""
    return kinds or ("every agent that has it" if item.transport == "snmp" else "every device")


def _fetches(item: Collector) -> Iterable[tuple[str, str]]:
    """(kind, what) of each thing it fetches."""
    from soc.collect import LocalReadings, Ping, SnmpScalars, SnmpTable

    for fetch in item.fetches.values():
        match fetch:
            case SnmpTable():
                yield "table", f"{fetch.base}: {', '.join(fetch.columns)}"
            case SnmpScalars():
                scalars = (f"{name} {column.id}" for name, column in fetch.columns.items())
                yield "scalars", ", ".join(scalars)
            case LocalReadings():
                yield "readings", ", ".join(fetch.names)
            case Ping():
                yield "echo requests", str(fetch.count)
            case _:
                yield "command", fetch.id


def _description(item: Collector) -> Iterable[str]:
    yield item.name
    yield from (f"  {clean(line)}" for line in item.documentation.splitlines())
    yield f"  transport  {item.transport}, every {item.every}"
    yield f"  towers     {', '.join(sorted(item.towers)) or 'all'}"
    yield f"  applies    {clean(_applies_to(item), 2000)}"
    if item.facts:
        yield f"  facts      {', '.join(sorted(item.facts))}"
    for kind, what in _fetches(item):
        yield f"  {kind:<9}  {clean(what, 2000)}"
    yield f"  file       {clean(item.path)}"


def _document(item: Collector) -> dict[str, object]:
    return {
        "name": item.name,
        "transport": item.transport,
        "every": item.every,
        "towers": sorted(item.towers),
        "kinds": sorted(item.kinds),
        "applies_to": _applies_to(item),
        "facts": sorted(item.facts),
        "fetches": [{"kind": kind, "what": what} for kind, what in _fetches(item)],
        "documentation": item.documentation,
        "file": item.path,
    }
