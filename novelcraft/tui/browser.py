"""The room in a browser on this machine: textual-serve, let in by a token and from no other page.

textual-serve takes a WebSocket from any page. Whoever reaches it types into a program that starts
processes, so every request is checked before it is answered.
"""

from __future__ import annotations

import hmac
import secrets
import shlex
from collections.abc import Awaitable, Callable, Mapping, Sequence

from aiohttp import web
from textual_serve.server import Server

HOST = "127.0.0.1"
"""The only address that is listened on."""

Admits = Callable[[Mapping[str, str]], tuple[int, str] | None]
"""Status and reason of a refusal by a request's headers; None where it may come in."""
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class GuardedServer(Server):
    """Serves a command, a process of its own for every tab, to whoever has the token.

    The token comes in the first URL, and from then on in a cookie that no other page gets.
    """

    def __init__(self, command: Sequence[str], port: int, admits: Admits) -> None:
        """Make it.

        Args:
            command: What a tab runs.
            port: Port on loopback.
            admits: Says by Host and Origin who may come in.
        """
        super().__init__(shlex.join(command), host=HOST, port=port, title="Novelcraft")
        self.token = secrets.token_urlsafe(24)
        self._admits = admits
        self._cookie = f"novelcraft-{port}"

    @property
    def url(self) -> str:
        """What to open, with the token."""
        return f"{self.public_url}/?token={self.token}"

    async def application(self) -> web.Application:
        """The guarded application."""
        app = await super()._make_app()
        app.middlewares.append(self._guard)
        return app

    _make_app = application

    def initialize_logging(self) -> None:
        """Log no request: the first one has the token in its address."""

    async def on_startup(self, app: web.Application) -> None:
        """Say nothing: the command line says where it is."""

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        refused = self._admits(request.headers)
        if refused is not None:
            status, reason = refused
            return web.Response(status=status, text=reason)
        if request.path == "/ws" and "Origin" not in request.headers:
            return web.Response(status=403, text="A browser says which page it asks for.")
        by_url = request.path == "/" and self._is_token(request.query.get("token", ""))
        if not by_url and not self._is_token(request.cookies.get(self._cookie, "")):
            text = "Open the address that novelcraft printed, with its token."
            return web.Response(status=401, text=text)
        response = await handler(request)
        if by_url:
            response.set_cookie(self._cookie, self.token, httponly=True, samesite="Strict")
        return response

    def _is_token(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(), self.token.encode())
