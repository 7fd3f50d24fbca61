"""Recordings in the snmprec format: what is read from them is what the agent serves."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from soc.demo import ber
from soc.demo.recorded_estate import prepare_recordings
from soc.demo.recordings import load_recording
from soc.demo.tree import VariableTree
from soc.model import ConfigurationError

ROWS = """\
1.3.6.1.2.1.2.2.1.10.2|65|4294967295
1.3.6.1.2.1.1.1.0|4|a switch
1.3.6.1.2.1.1.2.0|6|.1.3.6.1.4.1.8072.3.2.10
1.3.6.1.2.1.2.2.1.10.1|65|7
1.3.6.1.2.1.1.3.0|67|12345
1.3.6.1.2.1.2.2.1.6.1|4x|0200000000FF
1.3.6.1.2.1.4.20.1.1.10.0.0.1|64|10.0.0.1
1.3.6.1.2.1.4.20.1.1.10.0.0.2|64x|0a000002
1.3.6.1.2.1.31.1.1.1.6.1|70|18446744073709551615
1.3.6.1.4.1.99999.1.0|4e|tab\\x09and|bar
1.3.6.1.2.1.1.1.0|4|a second row of the same OID
1.3.6.1.4.1.99999.2.0|64|<private>
1.3.6.1.4.1.99999.3.0|2|
1.3.6.1.4.1.99999.4.0|4x|0G
1.3.6.1.4.1.99999.5.0|5|
9.9.9|2|1
no row
"""


def _values(tree: VariableTree) -> dict[str, object]:
    found = {}
    for position in range(len(tree)):
        oid, _, value = tree.read(position, 0.0)
        found[".".join(map(str, oid))] = value
    return found


def test_rows_of_every_type(tmp_path: Path) -> None:
    """Unordered and repeated rows are served in order and once; those without an encoding are told."""
    path = tmp_path / "device.snmprec"
    path.write_text(ROWS)
    recording = load_recording(path)
    assert _values(recording.tree) == {
        "1.3.6.1.2.1.1.1.0": b"a switch",
        "1.3.6.1.2.1.1.2.0": (1, 3, 6, 1, 4, 1, 8072, 3, 2, 10),
        "1.3.6.1.2.1.1.3.0": 12345,
        "1.3.6.1.2.1.2.2.1.6.1": b"\x02\x00\x00\x00\x00\xff",
        "1.3.6.1.2.1.2.2.1.10.1": 7,
        "1.3.6.1.2.1.2.2.1.10.2": 4294967295,
        "1.3.6.1.2.1.4.20.1.1.10.0.0.1": bytes((10, 0, 0, 1)),
        "1.3.6.1.2.1.4.20.1.1.10.0.0.2": bytes((10, 0, 0, 2)),
        "1.3.6.1.2.1.31.1.1.1.6.1": (1 << 64) - 1,
        "1.3.6.1.4.1.99999.1.0": b"tab\tand|bar",
        "1.3.6.1.4.1.99999.5.0": None,
    }
    assert [number for number, _ in recording.left_out] == [12, 13, 14, 16, 17]


def test_inventory_of_recordings(tmp_path: Path) -> None:
    """Each recording is a device with an address of its own, in the tower that its MIBs tell."""
    source, place = tmp_path / "recordings", tmp_path / "place"
    source.mkdir()
    place.mkdir()
    (source / "switch-1.snmprec").write_text(ROWS)
    (source / "printer.snmprec").write_text("1.3.6.1.2.1.43.11.1.1.6.1.1|4|Black\n")
    (source / "power.snmprec").write_text("1.3.6.1.2.1.33.1.1.1.0|4|Maker\n")
    inventory = prepare_recordings(place, source)
    assert {name: device.tower for name, device in inventory.devices.items()} == {
        "power": "power", "printer": "print", "switch-1": "network",
    }  # fmt: skip
    addresses = {device.addresses[0] for device in inventory.devices.values()}
    assert len(addresses) == 3
    assert (place / "secrets" / "community").stat().st_mode & 0o077 == 0


def test_directory_without_recordings(tmp_path: Path) -> None:
    """An empty or missing directory is a configuration error that says what was expected."""
    place = tmp_path / "place"
    place.mkdir()
    with pytest.raises(ConfigurationError, match="no file"):
        prepare_recordings(place, tmp_path / "nowhere")


def test_real_recordings_are_read(tmp_path: Path) -> None:
    """Of the shared recordings of real devices hardly a row is left out."""
    shared = os.environ.get("SOC_TEST_DATA")
    if not shared:
        pytest.skip("needs SOC_TEST_DATA with recordings/dev.tar.xz")
    import tarfile

    archive = Path(shared) / "recordings" / "dev.tar.xz"
    rows = left_out = 0
    with tarfile.open(archive) as tar:
        for number, member in enumerate(tar):
            if member.name.endswith(".snmprec") and number % 30 == 0:
                tar.extract(member, tmp_path, filter="data")
                recording = load_recording(tmp_path / member.name)
                left_out += len(recording.left_out)
                rows += len(recording.tree)
                for position in range(0, len(recording.tree), 7):
                    assert recording.tree.binding(position, 0.0)[0] == ber.SEQUENCE
    assert rows > 1000
    assert left_out < rows / 1000
