"""soc.collect.allow_lists and soc.collect.commands, against visudo, sudo and sshd."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from soc.collect import CommandOutput, SshCommand, collector
from soc.collect.allow_lists import forcecommand, sudoers
from soc.collect.commands import ListedCommand, commands_of
from soc.collect.load import load_collectors
from soc.collect.port import Answer, Job
from soc.collect.ssh.platform import DETECTIONS
from soc.collect.ssh.transport import SshTransport
from soc.model import ConfigurationError
from tests.support.sshd import Host

LISTED = commands_of(load_collectors())
ODD = "/usr/bin/printf '%s|' 'a,b' c:d=e 'f g' '*?[x]' '\\!' '#h' '^i$'"


def _listed(*sudo: str) -> list[ListedCommand]:
    text = "\n".join(f"sudo -n {line}" for line in sudo)
    return [ListedCommand(SshCommand("test", text, sudo=sudo), ("test",), ("health",))]


def _visudo(directory: Path, text: str) -> str:
    """What `visudo -c` makes of the file; "" where it finds nothing wrong."""
    visudo = shutil.which("visudo", path=f"{os.environ['PATH']}:/usr/sbin")
    if visudo is None:
        pytest.skip("needs Debian package sudo")
    path = directory / "sudoers"
    path.write_text(text)
    path.chmod(0o440)
    done = subprocess.run([visudo, "-c", "-f", path], capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_shipped_sudoers_are_valid(tmp_path: Path) -> None:
    """visudo accepts what the shipped collectors run as root."""
    assert _visudo(tmp_path, sudoers(LISTED, "soc")) == ""


def test_every_shipped_sudo_command_is_in_sudoers() -> None:
    """None is left out, whatever it holds."""
    lines = {line for item in LISTED for line in item.command.sudo}
    assert sudoers(LISTED, "soc").count(", \\\n") == max(0, len(lines) - 1)


@pytest.mark.parametrize(
    "line", ["/usr/bin/id", "/usr/bin/id -u", "/usr/bin/find / -name '*.pem' -printf '%T@ %p\\n'", ODD]
)
def test_odd_arguments_are_escaped(tmp_path: Path, line: str) -> None:
    """Commas, colons, equals signs, wildcards and comments are letters, not sudoers' syntax."""
    assert _visudo(tmp_path, sudoers(_listed(line), "soc")) == ""


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to say who may use sudo")
def test_sudo_allows_the_letter_and_nothing_else(tmp_path: Path) -> None:
    """sudo itself runs the listed arguments, and refuses others, more, and fewer."""
    if shutil.which("sudo") is None:
        pytest.skip("needs Debian package sudo")
    text = sudoers(_listed("/usr/bin/id", ODD), "nobody")
    drop_in = Path(f"/etc/sudoers.d/soc-test-{os.getpid()}")
    assert _visudo(tmp_path, text) == ""

    def run(command: str) -> int:
        arguments = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "/bin/sh", "-c"]
        return subprocess.run([*arguments, f"sudo -n {command}"], capture_output=True, check=False).returncode

    drop_in.write_text(text)
    drop_in.chmod(0o440)
    try:
        assert [run("/usr/bin/id"), run(ODD)] == [0, 0]
        refused = [
            run("/usr/bin/id -u"), run("/usr/bin/whoami"), run(f"{ODD} more"),
            run("/usr/bin/printf"), run(ODD.replace("'*?[x]'", "anything")),
        ]  # fmt: skip
        assert refused == [1] * 5
    finally:
        drop_in.unlink()


@pytest.mark.parametrize("line", ["/bin/cat $HOME/x", "/bin/ls /etc/*", "/bin/echo 'open", '/bin/echo "a"'])
def test_what_the_shell_would_change_is_refused(line: str) -> None:
    """sudo sees what the shell makes of it, so that alone could be allowed."""
    with pytest.raises(ConfigurationError, match="words that the shell leaves"):
        sudoers(_listed(line), "soc")


@pytest.mark.parametrize("user", ["", "a b", "soc ALL=(ALL) ALL #", "#0", "%wheel", "x" * 40])
def test_user_is_a_name(user: str) -> None:
    """What is no account's name could be syntax of sudoers."""
    with pytest.raises(ConfigurationError, match="no account's name"):
        sudoers(LISTED, user)


def test_one_id_names_one_command() -> None:
    """Whoever reads an id in the log must find the one command it stands for."""

    def declared(name: str, text: str) -> object:
        return collector(name=name, fetch=SshCommand("same", text), every="health")(lambda _: [])

    with pytest.raises(ConfigurationError, match="'same' names another command"):
        commands_of([declared("a", "true"), declared("b", "false")])  # type: ignore[list-item]
    (*_, same) = commands_of([declared("a", "true"), declared("b", "true")])  # type: ignore[list-item]
    assert same.used_by == ("a", "b")


def test_the_platform_is_asked_too() -> None:
    """What tells the platform is run on every host, so it is in every list."""
    assert tuple(item.command for item in LISTED[: len(DETECTIONS)]) == DETECTIONS
    assert all(LISTED[0].on(platform) for platform in ("linux", "windows", "macos"))


