"""Who may run beside whom: the table of locks, row by row (docs/architecture.md)."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence

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


QUESTIONS = (["alerts"], ["events"], ["query", "up"], ["status"])


# `soc` that waits for the store a second instead of ten.
IMPATIENT = (
    sys.executable,
    "-c",
    "import sys; from soc.cli import _store, main; _store.LOCK_WAIT_SECONDS = 1.0; sys.exit(main())",
)


def _ask_all(estate: TwoDevices, program: Sequence[str] = SOC) -> list[tuple[int, str]]:
    """Every question at once: exit codes, and what stood on stderr."""
    asked = [
        subprocess.Popen(
            [*program, *command, *estate.arguments],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )
        for command in QUESTIONS
    ]  # fmt: skip
    return [(question.wait(), told) for question in asked for told in [question.communicate()[1]]]


def test_questions_wait_for_the_store_then_end_with_75(estate: TwoDevices) -> None:
    """A question does not fail while a cycle commits; with the store taken for good it ends with 75 after
    its wait and names the holder."""
    soc("collect", *estate.arguments, check=True)
    with held(estate.data / "store.lock", seconds=2.0):
        assert [code for code, _ in _ask_all(estate)] == [0] * 4
    with held(estate.data / "store.lock") as process:
        ended = _ask_all(estate, IMPATIENT)
    assert [code for code, _ in ended] == [75] * 4
    assert all(f"pid {process.pid}" in text for _, text in ended)


def test_questions_take_no_collect_lock(estate: TwoDevices) -> None:
    """While a cycle polls, `soc poll` and the questions work: they touch no collection state."""
    soc("collect", *estate.arguments, check=True)
    with held(estate.data / "collect.lock"):
        assert soc("poll", "--device", "me", *estate.arguments).returncode == 0
        assert soc("alerts", *estate.arguments).returncode == 0
