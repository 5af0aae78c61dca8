"""What the canon proxy costs: time to the first token, and throughput at many streams.

    python -m benchmarks.proxy_cost [--streams 64] [--calls 200] [--novel DIR]

Three processes on this machine: a server that answers at once and then gives a token every so
many milliseconds, the proxy before it, and this one, which asks both in turn. Without `--novel`
a short one is written with the fake server first, so that canon is looked up and added.

What else the machine does falls on the times, though on both alike; the proxy's own processor
time, which is told beside them on Linux, depends less on it. On a machine that is busy, have
this run go before the rest: chrt -r 5 python -m benchmarks.proxy_cost
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


async def throughput(url: str, body: dict[str, Any], streams: int) -> float:
    """Tokens a second of so many streams together.

    They are read from the bare sockets: a client that takes as long for a token as the proxy does
    would hide what the proxy costs.
    """
    where, content = httpx2.URL(url), json.dumps(body).encode()
    asked = (
        f"POST {where.path}/chat/completions?pace={PACE} HTTP/1.1\r\nHost: {where.host}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n"
        "Connection: close\r\n\r\n"
    ).encode() + content

    async def read() -> int:
        reader, writer = await asyncio.open_connection(where.host, where.port)
        writer.write(asked)
        count = 0
        while piece := await reader.read(65_536):
            # A token is an event, which is never parted: it is a chunk of some 60 bytes.
            count += piece.count(b"word")
        writer.close()
        return count

    started = time.perf_counter()
    counts = await asyncio.gather(*(read() for _ in range(streams)))
    assert counts == [TOKENS] * streams, "every stream is whole"
    return sum(counts) / (time.perf_counter() - started)


async def measure(
    direct: str, proxied: str, process: int, question: str, given: argparse.Namespace
) -> None:
    """Ask both in turn, so that what else the machine does falls on both.

    Args:
        direct: The server.
        proxied: The proxy before it.
        process: Id of the proxy's process.
        question: What is asked.
        given: The command line.
    """
    body = {"model": "m", "stream": True, "messages": [{"role": "user", "content": question}]}
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=None)
    async with httpx2.AsyncClient(timeout=120, limits=limits) as client:
        times: dict[str, list[float]] = {direct: [], proxied: []}
        for number in range(given.calls + 20):
            if number == 20:
                before = processor_time(process)
            for url in (direct, proxied):
                took = await first_token(client, url, body)
                if number >= 20:
                    times[url].append(took)
        spent = (processor_time(process) - before) / given.calls
        added = sorted(b - a for a, b in zip(times[direct], times[proxied], strict=True))
        say(f"first token, direct: p50 {statistics.median(times[direct]):.1f} ms")
        say(f"first token, added:  p50 {statistics.median(added):.1f} ms, p95 {_p95(added):.1f} ms")
        say(f"processor time of the proxy for a call: {1e3 * spent:.1f} ms")
        rates = []
        for _ in range(3):
            plain = await throughput(direct, body, given.streams)
            before = processor_time(process)
            through = await throughput(proxied, body, given.streams)
            spent = (processor_time(process) - before) / (given.streams * TOKENS)
            rates.append((through / plain, plain, through))
        share, plain, through = sorted(rates)[1]
        say(
            f"{given.streams} streams: {plain:,.0f} tokens/s direct, {through:,.0f} through the "
            f"proxy, {share:.1%} (median of 3)"
        )
        say(f"processor time of the proxy for a token of {given.streams}: {1e6 * spent:.0f} µs")


def processor_time(process: int) -> float:
    """Seconds that a process has had of a core; 0 where the system does not tell."""
    status = Path(f"/proc/{process}/stat")
    if not status.exists():
        return 0.0
    fields = status.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _p95(values: list[float]) -> float:
    return values[int(0.95 * (len(values) - 1))]


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


@contextmanager
def running(*command: object, ready: str) -> Iterator[int]:
    """A process, from when it answers until the end of the block; gives its id."""
    process = subprocess.Popen([sys.executable, *map(str, command)])
    try:
        for _ in range(600):
            try:
                if httpx2.get(ready, timeout=2).status_code == 200:
                    break
            except httpx2.HTTPError:
                time.sleep(0.1)
        else:
            raise SystemExit(f"nothing answers at {ready}")
        yield process.pid
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
            ) as process,
        ):
            asyncio.run(measure(direct, proxied, process, question, given))


if __name__ == "__main__":
    main()
