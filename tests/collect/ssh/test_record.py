"""Writing known_hosts."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from soc.collect.ssh.known_hosts import accepting_lines
from soc.collect.ssh.record import add_entries, entry, replace_entries


def _blob(number: int) -> bytes:
    return b"\0\0\0\x0bssh-ed25519" + number.to_bytes(32)


def test_writers_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    """What one appends while another replaces stays."""
    path = tmp_path / "known_hosts"
    path.write_text("# ours")

    def write(thread: int) -> None:
        for number in range(15):
            if thread:
                add_entries(path, [entry(f"host-{thread}-{number}", 22, _blob(number))])
            else:
                replace_entries(path, "changing", 22, [entry("changing", 22, _blob(number))])

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(path.read_text().splitlines()) == 1 + 1 + 3 * 15
    assert [key for _, key in accepting_lines(path, "changing", 22)] == [_blob(14)]
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_root_leaves_the_file_to_whom_it_belongs(tmp_path: Path) -> None:
    """A hub under another account can read what root wrote: owner and mode stay, or are the directory's."""
    os.chown(tmp_path, 65534, 65534)
    old, new, link = tmp_path / "old", tmp_path / "new", tmp_path / "link"
    old.write_text(entry("web-01", 22, _blob(1)))
    old.chmod(0o640)
    os.chown(old, 65533, 65534)
    link.symlink_to(old)
    replace_entries(link, "web-01", 22, [entry("web-01", 22, _blob(2))])
    add_entries(new, [entry("web-01", 22, _blob(2))])
    assert link.is_symlink()
    assert old.read_text() == new.read_text()
    found = [(item.st_uid, item.st_gid, stat.S_IMODE(item.st_mode)) for item in (old.stat(), new.stat())]
    assert found == [(65533, 65534, 0o640), (65534, 65534, 0o600)]


def test_key_cannot_write_lines_of_its_own() -> None:
    """The type stands in the key, and a key may come from any file."""
    assert len(entry("web-01", 22, b"\0\0\0\x0bx\n* ssh-rsa ").splitlines()) == 1
