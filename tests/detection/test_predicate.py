"""soc.detection.predicate against a plain reading of Sigma's pattern language"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from soc.detection import EventBatch, match
from soc.detection.predicate import number
from tests.support.rules import load_documents, rule_document

_LETTERS = "ab*?\\-%_.x\u00e9"
_PATTERNS = st.text(alphabet=_LETTERS, max_size=6)
_VALUES = st.lists(st.text(alphabet="abAB*?\\-%_.x\u00c9\n\x1e", max_size=8), min_size=1, max_size=12)


def _signs(pattern: str) -> list[str]:
    """The pattern as single signs; wildcards stand as 'many' and 'one'. Sigma specification, "Escaping"."""
    signs, position = [], 0
    while position < len(pattern):
        sign = pattern[position]
        following = pattern[position + 1 : position + 2]
        if sign == "\\" and following and following in "*?\\":
            signs.append(following)
            position += 2
            continue
        signs.append({"*": "many", "?": "one"}.get(sign, sign))
        position += 1
    return signs


def _matches(signs: list[str], text: str) -> bool:
    """The slow and obvious way: try every length for a wildcard."""
    if not signs:
        return not text
    if signs[0] == "many":
        return any(_matches(signs[1:], text[skip:]) for skip in range(len(text) + 1))
    return bool(text) and signs[0] in ("one", text[0]) and _matches(signs[1:], text[1:])


@settings(max_examples=60, deadline=None)
@given(
    pattern=_PATTERNS,
    modifier=st.sampled_from(["", "contains", "startswith", "endswith"]),
    values=_VALUES,
)
def test_patterns_match_as_specified(pattern: str, modifier: str, values: list[str]) -> None:
    """Every pattern, with every place it may stand, agrees with the obvious reading on every value."""
    signs = [sign.lower() if len(sign) == 1 else sign for sign in _signs(pattern)]
    before = ["many"] if modifier in ("contains", "endswith") else []
    after = ["many"] if modifier in ("contains", "startswith") else []
    expected = [row for row, text in enumerate(values) if _matches([*before, *signs, *after], text.lower())]
    key = f"a|{modifier}" if modifier else "a"
    document = rule_document({"s": {key: pattern}, "condition": "s"})
    with TemporaryDirectory() as directory:
        rules = load_documents(Path(directory), document)
    assert not rules.problems
    batch = EventBatch.from_mappings([{"product": "test", "a": text} for text in values])
    assert [row for row, _ in match(rules, batch)] == expected


def test_what_spells_a_number() -> None:
    """Decimal numbers do; what only Python takes for one does not."""
    assert number("-1.5") == -1.5
    assert number("+7") == 7
    for text in ("", "1_0", "nan", "inf", " 1", "0x10", "1e5x", "--1", "\u0661"):
        assert number(text) is None, text
