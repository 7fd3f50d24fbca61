"""PowerShell commands, and what is read of the document that they print."""

from __future__ import annotations

import base64
import json

import pytest

from soc.collect.declare import Collector, CommandFailedError, CommandOutput, NotApplicableError, collector
from soc.collect.outcome import Outcome, outcomes
from soc.collect.port import Answer, Job
from soc.collect.powershell import MAXIMUM_COMMAND_CHARACTERS, powershell, rows
from soc.model import Device, Sample

DISKS = powershell("windows-disks", disks="Get-CimInstance Win32_LogicalDisk|Select DeviceID,Size")


@collector(every="health", fetch=DISKS)
def disks(output: CommandOutput) -> list[Sample]:
    """The size of each."""
    found = rows(output, "disks")
    return [
        Sample("filesystem_size_bytes", size, {"filesystem": item.text("DeviceID")})
        for item in found
        if (size := item.whole("Size")) is not None
    ]


def _said(stdout: str, stderr: str = "", exit_code: int = 0, item: Collector = disks) -> Outcome:
    job = Job(Device("win", "hosting"), (), (DISKS,))
    output = CommandOutput(stdout, stderr, exit_code)
    (outcome,) = outcomes(Answer(job, 1.0, answered=True, values={DISKS: output}), [item])
    return outcome


def test_the_command_is_its_script() -> None:
    """What is encoded is the script that people are shown: UTF-16LE in Base64 (about_PowerShell.exe)."""
    *options, encoded = DISKS.command.split(" ")
    assert options == ["powershell.exe", "-NoProfile", "-NonInteractive", "-EncodedCommand"]
    assert base64.b64decode(encoded).decode("utf-16-le") == DISKS.script
    assert "S disks {Get-CimInstance Win32_LogicalDisk|Select DeviceID,Size}" in DISKS.script
    assert DISKS.platforms == {"windows"}


def test_what_cmd_cannot_start_is_refused() -> None:
    """A script too long for cmd.exe's command line is a mistake of its author, told when it is loaded."""
    with pytest.raises(ValueError, match=f"{MAXIMUM_COMMAND_CHARACTERS} at most"):
        powershell("too-long", all="Get-Service;" * 300)
    with pytest.raises(ValueError, match="ASCII"):
        powershell("quotes", all="'caf\u00e9'")


@pytest.mark.parametrize(
    "disks",
    [
        [{"DeviceID": "C:", "Size": 100}],
        {"DeviceID": "C:", "Size": 100},
        {"value": [{"DeviceID": "C:", "Size": "100"}], "Count": 1},
        [None, {"DeviceID": " C: ", "Size": 100.0}, {"DeviceID": "D:", "Size": None}],
    ],
)
def test_one_and_many_are_alike(disks: object) -> None:
    """A single element without its array, or in the wrapping of 5.1, and nulls are read as meant."""
    (sample,) = _said(json.dumps({"disks": disks, "errors": {}}) + "\r\n").samples
    assert (sample.labels, sample.value) == ({"filesystem": "C:"}, 100)


def test_noise_before_the_document() -> None:
    """What login scripts print before it, and a byte order mark, are passed over."""
    document = json.dumps({"disks": [], "errors": {}})
    assert _said(f"Welcome to {{web-01}}!\r\n\ufeff{document}\r\n").failure is None


@pytest.mark.parametrize(
    ("stdout", "told"),
    [
        ("", "no JSON document came"),
        ("Access denied\r\n", "no JSON document came"),
        ('{"disks":[{"DeviceID":"C:","Si', "cut off or broken"),
        ('{"disks":' + "[" * 5000, "cut off or broken"),
        ('{"errors":{}}', "section 'disks' is missing"),
        ('{"errors":[]}', "section 'disks' is missing"),
    ],
)
def test_no_whole_document(stdout: str, told: str) -> None:
    """Nothing is made of half an answer; the failure says what is wrong with it."""
    outcome = _said(stdout)
    assert outcome.failure is not None
    assert outcome.failure.reason == "parser"
    assert told in outcome.failure.detail
    assert not outcome.samples


@pytest.mark.parametrize(
    "error",
    [
        'ObjectNotFound CommandNotFoundException: Die Benennung "Get-LocalUser" wurde nicht erkannt.',
        "PermissionDenied HRESULT 0x80041003,Microsoft.Management.Infrastructure.CimCmdlets: Acceso denegado",
        "InvalidType HRESULT 0x80041010,Microsoft.Management.Infrastructure.CimCmdlets: Classe non valide",
        "NotSpecified UnauthorizedAccessException: Access to the path is denied.",
    ],
)
def test_what_a_host_has_not_does_not_apply(error: str) -> None:
    """A cmdlet or class that is not there, or is for administrators only, is absent in any language."""
    assert _said(json.dumps({"errors": {"disks": error}})).absent


def test_a_section_that_failed_says_why() -> None:
    """Any other error of a section is a failure of the command, with its text."""
    outcome = _said(json.dumps({"errors": {"disks": "ConnectionError HRESULT 0x800706ba,x: The RPC server"}}))
    assert outcome.failure is not None
    assert outcome.failure.reason == "command"
    assert "The RPC server" in outcome.failure.detail
    assert not outcome.absent


def test_errors_of_powershell_itself_are_readable() -> None:
    """CLIXML on standard error comes to its text."""
    stderr = (
        '#< CLIXML\r\n<Objs Version="1.1.0.1" xmlns="urn:x">'
        '<S S="Error">Cannot load &lt;it&gt;._x000D__x000A_</S>'
        '<S S="Error">  + line 1_x000D__x000A_</S></Objs>'
    )
    outcome = _said("", stderr, 1)
    assert outcome.failure is not None
    assert outcome.failure.detail == "windows-disks ended with exit code 1: Cannot load <it>. + line 1"


def test_errors_are_of_the_parser() -> None:
    """Outside a collector the two kinds are exceptions of their own."""
    with pytest.raises(NotApplicableError):
        rows(CommandOutput('{"errors":{"x":"ObjectNotFound y: z"}}', "", 0), "x")
    with pytest.raises(CommandFailedError, match="x: Oops"):
        rows(CommandOutput('{"errors":{"x":"Oops"}}', "", 0), "x")
