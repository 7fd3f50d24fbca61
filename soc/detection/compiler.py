"""A parsed Sigma detection compiled to a condition. What is not supported raises, named."""

from __future__ import annotations

from typing import Any as AnyType

import re2
from sigma.conditions import (
    ConditionAND,
    ConditionFieldEqualsValueExpression,
    ConditionNOT,
    ConditionOR,
    ConditionValueExpression,
)
from sigma.policy import SigmaPolicy
from sigma.policy.regex_engine import RE2RegexEngine, RegexPattern
from sigma.rule import SigmaRule
from sigma.types import (
    CompareOperators,
    Placeholder,
    SigmaBool,
    SigmaCasedString,
    SigmaCIDRExpression,
    SigmaCompareExpression,
    SigmaExists,
    SigmaExpansion,
    SigmaFieldReference,
    SigmaNull,
    SigmaNumber,
    SigmaRegularExpression,
    SigmaRegularExpressionFlag,
    SigmaString,
    SigmaTimestampPart,
    SigmaType,
    SpecialChars,
)

from soc.detection.condition import All, Any, Condition, Not, cost
from soc.detection.predicate import Network, Number, Pattern, Present, SameAs, Text, compile_re2

_FLAGS = {
    SigmaRegularExpressionFlag.IGNORECASE: "i",
    SigmaRegularExpressionFlag.MULTILINE: "m",
    SigmaRegularExpressionFlag.DOTALL: "s",
}
_OPERATORS = {
    CompareOperators.LT: "lt",
    CompareOperators.LTE: "lte",
    CompareOperators.GT: "gt",
    CompareOperators.GTE: "gte",
    CompareOperators.NEQ: "neq",
}
_MULTIPLE, _SINGLE = SpecialChars.WILDCARD_MULTI, SpecialChars.WILDCARD_SINGLE


class UnsupportedError(ValueError):
    """The rule asks for something this engine does not do; `field` says where, if it is known."""

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class _Re2(RE2RegexEngine):
    """pySigma's RE2 without RE2's own messages on standard error. What does not compile is left to
    `_regular_expression`, which can name the field."""

    def compile(self, pattern: str, flags: int = 0) -> RegexPattern:  # noqa: ARG002 (pySigma's port)
        compiled: RegexPattern
        try:
            compiled = compile_re2(pattern)
        except re2.error:
            compiled = compile_re2("")
        return compiled


POLICY = SigmaPolicy(regex_engine=_Re2())


def compile_rule(rule: SigmaRule) -> Condition:
    """The rule's conditions (any of them) as one tree. Raises UnsupportedError or sigma's SigmaError."""
    return _linked(Any, [_compile(condition.parsed) for condition in rule.detection.parsed_condition])


def _compile(node: object) -> Condition:
    if isinstance(node, ConditionAND):
        return _linked(All, [_compile(part) for part in node.args])
    if isinstance(node, ConditionOR):
        return _linked(Any, [_compile(part) for part in node.args])
    if isinstance(node, ConditionNOT):
        return Not(_compile(node.args[0]))
    if isinstance(node, ConditionFieldEqualsValueExpression):
        return _value(node.field, node.value)
    if isinstance(node, ConditionValueExpression):
        return _value(None, node.value)
    raise UnsupportedError("the condition is empty")


def _linked(kind: type[All] | type[Any], parts: list[Condition]) -> Condition:
    flat: list[Condition] = []
    for part in parts:
        flat.extend(part.parts if isinstance(part, kind) else (part,))
    unique = sorted(dict.fromkeys(flat), key=cost)
    return unique[0] if len(unique) == 1 else kind(tuple(unique))


def _value(field: str | None, value: SigmaType) -> Condition:
    """The predicate for one value. A number is tested before its base class's text."""
    if isinstance(value, SigmaExpansion):
        return _linked(Any, [_value(field, item) for item in value.values])
    if isinstance(value, SigmaString):
        return _text(field, value)
    if isinstance(value, SigmaRegularExpression):
        return _regular_expression(field, value)
    if isinstance(value, SigmaBool):
        return Text(field, "true" if value else "false", open_start=field is None, open_end=field is None)
    if isinstance(value, SigmaTimestampPart):
        raise UnsupportedError(f"modifier '{value.timestamp_part.name.lower()}' is not supported", field)
    if isinstance(value, SigmaNumber):
        if field is None:
            return Text(None, str(value), open_start=True, open_end=True)
        return Number(field, "eq", value.number)
    if isinstance(value, SigmaCIDRExpression):
        return Network(field, value.network)
    if field is None:
        raise UnsupportedError(f"{type(value).__name__} needs a field")
    if isinstance(value, SigmaNull):
        return Not(Present(field))
    if isinstance(value, SigmaExists):
        return Present(field) if value else Not(Present(field))
    if isinstance(value, SigmaCompareExpression):
        return Number(field, _OPERATORS[value.op], value.number.number)
    if isinstance(value, SigmaFieldReference):
        return SameAs(field, value.field, value.starts_with, value.ends_with)
    raise UnsupportedError(f"{type(value).__name__} is not supported", field)


def _text(field: str | None, value: SigmaString) -> Condition:
    parts = list(value.s)
    for part in parts:
        if isinstance(part, Placeholder):
            raise UnsupportedError(f"modifier 'expand' is not supported (placeholder %{part.name}%)", field)
    cased = isinstance(value, SigmaCasedString)
    open_start = field is None or parts[:1] == [_MULTIPLE]
    open_end = field is None or parts[-1:] == [_MULTIPLE]
    while parts[:1] == [_MULTIPLE]:
        del parts[0]
    while parts[-1:] == [_MULTIPLE]:
        del parts[-1]
    if not parts and open_start:
        return Present(field) if field is not None else _wildcards(None, [_MULTIPLE], True, True, True)
    if all(isinstance(part, str) for part in parts):
        text = "".join(str(part) for part in parts)
        return Text(field, text if cased else text.casefold(), open_start, open_end, cased)
    return _wildcards(field, parts, open_start, open_end, cased)


def _wildcards(
    field: str | None, parts: list[AnyType], open_start: bool, open_end: bool, cased: bool
) -> Condition:
    pieces = {_MULTIPLE: ".*", _SINGLE: "."}
    body = "".join(pieces[part] if part in pieces else re2.escape(part) for part in parts)
    flags = "(?s)" if cased else "(?is)"
    pattern = f"{flags}{'' if open_start else '^'}{body}{'' if open_end else '$'}"
    return Pattern(field, pattern, compile_re2(pattern))


def _regular_expression(field: str | None, value: SigmaRegularExpression) -> Condition:
    if value.contains_placeholder():
        raise UnsupportedError("modifier 'expand' is not supported", field)
    flags = "".join(sorted(_FLAGS[flag] for flag in value.flags))
    pattern = (f"(?{flags})" if flags else "") + str(value.regexp)
    try:
        return Pattern(field, pattern, compile_re2(pattern))
    except re2.error as error:
        reason = error.args[0].decode("utf-8", "replace") if isinstance(error.args[0], bytes) else error
        raise UnsupportedError(
            f"regular expression {pattern[:80]!r} is not supported by RE2: {reason}", field
        ) from error
