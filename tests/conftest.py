"""Fixtures of real parts that several packages' tests use."""

from tests.support.sshd import sshd, start_sshd

__all__ = ["sshd", "start_sshd"]
