"""What analysts type to select events: parsed into terms, which become bound parameters; never SQL.

    user:root severity:high -process:cron "failed password" source_ip:10.0.*

Terms are joined by "and". `field:value` compares a field without regard to case, `*` in the value
stands for any text, a word alone is looked for in message and raw, `-` in front negates.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from soc.model import SEVERITY_IDS, ConfigurationError

MAXIMUM_TERMS = 50
# What may be asked for by name -> the column; anything else is looked up in `fields`.
COLUMNS = {
    "id": "id",
    "device": "device",
    "source_address": "source_address",
    "product": "product",
    "category": "category",
    "service": "service",
    "message": "message",
    "user": '"user"',
    "source_ip": "source_ip",
    "target_ip": "target_ip",
    "process": "process",
    "raw": "raw",
    "severity": "severity_id::VARCHAR",
    "severity_id": "severity_id::VARCHAR",
}
_TERM = re.compile(
    r"""\s*(?P<minus>-?)(?:(?P<field>[A-Za-z_][\w.-]{0,63}):)?(?:"(?P<quoted>[^"]*)"|(?P<bare>[^\s"]+))(?=\s|$)"""
)


@dataclass(frozen=True, slots=True)
class Term:
    """One condition. `field` empty = anywhere in the text."""

    field: str
    value: str
    negated: bool = False


def parse(text: str) -> tuple[Term, ...]:
    """The terms of a filter. Raises ConfigurationError with the place that is not understood."""
    terms: list[Term] = []
    position = 0
    text = text.strip()
    while position < len(text):
        found = _TERM.match(text, position)
        if found is None:
            raise ConfigurationError(
                f"filter not understood at {text[position : position + 40]!r}: "
                'expected field:value, field:"two words", a word, or -term'
            )
        value = found["quoted"] if found["quoted"] is not None else found["bare"]
        field = found["field"] or ""
        if field == "severity":
            if value.lower() not in SEVERITY_IDS:
                raise ConfigurationError(f"severity {value[:40]!r}: one of {', '.join(SEVERITY_IDS)}")
            value = str(SEVERITY_IDS[value.lower()])
        terms.append(Term(field, value, bool(found["minus"])))
        position = found.end()
        if len(terms) > MAXIMUM_TERMS:
            raise ConfigurationError(f"a filter has at most {MAXIMUM_TERMS} terms")
    return tuple(terms)


def condition(terms: tuple[Term, ...]) -> tuple[str, dict[str, str]]:
    """SQL over table event, made of this module's constants, and the values to bind to it."""
    clauses = ["TRUE"]
    values: dict[str, str] = {}
    for number, term in enumerate(terms):
        pattern = f"pattern_{number}"
        if not term.field:
            values[pattern] = f"%{_escaped(term.value)}%"
            clause = f"(message ILIKE ${pattern} ESCAPE '\\' OR raw ILIKE ${pattern} ESCAPE '\\')"
        else:
            values[pattern] = _escaped(term.value).replace("*", "%")
            column = COLUMNS.get(term.field)
            if column is None:
                name = f"field_{number}"
                values[name] = term.field
                column = f"fields[${name}]"
            clause = f"coalesce({column} ILIKE ${pattern} ESCAPE '\\', FALSE)"
        clauses.append(f"NOT {clause}" if term.negated else clause)
    return " AND ".join(clauses), values


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
