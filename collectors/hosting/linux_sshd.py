"""sshd's effective configuration (sshd(8) -T, sshd_config(5))."""

from __future__ import annotations

from collections.abc import Iterator

from soc.collect import CommandOutput, Fact, Partial, SshCommand, collector
from soc.collect.sshd_settings import effective

# Without sudo, what its files say: the first value of each keyword counts, and Debian's, Red Hat's and
# SUSE's sshd_config include the directory at their top. Blocks of Match are left out of both.
EFFECTIVE = "/usr/sbin/sshd -T"
SSHD = SshCommand(
    "linux-sshd",
    f"[ -x /usr/sbin/sshd ] || exit 127; {{ LC_ALL=C sudo -n {EFFECTIVE} 2>/dev/null || "
    f"LC_ALL=C {EFFECTIVE} 2>/dev/null; }} && echo whole || "
    'for file in /etc/ssh/sshd_config.d/*.conf /etc/ssh/sshd_config; do [ -r "$file" ] && '
    "sed '/^[[:space:]]*[Mm]atch[[:space:]]/,$d' \"$file\"; done; exit 0",
    sudo=(EFFECTIVE,),
    maximum_bytes=256_000,
)


@collector(every="posture", fetch=SSHD, facts={"sshd"})
def linux_sshd(output: CommandOutput) -> Iterator[Fact | Partial]:
    """The settings that decide who gets in, and how (keywords in lower case, as sshd -T prints them)."""
    if "whole" not in output.lines:
        yield Partial("sshd")
    yield from effective(output.lines)
