"""Have the hub back its store up: `soc store backup`."""

from __future__ import annotations

import asyncio
from pathlib import Path

from aiohttp import web

from soc.hub.api.context import Call, json_response
from soc.hub.api.encoding import decode_object, encode
from soc.hub.api.errors import ApiError, bad_request
from soc.hub.port import HubBusyError
from soc.model import StoreError
from soc.store import InterruptedQueryError


async def back_up(call: Call) -> web.StreamResponse:
    """What the backup holds, once it is verified; the directory is made by the hub, as the hub's user."""
    target = _target(await call.request.read())
    made = asyncio.wrap_future(call.context.port.back_up(target))
    try:
        # It is finished whether its client waits or not.
        return json_response(encode(dict(await asyncio.shield(made))))
    except InterruptedQueryError as error:
        raise HubBusyError("the hub is about to stop") from error
    except StoreError as error:
        raise ApiError(507, "backup", str(error)) from error


def _target(body: bytes) -> Path:
    try:
        given = decode_object(body)
    except ValueError as error:
        raise bad_request(f"body: {error}") from None
    directory = given.get("directory")
    if given.keys() != {"directory"} or not isinstance(directory, str):
        raise bad_request("expected one field, directory")
    if "\0" in directory or not Path(directory).is_absolute():
        raise bad_request("directory: an absolute path on the hub's machine")
    return Path(directory)
