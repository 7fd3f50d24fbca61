"""The API's documents as JSON schemas (OpenAPI 3.1 = JSON Schema 2020-12). Objects may gain members."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from soc.model import SEVERITIES, TOWERS
from soc.model.alerts import DISPOSITIONS
from soc.pipeline.report import DEVICE_STATES

Schema = dict[str, Any]
TEXT: Schema = {"type": "string"}
COUNT: Schema = {"type": "integer", "minimum": 0}
NUMBER: Schema = {"type": "number"}
VALUE: Schema = {"anyOf": [NUMBER, {"enum": ["NaN", "+Inf", "-Inf"]}]}
TEXTS: Schema = {"type": "object", "additionalProperties": TEXT}
COUNTS: Schema = {"type": "object", "additionalProperties": COUNT}
MOMENT: Schema = {"type": "string", "format": "date-time", "description": "RFC 3339, UTC, milliseconds"}
SEVERITY: Schema = {"enum": list(SEVERITIES)}
TOWER: Schema = {"enum": list(TOWERS)}


def ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def array(items: Schema, **more: Any) -> Schema:
    return {"type": "array", "items": items, **more}


def nullable(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def thing(properties: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None) -> Schema:
    """An object that has all of `properties`."""
    return {
        "type": "object",
        "properties": {**properties, **(optional or {})},
        "required": list(properties),
    }


def _page(item: str) -> dict[str, Schema]:
    return {
        "items": array(ref(item)),
        "next": nullable({"type": "string", "description": "`after` of the next page; null = the last page"}),
    }


_FILES: dict[str, Schema] = {"files": COUNT, "bytes": COUNT}
_KEPT: dict[str, Schema] = {
    "name": {"type": "string", "description": "samples, raw, or events/<class>"},
    "keep_seconds": NUMBER,
    **_FILES,
    "rows": COUNT,
    "oldest": nullable(MOMENT),
    "newest": nullable(MOMENT),
    "next": nullable(thing({"file": TEXT, "expires": MOMENT})),
    "held": thing({**_FILES, "holds": array(TEXT)}),
    "expired": thing(_FILES),
    "damaged": array(thing({"file": TEXT, "reason": TEXT})),
}
_HOLD: Schema = thing(
    {"id": TEXT, "reason": TEXT, "device": TEXT, "from": nullable(MOMENT), "to": nullable(MOMENT)}
)
_ALERT: dict[str, Schema] = {
    "id": {"type": "string", "pattern": "^[0-9A-HJKMNP-TV-Z]{26}$", "description": "ULID"},
    "label": {"type": "string", "pattern": "^A-[0-9]+$", "description": "what people call it, never a key"},
    "rule": TEXT,
    "rule_id": TEXT,
    "kind": {"enum": ["availability", "security"]},
    "severity": SEVERITY,
    "entity": {"type": "string", "description": "its device, else its labels"},
    "device": TEXT,
    "labels": TEXTS,
    "workflow": {"enum": ["open", "acknowledged", "snoozed", "closed"]},
    "condition": {"enum": ["pending", "firing", "resolved", "no-data"]},
    "suppressed_by": {"enum": ["", "dependency", "maintenance", "silence"]},
    "first_seen": MOMENT,
    "last_seen": MOMENT,
    "count": COUNT,
    "summary": TEXT,
    "supplier": TEXT,
    "site": TEXT,
    "owner": TEXT,
    "disposition": {"enum": ["", *DISPOSITIONS]},
    "version": {"type": "integer", "minimum": 0, "description": "what an action is based on"},
    "fingerprint": TEXT,
}
_TRANSITION = thing(
    {
        "time": MOMENT,
        "action": TEXT,
        "workflow": array(TEXT, minItems=2, maxItems=2),
        "condition": array(TEXT, minItems=2, maxItems=2),
        "suppressed_by": TEXT,
        "uid": nullable({"type": "integer"}),
        "name": TEXT,
        "client": TEXT,
        "reason": TEXT,
        "disposition": TEXT,
        "version": COUNT,
        "cause": TEXT,
    }
)
_EVENT = thing(
    {"id": TEXT, "time": MOMENT, "received": MOMENT, "severity_id": {"type": "integer", "minimum": 0}},
    {
        "device": TEXT, "source_address": TEXT, "relayed": {"type": "boolean"}, "product": TEXT,
        "category": TEXT, "service": TEXT, "class_uid": {"type": "integer"},
        "activity_id": {"type": "integer"}, "message": TEXT, "user": TEXT, "source_ip": TEXT,
        "target_ip": TEXT, "process": TEXT, "fields": TEXTS, "raw": TEXT,
    },
)  # fmt: skip
_DEVICE: dict[str, Schema] = {
    "device": TEXT,
    "tower": TOWER,
    "kind": TEXT,
    "site": TEXT,
    "supplier": TEXT,
    "state": {"enum": list(DEVICE_STATES)},
    "cause": TEXT,
    "since": nullable(MOMENT),
    "open_alerts": COUNT,
    "last_seen": {**nullable(MOMENT), "description": "its last poll that was answered; null = none ever was"},
    "availability": {"enum": ["expected", "best-effort"]},
}
_SERIES = thing(
    {
        "metric": TEXT,
        "labels": TEXTS,
        "interval_seconds": NUMBER,
        "values": array(
            {
                "type": "array",
                "prefixItems": [
                    NUMBER,
                    {"anyOf": [NUMBER, {"type": "null"}, {"enum": ["NaN", "+Inf", "-Inf"]}]},
                ],
                "minItems": 2,
                "maxItems": 2,
            },
            description="[Unix seconds, value]; null = absent from then on",
        ),
    }
)
_STATUS = thing(
    {
        "devices": thing(dict.fromkeys(("total", *DEVICE_STATES), COUNT)),
        "off_or_away": {**COUNT, "description": "of the unknown devices: nobody expects them to answer"},
        "towers": {
            "type": "object",
            "propertyNames": TOWER,
            "additionalProperties": thing({"total": COUNT, "up": COUNT, "open_alerts": COUNT}),
        },
        "alerts": thing({"open": COUNT, "by_severity": COUNTS, "by_rule": COUNTS}),
        "collection": thing(
            {"last": nullable(MOMENT), "lag_seconds": nullable(NUMBER), "failing": COUNT, "reasons": COUNTS}
        ),
        "store": thing({"bytes": COUNT, "samples": COUNT, "events": COUNT}),
        "receiver": {
            **nullable(
                thing(
                    {
                        "running": {"type": "boolean"},
                        "started": TEXT,
                        "received": COUNT,
                        "lost": COUNT,
                        "waiting": COUNT,
                        "blocked": TEXT,
                    }
                )
            ),
            "description": "soc receive: messages since it started; null = it has never run here",
        },
        "hub": thing(
            {
                "running": {"const": True},
                "pid": COUNT,
                "started": MOMENT,
                "version": TEXT,
                "blind_since": {**nullable(MOMENT), "description": "collection has been stale since then"},
            }
        ),
    },
    {"you": ref("You")},
)
_TOWER_FIGURES = thing(
    {
        "tower": TOWER,
        "worst": nullable(SEVERITY),
        "open_alerts": COUNT,
        "availability_ratio": {**nullable(NUMBER), "description": "of the last 24 h; null = unknown"},
        "up": COUNT,
        "total": COUNT,
        "events_per_minute": array(
            COUNT, minItems=20, maxItems=20, description="whole minutes, oldest first"
        ),
    }
)
_FACT = thing({"key": TEXT, "instance": TEXT, "value": TEXT, "since": MOMENT})

SCHEMAS: dict[str, Schema] = {
    "Error": thing({"code": TEXT, "message": TEXT}, {"current": ref("Alert")}),
    "You": thing({"uid": COUNT, "name": TEXT, "role": {"enum": ["viewer", "analyst", "engineer", "admin"]}}),
    "Hello": thing({"you": ref("You"), "version": TEXT}),
    "Reread": thing({"reason": {"enum": ["slow", "many", "store"]}, "dropped": COUNT}),
    "Status": _STATUS,
    "Overview": thing({"towers": array(_TOWER_FIGURES), "needs_you": array(ref("Alert"))}),
    "Retention": thing(
        {"items": array(thing(_KEPT)), "summary": thing({"hot": COUNTS, "holds": array(_HOLD)})}
    ),
    "Alert": thing(_ALERT),
    "AlertDetails": thing(
        {
            **_ALERT,
            "description": TEXT,
            "runbook": TEXT,
            "history": array(_TRANSITION),
            "evidence": array(thing({"id": TEXT}), description="events; only `id` of one no longer stored"),
        }
    ),
    "Alerts": thing({**_page("Alert"), "total": COUNT}),
    "Device": thing(_DEVICE),
    "DeviceDetails": thing(
        {
            **_DEVICE,
            "labels": TEXTS,
            "facts": array(_FACT),
            "alerts": array(ref("Alert")),
            "samples": array(_SERIES, description="of the last half hour"),
            "events": array(ref("Event"), description="of the last hour, newest first"),
        }
    ),
    "Devices": thing({**_page("Device"), "total": COUNT}),
    "Event": _EVENT,
    "Events": thing(_page("Event")),
    "Result": thing(
        {
            "items": array(
                thing(
                    {"labels": TEXTS},
                    {
                        "time": NUMBER,
                        "value": VALUE,
                        "values": array({"type": "array", "prefixItems": [NUMBER, VALUE]}),
                    },
                ),
                description="`value` and `time` at one time, `values` over a range",
            )
        }
    ),
    "Outbox": thing({"items": array(ref("Notice"))}),
    "Notice": thing(
        {
            "id": TEXT,
            "target": TEXT,
            "what": {"enum": ["opened", "reopened", "resolved"]},
            "state": {"enum": ["pending", "delivered", "dead"]},
            "time": MOMENT,
            "attempts": COUNT,
            "next_attempt": nullable(MOMENT),
            "settled": nullable(MOMENT),
            "error": {"type": "string", "description": "of the last attempt"},
            "message": {"type": "string", "description": "the id of what carries it"},
            "reached": array(TEXT, description="recipients that have taken that message"),
            "alert": TEXT,
            "label": TEXT,
            "severity": TEXT,
            "summary": TEXT,
        }
    ),
    "Retry": {
        **thing({"id": {"type": "string", "minLength": 1, "description": "all = every dead letter"}}),
        "additionalProperties": False,
    },
    "Due": thing({"ids": array(TEXT)}),
    "Applied": thing({"added": COUNT, "changed": COUNT, "removed": COUNT}),
    "BackupTarget": {
        **thing({"directory": {"type": "string", "description": "an absolute path; made by the hub"}}),
        "additionalProperties": False,
    },
    "Backup": thing(
        {
            "directory": TEXT,
            "transaction": {**COUNT, "description": "the last that is in it"},
            "bytes": COUNT,
            "files": COUNT,
            "rows": COUNT,
            "segments": {**COUNT, "description": "of spool/done that it contains"},
            "head": thing({"sequence": COUNT, "hash": TEXT}),
        }
    ),
    "Action": {
        **thing(
            {
                "based_on": {**COUNT, "description": "the alert's version that the decision rests on"},
                "request_id": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": 100,
                    "description": "chosen by the client; the same again changes nothing",
                },
            },
            {
                "note": {"type": "string", "description": "4,000 characters are kept"},
                "disposition": {"enum": list(DISPOSITIONS), "description": "needed to close"},
            },
        ),
        "additionalProperties": False,
    },
}
