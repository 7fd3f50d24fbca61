"""Documents as JSON (RFC 8259), and requests' bodies as flat objects."""

from __future__ import annotations

import json
from typing import Any

_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def encode(document: Any) -> bytes:
    """UTF-8 without blanks. What devices said stands in it as they said it: clients clean what they show."""
    return _ENCODER.encode(document).encode("utf-8", "replace")


def decode_object(body: bytes) -> dict[str, str | int | None]:
    """A JSON object of texts and whole numbers. Raises ValueError, saying what was expected."""
    try:
        document = json.loads(body.decode("utf-8"), parse_constant=_refuse)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except ValueError:
        raise ValueError("not JSON in UTF-8") from None
    if not isinstance(document, dict):
        raise ValueError("expected a JSON object")
    return {_text(name): _scalar(name, value) for name, value in document.items()}


def _scalar(name: str, value: object) -> str | int | None:
    if isinstance(value, str):
        return _text(value)
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise ValueError(f"{name[:40]}: expected text or a whole number")


def _text(value: str) -> str:
    # A lone surrogate cannot be stored.
    return value.encode("utf-8", "replace").decode()


def _refuse(constant: str) -> None:
    raise ValueError(constant)
