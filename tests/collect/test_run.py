"""soc.collect.run: transports at work, each in a thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator

import pytest

from soc.collect.port import Answer, Job
from soc.collect.run import MAXIMUM_WAITING, Runs
from soc.model import Device

LATE = 1000.0  # on a clock whose deadlines are at 1


def jobs(*names: str) -> list[Job]:
    return [Job(Device(name, "network"), (), ()) for name in names]


class Stuck:
    """Answers its first `count` jobs and never comes back."""

    def __init__(self, count: int) -> None:
        self._count = count
        self.stuck = threading.Event()
        self.release = threading.Event()

    def run(self, jobs: Iterable[Job], on_answer: Callable[[Answer], None], deadline: float) -> None:
        for job in list(jobs)[: self._count]:
            on_answer(Answer(job, 1.0, answered=True))
        self.stuck.set()
        self.release.wait()


@pytest.fixture
def stuck() -> Iterator[Stuck]:
    transport = Stuck(2)
    yield transport
    transport.release.set()


def test_answers_that_came_in_time_count_however_late_they_are_taken(stuck: Stuck) -> None:
    """A transport that hangs is given up at its deadline; what it answered before is not lost."""
    runs = Runs(now=lambda: 5.0, monotonic=lambda: LATE)
    runs.start("snmp", stuck, jobs("a", "b", "c"), deadline=1.0)
    stuck.stuck.wait()
    found = {answer.job.device.name: answer for _, answer in runs.answers()}
    assert [found["a"].failure, found["b"].failure] == [None, None]
    assert found["c"].failure is not None
    assert (found["c"].failure.reason, found["c"].time) == ("deadline", 5.0)
    assert runs.count("snmp") == 0


class Chatty:
    """Answers every job, the first one twice."""

    def run(self, jobs: Iterable[Job], on_answer: Callable[[Answer], None], deadline: float) -> None:
        for number, job in enumerate(jobs):
            for _ in range(2 if number == 0 else 1):
                on_answer(Answer(job, 1.0, answered=True))


def test_a_job_is_answered_once(stuck: Stuck) -> None:
    """A second answer to a job is dropped, and a hanging transport keeps no other from ending."""
    runs = Runs(now=lambda: 5.0, monotonic=lambda: LATE)
    runs.start("snmp", stuck, jobs("a"), deadline=1.0)
    runs.start("ssh", Chatty(), jobs("a", "b"), deadline=LATE + 60)
    found = sorted((name, answer.job.device.name) for name, answer in runs.answers())
    assert found == [("snmp", "a"), ("ssh", "a"), ("ssh", "b")]


class Prolific:
    """Answers everything as fast as it may."""

    def __init__(self) -> None:
        self.given = 0

    def run(self, jobs: Iterable[Job], on_answer: Callable[[Answer], None], deadline: float) -> None:
        for job in jobs:
            on_answer(Answer(job, 1.0, answered=True))
            self.given += 1


def test_what_nobody_takes_is_bounded() -> None:
    """A transport is held up by a slow taker, and goes on with it; no answer is lost."""
    transport, count = Prolific(), 5 * MAXIMUM_WAITING
    runs = Runs(now=lambda: 5.0, monotonic=lambda: 0.0)
    runs.start("snmp", transport, jobs(*(f"d{number}" for number in range(count))), deadline=1.0)
    taken, most = 0, 0
    for _ in runs.answers():
        taken += 1
        most = max(most, transport.given - taken)
    assert taken == count
    assert most <= MAXIMUM_WAITING + 1


class Stepped:
    """Answers one job in each step, and breaks at the one named bad."""

    def run(self, jobs: Iterable[Job], on_answer: Callable[[Answer], None], deadline: float) -> None:
        raise AssertionError("not in a thread")

    def steps(
        self,
        jobs: Iterable[Job],
        on_answer: Callable[[Answer], None],
        deadline: float,
        wait_seconds: float,
    ) -> Iterator[None]:
        for job in jobs:
            if job.device.name == "bad":
                raise RuntimeError
            on_answer(Answer(job, 1.0, answered=True))
            yield


def test_transports_in_steps_work_beside_those_in_threads() -> None:
    """Every job is answered; one that breaks off fails its own that are left."""
    runs = Runs(now=lambda: 5.0, monotonic=lambda: 0.0)
    runs.start("snmp", Stepped(), jobs("a", "bad", "c"), deadline=1.0)
    runs.start("ssh", Prolific(), jobs("e", "f"), deadline=1.0)
    found = {answer.job.device.name: answer.failure for _, answer in runs.answers()}
    assert set(found) == {"a", "bad", "c", "e", "f"}
    assert [name for name, failure in found.items() if failure and failure.reason == "internal"] == [
        "bad",
        "c",
    ]
