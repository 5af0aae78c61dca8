"""The canon proxy: an OpenAI-compatible server that tells an upstream what a book has established.

A chat or completion request gets one fenced block of facts and sentences at its end. All else goes
through as it is, byte for byte, both ways: streams, tools, log-probabilities, errors.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import httpx2 as httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from novelcraft.doors.canon_block import Canon, CanonBlock, talk_of
from novelcraft.doors.citing import cited_body, cited_stream
from novelcraft.doors.desk import Desk
from novelcraft.doors.http import Door, serve_app

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
_HOP_BY_HOP = frozenset(
    [
        b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"te",
        b"trailer", b"transfer-encoding", b"upgrade", b"host", b"content-length",
    ]
)  # fmt: skip
_TIMEOUT = httpx.Timeout(None, connect=10).as_dict()
"""An answer takes as long as it takes; the client may hang up at any time."""

_Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True)
class Upstream:
    """The server that answers."""

    url: str
    """Its base URL with `/v1`."""
    key: str = ""
    """Sent in place of the client's; empty passes the client's on."""


@dataclass(frozen=True)
class ProxySettings:
    """What a proxy does."""

    upstream: Upstream
    branch: str = "main"
    budget: int = 600
    """About how many tokens of canon a request gets."""
    cite: bool = False
    """End an answer with a note on the scenes that the canon was from."""


class CanonProxy:
    """The proxy of one novel. Its canon is that of the branch's head when a request comes in."""

    def __init__(
        self, desk: Desk, settings: ProxySettings, transport: httpx.AsyncBaseTransport
    ) -> None:
        self._desk = desk
        self._settings = settings
        # Not a client: that would follow redirects, and give one caller's cookies to the next.
        self._transport = transport
        self._canon: Canon | None = None
        self._version = 0
        self._reading = asyncio.Lock()

    async def handle(self, request: Request) -> Response:
        """Answer one request."""
        path = request.path_params["path"]
        body = await request.body()
        block: CanonBlock | None = None
        if request.method == "POST" and path in ("chat/completions", "completions"):
            body, block = await self._with_canon(path, body)
        try:
            answer = await self._ask(request, path, body)
        except httpx.HTTPError as error:
            url = self._settings.upstream.url
            return _error(502, f"The upstream {url} did not answer: {error}")
        if answer is None:
            # The client has hung up; nobody reads this.
            return Response(status_code=499)
        return self._passed_on(answer, block)

    async def _with_canon(self, path: str, body: bytes) -> tuple[bytes, CanonBlock | None]:
        """The request with a block in it; as it was where there is nothing to say."""
        try:
            fields = json.loads(body)
        except ValueError:
            return body, None
        if not isinstance(fields, dict):
            return body, None
        canon = await self.canon()
        block = canon.block(_talk(path, fields), self._settings.budget)
        if not block.text or not _insert(path, fields, block.text):
            return body, block
        return json.dumps(fields, ensure_ascii=False).encode(), block

    async def canon(self) -> Canon:
        """The book as it stands now.

        It is read again where the branch or its plan has moved, which is looked for only after
        somebody has written to the database: every request asks.
        """
        store = self._desk.novel().store
        async with self._reading:
            version = store.version()
            if self._canon is None or version != self._version:
                branch = store.branch(self._settings.branch)
                if self._canon is None or self._canon.of != branch:
                    # A long book takes a while, and other requests are in their streams.
                    read = await asyncio.to_thread(self._read)
                    if self._canon is not None:
                        self._canon.close()
                    self._canon = read
                self._version = version
            return self._canon

    def _read(self) -> Canon:
        return Canon(self._desk.require_view(branch=self._settings.branch))

    async def _ask(self, request: Request, path: str, body: bytes) -> httpx.Response | None:
        """The upstream's answer, its body unread; None where the client hung up meanwhile."""
        headers = _passing(request.headers.raw)
        if key := self._settings.upstream.key:
            headers = [(name, value) for name, value in headers if name != b"authorization"]
            headers.append((b"authorization", f"Bearer {key}".encode()))
        query = request.scope["query_string"] or None
        sent = httpx.Request(
            request.method,
            httpx.URL(f"{self._settings.upstream.url.rstrip('/')}/{path}", query=query),
            headers=headers,
            content=body,
            extensions={"timeout": _TIMEOUT},
        )
        asking = asyncio.ensure_future(self._transport.handle_async_request(sent))
        gone = asyncio.ensure_future(_disconnected(request))
        try:
            await asyncio.wait({asking, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not asking.done():
                return None
            return asking.result()
        finally:
            gone.cancel()
            if not asking.done():
                asking.cancel()

    def _passed_on(self, answer: httpx.Response, block: CanonBlock | None) -> Response:
        headers = _passing(answer.headers.raw)
        if block is not None:
            headers += [(k.encode(), v.encode()) for k, v in block.headers.items()]
        cite = block.citation if block and self._settings.cite and answer.is_success else ""
        if cite:
            headers = [(name, value) for name, value in headers if name != b"content-encoding"]
            stream = "event-stream" in answer.headers.get("content-type", "")
            read = cited_stream(answer, cite) if stream else cited_body(answer, cite)
        else:
            read = _raw(answer)
        return _PassedOn(read, answer.status_code, headers)


class _PassedOn(StreamingResponse):
    """An answer that breaks off where the upstream's does."""

    def __init__(self, body: AsyncIterator[bytes], status: int, headers: _Headers) -> None:
        super().__init__(body, status)
        self.raw_headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # What was begun cannot become an error: left unfinished, the connection is closed, as the
        # upstream closed its own.
        with suppress(httpx.TransportError):
            await super().__call__(scope, receive, send)


async def _raw(answer: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for piece in answer.aiter_raw():
            yield piece
    finally:
        await answer.aclose()


def _passing(headers: Iterable[tuple[bytes, bytes]]) -> _Headers:
    """Headers without those that are of one connection only; names in lower case."""
    lowered = ((name.lower(), value) for name, value in headers)
    return [(name, value) for name, value in lowered if name not in _HOP_BY_HOP]


async def _disconnected(request: Request) -> None:
    while True:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            return


def _talk(path: str, fields: Mapping[str, Any]) -> str:
    if path == "completions":
        prompt = fields.get("prompt")
        return prompt if isinstance(prompt, str) else ""
    messages = fields.get("messages")
    return talk_of(messages) if isinstance(messages, list) else ""


def _insert(path: str, fields: dict[str, Any], block: str) -> bool:
    """Put the block into a request; whether there was a place for it.

    It goes before a completion's prompt, and to the end of the last message of the user: so the
    beginning of a conversation stays as it was, and servers find it in their cache.
    """
    if path == "completions":
        if not isinstance(fields.get("prompt"), str):
            return False
        fields["prompt"] = f"{block}\n\n{fields['prompt']}"
        return True
    for message in reversed(fields.get("messages") or []):
        if isinstance(message, dict) and message.get("role") == "user":
            content = message.get("content")
            if isinstance(content, str):
                message["content"] = f"{content}\n\n{block}"
                return True
            if isinstance(content, list):
                content.append({"type": "text", "text": block})
                return True
    return False


def _error(status: int, message: str) -> Response:
    body = {"error": {"message": message, "type": "upstream_error", "param": None, "code": None}}
    return JSONResponse(body, status)


def proxy_app(desk: Desk, settings: ProxySettings) -> Starlette:
    """The proxy as an ASGI application, behind no door yet."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=128)
        async with httpx.AsyncHTTPTransport(limits=limits, trust_env=False) as transport:
            app.state.proxy = CanonProxy(desk, settings, transport)
            # So that the first request need not wait for it.
            await app.state.proxy.canon()
            yield

    async def handle(request: Request) -> Response:
        proxy: CanonProxy = request.app.state.proxy
        return await proxy.handle(request)

    routes = [Route("/v1/{path:path}", handle, methods=METHODS)]
    return Starlette(routes=routes, lifespan=lifespan)


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """What makes the fastest event loop that is installed here; None for Python's own."""
    return uvicorn.Config("", log_config=None).get_loop_factory()


async def serve_proxy(desk: Desk, settings: ProxySettings, door: Door) -> None:
    """Serve until stopped.

    Raises:
        ConfigError: The address is open and no key is set.
    """
    await serve_app(proxy_app(desk, settings), door)
