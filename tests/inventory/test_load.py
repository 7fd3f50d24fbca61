"""Finding, reading and checking a whole inventory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from soc.inventory import check_inventory, find_inventory, load_inventory
from soc.model import ConfigurationError, Device

FULL = """\
version: 1
settings: {intervals: {health: 1m}}
roles: {viewer: {groups: [staff]}}
suppliers: {netco: {name: Example Networks}}
sites: {hq: {name: Headquarters, timezone: Europe/London}, south: {}}
credentials:
  lab: {snmp: {version: "2c", community: {env: SOC_COMMUNITY}}}
  ops: {ssh: {user: soc, key_file: keys/id_ed25519}}
defaults:
  print: {credentials: [lab], site: south, labels: {owner: facilities, floor: "1"}, snmp: {port: 1161}}
devices:
  - {name: sw-1, address: 10.0.0.1, addresses: ["2001:DB8::1", 10.0.0.1], tower: network, kind: switch,
     site: hq, supplier: netco, credentials: [lab, ops], depends_on: [fw-1], log_names: [core],
     every: {health: 30s}, timezone: UTC, availability: best-effort, state: staged, renamed_from: old,
     ssh: {port: 2222, legacy: true, jump: fw-1, restricted: false}, logs: {expect: 15m}, plugins: [extra],
     maintenance: [{from: "2030-01-01T01:00:00+01:00", until: "2030-01-01T02:00:00+01:00", reason: move}]}
  - {name: fw-1, address: FW-1.example.org, tower: network}
include: [fleet.csv, more.jsonl]
"""
CSV = """\
name,address,tower,labels.floor,snmp.context,credentials
prn-1,10.0.1.1,print,2,vlan-7,
prn-2,10.0.1.2,print,,,lab; ops
"""
JSONL = '{"name": "prn-3", "address": "10.0.1.3", "tower": "print", "site": "hq", "snmp": {"port": 161}}\n'


def test_a_full_inventory_becomes_values(write: Any) -> None:
    """Every device key arrives as the value that the rest of the program expects."""
    inventory = load_inventory(write(FULL, fleet_csv=CSV, more_jsonl=JSONL))

    assert inventory.devices["sw-1"] == Device(
        name="sw-1", tower="network", addresses=("10.0.0.1", "2001:db8::1"), kind="switch", site="hq",
        supplier="netco", state="staged", availability="best-effort", credentials=("lab", "ops"),
        depends_on=("fw-1",), log_names=("core",), renamed_from="old", timezone="UTC",
        every={"health": 30.0},
        options={
            "ssh": {"port": 2222, "legacy": True, "jump": "fw-1", "restricted": False},
            "logs": {"expect": 900.0},
            "plugins": ["extra"],
            "maintenance": [{"from": 1893456000.0, "until": 1893459600.0, "reason": "move"}],
        },
    )  # fmt: skip
    assert inventory.devices["fw-1"].addresses == ("fw-1.example.org",)
    assert list(inventory.devices) == ["sw-1", "fw-1", "prn-1", "prn-2", "prn-3"]
    assert inventory.sites["south"].name == "south"
    assert inventory.credentials["ops"].settings["key_file"] == str(inventory.path.parent / "keys/id_ed25519")


def test_defaults_fill_in_and_merge(write: Any) -> None:
    """A device's value replaces its tower's default; labels and snmp merge key by key."""
    devices = load_inventory(write(FULL, fleet_csv=CSV, more_jsonl=JSONL)).devices

    assert devices["prn-1"].labels == {"owner": "facilities", "floor": "2"}
    assert devices["prn-1"].options == {"snmp": {"port": 1161, "context": "vlan-7"}}
    assert devices["prn-1"].credentials == ("lab",)
    assert devices["prn-2"].credentials == ("lab", "ops")
    assert (devices["prn-3"].site, devices["prn-3"].options) == ("hq", {"snmp": {"port": 161}})
    assert devices["fw-1"].site == ""


def test_a_default_does_not_point_a_device_at_itself(write: Any) -> None:
    """The gateway that a tower's defaults name does not depend on itself, nor jump through itself."""
    devices = load_inventory(
        write(
            "version: 1\n"
            "defaults: {network: {depends_on: [gw], ssh: {jump: gw, port: 22}}}\n"
            "devices: [{name: gw, tower: network}, {name: sw, tower: network}]\n"
        )
    ).devices

    assert (devices["sw"].depends_on, devices["sw"].options) == (("gw",), {"ssh": {"jump": "gw", "port": 22}})
    assert (devices["gw"].depends_on, devices["gw"].options) == ((), {"ssh": {"port": 22}})


def test_plain_scalars_stay_text_where_text_is_expected(write: Any) -> None:
    """Names that YAML 1.1 takes for booleans, octal or sexagesimal numbers are names here."""
    text = "version: 1\ndevices:\n" + "".join(
        f"  - {{name: {name}, tower: network}}\n" for name in ("no", "007", "1e3", "22:30", "0x1f")
    )

    assert list(load_inventory(write(text)).devices) == ["no", "007", "1e3", "22:30", "0x1f"]


