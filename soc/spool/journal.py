"""The journal: what must never be lost nor altered, one frame after another, each bound to the one before.

    file    = magic (8) | length u32 | CRC32 u32 | header (JSON) | frame *
    frame   = length u32 | CRC32 u32 | hash of the frame before (32) | document (JSON)
    hash    = SHA-256(hash of the frame before | document); before the first: SHA-256(hub id)

Integers are little-endian; a frame's length counts its document, its CRC covers the length and all that
follows it. Files are numbered, `NNNNNNNN.journal`; a header names hub, first sequence number and the hash
that the file continues. Whoever holds store.lock is the only writer.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

from soc.model import StoreError
from soc.spool.durable import fsync, write_all

FORMAT_VERSION = 1
LIMIT_BYTES = 4 * 1024**2  # of one file; a batch is never divided
MAXIMUM_DOCUMENT_BYTES = 4 * 1024**2
_MAGIC = b"SOCJRNL\n"
_PREFIX = struct.Struct("<II")
_HASH_BYTES = 32
Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Head:
    """Where the journal ends: written down elsewhere, it proves later that nothing before was altered."""

    hub: str
    sequence: int  # frames so far
    hash: str  # hex


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame as read. `number` counts within `file`, from 1."""

    sequence: int
    document: dict[str, Any]
    file: str
    number: int


class JournalDamagedError(StoreError):
    """A frame is not what was written."""


@dataclass(frozen=True, slots=True)
class _Header:
    hub: str
    file: int
    first: int  # sequence number of the first frame
    previous: str  # hex hash
    format_version: int = FORMAT_VERSION


@dataclass(slots=True)
class _Content:
    """A file's frames as far as they are whole. `fault` says what follows; `torn`: an unfinished write."""

    header: _Header
    documents: list[bytes]
    last: bytes  # hash
    valid_bytes: int
    fault: str = ""
    torn: bool = False


class Journal:
    """Append to the journal in `directory`, which is made if need be.

    A torn tail, left by a writer that was killed, is cut off when it is opened: `cut_bytes`.
    `last_document` is that of the last frame as it was opened. Raises JournalDamagedError when the last
    file is damaged elsewhere, StoreError when the disk does not take it.
    """

    def __init__(self, directory: Path, *, limit_bytes: int = LIMIT_BYTES) -> None:
        self._directory = directory
        self._limit_bytes = limit_bytes
        self.cut_bytes = 0
        self.last_document: dict[str, Any] | None = None
        self._descriptor = -1
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._open_last()
        except OSError as error:
            raise StoreError(f"journal {directory}: {error.strerror}") from error

    def _open_last(self) -> None:
        files = journal_files(self._directory)
        while files:
            path = files.pop()
            data = path.read_bytes()
            if _torn_header(data):
                # Its making was cut short: it holds nothing, and the one before is the last.
                self.cut_bytes += len(data)
                path.unlink()
                continue
            content = _read(path, data)
            if content.fault and not content.torn:
                raise JournalDamagedError(
                    f"{content.fault}; keep a copy of the file, then move it aside or restore a backup "
                    "(`soc audit verify` says what is left)"
                )
            self._continue(path, content, len(data))
            documents = content.documents or (
                _read(files[-1], files[-1].read_bytes()).documents if files else []
            )
            self.last_document = json.loads(documents[-1]) if documents else None
            return
        hub = os.urandom(16).hex()
        self._head = Head(hub, 0, hashlib.sha256(hub.encode()).hexdigest())
        self._begin(1)

    def _continue(self, path: Path, content: _Content, size: int) -> None:
        header = content.header
        self._file = header.file
        self._head = Head(header.hub, header.first - 1 + len(content.documents), content.last.hex())
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        self._size = content.valid_bytes
        if size > content.valid_bytes:
            self.cut_bytes += size - content.valid_bytes
            os.ftruncate(self._descriptor, self._size)
            os.fsync(self._descriptor)
        os.lseek(self._descriptor, self._size, os.SEEK_SET)

    def _begin(self, number: int) -> None:
        """Make the file `number`, empty but for its header."""
        header = _Header(self._head.hub, number, self._head.sequence + 1, self._head.hash)
        document = json.dumps(asdict(header)).encode()
        content = _MAGIC + _PREFIX.pack(len(document), crc32(document)) + document
        path = self._directory / f"{number:08}.journal"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            write_all(descriptor, content)
            os.fsync(descriptor)
            fsync(self._directory)
        except OSError:
            os.close(descriptor)
            path.unlink(missing_ok=True)
            raise
        self.close()
        self._descriptor, self._file, self._size = descriptor, number, len(content)

    @property
    def head(self) -> Head:
        return self._head

    @property
    def last_file(self) -> str:
        """The name of the file that is being written."""
        return f"{self._file:08}.journal"

    def newest_files_first(self) -> Iterator[list[Frame]]:
        """Each file's frames in order. Raises JournalDamagedError as `read_file`."""
        for path in reversed(journal_files(self._directory)):
            yield read_file(path)

    def append(self, documents: Sequence[Document]) -> None:
        """Make the documents durable, in order, by one write and one fsync: all of them or none.

        Raises StoreError when the disk does not take them.
        """
        if not documents:
            return
        previous, frames = bytes.fromhex(self._head.hash), []
        for document in documents:
            content = json.dumps(document, separators=(",", ":")).encode()
            if len(content) > MAXIMUM_DOCUMENT_BYTES:
                raise StoreError(f"journal: a document of {len(content)} bytes is larger than any may be")
            frames.append(_encode(previous, content))
            previous = _hash(previous, content)
        data = b"".join(frames)
        try:
            if self._size + len(data) > self._limit_bytes and self._head.sequence:
                self._begin(self._file + 1)
            self._append(data)
        except OSError as error:
            raise StoreError(f"journal {self._directory}: {error.strerror}; nothing was done") from error
        self._head = Head(self._head.hub, self._head.sequence + len(documents), previous.hex())

    def _append(self, data: bytes) -> None:
        try:
            write_all(self._descriptor, data)
            os.fdatasync(self._descriptor)
        except OSError:
            os.ftruncate(self._descriptor, self._size)
            os.lseek(self._descriptor, self._size, os.SEEK_SET)
            raise
        self._size += len(data)

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def journal_files(directory: Path) -> list[Path]:
    """The journal's files, oldest first; none where there is no journal."""
    return sorted(path for path in directory.glob("*.journal") if path.stem.isdecimal())


