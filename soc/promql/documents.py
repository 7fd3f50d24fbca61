"""Rule files and their test files: YAML mappings read key by key, each problem with its line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from soc.inventory.nodes import MappingNode, Node, ScalarNode, SequenceNode, is_null
from soc.inventory.report import Findings, Report, hint, quoted
from soc.inventory.yaml_nodes import YamlError, compose
from soc.model.durations import parse_duration

MAXIMUM_FILE_BYTES = 4_000_000


class Section:
    """One mapping. Each method reads a key; what is missing or of another shape is reported."""

    def __init__(self, node: MappingNode, report: Report, known: tuple[str, ...]) -> None:
        self.line = node.line
        self.report = report
        self._node = node
        for key in node.entries:
            if key not in known:
                report.error(node.line_of(key), f"unknown key {quoted(key)}{hint(key, known)}")

    def has(self, key: str) -> bool:
        return not is_null(self._node.entries.get(key))

    def line_of(self, key: str) -> int:
        return self._node.line_of(key)

    def value_line(self, key: str) -> int:
        node = self._node.entries.get(key)
        return node.line if node else self.line

    def error(self, key: str, message: str) -> None:
        self.report.error(self.line_of(key), message)

    def text(self, key: str, *, required: bool = False) -> str:
        """The value as written; '' if there is none."""
        node = self._node.entries.get(key)
        if is_null(node):
            if required:
                self.report.error(self.line, f"{key} is missing")
            return ""
        if not isinstance(node, ScalarNode):
            self.error(key, f"{key}: expected one value")
            return ""
        return node.text

    def seconds(self, key: str, default: float) -> float:
        """A duration in seconds, 0 or more."""
        text = self.text(key)
        if not text or text == "0":
            return 0.0 if text else default
        try:
            return parse_duration(text)
        except ValueError as error:
            self.error(key, f"{key}: {error}")
            return default

    def texts(self, key: str) -> dict[str, str]:
        """A mapping of names to texts."""
        node = self._node.entries.get(key)
        if is_null(node):
            return {}
        if not isinstance(node, MappingNode):
            self.error(key, f"{key}: expected a mapping of names to values")
            return {}
        result = {}
        for name, value in node.entries.items():
            if isinstance(value, ScalarNode):
                result[name] = "" if value.null else value.text
            else:
                self.report.error(node.line_of(name), f"{key}: expected one value for {quoted(name)}")
        return result

    def list_of_texts(self, key: str) -> list[str]:
        """A list of texts."""
        texts = []
        for node in self._items(key):
            if isinstance(node, ScalarNode):
                texts.append(node.text)
            else:
                self.report.error(node.line, f"{key}: expected a list of values")
        return texts

    def sections(self, key: str, known: tuple[str, ...]) -> Iterator[Section]:
        """The mappings of a list."""
        for node in self._items(key):
            if isinstance(node, MappingNode):
                yield Section(node, self.report, known)
            else:
                self.report.error(node.line, f"{key}: expected a list of mappings")

    def _items(self, key: str) -> list[Node]:
        node = self._node.entries.get(key)
        if is_null(node):
            return []
        if isinstance(node, SequenceNode):
            return node.items
        self.error(key, f"{key}: expected a list")
        return []


def read_section(path: Path, findings: Findings, known: tuple[str, ...]) -> tuple[str, Section | None]:
    """(text, root mapping) of a file; None when it cannot be read, which is then among the findings."""
    report = Report(findings, str(path), path.parent)
    try:
        with path.open("rb") as file:
            data = file.read(MAXIMUM_FILE_BYTES + 1)
    except OSError as error:
        report.error(0, f"cannot be read: {error.strerror}")
        return "", None
    if len(data) > MAXIMUM_FILE_BYTES:
        report.error(0, f"larger than {MAXIMUM_FILE_BYTES} bytes")
        return "", None
    text = data.decode("utf-8", "replace")
    try:
        root, _ = compose(text, report)
    except YamlError as error:
        report.error(error.line, str(error))
        return text, None
    if root is None:
        root = MappingNode({}, 1)
    if not isinstance(root, MappingNode):
        report.error(root.line, "expected a mapping")
        return text, None
    return text, Section(root, report, known)
