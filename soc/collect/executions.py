"""Every command that was sent to a host, as an event: what was run where, when, and as whom."""

from __future__ import annotations

from soc.collect.port import Execution
from soc.model import Event
from soc.model.ids import digest
from soc.model.text import clean

_UNFINISHED_SEVERITY_ID = 2


def event_of(device: str, execution: Execution, received: float) -> Event:
    """The event of one execution; the same one always makes the same event."""
    if execution.reason:
        ended = f"not seen to its end: {execution.reason}"
    else:
        ended = f"exit code {execution.exit_code}, {execution.bytes} bytes"
    fields = {
        "exit_code": str(execution.exit_code),
        "bytes": str(execution.bytes),
        "address": execution.address,
    }
    if execution.reason:
        fields["reason"] = execution.reason
    return Event(
        id=digest("execution", device, execution.command, execution.address, f"{execution.time:.6f}"),
        time=execution.time,
        received=received,
        device=device,
        product="soc",
        category="execution",
        service=execution.command,
        severity_id=_UNFINISHED_SEVERITY_ID if execution.reason else 1,
        message=clean(f"ran {execution.command} as {execution.account}: {ended}", 300),
        user=execution.account,
        fields=fields,
    )