def read_file(path: Path) -> list[Frame]:
    """A file's frames, without an unfinished write at its end.

    Raises JournalDamagedError, which names file and frame, when one of them is not what was written.
    """
    content = _read(path, path.read_bytes())
    if content.fault and not content.torn:
        raise JournalDamagedError(content.fault)
    return _frames(path, content)


def verify_journal(directory: Path) -> Iterator[Head | str]:
    """Walk the chain: after each file its head, or what is wrong with it (file and frame named).

    An unfinished write at the end of the last file is nothing wrong: whoever opens it next cuts it off.
    """
    expected: Head | None = None
    files = journal_files(directory)
    for path in files:
        try:
            data = path.read_bytes()
            if path == files[-1] and _torn_header(data):
                return
            content = _read(path, data)
        except (OSError, JournalDamagedError) as error:
            yield str(error)
            expected = None
            continue
        header = content.header
        found = Head(header.hub, header.first - 1, header.previous)
        if path == files[0] and header.first != 1:
            yield (
                f"{path.name}: begins at frame {header.first}: the files before it, which nothing of ours "
                "removes, are gone"
            )
        if expected is None and header.first == 1:
            expected = Head(header.hub, 0, hashlib.sha256(header.hub.encode()).hexdigest())
        if path.name != f"{header.file:08}.journal":
            yield f"{path.name}: is file {header.file} of the journal, not the one it is named after"
        if expected is not None and found != expected:
            yield (
                f"{path.name}, frame 1: continues {found.sequence} ({found.hash[:16]}) of hub {found.hub}, "
                f"not {expected.sequence} ({expected.hash[:16]}) of hub {expected.hub}: the chain is broken"
            )
        if content.fault and not (content.torn and path == files[-1]):
            yield content.fault
            expected = None
            continue
        expected = Head(header.hub, header.first - 1 + len(content.documents), content.last.hex())
        yield expected


def find_hash(directory: Path, sequence: int) -> str:
    """The hash of the frame with this number, hexadecimal; "" where there is none."""
    for path in reversed(journal_files(directory)):
        content = _read(path, path.read_bytes())
        position = sequence - content.header.first
        if position < 0:
            continue
        last = bytes.fromhex(content.header.previous)
        for document in content.documents[: position + 1]:
            last = _hash(last, document)
        return last.hex() if position < len(content.documents) else ""
    return ""


