"""Pages over the printer's life (Printer-MIB, RFC 3805), and by kind as makers count them (RICOH-MIB,
HP-LASERJET-COMMON-MIB, KONICA-MINOLTA's counters, Brother).
"""

from collections.abc import Iterator

from soc.collect import Row, Sample, SnmpScalars, SnmpTable, collector, counter32, integer, text

MARKERS = SnmpTable("1.3.6.1.2.1.43.10.2.1", pages=counter32(4))  # prtMarkerTable
HP = "1.3.6.1.4.1.11.2.3.9.4.2.1.4.1.2."
HP_PAGES = SnmpScalars(
    mono=integer(f"{HP}6.0"), colour=integer(f"{HP}7.0"), duplex=integer(f"{HP}22.0")
).where("1.3.6.1.4.1.11")  # fmt: skip
RICOH = SnmpTable(  # ricohEngCounterTable
    "1.3.6.1.4.1.367.3.2.1.2.19.5.1", kind=text(5), pages=integer(9)
).where("1.3.6.1.4.1.367")
KONICA = SnmpTable(  # by colour and function
    "1.3.6.1.4.1.18334.1.1.1.5.7.2.2.1", pages=integer(5)
).where("1.3.6.1.4.1.18334")
KONICA_KINDS = {
    "1.1": "black copies", "1.2": "black prints", "2.1": "colour copies", "2.2": "colour prints",
}  # fmt: skip


@collector(every="supplies", fetch=MARKERS)
def printer_pages(rows: list[Row]) -> Iterator[Sample]:
    """prtMarkerLifeCount of the first marker: further ones mark the same pages in other colours."""
    pages = next((row.pages for row in rows if row.pages is not None), None)
    if pages is not None:
        yield Sample("printer_pages_total", pages)


@collector(every="supplies", fetch={"hp": HP_PAGES, "ricoh": RICOH, "konica": KONICA})
def printer_pages_by_kind(hp: Row, ricoh: list[Row], konica: list[Row]) -> Iterator[Sample]:
    """Pages of each kind that the maker counts; kinds overlap."""
    counted = [(kind, getattr(hp, kind, None)) for kind in ("mono", "colour", "duplex")]
    counted += [((row.kind or "").strip(), row.pages) for row in ricoh or ()]
    counted += [(KONICA_KINDS.get(row.index, ""), row.pages) for row in konica or ()]
    seen = set()
    for kind, pages in counted:
        if kind and kind not in seen and isinstance(pages, int) and pages >= 0:
            seen.add(kind)
            yield Sample("printer_pages_by_kind_total", pages, {"kind": kind})
