"""The console for analysts: overview, alert queue and devices, live.

`soc` alone starts it too. It is a client of a running hub (`soc serve`), found at --socket, SOC_SOCKET,
--data, /run/soc/hub.sock or in your own data directory; with --standalone it starts one that ends with it.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import secrets
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from soc.model import ConfigurationError
from soc.model.text import clean

if TYPE_CHECKING:
    from soc.console.app import ConsoleApp
    from soc.console.palette import Colours

_EXAMPLES = """examples:
  soc console
  soc console --screen alerts --filter "severity>=high tower:network"
  soc console --socket /run/soc/hub.sock --ascii
  soc console --standalone --inventory inventory.yaml --data /tmp/try
  soc console --plain --screen devices --filter state:down
  soc console --screenshot alerts.svg --screen alerts --size 120x40
"""
# Read by Textual when it is imported: paint at once, and never animate.
_TEXTUAL = {"TEXTUAL_FPS": "120", "TEXTUAL_ANIMATIONS": "none", "TEXTUAL_SMOOTH_SCROLL": "0"}
_SIZE = "COLUMNSxROWS"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = _EXAMPLES
    add = parser.add_argument
    add("--socket", metavar="PATH", help="the hub's socket (SOC_SOCKET)")
    add("--screen", choices=("overview", "alerts", "devices"), default="overview")
    add("--filter", metavar="FILTER", default="", help="what the screen's list is filtered by")
    add("--standalone", action="store_true", help="start a hub that ends with the console")
    add("--ascii", action="store_true", help="draw with ASCII characters only")
    add("--plain", action="store_true", help="print the screen as sentences and end")
    add("--screenshot", metavar="FILE.svg", type=Path, help="draw the screen into a file and end")
    add("--size", metavar=_SIZE, type=_size, default=(80, 24), help="of the screenshot (default 80x24)")


def run(args: argparse.Namespace) -> int:
    """0; 1 when there is no hub or the terminal went away; 2 without a terminal."""
    from soc.cli._places import default_directory
    from soc.cli._terminal import on_terminal
    from soc.console.places import find_socket

    if args.json:
        raise ConfigurationError("the console prints no JSON: `soc alerts --json` and `soc status --json` do")
    if not (args.plain or args.screenshot or on_terminal()):
        raise ConfigurationError(
            "the console needs a terminal for standard input, output and error; --plain prints text, "
            "--screenshot draws"
        )
    if args.standalone:
        from soc.cli._standalone import own_hub

        if args.socket:
            raise ConfigurationError("--standalone starts a hub of its own, --socket names one: which?")
        if sys.stderr.isatty():
            print("soc: starting a hub", file=sys.stderr)
        with own_hub(args) as socket:
            return _show(args, socket)
    return _show(args, find_socket(args.socket, args.data, os.environ, default_directory()))


def _show(args: argparse.Namespace, socket: Path) -> int:
    if args.plain:
        asyncio.run(_print(socket, args.screen, args.filter))
        return 0
    if args.screenshot:
        app = _app(socket, args.screen, args.filter, args.ascii, "full", None)
        return _draw(app, args.screenshot, *args.size)
    if os.environ.get("TERM", "") in ("", "dumb"):
        raise ConfigurationError(
            "this terminal (TERM) cannot place text; --plain prints the screen as sentences"
        )
    return open_console(socket, screen=args.screen, filter=args.filter, ascii_only=args.ascii)


def open_console(
    socket: Path, *, screen: str = "overview", filter: str = "", ascii_only: bool = False
) -> int:
    """Run the console of the hub at `socket` on this terminal until it is left; the exit code."""
    from soc.console.terminal import colours

    ascii_only = ascii_only or (sys.stdout.encoding or "").lower().replace("-", "") != "utf8"
    app = _app(socket, screen, filter, ascii_only, colours(os.environ), sys.stdin.fileno())
    app.run()
    return app.return_code or 0


def load() -> None:
    """Import what the console needs: for who opens it soon and waits for something else."""
    os.environ.update(_TEXTUAL)
    import soc.console.app  # noqa: F401


def _app(
    socket: Path, screen: str, filter: str, ascii_only: bool, colours: Colours, terminal: int | None
) -> ConsoleApp:
    """The application, told what the hub says of itself before it paints for the first time."""
    load()
    from soc.console.app import ConsoleApp
    from soc.console.client import Client
    from soc.console.paint import Painter
    from soc.console.session import Session

    session = Session(Client(socket), time.time, lambda: secrets.token_hex(16))
    session.take_status(asyncio.run(Client(socket).get("/v1/status")))
    painter = Painter(colours, ascii_only=ascii_only)
    return ConsoleApp(session, painter, first=screen, filter=filter, terminal_descriptor=terminal)


async def _print(socket: Path, screen: str, wanted: str) -> None:
    from soc.console.client import Client
    from soc.console.plain import plain_screen

    for line in await plain_screen(Client(socket), screen, wanted, time.time()):
        print(clean(line))


def _draw(app: ConsoleApp, file: Path, columns: int, rows: int) -> int:
    from soc.console.screenshot import screenshot

    picture = asyncio.run(screenshot(app, columns, rows))
    try:
        file.write_text(picture, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{file}: {error.strerror}") from error
    return 0


def _size(text: str) -> tuple[int, int]:
    columns, _, rows = text.partition("x")
    if columns.isdecimal() and rows.isdecimal() and 40 <= int(columns) <= 500 and 10 <= int(rows) <= 200:
        return int(columns), int(rows)
    raise argparse.ArgumentTypeError(f"expected {_SIZE}, from 40x10 to 500x200, for example 120x40")
