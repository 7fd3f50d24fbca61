"""Notices to be sent, and dead letters: `soc notify outbox`, asked of a hub."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

from soc.hub.api.context import Call, json_response
from soc.hub.api.encoding import decode_object, encode
from soc.hub.api.errors import bad_request, not_found
from soc.hub.api.parameters import read_page, read_query
from soc.pipeline.outbox import ALL, outbox_documents
from soc.store import Store


async def list_outbox(call: Call) -> web.StreamResponse:
    """The newest notices, oldest first; `dead=true`: of those that were given up."""
    given = read_query(call.request, ("dead", "limit"))
    page = read_page(given, ())
    if given.get("dead", "false") not in ("true", "false"):
        raise bad_request("dead: true or false")
    dead = given.get("dead") == "true"

    def question(store: Store) -> dict[str, Any]:
        return {"items": outbox_documents(store, page.limit, dead=dead)}

    return await call.answer(question)


async def retry_outbox(call: Call) -> web.StreamResponse:
    """Send a notice again, or every dead letter."""
    id = _id(await call.request.read())
    # What was asked for is done, whether its client waits or not.
    again = await asyncio.shield(asyncio.wrap_future(call.context.port.retry_notices(id)))
    if not again and id != ALL:
        raise not_found(f"no notice {id[:64]!r} waits or was given up")
    return json_response(encode({"ids": list(again)}))


def _id(body: bytes) -> str:
    try:
        given = decode_object(body)
    except ValueError as error:
        raise bad_request(f"body: {error}") from None
    id = given.get("id")
    if given.keys() != {"id"} or not isinstance(id, str) or not id:
        raise bad_request(f"expected one field, id: a notice's, or {ALL}")
    return id
