"""The part of Prometheus's templates that alerting rules use in labels and annotations.

{{ $labels.name }}, {{ $value }}, {{ $externalLabels.name }}; functions humanize, humanizePercentage,
humanizeDuration and printf, called or in a pipeline. Everything else is refused by name.
https://prometheus.io/docs/prometheus/latest/configuration/template_reference/
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from soc.inventory.report import quoted

MAXIMUM_CHARACTERS = 4096

Value = str | float
_ACTION = re.compile(
    r"\{\{(?P<trim>-\s)?(?P<action>(?:\"(?:\\.|[^\"\\])*\"|`[^`]*`|.)*?)(?P<trim_after>\s-)?\}\}", re.S
)
_TOKEN = re.compile(
    r"\s*(?:(?P<pipe>\|)|(?P<text>\"(?:\\.|[^\"\\])*\"|`[^`]*`)|(?P<number>[-+]?\d+(?:\.\d+)?)"
    r"|(?P<label>(?:\$labels|\.Labels)\.(?P<label_name>[A-Za-z_]\w*))"
    r"|(?P<external>(?:\$externalLabels|\.ExternalLabels)\.(?P<external_name>[A-Za-z_]\w*))"
    r"|(?P<value>(?:\$value|\.Value)\b)|(?P<name>[A-Za-z_]\w*))\s*"
)
_VERB = re.compile(r"%(?P<flags>[-+ 0]*)(?P<width>\d{0,3})(?P<precision>(?:\.\d{0,3})?)(?P<verb>.)", re.S)


@dataclass(frozen=True, slots=True)
class Context:
    """What a template may show: the labels and the value of one result."""

    labels: Mapping[str, str]
    value: float
    external_labels: Mapping[str, str]


Part = str | Callable[[Context], Value]


@dataclass(frozen=True, slots=True)
class Template:
    """A parsed template."""

    parts: tuple[Part, ...]

    def expand(self, context: Context) -> str:
        """The text, at most MAXIMUM_CHARACTERS long."""
        texts = (part if isinstance(part, str) else _shown(part(context)) for part in self.parts)
        return "".join(texts)[:MAXIMUM_CHARACTERS]


def parse_template(text: str) -> Template:
    """Raises ValueError naming what is not supported."""
    parts: list[Part] = []
    end, trimmed = 0, False
    for found in _ACTION.finditer(text):
        before = text[end : found.start()]
        before = before.lstrip() if trimmed else before
        parts.append(before.rstrip() if found["trim"] else before)
        parts.append(_pipeline(found["action"]))
        end, trimmed = found.end(), found["trim_after"] is not None
    rest = text[end:]
    if "{{" in rest:
        raise ValueError("template: {{ without }}")
    parts.append(rest.lstrip() if trimmed else rest)
    return Template(tuple(part for part in parts if part != ""))


def _pipeline(action: str) -> Callable[[Context], Value]:
    commands: list[list[Callable[[Context], Value] | str]] = [[]]
    position = 0
    while position < len(action.rstrip()):
        token = _TOKEN.match(action, position)
        if not token:
            raise ValueError(f"template: {quoted(action.strip())} is not supported")
        position = token.end()
        if token["pipe"]:
            commands.append([])
        elif token["name"]:
            commands[-1].append(token["name"])
        else:
            commands[-1].append(_operand(token))
    result: Callable[[Context], Value] | None = None
    for command in commands:
        result = _command(command, result, action)
    if result is None:
        raise ValueError("template: {{ }} is empty")
    return result


def _operand(token: re.Match[str]) -> Callable[[Context], Value]:
    if token["label"]:
        label = token["label_name"]
        return lambda context: context.labels.get(label, "")
    if token["external"]:
        external = token["external_name"]
        return lambda context: context.external_labels.get(external, "")
    if token["value"]:
        return lambda context: context.value
    constant: Value = float(token["number"]) if token["number"] else _unquoted(token["text"])
    return lambda _: constant


def _command(
    command: Sequence[Callable[[Context], Value] | str],
    piped: Callable[[Context], Value] | None,
    action: str,
) -> Callable[[Context], Value]:
    if not command:
        raise ValueError(f"template: {quoted(action.strip())} is not supported")
    head, *rest = command
    operands = [operand for operand in rest if not isinstance(operand, str)]
    if len(operands) != len(rest):
        raise ValueError(f"template: {quoted(action.strip())} is not supported")
    if not isinstance(head, str):
        if operands or piped:
            raise ValueError(f"template: {quoted(action.strip())} is not supported")
        return head
    if piped:
        operands.append(piped)
    if head == "printf" and operands:
        return lambda context: _printf([operand(context) for operand in operands])
    if head not in _FUNCTIONS:
        raise ValueError(f"template: {quoted(head)} is not supported")
    if len(operands) != 1:
        raise ValueError(f"template: {head} takes one value")
    function, operand = _FUNCTIONS[head], operands[0]
    return lambda context: function(_number(operand(context)))


def _unquoted(text: str) -> str:
    if text[0] == "`":
        return text[1:-1]
    escapes = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", '"': '"'}
    return re.sub(r"\\(.)", lambda found: escapes.get(found[1], found[0]), text[1:-1], flags=re.S)


def _number(value: Value) -> float:
    if isinstance(value, float):
        return value
    try:
        return float(value)
    except ValueError:
        return math.nan


def _shown(value: Value) -> str:
    return value if isinstance(value, str) else go_float(value)


def go_float(value: float) -> str:
    """The shortest exact form as Go's %g prints it: an exponent from 1e+06 and below 1e-04."""
    if not math.isfinite(value):
        return _not_finite(value)
    digits = len(repr(value).partition("e")[0].strip("-0").replace(".", "").rstrip("0").lstrip("0")) or 1
    scientific = f"{value:.{digits - 1}e}"
    exponent = int(scientific.partition("e")[2])
    if -4 <= exponent < 6 or value == 0:
        return f"{value:.{max(digits - 1 - exponent, 0)}f}" if value else "0"
    return scientific


