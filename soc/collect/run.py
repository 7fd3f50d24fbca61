"""Run jobs over several transports at once and take their answers as they come."""

from __future__ import annotations

import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from soc.collect.port import Answer, Failure, Job, SteppedTransport, Transport

# A transport ends by its deadline; this much later its jobs are answered for without it.
_GRACE_SECONDS = 5.0
MAXIMUM_WAITING = 256  # answers; those of large tables are some 100 KB each
_ROOM_SECONDS = 0.2
_BUNCH_SECONDS = 0.01
_STEP_SECONDS = 0.01


@dataclass(eq=False, slots=True)
class Run:
    """Jobs given to one transport. `waiting` are those not yet answered, by device."""

    name: str
    transport: Transport
    deadline: float
    waiting: dict[str, Job]
    failure: Failure | None = field(default=None)
    steps: Iterator[None] | None = field(default=None)  # where it needs no thread


class _Answers:
    """What transports gave and nobody took yet: bounded, so that a slow taker slows them down."""

    def __init__(self) -> None:
        self._found: deque[tuple[Run, Answer | None]] = deque()
        self._some = threading.Event()
        self._room = threading.Event()

    def put(self, run: Run, answer: Answer | None, monotonic: Callable[[], float]) -> None:
        """Waits for room as long as somebody may come to take it."""
        while len(self._found) >= MAXIMUM_WAITING and monotonic() < run.deadline + _GRACE_SECONDS:
            self._room.clear()
            if len(self._found) >= MAXIMUM_WAITING:
                self._room.wait(_ROOM_SECONDS)
        self._found.append((run, answer))
        if not self._some.is_set():
            self._some.set()

    def get(self, seconds: float) -> tuple[Run, Answer | None] | None:
        """The next one, or None when none came in time."""
        if not self._found:
            self._some.clear()
            if not self._found:
                self._some.wait(seconds)
                # What runs side by side takes turns seldom: each turn costs both more than an answer.
                time.sleep(min(seconds, _BUNCH_SECONDS))
                if not self._found:
                    return None
        found = self._found.popleft()
        if len(self._found) <= MAXIMUM_WAITING // 2 and not self._room.is_set():
            self._room.set()
        return found


class Runs:
    """Transports at work, each in a thread of its own unless it works in steps. Used from one thread."""

    def __init__(self, *, now: Callable[[], float], monotonic: Callable[[], float]) -> None:
        self._now = now
        self._monotonic = monotonic
        self._answers = _Answers()
        self._bunch: deque[tuple[Run, Answer | None]] = deque()  # of the steps just made
        self._running: set[Run] = set()

    def start(self, name: str, transport: Transport, jobs: Sequence[Job], deadline: float) -> None:
        """`deadline` is on the `monotonic` clock. The transport must not be at work already."""
        run = Run(name, transport, deadline, {job.device.name: job for job in jobs})
        self._running.add(run)
        if isinstance(transport, SteppedTransport):
            run.steps = transport.steps(jobs, partial(self._stepped, run), deadline, _STEP_SECONDS)
            return
        threading.Thread(target=self._work, args=(run, jobs), name=name, daemon=True).start()

    @property
    def busy(self) -> bool:
        return bool(self._running)

    def leave_steps(self) -> None:
        """Go no further where nothing goes on by itself: for who starts the same jobs elsewhere."""
        self._running = {run for run in self._running if run.steps is None}

    def count(self, name: str) -> int:
        """How many runs over the transport of this name are under way."""
        return sum(run.name == name for run in self._running)

    def answers(
        self, until: float = float("inf"), ended: Callable[[str, Transport], None] | None = None
    ) -> Iterator[tuple[str, Answer]]:
        """Yield (transport, answer), one for each job, until nothing runs or `until` (monotonic) has come.

        A transport that raises or outlives its deadline harms the others in nothing: what it did not
        answer comes with reason "internal" or "deadline". `ended` is told of transports that are free
        again, which one that outlives its deadline never is.
        """
        while self._running and (at := self._monotonic()) < until:
            stepping = [run for run in self._running if run.steps is not None]
            for run in stepping:
                self._step(run)
            while self._bunch:
                yield from self._taken(*self._bunch.popleft(), ended)
            given_up = min((run.deadline + _GRACE_SECONDS for run in self._running), default=at)
            found = self._answers.get(0.0 if stepping else max(0.0, min(until, given_up) - at))
            if found is None:  # so what came in time is taken, however late we get to it
                at = self._monotonic()
                for run in [run for run in self._running if run.deadline + _GRACE_SECONDS <= at]:
                    self._running.discard(run)
                    yield from self._unanswered(run)
            while found is not None:
                yield from self._taken(*found, ended)
                found = self._answers.get(0.0)

    def _taken(
        self, run: Run, answer: Answer | None, ended: Callable[[str, Transport], None] | None
    ) -> Iterator[tuple[str, Answer]]:
        if run not in self._running:
            return
        if answer is None:
            self._running.discard(run)
            yield from self._unanswered(run)
            if ended is not None:
                ended(run.name, run.transport)
        elif run.waiting.pop(answer.job.device.name, None):
            yield run.name, answer

    def _stepped(self, run: Run, answer: Answer | None) -> None:
        self._bunch.append((run, answer))

    def _step(self, run: Run) -> None:
        assert run.steps is not None
        try:
            next(run.steps)
        except StopIteration:
            self._bunch.append((run, None))
        except Exception as error:
            run.failure = _broken(run, error)
            self._bunch.append((run, None))

    def _work(self, run: Run, jobs: Sequence[Job]) -> None:
        try:
            run.transport.run(
                jobs, lambda answer: self._answers.put(run, answer, self._monotonic), run.deadline
            )
        except Exception as error:
            run.failure = _broken(run, error)
        finally:
            self._answers.put(run, None, self._monotonic)

    def _unanswered(self, run: Run) -> Iterator[tuple[str, Answer]]:
        failure = run.failure or Failure("deadline", f"no answer from the {run.name} transport in time")
        for job in run.waiting.values():
            yield run.name, Answer(job, self._now(), answered=False, failure=failure)


def _broken(run: Run, error: Exception) -> Failure:
    """What and where, but not the text: it may quote a setting."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{type(error).__name__} at {frame.filename}:{frame.lineno}"
    return Failure("internal", f"the {run.name} transport broke: {where}")


def run_jobs(
    transports: Mapping[str, Transport],
    jobs: Mapping[str, Sequence[Job]],
    deadline: float,
    *,
    now: Callable[[], float],
    monotonic: Callable[[], float],
) -> Iterator[tuple[str, Answer]]:
    """Yield (transport, answer), one for each job of `jobs` (by transport name), as Runs.answers does."""
    runs = Runs(now=now, monotonic=monotonic)
    for name, found in jobs.items():
        runs.start(name, transports[name], found, deadline)
    yield from runs.answers()
