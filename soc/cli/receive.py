"""Receive syslog over UDP and TCP into the spool: a service of its own.

Listens where the inventory's settings.listen says (syslog_udp, syslog_tcp), on the sockets systemd hands
over, or where the options say. Messages are durable within 0.2 s; a hub or `soc collect` refines them.
With --json a line says where it listens, then one for each range of messages that became durable.
Exit code 0 when everything received is durable at the end, 75 when another receiver has the spool.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket

    from soc.intake.receive.sockets import Endpoint
    from soc.inventory import Listener
    from soc.spool.raw_writer import Durable

_EXAMPLES = """examples:
  soc receive --inventory /etc/soc/inventory.yaml
  soc receive --udp 127.0.0.1:5514 --tcp '[::1]:5514' --data /srv/soc
  soc receive --udp 127.0.0.1:0 --json        # any free port; the first line says which
"""
_SUPPORTED = {"syslog_udp": "udp", "syslog_tcp": "tcp"}


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = _EXAMPLES
    for transport in ("udp", "tcp"):
        parser.add_argument(
            f"--{transport}",
            metavar="ADDRESS:PORT",
            action="append",
            default=[],
            help=f"listen here for syslog over {transport.upper()}, whatever the inventory says; repeatable",
        )
    parser.add_argument(
        "--connections", metavar="N", type=int, default=1024, help="TCP connections at once (default 1024)"
    )
    parser.add_argument(
        "--connections-per-source",
        metavar="N",
        type=int,
        default=64,
        help="TCP connections of one address at once (default 64)",
    )
    parser.add_argument(
        "--idle", metavar="DURATION", default="1h", help="close a TCP connection silent for so long"
    )


def run(args: argparse.Namespace) -> int:
    """0; 1 when messages were received that could not be made durable."""
    import time

    from soc.cli._load import seconds
    from soc.cli._places import data_directory
    from soc.intake.receive.connections import Limits
    from soc.intake.receive.service import Surroundings, serve
    from soc.intake.receive.sockets import describe

    limits = Limits(
        connections=args.connections,
        connections_per_source=args.connections_per_source,
        idle_seconds=seconds(args.idle),
    )
    _allow_descriptors(limits.connections + 64)
    data = data_directory(args)
    sockets = _sockets(args)
    _enlarge_receive_buffers(sockets)
    surroundings = Surroundings(time.time, time.monotonic, _report if args.json else _nothing, _tell)
    with _stop_signals() as stop:
        if args.json:
            _print({"listening": describe(sockets)})
        else:
            _tell(f"listening on {', '.join(describe(sockets))}")
        return 0 if serve(data, sockets, limits, stop, surroundings) else 1


def _sockets(args: argparse.Namespace) -> list[socket.socket]:
    """What systemd handed over, else what the options or the inventory name."""
    from soc.intake.receive.sockets import bind, passed_sockets

    passed = passed_sockets(os.environ, os.getpid())
    return passed or [bind(endpoint) for endpoint in _endpoints(args)]


def _endpoints(args: argparse.Namespace) -> list[Endpoint]:
    from soc.cli._load import inventory_of
    from soc.intake.receive.sockets import Endpoint
    from soc.model import ConfigurationError

    if args.udp or args.tcp:
        options = (("udp", text) for text in args.udp), (("tcp", text) for text in args.tcp)
        return [Endpoint(transport, *_address(text)) for group in options for transport, text in group]
    listen = inventory_of(args).settings.listen
    for name in sorted(set(listen) - set(_SUPPORTED)):
        _tell(f"settings.listen: {name} is not supported yet; nothing listens there")
    endpoints = list(_listeners(listen))
    if not endpoints:
        raise ConfigurationError(
            "nothing to listen on: settings.listen names neither syslog_udp nor syslog_tcp; expected for "
            'example listen: {syslog_udp: "127.0.0.1:5514"}, or --udp ADDRESS:PORT'
        )
    return endpoints


def _listeners(listen: Mapping[str, Listener]) -> Iterable[Endpoint]:
    from soc.intake.receive.sockets import Endpoint

    for name, transport in _SUPPORTED.items():
        if listener := listen.get(name):
            if listener.certificate:
                _tell(f"settings.listen: TLS for {name} is not supported yet; nothing listens there")
            else:
                yield Endpoint(transport, listener.address, listener.port)


def _address(text: str) -> tuple[str, int]:
    """An option's address; port 0 is any free one. Raises ConfigurationError."""
    import ipaddress

    from soc.model import ConfigurationError

    address, _, port = text.rpartition(":")
    try:
        if not (port.isascii() and port.isdigit() and int(port) <= 65535):
            raise ValueError
        return str(ipaddress.ip_address(address.removeprefix("[").removesuffix("]"))), int(port)
    except ValueError:
        raise ConfigurationError(
            f"expected ADDRESS:PORT such as 127.0.0.1:5514 or [::1]:5514, found {text[:60]!r}"
        ) from None


def _enlarge_receive_buffers(sockets: list[socket.socket]) -> None:
    import socket

    from soc.intake.receive.sockets import RECEIVE_BUFFER_BYTES, enlarge_receive_buffer

    sizes = [enlarge_receive_buffer(sock) for sock in sockets if sock.type == socket.SOCK_DGRAM]
    if sizes and min(sizes) < RECEIVE_BUFFER_BYTES:
        _tell(
            f"the kernel allows a receive buffer of {min(sizes)} bytes only, bursts may be lost; "
            f"allow more: sysctl -w net.core.rmem_max={RECEIVE_BUFFER_BYTES}"
        )


def _allow_descriptors(count: int) -> None:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count if hard == resource.RLIM_INFINITY else min(count, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


@contextmanager
def _stop_signals() -> Iterator[int]:
    """A descriptor that is readable once SIGTERM or SIGINT has come."""
    import signal

    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signals = (signal.SIGTERM, signal.SIGINT)
    before = {number: signal.signal(number, lambda *_: None) for number in signals}
    previous = signal.set_wakeup_fd(writing)
    try:
        yield reading
    finally:
        signal.set_wakeup_fd(previous)
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(reading)
        os.close(writing)


def _report(durable: Durable) -> None:
    _print({"segment": durable.segment, "first": durable.first, "durable": durable.last})


def _nothing(durable: Durable) -> None:
    pass


def _print(document: dict[str, object]) -> None:
    # Not by print: what a full disk does not take would stay in its buffer, and fail again at the end.
    with suppress(OSError):  # nobody reads on, or there is no room: receiving goes on
        os.write(sys.stdout.fileno(), json.dumps(document).encode() + b"\n")


def _tell(text: str) -> None:
    from soc.model.text import clean

    with suppress(OSError):  # a full disk or a closed pipe behind it: receiving goes on
        print(f"soc receive: {clean(text)}", file=sys.stderr, flush=True)
