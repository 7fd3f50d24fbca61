"""The hub: one process that owns the store and serves it."""
