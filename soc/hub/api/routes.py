"""Every place of the API: method, path, who may, what it is called when it is refused, who answers."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from soc.hub.api.actions import act
from soc.hub.api.backup import back_up
from soc.hub.api.context import Call, Handler, json_response
from soc.hub.api.encoding import encode
from soc.hub.api.figures import show_metrics, show_overview, show_status
from soc.hub.api.inventory import apply_inventory
from soc.hub.api.lists import list_alerts, list_devices, list_events, show_alert, show_device
from soc.hub.api.openapi import DOCUMENT
from soc.hub.api.outbox import list_outbox, retry_outbox
from soc.hub.api.query import query
from soc.hub.api.retention import show_retention
from soc.hub.api.stream import stream


@dataclass(frozen=True, slots=True)
class Route:
    """`role` is the least that may; `action` is what refusals and people call it; an `endless` one is
    not ended by the time limit of requests."""

    method: str
    path: str
    role: str
    action: str
    handler: Handler
    endless: bool = False


async def show_openapi(_: Call) -> web.StreamResponse:
    return json_response(encode(DOCUMENT))


ROUTES = (
    Route("GET", "/v1/status", "viewer", "read the status", show_status),
    Route("GET", "/v1/overview", "viewer", "read the overview", show_overview),
    Route("GET", "/v1/alerts", "viewer", "list alerts", list_alerts),
    Route("GET", "/v1/alerts/{alert}", "viewer", "read an alert", show_alert),
    Route("POST", "/v1/alerts/{alert}/acknowledge", "analyst", "acknowledge an alert", act("acknowledge")),
    Route("POST", "/v1/alerts/{alert}/close", "analyst", "close an alert", act("close")),
    Route("POST", "/v1/alerts/{alert}/note", "analyst", "note on an alert", act("note")),
    Route("GET", "/v1/devices", "viewer", "list devices", list_devices),
    Route("GET", "/v1/devices/{device}", "viewer", "read a device", show_device),
    Route("GET", "/v1/events", "viewer", "list events", list_events),
    Route("GET", "/v1/query", "viewer", "query samples", query),
    Route("GET", "/v1/retention", "viewer", "read what is kept", show_retention),
    Route("GET", "/v1/outbox", "analyst", "list notices", list_outbox),
    Route("POST", "/v1/outbox/retry", "engineer", "send notices again", retry_outbox),
    Route("POST", "/v1/inventory/apply", "engineer", "apply the inventory", apply_inventory),
    Route("POST", "/v1/store/backup", "admin", "back up the store", back_up, endless=True),
    Route("GET", "/v1/stream", "viewer", "follow the stream", stream, endless=True),
    Route("GET", "/metrics", "viewer", "read the metrics", show_metrics),
    Route("GET", "/openapi.json", "viewer", "read the API's description", show_openapi),
)
