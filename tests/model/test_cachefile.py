"""soc.model.cachefile"""

from __future__ import annotations

from pathlib import Path

import pytest

from soc.model.cachefile import read_cache_file, write_cache_file


@pytest.mark.parametrize("content", [b"", b"one\ntwo\n", bytes(range(256))])
def test_what_was_written_is_read(tmp_path: Path, content: bytes) -> None:
    """In a directory that is made for it, readable by its owner alone; nothing else is left there."""
    path = tmp_path / "cache/some.json"
    write_cache_file(path, b"before")
    write_cache_file(path, content)
    assert read_cache_file(path) == content
    assert [file.name for file in path.parent.iterdir()] == ["some.json"]
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_what_is_not_to_be_believed_is_none(tmp_path: Path) -> None:
    """No file, a damaged one, a directory, and one that others may write to."""
    path = tmp_path / "some.json"
    assert read_cache_file(path) is None
    assert read_cache_file(tmp_path) is None
    write_cache_file(path, b"content")
    path.chmod(0o620)
    assert read_cache_file(path) is None
    path.chmod(0o600)
    for damaged in (b"", b"garbage", path.read_bytes()[:-1], path.read_bytes() + b"x"):
        path.write_bytes(damaged)
        assert read_cache_file(path) is None


def test_what_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    """A file stands where its directory would be."""
    (tmp_path / "cache").touch()
    write_cache_file(tmp_path / "cache/some.json", b"content")
    assert read_cache_file(tmp_path / "cache/some.json") is None
