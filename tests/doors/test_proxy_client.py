"""The official client gets the same answers with the proxy as without, and the same errors."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openai
import pytest
from pydantic import BaseModel

from novelcraft.doors.desk import Desk
from novelcraft.graphs.novel import Novel
from tests.doors.conftest import environ_of
from tests.doors.test_mcp import program, served
from tests.doors.test_proxy import official, proxied
from tests.fakes import script as s
from tests.fakes.server import FakeServer

QUIET: Any = {"role": "user", "content": "Say something short about two and two."}
ASKED: Any = {"model": "fake-model", "messages": [QUIET]}
TOOL = {"type": "function", "function": {"name": "add", "parameters": {"type": "object"}}}
Ask = Callable[[openai.OpenAI], Any]


class Sum(BaseModel):
    total: int


def plain(answer: Any) -> Any:
    """An answer without what differs between any two calls."""
    dumped = answer.model_dump()
    return {key: value for key, value in dumped.items() if key not in ("id", "created")}


def chat(client: openai.OpenAI, **given: Any) -> Any:
    fields: dict[str, Any] = {"model": "fake-model", "messages": [QUIET], "seed": 3}
    return client.chat.completions.create(**fields | {"max_tokens": 60} | given)


ASKS: dict[str, Ask] = {
    "models": lambda client: [m.id for m in client.models.list()],
    "chat": lambda client: plain(chat(client)),
    "stream": lambda client: [plain(piece) for piece in chat(client, stream=True)],
    "usage": lambda client: [
        plain(p) for p in chat(client, stream=True, stream_options={"include_usage": True})
    ],
    "tools": lambda client: plain(chat(client, tools=[TOOL], tool_choice="auto")),
    "schema": lambda client: (
        client.chat.completions.parse(
            model="fake-model",
            messages=[QUIET],
            response_format=Sum,
            seed=3,
        )
        .choices[0]
        .message.parsed
    ),
    "unknown model": lambda client: error(client, openai.NotFoundError, model="gone"),
    "overflow": lambda client: error(
        client, openai.BadRequestError, messages=[{"role": "user", "content": "word " * 9_000}]
    ),
    "wrong key": lambda client: error(client.with_options(api_key="x"), openai.AuthenticationError),
}


def error(client: openai.OpenAI, kind: type[openai.APIStatusError], **given: Any) -> Any:
    with pytest.raises(kind) as caught:
        chat(client, **given)
    return caught.value.status_code, caught.value.body


@pytest.mark.parametrize("name", ASKS)
async def test_the_same_with_and_without(
    desk: Desk, serve: Callable[..., FakeServer], name: str
) -> None:
    server = serve(flavour="vllm", api_key="the-key")

    def ask(url: str) -> Any:
        with openai.OpenAI(base_url=url, api_key="the-key", max_retries=0) as client:
            return ASKS[name](client)

    async with proxied(desk, server.base_url) as url:
        through = await asyncio.to_thread(ask, url)
    assert through == await asyncio.to_thread(ask, server.base_url)
    assert through


async def test_from_the_shell_and_while_another_process_steers(
    fake_server: FakeServer, folder: Path, tmp_path: Path
) -> None:
    environ = environ_of(fake_server, tmp_path)
    with Novel.open(folder, environ={}) as novel:
        fact = novel.store.facts_as_of(novel.store.branch("main").head)[-1][1]
    asked: Any = [{"role": "user", "content": f"Tell me of {fact.subject}."}]
    said = ("3", fact.subject, fact.statement, "--becomes", "It sank.")
    async with (
        served(environ, str(folder), verb=["proxy"], path="v1") as url,
        official(url) as client,
    ):
        await client.chat.completions.create(**ASKED | {"messages": asked})
        assert fact.statement in fake_server.requests[-1].user
        steered = await asyncio.create_subprocess_exec(
            *program("steer", str(folder), "fact", *said), env={**os.environ, **environ}
        )
        assert await steered.wait() == 0
        await client.chat.completions.create(**ASKED | {"messages": asked})
        assert "It sank." in fake_server.requests[-1].user


async def test_it_can_be_stopped_in_the_middle_of_a_stream(
    serve: Callable[..., FakeServer],
    folder: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    script = s.Script()
    script.on(s.anything, s.pace(0.05))
    server = serve(script=script, chunk=1)
    environ = environ_of(server, tmp_path)
    async with contextlib.AsyncExitStack() as stack:
        stopped = contextlib.AsyncExitStack()
        url = await stopped.enter_async_context(
            served(environ, str(folder), verb=["proxy"], path="v1")
        )
        client = await stack.enter_async_context(official(url))
        given = ASKED | {"max_tokens": 2_000, "stream": True}
        stream = await client.chat.completions.create(**given)
        await anext(aiter(stream))
        async with asyncio.timeout(60):
            await stopped.aclose()
    assert "Traceback" not in capfd.readouterr().err


async def test_a_client_that_waits_no_longer(desk: Desk, serve: Callable[..., FakeServer]) -> None:
    script, held = s.Script(), threading.Event()
    script.on(s.anything, s.hold(held))
    server = serve(script=script)
    async with proxied(desk, server.base_url) as url, official(url) as client:
        with pytest.raises(openai.APITimeoutError):
            await client.chat.completions.create(**ASKED, timeout=0.5)
    held.set()


async def test_a_call_that_is_cancelled_in_its_stream(
    desk: Desk, serve: Callable[..., FakeServer]
) -> None:
    script = s.Script()
    script.on(s.anything, s.pace(0.05))
    server = serve(script=script, chunk=1)
    async with proxied(desk, server.base_url) as url, official(url) as client:
        stream = await client.chat.completions.create(**ASKED, max_tokens=400, stream=True)
        async for _ in stream:
            break
        await stream.close()
        async with asyncio.timeout(60):
            while server.running:  # noqa: ASYNC110  the fake server has no event for it
                await asyncio.sleep(0.02)
    (exchange,) = server.exchanges
    assert not exchange.completed


@pytest.mark.parametrize("through", [True, False])
async def test_an_upstream_that_breaks_off_in_its_stream(
    desk: Desk,
    serve: Callable[..., FakeServer],
    capfd: pytest.CaptureFixture[str],
    through: bool,
) -> None:
    script = s.Script()
    script.on(s.anything, s.drop(after=8))
    server = serve(script=script)
    async with (
        proxied(desk, server.base_url) as url,
        official(url if through else server.base_url) as client,
    ):
        stream = await client.chat.completions.create(**ASKED, stream=True)
        with pytest.raises(openai.APIConnectionError):
            async for _ in stream:
                pass
    assert "Traceback" not in capfd.readouterr().err
