"""The store: the only package that knows DuckDB. Ask it questions by entity."""

import sys
from importlib.util import find_spec

from soc.store.database import InterruptedQueryError, RowsRefusedError
from soc.store.record import Entry
from soc.store.store import Store, memory_store, open_store

__all__ = ["Entry", "InterruptedQueryError", "RowsRefusedError", "Store", "memory_store", "open_store"]

# With every statement that has parameters DuckDB asks Python for pandas. Where there is none Python seeks
# it in every directory, each time for a millisecond; None here answers at once.
if "pandas" not in sys.modules and find_spec("pandas") is None:
    sys.modules["pandas"] = None  # type: ignore[assignment]
