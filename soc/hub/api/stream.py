"""One client's stream."""

from __future__ import annotations

import asyncio

from aiohttp import web

from soc import __version__
from soc.hub.api.context import Call
from soc.hub.api.parameters import read_query
from soc.hub.api.streams import Subscription, sse


async def stream(call: Call) -> web.StreamResponse:
    """`hello`, then `status`, `alert`, `device` and `reread` events until the client goes, does not read
    for half a minute, has its role changed, or the hub stops."""
    read_query(call.request, ())
    context = call.context
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
    with context.stream_counts.one(call.peer.uid):
        subscription = context.streams.open()
        try:
            await response.prepare(call.request)
            await response.write(sse("hello", {"you": call.you, "version": __version__}))
            await _pass_on(call, subscription, response)
        except TimeoutError:
            # Whoever does not read cannot be told: the connection is cut.
            if call.request.transport is not None:
                call.request.transport.abort()
        except ConnectionError:
            pass
        finally:
            context.streams.close(subscription)
    return response


async def _pass_on(call: Call, subscription: Subscription, response: web.StreamResponse) -> None:
    context, limits = call.context, call.context.limits
    while not subscription.ended and await context.peers.find(call.peer.uid) == call.peer:
        chunks = await subscription.take(limits.heartbeat_seconds)
        async with asyncio.timeout(limits.stream_write_seconds):
            await response.write(chunks or b": heartbeat\n\n")
