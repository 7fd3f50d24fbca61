"""Failed units (systemctl(1))."""

from __future__ import annotations

from collections.abc import Iterator

from soc.collect import CommandOutput, Sample, SshCommand, collector

# Exit code 127, as for a command that is not there: PID 1 is not systemd.
FAILED_UNITS = SshCommand(
    "linux-services",
    "[ -d /run/systemd/system ] || exit 127; "
    "LC_ALL=C systemctl list-units --state=failed --plain --no-legend --no-pager --full",
)


@collector(every="health", fetch=FAILED_UNITS)
def linux_services(output: CommandOutput) -> Iterator[Sample]:
    """0 for each unit in the state failed (`service` = its name, without .service); no sample else."""
    for line in output.stdout.splitlines():
        unit, _, state = line.partition(" ")
        if unit and state.split()[1:2] == ["failed"]:
            yield Sample("service_up", 0, {"service": unit.removesuffix(".service")})
