"""Whether the SNMP agent answers, and for how long it has run (SNMPv2-MIB, SNMP-FRAMEWORK-MIB)."""

from collections.abc import Iterator

from soc.collect import Row, Sample, SnmpScalars, collector, integer, ticks

AGENT = SnmpScalars(
    uptime=ticks("1.3.6.1.2.1.1.3.0"),  # sysUpTime
    engine_seconds=integer("1.3.6.1.6.3.10.2.1.3.0"),  # snmpEngineTime
)
WRAP_SECONDS = 2**32 / 100  # sysUpTime starts again after 497 days
TOLERANCE_SECONDS = 300


@collector(every="reachability", fetch=AGENT, reachability=True)
def snmp_uptime(agent: Row) -> Iterator[Sample]:
    """sysUpTime; with the wraps it has had, where snmpEngineTime tells them."""
    if agent.uptime is None:
        return
    seconds = agent.uptime / 100
    if agent.engine_seconds is not None:
        wraps = round((agent.engine_seconds - seconds) / WRAP_SECONDS)
        if wraps > 0 and abs(seconds + wraps * WRAP_SECONDS - agent.engine_seconds) < TOLERANCE_SECONDS:
            seconds += wraps * WRAP_SECONDS
    yield Sample("uptime_seconds", seconds)
