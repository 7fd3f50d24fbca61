"""YAML rule files as documents with line numbers, bounded in size, depth and aliases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from soc.model import Problem

MAXIMUM_FILE_BYTES = 1_000_000
MAXIMUM_DEPTH = 32
MAXIMUM_ALIASES = 500
MAXIMUM_EVENTS = 100_000


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document: its content, its own text, and the line of every key (from 1)."""

    file: str
    line: int
    text: str
    content: Mapping[str, Any]
    key_lines: tuple[tuple[tuple[str, ...], int], ...]

    def line_of(self, *path: str) -> int:
        """Line of the key at this path, or of the nearest key above it, or of the document."""
        lines = dict(self.key_lines)
        for length in range(len(path), 0, -1):
            if line := lines.get(path[:length]):
                return line
        return self.line

    def line_mentioning(self, name: str, *, below: str) -> int:
        """Line of the first key under `below` that is `name`, alone or before its modifiers."""
        for path, line in self.key_lines:
            if path[0] == below and path[-1].partition("|")[0] == name:
                return line
        return self.line_of(below)


def read_documents(path: Path, problems: list[Problem]) -> tuple[list[Document], int]:
    """(documents that are mappings, how many are not usable). What does not read is a problem; where the
    file as a whole does not, nothing of it is used."""
    name = str(path)
    try:
        data = path.read_bytes()[: MAXIMUM_FILE_BYTES + 1]
    except OSError as error:
        problems.append(Problem(name, 0, f"cannot read: {error.strerror}"))
        return [], 1
    if len(data) > MAXIMUM_FILE_BYTES:
        problems.append(Problem(name, 0, f"larger than {MAXIMUM_FILE_BYTES} bytes"))
        return [], 1
    text = data.decode("utf-8", "replace")
    try:
        _check_bounds(text)
        found = list(_documents(name, text, problems))
        usable = [document for document in found if document]
        return usable, len(found) - len(usable)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        message = str(getattr(error, "problem", None) or error).splitlines()[0]
        problems.append(Problem(name, mark.line + 1 if mark else 0, f"not valid YAML: {message}"))
    except (ValueError, RecursionError) as error:
        problems.append(Problem(name, 0, f"not usable YAML: {error}"))
    return [], 1


def _check_bounds(text: str) -> None:
    """Raises ValueError before anything is built from an oversized, deep or alias-ridden stream."""
    depth = aliases = 0
    for count, event in enumerate(yaml.parse(text, Loader=yaml.CSafeLoader)):
        if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            depth += 1
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            depth -= 1
        elif isinstance(event, yaml.AliasEvent):
            aliases += 1
        if depth > MAXIMUM_DEPTH or aliases > MAXIMUM_ALIASES or count > MAXIMUM_EVENTS:
            raise ValueError(
                f"more than {MAXIMUM_DEPTH} levels, {MAXIMUM_ALIASES} aliases or {MAXIMUM_EVENTS} nodes"
            )


def _documents(name: str, text: str, problems: list[Problem]) -> Iterator[Document | None]:
    """The stream's documents; None for one that is refused."""
    lines = text.splitlines(keepends=True)
    loader = yaml.CSafeLoader(text)
    try:
        nodes: list[yaml.Node] = []
        while loader.check_node():
            if node := loader.get_node():
                nodes.append(node)
        starts = [node.start_mark.line for node in nodes] + [len(lines)]
        for node, start, end in zip(nodes, starts, starts[1:], strict=False):
            if isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null":
                continue
            if not isinstance(node, yaml.MappingNode):
                problems.append(Problem(name, start + 1, "a mapping expected"))
                yield None
                continue
            known = len(problems)
            keys = tuple(_keys(node, (), name, problems))
            if len(problems) > known:
                yield None
                continue
            content = loader.construct_document(node)
            own = "".join(line for line in lines[start:end] if line.rstrip() != "---")
            yield Document(name, start + 1, own, content, keys)
    finally:
        loader.dispose()


def _keys(
    node: yaml.Node, path: tuple[str, ...], name: str, problems: list[Problem], depth: int = 0
) -> Iterator[tuple[tuple[str, ...], int]]:
    """Every key with its line; a key given twice in one mapping is a problem."""
    if depth > 4 or path[:1] == ("tests",):
        return
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _keys(item, path, name, problems, depth + 1)
    elif isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            text, line = str(key.value), key.start_mark.line + 1
            if text in seen:
                problems.append(Problem(name, line, f"key {text[:60]!r} is given twice"))
            seen.add(text)
            yield (*path, text), line
            yield from _keys(value, (*path, text), name, problems, depth + 1)
