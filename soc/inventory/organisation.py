"""Suppliers, sites and roles."""

from __future__ import annotations

from dataclasses import dataclass

from soc.inventory.nodes import Node
from soc.inventory.report import Report
from soc.inventory.schema import listing, record, scalar, text
from soc.inventory.values import name, timezone

ROLES = ("viewer", "analyst", "engineer", "admin")


@dataclass(frozen=True, slots=True)
class Supplier:
    name: str


@dataclass(frozen=True, slots=True)
class Site:
    name: str
    timezone: str = ""  # IANA name


@dataclass(frozen=True, slots=True)
class Role:
    """Who has it: names of the system's users and groups."""

    users: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


_SUPPLIER = record({"name": text()}, "supplier")
_SITE = record({"name": text(), "timezone": scalar(timezone)}, "site")
_ROLE = record({"users": listing(scalar(name)), "groups": listing(scalar(name))}, "role")


def supplier(report: Report, node: Node) -> Supplier:
    """A supplier without a name of its own is called by its key."""
    return Supplier(**{"name": report.key, **_SUPPLIER(report, node)})


def site(report: Report, node: Node) -> Site:
    return Site(**{"name": report.key, **_SITE(report, node)})


def role(report: Report, node: Node) -> Role:
    return Role(**_ROLE(report, node))
