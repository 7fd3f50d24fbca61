"""What every inventory format is read into: plain nodes that know their line."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class ScalarNode:
    """One value as written. Which type it has is the schema's business, so `2c`, `007` and `no` stay text."""

    text: str
    line: int
    null: bool = False  # nothing was written: an empty value, `~` or `null`


@dataclass(slots=True)
class SequenceNode:
    items: list[Node]
    line: int


@dataclass(slots=True)
class MappingNode:
    entries: dict[str, Node]
    line: int
    key_lines: dict[str, int] = field(default_factory=dict)  # only of keys on another line

    def line_of(self, key: str) -> int:
        return self.key_lines.get(key, self.line)


Node = ScalarNode | SequenceNode | MappingNode


def is_null(node: Node | None) -> bool:
    """Nothing was written there: the same as leaving the key out."""
    return node is None or (isinstance(node, ScalarNode) and node.null)
