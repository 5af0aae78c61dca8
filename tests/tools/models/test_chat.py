from __future__ import annotations

import asyncio
import gc
import json
import sys
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import AsyncGeneratorType
from typing import Any

import pytest

from novelcraft.errors import (
    ContextOverflowError,
    InvalidAnswerError,
    ModelTimeoutError,
    ServerFaultError,
    ServerUnreachableError,
)
from novelcraft.state.calls import CallRecord
from novelcraft.tools.models.calls import MemoryLog
from tests.fakes import script as s
from tests.fakes import tokens
from tests.fakes.server import FakeServer
from tests.tools.models.support import Person, everything, opened, read_into, request

Serve = Callable[..., FakeServer]
FLAVOURS = ["llamacpp", "vllm", "openai"]


def served(serve: Serve, *rules: tuple[s.Predicate, s.Effect, int | None], **options: Any) -> Any:
    script = s.Script()
    for when, then, count in rules:
        script.on(when, then, count=count)
    return serve(script=script, **options)


@pytest.mark.parametrize("flavour", FLAVOURS)
async def test_an_answer_under_a_schema(serve: Serve, flavour: str) -> None:
    server, log = serve(flavour=flavour), MemoryLog()
    async with opened(server, log) as models:
        person, answer = await models.ask(request(), Person)
    assert Person.model_validate_json(answer.text) == person
    assert answer.finish_reason == "stop"
    assert answer.usage.completion_tokens == tokens.count(answer.text)
    assert server.requests[0].body["response_format"]["json_schema"]["strict"] is True
    (record,) = log.records
    assert (record.key, record.outcome, record.text) == (answer.key, "ok", answer.text)
    assert record.seconds > 0
    assert record.at.endswith("+00:00")


class SlowLog(MemoryLog):
    """A log that writes nothing down before a second call is to be written down, too."""

    def __init__(self) -> None:
        super().__init__()
        self._both = threading.Barrier(2)

    def log_call(self, record: CallRecord) -> None:
        self._both.wait(30)
        super().log_call(record)


async def test_a_call_that_waits_for_the_disk_holds_up_no_other(serve: Serve) -> None:
    log = SlowLog()
    async with opened(serve(), log) as models:
        await asyncio.gather(
            models.ask(request(step="one"), Person), models.ask(request(step="two"), Person)
        )
    assert {record.step for record in log.records} == {"one", "two"}


async def test_an_invalid_answer_is_asked_for_again_with_another_seed(serve: Serve) -> None:
    log = MemoryLog()
    wrong = s.say('{"name": "", "age": 1}')
    server = served(serve, (s.anything, wrong, 1), (s.anything, s.cut_off(3), 1))
    async with opened(server, log) as models:
        person, _ = await models.ask(request(), Person)
    assert person.name
    assert [r.outcome for r in log.records] == ["invalid", "invalid", "ok"]
    assert "name" in log.records[0].error
    assert log.records[1].finish_reason == "length"
    assert len({r.seed for r in server.requests}) == 3


async def test_answers_that_stay_invalid(serve: Serve) -> None:
    server = served(serve, (s.anything, s.refuse(), None))
    async with opened(server) as models:
        with pytest.raises(InvalidAnswerError, match=r"scene.narrate .* in 3 tries") as caught:
            await models.ask(request(), Person)
    assert "try 3" in caught.value.message
    assert "narrator" in caught.value.fix


@pytest.mark.parametrize("chunk", [1, 5, 1_000])
async def test_a_stream_ends_where_its_reader_ends_it_however_it_is_cut(
    serve: Serve, chunk: int
) -> None:
    seen: list[str] = []

    def on_text(text: str) -> bool:
        seen.append(text)
        return len(text.split()) < 20

    log = MemoryLog()
    async with opened(serve(chunk=chunk), log) as models:
        answer = await models.stream(request(), on_text)
        again = await models.stream(request(), on_text)
    assert answer.text == seen[-2]
    assert len(answer.text.split()) == 20
    assert answer.finish_reason == "stopped_by_caller"
    assert answer.usage.completion_tokens == tokens.count(answer.text)
    assert replace(again, replayed=False) == answer
    assert seen[-1] == answer.text
    assert len(log.records) == 1


@pytest.mark.parametrize("flavour", FLAVOURS)
async def test_a_stream_to_its_end(serve: Serve, flavour: str) -> None:
    seen: list[str] = []
    async with opened(serve(flavour=flavour)) as models:
        answer = await models.stream(request(), read_into(seen))
    assert seen[-1] == answer.text
    assert all(answer.text.startswith(text) for text in seen)
    assert len(seen) > 30
    assert answer.finish_reason == "stop"
    assert answer.usage.prompt_tokens > 0


@contextmanager
def collected() -> Iterator[list[str]]:
    """The asynchronous generators that are dropped before they end, by name."""
    hooks, names = sys.get_asyncgen_hooks(), list[str]()

    def closed(generator: AsyncGenerator[Any, Any]) -> None:
        assert isinstance(generator, AsyncGeneratorType)
        names.append(generator.ag_code.co_qualname)
        assert hooks.finalizer is not None
        hooks.finalizer(generator)

    sys.set_asyncgen_hooks(finalizer=closed)
    yield names
    sys.set_asyncgen_hooks(*hooks)


