"""soc collectors: list and show."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from soc.cli import main
from soc.collect.commands import commands_of
from soc.collect.load import load_collectors

_TABS = '''"""Prints."""
from soc.collect import SshCommand, collector

@collector(fetch=SshCommand("odd", "echo\\t'\\u202e'"), every="7m", towers={"hosting"})
def odd(output):
    """Of no use."""
    return []
'''


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[str], str]:
    """Exit code, lines of the answer, diagnosis of `soc collectors …`."""
    code = main(["collectors", *arguments])
    output = capsys.readouterr()
    return code, output.out.splitlines(), output.err


def test_list_has_every_collector(capsys: pytest.CaptureFixture[str]) -> None:
    """A line each, as text and as JSON, with what it applies to."""
    code, lines, errors = run(capsys, "list")
    assert (code, errors) == (0, "")
    assert len(lines) == len(load_collectors()) + 1
    (load,) = [line for line in lines if line.startswith("linux_load ")]
    assert load.split() == [
        "linux_load", "ssh", "health", "all", "linux,", "where", "the", "command", "answers",
    ]  # fmt: skip
    _, lines, _ = run(capsys, "list", "--json")
    documents = {document["name"]: document for document in map(json.loads, lines)}
    assert documents.keys() == {item.name for item in load_collectors()}
    assert documents["apc_ups"]["applies_to"] == "agents under 1.3.6.1.4.1.318"


def test_show_says_what_is_read(capsys: pytest.CaptureFixture[str]) -> None:
    """Documentation, transport and fetches of the collectors that are named."""
    code, lines, _ = run(capsys, "show", "linux_uptime")
    assert code == 0
    assert lines[0] == "linux_uptime"
    assert "  command    linux-uptime" in lines
    assert len([line for line in lines if line.startswith("  file")]) == 1


def test_unknown_names_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    """A collector or platform that does not exist ends with 2 and says so."""
    code, lines, errors = run(capsys, "show", "linux_nothing")
    assert (code, lines) == (2, [])
    assert "no collector 'linux_nothing'" in errors
    code, lines, errors = run(capsys, "show", "--commands", "--platform", "vms")
    assert (code, lines) == (2, [])
    assert "platform 'vms'" in errors


def test_commands_are_listed_to_the_letter(capsys: pytest.CaptureFixture[str]) -> None:
    """JSON has each command's exact text; the text form has it line by line."""
    listed = commands_of(load_collectors())
    _, lines, _ = run(capsys, "show", "--commands", "--json")
    assert [json.loads(line)["command"] for line in lines] == [item.command.command for item in listed]
    _, lines, _ = run(capsys, "show", "--commands")
    text = "\n".join(lines)
    for item in listed:
        assert "\n".join(f"    {line}" for line in item.command.command.split("\n")) in text


def test_commands_of_a_sites_own_collectors_are_listed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What a site adds is in the list; what a terminal would act on is marked, tabs are kept."""
    (tmp_path / "odd.py").write_text(_TABS)
    code, lines, _ = run(capsys, "show", "odd", "--commands", "--collectors", str(tmp_path))
    assert code == 0
    assert "    echo\t'\u00b7'" in lines
    assert "  interval  7m" in lines


def test_allow_lists_are_printed_alone(capsys: pytest.CaptureFixture[str]) -> None:
    """What goes into a file is nothing but that file's content."""
    code, lines, errors = run(capsys, "show", "--commands", "--format", "forcecommand")
    assert (code, errors, lines[0]) == (0, "", "#!/bin/sh")
    code, lines, _ = run(capsys, "show", "--commands", "--format", "sudoers", "--user", "monitor")
    assert code == 0
    assert all(line.startswith(("#", "Cmnd_Alias ", "    /", "monitor ALL = ")) for line in lines)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--commands", "--json", "--format", "sudoers"], "no JSON"),
        (["--format", "sudoers"], "belong to --commands"),
        (["--commands", "--format", "sudoers", "--user", "a b"], "no account's name"),
    ],
)
def test_what_does_not_go_together_is_refused(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, and why."""
    code, lines, errors = run(capsys, "show", *arguments)
    assert (code, lines) == (2, [])
    assert said in errors
