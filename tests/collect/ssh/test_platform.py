"""What kind of host answers, told apart at first contact."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from soc.collect.declare import CommandOutput, SshCommand
from soc.collect.port import Answer
from soc.collect.ssh.platform import DETECT, DETECT_WINDOWS, platform_of, unknown
from tests.support.scripted_ssh import Reply, ScriptedHost, ScriptedServer

HELLO = SshCommand("hello", "say hello", platforms=("linux", "windows", "macos"))
PLATFORMS = {
    "bash": "linux",
    "ash": "linux",
    "zsh": "macos",
    "git-bash": "windows",
    "cmd": "windows",
    "powershell": "windows",
    "pwsh": "windows",
}


@pytest.fixture(scope="module")
def hosts(play_hosts: Callable[..., ScriptedServer]) -> ScriptedServer:
    """A host for each shell, one with noise, and one of which nothing is known."""
    replies = {HELLO.command: Reply("hello\n")}
    return play_hosts(
        {shell: ScriptedHost(replies, shell) for shell in PLATFORMS},
        noisy=ScriptedHost(replies, "powershell", noise="linux is what we like\r\nWelcome!\r\n"),
        switch=ScriptedHost(replies, "appliance"),
    )


@pytest.mark.parametrize("shell", PLATFORMS)
def test_every_shell_is_told_apart(hosts: ScriptedServer, ask: Callable[..., Answer], shell: str) -> None:
    """The platform behind each login shell is found, and remembered in the hints."""
    answer = ask(hosts.job(shell, HELLO))
    assert answer.hints == {"platform": PLATFORMS[shell]}
    assert answer.values[HELLO].stdout == "hello\n"


def test_a_remembered_platform_is_not_asked_for(hosts: ScriptedServer, ask: Callable[..., Answer]) -> None:
    """With the hint of the last contact only what is due is sent."""
    ran = hosts.hosts["powershell"].ran
    ran.clear()
    ask(hosts.job("powershell", HELLO, hints={"platform": "windows"}))
    assert ran == [HELLO.command]


def test_noise_of_start_files_is_passed_over(hosts: ScriptedServer, ask: Callable[..., Answer]) -> None:
    """What login scripts print before the answer changes nothing."""
    assert ask(hosts.job("noisy", HELLO)).hints == {"platform": "windows"}


def test_an_unknown_platform_is_said(hosts: ScriptedServer, ask: Callable[..., Answer]) -> None:
    """The host answers, its collectors fail with what it said, and it is looked at again next time."""
    answer = ask(hosts.job("switch", HELLO))
    assert answer.answered
    assert answer.failure is not None
    assert answer.failure.reason == "command"
    assert "the platform is not known" in answer.failure.detail
    assert "% Invalid input" in answer.failure.detail
    assert not answer.hints
    assert hosts.hosts["switch"].ran == [DETECT.command, DETECT_WINDOWS.command]


@pytest.mark.parametrize(
    ("printed", "platform"),
    [
        ("Linux\n", "linux"),
        ("FreeBSD\n", "freebsd"),
        ("OpenBSD\n", "openbsd"),
        ("NetBSD\n", "netbsd"),
        ("SunOS\r\n", "solaris"),
        ("CYGWIN_NT-10.0-19045\n", "windows"),
        ("MSYS_NT-10.0-17763\n", "windows"),
        ("\r\nMicrosoft Windows [versión 10.0.17763.5329]\r\n", "windows"),
        ("Last login: Sun\nDarwin\nBye!\n", "macos"),
        ("Linux is great\n", ""),
        ("Haiku\n", ""),
        ("", ""),
    ],
)
def test_platform_of(printed: str, platform: str) -> None:
    """A line that is a system's name tells, whatever stands around it; nothing else does."""
    assert platform_of(CommandOutput(printed, "", 0)) == platform


def test_what_is_shown_of_the_unknown_is_bounded_and_clean() -> None:
    """Neither control characters nor more than a line of what a host printed get into the reason."""
    text = unknown([CommandOutput("\x1b[2J" + "x" * 5000, "", 0), CommandOutput("", "no\n", 1)])
    assert text.isprintable()
    assert len(text) < 400
    assert text.endswith("gave exit code 1 and 'no'")
