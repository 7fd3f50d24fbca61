"""The description and what is described agree."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from soc.hub.api.openapi import DOCUMENT
from soc.hub.api.routes import ROUTES
from soc.hub.api.schemas import SCHEMAS
from soc.inventory import Role
from tests.support.hub import WriterHub
from tests.support.unix_http import Client

ACTION = {"based_on": 0, "request_id": "r", "note": "seen", "disposition": "benign"}
POSTED: dict[str, dict[str, str]] = {"/v1/outbox/retry": {"id": "all"}}
ASKED: dict[str, dict[str, str]] = {
    "/v1/query": {"expr": "up"},
    "/v1/alerts": {"limit": "2"},
    "/v1/devices": {"limit": "2"},
    "/v1/events": {"limit": "200"},
}


def check(document: Any, schema: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator({**schema, "components": {"schemas": SCHEMAS}}).validate(document)


def schema_of(path: str, method: str, status: int) -> dict[str, Any]:
    [content] = DOCUMENT["paths"][path][method.lower()]["responses"][str(status)]["content"].values()
    return dict(content["schema"])


def test_every_route_is_described() -> None:
    """Neither less nor more; every parameter of a path is named."""
    described = {(m.upper(), path) for path, methods in DOCUMENT["paths"].items() for m in methods}
    assert described == {(route.method, route.path) for route in ROUTES}
    for path, methods in DOCUMENT["paths"].items():
        for operation in methods.values():
            named = {p["name"] for p in operation.get("parameters", ()) if p["in"] == "path"}
            assert named == {part[1:-1] for part in path.split("/") if part.startswith("{")}


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_schemas_are_schemas(name: str) -> None:
    """Valid JSON Schema, and every reference leads somewhere."""
    jsonschema.Draft202012Validator.check_schema(SCHEMAS[name])
    text = json.dumps(SCHEMAS[name])
    for part in text.split('"#/components/schemas/')[1:]:
        assert part.partition('"')[0] in SCHEMAS


@pytest.mark.parametrize("route", [route for route in ROUTES if not route.endless], ids=lambda r: r.path)
def test_answers_are_as_described(client: Client, route: Any) -> None:
    """Every place answers what its schema says."""
    path = route.path.replace("{alert}", "A-3").replace("{device}", "web-1")
    if route.method == "POST":
        answer = client.post(path, **POSTED.get(path, ACTION))
    else:
        answer = client.get(path, **ASKED.get(route.path, {}))
    assert answer.status == 200, answer.body
    [kind] = DOCUMENT["paths"][route.path][route.method.lower()]["responses"]["200"]["content"]
    assert answer.type == kind
    document = answer.document if kind == "application/json" else answer.body.decode()
    check(document, schema_of(route.path, route.method, 200))


def test_streamed_documents_are_as_described(client: Client) -> None:
    """Each kind of event has its schema."""
    with client.stream() as stream:
        check(stream.until("hello"), SCHEMAS["Hello"])
        client.post("/v1/alerts/A-1/acknowledge", based_on=0, request_id="r")
        check(stream.until("alert"), SCHEMAS["Alert"])
        check(stream.until("status"), SCHEMAS["Status"])


def test_errors_are_as_described(client: Client, hub: WriterHub) -> None:
    """400, 404, 409 and 403 are Errors, the conflict with the alert as it is."""
    client.post("/v1/alerts/A-1/acknowledge", based_on=0, request_id="r")
    conflict = client.post("/v1/alerts/A-1/acknowledge", based_on=0, request_id="other")
    answers = [conflict, client.get("/v1/alerts", limit="x"), client.get("/v1/alerts/A-99")]
    hub.set_roles({"viewer": Role()})
    answers.append(client.get("/v1/alerts"))
    assert [answer.status for answer in answers] == [409, 400, 404, 403]
    for answer in answers:
        check(answer.document, SCHEMAS["Error"])
    assert conflict.document["current"]["version"] == 1


def test_described_actions_are_what_is_accepted() -> None:
    """The action that the tests send fits the schema, and one with more does not."""
    check(ACTION, SCHEMAS["Action"])
    with pytest.raises(jsonschema.ValidationError):
        check({**ACTION, "owner": "x"}, SCHEMAS["Action"])
