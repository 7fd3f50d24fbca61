"""The usual case made cheap: an agent that is known, of which scalars alone are due, is sent one GET."""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Any

from soc.collect.declare import SnmpScalars, SnmpTable
from soc.collect.port import Answer
from soc.collect.snmp.access import Access
from soc.collect.snmp.anew import note_beginning
from soc.collect.snmp.conversation import GET_SIZE
from soc.collect.snmp.gufo import Get, Session, Signal
from soc.collect.snmp.loop import Request
from soc.collect.snmp.plan import SYSTEM_OBJECT_ID, SYSTEM_UPTIME, Plan, scalar_row, table_value
from soc.collect.snmp.sessions import Sessions
from soc.collect.snmp.values import object_id


def fits(plan: Plan, answer: Answer, endpoint: str, access: Access) -> bool:
    """Whether one GET can be all there is to ask."""
    hints = answer.job.hints
    return (
        not plan.columns
        and not plan.conditional
        and len(plan.request) <= hints.get("get_size", GET_SIZE)
        and hints.get("endpoint") == endpoint
        and hints.get("credential") == access.name
        and not hints.get("silent")
    )


def ask(
    plan: Plan, answer: Answer, endpoint: str, access: Access, sessions: Sessions
) -> Generator[Request, Any, Signal | None]:
    """Fill in the answer: None. Or what came instead of a whole one, and nothing is filled in."""
    began = time.monotonic()
    session = sessions.take(endpoint, access, began)
    if session is None:
        if access.version == "3":
            return Signal.END  # its engine and clock have to be asked for
        try:
            session = Session(endpoint, access)
        except OSError:
            return Signal.UNREACHABLE
    request = Request(session, Get(plan.request), access.first_wait_seconds)
    outcome = yield request
    # An error-status looks like an agent that has nothing: sysUpTime rides along to tell them apart.
    if request.garbage or not isinstance(outcome, dict) or SYSTEM_UPTIME not in outcome:
        return outcome if outcome is Signal.TIMEOUT else Signal.GARBAGE
    kind = plan.presumed
    if kind is not None and object_id(outcome.get(SYSTEM_OBJECT_ID)) != kind:
        return Signal.GARBAGE  # of no use: it is another device
    for fetch in answer.job.fetches:
        if isinstance(fetch, SnmpScalars):
            asked = kind is None or fetch.asks(kind)
            answer.values[fetch] = scalar_row(fetch, outcome if asked else {}, answer.counts)
        elif isinstance(fetch, SnmpTable):  # of other kinds of agents
            answer.values[fetch] = table_value(fetch, {}, answer.counts)
    sessions.give(endpoint, access, session)
    answer.answered = True
    answer.credential = access.name
    answer.time = time.time()
    note_beginning(answer, outcome[SYSTEM_UPTIME])
    return None
