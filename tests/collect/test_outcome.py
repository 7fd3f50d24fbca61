"""soc.collect.outcome"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import pytest

from soc.collect import (
    Collector,
    Columns,
    CommandOutput,
    Fact,
    LogRecord,
    Row,
    Sample,
    Samples,
    SnmpScalars,
    SnmpTable,
    SshCommand,
    collector,
)
from soc.collect.logs import gap
from soc.collect.outcome import Outcome, outcomes
from soc.collect.port import Answer, Failure, Job, Value
from soc.model import Device

SCALARS = SnmpScalars(x="1.3.6.1.2.1.1.3.0")
TABLE = SnmpTable("1.3.6.1.2.1.2.2.1", name=2)
COMMAND = SshCommand("disk", "df")


def of(parse: Callable[..., object], fetch: object = SCALARS) -> Collector:
    return collector(fetch=fetch, every="health", name="c")(parse)  # type: ignore[arg-type]


def judge(item: Collector, answer: Answer) -> Outcome:
    return outcomes(answer, [item])[0]


def answer(values: dict[object, Value], **changes: object) -> Answer:
    job = Job(Device("d", "network"), (), ())
    return Answer(job, 1000.0, answered=True, values=values, **changes)  # type: ignore[arg-type]


def test_samples_facts_and_logs_are_told_apart_and_stamped() -> None:
    """A parser's records go where they belong; a sample without time gets the answer's."""

    def parse(row: Row) -> Iterator[object]:
        yield Sample("uptime_seconds", row.x)
        yield Fact("identity", "X", "model")
        yield LogRecord("auth", "1:2", "line")

    found = judge(of(parse), answer({SCALARS: Row("", {"x": 7})}))
    assert found.failure is None
    assert [(s.metric, s.value, s.time) for s in found.samples] == [("uptime_seconds", 7.0, 1000.0)]
    assert (len(found.facts), len(found.logs)) == (1, 1)


@pytest.mark.parametrize(
    "record",
    [
        Sample("m", float("nan")),
        Sample("m", float("inf")),
        Sample("m", None),
        Sample("m", True),
        Sample("m", "7"),  # type: ignore[arg-type]
        Sample("m", 1, time=-1.0),
        Sample("m", 1, time=float("nan")),
        Sample("m", 1, time=1e300),
        Sample(None, 1),  # type: ignore[arg-type]
        Sample("m", 1, {1: "x"}),  # type: ignore[dict-item]
        Fact(None, "x"),  # type: ignore[arg-type]
        LogRecord("auth", 1, "line"),  # type: ignore[arg-type]
        LogRecord("auth", "1", b"line"),  # type: ignore[arg-type]
        "not a record",
    ],
)
def test_what_is_no_measurement_is_a_parser_failure(record: object) -> None:
    """What no segment could hold fails its collector, all its records with it, and nobody else."""

    def parse(row: Row) -> Iterator[object]:
        yield Sample("ok", 1)
        yield record

    found = judge(of(parse), answer({SCALARS: Row("", {"x": 7})}))
    assert found.failure is not None
    assert found.failure.reason == "parser"
    assert found.samples == []


@pytest.mark.parametrize("time", [-5.0, 1e300, float("inf"), float("nan")])
def test_log_line_with_an_impossible_time_goes_without_it(time: float) -> None:
    """A nonsense time in a device's log does not hold the log up: the line has none then."""
    found = judge(
        of(lambda row: [LogRecord("auth", "1", "line", time=time)]), answer({SCALARS: Row("", {"x": 7})})
    )
    assert [(log.message, log.time) for log in found.logs] == [("line", None)]


@pytest.mark.parametrize("cursor", ["", "x=\ud800", "1\n2", "1\x1b[2J", "1" * 1025])
def test_cursor_that_cannot_be_kept_is_a_parser_failure(cursor: str) -> None:
    """What no state file, command line or terminal takes harms only its collector, and is no cursor."""
    item = of(lambda row: [LogRecord("auth", cursor, "line")])
    outcome = judge(item, answer({SCALARS: Row("", {"x": 7})}))
    assert outcome.failure is not None
    assert outcome.failure.reason == "parser"
    assert outcome.logs == []
    if cursor:
        stream = of(lambda row: [LogRecord(cursor, "1", "line")])
        assert judge(stream, answer({SCALARS: Row("", {"x": 7})})).failure is not None


def test_gap_behind_anything_is_told() -> None:
    """Where a gap began is for people alone: text of a host, made fit to be shown."""
    item = of(lambda row: [gap("auth", "\ud800" + "x" * 9999, "lost")])
    outcome = judge(item, answer({SCALARS: Row("", {"x": 7})}))
    assert outcome.failure is None
    assert [log.cursor for log in outcome.logs] == ["gap \u00b7" + "x" * 1019]


def test_parser_without_end_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """More records than any device has are a failure, not a part taken for the whole."""
    monkeypatch.setattr("soc.collect.outcome.MAXIMUM_RECORDS", 10)

    def parse(row: Row) -> Iterator[Sample]:
        for number in itertools.count():
            yield Sample("m", number, {"n": str(number)})

    found = judge(of(parse), answer({SCALARS: Row("", {"x": 7})}))
    assert found.failure is not None
    assert "more than 10 records" in found.failure.detail
    assert (found.samples, found.series) == ([], [])


def test_a_parser_that_raises_harms_only_itself_and_names_its_line() -> None:
    """The other collectors of the device keep their samples."""

    def broken(row: Row) -> Iterator[Sample]:
        raise ZeroDivisionError("boom")
        yield

    def fine(row: Row) -> Iterator[Sample]:
        yield Sample("uptime_seconds", row.x)

    first, second = outcomes(answer({SCALARS: Row("", {"x": 7})}), [of(broken), of(fine)])
    assert first.failure is not None
    assert "ZeroDivisionError: boom" in first.failure.detail
    assert "test_outcome.py:" in first.failure.detail
    assert second.samples[0].value == 7.0


