"""Several commands in one round trip: a fixed frame around constants, and what comes back taken apart.

The frame reads a random boundary from standard input and writes it between the outputs, to standard
output and standard error. The boundary is on no command line and in no environment, where other
processes of the host could see it, so no output can pretend to be the frame.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

# Linux takes 128 KiB as one argument; what is longer goes in several.
MAXIMUM_TEXT_CHARACTERS = 60_000
_MAXIMUM_WORD_BYTES = 16  # exit codes, and "-"
_BEGIN = """\
IFS= read -r soc_frame
printf '\\n%s -\\n' "$soc_frame"; printf '\\n%s -\\n' "$soc_frame" >&2
"""
# The line feed ends a command that ends in a comment. What is in parentheses can end itself alone. Once
# nobody listens any more, nothing further is run.
_OPEN = "(\n"
_CLOSE = """
) </dev/null
soc_code=$?; printf '\\n%s %d\\n' "$soc_frame" "$soc_code" && printf '\\n%s -\\n' "$soc_frame" >&2 || exit 1
"""


def framed(commands: Iterable[str]) -> str:
    """The text of one execution: POSIX shell, each command in a subshell of its own without input."""
    return _BEGIN + "".join(f"{_OPEN}{command}{_CLOSE}" for command in commands)


def unframed(text: str) -> list[str]:
    """The commands of a framed text; [] where it is none."""
    if not text.startswith(_BEGIN) or not text.endswith(_CLOSE):
        return []
    return [part.removeprefix(_OPEN) for part in text.removeprefix(_BEGIN).split(_CLOSE)[:-1]]


def in_batches(commands: Sequence[str]) -> list[int]:
    """How many of the commands go into each execution, in order."""
    sizes: list[int] = []
    room = 0
    for command in commands:
        needed = len(_OPEN) + len(command) + len(_CLOSE)
        if needed > room:
            sizes.append(0)
            room = MAXIMUM_TEXT_CHARACTERS - len(_BEGIN)
        sizes[-1] += 1
        room -= needed
    return sizes


@dataclass(slots=True)
class Section:
    """What came between two boundaries; `kept` is its beginning."""

    kept: bytearray = field(default_factory=bytearray)
    size: int = 0
    word: str = ""  # what stands behind the boundary that ends it


class Sections:
    """One stream of a framed execution, taken apart as it comes."""

    def __init__(self, boundary: str, keep: Sequence[int]) -> None:
        """`keep`: how many bytes of each section are kept, the one before the first boundary included."""
        self._marker = f"\n{boundary} ".encode()
        self._keep = keep
        self._buffer = bytearray()
        self.ended: list[Section] = []
        self.current = Section()

    @property
    def open_bytes(self) -> int:
        """How much came since the last boundary."""
        return self.current.size + len(self._buffer)

    def feed(self, data: bytes) -> None:
        buffer = self._buffer
        buffer += data
        while True:
            at = buffer.find(self._marker)
            if at < 0:  # the end may be a marker's beginning
                self._take(len(buffer) - len(self._marker) + 1)
                return
            self._take(at)
            begin = len(self._marker)
            end = buffer.find(b"\n", begin, begin + _MAXIMUM_WORD_BYTES + 1)
            if end < 0 and len(buffer) <= begin + _MAXIMUM_WORD_BYTES:
                return
            if end < 0:  # not the frame's
                self._take(begin)
                continue
            self.current.word = buffer[begin:end].decode("ascii", "replace")
            del buffer[: end + 1]
            self.ended.append(self.current)
            self.current = Section()

    def _take(self, count: int) -> None:
        if count <= 0:
            return
        number = len(self.ended)
        room = (self._keep[number] if number < len(self._keep) else 0) - len(self.current.kept)
        self.current.kept += self._buffer[: min(count, max(0, room))]
        self.current.size += count
        del self._buffer[:count]
