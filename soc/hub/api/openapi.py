"""The API's description, `/openapi.json` (OpenAPI 3.1.0, spec.openapis.org)."""

from __future__ import annotations

from typing import Any

from soc import __version__
from soc.hub.api.parameters import DEFAULT_ITEMS, MAXIMUM_ITEMS
from soc.hub.api.schemas import SCHEMAS, TEXT, Schema, ref

_ERRORS = {
    "400": "not understood; the message says what was expected",
    "403": "no role, or not enough of one",
    "429": "too many requests, or too much at a time, for one user",
    "503": "busy, or it took too long; nothing is known to have been done",
}


def _parameter(name: str, place: str, description: str, schema: Schema = TEXT) -> dict[str, Any]:
    return {
        "name": name,
        "in": place,
        "required": place == "path",
        "description": description,
        "schema": schema,
    }


_FILTER = _parameter("filter", "query", "terms, as docs/reference.md, filters, has them")
_AFTER = _parameter("after", "query", "`next` of the page before")
_LIMIT = _parameter(
    "limit", "query", "items of a page",
    {"type": "integer", "minimum": 1, "maximum": MAXIMUM_ITEMS, "default": DEFAULT_ITEMS},
)  # fmt: skip
_PAGE = (_FILTER, _AFTER, _LIMIT)
_SINCE = _parameter(
    "since", "query", "a duration back from now, or a time (RFC 3339)", {**TEXT, "default": "1h"}
)
_SECONDS: Schema = {"type": "number", "minimum": 0}
_QUERY = (
    _parameter("expr", "query", "the expression"),
    _parameter("at", "query", "one time, UTC seconds (default now)", _SECONDS),
    _parameter("from", "query", "a range's begin, UTC seconds", _SECONDS),
    _parameter("to", "query", "its end (default now)", _SECONDS),
    _parameter("step", "query", "distance of its times in seconds", {**_SECONDS, "default": 60}),
)
_ALERT = _parameter("alert", "path", "id or label")
_DEVICE = _parameter("device", "path", "name")


def _content(kind: str, schema: Schema) -> dict[str, Any]:
    return {kind: {"schema": schema}}


def _answer(description: str, schema: Schema, kind: str = "application/json") -> dict[str, Any]:
    return {"description": description, "content": _content(kind, schema)}


def _operation(
    summary: str,
    answer: dict[str, Any],
    *parameters: dict[str, Any],
    body: Schema | None = None,
    errors: dict[str, str] | None = None,
) -> dict[str, Any]:
    described: dict[str, Any] = {
        "summary": summary,
        "responses": {
            "200": answer,
            **{status: _answer(text, ref("Error")) for status, text in {**_ERRORS, **(errors or {})}.items()},
        },
    }
    if parameters:
        described["parameters"] = list(parameters)
    if body is not None:
        described["requestBody"] = {"required": True, "content": _content("application/json", body)}
    return described


def _document(summary: str, schema: str, *parameters: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"get": _operation(summary, _answer(summary, ref(schema)), *parameters, **more)}


def _action(summary: str) -> dict[str, Any]:
    return {
        "post": _operation(
            summary,
            _answer("the alert as it is now", ref("Alert")),
            _ALERT,
            body=ref("Action"),
            errors={
                "404": "no such alert",
                "409": "somebody was first: the message says who and when, `current` is the alert now",
                "413": "the body is larger than 64 KiB",
            },
        )
    }


_NO_SUCH = {"404": "there is none of that name"}
_STREAM = {
    "type": "string",
    "description": (
        "server-sent events: hello (Hello) first; status (Status) each second; alert (Alert) and device "
        "(Device) as they change; reread (Reread) when events were dropped and lists are to be read again; "
        "comments as heartbeats"
    ),
}
DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {
        "title": "soc hub",
        "version": __version__,
        "description": "HTTP/1.1 on the hub's Unix socket; the peer's uid decides who asks.",
        "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    },
    "servers": [{"url": "http://localhost", "description": "the Unix socket; any host name will do"}],
    "paths": {
        "/v1/status": _document("The status, the hub, and who asks", "Status"),
        "/v1/overview": _document("Towers, and open alerts that nobody has taken", "Overview"),
        "/v1/alerts": _document("Alerts, the most severe first, then the newest", "Alerts", *_PAGE),
        "/v1/alerts/{alert}": _document(
            "An alert with its history and evidence", "AlertDetails", _ALERT, errors=_NO_SUCH
        ),
        "/v1/alerts/{alert}/acknowledge": _action("Take the alert"),
        "/v1/alerts/{alert}/close": _action("Close the alert, with a disposition"),
        "/v1/alerts/{alert}/note": _action("Add a note to the alert's history"),
        "/v1/devices": _document("Active devices, by name", "Devices", *_PAGE),
        "/v1/devices/{device}": _document(
            "A device with what it said of late", "DeviceDetails", _DEVICE, errors=_NO_SUCH
        ),
        "/v1/events": _document("Events, newest first", "Events", *_PAGE, _SINCE),
        "/v1/query": _document("An expression over the samples, PromQL", "Result", *_QUERY),
        "/v1/retention": _document("What is kept until when, and what holds keep", "Retention"),
        "/v1/outbox": _document(
            "The newest notices, oldest first",
            "Outbox",
            _parameter("dead", "query", "only those that were given up", {"type": "boolean"}),
            _LIMIT,
        ),
        "/v1/outbox/retry": {
            "post": _operation(
                "Send a notice again, or every dead letter, with all attempts before it",
                _answer("what is due now: whatever travels in the same message comes along", ref("Due")),
                body=ref("Retry"),
                errors={"404": "no such notice waits or was given up"},
            )
        },
        "/v1/inventory/apply": {
            "post": _operation(
                "Put the inventory file in force as it is now",
                _answer("how many devices it adds, changes and removes", ref("Applied")),
                errors={"422": "the inventory has errors, all of them in the message; the one before stays"},
            )
        },
        "/v1/store/backup": {
            "post": _operation(
                "Back the store up into a new directory on the hub's machine; answers when it is verified",
                _answer("what the backup holds", ref("Backup")),
                body=ref("BackupTarget"),
                errors={
                    "507": "it could not be written, or does not hold what it should; the message says why"
                },
            )
        },
        "/v1/stream": {
            "get": _operation("What changes, as it does", _answer("the stream", _STREAM, "text/event-stream"))
        },
        "/metrics": {
            "get": _operation(
                "The hub's own metrics", _answer("OpenMetrics 1.0", TEXT, "application/openmetrics-text")
            )
        },
        "/openapi.json": {"get": _operation("This document", _answer("OpenAPI 3.1", {"type": "object"}))},
    },
    "components": {"schemas": SCHEMAS},
}
