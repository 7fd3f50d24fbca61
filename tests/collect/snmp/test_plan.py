"""soc.collect.snmp.plan"""

from __future__ import annotations

from soc.collect import Columns, SnmpScalars, SnmpTable, integer, text
from soc.collect.snmp.plan import Plan, scalar_row, table_value
from soc.collect.snmp.walk import ColumnCells

TABLE = SnmpTable("1.3.6.1.2.1.2.2.1", number=integer(1), name=text(2))


def _columns(**cells: dict[str, object]) -> dict[str, ColumnCells]:
    found = {}
    for name, values in cells.items():
        oid = TABLE.column_oid(name)
        found[oid] = ColumnCells(oid)
        found[oid].add([*((f"{oid}.{index}", value) for index, value in values.items()), None])
    return found


def test_what_two_fetches_share_is_read_once() -> None:
    """Scalars and columns are asked for once, scalars in order of OID."""
    again = SnmpTable("1.3.6.1.2.1.2.2.1", name=text(2), mtu=integer(4))
    one = SnmpScalars(b="1.3.6.1.2.1.1.10.0", a="1.3.6.1.2.1.1.5.0")
    two = SnmpScalars(a="1.3.6.1.2.1.1.5.0")
    plan = Plan((TABLE, one, again, two))
    assert plan.scalars == ["1.3.6.1.2.1.1.5.0", "1.3.6.1.2.1.1.10.0"]
    assert plan.columns == {TABLE.base: [f"{TABLE.base}.{column}" for column in (1, 2, 4)]}


def test_conditional_fetches_wait_for_the_object_id() -> None:
    """Without sysObjectID only what is asked of everyone; with it only what it adds."""
    own = SnmpScalars(model="1.3.6.1.4.1.9.1.0").where("1.3.6.1.4.1.9")
    assert Plan((TABLE, own)).scalars == []
    with_object_id = Plan((TABLE, own), "1.3.6.1.4.1.9.1.1")
    assert (with_object_id.scalars, with_object_id.columns) == (["1.3.6.1.4.1.9.1.0"], {})
    assert Plan((own,), "1.3.6.1.4.1.99").scalars == []


def test_a_presumed_object_id_is_asked_for_with_what_depends_on_it() -> None:
    """First, so that it is in the first request; not where nothing depends on it."""
    own = SnmpScalars(model="1.3.6.1.4.1.9.1.0").where("1.3.6.1.4.1.9")
    uptime, object_id = "1.3.6.1.2.1.1.3.0", "1.3.6.1.2.1.1.2.0"
    plan = Plan((TABLE, own), presumed="1.3.6.1.4.1.9.1.1")
    assert plan.request == [uptime, object_id, "1.3.6.1.4.1.9.1.0"]
    assert (plan.conditional, plan.presumed, list(plan.columns)) == (False, "1.3.6.1.4.1.9.1.1", [TABLE.base])
    other = Plan((TABLE, own), presumed="")
    assert (other.request, other.conditional, other.presumed) == ([uptime, object_id], False, "")
    assert Plan((TABLE,), presumed="1.3.6.1.4.1.9.1.1").request == [uptime]
    assert Plan((TABLE, own)).conditional


def test_rows_are_ordered_by_index_and_gaps_are_none() -> None:
    """Instance 10 comes after 9, whichever column has it; a missing cell is None."""
    counts: dict[str, int] = {}
    columns = _columns(number={"9": 9, "10": 10}, name={"2": b"two", "10": b"ten"})
    rows = table_value(TABLE, columns, counts)
    assert [(row.index, row.number, row.name) for row in rows] == [
        ("2", None, "two"),
        ("9", 9, None),
        ("10", 10, "ten"),
    ]
    assert counts == {}


def test_a_table_can_be_had_by_column() -> None:
    """The same cells, lists of one length; a table that is not asked for is empty."""
    by_column = SnmpTable(TABLE.base, number=integer(1), name=text(2)).by_column()
    read = _columns(number={"9": 9, "10": b"x"}, name={"2": b"two", "10": b"ten"})
    counts: dict[str, int] = {}
    found = table_value(by_column, read, counts)
    assert isinstance(found, Columns)
    assert found.index == ["2", "9", "10"]
    assert (found.number, found.name) == ([None, 9, None], ["two", None, "ten"])
    assert counts == {"type": 1}
    found = table_value(by_column, _columns(number={"1": 1}, name={}), counts)
    assert isinstance(found, Columns)
    assert (found.index, found.number, found.name) == (["1"], [1], [None])
    assert not table_value(by_column, {}, counts)
    assert table_value(TABLE, {}, counts) == []


def test_wrong_types_are_counted() -> None:
    """Each cell of another type than declared is None and counts once."""
    counts = {"type": 1}
    (row,) = table_value(TABLE, _columns(number={"1": b"x"}, name={"1": 7}), counts)
    assert (row.number, row.name) == (None, None)
    scalars = SnmpScalars(a=integer("1.3.6.1.0"), b=integer("1.3.6.2.0"))
    values = scalar_row(scalars, {"1.3.6.1.0": "text"}, counts)
    assert (values.a, values.b) == (None, None)
    assert counts == {"type": 4}
