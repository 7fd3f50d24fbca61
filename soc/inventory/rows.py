"""CSV and JSON lines to nodes: one mapping a device, with the line it begins on."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Never

from soc.inventory.devices import DEVICE_FIELDS
from soc.inventory.nodes import MappingNode, Node, ScalarNode, SequenceNode
from soc.inventory.report import Report, hint, quoted

MAXIMUM_LINE_CHARACTERS = 131072
MAXIMUM_JSON_DEPTH = 10
_LISTS = frozenset({"addresses", "credentials", "depends_on", "log_names", "plugins"})
_NESTED: Mapping[str, Sequence[str]] = {
    "snmp": ("port", "engine", "context", "version"),
    "ssh": ("port", "legacy", "jump", "fingerprint", "restricted"),
    "logs": ("expect",),
    "labels": (),
    "every": (),
}


def csv_rows(text: str, report: Report) -> Iterator[MappingNode]:
    """Devices of a CSV file (RFC 4180) whose first record names the columns.

    A column is a device key, or `snmp.port`, `labels.rack` and the like; lists are separated by `;`;
    an empty cell is a key not given.
    """
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next(reader, [])
        columns = _columns([cell.strip() for cell in header], report)
        if columns is None:
            return
        width, before = len(header), reader.line_num
        for row in reader:
            line, before = before + 1, reader.line_num
            if len(row) == width:
                yield _row(row, columns, line)
            elif row:
                report.error(line, f"expected {width} cells as in the header, found {len(row)}")
    except csv.Error as error:
        report.error(reader.line_num, f"not CSV: {error}")


def _columns(header: list[str], report: Report) -> list[tuple[int, str, str]] | None:
    """(position, key, key inside it or "") of each column that is usable; None if the rows cannot be read."""
    if not any(header):
        report.error(1, "expected a header line with the names of the columns, such as name,address,tower")
        return None
    if len(header) == 1 and ";" in header[0]:
        report.error(1, "expected columns separated by commas, found semicolons")
        return None
    columns = []
    for position, title in enumerate(header):
        key, _, inner = title.partition(".")
        nested = _NESTED.get(key)
        if header.index(title) != position:
            report.error(1, f"column {quoted(title)} given twice", "duplicate-key")
        elif nested is not None and inner and (inner in nested or not nested):
            columns.append((position, key, inner))
        elif nested is None and key in DEVICE_FIELDS and not inner and key != "maintenance":
            columns.append((position, key, ""))
        else:
            known = [name for name in DEVICE_FIELDS if name not in _NESTED and name != "maintenance"]
            known += [f"{name}.{inner}" for name, inners in _NESTED.items() for inner in inners]
            known += ["labels.NAME", "every.CLASS"]
            report.error(1, f"unknown column {quoted(title)}{hint(title, known)}", "unknown-key")
    return columns


def _row(row: list[str], columns: list[tuple[int, str, str]], line: int) -> MappingNode:
    entries: dict[str, Node] = {}
    for position, key, inner in columns:
        cell = row[position]
        if not cell:
            continue
        if inner:
            nested = entries.get(key)
            if not isinstance(nested, MappingNode):
                nested = entries[key] = MappingNode({}, line)
            nested.entries[inner] = ScalarNode(cell, line)
        elif key in _LISTS:
            parts = [part.strip() for part in cell.split(";")]
            entries[key] = SequenceNode([ScalarNode(part, line) for part in parts if part], line)
        else:
            entries[key] = ScalarNode(cell, line)
    return MappingNode(entries, line)


class _JsonError(ValueError):
    pass


def _refuse_constant(_: str) -> Never:
    raise _JsonError("NaN and Infinity are not JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) != len(pairs):
        raise _JsonError("a key is given twice")
    return values


_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique, parse_int=str, parse_float=str, parse_constant=_refuse_constant
)


def json_rows(text: str, report: Report) -> Iterator[MappingNode]:
    """Devices of a JSON-lines file: one object a line, with the keys a device has in YAML."""
    for line, written in enumerate(text.split("\n"), start=1):
        if not written.strip():
            continue
        if len(written) > MAXIMUM_LINE_CHARACTERS:
            report.error(line, f"line longer than {MAXIMUM_LINE_CHARACTERS} characters")
            continue
        try:
            node = _node(_DECODER.decode(written), line, 0)
        except json.JSONDecodeError as error:
            report.error(line, f"not JSON: {error.msg} at character {error.pos + 1}")
        except (_JsonError, RecursionError) as error:
            reason = str(error) if isinstance(error, _JsonError) else "nested too deeply"
            report.error(line, f"not JSON: {reason}")
        else:
            if isinstance(node, MappingNode):
                yield node
            else:
                report.error(line, 'expected an object such as {"name": "printer-1", "tower": "print"}')


def _node(value: object, line: int, depth: int) -> Node:
    if depth > MAXIMUM_JSON_DEPTH:
        raise _JsonError(f"nested deeper than {MAXIMUM_JSON_DEPTH} levels")
    if isinstance(value, dict):
        return MappingNode({key: _node(item, line, depth + 1) for key, item in value.items()}, line)
    if isinstance(value, list):
        return SequenceNode([_node(item, line, depth + 1) for item in value], line)
    if isinstance(value, bool):
        return ScalarNode("true" if value else "false", line)
    return ScalarNode("" if value is None else str(value), line, value is None)
