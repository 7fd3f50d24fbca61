"""From a transport's answer to what each collector made of it. Pure but for running the parsers."""

from __future__ import annotations

import json
import math
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import repeat

from soc.collect.clixml import readable
from soc.collect.columns import Samples
from soc.collect.declare import (
    Collector,
    CommandFailedError,
    CommandOutput,
    NotApplicableError,
    Partial,
    Record,
    Row,
    SshCommand,
)
from soc.collect.logs import GAP
from soc.collect.port import Answer, Failure, Value
from soc.model import Fact, LogRecord, Sample, canonical_labels
from soc.model.text import MAXIMUM_CURSOR_CHARACTERS, MAXIMUM_TEXT_CHARACTERS, clean, is_cursor
from soc.model.times import is_time

MAXIMUM_RECORDS = 100_000
_MAXIMUM_LABEL_CHARACTERS = 1024
_COMMAND_NOT_FOUND = 127
_TEXTS_REMEMBERED = 16_384


@dataclass(slots=True)
class Outcome:
    """What one collector made of one answer. `absent` = it does not apply to this device.

    Samples are kept as columns of one length: they go into a segment as such, and there are millions.
    """

    collector: Collector
    failure: Failure | None = None
    absent: bool = False
    series: list[tuple[str, str]] = field(default_factory=list)  # metric, canonical labels
    values: list[float] = field(default_factory=list)
    times: list[float] = field(default_factory=list)  # UTC seconds
    attributes: list[str | None] = field(default_factory=list)  # as canonical labels; None = none
    facts: list[Fact] = field(default_factory=list)
    partial: dict[str, bool] = field(default_factory=dict)  # as of Partial: fact key -> values
    logs: list[LogRecord] = field(default_factory=list)

    @property
    def samples(self) -> list[Sample]:
        """The columns as samples again, for people and tests."""
        columns = zip(self.series, self.values, self.times, self.attributes, strict=True)
        return [
            Sample(metric, value, json.loads(labels), time, json.loads(attributes or "{}"))
            for (metric, labels), value, time, attributes in columns
        ]

    def keep(self, wanted: Callable[[tuple[str, str]], bool]) -> None:
        """Drop the samples of all other series."""
        kept = [number for number, series in enumerate(self.series) if wanted(series)]
        if len(kept) < len(self.series):
            self._pick(kept)

    def _pick(self, numbers: Sequence[int]) -> None:
        self.series = [self.series[number] for number in numbers]
        self.values = [self.values[number] for number in numbers]
        self.times = [self.times[number] for number in numbers]
        self.attributes = [self.attributes[number] for number in numbers]


def outcomes(answer: Answer, collectors: Sequence[Collector]) -> list[Outcome]:
    """One outcome per collector, in order. A parser that raises harms nobody but itself."""
    return [_outcome(answer, collector) for collector in collectors]


def _outcome(answer: Answer, collector: Collector) -> Outcome:
    outcome = Outcome(collector)
    values: dict[str, Value] = {}
    for name, fetch in collector.fetches.items():
        if fetch in answer.values:
            value = answer.values[fetch]
            failure = _command_failure(fetch, value)
            if failure is not None:
                outcome.failure = outcome.failure or failure
            elif not _is_empty(value):
                values[name] = value
            continue
        outcome.failure = outcome.failure or answer.failures.get(fetch) or answer.failure
    if outcome.failure is not None:
        return outcome
    if values.keys() <= collector.aside:
        outcome.absent = True
        return outcome
    _parse(
        outcome,
        {name: values.get(name, answer.values.get(fetch)) for name, fetch in collector.fetches.items()},
        answer,
    )
    return outcome


def _command_failure(fetch: object, value: Value) -> Failure | None:
    if not isinstance(value, CommandOutput) or not isinstance(fetch, SshCommand):
        return None
    if value.exit_code in fetch.exit_codes or value.exit_code == _COMMAND_NOT_FOUND:
        return None
    said = readable(value.stderr)[:200]
    return Failure("command", f"{fetch.id} ended with exit code {value.exit_code}: {said}")


def _is_empty(value: Value) -> bool:
    if isinstance(value, Row):
        cells = list(value.cells())
        return cells.count(None) == len(cells)
    if isinstance(value, CommandOutput):
        return value.exit_code == _COMMAND_NOT_FOUND
    return not value


def _parse(outcome: Outcome, values: dict[str, Value | None], answer: Answer) -> None:
    parse = outcome.collector.parse
    try:
        records = parse(values[""]) if set(values) == {""} else parse(**values)
        _take(outcome, records, answer.time)
    except NotApplicableError:
        outcome.absent = True
    except CommandFailedError as error:
        outcome.failure = Failure("command", f"{outcome.collector.name}: {error}")
    except Exception as error:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{frame.filename}:{frame.lineno}"
        detail = f"{outcome.collector.name}: {type(error).__name__}: {str(error)[:200]} ({where})"
        outcome.failure = Failure("parser", detail)
    else:
        return
    for found in (outcome.series, outcome.values, outcome.times, outcome.attributes):
        found.clear()
    outcome.facts.clear()
    outcome.partial.clear()
    outcome.logs.clear()


