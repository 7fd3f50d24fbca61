"""soc.collect.quantities: readings declared as data."""

from __future__ import annotations

from typing import Any

import pytest

from soc.collect import (
    Collector,
    NamedReadings,
    Pool,
    Reading,
    Readings,
    TypedReadings,
    amperes,
    celsius,
    charge,
    fahrenheit,
    filesystem,
    humidity,
    idle_processor,
    minutes,
    pool,
    processor,
    readings,
    rpm,
    seconds,
    state,
    volts,
    watts,
)
from soc.collect.quantities import index_text
from tests.support.agent_values import parse_agent

BASE = "1.3.6.1.4.1.99999.1"


def read(collector: Collector, agent: dict[str, Any]) -> list[tuple[str, str, float]]:
    """Metric, the one label's value, and the sample's value."""
    outcome = parse_agent(collector, {"1.3.6.1.2.1.1.2.0": "1.3.6.1.4.1.99999", **agent})
    assert outcome.failure is None
    return [(item.metric, *item.labels.values(), item.value or 0.0) for item in outcome.samples]


def table(*values: Reading | Pool, **options: Any) -> Collector:
    return readings("table", "A table.", under=[99999], tables=[Readings(BASE, values, **options)])


@pytest.mark.parametrize(
    ("reading", "raw", "expected"),
    [
        (celsius(1, per=10), 235, 23.5),
        (celsius(1), b"23.5 C", 23.5),
        (celsius(1), b"23,5", 23.5),
        (celsius(1), b"<private>", None),
        (celsius(1), 5000, None),  # no such temperature
        (celsius(1, unknown={-1}), -1, None),
        (celsius(1), 2**31 - 1, None),
        (fahrenheit(1, per=10), 770, 25.0),
        (humidity(1, per=10), 452, 0.452),
        (humidity(1), 101, None),
        (charge(1), 87, 0.87),
        (minutes(1), 30, 1800.0),
        (seconds(1, per=100), 180000, 1800.0),
        (volts(1, per=1000), -53725, -53.725),
        (watts(1, per=0.1), 12, 120.0),
        (rpm(1), -1, None),
        *((amperes(1, per=1000), raw, None) for raw in (2**16 - 1, 2**31 - 2, 2**32 - 1)),
        (minutes(1), 2**31 - 1, None),
        (volts(1), -(2**31) + 1, None),
        (processor(1), 17, 0.17),
        (processor(1), 101, None),
        (idle_processor(1), 93, 0.07),
        (state(1, {1: 0, 2: 2}), 2, 2.0),
        (state(1, {1: 0, 2: 2}), 9, None),
    ],
)
def test_a_value_in_the_mibs_unit(reading: Reading, raw: Any, expected: float | None) -> None:
    """It comes in the metric's unit; sentinels and what cannot be are absent."""
    decoded = raw.decode() if isinstance(raw, bytes) else raw
    assert reading.value(decoded) == (None if expected is None else pytest.approx(expected))


def test_rows_are_called_by_their_first_name() -> None:
    """The first filled name column, else the index; doubles are told apart by it."""
    collector = table(celsius(3), name=(1, 2), prefix="probe")
    agent = {
        f"{BASE}.3.1": 20, f"{BASE}.1.1": b" inlet ", f"{BASE}.3.2": 21, f"{BASE}.2.2": b"inlet",
        f"{BASE}.3.3": 22,
    }  # fmt: skip
    assert read(collector, agent) == [
        ("temperature_celsius", "probe inlet #1", 20),
        ("temperature_celsius", "probe inlet #2", 21),
        ("temperature_celsius", "probe 3", 22),
    ]


def test_names_may_stand_in_another_table() -> None:
    """It shares the index or its beginning, and does not make the collector apply by itself."""
    collector = table(amperes(2, "bias", per=1e6), names="1.3.6.1.2.1.31.1.1.1.1.1")
    names = {"1.3.6.1.2.1.31.1.1.1.1.1.7": b"Te1/7"}
    agent = {f"{BASE}.2.7.1": 6200, f"{BASE}.2.7.2": 6300, **names}
    assert read(collector, agent) == [
        ("current_amperes", "Te1/7 bias #7.1", pytest.approx(0.0062)),
        ("current_amperes", "Te1/7 bias #7.2", pytest.approx(0.0063)),
    ]
    assert parse_agent(collector, {"1.3.6.1.2.1.1.2.0": "1.3.6.1.4.1.99999", **names}).absent


@pytest.mark.parametrize(("size", "percent", "found"), [(0, 0, 0), (0, 31, 1), (1000, 0, 2)])
def test_a_pool_of_no_size_is_not_empty(size: int, percent: int, found: int) -> None:
    """A size of 0 with nothing in use is an entity without memory; with a use in percent, that is known."""
    collector = table(pool(size=1, percent=2), processor(3))
    assert len(read(collector, {f"{BASE}.1.1": size, f"{BASE}.2.1": percent})) == found


def test_a_zero_counts_beside_what_is_not() -> None:
    """An idle processor has memory in use; what has neither is none."""
    collector = table(processor(3, zero_with=2))
    agent = {f"{BASE}.3.1": 0, f"{BASE}.2.1": 0, f"{BASE}.3.2": 0, f"{BASE}.2.2": 31, f"{BASE}.3.3": 7}
    assert read(collector, agent) == [
        ("cpu_utilization_ratio", "2", 0),
        ("cpu_utilization_ratio", "3", 0.07),
    ]


