"""Errors as clients see them: a code for programs, a sentence for people, never a traceback."""

from __future__ import annotations

import logging
from typing import Any

from aiohttp import web

from soc.alerting import ActionError
from soc.hub.api.encoding import encode
from soc.hub.port import HubBusyError
from soc.model import ConfigurationError, StoreError
from soc.pipeline.actions import ConflictError, UnknownAlertError
from soc.pipeline.report import alert_document
from soc.store import InterruptedQueryError

_LOG = logging.getLogger(__name__)
_OF_STATUS = {
    404: ("not_found", "there is nothing here; /openapi.json lists what there is"),
    405: ("method_not_allowed", "this method is not for this place"),
    413: ("too_large", "the body is larger than 64 KiB"),
}


class ApiError(Exception):
    """An answer that is an error: HTTP status, code, message, and what the document holds besides."""

    def __init__(self, status: int, code: str, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.document = {"code": code, "message": message, **more}


def bad_request(message: str) -> ApiError:
    return ApiError(400, "bad_request", message)


def not_found(message: str) -> ApiError:
    return ApiError(404, "not_found", message)


def error_response(error: ApiError) -> web.Response:
    headers = {"Retry-After": "1"} if error.status in (429, 503) else {}
    return web.Response(
        status=error.status,
        body=encode(error.document),
        content_type="application/json",
        headers=headers,
    )


def as_api_error(error: Exception) -> ApiError:
    """What became of a request, for its client; what nobody expected is logged here."""
    match error:
        case ApiError():
            return error
        case web.HTTPException():
            code, message = _OF_STATUS.get(error.status, ("bad_request", "the request is not understood"))
            return ApiError(error.status, code, message)
        case ConflictError():
            return ApiError(409, "conflict", str(error), current=alert_document(error.current))
        case UnknownAlertError():
            return not_found(str(error))
        case ConfigurationError() | ActionError():
            return bad_request(str(error))
        case TimeoutError() | InterruptedQueryError():
            return ApiError(503, "timeout", "this took too long; ask for less, or try again")
        case HubBusyError():
            return ApiError(503, "busy", str(error))
        case StoreError():
            _LOG.error("the store does not answer: %s", error)
            return ApiError(503, "store", "the store does not answer; the hub's log says why")
        case _:
            _LOG.error("a request failed", exc_info=error)
            return ApiError(500, "internal", "the hub failed to answer; its log says why")
