"""The SSH transport: a bounded pool of threads, a connection each."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from pathlib import Path

from soc.collect.port import Answer, Failure, Job
from soc.collect.ssh.contact import Surroundings, contact
from soc.collect.ssh.jumps import Jumps
from soc.collect.ssh.kept import Kept
from soc.collect.ssh.limits import Limits
from soc.collect.ssh.slots import Slots
from soc.collect.ssh.trust import Trust

# A contact notices its deadline within a tenth of a second; a name look-up cannot be cut at all.
_GRACE_SECONDS = 1.0


class SshTransport:
    """Runs the commands of each job over one connection (soc/collect/port.py).

    Only commands whose `platforms` contain the host's are run; the others stand neither in the
    answer's values nor in its failures. The platform is remembered in `hints["platform"]`, "" when
    it is to be looked for again. `answered` is true once the peer sent a byte of its own: a
    handshake that never comes is no answer, an unknown host key is one. Device options under "ssh":
    port, fingerprint, legacy, restricted. Commands of a POSIX host share executions unless it is
    restricted.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        *,
        known_hosts: Path | None = None,
        kept: Kept | None = None,
    ) -> None:
        """`known_hosts` is read beside every credential's own; without `kept` every connection is closed
        when its job is done."""
        self._limits = limits or Limits()
        self._kept = kept
        self._known_hosts = known_hosts

    def run(self, jobs: Iterable[Job], on_answer: Callable[[Answer], None], deadline: float) -> None:
        limits, kept = self._limits, self._kept
        if kept is not None:
            kept.sweep()
        jumps = kept.jumps if kept is not None else Jumps()
        trust, slots = Trust(self._known_hosts), Slots(limits.connections_per_host)
        around = Surroundings(limits, trust, slots, jumps, kept, deadline)
        pool = ThreadPoolExecutor(limits.connections, thread_name_prefix="ssh")
        waiting: dict[Future[Answer], Job] = {pool.submit(contact, job, around): job for job in jobs}
        try:
            for done in as_completed(list(waiting), deadline + _GRACE_SECONDS - time.monotonic()):
                del waiting[done]
                on_answer(done.result())
        except TimeoutError:
            for late, job in waiting.items():
                if late.done():  # whoever takes the answers was late, not the host
                    on_answer(late.result())
                    continue
                failure = Failure("deadline", "the name look-up or the host took too long")
                on_answer(Answer(job, time.time(), answered=False, failure=failure))
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            if kept is None:
                jumps.close()
