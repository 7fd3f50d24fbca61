"""Bounds of one SSH contact."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds are per phase, except `session_seconds`, the total of one contact with one host."""

    connect_seconds: float = 5.0
    handshake_seconds: float = 10.0  # banner and key exchange
    authentication_seconds: float = 15.0  # PAM and reverse look-ups take their time
    command_seconds: float = 20.0
    slow_seconds: float = 5.0  # a command that takes longer runs apart from the others the next time
    life_seconds: float = 5.0  # for the first sign of life of a connection that was kept
    session_seconds: float = 60.0
    connections: int = 32  # over all hosts, a thread each
    connections_per_host: int = 8  # OpenSSH's MaxStartups starts to drop at 10
    channels: int = 4  # commands at a time on one connection; OpenSSH's MaxSessions is 10
    attempts: int = 10  # connections tried when the server drops us before its banner
    retry_seconds: float = 0.25  # first wait between them, doubled each time
    longest_retry_seconds: float = 4.0

    def retry_wait(self, attempt: int) -> float:
        """Seconds to wait after the attempt of this number, the first being 1."""
        wait: float = self.retry_seconds * 2 ** (attempt - 1)
        return min(wait, self.longest_retry_seconds)
