"""From a transport's answer to what each collector made of it. Pure but for running the parsers."""

from __future__ import annotations

import math
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from soc.collect.declare import Collector, CommandOutput, Row, SshCommand
from soc.collect.port import Answer, Failure, Value
from soc.model import Fact, LogRecord, Sample, canonical_labels
from soc.model.text import MAXIMUM_TEXT_CHARACTERS

MAXIMUM_RECORDS = 100_000
_MAXIMUM_LABEL_CHARACTERS = 1024
# What the calendar, the segment's columns and the store hold: 1970 to 2199.
_LATEST_SECONDS = 7_258_118_400
_COMMAND_NOT_FOUND = 127


@dataclass(slots=True)
class Outcome:
    """What one collector made of one answer. `absent` = it does not apply to this device."""

    collector: Collector
    failure: Failure | None = None
    absent: bool = False
    samples: list[Sample] = field(default_factory=list)
    series: list[tuple[str, str]] = field(default_factory=list)  # of each sample: metric, canonical labels
    facts: list[Fact] = field(default_factory=list)
    logs: list[LogRecord] = field(default_factory=list)


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
    if not values:
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
    return Failure("command", f"{fetch.id} ended with exit code {value.exit_code}: {value.stderr[:200]}")


def _is_empty(value: Value) -> bool:
    if isinstance(value, Row):
        return all(item is None for item in value.cells())
    if isinstance(value, CommandOutput):
        return value.exit_code == _COMMAND_NOT_FOUND
    return not value


def _parse(outcome: Outcome, values: dict[str, Value | None], answer: Answer) -> None:
    seen: set[tuple[str, str, float]] = set()
    parse = outcome.collector.parse
    try:
        records = parse(values[""]) if set(values) == {""} else parse(**values)
        for number, record in enumerate(records):
            if number >= MAXIMUM_RECORDS:
                raise ValueError(f"yielded more than {MAXIMUM_RECORDS} records")
            if isinstance(record, Sample):
                sample = _checked(record, answer.time)
                series = (sample.metric, canonical_labels(sample.labels))
                if (*series, sample.time) not in seen:
                    seen.add((*series, sample.time))
                    outcome.samples.append(sample)
                    outcome.series.append(series)
            elif isinstance(record, Fact):
                outcome.facts.append(_checked_fact(record))
            elif isinstance(record, LogRecord):
                outcome.logs.append(_checked_log(record))
            else:
                raise TypeError(f"yielded {type(record).__name__}; Sample, Fact or LogRecord expected")
    except Exception as error:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{frame.filename}:{frame.lineno}"
        detail = f"{outcome.collector.name}: {type(error).__name__}: {str(error)[:200]} ({where})"
        outcome.failure = Failure("parser", detail)
        outcome.samples.clear()
        outcome.series.clear()
        outcome.facts.clear()
        outcome.logs.clear()


def _checked(sample: Sample, time: float) -> Sample:
    if not isinstance(sample.value, int | float) or isinstance(sample.value, bool):
        raise TypeError(f"{sample.metric}: value {sample.value!r}; a number expected, unknown is absent")
    value = float(sample.value)
    if math.isinf(value) or math.isnan(value):
        raise ValueError(f"{sample.metric}: value {value}")
    _check_texts(sample.metric, *sample.labels, *sample.attributes)
    at = sample.time or time
    if not _is_time(at):
        raise ValueError(f"{sample.metric}: time {at}; UTC seconds expected")
    return Sample(sample.metric, value, _bounded(sample.labels), at, _bounded(sample.attributes))


def _bounded(labels: Mapping[str, str]) -> dict[str, str]:
    return {name: str(text)[:_MAXIMUM_LABEL_CHARACTERS] for name, text in labels.items()}


def _checked_fact(fact: Fact) -> Fact:
    _check_texts(fact.key)
    value = str(fact.value)[:MAXIMUM_TEXT_CHARACTERS]
    return Fact(fact.key, value, str(fact.instance)[:_MAXIMUM_LABEL_CHARACTERS])


def _checked_log(log: LogRecord) -> LogRecord:
    _check_texts(log.stream, log.cursor, log.message, log.format)
    if log.time is None or _is_time(log.time):
        return log
    # Nonsense that the device wrote must not hold up its log for ever.
    return LogRecord(log.stream, log.cursor, log.message, log.format)


def _check_texts(*texts: object) -> None:
    for text in texts:
        if not isinstance(text, str):
            raise TypeError(f"{text!r:.80}; text expected")


def _is_time(time: float) -> bool:
    return 0 <= time < _LATEST_SECONDS
