"""PromQL compiled to SQL, Prometheus rule files, their evaluation."""

from soc.promql.compiler import Compiled, Query, compile, json_number
from soc.promql.evaluate import Active, evaluate_rule
from soc.promql.places import find_rule_files, load_all_rule_files
from soc.promql.rules import Rule, RuleGroup, RuleGroups, load_rule_files

__all__ = [
    "Active", "Compiled", "Query", "Rule", "RuleGroup", "RuleGroups", "compile", "evaluate_rule",
    "find_rule_files", "json_number", "load_all_rule_files", "load_rule_files",
]  # fmt: skip
