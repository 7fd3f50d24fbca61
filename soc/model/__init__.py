"""The nouns: frozen values, identifiers, errors; no I/O."""

from soc.model.errors import (
    ConfigurationError,
    CredentialError,
    LockHeldError,
    Problem,
    SideFileError,
    SocError,
    SpoolError,
    StoreError,
)
from soc.model.nouns import (
    REACHABILITY_COLLECTORS,
    REASONS,
    SEVERITIES,
    SEVERITY_IDS,
    TOWERS,
    Cursor,
    Device,
    Event,
    Fact,
    LogRecord,
    Match,
    Poll,
    Sample,
    canonical_labels,
)

__all__ = [
    "REACHABILITY_COLLECTORS", "REASONS", "SEVERITIES", "SEVERITY_IDS", "TOWERS",
    "ConfigurationError", "CredentialError", "Cursor", "Device", "Event", "Fact", "LockHeldError",
    "LogRecord", "Match", "Poll", "Problem", "Sample", "SideFileError", "SocError", "SpoolError",
    "StoreError", "canonical_labels",
]  # fmt: skip
