"""The inventory as a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from soc.inventory.credentials import Credential
from soc.inventory.organisation import Role, Site, Supplier
from soc.inventory.settings import Settings
from soc.inventory.sources import SourceText
from soc.model import Device


@dataclass(frozen=True, slots=True)
class Inventory:
    """A valid inventory: every reference in it is known, every device complete."""

    path: Path
    content_hash: str  # of all files it consists of
    settings: Settings
    credentials: Mapping[str, Credential]
    suppliers: Mapping[str, Supplier]
    sites: Mapping[str, Site]
    roles: Mapping[str, Role]
    devices: Mapping[str, Device]  # in the order they are written
    texts: tuple[SourceText, ...] = field(default=(), repr=False, compare=False)  # only where asked for
