"""The MCP server through the official client: in the process, over a pipe, over HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from mcp import Client, StdioServerParameters
from mcp.shared.exceptions import MCPError

from novelcraft.doors.catalogue import offered
from novelcraft.doors.desk import Desk, open_desk
from novelcraft.doors.mcp import make_server
from tests.agents.test_registry import PROSE
from tests.doors.conftest import environ_of
from tests.doors.test_http import FETCH, IMAGE, PREFLIGHT
from tests.fakes import script as s
from tests.fakes.server import FakeServer


async def test_all_tools_are_listed_with_their_schemas(desk: Desk) -> None:
    async with Client(make_server(desk)) as client:
        listed = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert set(listed) == {tool.name for tool in offered(write=False)}
    for tool in offered(write=False):
        assert listed[tool.name].input_schema["properties"].keys() == set(tool.input.model_fields)
        assert listed[tool.name].description == tool.description


async def test_a_call_gives_structured_content_and_tells_its_progress(desk: Desk) -> None:
    told: list[float] = []

    async def progress(progress: float, total: float | None, message: str | None) -> None:
        told.append(progress)

    async with Client(make_server(desk)) as client:
        result = await client.call_tool("summarize", {"prose": PROSE}, progress_callback=progress)
    assert not result.is_error
    assert result.structured_content is not None
    assert result.structured_content["summary"]
    assert json.loads(result.content[0].text) == result.structured_content  # type: ignore[union-attr]
    assert told == [0, 1]


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("summarize", {"proze": "x"}, "proze"),
        ("recall", {"about": "x", "novel": "/nowhere"}, "/nowhere"),
    ],
)
async def test_an_error_is_an_answer(desk: Desk, name: str, given: Any, said: str) -> None:
    async with Client(make_server(desk)) as client:
        result = await client.call_tool(name, given)
    assert result.is_error
    assert said in result.content[0].text  # type: ignore[union-attr]


async def test_a_novel_can_be_read(folder: Path, tmp_path: Path) -> None:
    named = folder.rename(tmp_path / "My novel, ü")
    async with open_desk(str(named), {}) as desk:
        await all_of_it_can_be_read(desk, "novel://My%20novel%2C%20%C3%BC")


async def all_of_it_can_be_read(desk: Desk, address: str) -> None:
    view = desk.require_view()
    async with Client(make_server(desk)) as client:
        resources = {str(r.uri) for r in (await client.list_resources()).resources}
        scene = f"{address}/scene/2"
        assert scene in resources
        assert len(resources) == 4 + len(view.chain)
        texts = {}
        for uri in resources:
            (content,) = (await client.read_resource(uri)).contents
            texts[uri] = content.text  # type: ignore[union-attr]
        assert texts[scene] == view.chain[1].prose
        assert json.loads(texts[f"{address}/plan"])["core"]
        (by_path,) = (await client.read_resource(f"novel://{desk.default_novel}/plan")).contents
        assert by_path.text == texts[f"{address}/plan"]  # type: ignore[union-attr]
        for missing in (
            "novel:///nowhere/plan",
            f"{address}/scene/99",
            f"{address}/scene/0",
            f"{address}/scene/-1",
            "novel://",
        ):
            with pytest.raises(MCPError):
                await client.read_resource(missing)
        for prompt in (await client.list_prompts()).prompts:
            assert (await client.get_prompt(prompt.name)).messages


def program(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "novelcraft", *arguments]


async def test_it_speaks_over_a_pipe(fake_server: FakeServer, folder: Path, tmp_path: Path) -> None:
    command, *arguments = program("mcp", "--novel", str(folder))
    given = StdioServerParameters(
        command=command, args=arguments, env={**os.environ, **environ_of(fake_server, tmp_path)}
    )
    async with Client(given) as client:
        assert len((await client.list_tools()).tools) == len(offered(write=False))
        result = await client.call_tool("recall", {"about": "the sea"})
    assert not result.is_error


async def answers(process: asyncio.subprocess.Process, url: str) -> bool:
    """Wait for a server; False when its process has ended."""
    async with asyncio.timeout(120), httpx.AsyncClient() as client:
        while process.returncode is None:
            with contextlib.suppress(httpx.TransportError):
                await client.get(url)
                return True
            await asyncio.sleep(0.05)
    return False


@contextlib.asynccontextmanager
async def served(
    environ: dict[str, str],
    *arguments: str,
    verb: Sequence[str] = ("mcp", "--http"),
    path: str = "mcp",
) -> AsyncIterator[str]:
    """The program as a server on a free port, until the end of the block; gives the URL."""
    for _ in range(3):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        process = await asyncio.create_subprocess_exec(
            *program(*verb, "--port", str(port), *arguments), env={**os.environ, **environ}
        )
        url = f"http://127.0.0.1:{port}/{path}"
        if await answers(process, url):
            break  # else another program took the port in between
    try:
        assert process.returncode is None
        yield url
    finally:
        process.send_signal(signal.SIGINT)
        assert await process.wait() in (0, 130)


async def test_it_speaks_over_http_and_pages_are_kept_out(
    fake_server: FakeServer, folder: Path, tmp_path: Path
) -> None:
    environ = environ_of(fake_server, tmp_path)
    async with served(environ, "--novel", str(folder)) as url:
        async with Client(url) as client:
            result = await client.call_tool("recall", {"about": "the sea"})
            assert not result.is_error
        async with httpx.AsyncClient() as browser:
            here = {"host": url.split("/")[2]}
            page = await browser.post(url, headers=FETCH | here, content="{}")
            image = await browser.get(url, headers=IMAGE | here)
            rebound = await browser.post(url, headers={"Host": "evil.example"}, json={})
            preflight = await browser.options(url, headers=PREFLIGHT | here)
    assert (page.status_code, image.status_code, rebound.status_code) == (403, 403, 421)
    assert preflight.status_code == 403
    assert "access-control-allow-origin" not in preflight.headers


@pytest.mark.parametrize("over", ["pipe", "http"])
async def test_a_call_that_is_cancelled_ends_its_models_answer(
    serve: Callable[..., FakeServer], tmp_path: Path, over: str
) -> None:
    script = s.Script()
    script.on(s.prose, s.pace(0.05))
    server = serve(script=script, chunk=1)
    environ = environ_of(server, tmp_path)
    async with contextlib.AsyncExitStack() as stack:
        if over == "http":
            target: Any = await stack.enter_async_context(served(environ))
        else:
            command, *arguments = program("mcp")
            given = {**os.environ, **environ}
            target = StdioServerParameters(command=command, args=arguments, env=given)
        client = await stack.enter_async_context(Client(target))
        call = asyncio.create_task(client.call_tool("narrate", {"brief": ["x"], "words": 400}))
        async with asyncio.timeout(60):
            while not server.running:  # noqa: ASYNC110  the fake server has no event for it
                await asyncio.sleep(0.02)
            call.cancel()
            while server.running:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        assert not server.exchanges[-1].completed
        assert not (await client.call_tool("summarize", {"prose": PROSE})).is_error


async def test_a_key_is_asked_for(fake_server: FakeServer, folder: Path, tmp_path: Path) -> None:
    environ = {**environ_of(fake_server, tmp_path), "NOVELCRAFT_DOOR_KEY": "sesame"}
    async with served(environ, "--novel", str(folder)) as url, httpx.AsyncClient() as client:
        without = await client.post(url, json={})
        with_key = await client.post(url, json={}, headers={"Authorization": "Bearer sesame"})
    assert without.status_code == 401
    assert with_key.status_code not in (401, 403, 421)


@pytest.mark.parametrize("verb", [("mcp", "--http", "--novel"), ("proxy",)])
def test_an_open_door_without_a_key_is_refused(folder: Path, verb: Sequence[str]) -> None:
    ended = subprocess.run(
        program(*verb, str(folder), "--host", "0.0.0.0"),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 11
    assert "no key is set" in ended.stderr
