"""PromQL's conformance cases: the same results as Prometheus 3, or a refusal that names what is missing."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from soc.pipeline.ruletest_files import load_rule_test_file
from soc.pipeline.ruletests import CaseResult, run_rule_tests

# Cases that expect a result although, as converted, the samples they say are missing are there.
_WRONG_IN_THE_DATA = {'absent_over_time(http_requests_total{handler!="/foo"}[5m]) @ 60s'}


def cases(pattern: str, *, errors: bool = False) -> list[CaseResult]:
    shared = os.environ.get("SOC_TEST_DATA")
    if not shared:
        pytest.skip("needs SOC_TEST_DATA with promql-conformance")
    found = sorted((Path(shared) / "promql-conformance").glob(pattern))
    files = [file for file in found if ("-errors-" in file.name) == errors]
    assert files, pattern
    return [result for file in files for result in run_rule_tests(load_rule_test_file(file))]


@pytest.mark.parametrize(("pattern", "passing"), [("core-*.yml", 373), ("prometheus3-*.yml", 57)])
def test_results_are_prometheus_3s(pattern: str, passing: int) -> None:
    """Every core case and every one particular to Prometheus 3 passes."""
    results = cases(pattern)
    failed = [
        f"{r.case}: {r.error or r.got}" for r in results if not r.ok and r.case not in _WRONG_IN_THE_DATA
    ]
    assert failed == []
    assert sum(result.ok for result in results) == passing


@pytest.mark.parametrize("pattern", ["core-*.yml", "prometheus3-*.yml", "experimental-*.yml"])
def test_errors_are_refused(pattern: str) -> None:
    """What Prometheus refuses is refused here, with a reason."""
    results = cases(pattern, errors=True)
    assert results
    assert [result.case for result in results if not result.error] == []


# Behind flags in Prometheus: names dropped late, and the labels __type__ and __unit__ dropped with them.
_FLAGGED = {"experimental-name_label_dropping": 1, "experimental-type_and_unit": 5}


def test_experimental_cases_pass_or_are_refused() -> None:
    """Nothing behind a flag is silently something else, but for what the flag itself changes."""
    wrong: Counter[str] = Counter()
    for result in cases("experimental-*.yml"):
        if not result.ok and not result.error:
            wrong[Path(result.file).name.rpartition("-")[0]] += 1
    assert dict(wrong) == _FLAGGED
