"""soc.promql.evaluate: alerts from rule time to rule time."""

from __future__ import annotations

from pathlib import Path

import pytest

from soc.model import ConfigurationError, Device
from soc.promql import Active, Rule, evaluate_rule, load_rule_files
from soc.store import Store
from tests.support.samples import inventory, store_of


def rule_of(directory: Path, expression: str, more: str = "") -> Rule:
    path = directory / "rules.yml"
    path.write_text(
        "groups: [{name: g, rules: [{alert: A, expr: '"
        + expression
        + "', labels: {severity: low}, annotations: {summary: 'at {{ $value }}'}"
        + (f", {more}" if more else "")
        + "}]}]",
        encoding="utf-8",
    )
    return load_rule_files([path]).rules[0]


def run(rule: Rule, store: Store, until: int) -> list[tuple[str, ...]]:
    """What there is at each minute: the summaries of pending alerts with '?', of firing ones without."""
    state: dict[str, Active] = {}
    seen = []
    for minute in range(until + 1):
        # What is kept between rule times survives as text.
        state = {key: Active.load(alert.dump()) for key, alert in state.items()}
        state, firing = evaluate_rule(rule, minute * 60.0, store.query, state)
        fires = {alert.key for alert in firing}
        seen.append(
            tuple(a.annotations["summary"] + ("" if key in fires else "?") for key, a in state.items())
        )
    return seen


def test_pending_firing_resolved(tmp_path: Path) -> None:
    """`for` holds an alert back; it ends with its expression, and starts again from the beginning."""
    with store_of({"a": "0 1 2 3 0 1 0"}) as store:
        seen = run(rule_of(tmp_path, "a > 0", "for: 2m"), store, 6)
    assert seen == [(), ("at 1?",), ("at 2?",), ("at 3",), (), ("at 1?",), ()]


def test_without_for_an_alert_fires_at_once(tmp_path: Path) -> None:
    """The first rule time at which the expression holds fires."""
    with store_of({"a": "0 1 0"}) as store:
        assert run(rule_of(tmp_path, "a > 0"), store, 2) == [(), ("at 1",), ()]


def test_keep_firing_for(tmp_path: Path) -> None:
    """A firing alert stays for a while after its expression; a pending one does not."""
    with store_of({"a": "1 1 0 0 0 1 0 0 0"}) as store:
        seen = run(rule_of(tmp_path, "a > 0", "for: 1m, keep_firing_for: 2m"), store, 8)
    assert seen == [("at 1?",), ("at 1",), ("at 1",), ("at 1",), (), ("at 1?",), (), (), ()]


def test_data_that_vanishes_resolves(tmp_path: Path) -> None:
    """A series that ends takes its alert along, as in Prometheus."""
    with store_of({"a": "1 1 stale"}) as store:
        assert run(rule_of(tmp_path, "a > 0"), store, 2) == [("at 1",), ("at 1",), ()]


def test_the_key_has_no_severity_and_no_inventory_labels(tmp_path: Path) -> None:
    """A change of supplier or of severity is the same alert; a collector's own label is part of it."""
    with store_of({'a{device="d", port="1"}': "1x30"}) as store:
        inventory(store, Device("d", "network", site="hq", supplier="old", labels={"rack": "r1"}), now=0)
        inventory(store, Device("d", "network", site="hq", supplier="new"), now=600)
        rule = rule_of(tmp_path, "a > 0", "for: 10m")
        state, _ = evaluate_rule(rule, 300.0, store.query, {})
        [before] = state.values()
        state, [after] = evaluate_rule(rule, 900.0, store.query, state)
    assert before.labels["supplier"] == "old"
    assert after.labels["supplier"] == "new"
    assert before.key == after.key
    assert dict(after.group_labels) == {"device": "d", "port": "1"}
    assert after.active_since == 300.0
    assert after.labels["alertname"] == "A"


def test_without_a_device_every_label_counts(tmp_path: Path) -> None:
    """Where an alert is about no device, a site is what it is about."""
    with store_of({'a{site="hq"}': "1", 'a{site="dc"}': "1"}) as store:
        state, _ = evaluate_rule(rule_of(tmp_path, "a > 0"), 0.0, store.query, {})
    assert {alert.group_labels["site"] for alert in state.values()} == {"hq", "dc"}


def test_two_results_that_become_one_alert_are_an_error(tmp_path: Path) -> None:
    """An alert says which of them it is, or nothing is said."""
    with store_of({'{__name__="a", x="1"}': "1", '{__name__="b", x="1"}': "1"}) as store:
        rule = rule_of(tmp_path, '{x="1"} > 0')
        with pytest.raises(ConfigurationError, match="same alert"):
            evaluate_rule(rule, 0.0, store.query, {})
