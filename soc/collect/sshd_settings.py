"""The settings of OpenSSH's server that decide who gets in, and how (sshd_config(5), sshd(8) -T)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from soc.model import Fact

_NAMES = """
permitrootlogin passwordauthentication kbdinteractiveauthentication pubkeyauthentication
hostbasedauthentication gssapiauthentication kerberosauthentication permitemptypasswords
authenticationmethods usepam strictmodes ignorerhosts permituserenvironment maxauthtries
authorizedkeysfile authorizedkeyscommand authorizedkeyscommanduser authorizedprincipalsfile
trustedusercakeys revokedkeys allowusers allowgroups denyusers denygroups port listenaddress
addressfamily hostkey ciphers macs kexalgorithms hostkeyalgorithms pubkeyacceptedalgorithms
allowtcpforwarding allowstreamlocalforwarding allowagentforwarding gatewayports permittunnel
x11forwarding permitopen permitlisten forcecommand chrootdirectory loglevel syslogfacility
logingracetime maxstartups maxsessions clientaliveinterval banner subsystem
"""
_SETTINGS = frozenset(_NAMES.split())
_LISTS = frozenset(
    {"port", "listenaddress", "hostkey", "subsystem", "allowusers", "allowgroups", "denyusers", "denygroups"}
)
_LINE = re.compile(r"([A-Za-z0-9]+)(?:\s*=\s*|\s+)(\S.*)")


def effective(lines: Iterable[str]) -> Iterator[Fact]:
    """Facts `sshd` by keyword in lower case; of one that may stand once the first counts.

    Nothing behind the first `Match` is taken: it holds for some only.
    """
    found: dict[str, list[str]] = {}
    for match in filter(None, map(_LINE.fullmatch, map(str.strip, lines))):
        keyword, value = match[1].lower(), " ".join(match[2].removeprefix('"').removesuffix('"').split())
        if keyword == "match":
            break
        if keyword in _SETTINGS and (keyword in _LISTS or keyword not in found):
            found.setdefault(keyword, []).append(value)
    for keyword, values in found.items():
        yield Fact("sshd", ", ".join(sorted(set(values))), keyword)
