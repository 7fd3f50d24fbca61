"""A certificate authority of the test's own, and server certificates by it."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
import trustme


class Authority:
    """Issues certificates; `trust` makes the program believe them, as an administrator would."""

    def __init__(self, directory: Path) -> None:
        self._authority = trustme.CA()
        self.path = directory / "authority.pem"
        self._authority.cert_pem.write_to_path(str(self.path))

    def server(self, *names: str) -> ssl.SSLContext:
        """What a server with these names needs."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._authority.issue_cert(*(names or ("127.0.0.1", "localhost"))).configure_cert(context)
        return context

    def trust(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", str(self.path))


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)