def _run(host: Host, *commands: SshCommand, cursors: dict[str, str] | None = None) -> Answer:
    answers: list[Answer] = []
    job = Job(
        host.device(restricted=True), (host.credential(),), commands, cursors or {}, {"platform": "linux"}
    )
    SshTransport().run([job], answers.append, time.monotonic() + 60)
    (answer,) = answers
    return answer


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The forced command of all that ships, where an administrator would put it."""
    path = tmp_path_factory.mktemp("forced") / "soc-commands"
    path.write_text(forcecommand(LISTED))
    path.chmod(0o755)
    return path


def test_forced_command_knows_all_that_is_listed(
    tmp_path: Path, script: Path, start_sshd: Callable[[str], Host]
) -> None:
    """Under sshd's ForceCommand each command of Linux hosts arrives as itself, to the letter."""
    told = tmp_path / "soc-commands"  # tells what it would run: some take a while
    told.write_text(script.read_text().replace("exec /bin/sh -c ", "exec printf %s "))
    told.chmod(0o755)
    commands = [item.command for item in LISTED if item.on("linux") and item.command not in DETECTIONS]
    answer = _run(start_sshd(f"ForceCommand {told}\n"), *commands)
    assert (answer.failure, answer.failures) == (None, {})
    texts = {command: command.command for command in commands}
    values = answer.values.items()
    assert {item: value.stdout for item, value in values if isinstance(value, CommandOutput)} == texts


def test_forced_command_lets_a_host_be_collected(script: Path, start_sshd: Callable[[str], Host]) -> None:
    """The platform is asked and what is read comes as it does without."""
    wanted = {"linux-memory", "linux-filesystems", "linux-load", "linux-auth-log"}
    commands = [item.command for item in LISTED if item.command.id in wanted]
    host = start_sshd(f"ForceCommand {script}\n")
    answers: list[Answer] = []
    job = Job(host.device(restricted=True), (host.credential(),), tuple(commands))
    SshTransport().run([job], answers.append, time.monotonic() + 60)
    (answer,) = answers
    assert answer.hints["platform"] == "linux"
    codes = {
        item.id: value.exit_code
        for item, value in answer.values.items()
        if isinstance(item, SshCommand) and isinstance(value, CommandOutput)
    }
    assert codes.keys() == wanted
    assert set(codes.values()) <= {0, 127}


def test_forced_command_passes_the_cursor_on(tmp_path: Path, start_sshd: Callable[[str], Host]) -> None:
    """Standard input reaches the command as it does without; blanks and quotes in its text are kept."""
    text = "read -r cursor; printf '%s\\n' \"got  $cursor\" 'it'\\''s'\n# the end"
    command = SshCommand("test-cursor", text, stream="test")
    script = tmp_path / "soc-commands"
    script.write_text(forcecommand([ListedCommand(command, ("test",), ("health",))]))
    script.chmod(0o755)
    answer = _run(start_sshd(f"ForceCommand {script}\n"), command, cursors={"test": "7:ab:12"})
    value = answer.values[command]
    assert isinstance(value, CommandOutput)
    assert (value.exit_code, value.stdout) == (0, "got  7:ab:12\nit's\n")


@pytest.mark.parametrize(
    "text",
    [
        "id", "uname -s || ver; id", "uname -s || ver\nid", "uname -s  || ver", " uname -s || ver", "*",
        "$(id)", "'*') id;; '", "",
    ],
)  # fmt: skip
def test_forced_command_refuses_the_rest(script: Path, text: str) -> None:
    """What is not one of them letter by letter is refused with a message, and nothing of it is run."""
    done = subprocess.run(
        [script], env={"SSH_ORIGINAL_COMMAND": text, "PATH": os.environ["PATH"]}, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (126, "")
    posix = [item for item in LISTED if item.command.platforms != {"windows"}]
    assert done.stderr == f"refused: not one of the {len(posix)} commands that soc may run on this host\n"


def test_forced_command_refuses_over_ssh(script: Path, start_sshd: Callable[[str], Host]) -> None:
    """Another command through the same door comes back refused; so do a shell and a subsystem."""
    host = start_sshd(f"ForceCommand {script}\n")
    output = _run(host, SshCommand("other", "id -un")).values
    ((value,)) = output.values()
    assert isinstance(value, CommandOutput)
    assert (value.exit_code, value.stdout) == (126, "")
    assert value.stderr.startswith("refused: ")
    if shutil.which("ssh") is None:
        pytest.skip("needs Debian package openssh-client")
    base = [
        "ssh",
        "-p",
        str(host.port),
        "-i",
        str(host.client_key),
        "-o",
        f"UserKnownHostsFile={host.known_hosts}",
    ]
    for more in ([], ["-s", "sftp"]):
        target = [*base, "-o", "BatchMode=yes", "127.0.0.1", *more]
        done = subprocess.run(target, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        assert done.returncode != 0
        assert "uid=" not in done.stdout
