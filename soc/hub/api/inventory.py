"""Have the hub take its inventory file as it is now: `soc inventory apply`."""

from __future__ import annotations

import asyncio

from aiohttp import web

from soc.hub.api.context import Call, json_response
from soc.hub.api.encoding import encode
from soc.hub.api.errors import ApiError
from soc.hub.api.parameters import read_query
from soc.model import ConfigurationError


async def apply_inventory(call: Call) -> web.StreamResponse:
    """How many devices it adds, changes and removes; 422 with every problem leaves things as they were."""
    read_query(call.request, ())
    applied = asyncio.wrap_future(call.context.port.apply_inventory())
    try:
        # It is taken, or not, whether its client waits or not.
        counts = await asyncio.shield(applied)
    except ConfigurationError as error:
        raise ApiError(422, "invalid", str(error)) from error
    return json_response(encode(dict(counts)))
