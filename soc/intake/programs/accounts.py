"""Account tools of shadow-utils (useradd.c, usermod.c, userdel.c, gpasswd.c)."""

from __future__ import annotations

from soc.intake.frame import ACCOUNT_CHANGE, ADD_USER, CREATE, DELETE, GROUP_MANAGEMENT, Meaning

PROGRAMS = ("useradd", "usermod", "userdel", "gpasswd", "adduser", "deluser")


def parse(text: str) -> Meaning | None:
    if text.startswith("new user: "):
        details = dict(
            part.partition("=")[::2] for part in text.removeprefix("new user: ").split(", ") if "=" in part
        )
        fields = {
            name: details[key]
            for key, name in (("UID", "target_uid"), ("home", "home"), ("shell", "shell"))
            if key in details
        }
        return _change(ACCOUNT_CHANGE, CREATE, "user-created", details.get("name", ""), fields)
    if text.startswith("delete user '"):
        return _change(ACCOUNT_CHANGE, DELETE, "user-deleted", text.split("'")[1], {})
    if text.startswith("add '"):
        parts = text.split("'")
        if len(parts) < 5 or parts[2] not in (" to group ", " to shadow group "):
            return None
        # The shadow group's line follows the group's: one of the two says what was done.
        action = "group-member-added" if parts[2] == " to group " else "shadow-group-member-added"
        return _change(GROUP_MANAGEMENT, ADD_USER, action, parts[1], {"group": parts[3]})
    words = text.split(" ")
    if len(words) == 8 and words[0] == "user" and words[2:4] == ["added", "by"]:
        return _change(
            GROUP_MANAGEMENT, ADD_USER, "group-member-added", words[1], {"group": words[7], "actor": words[4]}
        )
    return None


def _change(class_uid: int, activity_id: int, action: str, user: str, fields: dict[str, str]) -> Meaning:
    return Meaning(
        "accounts", "account-change", class_uid, activity_id, user, fields={**fields, "action": action}
    )
