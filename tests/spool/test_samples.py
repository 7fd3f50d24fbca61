"""soc.spool.samples"""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from soc.spool.samples import SampleColumns

POWER = (("power_watts", '{"sensor":"a"}'), ("power_watts", '{"sensor":"b"}'))
UP = (("up", "{}"),)


def test_each_row_has_what_its_block_said() -> None:
    """Devices with the same series have their own values, times, ordinals and attributes."""
    columns = SampleColumns()
    columns.extend(0, "pdu-1", POWER, (1.0, 2.0), (100.0, 100.0), (None, '{"index":"2"}'), 60.0)
    columns.extend(5, "pdu-2", UP, (None,), (200.25,), (None,), 30.0)
    columns.extend(6, "pdu-3", (), (), (), (), 60.0)
    columns.extend(7, "pdu-2", POWER, (3.0, 4.0), (200.25, 300.0), (None, None), 60.0)
    rows = columns.frame().select(
        "ordinal", "device", "metric", "labels", "value", "attributes", "interval_seconds"
    )
    assert rows.rows() == [
        (0, "pdu-1", *POWER[0], 1.0, None, 60.0),
        (1, "pdu-1", *POWER[1], 2.0, '{"index":"2"}', 60.0),
        (5, "pdu-2", *UP[0], None, None, 30.0),
        (7, "pdu-2", *POWER[0], 3.0, None, 60.0),
        (8, "pdu-2", *POWER[1], 4.0, None, 60.0),
    ]
    assert columns.frame()["time"].dt.replace_time_zone("UTC")[2] == datetime(
        1970, 1, 1, 0, 3, 20, 250000, UTC
    )
    assert set(columns.frame()["record"]) == {"sample"}


def test_strings_without_an_encoding_are_replaced() -> None:
    """A lone surrogate in a label or a device's name does not reject the batch."""
    columns = SampleColumns()
    columns.extend(0, "d\udcff", (("m", '{"a":"\ud800"}'),), (1.0,), (1.0,), ('{"b":"\udcff"}',), 60.0)
    (row,) = columns.frame().rows(named=True)
    assert (row["device"], row["labels"], row["attributes"]) == ("d?", '{"a":"?"}', '{"b":"?"}')


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(0, 7e9)), min_size=1, max_size=30))
def test_blocks_of_any_size_keep_their_order(blocks: list[tuple[int, float]]) -> None:
    """Values come out as they went in, whichever series their blocks share."""
    shapes = [tuple((f"m{number}", "{}") for number in range(size)) for size in range(4)]
    columns = SampleColumns()
    columns.extend(0, "first", UP, (0.0,), (0.0,), (None,), 1.0)
    expected = [("first", "up", 0.0)]
    for number, (size, time) in enumerate(blocks):
        values = [float(number)] * size
        columns.extend(len(expected), str(number), shapes[size], values, [time] * size, [None] * size, 1.0)
        expected += [(str(number), metric, float(number)) for metric, _ in shapes[size]]
    frame = columns.frame()
    assert frame.select("device", "metric", "value").rows() == expected
    assert frame["ordinal"].to_list() == list(range(len(expected)))
