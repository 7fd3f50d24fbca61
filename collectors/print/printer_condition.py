"""Covers, alerts and the console's text (Printer-MIB, RFC 3805)."""

from collections import Counter
from collections.abc import Iterator

from soc.collect import Fact, Row, Sample, SnmpTable, collector, integer, text

COVERS = SnmpTable("1.3.6.1.2.1.43.6.1.1", description=text(2), status=integer(3))  # prtCoverTable
ALERTS = SnmpTable(  # prtAlertTable
    "1.3.6.1.2.1.43.18.1.1", severity=integer(2), group=integer(4), group_index=integer(5), code=integer(7),
    description=text(8),
)  # fmt: skip
CONSOLE = SnmpTable("1.3.6.1.2.1.43.16.5.1", text=text(2))  # prtConsoleDisplayBufferTable
OPEN, CLOSED = {3, 5}, {4, 6}  # a cover's, and an interlock's
SEVERITIES = {1: "other", 3: "critical", 4: "warning", 5: "warning"}  # 5: a warning that ends by itself


@collector(every="health", fetch=COVERS)
def printer_covers(rows: list[Row]) -> Iterator[Sample]:
    """Whether each cover or interlock is open."""
    names = [(row.description or "").strip() or f"cover {row.index}" for row in rows]
    times = Counter(names)
    for row, name in zip(rows, names, strict=True):
        label = name if times[name] == 1 else f"{name} #{row.index}"
        if row.status in OPEN | CLOSED:
            yield Sample("printer_cover_open", float(row.status in OPEN), {"cover": label})


@collector(every="health", fetch=ALERTS, facts={"printer_alert"})
def printer_alerts(rows: list[Row]) -> Iterator[Sample | Fact]:
    """How many alerts stand, and what each says: one that comes or goes is a change."""
    count = Counter({"critical": 0, "warning": 0})
    for row in rows:
        if row.severity in SEVERITIES:
            count[SEVERITIES[row.severity]] += 1
            where = f"{row.group}.{row.group_index}.{row.code}"
            yield Fact("printer_alert", (row.description or "").strip() or f"code {row.code}", where)
    for severity, number in count.items():
        yield Sample("printer_alerts", number, {"severity": severity})


@collector(every="supplies", fetch=CONSOLE, facts={"printer_console"})
def printer_console(rows: list[Row]) -> Iterator[Fact]:
    """What the display shows, its lines one after the other."""
    shown = " ".join(" ".join((row.text or "").split()) for row in rows).strip()
    if shown:
        yield Fact("printer_console", shown, "display")