def test_a_repeated_series_counts_once() -> None:
    """Two rows with the same labels give one sample: the first."""

    def parse(rows: list[Row]) -> Iterator[Sample]:
        for row in rows:
            yield Sample("interface_up", int(row.index), {"interface": row.name})

    rows = [Row("1", {"name": "a"}), Row("2", {"name": "a"}), Row("3", {"name": "b"})]
    found = judge(of(parse, TABLE), answer({TABLE: rows}))
    assert [sample.value for sample in found.samples] == [1.0, 3.0]


def test_samples_by_column_are_the_same_as_one_by_one() -> None:
    """A row without a value has no sample; labels, attributes and repeated series are as ever."""
    labels = [{"interface": "a"}, {"interface": "b"}, {"interface": "a"}]
    attributes = [{"index": "1"}, {"index": "2"}, {"index": "3"}]

    def parse(columns: Columns) -> Iterator[object]:
        yield Sample("uptime_seconds", 7, time=500.0)
        yield Samples("interface_up", columns.up, labels, attributes)
        yield Samples("interface_speed_bits_per_second", [None, 1e9, None], labels)

    found = judge(of(parse, TABLE), answer({TABLE: Columns(["1", "2", "3"], {"up": [1, 0, 0]})}))
    assert found.failure is None
    assert found.samples == [
        Sample("uptime_seconds", 7.0, {}, 500.0, {}),
        Sample("interface_up", 1.0, {"interface": "a"}, 1000.0, {"index": "1"}),
        Sample("interface_up", 0.0, {"interface": "b"}, 1000.0, {"index": "2"}),
        Sample("interface_speed_bits_per_second", 1e9, {"interface": "b"}, 1000.0, {}),
    ]


@pytest.mark.parametrize(
    "samples",
    [
        Samples("m", [1.0], []),
        Samples("m", [1.0], [{"a": "b"}], [{}, {}]),
        Samples("m", [float("nan")], [{"a": "b"}]),
        Samples("m", ["7"], [{"a": "b"}]),  # type: ignore[list-item]
        Samples(7, [1.0], [{"a": "b"}]),  # type: ignore[arg-type]
        Samples("m", [1.0] * 100_001, [{"a": "b"}] * 100_001),
    ],
)
def test_columns_that_are_no_measurements_are_a_parser_failure(samples: Samples) -> None:
    """Columns of several lengths, other things than numbers, more than any device has."""
    found = judge(of(lambda _: [samples]), answer({SCALARS: Row("", {"x": 7})}))
    assert found.failure is not None
    assert (found.failure.reason, found.samples) == ("parser", [])


@pytest.mark.parametrize("labels", [{"n": "1"}, {}])
def test_labels_are_read_as_they_come(labels: dict[str, str]) -> None:
    """A parser may use one dict for all its samples, and change it."""

    def parse(row: Row) -> Iterator[Sample]:
        yield Sample("m", 1, labels)
        labels["n"] = "2"
        yield Sample("m", 2, labels)

    found = judge(of(parse), answer({SCALARS: Row("", {"x": 7})}))
    assert [sample.labels.get("n") for sample in found.samples][1:] == ["2"]


@pytest.mark.parametrize("value", [[], Row("", {"x": None}), CommandOutput("", "not found", 127)])
def test_nothing_there_means_the_collector_does_not_apply(value: Value) -> None:
    """An empty table, absent scalars and a missing program are absence, not failure."""
    fetch = COMMAND if isinstance(value, CommandOutput) else TABLE
    found = judge(of(lambda _: [], fetch), answer({fetch: value}))
    assert (found.absent, found.failure) == (True, None)


def test_a_command_that_fails_is_a_failure_with_its_words() -> None:
    """Another exit code than declared fails the collector and shows the beginning of stderr."""
    found = judge(of(lambda _: [], COMMAND), answer({COMMAND: CommandOutput("", "permission denied", 1)}))
    assert found.failure == Failure("command", "disk ended with exit code 1: permission denied")


def test_device_failure_is_every_unanswered_collectors_failure() -> None:
    """What did not come before the device failed has the device's reason; what came is used."""

    def parse(row: Row) -> Iterator[Sample]:
        yield Sample("uptime_seconds", row.x)

    failed = answer({SCALARS: Row("", {"x": 7})}, failure=Failure("timeout", "2 tries"))
    first, second = outcomes(failed, [of(parse), of(lambda rows: [], TABLE)])
    assert first.samples[0].value == 7.0
    assert second.failure == Failure("timeout", "2 tries")


def test_one_failed_fetch_fails_its_collector() -> None:
    """A collector never parses half of what it asked for."""
    item = collector(fetch={"a": SCALARS, "b": TABLE}, every="health", name="c")(lambda a, b: [])
    found = judge(item, answer({SCALARS: Row("", {"x": 7})}, failures={TABLE: Failure("limit", "rows")}))
    assert found.failure == Failure("limit", "rows")


def test_several_fetches_arrive_by_name_also_where_one_is_empty() -> None:
    """With named fetches, an absent one arrives as it is: an empty table or a row of None."""
    seen: dict[str, object] = {}

    def parse(**values: object) -> list[Sample]:
        seen.update(values)
        return []

    item = collector(fetch={"a": SCALARS, "b": TABLE}, every="health", name="c")(parse)
    judge(item, answer({SCALARS: Row("", {"x": 7}), TABLE: []}))
    assert set(seen) == {"a", "b"}
    assert seen["b"] == []
