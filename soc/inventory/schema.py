"""Combinators that turn nodes into values and report every problem on the way.

A reader takes (report, node), returns the value, and raises ValueError when the node as a whole is
unusable; `record`, `listing` and `named` catch that, report it with the line, and go on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from soc.inventory.nodes import MappingNode, Node, ScalarNode, SequenceNode, is_null
from soc.inventory.report import Report, hint, quoted
from soc.model.text import clean

Reader = Callable[[Report, Node], Any]
_INTEGER = re.compile(r"[+-]?\d{1,18}")


def described(node: Node) -> str:
    """What a node is, without showing what it holds."""
    if isinstance(node, MappingNode):
        return "a mapping"
    if isinstance(node, SequenceNode):
        return "a list"
    return "nothing" if node.null else "text"


def scalar(read: Callable[[str], Any]) -> Reader:
    """A single value; `read` turns its text into the value or raises ValueError."""

    def reader(_: Report, node: Node) -> Any:
        if not isinstance(node, ScalarNode):
            raise ValueError(f"expected a single value, found {described(node)}")
        return read(node.text)

    return reader


def checked_text(text: str, maximum: int = 128) -> str:
    """Printable text on one line, without blanks around it."""
    if not text or text != text.strip() or len(text) > maximum or clean(text, maximum) != text:
        raise ValueError(
            f"expected 1 to {maximum} printable characters without blanks around them, found {quoted(text)}"
        )
    return text


def text(maximum: int = 128) -> Reader:
    return scalar(lambda written: checked_text(written, maximum))


def choice(words: Collection[str]) -> Reader:
    canonical = {word: word for word in words}

    def read(written: str) -> str:
        if written not in canonical:
            nearest = hint(written, words) if len(words) > 3 else ""
            nearest = nearest if "did you mean" in nearest else ""
            raise ValueError(f"expected one of {', '.join(words)}, found {quoted(written)}{nearest}")
        return canonical[written]

    return scalar(read)


def integer(low: int, high: int) -> Reader:
    def read(written: str) -> int:
        if not _INTEGER.fullmatch(written) or not low <= int(written) <= high:
            raise ValueError(f"expected a whole number from {low} to {high}, found {quoted(written)}")
        return int(written)

    return scalar(read)


def _read_boolean(written: str) -> bool:
    if written.lower() not in ("true", "false"):
        raise ValueError(f"expected true or false, found {quoted(written)}")
    return written.lower() == "true"


boolean: Reader = scalar(_read_boolean)


def mapping(node: Node) -> MappingNode:
    if not isinstance(node, MappingNode):
        raise ValueError(f"expected a mapping (key: value), found {described(node)}")
    return node


def listing(item: Reader) -> Reader:
    """A list; items that cannot be read are reported and left out."""

    def reader(report: Report, node: Node) -> tuple[Any, ...]:
        if not isinstance(node, SequenceNode):
            raise ValueError(f"expected a list [ … ], found {described(node)}")
        key, values = report.key, []
        for child in node.items:
            try:
                values.append(item(report, child))
            except ValueError as error:
                report.error(child.line, f"{key}: {error}")
            report.key = key
        return tuple(values)

    return reader


def record(fields: Mapping[str, Reader], what: str, required: Collection[str] = ()) -> Reader:
    """A mapping with known keys -> dict of those readable; a key without a value counts as not given."""

    def reader(report: Report, node: Node) -> dict[str, Any]:
        values: dict[str, Any] = {}
        entries = mapping(node).entries
        for key, child in entries.items():
            field = fields.get(key)
            if field is None:
                report.error(
                    node.line_of(key) if isinstance(node, MappingNode) else node.line,
                    f"unknown key {quoted(key)} in {what}{hint(key, fields)}",
                    "unknown-key",
                )
                continue
            if is_null(child):
                continue
            report.key = key
            try:
                values[key] = field(report, child)
            except ValueError as error:
                report.error(child.line, f"{key}: {error}")
        for key in required:
            if is_null(entries.get(key)):
                report.error(node.line, f"{what} lacks the key {quoted(key)}", "missing-key")
        return values

    return reader


def named(key: Callable[[str], str], value: Reader) -> Reader:
    """A mapping whose keys are names -> dict; `key` checks a name or raises ValueError."""

    def reader(report: Report, node: Node) -> dict[str, Any]:
        values: dict[str, Any] = {}
        table = mapping(node)
        for name, child in table.entries.items():
            line = table.line_of(name)
            try:
                key(name)
                line = child.line
                report.key = name
                values[name] = value(report, child)
            except ValueError as error:
                report.error(line, f"{quoted(name)}: {error}")
        return values

    return reader


def one_of(words: Collection[str]) -> Callable[[str], str]:
    """A check for the keys of `named`."""

    def check(written: str) -> str:
        if written not in words:
            raise ValueError(f"unknown name{hint(written, words)}")
        return written

    return check
