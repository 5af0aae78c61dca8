"""Who may come in over HTTP: nobody's web page, and on another address than loopback only a key.

A page on the web can send requests to a server on the same machine. It cannot choose the Host,
Origin and Sec-Fetch headers that the browser puts on them, so these are checked, on every path,
before anything is read.
"""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from novelcraft.errors import ConfigError

GRACE = 2
"""Seconds. A client may hold a stream for hours, and whoever stops the server wants it to stop."""
LOOPBACK = ("127.0.0.1", "localhost", "[::1]", "::1")


def is_loopback(host: str) -> bool:
    """Whether an address can be reached from this machine only."""
    if host in LOOPBACK:
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True)
class Door:
    """Where a server listens, and who may come in."""

    host: str
    port: int
    key: str = ""
    """What `Authorization: Bearer …` must carry; empty asks for none, on loopback only."""
    names: tuple[str, ...] = ()
    """Further names under which the machine is reached."""

    def require_safe(self) -> None:
        """Refuse to listen on an open address without a key.

        Raises:
            ConfigError: It would.
        """
        if not self.key and not is_loopback(self.host):
            raise ConfigError(
                f"{self.host} can be reached from other machines, and no key is set.",
                fix="Set a key in NOVELCRAFT_DOOR_KEY, or listen on 127.0.0.1.",
            )

    def admits(self, headers: Headers) -> tuple[int, str] | None:
        """Status and reason of a refusal; None for a request that may come in."""
        host = _name(headers.get("host", ""))
        known = (*LOOPBACK, self.host, *self.names)
        if host not in known:
            return 421, f"This server does not answer for the host {host!r}."
        origin = headers.get("origin")
        if origin is not None and _name(urlsplit(origin).netloc) not in known:
            return 403, f"Pages of {origin!r} may not ask this server."
        if origin is None and _is_embedded(headers):
            return 403, "Pages of other sites may not ask this server."
        given = headers.get("authorization", "")
        if self.key and not hmac.compare_digest(given.encode(), f"Bearer {self.key}".encode()):
            return 401, "The key is missing or wrong."
        return None


async def serve_app(app: ASGIApp, door: Door) -> None:
    """Serve an application behind a door until stopped; then streams have `GRACE` to end.

    Raises:
        ConfigError: The address is open and no key is set.
    """
    import uvicorn

    door.require_safe()
    config = uvicorn.Config(
        Guard(app, door),
        host=door.host,
        port=door.port,
        log_level="warning",
        timeout_graceful_shutdown=GRACE,
    )
    await uvicorn.Server(config).serve()


class Guard:
    """ASGI middleware that refuses what a door does not admit."""

    def __init__(self, app: ASGIApp, door: Door) -> None:
        self._app = app
        self._door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it with its refusal."""
        if scope["type"] in ("http", "websocket"):
            refused = self._door.admits(Headers(scope=scope))
            if refused is not None:
                status, reason = refused
                headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
                response = PlainTextResponse(reason, status, headers=headers)
                await response(scope, receive, send)
                return
        # Cancelled is what a server that is stopped does to streams: they are left unfinished.
        with suppress(asyncio.CancelledError):
            await self._app(scope, receive, send)


def _is_embedded(headers: Headers) -> bool:
    """Whether another site's page fetches this by itself, such as an image, which has no Origin.

    A person who follows a link from there is let in.
    """
    foreign = headers.get("sec-fetch-site", "") in ("cross-site", "same-site")
    return foreign and headers.get("sec-fetch-dest", "") != "document"


def _name(netloc: str) -> str:
    """A host without its port."""
    host, colon, port = netloc.rpartition(":")
    return host if colon and port.isdigit() else netloc
