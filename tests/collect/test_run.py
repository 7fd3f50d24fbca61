"""soc.collect.run: transports at work, each in a thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator

import pytest

from soc.collect.port import Answer, Job
from soc.collect.run import Runs
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
