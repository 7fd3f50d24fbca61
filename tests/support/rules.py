"""Sigma rules for tests, written from a detection section."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from soc.detection import RuleSet
from soc.detection.load import load_rules


def rule_document(detection: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A rule over product `test` with this detection section; `more` sets or replaces top-level keys."""
    return {
        "title": "Test",
        "id": "00000000-0000-4000-8000-000000000001",
        "logsource": {"product": "test"},
        "detection": detection,
        "level": "high",
        **more,
    }


def load_documents(directory: Path, *documents: dict[str, Any]) -> RuleSet:
    """Write the documents to one file of the directory and load it."""
    file = directory / "rules.yml"
    file.write_text(yaml.safe_dump_all(documents, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return load_rules([directory])
