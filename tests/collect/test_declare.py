"""soc.collect.declare"""

from __future__ import annotations

import pytest

from soc.collect import Row, SnmpScalars, SnmpTable, SshCommand, collector, gauge


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SnmpTable("1.3.x", a=1), "not an OID"),
        (lambda: SnmpTable("1.3.6"), "no column"),
        (lambda: SnmpTable("1.3.6", a=0), "sub-identifier"),
        (lambda: SnmpTable("1.3.6", index=1), "sub-identifier"),
        (lambda: SnmpScalars(), "no scalar"),
        (lambda: SnmpScalars(a="sysName"), "not an OID"),
        (lambda: SshCommand("Bad Id", "true"), "command id"),
        (lambda: SshCommand("a", "sudo -n /usr/sbin/sshd -T"), "must be declared in sudo="),
        (lambda: SshCommand("a", "sudo -n sshd -T", sudo=["sshd -T"]), "an absolute path"),
        (lambda: SshCommand("a", "true", sudo=["/usr/sbin/sshd -T"]), "does not run"),
        (lambda: collector(fetch={}, every="5m"), "at least one"),
        (lambda: collector(fetch=SshCommand("a", "b"), every="often"), "not a duration"),
        (lambda: collector(fetch=SshCommand("a", "b"), every="5m", towers={"printing"}), "unknown tower"),
        (
            lambda: collector(fetch={"a": SshCommand("a", "b"), "b": SnmpScalars(x="1.3.6.1")}, every="5m"),
            "one transport",
        ),
        (lambda: collector(fetch=SshCommand("a", "b"), every="5m", name="Bad-Name")(print), "collector name"),
    ],
)
def test_wrong_declarations_say_what_is_expected(make: object, message: str) -> None:
    """A declaration that cannot work is refused when the file is loaded."""
    with pytest.raises(ValueError, match=message):
        make()  # type: ignore[operator]


def test_columns_keep_their_declared_types() -> None:
    """A plain number is a column of any type; a helper declares one."""
    table = SnmpTable(".1.3.6.1.2.1.2.2.1", name=2, speed=gauge(5))
    assert table.column_oid("speed") == "1.3.6.1.2.1.2.2.1.5"
    assert (table.columns["name"].kind, table.columns["speed"].kind) == ("auto", "gauge")


def test_a_row_knows_its_columns_only() -> None:
    """An undeclared name is an error that lists the declared ones."""
    row = Row("1.2", {"name": "x", "speed": None})
    assert (row.index, row.name, row.speed) == ("1.2", "x", None)
    with pytest.raises(AttributeError, match="declared: name, speed"):
        _ = row.colour
