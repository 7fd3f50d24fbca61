"""What is kept until when."""

from __future__ import annotations

from aiohttp import web

from soc.hub.api.context import Call
from soc.hub.api.parameters import read_query
from soc.pipeline.retention_report import retention_document


async def show_retention(call: Call) -> web.StreamResponse:
    """Rules of retention with what is kept under them, standing holds, hot rows."""
    read_query(call.request, ())
    retention, now = call.context.port.inventory().settings.retention, call.asker.now
    return await call.answer(lambda store: retention_document(store, retention, now))
