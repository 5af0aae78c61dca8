"""The HTTP side of the fake: a request is answered as its `FakeServer` decides."""

from __future__ import annotations

import json
import socket
import sys
import time
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from tests.fakes import tokens, wire
from tests.fakes.chat import Answer, Exchange
from tests.fakes.flavours import Reply

if TYPE_CHECKING:
    from tests.fakes.server import FakeServer

Staged = tuple[int, Any] | tuple[int, Any, Sequence[str]]
"""Status, body and further lines of the head."""


class _UnfinishedError(Exception):
    """The script broke the connection, or the client went away."""


class Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], fake: FakeServer) -> None:
        self.fake = fake
        self.faults: list[Exception] = []
        self._open: set[socket.socket] = set()
        super().__init__(address, _Handler)

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def break_connections(self) -> None:
        """Wake the threads that wait for the next request of a client that keeps its connection."""
        for connection in list(self._open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # its own thread closed it first

    def handle_error(self, request: Any, client_address: Any) -> None:
        error = sys.exception()
        if isinstance(error, Exception) and not isinstance(error, ConnectionError | ValueError):
            self.faults.append(error)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Listener

    @property
    def fake(self) -> FakeServer:
        return self.server.fake

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: tests read `FakeServer.paths`."""

    def do_GET(self) -> None:
        path = self.fake.see("GET", self.path)
        if staged := self.fake.staged_reply(path):
            self._send(*staged)
        elif path == "/metrics" and (page := self.fake.metrics()):
            self._send_raw(200, "text/plain; version=0.0.4; charset=utf-8", page)
        elif path == "/v1/models":
            guarded = self._refused(path)
            self._send(*(guarded or (200, self.fake.flavour.list_models())))
        else:
            self._send(*(self._refused(path) or self.fake.flavour.get(path)))

    def do_POST(self) -> None:
        path = self.fake.see("POST", self.path)
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if staged := self.fake.staged_reply(path):
            self._send(*staged)
        elif refused := self._refused(path):
            self._send(*refused)
        elif path == "/v1/chat/completions":
            self._chat(body)
        elif path == "/tokenize":
            self._send(*self.fake.flavour.tokenize(body))
        else:
            self._send(*self.fake.flavour.not_found(path))

    def _refused(self, path: str) -> Reply | None:
        wanted = self.fake.api_key
        if not wanted or path in ("/health", "/v1/health"):
            return None
        given = self.headers.get("Authorization", "")
        return None if given == f"Bearer {wanted}" else self.fake.flavour.wrong_key()

    def _chat(self, body: dict[str, Any]) -> None:
        self.fake.begin()
        exchange = self.fake.answer(body, dict(self.headers.items()))
        try:
            self._wait(exchange.answer)
            answer = exchange.answer
            if answer.raw is not None:
                self._send_raw(answer.status, answer.kind, answer.raw, answer.headers)
            elif answer.status != 200:
                self._send(answer.status, answer.error, answer.headers)
            else:
                self._say(exchange)
            exchange.completed = True
        except (_UnfinishedError, ConnectionError):
            self.close_connection = True
        finally:
            self.fake.end(exchange)

    def _wait(self, answer: Answer) -> None:
        closing = self.fake.closing
        if answer.delay:
            closing.wait(answer.delay)
        if not answer.hold_after:
            self._hold(answer)

    def _hold(self, answer: Answer) -> None:
        closing = self.fake.closing
        while answer.hold and not answer.hold.is_set() and not closing.is_set():
            answer.hold.wait(0.02)
        if closing.is_set():
            raise _UnfinishedError

    def _say(self, exchange: Exchange) -> None:
        request, answer = exchange.request, exchange.answer
        text, exchange.finish_reason = wire.limited(request, answer)
        if request.streaming:
            self._stream(exchange, text)
            return
        exchange.sent = text
        repeats = self.fake.flavour.repeats_prefill()
        message = wire.completion(exchange, request.prefill if repeats else "")
        payload = json.dumps(message).encode()
        if answer.drop_after is not None:
            self._head(200, "application/json", f"Content-Length: {len(payload)}")
            self.wfile.write(payload[: len(payload) // 2])
            raise _UnfinishedError
        self._send(200, message)

    def _stream(self, exchange: Exchange, text: str) -> None:
        answer = exchange.answer
        self._head(200, "text/event-stream", "Transfer-Encoding: chunked")
        self._event(wire.chunk(exchange, {"role": "assistant", "content": None}))
        if answer.thinking and answer.think_in != "content":
            self._event(wire.chunk(exchange, {answer.think_in: answer.thinking}))
        parts = tokens.pieces(text)[: answer.drop_after]
        for start in range(0, len(parts), self.fake.chunk):
            if answer.hold_after and start >= answer.hold_after:
                self._hold(answer)
            if answer.pace:
                time.sleep(answer.pace)
            said = "".join(parts[start : start + self.fake.chunk])
            exchange.sent += said
            counts = self.fake.flavour.counts_so_far(exchange)
            self._event(wire.chunk(exchange, {"content": said}) | counts)
        if answer.drop_after is not None:
            raise _UnfinishedError
        last = wire.chunk(exchange, {}, exchange.finish_reason)
        self._event(last | self.fake.flavour.counts_at_the_end(exchange))
        if (exchange.request.body.get("stream_options") or {}).get("include_usage"):
            self._event(wire.usage_chunk(exchange))
        self._chunk(b"data: [DONE]\n\n")
        self._chunk(b"")

    def _event(self, body: dict[str, Any]) -> None:
        self._chunk(b"data: " + json.dumps(body).encode() + b"\n\n")

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))

    def _head(self, status: int, kind: str, *headers: str) -> None:
        phrase = self.responses.get(status, ("",))[0]
        lines = [f"HTTP/1.1 {status} {phrase}", f"Content-Type: {kind}", *headers, "", ""]
        self.wfile.write("\r\n".join(lines).encode())

    def _send(self, status: int, body: Any, headers: Sequence[str] = ()) -> None:
        payload = b"" if body is None else json.dumps(body).encode()
        self._send_raw(status, "application/json", payload, headers)

    def _send_raw(
        self, status: int, kind: str, payload: bytes, headers: Sequence[str] = ()
    ) -> None:
        self._head(status, kind, f"Content-Length: {len(payload)}", *headers)
        self.wfile.write(payload)
