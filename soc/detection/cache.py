"""Compiled rules on disk: to load pySigma and compile some dozens of rules takes a third of a second.

A cache belongs to the content of the rule files and to the code that compiled them. It is JSON: an object
of one member is a value of that class, or a mapping where the name is empty. Rules' own tests are left out.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from importlib.util import find_spec
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any as AnyType

import re2

from soc.detection.condition import All, Any, Not
from soc.detection.logsource import LogSource
from soc.detection.predicate import Network, Number, Pattern, Present, SameAs, Text, compile_re2
from soc.detection.rules import Correlation, Origin, Rule, RuleSet
from soc.model import Problem
from soc.model.cachefile import read_cache_file, write_cache_file
from soc.model.ids import digest

_KINDS = (
    All, Any, Correlation, LogSource, Network, Not, Number, Origin, Pattern, Present, Problem, Rule, RuleSet,
    SameAs, Text,
)  # fmt: skip
_BY_NAME: dict[str, type] = {kind.__name__: kind for kind in _KINDS}
_LEFT_OUT = frozenset({"tests", "compiled"})


def cache_path(directory: Path, paths: Sequence[Path]) -> Path:
    """Where the rules of these files and directories are kept."""
    return directory / f"rules-{digest(*(str(path.absolute()) for path in paths))}.json"


def fingerprint(files: Iterable[Path]) -> str:
    """Of what the rules are made: the files' names and content, and the code that compiles them.

    Raises OSError.
    """
    found = hashlib.blake2b(digest_size=16)
    sigma = find_spec("sigma")
    # pySigma's package has no __init__.py: it may lie in several places.
    places = [Path(__file__).parent, *map(Path, sigma.submodule_search_locations or () if sigma else ())]
    code = [path for place in places for path in sorted(place.rglob("*.py"))]
    for path in (*code, *files):
        content = path.read_bytes()
        found.update(f"{path}\0{len(content)}\0".encode(errors="surrogateescape") + content)
    return found.hexdigest()


def read_rules(path: Path, mark: str) -> RuleSet | None:
    """The rules of this fingerprint, without their tests; None where they are not kept."""
    head, _, body = (read_cache_file(path) or b"").partition(b"\n")
    if head != mark.encode():
        return None
    with suppress(AttributeError, ValueError, KeyError, TypeError, RecursionError, re2.error):
        rules = _decoded(json.loads(body))
        return rules if isinstance(rules, RuleSet) else None
    return None


def write_rules(path: Path, mark: str, rules: RuleSet) -> None:
    """Keep rules that have no errors, unless one holds something that JSON lacks."""
    with suppress(ValueError, TypeError, RecursionError):
        write_cache_file(path, mark.encode() + b"\n" + json.dumps(_encoded(rules)).encode())


def _encoded(value: AnyType) -> AnyType:
    if isinstance(value, (IPv4Network, IPv6Network)):
        return str(value)
    if isinstance(value, tuple):
        return [_encoded(item) for item in value]
    if isinstance(value, Mapping):
        return {"": {key: _encoded(item) for key, item in value.items()}}
    if dataclasses.is_dataclass(value):
        names = [field.name for field in dataclasses.fields(value) if field.name not in _LEFT_OUT]
        return {type(value).__name__: {name: _encoded(getattr(value, name)) for name in names}}
    return value


def _decoded(value: AnyType) -> AnyType:
    if isinstance(value, list):
        return tuple(_decoded(item) for item in value)
    if not isinstance(value, dict):
        return value
    [(name, members)] = value.items()
    members = {key: _decoded(item) for key, item in members.items()}
    if not name:
        return members
    kind = _BY_NAME[name]
    if kind is Network:
        members["network"] = ip_network(members["network"])
    elif kind is Pattern:
        members["compiled"] = compile_re2(members["pattern"])
    elif kind in (Rule, Correlation):
        members["tests"] = ()
    return kind(**members)
