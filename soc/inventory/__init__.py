"""The inventory: read, checked with every problem at once, cached by content; secrets by reference."""

from soc.inventory.accepted import keep_accepted, stage_accepted
from soc.inventory.credentials import Credential, resolve_credential
from soc.inventory.inventory import Inventory
from soc.inventory.load import check_inventory, find_inventory, load_accepted, load_inventory
from soc.inventory.organisation import Role, Site, Supplier
from soc.inventory.secrets import Secret
from soc.inventory.settings import (
    DEFAULT_INTERVALS,
    Heartbeat,
    Listener,
    MailServer,
    MailTarget,
    Notify,
    Pack,
    Retention,
    Settings,
    WebhookTarget,
)

__all__ = [
    "DEFAULT_INTERVALS", "Credential", "Heartbeat", "Inventory", "Listener", "MailServer", "MailTarget",
    "Notify", "Pack", "Retention", "Role", "Secret", "Settings", "Site", "Supplier", "WebhookTarget",
    "check_inventory", "find_inventory", "keep_accepted", "load_accepted", "load_inventory",
    "resolve_credential", "stage_accepted",
]  # fmt: skip
