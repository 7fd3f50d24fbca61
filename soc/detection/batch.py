"""Events as columns, each a dictionary of its distinct values: a predicate looks at a value once."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property, lru_cache
from itertools import accumulate

from soc.detection.logsource import EventSource, LogSource, event_source
from soc.detection.windows import flat, windows_event
from soc.model import Event

MAXIMUM_VALUE_CHARACTERS = 65536

# Columns that say where an event comes from or how it is classified; keywords do not look at them.
_CLASSIFICATION = ("product", "category", "service", "device", "source_address")
_TEXT = ("message", "user", "source_ip", "target_ip", "process")
_NUMBERS = ("class_uid", "activity_id", "severity_id")

# An audit event has records of several types, about several paths: each is a value of the field.
_SEVERAL = {"auditd": (("type", "types", " "), ("name", "names", "\n"))}

# Stands between values in the text that is searched; values and needles hold _INSTEAD in its place.
_SEPARATOR = "\x1e"
_INSTEAD = "\x1f"


@lru_cache(maxsize=65536)
def field_key(name: str) -> str:
    """A field's name without punctuation: `Threat Name`, `ThreatName` and `threat_name`'s spelling
    variants with blanks, dots or dashes meet; case counts."""
    return "".join(character for character in name if character.isalnum())


def bits(rows: Iterable[int], count: int) -> int:
    """The bitmap of these row numbers, all below `count`."""
    buffer = bytearray(count // 8 + 1)
    for row in rows:
        buffer[row >> 3] |= 1 << (row & 7)
    return int.from_bytes(buffer, "little")


def rows_of(bitmap: int) -> Iterable[int]:
    """Row numbers of a bitmap, ascending."""
    for index, byte in enumerate(bitmap.to_bytes(bitmap.bit_length() // 8 + 1, "little")):
        while byte:
            low = byte & -byte
            yield index * 8 + low.bit_length() - 1
            byte ^= low


class Values:
    """Distinct texts with the rows that hold them; a code is a text's position."""

    def __init__(self, rows: Mapping[str, list[int]], count: int) -> None:
        self.texts = list(rows)
        self._rows = list(rows.values())
        self._count = count
        self._codes = {text: code for code, text in enumerate(self.texts)}

    def bitmap(self, codes: Iterable[int]) -> int:
        return bits((row for code in codes for row in self._rows[code]), self._count)

    @cached_property
    def present(self) -> int:
        return self.bitmap(range(len(self.texts)))

    @cached_property
    def encoded(self) -> list[bytes]:
        return [text.encode("utf-8", "replace") for text in self.texts]

    @cached_property
    def text_by_row(self) -> dict[int, str]:
        return {row: text for text, rows in zip(self.texts, self._rows, strict=True) for row in rows}

    @cached_property
    def _searched(self) -> tuple[str, list[int]]:
        """All texts in one, with the position of the separator before each."""
        parts = [text.replace(_SEPARATOR, _INSTEAD) for text in self.texts]
        starts = list(accumulate((len(part) + 1 for part in parts), initial=0))
        return _SEPARATOR + _SEPARATOR.join(parts) + _SEPARATOR, starts

    def equal(self, text: str) -> list[int]:
        code = self._codes.get(text)
        return [] if code is None else [code]

    def containing(self, text: str, *, at_start: bool = False, at_end: bool = False) -> list[int]:
        """Codes of the texts that contain `text`, begin with it or end with it."""
        needle = text.replace(_SEPARATOR, _INSTEAD)
        if at_start:
            needle = _SEPARATOR + needle
        if at_end:
            needle += _SEPARATOR
        if not needle:
            return list(range(len(self.texts)))
        haystack, starts = self._searched
        codes = []
        position = haystack.find(needle)
        while position >= 0:
            code = bisect_right(starts, position) - 1
            if code >= len(self.texts):
                break
            codes.append(code)
            position = haystack.find(needle, starts[code + 1])
        return codes


class Column:
    """One field of a batch: its values as they are, and case-folded."""

    def __init__(self, count: int) -> None:
        self._rows: dict[str, list[int]] = {}
        self._count = count

    def add(self, row: int, text: str) -> None:
        self._rows.setdefault(text[:MAXIMUM_VALUE_CHARACTERS], []).append(row)

    @cached_property
    def exact(self) -> Values:
        return Values(self._rows, self._count)

    @cached_property
    def folded(self) -> Values:
        merged: dict[str, list[int]] = {}
        for text, rows in self._rows.items():
            merged.setdefault(text.casefold(), []).extend(rows)
        return Values(merged, self._count)


class EventBatch:
    """Events to match, in columns. Row numbers are positions in the sequence it was made from."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._columns: dict[str, Column] = {}
        self._keyword_columns: dict[str, Column] = {}
        self._sources: dict[EventSource, list[int]] = {}

    @classmethod
    def from_events(cls, events: Sequence[Event]) -> EventBatch:
        """Normalised events: typed columns by their names, besides every entry of `fields`.

        Empty text in a typed column is absence, as in the noun.
        """
        batch = cls(len(events))
        for row, event in enumerate(events):
            batch._add_source(row, event_source(event.product, event.category, event.service))
            for name in _CLASSIFICATION:
                batch._add(row, name, getattr(event, name), keyword=False)
            for name in _TEXT:
                batch._add(row, name, getattr(event, name), keyword=True)
            for name in _NUMBERS:
                batch._add(row, name, str(getattr(event, name)), keyword=False)
            if event.raw and event.message not in event.raw:
                batch._add(row, "raw", event.raw, keyword=True)
            elif event.raw:
                batch._add(row, "raw", event.raw, keyword=False)
            for name, text in event.fields.items():
                batch._add(row, name, text, keyword=True, empty=True)
            for name, several, separator in _SEVERAL.get(event.service, ()):
                for text in set(event.fields.get(several, "").split(separator)) - {event.fields.get(name)}:
                    batch._add(row, name, text, keyword=True)
        return batch

    @classmethod
    def from_mappings(cls, events: Sequence[Mapping[str, object]]) -> EventBatch:
        """Raw events: Windows events as evtx_dump prints them or flat (they have a Channel), or flat
        mappings with `product`, `category` and `service` beside their fields.

        A value null is absence; true is 'true'; a nested mapping's entries are fields of their own.
        """
        batch = cls(len(events))
        for row, event in enumerate(events):
            windows = windows_event(event)
            if windows is not None:
                batch._add_source(row, windows.source)
                fields = windows.fields
            else:
                fields = dict(flat(event))
                batch._add_source(row, event_source(*(fields.get(name, "") for name in _CLASSIFICATION[:3])))
            for name, text in fields.items():
                batch._add(row, name, text, keyword=name not in _CLASSIFICATION, empty=True)
        return batch

    def _add_source(self, row: int, source: EventSource) -> None:
        self._sources.setdefault(source, []).append(row)

    def _add(self, row: int, name: str, text: str, *, keyword: bool, empty: bool = False) -> None:
        if not text and not empty:
            return
        key = field_key(name)
        column = self._columns.get(key)
        if column is None:
            column = self._columns[key] = Column(self.count)
        column.add(row, text)
        if keyword:
            self._keyword_columns[key] = column

    def column(self, field: str) -> Column | None:
        return self._columns.get(field_key(field))

    @property
    def keyword_columns(self) -> Iterable[Column]:
        """The columns that a keyword, a value without a field, is looked for in."""
        return self._keyword_columns.values()

    def scope(self, logsource: LogSource) -> int:
        """Bitmap of the events that come from this log source."""
        return sum(
            bits(rows, self.count) for source, rows in self._sources.items() if logsource.accepts(source)
        )
