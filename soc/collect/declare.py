"""What a file in collectors/ may say: fetch declarations and the @collector decorator.

Declarations validate themselves when the file is loaded; parsing happens later, in the worker,
and never sees a socket, the store or the clock.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from soc.collect.columns import NAMES, Samples
from soc.model import TOWERS, Fact, LogRecord, Sample
from soc.model.durations import parse_duration

ValueKind = Literal[
    "auto",  # integers as int, octet strings as decoded text, OIDs as dotted text
    "integer", "counter32", "counter64", "gauge", "ticks",  # -> int; another type is reason "type"
    "text",  # octet string -> str, decoded with replacement
    "octets",  # octet string -> bytes
    "oid",  # -> dotted str
    "address",  # IpAddress -> str
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Partial:
    """Yielded by a parser: this fact set was read in part only, as where sudo was refused.

    Nothing that it lacks counts as removed. With `values`, what is said of its members is not all
    either: then only members that were not known are told.
    """

    key: str
    values: bool = False


Record = Sample | Samples | Fact | LogRecord | Partial
INTERVAL_CLASSES = ("reachability", "health", "interfaces", "supplies", "posture", "configuration")
_OID = re.compile(r"(?:0|[1-9]\d{0,9})(?:\.(?:0|[1-9]\d{0,9})){1,127}")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")


def _checked_oid(oid: str) -> str:
    oid = oid.lstrip(".")
    if not _OID.fullmatch(oid):
        raise ValueError(f"not an OID: {oid[:80]!r} (expected for example 1.3.6.1.2.1.2.2.1)")
    return oid


@dataclass(frozen=True, slots=True)
class Column:
    """A table column or scalar with a declared type."""

    id: str  # sub-identifier of a table's entry, or a scalar's whole OID with its instance
    kind: ValueKind = "auto"


def integer(id: int | str) -> Column:
    return Column(str(id), "integer")


def counter32(id: int | str) -> Column:
    return Column(str(id), "counter32")


def counter64(id: int | str) -> Column:
    return Column(str(id), "counter64")


def gauge(id: int | str) -> Column:
    return Column(str(id), "gauge")


def ticks(id: int | str) -> Column:
    return Column(str(id), "ticks")


def text(id: int | str) -> Column:
    return Column(str(id), "text")


def octets(id: int | str) -> Column:
    return Column(str(id), "octets")


def oid(id: int | str) -> Column:
    return Column(str(id), "oid")


def address(id: int | str) -> Column:
    return Column(str(id), "address")


class Row:
    """One table row, or the scalars of one fetch: a declared name is an attribute, None where absent.

    `row.index` is the instance part of the OID as text ("" for scalars).
    """

    index: str

    def __init__(self, index: str, values: Mapping[str, Any]) -> None:
        # Its own dictionary, not __getattr__: parsers read millions of these attributes.
        self.__dict__ = {**values, "index": index}

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"no column {name!r}; declared: {', '.join(sorted(self._values()))}")

    @classmethod
    def of(cls, names: Iterable[str], cells: Iterable[Any]) -> Row:
        """A row of these names, "index" among them, and their cells."""
        row = cls.__new__(cls)
        row.__dict__ = dict(zip(names, cells, strict=True))
        return row

    def cells(self) -> Iterable[Any]:
        return [value for name, value in self.__dict__.items() if name != "index"]

    def _values(self) -> dict[str, Any]:
        values = dict(self.__dict__)
        del values["index"]
        return values

    def __repr__(self) -> str:
        return f"Row({self.index!r}, {self._values()!r})"


class _SnmpFetch:
    """What tables and scalars share."""

    transport = "snmp"
    object_ids: tuple[str, ...] = ()

    def where(self, *object_ids: str) -> Self:
        """Ask only agents whose sysObjectID lies under one of these; others count as having none of it."""
        self.object_ids = tuple(_checked_oid(oid) for oid in object_ids)
        self._prefixes = _prefixes(self.object_ids)
        return self

    def asks(self, object_id: str) -> bool:
        """Whether an agent with this sysObjectID is asked."""
        return not self.object_ids or f"{object_id}.".startswith(self._prefixes)


def _prefixes(object_ids: Iterable[str]) -> tuple[str, ...]:
    """What every OID at or under these begins with, written with a dot behind it."""
    return tuple(f"{oid}." for oid in object_ids)


class SnmpTable(_SnmpFetch):
    """Columns of one conceptual table (RFC 2578 section 7.1.12).

    `SnmpTable("1.3.6.1.2.1.43.11.1.1", description=6, level=integer(9))` parses to a list of Row,
    ordered by index; every declared column is an attribute, None where the agent has no such cell.
    """

    in_columns = False

    def __init__(self, base: str, **columns: int | Column) -> None:
        self.base = _checked_oid(base)
        if not columns:
            raise ValueError(f"table {base} declares no column")
        self.columns: dict[str, Column] = {
            name: column if isinstance(column, Column) else Column(str(column))
            for name, column in columns.items()
        }
        for name, column in self.columns.items():
            if name in ("index", "cells") or not re.fullmatch(r"[1-9]\d*(?:\.[1-9]\d*)*", column.id):
                raise ValueError(f"table {base}: column {name}={column.id!r} needs a sub-identifier >= 1")

    def by_column(self) -> SnmpTable:
        """Have it parsed to Columns instead: cheaper where there are many rows."""
        if reserved := self.columns.keys() & set(NAMES):
            raise ValueError(f"table {self.base}: no column by name {', '.join(sorted(reserved))}")
        self.in_columns = True
        return self

    def column_oid(self, name: str) -> str:
        return f"{self.base}.{self.columns[name].id}"


class SnmpScalars(_SnmpFetch):
    """Scalars read together: `SnmpScalars(name="1.3.6.1.2.1.1.5.0")` parses to one Row."""

    def __init__(self, **scalars: str | Column) -> None:
        if not scalars:
            raise ValueError("no scalar declared")
        self.columns: dict[str, Column] = {}
        for name, scalar in scalars.items():
            column = scalar if isinstance(scalar, Column) else Column(scalar)
            self.columns[name] = Column(_checked_oid(column.id), column.kind)


class SshCommand:
    """One constant command on hosts of the given platforms; parses to a CommandOutput.

    `stream` names the cursor whose last value is written to the command's standard input as one
    line (empty on first contact): the command itself never changes. `sudo` names what it runs as
    root, each with its absolute path and arguments as they stand after `sudo -n` in the command.
    `script` is what people read in place of an encoded command.
    """

    transport = "ssh"

    def __init__(
        self,
        id: str,
        command: str,
        *,
        platforms: Iterable[str] = ("linux",),
        stream: str = "",
        sudo: Iterable[str] = (),
        exit_codes: Iterable[int] = (0,),
        maximum_bytes: int = 1_000_000,
        script: str = "",
    ) -> None:
        if not re.fullmatch(r"[a-z][a-z0-9-]{0,63}", id):
            raise ValueError(f"command id {id!r}: lower-case letters, digits and '-' expected")
        self.id = id
        self.command = command
        self.platforms = frozenset(platforms)
        self.stream = stream
        self.sudo = tuple(sudo)
        undeclared = command
        for line in sorted(self.sudo, key=len, reverse=True):
            if not line.startswith("/") or f"sudo -n {line}" not in command:
                raise ValueError(f"command {id}: does not run 'sudo -n {line}' (an absolute path)")
            undeclared = undeclared.replace(f"sudo -n {line}", "")
        if "sudo " in undeclared:
            raise ValueError(f"command {id}: every 'sudo -n …' it runs must be declared in sudo=")
        self.exit_codes = frozenset(exit_codes)
        self.maximum_bytes = maximum_bytes
        self.script = script


class NotApplicableError(Exception):
    """Raised by a parser: the host has nothing of what it reads, or keeps it from the account."""


class CommandFailedError(Exception):
    """Raised by a parser: the part of a command that it reads failed on the host; the text says why."""


@dataclass(frozen=True, slots=True)
class CommandOutput:
    """What a command printed, decoded with replacement; `truncated` where the byte cap cut it."""

    stdout: str
    stderr: str
    exit_code: int
    truncated: bool = False

    @property
    def lines(self) -> list[str]:
        """What stands between line feeds, without a carriage return at the end.

        Not str.splitlines(): form feeds and other separators within a line would make lines of what
        any user of the host may have written, without the name that grep puts before its lines.
        """
        return text_lines(self.stdout)


def text_lines(text: str) -> list[str]:
    """The lines of a text, which end at line feeds alone, without a carriage return at their end."""
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    if not lines[-1]:
        lines.pop()
    return lines


class LocalReadings:
    """Readings of the host soc runs on, by name (soc/collect/local.py lists them); parses to one Row."""

    transport = "local"

    def __init__(self, *names: str) -> None:
        self.names = names


class Ping:
    """Echo requests to the device; parses to one Row with sent, received, rtt_seconds (None if lost)."""

    transport = "ping"

    def __init__(self, count: int = 3) -> None:
        self.count = count


Fetch = SnmpTable | SnmpScalars | SshCommand | LocalReadings | Ping
Parser = Callable[..., Iterable[Record]]


@dataclass(frozen=True, slots=True, eq=False)
class Collector:
    """One declared collector. With a single unnamed fetch, `parse(answer)`; else `parse(**answers)`."""

    name: str
    parse: Parser
    fetches: Mapping[str, Fetch]
    every: str  # an interval class of the inventory, or a duration
    towers: frozenset[str]  # empty = every tower
    kinds: frozenset[str]  # empty = every kind of device
    facts: frozenset[str]  # fact keys that a successful poll reads completely
    reachability: bool
    documentation: str
    path: str = ""
    aside: frozenset[str] = frozenset()  # fetches that do not tell whether it applies
    transport: str = field(init=False)
    # the sysObjectIDs under which alone it applies; () = whatever the agent's is
    object_ids: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        # Planning asks for both again and again.
        restricted = [getattr(fetch, "object_ids", ()) for fetch in self.fetches.values()]
        object_ids = sorted({oid for oids in restricted for oid in oids}) if all(restricted) else ()
        object.__setattr__(self, "transport", next(iter(self.fetches.values())).transport)
        object.__setattr__(self, "object_ids", tuple(object_ids))

    def asks(self, object_id: str) -> bool:
        """Whether it may apply to an agent with this sysObjectID."""
        return not self.object_ids or f"{object_id}.".startswith(_prefixes(self.object_ids))


def collector(
    *,
    fetch: Fetch | Mapping[str, Fetch],
    every: str,
    towers: Iterable[str] = (),
    kinds: Iterable[str] = (),
    facts: Iterable[str] = (),
    name: str = "",
    reachability: bool = False,
    aside: Iterable[str] = (),
) -> Callable[[Parser], Collector]:
    """Declare the decorated generator a collector; it is picked up because its file is there.

    `every` is an interval class (reachability, health, interfaces, supplies, posture, configuration)
    or a duration. `facts` names the fact sets a successful poll reads completely, so that a missing
    member counts as removed; a parser that read part of one yields Partial. Whether a collector
    applies to a device is what the device answers: one whose fetches all come back empty is left out
    and tried again later. Fetches named in `aside` (names of what others measure) do not count for that.
    """
    fetches: Mapping[str, Fetch] = fetch if isinstance(fetch, Mapping) else {"": fetch}
    if not fetches:
        raise ValueError("a collector fetches at least one thing")
    if len({item.transport for item in fetches.values()}) != 1:
        raise ValueError("all fetches of one collector use one transport")
    if every not in INTERVAL_CLASSES:
        parse_duration(every)
    if unknown := set(towers) - set(TOWERS):
        raise ValueError(f"unknown tower {sorted(unknown)}; known: {', '.join(TOWERS)}")

    def declare(parse: Parser) -> Collector:
        own_name = name or parse.__name__
        if not _NAME.fullmatch(own_name):
            raise ValueError(f"collector name {own_name!r}: lower-case letters, digits and '_' expected")
        return Collector(
            own_name, parse, dict(fetches), every, frozenset(towers), frozenset(kinds),
            frozenset(facts), reachability, (parse.__doc__ or "").strip(), aside=frozenset(aside),
        )  # fmt: skip

    return declare
