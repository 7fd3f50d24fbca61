"""Collection: what collector files import. Transports, planning and the worker are in submodules."""

from soc.collect.declare import (
    Collector,
    Column,
    CommandOutput,
    LocalReadings,
    Ping,
    Row,
    SnmpScalars,
    SnmpTable,
    SshCommand,
    address,
    collector,
    counter32,
    counter64,
    gauge,
    integer,
    octets,
    oid,
    text,
    ticks,
)
from soc.model import Fact, LogRecord, Sample

__all__ = [
    "Collector", "Column", "CommandOutput", "Fact", "LocalReadings", "LogRecord", "Ping", "Row",
    "Sample", "SnmpScalars", "SnmpTable", "SshCommand", "address", "collector", "counter32",
    "counter64", "gauge", "integer", "octets", "oid", "text", "ticks",
]  # fmt: skip
