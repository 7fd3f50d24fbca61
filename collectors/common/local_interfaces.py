"""Network interfaces and disks of the host soc runs on (through psutil)."""

from __future__ import annotations

from collections.abc import Iterator

from soc.collect import LocalReadings, Row, Sample, collector


@collector(every="interfaces", kinds={"local"}, fetch=LocalReadings("network_io"))
def local_interfaces(row: Row) -> Iterator[Sample]:
    """State and counters since boot of each interface."""
    for name, item in (row.network_io or {}).items():
        labels = {"interface": name}
        yield Sample("interface_up", int(item.up), labels)
        if item.speed_bits_per_second > 0:
            yield Sample("interface_speed_bits_per_second", item.speed_bits_per_second, labels)
        yield Sample("interface_receive_bytes_total", item.receive_bytes, labels)
        yield Sample("interface_transmit_bytes_total", item.transmit_bytes, labels)
        yield Sample("interface_receive_errors_total", item.receive_errors, labels)
        yield Sample("interface_transmit_errors_total", item.transmit_errors, labels)
        yield Sample("interface_receive_discards_total", item.receive_discards, labels)
        yield Sample("interface_transmit_discards_total", item.transmit_discards, labels)


@collector(every="health", kinds={"local"}, fetch=LocalReadings("disk_io"))
def local_disks(row: Row) -> Iterator[Sample]:
    """Bytes read from and written to each disk since boot; disks that nothing ever touched are left out."""
    for disk, (read, written) in (row.disk_io or {}).items():
        if read or written:
            yield Sample("disk_read_bytes_total", read, {"disk": disk})
            yield Sample("disk_written_bytes_total", written, {"disk": disk})
