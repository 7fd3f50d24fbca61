"""YAML to nodes, from the parser's events, so that every cap holds before anything is built.

Composing by events instead of PyYAML's own composer keeps a hostile file from exhausting the stack
(depth), the memory (nodes behind aliases count each time they are used) or the reader (duplicate keys).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import yaml
from yaml import events as kinds

from soc.inventory.nodes import MappingNode, Node, ScalarNode, SequenceNode
from soc.inventory.report import Report, quoted

MAXIMUM_DEPTH = 20
MAXIMUM_NODES = 3_000_000
MAXIMUM_ALIASES = 1000
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_STRING_TAGS = frozenset({"!", "tag:yaml.org,2002:str"})

# Half-open range of characters that the value of the top-level key `devices` takes in the text.
Span = tuple[int, int]


class YamlError(Exception):
    """The file is not the YAML we accept; `line` counts from 1."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


@dataclass(slots=True)
class _Open:
    """A collection whose end has not come yet."""

    node: SequenceNode | MappingNode
    first_node: int  # how many nodes there were before it
    anchor: str | None
    start: int
    key: str | None = None


def compose(text: str, report: Report) -> tuple[Node | None, Span | None]:
    """The document's root node (None when empty) and where its `devices` list lies.

    Duplicate keys are reported and their later values dropped. Raises YamlError for what cannot be
    read at all. Messages never show a value, an anchor or a tag: an unquoted secret may look like one.
    """
    try:
        return _Composer(report).run(yaml.parse(text, Loader=yaml.CSafeLoader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 0
        raise YamlError(line, f"not YAML: {error.problem or error.context}") from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise YamlError(line, f"not YAML: {error.reason}") from None


class _Composer:
    def __init__(self, report: Report) -> None:
        self._report = report
        self._stack: list[_Open] = []
        self._node_count = 0
        self._alias_count = 0
        self._anchors: dict[str, tuple[Node, int]] = {}  # node and how many nodes it holds
        self._root: Node | None = None
        self._span: Span | None = None

    def run(self, events: Iterable[Any]) -> tuple[Node | None, Span | None]:
        documents = 0
        for event in events:
            kind = type(event)
            if kind is kinds.ScalarEvent:
                self._scalar(event)
            elif kind in (kinds.MappingStartEvent, kinds.SequenceStartEvent):
                line = event.start_mark.line + 1
                self._check_tag(event, line)
                node = MappingNode({}, line) if kind is kinds.MappingStartEvent else SequenceNode([], line)
                self._open(node, event)
            elif kind in (kinds.MappingEndEvent, kinds.SequenceEndEvent):
                self._close(event.end_mark.index)
            elif kind is kinds.AliasEvent:
                self._alias(event)
            elif kind is kinds.DocumentStartEvent:
                documents += 1
                if documents > 1:
                    raise YamlError(event.start_mark.line + 1, "expected one YAML document, found a second")
        return self._root, self._span

    def _scalar(self, event: Any) -> None:
        line = event.start_mark.line + 1
        self._check_tag(event, line)
        self._count(line, 1)
        text = event.value
        plain = event.implicit[0]
        node = ScalarNode(text, line, plain and text in _NULLS)
        if event.anchor:
            self._anchors[event.anchor] = (node, 1)
        self._add(node)

    def _check_tag(self, event: Any, line: int) -> None:
        tag = event.tag
        if tag is not None and tag not in _STRING_TAGS:
            raise YamlError(line, "YAML tags (!…) are not used here; put the value in quotes")

    def _count(self, line: int, nodes: int) -> None:
        self._node_count += nodes
        if self._node_count > MAXIMUM_NODES:
            raise YamlError(
                line, f"more than {MAXIMUM_NODES} values; include large fleets as CSV or JSON lines"
            )

    def _open(self, node: SequenceNode | MappingNode, event: Any) -> None:
        if len(self._stack) >= MAXIMUM_DEPTH:
            raise YamlError(node.line, f"nested deeper than {MAXIMUM_DEPTH} levels")
        before = self._node_count
        self._count(node.line, 1)
        start = event.start_mark.index
        self._stack.append(_Open(node, before, event.anchor, start))

    def _close(self, end: int) -> None:
        closed = self._stack.pop()
        if closed.anchor:
            self._anchors[closed.anchor] = (closed.node, self._node_count - closed.first_node)
        if (
            len(self._stack) == 1
            and self._stack[0].key == "devices"
            and isinstance(closed.node, SequenceNode)
        ):
            self._span = (closed.start, end)
        self._add(closed.node)

    def _alias(self, event: Any) -> None:
        line = event.start_mark.line + 1
        self._alias_count += 1
        if self._alias_count > MAXIMUM_ALIASES:
            raise YamlError(line, f"more than {MAXIMUM_ALIASES} aliases (*name)")
        known = self._anchors.get(event.anchor)
        if known is None:
            raise YamlError(line, "alias (*…) of an anchor that is not complete before this line")
        node, size = known
        self._count(line, size)
        self._add(node)

    def _add(self, node: Node) -> None:
        if not self._stack:
            self._root = node
            return
        parent = self._stack[-1]
        if isinstance(parent.node, SequenceNode):
            parent.node.items.append(node)
        elif parent.key is None:
            if not isinstance(node, ScalarNode):
                raise YamlError(node.line, "expected text as the key of a mapping")
            parent.key = node.text
            if node.text in parent.node.entries:
                first = parent.node.line_of(node.text)
                self._report.error(
                    node.line, f"key {quoted(node.text)} given twice, first on line {first}", "duplicate-key"
                )
            elif node.line != parent.node.line:
                parent.node.key_lines[node.text] = node.line
        else:
            parent.node.entries.setdefault(parent.key, node)
            parent.key = None
