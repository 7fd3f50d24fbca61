"""Objects of JSON documents that hosts print: whatever stands there, a reader gets its type or nothing."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any


class Item:
    """One object of a JSON document. Whatever stands there, a reader gives its type or None."""

    def __init__(self, value: Any) -> None:
        """A value that is no object is its own only member, named ""."""
        self._members: dict[str, Any] = value if isinstance(value, dict) else {"": value}

    def text(self, name: str = "") -> str:
        """ "" where it is absent, null, or no text or number."""
        value = self._members.get(name)
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            return ""
        return str(value).strip()

    def number(self, name: str = "") -> float | None:
        """A finite number, or its text."""
        value = self._members.get(name)
        if isinstance(value, bool):
            return None
        try:
            number = float(value)  # type: ignore[arg-type]
        except (TypeError, ValueError, OverflowError):
            return None
        return number if math.isfinite(number) else None

    def whole(self, name: str = "") -> int | None:
        number = self.number(name)
        return int(number) if number is not None and abs(number) < 2**64 else None

    def flag(self, name: str = "") -> bool | None:
        value = self._members.get(name)
        return value if isinstance(value, bool) else None

    def moment(self, name: str = "") -> float | None:
        """UTC seconds of a time in ISO 8601; without an offset it is UTC."""
        try:
            moment = datetime.fromisoformat(self.text(name))
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError):
            return None

    def items(self, name: str) -> list[Item]:
        """The members of an array; a single one may stand there without its array."""
        return items_of(self._members.get(name))

    def __contains__(self, name: str) -> bool:
        return self._members.get(name) is not None


def items_of(value: Any) -> list[Item]:
    """The members of an array, or the single one that stands in its place; without nulls."""
    if value is None:
        return []
    if isinstance(value, dict) and value.keys() == {"value", "Count"}:
        value = value["value"]  # how 5.1 writes an array that it has wrapped
    return [Item(one) for one in value if one is not None] if isinstance(value, list) else [Item(value)]
