"""From uid to role."""

from __future__ import annotations

import grp
import json
import os
import pwd
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from soc.hub.api.peers import peer_of
from soc.inventory import Role
from soc.model import Event
from tests.support.hub import ServedHub, WriterHub
from tests.support.unix_http import Client

ME = pwd.getpwuid(os.geteuid())
MY_GROUP = grp.getgrgid(ME.pw_gid).gr_name
NOBODY = 65534
# Asks as another user: connected after giving up root, so that the kernel names that user.
ASK = """
import json, os, sys
from pathlib import Path
from tests.support.unix_http import Client
path, uid, requests = sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3])
os.setgroups([]); os.setgid(uid); os.setuid(uid)
client = Client(Path(path))
for method, target, body in requests:
    answer = client.ask(method, target, json.dumps(body).encode() if body else None)
    print(json.dumps([answer.status, answer.document]))
"""


@pytest.mark.parametrize(
    ("roles", "role"),
    [
        ({"viewer": Role(users=(ME.pw_name,))}, "viewer"),
        ({"viewer": Role(groups=(MY_GROUP,))}, "viewer"),
        ({"viewer": Role(users=(ME.pw_name,)), "analyst": Role(groups=(MY_GROUP,))}, "analyst"),
        ({"admin": Role(users=(ME.pw_name,)), "viewer": Role(users=(ME.pw_name,))}, "admin"),
        ({"admin": Role(users=("somebody-else",), groups=("no-such-group",))}, ""),
        ({"viewer": Role()}, ""),
        ({}, "admin"),
    ],
)
def test_role(roles: dict[str, Role], role: str) -> None:
    """The highest role that names the user or a group of theirs; roles decide even for the hub's own."""
    assert peer_of(ME.pw_uid, roles, ME.pw_uid).role == role


def test_without_roles_nobody_else() -> None:
    """Another uid than the hub's, known to the system or not, has no role."""
    assert peer_of(NOBODY, {}, NOBODY + 1).role == ""
    unknown = peer_of(3_000_000_000, {"viewer": Role(users=("3000000000",))}, 1)
    assert (unknown.name, unknown.role) == ("3000000000", "")


@pytest.fixture
def shared(hub: WriterHub) -> Iterator[ServedHub]:
    """A system hub: its socket lies outside its data directory."""
    if os.geteuid() != 0:
        pytest.skip("needs root: asks as a second uid")
    with tempfile.TemporaryDirectory() as directory:
        Path(directory).chmod(0o755)
        with ServedHub(hub, Path(directory) / "hub.sock") as running:
            yield running


def ask_as(uid: int, path: Path, *requests: tuple[str, str, Any]) -> list[Any]:
    """(status, document) of each request, made as `uid`."""
    done = subprocess.run(
        [sys.executable, "-c", ASK, str(path), str(uid), json.dumps(requests)],
        capture_output=True, text=True, check=True, cwd=Path(__file__).parents[3],
    )  # fmt: skip
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_two_users_on_one_socket(shared: ServedHub, hub: WriterHub, recorded: list[Event]) -> None:
    """An analyst acts, a viewer by group is refused and recorded, a third sees nothing."""
    nogroup = grp.getgrgid(NOBODY).gr_name
    hub.set_roles({"viewer": Role(groups=(nogroup,)), "analyst": Role(users=("root",))})
    action = {"based_on": 0, "request_id": "r"}
    status, acknowledge = ask_as(
        NOBODY, shared.path,
        ("GET", "/v1/status", None), ("POST", "/v1/alerts/A-1/acknowledge", action),
    )  # fmt: skip
    assert status[1]["you"] == {"uid": NOBODY, "name": "nobody", "role": "viewer"}
    assert (acknowledge[0], acknowledge[1]["code"]) == (403, "forbidden")
    [refused] = recorded
    assert (refused.user, refused.fields["uid"], refused.fields["action"]) == (
        "nobody", str(NOBODY), "acknowledge an alert",
    )  # fmt: skip
    assert ask_as(1, shared.path, ("GET", "/v1/alerts", None))[0][0] == 403
    assert Client(shared.path).post("/v1/alerts/A-1/acknowledge", **action).status == 200


def test_two_users_race(shared: ServedHub, hub: WriterHub) -> None:
    """The second to act is told who was first."""
    hub.set_roles({"analyst": Role(users=("root", "nobody"))})
    [first] = ask_as(
        NOBODY, shared.path,
        ("POST", "/v1/alerts/A-1/acknowledge", {"based_on": 0, "request_id": "r"}),
    )  # fmt: skip
    assert first[0] == 200
    hub.time += 4
    second = Client(shared.path).post("/v1/alerts/A-1/acknowledge", based_on=0, request_id="r")
    assert (second.status, second.document["message"]) == (409, "nobody took this 4 s ago")


def test_a_private_socket_is_for_its_owner(hub: WriterHub, served: ServedHub) -> None:
    """The file's mode keeps others out before any role does."""
    assert served.path.stat().st_mode & 0o777 == 0o600