def test_one_scalar_may_give_the_unit_of_all_rows() -> None:
    """Its OID without the instance stands for the kind."""
    kinds = {1: celsius(""), 2: fahrenheit("")}
    collector = readings(
        "typed", "A table.", under=[99999], tables=[TypedReadings(BASE, 3, f"{BASE}.9", kinds)]
    )
    agent = {f"{BASE}.9.0": 2, f"{BASE}.3.0.7": 77}
    assert read(collector, agent) == [("temperature_celsius", "0.7", pytest.approx(25))]


def test_rows_that_say_what_they_measure() -> None:
    """Kind by a number, by a unit in words, or by the index; decimals beside or in another table."""
    by_number = TypedReadings(BASE, value=3, kind=2, kinds={1: celsius(""), 2: volts("")}, decimals=4)
    agent = {f"{BASE}.2.1": 1, f"{BASE}.3.1": 235, f"{BASE}.4.1": 1, f"{BASE}.2.2": 9, f"{BASE}.3.2": 5}
    assert read(readings("n", "", under=[99999], tables=[by_number]), agent) == [
        ("temperature_celsius", "1", 23.5)
    ]
    by_word = TypedReadings(BASE, value=3, kind=2, kinds={"rpm": rpm("")})
    agent = {f"{BASE}.2.1": b" RPM", f"{BASE}.3.1": 4200}
    assert read(readings("w", "", under=[99999], tables=[by_word]), agent) == [("fan_speed_rpm", "1", 4200)]
    digits = "1.3.6.1.4.1.99999.2.7"
    by_index = TypedReadings(BASE, value=4, kind=-1, kinds={5: watts("")}, decimals=digits)
    agent = {f"{BASE}.4.1.5": 1230, f"{digits}.1.5": 1}
    assert read(readings("i", "", under=[99999], tables=[by_index]), agent) == [("power_watts", "1.5", 123)]


def test_rows_whose_name_alone_tells() -> None:
    """The first pattern found in the name; the name may be the index itself."""
    patterns = ((r"temp", celsius("")), (r"fan", rpm("")))
    named = NamedReadings(BASE, value=2, patterns=patterns)
    index = ".".join(str(ord(character)) for character in "Fan1")
    agent = {f"{BASE}.2.4.{index}": 900, f"{BASE}.2.7": 3}
    assert read(readings("p", "", under=[99999], tables=[named]), agent) == [("fan_speed_rpm", "Fan1", 900)]


@pytest.mark.parametrize(
    ("index", "text"), [("3.65.66.67", "ABC"), ("65.66", "AB"), ("1", ""), ("300.65", ""), ("", "")]
)
def test_index_as_text(index: str, text: str) -> None:
    """Printable characters, with their number in front or without it; else nothing."""
    assert index_text(index) == text


@pytest.mark.parametrize(
    ("declared", "agent", "expected"),
    [
        (pool("m", size=1, used=2, unit=1024), {1: 10, 2: 4}, [("size_bytes", 10240), ("used_bytes", 4096)]),
        (pool("m", size=1, free=2), {1: 10, 2: 4}, [("size_bytes", 10), ("used_bytes", 6)]),
        (pool("m", used=1, free=2), {1: 10, 2: 4}, [("size_bytes", 14), ("used_bytes", 10)]),
        (pool("m", size=1, percent=2), {1: 200, 2: 25}, [("size_bytes", 200), ("used_bytes", 50)]),
        (pool("m", size=1, percent=2), {2: 25}, [("utilization_ratio", 0.25)]),
        (pool("m", size=1, used=2), {1: 0, 2: 0}, []),  # nothing there
        (pool("m", size=1, used=2), {1: 5, 2: 9}, []),  # cannot be
    ],
)
def test_pools(declared: Pool, agent: dict[int, int], expected: list[tuple[str, float]]) -> None:
    """Size and use from what the agent has; the ratio where it tells no size."""
    held = {f"{BASE}.{column}.1": value for column, value in agent.items()}
    found = read(table(declared), held)
    assert found == [(f"memory_{what}", "1 m", value) for what, value in expected]


def test_file_systems_are_pools_of_their_own() -> None:
    """The same, under the metrics of file systems."""
    found = read(
        table(filesystem(size=1, used=2), name=(3,)),
        {f"{BASE}.1.1": 9, f"{BASE}.2.1": 3, f"{BASE}.3.1": b"/a"},
    )
    assert found == [("filesystem_size_bytes", "/a", 9), ("filesystem_used_bytes", "/a", 3)]


def test_only_rows_of_a_kind() -> None:
    """`only` leaves out rows that a column marks as something else."""
    collector = table(celsius(2), only=(1, frozenset({1})))
    assert read(collector, {f"{BASE}.1.1": 1, f"{BASE}.2.1": 20, f"{BASE}.1.2": 2, f"{BASE}.2.2": 30}) == [
        ("temperature_celsius", "1", 20)
    ]


def test_other_agents_are_not_asked() -> None:
    """The collector is for agents under the enterprise number, and says so."""
    collector = table(celsius(1))
    assert collector.object_ids == ("1.3.6.1.4.1.99999",)
    assert (collector.asks("1.3.6.1.4.1.99999.7"), collector.asks("1.3.6.1.4.1.9")) == (True, False)
    assert parse_agent(collector, {"1.3.6.1.2.1.1.2.0": "1.3.6.1.4.1.9", f"{BASE}.1.1": 20}).absent
