"""The canon proxy: what it adds, and that it changes nothing else."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx2 as httpx
import openai
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from novelcraft.doors.desk import Desk
from novelcraft.doors.http import Door, Guard
from novelcraft.doors.proxy import METHODS, ProxySettings, Upstream, proxy_app
from novelcraft.state.acts import EditCharacter, EditFact
from tests.doors.test_http import FETCH, IMAGE, PREFLIGHT
from tests.fakes.server import FakeServer

Handle = Callable[[Request], Awaitable[Response]]


@contextlib.asynccontextmanager
async def running(app: Any) -> AsyncIterator[str]:
    """Serves an application on a free port; gives its base URL with /v1."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
    task = asyncio.create_task(server.serve())
    try:
        while not server.started:  # noqa: ASYNC110  uvicorn has no event for it
            await asyncio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.should_exit = True
        await task


@contextlib.asynccontextmanager
async def proxied(desk: Desk, upstream: str, **settings: Any) -> AsyncIterator[str]:
    given = ProxySettings(Upstream(upstream), **settings)
    async with running(Guard(proxy_app(desk, given), Door("127.0.0.1", 0))) as url:
        yield url


@contextlib.asynccontextmanager
async def upstream(handle: Handle) -> AsyncIterator[str]:
    app = Starlette(routes=[Route("/v1/{path:path}", handle, methods=METHODS)])
    async with running(app) as url:
        yield url


def official(base_url: str) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(base_url=base_url, api_key="none", max_retries=0)


def naming(desk: Desk) -> str:
    """A question that names people whom the book has facts about."""
    view = desk.require_view()
    subjects = [fact.split(":")[0] for fact in view.facts()]
    return f"Tell me of {' and '.join([*subjects, *(c.name for c in view.plan.cast)])}."


async def test_a_chat_gets_what_the_book_says_of_those_it_names(
    desk: Desk, fake_server: FakeServer
) -> None:
    view = desk.require_view()
    body = {
        "model": "fake-model",
        "messages": [
            {"role": "system", "content": "You help."},
            {"role": "user", "content": naming(desk)},
        ],
    }
    async with proxied(desk, fake_server.base_url) as url, httpx.AsyncClient() as client:
        answer = await client.post(f"{url}/chat/completions", json=body, timeout=60)
        quiet = await client.post(
            f"{url}/chat/completions",
            json={**body, "messages": [{"role": "user", "content": "What is two and two?"}]},
            timeout=60,
        )
    assert answer.status_code == 200
    request, plain = fake_server.requests
    assert request.system == "You help."
    assert request.user.startswith(naming(desk))
    block = request.user.removeprefix(naming(desk)).strip()
    assert block.startswith("What the book has established")
    assert block.endswith('"""')
    known = view.facts(naming(desk))
    assert known
    assert any(fact in block for fact in known)
    assert answer.headers["x-novelcraft-head"] == view.head
    named = [place.split(".") for place in answer.headers["x-novelcraft-facts"].split(",")]
    facts = [view.chain[int(scene) - 1].facts[int(number) - 1] for scene, number in named]
    assert facts
    assert all(f"- {fact.subject}: {fact.statement}" in block for fact in facts)
    sentences = answer.headers["x-novelcraft-sentences"].split(",")
    assert block.count("\n- ") == len(facts) + len([s for s in sentences if s])
    assert plain.user == "What is two and two?"
    assert quiet.headers["x-novelcraft-facts"] == ""


async def test_the_block_keeps_to_its_budget_and_to_the_books_order(desk: Desk) -> None:
    from novelcraft.doors.canon_block import Canon

    canon = Canon(desk.require_view())
    for budget in (20, 60, 400):
        block = canon.block(naming(desk), budget)
        assert len(block.text) <= budget * 4 + 100
        assert list(block.facts) == sorted(block.facts)
        assert list(block.sentences) == sorted(block.sentences)
    canon.close()


async def test_the_block_follows_what_is_done_to_the_novel(
    desk: Desk, fake_server: FakeServer
) -> None:
    novel = desk.novel()
    fact = desk.require_view().chain[-1].facts[-1]
    asked = f"Tell me of {fact.subject}."

    async def block(url: str) -> str:
        body = {"model": "fake-model", "messages": [{"role": "user", "content": asked}]}
        async with httpx.AsyncClient() as client:
            await client.post(f"{url}/chat/completions", json=body, timeout=60)
        return fake_server.requests[-1].user

    # A process of its own would leave the act the same way, over another connection.
    async with proxied(desk, fake_server.base_url) as url:
        assert fact.statement in await block(url)
        renamed = EditFact(
            scene="3", subject=fact.subject, statement=fact.statement, becomes="It sank."
        )
        await novel.steer(renamed, on_event=lambda _: None)
        after = await block(url)
        assert "It sank." in after
        assert fact.statement not in after
        person = desk.require_view().plan.cast[0]
        other = EditCharacter(character=person.id, changes={"name": "Zenobia Quill"})
        await novel.steer(other, on_event=lambda _: None)
        await block(url)
    assert desk.require_view().plan.cast[0].name == "Zenobia Quill"


