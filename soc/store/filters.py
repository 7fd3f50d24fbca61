"""Terms of the filter language as SQL conditions: made of this package's constants, values bound."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from soc.model import SEVERITY_IDS, ConfigurationError
from soc.model.durations import parse_duration
from soc.model.filters import Term
from soc.store.times import moment

_OPPOSITE = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


@dataclass(frozen=True, slots=True)
class Asker:
    """What a filter means depends on who asks when: `me` and `age`."""

    now: float  # UTC seconds
    user: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """A column of text; `person` = its value `me` is the asker's name."""

    column: str
    person: bool = False


@dataclass(frozen=True, slots=True)
class Severity:
    """A column holding 1 to 5."""

    column: str


@dataclass(frozen=True, slots=True)
class Number:
    column: str


@dataclass(frozen=True, slots=True)
class Age:
    """A TIMESTAMP column, compared as the time since."""

    column: str


@dataclass(frozen=True, slots=True)
class Choice:
    """Values that are conditions of their own."""

    conditions: Mapping[str, str]


Field = Text | Severity | Number | Age | Choice


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What may be asked of one kind of thing. `words` are the columns that a word alone is looked for in;
    `others` is the MAP column that holds any other field, '' = there are none."""

    fields: Mapping[str, Field]
    words: Sequence[str]
    others: str = ""


def condition(vocabulary: Vocabulary, terms: Sequence[Term], asker: Asker) -> tuple[str, dict[str, Any]]:
    """SQL that holds where every term does, and the values to bind to it.

    Raises ConfigurationError for a field, operator or value that is not of the vocabulary.
    """
    clauses = ["TRUE"]
    values: dict[str, Any] = {}
    for number, term in enumerate(terms):
        clause = _clause(vocabulary, term, asker, _binder(values, number))
        clauses.append(f"NOT {clause}" if term.negated else clause)
    return " AND ".join(clauses), values


_Bind = Callable[[Any], str]


def _binder(values: dict[str, Any], number: int) -> _Bind:
    def bind(value: Any) -> str:
        name = f"term_{number}_{len(values)}"
        values[name] = value
        return f"${name}"

    return bind


def _clause(vocabulary: Vocabulary, term: Term, asker: Asker, bind: _Bind) -> str:
    if not term.field:
        word = bind(term.value)
        # A third of what ILIKE takes.
        return (
            "("
            + " OR ".join(f"contains(lower({column}), lower({word}))" for column in vocabulary.words)
            + ")"
        )
    match vocabulary.fields.get(term.field):
        case Text(column, person):
            if term.operator != ":":
                raise ConfigurationError(f"{term.field} is compared by ':' only")
            return _text(column, asker.user if person and term.value == "me" else term.value, bind)
        case Severity(column):
            if term.value == "*":
                return "TRUE"
            return f"({column} {_sign(term)} {bind(SEVERITY_IDS[term.value.lower()])})"
        case Number(column):
            return f"({column} {_sign(term)} {bind(_number(term))})"
        case Age(column):
            return _age(column, term, asker, bind)
        case Choice(conditions):
            return _choice(conditions, term)
        case None if vocabulary.others:
            column = f"{vocabulary.others}[{bind(term.field)}]"
            if term.operator == ":":
                return _text(column, term.value, bind)
            return f"coalesce(try_cast({column} AS DOUBLE) {term.operator} {bind(_number(term))}, FALSE)"
        case None:
            nearest = difflib.get_close_matches(term.field, vocabulary.fields, n=1)
            hint = f"; did you mean {nearest[0]!r}?" if nearest else ""
            raise ConfigurationError(
                f"no field {term.field!r}{hint} (there are {', '.join(vocabulary.fields)})"
            )


def _text(column: str, value: str, bind: _Bind) -> str:
    if value == "*":
        return f"coalesce({column} <> '', FALSE)"
    pattern = bind(_escaped(value).replace("*", "%"))
    return f"coalesce({column} ILIKE {pattern} ESCAPE '\\', FALSE)"


def _sign(term: Term) -> str:
    return "=" if term.operator == ":" else term.operator


def _number(term: Term) -> float:
    try:
        return float(term.value)
    except ValueError:
        raise ConfigurationError(f"{term.field}: expected a number, not {term.value[:40]!r}") from None


def _age(column: str, term: Term, asker: Asker, bind: _Bind) -> str:
    if term.operator == ":":
        raise ConfigurationError(f"{term.field} is compared by < or >, for example {term.field}<1h")
    try:
        born = asker.now - parse_duration(term.value)
    except ValueError as error:
        raise ConfigurationError(f"{term.field}: {error}") from error
    return f"coalesce({column} {_OPPOSITE[term.operator]} {bind(moment(max(0.0, born)))}, FALSE)"


def _choice(conditions: Mapping[str, str], term: Term) -> str:
    if term.operator != ":" or term.value not in conditions:
        raise ConfigurationError(f"{term.field} {term.value[:40]!r}: one of {', '.join(conditions)}")
    return f"({conditions[term.value]})"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
