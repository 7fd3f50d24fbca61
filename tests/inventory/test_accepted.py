"""The inventory in force, kept apart from its own files."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from soc.inventory import Inventory, keep_accepted, load, load_accepted, load_inventory, stage_accepted
from soc.model import ConfigurationError

MAIN = """\
version: 1
credentials:
  lab: {snmp: {version: "2c", community: hunter2}}
  ops: {ssh: {user: soc, key_file: keys/id, passphrase: {file: ../secret}}}
devices:
  - {name: sw-1, address: 10.0.0.1, tower: network, credentials: [lab]}
include: [part.d/*.yaml, fleet.csv, rows.jsonl]
"""
PART = """\
credentials: {dmz: {ssh: {user: soc, known_hosts: known_hosts}}}
devices:
  - {name: web-1, address: 10.0.0.2, tower: hosting, credentials: [dmz]}
"""


@pytest.fixture
def inventory(tmp_path: Path) -> Path:
    home = tmp_path / "etc"
    (home / "part.d").mkdir(parents=True)
    (home / "inventory.yaml").write_text("\ufeff" + MAIN, encoding="utf-8")
    (home / "part.d/dmz.yaml").write_text(PART)
    (home / "fleet.csv").write_text("name,address,tower\np-1,10.1.0.1,print\n")
    (home / "rows.jsonl").write_text('{"name": "p-2", "address": "10.1.0.2", "tower": "print"}\n')
    return home / "inventory.yaml"


def kept(inventory: Path, cache: Path | None = None) -> tuple[Inventory, Path]:
    file = inventory.parent.parent / "inventory.accepted"
    loaded = load_inventory(inventory, cache, keep_texts=True)
    keep_accepted(file, loaded.texts)
    return loaded, file


def test_it_is_the_same_though_its_files_are_gone(inventory: Path) -> None:
    """Devices, settings and credentials; relative paths are those of the files they stand in."""
    loaded, file = kept(inventory)
    shutil.rmtree(inventory.parent)
    accepted = load_accepted(file)
    assert accepted == loaded
    assert list(accepted.devices) == ["sw-1", "web-1", "p-1", "p-2"]
    assert accepted.path == inventory
    assert accepted.credentials["ops"].settings["key_file"] == str(inventory.parent / "keys/id")
    dmz = accepted.credentials["dmz"].settings["known_hosts"]
    assert dmz == str(inventory.parent / "part.d/known_hosts")


def test_it_does_not_depend_on_where_a_process_stands(
    inventory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An inventory given by a relative path keeps its place."""
    monkeypatch.chdir(inventory.parent)
    loaded = load_inventory(Path("inventory.yaml"), keep_texts=True)
    file = inventory.parent.parent / "inventory.accepted"
    keep_accepted(file, loaded.texts)
    monkeypatch.chdir("/")
    accepted = load_accepted(file)
    assert accepted.path == inventory
    assert accepted.credentials == loaded.credentials


def test_its_devices_come_from_the_same_cache(inventory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that starts parses no device that the hub has parsed."""
    cache = inventory.parent.parent / "cache"
    loaded, file = kept(inventory, cache)
    monkeypatch.setattr(load, "_read_devices", None)
    again = load_inventory(inventory, cache, keep_texts=True)
    assert again.texts == loaded.texts
    assert dict(load_accepted(file, cache).devices) == loaded.devices


def test_only_its_owner_may_read_it(inventory: Path) -> None:
    """It holds what is written in plain; such a file open to others is refused, unread."""
    loaded, file = kept(inventory)
    assert file.stat().st_mode & 0o777 == 0o600
    assert "hunter2" not in repr(loaded)
    file.chmod(0o640)
    with pytest.raises(ConfigurationError, match="open to other users"):
        load_accepted(file)


def test_it_is_swapped_as_a_whole(inventory: Path) -> None:
    """What is staged is not in force; the same content is not written again."""
    loaded, file = kept(inventory)
    before = file.stat().st_ino
    keep_accepted(file, loaded.texts)
    assert file.stat().st_ino == before
    inventory.write_text(MAIN.replace("sw-1", "sw-9"))
    staged = stage_accepted(file, load_inventory(inventory, keep_texts=True).texts)
    assert "sw-1" in load_accepted(file).devices
    staged.replace(file)
    assert "sw-9" in load_accepted(file).devices


def test_what_a_killed_hub_had_staged_goes(inventory: Path) -> None:
    """The next one that starts leaves one file, and no secrets in others."""
    loaded, file = kept(inventory)
    stage_accepted(file, loaded.texts)
    keep_accepted(file, loaded.texts)
    assert [path.name for path in file.parent.iterdir() if "accepted" in path.name] == [file.name]


@pytest.mark.parametrize("content", [b"", b"x\n", b"\xff" * 99, None])
def test_damage_is_said_without_what_stands_there(inventory: Path, content: Any) -> None:
    """A torn, foreign or missing file is an error that names it."""
    _, file = kept(inventory)
    data = file.read_bytes()
    file.unlink()
    if content is not None:
        file.touch(0o600)
        file.write_bytes(content or data[:-9])
    with pytest.raises(ConfigurationError, match=r"inventory\.accepted, cannot be read") as caught:
        load_accepted(file)
    assert "hunter2" not in str(caught.value)