RAW = b'{"odd":  [1,2 ,3], "logprobs": null, "text": "\xc3\xa9\\u00e9"}'


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "models", 200), ("POST", "embeddings", 200), ("POST", "chat/completions", 429)],
)
async def test_all_else_goes_through_byte_for_byte(
    desk: Desk, method: str, path: str, status: int
) -> None:
    seen: list[tuple[str, bytes, dict[str, str]]] = []

    async def handle(request: Request) -> Response:
        seen.append((str(request.url.query), await request.body(), dict(request.headers)))
        return Response(RAW, status, headers={"x-request-id": "7", "retry-after": "3"})

    body = b'{"input": "x",   "odd": true}'
    async with (
        upstream(handle) as there,
        proxied(desk, there) as url,
        httpx.AsyncClient() as client,
    ):
        answer = await client.request(
            method, f"{url}/{path}?a=1&b=%20", content=body, headers={"x-mine": "yes"}
        )
    assert (answer.status_code, answer.content) == (status, RAW)
    assert answer.headers["x-request-id"] == "7"
    assert answer.headers["retry-after"] == "3"
    ((query, given, headers),) = seen
    assert (query, given, headers["x-mine"]) == ("a=1&b=%20", body, "yes")


async def test_cookies_are_the_callers_own(desk: Desk) -> None:
    """What an upstream sets for one caller is not sent with the next one's requests."""
    seen: list[str | None] = []

    async def handle(request: Request) -> Response:
        seen.append(request.headers.get("cookie"))
        answer = Response(RAW)
        answer.set_cookie("one", "1")
        answer.set_cookie("two", "2")
        return answer

    async with upstream(handle) as there, proxied(desk, there) as url:
        for _ in range(2):
            async with httpx.AsyncClient() as client:
                answer = await client.get(f"{url}/models")
                assert len(answer.headers.get_list("set-cookie")) == 2
    assert seen == [None, None]


async def test_a_stream_arrives_as_it_is_sent(desk: Desk) -> None:
    sent = [b'data: {"a"', b": 1}\n\n", b": comment\n\n", b"data: [DONE]\n\n"]
    go = asyncio.Event()

    async def pieces() -> AsyncIterator[bytes]:
        yield sent[0]
        await go.wait()
        for piece in sent[1:]:
            yield piece

    async def handle(_: Request) -> Response:
        return StreamingResponse(pieces(), media_type="text/event-stream")

    async with (
        upstream(handle) as there,
        proxied(desk, there) as url,
        httpx.AsyncClient() as client,
        client.stream("POST", f"{url}/chat/completions", json={"messages": []}) as answer,
    ):
        stream = answer.aiter_raw()
        assert await anext(stream) == sent[0]
        go.set()
        rest = b"".join([piece async for piece in stream])
    assert rest == b"".join(sent[1:])


@pytest.mark.parametrize("streaming", [True, False])
async def test_the_official_client_gets_the_same_with_and_without(
    desk: Desk, fake_server: FakeServer, streaming: bool
) -> None:
    async def ask(base_url: str) -> str:
        async with official(base_url) as client:
            assert [m.id async for m in await client.models.list()] == ["fake-model"]
            messages: Any = [{"role": "user", "content": "Say something short."}]
            given: Any = {"model": "fake-model", "messages": messages, "max_tokens": 60, "seed": 3}
            if not streaming:
                answer = await client.chat.completions.create(**given)
                return str(answer.choices[0].message.content)
            stream = await client.chat.completions.create(**given, stream=True)
            return "".join([c.choices[0].delta.content or "" async for c in stream if c.choices])

    async with proxied(desk, fake_server.base_url) as url:
        assert await ask(url) == await ask(fake_server.base_url) != ""


async def test_a_note_names_the_scenes_where_it_is_wished(
    desk: Desk, fake_server: FakeServer
) -> None:
    async with proxied(desk, fake_server.base_url, cite=True) as url, official(url) as client:
        messages: Any = [{"role": "user", "content": naming(desk)}]
        given: Any = {"model": "fake-model", "messages": messages, "max_tokens": 60}
        whole = await client.chat.completions.create(**given)
        stream = await client.chat.completions.create(**given, stream=True)
        text = "".join([c.choices[0].delta.content or "" async for c in stream if c.choices])
    for said in (str(whole.choices[0].message.content), text):
        assert said.rstrip().endswith("]")
        assert "[canon: scenes " in said


