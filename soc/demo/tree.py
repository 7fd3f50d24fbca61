"""A device's variables in lexicographic order: what an SNMP agent answers from."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from soc.demo import ber
from soc.demo.ber import Oid

# What a variable holds, by its BER tag: int for the numbers, bytes for OCTET STRING, Opaque and
# IpAddress (4 octets), Oid for OBJECT IDENTIFIER, None for NULL.
Value = int | bytes | Oid | None
Formula = Callable[[float], Value]  # of UTC seconds


@dataclass(frozen=True, slots=True)
class Variable:
    """One object instance: a constant, or a formula of the time."""

    oid: Oid
    tag: int
    value: Value | Formula


def encode_value(tag: int, value: Value) -> bytes:
    """The value with its tag. Unsigned numbers wrap at their width as counters do.

    Raises ValueError when the value does not fit the tag.
    """
    if tag in ber.UNSIGNED_BITS and isinstance(value, int):
        return ber.encode_integer(value & ((1 << ber.UNSIGNED_BITS[tag]) - 1), tag)
    if tag == ber.INTEGER and isinstance(value, int) and -(1 << 31) <= value < 1 << 31:
        return ber.encode_integer(value)
    if tag == ber.OBJECT_IDENTIFIER and isinstance(value, tuple):
        return ber.encode(tag, ber.encode_oid(value))
    if tag == ber.IP_ADDRESS and isinstance(value, bytes) and len(value) == 4:
        return ber.encode(tag, value)
    if tag in (ber.OCTET_STRING, ber.OPAQUE) and isinstance(value, bytes) and len(value) <= 0xFFFF:
        return ber.encode(tag, value)
    if tag == ber.NULL and value is None:
        return ber.encode(tag, b"")
    raise ValueError(f"{value!r:.60} is no value of BER tag {tag:#x}")


class VariableTree:
    """Variables sorted by OID. Of two with one OID the first stays.

    Raises ValueError for a constant that has no encoding, naming its OID.
    """

    def __init__(self, variables: Iterable[Variable]) -> None:
        unique: dict[Oid, Variable] = {}
        for variable in variables:
            unique.setdefault(variable.oid, variable)
        self._oids = sorted(unique)
        self._variables = [unique[oid] for oid in self._oids]
        names = [ber.encode_oid(oid) for oid in self._oids]
        self._position = {name: position for position, name in enumerate(names)}
        self._encoded_names = [ber.encode(ber.OBJECT_IDENTIFIER, name) for name in names]
        self._bindings = [
            None if callable(variable.value) else self._bind(position, variable.value)
            for position, variable in enumerate(self._variables)
        ]

    def __len__(self) -> int:
        return len(self._oids)

    def _bind(self, position: int, value: Value) -> bytes:
        variable = self._variables[position]
        try:
            encoded = encode_value(variable.tag, value)
        except ValueError as error:
            raise ValueError(f"{'.'.join(map(str, variable.oid))}: {error}") from None
        return ber.encode(ber.SEQUENCE, self._encoded_names[position] + encoded)

    def find(self, name: bytes) -> int | None:
        """The position of an encoded OID (content octets), None where there is no such instance."""
        return self._position.get(name)

    def after(self, name: bytes) -> int:
        """The position of the first variable after an encoded OID; len(self) = the end.

        Raises MalformedError when `name` is no object identifier.
        """
        position = self._position.get(name)
        return bisect_right(self._oids, ber.decode_oid(name)) if position is None else position + 1

    def binding(self, position: int, time: float) -> bytes:
        """The encoded variable binding at a position."""
        constant = self._bindings[position]
        if constant is not None:
            return constant
        formula = self._variables[position].value
        return self._bind(position, formula(time) if callable(formula) else formula)

    def tag(self, position: int) -> int:
        return self._variables[position].tag

    def oid(self, position: int) -> Oid:
        return self._oids[position]

    def has_object(self, name: bytes) -> bool:
        """Whether the OID's parent has instances: what tells noSuchInstance from noSuchObject."""
        parent = ber.decode_oid(name)[:-1]
        position = bisect_left(self._oids, parent)
        return position < len(self._oids) and self._oids[position][: len(parent)] == parent

    def read(self, position: int, time: float) -> tuple[Oid, int, Value]:
        """OID, tag and value at a position."""
        variable = self._variables[position]
        value = variable.value(time) if callable(variable.value) else variable.value
        return variable.oid, variable.tag, value

    def position(self, oid: Oid) -> int | None:
        """The position of an OID, None where there is no such instance."""
        position = bisect_left(self._oids, oid)
        found = position < len(self._oids) and self._oids[position] == oid
        return position if found else None

    def under(self, prefix: Oid) -> Iterator[int]:
        """The positions of all variables below a prefix, in order; one that has its name is not below it."""
        start = bisect_right(self._oids, prefix)
        return iter(range(start, bisect_left(self._oids, (*prefix[:-1], prefix[-1] + 1), start)))