def _encode(previous: bytes, document: bytes) -> bytes:
    length = len(document)
    return _PREFIX.pack(length, crc32(previous + document, length)) + previous + document


def _hash(previous: bytes, document: bytes) -> bytes:
    return hashlib.sha256(previous + document).digest()


def _torn_header(data: bytes) -> bool:
    """Whether the file ends within its header: it was never begun. (A header ends with its only brace.)"""
    start = len(_MAGIC) + _PREFIX.size
    if not data.strip(b"\0"):
        return True
    if len(data) < start:
        return data[: len(_MAGIC)] == _MAGIC[: len(data)]
    length, _ = _PREFIX.unpack_from(data, len(_MAGIC))
    return data.startswith(_MAGIC) and start + int(length) > len(data) and b"}" not in data[start:]


def _read(path: Path, data: bytes) -> _Content:
    """Raises JournalDamagedError when the header does not read; what is wrong later stands in `fault`."""
    header, offset = _read_header(path, data)
    content = _Content(header, [], bytes.fromhex(header.previous), offset)
    while content.valid_bytes < len(data):
        offset = content.valid_bytes
        document = _document(data, offset)
        if document is None:
            content.torn = _is_torn(data, offset)
            content.fault = f"{path.name}, frame {len(content.documents) + 1}: damaged at byte {offset}"
            return content
        if data[offset + _PREFIX.size :][:_HASH_BYTES] != content.last:
            content.fault = (
                f"{path.name}, frame {len(content.documents) + 1}: does not continue the frame before it: "
                "the chain is broken"
            )
            return content
        content.documents.append(document)
        content.last = _hash(content.last, document)
        content.valid_bytes += _PREFIX.size + _HASH_BYTES + len(document)
    return content


def _read_header(path: Path, data: bytes) -> tuple[_Header, int]:
    start = len(_MAGIC) + _PREFIX.size
    length, checksum = _PREFIX.unpack_from(data, len(_MAGIC)) if len(data) >= start else (0, 0)
    document = data[start : start + length]
    if not data.startswith(_MAGIC) or len(document) < length or crc32(document) != checksum or not length:
        raise JournalDamagedError(f"{path.name}: its header is damaged, or it is no journal")
    try:
        values = json.loads(document)
        if int(values["format_version"]) > FORMAT_VERSION:
            raise StoreError(f"{path.name}: journal format {values['format_version']} is newer than ours")
        header = _Header(**values)
        bytes.fromhex(header.previous)
    except (ValueError, KeyError, TypeError) as error:
        raise JournalDamagedError(f"{path.name}: its header lacks what a journal needs") from error
    return header, start + int(length)


def _document(data: bytes, offset: int) -> bytes | None:
    """The document of the frame at `offset`; None where there is no whole one."""
    begin = offset + _PREFIX.size + _HASH_BYTES
    if begin > len(data):
        return None
    length, checksum = _PREFIX.unpack_from(data, offset)
    if length > MAXIMUM_DOCUMENT_BYTES or begin + length > len(data):
        return None
    body = data[begin - _HASH_BYTES : begin + length]
    return body[_HASH_BYTES:] if crc32(body, length) == checksum else None


def _is_torn(data: bytes, offset: int) -> bool:
    """Whether what begins at `offset` is a write cut short, and not a frame that was whole once.

    A cut write is the beginning of a frame that would end behind the file, or room the file system gave
    and nothing was written to. What has a whole frame behind it, or is one but for its length, was written.
    """
    rest = data[offset:]
    if len(rest) < _PREFIX.size or not rest.strip(b"\0"):
        return True
    length, checksum = _PREFIX.unpack_from(rest)
    body = rest[_PREFIX.size :]
    if _HASH_BYTES + length <= len(body):
        unwritten = b"\0" in body[_HASH_BYTES : _HASH_BYTES + length]  # JSON has no such byte
    else:
        unwritten = crc32(body, max(0, len(body) - _HASH_BYTES)) != checksum
    return unwritten and not any(
        _document(data, at) is not None for at in range(offset + 1, len(data) - _PREFIX.size)
    )


def _frames(path: Path, content: _Content) -> list[Frame]:
    return [
        Frame(content.header.first + number, json.loads(document), path.name, number + 1)
        for number, document in enumerate(content.documents)
    ]
