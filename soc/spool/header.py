"""What a segment says of itself. Apart from its rows: who looks at no rows needs no polars."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from soc.model import Cursor, SpoolError

FORMAT_VERSION = 1
HEADER_KEY = "soc"  # in the key-value metadata of the Parquet file
_MAXIMUM_FOOTER_BYTES = 64_000_000  # a batch of 20,000 rows with as many of the longest cursors has fewer
_MAXIMUM_SHIFT = 35  # of a length, seven bits a byte
_MAGIC = b"PAR1"
# A KeyValue of a Parquet footer in Thrift's compact protocol: fields 1 and 2, both text of a stated length.
_KEY_VALUE = b"\x18%c%s\x18" % (len(HEADER_KEY), HEADER_KEY.encode())
# What a damaged file makes of its reader.
_UNREADABLE = (
    OSError, AttributeError, IndexError, KeyError, OverflowError, TypeError, ValueError, RecursionError,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Header:
    """What a segment says of itself, readable without its rows."""

    segment: str  # ULID of the sealing time: names sort as the segments were sealed
    writer: str
    site: str
    created: float
    sealed: float
    rows: int
    simulated: bool = False
    cursors: tuple[Cursor, ...] = ()
    format_version: int = FORMAT_VERSION

    def text(self) -> str:
        """As it stands in the file: JSON in ASCII, without control characters."""
        document = asdict(self)
        document["cursors"] = [[c.device, c.stream, c.value] for c in self.cursors]
        return json.dumps(document)


def read_header(path: Path) -> Header:
    """Raises SpoolError when the file is not a segment, is torn, or is of a newer format."""
    try:
        document = json.loads(_text(_footer(path)))
        if (version := int(document["format_version"])) > FORMAT_VERSION:
            raise SpoolError(f"{path.name}: segment format {version} is newer than ours ({FORMAT_VERSION})")
        cursors = tuple(Cursor(*map(str, cursor)) for cursor in document.pop("cursors"))
        return Header(**document, cursors=cursors)
    except _UNREADABLE as error:
        raise SpoolError(f"{path.name}: not a readable segment ({first_line(error)})") from error


def first_line(error: BaseException) -> str:
    return f"{str(error).partition(chr(10))[0]:.200}" or type(error).__name__


def _footer(path: Path) -> bytes:
    """The file's metadata, at its end before their length and a magic number (Parquet, "File Format")."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - 8))
        end = file.read(8)
        length = int.from_bytes(end[:4], "little")
        if end[4:] != _MAGIC or length > min(size - 12, _MAXIMUM_FOOTER_BYTES):
            raise ValueError("it does not end as a Parquet file does")
        file.seek(size - 8 - length)
        return file.read(length)


def _text(footer: bytes) -> str:
    """Our value of its key-value metadata.

    These stand behind all that holds data, and our value has no control characters: the last place that
    looks like our key is it.
    """
    at = footer.rfind(_KEY_VALUE)
    if at < 0:
        raise ValueError("its metadata hold no header")
    at += len(_KEY_VALUE)
    length = shift = 0
    while footer[at] & 0x80 and shift < _MAXIMUM_SHIFT:
        length |= (footer[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
    length |= footer[at] << shift
    return footer[at + 1 : at + 1 + length].decode()
