"""The hub's API: `/v1`, `/metrics` and `/openapi.json` over HTTP/1.1 on a Unix socket (docs/reference.md)."""

from soc.hub.api.server import Api, start_api

__all__ = ["Api", "start_api"]
