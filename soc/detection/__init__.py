"""Detection: Sigma rules and correlations, loaded, compiled and matched against batches of events.

    rules = soc.detection.places.load_all_rules([Path("/srv/soc/rules")])  # shipped, the site's, these
    matches = match_events(rules, events)                  # list[soc.model.Match]
    findings = evaluate(correlation, matches_of_one_group, since=first_touched_time)

soc/detection/correlation.py says which matches `evaluate` must be given. `alerts` of a rule or a
correlation is false where it is informational or only feeds a correlation. The text to archive for
a version is `origin.text` under `origin.version`.
"""

from soc.detection.batch import EventBatch
from soc.detection.correlation import Finding, MatchRow, evaluate
from soc.detection.matching import field_of, match, match_events, match_of
from soc.detection.rules import Correlation, InlineTest, Origin, Rule, RuleSet

__all__ = [
    "Correlation", "EventBatch", "Finding", "InlineTest", "MatchRow", "Origin", "Rule", "RuleSet",
    "evaluate", "field_of", "match", "match_events", "match_of",
]  # fmt: skip
