"""Run jobs over several transports at once and take their answers as they come."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence

from soc.collect.port import Answer, Failure, Job, Transport

# A transport ends by its deadline; this much later its jobs are answered for without it.
_GRACE_SECONDS = 5.0


def run_jobs(
    transports: Mapping[str, Transport],
    jobs: Mapping[str, Sequence[Job]],
    deadline: float,
    *,
    now: Callable[[], float],
    monotonic: Callable[[], float],
) -> Iterator[tuple[str, Answer]]:
    """Yield (transport, answer), one for each job of `jobs` (by transport name).

    `deadline` is on the `monotonic` clock. A transport that raises or outlives the deadline harms
    the others in nothing: what it did not answer comes with reason "protocol" or "deadline".
    """
    answers: queue.SimpleQueue[tuple[str, Answer | None]] = queue.SimpleQueue()
    broken: dict[str, Failure] = {}

    def work(transport: str) -> None:
        try:
            transports[transport].run(
                jobs[transport], lambda answer: answers.put((transport, answer)), deadline
            )
        except Exception as error:
            broken[transport] = Failure("protocol", f"{transport} transport: {type(error).__name__}: {error}")
        finally:
            answers.put((transport, None))

    for transport in jobs:
        threading.Thread(target=work, args=(transport,), name=transport, daemon=True).start()
    waiting = {(transport, job.device.name): job for transport, found in jobs.items() for job in found}
    running = set(jobs)
    while running:
        try:
            left = deadline + _GRACE_SECONDS - monotonic()
            transport, answer = answers.get(timeout=max(0.0, left))
        except queue.Empty:
            break
        if answer is None:
            running.discard(transport)
        elif waiting.pop((transport, answer.job.device.name), None):
            yield transport, answer
    for (transport, _), job in waiting.items():
        failure = broken.get(
            transport, Failure("deadline", f"no answer from the {transport} transport in time")
        )
        yield transport, Answer(job, now(), answered=False, failure=failure)
