"""The connection: locked down, in UTC, every DuckDB error told as a StoreError."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb

from soc.model import StoreError

Parameters = Mapping[str, Any] | Sequence[Any]
# Each question runs in the thread of whoever asks it. With threads of DuckDB's own beside them, each
# question took a third more processor time, and a long one of the writer left none for the short ones.
_THREADS = 1
_MEMORY_LIMIT = "2GB"
# A damaged write-ahead log opens silently with rows missing: keep what stands in it small.
_CHECKPOINT_THRESHOLD = "64MB"
# The texts of `ids`, as a subquery: a temporary table of them would be one more statement to plan.
IDS = """(SELECT unnest(from_json($ids::JSON, '["VARCHAR"]')))"""


def ids(texts: Iterable[str]) -> dict[str, Any]:
    """The bound value that IDS needs."""
    return {"ids": json.dumps(list(texts))}


class Database:
    """One DuckDB connection. `rows`, `execute` and `transaction` raise StoreError."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, place: str) -> None:
        self._connection = connection
        self._place = place
        self.in_transaction = False

    def rows(self, sql: str, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
        """All result rows."""
        try:
            return self._connection.execute(sql, parameters or None).fetchall()
        except duckdb.Error as error:
            raise self._told(error) from error

    def execute(self, sql: str, parameters: Parameters = ()) -> None:
        """Run a statement for its effect."""
        try:
            self._connection.execute(sql, parameters or None)
        except duckdb.Error as error:
            raise self._told(error) from error

    def stage(self, table: str, columns: Mapping[str, str], rows: Iterable[Sequence[Any]]) -> None:
        """Put rows into the temporary table `table`, replacing it.

        `columns` are name -> DuckDB type, both constants of this package. The rows travel as one
        bound JSON document: lists bound one by one cost a millisecond per six values. TIMESTAMP
        values are given in seconds.
        """
        carried = {"TIMESTAMP": "BIGINT", "DOUBLE": "VARCHAR"}  # JSON has neither times nor NaN
        spelled = {"TIMESTAMP": "make_timestamp(r.{0}) AS {0}", "DOUBLE": "r.{0}::DOUBLE AS {0}"}
        writers = [_WRITERS.get(kind, _unchanged) for kind in columns.values()]
        document = json.dumps(
            [
                {name: write(value) for name, write, value in zip(columns, writers, row, strict=True)}
                for row in rows
            ]
        )
        structure = json.dumps([{name: carried.get(kind, kind) for name, kind in columns.items()}])
        selected = ", ".join(
            spelled.get(kind, "r.{0} AS {0}").format(f'"{name}"') for name, kind in columns.items()
        )
        self.execute(
            f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT {selected} "  # noqa: S608
            "FROM (SELECT unnest(from_json($document::JSON, $structure)) AS r)",
            {"document": document, "structure": structure},
        )

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit on success; on any error nothing has happened."""
        self.execute("BEGIN TRANSACTION")
        self.in_transaction = True
        try:
            yield
        except BaseException:
            self._rollback()
            raise
        finally:
            self.in_transaction = False
        try:
            self.execute("COMMIT")
        except BaseException:
            self._rollback()
            raise

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Questions that see the store at one moment; what they leave (temporary views) goes with it."""
        if self.in_transaction:
            yield
            return
        self.execute("BEGIN TRANSACTION")
        self.in_transaction = True
        try:
            yield
        finally:
            self.in_transaction = False
            self._rollback()

    def cursor(self) -> Database:
        """A further connection to the same open file, for another thread; it has its own temporary tables."""
        try:
            return Database(self._connection.cursor(), self._place)
        except duckdb.Error as error:
            raise self._told(error) from error

    def interrupt(self) -> None:
        """From another thread: end the running statement; it raises InterruptedQueryError."""
        with suppress(duckdb.Error):  # it is closed, so nothing runs
            self._connection.interrupt()

    def close(self) -> None:
        """Close; DuckDB writes a checkpoint if it can. After a FATAL error nothing is left to close."""
        with suppress(duckdb.Error):
            self._connection.close()

    def _rollback(self) -> None:
        # The connection may be gone with its transaction (FATAL), or COMMIT has ended it.
        with suppress(duckdb.Error):
            self._connection.execute("ROLLBACK")

    def _told(self, error: duckdb.Error) -> StoreError:
        return told(error, self._place)


def _unchanged(value: Any) -> Any:
    return value


def _microseconds(value: float | None) -> int | None:
    return None if value is None else round(value * 1_000_000)


def _number(value: float | None) -> str | None:
    return None if value is None else repr(float(value))


_WRITERS: dict[str, Callable[[Any], Any]] = {"TIMESTAMP": _microseconds, "DOUBLE": _number}


class InterruptedQueryError(StoreError):
    """Somebody had the statement stopped: it took too long, or nobody waits for it any more."""


class RowsRefusedError(StoreError):
    """The database did not take these rows: something about them, not about the store."""


def disk_full(error: duckdb.Error) -> bool:
    """Whether the disk had no room: DuckDB says so only in its text."""
    return any(words in str(error) for words in ("No space left", "Could not write", "Disk quota"))


def told(error: duckdb.Error, place: str) -> StoreError:
    """A DuckDB error as one a user can act on."""
    text = str(error).strip()
    first = text.splitlines()[0][:300] if text else type(error).__name__
    if disk_full(error):
        return StoreError(
            f"{place}: the disk is full; nothing acknowledged is lost: free space, then run again"
        )
    if isinstance(error, duckdb.InterruptException):
        return InterruptedQueryError(f"{place}: interrupted")
    if isinstance(error, duckdb.FatalException):
        return StoreError(f"{place}: the store stopped and must be opened again: {first}")
    if isinstance(error, (duckdb.DataError, duckdb.IntegrityError, duckdb.InvalidInputException)):
        return RowsRefusedError(f"{place}: {first}")
    return StoreError(f"{place}: {first}")


def connect(path: Path | None, readable: Sequence[Path], *, read_only: bool = False) -> Database:
    """Open the file (None = in memory). SQL may reach no file but those below `readable`.

    Raises StoreError when another process has it open, or it is damaged.
    """
    place = str(path) if path else "store in memory"
    try:
        connection = duckdb.connect(
            str(path) if path else ":memory:",
            read_only=read_only,
            config={
                "threads": _THREADS,
                "memory_limit": _MEMORY_LIMIT,
                "checkpoint_threshold": _CHECKPOINT_THRESHOLD,
                # A segment is read once; kept, its bytes would fill the memory up to the limit.
                "enable_external_file_cache": "false",
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
            },
        )
    except duckdb.Error as error:
        raise told(error, place) from error
    try:
        _lock_down(connection, path, readable)
    except duckdb.Error as error:
        connection.close()
        raise told(error, place) from error
    return Database(connection, place)


def _lock_down(connection: duckdb.DuckDBPyConnection, path: Path | None, readable: Sequence[Path]) -> None:
    # SET takes no bound values; quotes in a directory name are doubled as SQL wants it.
    directories = ", ".join(literal(directory) for directory in readable)
    if path:
        connection.execute(f"SET temp_directory = {literal(path.parent / 'tmp')}")
    connection.execute(f"SET allowed_directories = [{directories}]")
    # Where DuckDB takes us for a person at a prompt it draws progress over the answer.
    connection.execute("SET enable_progress_bar = false")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def literal(path: Path) -> str:
    """The path as SQL has it where no value can be bound."""
    return "'" + str(path.resolve()).replace("'", "''") + "'"
