"""gufo-snmp against pysnmp: from the same recorded devices, the same samples and facts."""

from __future__ import annotations

import multiprocessing
import os
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from soc.collect.load import load_collectors
from soc.collect.outcome import outcomes
from soc.collect.port import Answer, Job, ResolvedCredential
from soc.collect.snmp import SnmpTransport
from soc.demo.agent import Agent
from soc.demo.recordings import load_recording
from soc.demo.serve import AgentServer
from soc.model import Device

# Larger ones take pysnmp minutes.
LARGEST_BYTES = 200_000
CREDENTIALS = (
    ResolvedCredential(
        "recorded", "snmp", {"version": "2c", "community": "recorded", "timeout": 20.0, "tries": 3}
    ),
)


def _unpack(directory: Path, count: int) -> list[Path]:
    """The first `count` recordings of every kind of size up to LARGEST_BYTES."""
    data = os.environ.get("SOC_TEST_DATA")
    if not data:
        pytest.skip("needs SOC_TEST_DATA, the directory with recordings/dev.tar.xz")
    found: list[Path] = []
    with tarfile.open(Path(data) / "recordings" / "dev.tar.xz") as archive:
        for member in archive:
            if member.name.endswith(".snmprec") and member.size <= LARGEST_BYTES:
                archive.extract(member, directory, filter="data")
                found.append(directory / member.name)
                if len(found) == count:
                    break
    return found


def _serve(paths: list[Path], ready: Any, stop: int) -> None:
    agents = {
        (f"127.22.0.{number}", 0): Agent(load_recording(path).tree, "recorded")
        for number, path in enumerate(paths, start=1)
    }
    server = AgentServer(agents)
    ready.send(server.endpoints)
    server.serve(stop, time.time)


@contextmanager
def _serving(paths: list[Path]) -> Iterator[list[tuple[str, int]]]:
    mine, theirs = multiprocessing.Pipe()
    stop_read, stop_write = os.pipe()
    process = multiprocessing.get_context("fork").Process(target=_serve, args=(paths, theirs, stop_read))
    process.start()
    try:
        yield mine.recv()
    finally:
        os.write(stop_write, b"x")
        process.join(60)


def _poll(paths: list[Path], endpoints: list[tuple[str, int]], engine: str) -> dict[str, Any]:
    collectors = [item for item in load_collectors() if item.transport == "snmp"]
    fetches = tuple(fetch for item in collectors for fetch in item.fetches.values())
    jobs = [
        Job(
            Device(path.stem, "network", (host,), options={"snmp": {"port": port, "engine": engine}}),
            CREDENTIALS,
            fetches,
        )
        for path, (host, port) in zip(paths, endpoints, strict=True)
    ]
    answers: list[Answer] = []
    SnmpTransport(maximum_seconds=3600).run(jobs, answers.append, time.monotonic() + 3600)
    found = {}
    for answer in answers:
        assert answer.failure is None, (answer.job.device.name, answer.failure)
        judged = outcomes(answer, collectors)
        found[answer.job.device.name] = (
            sorted(
                (*series, value)
                for item in judged
                for series, value in zip(item.series, item.values, strict=True)
            ),
            sorted((fact.key, fact.instance, fact.value) for item in judged for fact in item.facts),
            [(item.collector.name, item.failure.reason) for item in judged if item.failure],
            answer.counts,
        )
    return found


def _compare(directory: Path, count: int) -> None:
    paths = _unpack(directory, count)
    assert len(paths) == count
    with _serving(paths) as endpoints:
        ours = _poll(paths, endpoints, "gufo")
        reference = _poll(paths, endpoints, "pysnmp")
    assert sum(len(samples) for samples, *_ in ours.values()) > count
    different: list[str] = []
    for name, found in ours.items():
        different += [name] if found != reference[name] else []
    assert different == []


def test_two_recordings(tmp_path: Path) -> None:
    """Samples, facts, failures and oddities are the same, whichever engine read them."""
    _compare(tmp_path, 2)


@pytest.mark.soak
def test_a_hundred_recordings(tmp_path: Path) -> None:
    """As above, over 100 devices."""
    _compare(tmp_path, 100)
