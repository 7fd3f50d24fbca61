"""Ping: ICMP echo without privileges."""

from soc.collect.ping.transport import PingTransport, ping_method

__all__ = ["PingTransport", "ping_method"]
