"""A planted key, swept for in everything that a run with faults leaves behind and says."""

from __future__ import annotations

import asyncio
import base64
import traceback
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError

from novelcraft.cli import main
from novelcraft.doors.desk import open_desk
from novelcraft.doors.mcp import make_server
from novelcraft.errors import AuthenticationError
from tests.agents.test_registry import PROSE
from tests.cli.conftest import Run
from tests.doors.test_proxy import proxied
from tests.fakes import script as s
from tests.fakes.server import FakeServer

KEY = "sk-canary-Zq8vT1mN4xW7"
FORMS = (KEY.encode(), base64.b64encode(KEY.encode())[:-2], KEY[::-1].encode())


def faults() -> tuple[s.Script, list[s.Rule]]:
    """Everything by which a server could give a key back, each once."""
    script = s.Script()
    words = {"error": {"message": f"Incorrect API key provided: {KEY}", "code": "x"}}
    rules = [
        script.on(s.anything, s.fail(401, words), count=1),
        script.on(s.anything, s.fail(500, words), count=1, after=1),
        script.on(s.anything, s.raw(f"<html>{KEY}</html>", kind="text/html"), count=1, after=3),
        script.on(s.prose, s.echo_key(), count=1),
        script.on(s.prose, s.events(f'{{"error": {{"message": "{KEY}"}}}}'), count=1, after=1),
        script.on(s.prose, s.drop(), count=1, after=2),
        script.on(s.prose, s.think(f"They gave me {KEY}."), count=2, after=3),
    ]
    return script, rules


def contents(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file, and what is in those that are archives."""
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        yield str(path), path.read_bytes()
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                for name in archive.namelist():
                    yield f"{path}!{name}", archive.read(name)


def holds(text: str | bytes) -> bool:
    data = text.encode() if isinstance(text, str) else text
    return any(form in data for form in FORMS)


def test_a_planted_key_is_nowhere_after_a_run_with_faults(
    run: Run,
    served: Callable[..., FakeServer],
    here: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    script, rules = faults()
    server = served(api_key=KEY, script=script)
    monkeypatch.setenv("OPENAI_API_KEY", f" {KEY}\n")
    monkeypatch.setenv("NOVELCRAFT_WRITE_SCENE_WORDS", "120")
    for role in ("REASONING", "NARRATOR"):
        monkeypatch.setenv(f"{role}_PATIENCE", "0")

    told = [run("write", "A lighthouse keeper finds letters", "--pages", "4", "--out", "n")]
    while told[-1].code not in (0, 44) and len(told) < 12:
        told.append(run("write", "n"))
    assert told[-1].code in (0, 44), told[-1].err
    assert all(rule.seen > rule.after for rule in rules)
    assert len({one.code for one in told}) >= 3
    told += [
        run(*arguments)
        for arguments in (
            ("show", "n", "calls"),
            ("show", "n", "findings"),
            ("log", "n"),
            ("export", "n"),
            ("status", "n"),
            ("doctor", "n"),
        )
    ]
    monkeypatch.setenv("OPENAI_API_KEY", f"{KEY}-wrong")
    told += [run("redraw", "n", "1"), run("status", "n")]
    assert told[-2].code == AuthenticationError.exit_code
    monkeypatch.setenv("NOVELCRAFT_DEBUG", "1")
    with pytest.raises(AuthenticationError) as caught:
        main(["redraw", "n", "1"])
    assert not holds("".join(traceback.format_exception(caught.value)))
    for one in told:
        assert not holds(one.out), one.out
        assert not holds(one.err), one.err

    names = {Path(name.partition("!")[0]).name for name, _ in contents(here)}
    assert {"novel.db", "checkpoints.db", "novel.toml", "manuscript.md", "report.html"} <= names
    assert any(name.endswith(".epub") for name in names)
    assert any("chroma" in name for name in names)
    assert [name for name, data in contents(here) if holds(data)] == []
    assert any(holds(request.authorization) for request in server.requests)


def test_nor_in_what_the_doors_answer(
    run: Run,
    served: Callable[..., FakeServer],
    here: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    script = s.Script()
    server = served(api_key=KEY, script=script)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("REASONING_PATIENCE", "0")
    assert run("write", "The sea", "--pages", "4", "--out", "n", "--until", "1", "-q").code == 0
    words = {"error": {"message": f"Incorrect API key provided: {KEY}", "code": "x"}}
    script.on(s.anything, s.fail(400, words))
    said = asyncio.run(_through_the_doors(server))
    assert len(said) == 3
    assert all("Incorrect API key" in one for one in said[:1])
    assert not any(map(holds, said)), said


async def _through_the_doors(server: FakeServer) -> list[str]:
    """What MCP and the proxy answer while the server gives its key back in every error."""
    said: list[str] = []
    async with open_desk("n") as desk:
        async with Client(make_server(desk)) as client:
            try:
                said.append(str(await client.call_tool("summarize", {"prose": PROSE})))
            except MCPError as error:
                said.append(str(error))
        body: dict[str, Any] = {
            "model": "fake-model",
            "messages": [{"role": "user", "content": "x"}],
        }
        async with proxied(desk, server.base_url) as url, httpx.AsyncClient() as client_:
            answer = await client_.post(f"{url}/chat/completions", json=body)
            said += [answer.text, str(answer.headers)]
    return said
