"""Access logs of web servers in the common or combined format (Apache mod_log_config, nginx log_format).

Fields have the names of Sigma's `category: webserver`, which are those of the W3C extended log format.
"""

from __future__ import annotations

import re
from datetime import datetime, tzinfo

from soc.intake.frame import Frame, Meaning, source

FORMAT = "web-access"

# Clients choose what stands in quotes; servers put a backslash before quotes in it, or write \x22.
_TEXT = r'"((?:[^"\\]|\\.)*)"'
_LINE = re.compile(
    rf"(\S+) \S+ (.{{1,256}}?) \[([^\]]{{1,40}})\] {_TEXT} (\d{{3}}) (\d+|-)(?: {_TEXT} {_TEXT})?.*"
)
_TIME = "%d/%b/%Y:%H:%M:%S %z"


def decode(line: str, received: float, zone: tzinfo) -> Frame | None:  # noqa: ARG001 (a decoder's signature)
    match = _LINE.fullmatch(line)
    if match is None:
        return None
    client, user, stamp, request, status, size, referer, agent = match.groups("")
    try:
        time = datetime.strptime(stamp, _TIME).timestamp()
    except (ValueError, OverflowError):
        return None
    # What is no request, such as a TLS handshake, has neither method nor version.
    method, _, rest = request.partition(" ")
    uri, _, version = rest.rpartition(" ")
    if not version.startswith("HTTP/"):
        method, uri, version = "", request, ""
    stem, _, query = uri.partition("?")
    source_ip, named = source(client)
    fields = {
        "c-ip": client, "cs-username": user, "cs-method": method, "cs-uri": uri, "cs-uri-stem": stem,
        "cs-uri-query": query, "cs-version": version, "sc-status": status, "sc-bytes": size,
        "cs-referer": referer, "cs-user-agent": agent,
    }  # fmt: skip
    kept = {name: text for name, text in fields.items() if text not in ("", "-")}
    account = "" if user == "-" else user
    meaning = Meaning("", "webserver", user=account, source_ip=source_ip, fields={**kept, **named})
    return Frame(f"{request} {status}", time=time, meaning=meaning)
