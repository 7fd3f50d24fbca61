"""What the printer itself reports as wrong (HOST-RESOURCES-MIB, RFC 2790; Printer-MIB, RFC 3805)."""

from collections.abc import Iterator

from soc.collect import Row, Sample, SnmpTable, collector, octets

PRINTERS = SnmpTable("1.3.6.1.2.1.25.3.5.1", errors=octets(2))  # hrPrinterDetectedErrorState
CONDITIONS = (  # from the most significant bit of the first octet on
    "low-paper", "no-paper", "low-toner", "no-toner", "door-open", "jammed", "offline", "service-requested",
    "input-tray-missing", "output-tray-missing", "marker-supply-missing", "output-near-full",
    "output-full", "input-tray-empty", "overdue-maintenance",
)  # fmt: skip


@collector(every="health", fetch=PRINTERS)
def printer_errors(rows: list[Row]) -> Iterator[Sample]:
    """Every condition as 0 or 1; agents leave out trailing octets without a bit set."""
    states = [row.errors for row in rows if row.errors is not None]
    reported = [int.from_bytes(state[:2].ljust(2, b"\0"), "big") for state in states]
    if not reported:
        return
    for position, condition in enumerate(CONDITIONS):
        mask = 0x8000 >> position
        yield Sample("printer_error", float(any(bits & mask for bits in reported)), {"error": condition})
