"""soc.collect.load"""

from __future__ import annotations

from pathlib import Path

import pytest

from soc.collect.load import load_collectors
from soc.model import ConfigurationError

GOOD = '''
"""Uptime (SNMPv2-MIB, RFC 3418)."""
from soc.collect import Sample, SnmpScalars, collector

@collector(fetch=SnmpScalars(uptime="1.3.6.1.2.1.1.3.0"), every="5m")
def site_uptime(row):
    yield Sample("uptime_seconds", row.uptime / 100)
'''


def test_shipped_collectors_load_and_name_their_source() -> None:
    """Every shipped file loads, and each collector's docstring or file says where it comes from."""
    found = load_collectors()
    assert len({item.name for item in found}) == len(found) > 0
    for item in found:
        assert item.documentation or Path(item.path).read_text().lstrip().startswith('"""'), item.path


def test_a_sites_own_directory_adds_collectors(tmp_path: Path) -> None:
    """A file in a further directory is picked up because it is there."""
    (tmp_path / "uptime.py").write_text(GOOD)
    assert "site_uptime" in [item.name for item in load_collectors([tmp_path])]


def test_all_problems_come_at_once_with_file_and_line(tmp_path: Path) -> None:
    """Broken files, doubles and files without a collector are told together."""
    (tmp_path / "a.py").write_text(GOOD)
    (tmp_path / "b.py").write_text(GOOD)
    (tmp_path / "c.py").write_text("x = 1\n")
    (tmp_path / "d.py").write_text("\n\nraise RuntimeError('no')\n")
    (tmp_path / "e.py").write_text("def broken(:\n")
    with pytest.raises(ConfigurationError) as caught:
        load_collectors([tmp_path, tmp_path / "missing"])
    text = str(caught.value)
    assert "already declared in" in text
    assert "c.py:0: error: declares no collector" in text
    assert "d.py:3: error: RuntimeError: no" in text
    assert "e.py:1: error: SyntaxError" in text
    assert "missing:0: error: not a directory" in text


def test_links_to_nowhere_are_passed_over(tmp_path: Path) -> None:
    """Editors lock a file by such a link beside it: editing a collector stops no cycle."""
    (tmp_path / "uptime.py").write_text(GOOD)
    (tmp_path / ".#uptime.py").symlink_to("somebody@host.1234")
    assert "site_uptime" in {item.name for item in load_collectors([tmp_path])}


def test_a_directory_others_may_write_to_is_refused(tmp_path: Path) -> None:
    """Collector files are code: a group-writable file among them stops the load."""
    path = tmp_path / "uptime.py"
    path.write_text(GOOD)
    path.chmod(0o664)
    with pytest.raises(ConfigurationError, match="group- or world-writable"):
        load_collectors([tmp_path])


def test_two_logs_under_one_stream_are_refused(tmp_path: Path) -> None:
    """Each would move the other's cursor."""
    (tmp_path / "mine.py").write_text(
        '"""Mine."""\nfrom soc.collect.logs import log_file\n'
        'mine = log_file("mine", "Mine.", "/var/log/mine", stream="auth")\n'
    )
    with pytest.raises(ConfigurationError, match="stream 'auth' is already that of "):
        load_collectors([tmp_path])
