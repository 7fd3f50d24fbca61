"""Run jobs through the SSH transport."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from soc.collect.port import Answer, Job
from soc.collect.ssh.limits import Limits
from soc.collect.ssh.transport import SshTransport


@pytest.fixture
def ask() -> Callable[..., Answer]:
    """Run one job through the transport and return its one answer."""

    def run(job: Job, *, seconds: float = 20.0, **limits: Any) -> Answer:
        answers: list[Answer] = []
        SshTransport(Limits(**limits)).run([job], answers.append, time.monotonic() + seconds)
        (answer,) = answers
        return answer

    return run
