"""The filter language, the same for the command line, the API and the console: text to terms, never to SQL.

    severity>=high tower:network owner:me -rule:"Uplink down" age<1h failed

Terms are joined by "and". `field:value` compares without regard to case, `*` in the value stands for any
text, and `*` alone means that the field has a value. `<`, `<=`, `>` and `>=` compare severities, numbers
and durations (`age`). A word alone is looked for in the text of whatever is filtered; `-` in front
negates. Which fields there are depends on what is filtered (docs/reference.md, filters).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from soc.model.errors import ConfigurationError
from soc.model.nouns import SEVERITY_IDS

MAXIMUM_TERMS = 50
MAXIMUM_CHARACTERS = 4096
Operator = Literal[":", "<", "<=", ">", ">="]
_TERM = re.compile(
    r"""\s*(?P<minus>-?)(?:(?P<field>[A-Za-z_](?:[\w.-]{0,62}\w)?)(?P<operator>:|<=|>=|<|>))?"""
    r"""(?:"(?P<quoted>[^"]*)"|(?P<bare>[^\s"]+))(?=\s|$)"""
)


@dataclass(frozen=True, slots=True)
class Term:
    """One condition. `field` empty = anywhere in the text."""

    field: str
    value: str
    negated: bool = False
    operator: Operator = ":"


def parse_filter(text: str) -> tuple[Term, ...]:
    """The terms of a filter. Raises ConfigurationError with the place that is not understood."""
    # What cannot be encoded cannot be asked for: it is taken as "?".
    text = text.encode("utf-8", "replace").decode().strip()
    if len(text) > MAXIMUM_CHARACTERS:
        raise ConfigurationError(f"a filter has at most {MAXIMUM_CHARACTERS} characters")
    terms: list[Term] = []
    position = 0
    while position < len(text):
        found = _TERM.match(text, position)
        if found is None:
            raise ConfigurationError(
                f"filter not understood at {text[position : position + 40]!r}: "
                'expected field:value, field>=value, field:"two words", a word, or -term'
            )
        value = found["quoted"] if found["quoted"] is not None else found["bare"]
        term = Term(found["field"] or "", value, bool(found["minus"]), _operator(found["operator"]))
        if term.field == "severity" and value != "*" and value.lower() not in SEVERITY_IDS:
            raise ConfigurationError(f"severity {value[:40]!r}: one of {', '.join(SEVERITY_IDS)}")
        terms.append(term)
        position = found.end()
        if len(terms) > MAXIMUM_TERMS:
            raise ConfigurationError(f"a filter has at most {MAXIMUM_TERMS} terms")
    return tuple(terms)


def _operator(text: str | None) -> Operator:
    match text:
        case "<" | "<=" | ">" | ">=":
            return text
        case _:
            return ":"
