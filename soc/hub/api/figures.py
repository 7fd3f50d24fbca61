"""How the whole is: status, overview, and the hub's own metrics."""

from __future__ import annotations

from aiohttp import web

from soc import __version__
from soc.hub.api.context import Call, json_response
from soc.hub.api.encoding import encode
from soc.hub.api.openmetrics import CONTENT_TYPE, Family, render
from soc.hub.api.parameters import read_query
from soc.model import SEVERITIES


async def show_status(call: Call) -> web.StreamResponse:
    """The object of `soc status`, the hub, and who asks."""
    read_query(call.request, ())
    return json_response(encode({**await call.context.reports.status(), "you": call.you}))


async def show_overview(call: Call) -> web.StreamResponse:
    """Towers, and the alerts that nobody has taken."""
    read_query(call.request, ())
    return json_response(encode(await call.context.reports.overview()))


async def show_metrics(call: Call) -> web.StreamResponse:
    """What soc counts of itself (docs/reference.md, the hub's own metrics)."""
    read_query(call.request, ())
    families = [*await _estate(call), *await _hub(call), *_api(call)]
    return web.Response(body=render(families), headers={"Content-Type": CONTENT_TYPE})


async def _estate(call: Call) -> list[Family]:
    status = await call.context.reports.status()
    collection, by_severity = status["collection"], status["alerts"]["by_severity"]
    return [
        Family("soc_alerts_open", "gauge", "Open alerts.", [
            ({"severity": severity}, by_severity.get(severity, 0)) for severity in SEVERITIES
        ]),
        Family("soc_devices", "gauge", "Active devices by state.", [
            ({"state": state}, count) for state, count in status["devices"].items() if state != "total"
        ]),
        Family("soc_polls_failing", "gauge", "Collectors on devices whose last poll failed.", [
            ({}, collection["failing"])
        ]),
        Family("soc_collection_lag_seconds", "gauge", "Time since the latest poll in the store.", [
            ({}, collection["lag_seconds"])
        ]),
        Family("soc_store_size_bytes", "gauge", "Size of the store's file.", [
            ({}, status["store"]["bytes"])
        ]),
    ]  # fmt: skip


async def _hub(call: Call) -> list[Family]:
    health = await call.context.reports.health()
    return [
        Family("soc_build", "info", "The program.", [({"version": __version__}, 1)]),
        Family("soc_start_time_seconds", "gauge", "When the hub started, Unix time.", [({}, health.started)]),
        Family("soc_collection_blind", "gauge", "1 = collection is stale.", [
            ({}, int(health.blind_since is not None))
        ]),
        Family("soc_segments_waiting", "gauge", "Segments in the spool, not yet ingested.", [
            ({}, health.segments_waiting)
        ]),
        Family("soc_ingest_lag_seconds", "gauge", "Age of the oldest waiting segment.", [
            ({}, health.lag_seconds)
        ]),
        Family("soc_pipeline_transaction_seconds", "summary", "Time that the pipeline's transactions took.", [
            ({}, {"count": health.transactions_total, "sum": health.transaction_seconds_total})
        ]),
    ]  # fmt: skip


def _api(call: Call) -> list[Family]:
    context, meter = call.context, call.context.meter
    return [
        Family("soc_api_requests", "counter", "Answered requests.", [
            ({"route": route, "method": method, "status": str(status)}, count)
            for (route, method, status), count in sorted(meter.requests.items())
        ]),
        Family("soc_api_request_seconds", "histogram", "Time from a request to its answer.", [
            ({"route": route}, durations) for route, durations in sorted(meter.durations.items())
        ]),
        Family("soc_api_refused", "counter", "Requests refused for want of a role, or over a limit.", [
            ({"code": code}, count) for code, count in sorted(meter.refused.items())
        ]),
        Family("soc_api_connections", "gauge", "Open connections.", [({}, context.connections.total)]),
        Family("soc_api_streams", "gauge", "Open streams.", [({}, len(context.streams))]),
        Family("soc_api_stream_rereads", "counter", "Slow clients told to read again.", [
            ({}, meter.stream_rereads)
        ]),
    ]  # fmt: skip
