"""The files an inventory consists of: found, read within bounds, hashed."""

from __future__ import annotations

import glob
import hashlib
import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from soc.inventory.files import read_regular_file
from soc.inventory.nodes import MappingNode, ScalarNode, SequenceNode, is_null
from soc.inventory.report import Findings, Report, quoted
from soc.inventory.yaml_nodes import Span, YamlError, compose
from soc.model.ids import digest

MAXIMUM_YAML_BYTES = 32_000_000
MAXIMUM_ROWS_BYTES = 128_000_000  # of one CSV or JSON-lines file
MAXIMUM_FILES = 10_000
MAXIMUM_INCLUDE_DEPTH = 10
_FORMATS = {".yaml": "yaml", ".yml": "yaml", ".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}


@dataclass(slots=True)
class Source:
    """One file; `span` is where a YAML file's list of devices lies."""

    name: str  # relative to the inventory's directory
    report: Report
    format: str  # yaml, csv or jsonl
    text: str
    content_hash: str
    is_main: bool = False
    root: MappingNode | None = None  # YAML only
    span: Span | None = None


def gather(main: Path, findings: Findings, spans: Mapping[str, Span]) -> list[Source]:
    """The inventory file and all it includes, each once, in the order of inclusion.

    Where `spans` knows a YAML file's content, its list of devices is left out of the parsing.
    """
    gathering = _Gathering(main, findings, spans)
    gathering.take(main, Report(findings, str(main), main.parent.absolute()), 0, ())
    return gathering.sources


@dataclass(frozen=True, slots=True, repr=False)
class SourceText:
    """What a source was read from, to be read again as it was. It may hold secrets."""

    path: str  # absolute
    name: str
    format: str
    content_hash: str
    text: str


def texts(sources: Iterable[Source]) -> tuple[SourceText, ...]:
    return tuple(
        SourceText(
            str(Path(source.report.file).absolute()),
            source.name,
            source.format,
            source.content_hash,
            source.text,
        )
        for source in sources
    )


def regather(kept: Iterable[SourceText], findings: Findings, spans: Mapping[str, Span]) -> list[Source]:
    """As `gather`, of texts read before instead of the files."""
    sources: list[Source] = []
    for item in kept:
        report = Report(findings, item.path, Path(item.path).parent)
        source = Source(item.name, report, item.format, item.text, item.content_hash, is_main=not sources)
        sources.append(source)
        if item.format == "yaml":
            _compose(source, spans)
    return sources


def content_hash(sources: list[Source]) -> str:
    """Changes when any file does, or joins, leaves or is renamed."""
    parts = [part for source in sources for part in (source.name, source.content_hash)]
    return digest(*parts)


class _Gathering:
    def __init__(self, main: Path, findings: Findings, spans: Mapping[str, Span]) -> None:
        self.sources: list[Source] = []
        self._home = _real(main.parent)
        self._findings = findings
        self._spans = spans
        self._seen: set[Path] = set()

    def take(self, path: Path, asker: Report, line: int, chain: tuple[Path, ...]) -> None:
        """Read one file and what it includes; `asker` and `line` are where it is asked for."""
        real = _real(path)
        if real in chain:
            names = " → ".join(quoted(item.name) for item in (*chain[chain.index(real) :], real))
            asker.error(line, f"include goes round in a circle: {names}", "circle")
            return
        if real in self._seen:
            asker.warning(line, f"{quoted(path.name)} is included twice, and read once", "duplicate-include")
            return
        if len(chain) > MAXIMUM_INCLUDE_DEPTH:
            asker.error(line, f"include: nested deeper than {MAXIMUM_INCLUDE_DEPTH} files")
            return
        self._seen.add(real)
        is_main = not chain
        file_format = "yaml" if is_main else _FORMATS.get(path.suffix.lower(), "")
        if not file_format:
            asker.error(line, f"{quoted(path.name)}: expected a name ending in {', '.join(_FORMATS)}")
            return
        try:
            # Whoever can write an inventory decides which programs run for its secrets.
            limit = MAXIMUM_YAML_BYTES if file_format == "yaml" else MAXIMUM_ROWS_BYTES
            data = read_regular_file(path, limit, stat.S_IWOTH, "lets everybody write to it; chmod o-w it")
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            asker.error(line, f"{quoted(str(path), 400)} cannot be read: {reason}", "unreadable")
            return
        report = Report(self._findings, str(path), path.parent.absolute())
        name = str(real.relative_to(self._home)) if chain else ""
        source = Source(
            name, report, file_format, "", hashlib.blake2b(data, digest_size=16).hexdigest(), is_main
        )
        try:
            source.text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            report.error(data.count(b"\n", 0, error.start) + 1, "expected UTF-8 text")
            return
        self.sources.append(source)
        if file_format == "yaml":
            _compose(source, self._spans)
            self._take_included(source, path, (*chain, real))

    def _take_included(self, source: Source, path: Path, chain: tuple[Path, ...]) -> None:
        node = source.root.entries.get("include") if source.root else None
        if is_null(node):
            return
        if not isinstance(node, SequenceNode):
            source.report.error(node.line if node else 0, "include: expected a list of files or patterns")
            return
        for item in node.items:
            if not isinstance(item, ScalarNode) or not item.text or "\0" in item.text:
                source.report.error(item.line, "include: expected the name of a file or a pattern")
                continue
            for found in self._matches(item, path.parent, source.report):
                self.take(found, source.report, item.line, chain)

    def _matches(self, item: ScalarNode, directory: Path, report: Report) -> list[Path]:
        """Files that an entry of `include` stands for; a plain name stands for itself, there or not."""
        pattern = item.text
        names = [pattern]
        if glob.has_magic(pattern):
            if pattern.startswith("/") or ".." in pattern.split("/"):
                report.error(
                    item.line, "include: expected a pattern inside the inventory's directory", "outside"
                )
                return []
            # Unlike Path.glob this leaves hidden files (an editor's, a version control's) out.
            names = sorted(glob.glob(pattern, root_dir=directory, recursive=True))  # noqa: PTH207
        if len(names) + len(self.sources) > MAXIMUM_FILES:
            report.error(item.line, f"include: more than {MAXIMUM_FILES} files")
            return []
        found = []
        for name in names:
            path = directory / name
            if _real(path).is_relative_to(self._home):
                found.append(path)
            else:
                report.error(
                    item.line,
                    f"include: {quoted(name)} lies outside the inventory's directory; put it inside",
                    "outside",
                )
        return found


def _compose(source: Source, spans: Mapping[str, Span]) -> None:
    text, span = source.text, spans.get(source.content_hash)
    if span is not None:
        text = f"{text[: span[0]]} []\n{text[span[1] :]}"
    try:
        root, source.span = compose(text, source.report)
    except YamlError as error:
        source.report.error(error.line, str(error), "yaml")
        return
    if isinstance(root, MappingNode):
        source.root = root
    else:
        source.report.error(1, "expected a mapping with the key 'devices', 'include' or others")


def _real(path: Path) -> Path:
    """Without symbolic links; unlike Path.resolve this takes a link to itself for what it is."""
    return Path(os.path.realpath(path))
