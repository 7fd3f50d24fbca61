"""soc.promql.selectors: matchers, inventory labels, hostile names."""

from __future__ import annotations

import pytest

from soc.model import Device
from soc.promql import compile
from tests.support.samples import inventory, store_of

SERIES = {
    'a{device="sw-1", port="1"}': "1",
    'a{device="sw-2", port="22"}': "2",
    "a": "3",
    'b{device="sw-1"}': "4",
}


@pytest.mark.parametrize(
    ("selector", "values"),
    [
        ('a{port="1"}', [1]),
        ('a{port!="1"}', [2, 3]),
        ('a{port=""}', [3]),
        ('a{port=~"2"}', []),
        ('a{port=~"2+"}', [2]),
        ('a{port!~"1|22"}', [3]),
        ('a{device="sw-1"}', [1]),
        ('a{device=""}', [3]),
        ('{device=~"sw-.+"}', [1, 2, 4]),
        ('{__name__=~"a|b", device="sw-1"}', [1, 4]),
        ('{__name__!="a", device!=""}', [4]),
        ('a{port=~"(?i)X|1"}', [1]),
    ],
)
def test_matchers(selector: str, values: list[float]) -> None:
    """Patterns are anchored, an absent label is empty, name and device are labels like others."""
    with store_of(SERIES) as store:
        found = compile(selector).instant(store.query, 0)
    assert sorted(value for _, value in found) == values


def test_inventory_labels_are_those_of_the_evaluation_time() -> None:
    """A change of supplier cuts no series: before it the old label, after it the new one."""
    with store_of({'a{device="sw-1"}': "1x20"}) as store:
        before = Device("sw-1", "network", kind="switch", site="hq", supplier="old", labels={"rack": "r1"})
        inventory(store, before, now=0)
        inventory(store, Device("sw-1", "network", kind="switch", site="hq", supplier="new"), now=600)
        [(early, _)] = compile("a").instant(store.query, 599)
        [(late, _)] = compile("a").instant(store.query, 600)
        [(counted, count)] = compile("count_over_time(a[20m])").instant(store.query, 1100)
    common = {"__name__": "a", "device": "sw-1", "kind": "switch", "site": "hq", "tower": "network"}
    assert early == common | {"supplier": "old", "rack": "r1"}
    assert late == common | {"supplier": "new"}
    assert (counted["supplier"], count) == ("new", 19.0)


def test_availability_is_a_label_of_what_may_be_off() -> None:
    """Rules can tell devices that may be switched off from all others, which have no such label."""
    with store_of({'a{device="lt-1"}': "1", 'a{device="sw-1"}': "2"}) as store:
        laptop = Device("lt-1", "end-user", availability="best-effort")
        inventory(store, laptop, Device("sw-1", "network"), now=0)
        [(labels, _)] = compile('a{availability="best-effort"}').instant(store.query, 0)
        [(_, other)] = compile('a{availability=""}').instant(store.query, 0)
    assert labels == {"__name__": "a", "device": "lt-1", "tower": "end-user", "availability": "best-effort"}
    assert other == 2


def test_inventory_labels_select_and_never_override() -> None:
    """Selectors match joined labels; a collector's own label of that name stays."""
    with store_of({'a{device="sw-1", kind="own"}': "1", 'a{device="sw-2"}': "2"}) as store:
        inventory(store, Device("sw-1", "network", kind="switch"), Device("sw-2", "print"), now=0)
        [(labels, _)] = compile('a{tower="network"}').instant(store.query, 0)
        assert compile('a{tower="print"}').instant(store.query, 0)[0][1] == 2.0
    assert labels["kind"] == "own"


@pytest.mark.parametrize(
    "text", ["'; DROP TABLE sample; --", '" OR ""="', "$1", "{0}", "%s", "\\", "é\u202e", "]"]
)
def test_hostile_label_names_and_values_are_only_data(text: str) -> None:
    """Names and values of labels reach the database bound, wherever an expression uses them."""
    from soc.model import Sample
    from soc.store import memory_store

    quoted = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    with memory_store() as store:
        store.series.add([("", Sample("a", 1.0, {"x": text, text: "v"}, 0.0), 0.0)])
        for expression in (
            f"a{{x={quoted}}}",
            f'a{{{quoted}="v"}}',
            f"sum by ({quoted}) (a)",
            f"a * on ({quoted}) a",
            f'label_replace(a, "y", {quoted}, "x", ".*")',
            f'label_join(a, "y", {quoted}, "x", "x")',
            f"count_values({quoted}, a)",
        ):
            assert compile(expression).instant(store.query, 0)[0][1] == 1.0, expression
        assert store.query("SELECT count(*) FROM sample") == [(1,)]
