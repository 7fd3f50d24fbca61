"""What a request asks for: filter, page, time; anything not understood is a 400 that says what is."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from soc.hub.api.errors import bad_request
from soc.model.durations import parse_duration
from soc.model.filters import Term, parse_filter

DEFAULT_ITEMS = 100
MAXIMUM_ITEMS = 1000
_LATEST_SECONDS = 2.0**36


@dataclass(frozen=True, slots=True)
class Page:
    """`after` is the last item's key of the page before, as `token` wrote it."""

    terms: tuple[Term, ...]
    limit: int
    after: tuple[Any, ...] | None


def read_query(request: web.Request, allowed: Sequence[str]) -> dict[str, str]:
    """The query's parameters, each at most once. Raises ApiError for any other."""
    found: dict[str, str] = {}
    for name, value in request.query.items():
        if name not in allowed:
            known = ", ".join(allowed) or "none"
            raise bad_request(f"unknown parameter {name[:40]!r}; there are: {known}")
        if name in found:
            raise bad_request(f"{name}: given twice")
        found[name] = value
    return found


def read_page(query: dict[str, str], key: Sequence[type]) -> Page:
    """`filter`, `limit` and `after`. `key` are the types that a key of this list consists of."""
    after = query.get("after", "")
    return Page(
        parse_filter(query.get("filter", "")),
        _limit(query.get("limit", str(DEFAULT_ITEMS))),
        _key(after, key) if after else None,
    )


def token(key: Sequence[str | float]) -> str:
    """A key as an opaque word for URLs."""
    return base64.urlsafe_b64encode(json.dumps(list(key)).encode()).decode().rstrip("=")


def _key(text: str, types: Sequence[type]) -> tuple[Any, ...]:
    wrong = bad_request("after: not the `next` of a page of this list")
    try:
        key = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        raise wrong from None
    if not isinstance(key, list) or len(key) != len(types):
        raise wrong
    for part, kind in zip(key, types, strict=True):
        if type(part) is not kind:
            raise wrong
        if isinstance(part, (int, float)) and not 0 <= part <= _LATEST_SECONDS:
            raise wrong
    return tuple(part.encode("utf-8", "replace").decode() if isinstance(part, str) else part for part in key)


def _limit(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or not 1 <= len(text) <= 6:
        raise bad_request("limit: expected a whole number")
    number = int(text)
    if not 1 <= number <= MAXIMUM_ITEMS:
        raise bad_request(f"limit: expected 1 to {MAXIMUM_ITEMS}")
    return number


def read_since(text: str, now: float) -> float:
    """A duration back from now (15m) or a time (RFC 3339) as UTC seconds."""
    try:
        return max(0.0, now - parse_duration(text))
    except ValueError:
        pass
    try:
        time = datetime.fromisoformat(text)
        return max(0.0, (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        raise bad_request("since: expected a duration (15m) or a time (2024-05-01T12:00:00Z)") from None
