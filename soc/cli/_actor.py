"""Who runs the command, for the records."""

from __future__ import annotations

import os
import pwd
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from soc.model.alerts import Actor


def current_actor() -> Actor:
    """The user of this process; one without an entry goes by the number."""
    from soc.model.alerts import Actor

    uid = os.getuid()
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:
        name = str(uid)
    return Actor(uid, name, "cli")
