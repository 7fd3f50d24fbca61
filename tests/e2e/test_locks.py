"""Who may run beside whom: the table of locks, row by row (docs/architecture.md)."""

from __future__ import annotations

import json
import subprocess

import pytest

from tests.support.command import SOC, soc
from tests.support.two_devices import TwoDevices, held


def test_alone_it_polls_ingests_and_evaluates(estate: TwoDevices) -> None:
    """Nothing else runs: the cycle polls, takes the store, and leaves nothing waiting."""
    done = soc("collect", *estate.arguments, "--json", check=True)
    summary = json.loads(done.stdout)
    assert (summary["devices"], summary["ok"], summary["failed"]) == (2, 1, 1)
    assert estate.packets() > 0
    assert estate.waiting() == 0
    status = json.loads(soc("status", *estate.arguments, "--json", check=True).stdout)
    assert status["devices"]["up"] == 1


def test_another_cycle_ends_with_75_before_any_packet(estate: TwoDevices) -> None:
    """While another process collects, a second one sends nothing and says who has the lock."""
    with held(estate.data / "collect.lock") as process:
        done = soc("collect", *estate.arguments)
    assert done.returncode == 75
    assert f"pid {process.pid}" in done.stderr
    assert estate.packets() == 0
    assert estate.waiting() == 0


def test_cycle_that_finds_the_store_taken_leaves_segments_and_ends_well(estate: TwoDevices) -> None:
    """The segments wait in the spool, exit 0; the next cycle takes them in."""
    with held(estate.data / "store.lock"):
        done = soc("collect", *estate.arguments, "--store-wait", "200ms")
    assert done.returncode == 0
    assert "nothing is lost" in done.stderr
    assert estate.waiting() == 1
    soc("collect", *estate.arguments, check=True)
    assert estate.waiting() == 0
    status = json.loads(soc("status", *estate.arguments, "--json", check=True).stdout)
    assert status["store"]["samples"] > 0


@pytest.mark.parametrize("command", [["alerts"], ["events"], ["query", "up"], ["status"]])
def test_question_waits_for_the_store_then_ends_with_75(estate: TwoDevices, command: list[str]) -> None:
    """A command-line question does not fail while a cycle commits, and gives up after its wait."""
    soc("collect", *estate.arguments, check=True)
    with held(estate.data / "store.lock", seconds=2.0):
        assert soc(*command, *estate.arguments, check=True).returncode == 0


def test_questions_give_up_together_after_ten_seconds(estate: TwoDevices) -> None:
    """With the store taken for good, each question ends with 75 and names the holder."""
    soc("collect", *estate.arguments, check=True)
    with held(estate.data / "store.lock") as process:
        asked = [
            subprocess.Popen([*SOC, *command, *estate.arguments], stderr=subprocess.PIPE, text=True)
            for command in (["alerts"], ["events"], ["query", "up"], ["status"])
        ]
        ended = [(question.communicate()[1], question.returncode) for question in asked]
    assert [code for _, code in ended] == [75] * 4
    assert all(f"pid {process.pid}" in text for text, _ in ended)


def test_questions_take_no_collect_lock(estate: TwoDevices) -> None:
    """While a cycle polls, `soc poll` and the questions work: they touch no collection state."""
    soc("collect", *estate.arguments, check=True)
    with held(estate.data / "collect.lock"):
        assert soc("poll", "--device", "me", *estate.arguments).returncode == 0
        assert soc("alerts", *estate.arguments).returncode == 0
