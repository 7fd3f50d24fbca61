"""What the commands for Linux read as root: nothing that a user of the host may lead them to."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from soc.collect import CommandOutput, Fact, Partial, SshCommand
from soc.collect.declare import Collector
from soc.collect.load import load_collectors

_SHIPPED: dict[str, Collector] = {item.name: item for item in load_collectors()}
_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"
_SECRET = "root:$6$salt$hash:19000:0:99999:7:::\nMIIEpAIBAAKCAQEA\n5 * * *\nPASSWORD=hunter2\n"


def _command(name: str) -> SshCommand:
    (command,) = _SHIPPED[name].fetches.values()
    assert isinstance(command, SshCommand)
    return command


def _as_root(name: str, places: str, directory: Path) -> str:
    """What the line that sudo allows prints, asked for a directory instead of the host's own."""
    (line,) = _command(name).sudo
    assert places in line
    words = shlex.split(line.replace(places, str(directory)))
    if shutil.which(words[0]) is None:
        pytest.skip(f"needs {words[0]}")
    done = subprocess.run(words, capture_output=True, env={"LC_ALL": "C"}, check=False)
    return done.stdout.decode("utf-8", "replace")


def _facts(name: str, printed: str) -> tuple[list[str], bool]:
    """The members of the facts that come of it, and whether they are all."""
    records = list(_SHIPPED[name].parse(CommandOutput(printed, "", 0)))
    whole = not any(isinstance(record, Partial) for record in records)
    return [record.instance for record in records if isinstance(record, Fact)], whole


def test_keys(tmp_path: Path) -> None:
    """Links of both kinds, strange names and lines without a key show nothing; keys are their own file's."""
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "shadow").write_text(_SECRET)
    (secret / "authorized_keys").write_text(f"{_KEY} secret\n")
    homes = tmp_path / "homes"
    for name in ("ann", "eve", "eve/hard", "eve/forged\n/root", "eve/deep/er/still"):
        (homes / name / ".ssh").mkdir(parents=True)
    keys = ".ssh/authorized_keys"
    (homes / "ann" / keys).write_text(f"# mine\n{_KEY} ann\nno key\n")
    (homes / "ann" / f"{keys}2").write_text(f"{_KEY} too\n")
    (homes / "eve" / keys).symlink_to(secret / "authorized_keys")
    (homes / "eve" / "linked").symlink_to(secret)
    (homes / "eve/hard" / keys).hardlink_to(secret / "shadow")
    (homes / "eve/forged\n/root" / keys).write_text(f"{_KEY} forged\n")
    os.mkfifo(homes / "eve" / f"{keys}2")
    printed = _as_root("linux_authorized_keys", "/root /home /srv /opt /var/lib", homes)
    assert printed.endswith("\n/etc/passwd\n")
    content = {line for line in printed.splitlines() if not line.startswith("/")}
    assert content == {f"./authorized_keys:{_KEY} ann", f"./authorized_keys2:{_KEY} too"}
    found, whole = _facts("linux_authorized_keys", printed)
    assert whole
    assert {name.partition(" ")[0] for name in found} == {
        str(homes / "ann" / keys),
        str(homes / "ann" / f"{keys}2"),
    }


def test_one_large_file_hides_no_other(tmp_path: Path) -> None:
    """What one file comes to is capped far below what a command may print; a key cut off is told of."""
    command = _command("linux_authorized_keys")
    for name, text in (("eve", f'environment="{"x" * 9_000}" {_KEY}\n' * 1_000), ("zoe", f"{_KEY} zoe\n")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "authorized_keys").write_text(text)
    done = subprocess.run(
        ["/bin/sh", "-c", command.command.replace("/root /home /srv /opt /var/lib", str(tmp_path))],
        capture_output=True, text=True, stdin=subprocess.DEVNULL, check=True,
    )  # fmt: skip
    assert len(done.stdout) < command.maximum_bytes / 3
    found, _ = _facts("linux_authorized_keys", done.stdout)
    assert {name.split()[0] for name in found} == {
        f"{tmp_path}/{name}/authorized_keys" for name in ("eve", "zoe")
    }


def test_jobs(tmp_path: Path) -> None:
    """Of users' crontabs the jobs are printed, of what is linked there nothing."""
    tabs = tmp_path / "crontabs"
    tabs.mkdir()
    (tmp_path / "secret").write_text(f"{_SECRET}1 2 3 4 5 hunter2\n")
    (tmp_path / "shadow").write_text(_SECRET)
    (tabs / "ann").write_text(
        "PASSWORD=hunter2\n# 1 2 3 4 5 no\n\t*/5 1 * jan-mar mon /bin/a\n@reboot /bin/b\n"
    )
    (tabs / "eve").symlink_to(tmp_path / "secret")
    (tabs / "hard").hardlink_to(tmp_path / "shadow")
    printed = _as_root("linux_jobs", "/var/spool/cron /etc/crontabs", tabs)
    assert printed.splitlines() == [
        f"{tabs}/ann:\t*/5 1 * jan-mar mon /bin/a",
        f"{tabs}/ann:@reboot /bin/b",
        "/proc/sys/kernel/ostype:Linux",
    ]
    assert _facts("linux_jobs", printed)[1]


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become an account that sudo refuses")
@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("linux_accounts", "account_password"),
        ("linux_authorized_keys", "authorized_key"),
        ("linux_jobs", "scheduled_job"),
        ("linux_ports", "listening_port"),
    ],
)
def test_a_refused_sudo_shows(name: str, key: str) -> None:
    """An account that may not use sudo learns a part and says so; root learns all."""
    partial = []
    for user in ("0", "65534"):
        done = subprocess.run(
            ["setpriv", f"--reuid={user}", "--clear-groups", "/bin/sh", "-c", _command(name).command],
            capture_output=True, text=True, errors="replace", stdin=subprocess.DEVNULL, check=True,
        )  # fmt: skip
        records = _SHIPPED[name].parse(CommandOutput(done.stdout, "", 0))
        partial.append([record.key for record in records if isinstance(record, Partial)])
    assert partial[1] == ([] if name == "linux_ports" and not _has_ss() else [key])
    if name != "linux_accounts" or shutil.which("sudo"):
        assert partial[0] == []


def _has_ss() -> bool:
    return any(
        Path(path).exists() for path in re.findall(r"sudo -n (\S+/ss)", _command("linux_ports").command)
    )