@pytest.mark.parametrize("whole", [True, False])
async def test_a_stream_leaves_no_connection_to_the_collector(serve: Serve, whole: bool) -> None:
    with collected() as dropped:
        async with opened(serve()) as models:
            await models.stream(request(), lambda text: whole or len(text) < 60)
        gc.collect()
    holding = {"AsyncResponseStream.__aiter__", "AsyncHTTP11Connection._receive_response_body"}
    assert not holding & set(dropped)


async def test_a_reader_that_objects_to_the_very_end_is_heard(serve: Serve) -> None:
    server = served(serve, (s.anything, s.say("The end."), None))
    async with opened(server) as models:
        answer = await models.stream(request(), lambda text: text != "The end.")
    assert (answer.text, answer.finish_reason) == ("The end.", "stopped_by_caller")


async def test_the_same_question_is_replayed_and_another_is_not(fake_server: FakeServer) -> None:
    log = MemoryLog()
    async with opened(fake_server, log) as models:
        first = await models.stream(request(), everything)
        again = await models.stream(request(), everything)
    async with opened(fake_server, log) as models:
        later = await models.stream(request(), everything)
        for change in (
            {"seed": 8},
            {"step": "main/s001/2"},
            {"max_tokens": 401},
            {"prefill": "Mara"},
            {"stop": ("###",)},
            {"sampling": {"temperature": 0.1}},
            {"role": "cheap"},
        ):
            other = await models.stream(request(**change), everything)
            assert not other.replayed
            assert other.key != first.key
    assert [first.replayed, again.replayed, later.replayed] == [False, True, True]
    assert first.text == again.text == later.text
    assert len(fake_server.requests) == 8


@pytest.mark.parametrize("flavour", FLAVOURS)
@pytest.mark.parametrize("where", ["content", "reasoning_content", "reasoning"])
async def test_think_blocks_are_kept_apart(serve: Serve, flavour: str, where: str) -> None:
    thinking = s.think("Let me see.", where)
    server = served(serve, (s.anything, thinking, None), flavour=flavour)
    seen: list[str] = []
    async with opened(server) as models:
        prose = await models.stream(request(), read_into(seen))
        _, answer = await models.ask(request(), Person)
    assert prose.thinking == answer.thinking == "Let me see."
    assert "think" not in "".join(seen) + prose.text
    json.loads(answer.text)


@pytest.mark.parametrize("flavour", ["llamacpp", "vllm"])
async def test_a_completion_is_carried_on(serve: Serve, flavour: str) -> None:
    server, log = serve(flavour=flavour), MemoryLog()
    async with opened(server, log) as models:
        whole = await models.stream(request(prefill="Mara stood on the stair and"), everything)
    body = server.requests[0].body
    assert server.requests[0].prefill == "Mara stood on the stair and"
    assert body.get("continue_final_message", False) is (flavour == "vllm")
    assert whole.text.startswith(" ")
    assert log.records[0].messages[-1].role == "assistant"


async def test_a_family_is_asked_in_its_own_way(serve: Serve) -> None:
    server = serve(models=["qwen3-4b"], flavour="vllm")
    role: dict[str, Any] = {"model": "openai:qwen3-4b"}
    async with opened(server, **role) as models:
        await models.stream(request(max_tokens=100), everything)
        await models.stream(request(max_tokens=100, prefill="And"), everything)
    async with opened(server, **role, think=False, sampling={"temperature": 0.1}) as models:
        await models.stream(request(max_tokens=100), everything)
    thinks, carries_on, silent = [r.body for r in server.requests]
    asked_to_think = [b["chat_template_kwargs"]["enable_thinking"] for b in (thinks, carries_on)]
    assert asked_to_think == [True, False]
    assert thinks["max_tokens"] > 4_000
    assert carries_on["max_tokens"] == silent["max_tokens"] == 100
    assert silent["chat_template_kwargs"] == {"enable_thinking": False}
    assert (silent["temperature"], silent["top_p"]) == (0.1, 0.8)


async def test_adapters(serve: Serve) -> None:
    llama, vllm = serve(adapters=["austen", "poe"]), serve(flavour="vllm", adapters=["poe"])
    for server, adapter in ((llama, "poe"), (llama, ""), (vllm, "poe")):
        async with opened(server, adapter=adapter) as models:
            answer = await models.stream(request(), everything)
            assert (answer.model, answer.adapter) == ("fake-model", adapter)
    with_one, with_none = [r.body["lora"] for r in llama.requests]
    assert with_one == [{"id": 0, "scale": 0.0}, {"id": 1, "scale": 1.0}]
    assert with_none == [{"id": 0, "scale": 0.0}, {"id": 1, "scale": 0.0}]
    assert vllm.requests[0].model == "poe"


async def test_extra_fields_go_to_the_server_as_they_are(fake_server: FakeServer) -> None:
    async with opened(fake_server, extra={"mirostat": 2}) as models:
        await models.stream(request(stop=("###",)), everything)
    body = fake_server.requests[0].body
    assert (body["mirostat"], body["stop"], body["seed"]) == (2, ["###"], 7)


