"""Single values."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from soc.inventory import values


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (values.address, "10.0.0.1", "10.0.0.1"),
        (values.address, "2001:DB8:0::1", "2001:db8::1"),
        (values.address, "fe80::1%eth0", "fe80::1%eth0"),
        (values.address, "PC_7.example.org.", "pc_7.example.org."),
        (values.address, "localhost", "localhost"),
        (values.address, "a" * 63, "a" * 63),
        (values.endpoint, "0.0.0.0:162", ("0.0.0.0", 162)),
        (values.endpoint, "[2001:db8::1]:65535", ("2001:db8::1", 65535)),
        (values.duration, "1h30m", 5400.0),
        (values.label_name, "rack_2", "rack_2"),
        (values.timezone, "Europe/London", "Europe/London"),
        (values.moment, "2030-01-01T00:00:00Z", 1893456000.0),
        (values.moment, "2030-01-01 01:00+01:00", 1893456000.0),
        (values.mail_address, "a.b+c@example.org", "a.b+c@example.org"),
        (values.web_address, "https://example.org/x?y=z", "https://example.org/x?y=z"),
        (values.fingerprint, "SHA256:" + "A" * 43, "SHA256:" + "A" * 43),
    ],
)
def test_good_values(read: Callable[[str], object], text: str, value: object) -> None:
    """What is well-formed is read, in canonical form."""
    assert read(text) == value


@pytest.mark.parametrize(
    ("read", "text"),
    [
        *(
            (values.address, text)
            for text in ("", ".", "a..b", "-a", "a-", "1.2.3", "1.2.3.4.5", "10.0.0.01")
        ),
        *(
            (values.address, text)
            for text in ("a b", "a/b", "ä.example.org", "a" * 64, "a." * 127 + "a", "::", "ff02::1")
        ),
        *((values.address, text) for text in ("255.255.255.255", "127.0.0.1:22", "[::1]", "x\n", "a.123")),
        *(
            (values.endpoint, text)
            for text in ("127.0.0.1", ":514", "127.0.0.1:0", "::1:514", "[x]:1", "host:514")
        ),
        *((values.duration, text) for text in ("", "5", "0s", "-5m", "5 m", "m", "1.5h", "5M")),
        *((values.label_name, text) for text in ("", "1a", "a-b", "__a", "device", "site", "ä")),
        *((values.timezone, text) for text in ("", "../etc/passwd", "/etc/passwd", "Mars/Olympus", "a\0b")),
        *(
            (values.moment, text)
            for text in ("", "now", "2030-01-01", "2030-01-01T00:00:00", "9999-99-99T00:00Z")
        ),
        *((values.mail_address, text) for text in ("", "a", "a@", "@b", "a@b@c", "a b@c", "a@b\nBcc: c@d")),
        *((values.web_address, text) for text in ("", "ftp://x", "https://", "javascript:x", "https://a b")),
        *((values.network, text) for text in ("", "x", "10.0.0.0/33", "10.0.0.1/24")),
        *((values.fingerprint, text) for text in ("", "MD5:aa", "SHA256:" + "A" * 42)),
    ],
)
def test_bad_values_say_what_was_expected(read: Callable[[str], object], text: str) -> None:
    """What is malformed is refused with the expected form."""
    with pytest.raises(ValueError, match=r"expected|taken"):
        read(text)
