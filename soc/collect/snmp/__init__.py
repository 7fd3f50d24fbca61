"""SNMP: the transport (RFC 1157, 3416, 3414) and what surrounds gufo-snmp to make it safe."""

from soc.collect.snmp.transport import SnmpTransport

__all__ = ["SnmpTransport"]