async def test_when_the_client_hangs_up_nothing_runs_on(desk: Desk) -> None:
    ended = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"data: {}\n\n"
                await asyncio.sleep(0.01)
        finally:
            ended.set()

    async def handle(_: Request) -> Response:
        return StreamingResponse(endless(), media_type="text/event-stream")

    async with upstream(handle) as there, proxied(desk, there) as url:
        async with (
            httpx.AsyncClient() as client,
            client.stream("POST", f"{url}/chat/completions", json={"messages": []}) as answer,
        ):
            await anext(answer.aiter_raw())
        await asyncio.wait_for(ended.wait(), 60)


async def test_when_the_client_hangs_up_before_the_answer_nothing_runs_on(desk: Desk) -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def handle(request: Request) -> Response:
        begun.set()
        while not await request.is_disconnected():  # noqa: ASYNC110  nothing tells of it
            await asyncio.sleep(0.01)
        ended.set()
        return Response()

    async with (
        upstream(handle) as there,
        proxied(desk, there) as url,
        httpx.AsyncClient() as client,
    ):
        call = asyncio.create_task(client.post(f"{url}/chat/completions", json={"messages": []}))
        await asyncio.wait_for(begun.wait(), 60)
        call.cancel()
        await asyncio.wait_for(ended.wait(), 60)


@pytest.mark.parametrize(
    ("path", "told", "where"),
    [
        ("completions", {"prompt": "ASKED"}, lambda f: f["prompt"]),
        (
            "chat/completions",
            {"messages": [{"role": "user", "content": [{"type": "text", "text": "ASKED"}]}]},
            lambda f: "".join(part["text"] for part in f["messages"][0]["content"]),
        ),
    ],
)
async def test_all_shapes_of_a_request_get_the_block(
    desk: Desk, path: str, told: dict[str, Any], where: Callable[[Any], str]
) -> None:
    seen: list[Any] = []

    async def handle(request: Request) -> Response:
        seen.append(await request.json())
        return Response(RAW)

    asked = naming(desk)
    given = json.loads(json.dumps({"n": 2, "seed": 7, **told}).replace("ASKED", asked))
    async with (
        upstream(handle) as there,
        proxied(desk, there) as url,
        httpx.AsyncClient() as client,
    ):
        await client.post(f"{url}/{path}", json=given)
    (fields,) = seen
    assert where(fields).count("What the book has established") == 1
    assert asked in where(fields)
    assert (fields["n"], fields["seed"]) == (2, 7)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("completions", b'{"prompt": [[1,  2]]}'),
        ("chat/completions", b'{"messages":  7}'),
        ("chat/completions", b'{"messages":  ["x", null]}'),
        ("chat/completions", b"[1,  2]"),
        ("chat/completions", b'{"mess'),
    ],
)
async def test_what_is_no_request_of_ours_is_for_the_upstream_to_refuse(
    desk: Desk, path: str, body: bytes
) -> None:
    seen: list[bytes] = []

    async def handle(request: Request) -> Response:
        seen.append(await request.body())
        return Response(b"no", 400)

    async with (
        upstream(handle) as there,
        proxied(desk, there) as url,
        httpx.AsyncClient() as client,
    ):
        answer = await client.post(f"{url}/{path}", content=body)
    assert (answer.status_code, seen) == (400, [body])


async def test_an_upstream_that_is_not_there_is_named(desk: Desk) -> None:
    async with proxied(desk, "http://127.0.0.1:9/v1") as url, httpx.AsyncClient() as client:
        answer = await client.post(f"{url}/chat/completions", json={"messages": []})
    assert answer.status_code == 502
    assert "127.0.0.1:9" in answer.json()["error"]["message"]


async def test_pages_of_the_web_are_kept_out(desk: Desk, fake_server: FakeServer) -> None:
    async with proxied(desk, fake_server.base_url) as url, httpx.AsyncClient() as client:
        here = {"host": url.split("/")[2]}
        page = await client.post(f"{url}/completions", headers=FETCH | here, content="{}")
        image = await client.get(f"{url}/models", headers=IMAGE | here)
        preflight = await client.options(f"{url}/models", headers=PREFLIGHT | here)
    for refused in (page, image, preflight):
        assert refused.status_code == 403
        assert "access-control-allow-origin" not in refused.headers
    assert fake_server.exchanges == []
