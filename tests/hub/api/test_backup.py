"""Backups through the API: by admins alone, where they say, and told what is wrong."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import jsonschema
import pytest

from soc.hub.api.schemas import SCHEMAS
from soc.inventory import Role
from soc.model import Event
from soc.store.verify import require, verify_backup
from tests.support.hub import WriterHub
from tests.support.unix_http import Client

PLACE = "/v1/store/backup"
ME = pwd.getpwuid(os.geteuid()).pw_name


def test_backup_is_made_and_described(client: Client, tmp_path: Path) -> None:
    """The answer comes when it is verified, and is what its schema says."""
    answer = client.post(PLACE, directory=str(tmp_path / "backup"))
    assert answer.status == 200, answer.body
    schema = {**SCHEMAS["Backup"], "components": {"schemas": SCHEMAS}}
    jsonschema.Draft202012Validator(schema).validate(answer.document)
    assert answer.document["directory"] == str(tmp_path / "backup")
    require(verify_backup(tmp_path / "backup"))


@pytest.mark.parametrize("role", ["viewer", "analyst", "engineer"])
def test_only_admins(
    client: Client, hub: WriterHub, recorded: list[Event], tmp_path: Path, role: str
) -> None:
    """Others are refused and recorded, and nothing is written."""
    hub.set_roles({"admin": Role(), role: Role(users=(ME,))})
    answer = client.post(PLACE, directory=str(tmp_path / "backup"))
    assert (answer.status, answer.document["code"]) == (403, "forbidden")
    assert [event.fields["action"] for event in recorded] == ["back up the store"]
    assert not (tmp_path / "backup").exists()


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"{}", b'{"directory": 7}', b'{"directory": "relative/place"}',
        b'{"directory": "/a", "force": 1}', b'{"directory": "/tmp/\\u0000"}', b'{"directory": null}',
    ],
)  # fmt: skip
def test_garbage_is_refused(asked: Client, body: bytes) -> None:
    """What is no absolute path is a bad request."""
    answer = asked.ask("POST", PLACE, body)
    assert (answer.status, answer.document["code"]) == (400, "bad_request")


def test_taken_place_is_told(asked: Client, tmp_path: Path) -> None:
    """A directory that exists is left alone."""
    answer = asked.post(PLACE, directory=str(tmp_path))
    assert (answer.status, answer.document["code"]) == (400, "bad_request")
    assert "exists" in answer.document["message"]


def test_unwritable_place_is_told(asked: Client, tmp_path: Path) -> None:
    """Why it could not be written reaches who asked; the hub goes on answering."""
    (tmp_path / "file").write_text("")
    answer = asked.post(PLACE, directory=str(tmp_path / "file/backup"))
    assert (answer.status, answer.document["code"]) == (507, "backup")
    assert "file/backup" in answer.document["message"]
    assert asked.get("/v1/status").status == 200
