"""Commands that share an execution, against a real sshd: nothing of one is lost for another."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from soc.collect.declare import CommandOutput, SshCommand
from soc.collect.port import Answer

Ask = Callable[..., Answer]
LINUX = {"platform": "linux"}
ONE, TWO, THREE = (SshCommand(name, f"echo {name}") for name in ("one", "two", "three"))


def _sessions(host) -> int:
    return host.log.read_text().count("Starting session")


def test_commands_share_one_execution(sshd, ask: Ask) -> None:
    """Outputs, error texts, exit codes and sizes are each command's own, as if it ran alone."""
    commands = [
        SshCommand("plain", "printf 'a\\377b'"),
        SshCommand("failing", "echo oops >&2; exit 3", exit_codes=(3,)),
        SshCommand("absent", "no-such-program-anywhere 2>/dev/null"),
        SshCommand("reading", "cat; echo end"),
        SshCommand("closing", "exec >&- 2>&-; exit 5"),
    ]
    before = _sessions(sshd)
    answer = ask(sshd.job(*commands, hints=LINUX))
    assert _sessions(sshd) == before + 1
    assert list(answer.values.values()) == [
        CommandOutput("a\ufffdb", "", 0), CommandOutput("", "oops\n", 3), CommandOutput("", "", 127),
        CommandOutput("end\n", "", 0), CommandOutput("", "", 5),
    ]  # fmt: skip
    told = [(item.command, item.exit_code, item.bytes, item.reason) for item in answer.executions]
    assert told == [
        ("plain", 0, 3, ""), ("failing", 3, 5, ""), ("absent", 127, 0, ""), ("reading", 0, 4, ""),
        ("closing", 5, 0, ""),
    ]  # fmt: skip
    assert answer.hints == LINUX


def test_restricted_host_gets_them_one_by_one(start_sshd, ask: Ask) -> None:
    """Byte for byte, so that a forced command can compare."""
    host = start_sshd('ForceCommand printf "%s" "$SSH_ORIGINAL_COMMAND"\n')
    answer = ask(host.job(ONE, TWO, device=host.device(restricted=True), hints=LINUX))
    assert [answer.values[item].stdout for item in (ONE, TWO)] == [ONE.command, TWO.command]


def test_account_that_knows_no_frame(start_sshd, ask: Ask) -> None:
    """Where the shell does not take part, all run one by one; it is remembered, and not tried again."""
    host = start_sshd("ForceCommand echo restricted\n")
    answer = ask(host.job(ONE, TWO, hints=LINUX))
    assert [output.stdout for output in answer.values.values()] == ["restricted\n"] * 2
    assert answer.hints["unframed"] == 100
    told = [(item.command, item.exit_code, item.reason) for item in answer.executions]
    assert sorted(told) == [("one", -1, "command"), ("one", 0, ""), ("two", -1, "command"), ("two", 0, "")]
    before = _sessions(host)
    again = ask(host.job(ONE, TWO, hints=answer.hints))
    assert set(again.values) == {ONE, TWO}
    assert _sessions(host) == before + 2
    assert again.hints["unframed"] == 99
    last = ask(host.job(ONE, TWO, hints={**LINUX, "unframed": 1}))
    assert last.hints["unframed"] == 0
    assert ask(host.job(ONE, TWO, hints=last.hints)).hints["unframed"] == 100


def test_command_that_hangs_takes_nothing_from_the_others(sshd, ask: Ask) -> None:
    """It fails by name, the rest runs on another channel; the next time it runs apart from them."""
    hanging = SshCommand("hanging", "sleep 60")
    answer = ask(sshd.job(ONE, hanging, TWO, THREE, hints=LINUX), command_seconds=1.0)
    assert {command.id: output.stdout for command, output in answer.values.items()} == {
        name: f"{name}\n" for name in ("one", "two", "three")
    }
    assert answer.failures[hanging].reason == "deadline"
    assert answer.failures[hanging].detail.startswith("hanging: not done in time")
    assert answer.hints["apart"] == ["hanging"]
    ran_before = {item.command for item in ask(sshd.job(ONE, hints=answer.hints)).executions}
    assert ran_before == {"one"}


def test_quick_command_is_taken_back(sshd, ask: Ask) -> None:
    """What was slow once runs apart until it is quick again."""
    hints = {**LINUX, "apart": ["two"]}
    before = _sessions(sshd)
    answer = ask(sshd.job(ONE, TWO, THREE, hints=hints))
    assert _sessions(sshd) == before + 2
    assert answer.hints["apart"] == []


def test_slow_command_runs_apart_the_next_time(sshd, ask: Ask) -> None:
    """It has its answer, but the others need not wait for it again."""
    slow = SshCommand("slow", "sleep 1; echo slow")
    answer = ask(sshd.job(ONE, slow, hints=LINUX), slow_seconds=0.5)
    assert answer.values[slow].stdout == "slow\n"
    assert answer.hints["apart"] == ["slow"]


@pytest.mark.parametrize("stream", ["", ">&2"])
def test_too_much_output_is_its_own_failure(sshd, ask: Ask, stream: str) -> None:
    """Each command's cap holds inside a batch; the rest has its answers."""
    endless = SshCommand("endless", f"yes {stream}", maximum_bytes=10_000)
    just = SshCommand("just", "head -c 1000 /dev/zero | tr '\\0' x", maximum_bytes=1000)
    answer = ask(sshd.job(ONE, endless, just, TWO, hints=LINUX))
    assert answer.failures[endless].reason == "limit"
    assert len(answer.values[just].stdout) == 1000
    assert set(answer.values) == {ONE, just, TWO}
    told = [(item.command, item.reason) for item in answer.executions]
    # The rest of the batch may have run before it was cut off, and did so behind it.
    assert sorted(told) == sorted(
        [("one", ""), ("endless", "limit"), *(("just", reason) for reason in ("command", "")),
         *(("two", reason) for reason in ("command", ""))]
    )  # fmt: skip


def test_command_that_ends_the_shell(sshd, ask: Ask) -> None:
    """Killing the frame's shell costs the others nothing; what it was at runs once more, alone."""
    murderous = SshCommand("murderous", "kill -9 $$")
    answer = ask(sshd.job(ONE, murderous, TWO, THREE, hints=LINUX))
    assert {ONE, TWO, THREE} <= set(answer.values)
    assert answer.hints["apart"] == ["murderous"]
    assert [item.command for item in answer.executions].count("murderous") == 2


def test_broken_constant_hides_no_others(sshd, ask: Ask) -> None:
    """A syntax error would end the whole text; it is found out, and runs alone."""
    broken = SshCommand("broken", "echo ( ; done")
    answer = ask(sshd.job(ONE, broken, TWO, hints=LINUX))
    assert answer.values[ONE].stdout == "one\n"
    assert answer.values[TWO].stdout == "two\n"
    assert answer.values[broken].exit_code != 0


def test_many_commands_of_great_length(sshd, ask: Ask) -> None:
    """More text than one argument may hold goes in several executions."""
    commands = [SshCommand(f"c{number}", f": {'x' * 9000}; echo {number}") for number in range(20)]
    answer = ask(sshd.job(*commands, hints=LINUX))
    assert [answer.values[command].stdout for command in commands] == [f"{n}\n" for n in range(20)]


def test_shared_command_runs_once(sshd, ask: Ask) -> None:
    """Two collectors may declare the same fetch."""
    assert len(ask(sshd.job(ONE, ONE, hints=LINUX)).executions) == 1
