"""Every tool through every door, and the real embedded model through each."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from langchain_core._api import suppress_langchain_beta_warning
from mcp import Client, StdioServerParameters
from typer.testing import CliRunner

from novelcraft.cli.app import program
from novelcraft.doors.catalogue import TOOLS
from novelcraft.doors.desk import open_desk
from novelcraft.doors.langchain import langchain
from novelcraft.doors.python import function_of
from novelcraft.graphs.novel import Novel
from tests.doors.conftest import environ_of
from tests.doors.test_mcp import program as in_process
from tests.doors.test_mcp import served
from tests.doors.test_tools import WITHOUT_NOVEL
from tests.fakes.server import FakeServer

with suppress_langchain_beta_warning():
    from langchain.mcp import MCPAdapter

Call = Callable[[str, dict[str, Any]], Awaitable[Any]]
Door = Callable[[Path, Mapping[str, str]], AbstractAsyncContextManager[Call]]

GIVEN: dict[str, dict[str, Any]] = {
    **WITHOUT_NOVEL,
    "recall": {"about": "the sea and the lamp"},
    "steer": {"act": {"kind": "note", "text": "Let it rain."}, "by": "a test"},
}


@asynccontextmanager
async def python(folder: Path, environ: Mapping[str, str]) -> AsyncIterator[Call]:
    async with open_desk(str(folder), environ, write=True) as desk:
        functions = {tool.name: function_of(tool) for tool in TOOLS}

        async def call(name: str, given: dict[str, Any]) -> Any:
            output = await functions[name](**given, desk=desk)
            return json.loads(output.model_dump_json())

        yield call


@asynccontextmanager
async def in_langchain(folder: Path, environ: Mapping[str, str]) -> AsyncIterator[Call]:
    async with open_desk(str(folder), environ, write=True) as desk:
        tools = {tool.name: tool for tool in langchain(desk)}

        async def call(name: str, given: dict[str, Any]) -> Any:
            asked = {"name": name, "args": given, "id": "1", "type": "tool_call"}
            message = await tools[name].ainvoke(asked)
            assert json.loads(message.content) == message.artifact.model_dump(mode="json")
            return json.loads(message.content)

        yield call


def of_client(client: Client) -> Call:
    async def call(name: str, given: dict[str, Any]) -> Any:
        result = await client.call_tool(name, given, read_timeout_seconds=600)
        assert not result.is_error, result.content
        return result.structured_content

    return call


@asynccontextmanager
async def mcp_pipe(folder: Path, environ: Mapping[str, str]) -> AsyncIterator[Call]:
    command, *arguments = in_process("mcp", "--write", "--novel", str(folder))
    given = StdioServerParameters(command=command, args=arguments, env={**os.environ, **environ})
    async with Client(given) as client:
        yield of_client(client)


@asynccontextmanager
async def mcp_http(folder: Path, environ: Mapping[str, str]) -> AsyncIterator[Call]:
    async with (
        served(dict(environ), "--write", "--novel", str(folder)) as url,
        Client(url) as client,
    ):
        yield of_client(client)


@asynccontextmanager
async def langchain_mcp(folder: Path, environ: Mapping[str, str]) -> AsyncIterator[Call]:
    async with (
        served(dict(environ), "--write", "--novel", str(folder)) as url,
        MCPAdapter(url) as adapter,
    ):
        tools = {tool.name: tool for tool in await adapter.list_tools()}

        async def call(name: str, given: dict[str, Any]) -> Any:
            asked = {"name": name, "args": given, "id": "1", "type": "tool_call"}
            message = await tools[name].ainvoke(asked)
            assert message.status == "success", message.content
            return message.artifact["structured_content"]

        yield call


@asynccontextmanager
async def in_shell(folder: Path, environ: Mapping[str, str]) -> AsyncIterator[Call]:
    async def call(name: str, given: dict[str, Any]) -> Any:
        command = in_process("agent", name.replace("_", "-"), "--write", "--novel", str(folder))
        process = await asyncio.create_subprocess_exec(
            *command,
            env={**os.environ, **environ},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, said = await process.communicate(json.dumps(given).encode())
        assert process.returncode == 0, said.decode()
        return json.loads(out)

    yield call


@asynccontextmanager
async def in_command(folder: Path, environ: Mapping[str, str]) -> AsyncIterator[Call]:
    """The shell's command without a process for each call, which takes seconds to start."""

    async def call(name: str, given: dict[str, Any]) -> Any:
        words = ["agent", name.replace("_", "-"), "--write", "--novel", str(folder)]
        run = CliRunner().invoke
        ended = await asyncio.to_thread(run, program(), words, json.dumps(given), environ)
        assert ended.exit_code == 0, ended.output
        return json.loads(ended.stdout)

    yield call


DOORS: dict[str, Door] = {
    "python": python,
    "langchain": in_langchain,
    "mcp-pipe": mcp_pipe,
    "mcp-http": mcp_http,
    "langchain-mcp": langchain_mcp,
    "command": in_command,
    "shell": in_shell,
}
ALL = tuple(tool.name for tool in TOOLS)
each_door = pytest.mark.parametrize("door", DOORS)


async def through(
    door: str, folder: Path, environ: Mapping[str, str], names: Sequence[str] = ALL
) -> None:
    """Call tools; what each gives is what its schema promises, and an act is done."""
    async with DOORS[door](folder, environ) as call:
        for tool in (tool for tool in TOOLS if tool.name in names):
            output = await call(tool.name, GIVEN[tool.name])
            assert json.loads(tool.output.model_validate(output).model_dump_json()) == output
    with Novel.open(folder, environ={}) as novel:
        acts = [(left.act.kind, left.by, left.status) for left in novel.store.acts()]
    assert acts == ([("note", "a test", "applied")] if "steer" in names else [])


@each_door
async def test_with_the_fake_server(
    fake_server: FakeServer, folder: Path, tmp_path: Path, door: str
) -> None:
    names = ("narrate", "extract_facts", "steer") if door == "shell" else ALL
    await through(door, folder, environ_of(fake_server, tmp_path), names)
    assert len(fake_server.exchanges) >= (2 if door == "shell" else 10)


@pytest.fixture
def embedded(tmp_path: Path) -> dict[str, str]:
    """An environment that gives all roles the embedded model."""
    user_file = tmp_path / "config.toml"
    user_file.touch()
    roles = ("REASONING", "NARRATOR", "CHEAP")
    return {
        **os.environ,
        "NOVELCRAFT_CONFIG": str(user_file),
        **dict.fromkeys(roles, "embedded:smollm2-135m"),
        **{f"{role}_BASE_URL": "" for role in roles},
    }


@pytest.mark.engine
@pytest.mark.timeout(1800)
async def test_each_tool_with_the_embedded_model(folder: Path, embedded: dict[str, str]) -> None:
    await through("python", folder, embedded)


# A door is given what a tool gave, whichever it is: one that narrates and one that answers a
# schema show that the model is reached through it.
@pytest.mark.engine
@pytest.mark.timeout(900)
@pytest.mark.parametrize("door", sorted({*DOORS} - {"python", "command"}))
async def test_each_door_with_the_embedded_model(
    folder: Path, embedded: dict[str, str], door: str
) -> None:
    await through(door, folder, embedded, ("narrate", "extract_facts"))


@pytest.mark.engine
@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("door", sorted({*DOORS} - {"python", "command"}))
async def test_each_tool_through_each_door_with_the_embedded_model(
    folder: Path, embedded: dict[str, str], door: str
) -> None:
    await through(door, folder, embedded)
