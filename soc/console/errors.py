"""What can go wrong between a client and its hub."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from soc.model.errors import SocError


class HubError(SocError):
    """A request had no usable answer."""


class DisconnectedError(HubError):
    """The hub is not there, went away, or kept silent too long. Whether it acted is not known."""


class StaleError(HubError):
    """Nothing was sent: what is shown is no longer current, so that acting on it is refused."""


class RefusedError(HubError):
    """The hub answered and refused. `code` is the API's word for it, `status` that of HTTP."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class ForbiddenError(RefusedError):
    """The role of this user does not allow it (HTTP 403)."""


class ConflictError(RefusedError):
    """Somebody changed it first (HTTP 409); `current` is what it is now."""

    def __init__(self, status: int, code: str, message: str, current: Mapping[str, Any]) -> None:
        super().__init__(status, code, message)
        self.current = current


def refused(status: int, document: object) -> RefusedError:
    """The error that an answer of 400 or above stands for; `document` is its JSON, whatever it may be."""
    body = document if isinstance(document, dict) else {}
    code = str(body.get("code") or status)
    message = str(body.get("message") or f"the hub answered {status}")
    current = body.get("current")
    if status == 409 and isinstance(current, dict):
        return ConflictError(status, code, message, current)
    if status == 403:
        return ForbiddenError(status, code, message)
    return RefusedError(status, code, message)
