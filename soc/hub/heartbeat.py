"""The heartbeat: a sign of life to somebody else's watch, since a dead machine cannot report itself."""

from __future__ import annotations

import urllib.error
import urllib.request
from http.client import HTTPException

from soc import __version__
from soc.inventory import Heartbeat
from soc.model import CredentialError

_TIMEOUT_SECONDS = 10.0


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The address is a secret; it is not carried on to where somebody points."""

    def redirect_request(self, *_: object) -> None:
        return None


def beat(heartbeat: Heartbeat) -> str:
    """GET the URL once; returns why that failed, "" if it did not. The text never holds the address."""
    try:
        url = heartbeat.url.resolve()
    except CredentialError as error:
        return str(error)
    if not url.startswith(("https://", "http://")):
        return "the heartbeat's URL is not one of http or https"
    opener = urllib.request.build_opener(_NoRedirect)
    try:
        request = urllib.request.Request(url, headers={"User-Agent": f"soc/{__version__}"})  # noqa: S310
        with opener.open(request, timeout=_TIMEOUT_SECONDS) as response:
            response.read(4096)
    except urllib.error.HTTPError as error:
        return f"the heartbeat's receiver answered {error.code}"
    except (OSError, HTTPException, ValueError) as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        told = reason.strerror if isinstance(reason, OSError) else None
        return f"the heartbeat did not arrive: {told or type(reason).__name__}"
    return ""