def _not_finite(value: float) -> str:
    return "NaN" if math.isnan(value) else ("+Inf" if value > 0 else "-Inf")


def _significant(value: float) -> str:
    return f"{value:.4g}" if math.isfinite(value) else _not_finite(value)


def _scaled(value: float) -> tuple[float, str]:
    """The value between 1 and 1000 with the SI prefix that makes it so."""
    if value == 0 or not math.isfinite(value):
        return value, ""
    prefix = ""
    if abs(value) >= 1:
        for larger in "kMGTPEZY":
            if abs(value) < 1000:
                break
            prefix, value = larger, value / 1000
    else:
        for smaller in "munpfazy":
            if abs(value) >= 1:
                break
            prefix, value = smaller, value * 1000
    return value, prefix


def _humanize(value: float) -> str:
    scaled, prefix = _scaled(value)
    return f"{_significant(scaled)}{prefix}"


def _humanize_percentage(value: float) -> str:
    return f"{_significant(value * 100)}%"


def _humanize_duration(value: float) -> str:
    if not math.isfinite(value):
        return _significant(value)
    if abs(value) < 60:
        scaled, prefix = (value, "") if abs(value) >= 1 else _scaled(value)
        return f"{_significant(scaled)}{prefix}s"
    sign = "-" if value < 0 else ""
    minutes, seconds = divmod(int(abs(value)), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [f"{days}d"] if days else []
    parts += [f"{hours}h"] if days or hours else []
    return sign + " ".join([*parts, f"{minutes}m", f"{seconds}s"])


_FUNCTIONS: dict[str, Callable[[float], str]] = {
    "humanize": _humanize,
    "humanizeDuration": _humanize_duration,
    "humanizePercentage": _humanize_percentage,
}


def _printf(values: Sequence[Value]) -> str:
    """Go's fmt.Sprintf for f, e, g, v, s; a verb that does not fit its value says so, as Go's does."""
    form, *arguments = values
    remaining = iter(arguments)

    def one(found: re.Match[str]) -> str:
        verb = found["verb"]
        if verb == "%":
            return "%"
        value = next(remaining, None)
        if value is None:
            return f"%!{verb}(MISSING)"
        layout = found["flags"].replace("-", "<") + found["width"]
        if isinstance(value, float) and verb in "feg" and math.isfinite(value):
            if verb == "g" and not found["precision"]:
                return go_float(value)
            return format(value, layout + found["precision"] + verb)
        if verb == "v" or (verb == "s") == isinstance(value, str):
            return format(_shown(value), ("<" if "-" in found["flags"] else ">") + found["width"])
        kind = "string" if isinstance(value, str) else "float64"
        return f"%!{verb}({kind}={_shown(value)})"

    return _VERB.sub(one, form) if isinstance(form, str) else _shown(form)
