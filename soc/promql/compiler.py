"""PromQL text to DuckDB SQL with bound values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

Query = Callable[[str, Sequence[object]], list[tuple[Any, ...]]]


@dataclass(frozen=True, slots=True)
class Compiled:
    """A checked expression. Both methods raise ConfigurationError when vectors cannot be matched."""

    text: str

    def instant(self, query: Query, time: float) -> list[tuple[dict[str, str], float]]:
        """(labels, value) per result at `time`, UTC seconds; a scalar is one result without labels."""
        raise NotImplementedError

    def range(
        self, query: Query, start: float, end: float, step: float
    ) -> list[tuple[dict[str, str], list[tuple[float, float]]]]:
        """(labels, [(time, value)]) per series over start, start+step … end, UTC seconds."""
        raise NotImplementedError


def compile(text: str) -> Compiled:  # noqa: A001 - PromQL is compiled
    """Check an expression. Raises ConfigurationError naming what is wrong or not supported."""
    raise NotImplementedError
