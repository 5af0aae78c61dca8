"""What the canon proxy costs: time to the first token, and throughput at many streams.

    python -m benchmarks.proxy_cost [--streams 64] [--calls 200] [--novel DIR]

Three processes on this machine: a server that answers at once and then gives a token every so
many milliseconds, the proxy before it, and this one, which asks both in turn. Without `--novel`
a short one is written with the fake server first, so that canon is looked up and added.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from novelcraft.graphs.novel import Novel
from tests.fakes.server import FakeServer
from tests.graphs.conftest import PREMISE, settings

TOKENS, PACE = 200, 0.02
"""Tokens of an answer, and seconds between two: what a busy card gives each of 64 streams."""


async def _complete(request: Request) -> Response:
    pace = float(request.query_params.get("pace", "0"))
    await request.body()

    async def tokens() -> AsyncIterator[bytes]:
        for number in range(TOKENS if pace else 1):
            chunk = {"choices": [{"index": 0, "delta": {"content": f"word{number} "}}]}
            yield b"data: " + json.dumps(chunk).encode() + b"\n\n"
            await asyncio.sleep(pace)
        yield b"data: [DONE]\n\n"

    return StreamingResponse(tokens(), media_type="text/event-stream")


async def _models(_request: Request) -> Response:
    return JSONResponse({"object": "list", "data": [{"id": "m", "object": "model"}]})


def serve(port: int) -> None:
    """Be the server that answers at once."""
    routes = [
        Route("/v1/chat/completions", _complete, methods=["POST"]),
        Route("/v1/models", _models),
    ]
    uvicorn.run(Starlette(routes=routes), port=port, log_level="error")


async def first_token(client: httpx2.AsyncClient, url: str, body: dict[str, Any]) -> float:
    """Milliseconds to the first bytes of an answer."""
    started = time.perf_counter()
    async with client.stream("POST", f"{url}/chat/completions", json=body) as answer:
        assert answer.status_code == 200, await answer.aread()
        pieces = answer.aiter_raw()
        await anext(pieces)
        took = time.perf_counter() - started
        async for _ in pieces:
            pass
    return 1_000 * took


async def throughput(
    client: httpx2.AsyncClient, url: str, body: dict[str, Any], streams: int
) -> float:
    """Tokens a second of so many streams together."""

    async def read() -> int:
        paced = f"{url}/chat/completions?pace={PACE}"
        async with client.stream("POST", paced, json=body) as answer:
            return sum([piece.count(b"word") async for piece in answer.aiter_raw()])

    started = time.perf_counter()
    counts = await asyncio.gather(*(read() for _ in range(streams)))
    assert counts == [TOKENS] * streams, "every stream is whole"
    return sum(counts) / (time.perf_counter() - started)


async def measure(direct: str, proxied: str, question: str, given: argparse.Namespace) -> None:
    """Ask both in turn, so that what else the machine does falls on both."""
    body = {"model": "m", "stream": True, "messages": [{"role": "user", "content": question}]}
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=None)
    async with httpx2.AsyncClient(timeout=120, limits=limits) as client:
        times: dict[str, list[float]] = {direct: [], proxied: []}
        for number in range(given.calls + 20):
            for url in (direct, proxied):
                took = await first_token(client, url, body)
                if number >= 20:
                    times[url].append(took)
        added = sorted(b - a for a, b in zip(times[direct], times[proxied], strict=True))
        say(f"first token, direct: p50 {statistics.median(times[direct]):.1f} ms")
        say(f"first token, added:  p50 {statistics.median(added):.1f} ms, p95 {_p95(added):.1f} ms")
        rates = []
        for _ in range(3):
            plain = await throughput(client, direct, body, given.streams)
            through = await throughput(client, proxied, body, given.streams)
            rates.append((through / plain, plain, through))
        share, plain, through = sorted(rates)[1]
        say(
            f"{given.streams} streams: {plain:,.0f} tokens/s direct, {through:,.0f} through the "
            f"proxy, {share:.1%} (median of 3)"
        )


def _p95(values: list[float]) -> float:
    return values[int(0.95 * (len(values) - 1))]


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


@contextmanager
def running(*command: object, ready: str, environ: dict[str, str] | None = None) -> Iterator[None]:
    """A process, from when it answers until the end of the block."""
    process = subprocess.Popen(
        [sys.executable, *map(str, command)], env={**os.environ, **(environ or {})}
    )
    try:
        for _ in range(600):
            try:
                if httpx2.get(ready, timeout=2).status_code == 200:
                    break
            except httpx2.HTTPError:
                time.sleep(0.1)
        else:
            raise SystemExit(f"nothing answers at {ready}")
        yield
    finally:
        process.terminate()
        process.wait()


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main() -> None:
    """Measure, and print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, default=64)
    parser.add_argument("--calls", type=int, default=200)
    parser.add_argument("--novel", type=Path)
    parser.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        serve(given.serve)
        return
    with tempfile.TemporaryDirectory() as scratch:
        folder = given.novel or Path(scratch) / "novel"
        if given.novel is None:
            with FakeServer() as fake, Novel.create(folder, settings(fake)) as novel:
                asyncio.run(novel.write(on_event=lambda _: None))
        with Novel.open(folder) as novel:
            plan = novel.store.plan(novel.store.branch("main").plan_version or 1)
        question = f"Tell me of {' and '.join(person.name for person in plan.cast)}. {PREMISE}."
        upstream, door = free_port(), free_port()
        direct, proxied = (f"http://127.0.0.1:{port}/v1" for port in (upstream, door))
        with (
            running("-m", __spec__.name, "--serve", upstream, ready=f"{direct}/models"),
            running(
                *("-m", "novelcraft", "proxy", folder, "--port", door, "--upstream", direct),
                ready=f"{proxied}/models",
            ),
        ):
            asyncio.run(measure(direct, proxied, question, given))


if __name__ == "__main__":
    main()
