"""What people do to alerts through the API."""

from __future__ import annotations

import asyncio

from aiohttp import web

from soc.hub.api.context import Call, Handler, json_response
from soc.hub.api.encoding import decode_object, encode
from soc.hub.api.errors import bad_request
from soc.model.alerts import DISPOSITIONS, Actor
from soc.pipeline.actions import ActionKind, AlertAction
from soc.pipeline.report import alert_document

MAXIMUM_REQUEST_ID_CHARACTERS = 100
_FIELDS = ("based_on", "request_id", "note", "disposition")


def act(kind: ActionKind) -> Handler:
    """The handler of one action: has the writer do it, and answers with the alert as it is then."""

    async def handler(call: Call) -> web.StreamResponse:
        action = _read(kind, call, await call.request.read())
        done = asyncio.wrap_future(call.context.port.submit(action))
        # What was asked for is done, whether its client waits or not.
        return json_response(encode(alert_document(await asyncio.shield(done))))

    return handler


def _read(kind: ActionKind, call: Call, body: bytes) -> AlertAction:
    try:
        given = decode_object(body)
    except ValueError as error:
        raise bad_request(f"body: {error}") from None
    for name in given:
        if name not in _FIELDS:
            raise bad_request(f"unknown field {name[:40]!r}; there are: {', '.join(_FIELDS)}")
    based_on = given.get("based_on")
    if not isinstance(based_on, int) or not 0 <= based_on < 2**31:
        raise bad_request("based_on: the alert's version that you saw, a whole number")
    request_id = _text(given.get("request_id"), "request_id")
    if not 1 <= len(request_id) <= MAXIMUM_REQUEST_ID_CHARACTERS:
        raise bad_request(f"request_id: 1 to {MAXIMUM_REQUEST_ID_CHARACTERS} characters of your choice")
    note = _text(given.get("note"), "note")
    disposition = _text(given.get("disposition"), "disposition")
    if kind == "close" and disposition not in DISPOSITIONS:
        raise bad_request(f"disposition: one of {', '.join(DISPOSITIONS)}")
    if kind == "note" and not note.strip():
        raise bad_request("note: a note needs text")
    actor = Actor(call.peer.uid, call.peer.name, call.client)
    return AlertAction(kind, call.request.match_info["alert"], based_on, request_id, actor, note, disposition)


def _text(value: str | int | None, name: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise bad_request(f"{name}: expected text")
    return value
