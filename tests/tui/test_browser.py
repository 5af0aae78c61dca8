"""Who may come into the room in a browser."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp.test_utils import TestClient, TestServer
from starlette.datastructures import Headers

from novelcraft.doors.http import Door
from novelcraft.tui.browser import HOST, GuardedServer

SAME = {"Origin": "http://127.0.0.1:8170"}


@pytest.fixture
def guarded() -> GuardedServer:
    door = Door(HOST, 8170)
    command = (sys.executable, "-c", "print('never started')")
    return GuardedServer(command, 8170, lambda headers: door.admits(Headers(headers)))


@pytest.fixture
async def client(
    guarded: GuardedServer,
) -> AsyncIterator[TestClient[aiohttp.web.Request, aiohttp.web.Application]]:
    server = TestServer(await guarded.application(), host=HOST)
    async with TestClient(server, cookie_jar=aiohttp.CookieJar(unsafe=True)) as client:
        yield client


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/", {}, 401),
        ("/?token=guessed", {}, 401),
        ("/ws", SAME, 401),
        ("/ws?token=guessed", SAME, 401),
        ("/static/css/xterm.css", {}, 401),
        ("/", {"Host": "evil.example"}, 421),
        ("/", {"Origin": "https://evil.example"}, 403),
        ("/ws", {"Origin": "null"}, 403),
    ],
)
async def test_nobody_comes_in_without_the_token_or_from_another_page(
    client: TestClient[aiohttp.web.Request, aiohttp.web.Application],
    path: str,
    headers: dict[str, str],
    status: int,
) -> None:
    assert (await client.get(path, headers=headers)).status == status


async def test_with_the_token_the_page_and_what_it_needs_come(
    client: TestClient[aiohttp.web.Request, aiohttp.web.Application], guarded: GuardedServer
) -> None:
    page = await client.get(f"/?token={guarded.token}")
    assert page.status == 200
    cookie = page.cookies["novelcraft-8170"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Strict"
    assert (await client.get("/static/css/xterm.css")).status == 200
    # A page of another origin has the cookie sent by no browser; it is refused with it, too.
    assert (await client.get("/ws", headers={"Origin": "http://evil.example"})).status == 403
    assert (await client.get("/ws")).status == 403