def _take(outcome: Outcome, records: Iterable[Record], time: float) -> None:
    """Sort the records into the outcome. Labels are read as each comes: a parser may change them after."""
    metrics: set[str] = set()
    series: list[tuple[str, str]] = []
    values: list[float | None] = []
    times: list[float] = []
    attributes: list[str | None] = []
    known: _Known = {}
    labels: Mapping[str, str] | None = None  # of the sample before: mostly the same again
    unchanged: Mapping[str, str] = {}
    text = ""
    for count, record in enumerate(records, start=1):
        if isinstance(record, Sample):
            metric, value, own, at, described = record
            if own is not labels or own != unchanged:
                labels, text, unchanged = own, label_text(own), dict(own)
            metrics.add(metric)
            series.append((metric, text))
            values.append(value)
            times.append(at)
            attributes.append(label_text(described) if described else None)
        elif isinstance(record, Samples):
            metrics.add(record.metric)
            texts, column, told = _present(record, known)
            series += zip(repeat(record.metric), texts)
            values += column
            times += repeat(0.0, len(column))
            attributes += told
        elif isinstance(record, Fact):
            outcome.facts.append(_checked_fact(record))
        elif isinstance(record, Partial):
            outcome.partial[record.key] = record.values
        elif isinstance(record, LogRecord):
            outcome.logs.append(_checked_log(record))
        else:
            raise TypeError(
                f"yielded {type(record).__name__}; Sample, Samples, Fact, Partial or LogRecord expected"
            )
        if count > MAXIMUM_RECORDS or len(series) > MAXIMUM_RECORDS:
            raise ValueError(f"yielded more than {MAXIMUM_RECORDS} records")
    if not series:
        return
    _check_texts(*metrics)
    outcome.series = series
    outcome.values = _checked_values(series, values)
    outcome.times = _checked_times(series, times, time) if any(times) else [time] * len(times)
    outcome.attributes = attributes
    if len(set(series)) < len(series):  # of two that say the same, the first counts
        first: dict[object, int] = {}
        for number, key in enumerate(zip(series, outcome.times, strict=True)):
            first.setdefault(key, number)
        if len(first) < len(series):
            outcome._pick(list(first.values()))


# Texts of columns of labels by the column's id; the column is kept with them, so that its id stays its own.
_Known = dict[int, tuple[Sequence[Mapping[str, str]], list[str]]]


def _present(
    samples: Samples, known: _Known
) -> tuple[Sequence[str], Sequence[float | None], Sequence[str | None]]:
    """Labels, values and attributes of the rows that have a value."""
    values = samples.values
    texts = _column_texts(samples.labels, known)
    attributes: Sequence[str | None] = (
        _column_texts(samples.attributes, known) if samples.attributes else [None] * len(values)
    )
    if not len(values) == len(texts) == len(attributes):
        raise ValueError(f"{samples.metric}: columns of several lengths")
    if None not in values:
        return texts, values, attributes
    rows = [number for number, value in enumerate(values) if value is not None]
    return [texts[row] for row in rows], [values[row] for row in rows], [attributes[row] for row in rows]


def _column_texts(column: Sequence[Mapping[str, str]], known: _Known) -> list[str]:
    found = known.get(id(column))
    if found is None:
        found = known[id(column)] = column, list(map(label_text, column))
    return found[1]


def _checked_values(series: Sequence[tuple[str, str]], values: Sequence[object]) -> list[float]:
    if not {*map(type, values)} <= {int, float}:
        for (metric, _), value in zip(series, values, strict=True):
            if not isinstance(value, int | float) or isinstance(value, bool):
                raise TypeError(f"{metric}: value {value!r}; a number expected, unknown is absent")
    checked = [float(value) for value in values]  # type: ignore[arg-type]
    if not all(map(math.isfinite, checked)):
        for (metric, _), value in zip(series, checked, strict=True):
            if not math.isfinite(value):
                raise ValueError(f"{metric}: value {value}")
    return checked


def _checked_times(series: Sequence[tuple[str, str]], times: Sequence[float], default: float) -> list[float]:
    for (metric, _), time in zip(series, times, strict=True):
        if time and not is_time(time):
            raise ValueError(f"{metric}: time {time}; UTC seconds expected")
    return [time or default for time in times]


_texts: dict[tuple[tuple[str, str], ...], str] = {}


def label_text(labels: Mapping[str, str]) -> str:
    """Labels as canonical JSON, values bounded. Devices share most of theirs, so many are remembered."""
    key = tuple(labels.items())
    try:
        text = _texts.get(key)
    except TypeError:  # a value that is no text at all
        text = None
    if text is None:
        _check_texts(*labels)
        text = canonical_labels(_bounded(labels))
        if all(type(value) is str for value in labels.values()):  # 1, 1.0 and True are equal, their texts not
            if len(_texts) >= _TEXTS_REMEMBERED:
                _texts.clear()
            _texts[key] = text
    return text


def _bounded(labels: Mapping[str, str]) -> dict[str, str]:
    return {name: str(text)[:_MAXIMUM_LABEL_CHARACTERS] for name, text in labels.items()}


def _checked_fact(fact: Fact) -> Fact:
    _check_texts(fact.key)
    value = str(fact.value)[:MAXIMUM_TEXT_CHARACTERS]
    return Fact(fact.key, value, str(fact.instance)[:_MAXIMUM_LABEL_CHARACTERS])


def _checked_log(log: LogRecord) -> LogRecord:
    _check_texts(log.stream, log.cursor, log.message, log.format)
    if not is_cursor(log.stream):
        raise ValueError(f"stream {log.stream!r:.80}; a line of printable text expected")
    if log.format == GAP:  # nobody goes on from it
        return LogRecord(log.stream, clean(log.cursor, MAXIMUM_CURSOR_CHARACTERS), log.message, log.format)
    if not is_cursor(log.cursor):
        raise ValueError(f"{log.stream}: cursor {log.cursor!r:.80}; a line of printable text expected")
    if log.time is None or is_time(log.time):
        return log
    # Nonsense that the device wrote must not hold up its log for ever.
    return LogRecord(log.stream, log.cursor, log.message, log.format)


def _check_texts(*texts: object) -> None:
    for text in texts:
        if not isinstance(text, str):
            raise TypeError(f"{text!r:.80}; text expected")
