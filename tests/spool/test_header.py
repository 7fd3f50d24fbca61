"""soc.spool.header"""

from __future__ import annotations

import json
import random
import tracemalloc
from pathlib import Path

import pytest

from soc.model import Cursor, Event, SpoolError
from soc.spool.header import FORMAT_VERSION, read_header
from soc.spool.segment import SegmentBuilder, encode
from tests.spool.test_segment import full_builder, header


def test_damage_anywhere_is_told_and_never_escapes(tmp_path: Path) -> None:
    """Whatever bytes are wrong, the header reads or raises a spool error."""
    builder = full_builder()
    content = encode(builder.frame(), header(builder.count))
    path = tmp_path / "bad.parquet"
    chance = random.Random(1)
    told = []
    for _ in range(300):
        damaged = bytearray(content)
        for _ in range(5):
            damaged[chance.randrange(len(content) // 2, len(content))] = chance.randrange(256)
        path.write_bytes(damaged)
        try:
            read_header(path)
        except SpoolError as error:
            told.append(str(error))
    assert told
    assert all(text.startswith("bad.parquet: ") for text in told)


def test_footer_larger_than_any_is_not_read(tmp_path: Path) -> None:
    """Its length stands in the file: a few bytes on disk could claim all of the memory."""
    size = 1_000_000_000
    path = tmp_path / "sparse.parquet"
    with path.open("wb") as file:
        file.truncate(size - 8)
        file.seek(0, 2)
        file.write((size - 12).to_bytes(4, "little") + b"PAR1")
    tracemalloc.start()
    try:
        with pytest.raises(SpoolError, match="does not end as a Parquet file"):
            read_header(path)
        assert tracemalloc.get_traced_memory()[1] < 100_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "text",
    ["[]", '"text"', "1", '{"cursors": 1}', '{"cursors": [[1]]}', "null", '{"format_version": Infinity}'],
)
def test_header_that_is_none_raises_a_spool_error(tmp_path: Path, text: str) -> None:
    """JSON that is no header is told as that."""
    path = tmp_path / "bad.parquet"
    SegmentBuilder().frame().write_parquet(path, metadata={"soc": text})
    with pytest.raises(SpoolError, match="not a readable segment"):
        read_header(path)


def test_newer_format_is_refused(tmp_path: Path) -> None:
    """A segment of a later program says so instead of being misread."""
    path = tmp_path / "new.parquet"
    path.write_bytes(encode(SegmentBuilder().frame(), header(0, format_version=FORMAT_VERSION + 1)))
    with pytest.raises(SpoolError, match="newer"):
        read_header(path)


def test_newer_header_is_refused_as_newer(tmp_path: Path) -> None:
    """Whatever else its header says that we do not know."""
    document = json.dumps({"format_version": FORMAT_VERSION + 1, "signature": "x"})
    SegmentBuilder().frame().write_parquet(tmp_path / "new.parquet", metadata={"soc": document})
    with pytest.raises(SpoolError, match="newer"):
        read_header(tmp_path / "new.parquet")


def test_rows_that_look_like_a_header_are_none(tmp_path: Path) -> None:
    """Parquet keeps least and greatest texts beside the rows; a message made up like our header stays one."""
    forged = header(7).text()
    text = f"\x18\x03soc\x18\x7f{forged}"
    builder = SegmentBuilder()
    for id in ("e1", "e2"):
        builder.add_event(Event(id, 1.0, 1.0, message=f"\x00{text}", raw=f"\x7f{text}"))
    path = tmp_path / "01.parquet"
    path.write_bytes(encode(builder.frame(), header(builder.count)))
    assert path.read_bytes().count(b"\x18\x03soc\x18") > 1
    assert read_header(path) == header(2)


@pytest.mark.parametrize("cursors", [0, 1, 3000])
def test_header_of_any_length_is_read(tmp_path: Path, cursors: int) -> None:
    """One that takes more bytes than its length has digits for, and one of a batch of many cursors."""
    whole = header(0, cursors=tuple(Cursor(f"web-{n}", "auth", "ü\x18\x03soc\x18") for n in range(cursors)))
    path = tmp_path / "01.parquet"
    path.write_bytes(encode(SegmentBuilder().frame(), whole))
    assert read_header(path) == whole
