"""Sigma log sources: what a rule asks for and what an event comes from."""

from __future__ import annotations

from dataclasses import dataclass

# Programs that write authentication records to what Sigma calls `product: linux, service: auth`.
_LINUX_AUTHENTICATION_CATEGORIES = frozenset({"authentication", "account-change"})


@dataclass(frozen=True, slots=True)
class LogSource:
    """The `logsource:` of a rule, in lower case; empty = any."""

    product: str = ""
    category: str = ""
    service: str = ""

    def accepts(self, source: EventSource) -> bool:
        return (
            (not self.product or self.product == source.product)
            and (not self.category or self.category in source.categories)
            and (not self.service or self.service in source.services)
        )


@dataclass(frozen=True, slots=True)
class EventSource:
    """Where an event comes from. One event may answer several categories or services."""

    product: str
    categories: frozenset[str]
    services: frozenset[str]


def event_source(product: str, category: str, service: str) -> EventSource:
    """The source of an event whose product, category and service are known."""
    services = {service} if service else set()
    categories = {category.lower()} if category else set()
    if product == "linux" and category in _LINUX_AUTHENTICATION_CATEGORIES:
        services.add("auth")
    if product == "windows" and category.startswith("registry_"):
        categories.add("registry_event")
    return EventSource(
        product.lower(),
        frozenset(categories),
        frozenset(map(str.lower, services)),
    )
