"""PromQL text to nodes: promql-parser reads it; limits, durations and regular expressions are checked here.

Language: https://prometheus.io/docs/prometheus/latest/querying/basics/
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import promql_parser as parser
import re2

from soc.model import ConfigurationError
from soc.promql.nodes import (
    Aggregation,
    At,
    Binary,
    Call,
    Matcher,
    Matching,
    MatchOperator,
    Negation,
    Node,
    Number,
    RangeSelector,
    Selector,
    Subquery,
    Text,
)

MAXIMUM_CHARACTERS = 8192
MAXIMUM_DEPTH = 64
# Times and durations beyond this are mistakes; their microseconds must fit DuckDB's BIGINT.
_MAXIMUM_DURATION = timedelta(days=365 * 100)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STRING_OR_COMMENT = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|`[^`]*`|#[^\n]*')
_NEGATIVE_AT = re.compile(r"@\s*-")


def parse(text: str) -> Node:
    """Parse an expression. Raises ConfigurationError naming what is wrong or not supported."""
    if len(text) > MAXIMUM_CHARACTERS:
        raise ConfigurationError(f"the expression is longer than {MAXIMUM_CHARACTERS} characters")
    bare = _STRING_OR_COMMENT.sub('""', text)
    _check_depth(bare)
    if _NEGATIVE_AT.search(bare):
        # The parser reads a negative time as 0.
        raise ConfigurationError("@ with a time before 1970 is not supported")
    try:
        tree = parser.parse(text)
    except ValueError as error:
        raise ConfigurationError(f"not a PromQL expression: {str(error)[:300]}") from None
    return _node(tree, 0)


def _check_depth(bare: str) -> None:
    depth = 0
    for character in bare:
        if character in "([{":
            depth += 1
            if depth > MAXIMUM_DEPTH:
                raise ConfigurationError(f"the expression is nested deeper than {MAXIMUM_DEPTH} levels")
        elif character in ")]}":
            depth -= 1


def _node(tree: Any, depth: int) -> Node:
    if depth > MAXIMUM_DEPTH:
        raise ConfigurationError(f"the expression is nested deeper than {MAXIMUM_DEPTH} levels")
    below = depth + 1
    match tree:
        case parser.NumberLiteral():
            return Number(tree.val)
        case parser.StringLiteral():
            return Text(tree.val)
        case parser.ParenExpr():
            return _node(tree.expr, below)
        case parser.UnaryExpr():
            return Negation(_node(tree.expr, below))
        case parser.VectorSelector():
            return _selector(tree)
        case parser.MatrixSelector():
            return RangeSelector(_selector(tree.vector_selector), _microseconds(tree.range))
        case parser.SubqueryExpr():
            return Subquery(
                _node(tree.expr, below),
                _microseconds(tree.range),
                None if tree.step is None else _microseconds(tree.step),
                _microseconds(tree.offset),
                _at(tree.at),
            )
        case parser.Call():
            return Call(tree.func.name, tuple(_node(argument, below) for argument in tree.args))
        case parser.AggregateExpr():
            grouping = tree.modifier
            return Aggregation(
                str(tree.op).lower(),
                _node(tree.expr, below),
                None if tree.param is None else _node(tree.param, below),
                tuple(grouping.labels) if grouping else (),
                grouping is not None and grouping.type == parser.AggModifierType.Without,
            )
        case parser.BinaryExpr():
            modifier = tree.modifier
            return Binary(
                str(tree.op).lower(),
                _node(tree.lhs, below),
                _node(tree.rhs, below),
                modifier is not None and modifier.return_bool,
                _matching(modifier),
            )
        case _:
            raise ConfigurationError(f"{type(tree).__name__} is not supported")


_OPERATORS: dict[str, MatchOperator] = {"Equal": "=", "NotEqual": "!=", "Re": "=~", "NotRe": "!~"}


def _selector(tree: parser.VectorSelector) -> Selector:
    if tree.matchers.or_matchers:
        raise ConfigurationError("`or` between matchers is not supported")
    matchers = [Matcher("__name__", "=", tree.name)] if tree.name else []
    for matcher in tree.matchers.matchers:
        operator = _OPERATORS[str(matcher.op).rpartition(".")[2]]
        if operator in ("=~", "!~"):
            check_regex(matcher.value)
        matchers.append(Matcher(matcher.name, operator, matcher.value))
    return Selector(tuple(matchers), _microseconds(tree.offset), _at(tree.at))


def check_regex(pattern: str) -> None:
    """Raise ConfigurationError unless RE2, which DuckDB and Prometheus share, accepts the pattern."""
    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(pattern, options)
    except re2.error as error:
        raise ConfigurationError(f"not an RE2 regular expression: {pattern[:80]!r}: {error}") from None


def _matching(modifier: parser.BinModifier | None) -> Matching:
    if modifier is None:
        return Matching(on=False, labels=())
    labels = modifier.matching
    fill = modifier.fill_values
    group: Literal["", "left", "right"] = ""
    if modifier.card == parser.VectorMatchCardinality.ManyToOne:
        group = "left"
    elif modifier.card == parser.VectorMatchCardinality.OneToMany:
        group = "right"
    return Matching(
        on=labels is not None and labels.type == parser.LabelModifierType.Include,
        labels=tuple(labels.labels) if labels else (),
        group=group,
        include=tuple(modifier.group_labels or ()),
        fill_left=fill.lhs if fill else None,
        fill_right=fill.rhs if fill else None,
    )


def _microseconds(duration: timedelta | None) -> int:
    if duration is None:
        return 0
    if abs(duration) > _MAXIMUM_DURATION:
        raise ConfigurationError("a duration over 100 years is not supported")
    return duration // timedelta(microseconds=1)


def _at(modifier: parser.AtModifier | None) -> At:
    if modifier is None:
        return None
    if modifier.type == parser.AtModifierType.Start:
        return "start"
    if modifier.type == parser.AtModifierType.End:
        return "end"
    try:
        moment = modifier.at
    except (OverflowError, ValueError):
        moment = None
    if moment is None:
        raise ConfigurationError("the time after @ is out of bounds")
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (aware - _EPOCH) // timedelta(microseconds=1)