@pytest.mark.parametrize("effect", [s.fail(503), s.fail(429), s.drop(5)])
@pytest.mark.parametrize("structured", [False, True])
async def test_a_fault_that_passes(serve: Serve, effect: s.Effect, structured: bool) -> None:
    log = MemoryLog()
    async with opened(served(serve, (s.anything, effect, 2)), log) as models:
        if structured:
            await models.ask(request(), Person)
        else:
            await models.stream(request(), everything)
    assert [r.outcome for r in log.records] == ["ok"]


async def test_a_stream_that_breaks_is_shown_again_from_its_beginning(serve: Serve) -> None:
    seen: list[str] = []
    async with opened(served(serve, (s.anything, s.drop(40), 1))) as models:
        answer = await models.stream(request(), read_into(seen))
    restart = next(i for i in range(1, len(seen)) if len(seen[i]) < len(seen[i - 1]))
    assert restart > 5
    assert seen[-1] == answer.text


@pytest.mark.parametrize(
    ("effect", "error", "asked", "words"),
    [
        (s.fail(500), ServerFaultError, 5, "staged fault 500"),
        (s.fail(400), ServerFaultError, 1, "staged fault 400"),
        (s.fail(404), ServerFaultError, 1, "staged fault 404"),
        (s.drop(5), ServerFaultError, 5, "it took the request, and the connection was cut"),
        (s.hold(threading.Event()), ModelTimeoutError, 2, "within 0.3 seconds"),
    ],
)
async def test_a_fault_that_stays(
    serve: Serve, effect: s.Effect, error: type[Exception], asked: int, words: str
) -> None:
    server, log = served(serve, (s.anything, effect, None)), MemoryLog()
    timeout = 0.3 if error is ModelTimeoutError else 60
    async with opened(server, log, timeout=timeout) as models:
        with pytest.raises(error, match=words):
            await models.stream(request(), everything)
        server.closing.set()
    assert len(server.requests) == asked
    (record,) = log.records
    assert (record.outcome, record.text) == ("error", "")
    assert words in record.error


@pytest.mark.parametrize("flavour", FLAVOURS)
async def test_a_prompt_that_does_not_fit(serve: Serve, flavour: str) -> None:
    server = serve(flavour=flavour, context=64)
    messages = tuple(m.model_copy(update={"content": m.content * 9}) for m in request().messages)
    async with opened(server) as models:
        with pytest.raises(ContextOverflowError, match=r"narrator does not fit fake-model"):
            await models.stream(request(messages=messages), everything)


async def test_a_server_that_dies_between_calls(serve: Serve) -> None:
    server = serve()
    async with opened(server) as models:
        await models.stream(request(), everything)
        server.close()
        with pytest.raises(ServerUnreachableError, match=server.base_url):
            await models.stream(request(seed=8), everything)


async def reaches(server: FakeServer, number: int) -> None:
    """Wait for so many requests."""
    while len(server.requests) < number:  # noqa: ASYNC110 - the server is in a thread
        await asyncio.sleep(0.005)


async def test_no_more_calls_at_once_than_the_limit(serve: Serve) -> None:
    gate = threading.Event()
    server = served(serve, (s.anything, s.hold(gate), None))
    async with opened(server, max_concurrency=2) as models:
        calls = [
            asyncio.create_task(models.stream(request(seed=n, role=role), everything))
            for n in range(3)
            for role in ("narrator", "cheap")
        ]
        await reaches(server, 2)
        for _ in range(20):
            await asyncio.sleep(0.005)
        gate.set()
        await asyncio.gather(*calls)
    assert server.most_at_once == 2


async def test_a_reader_that_fails_is_not_asked_again(fake_server: FakeServer) -> None:
    def on_text(text: str) -> bool:
        raise ValueError("reader")

    async with opened(fake_server) as models:
        with pytest.raises(ValueError, match="reader"):
            await models.stream(request(), on_text)
    assert len(fake_server.requests) == 1


@pytest.mark.parametrize("session", ["novel-7", ""])
async def test_calls_that_belong_together_carry_their_session(serve: Serve, session: str) -> None:
    server, log = serve(), MemoryLog()
    log.session = session
    async with opened(server, log) as models:
        await models.stream(request(), everything)
        await models.ask(request(), Person)
    carried = [{k.lower(): v for k, v in r.headers.items()} for r in server.requests]
    assert [headers.get("x-session-id", "") for headers in carried] == [session, session]


@pytest.mark.parametrize("flavour", FLAVOURS)
async def test_vllm_is_asked_to_end_prose_that_loops(serve: Serve, flavour: str) -> None:
    server = serve(flavour=flavour)
    async with opened(server) as models:
        await models.stream(request(), everything)
        await models.ask(request(), Person)
    asked = [r.body.get("repetition_detection") for r in server.requests]
    if flavour == "vllm":
        assert asked == [{"min_pattern_size": 6, "max_pattern_size": 96, "min_count": 4}, None]
    else:
        assert asked == [None, None]
