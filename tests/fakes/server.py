"""The fake server: in a thread for tests, or a process of its own.

with FakeServer(flavour="vllm", models=["novelist"]) as server:
    ... server.base_url ... server.requests ...

python -m tests.fakes.server --port 8080 --flavour llamacpp --record calls.jsonl
"""

from __future__ import annotations

import argparse
import importlib
import json
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from tests.fakes import tokens, wire
from tests.fakes.brain import FindNames, find_names, plain_answer
from tests.fakes.chat import Answer, ChatRequest, Exchange
from tests.fakes.flavours import FLAVOURS
from tests.fakes.handler import Listener, Staged
from tests.fakes.script import Script


class FakeServer:
    """A server on a loopback port, answering from its script while the context is open.

    Args:
        flavour: `llamacpp`, `vllm` or `openai`: whose shapes it speaks.
        models: Names served.
        adapters: Names of LoRA adapters served beside them.
        roots: Where the weights of a name lie, as vLLM tells.
        context: Context length in tokens.
        api_key: Key that requests must carry; empty lets everybody in.
        script: What goes wrong, and when.
        names: Finds the names that prose must mention in the text of a prompt.
        chunk: Tokens in one event of a stream.
        port: Port; 0 takes a free one.
        record: A file that gets one JSON line for each finished chat request.
        staged: Replies in place of the plain ones, by path, one after the other; None for the
            plain one, which is what comes when they are used up, too.
    """

    def __init__(
        self,
        *,
        flavour: str = "llamacpp",
        models: Sequence[str] = ("fake-model",),
        adapters: Sequence[str] = (),
        roots: Mapping[str, str] | None = None,
        context: int = 8_192,
        api_key: str = "",
        script: Script | None = None,
        names: FindNames = find_names,
        chunk: int = 8,
        port: int = 0,
        record: Path | None = None,
        staged: Mapping[str, Iterable[Staged | None]] | None = None,
    ) -> None:
        self.flavour = FLAVOURS[flavour](models, context, adapters, roots or {})
        self.api_key = api_key
        self.script = script or Script()
        self.names = names
        self.chunk = chunk
        self.exchanges: list[Exchange] = []
        self.paths: list[str] = []
        """Every request, as `GET /v1/models`."""
        self.queries: list[str] = []
        """The query of every request."""
        self.most_at_once = 0
        self.closing = threading.Event()
        self._running = 0
        self._record = record
        self._staged = {path: iter(replies) for path, replies in (staged or {}).items()}
        self._lock = threading.Lock()
        self._idle = threading.Condition(self._lock)
        self._http = Listener(("127.0.0.1", port), self)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)

    @property
    def port(self) -> int:
        return int(self._http.server_address[1])

    @property
    def base_url(self) -> str:
        """The URL that a client is given, with its `/v1`."""
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def requests(self) -> list[ChatRequest]:
        """The chat requests so far, oldest first."""
        with self._lock:
            return [e.request for e in self.exchanges]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
        if self._http.faults and error is None:
            raise ExceptionGroup("the fake server failed", self._http.faults)

    def close(self) -> None:
        """Stop answering: connections that are open break, exchanges under way are recorded."""
        self.closing.set()
        self._http.shutdown()
        self._http.break_connections()
        with self._idle:
            self._idle.wait_for(lambda: not self._running)
        self._http.server_close()
        self._thread.join()

    def answer(self, body: dict[str, Any], headers: dict[str, str]) -> Exchange:
        """Decide what a chat request gets, and remember both."""
        with self._lock:
            request = ChatRequest(body, headers, len(self.exchanges) + 1)
            exchange = Exchange(request, Answer(""))
            self.exchanges.append(exchange)
        exchange.answer = self.script.play(request, self._plain(request))
        return exchange

    def _plain(self, request: ChatRequest) -> Answer:
        refusal = None
        if not self.flavour.serves(request.model):
            refusal = self.flavour.unknown_model(request.model)
        refusal = refusal or self.flavour.overflow(request)
        if refusal:
            return Answer("", status=refusal[0], error=refusal[1])
        return plain_answer(request, self.names, continues=self.flavour.continues(request))

    def begin(self) -> None:
        with self._lock:
            self._running += 1
            self.most_at_once = max(self.most_at_once, self._running)

    def end(self, exchange: Exchange) -> None:
        """Close the books on an exchange, and record it."""
        with self._lock:
            self._running -= 1
            if self._record:
                with self._record.open("a", encoding="utf-8") as lines:
                    lines.write(json.dumps(wire.record(exchange)) + "\n")
            self._idle.notify_all()

    @property
    def running(self) -> int:
        """Requests that are being answered."""
        with self._lock:
            return self._running

    def metrics(self) -> bytes:
        """The page of metrics, of all exchanges so far."""
        with self._lock:
            read = sum(e.request.prompt_tokens for e in self.exchanges)
            written = sum(len(tokens.pieces(e.sent)) for e in self.exchanges)
            return self.flavour.metrics(self._running, read, written).encode()

    def staged_reply(self, path: str) -> Staged | None:
        with self._lock:
            return next(self._staged.get(path, iter(())), None)

    def see(self, method: str, target: str) -> str:
        """Remember a request; its path."""
        split = urlsplit(target)
        with self._lock:
            self.paths.append(f"{method} {split.path}")
            self.queries.append(split.query)
        return split.path


def load_script(target: str) -> Script:
    """The script that a function makes, named as `module:function`."""
    module, _, function = target.partition(":")
    make: Callable[[], Script] = getattr(importlib.import_module(module), function)
    return make()


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.fakes.server", description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--flavour", choices=sorted(FLAVOURS), default="llamacpp")
    parser.add_argument("--model", action="append", help="may be given more than once")
    parser.add_argument("--adapter", action="append", default=[])
    parser.add_argument("--context", type=int, default=8_192)
    parser.add_argument("--api-key", default="")
    parser.add_argument("--chunk", type=int, default=8, help="tokens in one event of a stream")
    parser.add_argument("--script", help="module:function that makes a Script")
    parser.add_argument("--record", type=Path, help="file for one JSON line a chat request")
    given = parser.parse_args(arguments)
    server = FakeServer(
        flavour=given.flavour,
        models=given.model or ["fake-model"],
        adapters=given.adapter,
        context=given.context,
        api_key=given.api_key,
        script=load_script(given.script) if given.script else None,
        chunk=given.chunk,
        port=given.port,
        record=given.record,
    )
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with server:
        sys.stdout.write(server.base_url + "\n")
        sys.stdout.flush()
        threading.Event().wait()


if __name__ == "__main__":
    main()
