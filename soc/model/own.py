"""What this program tells of itself, as events that rules may match."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from soc.model.ids import digest
from soc.model.nouns import Event


def own_event(
    identity: Sequence[str],
    time: float,
    category: str,
    service: str,
    message: str,
    *,
    severity_id: int = 1,
    device: str = "",
    user: str = "",
    fields: Mapping[str, str] | None = None,
) -> Event:
    """An event of product "soc"; told again with the same `identity` it is the same event."""
    return Event(
        id=digest(*identity), time=time, received=time, device=device, product="soc", category=category,
        service=service, severity_id=severity_id, message=message, user=user, fields=fields or {},
    )  # fmt: skip
