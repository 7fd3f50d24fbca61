"""What is sent to a host is noted before it is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pytest

from soc.collect.declare import SshCommand
from soc.collect.outstanding import as_sent
from soc.collect.port import Answer, Execution, Failure
from tests.support.sshd import Host

Ask = Callable[..., Answer]
HELLO = SshCommand("hello", "echo hello")


class _Sending:
    """The port's, in a list; it may refuse."""

    def __init__(self, refuse: bool = False) -> None:
        self.noted: list[Execution] = []
        self._refuse = refuse

    def note(self, executions: Sequence[Execution]) -> None:
        if self._refuse:
            raise OSError(28, "No space left on device")
        self.noted += executions

    def withdraw(self, executions: Iterable[Execution]) -> None:
        for execution in executions:
            self.noted.remove(execution)

    def untold(self, told: Iterable[Execution]) -> list[Execution]:
        raise AssertionError("asked by whoever takes the answer")


@pytest.mark.parametrize("options", [{}, {"restricted": True}])
def test_commands_are_noted_before_they_are_sent(sshd: Host, ask: Ask, options: dict[str, bool]) -> None:
    """What was noted is what the answer tells of, but for what came of it."""
    commands = [HELLO, SshCommand("fails", "exit 3")]
    sending = _Sending()
    answer = ask(sshd.job(*commands, device=sshd.device(**options), sending=sending))
    assert len(answer.executions) == 3  # the platform's detection is one
    assert {as_sent(execution) for execution in answer.executions} == set(sending.noted)


def test_what_a_batch_did_not_get_to_was_not_run(sshd: Host, ask: Ask) -> None:
    """Where a command ends the shell of its batch, those behind it run once, and are told of once."""
    murderous = SshCommand("murderous", "kill -9 $$")
    sending = _Sending()
    answer = ask(
        sshd.job(HELLO, murderous, SshCommand("last", "true"), hints={"platform": "linux"}, sending=sending)
    )
    assert {as_sent(execution) for execution in answer.executions} == set(sending.noted)
    assert [execution.command for execution in sending.noted].count("last") == 1


def test_what_cannot_be_noted_is_not_sent(sshd: Host, ask: Ask, tmp_path: Path) -> None:
    """Nothing runs on a host that nobody could be told of."""
    made = tmp_path / "made"
    job = sshd.job(SshCommand("touch", f"touch {made}"), sending=_Sending(True), hints={"platform": "linux"})
    answer = ask(job)
    (failure,) = answer.failures.values()
    assert failure == Failure(
        "internal", "touch: not sent, since it cannot be noted: No space left on device"
    )
    assert answer.executions == []
    assert not made.exists()
