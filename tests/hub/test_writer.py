"""soc.hub.writer over a real store: what it ingests, how it fails and goes on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from soc.hub.port import HubBusyError, News
from soc.hub.writer import Writer
from soc.model import Device, StoreError
from soc.pipeline.site import Site
from soc.store import Store
from tests.support.estate import START, Estate, inventory
from tests.support.service import eventually

DEVICES = (Device("web-1", "hosting"), Device("web-2", "hosting"))


class Running:
    """A writer on an estate, and what it told."""

    def __init__(self, directory: Path) -> None:
        self.estate = Estate(directory, DEVICES)
        self.told: list[str] = []
        self.renewed = 0
        self.news: list[News] = []
        self.site = Site(
            data=directory, inventory=inventory(DEVICES), collectors=(), rules=self.estate.rules,
            groups=self.estate.groups, now=lambda: START + 60, monotonic=time.monotonic, command="soc serve",
        )  # fmt: skip
        self.writer = Writer(self.site, self.told.append, self._renew)
        self.writer.subscribe(self.news.append)

    def _renew(self) -> None:
        self.renewed += 1

    def ask(self, question: Callable[[Store], object]) -> object:
        return self.writer.submit(question).result(60)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    running = Running(tmp_path)
    running.writer.start()
    try:
        yield running
    finally:
        running.writer.stop()


def test_segments_are_ingested_and_their_news_told(running: Running) -> None:
    """A sealed segment becomes rows; the devices whose state changed are told."""
    running.estate.seal(running.estate.poll(START, {"web-1": True, "web-2": False}), START + 1)
    eventually(lambda: not running.estate.spool.waiting())
    eventually(lambda: News(devices=frozenset({"web-1", "web-2"})) in running.news)
    reader = running.writer.reader()
    states = {device: state for device, _, state, _ in reader.status.devices(START + 60)}
    reader.close()
    assert states == {"web-1": "up", "web-2": "down"}


def test_work_is_done_in_order_and_errors_go_to_who_asked(running: Running) -> None:
    """An error of one piece of work is its caller's; the next is done."""

    def fail(store: Store) -> None:
        raise KeyError("mine")

    with pytest.raises(KeyError):
        running.ask(fail)
    assert running.ask(lambda store: "done") == "done"
    assert running.told == []


def test_store_that_fails_is_opened_again(running: Running) -> None:
    """After a StoreError the readers are renewed, the store is reopened and ingestion goes on."""

    def fail(store: Store) -> None:
        raise StoreError("the disk is full")

    with pytest.raises(StoreError):
        running.ask(fail)
    eventually(lambda: running.told == ["the disk is full"])
    running.estate.seal(running.estate.poll(START, {"web-1": True}), START + 1)
    eventually(lambda: not running.estate.spool.waiting())
    assert running.renewed == 1
    eventually(lambda: not running.writer.failure)
    assert running.told == ["the disk is full"]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_failure_that_cannot_be_told_changes_nothing_else(tmp_path: Path) -> None:
    """By the time the failure is told the store is given up; a thread that telling ends is not alive."""
    running = Running(tmp_path)
    given_up: list[tuple[int, bool]] = []

    def tell(text: str) -> None:
        with pytest.raises(StoreError):
            running.writer.reader()
        given_up.append((running.renewed, running.writer.alive))
        raise OSError

    def fail(store: Store) -> None:
        raise StoreError("the disk is full")

    running.writer = Writer(running.site, tell, running._renew)
    running.writer.start()
    with pytest.raises(StoreError):
        running.ask(fail)
    eventually(lambda: not running.writer.alive)
    assert given_up == [(1, True)]
    running.writer.stop()


def test_inventory_is_swapped_between_transactions(running: Running) -> None:
    """Another inventory's devices have their history from then on."""
    other = Device("web-3", "hosting")
    running.writer.take_over(replace(running.site, inventory=inventory([other]))).result(60)
    found = running.ask(lambda store: [device for device, *_ in store.status.devices(START + 60)])
    assert found == ["web-3"]


def test_what_comes_after_the_end_is_refused(tmp_path: Path) -> None:
    """Work that is not begun says so, and nobody waits for ever."""
    running = Running(tmp_path)
    running.writer.start()
    running.ask(lambda store: None)
    running.writer.stop()
    with pytest.raises(HubBusyError):
        running.ask(lambda store: None)
    with pytest.raises(StoreError):
        running.writer.reader()
