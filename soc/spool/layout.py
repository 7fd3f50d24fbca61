"""The names of what lies in a data directory."""

from __future__ import annotations

COLLECT_LOCK = "collect.lock"
STORE_LOCK = "store.lock"
COLLECT_STATE = "collect.sqlite"
SPOOL = "spool"
RECEIVE_LOCK = "receive.lock"
RAW = "raw"  # in the spool: what was received, before it is refined
