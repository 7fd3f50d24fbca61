"""The store: the only package that knows DuckDB. Ask it questions by entity."""

from soc.store.database import InterruptedQueryError, RowsRefusedError
from soc.store.record import Entry
from soc.store.store import Store, memory_store, open_store

__all__ = ["Entry", "InterruptedQueryError", "RowsRefusedError", "Store", "memory_store", "open_store"]
