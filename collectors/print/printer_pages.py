"""Pages over the printer's life (Printer-MIB, RFC 3805)."""

from collections.abc import Iterator

from soc.collect import Row, Sample, SnmpTable, collector, counter32

MARKERS = SnmpTable("1.3.6.1.2.1.43.10.2.1", pages=counter32(4))  # prtMarkerTable


@collector(every="supplies", fetch=MARKERS)
def printer_pages(rows: list[Row]) -> Iterator[Sample]:
    """prtMarkerLifeCount of the first marker: further ones mark the same pages in other colours."""
    pages = next((row.pages for row in rows if row.pages is not None), None)
    if pages is not None:
        yield Sample("printer_pages_total", pages)
