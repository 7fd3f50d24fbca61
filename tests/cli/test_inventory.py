"""soc inventory: check and show."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from soc.cli import main

TEXT = """\
version: 1
sites: {hq: {name: Headquarters}}
credentials:
  lab: {snmp: {version: "2c", community: {env: SOC_SECRET_NAME}}}
  plain: {snmp: {version: "3", user: m, auth: {protocol: sha, key: hunter2-plain}}}
defaults: {print: {site: hq}}
devices:
  - {name: sw-1, address: 10.0.0.1, tower: network, kind: switch, credentials: [plain, lab]}
  - {name: prn-1, address: 10.0.0.2, tower: print, labels: {floor: 3}, snmp: {port: 1161}}
"""


@pytest.fixture
def inventory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A valid inventory with one warning, and a data directory of its own."""
    monkeypatch.setenv("SOC_DATA", str(tmp_path / "data"))
    path = tmp_path / "inventory.yaml"
    path.write_text(TEXT)
    return path


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[str], str]:
    """Exit code, lines of the answer, diagnosis of `soc inventory …`."""
    code = main(["inventory", *arguments])
    output = capsys.readouterr()
    return code, output.out.splitlines(), output.err


def test_check_prints_warnings_and_a_summary(inventory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A valid inventory with a warning ends with 0 and says what it holds."""
    code, lines, errors = run(capsys, "check", "--inventory", str(inventory))

    assert (code, errors) == (0, "")
    assert lines[0].startswith(f"{inventory}:5: warning: key: a secret is written here in plain")
    assert lines[1:] == [f"{inventory}: 0 errors, 1 warnings; 2 devices, 2 credentials, 1 sites, 0 suppliers"]


def test_check_ends_with_2_on_errors(inventory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every problem is in the answer, with its line."""
    inventory.write_text(TEXT.replace("tower: print", "tower: prints").replace("site: hq", "site: hg"))

    code, lines, _ = run(capsys, "check", "--inventory", str(inventory))

    assert code == 2
    assert [line.partition(": ")[0] for line in lines[:-1]] == [f"{inventory}:{n}" for n in (5, 6, 9)]
    assert lines[-1] == f"{inventory}: 2 errors, 1 warnings"


def test_check_prints_json_lines(inventory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A line a problem, last the summary."""
    code, lines, _ = run(capsys, "check", "--inventory", str(inventory), "--json")
    problem, summary = map(json.loads, lines)

    assert code == 0
    assert (problem["file"], problem["line"], problem["severity"], problem["code"]) == (
        str(inventory), 5, "warning", "literal-secret",
    )  # fmt: skip
    assert summary == {
        "summary": {
            "path": str(inventory), "ok": True, "errors": 0, "warnings": 1, "devices": 2,
            "towers": {"network": 1, "print": 1},
        }
    }  # fmt: skip


def test_no_inventory_is_a_configuration_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without any inventory the diagnosis says where it looked."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SOC_INVENTORY", raising=False)
    monkeypatch.setattr("soc.inventory.load.SYSTEM_INVENTORY", tmp_path / "none.yaml")

    code, lines, errors = run(capsys, "check")

    assert (code, lines) == (2, [])
    assert errors.startswith("soc: no inventory: none given by --inventory or SOC_INVENTORY")


def test_show_prints_a_table(inventory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Devices with their defaults filled in; of secrets the kind of reference."""
    code, lines, errors = run(capsys, "show", "--inventory", str(inventory))

    assert (code, errors) == (0, "")
    assert [line.split() for line in lines] == [
        ["NAME", "TOWER", "KIND", "ADDRESSES", "SITE", "SUPPLIER", "STATE", "CREDENTIALS"],
        [
            "sw-1",
            "network",
            "switch",
            "10.0.0.1",
            "active",
            "plain",
            "(snmp:",
            "literal)",
            "lab",
            "(snmp:",
            "env)",
        ],
        ["prn-1", "print", "10.0.0.2", "hq", "active"],
    ]


def test_show_chooses_by_tower_and_name(inventory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A device that is not there ends with 1, after those that are."""
    code, lines, _ = run(capsys, "show", "--tower", "print", "--inventory", str(inventory), "--json")
    assert (code, [json.loads(line)["name"] for line in lines]) == (0, ["prn-1"])

    code, lines, errors = run(capsys, "show", "sw-1", "sw-2", "--inventory", str(inventory), "--json")
    assert (code, [json.loads(line)["name"] for line in lines]) == (1, ["sw-1"])
    assert errors == "soc: no device 'sw-2'; did you mean 'sw-1'?\n"


def test_show_prints_whole_devices_as_json(inventory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every key is there, the credential with the kinds of its secrets."""
    _, lines, _ = run(capsys, "show", "sw-1", "prn-1", "--inventory", str(inventory), "--json")
    switch, printer = map(json.loads, lines)

    assert switch["credentials"] == [
        {"name": "plain", "kind": "snmp", "secrets": {"auth.key": "literal"}},
        {"name": "lab", "kind": "snmp", "secrets": {"community": "env"}},
    ]
    assert (printer["labels"], printer["snmp"], printer["site"]) == ({"floor": "3"}, {"port": 1161}, "hq")


@pytest.mark.parametrize("arguments", [("check",), ("check", "--json"), ("show",), ("show", "--json")])
def test_no_output_shows_a_secret(
    arguments: tuple[str, ...], inventory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither a literal nor what a reference says is printed, cached or not."""
    for _ in range(2):
        _, lines, errors = run(capsys, *arguments, "--inventory", str(inventory))
        assert not [line for line in (*lines, errors) if "hunter2" in line or "SOC_SECRET_NAME" in line]
    assert lines


@pytest.mark.parametrize("command", ["check", "show"])
def test_help_has_examples(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """--help of each command ends with lines to copy."""
    with pytest.raises(SystemExit):
        main(["inventory", command, "--help"])

    assert f"  soc inventory {command} --" in capsys.readouterr().out.partition("examples:")[2]