def test_an_alias_stands_for_what_it_names(write: Any) -> None:
    """Anchors and aliases work where they stay within the caps."""
    text = (
        "version: 1\n"
        "devices:\n"
        "  - {name: a, tower: network, labels: &rack {rack: r1}}\n"
        "  - {name: b, tower: network, labels: *rack}\n"
    )

    assert load_inventory(write(text)).devices["b"].labels == {"rack": "r1"}


def test_includes_by_pattern_are_sorted_and_leave_hidden_files_out(write: Any) -> None:
    """A pattern takes the files a shell would show, in order of name, and may find none."""
    path = write(
        'version: 1\ninclude: ["*.csv", "empty.d/*.yaml"]\n',
        b_csv="name,tower\nb,print\n",
        a_csv="name,tower\na,print\n",
    )
    (path.parent / ".c.csv").write_text("name,tower\nhidden,print\n")

    assert list(load_inventory(path).devices) == ["a", "b"]


def test_an_included_yaml_file_includes_relative_to_itself(write: Any) -> None:
    """A file in a sub-directory names its own neighbours, and paths in it are relative to it."""
    path = write("version: 1\ninclude: [sub/part.yaml]\n")
    (path.parent / "sub").mkdir()
    (path.parent / "sub/part.yaml").write_text(
        "credentials: {ops: {ssh: {user: soc, key_file: id}}}\ninclude: [fleet.csv]\n"
    )
    (path.parent / "sub/fleet.csv").write_text("name,tower,credentials\na,print,ops\n")

    inventory = load_inventory(path)

    assert list(inventory.devices) == ["a"]
    assert inventory.credentials["ops"].settings["key_file"] == str(path.parent / "sub/id")


def test_the_content_hash_covers_every_file(write: Any, tmp_path: Path) -> None:
    """Changing an included file, or one joining a pattern, changes the hash; where the files lie does not."""
    path = write("version: 1\ninclude: ['*.csv']\n", a_csv="name,tower\na,print\n")
    first = load_inventory(path).content_hash
    (tmp_path / "a.csv").write_text("name,tower\nb,print\n")
    second = load_inventory(path).content_hash
    (tmp_path / "b.csv").write_text("name,tower\n")
    third = load_inventory(path).content_hash
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in ("inventory.yaml", "a.csv", "b.csv"):
        (copy / name).write_bytes((tmp_path / name).read_bytes())

    assert len({first, second, third}) == 3
    assert load_inventory(copy / "inventory.yaml").content_hash == third


def test_the_given_inventory_is_taken_unseen() -> None:
    """A path that was given is the path, whether or not it is there: loading says what is wrong."""
    assert find_inventory("some/where.yaml") == Path("some/where.yaml")

    inventory, problems = check_inventory(Path("some/where.yaml"))

    assert inventory is None
    assert "cannot be read: No such file" in problems[0].message


def test_the_current_directory_comes_before_the_system(
    write: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Without an argument ./inventory.yaml is taken, then the system's; else the error names both."""
    system = tmp_path / "etc.yaml"
    monkeypatch.setattr("soc.inventory.load.SYSTEM_INVENTORY", system)
    monkeypatch.chdir(tmp_path)

    with pytest.raises(ConfigurationError, match=r"SOC_INVENTORY.*inventory\.yaml or .*etc\.yaml"):
        find_inventory(None)
    system.write_text("version: 1\n")
    assert find_inventory(None) == system
    write("version: 1\n")
    assert find_inventory(None) == Path("inventory.yaml")


def test_warnings_alone_leave_the_inventory_valid(write: Any) -> None:
    """The same address twice is a warning that names the other device."""
    path = write(
        "version: 1\ndevices:\n"
        "  - {name: a, tower: print, address: 10.0.0.1}\n"
        "  - {name: b, tower: print, address: 10.0.0.1}\n"
        "  - {name: c, tower: print, address: 10.0.0.1, snmp: {port: 1161}}\n"
        "  - {name: d, tower: print, address: 10.0.0.1, state: retired}\n"
    )

    inventory, problems = check_inventory(path)

    assert inventory is not None
    assert [(problem.line, problem.severity, problem.code) for problem in problems] == [
        (4, "warning", "duplicate-address")
    ]


def test_problems_are_bounded(write: Any) -> None:
    """A file that is wrong on every line gives the first thousand problems and the number of the rest."""
    rows = "".join(f"d{number},nowhere\n" for number in range(1500))

    _, problems = check_inventory(write("version: 1\ninclude: [f.csv]\n", f_csv="name,tower\n" + rows))

    assert len(problems) == 1001
    assert problems[-1].message.startswith("500 more problems")
