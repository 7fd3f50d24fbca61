"""Echo requests (RFC 792, RFC 4443)."""

from __future__ import annotations

from collections.abc import Iterator

from soc.collect import Ping, Row, Sample, collector


@collector(every="reachability", fetch=Ping(count=3), reachability=True)
def ping_echo(row: Row) -> Iterator[Sample]:
    """Loss, and the mean round trip of what came back."""
    yield Sample("ping_loss_ratio", 1 - row.received / row.sent)
    if row.rtt_seconds is not None:
        yield Sample("ping_rtt_seconds", row.rtt_seconds)
