"""Fixtures of real parts that several packages' tests use."""

import os
from collections.abc import Iterator

import pytest

from tests.support.certificates import authority
from tests.support.demo import demo_data, demo_run
from tests.support.disk import small_disk
from tests.support.scripted_ssh import play_hosts
from tests.support.snmpd import snmpd
from tests.support.sshd import sshd, start_sshd

__all__ = ["authority", "demo_data", "demo_run", "play_hosts", "small_disk", "snmpd", "sshd", "start_sshd"]

# The many processes that tests start would each compile the whole program anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


@pytest.fixture(autouse=True)
def usual_umask() -> Iterator[None]:
    """Commands that a test runs in this process leave theirs, 077, to the tests that come after."""
    before = os.umask(0o022)
    yield
    os.umask(before)
