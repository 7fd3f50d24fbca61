"""Names of listening ports that stay the same from boot to boot (RFC 6335, section 6)."""

from __future__ import annotations

DYNAMIC = range(49152, 65536)  # where Windows and macOS give ports out as they come
_LOOPBACK = ("127.", "::1", "localhost")


def listener(protocol: str, address: str, port: int) -> str:
    """`tcp 0.0.0.0:22`, an IPv6 address in brackets; "" for what is to be left out.

    Dynamic ports of TCP are one listener together, those of UDP and of loopback addresses none.
    """
    address = address.partition("%")[0]
    shown = f"[{address}]" if ":" in address else address
    if not address:
        return ""
    if port not in DYNAMIC:
        return f"{protocol} {shown}:{port}"
    return "" if protocol == "udp" or address.startswith(_LOOPBACK) else f"{protocol} {shown}:dynamic"
