"""soc.collect.snmp.resolve"""

from __future__ import annotations

import socket
import threading

import pytest

from soc.collect.port import Job
from soc.collect.snmp.resolve import Resolver, endpoints
from soc.model import Device


def _job(name: str, *addresses: str) -> Job:
    return Job(Device(name, "network", addresses=addresses), (), ())


def test_literals_need_no_resolver(monkeypatch: pytest.MonkeyPatch) -> None:
    """Addresses become endpoints, IPv6 in brackets."""
    monkeypatch.delattr(socket, "getaddrinfo")
    assert endpoints("192.0.2.1", 161) == ["192.0.2.1:161"]
    assert endpoints("2001:db8::1", 10161) == ["[2001:db8::1]:10161"]


def test_names_give_every_address_once() -> None:
    """localhost resolves to loopback endpoints without doubles."""
    found = endpoints("localhost", 161)
    assert len(found) == len(set(found))
    assert set(found) <= {"127.0.0.1:161", "[::1]:161"}


def test_a_hanging_look_up_delays_only_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Devices with addresses come first; the one whose name hangs stays for `unresolved`."""
    release = threading.Event()

    def hang(*_: object, **__: object) -> object:
        release.wait(10)
        raise socket.gaierror(socket.EAI_AGAIN, "no answer")

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    named, literal = _job("named", "device.example"), _job("literal", "192.0.2.1")
    resolver = Resolver([named, literal])
    found = iter(resolver)
    try:
        assert next(found) == (literal, ["192.0.2.1:161"])
        assert next(found) is None
        assert resolver.unresolved() == [named]
    finally:
        release.set()
