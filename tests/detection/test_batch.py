"""soc.detection.batch"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from soc.detection.batch import EventBatch, Values, bits, field_key, rows_of


@settings(max_examples=50, deadline=None)
@given(st.sets(st.integers(0, 300)))
def test_bitmaps_hold_row_numbers(rows: set[int]) -> None:
    """What goes into a bitmap comes out of it, ascending."""
    assert list(rows_of(bits(rows, 301))) == sorted(rows)


@settings(max_examples=60, deadline=None)
@given(
    st.sets(st.text(alphabet="ab\x1e\x1f", max_size=4), min_size=1, max_size=10),
    st.text(alphabet="ab", min_size=1, max_size=3),
    st.booleans(),
    st.booleans(),
)
def test_search_finds_each_text_once(texts: set[str], needle: str, at_start: bool, at_end: bool) -> None:
    """One search over all distinct texts agrees with looking at each."""
    values = Values({text: [row] for row, text in enumerate(sorted(texts))}, len(texts))
    expected = [
        code
        for code, text in enumerate(values.texts)
        if needle in text
        and (not at_start or text.startswith(needle))
        and (not at_end or text.endswith(needle))
        and (not (at_start and at_end) or text == needle)
    ]
    assert values.containing(needle, at_start=at_start, at_end=at_end) == expected


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
            ),
            max_leaves=8,
        ),
        max_size=4,
    )
)
def test_any_json_makes_a_batch(values: list[object]) -> None:
    """No shape of content stops a batch."""
    events = [{"Channel": "Security", "EventID": value, "x": value, "Event": value} for value in values]
    assert EventBatch.from_mappings(events).count == len(values)


def test_field_keys_have_no_punctuation() -> None:
    """Blanks, dots, dashes and underscores do not tell names apart; case does."""
    assert field_key("Threat Name") == field_key("Threat-Name") == "ThreatName"
    assert field_key("a") != field_key("A")
