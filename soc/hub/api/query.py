"""Expressions over the samples: `soc query`, asked of a hub."""

from __future__ import annotations

import math
from typing import Any

from aiohttp import web

from soc.hub.api.context import Call
from soc.hub.api.errors import bad_request
from soc.hub.api.parameters import read_query
from soc.pipeline.query_report import instant_documents, range_documents
from soc.promql import compile
from soc.store import Store

_LATEST_SECONDS = 4e9
_MAXIMUM_STEPS = 11_000  # of one range, as Prometheus's API has it


async def query(call: Call) -> web.StreamResponse:
    """At one time (`at`, default now), or over a range (`from`, `to`, `step`)."""
    given = read_query(call.request, ("expr", "at", "from", "to", "step"))
    expression = compile(given.get("expr", ""))
    now = call.asker.now
    ranged = "from" in given
    misfits = ("at",) if ranged else ("to", "step")
    if any(name in given for name in misfits):
        raise bad_request("either at, or from with to and step")
    at = _number(given, "at", now)
    begin, end, step = _number(given, "from", now), _number(given, "to", now), _number(given, "step", 60.0)
    if ranged and (step <= 0 or (end - begin) / step > _MAXIMUM_STEPS):
        raise bad_request(f"step: above 0, and at most {_MAXIMUM_STEPS} steps from begin to end")

    def question(store: Store) -> dict[str, Any]:
        if ranged:
            return {"items": range_documents(store, expression, begin, end, step)}
        return {"items": instant_documents(store, expression, at)}

    return await call.answer(question)


def _number(given: dict[str, str], name: str, default: float) -> float:
    try:
        number = float(given.get(name, default))
    except ValueError:
        number = math.nan
    if not 0 <= number < _LATEST_SECONDS:
        raise bad_request(f"{name}: expected seconds")
    return number
