"""The cache of devices."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest

from soc.inventory import check_inventory, load, load_inventory
from soc.inventory.cache import StoredDevices, cache_path

MAIN = """\
version: 1
credentials:
  lab: {snmp: {version: "2c", community: hunter2}}
  env: {snmp: {version: "2c", community: {env: SOC_SECRET_NAME}}}
settings: {heartbeat: {url: "https://example.org/hunter2"}}
devices:
  - {name: sw-1, address: 10.0.0.1, tower: network, credentials: [lab], labels: {rack: "ä"},
     every: {health: 1m}}
  - {name: sw-2, address: 10.0.0.1, tower: network, plugins: [a], ssh: {port: 22, legacy: true},
     maintenance: [{from: "2030-01-01T00:00:00Z", until: "2030-01-02T00:00:00Z"}]}
include: [fleet.csv]
"""
CSV = "name,address,tower,labels.rack\n" + "".join(f"p-{n},10.1.0.{n},print,r{n % 3}\n" for n in range(1, 9))


@pytest.fixture
def path(write: Any) -> Path:
    """An inventory with devices in YAML and CSV and with literal secrets."""
    return Path(write(MAIN, fleet_csv=CSV))


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Where the cache goes; not there yet."""
    return tmp_path / "data" / "cache"


def test_an_unchanged_inventory_comes_from_the_cache(
    path: Path, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It equals the checked one, warnings included, and no device is parsed."""
    fresh, fresh_problems = check_inventory(path, directory)
    monkeypatch.setattr(load, "_read_devices", None)

    cached, problems = check_inventory(path, directory)

    assert fresh is not None
    assert cached is not None
    assert isinstance(cached.devices, StoredDevices)
    assert dict(cached.devices) == fresh.devices
    assert list(cached.devices) == list(fresh.devices)
    assert (cached.credentials, cached.settings, cached.content_hash) == (
        fresh.credentials, fresh.settings, fresh.content_hash,
    )  # fmt: skip
    assert problems == fresh_problems
    assert [problem.code for problem in problems] == [
        "literal-secret",
        "literal-secret",
        "legacy",
        "duplicate-address",
    ]


def test_a_stored_device_is_built_once(path: Path, directory: Path) -> None:
    """Asking again gives the same object; an unknown name is a KeyError."""
    load_inventory(path, directory)
    devices = load_inventory(path, directory).devices

    assert devices["sw-1"] is devices["sw-1"]
    assert "sw-9" not in devices
    with pytest.raises(KeyError):
        devices["sw-9"]


def test_the_cache_holds_no_secret_and_is_private(path: Path, directory: Path) -> None:
    """Neither literals nor references are in it, and only its owner may enter."""
    load_inventory(path, directory)
    stored = cache_path(directory, path)

    assert b"sw-1" in stored.read_bytes()
    for word in (b"hunter2", b"SOC_SECRET_NAME", b"community"):
        assert word not in stored.read_bytes()
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert stat.S_IMODE(stored.stat().st_mode) == 0o600
    assert [entry.name for entry in directory.iterdir()] == [stored.name]


@pytest.mark.parametrize("name", ["inventory.yaml", "fleet.csv"])
def test_a_change_in_any_file_is_seen(name: str, path: Path, directory: Path) -> None:
    """One letter in the inventory or in an included file, and the devices are read again."""
    load_inventory(path, directory)
    changed = path.parent / name
    changed.write_text(changed.read_text().replace("sw-1", "sw-7").replace("p-1,", "p-77,"))

    for _ in range(2):
        assert {"sw-7", "p-77"} & set(load_inventory(path, directory).devices)


def test_a_change_of_secrets_alone_is_seen(path: Path, directory: Path) -> None:
    """Credentials are always those of the file."""
    load_inventory(path, directory)
    path.write_text(MAIN.replace("SOC_SECRET_NAME", "OTHER"))

    changed = load_inventory(path, directory).credentials["env"].settings["community"]

    assert changed == type(changed)("env", "OTHER")


def test_a_change_for_the_worse_is_seen(path: Path, directory: Path) -> None:
    """An inventory that became wrong is refused, though a valid one is in the cache."""
    load_inventory(path, directory)
    path.write_text(MAIN.replace("tower: network, plugins", "tower: netwerk, plugins"))

    inventory, problems = check_inventory(path, directory)

    assert inventory is None
    assert [problem.line for problem in problems if problem.severity == "error"] == [9]


@pytest.mark.parametrize("damage", ["empty", "truncated", "flipped", "span", "garbage", "foreign", "version"])
def test_a_damaged_cache_is_ignored_and_rebuilt(damage: str, path: Path, directory: Path) -> None:
    """Whatever is wrong with the file, loading gives the same devices and a good cache again."""
    expected = dict(load_inventory(path, directory).devices)
    stored = cache_path(directory, path)
    good = stored.read_bytes()
    stored.write_bytes(
        {
            "empty": b"",
            "truncated": good[: len(good) * 2 // 3],
            "flipped": good.replace(b"10.0.0.1", b"10.0.0.9"),
            "span": good.replace(b'"spans": {', b'"spans": {"x": [0, 1], '),
            "garbage": b"\xff" * 100,
            "foreign": b"[]\n[]",
            "version": good.replace(b'"format": 1', b'"format": 0'),
        }[damage]
    )

    assert dict(load_inventory(path, directory).devices) == expected
    assert stored.read_bytes() == good


def test_a_cache_that_others_may_write_is_ignored(
    path: Path, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Devices are taken from nobody else's hands."""
    load_inventory(path, directory)
    cache_path(directory, path).chmod(0o666)

    assert isinstance(load_inventory(path, directory).devices, dict)


def test_a_cache_that_cannot_be_written_is_no_error(path: Path, tmp_path: Path) -> None:
    """A file where the directory should be: the inventory loads all the same."""
    (tmp_path / "data").write_text("in the way")

    assert len(load_inventory(path, tmp_path / "data" / "cache").devices) == 10
