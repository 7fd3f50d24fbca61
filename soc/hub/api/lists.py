"""Alerts, devices and events: lists by filter in pages, and one in detail."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from soc.hub.api.context import Call
from soc.hub.api.errors import not_found
from soc.hub.api.parameters import read_page, read_query, read_since, token
from soc.pipeline.estate_report import device_details, device_document
from soc.pipeline.report import alert_details, alert_document, event_document
from soc.store import Store
from soc.store.alert_list import AlertKey

_DEFAULT_SINCE = "1h"
_CLOCKS_AHEAD_SECONDS = 60.0  # sources' clocks may be a little ahead
_PAGE = ("filter", "after", "limit")


async def list_alerts(call: Call) -> web.StreamResponse:
    """The most severe first, then the newest."""
    page = read_page(read_query(call.request, _PAGE), (int, float, str))
    asker = call.asker

    def question(store: Store) -> dict[str, Any]:
        after = AlertKey(*page.after) if page.after else None
        found, total = store.alert_list.page(page.terms, asker, after, page.limit)
        return {
            "items": [alert_document(alert) for _, alert in found],
            "next": token(found[-1][0]) if len(found) == page.limit else None,
            "total": total,
        }

    return await call.answer(question)


async def show_alert(call: Call) -> web.StreamResponse:
    """By id or label, with its history and evidence."""
    read_query(call.request, ())
    name = call.request.match_info["alert"]

    def question(store: Store) -> dict[str, Any]:
        alert = store.alerts.find(name)
        if alert is None:
            raise not_found(f"no alert {name[:40]!r}")
        return alert_details(store, alert)

    return await call.answer(question)


async def list_devices(call: Call) -> web.StreamResponse:
    """Active devices by name."""
    page = read_page(read_query(call.request, _PAGE), (str,))
    asker = call.asker

    def question(store: Store) -> dict[str, Any]:
        after = page.after[0] if page.after else None
        found, total = store.device_list.page(page.terms, asker, after, page.limit)
        return {
            "items": [device_document(row) for row in found],
            "next": token([found[-1].device]) if len(found) == page.limit else None,
            "total": total,
        }

    return await call.answer(question)


async def show_device(call: Call) -> web.StreamResponse:
    """One active device with its facts, alerts, and what it sent of late."""
    read_query(call.request, ())
    name = call.request.match_info["device"]
    now = call.asker.now

    def question(store: Store) -> dict[str, Any]:
        found = store.device_list.by_names([name], now)
        if not found:
            raise not_found(f"no active device {name[:40]!r}")
        return device_details(store, found[0], now)

    return await call.answer(question)


async def list_events(call: Call) -> web.StreamResponse:
    """The newest first, from `since` (default 1h) on."""
    query = read_query(call.request, (*_PAGE, "since"))
    page = read_page(query, (float, str))
    asker = call.asker
    since = read_since(query.get("since", _DEFAULT_SINCE), asker.now)

    def question(store: Store) -> dict[str, Any]:
        found = store.events.page(
            page.terms, asker, since, asker.now + _CLOCKS_AHEAD_SECONDS,
            (page.after[0], page.after[1]) if page.after else None, page.limit,
        )  # fmt: skip
        return {
            "items": [event_document(event) for event in found],
            "next": token((found[-1].time, found[-1].id)) if len(found) == page.limit else None,
        }

    return await call.answer(question)
