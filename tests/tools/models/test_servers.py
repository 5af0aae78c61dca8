"""Servers and models that are not like the others."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from novelcraft.errors import ContextOverflowError, InvalidAnswerError, ModelNotServedError
from novelcraft.state.calls import Message
from novelcraft.tools.models.calls import MemoryLog
from novelcraft.tools.models.faults import model_not_served
from novelcraft.tools.models.learned import Learned
from novelcraft.tools.models.preflight import Need
from tests.fakes import script as s
from tests.fakes.chat import Answer, ChatRequest
from tests.fakes.faults import LIMITS, OVERFLOWS
from tests.fakes.server import FakeServer
from tests.tools.models.support import Person, everything, opened, read_into, request

Serve = Callable[..., FakeServer]
NEED = Need("narrator", "scene.narrate", 100, 400, cut=200)
LONG = (Message(role="user", content="Mara Voss goes down to the harbour. " * 300),)


def served(serve: Serve, *rules: tuple[s.Predicate, s.Effect], **options: Any) -> FakeServer:
    script = s.Script()
    for when, then in rules:
        script.on(when, then)
    return serve(script=script, **{"flavour": "openai", **options})


@pytest.mark.parametrize("status", [404, 405, 501])
async def test_a_server_without_a_list_of_models_serves_the_one_that_is_named(
    serve: Serve, status: int
) -> None:
    server = served(serve, staged={"/v1/models": [(status, {"error": "no such path"})]})
    async with opened(server, context=4_096) as models:
        assert models.endpoint("narrator").context == 4_096
        await models.preflight([NEED])
        answer = await models.stream(request(), everything)
    assert answer.model == "fake-model"


async def test_a_wrong_model_on_a_server_without_a_list_is_found_out_before_the_run(
    serve: Serve,
) -> None:
    server = served(serve, models=["other"], staged={"/v1/models": [(404, {})]})
    async with opened(server) as models:
        with pytest.raises(ModelNotServedError, match="'fake-model'; it serves: none that it"):
            await models.preflight([NEED])


def test_of_many_models_the_nearest_are_named() -> None:
    names = [f"vendor-{n}/model-{n}b" for n in range(400)] + ["Qwen/Qwen3-8B", "Qwen/Qwen3-4B"]
    error = model_not_served("narrator", "http://h/v1", "Qwen/Qwen3-8b-instruct", names)
    assert "Qwen/Qwen3-8B" in error.message
    assert "Qwen/Qwen3-4B" in error.message
    assert len(error.message) < 400
    assert "more." in error.message


async def test_a_server_that_serves_400_models_is_not_recited(serve: Serve) -> None:
    server = served(serve, models=[f"model-{n}" for n in range(400)])
    with pytest.raises(ModelNotServedError) as caught:
        async with opened(server):
            pass
    assert len(str(caught.value)) < 600


REFUSALS = [
    ("stop", s.refuse_field("stop")),
    ("seed", s.refuse_field("seed", "Unknown parameter: '{}'.")),
    ("stream_options", s.refuse_field("stream_options", "Unrecognized request argument: {}")),
    ("temperature", s.refuse_field("temperature", "'{}' does not support 0.7 with this model.")),
    (
        "seed",
        s.fail(
            422, {"detail": [{"loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}]}
        ),
    ),
    ("top_p", s.fail(400, {"message": "property 'top_p' is unsupported"})),
]


@pytest.mark.parametrize(("field", "effect"), REFUSALS)
async def test_a_field_that_is_refused_is_found_out_before_the_run_and_said(
    serve: Serve, field: str, effect: s.Effect
) -> None:
    server = served(serve, (s.sends(field), effect))
    told: list[str] = []
    async with opened(server, sampling={"temperature": 0.7, "top_p": 0.9}) as models:
        models.listen(told.append)
        await models.preflight([NEED])
        before = len(server.requests)
        await models.stream(request(stop=("###",)), everything)
        await models.ask(request(), Person)
    assert told == [
        f"fake-model at {server.base_url} refuses `{field}`, which is left out from now on."
    ]
    assert len(server.requests) == before + 2
    assert all(field not in r.body for r in server.requests[before:])
    assert server.requests[-1].body["messages"]


async def test_a_model_that_wants_another_name_for_its_bound(serve: Serve) -> None:
    words = "Unsupported parameter: '{}' is not supported. Use 'max_completion_tokens' instead."
    server = served(serve, (s.sends("max_tokens"), s.refuse_field("max_tokens", words)))
    async with opened(server) as models:
        await models.preflight([NEED])
        await models.stream(request(), everything)
    assert server.requests[-1].body["max_completion_tokens"] == 400
    assert "max_tokens" not in server.requests[-1].body


def test_what_a_request_cannot_do_without_is_never_dropped() -> None:
    learned = Learned()
    body = {"response_format": {}, "messages": [], "model": "m", "max_tokens": 5}
    for name in body:
        assert learned.take(f"Unsupported parameter: '{name}'", body) == ""
    assert learned.fields(body) == body


@pytest.mark.parametrize("words", LIMITS)
async def test_a_bound_on_answers_is_learnt_before_the_run(serve: Serve, words: str) -> None:
    server = served(serve, (s.anything, s.most_tokens(300, words)))
    async with opened(server) as models:
        await models.preflight([NEED])
        assert models.room("narrator", LONG, 1_000) == 300
        await models.stream(request(), everything)
    assert server.requests[-1].max_tokens == 300


async def test_an_answer_is_asked_for_no_longer_than_there_is_room(serve: Serve) -> None:
    async with opened(serve(context=3_200, flavour="vllm")) as models:
        answer = await models.stream(request(messages=LONG, max_tokens=9_000), everything)
    assert answer.finish_reason == "stop"


@pytest.mark.parametrize("words", OVERFLOWS)
async def test_an_overflow_is_known_in_the_words_of_each_server(serve: Serve, words: str) -> None:
    server = served(serve, (s.anything, s.most_tokens(0, words)))
    async with opened(server) as models:
        with pytest.raises(ContextOverflowError, match="does not fit fake-model"):
            await models.stream(request(), everything)
    assert len(server.requests) <= 2


async def test_a_prompt_that_is_cut_in_silence_is_noticed_once(serve: Serve) -> None:
    server = served(serve, (s.anything, s.read_only(500)))
    told: list[str] = []
    async with opened(server) as models:
        models.listen(told.append)
        for seed in (1, 2):
            await models.stream(request(messages=LONG, seed=seed), everything)
    (notice,) = told
    assert "read only 500 tokens" in notice
    assert server.base_url in notice


@pytest.mark.parametrize("flavour", ["openai", "vllm", "llamacpp"])
async def test_an_honest_count_raises_no_suspicion(serve: Serve, flavour: str) -> None:
    told: list[str] = []
    async with opened(serve(flavour=flavour)) as models:
        models.listen(told.append)
        await models.stream(request(messages=LONG), everything)
    assert told == []


def thinks(tokens: int, where: str) -> s.Effect:
    """Think for so many words first, whatever the room."""
    return s.think("Let me see. " * (tokens // 3), where)


@pytest.mark.parametrize("where", ["content", "reasoning_content", "reasoning"])
async def test_a_model_of_any_name_gets_room_to_think_once_it_was_seen_to(
    serve: Serve, where: str
) -> None:
    server = served(serve, (s.prose, thinks(600, where)), (s.trial, s.think(where=where)))
    async with opened(server) as models:
        await models.preflight([NEED])
        answer = await models.stream(request(), everything)
        await models.stream(request(prefill="Mara"), everything)
    assert answer.text
    assert answer.finish_reason == "stop"
    asked = [r.max_tokens for r in server.requests]
    assert asked == [400, 400 + 4_096, 400]


async def test_thinking_that_only_the_counts_tell_of_gets_room(serve: Serve) -> None:
    unseen = s.say("ready")
    server = served(serve, (s.trial, lambda r, p: replace(unseen(r, p), thought_tokens=64)))
    async with opened(server) as models:
        await models.preflight([NEED])
        await models.stream(request(), everything)
    assert [r.max_tokens for r in server.requests] == [400, 400 + 4_096]


def only_thinks(request: ChatRequest, plain: Any) -> Any:
    return replace(plain, text="", thinking="Let me see. " * 900, finish_reason="length")


def never_closes(request: ChatRequest, plain: Any) -> Any:
    return replace(plain, text="<think>\nLet me see. " + "I wonder. " * 90, finish_reason="length")


@pytest.mark.parametrize("effect", [only_thinks, never_closes])
async def test_a_think_block_that_never_ends_is_no_answer(serve: Serve, effect: s.Effect) -> None:
    script = s.Script()
    script.on(s.prose, effect, count=1)
    log = MemoryLog()
    server = serve(flavour="vllm", script=script)
    async with opened(server, log) as models:
        answer = await models.stream(request(), everything)
    assert answer.text
    assert [r.outcome for r in log.records] == ["invalid", "ok"]
    assert len({r.seed for r in server.requests}) == 2
    assert server.requests[1].max_tokens == 400 + 4_096


@pytest.mark.parametrize("flavour", ["vllm", "llamacpp", "openai"])
@pytest.mark.parametrize("effect", [only_thinks, never_closes])
async def test_what_only_thinks_is_asked_with_other_seeds_by_every_run(
    serve: Serve, flavour: str, effect: s.Effect
) -> None:
    server = served(serve, (s.anything, effect), flavour=flavour)
    log = MemoryLog()
    for _ in range(3):
        async with opened(server, log) as models:
            answer = await models.stream(request(), everything)
            assert (answer.text, answer.finish_reason) == ("", "only_thought")
            with pytest.raises(InvalidAnswerError, match="only thought, and gave no answer"):
                await models.ask(request(step="main/s001/1/facts", seed=8), Person)
    assert len(server.requests) == 3 * (2 + 3)
    assert len({r.seed for r in server.requests}) == len(server.requests)


async def test_an_answer_of_a_model_that_was_seen_to_think_is_found_again(serve: Serve) -> None:
    server = served(serve, (s.anything, s.think("Hm.", "reasoning")), flavour="vllm")
    log = MemoryLog()
    async with opened(server, log) as models:
        await models.stream(request(), everything)
        told = await models.stream(request(step="main/s001/2"), everything)
    async with opened(server, log) as models:
        again = await models.stream(request(step="main/s001/2"), everything)
    assert again.replayed
    assert again.text == told.text


@pytest.mark.parametrize(
    ("opening", "closing"),
    [
        ("<think>", "</think>"),
        ("", "</think>"),
        ("[THINK]", "[/THINK]"),
        (
            "<|channel|>analysis<|message|>",
            "<|end|><|start|>assistant<|channel|>final<|message|>",
        ),
    ],
)
@pytest.mark.parametrize("chunk", [1, 7, 500])
async def test_think_blocks_of_each_family_are_taken_out(
    serve: Serve, opening: str, closing: str, chunk: int
) -> None:
    text = f"{opening}Okay, a scene.{closing}\n\nMara stood on the stair."
    server = served(serve, (s.prose, s.say(text)), chunk=chunk)
    async with opened(server) as models:
        answer = await models.stream(request(), everything)
        assert models.endpoint("narrator").learned.opens is (opening == "")
        shown: list[str] = []
        await models.stream(request(seed=8), read_into(shown))
    assert (answer.thinking, answer.text) == ("Okay, a scene.", "Mara stood on the stair.")
    assert "Okay" not in "".join(shown)


@pytest.mark.parametrize(
    ("field", "effect"),
    [
        ("seed", s.refuse_field("seed")),
        (
            "max_tokens",
            s.refuse_field("max_tokens", "Use 'max_completion_tokens' instead of '{}'."),
        ),
    ],
)
async def test_calls_at_once_that_are_refused_learn_together_and_it_is_told_once(
    serve: Serve, field: str, effect: s.Effect
) -> None:
    both_are_there = threading.Barrier(2, timeout=60)

    def refuse_both(asked: ChatRequest, plain: Answer) -> Answer:
        both_are_there.wait()
        return effect(asked, plain)

    script = s.Script()
    script.on(s.sends(field), refuse_both, count=2)
    script.on(s.sends(field), effect)
    server = serve(script=script, flavour="openai")
    told: list[str] = []
    async with opened(server) as models:
        models.listen(told.append)
        both = (replace(request(), step=f"step-{n}") for n in (1, 2))
        answers = await asyncio.gather(*(models.ask(one, Person) for one in both))
        await models.ask(replace(request(), role="reasoning"), Person)
    assert all(person.name for person, _ in answers)
    assert sum(field in r.body for r in server.requests) == 3
    assert len(told) == 1
