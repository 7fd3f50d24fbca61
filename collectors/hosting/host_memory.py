"""Memory of hosts (HOST-RESOURCES-MIB, RFC 2790; UCD-SNMP-MIB of net-snmp)."""

from collections.abc import Iterator

from soc.collect import Row, Sample, SnmpScalars, SnmpTable, collector, integer, oid, text

STORAGE = SnmpTable(  # hrStorageTable
    "1.3.6.1.2.1.25.2.3.1",
    type=oid(2), description=text(3), unit_bytes=integer(4), units=integer(5), used_units=integer(6),
)  # fmt: skip
UCD = "1.3.6.1.4.1.2021.4."
MEMORY = SnmpScalars(  # in KiB
    swap=integer(f"{UCD}3.0"), swap_free=integer(f"{UCD}4.0"), size=integer(f"{UCD}5.0"),
    free=integer(f"{UCD}6.0"), shared=integer(f"{UCD}13.0"), buffers=integer(f"{UCD}14.0"),
    cached=integer(f"{UCD}15.0"), available=integer(f"{UCD}27.0"),
)  # fmt: skip
KIBIBYTE = 1024
OTHER, RAM, VIRTUAL = (f"1.3.6.1.2.1.25.2.1.{number}" for number in (1, 2, 3))
POOLS = {"physical memory": "physical", "real memory": "physical", "swap space": "swap",
         "swap space (total)": "swap", "virtual memory": "virtual"}  # fmt: skip
# Parts of the physical memory that net-snmp lists beside it, as hrStorageOther or hrStorageRam.
PARTS = {"memory buffers": "buffers", "cached memory": "cached", "shared memory": "shared",
         "shared virtual memory": "shared", "ram (buffers)": "buffers", "ram (cache)": "cached"}  # fmt: skip
GIVEN_UP_AT_NEED = ("buffers", "cached")


@collector(every="health", fetch={"storage": STORAGE, "ucd": MEMORY})
def host_memory(storage: list[Row], ucd: Row) -> Iterator[Sample]:
    """Pools. `physical` is without what the system gives back at need: buffers and cached.

    hrStorageTable is believed where it lists memory, UCD-SNMP-MIB where it does not.
    """
    pools = _listed(storage) or _counted(ucd)
    for pool, (size, used) in pools.items():
        if size > 0 and 0 <= used <= size:
            yield Sample("memory_size_bytes", size, {"pool": pool})
            yield Sample("memory_used_bytes", used, {"pool": pool})


def _listed(rows: list[Row]) -> dict[str, tuple[int, int]]:
    pools: dict[str, tuple[int, int]] = {}
    parts: dict[str, int] = {}
    physical = ""
    for row in rows:
        name = (row.description or "").strip()
        size, used = _bytes(row.units, row), _bytes(row.used_units, row)
        if size is None or used is None:
            continue
        if row.type in (OTHER, RAM, VIRTUAL) and name.lower() in PARTS:
            parts[PARTS[name.lower()]] = used
        elif row.type in (RAM, VIRTUAL):
            pool = POOLS.get(name.lower(), name)
            pool = f"{pool} #{row.index}" if pool in pools else pool
            pools[pool] = size, used
            physical = physical or (pool if row.type == RAM else "")
    if physical in pools:
        size, used = pools[physical]
        free = sum(parts.get(part, 0) for part in GIVEN_UP_AT_NEED)
        pools[physical] = size, used - free if used >= free else used
        pools |= {part: (size, value) for part, value in parts.items()}
    return pools


def _counted(ucd: Row) -> dict[str, tuple[int, int]]:
    pools = {}
    if ucd.size:
        parts = {"buffers": ucd.buffers, "cached": ucd.cached, "shared": ucd.shared}
        known = {part: value for part, value in parts.items() if value is not None}
        free = ucd.available
        if free is None and ucd.free is not None:
            free = ucd.free + sum(known.get(part, 0) for part in GIVEN_UP_AT_NEED)
        if free is not None:
            pools["physical"] = ucd.size, ucd.size - free
        pools |= {part: (ucd.size, value) for part, value in known.items()}
    if ucd.swap and ucd.swap_free is not None:
        pools["swap"] = ucd.swap, ucd.swap - ucd.swap_free
    return {pool: (size * KIBIBYTE, used * KIBIBYTE) for pool, (size, used) in pools.items()}


def _bytes(units: int | None, row: Row) -> int | None:
    """Blocks are Integer32: agents wrap large numbers of them into the negative."""
    if units is None or not row.unit_bytes or row.unit_bytes < 0:
        return None
    return (units if units >= 0 else units + 2**32) * int(row.unit_bytes)
