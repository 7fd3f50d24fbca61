"""Scripted agents: an honest one from a table of values, and what a hostile one makes of its answers."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from soc.demo import ber
from soc.demo.agent import GET, GET_BULK, GET_NEXT, RESPONSE, Agent
from soc.demo.tree import Variable, VariableTree

__all__ = ["GET", "GET_BULK", "GET_NEXT", "Request", "binding", "honest", "response", "serving"]

Binding = tuple[str, bytes]  # OID, encoded value


def binding(oid: str, tag: int, content: bytes | int) -> Binding:
    """A variable binding with any tag, however wrong."""
    encoded = ber.encode_integer(content, tag) if isinstance(content, int) else ber.encode(tag, content)
    return oid, encoded


def honest(values: dict[str, tuple[int, object]], **options: object) -> Agent:
    """An agent of community public with these values: OID -> (tag, value)."""
    variables = [Variable(ber.parse_oid(oid), tag, value) for oid, (tag, value) in values.items()]
    return Agent(VariableTree(variables), "public", **options)


@dataclass(frozen=True)
class Request:
    """What a scripted agent is asked."""

    datagram: bytes
    version: int
    pdu: int
    request_id: bytes  # with tag and length
    oids: list[str]
    repetitions: int

    @classmethod
    def parse(cls, data: bytes) -> Request:
        _, start, end = ber.read(data, 0, len(data))
        _, version_start, version_end = ber.read(data, start, end)
        _, _, community_end = ber.read(data, version_end, end)
        pdu, at, pdu_end = ber.read(data, community_end, end)
        _, _, id_end = ber.read(data, at, pdu_end)
        _, _, first_end = ber.read(data, id_end, pdu_end)
        _, second_start, second_end = ber.read(data, first_end, pdu_end)
        _, list_at, list_end = ber.read(data, second_end, pdu_end)
        oids = []
        while list_at < list_end:
            _, start, list_at = ber.read(data, list_at, list_end)
            _, name_start, name_end = ber.read(data, start, list_at)
            oids.append(".".join(map(str, ber.decode_oid(data[name_start:name_end]))))
        repetitions = int.from_bytes(data[second_start:second_end], "big")
        return cls(data, data[version_start], pdu, data[at:id_end], oids, repetitions)


def response(
    request: Request, bindings: list[Binding], error: int = 0, community: bytes = b"public"
) -> bytes:
    """A response to the request with these bindings, whatever was asked."""
    body = b"".join(
        ber.encode(
            ber.SEQUENCE, ber.encode(ber.OBJECT_IDENTIFIER, ber.encode_oid(ber.parse_oid(oid))) + value
        )
        for oid, value in bindings
    )
    pdu = request.request_id + ber.encode_integer(error) + ber.encode_integer(min(error, 1))
    head = ber.encode_integer(request.version) + ber.encode(ber.OCTET_STRING, community)
    return ber.encode(ber.SEQUENCE, head + ber.encode(RESPONSE, pdu + ber.encode(ber.SEQUENCE, body)))


@contextmanager
def serving(answers: Callable[[Request], list[bytes]]) -> Iterator[int]:
    """Serve on a loopback port, each datagram answered by those that `answers` returns."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        port = udp.getsockname()[1]
        thread = threading.Thread(target=_serve, args=(udp, answers), daemon=True)
        thread.start()
        try:
            yield port
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
                end.sendto(b"", ("127.0.0.1", port))
            thread.join(10)


def _serve(udp: socket.socket, answers: Callable[[Request], list[bytes]]) -> None:
    while True:
        try:
            datagram, peer = udp.recvfrom(65535)
        except ConnectionError:
            continue  # the peer had gone when we answered it
        if not datagram:
            return
        for answer in answers(Request.parse(datagram)):
            udp.sendto(answer, peer)
