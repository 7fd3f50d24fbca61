"""What every request passes: who is it, may they, is it within the limits; and how it is answered if not."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web

from soc.hub.api.context import Call, Context
from soc.hub.api.errors import ApiError, as_api_error, error_response
from soc.hub.api.peers import Peer, request_uid
from soc.hub.api.routes import ROUTES, Route

CONTEXT = web.AppKey("context", Context)
CALL = web.RequestKey("call", Call)
_CLIENTS = ("console", "cli", "api")
_NOWHERE = "other"
_BY_PLACE = {(route.method, route.path): route for route in ROUTES}
WebHandler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def admit(request: web.Request, handler: WebHandler) -> web.StreamResponse:
    """Let a request through to its handler, or answer with the error; count it either way."""
    context = request.app[CONTEXT]
    loop = asyncio.get_running_loop()
    started = loop.time()
    place = request.match_info.route.resource.canonical if request.match_info.route.resource else _NOWHERE
    route = _BY_PLACE.get((request.method, place))
    code = ""
    response: web.StreamResponse
    try:
        peer = await _peer(context, request, route)
        response = await _answer(context, request, peer, route, handler)
    except Exception as error:
        known = as_api_error(error)
        code = str(known.document["code"])
        response = error_response(known)
    method = route.method if route else _NOWHERE
    context.meter.count(place, method, response.status, code, loop.time() - started)
    return response


async def _peer(context: Context, request: web.Request, route: Route | None) -> Peer:
    uid = request_uid(request)
    if not context.rate.take(uid, asyncio.get_running_loop().time()):
        raise ApiError(429, "rate", "too many requests; wait a little")
    peer = await context.peers.find(uid)
    role = route.role if route else "viewer"
    if not peer.may(role):
        action = route.action if route else "ask for what is not there"
        context.refusals.record(peer, action, _client(request))
        if not peer.role:
            raise ApiError(403, "forbidden", f"{peer.name} has no role here")
        raise ApiError(403, "forbidden", f"to {action} needs the role {role}; yours is {peer.role}")
    return peer


async def _answer(
    context: Context, request: web.Request, peer: Peer, route: Route | None, handler: WebHandler
) -> web.StreamResponse:
    if len(request.path_qs) > context.limits.url_characters:
        raise ApiError(
            414, "too_long", f"the address has more than {context.limits.url_characters} characters"
        )
    if route is None:
        return await handler(request)  # raises that there is no such place, or not for this method
    request[CALL] = Call(context, request, peer, _client(request))
    async with asyncio.timeout(None if route.endless else context.limits.request_seconds):
        return await handler(request)


def _client(request: web.Request) -> str:
    named = request.headers.get("Soc-Client", "api")
    return named if named in _CLIENTS else "api"
