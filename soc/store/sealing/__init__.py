"""Sealing: rows older than two days leave the database for immutable Parquet files, and later expire."""
