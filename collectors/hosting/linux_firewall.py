"""Is a firewall in force: nft(8), iptables(8) where there is no nft, ufw(8), firewalld(1)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from soc.collect import CommandOutput, Fact, Partial, Sample, SshCommand, collector

NFT = "/usr/sbin/nft --stateless list ruleset"
IPTABLES = ("/usr/sbin/iptables -S", "/usr/sbin/ip6tables -S")
FIREWALL = SshCommand(
    "linux-firewall",
    "export LC_ALL=C; [ ! -r /etc/ufw/ufw.conf ] || sed -n 's/^ENABLED=/ufw /p' /etc/ufw/ufw.conf; "
    "! command -v firewall-cmd >/dev/null || { pidof -x firewalld >/dev/null; echo firewalld $?; }; "
    f"if [ -x /usr/sbin/nft ]; then rules=$(sudo -n {NFT} 2>/dev/null || {NFT} 2>/dev/null) && "
    'echo readable nftables && printf "%s\\n" "$rules" | sed "s/^/nft /"; '
    "elif [ -x /usr/sbin/iptables ]; then "
    f"rules=$(sudo -n {IPTABLES[0]} 2>/dev/null && echo ip6 && sudo -n {IPTABLES[1]} 2>/dev/null) && "
    'echo readable iptables && printf "%s\\n" "$rules" | sed "s/^/ipt /"; else echo whole; fi; exit 0',
    sudo=(NFT, *IPTABLES),
    maximum_bytes=4_000_000,
)

_BASE = re.compile(r"\s*type filter hook input priority .*?(?:policy (\w+);)?\s*")
_VERDICT = re.compile(r"(?:^|.* )(drop|DROP|reject|REJECT|goto|jump|-g|-j) ?([\w-]*)")
_FAMILIES = ("IPv4", "IPv6")
Chain = tuple[str, str]  # table or family, chain
_DROP, _FILTERED, _OPEN = "input drop", "input filtered", "input open"


@collector(every="posture", fetch=FIREWALL, facts={"firewall"})
def linux_firewall(output: CommandOutput) -> Iterator[Fact | Partial | Sample]:
    """What becomes of unasked traffic to the host, by each firewall; whether any is in force.

    The kernel's rules are told as `input drop` (a chain's policy), `input filtered` (some rule drops
    or rejects) or `input open`, for IPv4 and IPv6: no counters, no addresses, nothing that comes and
    goes with containers and bans. Reading them takes sudo.
    """
    lines = output.lines
    found: dict[str, str] = {}
    for line in lines:
        if match := re.fullmatch(r"ufw (yes|no)", line):
            found["ufw"] = "active" if match[1] == "yes" else "inactive"
        elif match := re.fullmatch(r"firewalld (\d)", line):
            found["firewalld"] = "running" if match[1] == "0" else "stopped"
        elif match := re.fullmatch(r"readable (nftables|iptables)", line):
            read = _nft if match[1] == "nftables" else _iptables
            states = read([line[4:] for line in lines if line[:4] in ("nft ", "ipt ")])
            found[match[1]] = ", ".join(f"{family} {states[family]}" for family in _FAMILIES)
    if not {"whole", "readable nftables", "readable iptables"}.intersection(lines):
        yield Partial("firewall")
    for name, state in found.items():
        yield Fact("firewall", state, name)
    if found:
        active = [state for state in found.values() if re.search(r"drop|filtered|^active|running", state)]
        yield Sample("firewall_enabled", int(bool(active)))


def _nft(lines: list[str]) -> dict[str, str]:
    table, chain = "", ""
    rules: dict[Chain, list[str]] = {}
    inputs: dict[Chain, str] = {}  # base chains -> policy
    for line in lines:
        if match := re.fullmatch(r"table (\w+ \S+) \{", line):
            table = match[1]
        elif match := re.fullmatch(r"\s+chain (\S+) \{", line):
            chain = match[1]
        elif match := _BASE.fullmatch(line):
            inputs[table, chain] = match[1] or "accept"
        else:
            rules.setdefault((table, chain), []).append(line)
    states = dict.fromkeys(_FAMILIES, _OPEN)
    for base, policy in inputs.items():
        state = _DROP if policy == "drop" else _FILTERED if _drops(base, rules, set()) else _OPEN
        kind = base[0].split()[0]
        for family in {"ip": _FAMILIES[:1], "ip6": _FAMILIES[1:], "inet": _FAMILIES}.get(kind, ()):
            states[family] = min(states[family], state, key=(_DROP, _FILTERED, _OPEN).index)
    return states


def _iptables(lines: list[str]) -> dict[str, str]:
    rules: dict[Chain, list[str]] = {}
    states = dict.fromkeys(_FAMILIES, _OPEN)
    family = _FAMILIES[0]
    for line in lines:
        if line == "ip6":
            family = _FAMILIES[1]
        elif line == "-P INPUT DROP":
            states[family] = _DROP
        elif match := re.fullmatch(r"-A (\S+)(.*)", line):
            target = re.sub(r"(-[jg]) (DROP|REJECT)\b", r"\2", match[2])
            rules.setdefault((family, match[1]), []).append(target)
    for family in _FAMILIES:
        if states[family] == _OPEN and _drops((family, "INPUT"), rules, set()):
            states[family] = _FILTERED
    return states


def _drops(chain: Chain, rules: dict[Chain, list[str]], seen: set[Chain]) -> bool:
    """Whether a rule of the chain, or of one it leads to, drops or rejects."""
    waiting = [chain]
    while waiting:
        here = waiting.pop()
        if here in seen:
            continue
        seen.add(here)
        for line in rules.get(here, ()):
            if match := _VERDICT.match(line):
                if match[1].lower() in ("drop", "reject"):
                    return True
                waiting.append((here[0], match[2]))
    return False
