"""One SQL statement in the making: named steps (CTEs), bound values, checks.

Every relation that stands for an instant vector has the columns t (evaluation time, microseconds
since the epoch), name (metric name, '' = dropped), labels (soc.promql.labels, without __name__) and
value (DOUBLE).
"""

from __future__ import annotations

from dataclasses import dataclass

from soc.model import ConfigurationError

# As Prometheus: more points per series are a mistake.
MAXIMUM_STEPS = 11_000


@dataclass(frozen=True, slots=True)
class Grid:
    """Evaluation times: a relation with column t and its bounds.

    `inventory_us` fixes the time as of which inventory labels are read; None: each evaluation time.
    """

    relation: str
    first_us: int
    last_us: int
    inventory_us: int | None = None


@dataclass(frozen=True, slots=True)
class Vector:
    """`one_name`: every row has the same name, so dropping it cannot make two rows alike."""

    relation: str
    one_name: bool = False


@dataclass(frozen=True, slots=True)
class Scalar:
    """SQL over t and over the columns `value` of `sources`, each a relation with one row per t."""

    sql: str
    sources: frozenset[str] = frozenset()

    def joins(self) -> str:
        """The JOIN clauses that make `sql` valid beside a relation with column t."""
        return "".join(f" JOIN {source} USING (t)" for source in sorted(self.sources))


@dataclass(frozen=True, slots=True)
class Window:
    """Samples per evaluation time and series: (t, ref, key, ts, value), ts and ref in microseconds.

    `identities` names the series: (key, name, labels) and t if `by_time`.
    """

    relation: str
    identities: str
    by_time: bool
    range_us: int
    one_name: bool


Relation = Vector | Scalar | Window


class Plan:
    """Collects steps; `statement` joins them. Only fixed text becomes SQL, values are bound."""

    def __init__(
        self, start_us: int, end_us: int, step_us: int, subquery_step_us: int, lookback_us: int
    ) -> None:
        """`lookback_us` is the longest look-back of any series the expression selects."""
        self.start_us = start_us
        self.end_us = end_us
        self.subquery_step_us = subquery_step_us
        self.lookback_us = lookback_us
        self.oldest_us: int | None = None  # no sample up to then is read
        self.parameters: list[object] = []
        self._steps: list[str] = []
        self._checks: list[tuple[str, str]] = []
        self.grid = self.times(start_us, end_us, step_us)

    def reads_after(self, time_us: int) -> None:
        """Note that a step reads samples from after this time."""
        self.oldest_us = time_us if self.oldest_us is None else min(self.oldest_us, time_us)

    def bind(self, value: object) -> str:
        """A placeholder for the value."""
        self.parameters.append(value)
        return f"${len(self.parameters)}"

    def number(self, value: float) -> str:
        """A placeholder for a DOUBLE."""
        return f"{self.bind(float(value))}::DOUBLE"

    def integer(self, value: int) -> str:
        """A placeholder for a BIGINT."""
        return f"{self.bind(value)}::BIGINT"

    def strings(self, values: tuple[str, ...]) -> str:
        """A placeholder for a list of strings."""
        return f"{self.bind(list(values))}::VARCHAR[]"

    def step(self, sql: str) -> str:
        """Add a step; returns the name of its relation."""
        name = f"n{len(self._steps)}"
        self._steps.append(f"{name} AS MATERIALIZED ({sql})")
        return name

    def check(self, rows_that_must_not_be: str, message: str) -> None:
        """The evaluation fails with the message if the SELECT has a row."""
        self._checks.append((rows_that_must_not_be, message))

    def unique(self, vector: Vector) -> Vector:
        """The vector, after checking that no two of its rows at one time have the same labels."""
        self.check(
            f"SELECT 1 FROM {vector.relation} GROUP BY t, name, labels HAVING count(*) > 1",
            "vector cannot contain metrics with the same labelset",
        )
        return vector

    def times(self, first_us: int, last_us: int, step_us: int, inventory_us: int | None = None) -> Grid:
        """A grid of evenly spaced times. Raises ConfigurationError when there are too many."""
        if (last_us - first_us) // step_us >= MAXIMUM_STEPS:
            raise ConfigurationError(f"more than {MAXIMUM_STEPS} evaluation times: take a longer step")
        relation = self.step(
            "SELECT unnest(generate_series("
            f"{self.integer(first_us)}, {self.integer(last_us)}, {self.integer(step_us)})) AS t"
        )
        return Grid(relation, first_us, last_us, inventory_us)

    def statement(self, result: str) -> str:
        """The whole statement: `result` is a SELECT of columns; failed checks come in a last column."""
        checks = " UNION ALL ".join(
            f"SELECT {self.bind(message)}::VARCHAR AS problem WHERE EXISTS ({rows})"
            for rows, message in self._checks
        )
        problem = f"(SELECT min(problem) FROM ({checks}))" if checks else "NULL::VARCHAR"
        return (
            f"WITH {', '.join(self._steps)}, problem AS MATERIALIZED (SELECT {problem} AS problem) "
            f"SELECT result.*, problem.problem FROM problem LEFT JOIN ({result}) AS result "
            "ON problem.problem IS NULL"
        )
