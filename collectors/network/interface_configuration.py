"""Aliases, duplex mode and addresses (IF-MIB, RFC 2863; EtherLike-MIB, RFC 3635; IP-MIB, RFC 4293)."""

from collections import Counter
from collections.abc import Iterator
from ipaddress import ip_address, ip_interface

from soc.collect import Fact, Row, Sample, SnmpTable, address, collector, integer, oid, text

NAMES = SnmpTable("1.3.6.1.2.1.2.2.1", description=text(2))
ALIASES = SnmpTable("1.3.6.1.2.1.31.1.1.1", name=text(1), alias=text(18))
ETHERNET = SnmpTable("1.3.6.1.2.1.10.7.2.1", duplex=integer(19))  # EtherLike-MIB, dot3StatsTable
OLD_ADDRESSES = SnmpTable("1.3.6.1.2.1.4.20.1", interface=integer(2), mask=address(3))  # ipAddrTable
ADDRESSES = SnmpTable("1.3.6.1.2.1.4.34.1", interface=integer(3), prefix=oid(5))  # ipAddressTable
HALF, FULL = 2, 3


@collector(
    every="configuration",
    facts={"interface_alias", "interface_address"},
    aside={"names"},
    fetch={
        "names": NAMES,
        "aliases": ALIASES,
        "ethernet": ETHERNET,
        "old": OLD_ADDRESSES,
        "addresses": ADDRESSES,
    },
)
def interface_configuration(
    names: list[Row], aliases: list[Row], ethernet: list[Row], old: list[Row], addresses: list[Row]
) -> Iterator[Sample | Fact]:
    """What operators call an interface, its duplex mode, and the addresses of the device."""
    own = {row.index: (row.description or "").strip() or row.index for row in names}
    own |= {row.index: row.name.strip() for row in aliases if row.name and row.name.strip()}
    times = Counter(own.values())
    for row in aliases:
        if row.alias and row.alias.strip():
            yield Fact("interface_alias", row.alias.strip(), _instance(own, times, row.index))
    for row in ethernet:
        if row.duplex in (HALF, FULL):
            name = own.get(row.index, row.index)
            labels = {"interface": name} if times[name] < 2 else {"interface": name, "index": row.index}
            yield Sample("interface_full_duplex", float(row.duplex == FULL), labels)
    found: dict[str, str] = {}
    for row in addresses:
        if row.interface and (found_at := _address(row.index, row.prefix)):
            found[found_at] = str(row.interface)
    for row in old:
        if row.interface and (found_at := _old_address(row.index, row.mask)):
            found.setdefault(found_at, str(row.interface))
    for found_at, index in found.items():
        yield Fact("interface_address", _instance(own, times, index), found_at)


def _instance(names: dict[str, str], times: Counter[str], index: str) -> str:
    name = names.get(index, index)
    return name if times[name] < 2 else f"{name} #{index}"


def _address(index: str, prefix: str | None) -> str:
    """InetAddressType and InetAddress (RFC 4001) in the index; the prefix row ends with its length."""
    parts = [int(part) for part in index.split(".")]
    if len(parts) < 2 or parts[1] != len(parts) - 2 or parts[1] not in (4, 16) or max(parts[2:]) > 255:
        return ""
    found = ip_address(bytes(parts[2:]))
    length = int((prefix or "").rpartition(".")[2] or 0)
    return f"{found}/{length}" if 0 < length <= found.max_prefixlen else str(found)


def _old_address(index: str, mask: str | None) -> str:
    try:
        return ip_interface(f"{index}/{mask}").with_prefixlen if mask else str(ip_address(index))
    except ValueError:
        return ""
