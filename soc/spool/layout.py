"""The names of what lies in a data directory."""

from __future__ import annotations

COLLECT_LOCK = "collect.lock"
STORE_LOCK = "store.lock"
STORE_WANTED = "store.wanted"  # held by a hub that waits for the store: who has it leaves off soon
COLLECT_STATE = "collect.sqlite"
KNOWN_HOSTS = "known_hosts"  # host keys trusted by `soc inventory trust`, where no credential names a file
OUTSTANDING = "outstanding"  # commands sent to hosts that no segment tells of yet
SPOOL = "spool"
HUB_SOCKET = "hub.sock"  # of a hub that answers to its own user alone, or a link to where it answers
HUB_COMMAND = "soc serve"  # what the locks of a hub say of their holder
RECEIVE_LOCK = "receive.lock"
RAW = "raw"  # in the spool: what was received, before it is refined
INVENTORY = "inventory.accepted"  # what the hub has in force, for the processes that it starts
JOURNAL = "journal"
REDO = "redo"  # in the journal: what each transaction was to do, until a backup holds what it did
BACKUP = "backup"  # backups before migrations, and those in the making
SEALED = "sealed"  # Parquet files of what is older than two days
