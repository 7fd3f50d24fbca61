"""The spool: the only way in. Segments are written, sealed, read and quarantined here."""
