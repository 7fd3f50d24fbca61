"""Everything a store holds, to be compared with another."""

from __future__ import annotations

from typing import Any

from soc.store import Store

_TABLES = """
    SELECT table_name FROM duckdb_tables()
    WHERE NOT internal AND NOT temporary AND database_name = current_database() AND table_name <> 'migration'
    ORDER BY table_name
"""


def contents(store: Store) -> dict[str, list[Any]]:
    """Rows of every table, in one order, without what was told of the store's own recovery."""
    found = {}
    for (table,) in store.query(_TABLES):
        rows = [repr(row) for row in store.query(f"SELECT * FROM {table}")]
        found[table] = sorted(row for row in rows if "'store', 'recovery'" not in row)
    # Names of rule groups hold the place of their file; other cursors are housekeeping.
    found["cursor"] = store.query("SELECT max(value) FROM cursor WHERE starts_with(name, 'evaluated:')")
    return found
